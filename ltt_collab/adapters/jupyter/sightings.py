"""What a server's words mean: its event stream, its sessions, its global awareness. No I/O."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ltt_collab.model.addresses import RoomAddress
from ltt_collab.model.errors import InvalidRoomAddressError
from ltt_collab.model.ids import Username
from ltt_collab.ports.rooms import FileDeleted, FileMoved, RoomOpened, RoomSaved, RoomVacated, SaveFailed, Sighting

SESSION_EVENT = "https://schema.jupyter.org/jupyter_collaboration/session/v1"
AWARENESS_EVENT = "https://schema.jupyter.org/jupyter_collaboration/awareness/v1"
CONTENTS_EVENT = "https://events.jupyter.org/jupyter_server/contents_service/v1"

NOTEBOOK = ("json", "notebook")
CHAT = ("text", "chat")
_KINDS_BY_SUFFIX = {".ipynb": NOTEBOOK, ".chat": CHAT}

MAX_ROOMS = 10_000
"""Rooms remembered of one server; beyond it the longest unheard is forgotten, and is seen again when it stirs."""

SAVE_FAILED = "Error saving file:"
"""How jupyter-collaboration's message begins; the next line is the exception."""

REASON_CAP = 300
"""Characters of that exception that we keep."""

_DRIVE = "RTC:"
"""jupyter-collaboration's content provider, in front of a path in some releases' awareness."""


@dataclass(slots=True)
class _SeenRoom:
    path: str = ""
    username: Username | None = None
    present: int = 0
    since_birth: bool = False


class EventReader:
    """Turns one connection's event messages into sightings.

    Invariants:
        1. A room is said to be vacated only when every arrival since its birth was seen and all but our own left.
           Our own connections count by ``own_channels(room)``; two of us on one server are no matter: presence in
           the room itself has the last word.
        2. The one contents ``get`` per second and room, and whatever else is not ours to know, leaves no trace.
    """

    def __init__(self, own_channels: Callable[[str], int]) -> None:
        self._own_channels = own_channels
        self._rooms: OrderedDict[str, _SeenRoom] = OrderedDict()
        self.malformed = 0

    def read(self, message: bytes) -> list[Sighting]:
        """The sightings of one message, none for noise; what cannot be read is counted."""
        try:
            event = json.loads(message)
            schema = event["schema_id"]
            if schema == SESSION_EVENT:
                path = _path(event, "path")
                return _save_failure(path, event) or self._session(_text(event, "room"), path, event.get("action"))
            if schema == AWARENESS_EVENT:
                return self._awareness(_text(event, "roomid"), _text(event, "username"), event.get("action"))
            return self._contents(event) if schema == CONTENTS_EVENT else []
        except (ValueError, KeyError, TypeError):
            self.malformed += 1
            return []

    def _session(self, room: str, path: str, action: object) -> list[Sighting]:
        saved: list[Sighting] = [RoomSaved(path=path)] if action == "save" else []
        kind = _kind_of_room(room)
        if kind is None:
            return saved
        if action == "clean":
            gone = self._rooms.pop(room, None)
            return [RoomVacated(path=path)] if gone is not None else []
        seen = self._see(room)
        was_nameless, seen.path = not seen.path, path
        if action == "load":
            # A room's birth: nobody is in it yet, the client that caused it joins next.
            seen.present, seen.since_birth = 0, True
            return [_opened(path, kind)]
        if action == "initialize" and was_nameless:
            return [_opened(path, kind, seen.username)]
        return saved

    def _awareness(self, room: str, username: str, action: object) -> list[Sighting]:
        kind = _kind_of_room(room)
        if kind is None:
            return []
        seen = self._see(room)
        if action == "join":
            seen.present += 1
            seen.username = Username(username)
            # A room that was open before we watched has no path yet: the event that follows carries it.
            return [_opened(seen.path, kind, seen.username)] if seen.path else []
        if action == "leave":
            seen.present -= 1
            if seen.since_birth and seen.path and seen.present <= self._own_channels(room):
                return [RoomVacated(path=seen.path)]  # invariant 1
        return []

    def _contents(self, event: Mapping[str, Any]) -> list[Sighting]:
        match event["action"]:
            case "rename":
                return self._moved(_path(event, "source_path"), _path(event, "path"))
            case "delete":
                path = _path(event, "path")
                below = [seen.path for seen in self._rooms.values() if seen.path.startswith(path + "/")]
                return [FileDeleted(path=gone) for gone in dict.fromkeys([path, *below])]
            case _:
                return []

    def _moved(self, source: str, target: str) -> list[Sighting]:
        moves = {source: target}
        for seen in self._rooms.values():
            if seen.path.startswith(source + "/"):
                # A folder was moved: each open file below it moved as well.
                moves[seen.path] = target + seen.path.removeprefix(source)
            seen.path = moves.get(seen.path, seen.path)
        return [FileMoved(path=old, new_path=new) for old, new in moves.items()]

    def _see(self, room: str) -> _SeenRoom:
        seen = self._rooms.setdefault(room, _SeenRoom())
        self._rooms.move_to_end(room)
        if len(self._rooms) > MAX_ROOMS:
            self._rooms.popitem(last=False)
        return seen


def sightings_from_sessions(models: object) -> list[RoomOpened]:
    """The notebooks that ``GET /api/sessions`` shows as open in somebody's browser.

    A session is a kernel; ``connections`` counts the browsers on it, so that a kernel left running alone is not
    mistaken for a present learner.
    """
    paths = [
        _clean(model["path"])
        for model in (models if isinstance(models, list) else [])
        if isinstance(model, dict)
        and model.get("type") == "notebook"
        and isinstance(model.get("path"), str)
        and _has_browser(model.get("kernel"))
    ]
    return [opened for path in dict.fromkeys(paths) if (opened := _opened_by_name(path)) is not None]


def sightings_from_open_rooms(said: object) -> list[RoomOpened]:
    """The notebooks and chats that ``ltt-learner`` says somebody has open, with a kernel or without."""
    rooms = said.get("rooms") if isinstance(said, dict) else None
    found = []
    for room in rooms if isinstance(rooms, list) else []:
        if isinstance(room, dict) and isinstance(room.get("path"), str):
            kind = (str(room.get("format")), str(room.get("type")))
            if kind in _KINDS_BY_SUFFIX.values():
                found.append(_opened(_clean(room["path"]), kind))
    return found


def _save_failure(path: str, event: Mapping[str, Any]) -> list[Sighting]:
    """A save that failed is an error without an action; only its words tell it from a load that failed."""
    message = str(event.get("msg", ""))
    if event.get("level") != "ERROR" or not message.startswith(SAVE_FAILED):
        return []
    return [SaveFailed(path=path, reason=message.partition("\n")[2][:REASON_CAP])]


def _opened(path: str, kind: tuple[str, str], username: Username | None = None) -> RoomOpened:
    return RoomOpened(path=path, format=kind[0], type=kind[1], username=username)


def _opened_by_name(path: str) -> RoomOpened | None:
    for suffix, kind in _KINDS_BY_SUFFIX.items():
        if path.endswith(suffix):
            return _opened(path, kind)
    return None


def _kind_of_room(room: str) -> tuple[str, str] | None:
    """Format and type of a room that we care about: a notebook as JSON, or a chat."""
    try:
        address = RoomAddress.parse(room)
    except InvalidRoomAddressError:
        return None
    kind = (address.format, address.type)
    return kind if kind in _KINDS_BY_SUFFIX.values() else None


def _has_browser(kernel: object) -> bool:
    connections = kernel.get("connections") if isinstance(kernel, dict) else None
    return connections != 0


def _text(event: Mapping[str, Any], key: str) -> str:
    value = event[key]
    if not isinstance(value, str):
        raise TypeError(key)
    return value


def _path(event: Mapping[str, Any], key: str) -> str:
    return _clean(_text(event, key))


def _clean(path: str) -> str:
    return path.removeprefix(_DRIVE).strip("/")
