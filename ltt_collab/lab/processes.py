"""Ends a process with all that came of it."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

import anyio
from anyio.abc import Process

STOP = 8.0
"""Seconds a JupyterLab may take to end once asked: it saves open notebooks and says goodbye to kernels."""


def family(pid: int) -> Sequence[Any]:
    """The processes that came of that one, however deep: kernels and terminals have process groups of their own."""
    psutil = _psutil()
    with suppress(psutil.Error):
        return list(psutil.Process(pid).children(recursive=True))
    return []


async def end_process(process: Process, relatives: Sequence[Any] = ()) -> None:
    """End a process that leads its own group, and its relatives: asked first, killed after ``STOP`` seconds."""
    relatives = [*relatives, *family(process.pid)]
    if process.returncode is None:
        with suppress(ProcessLookupError):
            process.terminate()
        with anyio.move_on_after(STOP):
            await process.wait()
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()
    end_relatives(relatives)


def end_relatives(relatives: Sequence[Any]) -> None:
    """Kill those of them that still live."""
    for relative in relatives:
        # psutil tells a process from another one that was given its number since.
        with suppress(_psutil().Error):
            relative.kill()


def end_strays(home: Path) -> None:
    """Kill every process that works below that directory: a hub that died leaves its learners' servers behind."""
    psutil = _psutil()
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if home in (working := Path(process.cwd())).parents or home == working:
                process.kill()


def _psutil() -> Any:
    """psutil as a late import: it comes with ipykernel, so it is there wherever a JupyterLab was started."""
    return import_module("psutil")
