"""Rooms over HTTP, through a real server and real sockets."""

from __future__ import annotations

import dataclasses
import json

import pytest

from ltt_collab.api.schemas import NotebookBody
from ltt_collab.model.cells import CellRole, Output, OutputType, Ownership
from ltt_collab.model.ids import CellId, SuggestionId, Username
from ltt_collab.model.suggestions import Answer, Draft, Held, Rejected, RejectionReason
from ltt_collab.model.wire import notebook_from_wire
from ltt_collab.ports.directory import Decision
from tests.support.directory import MemoryDirectory, code
from tests.support.door import running_service

ROOMS = "/api/v1/rooms"


def proposal(**changes: object) -> dict[str, object]:
    body: dict[str, object] = {
        "cell_id": "c1",
        "expected_hash": code("c1", "x = 1").hash,
        "placement": "note",
        "text": "Look at line 1.",
        "rung": 1,
        "idempotency_key": "k1",
    }
    return body | changes


async def test_the_open_rooms_are_listed_and_a_path_filters_them() -> None:
    directory = MemoryDirectory()
    first = directory.open("a b.ipynb", code("c1", ""))
    directory.open("z.ipynb")
    first.types("c1", "x")
    async with running_service(directory) as service:
        both = (await service.http.get(ROOMS)).json()
        one = (await service.http.get(ROOMS, params={"path": "a b.ipynb"})).json()
        none = (await service.http.get(ROOMS, params={"path": "b.ipynb"})).json()
    assert [room["path"] for room in both] == ["a b.ipynb", "z.ipynb"]
    assert one == [
        {
            "id": first.id,
            "server": "http://127.0.0.1:8888/",
            "learner": "ada",
            "path": "a b.ipynb",
            "state": "live",
            "last_seq": 1,
        }
    ]
    assert none == []


async def test_a_snapshot_is_the_whole_notebook_and_fits_its_published_schema() -> None:
    directory = MemoryDirectory()
    mark = Ownership(
        role=CellRole.HINT, suggestion=SuggestionId("s"), about=CellId("c1"), rung=1, author=Username("tutor")
    )
    error = Output(type=OutputType.ERROR, error_name="NameError", error_value="x")
    room = directory.open(
        "a.ipynb",
        dataclasses.replace(code("c1", "é😀\u2028\x85 = 1"), outputs=(error,)),
        dataclasses.replace(code("c2", ""), ownership=mark),
    )
    async with running_service(directory) as service:
        body = (await service.http.get(f"{ROOMS}/{room.id}")).json()
    NotebookBody.model_validate(body)
    assert notebook_from_wire(body) == await directory.snapshot(room.id)


async def test_a_path_is_no_room_id() -> None:
    directory = MemoryDirectory()
    directory.open("plain.ipynb")
    async with running_service(directory) as service:
        answer = await service.http.get(f"{ROOMS}/plain.ipynb")
    assert answer.status_code == 404
    assert answer.json()["code"] == "unknown_room"
    assert answer.json()["room"] == "plain.ipynb"


async def test_a_good_proposal_reaches_the_gate_whole_and_is_shown() -> None:
    directory = MemoryDirectory()
    room = directory.open("a.ipynb", code("c1", "x = 1"))
    async with running_service(directory) as service:
        answer = await service.http.post(
            f"{ROOMS}/{room.id}/suggestions", json=proposal(line=1, cause_key="ck", author="robin")
        )
    assert answer.status_code == 200
    assert answer.json()["answer"] == "shown"
    assert set(answer.json()) == {"answer", "suggestion"}
    (draft,) = directory.drafts
    assert (draft.cell_id, draft.text, draft.line, draft.cause_key, draft.author) == (
        "c1",
        "Look at line 1.",
        1,
        "ck",
        "robin",
    )


async def test_a_held_proposal_says_why() -> None:
    directory = MemoryDirectory()
    room = directory.open("a.ipynb", code("c1", "x = 1"))

    async def hold(_draft: Draft) -> Answer:
        return Held(suggestion=SuggestionId("s"), reason="the learner is typing")

    directory.answer = hold
    async with running_service(directory) as service:
        answer = await service.http.post(f"{ROOMS}/{room.id}/suggestions", json=proposal())
    assert answer.status_code == 200
    assert answer.json() == {"answer": "held", "suggestion": "s", "reason": "the learner is typing"}


@pytest.mark.proves("api:a-proposal-about-a-changed-cell-is-a-conflict")
async def test_a_proposal_about_a_changed_cell_is_a_conflict_with_the_current_source() -> None:
    directory = MemoryDirectory()
    room = directory.open("a.ipynb", code("c1", "x = 1"))
    room.types("c1", "2")
    async with running_service(directory) as service:
        answer = await service.http.post(f"{ROOMS}/{room.id}/suggestions", json=proposal())
    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert (body["answer"], body["reason"], body["current_source"]) == ("rejected", "conflict", "x = 12")


async def test_a_refusal_of_the_gate_is_no_success() -> None:
    directory = MemoryDirectory()
    room = directory.open("a.ipynb", code("c1", "x = 1"))

    async def refuse(_draft: Draft) -> Answer:
        return Rejected(reason=RejectionReason.BUDGET, detail="12 hints within this hour; wait")

    directory.answer = refuse
    async with running_service(directory) as service:
        answer = await service.http.post(f"{ROOMS}/{room.id}/suggestions", json=proposal())
    assert answer.status_code == 422
    body = answer.json()
    assert (body["code"], body["answer"], body["reason"]) == ("suggestion_rejected", "rejected", "budget")
    assert body["detail"] == "12 hints within this hour; wait"


async def test_a_proposal_about_no_cell_is_not_found() -> None:
    directory = MemoryDirectory()
    room = directory.open("a.ipynb")
    async with running_service(directory) as service:
        answer = await service.http.post(f"{ROOMS}/{room.id}/suggestions", json=proposal())
    assert answer.status_code == 404
    assert answer.json()["code"] == "unknown_cell"


@pytest.mark.parametrize(
    "change",
    [
        {"placement": "everywhere"},
        {"rung": 4},
        {"line": 0},
        {"text": " \n"},
        {"text": "x" * 20_001},
        {"idempotency_key": ""},
        {"text": "\ud800 half a character"},
        {"cell_id": "\udc00"},
        {"unknown": 1},
        {"cell_id": None},
    ],
)
async def test_a_malformed_proposal_never_reaches_the_gate(change: dict[str, object]) -> None:
    directory = MemoryDirectory()
    room = directory.open("a.ipynb", code("c1", "x = 1"))
    async with running_service(directory) as service:
        answer = await service.http.post(
            f"{ROOMS}/{room.id}/suggestions",
            content=json.dumps(proposal(**change)),
            headers={"content-type": "application/json"},
        )
    assert answer.status_code == 422
    assert answer.json()["code"] == "invalid_request"
    assert answer.json()["errors"][0]["where"].startswith("body")
    assert directory.drafts == []


async def test_decisions_say_why_help_was_not_given() -> None:
    directory = MemoryDirectory()
    room = directory.open("a.ipynb")
    room.decisions.append(Decision(at=5.0, about=CellId("c1"), decision="quiet", because="still typing"))
    async with running_service(directory) as service:
        answer = await service.http.get(f"{ROOMS}/{room.id}/decisions")
        missing = await service.http.get(f"{ROOMS}/nope/decisions")
    assert answer.json() == [{"at": 5.0, "about": "c1", "decision": "quiet", "because": "still typing"}]
    assert missing.status_code == 404
