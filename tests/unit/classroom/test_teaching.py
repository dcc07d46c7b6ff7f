"""Which of the open notebooks a learner is judged by, and when a key is spent."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace

import pytest

from ltt_collab.adapters.clock import SystemClock
from ltt_collab.adapters.store.memory import memory_stores
from ltt_collab.adapters.store.stores import Stores
from ltt_collab.classroom.catalogue import Catalogue
from ltt_collab.classroom.teaching import Premises, Records, Teaching
from ltt_collab.model.errors import NotWorkingOnItError, UnknownRoomError
from ltt_collab.model.ids import RoomId, ServerId, Username
from ltt_collab.model.validations import Outcome, ValidationMode
from ltt_collab.ports.classroom import ValidationRecord
from tests.support.directory import SERVER, MemoryDirectory, MemoryRoom
from tests.unit.api.school import HandJudge, verdict
from tests.unit.classroom.courses import BASICS, MEAN, WORDS, cell, course

ADA = Username("ada")


@dataclass
class Scene:
    """Open rooms, and a classroom that judges in them."""

    directory: MemoryDirectory = field(default_factory=MemoryDirectory)
    judge: HandJudge = field(default_factory=HandJudge)
    stores: Stores = field(default_factory=memory_stores)
    visited: Collection[RoomId] = ()

    def open(self, path: str, *, learner: str = "ada", server: ServerId = SERVER) -> MemoryRoom:
        """Somebody works on the task there."""
        room = self.directory.open(path, cell("w", of=MEAN), learner=learner)
        room.info = replace(room.info, server=server)
        return room

    async def check(self, *, room: MemoryRoom | None = None, key: str = "k") -> ValidationRecord:
        """Ada is checked."""
        stores = self.stores
        premises = Premises(
            directory=self.directory,
            judge=self.judge,
            records=Records(validations=stores.validations, progress=stores.progress, submissions=stores.submissions),
            files=lambda _server: None,
            server_of=lambda _learner: SERVER,
            clock=SystemClock(),
            visited=lambda _learner: self.visited,
        )
        teaching = Teaching(Catalogue([course()]), premises)
        at = None if room is None else room.id
        return await teaching.validate(BASICS, MEAN, ADA, ValidationMode.LIVE, key=key, room=at)


@pytest.fixture
def scene() -> Scene:
    return Scene()


@pytest.mark.proves("mcp:check-where-asked")
async def test_the_named_notebook_is_judged_and_no_other(scene: Scene) -> None:
    first, second = scene.open("a.ipynb"), scene.open("b.ipynb")
    scene.visited = [first.id]
    await scene.check(room=second)
    assert scene.judge.asked == ["b.ipynb"]


@pytest.mark.proves("mcp:check-where-asked")
async def test_without_a_name_a_learners_own_notebook_comes_before_one_that_they_visit(scene: Scene) -> None:
    of_bob = scene.open("a.ipynb", learner="bob")
    closed, own = scene.open("b.ipynb"), scene.open("c.ipynb")
    scene.visited = [of_bob.id, own.id]
    await scene.check(key="1")
    scene.directory.leave(own)
    await scene.check(key="2")
    scene.directory.leave(closed)
    await scene.check(key="3")
    assert scene.judge.asked == ["c.ipynb", "b.ipynb", "a.ipynb"], "who works in a shared notebook is judged by it"


async def test_a_notebook_on_the_learners_own_server_comes_first(scene: Scene) -> None:
    elsewhere = scene.open("a.ipynb", server=ServerId("http://elsewhere/"))
    shared = scene.open("b.ipynb", learner="bob")
    scene.visited = [elsewhere.id, shared.id]
    await scene.check()
    assert scene.judge.asked == ["b.ipynb"]


@pytest.mark.proves("mcp:check-where-asked")
async def test_a_notebook_that_is_none_of_theirs_or_none_of_the_task_is_named_in_the_error(scene: Scene) -> None:
    scene.open("mine.ipynb")
    of_bob = scene.open("bobs.ipynb", learner="bob")
    other = scene.directory.open("words.ipynb", cell("w", of=WORDS))
    gone = scene.open("gone.ipynb")
    scene.directory.leave(gone)
    with pytest.raises(NotWorkingOnItError, match=r"bobs\.ipynb is no notebook in which 'ada' works on task 'mean'"):
        await scene.check(room=of_bob)
    with pytest.raises(NotWorkingOnItError, match=r"words\.ipynb"):
        await scene.check(room=other)
    with pytest.raises(UnknownRoomError):
        await scene.check(room=gone)
    assert scene.judge.asked == []


@pytest.mark.proves("mcp:check-tried-again")
@pytest.mark.parametrize("outcome", [Outcome.BUSY, Outcome.NO_KERNEL, Outcome.KERNEL_DIED, Outcome.ERROR])
async def test_a_key_is_not_spent_on_a_check_that_looked_at_nothing(scene: Scene, outcome: Outcome) -> None:
    scene.open("a.ipynb")
    scene.judge.says = lambda task: replace(verdict(task, passed=False, outcome=outcome), checks=())
    first = await scene.check()
    scene.judge.says = lambda task: verdict(task, passed=False)
    second = await scene.check()
    scene.judge.says = verdict
    third = await scene.check()
    outcomes = [each.verdict.outcome for each in (first, second, third) if each.verdict is not None]
    assert outcomes == [outcome, Outcome.FAILED, Outcome.FAILED], "from the first that judged on, it is that one"
    assert second.id == third.id != first.id
