"""Writes that must not be lost: into the database, or into the outbox until the database is back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

import anyio
import structlog
from anyio import to_thread
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from ltt_collab.adapters.store import schema
from ltt_collab.adapters.store.database.connection import Database, is_refusal
from ltt_collab.adapters.store.outbox import Entry, Outbox, OutboxFullError
from ltt_collab.model.errors import StoreUnavailableError
from ltt_collab.ports.privacy import DATA_DELETED
from ltt_collab.ports.store import StoreState

log = structlog.get_logger(__name__)

RETRY_FIRST, RETRY_MOST = 0.2, 5.0
"""Seconds between two looks whether the database is back: soon after a short lock, seldom in a long outage."""

Apply = Callable[[AsyncConnection, Any], Awaitable[Any]]


class _Waits:
    """What ``Journal.write`` returns when the write waits in the outbox."""


WAITS: Final = _Waits()


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    """A kind of write: its name in the outbox, ``what`` completes 'the store cannot …'.

    ``apply`` does it, from JSON-ready data, and may be done again with the same data to no effect. ``replay``: does it
    when it comes late from the outbox, where that differs. ``whose``: the learner and the time that the data are of;
    they are dropped when they come late and all that was kept of that learner was deleted since.
    """

    name: str
    what: str
    apply: Apply
    replay: Apply | None = None
    whose: Callable[[Any], tuple[str, float]] | None = None


def learner_and_time(row: Any) -> tuple[str, float]:
    """``Writing.whose`` for a row with both columns."""
    return row["learner"], row["at"]


class Journal:
    """Carries out writes; implements ``StoreUpkeep``.

    Invariants:
        1. Once a write waits, everything after it waits behind it: writes happen in order.
        2. A write that the database is there for and refuses is an error at once, and holds up nothing in the outbox.
    """

    def __init__(self, database: Database, outbox: Outbox | None) -> None:
        self._database, self._outbox = database, outbox
        self._kinds: dict[str, Writing] = {}
        self._lock = anyio.Lock()
        self._queued = anyio.Event()
        self._reason = ""

    def knows(self, *kinds: Writing) -> None:
        """Learn how to do these when they come out of the outbox."""
        for kind in kinds:
            self._kinds[kind.name] = kind

    async def write(self, kind: Writing, payload: Any) -> Any:
        """Do it and return what ``apply`` returns, or let it wait and return ``WAITS``.

        Raises:
            StoreUnavailableError: the database refuses it, or it can neither be done nor wait.
        """
        if self._outbox is not None and self._outbox.waiting:
            return await self._wait(kind, payload)
        try:
            async with self._database.writing(kind.what) as connection:
                result = await kind.apply(connection, payload)
        except StoreUnavailableError as error:
            if is_refusal(error):  # invariant 2
                raise
            self._reason = error.reason
            if self._outbox is None:
                raise
            return await self._wait(kind, payload)
        self._reason = ""
        return result

    async def drain(self) -> bool:
        """Write what waits, as far as the database takes it; whether nothing waits any more."""
        if self._outbox is None:
            return True
        while True:
            async with self._lock:
                entry = await to_thread.run_sync(self._outbox.first)
            if entry is None:
                return True
            if not await self._redo(self._outbox, entry):
                return False

    async def run(self) -> None:
        """Write what waits in the outbox whenever the database is back; until cancelled."""
        pause = RETRY_FIRST
        while True:
            queued = self._queued
            try:
                drained = await self.drain()
            except OSError as error:
                self._reason, drained = f"the outbox cannot be read: {error.strerror or error}", False
            if drained:
                pause = RETRY_FIRST
                await queued.wait()
            else:
                await anyio.sleep(pause)
                pause = min(2 * pause, RETRY_MOST)

    def state(self) -> StoreState:
        """How the database does, as far as the last write told."""
        waiting = 0 if self._outbox is None else self._outbox.waiting
        return StoreState(available=not (waiting or self._reason), waiting=waiting, reason=self._reason)

    async def close(self) -> None:
        """Write what can be written, keep the rest for the next life."""
        if self._outbox is not None:
            try:
                await self.drain()
            finally:
                await to_thread.run_sync(self._outbox.close)

    async def _wait(self, kind: Writing, payload: Any) -> _Waits:
        outbox = self._outbox
        assert outbox is not None
        try:
            async with self._lock:
                await to_thread.run_sync(outbox.append, kind.name, payload)
        except OutboxFullError:
            raise StoreUnavailableError(kind.what, f"{self._reason}; and {outbox.path} is full") from None
        except OSError as error:
            reason = f"{self._reason}; and {outbox.path} cannot be written: {error.strerror or error}"
            raise StoreUnavailableError(kind.what, reason) from error
        queued, self._queued = self._queued, anyio.Event()
        queued.set()
        return WAITS

    async def _redo(self, outbox: Outbox, entry: Entry) -> bool:
        kind = self._kinds.get(entry.name)
        forget = outbox.done
        if kind is None:
            log.warning("outbox entry of another version set aside", name=entry.name)
            forget = outbox.set_aside
        else:
            try:
                async with self._database.writing(kind.what) as connection:
                    if kind.whose is None or not await _deleted_since(connection, *kind.whose(entry.payload)):
                        await (kind.replay or kind.apply)(connection, entry.payload)
            except StoreUnavailableError as error:
                if not is_refusal(error):
                    self._reason = error.reason
                    return False
                log.warning("outbox entry refused by the database and set aside", name=entry.name, reason=error.reason)
                forget = outbox.set_aside
        async with self._lock:
            await to_thread.run_sync(forget, entry)
        self._reason = ""
        return True


async def _deleted_since(connection: AsyncConnection, learner: str, at: float) -> bool:
    table = schema.audit
    deleted = (table.c.action == DATA_DELETED) & (table.c.subject == learner) & (table.c.at >= at)
    return (await connection.execute(select(table.c.id).where(deleted).limit(1))).first() is not None
