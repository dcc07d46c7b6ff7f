"""``ltt bench latency``: from a keypress in Chromium to our event, and from a failed run to the first letter of help.

A real JupyterLab, a real browser, our whole service with its rules. A keypress's time is the browser's own stamp, an
event's is its ``at``: when the service had it typed, with its cell. The baseline is a bot that polls the notebook's
file on the same server once a second, as bots without a room do; its learner even pauses after every tenth key,
because the server saves only in pauses.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import anyio
import httpx

from ltt_collab.bench.browser import LearnerPage, browsing, require_browser
from ltt_collab.bench.errors import BenchmarkError
from ltt_collab.bench.hearing import Hearing, hearing, is_live
from ltt_collab.bench.lab_server import LabServer, running_lab, running_tutor
from ltt_collab.bench.measures import Machine, Spread, ratio
from ltt_collab.model.edits import RoomEvent, RunFinished, RunOutcome, SourceEdited, SuggestionShown
from ltt_collab.model.ids import CellId

PATH = "lesson.ipynb"

POLL_SECONDS = 1.0
"""Between two looks of the baseline's bot: more often costs the learner's server 6 ms of CPU each time."""

PHRASE, PAUSE = 10, 1.5
"""The baseline's learner: keys in a row, and seconds of thought after them (the server saves after one)."""

QUIET = 2.0
"""Seconds between typing in one cell and failing in another: nobody is helped in the midst of typing."""

POLL_LIMIT = 20.0
"""Seconds after the last key until the bot must have seen it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencyOptions:
    """``n``: keypresses, ``rate`` a second; ``runs``: cells that fail; ``polled``: keypresses for the baseline."""

    n: int = 200
    rate: float = 8.0
    runs: int = 10
    polled: int = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencyReport:
    """Milliseconds. ``key_to_event_ms``: keypress to ``SourceEdited``; ``keys_lost``: keys that became no event.

    ``run_to_letter_ms``: ``RunFinished`` in the service to the first letter of its note drawn in the browser.
    ``baseline_polling_ms``: keypress to a polling bot's first sight of the letter. ``ratio``: it by ours, at p50.
    """

    machine: Machine
    rate: float
    key_to_event_ms: Spread
    keys_lost: int
    run_to_letter_ms: Spread
    baseline_polling_ms: Spread
    ratio: float


async def bench_latency(options: LatencyOptions) -> LatencyReport:
    """Run the benchmark; about a minute.

    Raises:
        BenchmarkError
    """
    require_browser()
    machine = Machine.now()
    async with running_lab() as lab, running_tutor(lab) as client, hearing(client) as heard:
        lab.write_notebook(PATH, ["", *(_failing(cell) for cell in range(1, options.runs + 1)), ""])
        async with browsing(lab, PATH) as page:
            await heard.first(is_live, "our peer in the room")
            keys, lost = await _keys(page, heard, options)
            await anyio.sleep(QUIET)
            letters = [await _letter(page, heard, cell) for cell in range(1, options.runs + 1)]
            polled = await _polled(page, lab, options)
    ours, baseline = Spread.of(keys), Spread.of(polled)
    return LatencyReport(
        machine=machine,
        rate=options.rate,
        key_to_event_ms=ours,
        keys_lost=lost,
        run_to_letter_ms=Spread.of(letters),
        baseline_polling_ms=baseline,
        ratio=ratio(baseline.p50, ours.p50),
    )


async def _keys(page: LearnerPage, heard: Hearing, options: LatencyOptions) -> tuple[list[float], int]:
    """Keypress to event, and how many keys became none."""
    so_far = len(heard.events)

    def edits() -> list[RoomEvent]:
        return [event for event in heard.events[so_far:] if isinstance(event, SourceEdited)]

    await page.click_into(0)
    await page.key_times()
    await page.type(_words(options.n), options.rate)
    times = await page.key_times()
    await heard.until(lambda: len(edits()) >= len(times), "every key")
    events = edits()
    if len(events) != len(times):
        raise BenchmarkError(f"{len(times)} keys became {len(events)} events; they cannot be matched one by one")
    return [(event.at - key) * 1000 for key, event in zip(times, events, strict=True)], options.n - len(times)


async def _letter(page: LearnerPage, heard: Hearing, cell: int) -> float:
    """A run that fails to the first letter of its note; the learner typed in that cell until the run."""
    so_far, about = len(heard.events), CellId(f"cell-{cell}")

    def failed(event: RoomEvent) -> bool:
        return isinstance(event, RunFinished) and event.cell_id == about and event.outcome is RunOutcome.ERROR

    await page.click_into(cell)
    await page.type_at_the_end(" ")
    await page.run()
    finished = await heard.first(failed, f"the failed run of {about}", after=so_far)
    seen = await page.note_seen(about)
    await heard.first(
        lambda event: isinstance(event, SuggestionShown) and event.about == about, "the note shown", after=so_far
    )
    return (seen - finished.at) * 1000


async def _polled(page: LearnerPage, lab: LabServer, options: LatencyOptions) -> list[float]:
    """Keypress to a polling bot's first sight of the letter."""
    cell = options.runs + 1
    seen: list[float] = []
    await page.click_into(cell)
    await page.key_times()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_poll, lab, f"cell-{cell}", options.polled, seen, name="poll the file")
        for begin in range(0, options.polled, PHRASE):
            await page.type(_words(options.polled)[begin : begin + PHRASE], options.rate)
            await anyio.sleep(PAUSE)
    times = await page.key_times()
    return [(there - key) * 1000 for key, there in zip(times, seen, strict=False)]


async def _poll(lab: LabServer, cell: str, letters: int, seen: list[float]) -> None:
    """Look at the file until it has so many letters in that cell; ``seen``: when each was there."""
    headers = {"Authorization": f"token {lab.token}"}
    async with httpx.AsyncClient(base_url=lab.url, headers=headers) as http:
        deadline = time.monotonic() + letters * (PAUSE / PHRASE + 1) + POLL_LIMIT
        while len(seen) < letters and time.monotonic() < deadline:
            content: dict[str, Any] = (await http.get(f"api/contents/{PATH}")).json()["content"]
            length = next(len("".join(each["source"])) for each in content["cells"] if each["id"] == cell)
            seen += [time.time()] * (length - len(seen))
            await anyio.sleep(POLL_SECONDS)


def _words(letters: int) -> str:
    """Letters as somebody types them, in words: no bracket or quote that the editor would close by itself."""
    return ("plain words " * (letters // 12 + 1))[:letters]


def _failing(cell: int) -> str:
    return f"total_{cell} = {cell}\nprint(totl_{cell})"
