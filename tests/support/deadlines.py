"""Waiting for a condition with a deadline, instead of sleeping and hoping."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import TypeVar, overload

import anyio

T = TypeVar("T")

# The usual deadline is no promise to anybody: it only ends a test that would wait for ever, on two busy cores too.
POLL = 0.02
"""Seconds between two looks: short beside every deadline, long beside the cost of a look."""


@overload
async def eventually(look: Callable[[], Awaitable[T]], *, within: float = ..., what: str = ...) -> T: ...
@overload
async def eventually(look: Callable[[], T], *, within: float = ..., what: str = ...) -> T: ...
async def eventually(look: Callable[[], T | Awaitable[T]], *, within: float = 20.0, what: str = "") -> T:
    """The first truthy value of ``look()``, which is asked again until ``within`` seconds have passed.

    Raises:
        AssertionError: the deadline passed; the message carries the last value seen.
    """
    deadline = time.monotonic() + within
    while True:
        value = look()
        if isinstance(value, Awaitable):
            value = await value
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within} s: {what or look}; last seen: {value!r}")
        await anyio.sleep(POLL)
