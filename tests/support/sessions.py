"""A made session: two hours of a learner at work, as the rooms would have recorded it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from ltt_collab.model.cells import Cell, CellType, Output, OutputType
from ltt_collab.model.edits import (
    CursorMoved,
    DocumentReloaded,
    HelpCause,
    HelpRequested,
    OutputsAppended,
    OutputsCleared,
    PeerJoined,
    ReloadCause,
    RoomEvent,
    RunError,
    RunFinished,
    RunOutcome,
    RunStarted,
    SourceEdited,
    Splice,
    SuggestionEnded,
    SuggestionShown,
    TaskChecked,
)
from ltt_collab.model.ids import CellId, ClientId, CourseId, RoomId, Seq, SuggestionId, TaskId, Username
from ltt_collab.model.presence import SERVER, Author, AuthorKind, Selection, User
from ltt_collab.model.suggestions import EndReason, Placement
from ltt_collab.model.validations import CheckResult, Outcome, ValidationMode, Verdict

ADA = Author(kind=AuthorKind.LEARNER, username=Username("ada"), client=ClientId(77))
TUTOR = Author(kind=AuthorKind.AI, username=Username("ltt-tutor"))
BEGAN = 1_795_000_000.0
LINE = "total = sum(price * count for price, count in basket)\n"


class MadeSession:
    """Numbers and times events; ``cells`` of code, worked on one after the other."""

    def __init__(self, room: RoomId, *, hours: float = 2.0, cells: int = 40, first_seq: int = 1_000_000) -> None:
        self.room, self.hours, self.count = room, hours, cells
        self._seq, self._at = first_seq - 1, BEGAN
        self._random = random.Random(7)

    def events(self) -> Iterator[RoomEvent]:
        """Typing with a caret, runs, an error in every third cell, a hint for each of them, a check at the end."""
        cells = tuple(Cell(id=CellId(f"c{i}"), type=CellType.CODE, source=f"# task {i}\n") for i in range(self.count))
        yield DocumentReloaded(**self._head(SERVER), cause=ReloadCause.JOINED, cells=cells)
        yield PeerJoined(**self._head(ADA), user=User(username=Username("ada"), display_name="Ada"))
        each = self.hours * 3600 / self.count
        for index, cell in enumerate(cells):
            until = BEGAN + each * (index + 1)
            yield from self._types(cell, until - 20)
            yield from self._runs(cell.id, fails=index % 3 == 0)
            self._at = until
            yield self._checked(passed=index % 3 != 0)

    def _types(self, cell: Cell, until: float) -> Iterator[RoomEvent]:
        at = len(cell.source)
        position = 0
        while self._at < until:
            letter = LINE[position % len(LINE)]
            position += 1
            yield SourceEdited(**self._head(ADA), cell_id=cell.id, splices=(Splice(at, 0, letter),))
            at += 1
            yield CursorMoved(**self._head(ADA), selection=Selection(cell_id=cell.id, anchor=at, head=at))
            self._at += 0.5 + self._random.random()  # with thinking, about a letter a second

    def _runs(self, cell: CellId, *, fails: bool) -> Iterator[RoomEvent]:
        yield OutputsCleared(**self._head(ADA), cell_id=cell)
        yield RunStarted(**self._head(ADA), cell_id=cell, source_hash="h")
        error = RunError(name="NameError", value="name 'basket' is not defined") if fails else None
        shown = Output(type=OutputType.ERROR, error_name="NameError", error_value="name 'basket' is not defined")
        printed = Output(type=OutputType.STREAM, stream="stdout", text="42\n" * 50)
        yield OutputsAppended(**self._head(ADA), cell_id=cell, start=0, outputs=(shown if fails else printed,))
        yield RunFinished(
            **self._head(ADA),
            cell_id=cell,
            execution_count=3,
            outcome=RunOutcome.ERROR if fails else RunOutcome.OK,
            error=error,
            duration=0.2,
            source_hash="h",
        )
        if fails:
            yield from self._helps(cell)

    def _helps(self, cell: CellId) -> Iterator[RoomEvent]:
        hint = SuggestionId(f"s-{cell}")
        yield HelpRequested(
            **self._head(ADA),
            cell_id=cell,
            cause=HelpCause.ERROR_RAISED,
            cause_key="k",
            rung=1,
            error=None,
            expected_hash="h",
        )
        yield SuggestionShown(
            **self._head(TUTOR),
            suggestion=hint,
            about=cell,
            placement=Placement.NOTE,
            rung=1,
            text="Python does not know `basket` yet.",
            note_cell=None,
        )
        yield SuggestionEnded(**self._head(TUTOR), suggestion=hint, about=cell, reason=EndReason.ACTED_ON)

    def _checked(self, *, passed: bool) -> RoomEvent:
        check = CheckResult(name="total", passed=passed, hidden=False, points=1.0, max_points=1.0, message="m")
        verdict = Verdict(
            task=TaskId("basket"),
            mode=ValidationMode.LIVE,
            outcome=Outcome.PASSED if passed else Outcome.FAILED,
            passed=passed,
            score=1.0,
            max_score=1.0,
            first_cause=None if passed else "total is not defined",
            checks=(check,),
            duration_ms=5.0,
        )
        return TaskChecked(**self._head(ADA), course=CourseId("c"), verdict=verdict)

    def _head(self, author: Author) -> dict[str, Any]:
        self._seq += 1
        self._at += 0.01
        return {"room": self.room, "seq": Seq(self._seq), "at": self._at, "author": author}
