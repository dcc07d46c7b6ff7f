"""Every refusal of the HTTP door, as problem+json (RFC 9457): one function maps an error to its status."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from ltt_collab.model.errors import (
    ConflictError,
    DeliveryError,
    ForbiddenError,
    HubError,
    HubUnavailableError,
    InvalidMessageError,
    KernelBusyError,
    KernelError,
    LttError,
    NotAuthorizedError,
    NotOursError,
    NotWorkingOnItError,
    ResumePointGoneError,
    RoomError,
    RoomReadOnlyError,
    SandboxUnavailableError,
    StoreUnavailableError,
    SubscriberTooSlowError,
    TerminalError,
    UnknownCellError,
    UnknownCourseError,
    UnknownRoomError,
    UnknownSubmissionError,
    UnknownSuggestionError,
    UnknownTaskError,
    UnknownTokenError,
    UnknownValidationError,
    UsageError,
)
from ltt_collab.model.problems import CODE_KEY, DETAIL_KEY, error_to_wire, problem_type

PROBLEM_JSON = "application/problem+json"

_STATUS: tuple[tuple[type[LttError], HTTPStatus], ...] = (
    (UnknownRoomError, HTTPStatus.NOT_FOUND),
    (UnknownCellError, HTTPStatus.NOT_FOUND),
    (UnknownCourseError, HTTPStatus.NOT_FOUND),
    (UnknownTaskError, HTTPStatus.NOT_FOUND),
    (UnknownValidationError, HTTPStatus.NOT_FOUND),
    (UnknownSubmissionError, HTTPStatus.NOT_FOUND),
    (UnknownTokenError, HTTPStatus.NOT_FOUND),
    (UnknownSuggestionError, HTTPStatus.NOT_FOUND),
    (NotWorkingOnItError, HTTPStatus.CONFLICT),
    (ResumePointGoneError, HTTPStatus.GONE),
    (NotAuthorizedError, HTTPStatus.UNAUTHORIZED),
    (ForbiddenError, HTTPStatus.FORBIDDEN),
    (InvalidMessageError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (UsageError, HTTPStatus.BAD_REQUEST),
    (ConflictError, HTTPStatus.CONFLICT),
    (NotOursError, HTTPStatus.CONFLICT),
    (RoomReadOnlyError, HTTPStatus.CONFLICT),
    (RoomError, HTTPStatus.BAD_GATEWAY),
    (DeliveryError, HTTPStatus.BAD_GATEWAY),
    (KernelBusyError, HTTPStatus.CONFLICT),
    (KernelError, HTTPStatus.BAD_GATEWAY),
    (TerminalError, HTTPStatus.BAD_GATEWAY),
    (HubUnavailableError, HTTPStatus.SERVICE_UNAVAILABLE),
    (HubError, HTTPStatus.BAD_GATEWAY),
    (SandboxUnavailableError, HTTPStatus.SERVICE_UNAVAILABLE),
    (StoreUnavailableError, HTTPStatus.SERVICE_UNAVAILABLE),
    (SubscriberTooSlowError, HTTPStatus.SERVICE_UNAVAILABLE),
)
"""First match wins; an error of ours that is not here is a fault of the service."""

_HEADERS: Mapping[int, Mapping[str, str]] = {
    HTTPStatus.UNAUTHORIZED: {"www-authenticate": 'Bearer realm="ltt-collab"'},
    HTTPStatus.SERVICE_UNAVAILABLE: {"retry-after": "1"},
}


def wire_bytes(value: object) -> bytes:
    """Compact JSON in ASCII: one line, whatever a learner wrote, safe in an event stream and in any encoding."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False).encode("ascii")


class WireResponse(Response):
    """A JSON answer."""

    media_type = "application/json"

    def render(self, content: object) -> bytes:
        """Encode the body."""
        return wire_bytes(content)


class ProblemResponse(WireResponse):
    """A refusal: ``members`` holds at least ``code`` and ``detail``."""

    media_type = PROBLEM_JSON

    def __init__(self, status: int, members: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> None:
        body = problem_body(status, members)
        super().__init__(body, status_code=status, headers={**_HEADERS.get(status, {}), **(headers or {})})


def problem_body(status: int, members: Mapping[str, Any]) -> dict[str, Any]:
    """The members of a problem document, the standard ones first."""
    return {
        "type": problem_type(str(members[CODE_KEY])),
        "title": HTTPStatus(status).phrase,
        "status": int(status),
        **members,
    }


def status_of(error: LttError) -> HTTPStatus:
    """The HTTP status that an error of ours is answered with."""
    found = (status for cls, status in _STATUS if isinstance(error, cls))
    return next(found, HTTPStatus.INTERNAL_SERVER_ERROR)


def problem_of(error: LttError, **more: object) -> ProblemResponse:
    """An error of ours as an answer."""
    return ProblemResponse(status_of(error), {**error_to_wire(error), **more})


def plain_problem(status: int, code: str, detail: str, headers: Mapping[str, str] | None = None) -> ProblemResponse:
    """A refusal that no error class of ours stands for."""
    return ProblemResponse(status, {CODE_KEY: code, DETAIL_KEY: detail}, headers)


def unexpected_problem() -> ProblemResponse:
    """What is said of an error that nobody foresaw: nothing of its content."""
    detail = "the service failed to answer; its log has the cause, trying again may help"
    return plain_problem(HTTPStatus.INTERNAL_SERVER_ERROR, "internal", detail)


def install_problem_handlers(app: FastAPI) -> None:
    """Answer every error that a route or the router raises with a problem document."""
    app.add_exception_handler(LttError, _on_ltt_error)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(RequestValidationError, _on_invalid_request)


async def _on_ltt_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, LttError)
    if status_of(error) is HTTPStatus.INTERNAL_SERVER_ERROR:
        raise error  # a fault of ours: the boundary logs it and says nothing of its content
    if isinstance(error, ResumePointGoneError):
        snapshot = request.url.path.removesuffix("/events")
        return problem_of(error, resync=snapshot)
    return problem_of(error)


async def _on_http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    status = HTTPStatus(error.status_code)
    code = status.name.lower()
    match status:
        case HTTPStatus.NOT_FOUND:
            detail = f"there is nothing at {request.url.path!r}; /api/v1/openapi.json lists what there is"
        case HTTPStatus.METHOD_NOT_ALLOWED:
            allowed = (error.headers or {}).get("allow") or (error.headers or {}).get("Allow", "another method")
            detail = f"{request.method} is not possible at {request.url.path!r}; use {allowed}"
        case _:
            detail = str(error.detail)
    return plain_problem(status, code, detail, error.headers)


async def _on_invalid_request(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    # Without the input: it may be a learner's text.
    faults = [{"where": ".".join(map(str, fault["loc"])), "what": str(fault["msg"])} for fault in error.errors()]
    detail = "; ".join(f"{fault['where']}: {fault['what']}" for fault in faults)
    members = {CODE_KEY: "invalid_request", DETAIL_KEY: detail, "errors": faults}
    return ProblemResponse(HTTPStatus.UNPROCESSABLE_ENTITY, members)
