"""What we say in one chat: each answer one message that grows by whole words."""

from __future__ import annotations

import uuid
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from ltt_collab.documents.rhythm import FRAME, frames_of
from ltt_collab.documents.writer_chat import ChatWriter, OwnMessage
from ltt_collab.model.chat import MessageMark
from ltt_collab.model.errors import LttError
from ltt_collab.model.ids import SuggestionId
from ltt_collab.peer.timers import Timers
from ltt_collab.ports.clock import Clock

log = structlog.get_logger(__name__)

PATIENCE = 45.0
"""Seconds for the next piece of an answer: slow models take 20 for their first words, and nobody waits longer."""

LOOK_EVERY = 0.05
"""Seconds between two looks whether the chat may be written in."""

SPOKEN_KEPT = 20
"""Our latest messages, written again should a lost connection have cut them off."""

SILENT = "I have no answer to that. Run the cell that troubles you, put the cursor into it, and ask once more."
CUT_OFF = " … (I was cut off. Please ask once more.)"


@dataclass(slots=True, kw_only=True)
class _Speech:
    reply_to: str
    suggestion: SuggestionId = SuggestionId("")
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    text: str = ""

    def as_message(self, *, writing: bool) -> OwnMessage:
        mark = MessageMark(reply_to=self.reply_to, suggestion=self.suggestion, writing=writing)
        return OwnMessage(id=self.id, text=self.text, mark=mark)


class Speeches:
    """The answers of one chat.

    Invariants:
        1. One message is answered by one message of ours, in however many pieces it comes.
        2. We are typing from the question until its answer is whole, or ``PATIENCE`` after its last piece.
        3. A lost connection neither doubles nor shortens what we said.
        4. Who asked is not left without a word.
    """

    def __init__(
        self, clock: Clock, timers: Timers, *, writer: Callable[[], ChatWriter | None], show: Callable[[bool], None]
    ) -> None:
        """``writer``: None while nothing may be written. ``show``: whether we are typing."""
        self._clock = clock
        self._timers = timers
        self._writer = writer
        self._show = show
        self._under_way: dict[str, _Speech] = {}
        self._spoken: OrderedDict[str, OwnMessage] = OrderedDict()

    @property
    def is_typing(self) -> bool:
        """Whether an answer is under way."""
        return bool(self._under_way)

    def expect(self, reply_to: str) -> None:
        """An answer to that message is under way (invariant 2)."""
        if reply_to not in self._under_way:
            self._under_way[reply_to] = _Speech(reply_to=reply_to)
            self._show(True)
        self._wait_for_more(reply_to)

    async def say(self, reply_to: str, text: str, *, more: bool, suggestion: SuggestionId) -> str | None:
        """Write a piece of the answer; the whole of it so far, None when it could not be written."""
        self.expect(reply_to)
        speech = self._under_way[reply_to]
        speech.suggestion = speech.suggestion or suggestion
        done = False
        try:
            done = await self._type(speech, text)
        finally:
            if not (done and more):
                self._end(speech)  # also when cancelled: what was said stays, nobody waits for the rest
        return speech.text if done else None

    def tell(self, reply_to: str, text: str) -> None:
        """Write a whole message at once, or as soon as it may be; an answer that has begun already is enough."""
        speech = self._under_way.get(reply_to) or _Speech(reply_to=reply_to)
        speech.text = speech.text or text
        self._end(speech)

    def done(self, reply_to: str) -> None:
        """Nothing more comes for that message (invariant 4)."""
        speech = self._under_way.get(reply_to)
        if speech is not None:
            speech.text = speech.text or SILENT
            self._end(speech)

    def resume(self) -> None:
        """The chat may be written in (again): say what it lacks of our latest words (invariant 3)."""
        for own in tuple(self._spoken.values()):
            self._write(own)
        self._show(self.is_typing)

    def end(self) -> None:
        """We leave: end what is under way."""
        for speech in tuple(self._under_way.values()):
            self._end(speech)

    async def _type(self, speech: _Speech, text: str) -> bool:
        due = self._clock.monotonic()
        for frame in frames_of(_joined(speech.text, text)):
            if not await self._may_write():
                return False
            speech.text += frame
            if not self._write(speech.as_message(writing=True)):
                return False
            due += FRAME
            await self._clock.sleep(max(0.0, due - self._clock.monotonic()))
        return True

    async def _may_write(self) -> bool:
        deadline = self._clock.monotonic() + PATIENCE
        while self._writer() is None:
            if self._clock.monotonic() >= deadline:
                return False
            await self._clock.sleep(LOOK_EVERY)
        return True

    def _write(self, own: OwnMessage) -> bool:
        self._spoken[own.id] = own
        self._spoken.move_to_end(own.id)
        while len(self._spoken) > SPOKEN_KEPT:
            self._spoken.popitem(last=False)
        writer = self._writer()
        if writer is None:
            return False
        try:
            writer.write(own)
        except LttError as error:
            del self._spoken[own.id]
            log.warning("chat message not written", reason=str(error))
            return False
        return True

    def _end(self, speech: _Speech) -> None:
        self._under_way.pop(speech.reply_to, None)
        self._timers.cancel((self, speech.reply_to))
        if speech.text:
            self._write(speech.as_message(writing=False))
        self._show(self.is_typing)

    def _wait_for_more(self, reply_to: str) -> None:
        key = (self, reply_to)
        self._timers.cancel(key)  # or the earlier time would stand
        self._timers.wake(key, self._clock.now() + PATIENCE, lambda _now: self.done(reply_to))


def _joined(said: str, piece: str) -> str:
    """A piece with a space before it where two sentences would touch."""
    if not said or not piece or said[-1].isspace() or piece[0].isspace():
        return piece
    return f" {piece}"
