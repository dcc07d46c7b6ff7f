"""``ltt``: the command line. Every error says what was wrong, with which value, and what to do.

A command's module is imported when that command is given, and no sooner: ``ltt --help`` needs none of them.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command as built

from ltt_collab import __version__
from ltt_collab.command_line import FAILED, INTERRUPTED, WRONG_USE, importing
from ltt_collab.model.errors import LttError, UsageError


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a command is (a function, or a typer app), and the first line of its help."""

    module: str
    attribute: str
    help: str

    def load(self, name: str) -> Any:
        """The command itself; imports what it needs."""
        with importing():
            found = getattr(import_module(f"ltt_collab.{self.module}"), self.attribute)
        if isinstance(found, typer.Typer):
            return built(found)
        alone = typer.Typer(add_completion=False)
        alone.command(name)(found)
        return built(alone)


COMMANDS: Mapping[str, Entry] = {
    "demo": Entry(
        "demo.commands",
        "demo",
        "Start a real JupyterLab with the tutor in it, on a sample course, until interrupted.",
    ),
    "serve": Entry("serving.commands", "serve", "Join the notebooks of a Jupyter server and help, until interrupted."),
    "mcp": Entry(
        "serving.mcp",
        "mcp",
        "Serve an MCP client on stdin and stdout, for the service at LTT_SERVICE_URL (or LTT_JUPYTER_URL).",
    ),
    "doctor": Entry(
        "doctor.commands",
        "doctor",
        "Say what is at risk on a Jupyter server, with the fix for each; exit 1 if learner text is.",
    ),
    "explain": Entry(
        "operating.explaining",
        "explain",
        "Say what went wrong in an executed notebook, offline: one finding a cell at most, the first cause.",
    ),
    "validate": Entry(
        "coursework.validate",
        "validate",
        "Run a notebook in a fresh sandbox and say which of a task's checks pass; exit 0 if all do, 1 if not.",
    ),
    "replay": Entry(
        "replaying.commands",
        "replay",
        "Print what happened in a recorded notebook, line by line; its learner may have left long ago.",
    ),
    "why": Entry(
        "operating.looking",
        "why",
        "Say why help was or was not given in a room of the running service (LTT_SERVICE_URL, LTT_API_TOKEN).",
    ),
    "welcome": Entry(
        "operating.steering",
        "welcome",
        "Let the tutor come back to a learner who sent it away, from the next notebook they open.",
    ),
    "stop": Entry(
        "operating.steering",
        "stop",
        "End all writing of the AI within seconds: everywhere, in a course, or for a learner.",
    ),
    "resume": Entry(
        "operating.steering", "resume", "Let the AI write again where 'ltt stop' with the same options ended it."
    ),
    "course": Entry("coursework.commands", "course_app", "Write courses: begin, lint, show and publish them."),
    "data": Entry("personal.commands", "data_app", "Export or delete everything that is kept of one learner."),
    "report": Entry(
        "operating.reports",
        "report_app",
        "Reports of the running service (LTT_SERVICE_URL, LTT_API_TOKEN: an operator's or an instructor's).",
    ),
    "token": Entry(
        "operating.tokens",
        "token_app",
        "Tokens of learners, instructors and agents (LTT_SERVICE_URL, LTT_API_TOKEN: the operator's).",
    ),
    "bench": Entry(
        "bench.command",
        "bench_app",
        "Measure, each figure beside a baseline of the same run: rooms, latency, write, join.",
    ),
}


class LazyCommands(TyperGroup):
    """The commands by name and help line; the one that is given is loaded."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        for name, entry in COMMANDS.items():
            self.commands[name] = TyperCommand(name, help=entry.help)

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """The real command that ``args`` begin with, its name, and the rest."""
        name, stub, rest = super().resolve_command(ctx, args)
        return name, stub if name is None else COMMANDS[name].load(name), rest


app = typer.Typer(
    cls=LazyCommands,
    help="A live tutor that joins Jupyter notebooks as a visible collaborator.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def main() -> None:
    """Run the command line; our own errors become one line and an exit code."""
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except BaseExceptionGroup as group:
        _fail(_first(group))
    except LttError as error:
        _fail(error)


def _fail(error: BaseException) -> NoReturn:
    if not isinstance(error, LttError):
        raise error
    typer.echo(f"ltt: {error}", err=True)
    sys.exit(WRONG_USE if isinstance(error, UsageError) else FAILED)


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    first: BaseException = group
    while isinstance(first, BaseExceptionGroup):
        first = first.exceptions[0]
    return first


def _print_version(value: bool) -> None:
    if value:
        typer.echo(f"ltt {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """A live tutor that joins Jupyter notebooks as a visible collaborator."""
