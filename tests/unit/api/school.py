"""A school behind the HTTP door: a real classroom over stores in memory, and a judge that a test holds in its hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from ltt_collab.access.gatekeeper import Gatekeeper
from ltt_collab.access.school import School
from ltt_collab.adapters.clock import SystemClock
from ltt_collab.adapters.store.memory import memory_stores
from ltt_collab.adapters.store.stores import Stores
from ltt_collab.classroom.catalogue import Catalogue
from ltt_collab.classroom.publishing import Publishing
from ltt_collab.classroom.teaching import Premises, Records, Teaching
from ltt_collab.model.cells import Notebook
from ltt_collab.model.courses import Task
from ltt_collab.model.ids import ServerId
from ltt_collab.model.validations import CheckResult, Outcome, ValidationMode, Verdict
from ltt_collab.schooling import school_door
from tests.support.directory import MemoryDirectory
from tests.unit.classroom.courses import course
from tests.unit.classroom.test_delivery import Disk


def verdict(task: Task, *, passed: bool = True, outcome: Outcome | None = None) -> Verdict:
    """A live verdict with one visible and one hidden check."""
    checks = (
        CheckResult(name="two", passed=passed, hidden=False, points=1.0 * passed, max_points=1.0, message=""),
        CheckResult(name="secret", passed=passed, hidden=True, points=2.0 * passed, max_points=2.0, message=""),
    )
    return Verdict(
        task=task.id,
        mode=ValidationMode.LIVE,
        outcome=outcome or (Outcome.PASSED if passed else Outcome.FAILED),
        passed=passed,
        score=3.0 * passed,
        max_score=3.0,
        first_cause=None if passed else "two",
        checks=checks,
        duration_ms=1.0,
    )


class HandJudge:
    """Says what the test wants."""

    def __init__(self) -> None:
        self.says: Callable[[Task], Verdict] = verdict
        self.asked: list[str] = []

    async def check_live(self, server: ServerId, notebook: Notebook, task: Task) -> Verdict:
        self.asked.append(notebook.path)
        return self.says(task)


@dataclass
class HandSchool:
    """What a test may look into and change."""

    directory: MemoryDirectory
    stores: Stores = field(default_factory=memory_stores)
    judge: HandJudge = field(default_factory=HandJudge)
    disk: Disk = field(default_factory=Disk)
    submitted: list[None] = field(default_factory=list)
    released: list[None] = field(default_factory=list)

    def open(self, gatekeeper: Gatekeeper) -> School:
        """The school for a door with this gatekeeper."""
        stores, clock, catalogue = self.stores, SystemClock(), Catalogue([course()])
        premises = Premises(
            directory=self.directory,
            judge=self.judge,
            records=Records(validations=stores.validations, progress=stores.progress, submissions=stores.submissions),
            files=lambda _server: self.disk,
            server_of=lambda _learner: ServerId("http://here/"),
            clock=clock,
            submitted=lambda: self.submitted.append(None),
        )
        publishing = Publishing(catalogue, stores.courses, clock, lambda: self.released.append(None))
        return school_door(Teaching(catalogue, premises), publishing, stores, gatekeeper)
