"""The event stream of jupyter-collaboration 5.0.4 on jupyter_server 2.21, word for word, and what we make of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ltt_collab.adapters.jupyter.sightings import (
    AWARENESS_EVENT,
    CONTENTS_EVENT,
    SESSION_EVENT,
    EventReader,
    sightings_from_open_rooms,
    sightings_from_sessions,
)
from ltt_collab.model.ids import Username
from ltt_collab.ports.rooms import FileDeleted, FileMoved, RoomOpened, RoomSaved, RoomVacated, SaveFailed, Sighting

ROOM = "json:notebook:2425a3ad"
CHAT = "text:chat:151c7701"


class Stream:
    """One event stream, spoken to."""

    def __init__(self, own: int = 0) -> None:
        self.own = own
        self.reader = EventReader(lambda _: self.own)

    def event(self, schema: str, **fields: Any) -> list[Sighting]:
        return self.reader.read(json.dumps({"schema_id": schema, **fields}).encode())

    def session(self, action: str, path: str = "d/a b.ipynb", room: str = ROOM, msg: str = "") -> list[Sighting]:
        return self.event(SESSION_EVENT, level="INFO", room=room, path=path, action=action, msg=msg)

    def awareness(self, action: str, username: str = "alice", room: str = ROOM) -> list[Sighting]:
        return self.event(AWARENESS_EVENT, roomid=room, username=username, action=action)

    def contents(self, action: str, path: str, source_path: str | None = None) -> list[Sighting]:
        more = {} if source_path is None else {"source_path": source_path}
        return self.event(CONTENTS_EVENT, action=action, path=path, **more)

    def opened(self, path: str = "d/a b.ipynb") -> None:
        self.session("load", path)
        self.session("initialize", path, msg="Room initialized")
        self.awareness("join")
        self.session("initialize", path, msg="New client connected.")


def notebook(path: str, username: str | None = None) -> RoomOpened:
    return RoomOpened(path=path, format="json", type="notebook", username=Username(username) if username else None)


def test_a_room_that_loads_is_opened_at_once_and_named_when_somebody_joins() -> None:
    stream = Stream()
    assert stream.session("load") == [notebook("d/a b.ipynb")]
    assert stream.session("initialize", msg="Room initialized") == []
    assert stream.awareness("join") == [notebook("d/a b.ipynb", "alice")]
    assert stream.session("initialize", msg="New client connected.") == []


def test_a_chat_is_opened_as_a_chat() -> None:
    assert Stream().session("load", "c.chat", CHAT) == [RoomOpened(path="c.chat", format="text", type="chat")]


def test_joining_a_room_older_than_the_watch_is_told_when_its_path_is_known() -> None:
    stream = Stream()
    assert stream.awareness("join") == []
    assert stream.session("initialize", msg="New client connected.") == [notebook("d/a b.ipynb", "alice")]


@pytest.mark.parametrize("room", ["text:file:1", "json:notebook", "fork-room", "JupyterLab:globalAwareness"])
def test_other_rooms_are_not_ours(room: str) -> None:
    stream = Stream()
    assert stream.session("load", "a.py", room) == []
    assert stream.awareness("join", room=room) == []


def test_the_last_human_leaving_vacates_the_room() -> None:
    stream = Stream()
    stream.opened()
    stream.awareness("join", "bob")
    assert stream.awareness("leave", "bob") == []
    assert stream.awareness("leave") == [RoomVacated(path="d/a b.ipynb")]


def test_our_own_connection_does_not_count_as_a_human() -> None:
    stream = Stream()
    stream.opened()
    stream.own = 1
    stream.awareness("join", "tutor")
    assert stream.awareness("leave") == [RoomVacated(path="d/a b.ipynb")]


def test_our_own_leaving_does_not_vacate_a_learners_room() -> None:
    stream = Stream(own=1)
    stream.opened()
    stream.awareness("join", "tutor")
    stream.own = 0
    assert stream.awareness("leave", "tutor") == []


def test_a_room_older_than_the_watch_is_never_said_to_be_vacated_by_counting() -> None:
    stream = Stream()
    stream.awareness("join", "bob")
    stream.session("initialize", msg="New client connected.")
    assert stream.awareness("leave", "bob") == []


def test_an_evicted_room_is_vacated_once() -> None:
    stream = Stream()
    stream.opened()
    assert stream.session("clean", msg="Room deleted.") == [RoomVacated(path="d/a b.ipynb")]
    assert stream.session("clean", msg="Loader deleted.") == []


def test_a_renamed_file_is_moved_and_its_room_follows() -> None:
    stream = Stream()
    stream.opened()
    assert stream.contents("rename", "d/ü.ipynb", "d/a b.ipynb") == [
        FileMoved(path="d/a b.ipynb", new_path="d/ü.ipynb")
    ]
    assert stream.awareness("join", "bob") == [notebook("d/ü.ipynb", "bob")]


def test_a_renamed_folder_moves_each_open_file_below_it_and_no_namesake() -> None:
    stream = Stream()
    stream.opened("d/x/a.ipynb")
    stream.session("load", "dd/b.ipynb", "json:notebook:other")
    assert stream.contents("rename", "e", "d") == [
        FileMoved(path="d", new_path="e"),
        FileMoved(path="d/x/a.ipynb", new_path="e/x/a.ipynb"),
    ]


def test_a_deleted_folder_deletes_each_open_file_below_it() -> None:
    stream = Stream()
    stream.opened("d/a.ipynb")
    assert stream.contents("delete", "d") == [FileDeleted(path="d"), FileDeleted(path="d/a.ipynb")]


@pytest.mark.parametrize("action", ["get", "save", "create", "upload", "copy"])
def test_reading_and_saving_are_noise(action: str) -> None:
    assert Stream().contents(action, "d/a b.ipynb") == []


def test_events_of_others_are_noise() -> None:
    stream = Stream()
    assert stream.session("overwrite", msg="Out-of-band changes.") == []
    assert stream.event("https://schema.jupyter.org/jupyterlab_chat/room/v1", path="c.chat", action="opened") == []
    assert stream.reader.malformed == 0


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\xff",
        b"[]",
        b"{}",
        b'{"schema_id": "https://schema.jupyter.org/jupyter_collaboration/session/v1"}',
        json.dumps({"schema_id": SESSION_EVENT, "room": ROOM, "path": None, "action": "load"}).encode(),
        json.dumps({"schema_id": AWARENESS_EVENT, "roomid": 1, "username": "a", "action": "join"}).encode(),
        json.dumps({"schema_id": CONTENTS_EVENT, "action": "rename", "path": "a"}).encode(),
    ],
)
def test_what_cannot_be_read_is_counted_and_harms_nothing(message: bytes) -> None:
    reader = EventReader(lambda _: 0)
    assert reader.read(message) == []
    assert reader.malformed == 1


def test_sessions_show_the_notebooks_that_a_browser_holds() -> None:
    kernel = {"id": "k", "connections": 1}
    models = [
        {"path": "e/ü.ipynb", "type": "notebook", "kernel": kernel},
        {"path": "e/ü.ipynb", "type": "notebook", "kernel": kernel},
        {"path": "RTC:b.ipynb", "type": "notebook", "kernel": {"id": "k"}},
        {"path": "left-running.ipynb", "type": "notebook", "kernel": {"id": "k", "connections": 0}},
        {"path": "console-1", "type": "console", "kernel": kernel},
        {"path": 7, "type": "notebook", "kernel": kernel},
        "nonsense",
    ]
    assert sightings_from_sessions(models) == [notebook("e/ü.ipynb"), notebook("b.ipynb")]
    assert sightings_from_sessions({"message": "no"}) == []


@pytest.mark.proves("rooms:found-without-a-kernel")
def test_open_rooms_show_notebooks_and_chats_and_pass_over_the_rest() -> None:
    said = {
        "rooms": [
            {"path": "a.ipynb", "format": "json", "type": "notebook"},
            {"path": "RTC:b.chat", "format": "text", "type": "chat"},
            {"path": "c.txt", "format": "text", "type": "file"},
            {"path": 3, "format": "json", "type": "notebook"},
            "json:notebook:1",
        ]
    }
    assert sightings_from_open_rooms(said) == [
        RoomOpened(path="a.ipynb", format="json", type="notebook"),
        RoomOpened(path="b.chat", format="text", type="chat"),
    ]


@pytest.mark.parametrize("said", [None, [], {"rooms": None}, {"rooms": {}}, "rooms"])
def test_an_answer_of_another_kind_shows_no_room(said: object) -> None:
    assert sightings_from_open_rooms(said) == []


def test_a_save_is_told_also_of_a_document_that_is_no_notebook() -> None:
    stream = Stream()
    stream.opened()
    assert stream.session("save", msg="Content saved.") == [RoomSaved(path="d/a b.ipynb")]
    assert stream.session("save", "a.py", room="text:file:1", msg="Content saved.") == [RoomSaved(path="a.py")]


@pytest.mark.proves("learner-text:unsaved-is-said")
def test_a_save_that_failed_is_told_with_the_servers_reason_and_a_load_that_failed_is_not() -> None:
    stream = Stream()
    stream.opened()
    failure = {"level": "ERROR", "room": ROOM, "path": "d/a b.ipynb"}
    reason = "HTTPError('HTTP 500: Internal Server Error (Unexpected error: d/a b.ipynb [Errno 28] No space left)')"
    message = f"Error saving file: d/a b.ipynb\n{reason}"
    assert stream.event(SESSION_EVENT, **failure, msg=message) == [SaveFailed(path="d/a b.ipynb", reason=reason)]
    assert stream.event(SESSION_EVENT, **failure, msg="Error loading content from file: d/a b.ipynb\nno") == []
