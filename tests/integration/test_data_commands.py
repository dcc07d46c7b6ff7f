"""``ltt data``: what an operator does with one learner's data."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from ltt_collab.adapters.store.choosing import open_stores
from ltt_collab.model.edits import OutputsCleared
from ltt_collab.model.errors import InvalidSettingError
from ltt_collab.model.ids import CellId, RoomId, Seq, Username
from ltt_collab.model.presence import Author, AuthorKind
from ltt_collab.personal.commands import data_app


def data(*arguments: str) -> Result:
    return CliRunner().invoke(data_app, arguments)


@pytest.fixture
def database(tmp_path: Path) -> str:
    """A database that holds something of ada."""
    url = f"sqlite+aiosqlite:///{tmp_path / 'ltt.db'}"

    async def fill() -> None:
        async with open_stores(url) as stores:
            await stores.wishes.keep_away("http://here/", Username("ada"))
            author = Author(kind=AuthorKind.LEARNER, username=Username("ada"))
            await stores.events.append(
                [
                    OutputsCleared(room=RoomId("r"), seq=Seq(seq), at=1.0, author=author, cell_id=CellId("a"))
                    for seq in range(1, 4)
                ]
            )

    asyncio.run(fill())
    return url


@pytest.mark.proves("privacy:export-whole", "privacy:really-gone")
def test_an_operator_exports_and_deletes_a_learners_data(tmp_path: Path, database: str) -> None:
    to = tmp_path / "ada.json"
    assert data("export", "ada", "--to", str(to), "--database", database).exit_code == 0
    exported = json.loads(to.read_text())
    assert exported["username"] == "ada"
    assert [event["seq"] for event in exported["events"]] == [1, 2, 3]
    assert exported["events"][0]["body"]["type"] == "outputs_cleared"
    assert to.stat().st_mode & 0o777 == 0o600

    deleted = data("delete", "ada", "--yes", "--json", "--database", database)
    assert deleted.exit_code == 0, deleted.stderr
    assert json.loads(deleted.stdout)["deleted"] == {"kept_away": 1, "events": 3, "rooms": 1, "room_learners": 1}

    left = data("export", "ada", "--database", database)
    assert left.exit_code == 0, left.stderr
    audit = sorted(json.loads(left.stdout)["audit"], key=lambda entry: float(entry["at"]))
    assert [entry["action"] for entry in audit] == ["data.exported", "data.deleted", "data.exported"]


def test_nothing_is_deleted_without_a_yes(database: str) -> None:
    refused = data("delete", "ada", "--database", database)
    assert refused.exit_code == 2
    assert "--yes" in refused.stderr
    assert "kept_away" in json.loads(data("export", "ada", "--database", database).stdout)


def test_a_database_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    refused = data("export", "ada", "--database", f"sqlite:///{tmp_path / 'typo.db'}")
    assert isinstance(refused.exception, InvalidSettingError)
    assert "there is no such file" in str(refused.exception)
    assert list(tmp_path.iterdir()) == []
