"""Every error says what was wrong, with which value, and keeps its data."""

from __future__ import annotations

import inspect

import pytest

from ltt_collab.model import errors
from ltt_collab.model.errors import LttError

EXAMPLES: list[tuple[LttError, tuple[str, ...]]] = [
    (errors.InvalidRoomAddressError("json:x"), ("'json:x'", "format:type:file id")),
    (errors.InvalidSettingError("LTT_PORT", 99999, "use 0 to 65535"), ("LTT_PORT", "99999", "use 0 to 65535")),
    (errors.InvalidNotebookError("a.ipynb", "not JSON"), ("a.ipynb", "not JSON")),
    (errors.BadFilePathError("../x"), ("'../x'", "relative path")),
    (errors.NoAnswerError("not in our form"), ("not in our form", "run the notebook anew")),
    (errors.BrokenTaskError("mean of none", "NameError"), ("'mean of none'", "NameError", "tell your instructor")),
    (errors.BrokenTaskError("", "a cell raised"), ("reference solution", "a cell raised")),
    (errors.UnknownRoomError("r1"), ("'r1'", "/api/v1/rooms")),
    (errors.UnknownCellError("c1"), ("'c1'", "read the snapshot again")),
    (errors.ResumePointGoneError(5, 90), ("5", "90", "snapshot")),
    (errors.InvalidMessageError("draft", "no text"), ("draft", "no text")),
    (errors.InvalidEventError("unknown type 'x'"), ("event", "unknown type 'x'")),
    (errors.NotAuthorizedError("read rooms"), ("read rooms", "LTT_API_TOKEN")),
    (errors.ForbiddenError("read the audit", "it is the operator's"), ("read the audit", "the operator's")),
    (errors.RoomUnreachableError("http://h/", "refused"), ("http://h/", "refused", "trying again")),
    (errors.RoomRefusedError("http://h/", 403, "Forbidden"), ("http://h/", "403", "Forbidden")),
    (errors.RoomClosedError(1003, "unknown_session"), ("1003", "unknown_session")),
    (errors.RoomClosedError(None, ""), ("connection lost", "no reason given")),
    (errors.ProtocolViolationError("a frame of 9 GiB"), ("a frame of 9 GiB",)),
    (errors.UnsupportedServerError("9.9", "5.0"), ("9.9", "5.0", "read-only")),
    (errors.ConflictError("c1", "aa", "bb"), ("'c1'", "aa", "bb", "decide again")),
    (errors.ConflictError("c1", "aa", None), ("'c1'", "gone")),
    (errors.NotOursError("c1"), ("'c1'", "propose")),
    (errors.NotOurMessageError("m1"), ("'m1'", "post a new one")),
    (errors.CellOccupiedError("c1"), ("'c1'",)),
    (errors.TextTooLongError(30_000, 20_000), ("30000", "20000", "several cells")),
    (errors.LeakError(), ("solution", "different example")),
    (errors.RoomReadOnlyError("a hole"), ("a hole",)),
    (errors.ServiceLostError("http://s/", "reset"), ("http://s/", "reset", "idempotency_key")),
    (errors.ServiceUnreachableError("http://s/", "refused"), ("http://s/", "refused", "LTT_SERVICE_URL")),
    (errors.ServiceRefusedError("http://s/", 500, "oops"), ("http://s/", "500", "oops")),
    (errors.HubUnavailableError("http://h/hub/api/", "refused"), ("http://h/hub/api/", "refused", "open rooms go on")),
    (errors.HubRefusedError("http://h/hub/api/", 403, "add the role"), ("http://h/hub/api/", "403", "add the role")),
    (errors.SubscriberTooSlowError(7, 100), ("7", "100", "resume")),
    (errors.DemoError("no JupyterLab", "install it"), ("no JupyterLab", "install it")),
    (errors.StaleClaimError("v1", 3), ("'v1'", "3", "does not count")),
    (errors.StoreUnavailableError("save a suggestion", "locked"), ("save a suggestion", "locked")),
    (errors.KernelUnreachableError("k1", "refused"), ("k1", "refused", "is the server up")),
    (errors.KernelBusyError("k1"), ("k1", "busy", "try again")),
    (errors.KernelTimeoutError("check 'empty list'", 5.0), ("check 'empty list'", "5 s", "interrupted")),
    (errors.KernelDiedError("k1"), ("k1", "died", "restart it")),
    (errors.KernelDiedError("k1", memory=True), ("k1", "out of memory")),
    (errors.SandboxUnavailableError("no ipykernel", "install it"), ("no ipykernel", "install it")),
    (errors.TerminalError("1", "gone"), ("'1'", "gone")),
    (errors.CourseError("task.yaml", 3, "no such key 'nmae'"), ("task.yaml:3", "'nmae'")),
    (errors.CourseError("course.yaml", 0, "missing"), ("course.yaml: missing",)),
    (errors.UnknownCourseError("c"), ("'c'", "/api/v1/courses")),
    (errors.UnknownTaskError("c", "t"), ("'c'", "'t'", "ltt course show")),
    (errors.UnknownValidationError("v"), ("'v'",)),
    (errors.UnknownSubmissionError("s"), ("'s'",)),
    (errors.UnknownSuggestionError("s-1"), ("'s-1'", "waits for approval")),
    (errors.UnknownTokenError("k-1"), ("'k-1'", "/api/v1/tokens")),
    (errors.NotWorkingOnItError("ada", "t"), ("'ada'", "'t'", "start the task")),
    (errors.DeliveryError("a.ipynb", "disk full"), ("a.ipynb", "disk full", "nothing was changed")),
]

ABSTRACT = {
    LttError,
    errors.UsageError,
    errors.RoomError,
    errors.WriteError,
    errors.ServiceError,
    errors.KernelError,
    errors.HubError,
    errors.JudgingError,
}


@pytest.mark.parametrize(("error", "said"), EXAMPLES, ids=lambda value: type(value).__name__)
def test_an_error_says_what_was_wrong_with_which_value_and_what_to_do(error: LttError, said: tuple[str, ...]) -> None:
    assert [part for part in said if part not in str(error)] == []
    names = [name for name in inspect.signature(type(error).__init__).parameters if name != "self"]
    assert [name for name in names if not hasattr(error, name) and name not in {"reason", "kind"}] == []


@pytest.mark.proves("errors:say-what-to-do")
def test_no_error_class_is_left_out() -> None:
    known = {cls for _, cls in inspect.getmembers(errors, inspect.isclass) if issubclass(cls, LttError)}
    assert known - ABSTRACT == {type(error) for error, _ in EXAMPLES}


def test_the_tree_in_the_module_docstring_names_every_class() -> None:
    known = {cls for _, cls in inspect.getmembers(errors, inspect.isclass) if issubclass(cls, LttError)}
    assert {cls.__name__ for cls in known if cls.__name__ not in (errors.__doc__ or "")} == set()
