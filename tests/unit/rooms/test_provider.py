"""One document over one channel, whatever the other side does."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, field
from typing import Any

import anyio
import pytest
from anyio.lowlevel import checkpoint

from ltt_collab.model.errors import ProtocolViolationError, RoomClosedError, RoomUnreachableError
from ltt_collab.model.presence import Activity
from ltt_collab.ports.rooms import ChannelClosed, ChannelListener
from ltt_collab.rooms.awareness import CLOCK_CEILING
from ltt_collab.rooms.options import ProviderOptions
from ltt_collab.rooms.patience import VIOLATIONS
from ltt_collab.rooms.presence import ParticipantJoined, ParticipantLeft, ParticipantMoved
from ltt_collab.rooms.provider import Provider
from ltt_collab.rooms.sending import HIGH_WATER, LOW_WATER
from tests.support.deadlines import eventually
from tests.support.room_scene import (
    ADA,
    OURS,
    TUTOR,
    FakeChannel,
    HandClock,
    Tenant,
    TextReplica,
    browser_state,
    encode_awareness,
    frame,
    unframe,
)


@dataclass
class Scene:
    """A provider that is attached to a channel and synced with a server's text."""

    clock: HandClock = field(default_factory=HandClock)
    ours: TextReplica = field(default_factory=TextReplica)
    server: TextReplica = field(default_factory=lambda: TextReplica(7))
    tenant: Tenant = field(default_factory=Tenant)
    options: ProviderOptions = field(default_factory=ProviderOptions)

    def __post_init__(self) -> None:
        self.provider = Provider(self.ours, TUTOR, listener=self.tenant, clock=self.clock, options=self.options)
        self.channel = FakeChannel(self.clock, self.provider)

    def joined(self) -> Scene:
        self.provider.attach(self.channel)
        self.provider.frame_received(frame(0, 1, self.server.diff(b"\x00")))
        return self

    def hears(self, *entries: tuple[int, int, Any]) -> None:
        self.provider.frame_received(frame(1, encode_awareness(*entries)))

    def server_types(self, text: str) -> bytes:
        before = self.server.state()
        self.server.text.insert(len(str(self.server.text)), text)
        return frame(0, 2, self.server.diff(before))

    def beats(self, seconds: float) -> None:
        """Let time pass, a beat a second, over a channel that is heard from."""
        for _ in range(int(seconds)):
            self.clock.pass_time(1.0)
            self.provider.beat(self.clock.monotonic())


def reason(scene: Scene) -> str:
    return str(scene.provider.ending)


def test_joining_asks_for_the_document_and_shows_us() -> None:
    scene = Scene()
    listener: ChannelListener = scene.provider
    assert listener is scene.provider
    scene.provider.attach(scene.channel)
    assert [unframe(sent)[0] for sent in scene.channel.sent] == ["step1", "awareness"]
    ((client, clock, state),) = scene.channel.awareness_sent()
    assert (client, clock >= 1, state["autosave"], state["user"]["display_name"]) == (OURS, True, False, "Tutor")
    assert not scene.provider.is_synced


def test_an_activity_shown_before_the_channel_is_sent_with_it() -> None:
    scene = Scene()
    scene.provider.presence.show_activity(Activity.READING)
    scene.provider.attach(scene.channel)
    ((_, _, state),) = scene.channel.awareness_sent()
    assert state["user"]["display_name"] == "Tutor · reading…"


@pytest.mark.proves("rooms:no-ghosts")
def test_the_goodbye_that_a_lost_connection_owed_is_said_by_the_next() -> None:
    lost = Scene().joined()
    ((client, clock, _),) = lost.channel.awareness_sent()
    lost.provider.channel_closed(ChannelClosed(code=None, reason=""))
    farewell = lost.provider.farewell()
    assert farewell is not None

    scene = Scene(ours=TextReplica(OURS + 1), options=ProviderOptions(farewells=(farewell,)))
    scene.provider.attach(scene.channel)
    said = {about: (at > clock, state is None) for about, at, state in scene.channel.awareness_sent()}
    assert said[client] == (True, True)
    assert said[scene.ours.client_id][1] is False


def test_a_connection_that_never_was_owes_no_goodbye() -> None:
    assert Scene().provider.farewell() is None


def test_synced_is_told_once_and_updates_reach_the_replica() -> None:
    scene = Scene().joined()
    scene.provider.frame_received(scene.server_types("print()"))
    assert (scene.tenant.heard, str(scene.ours), scene.provider.is_synced) == (["synced"], "print()", True)


def test_a_frame_before_the_channel_is_answered_with_it() -> None:
    scene = Scene()
    scene.provider.frame_received(frame(0, 0, b"\x00"))
    scene.provider.attach(scene.channel)
    assert "step2" in [unframe(sent)[0] for sent in scene.channel.sent]


def test_our_changes_are_sent_at_once() -> None:
    scene = Scene().joined()
    scene.channel.take()
    scene.provider.send_update(b"\x00\x00")
    assert scene.channel.take() == [b"\x00\x02\x02\x00\x00"]


def test_presence_of_others_is_told() -> None:
    scene = Scene().joined()
    scene.hears((ADA, 1, browser_state("Ada", item=None)))
    scene.hears((ADA, 1, None))
    assert [type(event) for event in scene.tenant.events] == [ParticipantJoined, ParticipantMoved, ParticipantLeft]


def test_a_claim_to_our_client_id_is_answered_at_once() -> None:
    scene = Scene().joined()
    scene.channel.take()
    scene.hears((OURS, 50, None))
    ((client, clock, state),) = scene.channel.awareness_sent()
    assert (client, clock, state["user"]["username"]) == (OURS, 51, "ltt-tutor")


def test_a_stolen_client_id_ends_the_room_so_that_a_new_one_is_taken() -> None:
    scene = Scene().joined()
    scene.hears((OURS, CLOCK_CEILING, {}))
    assert "client id" in reason(scene)
    assert scene.tenant.heard == ["synced", "closed"]


def test_a_broken_channel_is_told_once_and_nothing_follows() -> None:
    scene = Scene().joined()
    scene.provider.channel_closed(ChannelClosed(code=None, reason="reset"))
    scene.provider.channel_closed(ChannelClosed(code=1000, reason=""))
    scene.provider.frame_received(scene.server_types("late"))
    scene.provider.beat(scene.clock.monotonic() + 100)
    scene.provider.send_update(b"\x00\x00")
    assert scene.tenant.heard == ["synced", "closed"]
    assert (str(scene.ours), scene.provider.is_synced) == ("", False)
    assert isinstance(scene.tenant.error, RoomClosedError)
    assert scene.tenant.error.code is None


@pytest.mark.proves("rooms:malformed-frames-refused")
def test_single_broken_frames_are_survived_and_a_stream_of_them_is_left() -> None:
    scene = Scene().joined()
    for _ in range(VIOLATIONS - 1):
        scene.provider.frame_received(b"\x07")
    scene.provider.frame_received(scene.server_types("x"))
    assert (str(scene.ours), scene.provider.ending) == ("x", None)
    scene.provider.frame_received(b"\x01\xff")
    assert isinstance(scene.provider.ending, ProtocolViolationError)
    assert f"{VIOLATIONS} unreadable frames" in reason(scene)
    assert scene.channel.closed is not None
    assert scene.provider.refused["frames"] == VIOLATIONS


def test_broken_frames_now_and_then_are_borne_for_ever() -> None:
    scene = Scene().joined()
    for _ in range(10 * VIOLATIONS):
        scene.clock.pass_time(10.0)
        scene.provider.frame_received(b"\x07")
    assert scene.provider.ending is None


@pytest.mark.proves("rooms:malformed-updates-end-the-room")
def test_an_update_that_cannot_be_applied_ends_the_room() -> None:
    scene = Scene().joined()
    scene.provider.frame_received(frame(0, 2, b"\xff" * 9))
    assert isinstance(scene.tenant.error, ProtocolViolationError)


def test_a_bug_in_the_listener_ends_this_room_with_its_cause() -> None:
    scene = Scene()
    bug = KeyError("cell")

    def fail() -> None:
        raise bug

    scene.tenant.on_synced = fail
    scene.joined()
    assert isinstance(scene.tenant.error, RoomClosedError)
    assert scene.tenant.error.__cause__ is bug


def test_a_panic_in_the_replica_ends_this_room() -> None:
    class Panic(BaseException):
        """As pyo3 raises it."""

    class Panicking(TextReplica):
        def apply(self, update: bytes) -> None:
            raise Panic

    scene = Scene(ours=Panicking()).joined()
    assert "Panic" in reason(scene)


def test_an_interrupt_is_not_swallowed() -> None:
    class Interrupted(TextReplica):
        def apply(self, update: bytes) -> None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Scene(ours=Interrupted()).joined()


@pytest.mark.proves("rooms:never-stale-as-fresh")
def test_an_unreadable_sync_frame_makes_the_room_stale_until_it_is_synced_again() -> None:
    scene = Scene().joined()
    scene.channel.take()
    scene.server_types("lost")
    scene.provider.frame_received(b"\x00\x02\x09x")
    assert (scene.tenant.heard, scene.provider.is_synced) == (["synced", "stale"], False)
    ((_, state),) = map(unframe, scene.channel.take())
    scene.provider.frame_received(frame(0, 1, scene.server.diff(state)))
    assert (scene.tenant.heard[-1], str(scene.ours), scene.provider.is_synced) == ("synced", "lost", True)


@pytest.mark.proves("rooms:bounded-send-buffer")
def test_a_server_that_does_not_read_is_left_before_our_memory_fills() -> None:
    scene = Scene().joined()
    scene.channel.stuck = True
    update = b"x" * 1_000_000
    for _ in range(20):
        scene.provider.send_update(update)
    assert "does not read" in reason(scene)
    assert scene.channel.unsent_bytes <= HIGH_WATER + len(update) + 16


def test_presence_waits_while_content_waits_and_the_latest_is_sent_later() -> None:
    scene = Scene().joined()
    scene.channel.take()
    scene.channel.unsent_bytes = LOW_WATER + 1
    scene.provider.presence.show_activity(Activity.READING)
    scene.provider.presence.show_activity(Activity.TYPING)
    assert scene.channel.take() == []
    scene.channel.unsent_bytes = 0
    scene.beats(1)
    ((_, _, state),) = scene.channel.awareness_sent()
    assert state["user"]["display_name"] == "Tutor · typing…"


async def test_leaving_takes_our_name_away_and_closes() -> None:
    scene = Scene().joined()
    scene.channel.take()
    await scene.provider.leave("no learner is here")
    assert [(client, state) for client, _, state in scene.channel.awareness_sent()] == [(OURS, None)]
    assert scene.channel.closed is not None
    assert scene.channel.closed.code == 1000
    assert scene.tenant.heard == ["synced", "closed"]
    await scene.provider.leave()
    assert scene.tenant.heard == ["synced", "closed"]


async def test_leaving_a_dead_server_is_short_also_when_cancelled() -> None:
    scene = Scene().joined()
    scene.channel.silent_close = True
    began = time.monotonic()
    with anyio.CancelScope() as scope:
        scope.cancel()
        await scene.provider.leave()
    assert scene.channel.closed is not None
    assert time.monotonic() - began < 3.0


async def test_a_cancelled_owner_still_waits_until_the_goodbye_is_out() -> None:
    scene = Scene().joined()
    scene.channel.silent_close = True
    order: list[str] = []

    async def hang_up() -> None:
        await eventually(lambda: scene.channel.closed)
        for _ in range(5):  # turns of the loop in which an unshielded wait would be cancelled
            await checkpoint()
        order.append("channel closed")
        scene.provider.channel_closed(ChannelClosed(code=1000, reason=""))

    async def leave() -> None:
        with anyio.CancelScope() as scope:
            scope.cancel()
            await scene.provider.leave()
        order.append("left")

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(leave)
        tasks.start_soon(hang_up)
    assert order == ["channel closed", "left"]


async def test_leaving_before_the_channel_came_closes_it_when_it_comes() -> None:
    scene = Scene()
    await scene.provider.leave()
    scene.provider.attach(scene.channel)
    assert scene.channel.closed is not None
    assert scene.channel.sent == []


@pytest.mark.proves("rooms:half-open-detected")
def test_a_half_open_connection_is_pinged_and_left_within_thirty_seconds() -> None:
    scene = Scene().joined()
    scene.channel.silent_close = True  # a dead peer answers no close either
    scene.beats(9)
    assert scene.channel.pings == 0
    scene.beats(21)
    assert scene.channel.pings == 2
    assert "no sign of life" in reason(scene)
    assert scene.tenant.heard == ["synced", "closed"]


def test_a_server_that_answers_pings_is_kept_and_hears_from_us_each_fifteen_seconds() -> None:
    scene = Scene().joined()
    scene.channel.take()
    for _ in range(60):
        scene.channel.heard = scene.clock.monotonic()
        scene.beats(1)
    assert scene.provider.ending is None
    assert len(scene.channel.awareness_sent()) == 4


def test_a_room_that_never_syncs_is_left() -> None:
    scene = Scene()
    scene.provider.attach(scene.channel)
    for _ in range(11):
        scene.channel.heard = scene.clock.monotonic()
        scene.beats(1)
    assert isinstance(scene.tenant.error, RoomUnreachableError)


def test_participants_that_fell_silent_leave() -> None:
    scene = Scene().joined()
    scene.hears((ADA, 1, browser_state("Ada")))
    for _ in range(34):
        scene.channel.heard = scene.clock.monotonic()
        scene.beats(1)
    assert isinstance(scene.tenant.events[-1], ParticipantLeft)


def test_a_time_in_which_we_were_suspended_costs_neither_the_room_nor_its_people() -> None:
    scene = Scene().joined()
    scene.hears((ADA, 1, browser_state("Ada")))
    scene.clock.pass_time(300.0)
    scene.provider.excuse(scene.clock.monotonic(), 300.0)
    scene.beats(5)
    assert scene.provider.ending is None
    assert len(scene.provider.presence.humans()) == 1


@pytest.mark.proves("rooms:fuzzed-frames-never-escape")
@pytest.mark.parametrize("seed", range(6))
def test_mutated_frames_never_escape_and_never_kill_the_room_silently(seed: int) -> None:
    chance = random.Random(seed)
    scene = Scene().joined()
    pool = [
        scene.server_types("hello"),
        frame(0, 0, scene.server.state()),
        frame(0, 1, scene.server.diff(b"\x00")),
        frame(1, encode_awareness((ADA, 3, browser_state()), (9, 2, None))),
        b"\x02\x10" + b'{"type":"save"}1',
    ]
    for _ in range(400):
        scene.clock.pass_time(10.0)
        broken = bytearray(chance.choice(pool)) if chance.random() < 0.8 else bytearray(chance.randbytes(30))
        for _ in range(chance.randint(1, 4)):
            broken[chance.randrange(len(broken))] = chance.randrange(256)
        scene.provider.frame_received(bytes(broken[: chance.randint(0, len(broken))]))
        if scene.provider.ending is not None:
            assert scene.tenant.heard.count("closed") == 1
            assert scene.channel.closed is not None
            assert len(reason(scene)) > 20
            scene = Scene().joined()
    scene.provider.frame_received(scene.server_types("alive"))
    assert scene.provider.ending is not None or scene.ours.applied
