"""Notes in the audit what people did."""

from __future__ import annotations

import secrets

import structlog

from ltt_collab.model.errors import StoreUnavailableError
from ltt_collab.model.ids import Username
from ltt_collab.ports.clock import Clock
from ltt_collab.ports.privacy import AuditEntry, AuditStore

log = structlog.get_logger(__name__)


class Auditing:
    """Writes entries; an act is done also when it cannot be noted, which is logged then."""

    def __init__(self, audit: AuditStore, clock: Clock) -> None:
        self._audit, self._clock = audit, clock

    async def note(self, action: str, subject: str, *, by: Username, detail: str = "") -> None:
        """``by`` did ``action`` to ``subject``, just now."""
        entry = AuditEntry(
            id=f"a-{secrets.token_hex(8)}",
            at=self._clock.now(),
            actor=by,
            action=action,
            subject=subject,
            detail=detail,
        )
        try:
            await self._audit.append(entry)
        except StoreUnavailableError as error:
            log.error("act not audited", action=action, reason=str(error))  # noqa: TRY400 - its message says all
