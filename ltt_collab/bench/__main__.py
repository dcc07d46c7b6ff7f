"""``python -m ltt_collab.bench rooms [--rooms N] [--rate R] [--seconds S] [--json]``."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict

import anyio

from ltt_collab.bench.rooms import RoomsOptions, bench_rooms


def main(arguments: list[str]) -> int:
    """Run one benchmark and write its figures to stdout."""
    parser = argparse.ArgumentParser(prog="ltt bench", description="Benchmarks, each beside a baseline.")
    defaults = RoomsOptions()
    parser.add_argument("name", choices=["rooms"])
    parser.add_argument("--rooms", type=int, default=defaults.rooms, help="how many rooms")
    parser.add_argument("--rate", type=float, default=defaults.rate, help="edits per second in each room")
    parser.add_argument("--seconds", type=float, default=defaults.seconds, help="how long people type")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    given = parser.parse_args(arguments)
    if given.rooms < 1 or given.rate <= 0 or given.seconds <= 0:
        parser.error("--rooms, --rate and --seconds must be positive")
    options = RoomsOptions(rooms=given.rooms, rate=given.rate, seconds=given.seconds)
    report = asdict(anyio.run(bench_rooms, options, backend_options={"use_uvloop": True}))
    text = json.dumps(report) if given.json else "\n".join(f"{name:42} {value}" for name, value in report.items())
    sys.stdout.write(text + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
