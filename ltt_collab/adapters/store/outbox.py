"""What could not be written yet, in order, in a file that outlives the process."""

from __future__ import annotations

import json
import os
import sys
import zlib
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

if sys.platform != "win32":
    import fcntl

MAX_BYTES = 256 * 1024 * 1024
"""What may wait: a day of a class of 30 that types all the time, at 0.1 KB a keystroke."""

SIBLINGS = 64
"""Services that may share one directory, each with its own file."""


class Entry(NamedTuple):
    """One write: which, with what; ``end``: the offset behind it."""

    name: str
    payload: Any
    end: int


class OutboxFullError(Exception):
    """The file holds as much as it may; becomes ``StoreUnavailableError`` at the journal."""


class Outbox:
    """An append-only file of writes. Every method blocks: call it in a worker thread, one at a time.

    Invariants:
        1. What ``append`` returned from is on the disk.
        2. A line that was torn by a crash is dropped, whole lines before it are kept.
        3. A file has one owner; a second service beside it takes a file of its own.
    """

    def __init__(self, path: Path, *, max_bytes: int = MAX_BYTES) -> None:
        self._max = max_bytes
        self.path, self._file = _own(path)
        self.waiting = 0
        self._read = 0
        self._size = 0
        self._recover()

    def append(self, name: str, payload: Any) -> None:
        """Add one write at the end and wait until the disk has it.

        Raises:
            OutboxFullError
            OSError: the disk is full or away; nothing was added.
        """
        line = _line(name, payload)
        if self._size + len(line) > self._max:
            raise OutboxFullError
        try:
            self._file.seek(self._size)
            self._file.write(line)
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError:
            self._file.truncate(self._size)
            raise
        self._size += len(line)
        self.waiting += 1

    def first(self) -> Entry | None:
        """The oldest write that waits."""
        if not self.waiting:
            return None
        self._file.seek(self._read)
        line = self._file.readline()
        entry = _entry(line, self._read + len(line))
        if entry is None:  # what we wrote and read back whole before is not whole now: the disk failed
            raise OSError(f"{self.path} cannot be read back")
        return entry

    def done(self, entry: Entry) -> None:
        """Forget the oldest write; the file is emptied with the last."""
        self._read = entry.end
        self.waiting -= 1
        if not self.waiting:
            self._file.truncate(0)
            self._read = self._size = 0

    def set_aside(self, entry: Entry) -> None:
        """Keep a write that the database will never take, for people to look at, and forget it here."""
        with self.path.with_name(self.path.name + ".refused").open("ab") as refused:
            refused.write(_line(entry.name, entry.payload))
        self.done(entry)

    def close(self) -> None:
        """Let go of the file; an empty one is removed."""
        if not self.waiting:
            self.path.unlink(missing_ok=True)
        self._file.close()

    def _recover(self) -> None:
        self._file.seek(0)
        for line in self._file:
            entry = _entry(line, self._size + len(line))
            if entry is None:  # invariant 2
                break
            self._size = entry.end
            self.waiting += 1
        self._file.truncate(self._size)


def _own(path: Path) -> tuple[Path, BinaryIO]:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    for number in range(1, SIBLINGS + 1):
        candidate = path if number == 1 else path.with_name(f"{path.name}.{number}")
        # For our eyes only: it holds what learners wrote.
        descriptor = os.open(candidate, os.O_RDWR | os.O_CREAT, 0o600)
        if sys.platform != "win32":
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:  # invariant 3
                os.close(descriptor)
                continue
            if not os.fstat(descriptor).st_nlink:  # its owner removed it between our opening and our locking
                os.close(descriptor)
                return _own(path)
        return candidate, os.fdopen(descriptor, "r+b")
    raise OSError(f"{SIBLINGS} services hold an outbox beside {path} already")


def _line(name: str, payload: Any) -> bytes:
    text = json.dumps([name, payload], separators=(",", ":")).encode()
    return b"%08x %s\n" % (zlib.crc32(text), text)


def _entry(line: bytes, end: int) -> Entry | None:
    checksum, _, text = line.rstrip(b"\n").partition(b" ")
    if not line.endswith(b"\n") or checksum != b"%08x" % zlib.crc32(text):
        return None
    name, payload = json.loads(text)
    return Entry(name, payload, end)
