"""What goes over the wire comes back as it was."""

from __future__ import annotations

import json
from typing import Any, get_args

import pytest

from ltt_collab.model.cells import Cell, CellRole, CellType, Notebook, Output, OutputType, Ownership
from ltt_collab.model.edits import (
    BurstEnded,
    CellInserted,
    CellMoved,
    CellRemoved,
    CellTypeChanged,
    CursorMoved,
    DocumentReloaded,
    DocumentRenamed,
    HelpCause,
    HelpRequested,
    MessagePosted,
    MetadataChanged,
    OutputsAppended,
    OutputsCleared,
    PeerJoined,
    PeerLeft,
    ReloadCause,
    RoomEvent,
    RoomState,
    RoomStateChanged,
    RunError,
    RunFinished,
    RunOutcome,
    RunStarted,
    SourceEdited,
    Splice,
    SuggestionEnded,
    SuggestionShown,
    TaskChecked,
)
from ltt_collab.model.errors import InvalidEventError, InvalidMessageError, UsageError
from ltt_collab.model.findings import Finding
from ltt_collab.model.ids import CellId, ClientId, CourseId, RoomId, Seq, SuggestionId, TaskId, Username
from ltt_collab.model.presence import SERVER, Author, AuthorKind, Selection, User
from ltt_collab.model.suggestions import (
    Answer,
    Draft,
    EndReason,
    Held,
    Placement,
    Rejected,
    RejectionReason,
    Shown,
)
from ltt_collab.model.validations import CheckResult, Outcome, ValidationMode, Verdict
from ltt_collab.model.wire import (
    EVENT_TYPES,
    answer_from_wire,
    draft_from_wire,
    event_type,
    finding_from_wire,
    from_wire,
    notebook_from_wire,
    to_wire,
)

ADA = Author(kind=AuthorKind.LEARNER, username=Username("ada"), client=ClientId(4_000_000_000))
USER = User(username=Username("ada"), display_name="Ada L.", initials="AL", color="var(--jp-collaborator-color3)")
A = CellId("a")
ERROR = RunError(name="NameError", value="name 'é😀' is not defined", traceback=("Traceback", "line 1\u2028"))
CELL = Cell(
    id=A,
    type=CellType.CODE,
    source='print("日本 😀")\x00\n',
    execution_count=3,
    running=True,
    outputs=(
        Output(type=OutputType.STREAM, stream="stdout", text="hi\n", truncated=True),
        Output(type=OutputType.DISPLAY_DATA, mime_types=("text/plain", "image/png")),
        Output(type=OutputType.ERROR, error_name="E", error_value="v"),
    ),
    ownership=Ownership(
        role=CellRole.HINT, suggestion=SuggestionId("s"), about=CellId("b"), rung=2, author=Username("tutor")
    ),
    tags=("x", "y"),
)
HEAD: dict[str, Any] = {"room": RoomId("r"), "seq": Seq(7), "at": 1795388427.912345, "author": ADA}
SUGGESTION = SuggestionId("s1")
VERDICT = Verdict(
    task=TaskId("mean"),
    mode=ValidationMode.LIVE,
    outcome=Outcome.FAILED,
    passed=False,
    score=1.0,
    max_score=2.5,
    first_cause="`mean([])` gave 1, not 0",
    checks=(
        CheckResult(
            name="empty", passed=False, hidden=False, points=0.0, max_points=1.5, message="é", expected="0", got="1"
        ),
        CheckResult(name="secret", passed=False, hidden=True, points=0.0, max_points=1.0, message="", skipped=True),
    ),
    duration_ms=12.5,
)

EVENTS: tuple[RoomEvent, ...] = (
    CellInserted(**HEAD, cell=CELL, index=0),
    CellRemoved(**HEAD, cell_id=A, index=4),
    CellMoved(**HEAD, cell=CELL, from_index=1, to_index=0),
    CellTypeChanged(**HEAD, cell_id=A, cell_type=CellType.MARKDOWN),
    SourceEdited(**HEAD, cell_id=A, splices=(Splice(0, 2, "é😀"), Splice(5, 0, ""))),
    BurstEnded(**HEAD, cell_id=A, first_seq=Seq(3), last_seq=Seq(6), source="x = 1"),
    RunStarted(**HEAD, cell_id=A, source_hash="00ff"),
    RunFinished(
        **HEAD,
        cell_id=A,
        execution_count=None,
        outcome=RunOutcome.ERROR,
        error=ERROR,
        duration=0.25,
        source_hash="00ff",
    ),
    OutputsAppended(**HEAD, cell_id=A, start=2, outputs=CELL.outputs),
    OutputsCleared(**HEAD, cell_id=A),
    MetadataChanged(**HEAD, cell_id=None, keys=("kernelspec",)),
    DocumentReloaded(**HEAD, cause=ReloadCause.OUT_OF_BAND, cells=(CELL, CELL)),
    DocumentRenamed(**HEAD, path="a/ü b.ipynb"),
    PeerJoined(**HEAD, user=USER),
    PeerLeft(**HEAD, user=USER),
    CursorMoved(**HEAD, selection=Selection(cell_id=A, anchor=1, head=2)),
    HelpRequested(
        **HEAD, cell_id=A, cause=HelpCause.ERROR_RAISED, cause_key="k", rung=1, error=ERROR, expected_hash="00ff"
    ),
    SuggestionShown(
        **HEAD, suggestion=SUGGESTION, about=A, placement=Placement.NOTE, rung=1, text="look", note_cell=CellId("n")
    ),
    SuggestionEnded(**HEAD, suggestion=SUGGESTION, about=A, reason=EndReason.ACTED_ON),
    TaskChecked(**HEAD, course=CourseId("c"), verdict=VERDICT),
    MessagePosted(**HEAD, chat="text:chat:f1", message="m1", text="why? 😀", cell_id=A),
    RoomStateChanged(room=RoomId("r"), seq=Seq(8), at=0.0, author=SERVER, state=RoomState.LIVE, reason="joined"),
)

NAMES = {
    "cell_inserted", "cell_removed", "cell_moved", "cell_type_changed", "source_edited", "burst_ended", "run_started",
    "run_finished", "outputs_appended", "outputs_cleared", "metadata_changed", "document_reloaded",
    "document_renamed", "peer_joined", "peer_left", "cursor_moved", "help_requested", "suggestion_shown",
    "suggestion_ended", "room_state_changed", "task_checked", "message_posted",
}  # fmt: skip


def over_json(wire: dict[str, Any]) -> dict[str, Any]:
    read = json.loads(json.dumps(wire, allow_nan=False))
    assert isinstance(read, dict)
    return read


@pytest.mark.proves("wire:round-trip")
@pytest.mark.parametrize("event", EVENTS, ids=event_type)
def test_every_event_comes_back_from_json_as_it_was(event: RoomEvent) -> None:
    assert from_wire(over_json(to_wire(event))) == event


def test_no_event_class_is_left_out_above() -> None:
    assert {type(event) for event in EVENTS} == set(get_args(RoomEvent))


def test_the_type_names_on_the_wire_stay_what_clients_know() -> None:
    assert set(EVENT_TYPES) == NAMES
    assert to_wire(EVENTS[4])["type"] == "source_edited"


def test_a_snapshot_comes_back_as_it_was_and_gives_each_cell_its_hash() -> None:
    notebook = Notebook(room=RoomId("r"), path="ex.ipynb", cells=(CELL,), seq=Seq(5))
    wire = over_json(to_wire(notebook))
    assert wire["cells"][0]["hash"] == CELL.hash
    assert notebook_from_wire(wire) == notebook


@pytest.mark.parametrize(
    "answer",
    [
        Shown(suggestion=SUGGESTION),
        Held(suggestion=SUGGESTION, reason="typing"),
        Rejected(reason=RejectionReason.CONFLICT, detail="read it again", current_source="x = 2"),
    ],
)
def test_every_answer_comes_back_as_it_was(answer: Answer) -> None:
    assert answer_from_wire(over_json(to_wire(answer))) == answer


def test_a_draft_and_a_finding_come_back_as_they_were() -> None:
    draft = Draft(
        cell_id=A, expected_hash="00ff", placement=Placement.NOTE, text="**x**", rung=2, line=1, idempotency_key="k"
    )
    finding = Finding(cell_id=A, cell_index=0, line=1, kind="name", where="here", what="this", how="so")
    assert draft_from_wire(over_json(to_wire(draft))) == draft
    assert finding_from_wire(over_json(to_wire(finding))) == finding
    assert list(to_wire(finding)) == ["cell_id", "cell_index", "line", "kind", "where", "what", "how"]


def test_the_least_draft_that_an_agent_may_send_is_understood() -> None:
    draft = draft_from_wire(
        {"cell_id": "a", "expected_hash": "00ff", "placement": "pointer", "text": "", "idempotency_key": "k"}
    )
    assert draft.rung == 1


def test_an_unknown_type_is_refused_with_the_known_ones() -> None:
    with pytest.raises(InvalidEventError, match=r"unknown type 'cell_painted'; known: .*source_edited") as caught:
        from_wire({"type": "cell_painted"})
    assert isinstance(caught.value, UsageError)


@pytest.mark.parametrize("wire", [{}, {"type": None}, {"type": ["source_edited"]}])
def test_a_message_without_a_usable_type_is_refused(wire: dict[str, Any]) -> None:
    with pytest.raises(InvalidEventError):
        from_wire(wire)


def test_a_bad_value_is_refused_by_name_without_repeating_the_learners_text() -> None:
    wire = to_wire(EVENTS[5]) | {"seq": "my secret text"}
    with pytest.raises(InvalidEventError, match="seq: ") as caught:
        from_wire(wire)
    assert "secret" not in str(caught.value)


def test_keys_of_a_newer_service_are_ignored() -> None:
    assert from_wire(to_wire(EVENTS[9]) | {"mood": "sunny"}) == EVENTS[9]


def test_an_answer_of_unknown_type_is_refused() -> None:
    with pytest.raises(InvalidMessageError, match="not a valid answer"):
        answer_from_wire({"type": "maybe"})
