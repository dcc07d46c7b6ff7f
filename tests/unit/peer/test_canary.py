"""The canary: the same text here and there is the same, letters under way are no alarm, and a missing one is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any, cast

import pytest
from ltt_learner.texts import fingerprint

from ltt_collab.model.edits import RoomState
from ltt_collab.model.errors import RoomUnreachableError
from ltt_collab.model.text import text_fingerprint
from ltt_collab.peer.canary import BETWEEN_LOOKS, SAMPLE, Outcome, TextCanary
from ltt_collab.peer.room import RoomPeer
from ltt_collab.telemetry import metrics


class QuickClock:
    """A clock on which nobody waits; ``slept`` is called meanwhile."""

    def __init__(self) -> None:
        self.time = 0.0
        self.slept: Callable[[], None] = lambda: None

    def now(self) -> float:
        return self.time

    def monotonic(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.time += seconds
        self.slept()


class Room:
    """A room with two cells of a learner's and a note of ours; ``theirs``: what the server has."""

    def __init__(self, path: str = "a.ipynb") -> None:
        self.path = path
        self.cells = {"one": "x = 1", "two": "print(x)"}
        self.theirs: dict[str, str] | None = dict(self.cells)
        self.asked = 0
        self.present = True
        self.error: RoomUnreachableError | None = None
        self.state = RoomState.LIVE
        self.stamp = SimpleNamespace(room=path)
        self.people = SimpleNamespace(is_empty=lambda: not self.present)
        view = SimpleNamespace(
            cell_ids=lambda: [*self.cells, "note"],
            cell_source=lambda cell: self.cells.get(cell, "a hint"),
            mark_of=lambda cell: {"role": "hint"} if cell == "note" else {},
        )
        self.page = SimpleNamespace(view=view, replica=SimpleNamespace(is_asleep=False))

    @property
    def info(self) -> Any:
        return SimpleNamespace(state=self.state)

    async def tell(self, what: str) -> Mapping[str, Any] | None:
        assert what == "texts"
        self.asked += 1
        if self.error is not None:
            raise self.error
        return None if self.theirs is None else {"texts": {self.path: fingerprint(self.theirs.items())}}


def canary(*rooms: Room) -> tuple[TextCanary, QuickClock]:
    clock = QuickClock()
    return TextCanary(lambda: cast("list[RoomPeer]", list(rooms)), clock), clock


async def outcome_of(room: Room, meanwhile: Callable[[], None] = lambda: None) -> Outcome:
    bird, clock = canary(room)
    clock.slept = meanwhile
    return await bird.compare(cast("RoomPeer", room))


@pytest.mark.proves("learner-text:canary")
async def test_the_same_text_here_and_there_is_the_same_whatever_we_wrote_beside_it() -> None:
    assert await outcome_of(Room()) is Outcome.SAME


@pytest.mark.proves("learner-text:canary")
@pytest.mark.parametrize("theirs", [{"one": "x = 1"}, {"two": "print(x)", "one": "x = 1"}, {"one": "x = 1", "two": ""}])
async def test_a_letter_a_cell_or_an_order_that_differs_is_told(theirs: dict[str, str]) -> None:
    room = Room()
    room.theirs = theirs
    assert await outcome_of(room) is Outcome.DIFFERENT


@pytest.mark.proves("learner-text:canary")
async def test_letters_that_are_under_way_are_no_alarm() -> None:
    room = Room()
    assert room.theirs is not None
    room.theirs["two"] = "print(x) "

    def arrive() -> None:
        room.cells["two"] = "print(x) "

    assert await outcome_of(room, arrive) is Outcome.SAME


async def test_a_learner_who_never_pauses_is_asked_about_later() -> None:
    room = Room()
    assert room.theirs is not None
    theirs = room.theirs
    theirs["two"] += "."

    def type_on() -> None:
        theirs["two"] += "."

    assert await outcome_of(room, type_on) is Outcome.UNKNOWN


@pytest.mark.parametrize("why", ["no extension", "not reached", "not joined"])
async def test_what_cannot_be_compared_is_unknown(why: str) -> None:
    room = Room()
    if why == "no extension":
        room.theirs = None
    elif why == "not reached":
        room.error = RoomUnreachableError("the server", "no answer")
    else:
        room.state = RoomState.RECONNECTING
    assert await outcome_of(room) is Outcome.UNKNOWN


async def test_a_round_counts_asks_a_few_in_turn_and_leaves_alone_who_sleeps_or_is_away() -> None:
    away, asleep = Room("away.ipynb"), Room("asleep.ipynb")
    away.present = False
    asleep.page.replica.is_asleep = True
    rooms = [Room(f"{number}.ipynb") for number in range(SAMPLE + 5)]
    bird, clock = canary(away, asleep, *rooms)
    clock.time = BETWEEN_LOOKS
    before = metrics.TEXT_CHECKS.labels("same")._value.get()
    await bird.round()
    assert metrics.TEXT_CHECKS.labels("same")._value.get() == before + SAMPLE
    await bird.round()
    assert min(room.asked for room in rooms) == 1
    assert away.asked == asleep.asked == 0


def test_both_sides_make_the_same_fingerprint_of_every_text() -> None:
    cells = [("a", "x = 'é😀'\n"), ("", ""), ("b", "\ud800"), ("ab", "c"), ("a", "bc")]
    assert text_fingerprint(cells) == fingerprint(cells)
    assert len({fingerprint([cell]) for cell in cells}) == len(cells)
