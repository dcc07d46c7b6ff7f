"""Says an answer in the chat sentence by sentence, while the model is still at it."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import anyio
import structlog

from agent.drafts import piece_of, sentences
from agent.judging import problems_of
from agent.models import Failed, Said
from agent.proposing import is_conflict
from agent.words import TO_BE_CONTINUED, Words
from agent.work import Work
from ltt_collab.model.errors import LttError
from ltt_collab.model.suggestions import Rejected

log = structlog.get_logger(__name__)

_CHANGE = re.compile(r'"change"\s*:\s*(null|"(?:[^"\\]|\\.)*")', re.DOTALL)
_HINT = re.compile(r'"hint"\s*:\s*"((?:[^"\\]|\\u[0-9a-fA-F]{4}|\\[^u])*)', re.DOTALL)
_LINE = re.compile(r'"line"\s*:\s*(\d{1,5})\b')


@dataclass(frozen=True, slots=True)
class Begun:
    """An answer of which the end is not there yet. ``hint``: as far as it goes."""

    hint: str
    line: int | None
    change: str


def read_begun(text: str) -> Begun | None:
    """What there is of an answer; None before its change is whole, which the review needs, and its hint has begun."""
    change = _CHANGE.search(text)
    hint = _HINT.search(text, change.end()) if change is not None else None
    if change is None or hint is None:
        return None
    line = _LINE.search(text[: hint.start()])
    try:
        mended, told = json.loads(change[1], strict=False), json.loads(f'"{hint[1]}"', strict=False)
    except json.JSONDecodeError:
        return None  # not JSON after all; the whole of it is read in another way
    return Begun(hint=told, line=int(line[1]) if line else None, change=mended or "")


class Aloud:
    """Says one answer.

    Invariants:
        1. A sentence is said only when the answer up to it, or further, passes the review.
        2. What was said is not taken back: an answer whose rest does not pass ends with a line of ours.
        3. The gate sees every sentence before the learner does.
    """

    def __init__(self, work: Work, rung: int) -> None:
        self._work, self.rung = work, rung
        self._expected = work.expected_hash
        self._refused = False
        self.said: list[str] = []

    async def ask(self, tools: Sequence[Mapping[str, Any]]) -> Said | Failed:
        """Have the model answer, and say each sentence as soon as it may be said."""
        latest = _Latest()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._follow, latest, name="says an answer")
            try:
                answered = await self._work.desk.model.ask(self._work.messages, tools, latest.put)
            finally:
                latest.end()
        return answered

    async def finish(self, hint: str, line: int | None, *, passes: bool) -> str:
        """Say the rest, or that there is more to come another time; all that was said."""
        rest = sentences(hint)[len(self.said) :] if passes and not self._refused else []
        for number, piece in enumerate(rest, 1):
            if not await self._say(piece, line, more=number < len(rest)):
                rest = []
                break
        if not rest:
            await self._say(TO_BE_CONTINUED, line, more=False)
        return " ".join(self.said)

    async def _follow(self, latest: _Latest) -> None:
        async for text in latest.each():
            begun = read_begun(text)
            if begun is not None and not self._refused:
                await self._hear(begun)

    async def _hear(self, begun: Begun) -> None:
        whole = sentences(begun.hint)[:-1]  # the last one may go on
        for end in range(len(whole), len(self.said), -1):
            problems = await problems_of(self._work, " ".join(whole[:end]), begun.change, self.rung)
            if problems:
                continue
            for piece in whole[len(self.said) : end]:  # invariant 1
                if not await self._say(piece, begun.line, more=True):
                    self._refused = True
                    return
            return

    async def _say(self, piece: str, line: int | None, *, more: bool) -> bool:
        work, number = self._work, len(self.said)
        for _ in range(2):
            words = Words(text=piece, line=line)
            draft = piece_of(work.event, words, self._expected, self.rung, number=number, more=more)
            try:
                answered = await work.context.propose(draft)
                if not is_conflict(answered):
                    break
                # Who asks in the chat goes on typing in the cell meanwhile.
                cell = (await work.context.snapshot()).cell(work.event.cell_id)
            except LttError as error:
                log.info("answer not said", room=work.event.room, reason=type(error).__name__)
                return False
            self._expected = cell.hash if cell is not None else self._expected
        if isinstance(answered, Rejected):  # invariant 3
            return False
        self.said.append(piece)
        return True


class _Latest:
    """The newest text of a stream; older ones that nobody took are skipped."""

    def __init__(self) -> None:
        self._text, self._is_over, self._news = "", False, anyio.Event()

    def put(self, text: str) -> None:
        self._text = text
        self._news.set()

    def end(self) -> None:
        self._is_over = True
        self._news.set()

    async def each(self) -> AsyncIterator[str]:
        while True:
            await self._news.wait()
            if self._is_over:
                return
            self._news = anyio.Event()
            yield self._text
