"""Which checks a token allows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest

from ltt_collab.access.scoped import ScopedDirectory
from ltt_collab.access.scoped_editing import ScopedChecks
from ltt_collab.model.errors import ForbiddenError, UnknownCourseError, UnknownRoomError
from ltt_collab.model.identity import Principal, Role, Sight
from ltt_collab.model.ids import CourseId, RoomId, TaskId, Username
from ltt_collab.ports.classroom import TaskAt, ValidationRecord
from tests.support.directory import MemoryDirectory
from tests.unit.classroom.courses import BASICS, MEAN

ADA, BOT = Username("ada"), Username("bot")
AT = TaskAt(course=BASICS, task=MEAN)
OF_BASICS = Principal(name=BOT, role=Role.AGENT, courses=frozenset({BASICS}))


class HandChecks:
    """Counts what it is asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[RoomId, TaskAt]] = []

    async def check(self, room: RoomId, at: TaskAt, *, key: str, by: Username) -> ValidationRecord:
        self.asked.append((room, at))
        assert (key, by) == ("k", BOT)
        return cast("ValidationRecord", None)


class Scene:
    def __init__(self, principal: Principal) -> None:
        self.directory, self.checks = MemoryDirectory(), HandChecks()
        sight = Sight(principal=principal, taught=frozenset({ADA}))
        self.own = self.directory.open("a.ipynb").id
        self.others = self.directory.open("b.ipynb", learner="bob").id
        self.scoped = ScopedChecks(self.checks, ScopedDirectory(self.directory, sight), sight)

    async def check(self, room: RoomId, at: TaskAt = AT, by: Username = BOT) -> Any:
        return await self.scoped.check(room, at, key="k", by=by)


@pytest.mark.proves("mcp:own-rooms-only")
async def test_an_agent_of_a_course_checks_its_tasks_for_its_learners_only() -> None:
    scene = Scene(OF_BASICS)
    await scene.check(scene.own)
    with pytest.raises(UnknownRoomError):
        await scene.check(scene.others)
    with pytest.raises(UnknownCourseError):
        await scene.check(scene.own, TaskAt(course=CourseId("advanced"), task=TaskId("t")))
    with pytest.raises(ForbiddenError):
        await scene.check(scene.own, by=Username("somebody else"))
    assert scene.checks.asked == [(scene.own, AT)]


@pytest.mark.proves("mcp:token-roles")
async def test_who_may_not_execute_checks_nothing() -> None:
    scene = Scene(replace(OF_BASICS, may_execute=False))
    with pytest.raises(ForbiddenError):
        await scene.check(scene.own)
    assert scene.checks.asked == []
