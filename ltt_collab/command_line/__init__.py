"""What the commands share: their exit codes, ``--json``, and the event loop that they run in."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar, TypeVarTuple, Unpack

import anyio
import typer

FAILED, WRONG_USE, INTERRUPTED = 1, 2, 130

AsJson = Annotated[bool, typer.Option("--json", help="Write machine-readable output to stdout, and nothing else.")]

T = TypeVar("T")
Arguments = TypeVarTuple("Arguments")


def run_fast(work: Callable[[Unpack[Arguments]], Awaitable[T]], *arguments: *Arguments) -> T:
    """Run it in uvloop's event loop, where there is one."""
    return anyio.run(work, *arguments, backend_options={"use_uvloop": sys.platform != "win32"})
