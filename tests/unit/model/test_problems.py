"""An error that crosses HTTP is raised on the other side as it was."""

from __future__ import annotations

import json

import pytest

from ltt_collab.model.errors import (
    ConflictError,
    CourseError,
    ForbiddenError,
    InvalidEventError,
    InvalidMessageError,
    InvalidSettingError,
    LttError,
    NotAuthorizedError,
    NotOursError,
    ResumePointGoneError,
    RoomReadOnlyError,
    RoomUnreachableError,
    StoreUnavailableError,
    SubscriberTooSlowError,
    UnknownCellError,
    UnknownRoomError,
)
from ltt_collab.model.problems import _CARRIED, error_from_wire, error_to_wire, problem_code, problem_type

CARRIED = [
    ConflictError("c", "aa", None),
    CourseError("task.yaml", 3, "no such key"),
    ForbiddenError("read the audit", "it is the operator's"),
    InvalidEventError("no seq"),
    InvalidMessageError("draft", "no text"),
    NotAuthorizedError("reading rooms"),
    NotOursError("c"),
    ResumePointGoneError(3, 9),
    RoomReadOnlyError("unknown version"),
    RoomUnreachableError("http://a/", "refused"),
    StoreUnavailableError("save", "locked"),
    SubscriberTooSlowError(7, 100),
    UnknownCellError("c"),
    UnknownRoomError("r"),
]


@pytest.mark.parametrize("error", CARRIED, ids=lambda error: type(error).__name__)
def test_a_carried_error_comes_back_with_its_class_message_and_data(error: LttError) -> None:
    back = error_from_wire(json.loads(json.dumps(error_to_wire(error))))
    assert type(back) is type(error)
    assert str(back) == str(error)
    assert vars(back) == vars(error)


def test_every_carried_class_has_a_sample_above() -> None:
    assert {type(error) for error in CARRIED} == set(_CARRIED.values())


def test_an_error_that_may_hold_a_secret_travels_without_its_data() -> None:
    wire = error_to_wire(InvalidSettingError("LTT_PORT", 99999, "choose 0 to 65535"))
    assert set(wire) == {"code", "detail"}
    assert error_from_wire(wire) is None


@pytest.mark.parametrize("wire", [{}, {"code": "from_the_future"}, {"code": "unknown_room"}])
def test_a_problem_that_this_version_cannot_read_is_none(wire: dict[str, object]) -> None:
    assert error_from_wire(wire) is None


def test_a_code_and_its_uri_are_stable() -> None:
    assert problem_code(ResumePointGoneError) == "resume_point_gone"
    assert problem_type("resume_point_gone") == "urn:ltt-collab:problem:resume-point-gone"
