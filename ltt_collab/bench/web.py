"""``ltt bench web``: from a key to the instructor's wall and shadow view, what a watcher costs, a wall of 300.

A real JupyterLab, a learner in a real Chromium, our whole service in this process. A key's time is the browser's own
stamp; a frame's is when a reader of the page's stream had it. The baseline is an instructor's page that asks for the
notebook once a second, as dashboards without a stream do. The wall of many learners stands before rooms in memory:
the figure is the pages' and the browser's own.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import anyio
import httpx

from ltt_collab.bench.browser import LearnerPage, browsing, require_browser
from ltt_collab.bench.errors import BenchmarkError
from ltt_collab.bench.lab_server import running_beside, running_lab
from ltt_collab.bench.measures import Machine, Spread, ratio, resident_kib
from ltt_collab.bench.wall import WallReport, measure_wall
from ltt_collab.bench.watchers import watching, watching_apart
from ltt_collab.service import RunningService

PATH = "lesson.ipynb"

RATE = 2.0
"""Keys a second: slow enough that a frame belongs to the one key before it, up to half a second."""

BUSY_RATE = 8.0
"""Keys a second while it is measured what watchers cost: a quick typist."""

POLL_SECONDS = 1.0

PATIENCE = 30.0

SETTLE = 1.0
"""Seconds after which what was under way has arrived."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebOptions:
    """``n``: keys timed; ``watchers``: of one room at once; ``learners`` on the wall; ``seconds``: of each load."""

    n: int = 60
    watchers: int = 20
    learners: int = 300
    seconds: float = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WatcherCost:
    """One more watcher of a room in which somebody types ``BUSY_RATE`` keys a second; per cent of one core, KiB."""

    watchers: int
    cpu_percent: float
    kib: float


@dataclass(frozen=True, slots=True, kw_only=True)
class WebReport:
    """Milliseconds. ``ratio``: the polling baseline by ours in the shadow view, at p50."""

    machine: Machine
    edit_to_wall_ms: Spread
    edit_to_shadow_ms: Spread
    baseline_polling_ms: Spread
    ratio: float
    shadow_watcher: WatcherCost
    wall_watcher: WatcherCost
    wall: WallReport


async def bench_web(options: WebOptions) -> WebReport:
    """Run the benchmark; about two minutes.

    Raises:
        BenchmarkError
    """
    require_browser()
    machine = Machine.now()
    async with running_lab() as lab, running_beside(lab) as service:
        lab.write_notebook(PATH, ["", ""])
        cookie = await _log_in(service)
        async with browsing(lab, PATH) as page:
            room = await _room(service)
            shadow, wall = f"{service.url}shadow/{room}/frames", f"{service.url}wall/stream"
            async with watching(shadow, cookie) as seen, watching(wall, cookie) as walled:
                polled: list[float] = []
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(_poll, service, room, polled, name="poll the notebook")
                    keys = await _type(page, options.n, RATE)
                    await anyio.sleep(SETTLE + POLL_SECONDS)
                    tasks.cancel_scope.cancel()
                in_shadow = _waits(keys, seen.times("frame", '"cells"'))
                on_wall = _waits(keys, walled.times("pulse"))
                baseline = [(there - key) * 1000 for key, there in zip(keys, polled, strict=False)]
            letters = int(options.seconds * BUSY_RATE)
            shadow_cost = await _cost(page, shadow, cookie, letters, options.watchers)
            wall_cost = await _cost(page, wall, cookie, letters, options.watchers)
    crowded = await measure_wall(options.learners, options.seconds)
    ours, theirs = Spread.of(in_shadow), Spread.of(baseline)
    return WebReport(
        machine=machine,
        edit_to_wall_ms=Spread.of(on_wall),
        edit_to_shadow_ms=ours,
        baseline_polling_ms=theirs,
        ratio=ratio(theirs.p50, ours.p50),
        shadow_watcher=shadow_cost,
        wall_watcher=wall_cost,
        wall=crowded,
    )


async def _type(page: LearnerPage, letters: int, rate: float) -> list[float]:
    """When each key went down."""
    await page.click_into(0)
    await page.key_times()
    await page.type(("plain words " * (letters // 12 + 1))[:letters], rate)
    return await page.key_times()


def _waits(keys: Sequence[float], frames: Sequence[float]) -> list[float]:
    """From each key to the first frame after it.

    Raises:
        BenchmarkError: there is none for one of them.
    """
    found = [next((at for at in frames if at >= key), None) for key in keys]
    if None in found:
        raise BenchmarkError(f"{found.count(None)} of {len(found)} keys were followed by no frame")
    return [(at - key) * 1000 for key, at in zip(keys, found, strict=True) if at is not None]


async def _cost(page: LearnerPage, url: str, cookie: str, letters: int, number: int) -> WatcherCost:
    """What so many watchers add to this process, which is the service."""
    memory = resident_kib()
    alone = await _cpu_percent(page, letters)
    async with watching_apart(url, cookie, number):
        watched = await _cpu_percent(page, letters)
        kib = max(0.0, resident_kib() - memory) / number
    cpu = max(0.0, watched - alone) / number
    return WatcherCost(watchers=number, cpu_percent=round(cpu, 3), kib=round(kib, 1))


async def _cpu_percent(page: LearnerPage, letters: int) -> float:
    cpu, began = time.process_time(), time.monotonic()
    await _type(page, letters, BUSY_RATE)
    return 100 * (time.process_time() - cpu) / (time.monotonic() - began)


async def _poll(service: RunningService, room: str, seen: list[float]) -> None:
    """Ask for the notebook once a second; ``seen``: when each letter was there."""
    headers = {"Authorization": f"Bearer {service.api_token.get_secret_value()}"}
    async with httpx.AsyncClient(base_url=service.url, headers=headers, trust_env=False) as http:
        while True:
            cells = (await http.get(f"api/v1/rooms/{room}")).json()["cells"]
            seen += [time.time()] * (len(cells[0]["source"]) - len(seen))
            await anyio.sleep(POLL_SECONDS)


async def _log_in(service: RunningService) -> str:
    """The cookie of an instructor who came by the printed link."""
    async with httpx.AsyncClient(trust_env=False) as http:
        answer = await http.get(service.reception.instructor_link(service.url))
        name, value = next(iter(answer.cookies.items()))
        return f"{name}={value}"


async def _room(service: RunningService) -> str:
    """The learner's room, once it is live.

    Raises:
        BenchmarkError
    """
    headers = {"Authorization": f"Bearer {service.api_token.get_secret_value()}"}
    async with httpx.AsyncClient(base_url=service.url, headers=headers, trust_env=False) as http:
        with anyio.move_on_after(PATIENCE):
            while True:
                rooms = (await http.get("api/v1/rooms")).json()
                if rooms and rooms[0]["state"] == "live":
                    return str(rooms[0]["id"])
                await anyio.sleep(0.05)
    raise BenchmarkError(f"our peer was not in the room within {PATIENCE:.0f} s")
