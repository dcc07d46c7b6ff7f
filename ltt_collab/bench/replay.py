"""Lets a recorded session happen to the gate and the policy, in milliseconds, with a clock of its own."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from ltt_collab.bench.streams.meaning import author_named, error_in, made_cell, verdict_in
from ltt_collab.bench.streams.reading import Step, Stream, task_in
from ltt_collab.edits.bursts import Bursts
from ltt_collab.edits.scribe import Head
from ltt_collab.edits.stamp import Stamp
from ltt_collab.model.commands import (
    AskTutor,
    CheckTask,
    Command,
    ControlKernel,
    RecordDecision,
    TimeElapsed,
    TutorAnswered,
    WakeAt,
)
from ltt_collab.model.edits import (
    BurstEnded,
    CellInserted,
    CursorMoved,
    HelpRequested,
    MessagePosted,
    OutputsAppended,
    PeerJoined,
    PeerLeft,
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
from ltt_collab.model.ids import CellId, CourseId, RoomId, Seq, SuggestionId, Username
from ltt_collab.model.presence import Author, AuthorKind, Selection, User
from ltt_collab.model.staleness import why_outdated
from ltt_collab.model.suggestions import EndReason, Placement, Shown
from ltt_collab.model.text import source_hash
from ltt_collab.triggers.policy import Calm, Policy
from ltt_collab.tutoring.budget import Budget
from ltt_collab.tutoring.gate import Gate

KEYS_PER_SECOND = 5.0
THINKS = 0.8
"""Seconds that the tutor takes until its note is seen."""

START = 1_000.0
"""The clock at second 0 of a session."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """The policy asked the tutor at this second; ``again``: about a cause that it had asked about before.

    ``beside``: another request was at the tutor. ``typing``: the learner had typed within the last 1.5 s, and no run
    was a boundary in between.
    """

    at: float
    ask: AskTutor
    again: bool
    typing: bool
    beside: bool
    over_budget: bool


@dataclass(slots=True)
class Played:
    """What came of a session."""

    requests: list[Request] = field(default_factory=list)
    checks: list[CheckTask] = field(default_factory=list)
    controls: list[ControlKernel] = field(default_factory=list)
    decisions: list[RecordDecision] = field(default_factory=list)
    others: list[Command] = field(default_factory=list)
    events: int = 0


class Replay:
    """One session; ``play`` it once."""

    def __init__(self, stream: Stream, *, calm: Calm | None = None, budget: Budget | None = None) -> None:
        self.played = Played()
        self._stream, self._now, self._order = stream, START, 0
        self._count = 0
        self._sources: dict[CellId, str] = {}
        self._agenda: list[tuple[float, int, Callable[[], None]]] = []
        self._stamp = Stamp(RoomId("replay"), Seq(0), lambda: self._now)
        self.gate = Gate(budget)
        self.policy = Policy(self.gate, calm or Calm(), source_of=self._sources.get)
        self._bursts = Bursts(self._stamp, self._sources.get)
        self._keys: dict[str, tuple[float, CellId]] = {}
        self._notes: dict[str, SuggestionShown] = {}
        self._busy: dict[str, AskTutor] = {}
        self._causes: set[str] = set()

    def play(self) -> Played:
        """Let it all happen."""
        cells = [made_cell(c.name, c.type, c.task, c.source) for c in self._stream.cells]
        self._sources.update({cell.id: cell.source for cell in cells})
        self.policy.adopt(cells)
        for step in self._stream.steps:
            self._plan(step)
        while self._agenda and self._agenda[0][0] <= START + self._stream.end:
            at, _, act = heapq.heappop(self._agenda)
            self._now = max(self._now, at)
            act()
        return self.played

    def happen(self, event: RoomEvent) -> None:
        """Tell the stages of an event, in the order in which a room does."""
        self.played.events += 1
        for who, ask in tuple(self._busy.items()):
            if not ask.chat and why_outdated(event, ask.cell_id, ask.expected_hash) is not None:
                del self._busy[who]  # the tutor hears the same event, and stops
        self.gate.handle(event)
        self._obey(self._bursts.handle(event))
        self._obey(self.policy.handle(event))

    def head(self, author: Author) -> Head:
        """The shared fields of the next event."""
        return Head(room=self._stamp.room, seq=self._stamp.next(), at=self._now, author=author)

    def _later(self, at: float, act: Callable[[], None]) -> None:
        self._order += 1
        heapq.heappush(self._agenda, (at, self._order, act))

    def _plan(self, step: Step) -> None:
        if step.verb == "writes":
            keys = max(1, round(float(step.rest[1]) * KEYS_PER_SECOND))
            for key in range(1, keys + 1):
                at = START + step.at + float(step.rest[1]) * key / keys
                self._later(at, lambda share=key / keys: self._types(step, share))  # type: ignore[misc]
            return
        self._later(START + step.at, lambda: self._do(step))

    def _types(self, step: Step, share: float) -> None:
        cell = CellId(step.rest[0])
        old, new = self._sources.get(cell, ""), step.source
        same = next((i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
        text = new if share >= 1 else new[: same + max(1, round((len(new) - same) * share))]
        self._sources[cell] = text
        self._keys[step.who] = (self._now, cell)
        self.happen(SourceEdited(**self.head(author_named(step.who)), cell_id=cell, splices=(Splice(0, 0, "x"),)))

    def _do(self, step: Step) -> None:
        author, head = author_named(step.who), self.head(author_named(step.who))
        match step.verb:
            case "joins" | "leaves":
                user = User(username=Username(step.who), display_name=step.who)
                self.happen(PeerJoined(**head, user=user) if step.verb == "joins" else PeerLeft(**head, user=user))
            case "pastes":
                cell = made_cell(step.rest[0], step.rest[1], task_in(step.rest), step.source)
                self._sources[cell.id] = cell.source
                self.happen(CellInserted(**head, cell=cell, index=len(self._sources) - 1))
            case "moves":
                where = Selection(cell_id=CellId(step.rest[0]), anchor=0, head=0)
                self.happen(CursorMoved(**head, selection=where))
            case "runs":
                self._run(step, author)
            case "interrupts":
                self._finish(CellId(step.rest[0]), author, RunOutcome.INTERRUPTED, None, 1.0)
            case "prints":
                self.happen(OutputsAppended(**head, cell_id=CellId(step.rest[0]), start=0, outputs=()))
            case "says":
                self.happen(MessagePosted(**head, chat="chat", message=f"m{step.at}", text=step.text))
            case "checked":
                self.happen(TaskChecked(**head, course=CourseId("c"), verdict=verdict_in(step)))
            case "deletes" if step.who in self._notes:
                note = self._notes.pop(step.who)
                reason = EndReason.DISMISSED
                self.happen(SuggestionEnded(**head, suggestion=note.suggestion, about=note.about, reason=reason))
            case _:
                pass

    def _run(self, step: Step, author: Author) -> None:
        cell = CellId(step.rest[0])
        self._forget_keys(cell)
        self.happen(RunStarted(**self.head(author), cell_id=cell, source_hash=source_hash(self._sources.get(cell, ""))))
        if step.rest[1] == "forever":
            return
        error = None if step.rest[2] == "ok" else error_in(step)
        outcome = RunOutcome.OK if error is None else RunOutcome.ERROR
        seconds = float(step.rest[1])
        self._later(self._now + seconds, lambda: self._finish(cell, author, outcome, error, seconds))

    def _finish(
        self, cell: CellId, author: Author, outcome: RunOutcome, error: RunError | None, duration: float
    ) -> None:
        self._count += 1
        self._forget_keys(cell)
        finished = RunFinished(
            **self.head(author),
            cell_id=cell,
            execution_count=self._count,
            outcome=outcome,
            error=error,
            duration=duration,
            source_hash=source_hash(self._sources.get(cell, "")),
        )
        self.happen(finished)

    def _forget_keys(self, cell: CellId) -> None:
        self._keys = {who: key for who, key in self._keys.items() if key[1] != cell}

    def _obey(self, wishes: Iterable[Command | BurstEnded]) -> None:
        for wish in tuple(wishes):
            match wish:
                case BurstEnded():
                    self.happen(wish)
                case WakeAt(when=when):
                    self._later(max(when, self._now), self._elapse)
                case AskTutor():
                    self._ask(wish)
                case CheckTask():
                    self.played.checks.append(wish)
                case ControlKernel():
                    self.played.controls.append(wish)
                case RecordDecision():
                    self.played.decisions.append(wish)
                case _:
                    self.played.others.append(wish)

    def _elapse(self) -> None:
        elapsed = TimeElapsed(now=self._now)
        self._obey(self._bursts.handle(elapsed))
        self._obey(self.policy.handle(elapsed))

    def _ask(self, ask: AskTutor) -> None:
        learner = str(ask.learner.username)
        typed = self._keys.get(learner)
        unasked = not ask.question
        request = Request(
            at=self._now - START,
            ask=ask,
            again=ask.cause_key in self._causes,
            typing=unasked and typed is not None and self._now - typed[0] < 1.5 - 1e-6,
            beside=unasked and bool(self._busy),
            over_budget=unasked and not self.gate.budget.allows(learner, self._now),
        )
        self._causes.add(ask.cause_key)
        self.played.requests.append(request)
        self._busy[learner] = ask
        requested = HelpRequested(
            **self.head(ask.learner),
            cell_id=ask.cell_id,
            cause=ask.cause,
            cause_key=ask.cause_key,
            rung=ask.rung,
            error=ask.error,
            expected_hash=ask.expected_hash,
        )
        self.happen(requested)
        self._later(self._now + THINKS, lambda: self._answer(ask, learner, unasked=unasked))

    def _answer(self, ask: AskTutor, learner: str, *, unasked: bool) -> None:
        if self._busy.get(learner) is ask:
            del self._busy[learner]
        name = SuggestionId(f"s{self._order}")
        is_current = source_hash(self._sources.get(ask.cell_id, "")) == ask.expected_hash
        answered = TutorAnswered(cause_key=ask.cause_key, answer=None, now=self._now, reply_to=ask.reply_to)
        if is_current:
            if unasked:
                self.gate.budget.spend(learner, self._now)
            shown = SuggestionShown(
                **self.head(Author(kind=AuthorKind.AI, username=Username("tutor"))),
                suggestion=name,
                about=ask.cell_id,
                placement=Placement.NOTE,
                rung=ask.rung,
                text="look",
                note_cell=CellId(f"note-{name}"),
                cause_key=ask.cause_key,
            )
            self._notes[learner] = shown
            self.happen(shown)
            answered = replace(answered, answer=Shown(suggestion=name))
        self._obey(self.policy.handle(answered))
