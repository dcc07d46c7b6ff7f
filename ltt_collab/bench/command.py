"""``ltt bench``: everything behind it is read by the benchmarks' own command line."""

from __future__ import annotations

import typer

from ltt_collab.bench.__main__ import main

bench_app = typer.Typer(add_completion=False)


@bench_app.command(
    "bench",
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []},
    add_help_option=False,
)
def bench(context: typer.Context) -> None:
    """Measure, each figure beside a baseline of the same run: rooms, latency, write, join."""
    raise typer.Exit(main(context.args))
