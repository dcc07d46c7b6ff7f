"""Our errors as JSON-ready problem members and back, so that a client over HTTP raises what the service raised."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from typing import Any

from ltt_collab.model.errors import (
    ConflictError,
    CourseError,
    ForbiddenError,
    InvalidEventError,
    InvalidMessageError,
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

TYPE_PREFIX = "urn:ltt-collab:problem:"
"""What a problem's ``type`` begins with; the rest is its code with hyphens."""

CODE_KEY = "code"
DETAIL_KEY = "detail"


def problem_code(cls: type[Exception]) -> str:
    """The stable code of an error class, ``unknown_room`` for ``UnknownRoomError``."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__.removesuffix("Error")).lower()


def problem_type(code: str) -> str:
    """The URI that names a kind of problem (RFC 9457 ``type``)."""
    return TYPE_PREFIX + code.replace("_", "-")


_CARRIED: Mapping[str, type[LttError]] = {
    problem_code(cls): cls
    for cls in (
        ConflictError,
        CourseError,
        ForbiddenError,
        InvalidEventError,
        InvalidMessageError,
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
}
"""Errors whose data may leave the service. All others travel as a code and a sentence."""


def error_to_wire(error: LttError) -> dict[str, Any]:
    """The error's code, sentence and data; a carried error's data are the arguments it was built from."""
    code = problem_code(type(error))
    data = {name: getattr(error, name) for name in _arguments(type(error))} if code in _CARRIED else {}
    return {CODE_KEY: code, DETAIL_KEY: str(error), **data}


def error_from_wire(wire: Mapping[str, Any]) -> LttError | None:
    """The error as the service raised it; None when this version does not know it or its data are not all there."""
    cls = _CARRIED.get(str(wire.get(CODE_KEY)))
    if cls is None:
        return None
    names = _arguments(cls)
    if not all(name in wire for name in names):
        return None
    return cls(*(wire[name] for name in names))


def _arguments(cls: type[LttError]) -> list[str]:
    return [name for name in inspect.signature(cls.__init__).parameters if name != "self"]
