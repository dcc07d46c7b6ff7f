"""``ltt bench rooms``: what it costs to hold rooms in which people type.

The process that runs this is the observer: the real channel, provider, replica and decoder, one of each per room. A
room server in another process types pre-made keystrokes. Latency is from the server's ``send`` to the typed event
with its cell. Then all rooms hibernate, and are woken by one more keystroke each, of which none may be lost. Then whole
peers take their place, which also log and decide. The baseline is measured in the same run, over the same sockets, in
fewer rooms.
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from importlib.util import find_spec

import anyio

from ltt_collab.adapters.clock import SystemClock
from ltt_collab.bench.measures import Machine, percentile, raise_file_limit, ratio, resident_kib
from ltt_collab.bench.observers import RealRoom, UsualRoom, read_cell, read_notebook
from ltt_collab.bench.peers import crowd
from ltt_collab.bench.room_process import running_room_server
from ltt_collab.bench.room_visits import Bench
from ltt_collab.peer.garbage import tend_garbage
from ltt_collab.rooms.heartbeat import Heartbeat

CELLS = 50
WARM_UP_ROOMS = 20
"""Rooms joined before memory is counted: imports, caches and buffers belong to no room."""

BASELINE_ROOMS, BASELINE_SECONDS = 20, 4.0
"""The baseline's scale: reading whole notebooks, 20 rooms take half a core."""

DECIDING_SECONDS = 6.0
"""How long people type at most for the whole peers: the run is to end within 90 s."""

FIRST_SECONDS = 2.0
"""Each whole peer sees one keystroke before it counts, and has the time to call it a burst: the first one reads the
ids of all cells, once in a room's life."""

WAKES_PER_SECOND = 200
"""Sleeping rooms that are woken each second: a lecture that goes on after a break, not a stampede."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomsOptions:
    """``rate``: edits per second in each room; ``seconds``: how long people type."""

    rooms: int = 2000
    rate: float = 8.0
    seconds: float = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What is measured of the real stack, without deciding: to the typed event with its cell.

    ``kib_per_room_live``: joined and synced; ``kib_per_room_typed``: after all edits, whose history Yjs keeps;
    ``kib_per_room_idle``: hibernated, the socket open. ``late_p99_ms``: by how much the generator itself fell behind
    its plan.
    """

    edits: int
    edits_lost: int
    cpu_us_per_edit: float
    p50_ms: float
    p99_ms: float
    kib_per_room_live: float
    kib_per_room_typed: float
    kib_per_room_idle: float
    wake_p50_ms: float
    wake_edits_lost: int
    join_ms_per_room: float
    late_p99_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomsReport(Figures):
    """Figures of one run. CPU is this process's, user and system, per edit; memory is resident, per room.

    ``*_with_decisions``: whole peers, which also log each event, hand it to the installed tutors and decide what
    follows. ``ratio``: baseline by ours. ``baseline_*``: ``YNotebook.observe`` reading the changed cell, or the whole
    notebook, at each edit; None where jupyter-ydoc is not installed.
    """

    machine: Machine
    rooms: int
    rate: float
    seconds: float
    cpu_us_per_edit_with_decisions: float
    p50_ms_with_decisions: float
    p99_ms_with_decisions: float
    edits_lost_with_decisions: int
    ratio: float | None
    baseline_cpu_us_per_edit: float | None
    baseline_whole_notebook_cpu_us_per_edit: float | None


async def bench_rooms(options: RoomsOptions) -> RoomsReport:
    """Run the benchmark; takes about ``seconds`` and 40 s at 2,000 rooms.

    Raises:
        RoomUnreachableError: the room server did not come up.
    """
    machine = Machine.now()
    raise_file_limit()
    baseline, whole = await _baselines(options.rate, min(options.seconds, BASELINE_SECONDS))
    figures = await _real_stack(options)
    cpu, latencies, lost = await _with_decisions(options)
    return RoomsReport(
        machine=machine,
        cpu_us_per_edit_with_decisions=round(cpu, 1),
        p50_ms_with_decisions=round(percentile(latencies, 50), 3),
        p99_ms_with_decisions=round(percentile(latencies, 99), 3),
        edits_lost_with_decisions=lost,
        ratio=None if baseline is None else ratio(baseline, figures.cpu_us_per_edit),
        rooms=options.rooms,
        rate=options.rate,
        seconds=options.seconds,
        baseline_cpu_us_per_edit=baseline,
        baseline_whole_notebook_cpu_us_per_edit=whole,
        **asdict(figures),
    )


async def _real_stack(options: RoomsOptions) -> Figures:
    count = max(1, round(options.rate * options.seconds))
    clock = SystemClock()
    heartbeat = Heartbeat(clock)

    def make(number: int) -> RealRoom:
        room = RealRoom(number, clock)
        heartbeat.add(room.provider)
        return room

    async with running_room_server(CELLS, count + 1) as server, anyio.create_task_group() as tasks:
        tasks.start_soon(heartbeat.run, name="heartbeat")
        tasks.start_soon(tend_garbage, clock, name="garbage")
        bench = Bench(server)
        await bench.join(make, range(options.rooms, options.rooms + WARM_UP_ROOMS))
        empty = resident_kib()
        begun = time.monotonic()
        rooms = await bench.join(make, range(options.rooms))
        join_ms = (time.monotonic() - begun) / options.rooms * 1000
        live = resident_kib()
        cpu, latencies, lost, late = await bench.type(rooms, rate=options.rate, first=0, count=count)
        typed = resident_kib()
        for room in rooms:
            room.replica.hibernate()
        idle = resident_kib()
        wake_rate = min(options.rate, WAKES_PER_SECOND / options.rooms)
        _, waking, unwoken, _ = await bench.type(rooms, rate=wake_rate, first=count, count=1)
        tasks.cancel_scope.cancel()
        await bench.close()
    return Figures(
        edits=len(latencies),
        edits_lost=lost,
        cpu_us_per_edit=round(cpu, 1),
        p50_ms=round(percentile(latencies, 50), 3),
        p99_ms=round(percentile(latencies, 99), 3),
        kib_per_room_live=round((live - empty) / options.rooms, 1),
        kib_per_room_typed=round((typed - empty) / options.rooms, 1),
        kib_per_room_idle=round((idle - empty) / options.rooms, 1),
        wake_p50_ms=round(percentile(waking, 50), 3),
        wake_edits_lost=unwoken,
        join_ms_per_room=round(join_ms, 2),
        late_p99_ms=round(late, 3),
    )


async def _with_decisions(options: RoomsOptions) -> tuple[float, list[float], int]:
    """CPU µs per edit, latencies in ms and lost edits of whole peers."""
    count = max(1, round(options.rate * min(options.seconds, DECIDING_SECONDS)))
    async with running_room_server(CELLS, count + 1) as server, crowd(server.url, options.rooms) as peers:
        bench = Bench(server)
        await bench.measure(peers.arrivals(1), rooms=options.rooms, rate=1 / FIRST_SECONDS, first=0)
        await anyio.sleep(FIRST_SECONDS)
        arrivals = peers.arrivals(count)
        cpu, latencies, lost, _ = await bench.measure(arrivals, rooms=options.rooms, rate=options.rate, first=1)
        await bench.close()
    return cpu, latencies, lost


async def _baselines(rate: float, seconds: float) -> tuple[float | None, float | None]:
    """CPU µs per edit of the usual bot: reading the cell, reading the notebook."""
    if find_spec("jupyter_ydoc") is None:
        return None, None
    count = max(1, round(rate * seconds))
    figures: list[float] = []
    for read in (read_cell, read_notebook):
        async with running_room_server(CELLS, count) as server:
            bench = Bench(server)
            rooms = await bench.join(lambda number, read=read: UsualRoom(number, read), range(BASELINE_ROOMS))  # type: ignore[misc]
            cpu, *_ = await bench.type(rooms, rate=rate, first=0, count=count)
            figures.append(round(cpu, 1))
            await bench.close()
    return figures[0], figures[1]
