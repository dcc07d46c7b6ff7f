"""Saves what a crash kept from its file.

A document is saved a second after its last edit; a server that is killed before leaves a history that is ahead of the
file. Upstream lets the file win: the room deletes the unsaved letters, and the learner's open tab, rejoining, deletes
them too. So before the first room opens, the file gets what the dead server would have written a moment later.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from logging import Logger
from typing import Any

from jupyter_server.utils import ensure_async
from jupyter_ydoc import ydocs
from pycrdt import Doc
from tornado.web import HTTPError

from ltt_learner.database import Database, DatabaseUnavailableError, HistoryGoneError, Row
from ltt_learner.history import BrokenHistoryError, merge_whole

CONTENTS = {"notebook": ("notebook", "json"), "file": ("file", "text"), "chat": ("file", "text")}
"""What a document of that type is to the contents manager: (type, format). Others are left alone."""


AROUND = 5.0
"""Seconds before a file was written within which the state that went into it came about: saving waits for a second."""

CLOCKS = 1.0
"""Seconds that a file system's clock may be ahead of ours."""

MOST_LOOKS = 200
"""States that are compared with the file: five seconds of the fastest typing have fewer."""


@dataclass(slots=True)
class Recovery:
    """Brings files up to the histories of a server that was killed.

    Invariants:
        1. A file is written only if it is what the history was last saved as, or older than the history's beginning, or
           what the document held when the file was written: whoever changed it meanwhile wins.
        2. No failure keeps the server from starting.
    """

    database: Database
    contents: Any
    file_ids: Any
    log: Logger

    async def run(self) -> int:
        """Look at every document that was not left in order; how many files were written."""
        try:
            unsettled = self.database.unsettled()
        except (DatabaseUnavailableError, HistoryGoneError) as error:
            self.log.warning("No look for unsaved text (%r)", error)
            return 0
        written = 0
        for key, rows in unsettled.items():
            try:
                written += await self._document(key, rows)
            except (HTTPError, OSError, TypeError, ValueError, BrokenHistoryError) as error:
                self.log.warning("No look for unsaved text of %s (%r)", key, error)
            except (DatabaseUnavailableError, HistoryGoneError) as error:
                self.log.warning("The history of %s was not put in order (%r)", key, error)
        return written

    async def _document(self, key: str, rows: Sequence[Row]) -> bool:
        kind, _, file_id = key.removeprefix(".").removesuffix(".y").partition(":")
        path = self.file_ids.get_path(file_id)
        if path is None or kind not in CONTENTS:
            return False
        history = merge_whole([row.update for row in rows])
        document = ydocs[kind if kind in ydocs else "file"](Doc())
        document.ydoc.apply_update(history)
        content = await document.aget()
        as_type, as_format = CONTENTS[kind]
        get = self.contents.get(path, type=as_type, format=as_format, content=True, require_hash=True)
        model = await ensure_async(get)
        ahead = content != model["content"] and (
            untouched(document.hash, model, rows) or await written_by_us(kind, model, rows)
        )
        if ahead:
            await ensure_async(self.contents.save({"type": as_type, "format": as_format, "content": content}, path))
            self.log.warning("Saved text of %s that the last server had no time to save", path)
            self.database.tally.recovered += 1
        self.database.settle(key, history)
        return ahead


def untouched(saved_as: str | None, model: dict[str, Any], rows: Sequence[Row]) -> bool:
    """Whether nobody has written the file since the history's server did. (Invariant 1)"""
    if saved_as is not None:
        return bool(saved_as == model["hash"])
    return bool(model["last_modified"].timestamp() < rows[0].timestamp)


async def written_by_us(kind: str, model: dict[str, Any], rows: Sequence[Row]) -> bool:
    """Whether the file holds what the document held when it was written: then the killed server wrote it.

    It was killed before it could note the new file's hash in the history. (Invariant 1)
    """
    written = model["last_modified"].timestamp()
    document = ydocs[kind if kind in ydocs else "file"](Doc())
    looks = 0
    for row, following in zip_longest(rows, rows[1:]):
        document.ydoc.apply_update(row.update)
        is_last_before = following is None or following.timestamp > written
        if row.timestamp > written + CLOCKS:
            return False
        if is_last_before or row.timestamp >= written - AROUND:
            looks += 1
            if await document.aget() == model["content"]:
                return True
            if looks >= MOST_LOOKS:
                return False
    return False
