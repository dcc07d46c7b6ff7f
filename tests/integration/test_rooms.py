"""Rooms of a real Jupyter server: joined, seen by others, and rejoined after whatever happens to the server."""

from __future__ import annotations

import random
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest
from anyio.abc import TaskGroup
from pycrdt import Array

from ltt_collab.adapters.clock import SystemClock
from ltt_collab.adapters.jupyter.server import JupyterServer
from ltt_collab.model.edits import RoomState
from ltt_collab.model.ids import Username
from ltt_collab.model.presence import User
from ltt_collab.rooms.global_room import GlobalPresence
from ltt_collab.rooms.heartbeat import Heartbeat
from ltt_collab.rooms.keeper import DocumentTarget, Membership, RawTarget, RoomTenant, keep_connected
from ltt_collab.rooms.protocol import Replica
from tests.support.deadlines import eventually
from tests.support.jupyter import Jupyter, code_cell
from tests.support.room_scene import TUTOR, Tenant, TextReplica

pytestmark = pytest.mark.jupyter

ADA = User(username=Username("ada"), display_name="Ada", initials="A", color="green")


class NotebookReplica(TextReplica):
    """A replica of which the tests read the cells."""

    def sources(self) -> list[str]:
        cells: Array[Any] = self.doc.get("cells", type=Array)
        return [str(cell["source"]) for cell in cells]


class NotebookTenant(Tenant):
    """Lives in a notebook."""

    def new_replica(self) -> Replica:
        # Real rooms remember client ids: each must be new.
        self.replicas.append(NotebookReplica(random.randrange(1, 2**31)))
        return self.replicas[-1]

    @property
    def is_live(self) -> bool:
        return bool(self.states) and self.state is RoomState.LIVE

    def sources(self) -> list[str]:
        replica = self.replicas[-1]
        assert isinstance(replica, NotebookReplica)
        return replica.sources()


class Rooms:
    """Joins rooms of one server until the test ends."""

    def __init__(self, server: JupyterServer, heartbeat: Heartbeat, clock: SystemClock, tasks: TaskGroup) -> None:
        self.server, self.heartbeat, self.clock, self.tasks = server, heartbeat, clock, tasks
        self.ended: list[str] = []

    def join(self, tenant: RoomTenant, user: User = TUTOR) -> anyio.CancelScope:
        """Keep the tenant's room joined; cancelling the scope leaves it."""
        scope = anyio.CancelScope()
        membership = Membership(
            server=self.server, user=user, clock=self.clock, heartbeat=self.heartbeat, random=random.random
        )

        async def keep() -> None:
            with scope:
                self.ended.append((await keep_connected(membership, tenant)).reason)

        self.tasks.start_soon(keep, name="keep")
        return scope


@asynccontextmanager
async def rooms_of(jupyter: Jupyter) -> AsyncIterator[Rooms]:
    clock = SystemClock()
    heartbeat = Heartbeat(clock)
    async with JupyterServer.at(jupyter.url, jupyter.token) as server, anyio.create_task_group() as tasks:
        tasks.start_soon(heartbeat.run, name="heartbeat")
        yield Rooms(server, heartbeat, clock, tasks)
        tasks.cancel_scope.cancel()


def notebook(path: str = "a.ipynb") -> NotebookTenant:
    return NotebookTenant(DocumentTarget(path=path, format="json", type="notebook"))


async def test_two_peers_see_each_other_come_and_go(jupyter: Jupyter) -> None:
    jupyter.write_notebook("a.ipynb", code_cell("x = 1", "one"))
    tutor, ada = notebook(), notebook()
    async with rooms_of(jupyter) as rooms:
        rooms.join(tutor)
        await eventually(lambda: tutor.is_live, what="the tutor in the room")
        assert tutor.sources() == ["x = 1"]
        leave = rooms.join(ada, ADA)
        assert tutor.provider is not None
        presence = tutor.provider.presence
        await eventually(lambda: [human.user.username for human in presence.humans()] == ["ada"], what="Ada")
        leave.cancel()
        await eventually(lambda: presence.humans() == [], within=5, what="Ada gone at her goodbye")
        assert tutor.provider.refused == {"frames": 0}


@pytest.mark.proves("rooms:reconnects", "rooms:never-stale-as-fresh")
async def test_a_killed_and_restarted_server_is_rejoined_and_no_cell_is_doubled(jupyter: Jupyter) -> None:
    jupyter.write_notebook("a.ipynb", code_cell("x = 1", "one"), code_cell("y = 2", "two"))
    tutor = notebook()
    async with rooms_of(jupyter) as rooms:
        rooms.join(tutor)
        await eventually(lambda: tutor.is_live, what="the tutor in the room")
        await jupyter.restart(signal.SIGKILL)
        await eventually(lambda: "rejoined" in tutor.heard, within=40, what="the tutor back in the room")
        assert tutor.sources() == ["x = 1", "y = 2"]
        assert [state for state, _ in tutor.states] == [
            RoomState.JOINING,
            RoomState.LIVE,
            RoomState.RECONNECTING,
            RoomState.LIVE,
        ]
        assert len(tutor.replicas) > 1


async def test_a_missing_file_is_left_with_a_reason(jupyter: Jupyter) -> None:
    tutor = notebook("nothing.ipynb")
    async with rooms_of(jupyter) as rooms:
        rooms.join(tutor)
        await eventually(lambda: rooms.ended, what="giving up")
    assert "gone" in rooms.ended[0]
    assert tutor.states[-1] == (RoomState.LEFT, rooms.ended[0])


async def test_the_collaborators_panel_hears_of_us_and_of_our_leaving(jupyter: Jupyter) -> None:
    panel, ours = NotebookTenant(RawTarget(room="JupyterLab:globalAwareness")), GlobalPresence()
    async with rooms_of(jupyter) as rooms:
        rooms.join(panel, ADA)
        await eventually(lambda: panel.is_live, what="the panel's room")
        ours.show_documents(["a.ipynb"])
        leave = rooms.join(ours)
        assert panel.provider is not None
        presence = panel.provider.presence
        await eventually(lambda: [user.username for _, user in presence.users()] == ["ltt-tutor"], what="our entry")
        leave.cancel()
        await eventually(lambda: presence.users() == [], within=5, what="our entry gone")
