"""Who did what to whom, and what becomes of a learner's data. What *kept* means is said in ``ports.store``."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ltt_collab.model.ids import Username


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """``actor`` did ``action`` to ``subject`` at ``at`` (Unix time in seconds).

    ``id``: unique, so that a retry is one entry. ``actor``: a user name, or ``service``. ``action``: a stable word as
    in ``data.deleted``. ``detail``: one line for people, never a learner's text and never a secret.
    """

    id: str
    at: float
    actor: str
    action: str
    subject: str
    detail: str = ""


class AuditStore(Protocol):
    """The log of acts that somebody may have to answer for; entries are only added."""

    async def append(self, *entries: AuditEntry) -> None:
        """Add entries, all or none; one whose id is there already is ignored; kept."""
        ...

    async def select(
        self, *, subject: str | None = None, actor: str | None = None, after: str | None = None, limit: int = 100
    ) -> Sequence[AuditEntry]:
        """A page ordered by (at, id), which goes on after the entry with id ``after``."""
        ...


DATA_DELETED, DATA_EXPORTED, DATA_EXPIRED = "data.deleted", "data.exported", "data.expired"
"""The actions that ``PersonalData`` notes in the audit."""


class PersonalData(Protocol):
    """Everything that is kept under one learner's name, whatever table it is in."""

    def export(self, learner: Username, *, actor: str, at: float) -> AsyncIterator[tuple[str, Mapping[str, Any]]]:
        """Every record, as (kind, JSON-ready record) pairs, kind after kind; noted in the audit.

        The events of a room in which they ever were come whole.
        """
        ...

    async def delete(self, learner: Username, *, actor: str, at: float) -> Mapping[str, int]:
        """Remove all of it for good; how many records of each kind. The audit keeps that it happened, and when.

        The recorded events of a room go whole, also where somebody else worked in it: what one wrote stands in the
        other's events too. The notebook itself is not ours and stays.
        """
        ...

    async def expire(self, *, before: float, at: float) -> Mapping[str, int]:
        """Remove what is older than ``before``: events, ended suggestions, submissions, validations, answers.

        Progress, enrolments and the audit stay. Noted in the audit when anything went.
        """
        ...
