"""One real JupyterHub, as ``ports.hub.Hub``."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from ltt_collab.adapters.hub.rest import HubRest
from ltt_collab.model.errors import HubUnavailableError
from ltt_collab.model.ids import Username
from ltt_collab.ports.hub import HubIdentity, HubServer

PAGE = 200
"""Users in one answer: 0.13 s of the hub's event loop; 1,000 blocked it for 0.6 s."""

STOPPED = (HTTPStatus.ACCEPTED, HTTPStatus.NO_CONTENT, HTTPStatus.NOT_FOUND)
"""Answers to a wish to stop a server that leave nothing to wish: it is stopping, it has stopped, there is none."""

STATE_WORD = 256
"""Characters of one word of a spawner's state that we keep; a DNS name has 253."""


class JupyterHub:
    """Identities and servers, as one hub tells them."""

    def __init__(self, rest: HubRest) -> None:
        """``rest`` stays its owner's."""
        self._rest = rest

    async def identify(self, token: str) -> HubIdentity | None:
        """Whom that token belongs to; None when the hub does not know it.

        Raises:
            HubUnavailableError
        """
        if not token.isascii() or not token.isprintable():
            return None  # no header could carry it
        answer = await self._rest.ask("user", token=token)
        return _identity(answer.json) if answer.status == HTTPStatus.OK else None

    async def identify_us(self) -> HubIdentity:
        """Whom our own token belongs to.

        Raises:
            HubUnavailableError, HubRefusedError
        """
        found = _identity(await self._rest.demand("user", needs="of any role"))
        if found is None:
            raise HubUnavailableError(self._rest.url, "its answer names nobody: is LTT_HUB_API_URL the hub's API?")
        return found

    async def running_servers(self) -> AsyncIterator[Sequence[HubServer]]:
        """Every server that is ready, page by page.

        Raises:
            HubUnavailableError, HubRefusedError
        """
        offset: int | None = 0
        while offset is not None:
            query = {"state": "ready", "offset": str(offset), "limit": str(PAGE)}
            said = await self._rest.demand("users", query, needs="list:users")
            users = said.get("items") if isinstance(said, dict) else said
            if not isinstance(users, list):
                raise HubUnavailableError(self._rest.url, "its list of users cannot be read")
            yield [server for user in users for server in _servers(user) if server.ready]
            offset = _next_offset(said, offset)

    async def servers_of(self, owner: Username) -> Sequence[HubServer]:
        """One user's servers that run or start; none for a user whom the hub, or our role, does not know.

        Raises:
            HubUnavailableError, HubRefusedError
        """
        answer = await self._rest.ask(f"users/{quote(owner, safe='')}")
        if answer.status == HTTPStatus.NOT_FOUND:
            return []
        if answer.status != HTTPStatus.OK:
            raise self._rest.refusal(answer.status, "read:servers")
        return list(_servers(answer.json))

    async def stop_server(self, owner: Username, name: str) -> None:
        """Ask for the end of a server; one that does not run is no error.

        Raises:
            HubUnavailableError, HubRefusedError
        """
        which = f"servers/{quote(name, safe='')}" if name else "server"
        answer = await self._rest.ask(f"users/{quote(owner, safe='')}/{which}", method="DELETE")
        if answer.status not in STOPPED:
            raise self._rest.refusal(answer.status, "delete:servers")


def _next_offset(said: object, offset: int) -> int | None:
    following = said.get("_pagination", {}).get("next") if isinstance(said, dict) else None
    found = following.get("offset") if isinstance(following, dict) else None
    # A hub that named the same page again would never let a sweep end.
    return found if isinstance(found, int) and found > offset else None


def _identity(said: object) -> HubIdentity | None:
    if not isinstance(said, dict) or not isinstance(said.get("name"), str) or not said["name"]:
        return None
    return HubIdentity(
        name=Username(said["name"]),
        kind=str(said.get("kind", "")),
        groups=frozenset(_words(said.get("groups"))),
        scopes=frozenset(_words(said.get("scopes"))),
    )


def _servers(user: object) -> Iterator[HubServer]:
    if not isinstance(user, dict) or not isinstance(user.get("name"), str):
        return
    servers = user.get("servers")
    for name, server in servers.items() if isinstance(servers, dict) else ():
        if isinstance(server, dict) and isinstance(server.get("url"), str):
            yield HubServer(
                owner=Username(user["name"]),
                name=str(name),
                path=server["url"],
                ready=server.get("ready") is True,
                started=str(server.get("started") or ""),
                state=_state(server.get("state")),
            )


def _state(said: object) -> dict[str, str]:
    if not isinstance(said, Mapping):
        return {}
    return {str(key): value[:STATE_WORD] for key, value in said.items() if isinstance(value, str)}


def _words(said: Any) -> list[str]:
    return [word for word in said if isinstance(word, str)] if isinstance(said, list) else []
