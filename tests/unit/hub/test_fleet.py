"""One supervisor on each server that the hub names: found, left, kept through an outage, never anywhere else."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any, cast

import anyio
import pytest

from ltt_collab.adapters.clock import SystemClock
from ltt_collab.adapters.store.memory import memory_stores
from ltt_collab.model.errors import HubRefusedError, HubUnavailableError
from ltt_collab.model.ids import ServerId, Username
from ltt_collab.peer.fleet import Fleet, FleetPace, LearnerServer
from ltt_collab.peer.log import EventLog
from ltt_collab.peer.registry import Registry
from ltt_collab.peer.surroundings import Habits, Surroundings
from ltt_collab.peer.timers import Timers
from ltt_collab.ports.hub import HubServer
from ltt_collab.ports.rooms import Sighting, WatchStateChanged
from ltt_collab.rooms.heartbeat import Heartbeat
from ltt_collab.tutoring.budget import Budget
from tests.support.deadlines import eventually
from tests.support.hub_fake import FakeHub, server_of
from tests.support.room_scene import TUTOR

PACE = FleetPace(sweep=0.05, first_retry=0.02, last_retry=0.1, page=0.0, lookup=0.01, last_lookup=0.02, patience=5.0)
SLOW = replace(PACE, sweep=3600.0)

ADA, BEN = Username("ada"), Username("ben")


@dataclass
class QuietServer:
    """A server on which nothing is open; ``watches`` counts connections to it."""

    id: ServerId
    watches: int = 0
    lost: anyio.Event = field(default_factory=anyio.Event)

    async def watch(self) -> AsyncIterator[Sighting]:
        self.watches += 1
        yield WatchStateChanged(live=True)
        await self.lost.wait()
        yield WatchStateChanged(live=False, reason="it is gone")
        await anyio.sleep_forever()


@dataclass
class Scene:
    """A fleet at work for a scripted hub; ``on`` has the servers that it is connected to now."""

    hub: FakeHub
    fleet: Fleet
    on: dict[str, QuietServer]
    connected: list[HubServer]

    async def is_on(self, *paths: str) -> None:
        await eventually(lambda: sorted(self.on) == sorted(paths), within=5, what=f"servers {paths}, not {self.on}")


@asynccontextmanager
async def fleet(hub: FakeHub, pace: FleetPace = PACE, refuses: str = "") -> AsyncIterator[Scene]:
    on: dict[str, QuietServer] = {}
    connected: list[HubServer] = []

    @asynccontextmanager
    async def connect(server: HubServer) -> AsyncIterator[LearnerServer]:
        connected.append(server)
        if server.path == refuses:
            raise HubRefusedError(server.path, 200, "no server of the hub's")
        on[server.path] = QuietServer(ServerId(f"http://h{server.path}"))
        try:
            unused = cast("Any", None)
            yield LearnerServer(
                server=cast("Any", on[server.path]), kernels=cast("Any", server.path), terminals=unused, files=unused
            )
        finally:
            del on[server.path]

    clock, stores = SystemClock(), memory_stores()
    around = Surroundings(
        user=TUTOR,
        habits=Habits(),
        clock=clock,
        timers=Timers(clock),
        heartbeat=Heartbeat(clock),
        log=EventLog(),
        wishes=stores.wishes,
        suggestions=stores.suggestions,
        budget=Budget(),
        random=random.random,
    )
    scene = Scene(hub, Fleet(hub, connect, around, Registry(around.log), pace), on, connected)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(scene.fleet.run, name="fleet")
        await eventually(lambda: scene.fleet.has_swept or scene.fleet.trouble, what="the first sweep")
        yield scene
        tasks.cancel_scope.cancel()


async def test_every_page_of_the_hubs_servers_is_attended_once() -> None:
    names = ["ada", "ben", "cem", "dea", "eve"]
    async with fleet(FakeHub(servers=[server_of(name) for name in names])) as scene:
        await scene.is_on(*(f"/user/{name}/" for name in names))
        swept = scene.hub.sweeps
        await eventually(lambda: scene.hub.sweeps > swept + 2, what="more sweeps")
        assert len(scene.connected) == len(names)


async def test_a_server_that_is_gone_is_left_at_the_next_sweep() -> None:
    async with fleet(FakeHub(servers=[server_of("ada"), server_of("ben")])) as scene:
        await scene.is_on("/user/ada/", "/user/ben/")
        scene.hub.servers.pop()
        await scene.is_on("/user/ada/")


@pytest.mark.proves("hub:outage-ends-no-room")
async def test_a_hub_that_is_away_ends_nothing_and_is_said() -> None:
    async with fleet(FakeHub(servers=[server_of("ada")])) as scene:
        await scene.is_on("/user/ada/")
        scene.hub.errors = [HubUnavailableError("http://h/", "refused")] * 3
        await eventually(lambda: scene.fleet.trouble, what="the trouble said")
        assert scene.fleet.has_swept
        assert "/user/ada/" in scene.on
        await eventually(lambda: scene.fleet.trouble is None, what="the trouble over")
        assert len(scene.connected) == 1


async def test_a_hub_that_asks_for_patience_is_left_alone_that_long() -> None:
    hub = FakeHub(errors=[HubUnavailableError("http://h/", "it answered 503", retry_after=60.0)])
    async with fleet(hub) as scene:
        assert scene.fleet._pause(1) >= 60.0


async def test_failures_are_answered_at_growing_distances() -> None:
    async with fleet(FakeHub(), replace(PACE, first_retry=5.0, last_retry=300.0)) as scene:
        pauses = [scene.fleet._pause(failures) for failures in (1, 3, 5, 20)]
        assert 3.7 < pauses[0] < 6.3
        assert pauses == sorted(pauses)
        assert pauses[-1] <= 375.0


@pytest.mark.proves("hub:revoked-token-is-said")
async def test_a_token_that_is_not_accepted_any_more_is_said_and_ends_nothing() -> None:
    async with fleet(FakeHub(servers=[server_of("ada")])) as scene:
        await scene.is_on("/user/ada/")
        scene.hub.errors = [HubRefusedError("http://h/", 403, "LTT_HUB_TOKEN was revoked")] * 50
        await eventually(lambda: "revoked" in str(scene.fleet.trouble), what="the refusal said")
        assert "/user/ada/" in scene.on


@pytest.mark.proves("hub:joined-when-announced")
async def test_an_announced_server_is_asked_for_until_it_is_ready() -> None:
    async with fleet(FakeHub(), SLOW) as scene:
        scene.fleet.announce(ADA, "")
        await eventually(lambda: len(scene.hub.lookups) > 2, what="questions")
        scene.hub.servers = [server_of("ada", ready=False)]
        await eventually(lambda: len(scene.hub.lookups) > 5, what="more questions")
        assert scene.connected == []
        scene.hub.servers = [server_of("ada")]
        await scene.is_on("/user/ada/")
        assert scene.fleet.server_of(ADA) == "http://h/user/ada/"


@pytest.mark.proves("hub:only-its-own-servers")
async def test_an_announcement_of_what_the_hub_does_not_know_leads_nowhere() -> None:
    async with fleet(FakeHub(servers=[server_of("ada")]), replace(SLOW, patience=0.1)) as scene:
        await scene.is_on("/user/ada/")
        scene.fleet.announce(BEN, "../../evil")
        await eventually(lambda: not scene.fleet._lookups, what="the look-up given up")
        assert [server.owner for server in scene.connected] == ["ada"]


@pytest.mark.proves("hub:only-its-own-servers")
async def test_an_address_that_is_refused_ends_only_that_server() -> None:
    hub = FakeHub(servers=[server_of("ada"), server_of("ben")])
    async with fleet(hub, SLOW, refuses="/user/ada/") as scene:
        await scene.is_on("/user/ben/")


async def test_a_restarted_server_is_connected_to_at_once() -> None:
    async with fleet(FakeHub(servers=[server_of("ada")]), SLOW) as scene:
        await scene.is_on("/user/ada/")
        server = scene.on["/user/ada/"]
        scene.hub.servers = [server_of("ada", started="2")]
        scene.fleet.announce(ADA, "")
        await eventually(lambda: server.watches == 2, what="a second connection")
        assert scene.on["/user/ada/"] is server


async def test_a_lost_server_is_asked_about_and_left_when_it_was_stopped() -> None:
    async with fleet(FakeHub(servers=[server_of("ada"), server_of("ben")]), SLOW) as scene:
        await scene.is_on("/user/ada/", "/user/ben/")
        scene.hub.servers.pop(0)
        scene.on["/user/ada/"].lost.set()
        await scene.is_on("/user/ben/")
        assert scene.hub.lookups == ["ada"]


async def test_a_renamed_users_servers_are_found_under_the_new_name() -> None:
    async with fleet(FakeHub(servers=[server_of("ada")])) as scene:
        await scene.is_on("/user/ada/")
        scene.hub.servers = [server_of("ada2")]
        await scene.is_on("/user/ada2/")
        assert scene.fleet.server_of(ADA) is None


async def test_named_servers_are_attended_beside_the_default_one_which_comes_first() -> None:
    async with fleet(FakeHub(servers=[server_of("ada", "lab"), server_of("ada")])) as scene:
        await scene.is_on("/user/ada/", "/user/ada/lab/")
        assert scene.fleet.server_of(ADA) == "http://h/user/ada/"
        assert scene.fleet.kernels(ServerId("http://h/user/ada/lab/")) == cast("Any", "/user/ada/lab/")
        assert scene.fleet.kernels(ServerId("http://h/user/ben/")) is None
