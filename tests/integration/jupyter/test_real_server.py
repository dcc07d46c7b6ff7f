"""The adapter against a real JupyterLab with real collaboration."""

from __future__ import annotations

import signal
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import cast

import anyio
import pytest

from ltt_collab.adapters.jupyter.server import JupyterServer
from ltt_collab.model.errors import RoomRefusedError, RoomUnreachableError
from ltt_collab.ports.rooms import (
    FileDeleted,
    FileMoved,
    RoomOpened,
    RoomVacated,
    Session,
    Sighting,
    WatchStateChanged,
)
from tests.support.deadlines import eventually
from tests.support.jupyter import Jupyter, code_cell, running_jupyter
from tests.support.listening import Recorder

pytestmark = [pytest.mark.jupyter, pytest.mark.asyncio(loop_factories=["uvloop"])]

LIVE = WatchStateChanged(live=True)
SIGHTED_WITHIN = 0.5
"""Seconds from the room's loading: the product's own promise for joining it."""


@asynccontextmanager
async def collecting(server: JupyterServer) -> AsyncIterator[list[Sighting]]:
    """The sightings of a running watch, as they come."""
    found: list[Sighting] = []

    async def collect() -> None:
        async with aclosing(cast(AsyncGenerator[Sighting, None], server.watch())) as sightings:
            async for sighting in sightings:
                found.append(sighting)  # noqa: PERF401 (one at a time, as it comes)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(collect, name="watch")
        await eventually(lambda: LIVE in found)
        yield found
        tasks.cancel_scope.cancel()


async def notebook_session(server: JupyterServer, path: str) -> Session:
    return await server.open_session(path, format="json", type="notebook")


@pytest.mark.proves("rooms:discovery", "rooms:files-followed")
@pytest.mark.alone
async def test_a_room_is_seen_opening_moving_and_emptying(jupyter: Jupyter) -> None:
    path = "week 1/ü #1.ipynb"
    jupyter.write_notebook(path, code_cell("x = 1", "one"))
    async with JupyterServer.at(jupyter.url, jupyter.token) as server, collecting(server) as seen:
        facts = await server.facts()
        assert facts.supported
        assert facts.learner_extension
        assert facts.collaboration.startswith("5.0.")

        async with JupyterServer.at(jupyter.url, jupyter.token) as learner:
            began = time.monotonic()
            session = await notebook_session(learner, path)
            tab = await learner.dial(str(session.address), session.session_id, Recorder())
            await eventually(lambda: RoomOpened(path=path, format="json", type="notebook") in seen)
            assert time.monotonic() - began < SIGHTED_WITHIN
            await eventually(lambda: any(isinstance(sighting, RoomOpened) and sighting.username for sighting in seen))

            tutor = Recorder()
            ours = await server.dial(str(session.address), session.session_id, tutor)
            assert (await tutor.first_frames(1))[0][:2] == b"\x00\x00"  # SYNC_STEP1

            assert (await jupyter.http.patch("api/contents/week 1", json={"path": "w2"})).is_success
            await eventually(lambda: FileMoved(path=path, new_path="w2/ü #1.ipynb") in seen)
            renamed = await jupyter.http.patch("api/contents/w2/ü%20%231.ipynb", json={"path": "w2/b.ipynb"})
            assert renamed.is_success
            await eventually(lambda: FileMoved(path="w2/ü #1.ipynb", new_path="w2/b.ipynb") in seen)

            tab.close()
            await eventually(lambda: RoomVacated(path="w2/b.ipynb") in seen)
            assert (await jupyter.http.delete("api/contents/w2/b.ipynb")).is_success
            await eventually(lambda: FileDeleted(path="w2/b.ipynb") in seen)
            ours.close()
            assert (await tutor.end()).code == 1000


async def test_what_a_real_server_refuses_is_told_apart(jupyter: Jupyter) -> None:
    jupyter.write_notebook("a.ipynb", code_cell("x = 1", "one"))
    async with JupyterServer.at(jupyter.url, jupyter.token) as server:
        session = await notebook_session(server, "a.ipynb")
        room = str(session.address)
        stale = Recorder()
        await server.dial(room, "00000000-dead", stale)
        closed = await stale.end()
        assert closed.code == 1003
        assert '"reason": "unknown_session"' in closed.reason

        missing = await notebook_session(server, "missing.ipynb")
        nothing = Recorder()
        await server.dial(str(missing.address), missing.session_id, nothing)
        assert (await nothing.end()).code == 4404

        with pytest.raises(RoomRefusedError) as unknown:
            await server.dial("json:notebook:00000000-0000", session.session_id, Recorder())
        assert unknown.value.status == 500

    async with JupyterServer.at(jupyter.url, "wrong") as stranger:
        for ask in (stranger.facts(), notebook_session(stranger, "a.ipynb"), stranger.dial(room, None, Recorder())):
            with pytest.raises(RoomRefusedError) as refused:
                await ask
            assert refused.value.status == 403


@pytest.mark.proves("rooms:watch-reconnects")
async def test_a_killed_and_restarted_server_is_seen_going_and_coming_back(jupyter: Jupyter) -> None:
    async with JupyterServer.at(jupyter.url, jupyter.token) as server, collecting(server) as seen:
        awareness = Recorder()
        await server.dial("JupyterLab:globalAwareness", None, awareness)
        await jupyter.stop(signal.SIGKILL)
        assert (await awareness.end()).code is None
        with pytest.raises(RoomUnreachableError):
            await server.facts()
        await eventually(lambda: any(isinstance(said, WatchStateChanged) and not said.live for said in seen))
        await jupyter.restart()
        await eventually(lambda: seen.count(LIVE) == 2, within=30)


async def test_a_server_below_a_base_path_works_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Jupyter, "url", property(lambda self: f"http://127.0.0.1:{self.port}/user/alice/"))
    async with running_jupyter(tmp_path, options=["--ServerApp.base_url=/user/alice/"]) as jupyter:
        jupyter.write_notebook("a.ipynb", code_cell("x = 1", "one"))
        pasted = f"{jupyter.url}lab/tree/a.ipynb?token={jupyter.token}"
        async with JupyterServer.at(pasted) as server, collecting(server) as seen:
            assert (await server.facts()).supported
            session = await notebook_session(server, "a.ipynb")
            channel = await server.dial(str(session.address), session.session_id, Recorder())
            await eventually(lambda: RoomOpened(path="a.ipynb", format="json", type="notebook") in seen)
            channel.close()
