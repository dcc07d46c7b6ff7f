"""Who may show a Jupyter server in a frame, as the server itself says."""

from __future__ import annotations

import httpx

from ltt_collab.adapters.jupyter.rest import ANSWER_LIMIT, CONNECT_LIMIT
from ltt_collab.model.errors import RoomUnreachableError


async def frame_policy(url: str) -> str:
    """The content security policy of the server's pages, '' without one; ``url`` has a trailing slash.

    Raises:
        RoomUnreachableError
    """
    # The login page needs no token, and has the policy of all pages.
    page = f"{url}login"
    limits = httpx.Timeout(ANSWER_LIMIT, connect=CONNECT_LIMIT)
    try:
        async with httpx.AsyncClient(timeout=limits, trust_env=False, follow_redirects=False) as http:
            answer = await http.get(page)
    except httpx.HTTPError as error:
        raise RoomUnreachableError(page, str(error) or type(error).__name__) from error
    return str(answer.headers.get("content-security-policy", ""))
