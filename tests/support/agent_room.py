"""A room as a tutor sees it, that answers as told and remembers what it was asked."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from ltt_collab.model.cells import Cell, Notebook
from ltt_collab.model.edits import HelpCause, HelpRequested, RunError
from ltt_collab.model.ids import CellId, CourseId, RoomId, Seq, SuggestionId, TaskId, Username
from ltt_collab.model.presence import Author, AuthorKind
from ltt_collab.model.suggestions import Answer, Draft, Shown
from ltt_collab.model.tasks import Fact, TaskBrief, Trial
from ltt_collab.model.validations import CheckResult, Outcome, ValidationMode, Verdict

SHOWN = Shown(suggestion=SuggestionId("s"))
LEARNER = Author(kind=AuthorKind.LEARNER, username=Username("grace.hopper"))


class AgentRoom:
    """One room; ``answers`` are given in turn, the last one again and again."""

    def __init__(self, notebook: Notebook, *answers: Answer, task: TaskBrief | None = None) -> None:
        self.notebook, self.brief = notebook, task
        self._answers = list(answers) or [SHOWN]
        self.drafts: list[Draft] = []
        self.tried: list[str] = []
        self.asked: list[str] = []
        self.trial = Trial(output="", error="", passed=None)
        self.known: dict[str, str] = {}
        self.judge: Callable[[Draft], Answer | None] = lambda _: None
        self.on_snapshot: Callable[[], Awaitable[None]] | None = None

    @property
    def said(self) -> list[str]:
        """The texts proposed."""
        return [draft.text for draft in self.drafts]

    async def snapshot(self) -> Notebook:
        if self.on_snapshot is not None:
            await self.on_snapshot()
        return self.notebook

    async def propose(self, draft: Draft) -> Answer:
        self.drafts.append(draft)
        judged = self.judge(draft)
        if judged is not None:
            return judged
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]

    async def facts(self, cell: CellId, expressions: Mapping[str, str]) -> Mapping[str, Fact]:
        self.asked += expressions.values()
        return {key: Fact(text=self.known[code]) for key, code in expressions.items() if code in self.known}

    async def try_code(self, cell: CellId, replacement: str) -> Trial:
        self.tried.append(replacement)
        return self.trial

    async def task(self, cell: CellId) -> TaskBrief | None:
        return self.brief

    async def read_terminal(self, cell: CellId) -> str:
        return "$ ls\nsales.csv"


def request(cell: Cell, cause: HelpCause = HelpCause.ERROR_RAISED, rung: int = 1, **more: str) -> HelpRequested:
    """A request of ``LEARNER`` about a cell, with the error that the cell shows."""
    output = cell.error
    error = None
    if output is not None:
        lines = tuple(output.text.split("\n"))
        error = RunError(name=output.error_name, value=output.error_value, traceback=lines)
    return HelpRequested(
        room=RoomId("room"), seq=Seq(9), at=0.0, author=LEARNER, cell_id=cell.id, cause=cause,
        cause_key=f"grace.hopper/{cell.id}/cause", rung=rung, error=error, expected_hash=cell.hash, **more,
    )  # fmt: skip


def brief(
    *, hints: tuple[str, ...] = (), expected: str | None = "2.0", got: str | None = "None", passed: bool = False,
    hidden: bool = False, outcome: Outcome = Outcome.FAILED, terminal: bool = False,
) -> TaskBrief:  # fmt: skip
    """The task of writing a mean, and its last verdict."""
    check = CheckResult(
        name="mean of 1, 2, 3", passed=passed, hidden=hidden, points=0, max_points=1, message="", expected=expected,
        got=got,
    )  # fmt: skip
    verdict = Verdict(
        task=TaskId("mean"), mode=ValidationMode.LIVE, outcome=outcome, passed=passed, score=0, max_score=1,
        first_cause="A check fails.", checks=(check,), duration_ms=5.0,
    )  # fmt: skip
    return TaskBrief(
        course=CourseId("intro"), id=TaskId("mean"), title="The mean", text="Write `mean(values)`.", hints=hints,
        reads_terminal=terminal, last_verdict=verdict,
    )  # fmt: skip
