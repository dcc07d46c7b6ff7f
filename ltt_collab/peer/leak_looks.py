"""Compares texts with solutions in a thread, so that one agent's long text holds up nobody else's room."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from ltt_collab.tutoring.leak import leaks

KEPT = 1_000

KEPT_SECONDS = 5.0
"""For a write to come to its turn behind another one; the tutor's writer types no longer."""

_THREAD = ThreadPoolExecutor(1, thread_name_prefix="leaks")
"""One for all rooms: more of them would only take the interpreter from each other, and from the event loop."""


@dataclass(frozen=True, slots=True)
class Question:
    """Whether a text gives a reference away to somebody who has written ``known``."""

    text: str
    reference: str
    known: str

    def answer(self) -> bool:
        """The answer; takes some 20 ms for each 1,000 characters of text."""
        return leaks(self.text, self.reference, self.known)

    def name(self) -> bytes:
        """What an answer is kept under."""
        parts = (hashlib.blake2b(part.encode(errors="replace")).digest() for part in (self.text, self.reference))
        return b"".join(parts)


class LeakLooks:
    """The answers of one room.

    Invariants:
        1. An answer is for exactly that text and reference. What learners wrote may be ``KEPT_SECONDS`` old: each of
           their keys would else ask all anew. What they took away since was no secret to them; what they added is
           counted a moment later.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[bytes, tuple[float, bool]] = OrderedDict()

    async def ahead(self, questions: Sequence[Question]) -> None:
        """Have the answers ready for a turn in which nothing may be awaited."""
        for question in questions:
            name = question.name()
            if self._known(name) is None:
                self._keep(name, await asyncio.get_running_loop().run_in_executor(_THREAD, question.answer))

    def answer(self, question: Question) -> bool:
        """The answer, looked for here and now if it is not ready."""
        name = question.name()
        known = self._known(name)
        return self._keep(name, question.answer()) if known is None else known

    def leaks(self, text: str, reference: str, known: str) -> bool:
        """The same, asked as ``tutoring.leak.leaks`` is."""
        return self.answer(Question(text, reference, known))

    def _known(self, name: bytes) -> bool | None:
        at, answer = self._kept.get(name, (float("-inf"), False))
        return answer if time.monotonic() - at < KEPT_SECONDS else None

    def _keep(self, name: bytes, answer: bool) -> bool:
        self._kept[name] = time.monotonic(), answer
        self._kept.move_to_end(name)
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return answer
