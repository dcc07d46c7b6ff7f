"""Whose server it is, where the server has names for people."""

from __future__ import annotations

import re

from ltt_collab.adapters.jupyter.rest import RestClient
from ltt_collab.model.errors import RoomError
from ltt_collab.model.ids import Username

_INVENTED = re.compile(r"[0-9a-f]{32}")
"""What Jupyter calls whoever comes with the server's token: a new name for each browser."""


async def owner_of(rest: RestClient) -> Username:
    """Whom the server takes the owner of its token for; '' where it invents names, or cannot be asked now."""
    try:
        said = await rest.demand_json("api/me")
    except RoomError:
        return Username("")
    identity = said.get("identity") if isinstance(said, dict) else None
    name = identity.get("username") if isinstance(identity, dict) else None
    return Username(name) if isinstance(name, str) and not _INVENTED.fullmatch(name) else Username("")
