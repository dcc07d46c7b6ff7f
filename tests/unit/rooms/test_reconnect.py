"""What follows the end of a room: first the policy, then the loop that carries it out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import anyio
import pytest

from ltt_collab.model.edits import RoomState
from ltt_collab.model.errors import (
    ProtocolViolationError,
    RoomClosedError,
    RoomError,
    RoomRefusedError,
    RoomUnreachableError,
)
from ltt_collab.ports.rooms import ChannelClosed
from ltt_collab.rooms.global_room import GLOBAL_ROOM, GlobalPresence
from ltt_collab.rooms.heartbeat import Heartbeat
from ltt_collab.rooms.keeper import DocumentTarget, Membership, RoomTenant, keep_connected
from ltt_collab.rooms.reconnect import CAP, Decision, GiveUp, NewSession, ReconnectPolicy, Retry
from tests.support.deadlines import eventually
from tests.support.room_scene import (
    TUTOR,
    FakeChannel,
    HandClock,
    RoomServerFake,
    Tenant,
    browser_state,
    encode_awareness,
    frame,
)

LOST = RoomClosedError(None, "connection lost")
UNREACHABLE = RoomUnreachableError("http://127.0.0.1/", "refused")
FORGOTTEN = RoomClosedError(1003, '{"reason": "unknown_session", "sessionId": "s", "reloadable": true}')


def policy(chance: float = 1.0) -> ReconnectPolicy:
    return ReconnectPolicy(lambda: chance)


def after(decision: Decision) -> float:
    assert not isinstance(decision, GiveUp)
    return decision.after


def test_waits_double_up_to_the_cap() -> None:
    always = policy()
    assert [after(always.decide(UNREACHABLE, lived=0.0)) for _ in range(9)] == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]


def test_waits_are_jittered_over_their_whole_range() -> None:
    assert after(policy(0.0).decide(LOST, lived=5.0)) == 0.0
    assert after(policy(0.5).decide(LOST, lived=5.0)) == 0.25


def test_the_thousandth_failure_waits_no_longer_than_the_cap() -> None:
    always = policy()
    assert max(after(always.decide(UNREACHABLE, lived=0.0)) for _ in range(2000)) == CAP


def test_a_stable_minute_forgets_earlier_failures() -> None:
    always = policy()
    for _ in range(9):
        always.decide(UNREACHABLE, lived=0.0)
    assert after(always.decide(LOST, lived=59.0)) == CAP
    assert after(always.decide(LOST, lived=60.0)) == 0.5


def test_a_lost_connection_keeps_its_session() -> None:
    assert isinstance(policy().decide(LOST, lived=100.0), Retry)


@pytest.mark.proves("rooms:reconnects")
def test_a_forgotten_session_is_renewed_at_once_but_not_in_a_loop() -> None:
    always = policy()
    always.decide(UNREACHABLE, lived=0.0)
    assert always.decide(FORGOTTEN, lived=0.0) == NewSession(after=0.0)
    for lived in (0.0, 1.0, 1.0):
        assert after(always.decide(FORGOTTEN, lived=lived)) > 0.0
    assert always.decide(FORGOTTEN, lived=61.0) == NewSession(after=0.0)


@pytest.mark.parametrize(
    "reason", ['{"reason": "initialization_error", "reloadable": false}', "", "[", "[]", '{"reason": "unknown_sess']
)
def test_other_closes_with_1003_wait(reason: str) -> None:
    assert policy().decide(RoomClosedError(1003, reason), lived=0.0) == NewSession(after=0.5)


@pytest.mark.parametrize("code", [4404, 4400, 4002, 1009])
def test_what_can_never_work_again_is_given_up_with_a_reason(code: int) -> None:
    decision = policy().decide(RoomClosedError(code, "Error initializing: a.ipynb."), lived=100.0)
    assert isinstance(decision, GiveUp)
    assert str(code) in decision.reason


@pytest.mark.parametrize("code", [1000, 1001, 1011, 1012, 4500, 3999])
def test_a_server_that_closes_gets_a_new_session_later(code: int) -> None:
    assert policy().decide(RoomClosedError(code, ""), lived=100.0) == NewSession(after=0.5)


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_token_is_tried_slowly_and_then_given_up(status: int) -> None:
    slow = policy(0.0)
    error = RoomRefusedError("http://127.0.0.1/", status, "check LTT_JUPYTER_TOKEN")
    assert [after(slow.decide(error, lived=0.0)) for _ in range(3)] == [15.0] * 3
    assert slow.decide(error, lived=0.0) == GiveUp(reason=str(error))


@pytest.mark.parametrize("status", [302, 400, 404, 405])
def test_a_refusal_that_will_not_change_is_given_up(status: int) -> None:
    assert isinstance(policy().decide(RoomRefusedError("s", status, ""), lived=0.0), GiveUp)


def test_an_unknown_file_id_gets_a_new_session() -> None:
    assert isinstance(policy().decide(RoomRefusedError("s", 500, ""), lived=0.0), NewSession)


@pytest.mark.parametrize("error", [ProtocolViolationError("x"), RoomClosedError(None, "internal error: KeyError")])
def test_a_room_that_breaks_us_again_and_again_is_given_up(error: RoomError) -> None:
    if isinstance(error, RoomClosedError):
        error.__cause__ = KeyError()
    always = policy()
    decisions = [always.decide(error, lived=1.0) for _ in range(5)]
    assert [type(decision) for decision in decisions] == [NewSession] * 4 + [GiveUp]


# The loop.


@dataclass
class Kept:
    """A room that is being kept joined on a fake server."""

    clock: HandClock = field(default_factory=HandClock)
    tenant: Tenant = field(default_factory=Tenant)
    outcome: list[GiveUp] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.server = RoomServerFake(self.clock)
        self.heartbeat = Heartbeat(self.clock)

    def membership(self) -> Membership:
        return Membership(
            server=self.server, user=TUTOR, clock=self.clock, heartbeat=self.heartbeat, random=lambda: 1.0
        )

    async def keep(self, tenant: RoomTenant) -> None:
        self.outcome.append(await keep_connected(self.membership(), tenant))

    async def connection(self, count: int) -> FakeChannel:
        """The count-th channel, once the provider speaks over it."""
        await eventually(lambda: len(self.server.channels) >= count and self.server.channels[count - 1].sent)
        return self.server.channels[count - 1]

    async def joined(self, count: int = 1) -> FakeChannel:
        channel = await self.connection(count)
        self.server.serve()
        return channel

    async def waits(self) -> float:
        await eventually(lambda: self.clock.slept)
        return self.clock.slept.pop()

    def drop(self, code: int | None = None, reason: str = "") -> None:
        channel = self.server.channels[-1]
        assert channel.listener is not None
        channel.listener.channel_closed(ChannelClosed(code=code, reason=reason))


@asynccontextmanager
async def kept(tenant: RoomTenant | None = None) -> AsyncIterator[Kept]:
    room = Kept()
    async with anyio.create_task_group() as tasks:
        with anyio.fail_after(10):
            tasks.start_soon(room.keep, tenant or room.tenant, name="keep")
            yield room
            tasks.cancel_scope.cancel()


async def test_a_room_is_joined_and_live_once_synced() -> None:
    async with kept() as room:
        room.server.text.text.insert(0, "x = 1")
        await room.connection(1)
        assert room.tenant.state is RoomState.JOINING
        await room.joined()
        assert room.tenant.heard == ["connected", "synced"]
        assert (room.tenant.state, str(room.tenant.replicas[-1])) == (RoomState.LIVE, "x = 1")
        assert room.server.dialled == [("json:notebook:a.ipynb", "s1")]
        assert len(room.heartbeat) == 1


@pytest.mark.proves("rooms:never-stale-as-fresh", "rooms:reconnects")
async def test_a_lost_connection_is_rejoined_with_a_new_replica_and_is_not_live_in_between() -> None:
    async with kept() as room:
        await room.joined()
        room.drop()
        assert room.tenant.state is RoomState.RECONNECTING  # in the very callback that closed it
        assert await room.waits() == 0.5
        room.server.text.text.insert(0, "while away")
        room.clock.pass_time(0.5)
        await room.connection(2)
        assert room.tenant.state is RoomState.RECONNECTING
        await room.joined(2)
        assert [state for state, _ in room.tenant.states][-2:] == [RoomState.RECONNECTING, RoomState.LIVE]
        assert room.tenant.heard == ["connected", "synced", "closed", "connected", "synced", "rejoined"]
        assert [str(replica) for replica in room.tenant.replicas] == ["", "while away"]
        assert [session for _, session in room.server.dialled] == ["s1", "s1"]
        assert len(room.heartbeat) == 1


async def test_a_restarted_server_is_rejoined_under_a_new_session_at_once() -> None:
    async with kept() as room:
        await room.joined()
        room.drop(1003, FORGOTTEN.reason)
        await room.joined(2)
        assert [session for _, session in room.server.dialled] == ["s1", "s2"]
        assert room.tenant.state is RoomState.LIVE


async def test_a_renamed_file_is_rejoined_at_its_new_path() -> None:
    async with kept() as room:
        await room.joined()
        room.tenant.at = DocumentTarget(path="b.ipynb", format="json", type="notebook")
        room.drop(1001)
        await room.waits()
        room.clock.pass_time(1.0)
        await room.connection(2)
        assert room.server.dialled[-1] == ("json:notebook:b.ipynb", "s2")


async def test_a_server_that_is_away_is_tried_until_it_is_back() -> None:
    async with kept() as room:
        await room.joined()
        room.server.dial_errors = [UNREACHABLE] * 3
        room.drop()
        for wait in (0.5, 1.0, 2.0, 4.0):
            assert await room.waits() == wait
            room.clock.pass_time(wait)
        await room.joined(2)
        assert room.tenant.state is RoomState.LIVE
        assert len(room.heartbeat) == 1


async def test_a_room_that_does_not_sync_is_dialled_again() -> None:
    async with kept() as room:
        channel = await room.connection(1)
        for _ in range(11):
            room.clock.pass_time(1.0)
            channel.heard = room.clock.monotonic()
            await room.heartbeat.beat_all()
        assert channel.closed is not None
        await room.waits()
        room.clock.pass_time(1.0)
        await room.connection(2)


async def test_a_file_that_is_gone_is_given_up_and_said() -> None:
    async with kept() as room:
        await room.joined()
        room.drop(4404, "Error initializing: a.ipynb.")
        await eventually(lambda: room.outcome)
        assert "gone" in room.outcome[0].reason
        assert room.tenant.states[-1] == (RoomState.LEFT, room.outcome[0].reason)
        assert len(room.heartbeat) == 0


async def test_cancelling_says_goodbye_and_leaves_nothing_behind() -> None:
    async with kept() as room:
        channel = await room.joined()
    assert [state for _, _, state in channel.awareness_sent()] == [None]
    assert channel.closed is not None
    assert room.tenant.state is RoomState.LEFT
    assert len(room.heartbeat) == 0


async def test_whoever_leaves_on_purpose_never_says_reconnecting() -> None:
    async with kept() as room:
        await room.joined()
    assert [state for state, _ in room.tenant.states] == [RoomState.JOINING, RoomState.LIVE, RoomState.LEFT]


async def test_cancelling_while_waiting_leaves() -> None:
    async with kept() as room:
        await room.joined()
        room.drop()
        await room.waits()
    assert room.tenant.state is RoomState.LEFT


async def test_our_own_ghost_of_the_lost_connection_is_nobody() -> None:
    async with kept() as room:
        await room.joined()
        assert room.tenant.provider is not None
        ghost = room.tenant.provider.client
        room.drop()
        await room.waits()
        room.clock.pass_time(1.0)
        channel = await room.joined(2)
        state = browser_state("Tutor", username="ltt-tutor")  # what others still show of our lost connection
        assert channel.listener is not None
        channel.listener.frame_received(frame(1, encode_awareness((ghost, 9, state))))
        assert room.tenant.provider.client != ghost
        assert (room.tenant.events, room.tenant.provider.presence.humans()) == ([], [])


async def test_the_global_room_needs_no_session_and_lists_us() -> None:
    panel = GlobalPresence()
    async with kept(panel) as room:
        channel = await room.connection(1)
        assert room.server.dialled == [(GLOBAL_ROOM, None)]
        room.server.serve()
        panel.show_documents(["a.ipynb"])
        assert room.server.sessions == 0
        ((_, _, state),) = channel.awareness_sent()
        assert (state["documents"], state["user"]["display_name"]) == (["a.ipynb"], "Tutor")
