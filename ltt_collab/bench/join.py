"""``ltt bench join``: how soon we are in a room after a learner opened the notebook.

A simulated browser opens notebook after notebook on a real JupyterLab; our whole service runs beside it. The clock
starts when the browser asks for the session, and stops when our peer calls the room live: its copy is up to date.
The baseline is what joining itself costs on that server when nothing has to be noticed first: one more client that
asks for a session, dials and syncs.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from ltt_collab.bench.hearing import Hearing, hearing, is_live
from ltt_collab.bench.lab_server import LabServer, running_lab, running_tutor
from ltt_collab.bench.measures import Machine, Spread, ratio
from ltt_collab.bench.visitor import visiting

CELLS = 50
WARM_UP = 2
"""Openings before it counts: the first one loads code on both sides."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinOptions:
    """``n``: how many notebooks are opened."""

    n: int = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinReport:
    """Milliseconds. ``open_to_live_ms``: from the browser's first request until our peer is live.

    ``loaded_to_live_ms``: from the moment the browser has the notebook; below 0 where we were faster.
    ``baseline_session_dial_sync_ms``: another client into a room that stands. ``ratio``: baseline by ours, at p50.
    """

    machine: Machine
    open_to_live_ms: Spread
    loaded_to_live_ms: Spread
    baseline_session_dial_sync_ms: Spread
    ratio: float


async def bench_join(options: JoinOptions) -> JoinReport:
    """Run the benchmark; about half a second for each opening, and 5 s.

    Raises:
        BenchmarkError
    """
    machine = Machine.now()
    opened: list[float] = []
    loaded: list[float] = []
    alone: list[float] = []
    async with running_lab() as lab, running_tutor(lab) as client, hearing(client) as heard:
        for number in range(options.n + WARM_UP):
            after_open, after_load, baseline = await _open_one(lab, heard, number)
            if number >= WARM_UP:
                opened.append(after_open * 1000)
                loaded.append(after_load * 1000)
                alone.append(baseline * 1000)
    ours, baseline_spread = Spread.of(opened), Spread.of(alone)
    return JoinReport(
        machine=machine,
        open_to_live_ms=ours,
        loaded_to_live_ms=Spread.of(loaded),
        baseline_session_dial_sync_ms=baseline_spread,
        ratio=ratio(baseline_spread.p50, ours.p50),
    )


async def _open_one(lab: LabServer, heard: Hearing, number: int) -> tuple[float, float, float]:
    """Seconds: from opening to live, from loaded to live, and the baseline's."""
    path = f"lesson-{number}.ipynb"
    lab.write_notebook(path, [f"value_{cell} = compute({cell}, scale=0.5)\n" * 6 for cell in range(CELLS)])
    begun, so_far = time.time(), len(heard.events)
    async with visiting(lab, path) as learner:
        live = await heard.first(is_live, f"our peer in {path}", after=so_far)
        begun_alone = time.time()
        async with visiting(lab, path) as other:
            return live.at - begun, live.at - learner.loaded_at, other.loaded_at - begun_alone
