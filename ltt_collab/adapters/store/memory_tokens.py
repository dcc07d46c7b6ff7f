"""Issued tokens, in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ltt_collab.ports.identity import TokenRecord


class MemoryTokens:
    """``TokenStore`` in memory."""

    def __init__(self) -> None:
        self._records: dict[str, TokenRecord] = {}

    async def save(self, record: TokenRecord) -> None:
        """Insert; an id that is there already is replaced."""
        self._records[record.id] = record

    async def find(self, digest: str) -> TokenRecord | None:
        """The token with that digest."""
        return next((record for record in self._records.values() if record.digest == digest), None)

    async def select(self) -> Sequence[TokenRecord]:
        """All of them, oldest first."""
        return sorted(self._records.values(), key=lambda record: (record.at, record.id))

    async def revoke(self, token: str, at: float) -> bool:
        """End the token of that id; False when there is none or it was ended before."""
        record = self._records.get(token)
        if record is None or record.revoked is not None:
            return False
        self._records[token] = replace(record, revoked=at)
        return True
