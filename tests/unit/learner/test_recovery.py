"""A file gets unsaved text only where nobody has written it since."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from logging import getLogger
from pathlib import Path
from typing import Any

import pytest
from jupyter_ydoc import YUnicode
from ltt_learner.database import Database
from ltt_learner.recovery import Recovery
from pycrdt import Doc
from tornado.web import HTTPError


@dataclass
class OneFile:
    """A contents manager and an id manager over one text file."""

    content: str
    hash: str = "h1"
    age: timedelta = timedelta(hours=1)
    saved: list[Any] = field(default_factory=list)
    error: Exception | None = None

    def get(self, path: str, **options: Any) -> dict[str, Any]:
        """The file's model."""
        if self.error is not None:
            raise self.error
        return {"content": self.content, "hash": self.hash, "last_modified": datetime.now(UTC) - self.age}

    def save(self, model: dict[str, Any], path: str) -> None:
        """Remember what was saved."""
        self.saved.append((path, model["content"]))

    def get_path(self, file_id: str) -> str | None:
        """The path of the one id."""
        return "a.txt" if file_id == "1" else None


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """A fresh database."""
    opened = Database.at(tmp_path / "history.db")
    yield opened
    opened.close()
    opened.thread.shutdown()


def history_of(text: str, saved_as: str | None) -> bytes:
    """A document's full snapshot."""
    document = YUnicode(Doc())
    document.set(text)
    if saved_as is not None:
        document.hash = saved_as
    return document.ydoc.get_update()


async def recovered(database: Database, file: OneFile) -> int:
    """How many files were written."""
    return await Recovery(database, file, file, getLogger(__name__)).run()


@pytest.mark.proves("learner:killed-server-recovered")
@pytest.mark.parametrize(
    ("saved_as", "file_hash", "age", "written"),
    [
        ("h1", "h1", 0, True),
        ("h1", "h2", 3600, False),
        (None, "h1", 3600, True),
        (None, "h1", -5, False),
    ],
    ids=["as-we-saved-it", "changed-since", "older-than-the-room", "newer-than-the-room"],
)
async def test_unsaved_text_is_written_only_into_a_file_that_is_as_we_left_it(
    database: Database, saved_as: str | None, file_hash: str, age: float, written: bool
) -> None:
    database.replace(".file:1.y", history_of("typed, unsaved", saved_as), b"")
    file = OneFile("on disk", hash=file_hash, age=timedelta(seconds=age))

    assert await recovered(database, file) == written
    assert file.saved == ([("a.txt", "typed, unsaved")] if written else [])
    assert database.unsettled() == {}, "it is looked at once"


@pytest.mark.proves("learner:killed-server-recovered")
async def test_a_file_that_has_the_text_already_is_not_written(database: Database) -> None:
    database.replace(".file:1.y", history_of("same", "h1"), b"")
    file = OneFile("same")
    assert await recovered(database, file) == 0
    assert file.saved == []


@pytest.mark.proves("learner:killed-server-recovered")
@pytest.mark.parametrize("error", [HTTPError(404), OSError("gone"), TypeError("an older contents manager")])
async def test_a_file_that_cannot_be_read_costs_nothing_but_the_look(database: Database, error: Exception) -> None:
    database.replace(".file:1.y", history_of("typed", "h1"), b"")
    assert await recovered(database, OneFile("x", error=error)) == 0
    assert list(database.unsettled()) == [".file:1.y"]


@pytest.mark.proves("learner:killed-server-recovered")
async def test_unknown_kinds_lost_files_and_holed_histories_are_left_alone(database: Database) -> None:
    database.replace(".file:2.y", history_of("its file is gone", "h1"), b"")
    database.replace(".blob:1.y", history_of("not text", "h1"), b"")
    database.append(".file:1.y", [b"no update"], b"", database.generation)
    file = OneFile("on disk")
    assert await recovered(database, file) == 0
    assert file.saved == []


def typed_history(*states: str) -> list[bytes]:
    """The updates that bring a document from each state to the next, the first from nothing."""
    document = YUnicode(Doc())
    updates, before = [], document.ydoc.get_state()
    for state in states:
        document.set(state)
        updates.append(document.ydoc.get_update(before))
        before = document.ydoc.get_state()
    return updates


@pytest.mark.proves("learner:killed-server-recovered")
@pytest.mark.parametrize(
    ("on_disk", "age", "written"),
    [("one, two", 0.0, True), ("by another program", 0.0, False), ("one, two", 3600.0, False)],
    ids=["killed-before-the-hash", "changed-since", "the-same-but-long-before"],
)
async def test_text_typed_after_a_save_whose_hash_was_not_noted_is_kept(
    database: Database, on_disk: str, age: float, written: bool
) -> None:
    database.replace(".file:1.y", history_of("", "h0"), b"")
    for update in typed_history("one", "one, two", "one, two, three"):
        database.append(".file:1.y", [update], b"", database.generation)
    file = OneFile(on_disk, hash="h1", age=timedelta(seconds=age))

    assert await recovered(database, file) == written
    assert file.saved == ([("a.txt", "one, two, three")] if written else [])
