"""Saves what a crash kept from its file.

A document is saved a second after its last edit; a server that is killed before leaves a history that is ahead of the
file. Upstream lets the file win: the room deletes the unsaved letters, and the learner's open tab, rejoining, deletes
them too. So before the first room opens, the file gets what the dead server would have written a moment later.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
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


@dataclass(slots=True)
class Recovery:
    """Brings files up to the histories of a server that was killed.

    Invariants:
        1. A file is written only if it is what the history was last saved as, or older than the history's beginning:
           whoever changed it meanwhile wins.
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
        ahead = content != model["content"] and untouched(document.hash, model, rows)
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
