"""What a process costs, as the operating system counts it."""

from __future__ import annotations

import ctypes
import gc
import resource
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

PAGE_KIB = resource.getpagesize() / 1024


def percentile(values: Sequence[float], percent: float) -> float:
    """The value that so many per cent do not exceed; 0 of nothing."""
    if not values:
        return 0.0
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def resident_kib() -> float:
    """KiB of memory this process holds, after all garbage was given back to the system."""
    gc.collect()
    with suppress(OSError, AttributeError):  # another C library than glibc has no malloc_trim
        ctypes.CDLL(None).malloc_trim(0)
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE_KIB


def raise_file_limit() -> None:
    """Allow as many sockets as the administrator does."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
