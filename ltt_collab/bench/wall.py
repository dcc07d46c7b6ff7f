"""The wall of a large class in a real Chromium: how soon it shows an edit, and whether it stays smooth."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import anyio

from ltt_collab.bench.browser import chromium_page
from ltt_collab.bench.crowd import Crowd, wall_of
from ltt_collab.bench.errors import BenchmarkError
from ltt_collab.bench.measures import Spread
from ltt_collab.model.ids import Username
from ltt_collab.web.wall.views import card_id

if TYPE_CHECKING:  # playwright is of the dev extra
    from playwright.async_api import Page

PATIENCE = 30_000
"""Milliseconds that the wall may take to show everybody."""

CLOCKS = """probes => {
  const bench = window.bench = { long: [], frames: [], seen: [] };
  new PerformanceObserver(list => {
    for (const entry of list.getEntries()) bench.long.push(entry.duration);
  }).observe({ entryTypes: ['longtask'] });
  let last = 0;
  const frame = now => { if (last) bench.frames.push(now - last); last = now; requestAnimationFrame(frame); };
  requestAnimationFrame(frame);
  const wanted = new Set(probes);
  new MutationObserver(changes => {
    const ids = new Set();
    for (const change of changes) {
      for (const node of [change.target, ...change.addedNodes]) {
        const card = node.nodeType === 1 && node.closest('.card');
        if (card && wanted.has(card.id)) ids.add(card.id);
      }
    }
    // What changed counts once it was drawn: in the frame after it came into the page.
    const at = ids.size ? 1 : 0;
    if (at) requestAnimationFrame(() => setTimeout(() => {
      for (const id of ids) bench.seen.push([id, Date.now() / 1000]);
    }));
  }).observe(document.getElementById('cards'), { subtree: true, childList: true, attributes: true });
}"""


@dataclass(frozen=True, slots=True, kw_only=True)
class WallReport:
    """A class that types. ``edit_to_card_ms``: edit in the service to its card drawn anew.

    ``frame_ms``: between two frames of the page; ``long_tasks``: pieces of work over 50 ms, in ``seconds``.
    """

    learners: int
    edits_per_second: float
    seconds: float
    edit_to_card_ms: Spread
    frame_ms: Spread
    long_tasks: int
    longest_task_ms: float


async def measure_wall(learners: int, seconds: float, *, per_learner: float = 0.5) -> WallReport:
    """Let so many type, each ``per_learner`` letters a second, and watch the wall.

    Raises:
        BenchmarkError
    """
    crowd = Crowd(learners)
    probes = crowd.names[:: max(1, learners // 20)][:20]
    others = [name for name in crowd.names if name not in set(probes)] or crowd.names
    async with wall_of(crowd) as link, chromium_page() as page:
        await page.goto(link)
        await page.wait_for_function(
            "n => document.querySelectorAll('.card').length === n", arg=learners, timeout=PATIENCE
        )
        await page.evaluate(CLOCKS, [card_id(name) for name in probes])
        sent: list[tuple[Username, float]] = []
        rate = len(others) * per_learner
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_type, crowd, others, rate, name="the class types")
            await _probe(crowd, probes, seconds, sent)
            tasks.cancel_scope.cancel()
        await anyio.sleep(1.0)  # what is under way arrives
        return await _report(page, sent, learners=learners, rate=rate, seconds=seconds)


async def _type(crowd: Crowd, names: list[Username], rate: float) -> None:
    begun = anyio.current_time()
    for number, name in enumerate(itertools.cycle(names)):
        await anyio.sleep_until(begun + number / rate)
        crowd.type(name)


async def _probe(crowd: Crowd, names: list[Username], seconds: float, sent: list[tuple[Username, float]]) -> None:
    """A learner who was quiet for a while types, every quarter of a second another one."""
    end = anyio.current_time() + seconds
    for name in itertools.cycle(names):
        if anyio.current_time() >= end:
            return
        sent.append((name, crowd.type(name)))
        await anyio.sleep(0.25)


async def _report(
    page: Page, sent: list[tuple[Username, float]], *, learners: int, rate: float, seconds: float
) -> WallReport:
    found = await page.evaluate("() => window.bench")
    seen: list[tuple[str, float]] = [(card, at) for card, at in found["seen"]]
    waits = [
        min((there for card, there in seen if card == card_id(name) and there >= at - 0.002), default=None)
        for name, at in sent
    ]
    if None in waits:
        raise BenchmarkError(f"{waits.count(None)} of {len(waits)} edits never came on the wall")
    late = [max(0.0, there - at) * 1000 for there, (_, at) in zip(waits, sent, strict=True) if there is not None]
    return WallReport(
        learners=learners,
        edits_per_second=round(rate + 4, 1),
        seconds=seconds,
        edit_to_card_ms=Spread.of(late),
        frame_ms=Spread.of(found["frames"]),
        long_tasks=len(found["long"]),
        longest_task_ms=round(max(found["long"], default=0.0), 1),
    )
