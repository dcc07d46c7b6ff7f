"""The command line knows its commands by name, and loads the one that is given."""

from __future__ import annotations

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from ltt_collab.cli import COMMANDS, app

HEAVY = frozenset(
    {
        "aiosqlite",
        "alembic",
        "asyncpg",
        "cryptography",
        "fastapi",
        "httpx",
        "jinja2",
        "jupyter_client",
        "langgraph",
        "ltt_collab.service",
        "mcp",
        "mcp_types",
        "nbformat",
        "picows",
        "pycrdt",
        "pydantic_settings",
        "sqlalchemy",
        "starlette",
        "structlog",
        "uvicorn",
        "zmq",
    }
)
"""What a service needs, and nobody who asks for help; pydantic is not here, for typer needs it."""

LIGHT = [
    ["--version"],
    ["--help"],
    ["nonsense"],
    *([name, "--help"] for name in ("stop", "resume", "why", "welcome", "data")),
    ["token", "issue", "--help"],
    ["report", "hints", "--help"],
]


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_loads_and_its_help_begins_as_the_list_says(name: str) -> None:
    assert COMMANDS[name].load(name).help.splitlines()[0] == COMMANDS[name].help


@pytest.mark.proves("cli:light")
@pytest.mark.parametrize("arguments", LIGHT, ids=" ".join)
def test_help_imports_nothing_that_a_service_needs(arguments: list[str]) -> None:
    code = (
        "import atexit, sys; from ltt_collab.__main__ import main; "
        f"atexit.register(lambda: print('imported:', *({set(HEAVY)} & set(sys.modules)))); "
        f"sys.argv = ['ltt', *{arguments}]; main()"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert ran.stdout.splitlines()[-1].split() == ["imported:"]
    assert ran.returncode == (2 if arguments == ["nonsense"] else 0)


def test_help_lists_every_command() -> None:
    told = CliRunner().invoke(app, ["--help"])
    listed = [line.split()[1] for line in told.stdout.splitlines() if line.startswith("│ ") and line[2] != " "]
    assert [name for name in listed if not name.startswith("-")] == list(COMMANDS)


def test_an_almost_right_name_is_put_right() -> None:
    told = CliRunner().invoke(app, ["explian"])
    assert told.exit_code == 2
    assert "'explain'" in told.output
