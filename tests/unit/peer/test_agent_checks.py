"""A check of an agent's: by the rules of its runs, and in the audit however it ends."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import anyio
import pytest

from ltt_collab.model.errors import NotWorkingOnItError, RoomReadOnlyError
from ltt_collab.model.ids import CourseId, RoomId, TaskId, Username, ValidationId
from ltt_collab.model.validations import ValidationMode
from ltt_collab.peer.agent_audit import AgentAudit
from ltt_collab.peer.agent_checks import AgentChecks
from ltt_collab.peer.registry import Registry
from ltt_collab.peer.room import RoomPeer
from ltt_collab.ports.classroom import Classroom, TaskAt, ValidationRecord

ROOM, BOT = RoomId("r"), Username("bot")
AT = TaskAt(course=CourseId("basics"), task=TaskId("mean"))


class HeardAudit:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    async def note(self, peer: RoomPeer, by: Username, action: str, detail: str) -> None:
        assert by == BOT
        await anyio.lowlevel.checkpoint()  # a database that takes its time
        self.told.append(f"{action} {detail}")


class SlowClassroom:
    """Judges when it is let."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []
        self.begun, self.let = anyio.Event(), anyio.Event()

    async def validate(self, *given: Any, key: str, room: RoomId) -> ValidationRecord:
        self.asked.append((*given, key, room))
        self.begun.set()
        await self.let.wait()
        learner = Username("ada")
        mode = ValidationMode.LIVE
        return ValidationRecord(
            id=ValidationId("v"), course=AT.course, task=AT.task, learner=learner, mode=mode, at=1.0
        )


class Scene:
    def __init__(self, *, silent: str | None = None, learner: str | None = "ada") -> None:
        self.audit, self.classroom = HeardAudit(), SlowClassroom()
        peer = SimpleNamespace(
            info=SimpleNamespace(learner=learner, path="a.ipynb"),
            path="a.ipynb",
            page=SimpleNamespace(provider=object()),
            people=SimpleNamespace(humans=lambda: ["ada"]),
            why_silent=lambda: silent,
        )
        registry = cast("Registry", SimpleNamespace(peer=lambda _room: peer))
        self.checks = AgentChecks(registry, cast("AgentAudit", self.audit), cast("Classroom", self.classroom))

    async def check(self, key: str = "") -> None:
        await self.checks.check(ROOM, AT, key=key, by=BOT)


@pytest.mark.proves("mcp:check-by-the-rules")
async def test_where_the_ai_is_to_be_silent_nothing_is_asked_and_nothing_noted() -> None:
    scene = Scene(silent="paused")
    with pytest.raises(RoomReadOnlyError, match="paused"):
        await scene.check()
    assert (scene.classroom.asked, scene.audit.told) == ([], [])


async def test_a_room_in_which_nobody_can_be_named_is_checked_for_nobody() -> None:
    scene = Scene(learner=None)
    with pytest.raises(NotWorkingOnItError, match=r"a\.ipynb"):
        await scene.check()
    assert scene.classroom.asked == []


@pytest.mark.proves("mcp:audited")
async def test_a_check_whose_caller_goes_away_is_in_the_audit_too() -> None:
    scene = Scene()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(scene.check)
        await scene.classroom.begun.wait()
        tasks.cancel_scope.cancel()
    assert scene.audit.told == ["agent.checked task basics/mean, broken off"]


@pytest.mark.proves("mcp:idempotent")
async def test_a_key_holds_for_one_agent_and_room_and_none_is_never_the_same() -> None:
    scene = Scene()
    scene.classroom.let.set()
    for key in ("k", "k", "other", "", ""):
        await scene.check(key)
    keys = [asked[-2] for asked in scene.classroom.asked]
    assert keys[0] == keys[1]
    assert len(set(keys)) == 4
    assert {asked[2:4] + asked[5:] for asked in scene.classroom.asked} == {("ada", ValidationMode.LIVE, ROOM)}
