"""The benchmark of a hub: its figures are of what it says it measures."""

from __future__ import annotations

from ltt_collab.adapters.hub.directory import PAGE
from ltt_collab.bench.hub import HubOptions, bench_hub


async def test_every_server_is_listed_page_by_page_for_less_than_one_question_each() -> None:
    report = await bench_hub(HubOptions(servers=PAGE + 50, sweeps=2, idle=0, openings=0))
    assert (report.servers, report.pages, report.sweep_ms.n) == (PAGE + 50, 2, 2)
    assert 0 < report.cpu_us_per_server < report.baseline_cpu_us_per_server
