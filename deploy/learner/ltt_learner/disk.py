"""Whether the learner's disk still takes something: quotas and full volumes look alike, and no figure tells of both."""

from __future__ import annotations

import asyncio
import os
import tempfile
from pathlib import Path

PROBE = 1024 * 1024
"""Bytes that must fit: a usual notebook with its outputs. They are written and gone within milliseconds."""


async def disk_takes_more(directory: Path) -> dict[str, object]:
    """``{"takes_more": bool, "error": str}``: what became of writing ``PROBE`` bytes to a nameless file there."""
    error = await asyncio.get_running_loop().run_in_executor(None, _write_and_forget, directory)
    return {"takes_more": not error, "error": error}


def _write_and_forget(directory: Path) -> str:
    try:
        with tempfile.TemporaryFile(dir=directory) as probe:
            probe.write(bytes(PROBE))
            probe.flush()
            os.fsync(probe.fileno())  # where quotas are kept on another machine, they are known only then
    except OSError as error:
        return error.strerror or type(error).__name__
    return ""
