"""The histories of a server's documents in one SQLite file.

Everything here blocks, and runs in the file's one worker thread (``LearnerYStore`` submits it). The tables are those
of pycrdt's ``SQLiteYStore``, so that a server without this extension can read what we wrote.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from logging import Logger, getLogger
from pathlib import Path
from typing import ClassVar, NamedTuple, TypeVar

T = TypeVar("T")

FORMAT = 2
"""pycrdt-store's number for this schema (``BaseYStore.version``)."""

BUSY = 1.0
"""Seconds to wait for another process's lock: a write is at most this late, and no reader of the room waits for it."""

LOG_PAGES = 256
"""Pages (4 KiB) of write-ahead log before they go into the file: 1 MiB beside it at most, SQLite's own is four."""

DAY = 86_400.0

SETTLED = b"settled"
"""Metadata of a snapshot whose document's file needs nothing from it: saved, or left unsaved by its learner."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS yupdates (path TEXT NOT NULL, yupdate BLOB, metadata BLOB, timestamp REAL NOT NULL);
CREATE INDEX IF NOT EXISTS idx_yupdates_path_timestamp ON yupdates (path, timestamp);
CREATE TABLE IF NOT EXISTS ycheckpoints
    (path TEXT NOT NULL, checkpoint BLOB NOT NULL, timestamp REAL NOT NULL, PRIMARY KEY (path));
"""


class DatabaseUnavailableError(Exception):
    """The history database cannot be used now: {reason}."""


class HistoryGoneError(Exception):
    """The database was replaced since this document's rows were written; it needs a full snapshot again."""


class Row(NamedTuple):
    """One stored update."""

    update: bytes
    metadata: bytes
    timestamp: float


@dataclass(slots=True)
class Tally:
    """What happened to one database since the server started. Counts only, never text."""

    snapshots: int = 0
    appended: int = 0
    healed: int = 0
    recovered: int = 0
    failed_writes: int = 0
    moved_aside: int = 0


class Database:
    """All histories in one SQLite file.

    Invariants:
        1. One connection and one thread per file in this process; another process that holds the file makes it
           unavailable here, so two servers never write into one history.
        2. After ``replace`` a document's only row is a full snapshot.
        3. A file that SQLite calls broken is moved aside, never written to again, and ``generation`` grows.
        4. The file is readable by its owner only.
    """

    _open: ClassVar[dict[Path, Database]] = {}

    def __init__(self, path: Path, log: Logger | None = None) -> None:
        self.path = path
        self.log = log or getLogger(__name__)
        self.keep_days = 0
        self.generation = 0
        self.tally = Tally()
        self.thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ltt-history")
        self._connection: sqlite3.Connection | None = None

    @classmethod
    def at(cls, path: Path, log: Logger | None = None) -> Database:
        """The database of that file, the same object for all documents of this process."""
        key = path.absolute()
        if key not in cls._open:
            cls._open[key] = cls(key, log)
        return cls._open[key]

    @classmethod
    def all_open(cls) -> list[Database]:
        """Every database that this process has used."""
        return list(cls._open.values())

    def read(self, path: str) -> tuple[list[Row], int]:
        """A document's rows in the order written, and the generation they belong to."""

        def rows(connection: sqlite3.Connection) -> list[Row]:
            select = "SELECT yupdate, metadata, timestamp FROM yupdates WHERE path = ? ORDER BY rowid"
            return [Row(*row) for row in connection.execute(select, (path,))]

        try:
            return self._transact(rows), self.generation
        except HistoryGoneError:
            return [], self.generation

    def replace(self, path: str, snapshot: bytes, metadata: bytes) -> int:
        """Make a full snapshot the document's whole history; the generation it was written to."""

        def write(connection: sqlite3.Connection) -> None:
            self._forget(connection, path)
            connection.execute("INSERT INTO yupdates VALUES (?, ?, ?, ?)", (path, snapshot, metadata, time.time()))

        try:
            self._transact(write)
        except HistoryGoneError:
            self._transact(write)
        self.tally.snapshots += 1
        return self.generation

    def append(self, path: str, updates: Sequence[bytes], metadata: bytes, generation: int) -> None:
        """Add updates after a document's snapshot.

        Raises:
            HistoryGoneError: the snapshot that they belong to is no longer there.
        """
        now = time.time()
        rows = [(path, update, metadata, now) for update in updates]

        def write(connection: sqlite3.Connection) -> None:
            if generation != self.generation:
                raise HistoryGoneError
            connection.executemany("INSERT INTO yupdates VALUES (?, ?, ?, ?)", rows)

        self._transact(write)
        self.tally.appended += len(rows)

    def forget(self, path: str) -> None:
        """Drop one document's rows; it will start from its file."""
        self._transact(lambda connection: self._forget(connection, path))
        self.tally.healed += 1

    def unsettled(self) -> dict[str, list[Row]]:
        """The rows of the documents whose server ended without a last word."""

        def rows(connection: sqlite3.Connection) -> dict[str, list[Row]]:
            select = (
                "SELECT path, yupdate, metadata, timestamp FROM yupdates WHERE path NOT IN"
                " (SELECT path FROM yupdates GROUP BY path HAVING count(*) = 1 AND max(metadata) = ?) ORDER BY rowid"
            )
            found: dict[str, list[Row]] = {}
            for path, *row in connection.execute(select, (SETTLED,)):
                found.setdefault(path, []).append(Row(*row))
            return found

        return self._transact(rows)

    def settle(self, path: str, snapshot: bytes) -> int:
        """Like ``replace``, and the document needs no look after a crash."""
        return self.replace(path, snapshot, SETTLED)

    def close(self) -> None:
        """Release the file; the next use opens it again."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @staticmethod
    def _forget(connection: sqlite3.Connection, path: str) -> None:
        connection.execute("DELETE FROM yupdates WHERE path = ?", (path,))
        # A checkpoint (a stock store's summary) would outlive the rows it summarises.
        connection.execute("DELETE FROM ycheckpoints WHERE path = ?", (path,))

    def _transact(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run ``work`` in one transaction.

        Raises:
            DatabaseUnavailableError: locked by another process, full, read-only, not creatable.
            HistoryGoneError: the file was broken and has been moved aside; a new one is used from now on.
        """
        with self._refusals():
            if self._connection is None:
                self._connection = self._connect()
            with self._connection:
                return work(self._connection)

    @contextmanager
    def _refusals(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            self.close()
            # SQLite's "malformed" and "not a database" arrive as the bare class; its subclasses mean locked, full, …
            if type(error) is sqlite3.DatabaseError:
                self._move_aside(error)
                raise HistoryGoneError from error
            raise DatabaseUnavailableError(str(error)) from error

    def _connect(self) -> sqlite3.Connection:
        """Open or create the file, ready for statements."""
        # Created by us first: SQLite would give it the umask's permissions. (Invariant 4)
        os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
        connection = sqlite3.connect(self.path, timeout=BUSY, check_same_thread=False)
        try:
            # Exclusive: another server over the same file would tear the histories apart. (Invariant 1)
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            connection.execute("PRAGMA auto_vacuum = FULL")
            # One append per commit instead of several fsyncs per keystroke; a power cut costs the last moment's
            # history, never its order, and the notebook file is saved apart from it.
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute(f"PRAGMA wal_autocheckpoint = {LOG_PAGES}")
            connection.execute(f"PRAGMA journal_size_limit = {LOG_PAGES * 4096}")
            version, tables = self._format(connection)
            if tables and version != FORMAT:
                raise sqlite3.DatabaseError(f"format {version} instead of {FORMAT}")
            connection.executescript(SCHEMA)
            connection.execute(f"PRAGMA user_version = {FORMAT}")
            self._expire(connection)
            connection.commit()
        except BaseException:
            connection.close()
            raise
        return connection

    @staticmethod
    def _format(connection: sqlite3.Connection) -> tuple[int, int]:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        tables = connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'yupdates'").fetchone()[0]
        return int(version), int(tables)

    def _expire(self, connection: sqlite3.Connection) -> None:
        """Forget documents that nobody touched for ``keep_days`` (0: keep all); their files are untouched."""
        if self.keep_days:
            oldest = time.time() - self.keep_days * DAY
            stale = "SELECT path FROM yupdates GROUP BY path HAVING max(timestamp) < ?"
            for (path,) in connection.execute(stale, (oldest,)).fetchall():
                self._forget(connection, path)

    def _move_aside(self, error: sqlite3.DatabaseError) -> None:
        try:
            kept = move_aside(self.path)
        except OSError as refusal:
            raise DatabaseUnavailableError(f"{error}; it cannot be moved aside: {refusal}") from refusal
        self.generation += 1
        self.tally.moved_aside += 1
        self.log.warning("The histories in %s cannot be read (%s): kept as %s, starting anew", self.path, error, kept)


def move_aside(path: Path) -> Path:
    """Rename a broken SQLite file to ``<name>.broken`` (one is kept) and drop what belongs to it."""
    kept = path.with_name(path.name + ".broken")
    path.replace(kept)
    for suffix in ("-wal", "-shm", "-journal"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    return kept


def is_broken(path: Path) -> bool:
    """Whether a SQLite file exists there that SQLite cannot read. A locked one is not broken."""
    if not path.exists():
        return False
    try:
        connection = sqlite3.connect(path, timeout=BUSY)
        try:
            return bool(connection.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok")
        finally:
            connection.close()
    except sqlite3.OperationalError:
        return False
    except sqlite3.DatabaseError:
        return True
