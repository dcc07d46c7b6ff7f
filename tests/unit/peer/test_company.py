"""Whose room it is."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from ltt_collab.model.ids import ClientId, Username
from ltt_collab.model.presence import User
from ltt_collab.peer.company import Company
from ltt_collab.rooms.presence import ParticipantJoined

ADA, BOB = Username("ada"), Username("bob")


def company() -> Company:
    scene: Any = SimpleNamespace(
        people=SimpleNamespace(change=lambda: None),
        head=lambda author: {"room": "r", "seq": 1, "at": 1.0, "author": author},
        happen=lambda _event: None,
    )
    stay = SimpleNamespace(somebody_came=lambda: None)
    greeting = SimpleNamespace(meet=lambda _username: None)
    return Company(scene, cast("Any", stay), cast("Any", greeting))


def joined(username: Username, client: int) -> ParticipantJoined:
    return ParticipantJoined(client=ClientId(client), user=User(username=username, display_name="", color=""))


@pytest.mark.proves("mcp:own-rooms-only")
def test_a_visitor_who_shows_up_before_the_learner_does_not_take_the_room_over() -> None:
    here = company()
    here.begin(BOB)
    here.handle(joined(ADA, 1))
    here.handle(joined(BOB, 2))
    assert here.learner == BOB


def test_where_nobody_was_known_before_us_the_first_to_show_up_is_the_learner() -> None:
    here = company()
    here.begin(None)
    assert here.learner is None
    here.handle(joined(ADA, 1))
    here.handle(joined(BOB, 2))
    assert here.learner == ADA
