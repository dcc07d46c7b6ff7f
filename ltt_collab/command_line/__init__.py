"""What the commands share: their exit codes, ``--json``, and the event loop that they run in."""

from __future__ import annotations

import gc
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, TypeVar, TypeVarTuple, Unpack

import anyio
import typer

FAILED, WRONG_USE, INTERRUPTED = 1, 2, 130

AsJson = Annotated[bool, typer.Option("--json", help="Write machine-readable output to stdout, and nothing else.")]

T = TypeVar("T")
Arguments = TypeVarTuple("Arguments")


@contextmanager
def importing() -> Iterator[None]:
    """Look for no garbage meanwhile: what is imported stays, and looking takes a third of a service's start."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def run_fast(work: Callable[[Unpack[Arguments]], Awaitable[T]], *arguments: *Arguments) -> T:
    """Run it in uvloop's event loop, where there is one."""
    return anyio.run(work, *arguments, backend_options={"use_uvloop": sys.platform != "win32"})
