"""How good and how safe the tutor is: named causes, false alarms, leaks, injections, stuck learners, time."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec

import anyio

from ltt_collab.bench.attacks import GOOD, MODEL, BenchRoom, attacked, benign, installed, modelled, saying, scene, share
from ltt_collab.bench.errors import BenchmarkError
from ltt_collab.bench.kernel import running_notebooks
from ltt_collab.bench.measures import Machine, percentile
from ltt_collab.bench.suites.error_cases import ERROR_CASES, SILENT_CASES
from ltt_collab.bench.suites.held_out import HELD_OUT_ATTACKS, HELD_OUT_BENIGN, HELD_OUT_INNOCENT, HELD_OUT_LEAKS
from ltt_collab.bench.suites.held_out_attacks import SECOND_ATTACKS
from ltt_collab.bench.suites.held_out_leaks import SECOND_INNOCENT, SECOND_LEAKS
from ltt_collab.bench.suites.injections import ATTACKS, BENIGN
from ltt_collab.bench.suites.leaks import INNOCENT, LEAKING, LeakCase
from ltt_collab.bench.suites.valid_snippets import VALID_SNIPPETS
from ltt_collab.bench.triggers import TriggersOptions, bench_triggers
from ltt_collab.model.edits import HelpRequested
from ltt_collab.model.findings import Finding
from ltt_collab.ports.tutor import Tutor
from ltt_collab.tutoring.leak import leaks


@dataclass(frozen=True, slots=True, kw_only=True)
class TutorOptions:
    """``n``: requests of which the time is taken."""

    n: int = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class TutorReport:
    """Rates are shares of 1, times are milliseconds.

    ``leak_rate``: leaking texts that the gate's check lets through; ``leak_false_alarm_rate``: innocent ones it stops.
    ``injection_bypass``: attacks that reached the learner with a model that obeys whatever stands outside of the data
    delimiters; ``injection_bypass_gullible``: with one that obeys anything it reads. ``injection_false_positive``:
    harmless texts that cost the learner the model's hint. ``second_*``: the same of sets that were written before the
    guards were changed for the last time, and that nothing was tuned on. ``held_out_*``: of sets that nothing was tuned
    on at first, but whose misses were looked at before that change. All other rates are of sets that the rules and the
    guards were written beside. ``p50_ms`` and ``p95_ms``: a request
    to its proposal by the rules; ``model_p50_ms`` and ``model_p95_ms``: with a model that answers at once.
    """

    machine: Machine
    named_rate: float
    named_cases: int
    false_alarm_rate: float
    valid_snippets: int
    leak_rate: float
    leak_false_alarm_rate: float
    leak_cases: int
    held_out_leak_rate: float
    held_out_leak_false_alarm_rate: float
    held_out_leak_cases: int
    second_leak_rate: float
    second_leak_false_alarm_rate: float
    second_leak_cases: int
    injection_bypass: float
    injection_bypass_gullible: float
    injection_false_positive: float
    injection_cases: int
    injection_p50_ms: float
    held_out_injection_bypass: float
    held_out_injection_bypass_gullible: float
    held_out_injection_false_positive: float
    held_out_injection_cases: int
    second_injection_bypass: float
    second_injection_bypass_gullible: float
    second_injection_cases: int
    stuck_precision: float
    stuck_recall: float
    held_out_stuck_precision: float
    held_out_stuck_recall: float
    p50_ms: float
    p95_ms: float
    model_p50_ms: float
    model_p95_ms: float


async def bench_tutor(options: TutorOptions) -> TutorReport:
    """Measure the installed tutor.

    Raises:
        BenchmarkError: no tutor, no kernel, or no package for a model is installed.
    """
    if find_spec("langchain_openai") is None:
        raise BenchmarkError("the model's packages are missing: pip install 'ltt-collab[llm]'")
    machine, rules = Machine.now(), await installed("")
    named, false_alarms = await anyio.to_thread.run_sync(_quality, rules)
    attacked_by = [
        await attacked(each, gullible=obeys)
        for each in (ATTACKS, HELD_OUT_ATTACKS, SECOND_ATTACKS)
        for obeys in (False, True)
    ]
    lost, injection_times = await benign()
    held_out_lost, _ = await benign(HELD_OUT_BENIGN)
    stuck = await bench_triggers(TriggersOptions())
    by_rules = [await _timed(rules, 1) for _ in range(options.n)]
    async with modelled(lambda _: saying(GOOD)):
        tutor = await installed(MODEL)
        await _timed(tutor, 3)  # its packages are imported with the first request
        by_model = [await _timed(tutor, 2, number) for number in range(options.n)]
    return TutorReport(
        machine=machine,
        named_rate=named,
        named_cases=len(ERROR_CASES) + len(SILENT_CASES),
        false_alarm_rate=false_alarms,
        valid_snippets=len(VALID_SNIPPETS),
        leak_rate=round(1 - stopped(LEAKING), 4),
        leak_false_alarm_rate=stopped(INNOCENT),
        leak_cases=len(LEAKING) + len(INNOCENT),
        held_out_leak_rate=round(1 - stopped(HELD_OUT_LEAKS), 4),
        held_out_leak_false_alarm_rate=stopped(HELD_OUT_INNOCENT),
        held_out_leak_cases=len(HELD_OUT_LEAKS) + len(HELD_OUT_INNOCENT),
        second_leak_rate=round(1 - stopped(SECOND_LEAKS), 4),
        second_leak_false_alarm_rate=stopped(SECOND_INNOCENT),
        second_leak_cases=len(SECOND_LEAKS) + len(SECOND_INNOCENT),
        injection_bypass=attacked_by[0],
        injection_bypass_gullible=attacked_by[1],
        injection_false_positive=lost,
        injection_cases=len(ATTACKS) + len(BENIGN),
        injection_p50_ms=round(percentile(injection_times, 50), 1),
        held_out_injection_bypass=attacked_by[2],
        held_out_injection_bypass_gullible=attacked_by[3],
        held_out_injection_false_positive=held_out_lost,
        held_out_injection_cases=len(HELD_OUT_ATTACKS) + len(HELD_OUT_BENIGN),
        second_injection_bypass=attacked_by[4],
        second_injection_bypass_gullible=attacked_by[5],
        second_injection_cases=len(SECOND_ATTACKS),
        stuck_precision=round(stuck.stuck_precision, 4),
        stuck_recall=round(stuck.stuck_recall, 4),
        held_out_stuck_precision=round(stuck.held_out_precision, 4),
        held_out_stuck_recall=round(stuck.held_out_recall, 4),
        p50_ms=round(percentile(by_rules, 50), 2),
        p95_ms=round(percentile(by_rules, 95), 2),
        model_p50_ms=round(percentile(by_model, 50), 1),
        model_p95_ms=round(percentile(by_model, 95), 1),
    )


def _quality(tutor: Tutor) -> tuple[float, float]:
    """Errors of which cause and place are named, and valid snippets with a finding, on a real kernel's outputs."""
    with running_notebooks() as run:
        named = []
        for case in (*ERROR_CASES, *SILENT_CASES):
            index = case.at % len(case.cells)
            found = _at(tutor.explain(run(case.cells, case.order)), index)
            named.append(found is not None and (found.kind, found.line) == (case.kind, case.line))
        alarms = [len(tutor.explain(run(sources, None))) > 0 for sources in VALID_SNIPPETS]
    return share(named), share(alarms)


def stopped(cases: Sequence[LeakCase]) -> float:
    """The share of texts that the gate's check takes for leaks."""
    return share(leaks(case.text, case.reference, case.learner) for case in cases)


def _at(findings: Sequence[Finding], index: int) -> Finding | None:
    return next((finding for finding in findings if finding.cell_index == index), None)


async def _timed(tutor: Tutor, rung: int, number: int = 0) -> float:
    """Milliseconds from a request to the end of it; another number is another text, or a cache would answer."""
    notebook, event = scene("comment", f"try {number}")
    event = HelpRequested(**{**{name: getattr(event, name) for name in event.__dataclass_fields__}, "rung": rung})
    began = time.perf_counter()
    await tutor.handle(event, BenchRoom(notebook))
    return (time.perf_counter() - began) * 1000
