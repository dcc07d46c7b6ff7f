"""Forgets what is older than people agreed to."""

from __future__ import annotations

import structlog

from ltt_collab.model.errors import StoreUnavailableError
from ltt_collab.ports.clock import Clock
from ltt_collab.ports.privacy import PersonalData
from ltt_collab.ports.store import EventStore

log = structlog.get_logger(__name__)

DAY = 86_400.0
"""Seconds."""

RETRY = 3_600.0
"""Seconds until the next try when the store is away: nothing is lost by being late."""

EVENTS_PER_ROOM = 1_000_000
"""Kept of one room, however young: weeks of one learner, some hundred MB."""


async def sweep_daily(personal: PersonalData, events: EventStore, clock: Clock, days: float) -> None:
    """Drop what is older than ``days`` (0: nothing is too old), now and once a day; until cancelled."""
    while True:
        pause = DAY
        try:
            now = clock.now()
            gone = dict(await personal.expire(before=now - days * DAY, at=now)) if days else {}
            over = await events.prune(before=0.0, keep=EVENTS_PER_ROOM)
            if gone or over:
                log.info("old data deleted", **gone, events_over_bound=over)
        except StoreUnavailableError as error:
            log.warning("old data not deleted yet", reason=str(error))
            pause = RETRY
        await clock.sleep(pause)
