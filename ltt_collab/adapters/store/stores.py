"""The three stores of one service, opened and closed together."""

from __future__ import annotations

from dataclasses import dataclass

from ltt_collab.ports.store import EventStore, SuggestionStore, WishStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Stores:
    """Every store behind ``ports.store``, on one database."""

    wishes: WishStore
    suggestions: SuggestionStore
    events: EventStore
