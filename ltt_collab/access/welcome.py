"""Ends what lasts (event streams) when whoever asked for it may no longer have it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import anyio

from ltt_collab.access.gatekeeper import KNOWN_SECONDS
from ltt_collab.model.errors import ForbiddenError, LttError
from ltt_collab.model.identity import Sight

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
"""ASGI's."""


def while_welcome(receive: Receive, sight: Sight, look: Callable[[], Awaitable[Sight | None]]) -> Receive:
    """Hear the client until it goes, or until it may not see any more what it may: to the app, both are a client gone.

    ``look``: whom the client may see now, asked as often as the gatekeeper takes an answer for true, and only while
    the app waits for the client. Whoever may see others than at the beginning comes again, and sees those.
    """

    async def receive_while_welcome() -> MutableMapping[str, Any]:
        while True:
            with anyio.move_on_after(KNOWN_SECONDS):
                return await receive()
            if not await _is_still(sight, look):
                return {"type": "http.disconnect"}

    return receive_while_welcome


async def _is_still(sight: Sight, look: Callable[[], Awaitable[Sight | None]]) -> bool:
    try:
        return await look() == sight
    except ForbiddenError:
        return False
    except LttError:
        return True  # it cannot be told now: what is open goes on
