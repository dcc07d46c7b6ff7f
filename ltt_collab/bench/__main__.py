"""``ltt bench NAME`` (``python -m ltt_collab.bench NAME``): figures of the real stack, each beside a baseline."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import anyio

from ltt_collab.bench.browser import require_browser
from ltt_collab.bench.errors import BenchmarkError
from ltt_collab.bench.hub import HubOptions, bench_hub
from ltt_collab.bench.join import JoinOptions, bench_join
from ltt_collab.bench.latency import LatencyOptions, bench_latency
from ltt_collab.bench.live import LiveOptions, bench_live
from ltt_collab.bench.mcp import McpOptions, bench_mcp
from ltt_collab.bench.rooms import RoomsOptions, bench_rooms
from ltt_collab.bench.triggers import TriggersOptions, bench_triggers
from ltt_collab.bench.tutor import TutorOptions, bench_tutor
from ltt_collab.bench.validate import ValidateOptions, bench_validate
from ltt_collab.bench.web import WebOptions, bench_web
from ltt_collab.bench.write import WriteOptions, bench_write
from ltt_collab.model.errors import LttError
from ltt_collab.model.reporting import LogFormat, LogLevel
from ltt_collab.telemetry.logging import configure_logging

FAILED = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Benchmark:
    """One benchmark: its options with their defaults (``short``: those of ``all``), and what each option means."""

    help: str
    defaults: Any
    short: Any
    meanings: Mapping[str, str]
    run: Callable[[Any], Awaitable[Any]]


BENCHMARKS: Mapping[str, Benchmark] = {
    "rooms": Benchmark(
        help="what it costs one process to hold rooms in which people type: CPU, latency, memory",
        defaults=RoomsOptions(),
        short=RoomsOptions(rooms=500, seconds=6.0),
        meanings={
            "rooms": "how many rooms",
            "rate": "edits per second in each room",
            "seconds": "how long people type",
        },
        run=bench_rooms,
    ),
    "latency": Benchmark(
        help="keypress in Chromium to our event, and failed run to the first letter of help (needs Playwright)",
        defaults=LatencyOptions(),
        short=LatencyOptions(n=100, runs=5, polled=20),
        meanings={
            "n": "keypresses",
            "rate": "keypresses per second",
            "runs": "cells that fail",
            "polled": "keypresses for the baseline that polls",
        },
        run=bench_latency,
    ),
    "write": Benchmark(
        help="decision to the first letter of a note and to the whole of it, messages, the Jupyter server's CPU",
        defaults=WriteOptions(),
        short=WriteOptions(n=10),
        meanings={"n": "notes"},
        run=bench_write,
    ),
    "join": Benchmark(
        help="notebook opened in a browser to our peer live in its room",
        defaults=JoinOptions(),
        short=JoinOptions(n=20),
        meanings={"n": "notebooks"},
        run=bench_join,
    ),
    "live": Benchmark(
        help="a task checked, and facts asked, in the learner's running kernel",
        defaults=LiveOptions(),
        short=LiveOptions(n=30, fresh=2),
        meanings={"n": "checks, and questions for facts", "fresh": "fresh kernels, for the baseline"},
        run=bench_live,
    ),
    "mcp": Benchmark(
        help="an agent's tools over MCP: read, insert, execute, start; beside two other servers",
        defaults=McpOptions(),
        short=McpOptions(n=20),
        meanings={"n": "calls of each tool"},
        run=bench_mcp,
    ),
    "hub": Benchmark(
        help="what it costs to know which of a hub's servers run, what idle learners cost, how soon we join",
        defaults=HubOptions(),
        short=HubOptions(servers=600, sweeps=3, idle=200, openings=5),
        meanings={
            "servers": "how many run",
            "sweeps": "how often all of them are listed",
            "idle": "silent servers that the service is connected to; 0: none",
            "openings": "notebooks opened on a real hub; 0: no hub is started",
        },
        run=bench_hub,
    ),
    "tutor": Benchmark(
        help="what the tutor names, says falsely, gives away or is talked into, and how long it takes",
        defaults=TutorOptions(),
        short=TutorOptions(n=10),
        meanings={"n": "requests of which the time is taken"},
        run=bench_tutor,
    ),
    "triggers": Benchmark(
        help="sessions of learners replayed: how often help comes to who is stuck, and to nobody else",
        defaults=TriggersOptions(),
        short=TriggersOptions(),
        meanings={"each": "sessions drawn of each shape, in each half"},
        run=bench_triggers,
    ),
    "validate": Benchmark(
        help="a check of a task, clean and live, beside nbgrader's validator and otter-grader, and who is fooled",
        defaults=ValidateOptions(),
        short=ValidateOptions(n=10, runs=1),
        meanings={"n": "checks of ours, clean and live each", "runs": "runs of each other grader"},
        run=bench_validate,
    ),
    "web": Benchmark(
        help="a key to the instructor's wall and shadow view, what a watcher costs, a wall of 300 (needs Playwright)",
        defaults=WebOptions(),
        short=WebOptions(n=20, watchers=10, seconds=4.0),
        meanings={
            "n": "keypresses that are timed",
            "watchers": "instructors who watch one room at once",
            "learners": "learners on the wall",
            "seconds": "how long each load lasts",
        },
        run=bench_web,
    ),
}

ALL = "all"


def main(arguments: Sequence[str]) -> int:
    """Run one benchmark or all and write the figures to stdout; the exit code."""
    given = _parser().parse_args(list(arguments))
    # Errors only: what a room says of itself would be thousands of lines, and cost what is to be measured.
    configure_logging(LogFormat.CONSOLE, LogLevel.ERROR)
    try:
        report = _run_all(given.json) if given.name == ALL else _run(given.name, given.options(given))
    except LttError as error:
        sys.stderr.write(f"ltt bench: {error}\n")
        return FAILED
    except BaseExceptionGroup as group:
        ours = _only_ours(group)
        if ours is None:
            raise
        sys.stderr.write(f"ltt bench: {ours}\n")
        return FAILED
    _write(report, as_json=given.json)
    return 0


def _run(name: str, options: Any) -> dict[str, Any]:
    run = BENCHMARKS[name].run
    return asdict(anyio.run(run, options, backend_options={"use_uvloop": sys.platform != "win32"}))


def _run_all(as_json: bool) -> dict[str, Any]:
    """Every benchmark with short settings; one that cannot be run here is said so, the others are."""
    reports: dict[str, Any] = {}
    for name, benchmark in BENCHMARKS.items():
        if not as_json:
            sys.stderr.write(f"{name}: {benchmark.help}\n")
        if name in {"latency", "web"}:
            try:
                require_browser()
            except BenchmarkError as error:
                sys.stderr.write(f"ltt bench: {error}\n")
                reports[name] = {"skipped": error.reason}
                continue
        reports[name] = _run(name, benchmark.short)
    return reports


def _only_ours(group: BaseExceptionGroup[BaseException]) -> LttError | None:
    """The first error of a group that holds nothing but errors of ours."""
    ours, others = group.split(LttError)
    if ours is None or others is not None:
        return None
    first: BaseException = ours
    while isinstance(first, BaseExceptionGroup):
        first = first.exceptions[0]
    return first if isinstance(first, LttError) else None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ltt bench",
        description="Measure the real stack, each figure beside a baseline of the same run.",
        epilog="What the figures mean, and what was measured: docs/reference/performance.md",
    )
    names = parser.add_subparsers(dest="name", metavar="NAME", required=True)
    for name, benchmark in BENCHMARKS.items():
        named = names.add_parser(name, help=benchmark.help, description=f"Measure {benchmark.help}.")
        for option, default in asdict(benchmark.defaults).items():
            number = _positive_whole if isinstance(default, int) else _positive
            meaning = f"{benchmark.meanings[option]} (default: {default:g})"
            named.add_argument(f"--{option}", type=number, default=default, metavar=option[0].upper(), help=meaning)
        _add_json(named)
        named.set_defaults(options=_options_of(benchmark))
    _add_json(names.add_parser(ALL, help="each of them, shortly", description="Run each benchmark, shortly."))
    return parser


def _options_of(benchmark: Benchmark) -> Callable[[argparse.Namespace], Any]:
    kind, fields = type(benchmark.defaults), asdict(benchmark.defaults)
    return lambda given: kind(**{field: getattr(given, field) for field in fields})


def _add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout, and nothing else")


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not positive")
    return value


def _positive_whole(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not positive")
    return value


def _write(report: Mapping[str, Any], *, as_json: bool) -> None:
    text = json.dumps(report) if as_json else "\n".join(_lines(report))
    sys.stdout.write(text + "\n")


def _lines(report: Mapping[str, Any], indent: str = "") -> Iterator[str]:
    for name, value in report.items():
        if isinstance(value, Mapping) and {"p50", "p95", "n"} <= value.keys():
            shown = "p50 {p50:g}, p95 {p95:g}, max {max:g} (n = {n})".format_map(value)
            yield f"{indent + name:46} {shown}"
        elif isinstance(value, Mapping):
            yield f"{indent}{name}"
            yield from _lines(value, indent + "  ")
        else:
            yield f"{indent + name:46} {value}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
