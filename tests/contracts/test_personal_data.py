"""What becomes of a learner's data, whatever keeps them."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from ltt_collab.adapters.store.sqlite import open_sqlite
from ltt_collab.adapters.store.stores import Stores
from ltt_collab.model.edits import RoomEvent, SourceEdited, Splice
from ltt_collab.model.identity import Principal, Role
from ltt_collab.model.ids import (
    CellId,
    CourseId,
    RoomId,
    Seq,
    ServerId,
    SubmissionId,
    SuggestionId,
    TaskId,
    Username,
    ValidationId,
)
from ltt_collab.model.presence import Author, AuthorKind
from ltt_collab.model.suggestions import EndReason
from ltt_collab.model.validations import Outcome, ValidationMode, Verdict
from ltt_collab.ports.classroom import ValidationRecord
from ltt_collab.ports.identity import TokenRecord
from ltt_collab.ports.learning import CourseRole, Enrolment, Feedback, Selected, SubmissionRecord
from ltt_collab.ports.privacy import DATA_DELETED, DATA_EXPIRED, DATA_EXPORTED
from ltt_collab.ports.store import SuggestionRecord

ADA, BOB, HERE = Username("ada"), Username("bob"), "http://here/"
PY, MEAN = CourseId("py"), TaskId("mean")
ADAS, BOBS, SHARED = RoomId("adas"), RoomId("bobs"), RoomId("shared")
SECRET = "a diary entry of Ada"

KINDS = {
    "kept_away", "introduced", "enrolments", "learner_task_progress", "submissions", "validations", "suggestions",
    "feedback", "events", "rooms",
}  # fmt: skip


def edit(room: RoomId, seq: int, username: Username, text: str = SECRET) -> RoomEvent:
    author = Author(kind=AuthorKind.LEARNER, username=username)
    return SourceEdited(
        room=room, seq=Seq(seq), at=float(seq), author=author, cell_id=CellId("a"), splices=(Splice(0, 0, text),)
    )


async def live(stores: Stores, learner: Username, *, at: float = 1.0) -> None:
    """One of everything that is kept of a learner."""
    verdict = Verdict(
        task=MEAN, mode=ValidationMode.LIVE, outcome=Outcome.PASSED, passed=True, score=1.0, max_score=1.0,
        first_cause=None, checks=(), duration_ms=1.0,
    )  # fmt: skip
    await stores.wishes.keep_away(HERE, learner)
    await stores.wishes.introduce(HERE, learner)
    await stores.enrolments.enrol(Enrolment(course=PY, username=learner, role=CourseRole.LEARNER, at=at))
    await stores.submissions.save(
        SubmissionRecord(
            id=SubmissionId(f"sub-{learner}"), course=PY, task=MEAN, learner=learner, at=at,
            notebook=json.dumps({"cells": [SECRET]}),
        )
    )  # fmt: skip
    await stores.validations.create(
        ValidationRecord(
            id=ValidationId(f"val-{learner}"), course=PY, task=MEAN, learner=learner, mode=ValidationMode.LIVE, at=at,
            verdict=verdict,
        ),
        key="k",
    )  # fmt: skip
    await stores.suggestions.save(
        SuggestionRecord(
            suggestion=SuggestionId(f"s-{learner}"), room=SHARED, about=CellId("a"), cause_key=f"{learner}/a", rung=1,
            at=at, ended=EndReason.ACTED_ON, learner=learner,
        )
    )  # fmt: skip
    await stores.feedback.save(Feedback(suggestion=SuggestionId("s"), learner=learner, helpful=True, at=at))


async def everybody(stores: Stores) -> None:
    await live(stores, ADA)
    await live(stores, BOB)
    await stores.rooms.save(ADAS, ServerId(HERE), "ada.ipynb")
    await stores.rooms.save(BOBS, ServerId(HERE), "bob.ipynb")
    await stores.events.append([edit(ADAS, 1, ADA), edit(BOBS, 1, BOB, "x"), edit(SHARED, 1, BOB, "x")])
    await stores.events.append([edit(SHARED, 2, ADA), edit(ADAS, 2, ADA)])


async def exported(stores: Stores, learner: Username) -> list[tuple[str, dict[str, Any]]]:
    found = [(kind, dict(record)) async for kind, record in stores.personal.export(learner, actor="eve", at=10.0)]
    json.dumps(found)
    return [each for each in found if each[0] != "room_learners"]


@pytest.mark.proves("privacy:export-whole")
async def test_an_export_has_everything_under_a_name_and_the_events_of_their_rooms(stores: Stores) -> None:
    await everybody(stores)
    found = await exported(stores, ADA)
    kinds = [kind for kind, _ in found]
    assert set(kinds) == {*KINDS, "audit"}
    assert len(kinds) == kinds.index("audit") + 1
    events = [(record["room"], record["seq"]) for kind, record in found if kind == "events"]
    assert sorted(events) == [(ADAS, 1), (ADAS, 2), (SHARED, 1), (SHARED, 2)]
    assert not [record for kind, record in found if kind not in {"events", "rooms"} and BOB in record.values()]
    assert [entry.action for entry in await stores.audit.select(subject=ADA)] == [DATA_EXPORTED]


@pytest.mark.proves("privacy:really-gone")
async def test_deleted_data_are_gone_for_that_learner_and_nobody_else(stores: Stores) -> None:
    await everybody(stores)
    counts = await stores.personal.delete(ADA, actor="eve", at=9.0)
    assert {kind: number for kind, number in counts.items() if kind in {"events", "submissions"}} == {
        "events": 4, "submissions": 1,
    }  # fmt: skip
    assert {kind for kind, _ in await exported(stores, ADA)} == {"audit"}
    assert not await stores.wishes.is_kept_away(HERE, ADA)
    bobs = {kind for kind, _ in await exported(stores, BOB)}
    assert bobs == {*KINDS, "audit"}
    assert list(await stores.events.after(BOBS, Seq(0), 9)) == [edit(BOBS, 1, BOB, "x")]
    assert list(await stores.events.after(SHARED, Seq(0), 9)) == []
    deleted = (await stores.audit.select(subject=ADA))[0]
    assert (deleted.action, deleted.actor, deleted.at) == (DATA_DELETED, "eve", 9.0)
    assert SECRET not in deleted.detail


@pytest.mark.proves("privacy:really-gone")
async def test_deleted_text_is_not_in_the_file_any_more(tmp_path: Path) -> None:
    file = tmp_path / "ltt.db"
    async with open_sqlite(f"sqlite+aiosqlite:///{file}") as stores:
        await everybody(stores)
        await stores.personal.delete(ADA, actor="eve", at=9.0)
        await stores.personal.delete(BOB, actor="eve", at=9.0)
        for each in tmp_path.iterdir():
            assert SECRET.encode() not in each.read_bytes(), each
    with closing(sqlite3.connect(file)) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


@pytest.mark.proves("privacy:really-gone")
async def test_a_deleted_learners_tokens_are_gone_and_nobody_elses(tmp_path: Path) -> None:
    async with open_sqlite(f"sqlite+aiosqlite:///{tmp_path / 'ltt.db'}") as stores:
        for identity, name, learner in (
            ("t1", "ada", None),
            ("t2", "bot", ADA),
            ("t3", "Ada", None),
            ("t4", "bob", None),
        ):
            principal = Principal(name=Username(name), role=Role.AGENT if learner else Role.LEARNER, learner=learner)
            await stores.tokens.save(
                TokenRecord(
                    id=identity,
                    digest=f"d-{identity}",
                    principal=principal,
                    at=1.0,
                    expires=None,
                    revoked=None,
                    note="",
                )
            )
        mine = [record for kind, record in await exported(stores, ADA) if kind == "tokens"]
        assert [record["id"] for record in mine] == ["t1", "t2"]
        assert "digest" not in mine[0]
        await stores.personal.delete(ADA, actor="eve", at=9.0)
        assert [record.id for record in await stores.tokens.select()] == ["t3", "t4"]


@pytest.mark.proves("privacy:retention")
async def test_what_is_too_old_goes_and_what_somebody_achieved_stays(stores: Stores) -> None:
    await everybody(stores)
    eve = Username("eve")
    await live(stores, eve, at=50.0)
    await stores.events.append([edit(BOBS, 60, BOB)])
    gone = await stores.personal.expire(before=40.0, at=100.0)
    assert {kind: gone[kind] for kind in ("events", "submissions", "validations", "suggestions", "feedback")} == {
        "events": 5, "submissions": 2, "validations": 2, "suggestions": 2, "feedback": 2,
    }  # fmt: skip
    assert [each.learner for each in await stores.submissions.select(Selected())] == [eve]
    assert list(await stores.events.after(BOBS, Seq(0), 9)) == [edit(BOBS, 60, BOB)]
    assert {each.learner for each in await stores.progress.of_course(PY)} == {ADA, BOB, eve}
    assert await stores.wishes.is_kept_away(HERE, ADA)
    assert [entry.action for entry in await stores.audit.select(actor="service")] == [DATA_EXPIRED]
    assert await stores.personal.expire(before=40.0, at=101.0) == {}
