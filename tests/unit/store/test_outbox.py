"""The file in which writes wait."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest
from anyio import to_thread

from ltt_collab.adapters.store.outbox import Outbox, OutboxFullError
from ltt_collab.adapters.store.sqlite import open_sqlite
from ltt_collab.model.ids import SubmissionId
from ltt_collab.ports.learning import Selected


def taken(outbox: Outbox) -> list[object]:
    found: list[object] = []
    while (entry := outbox.first()) is not None:
        found.append((entry.name, entry.payload))
        outbox.done(entry)
    return found


def leave_behind(path: Path, writes: Sequence[tuple[str, object]]) -> None:
    outbox = Outbox(path)
    for name, payload in writes:
        outbox.append(name, payload)
    outbox.close()


def test_writes_come_out_in_order_and_once(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "box")
    outbox.append("a", {"é": "\x00\n"})
    outbox.append("b", [1, None])
    assert outbox.waiting == 2
    assert taken(outbox) == [("a", {"é": "\x00\n"}), ("b", [1, None])]
    outbox.append("c", 3)
    assert taken(outbox) == [("c", 3)]
    outbox.close()
    assert not (tmp_path / "box").exists()


def test_the_next_owner_finds_what_waited(tmp_path: Path) -> None:
    leave_behind(tmp_path / "box", [("a", 1), ("b", 2)])
    second = Outbox(tmp_path / "box")
    assert second.waiting == 2
    assert taken(second) == [("a", 1), ("b", 2)]
    second.close()


def test_a_line_that_a_crash_tore_is_dropped_and_the_whole_ones_stay(tmp_path: Path) -> None:
    leave_behind(tmp_path / "box", [("a", 1), ("b", "x" * 100)])
    os.truncate(tmp_path / "box", (tmp_path / "box").stat().st_size - 20)
    second = Outbox(tmp_path / "box")
    second.append("c", 3)
    assert taken(second) == [("a", 1), ("c", 3)]
    second.close()


def test_a_second_service_has_a_file_of_its_own(tmp_path: Path) -> None:
    first, second = Outbox(tmp_path / "box"), Outbox(tmp_path / "box")
    first.append("a", 1)
    second.append("b", 2)
    assert first.path != second.path
    assert taken(first) == [("a", 1)]
    assert taken(second) == [("b", 2)]
    first.close()
    second.close()


def test_a_full_outbox_refuses_and_keeps_what_it_has(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "box", max_bytes=100)
    outbox.append("a", "x" * 40)
    with pytest.raises(OutboxFullError):
        outbox.append("b", "x" * 40)
    assert taken(outbox) == [("a", "x" * 40)]
    outbox.close()


def test_the_file_is_for_its_owner_only(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "new" / "box")
    assert outbox.path.stat().st_mode & 0o777 == 0o600
    outbox.close()


@pytest.mark.proves("store:nothing-lost")
async def test_a_write_that_the_database_will_never_take_is_set_aside_and_holds_up_nothing(tmp_path: Path) -> None:
    row = {"id": "s1", "course": "c", "task": "t", "learner": "ada", "at": 1.0, "notebook": "{}", "room": None}
    waiting = [("of another version", 1), ("submission", {**row, "id": "s0", "notebook": None}), ("submission", row)]
    await to_thread.run_sync(leave_behind, tmp_path / "ltt.db.outbox", waiting)
    async with open_sqlite(f"sqlite+aiosqlite:///{tmp_path / 'ltt.db'}") as stores:
        assert [each.id for each in await stores.submissions.select(Selected())] == [SubmissionId("s1")]
        assert stores.upkeep.state().available
    aside = (tmp_path / "ltt.db.outbox.refused").read_text()
    assert "of another version" in aside
    assert "s0" in aside
