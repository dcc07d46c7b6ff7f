"""We stay while there is a human, and keep awake what somebody edits."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from ltt_collab.model.ids import ClientId, Username
from ltt_collab.model.presence import User
from ltt_collab.peer.people import People
from ltt_collab.peer.scene import Scene
from ltt_collab.peer.stay import ARRIVAL, Stay
from ltt_collab.peer.surroundings import Habits
from ltt_collab.peer.timers import Wake

ADA = ClientId(1001)


class HandTimers:
    """Timers and a clock that a test moves."""

    def __init__(self) -> None:
        self.time = 100.0
        self.pending: dict[Any, tuple[float, Wake]] = {}

    def now(self) -> float:
        return self.time

    def wake(self, key: object, when: float, wake: Wake) -> None:
        if key not in self.pending or when < self.pending[key][0]:
            self.pending[key] = (when, wake)

    def cancel(self, key: object) -> None:
        self.pending.pop(key, None)

    def pass_time(self, seconds: float) -> None:
        end = self.time + seconds
        while due := sorted((when, str(key), key) for key, (when, _) in self.pending.items() if when <= end):
            when, _, key = due[0]
            self.time = max(self.time, when)
            self.pending.pop(key)[1](self.time)
        self.time = end


class Room:
    """As much of a scene as staying needs."""

    def __init__(self, habits: Habits) -> None:
        self.timers = HandTimers()
        self.around = SimpleNamespace(clock=self.timers, timers=self.timers, habits=habits)
        self.people = People(Username("ltt-tutor"))
        self.present: list[tuple[ClientId, User]] = []
        self.people.join(ClientId(42), cast("Any", SimpleNamespace(users=lambda: self.present, user=lambda _c: None)))
        self.slept = 0
        self.page = SimpleNamespace(replica=SimpleNamespace(hibernate=self._sleep))
        self.left: list[str] = []
        self.stay = Stay(cast("Scene", self))

    def leave(self, reason: str) -> None:
        self.left.append(reason)

    def come(self) -> None:
        self.present = [(ADA, User(username=Username("ada"), display_name="Ada"))]
        self.people.change()
        self.stay.somebody_came()

    def go(self) -> None:
        self.present = []
        self.people.change()
        self.stay.somebody_left()

    def _sleep(self) -> None:
        self.slept += 1


@pytest.fixture
def room() -> Room:
    return Room(Habits(leave_grace=5.0, hibernate_after=60.0))


@pytest.mark.proves("peer:leaves-an-empty-room")
def test_the_room_is_left_when_the_last_human_was_gone_for_the_grace(room: Room) -> None:
    room.stay.begin()
    room.come()
    room.timers.pass_time(1000.0)
    assert room.left == []
    room.go()
    room.timers.pass_time(4.9)
    assert room.left == []
    room.timers.pass_time(0.2)
    assert room.left == ["no human has been here for a while"]


def test_whoever_comes_back_within_the_grace_keeps_us(room: Room) -> None:
    room.come()
    room.go()
    room.timers.pass_time(4.0)
    room.come()
    room.timers.pass_time(1000.0)
    assert room.left == []


def test_a_learner_who_sits_still_has_time_to_show_up(room: Room) -> None:
    room.stay.begin()
    room.timers.pass_time(ARRIVAL - 0.1)
    assert room.left == []
    room.timers.pass_time(0.2)
    assert len(room.left) == 1


@pytest.mark.proves("hub:culled-as-without-us")
def test_nobody_waits_for_a_learner_who_left_before_they_showed_up(room: Room) -> None:
    room.stay.begin()
    room.timers.pass_time(1.0)
    room.stay.somebody_left()  # as the server says it
    room.timers.pass_time(5.1)
    assert len(room.left) == 1


@pytest.mark.proves("peer:idle-rooms-sleep")
def test_a_document_sleeps_once_nothing_happened_for_the_set_time_and_again_after_the_next_edit(room: Room) -> None:
    room.come()
    room.stay.touch()
    room.timers.pass_time(59.0)
    room.stay.touch()
    room.timers.pass_time(59.0)
    assert room.slept == 0
    room.timers.pass_time(1.1)
    assert room.slept == 1
    room.timers.pass_time(500.0)
    assert room.slept == 1
    room.stay.touch()
    room.timers.pass_time(60.1)
    assert room.slept == 2


def test_after_the_end_nothing_is_pending(room: Room) -> None:
    room.come()
    room.stay.touch()
    room.stay.end()
    assert room.timers.pending == {}
