"""On a single server a learner's link has no name: the page is of whoever learns there, also before a room is open."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from ltt_collab.adapters.jupyter.owner import owner_of
from ltt_collab.adapters.jupyter.rest import RestClient
from ltt_collab.model.errors import RoomUnreachableError
from ltt_collab.model.identity import Principal, Role, Sight
from ltt_collab.model.ids import Username
from ltt_collab.reception import Behind, _last_learner
from ltt_collab.web.learn.desk import learner_of
from ltt_collab.web.login import Session
from ltt_collab.web.policy import Visitor
from ltt_collab.web.stage import Recollection, Stage


def visitor(name: str) -> Visitor:
    principal = Principal(name=Username(name), role=Role.LEARNER)
    return Visitor(sight=Sight(principal=principal), csrf="", session=Session(principal=principal, csrf="", expires=1))


def stage(recollection: Recollection, *rooms: tuple[str, int]) -> Stage:
    listed = [SimpleNamespace(learner=learner, last_seq=seq) for learner, seq in rooms]
    directory = SimpleNamespace(rooms=lambda: listed)
    return cast("Stage", SimpleNamespace(directory=directory, one_learner=True, recollection=recollection))


def behind(owner: str, *learners: tuple[str, ...]) -> Behind:
    async def recorded(**_asked: Any) -> list[SimpleNamespace]:
        return [SimpleNamespace(learners=each) for each in learners]

    async def named() -> Username:
        return Username(owner)

    school = SimpleNamespace(rooms=SimpleNamespace(recorded=recorded))
    return cast("Behind", SimpleNamespace(school=school, owner=named))


@pytest.mark.proves("pages:one-learners-progress")
async def test_before_a_room_is_open_the_page_is_of_whoever_learned_there_last() -> None:
    asked = iter([Username(""), Username("uma")])

    async def look() -> Username:
        return next(asked)

    recollection = Recollection(look)
    await recollection.refresh()
    assert learner_of(stage(recollection), visitor("")) == ""
    await recollection.refresh()
    await recollection.refresh()
    assert learner_of(stage(recollection), visitor("")) == "uma"
    assert learner_of(stage(recollection, ("ada", 3), ("ben", 7)), visitor("")) == "ben"
    assert learner_of(stage(recollection, ("ben", 7)), visitor("ada")) == "ada", "who has a name is nobody else"


@pytest.mark.proves("pages:one-learners-progress")
async def test_the_servers_own_word_counts_before_the_record() -> None:
    assert await _last_learner(behind("ada", ("uma",))) == "ada"
    assert await _last_learner(behind("", (), ("vic", "uma"))) == "uma"
    assert await _last_learner(behind("")) == ""


@pytest.mark.parametrize(
    ("said", "owner"),
    [
        ({"identity": {"username": "ada", "name": "Ada"}}, "ada"),
        ({"identity": {"username": "3f" * 16, "name": "Anonymous Io"}}, ""),
        ({"identity": None}, ""),
        ([], ""),
        (RoomUnreachableError("http://127.0.0.1:1/", "no answer"), ""),
    ],
)
async def test_a_name_that_jupyter_invented_for_a_browser_is_nobodys(said: object, owner: str) -> None:
    class Rest:
        async def demand_json(self, target: str) -> object:
            assert target == "api/me"
            if isinstance(said, Exception):
                raise said
            return said

    assert await owner_of(cast("RestClient", Rest())) == owner
