"""``ltt bench write``: how soon a note is in the learner's page, and what it costs the learner's server.

On a real JupyterLab with a simulated browser in the room. The clock starts when an agent hands its draft to the
service (the decision) and is read when the browser has the first letter, and all of them. The baseline is the same text
put there at once by another client: the least that any way of writing can cost, and nobody sees it being written.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import anyio

from ltt_collab.bench.errors import BenchmarkError
from ltt_collab.bench.hearing import Hearing, hearing, is_live
from ltt_collab.bench.lab_server import LabServer, running_lab, running_tutor
from ltt_collab.bench.measures import Machine, Spread, process_cpu_seconds, ratio
from ltt_collab.bench.visitor import PATIENCE, Visitor, visiting
from ltt_collab.client import RoomClient
from ltt_collab.client.http import HttpClient
from ltt_collab.model.ids import CellId
from ltt_collab.model.suggestions import Draft, Placement, Shown
from ltt_collab.model.text import source_hash

PATH = "lesson.ipynb"

TEXT = (
    "Line 2 asks for `totl`, a name that nothing has defined so far. Python compares names letter by letter, so one "
    "letter more or less makes another name. Look at the names in the lines above it: which of them did you mean, "
    "and how is it spelled there? Then run the cell again and see what it says."
)
"""About 300 letters and 55 words: a long hint, typed at full pace to the end."""

SETTLE = 0.3
"""Seconds after a note before the costs are read: the server's own work for it is done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteOptions:
    """``n``: how many notes are written, each about a cell of its own."""

    n: int = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteReport:
    """Milliseconds from the decision, as another client sees it; ``messages`` and ``server_cpu_ms``: per note.

    ``complete_ms``: every letter is there. ``shown_ms``: the agent has its answer, the note stands rendered.
    ``baseline_*``: the same text inserted at once. ``ratio``: baseline by ours, of server CPU: below 1, it is the price
    of being seen to write.
    """

    machine: Machine
    letters: int
    first_letter_ms: Spread
    complete_ms: Spread
    shown_ms: Spread
    messages: Spread
    server_cpu_ms: float
    baseline_complete_ms: Spread
    baseline_messages: Spread
    baseline_server_cpu_ms: float
    ratio: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Written:
    first: float
    complete: float
    shown: float
    messages: int
    cpu: float


async def bench_write(options: WriteOptions) -> WriteReport:
    """Run the benchmark; about three seconds for each note, and 5 s.

    Raises:
        BenchmarkError
    """
    machine = Machine.now()
    async with running_lab() as lab, running_tutor(lab) as client, hearing(client) as heard:
        ours, baseline = await _measure(lab, client, heard, options.n)
    server_cpu = _mean([note.cpu for note in ours])
    baseline_cpu = _mean([note.cpu for note in baseline])
    return WriteReport(
        machine=machine,
        letters=len(TEXT),
        first_letter_ms=Spread.of([note.first for note in ours]),
        complete_ms=Spread.of([note.complete for note in ours]),
        shown_ms=Spread.of([note.shown for note in ours]),
        messages=Spread.of([note.messages for note in ours]),
        server_cpu_ms=server_cpu,
        baseline_complete_ms=Spread.of([note.complete for note in baseline]),
        baseline_messages=Spread.of([note.messages for note in baseline]),
        baseline_server_cpu_ms=baseline_cpu,
        ratio=ratio(baseline_cpu, server_cpu),
    )


async def _measure(lab: LabServer, client: HttpClient, heard: Hearing, n: int) -> tuple[list[_Written], list[_Written]]:
    lab.write_notebook(PATH, [_source(index) for index in range(n + 1)])
    ours: list[_Written] = []
    baseline: list[_Written] = []
    async with visiting(lab, PATH) as learner:
        await heard.first(is_live, "our peer in the room")
        room = await client.room(PATH)
        async with visiting(lab, PATH) as bot:
            # From the last cell up, so that no note moves a cell that is still to come. The very last one warms up.
            for index in range(n, -1, -1):
                note = await _one(lab, learner, index, lambda index=index: _propose(room, index))  # type: ignore[misc]
                at_once = await _one(lab, learner, index, lambda index=index: _insert(bot, index))  # type: ignore[misc]
                if index < n:
                    ours.append(note)
                    baseline.append(at_once)
    return ours, baseline


async def _one(lab: LabServer, learner: Visitor, index: int, write: Callable[[], Awaitable[None]]) -> _Written:
    """Have a note written below a cell, as the learner sees it."""
    learner.show_up()
    await anyio.sleep(SETTLE)
    cells, received, cpu = len(learner.cells), learner.received, process_cpu_seconds(lab.process.pid)

    def has_letters(at_least: int) -> bool:
        return len(learner.cells) > cells and len(learner.source(index + 1)) >= at_least

    async with anyio.create_task_group() as tasks:
        seen: list[float] = []

        async def look() -> None:
            seen.append(await learner.until(lambda: has_letters(1), "the first letter"))
            seen.append(await learner.until(lambda: has_letters(len(TEXT)), "the whole note"))

        tasks.start_soon(look, name="look at the note")
        begun = time.time()
        await write()
        shown = time.time()
    await anyio.sleep(SETTLE)
    return _Written(
        first=(seen[0] - begun) * 1000,
        complete=(seen[1] - begun) * 1000,
        shown=(shown - begun) * 1000,
        messages=learner.received - received,
        cpu=(process_cpu_seconds(lab.process.pid) - cpu) * 1000,
    )


async def _propose(room: RoomClient, index: int) -> None:
    draft = Draft(
        cell_id=CellId(f"cell-{index}"),
        expected_hash=source_hash(_source(index)),
        placement=Placement.NOTE,
        text=TEXT,
        line=2,
        idempotency_key=f"note-{index}",
        cause_key=f"bench-{index}",
    )
    with anyio.fail_after(PATIENCE):
        answer = await room.propose(draft)
    if not isinstance(answer, Shown):
        raise BenchmarkError(f"the service did not show a note: {answer}")


async def _insert(bot: Visitor, index: int) -> None:
    bot.insert_note(index + 1, TEXT)


def _source(index: int) -> str:
    return f"total_{index} = {index}\nprint(totl)"


def _mean(values: list[float]) -> float:
    return round(sum(values) / len(values), 1) if values else 0.0
