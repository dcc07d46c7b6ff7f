"""Learner A is at every door with a real login and a real token of hers, and learner B's room is behind none."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import anyio
import httpx
import httpx2
import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from tests.integration.hub.test_learners_servers import OPERATOR, door, tutor_in
from tests.support.deadlines import eventually
from tests.support.hub import Hub, HubService
from tests.support.hub_login import visitor
from tests.support.jupyter import code_cell
from tests.support.learner import Learner, learner_in
from tests.support.mcp_agent import Agent

pytestmark = [pytest.mark.jupyter, pytest.mark.timeout(240)]

SECRET = "bens_own_secret = 4711"

PATH = "bens-diary.ipynb"

LISTENING = 1.5
"""Seconds for which a stream is heard while ben types; his own stream brings it within 0.3."""


@dataclass
class Scene:
    """Ben in his notebook, and Ada outside with all that she has."""

    service: HubService
    ben: Learner
    room: str
    ada: httpx.AsyncClient
    token: str

    async def hears(self, path: str, *, token: str = "") -> str:
        """What a stream brings while ben types; a refusal brings its words."""
        heard: list[str] = []
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        typed = False
        with anyio.move_on_after(LISTENING):
            async with self.ada.stream("GET", path, headers=headers) as stream:
                if not stream.is_success:
                    return (await stream.aread()).decode()
                async for piece in stream.aiter_text():
                    heard.append(piece)
                    if not typed:
                        typed = True
                        await self.ben.type("one", "# and more of it\n")
        return "".join(heard)


async def by_pages(scene: Scene) -> str:
    paths = [f"shadow/{scene.room}", f"replay/{scene.room}", "wall", "wall/learners/ben", "learn"]
    answers = [await scene.ada.get(path) for path in paths]
    assert [each.is_success for each in answers] == [False, False, False, False, True]
    return "".join(each.text for each in answers)


async def by_streams_of_pages(scene: Scene) -> str:
    paths = [f"shadow/{scene.room}/frames", "wall/stream", "learn/stream", "learn/chat"]
    return "".join([await scene.hears(path) for path in paths])


async def by_replay(scene: Scene) -> str:
    paths = [f"replay/{scene.room}/timeline?session=1", f"replay/{scene.room}/frame?session=1&at=1"]
    answers = [await scene.ada.get(path) for path in paths]
    assert not any(each.is_success for each in answers)
    return "".join(each.text for each in answers)


async def by_chat(scene: Scene) -> str:
    page = (await scene.ada.get("learn")).text.replace("&#34;", '"')
    csrf = re.search(r'X-CSRF-Token": "([^"]+)"', page)
    assert csrf is not None
    said = await scene.ada.post(
        "learn/say", data={"words": f"what is in {PATH}?"}, headers={"X-CSRF-Token": csrf.group(1)}
    )
    assert "ada" not in scene.ben.source("one")
    return said.text + await scene.hears("learn/chat")


async def by_api(scene: Scene) -> str:
    about = f"api/v1/rooms/{scene.room}"
    paths = [
        "api/v1/rooms", about, f"{about}/decisions", f"{about}/cells/one/task", "api/v1/validations?learner=ben",
        "api/v1/submissions?learner=ben", "api/v1/learners/ben/suggestions", "api/v1/learners/ben/data",
    ]  # fmt: skip
    answers = [scene.service.ask(path, scene.token) for path in paths]
    body = {"cell_id": "one", "expected_hash": "x", "placement": "note", "text": "t", "rung": 1, "idempotency_key": "k"}
    answers.append(scene.service.ask(f"{about}/suggestions", scene.token, "POST", json=body))
    assert not any(each.is_success for each in answers[1:4])
    assert not answers[-1].is_success
    return "".join(each.text for each in answers)


async def by_events(scene: Scene) -> str:
    streams = [f"api/v1/rooms/{scene.room}/events", "api/v1/events"]
    assert scene.room in await scene.hears(streams[0], token=OPERATOR), "whoever may hear it hears it so"
    return "".join([await scene.hears(path, token=scene.token) for path in streams])


async def by_mcp(scene: Scene) -> str:
    headers = {"Authorization": f"Bearer {scene.token}"}
    async with (
        httpx2.AsyncClient(headers=headers, timeout=30) as http,
        Client(streamable_http_client(f"{scene.service.url}mcp", http_client=http)) as client,
    ):
        agent = Agent(client)
        told = [await agent.text("list_notebooks")]
        for place in (PATH, scene.room):
            told.append(await agent.text("read_notebook", notebook_path=place))
            assert await agent.code("insert_cell", notebook_path=place, source="stolen = 1")
        return "".join(told).replace(PATH, "")  # a refusal repeats what was asked for


Door = Callable[[Scene], Awaitable[str]]

DOORS: dict[str, Door] = {
    "pages": by_pages,
    "streams of the pages": by_streams_of_pages,
    "replay": by_replay,
    "chat": by_chat,
    "API": by_api,
    "events of the API": by_events,
    "MCP": by_mcp,
}


@asynccontextmanager
async def scene_of(hub: Hub, service: HubService) -> AsyncIterator[Scene]:
    hub.write_notebook("ben", PATH, code_cell(SECRET, "one"))
    his = door(hub, "ben", hub.start_server("ben"))
    async with learner_in(his, PATH, "Ben") as ben, visitor(hub, service, "ada", "learn") as ada:
        await tutor_in(ben, service)

        def rooms() -> list[str]:
            return [room["id"] for room in service.rooms(OPERATOR) if room["path"] == PATH and room["learner"] == "ben"]

        (room,) = await eventually(rooms, what="ben's room")
        yield Scene(service, ben, room, ada, hub.token("ada"))


@pytest.fixture(scope="module")
def stage(hub: Hub, service: HubService) -> Iterator[tuple[BlockingPortal, Scene]]:
    """One scene for all doors, in a loop of its own: ben stays at work while ada tries them."""
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(scene_of(hub, service)) as scene:
        yield portal, scene


@pytest.mark.proves("hub:learners-kept-apart")
@pytest.mark.parametrize("name", DOORS)
def test_one_learner_finds_anothers_room_behind_no_door(stage: tuple[BlockingPortal, Scene], name: str) -> None:
    portal, scene = stage
    told = portal.call(DOORS[name], scene)
    assert SECRET not in told
    assert PATH not in told
    assert scene.ben.source("one").startswith(SECRET)
    assert "stolen" not in str([scene.ben.source(cell) for cell in scene.ben.ids()])
