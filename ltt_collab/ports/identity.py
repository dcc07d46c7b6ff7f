"""Who a token belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ltt_collab.model.identity import Principal


class Authenticator(Protocol):
    """Tells who sends a token; several may stand behind each other (the service's own, issued ones, the hub's)."""

    async def identify(self, token: str) -> Principal | None:
        """Who it is; None for a token that is unknown, ended or revoked.

        Raises:
            StoreUnavailableError, HubUnavailableError: it cannot be told now.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRecord:
    """An issued token: never the token itself, only its SHA-256 (``digest``, hex). Times are Unix times in seconds.

    ``expires``: None for never; ``revoked``: None while it is good.
    """

    id: str
    digest: str
    principal: Principal
    at: float
    expires: float | None = None
    revoked: float | None = None
    note: str = ""


class TokenStore(Protocol):
    """Issued tokens."""

    async def save(self, record: TokenRecord) -> None:
        """Insert; an id that is there already is replaced."""
        ...

    async def find(self, digest: str) -> TokenRecord | None:
        """The token with that digest."""
        ...

    async def select(self) -> Sequence[TokenRecord]:
        """All of them, oldest first."""
        ...

    async def revoke(self, token: str, at: float) -> bool:
        """End the token of that id; False when there is none or it was ended before."""
        ...
