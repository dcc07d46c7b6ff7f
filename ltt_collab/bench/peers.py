"""Whole peers in many rooms: what the service does with each keystroke beyond telling it.

Every event is logged, handed to a subscriber (the installed tutors), and goes through the gate, the suggestions, the
bursts and the triggers, with their timers.
"""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import anyio
from anyio.abc import TaskGroup

from ltt_collab.adapters.clock import SystemClock
from ltt_collab.adapters.jupyter.server import JupyterServer
from ltt_collab.adapters.store.memory import memory_stores
from ltt_collab.bench.observers import TUTOR, Arrivals
from ltt_collab.client import LocalClient, run_tutor
from ltt_collab.client.installed import load_tutors
from ltt_collab.model.addresses import RoomAddress
from ltt_collab.model.edits import RoomEvent, RoomState, SourceEdited
from ltt_collab.model.ids import RoomId, Seq, Username
from ltt_collab.peer.garbage import tend_garbage
from ltt_collab.peer.log import EventLog, Subscription
from ltt_collab.peer.registry import Registry
from ltt_collab.peer.room import RoomPeer
from ltt_collab.peer.surroundings import Habits, Surroundings
from ltt_collab.peer.timers import Timers
from ltt_collab.ports.rooms import RoomServer, Session
from ltt_collab.ports.tutor import TutorConfig
from ltt_collab.rooms.heartbeat import Heartbeat
from ltt_collab.rooms.keeper import DocumentTarget
from ltt_collab.tutoring.budget import Budget

DIALS = 32
"""Rooms joined at once."""

PATIENCE = 90.0
"""Seconds for all rooms to be joined."""


class NumberedRooms(JupyterServer):
    """The bench's room server: a path is the number of its room, and needs no session."""

    async def open_session(self, path: str, *, format: str, type: str) -> Session:
        """Leave to open that room."""
        return Session(address=RoomAddress.parse(f"{format}:{type}:{path}"), session_id=None)


class Meter(Subscription):
    """Notes when each keystroke of each room became an event, and keeps none."""

    def __init__(self, arrivals: Arrivals) -> None:
        super().__init__()
        self._arrivals = arrivals
        self._seen: dict[RoomId, int] = {}

    def offer(self, event: RoomEvent) -> None:
        """Note one event."""
        if isinstance(event, SourceEdited):
            number = self._seen.get(event.room, 0)
            self._seen[event.room] = number + 1
            self._arrivals.note(int(event.room), number)


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """Peers that are all live, and the log of their events."""

    peers: Sequence[RoomPeer]
    log: EventLog

    def arrivals(self, keystrokes: int) -> Arrivals:
        """Where the next so many keystrokes of every room are noted, from now on, and no others."""
        arrivals = Arrivals(len(self.peers), keystrokes)
        for former in [listener for listener in self.log.listeners if isinstance(listener, Meter)]:
            self.log.unsubscribe(former)
        self.log.listeners.append(Meter(arrivals))
        return arrivals


NOBODY_LEAVES = Habits(leave_grace=86_400.0, introduce=False)


def surroundings(habits: Habits) -> Surroundings:
    """What the rooms of a service share, with stores in memory."""
    clock, stores = SystemClock(), memory_stores()
    return Surroundings(
        user=TUTOR,
        habits=habits,
        clock=clock,
        timers=Timers(clock),
        heartbeat=Heartbeat(clock),
        log=EventLog(),
        wishes=stores.wishes,
        suggestions=stores.suggestions,
        budget=Budget(),
        random=random.random,
    )


@asynccontextmanager
async def crowd(url: str, rooms: int) -> AsyncIterator[Crowd]:
    """So many peers, live in rooms 0 … of the room server, with the installed tutors at work."""
    around = surroundings(NOBODY_LEAVES)
    registry = Registry(around.log)
    async with NumberedRooms.at(url, "bench") as server, anyio.create_task_group() as tasks:
        tasks.start_soon(around.heartbeat.run, name="heartbeat")
        tasks.start_soon(around.timers.run, name="timers")
        tasks.start_soon(tend_garbage, around.clock, name="garbage")
        for tutor in load_tutors(TutorConfig()):
            tasks.start_soon(run_tutor, LocalClient(registry), tutor, name="tutor")
        peers = [_peer(number, server, around) for number in range(rooms)]
        with anyio.fail_after(PATIENCE):
            for first in range(0, rooms, DIALS):
                await _enter(peers[first : first + DIALS], tasks, registry)
        yield Crowd(peers=peers, log=around.log)
        tasks.cancel_scope.cancel()


async def _enter(peers: Sequence[RoomPeer], tasks: TaskGroup, registry: Registry) -> None:
    for peer in peers:
        registry.add(peer)
        peer.sight(Username("learner"))
        tasks.start_soon(peer.run, name=f"room {peer.stamp.room}")
    while any(peer.info.state is not RoomState.LIVE for peer in peers):  # noqa: ASYNC110 - a peer has no event for it
        await anyio.sleep(0.005)


def _peer(number: int, server: RoomServer, around: Surroundings) -> RoomPeer:
    target = DocumentTarget(path=str(number), format="json", type="notebook")
    return RoomPeer(RoomId(str(number)), target, server, around, first_seq=Seq(0))
