"""When a room is due for what, and one timer for all of them."""

from __future__ import annotations

import anyio

from ltt_collab.rooms.heartbeat import LATE, SLICE, TICK, Due, Heartbeat, Pulse
from tests.support.deadlines import eventually
from tests.support.room_scene import HandClock


def due(pulse: Pulse, now: float, *, heard: float = 0.0, synced: bool = True, renew: bool = False) -> set[Due]:
    return set(pulse.due(now, last_heard=heard, is_synced=synced, renewal_due=renew))


def test_silence_is_pinged_each_ten_seconds_and_declared_before_thirty() -> None:
    pulse = Pulse(since=0.0)
    pings = [now for now in range(1, 28) if Due.PING in due(pulse, float(now))]
    assert pings == [10, 20]
    assert due(pulse, 28.0) == {Due.DECLARE_SILENT}


def test_any_word_from_the_server_begins_the_silence_anew() -> None:
    pulse = Pulse(since=0.0)
    assert Due.PING not in due(pulse, 35.0, heard=30.0)
    assert Due.PING in due(pulse, 40.0, heard=30.0)


def test_a_room_without_sync_is_declared_after_ten_seconds() -> None:
    pulse = Pulse(since=100.0)
    assert Due.DECLARE_UNSYNCED not in due(pulse, 109.0, heard=109.0, synced=False)
    assert due(pulse, 110.0, heard=109.0, synced=False) == {Due.DECLARE_UNSYNCED}


def test_stale_participants_are_looked_for_each_three_seconds() -> None:
    pulse = Pulse(since=100.0)
    assert [now for now in range(100, 110) if Due.EXPIRE in due(pulse, float(now), heard=100.0)] == [100, 103, 106, 109]


def test_a_renewal_is_passed_on() -> None:
    assert Due.RENEW in due(Pulse(since=0.0), 1.0, renew=True)


def test_a_time_in_which_we_did_not_run_is_not_held_against_the_server() -> None:
    pulse = Pulse(since=0.0)
    pulse.excuse(500.0)
    assert Due.DECLARE_SILENT not in due(pulse, 500.0)
    assert Due.PING in due(pulse, 510.0)
    assert due(pulse, 528.0) == {Due.DECLARE_SILENT}


class Beaten:
    def __init__(self) -> None:
        self.beats: list[float] = []
        self.excused: list[float] = []

    def beat(self, now: float) -> None:
        self.beats.append(now)

    def excuse(self, now: float, seconds: float) -> None:
        self.excused.append(seconds)


async def test_one_timer_beats_for_all_rooms_and_stops_for_those_that_left() -> None:
    clock = HandClock()
    heartbeat = Heartbeat(clock)
    rooms = [Beaten() for _ in range(SLICE + 5)]
    for room in rooms:
        heartbeat.add(room)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(heartbeat.run)
        await eventually(lambda: clock.slept == [TICK])
        clock.pass_time(TICK)
        await eventually(lambda: all(len(room.beats) == 1 for room in rooms))
        heartbeat.discard(rooms[0])
        heartbeat.discard(rooms[0])
        await eventually(lambda: len(clock.slept) == 2)
        clock.pass_time(TICK)
        await eventually(lambda: all(len(room.beats) == 2 for room in rooms[1:]))
        tasks.cancel_scope.cancel()
    assert len(rooms[0].beats) == 1
    assert not any(room.excused for room in rooms)


async def test_a_suspended_process_excuses_its_rooms() -> None:
    clock = HandClock()
    heartbeat, room = Heartbeat(clock), Beaten()
    heartbeat.add(room)
    clock.pass_time(TICK + LATE + 40.0)
    await heartbeat.beat_all()
    assert room.excused == [LATE + 40.0]
    clock.pass_time(TICK)
    await heartbeat.beat_all()
    assert len(room.excused) == 1
