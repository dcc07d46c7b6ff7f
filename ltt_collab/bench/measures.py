"""What a process costs, as the operating system counts it."""

from __future__ import annotations

import ctypes
import gc
import os
import platform
import resource
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

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


def process_cpu_seconds(process: int) -> float:
    """CPU that the threads of a running process have used; 0 where the system does not tell by the nanosecond."""
    total = 0
    for thread in Path(f"/proc/{process}/task").glob("*/schedstat"):
        with suppress(OSError):  # a thread may end meanwhile
            total += int(thread.read_text().split()[0])
    return total / 1e9


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """A figure's distribution over ``n`` measurements."""

    n: int
    p50: float
    p95: float
    max: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Self:
        """The distribution of these values; all 0 of nothing."""
        return cls(
            n=len(values),
            p50=round(percentile(values, 50), 2),
            p95=round(percentile(values, 95), 2),
            max=round(max(values, default=0.0), 2),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """Where it was measured. ``load_before``: the system's one-minute load average when the run began.

    Above ``cpus`` others had work to do on it too, and absolute times say less than ratios.
    """

    system: str
    python: str
    cpus: int
    load_before: float

    @classmethod
    def now(cls) -> Self:
        """This machine, now; call it before the work begins."""
        load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
        cpus = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        return cls(system=platform.system(), python=platform.python_version(), cpus=cpus, load_before=round(load, 2))


def ratio(baseline: float, ours: float) -> float:
    """How many times the baseline is ours; 0 where either is missing."""
    return round(baseline / ours, 2) if ours else 0.0
