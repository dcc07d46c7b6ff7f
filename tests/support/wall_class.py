"""A class of made-up learners, told to the wall as their rooms would tell it."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from typing import Any

from ltt_collab.model.cells import Cell, CellType, Notebook
from ltt_collab.model.courses import TaskMark, TaskRole
from ltt_collab.model.edits import (
    HelpCause,
    HelpRequested,
    PeerJoined,
    PeerLeft,
    RoomEvent,
    RunError,
    RunFinished,
    RunOutcome,
    SourceEdited,
    Splice,
    SuggestionEnded,
    SuggestionShown,
    TaskChecked,
)
from ltt_collab.model.ids import CellId, ClientId, CourseId, RoomId, Seq, SuggestionId, TaskId, Username
from ltt_collab.model.presence import Author, AuthorKind, User
from ltt_collab.model.suggestions import EndReason, Placement
from ltt_collab.model.validations import CheckResult, Outcome, ValidationMode, Verdict
from ltt_collab.ports.classroom import TaskAt
from ltt_collab.web.live.wall import Wall

COURSE, TASK = CourseId("basics"), TaskId("mean")
MEAN = TaskAt(course=COURSE, task=TASK)
BEGAN = 1_000_000.0


def only_mean(mark: TaskMark) -> TaskAt | None:
    """The one task of the made-up course."""
    return MEAN if mark.task == TASK else None


@dataclass
class Pupil:
    """One learner in a room of their own; every word of theirs goes to the wall."""

    wall: Wall
    name: str
    clock: list[float]
    numbers: count[int] = field(default_factory=lambda: count(1))

    @property
    def username(self) -> Username:
        return Username(self.name)

    @property
    def room(self) -> RoomId:
        return RoomId(f"room-{self.name}")

    def opens(self) -> None:
        """Come into a notebook with the task's cells: instructions, then a place to work."""
        marks = {role: TaskMark(course=COURSE, task=TASK, role=role) for role in TaskRole}
        cells = (
            Cell(id=CellId("about"), type=CellType.MARKDOWN, source="Do it", task=marks[TaskRole.TASK]),
            Cell(id=CellId("work"), type=CellType.CODE, source="", task=marks[TaskRole.WORK]),
            Cell(id=CellId("below"), type=CellType.CODE, source=""),
        )
        self.wall.enter(Notebook(room=self.room, path=f"{self.name}.ipynb", cells=cells), self.username)
        self.tell(PeerJoined(**self.head(), user=User(username=self.username, display_name=self.name.title())))

    def goes(self) -> frozenset[Username]:
        """Close the tab."""
        return self.tell(PeerLeft(**self.head(), user=User(username=self.username, display_name=self.name)))

    def types(self, cell: str = "work") -> frozenset[Username]:
        """One letter."""
        return self.tell(SourceEdited(**self.head(), cell_id=CellId(cell), splices=(Splice(0, 0, "x"),)))

    def runs(self, error: str = "", cell: str = "work", source: str = "h1") -> frozenset[Username]:
        """Run a cell; ``error`` as in ``KeyError: 'price'``."""
        name, _, value = error.partition(": ")
        return self.tell(
            RunFinished(
                **self.head(),
                cell_id=CellId(cell),
                execution_count=1,
                outcome=RunOutcome.ERROR if error else RunOutcome.OK,
                error=RunError(name=name, value=value) if error else None,
                duration=0.1,
                source_hash=source,
            )
        )

    def asks(self, question: str = "why?") -> frozenset[Username]:
        """Call for help."""
        return self.tell(
            HelpRequested(
                **self.head(),
                cell_id=CellId("work"),
                cause=HelpCause.ASKED,
                cause_key=f"key-{self.name}",
                rung=1,
                error=None,
                expected_hash="",
                question=question,
            )
        )

    def is_shown(self, suggestion: str = "s1", cause: str = "") -> frozenset[Username]:
        """Get a note of the tutor's."""
        return self.tell(
            SuggestionShown(
                **self.head(AuthorKind.AI),
                suggestion=SuggestionId(suggestion),
                about=CellId("work"),
                placement=Placement.NOTE,
                rung=1,
                text="Look at line 2",
                note_cell=None,
                cause_key=cause,
            )
        )

    def ends(self, reason: EndReason, suggestion: str = "s1") -> frozenset[Username]:
        """See the note go, for that reason."""
        return self.tell(
            SuggestionEnded(
                **self.head(AuthorKind.AI), suggestion=SuggestionId(suggestion), about=CellId("work"), reason=reason
            )
        )

    def is_checked(self, **checks: bool) -> frozenset[Username]:
        """Get a verdict."""
        results = tuple(
            CheckResult(name=name, passed=passed, hidden=False, points=0, max_points=1, message="")
            for name, passed in checks.items()
        )
        verdict = Verdict(
            task=TASK,
            mode=ValidationMode.LIVE,
            outcome=Outcome.PASSED if all(checks.values()) else Outcome.FAILED,
            passed=all(checks.values()),
            score=0,
            max_score=1,
            first_cause=None,
            checks=results,
            duration_ms=1,
        )
        return self.tell(TaskChecked(**self.head(), course=COURSE, verdict=verdict))

    def tell(self, event: RoomEvent) -> frozenset[Username]:
        """Whose cards the wall says have changed."""
        return self.wall.handle(event)

    def head(self, kind: AuthorKind = AuthorKind.LEARNER) -> dict[str, Any]:
        """What all events share."""
        author = (
            Author(kind=kind, username=self.username, client=ClientId(7))
            if kind is AuthorKind.LEARNER
            else Author(kind=kind, username=Username("tutor"))
        )
        return {"room": self.room, "seq": Seq(next(self.numbers)), "at": self.clock[0], "author": author}


class MadeUpClass:
    """A wall, a clock that a test moves, and learners as they are needed."""

    def __init__(self) -> None:
        self.wall = Wall(only_mean)
        self.clock = [BEGAN]

    def pupil(self, name: str) -> Pupil:
        """A learner who has just come in."""
        pupil = Pupil(self.wall, name, self.clock)
        pupil.opens()
        return pupil

    def passes(self, seconds: float) -> None:
        """Let time go by."""
        self.clock[0] += seconds

    @property
    def now(self) -> float:
        """Unix time."""
        return self.clock[0]
