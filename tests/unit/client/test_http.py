"""What only a client over HTTP meets: lost connections, wrong addresses, wrong tokens."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager

import anyio
import httpx
import pytest
from fastapi import FastAPI
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import SecretStr

from ltt_collab.api.door import Door, Readiness
from ltt_collab.api.server import serve
from ltt_collab.client import HttpClient
from ltt_collab.model.edits import RoomEvent
from ltt_collab.model.errors import (
    InvalidSettingError,
    NotAuthorizedError,
    ResumePointGoneError,
    ServiceRefusedError,
    ServiceUnreachableError,
)
from ltt_collab.model.ids import Seq
from tests.support.deadlines import eventually
from tests.support.directory import MemoryDirectory, code
from tests.support.door import TOKEN, nobody_is_away, running_service
from tests.support.jupyter import free_port


def client_of(url: str, token: str = TOKEN) -> HttpClient:
    return HttpClient(url, SecretStr(token))


async def collect(events: AsyncGenerator[RoomEvent, None], into: list[RoomEvent], count: int) -> None:
    async with aclosing(events):
        with anyio.fail_after(15):
            async for event in events:
                into.append(event)
                if len(into) == count:
                    return


@pytest.mark.proves("client:a-lost-connection-is-resumed-without-gap-or-duplicate")
@pytest.mark.parametrize("all_rooms", [False, True])
async def test_a_lost_connection_is_resumed_without_a_gap_or_a_duplicate(all_rooms: bool) -> None:
    directory, port = MemoryDirectory(), free_port()
    room = directory.open("a.ipynb", code("c1", ""))
    got: list[RoomEvent] = []
    url = f"http://127.0.0.1:{port}/"
    async with client_of(url) as client, anyio.create_task_group() as tasks:
        async with running_service(directory, port=port):
            events = client.events() if all_rooms else (await client.room(room.id)).events()
            tasks.start_soon(collect, events, got, 6)
            await eventually(lambda: directory.subscriptions == 1)
            room.types("c1", "1")
            room.types("c1", "2")
            await eventually(lambda: len(got) == 2)
        assert directory.subscriptions == 0
        room.types("c1", "3")
        room.types("c1", "4")
        async with running_service(directory, port=port):
            await eventually(lambda: len(got) == 4)
            room.types("c1", "5")
            room.types("c1", "6")
            await eventually(lambda: len(got) == 6)
    assert [event.seq for event in got] == [1, 2, 3, 4, 5, 6]


async def test_a_connection_lost_before_the_first_event_misses_nothing_either() -> None:
    directory, port = MemoryDirectory(), free_port()
    room = directory.open("a.ipynb", code("c1", ""))
    room.types("c1", "old")
    got: list[RoomEvent] = []
    async with client_of(f"http://127.0.0.1:{port}/") as client, anyio.create_task_group() as tasks:
        async with running_service(directory, port=port):
            tasks.start_soon(collect, (await client.room(room.id)).events(), got, 1)
            await eventually(lambda: directory.subscriptions == 1)
        room.types("c1", "while away")
        async with running_service(directory, port=port):
            await eventually(lambda: got)
    assert [event.seq for event in got] == [2]


async def test_a_room_that_opened_while_away_is_followed_from_its_beginning() -> None:
    directory, port = MemoryDirectory(), free_port()
    got: list[RoomEvent] = []
    async with client_of(f"http://127.0.0.1:{port}/") as client, anyio.create_task_group() as tasks:
        async with running_service(directory, port=port):
            tasks.start_soon(collect, client.events(), got, 3)
            await eventually(lambda: directory.subscriptions == 1)
        room = directory.open("later.ipynb", code("c1", ""), first_seq=1000)
        room.types("c1", "while away")
        room.types("c1", "still away")
        async with running_service(directory, port=port):
            await eventually(lambda: len(got) == 2)
            room.types("c1", "live")
            await eventually(lambda: len(got) == 3)
    assert [event.seq for event in got] == [1001, 1002, 1003]


async def test_a_service_that_counts_anew_after_a_restart_is_not_taken_for_the_same() -> None:
    port = free_port()
    first, second = MemoryDirectory(), MemoryDirectory()
    room = first.open("a.ipynb", code("c1", ""))
    again = second.open("a.ipynb", code("c1", ""))
    raised: list[ResumePointGoneError] = []
    got: list[RoomEvent] = []
    async with client_of(f"http://127.0.0.1:{port}/") as client, anyio.create_task_group() as tasks:

        async def follow() -> None:
            try:
                await collect(client.events(), got, 9)
            except ResumePointGoneError as error:
                raised.append(error)

        async with running_service(first, port=port):
            tasks.start_soon(follow)
            await eventually(lambda: first.subscriptions == 1)
            room.types("c1", "1")
            room.types("c1", "2")
            await eventually(lambda: len(got) == 2)
        again.types("c1", "1")
        async with running_service(second, port=port):
            await eventually(lambda: raised)
    assert raised[0].after == 2


async def test_a_service_that_is_away_is_named_with_its_address() -> None:
    url = f"http://127.0.0.1:{free_port()}/base/"
    async with client_of(url) as client:
        with pytest.raises(ServiceUnreachableError) as away:
            await client.rooms()
        with pytest.raises(ServiceUnreachableError):
            await anext(client.events())
    assert away.value.url == url
    assert TOKEN not in str(away.value)


async def test_a_wrong_token_is_said_as_such() -> None:
    directory = MemoryDirectory()
    directory.open("a.ipynb")
    async with running_service(directory) as service, client_of(service.url, "wrong") as client:
        with pytest.raises(NotAuthorizedError):
            await client.rooms()
        with pytest.raises(NotAuthorizedError):
            await anext(client.events())


@asynccontextmanager
async def another_server(directory: MemoryDirectory) -> AsyncIterator[str]:
    """A web server that is not ours: a page at /, a redirect at /old."""
    app = FastAPI()
    app.state.door = Door(
        directory=directory, readiness=lambda: Readiness(ready=True), welcome=nobody_is_away, heartbeat=1
    )

    @app.get("/old/{rest:path}")
    async def old(rest: str) -> RedirectResponse:
        return RedirectResponse("http://127.0.0.1:9/elsewhere")

    @app.get("/{rest:path}")
    async def page(rest: str) -> HTMLResponse:
        return HTMLResponse("<h1>Welcome</h1>")

    async with serve(app, "127.0.0.1", 0) as served:
        yield served.url


async def test_a_server_that_is_not_ours_is_recognised() -> None:
    async with another_server(MemoryDirectory()) as url, client_of(url) as client:
        with pytest.raises(ServiceRefusedError, match="LTT_SERVICE_URL"):
            await client.rooms()


@pytest.mark.proves("client:no-redirect-with-the-token")
async def test_a_redirect_is_reported_and_not_followed() -> None:
    async with another_server(MemoryDirectory()) as url, client_of(url + "old") as client:
        with pytest.raises(ServiceRefusedError, match=r"redirects to http://127\.0\.0\.1:9/elsewhere"):
            await client.rooms()


async def test_a_service_behind_a_base_path_is_reached_and_still_closed_to_strangers() -> None:
    directory = MemoryDirectory()
    room = directory.open("a.ipynb", code("c1", ""))
    room.types("c1", "x")
    async with running_service(directory) as inner:
        outer = FastAPI()
        outer.state.door = Door(
            directory=directory, readiness=lambda: Readiness(ready=True), welcome=nobody_is_away, heartbeat=1
        )
        outer.mount("/base/path", inner.app)
        async with serve(outer, "127.0.0.1", 0) as served, client_of(served.url + "base/path") as client:
            assert [info.path for info in await client.rooms()] == ["a.ipynb"]
            got: list[RoomEvent] = []
            await collect((await client.room("a.ipynb")).events(after=Seq(0)), got, 1)
            async with httpx.AsyncClient() as stranger:
                refused = await stranger.get(served.url + "base/path/api/v1/rooms")
                health = await stranger.get(served.url + "base/path/api/v1/health")
    assert got[0].seq == 1
    assert (refused.status_code, health.status_code) == (401, 200)


@pytest.mark.parametrize(
    "url", ["127.0.0.1:8700", "ftp://h/", "http://", "http://u:s3cret@h/", "http://h/?token=s3cret", "http://h/#s3cret"]
)
def test_an_address_that_cannot_be_one_is_refused_without_showing_a_secret(url: str) -> None:
    with pytest.raises(InvalidSettingError, match="LTT_SERVICE_URL") as refused:
        client_of(url)
    assert "s3cret" not in str(refused.value)
