"""Courses, validations and people over HTTP."""

from __future__ import annotations

import csv
import io
import json

import pytest

from ltt_collab.access.gatekeeper import IssuedTokens
from ltt_collab.adapters.clock import SystemClock
from ltt_collab.model.identity import Principal, Role
from ltt_collab.model.ids import CellId, RoomId, SuggestionId, Username
from ltt_collab.model.suggestions import EndReason
from ltt_collab.model.validations import Outcome
from ltt_collab.ports.store import SuggestionRecord
from tests.support.directory import MemoryDirectory
from tests.support.door import RunningService, running_service
from tests.unit.api.school import HandSchool, verdict
from tests.unit.api.test_access import Tokens, bearer
from tests.unit.classroom.courses import BASICS, MEAN, REFERENCE, cell

ADA, BOB, PROF = Username("ada"), Username("bob"), Username("prof")
PEOPLE = Tokens(
    Principal(name=ADA, role=Role.LEARNER),
    Principal(name=BOB, role=Role.LEARNER),
    Principal(name=PROF, role=Role.INSTRUCTOR, courses=frozenset({BASICS})),
)
TASK = "/api/v1/courses/basics/tasks/mean"


@pytest.fixture
def school() -> HandSchool:
    directory = MemoryDirectory()
    directory.open("basics/mean/mean.ipynb", cell("w", of=MEAN), learner=ADA)
    return HandSchool(directory)


async def enrolled(service: RunningService, *learners: str) -> None:
    for learner in learners:
        answer = await service.http.put(f"/api/v1/courses/basics/enrolments/{learner}", json={"role": "learner"})
        assert answer.status_code == 200


@pytest.mark.proves("course:answers-stay-here")
async def test_nothing_that_a_learner_may_read_holds_an_answer(school: HandSchool) -> None:
    async with running_service(school.directory, others=[PEOPLE], school=school.open) as service:
        texts = [
            (await service.http.get(path, headers=bearer("ada"))).text
            for path in ("/api/v1/courses", "/api/v1/courses/basics", TASK)
        ]
    assert json.loads(texts[2])["text"].startswith("# mean")
    assert "sum(xs)" in REFERENCE
    assert [text for text in texts if "sum(xs)" in text or "[1, 3]" in text] == []


@pytest.mark.proves("api:validations")
async def test_a_learner_has_a_task_checked_and_a_retry_is_the_same_validation(school: HandSchool) -> None:
    async with running_service(school.directory, others=[PEOPLE], school=school.open) as service:
        body = {"mode": "live", "idempotency_key": "k1"}
        first = await service.http.post(f"{TASK}/validations", json=body, headers=bearer("ada"))
        again = await service.http.post(f"{TASK}/validations", json=body, headers=bearer("ada"))
        listed = (await service.http.get("/api/v1/validations", headers=bearer("ada"))).json()
        others = await service.http.get(f"/api/v1/validations/{first.json()['id']}", headers=bearer("bob"))
        progress = (await service.http.get("/api/v1/courses/basics/progress", headers=bearer("ada"))).json()
    assert first.json()["verdict"]["passed"] is True
    assert first.json()["id"] == again.json()["id"]
    assert [each["id"] for each in listed] == [first.json()["id"]]
    assert others.status_code == 404
    whole = next(each for each in progress if each["check"] == "")
    assert (whole["attempts"], whole["best_score"], whole["last_outcome"]) == (1, 3.0, "passed")


@pytest.mark.proves("api:validations")
async def test_a_busy_kernel_is_said_and_not_kept(school: HandSchool) -> None:
    school.judge.says = lambda task: verdict(task, passed=False, outcome=Outcome.BUSY)
    async with running_service(school.directory, others=[PEOPLE], school=school.open) as service:
        body = {"idempotency_key": "k1"}
        answer = await service.http.post(f"{TASK}/validations", json=body, headers=bearer("ada"))
        listed = (await service.http.get("/api/v1/validations", headers=bearer("ada"))).json()
    assert answer.json()["verdict"]["outcome"] == "busy"
    assert listed == []


@pytest.mark.proves("api:submissions")
async def test_what_is_handed_in_is_kept_once_and_waits_for_its_verdict(school: HandSchool) -> None:
    async with running_service(school.directory, others=[PEOPLE], school=school.open) as service:
        body = {"idempotency_key": "k1"}
        handed = await service.http.post(f"{TASK}/submissions", json=body, headers=bearer("ada"))
        again = await service.http.post(f"{TASK}/submissions", json=body, headers=bearer("ada"))
        lines = (await service.http.get("/api/v1/submissions", headers=bearer("ada"))).json()
        whole = (await service.http.get(f"/api/v1/submissions/{lines[0]['id']}", headers=bearer("ada"))).json()
        stranger = await service.http.get(f"/api/v1/submissions/{lines[0]['id']}", headers=bearer("bob"))
    assert (handed.status_code, handed.json()["state"], handed.json()["id"]) == (202, "waiting", again.json()["id"])
    assert len(lines) == 1
    assert json.loads(whole["notebook"])["cells"][0]["source"] == "x = 1"
    assert stranger.status_code == 404
    assert len(school.submitted) == 2


@pytest.mark.proves("api:submissions")
async def test_who_has_no_open_notebook_of_the_task_is_told_so(school: HandSchool) -> None:
    async with running_service(school.directory, others=[PEOPLE], school=school.open) as service:
        body = {"idempotency_key": "k1"}
        answer = await service.http.post(f"{TASK}/submissions", json=body, headers=bearer("bob"))
    assert (answer.status_code, answer.json()["code"]) == (409, "not_working_on_it")


@pytest.mark.proves("api:start-task")
async def test_a_started_task_lies_on_the_learners_server(school: HandSchool) -> None:
    async with running_service(school.directory, others=[PEOPLE], school=school.open) as service:
        answer = await service.http.post(f"{TASK}/start", json={}, headers=bearer("ada"))
        unknown = await service.http.post("/api/v1/courses/basics/tasks/nope/start", json={}, headers=bearer("ada"))
    assert answer.json() == {"path": "basics/mean/mean.ipynb"}
    assert "basics/mean/mean.ipynb" in school.disk.files
    assert (unknown.status_code, unknown.json()["code"]) == (404, "unknown_task")


@pytest.mark.proves("access:roles")
async def test_an_instructor_sees_the_learners_of_their_course_and_no_others(school: HandSchool) -> None:
    enrolments = school.stores.enrolments
    async with running_service(school.directory, others=[PEOPLE], school=school.open, enrolments=enrolments) as service:
        body = {"learner": "ada", "idempotency_key": "k1"}
        before = await service.http.post(f"{TASK}/validations", json=body, headers=bearer("prof"))
        await enrolled(service, "ada")
        after = await service.http.post(f"{TASK}/validations", json=body, headers=bearer("prof"))
        everybody = await service.http.get("/api/v1/validations?course=basics", headers=bearer("prof"))
        elsewhere = await service.http.get("/api/v1/courses/other", headers=bearer("prof"))
        audit = await service.http.get("/api/v1/audit", headers=bearer("prof"))
    assert (before.status_code, after.status_code) == (403, 200)
    assert [each["learner"] for each in everybody.json()] == ["ada"]
    assert (elsewhere.status_code, audit.status_code) == (404, 403)


@pytest.mark.proves("access:roles")
async def test_a_learner_does_nothing_in_anothers_name(school: HandSchool) -> None:
    async with running_service(school.directory, others=[PEOPLE], school=school.open) as service:
        asked = [
            await service.http.post(f"{TASK}/start", json={"learner": "ada"}, headers=bearer("bob")),
            await service.http.post(
                f"{TASK}/validations", json={"learner": "ada", "idempotency_key": "k"}, headers=bearer("bob")
            ),
            await service.http.get("/api/v1/validations?learner=ada", headers=bearer("bob")),
            await service.http.get("/api/v1/submissions?course=basics&learner=ada", headers=bearer("bob")),
            await service.http.get("/api/v1/learners/ada/suggestions", headers=bearer("bob")),
            await service.http.get("/api/v1/learners/ada/data", headers=bearer("bob")),
            await service.http.delete("/api/v1/learners/ada/data", headers=bearer("bob")),
            await service.http.post("/api/v1/learners/ada/welcome", headers=bearer("bob")),
            await service.http.get("/api/v1/courses/basics/enrolments", headers=bearer("bob")),
            await service.http.put("/api/v1/courses/basics/enrolments/bob", json={}, headers=bearer("bob")),
            await service.http.get("/api/v1/courses/basics/progress.csv", headers=bearer("bob")),
            await service.http.get("/api/v1/courses/basics/hints", headers=bearer("bob")),
            await service.http.post("/api/v1/tokens", json={"name": "bob", "role": "service"}, headers=bearer("bob")),
        ]
    assert [(answer.request.url.path, answer.status_code) for answer in asked if answer.status_code != 403] == []
    assert school.judge.asked == []


@pytest.mark.proves("report:hints")
async def test_an_instructor_reads_what_became_of_the_hints_of_their_course(school: HandSchool) -> None:
    record = SuggestionRecord(
        suggestion=SuggestionId("s"), room=RoomId("r"), about=CellId("mean-work"), cause_key="ada/x", rung=1, at=1.0,
        learner=ADA, ended=EndReason.ACTED_ON, ended_at=31.0,
    )  # fmt: skip
    await school.stores.suggestions.save(record)
    async with running_service(school.directory, others=[PEOPLE], school=school.open) as service:
        body = {"learner": "ada", "idempotency_key": "k1"}
        assert (await service.http.post(f"{TASK}/validations", json=body)).status_code == 200
        answer = await service.http.get("/api/v1/courses/basics/hints", headers=bearer("prof"))
        elsewhere = await service.http.get("/api/v1/courses/other/hints", headers=bearer("prof"))
    mean, words = answer.json()
    assert (mean["task"], mean["learners"], words["rungs"], elsewhere.status_code) == ("mean", 1, [], 404)
    assert mean["rungs"] == [{"rung": 1, "shown": 1, "sufficed": 1, "climbed": 0, "seconds": 30.0}]


@pytest.mark.proves("api:progress-csv")
async def test_progress_comes_as_a_table_in_which_no_name_is_a_formula(school: HandSchool) -> None:
    evil = Username("=HYPERLINK(1)")
    school.directory.open("other.ipynb", cell("w", of=MEAN), learner=evil)
    async with running_service(school.directory, others=[PEOPLE], school=school.open) as service:
        body = {"learner": evil, "idempotency_key": "k1"}
        assert (await service.http.post(f"{TASK}/validations", json=body)).status_code == 200
        answer = await service.http.get("/api/v1/courses/basics/progress.csv", headers=bearer("prof"))
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert answer.headers["content-type"].startswith("text/csv")
    assert {row["learner"] for row in rows} == {"'=HYPERLINK(1)"}
    assert {row["check"] for row in rows} == {"", "two", "secret"}


@pytest.mark.proves("access:issued-tokens")
async def test_an_issued_token_works_until_it_is_revoked(school: HandSchool) -> None:
    issued = IssuedTokens(school.stores.tokens, SystemClock())
    async with running_service(school.directory, others=[issued], school=school.open) as service:
        made = (await service.http.post("/api/v1/tokens", json={"name": "ada", "role": "learner"})).json()
        mine = {"authorization": f"Bearer {made['token']}"}
        during = await service.http.get("/api/v1/rooms", headers=mine)
        listed = (await service.http.get("/api/v1/tokens")).text
        assert (await service.http.delete(f"/api/v1/tokens/{made['id']}")).status_code == 200
        after = await service.http.get("/api/v1/rooms", headers=mine)
        twice = await service.http.delete(f"/api/v1/tokens/{made['id']}")
        audit = [each["action"] for each in (await service.http.get("/api/v1/audit")).json()]
    assert [room["learner"] for room in during.json()] == ["ada"]
    assert made["token"] not in listed
    assert (after.status_code, twice.status_code) == (401, 404)
    assert audit == ["token.issued", "token.revoked"]


@pytest.mark.proves("api:personal-data")
async def test_a_learners_data_are_exported_and_deleted(school: HandSchool) -> None:
    async with running_service(school.directory, others=[PEOPLE], school=school.open) as service:
        await service.http.post(f"{TASK}/validations", json={"learner": "ada", "idempotency_key": "k1"})
        exported = await service.http.get("/api/v1/learners/ada/data")
        deleted = (await service.http.delete("/api/v1/learners/ada/data")).json()["deleted"]
        left = (await service.http.get("/api/v1/validations?learner=ada")).json()
    kinds = {json.loads(line)["kind"] for line in exported.text.splitlines()}
    assert {"validations", "learner_task_progress"} <= kinds
    assert deleted["validations"] == 1
    assert left == []
