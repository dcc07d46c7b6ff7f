"""People in a room, as they say of themselves and as we take it."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from typing import Any

import pytest

from ltt_collab.model.ids import CellId, ClientId, Username
from ltt_collab.model.presence import Activity, Selection, User
from ltt_collab.ports.presence import Presence
from ltt_collab.rooms.awareness import Awareness
from ltt_collab.rooms.global_room import GlobalPresence
from ltt_collab.rooms.local_state import document_state
from ltt_collab.rooms.participants import NAME_LENGTH, read_user
from ltt_collab.rooms.presence import (
    ImpostorSeen,
    ParticipantJoined,
    ParticipantLeft,
    ParticipantMoved,
    PresenceEvent,
    RoomPresence,
)
from tests.support.room_scene import ADA, OURS, TUTOR, browser_state, encode_awareness


class Room:
    """Awareness and presence, with the cell positions a peer would inject."""

    def __init__(self, *former: int) -> None:
        self.awareness = Awareness(OURS)
        self.published: list[Mapping[str, Any]] = []
        self.resolved: list[Mapping[str, Any]] = []
        self.clock = 0
        former_ids = [ClientId(client) for client in former]
        self.presence = RoomPresence(
            self.awareness, TUTOR, self.published.append, resolve=self.resolve, former=former_ids
        )

    def resolve(self, cursor: Mapping[str, Any]) -> Selection | None:
        self.resolved.append(cursor)
        item = cursor["head"].get("item")
        return None if item is None else Selection(cell_id=CellId("c"), anchor=item["clock"], head=item["clock"])

    def hear(self, client: int, state: Any) -> list[PresenceEvent]:
        self.clock += 1
        change = self.awareness.apply(encode_awareness((client, self.clock, state)), float(self.clock))
        return list(self.presence.changed(change))


def user_of(event: PresenceEvent) -> User:
    return event.user


def test_a_browser_joins_moves_and_leaves() -> None:
    room = Room()
    joined, moved = room.hear(ADA, browser_state("Ada", 3))
    assert (type(joined), type(moved)) == (ParticipantJoined, ParticipantMoved)
    assert user_of(joined) == User(
        username=Username("ada"), display_name="Ada", initials="A", color="var(--jp-collaborator-color3)"
    )
    assert [type(event) for event in room.hear(ADA, browser_state("Ada", 4))] == [ParticipantMoved]
    assert [type(event) for event in room.hear(ADA, None)] == [ParticipantLeft]
    assert room.presence.humans() == []


def test_a_selection_is_resolved_when_it_is_asked_for() -> None:
    room = Room()
    room.hear(ADA, browser_state("Ada", 3))
    assert room.resolved == []
    (human,) = room.presence.humans()
    assert (human.client, human.selection) == (ADA, Selection(cell_id=CellId("c"), anchor=3, head=3))
    assert room.presence.users() == [(ADA, human.user)]


def test_a_renewal_tells_nothing() -> None:
    room = Room()
    room.hear(ADA, browser_state())
    assert room.hear(ADA, browser_state()) == []


def test_states_without_a_user_are_nobody() -> None:
    room = Room()
    for state in ({}, {"user": None}, {"user": "Ada"}, {"user": ["Ada"]}, {"autosave": True}):
        assert room.hear(7, state) == []
    assert room.presence.humans() == []


def test_somebody_who_takes_the_user_back_has_left() -> None:
    room = Room()
    room.hear(ADA, browser_state())
    assert [type(event) for event in room.hear(ADA, {})] == [ParticipantLeft]


def test_two_tabs_of_one_learner_are_two_participants() -> None:
    room = Room()
    room.hear(ADA, browser_state("Ada"))
    room.hear(ADA + 1, browser_state("Ada"))
    assert len(room.presence.humans()) == 2


@pytest.mark.proves("presence:impostor-has-no-rights")
@pytest.mark.parametrize(
    "claim",
    [
        {"username": "ltt-tutor"},
        {"username": "ltt-tutor\u200b"},
        {"username": "LTT-Tutor"},
        {"display_name": "Tutor"},
        {"display_name": " tutor · typing…"},
        {"display_name": "Ｔｕｔｏｒ"},
        {"name": "Tútor"},
        {"display_name": "T.u.t.o.r"},
    ],
    ids=ascii,
)
def test_who_calls_itself_by_our_name_is_reported_once_and_is_an_ordinary_participant(claim: dict[str, Any]) -> None:
    def state(item: int) -> dict[str, Any]:
        honest = browser_state("Mallory", item)
        return honest | {"user": honest["user"] | claim}

    room = Room()
    events = room.hear(666, state(3))
    assert [type(event) for event in events] == [ParticipantJoined, ImpostorSeen, ParticipantMoved]
    (human,) = room.presence.humans()
    assert human.user.username == "unverified-666"
    assert human.user.display_name.endswith("(not the tutor)")
    assert human.selection is not None  # nobody writes where it types: it may be a learner after all
    assert [type(event) for event in room.hear(666, state(9))] == [ParticipantMoved]


def test_a_learner_who_becomes_us_changes_its_name_to_all_who_listen() -> None:
    room = Room()
    room.hear(ADA, browser_state("Ada"))
    events = room.hear(ADA, browser_state("Ada", username="ltt-tutor"))
    assert [type(event) for event in events] == [ParticipantLeft, ParticipantJoined, ImpostorSeen]
    assert [event.user.username for event in events[:2]] == ["ada", f"unverified-{ADA}"]


def test_a_similar_name_is_no_impostor() -> None:
    room = Room()
    events = room.hear(ADA, browser_state("Tutora"))
    assert not any(isinstance(event, ImpostorSeen) for event in events)


def test_our_own_ghost_is_nobody() -> None:
    room = Room(41)
    assert room.hear(41, browser_state("Tutor", username="ltt-tutor")) == []
    assert room.presence.humans() == []


def test_names_are_cut_and_printable() -> None:
    user = read_user(
        {"user": {"username": "a" * 10_000, "display_name": "A\u202eda\n\ud800", "initials": "ABCDEFG"}}, ADA
    )
    assert user is not None
    assert (len(user.username), user.display_name, user.initials) == (NAME_LENGTH, "Ada", "ABCD")


def test_a_nameless_user_is_still_somebody() -> None:
    user = read_user({"user": {"username": 7, "name": None, "display_name": ""}}, ADA)
    assert user is not None
    assert (user.username, user.display_name) == (f"client-{ADA}", f"client {ADA}")


HOSTILE: list[Any] = [
    None, True, 0, -1, 2**70, 1.5, "", "x" * 300, "\ud800", [], [[]], {}, {"client": -1, "clock": 0},
    {"client": True, "clock": 1}, {"client": 2**60, "clock": 1}, {"item": []}, [{"anchor": 1, "head": 2}], float("nan"),
]  # fmt: skip


@pytest.mark.proves("presence:hostile-json-is-harmless")
def test_hostile_states_never_raise_and_never_reach_the_resolver() -> None:
    chance = random.Random(7)
    room = Room()

    def spoil(value: Any) -> Any:
        if chance.random() < 0.12:
            return chance.choice(HOSTILE)
        if isinstance(value, dict):
            return {key: spoil(inner) for key, inner in value.items() if chance.random() > 0.08}
        if isinstance(value, list):
            return [spoil(inner) for inner in value]
        return value

    for _ in range(3000):
        raw = json.dumps(spoil(browser_state("Ada", chance.randrange(9)))).encode()
        room.hear(chance.randrange(1, 9), raw)
        room.presence.humans()
    assert room.resolved
    for cursor in room.resolved:
        for end in ("anchor", "head"):
            assert isinstance(cursor[end], dict)
            for part in ("item", "type"):
                found = cursor[end].get(part)
                assert found is None or (type(found["client"]) is int and found["clock"] >= 0)


def test_our_state_is_what_jupyterlab_accepts() -> None:
    room = Room()
    cursor = {"anchor": {"item": {"client": 1, "clock": 2}}, "head": {"type": {"client": 1, "clock": 0}}}
    room.presence.show_cursors([cursor])
    assert room.published == [
        {
            "user": {
                "username": "ltt-tutor",
                "name": "Tutor",
                "display_name": "Tutor",
                "initials": "T",
                "avatar_url": None,
                "color": "#7b1fa2",
            },
            "autosave": False,
            "cursors": [
                {
                    "anchor": {"type": None, "tname": None, "item": {"client": 1, "clock": 2}, "assoc": 0},
                    "head": {"type": {"client": 1, "clock": 0}, "tname": None, "item": None, "assoc": 0},
                    "primary": True,
                    "empty": False,
                }
            ],
        }
    ]


@pytest.mark.parametrize(
    ("activity", "flag"),
    [
        (Activity.IDLE, "Tutor"),
        (Activity.READING, "Tutor · reading…"),
        (Activity.TYPING, "Tutor · typing…"),
        (Activity.CHECKING, "Tutor · checking…"),
    ],
)
@pytest.mark.proves("presence:activity-in-the-flag")
def test_the_name_flag_says_what_we_do(activity: Activity, flag: str) -> None:
    user = document_state(TUTOR, activity, [])["user"]
    assert (user["display_name"], user["name"], user["username"]) == (flag, "Tutor", "ltt-tutor")


def test_an_unchanged_state_is_not_sent_again() -> None:
    room = Room()
    presence: Presence = room.presence
    presence.show_activity(Activity.TYPING)
    presence.show_activity(Activity.TYPING)
    presence.show_cursors([])
    assert len(room.published) == 1


def test_the_panel_lists_us_with_the_documents_we_have_open() -> None:
    panel = GlobalPresence()
    panel.show_documents(["a.ipynb", "b.ipynb"], "notebook:a.ipynb")
    state = panel.describe(TUTOR, Activity.CHECKING, [])
    assert (state["documents"], state["current"]) == (["a.ipynb", "b.ipynb"], "notebook:a.ipynb")
    assert state["user"]["display_name"] == "Tutor · checking…"
    assert "cursors" not in state
