"""One room told as a conversation: what people do goes in as events, what our pure parts want comes out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from ltt_collab.model.cells import Cell, CellRole, CellType, Output, OutputType, Ownership
from ltt_collab.model.commands import AskTutor, Command, RecordDecision, TimeElapsed, TutorAnswered, WakeAt
from ltt_collab.model.edits import (
    BurstEnded,
    HelpRequested,
    MessagePosted,
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
from ltt_collab.model.presence import SERVER, UNKNOWN, Author, AuthorKind
from ltt_collab.model.suggestions import Answer, EndReason, Placement
from ltt_collab.model.text import source_hash
from ltt_collab.model.validations import CheckResult, Outcome, ValidationMode, Verdict
from ltt_collab.triggers.policy import Calm, Policy
from ltt_collab.tutoring.budget import Budget
from ltt_collab.tutoring.gate import Gate

ROOM = RoomId("room")
ADA = Author(kind=AuthorKind.LEARNER, username=Username("ada"), client=ClientId(1))
BOB = Author(kind=AuthorKind.LEARNER, username=Username("bob"), client=ClientId(2))
TUTOR = Author(kind=AuthorKind.AI, username=Username("tutor"), client=ClientId(3))
NOBODY_KNOWN = UNKNOWN
DISK = SERVER

A, B, NOTE = CellId("a"), CellId("b"), CellId("n")
SOURCE = "print(nmae)"
NAME_ERROR = RunError(name="NameError", value="name 'nmae' is not defined")
TYPE_ERROR = RunError(name="TypeError", value="can only concatenate str")


class Events:
    """Makes the events of one room, numbered, at the time that ``now`` says (seconds)."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.seq = 0

    def head(self, author: Author) -> dict[str, Any]:
        """The fields that all events share."""
        self.seq += 1
        return {"room": ROOM, "seq": Seq(self.seq), "at": self.now, "author": author}

    def edited(self, cell: CellId = A, *, by: Author = ADA) -> SourceEdited:
        return SourceEdited(**self.head(by), cell_id=cell, splices=(Splice(0, 0, "x"),))

    def started(self, cell: CellId = A, *, by: Author = ADA, source: str = SOURCE) -> RunStarted:
        return RunStarted(**self.head(by), cell_id=cell, source_hash=source_hash(source))

    def finished(
        self,
        cell: CellId = A,
        error: RunError | None = None,
        *,
        by: Author = ADA,
        outcome: RunOutcome | None = None,
        duration: float | None = 0.1,
        source: str = SOURCE,
    ) -> RunFinished:
        return RunFinished(
            **self.head(by),
            cell_id=cell,
            execution_count=1,
            outcome=outcome or (RunOutcome.OK if error is None else RunOutcome.ERROR),
            error=error,
            duration=duration,
            source_hash=source_hash(source),
        )

    def burst(self, source: str, cell: CellId = A, *, by: Author = ADA) -> BurstEnded:
        return BurstEnded(**self.head(by), cell_id=cell, first_seq=Seq(1), last_seq=Seq(1), source=source)

    def checked(self, check: str, *, passed: bool, by: Author = ADA) -> TaskChecked:
        """A verdict on the one check of the task ``mean``."""
        result = CheckResult(name=check, passed=passed, hidden=False, points=0, max_points=1, message="")
        verdict = Verdict(
            task=TaskId("mean"),
            mode=ValidationMode.LIVE,
            outcome=Outcome.PASSED if passed else Outcome.FAILED,
            passed=passed,
            score=0,
            max_score=1,
            first_cause=None,
            checks=(result,),
            duration_ms=1,
        )
        return TaskChecked(**self.head(by), course=CourseId("c"), verdict=verdict)

    def shown(
        self, name: str = "s1", about: CellId = A, *, rung: int = 1, note: CellId | None = None, cause: str = ""
    ) -> SuggestionShown:
        return SuggestionShown(
            **self.head(TUTOR),
            suggestion=SuggestionId(name),
            about=about,
            placement=Placement.POINTER if note is None else Placement.NOTE,
            rung=rung,
            text="look",
            note_cell=note,
            cause_key=cause,
        )

    def ended(self, name: str = "s1", about: CellId = A, *, reason: EndReason) -> SuggestionEnded:
        return SuggestionEnded(**self.head(TUTOR), suggestion=SuggestionId(name), about=about, reason=reason)


def code(cell: CellId = A, source: str = SOURCE, *, error: RunError | None = None, count: int | None = None) -> Cell:
    """A learner's code cell."""
    outputs = () if error is None else (Output(type=OutputType.ERROR, error_name=error.name, error_value=error.value),)
    return Cell(id=cell, type=CellType.CODE, source=source, execution_count=count, outputs=outputs)


def note(
    cell: CellId = NOTE,
    about: CellId = A,
    *,
    suggestion: str = "s1",
    source: str = "look",
    written: str = "",
    role: CellRole = CellRole.HINT,
) -> Cell:
    """A cell of ours."""
    mark = Ownership(
        role=role,
        suggestion=SuggestionId(suggestion),
        about=about,
        rung=1,
        author=Username("tutor"),
        written=written,
    )
    return Cell(id=cell, type=CellType.MARKDOWN, source=source, ownership=mark)


class Helped:
    """A room with gate and policy, told what happens; remembers what was asked, decided and when to wake."""

    def __init__(self, *, budget: Budget | None = None, calm: Calm | None = None) -> None:
        self.events = Events()
        self.gate = Gate(budget)
        self.sources: dict[CellId, str] = {}
        self.policy = Policy(self.gate, calm or Calm(), source_of=self.sources.get)
        self.asks: list[AskTutor] = []
        self.decisions: list[RecordDecision] = []
        self.wakes: list[float] = []
        self.others: list[Command] = []

    @property
    def because(self) -> str:
        """The reason of the last decision."""
        return self.decisions[-1].because

    @property
    def rungs(self) -> list[int]:
        """The rungs that were asked for."""
        return [ask.rung for ask in self.asks]

    def opens(self, *cells: Cell, language: str = "python") -> Helped:
        """The notebook stands like this when we come."""
        self.sources.update({cell.id: cell.source for cell in cells})
        self.policy.adopt(cells, language)
        return self

    def writes(self, source: str, cell: CellId = A, *, by: Author = ADA) -> Helped:
        """Somebody types until the cell reads so, and pauses."""
        self.sources[cell] = source
        self.hears(self.events.edited(cell, by=by)).later(0.7)
        return self.hears(self.events.burst(source, cell, by=by))

    def runs_it(self, cell: CellId = A, error: RunError | None = None, *, count: int = 1, by: Author = ADA) -> Helped:
        """A run of the cell as it reads now."""
        source = self.sources.get(cell, "")
        finished = self.events.finished(cell, error, by=by, source=source)
        return self.hears(self.events.started(cell, by=by, source=source), replace(finished, execution_count=count))

    def says(self, text: str, cell: CellId | None = None, *, by: Author = ADA) -> Helped:
        """A message in the chat."""
        head = self.events.head(by)
        return self.hears(MessagePosted(**head, chat="chat", message=f"m{head['seq']}", text=text, cell_id=cell))

    def hears(self, *events: RoomEvent) -> Helped:
        """These events happen, in order."""
        for event in events:
            self.gate.handle(event)
            self._take(self.policy.handle(event))
        return self

    def later(self, seconds: float) -> Helped:
        """Time goes by; the alarms that were set go off."""
        end = self.events.now + seconds
        while (due := min((when for when in self.wakes if when <= end), default=None)) is not None:
            self.wakes = [when for when in self.wakes if when > due]
            self.events.now = max(due, self.events.now)
            self._take(self.policy.handle(TimeElapsed(now=self.events.now)))
        self.events.now = end
        return self

    def types(self, cell: CellId = A, *, by: Author = ADA) -> Helped:
        """One keystroke."""
        return self.hears(self.events.edited(cell, by=by))

    def runs(self, cell: CellId = A, error: RunError | None = None, *, by: Author = ADA) -> Helped:
        """A run from start to end."""
        return self.hears(self.events.started(cell, by=by), self.events.finished(cell, error, by=by))

    def sees_hint(self, name: str = "s1") -> Helped:
        """The tutor's answer to the last request is shown."""
        ask = self.asks[-1]
        shown = self.events.shown(name, ask.cell_id, rung=ask.rung, note=CellId(f"note-{name}"), cause=ask.cause_key)
        return self.hears(shown)

    def deletes_hint(self, name: str = "s1") -> Helped:
        """The learner deletes the note."""
        return self.hears(self.events.ended(name, self.asks[-1].cell_id, reason=EndReason.DISMISSED))

    def tutor_answers(self, answer: Answer | None = None) -> Helped:
        """The tutor is done with the last request."""
        ask = self.asks[-1]
        done = TutorAnswered(cause_key=ask.cause_key, answer=answer, now=self.events.now, reply_to=ask.reply_to)
        self._take(self.policy.handle(done))
        return self

    def is_cut_off(self) -> Helped:
        """The connection is lost while the last request is helped; it is decided anew."""
        self._take(self.policy.ask_again(self._requested(self.asks[-1]), self.events.now))
        return self

    def _take(self, commands: Iterable[Command]) -> None:
        for command in commands:
            match command:
                case AskTutor():
                    self.asks.append(command)
                    self.gate.handle(self._requested(command))
                case RecordDecision():
                    self.decisions.append(command)
                case WakeAt(when=when):
                    self.wakes.append(when)
                case _:
                    self.others.append(command)

    def _requested(self, ask: AskTutor) -> HelpRequested:
        return HelpRequested(
            **self.events.head(ask.learner),
            cell_id=ask.cell_id,
            cause=ask.cause,
            cause_key=ask.cause_key,
            rung=ask.rung,
            error=ask.error,
            expected_hash=ask.expected_hash,
            question=ask.question,
            chat=ask.chat,
            reply_to=ask.reply_to,
            task=ask.task,
        )


def reasons(commands: Sequence[Command]) -> list[str]:
    """Why decisions were taken."""
    return [command.because for command in commands if isinstance(command, RecordDecision)]
