"""``ltt replay`` tells a recorded session in a terminal."""

from __future__ import annotations

import json
from pathlib import Path

import anyio
import pytest
from typer.testing import CliRunner

from ltt_collab.adapters.store.choosing import open_stores
from ltt_collab.cli import app
from ltt_collab.model.errors import InvalidSettingError
from ltt_collab.model.ids import RoomId, ServerId
from tests.support.sessions import MadeSession


async def record(database: str, outbox: str) -> None:
    async with open_stores(database, outbox) as stores:
        await stores.rooms.save(RoomId("room-1"), ServerId("s"), "basket.ipynb")
        await stores.events.append(list(MadeSession(RoomId("room-1"), hours=0.05, cells=3).events()))


@pytest.fixture
def database(tmp_path: Path) -> str:
    url = f"sqlite+aiosqlite:///{tmp_path / 'ltt.db'}"
    anyio.run(record, url, str(tmp_path / "outbox"))
    return url


@pytest.mark.proves("replay:command")
def test_a_session_is_told_line_by_line_and_as_json(database: str) -> None:
    told = CliRunner().invoke(app, ["replay", "basket.ipynb", "--database", database])
    assert told.exit_code == 0, told.output
    assert "basket.ipynb, session 1" in told.output
    assert "NameError: name 'basket' is not defined" in told.output
    assert "Hint shown below the cell" in told.output

    as_json = CliRunner().invoke(app, ["replay", "room-1", "--json", "--database", database])
    found = json.loads(as_json.stdout)
    assert found["learners"] == ["ada"]
    assert {entry["kind"] for entry in found["entries"]} >= {"error", "hint", "passed", "failed", "run"}


def test_what_was_not_recorded_is_said(database: str) -> None:
    missing = CliRunner().invoke(app, ["replay", "nothing.ipynb", "--database", database])
    assert isinstance(missing.exception, InvalidSettingError)
    assert "nothing was recorded" in str(missing.exception)
    third = CliRunner().invoke(app, ["replay", "room-1", "--session", "3", "--database", database])
    assert "--session=3" in str(third.exception)
