"""The watch over one server, against an event stream that breaks in every way."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, cast

import anyio
import pytest

from ltt_collab.adapters.jupyter.address import JupyterAddress
from ltt_collab.adapters.jupyter.server import JupyterServer
from ltt_collab.adapters.jupyter.sightings import CONTENTS_EVENT, SESSION_EVENT
from ltt_collab.adapters.jupyter.watch import WatchPace, _retry_delay
from ltt_collab.ports.rooms import FileDeleted, RoomOpened, Sighting, WatchStateChanged
from tests.support.fake_jupyter import TEXT, FakeJupyter, Line, Request, Response, Script, fake_jupyter, frame

QUICK = WatchPace(ping_after=0.1, dead_after=0.35, first_retry=0.02, last_retry=0.05, settled_after=60)
LIVE = WatchStateChanged(live=True)


@dataclass
class EventStream:
    """A fake server with sessions and one script per connection to its event stream."""

    scripts: list[Script | Response]
    open_paths: list[str] = field(default_factory=list)
    subscriptions: int = 0

    def __call__(self, request: Request) -> Response | Script:
        if request.target.startswith("/api/sessions"):
            kernel = {"connections": 1}
            return Response(json=[{"path": p, "type": "notebook", "kernel": kernel} for p in self.open_paths])
        if request.target.startswith("/api/ltt/rooms"):
            return Response(404)
        assert request.target == "/api/events/subscribe"
        self.subscriptions += 1
        return self.scripts.pop(0) if len(self.scripts) > 1 else self.scripts[0]


def event(schema: str, **fields: Any) -> bytes:
    return frame(TEXT, json.dumps({"schema_id": schema, **fields}).encode())


def loaded(path: str) -> bytes:
    return event(SESSION_EVENT, level="INFO", room=f"json:notebook:{path}", path=path, action="load")


def opened(path: str) -> RoomOpened:
    return RoomOpened(path=path, format="json", type="notebook")


async def quiet(line: Line) -> None:
    await line.until_gone()


def watching(fake: FakeJupyter, pace: WatchPace = QUICK) -> JupyterServer:
    return JupyterServer(JupyterAddress.parse(fake.url, "t"), pace=pace)


async def first(sightings: AsyncIterator[Sighting], count: int) -> list[Sighting]:
    """The first sightings of a watch, which is then ended."""
    found: list[Sighting] = []
    with anyio.fail_after(10):
        async with aclosing(cast(AsyncGenerator[Sighting, None], sightings)) as stream:
            async for sighting in stream:
                found.append(sighting)
                if len(found) == count:
                    break
    return found


async def test_a_watch_begins_with_what_is_open_and_goes_on_with_news() -> None:
    async def script(line: Line) -> None:
        await line.write(event(CONTENTS_EVENT, action="get", path="a.ipynb") * 100 + loaded("b.ipynb"))
        await line.until_gone()

    stream = EventStream([script], ["a.ipynb"])
    async with fake_jupyter(stream) as fake, watching(fake) as server:
        assert await first(server.watch(), 3) == [LIVE, opened("a.ipynb"), opened("b.ipynb")]
    assert fake.requests[0].target == "/api/events/subscribe"


@pytest.mark.proves("rooms:watch-reconnects")
async def test_a_broken_stream_is_said_to_be_broken_and_comes_back_with_a_new_snapshot() -> None:
    async def breaks(line: Line) -> None:
        await line.write(loaded("b.ipynb"))
        line.writer.transport.close()

    async def comes_back(line: Line) -> None:
        stream.open_paths.append("c.ipynb")
        await line.until_gone()

    stream = EventStream([breaks, comes_back])
    async with fake_jupyter(stream) as fake, watching(fake) as server:
        found = await first(server.watch(), 5)
    down = next(sighting for sighting in found if isinstance(sighting, WatchStateChanged) and not sighting.live)
    assert "without a farewell" in down.reason
    assert found[0] == LIVE
    assert opened("b.ipynb") in found[: found.index(down)]
    assert found[found.index(down) + 1 :][:2] == [LIVE, opened("c.ipynb")]


@pytest.mark.proves("rooms:watch-reconnects")
async def test_a_refusing_server_is_said_once_and_asked_until_it_lets_us_in() -> None:
    refusals: list[Script | Response] = [Response(403), Response(403), Response(302), Response(503)]
    stream = EventStream([*refusals, quiet])
    async with fake_jupyter(stream) as fake, watching(fake) as server:
        found = await first(server.watch(), 4)
    reasons = [sighting.reason for sighting in found if isinstance(sighting, WatchStateChanged) and not sighting.live]
    assert [word in reason for word, reason in zip(("403", "302", "503"), reasons, strict=True)] == [True] * 3
    assert found[3] == LIVE
    assert stream.subscriptions == 5


@pytest.mark.proves("rooms:watch-half-open")
async def test_a_stream_that_went_silent_is_given_up_in_time() -> None:
    over = asyncio.Event()

    async def deaf(line: Line) -> None:
        line.writer.transport.pause_reading()  # type: ignore[attr-defined]
        await over.wait()

    async with fake_jupyter(EventStream([deaf, quiet])) as fake, watching(fake) as server:
        began = time.monotonic()
        found = await first(server.watch(), 3)
        over.set()
    assert found[0] == found[2] == LIVE
    assert isinstance(found[1], WatchStateChanged)
    assert "no sign of life" in found[1].reason
    assert time.monotonic() - began < 3


async def test_a_flood_is_dropped_and_answered_by_a_new_snapshot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ltt_collab.adapters.jupyter.watch.INBOX_BOUND", 10)
    flooded = asyncio.Event()

    async def flood(line: Line) -> None:
        await line.write(b"".join(loaded(f"{n}.ipynb") for n in range(100)))
        flooded.set()
        await line.until_gone()

    stream = EventStream([flood], ["truth.ipynb"])
    found: list[Sighting] = []
    async with fake_jupyter(stream) as fake, watching(fake, WatchPace()) as server:
        sightings = cast(AsyncGenerator[Sighting, None], server.watch())
        with anyio.fail_after(10):
            async with aclosing(sightings):
                async for sighting in sightings:
                    found.append(sighting)
                    await flooded.wait()
                    if found.count(opened("truth.ipynb")) == 2:
                        break
    assert len(found) < 30
    assert stream.subscriptions == 1


async def test_ending_a_watch_hangs_up() -> None:
    gone = asyncio.Event()

    async def script(line: Line) -> None:
        await line.until_gone()
        gone.set()

    async with fake_jupyter(EventStream([script])) as fake, watching(fake) as server:
        with anyio.move_on_after(0.2):
            async for _ in server.watch():
                pass
        with anyio.fail_after(5):
            await gone.wait()


async def test_a_deleted_file_is_seen() -> None:
    async def script(line: Line) -> None:
        await line.write(event(CONTENTS_EVENT, action="delete", path="a.ipynb"))
        await line.until_gone()

    async with fake_jupyter(EventStream([script])) as fake, watching(fake) as server:
        assert await first(server.watch(), 2) == [LIVE, FileDeleted(path="a.ipynb")]


async def test_retries_slow_down_to_a_bound_and_are_spread() -> None:
    pace = WatchPace()
    assert all(0.25 <= _retry_delay(0, pace) <= 0.5 for _ in range(100))
    assert all(7.5 <= _retry_delay(1000, pace) <= 15 for _ in range(100))
    assert len({_retry_delay(5, pace) for _ in range(100)}) > 50
