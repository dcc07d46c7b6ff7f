"""A YStore in which a document's history never has a hole.

Stock ``SQLiteYStore`` appends each update of a room. The room's own first operation is made before the store listens,
so a history that outlives its room lacks it, and a browser that meets the hole shows less than is saved.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from logging import Logger, getLogger
from pathlib import Path
from typing import Any, ClassVar, TypeVar
from weakref import WeakValueDictionary

from anyio import TASK_STATUS_IGNORED, CancelScope, Event, Lock
from anyio.abc import TaskStatus
from jupyter_server_ydoc.stores import SQLiteYStore  # type: ignore[import-untyped]
from pycrdt import Doc
from pycrdt.store import BaseYStore, YDocNotFound
from traitlets import Int, TraitError, validate

from ltt_learner.database import SETTLED, Database, DatabaseUnavailableError, HistoryGoneError
from ltt_learner.history import BrokenHistoryError, merge_whole

T = TypeVar("T")

RETRY = 5.0
"""Seconds without a try after a write failed: the next one is a full snapshot, so nothing is missed meanwhile."""


class LearnerYStore(SQLiteYStore):  # type: ignore[misc]  # jupyter_server_ydoc carries no types
    """Keeps one document's history as a full snapshot and the updates after it.

    Invariants:
        1. The first write after a room (re)starts is a full snapshot of its Doc; so is the first after a failed one.
        2. The rows after the snapshot have no gap: what could not be written makes the next write a snapshot.
        3. Rows and bytes after the snapshot are bounded; a room that ends leaves one row.
        4. A history with a hole, or one that cannot be read, never reaches a Doc: its rows are dropped and the
           document starts from its file, which the log says.
        5. No failure of the database reaches the room: the file is the learner's truth, the history is not.
        6. One live store per document: a later one takes over after the earlier one's last write.
    """

    squash_after_updates = Int(
        500, min=1, config=True, help="Write a full snapshot instead of the history once it has this many updates."
    )
    squash_after_bytes = Int(
        256 * 1024,
        min=1,
        config=True,
        help="Write a full snapshot instead of the history once the updates after the last one take this many bytes"
        " (and at least as many as the snapshot itself).",
    )
    keep_days = Int(
        30, min=0, config=True, help="Forget the history of documents untouched for this long; 0 keeps all."
    )

    default_db_path: ClassVar[str] = ""
    """Where the extension put the database: upstream's ``get_document`` makes stores without their configuration."""

    server_stops: ClassVar[bool] = False
    """Set once the server begins to stop: from then on a room's end is no eviction."""

    _live: ClassVar[WeakValueDictionary[tuple[Path, str], LearnerYStore]] = WeakValueDictionary()

    def __init__(
        self,
        path: str,
        metadata_callback: Callable[[], Awaitable[bytes] | bytes] | None = None,
        log: Logger | None = None,
        **options: Any,
    ) -> None:
        if log is not None:
            options["log"] = log
        super().__init__(path=path, metadata_callback=metadata_callback, **options)
        # The traits take `log` away from pycrdt's constructor, which then sets a logger that nobody reads.
        self.log = log or getLogger(__name__)
        if self.default_db_path and "db_path" not in self._configured():
            self.db_path = self.default_db_path
        self.database = Database.at(Path(self.db_path), self.log)
        self.database.keep_days = self.keep_days
        self._flushing = Lock()
        self._pending: list[bytes] = []
        self._doc: Doc[Any] | None = None
        self._state_at_load: bytes | None = None
        self._whole = False
        self._generation = -1
        self._rows = 0
        self._bytes = 0
        self._snapshot_bytes = 0
        self._retry_at = 0.0
        self._touched = False
        self._unsettled = False
        self._superseded = False

    @validate("db_path")
    def _one_file(self, proposal: dict[str, Any]) -> str:
        if proposal["value"] == ":memory:":
            raise TraitError("db_path must be a file: every room opens it")
        return str(proposal["value"])

    def _configured(self) -> set[str]:
        names = {cls.__name__ for cls in type(self).mro()}
        return {trait for name in names if name in self.config for trait in self.config[name]}

    async def start(
        self, *, task_status: TaskStatus[None] = TASK_STATUS_IGNORED, from_context_manager: bool = False
    ) -> None:
        """Run until the room ends or ``stop`` is called; then write what is left."""
        self.db_initialized = Event()
        self.db_initialized.set()
        try:
            await BaseYStore.start(self, task_status=task_status, from_context_manager=from_context_manager)
        finally:
            if not from_context_manager:
                # An evicted room has saved what its learner wanted saved; a stopping server may have had no time.
                await self.settle(saved=not self.server_stops)

    async def stop(self) -> None:
        """Write what is left and end."""
        await self.settle(saved=False)
        await BaseYStore.stop(self)

    async def apply_updates(self, ydoc: Doc[Any]) -> None:
        """Bring a new room's Doc to the stored state.

        Raises:
            YDocNotFound: there is no history that can be used; the room starts from the file.
        """
        await self._take_over()
        self._doc = ydoc
        try:
            rows, self._generation = await self._run(self.database.read, self.path)
            if not rows:
                raise YDocNotFound
            ydoc.apply_update(merge_whole([row.update for row in rows]))
        except DatabaseUnavailableError as error:
            self.log.warning("The history of %s cannot be read (%s): starting from the file", self.path, error)
            raise YDocNotFound from error
        except BrokenHistoryError as error:
            self.log.warning("The history of %s is broken (%s): dropped, starting from the file", self.path, error)
            await self._forget()
            raise YDocNotFound from error
        self._state_at_load = ydoc.get_state()
        self._unsettled = rows[-1].metadata != SETTLED

    async def read(self) -> AsyncIterator[tuple[bytes, bytes, float]]:
        """Every stored update with its metadata and time, the snapshot first.

        Raises:
            YDocNotFound: nothing is stored.
        """
        try:
            rows, _ = await self._run(self.database.read, self.path)
        except DatabaseUnavailableError as error:
            raise YDocNotFound from error
        if not rows:
            raise YDocNotFound
        for row in rows:
            yield row.update, row.metadata, row.timestamp

    async def write(self, data: bytes) -> None:
        """Store an update; updates that arrive during a commit go into the next one together."""
        self._pending.append(data)
        self._touched = True
        # Half a write would make the rows and what we know of them disagree; SQLite's own timeout bounds it.
        with CancelScope(shield=True):
            async with self._flushing:
                if self._pending:
                    await self._flush()

    async def encode_state_as_update(self, ydoc: Doc[Any]) -> None:
        """Store the whole Doc."""
        self._doc = ydoc
        with CancelScope(shield=True):
            async with self._flushing:
                self._whole = False
                await self._flush()

    async def settle(self, *, saved: bool) -> None:
        """Leave one full snapshot behind. (Invariant 3)

        ``saved``: the file needs nothing from it, so the next server need not look for unsaved text.
        """
        with CancelScope(shield=True):
            async with self._flushing:
                if self._doc is not None and (self._changed() or (saved and self._unsettled)):
                    self._whole = False
                    await self._flush(SETTLED if saved else None)
                # The room may be started again with this store. (Invariant 1)
                self._whole = False

    def _changed(self) -> bool:
        assert self._doc is not None
        return self._touched or self._doc.get_state() != self._state_at_load

    async def _take_over(self) -> None:
        """End an earlier room's store of the same document. (Invariant 6)"""
        key = (self.database.path, self.path)
        earlier = self._live.get(key)
        if earlier is not None and earlier is not self:
            await earlier.settle(saved=False)
            earlier._superseded = True
        self._live[key] = self

    async def _forget(self) -> None:
        try:
            await self._run(self.database.forget, self.path)
        except (DatabaseUnavailableError, HistoryGoneError) as error:
            self.log.warning("The broken history of %s stays until its next snapshot: %r", self.path, error)

    async def _flush(self, mark: bytes | None = None) -> None:
        """Write what is pending, or everything where a part would leave a hole. Call it with ``_flushing`` held."""
        batch, self._pending = self._pending, []
        if self._superseded or time.monotonic() < self._retry_at:
            self._whole = False
            return
        metadata = await self.get_metadata() if mark is None else mark
        with self._unharmed():
            if self._due(batch):
                await self._snapshot(metadata)
                return
            try:
                await self._run(self.database.append, self.path, batch, metadata, self._generation)
            except HistoryGoneError:
                await self._snapshot(metadata)
                return
            self._unsettled = True
            self._rows += len(batch)
            self._bytes += sum(map(len, batch))

    def _due(self, batch: list[bytes]) -> bool:
        if self._doc is None:
            return False
        limit = max(self.squash_after_bytes, self._snapshot_bytes)
        full = self._rows + len(batch) > self.squash_after_updates or self._bytes + sum(map(len, batch)) > limit
        return full or not self._whole

    async def _snapshot(self, metadata: bytes) -> None:
        if self._doc is None:
            return
        snapshot = self._doc.get_update()
        self._generation = await self._run(self.database.replace, self.path, snapshot, metadata)
        self._rows, self._bytes, self._snapshot_bytes = 1, 0, len(snapshot)
        self._state_at_load = self._doc.get_state()
        self._whole, self._touched, self._unsettled = True, False, metadata != SETTLED

    @contextmanager
    def _unharmed(self) -> Iterator[None]:
        """Keep a failure of the database from the room. (Invariants 2, 5)"""
        try:
            yield
        except (DatabaseUnavailableError, HistoryGoneError) as error:
            self._whole = False
            self._retry_at = time.monotonic() + RETRY
            self.database.tally.failed_writes += 1
            self.log.warning("The history of %s was not written (%r): again in %s s", self.path, error, RETRY)

    async def _run(self, work: Callable[..., T], *arguments: Any) -> T:
        """``work`` in the database's own thread."""
        return await asyncio.get_running_loop().run_in_executor(self.database.thread, partial(work, *arguments))
