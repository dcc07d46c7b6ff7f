"""Events over Server-Sent Events, through a real server and real sockets."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import anyio.lowlevel
import httpx
import pytest
from httpx_sse import EventSource, ServerSentEvent

from ltt_collab.model.wire import from_wire
from tests.support.deadlines import eventually
from tests.support.directory import MemoryDirectory, MemoryRoom, code
from tests.support.door import RunningService, running_service


def a_room(directory: MemoryDirectory) -> MemoryRoom:
    return directory.open("a.ipynb", code("c1", ""))


class Reader:
    """One open stream."""

    def __init__(self, response: httpx.Response) -> None:
        self._messages = EventSource(response).aiter_sse()

    async def next(self) -> ServerSentEvent:
        with anyio.fail_after(5):
            return await anext(self._messages)

    async def rest(self) -> list[ServerSentEvent]:
        with anyio.fail_after(5):
            return [message async for message in self._messages]


@asynccontextmanager
async def following(service: RunningService, path: str, headers: dict[str, str] | None = None) -> AsyncIterator[Reader]:
    """An open stream that has said ``open``."""
    async with service.http.stream("GET", path, headers=headers or {}) as response:
        assert response.status_code == 200, (await response.aread()).decode()
        assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
        reader = Reader(response)
        assert (await reader.next()).event == "open"
        yield reader


def events_of(room: MemoryRoom) -> str:
    return f"/api/v1/rooms/{room.id}/events"


@pytest.mark.proves("api:events-in-order-with-their-numbers")
async def test_a_reader_gets_every_event_in_order_with_its_number_type_and_json() -> None:
    directory = MemoryDirectory()
    room = a_room(directory)
    async with running_service(directory) as service, following(service, events_of(room)) as reader:
        sent = [room.types("c1", text) for text in ("a", "é😀\u2028\r\n\x85", "")]
        got = [await reader.next() for _ in sent]
    assert [message.id for message in got] == ["1", "2", "3"]
    assert {message.event for message in got} == {"source_edited"}
    assert [from_wire(json.loads(message.data)) for message in got] == sent


async def test_once_the_stream_is_open_no_event_is_missed() -> None:
    directory = MemoryDirectory()
    room = a_room(directory)
    async with running_service(directory) as service, service.http.stream("GET", events_of(room)) as response:
        # The status line alone must do: no message was read yet.
        assert response.status_code == 200
        room.types("c1", "x")
        reader = Reader(response)
        assert [(await reader.next()).event for _ in range(2)] == ["open", "source_edited"]


@pytest.mark.parametrize(
    ("query", "header", "first"),
    [("", None, None), ("?after=1", None, "2"), ("", "2", "3"), ("?after=0", "2", "3"), ("?after=3", None, None)],
)
async def test_a_reader_resumes_after_the_number_it_names(query: str, header: str | None, first: str | None) -> None:
    directory = MemoryDirectory()
    room = a_room(directory)
    for _ in range(3):
        room.types("c1", "x")
    headers = {} if header is None else {"last-event-id": header}
    async with (
        running_service(directory) as service,
        following(service, events_of(room) + query, headers) as reader,
    ):
        room.types("c1", "live")
        assert (await reader.next()).id == (first or "4")


@pytest.mark.proves("api:a-lost-resume-point-is-gone")
@pytest.mark.parametrize("after", [0, 99])
async def test_a_resume_point_that_is_gone_is_a_410_that_says_how_to_resync(after: int) -> None:
    directory = MemoryDirectory(kept=2)
    room = a_room(directory)
    for _ in range(5):
        room.types("c1", "x")
    async with running_service(directory) as service:
        answer = await service.http.get(events_of(room), params={"after": after})
        body = answer.json()
        again = await service.http.get(body["resync"])
    assert answer.status_code == 410
    assert (body["code"], body["after"], body["oldest"]) == ("resume_point_gone", after, 3)
    assert again.json()["seq"] == 5


@pytest.mark.proves("api:a-slow-reader-is-told")
async def test_a_reader_that_is_too_slow_is_told_and_let_go() -> None:
    directory = MemoryDirectory(bound=2)
    room = a_room(directory)
    async with running_service(directory) as service, following(service, events_of(room)) as reader:
        for _ in range(4):  # within one pass of the loop: nobody reads in between
            room.types("c1", "x")
        messages = await reader.rest()
        await eventually(lambda: directory.subscriptions == 0)
    assert [message.event for message in messages] == ["source_edited", "source_edited", "error"]
    problem: dict[str, Any] = json.loads(messages[-1].data)
    assert (problem["code"], problem["last_seq"], problem["bound"]) == ("subscriber_too_slow", 2, 2)


async def test_a_stream_ends_with_a_word_when_the_room_is_left_for_good() -> None:
    directory = MemoryDirectory()
    room = a_room(directory)
    async with running_service(directory) as service, following(service, events_of(room)) as reader:
        room.types("c1", "last")
        directory.leave(room)
        messages = await reader.rest()
    assert [message.event for message in messages] == ["source_edited", "end"]


async def test_all_rooms_come_in_one_stream_rooms_that_open_later_included() -> None:
    directory = MemoryDirectory()
    first = a_room(directory)
    async with running_service(directory) as service, following(service, "/api/v1/events") as reader:
        first.types("c1", "a")
        later = directory.open("b.ipynb", code("c1", ""))
        later.types("c1", "b")
        messages = [await reader.next(), await reader.next()]
    assert [json.loads(message.data)["room"] for message in messages] == [first.id, later.id]
    assert {message.id for message in messages} == {""}


async def test_silence_is_broken_by_a_comment() -> None:
    directory = MemoryDirectory()
    room = a_room(directory)
    async with (
        running_service(directory, heartbeat=0.05) as service,
        service.http.stream("GET", events_of(room)) as response,
    ):
        with anyio.fail_after(5):
            async for line in response.aiter_lines():
                if line.startswith(":"):
                    break
    assert line == ": still here"


async def test_a_reader_that_leaves_frees_its_subscription() -> None:
    directory = MemoryDirectory()
    room = a_room(directory)
    async with running_service(directory) as service:
        async with following(service, events_of(room)):
            assert directory.subscriptions == 1
        await eventually(lambda: directory.subscriptions == 0)


@pytest.mark.proves("api:a-stop-is-prompt-with-open-streams")
async def test_stopping_with_open_streams_ends_them_whole_and_promptly() -> None:
    directory = MemoryDirectory()
    room = a_room(directory)
    async with anyio.create_task_group() as tasks:
        ended: list[int] = []

        async def read(service: RunningService, opened: anyio.Event) -> None:
            async with (
                httpx.AsyncClient(headers=service.http.headers) as http,
                http.stream("GET", service.url + events_of(room)[1:]) as response,
            ):
                opened.set()
                ended.append(len([line async for line in response.aiter_lines()]))

        async with running_service(directory) as service:
            for _ in range(5):
                opened = anyio.Event()
                tasks.start_soon(read, service, opened)
                await opened.wait()
            began = time.monotonic()
        took = time.monotonic() - began
    assert len(ended) == 5
    assert took < 2
    assert directory.subscriptions == 0


@pytest.mark.proves("api:a-stop-is-prompt-with-open-streams")
async def test_a_reader_that_takes_nothing_does_not_hold_up_a_stop() -> None:
    directory = MemoryDirectory(bound=100_000)
    room = a_room(directory)
    async with running_service(directory) as service:
        socket = await anyio.connect_tcp("127.0.0.1", int(service.url.rstrip("/").rpartition(":")[2]))
        async with socket:
            token = service.http.headers["authorization"]
            request = f"GET {events_of(room)} HTTP/1.1\r\nhost: x\r\nauthorization: {token}\r\n\r\n"
            await socket.send(request.encode())
            await eventually(lambda: directory.subscriptions == 1)
            for _ in range(300):  # far more than the buffers of two sockets
                room.types("c1", "x" * 50_000)
            began = time.monotonic()
            await anyio.lowlevel.checkpoint()
            service.app.state.door.closing.set()
            await eventually(lambda: directory.subscriptions == 0, within=2)
    assert time.monotonic() - began < 3
