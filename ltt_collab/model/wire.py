"""Our values as JSON-ready dicts and back: what HTTP, SSE, the MCP bridge and the store speak.

An event or an answer carries its ``type`` (the class name in snake case, a stable contract); a notebook, a draft and
a finding are known from where they stand and carry none. A cell on the wire also has its ``hash``, so that an agent
can send it back as ``expected_hash``. Readers ignore keys that they do not know: a newer service may say more.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeVar, get_args

from pydantic import TypeAdapter, ValidationError

from ltt_collab.model.cells import Cell, Notebook
from ltt_collab.model.edits import CellInserted, CellMoved, CellTypeChanged, DocumentReloaded, RoomEvent
from ltt_collab.model.errors import InvalidEventError, InvalidMessageError
from ltt_collab.model.findings import Finding
from ltt_collab.model.suggestions import Answer, Draft

Wire = dict[str, Any]
"""Only what ``json.dumps`` takes: dict with str keys, list, str, int, float, bool, None."""

TYPE_KEY = "type"

_T = TypeVar("_T")


def _snake(cls: type) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()


EVENT_TYPES: Mapping[str, type[RoomEvent]] = {_snake(cls): cls for cls in get_args(RoomEvent)}
"""Every event class by its ``type`` on the wire."""

ANSWER_TYPES: Mapping[str, type[Answer]] = {_snake(cls): cls for cls in get_args(Answer)}
"""Every answer class by its ``type`` on the wire."""

_ADAPTERS: dict[type, TypeAdapter[Any]] = {}
_TYPE_NAMES: Mapping[type, str] = {cls: name for table in (EVENT_TYPES, ANSWER_TYPES) for name, cls in table.items()}


def event_type(event: RoomEvent) -> str:
    """The event's ``type`` on the wire, as in ``source_edited``; also the SSE event name."""
    return _TYPE_NAMES[type(event)]


def to_wire(value: RoomEvent | Answer | Notebook | Draft | Finding) -> Wire:
    """The value as a JSON-ready dict that shares nothing mutable with it."""
    wire: Wire = _adapter(type(value)).dump_python(value, mode="json")
    match value:
        case Notebook(cells=cells) | DocumentReloaded(cells=cells):
            _add_hashes(wire["cells"], cells)
        case CellInserted(cell=cell) | CellMoved(cell=cell) | CellTypeChanged(cell=Cell() as cell):
            _add_hashes([wire["cell"]], (cell,))
        case _:
            pass
    name = _TYPE_NAMES.get(type(value))
    return wire if name is None else {TYPE_KEY: name, **wire}


def from_wire(wire: Mapping[str, Any]) -> RoomEvent:
    """Read an event.

    Raises:
        InvalidEventError: the type is unknown, or a field is missing or of the wrong kind.
    """
    cls = EVENT_TYPES.get(str(wire.get(TYPE_KEY)))
    if cls is None:
        raise InvalidEventError(f"unknown type {wire.get(TYPE_KEY)!r}; known: {', '.join(sorted(EVENT_TYPES))}")
    try:
        return _read(cls, wire)
    except InvalidMessageError as error:
        raise InvalidEventError(error.reason) from error


def answer_from_wire(wire: Mapping[str, Any]) -> Answer:
    """Read the gate's answer to a draft.

    Raises:
        InvalidMessageError
    """
    cls = ANSWER_TYPES.get(str(wire.get(TYPE_KEY)))
    if cls is None:
        raise InvalidMessageError("answer", f"unknown type {wire.get(TYPE_KEY)!r}; known: {', '.join(ANSWER_TYPES)}")
    return _read(cls, wire)


def notebook_from_wire(wire: Mapping[str, Any]) -> Notebook:
    """Read a snapshot.

    Raises:
        InvalidMessageError
    """
    return _read(Notebook, wire)


def draft_from_wire(wire: Mapping[str, Any]) -> Draft:
    """Read a proposed suggestion.

    Raises:
        InvalidMessageError
    """
    return _read(Draft, wire)


def finding_from_wire(wire: Mapping[str, Any]) -> Finding:
    """Read a finding.

    Raises:
        InvalidMessageError
    """
    return _read(Finding, wire)


def _adapter(cls: type[_T]) -> TypeAdapter[_T]:
    # Built on first use: a schema takes about a millisecond, most processes need a few of them.
    adapter = _ADAPTERS.get(cls)
    if adapter is None:
        adapter = _ADAPTERS[cls] = TypeAdapter(cls)
    return adapter


def _read(cls: type[_T], wire: Mapping[str, Any]) -> _T:
    try:
        return _adapter(cls).validate_python(dict(wire))
    except ValidationError as error:
        # Without the input: it may be a learner's text, and this message goes to logs.
        faults = error.errors(include_url=False, include_input=False, include_context=False)
        reason = "; ".join(f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}" for fault in faults)
        raise InvalidMessageError(_snake(cls), reason) from None


def _add_hashes(wires: list[Wire], cells: tuple[Cell, ...]) -> None:
    for wire, cell in zip(wires, cells, strict=True):
        wire["hash"] = cell.hash
