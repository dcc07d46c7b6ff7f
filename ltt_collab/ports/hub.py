"""A JupyterHub: whose tokens it knows, and which learners' servers run."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ltt_collab.model.ids import Username


@dataclass(frozen=True, slots=True, kw_only=True)
class HubServer:
    """One server of a user.

    ``name``: '' for the default one. ``path``: its URL's path as the hub says it, with a trailing slash. ``started``:
    the hub's word for when, other after each start. ``state``: what the spawner tells, {} where our role does not
    allow to see it.
    """

    owner: Username
    name: str
    path: str
    ready: bool
    started: str = ""
    state: dict[str, str] = field(default_factory=dict)

    @property
    def key(self) -> tuple[Username, str]:
        """What tells it from every other server of the hub."""
        return (self.owner, self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class HubIdentity:
    """Whom a token belongs to: ``kind`` is ``user`` or ``service``; ``scopes`` as the hub expands them."""

    name: Username
    kind: str
    groups: frozenset[str]
    scopes: frozenset[str]


class Hub(Protocol):
    """The REST API of one JupyterHub, as far as we need it."""

    async def identify(self, token: str) -> HubIdentity | None:
        """Whom that token belongs to; None when the hub does not know it.

        Raises:
            HubUnavailableError
        """
        ...

    async def identify_us(self) -> HubIdentity:
        """Whom our own token belongs to.

        Raises:
            HubUnavailableError, HubRefusedError
        """
        ...

    def running_servers(self) -> AsyncIterator[Sequence[HubServer]]:
        """Every server that is ready, page by page.

        Raises:
            HubUnavailableError, HubRefusedError
        """
        ...

    async def stop_server(self, owner: Username, name: str) -> None:
        """Ask for the end of a server; one that does not run is no error.

        Raises:
            HubUnavailableError, HubRefusedError: our token may not (``delete:servers``).
        """
        ...

    async def servers_of(self, owner: Username) -> Sequence[HubServer]:
        """One user's servers that run or start; none for a user whom the hub, or our role, does not know.

        Raises:
            HubUnavailableError, HubRefusedError
        """
        ...


class HubLogins(Protocol):
    """People's logins at a hub, by the authorization-code flow of its OAuth provider."""

    async def client(self) -> str:
        """Our name as an OAuth client.

        Raises:
            HubUnavailableError, HubRefusedError: also where our token belongs to a user, who is no client.
        """
        ...

    async def redeem(self, code: str, *, verifier: str, callback: str) -> str | None:
        """The token of whoever logged in; None for a code that the hub does not know (any more).

        Raises:
            HubUnavailableError, HubRefusedError
        """
        ...
