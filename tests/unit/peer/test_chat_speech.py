"""What is said in a chat, piece by piece, whatever becomes of the connection."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from ltt_collab.documents.chat import ChatView
from ltt_collab.documents.replica import Replica
from ltt_collab.documents.writer_chat import ChatWriter
from ltt_collab.model.ids import ClientId, SuggestionId
from ltt_collab.peer.chat_speech import PATIENCE, SILENT, Speeches
from ltt_collab.peer.timers import Timers
from tests.support.room_scene import TUTOR

NOBODYS = SuggestionId("s-1")


class FastClock:
    """Sleeping takes no time, and passes it."""

    def __init__(self) -> None:
        self.time = 100.0

    def now(self) -> float:
        return self.time

    def monotonic(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.time += seconds
        await anyio.lowlevel.checkpoint()


class Talk:
    """One chat, its writer there or away."""

    def __init__(self) -> None:
        self.clock = FastClock()
        self.timers = Timers(self.clock)
        self.shown: list[bool] = []
        self.states: list[str] = []
        self.away = False
        self.join()
        self.speeches = Speeches(
            self.clock, self.timers, writer=lambda: None if self.away else self.writer, show=self.shown.append
        )

    def join(self, state: bytes | None = None) -> None:
        """A new connection; the server has that state of the chat."""
        self.replica = Replica(on_local_update=self._sent, client_id=ClientId(len(self.states) + 5))
        if state is not None:
            self.replica.apply(state)
        self.view = ChatView(self.replica)
        self.writer = ChatWriter(self.replica, self.view, us=TUTOR, clock=self.clock)

    def _sent(self, _update: bytes) -> None:
        self.states.append(self.text("q"))

    def text(self, reply_to: str) -> str:
        said = [m.text for m in self.view.messages() if m.mark is not None and m.mark.reply_to == reply_to]
        assert len(said) <= 1
        return said[0] if said else ""

    async def say(self, text: str, *, more: bool = False) -> str | None:
        return await self.speeches.say("q", text, more=more, suggestion=NOBODYS)

    def is_whole(self) -> bool:
        marks = [message.mark for message in self.view.messages()]
        return all(mark is not None and not mark.writing for mark in marks)


@pytest.mark.proves("chat:one-message-per-answer", "chat:typing-shown")
async def test_sentences_become_one_message_that_grows_by_words_while_we_are_typing() -> None:
    talk = Talk()
    talk.speeches.expect("q")
    assert talk.shown == [True]
    assert await talk.say("Look at line 2.", more=True) == "Look at line 2."
    assert talk.speeches.is_typing
    assert await talk.say("Which name is it?") == "Look at line 2. Which name is it?"
    assert talk.shown[-1] is False
    assert talk.is_whole()
    assert talk.states[:3] == ["Look", "Look at", "Look at line"]
    assert talk.text("q") == "Look at line 2. Which name is it?"


@pytest.mark.proves("chat:nobody-left-without-a-word")
async def test_who_gets_no_answer_is_told_so_when_the_tutor_is_done_or_too_late() -> None:
    done, late = Talk(), Talk()
    done.speeches.expect("q")
    done.speeches.done("q")
    assert (done.text("q"), done.shown[-1]) == (SILENT, False)
    late.speeches.expect("q")
    late.clock.time += PATIENCE
    late.timers._fire_due()
    assert (late.text("q"), late.shown[-1]) == (SILENT, False)


async def test_an_answer_that_stops_in_its_midst_stands_as_it_is_and_we_type_no_more() -> None:
    talk = Talk()
    await talk.say("Look at line 2.", more=True)
    talk.clock.time += PATIENCE
    talk.timers._fire_due()
    assert (talk.text("q"), talk.is_whole(), talk.shown[-1]) == ("Look at line 2.", True, False)


async def test_a_line_ends_the_typing_and_does_not_come_twice() -> None:
    talk = Talk()
    talk.speeches.expect("q")
    talk.speeches.tell("q", "Muted.")
    talk.speeches.done("q")
    assert (talk.text("q"), talk.is_whole(), talk.shown[-1]) == ("Muted.", True, False)


async def test_a_cancelled_piece_stays_as_far_as_it_was_said() -> None:
    talk = Talk()
    with anyio.CancelScope() as scope:
        original = talk.clock.sleep

        async def cancel_soon(seconds: float) -> None:
            if len(talk.states) >= 2:
                scope.cancel()
            await original(seconds)

        talk.clock.sleep = cancel_soon  # type: ignore[method-assign]
        await talk.say("Look at line 2.", more=True)
    assert scope.cancelled_caught
    assert talk.text("q") == "Look at"
    assert (talk.is_whole(), talk.speeches.is_typing) == (True, False)


@pytest.mark.proves("chat:rejoined-nothing-doubled")
@pytest.mark.parametrize("arrived", [0, 1, 3])
async def test_a_lost_connection_neither_doubles_nor_shortens_what_was_said(arrived: int) -> None:
    talk = Talk()
    updates: list[bytes] = []
    talk.replica._on_local_update = updates.append
    await talk.say("Look at line 2.", more=True)
    server: Any = Replica(on_local_update=lambda _update: None)
    for update in updates[:arrived]:
        server.apply(update)
    talk.away = True
    talk.join(server.diff(b"\x00"))
    talk.away = False
    talk.speeches.resume()
    assert talk.text("q") == "Look at line 2."
    await talk.say("Which name is it?")
    assert talk.text("q") == "Look at line 2. Which name is it?"
    assert talk.is_whole()


async def test_what_is_told_while_the_chat_is_away_is_told_when_it_is_back() -> None:
    talk = Talk()
    talk.away = True
    talk.speeches.tell("q", "Muted.")
    assert talk.text("q") == ""
    talk.away = False
    talk.speeches.resume()
    assert talk.text("q") == "Muted."
