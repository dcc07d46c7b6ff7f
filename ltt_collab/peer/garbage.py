"""When the process looks for garbage: at set times, and not because many people type.

Python looks through all that it holds whenever a quarter has been added; with 2,000 rooms that is a pause of 126 ms,
every few seconds while the logs fill. Nearly nothing of ours is garbage that only such a look finds: rooms that were
left, at most.
"""

from __future__ import annotations

import gc

from ltt_collab.ports.clock import Clock

YOUNG, MIDDLE, NEVER = 5_000, 10, 1_000_000
"""New objects until a first look (0.3 ms), first looks until a second (4 ms), and no third by itself."""

PERIOD = 300.0
"""Seconds between two looks at everything: 0.05 % of the time in a process with 2,000 rooms."""


async def tend_garbage(clock: Clock) -> None:
    """Collect garbage until cancelled; afterwards Python does it as before."""
    former = gc.get_threshold()
    # What the service is made of stays to the end: 200,000 objects, at which a look takes 200 ms.
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, NEVER)
    try:
        while True:
            await clock.sleep(PERIOD)
            gc.collect()
    finally:
        gc.set_threshold(*former)
        gc.unfreeze()
