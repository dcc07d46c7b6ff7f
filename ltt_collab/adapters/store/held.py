"""What a memory store holds of one learner, so that it can be exported and deleted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from ltt_collab.model.ids import Username

Held = Iterable[tuple[str, Mapping[str, Any]]]
"""(kind, JSON-ready record) pairs."""


class Holder(Protocol):
    """A memory store that holds personal data."""

    def of(self, learner: Username) -> Held:
        """All that is this learner's."""
        ...

    def forget(self, learner: Username) -> None:
        """Drop it."""
        ...

    def expire(self, before: float) -> Mapping[str, int]:
        """Drop what is older and over; how many of each kind."""
        ...
