"""One room's decisions to ask for help: whether, when, for whom."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from ltt_collab.model.causes import learner_key
from ltt_collab.model.cells import Cell
from ltt_collab.model.commands import AskTutor, Command, Happening, RecordDecision, TimeElapsed, TutorAnswered, WakeAt
from ltt_collab.model.edits import (
    CellInserted,
    CursorMoved,
    DocumentReloaded,
    HelpRequested,
    MetadataChanged,
    RunFinished,
    RunOutcome,
    SourceEdited,
    SuggestionShown,
)
from ltt_collab.model.ids import CellId
from ltt_collab.model.staleness import why_outdated
from ltt_collab.triggers.directives import Directives
from ltt_collab.triggers.error_raised import ErrorRaised
from ltt_collab.triggers.kinds import Kind, Limits, Refusal, Want
from ltt_collab.triggers.met import MetCauses
from ltt_collab.triggers.runs import FailedRuns
from ltt_collab.triggers.same_error_again import SameErrorAgain
from ltt_collab.triggers.typing import Typing


@dataclass(frozen=True, slots=True, kw_only=True)
class Calm:
    """How calm help is, in seconds.

    ``quiet``: without a keystroke for so long a learner is not typing (pauses between words stay well below).
    ``longest_wait``: a want older than that is no longer what the learner is at.
    ``patience``: a tutor that has not answered by then no longer holds others up.
    """

    quiet: float = 1.5
    longest_wait: float = 120.0
    patience: float = 30.0


@dataclass(frozen=True, slots=True)
class _Waiting:
    want: Want
    since: float


@dataclass(frozen=True, slots=True)
class _Asked:
    want: Want
    until: float


class Policy:
    """Turns what happens in a room into requests for help.

    Invariants:
        1. Only a learner's act is an occasion; what we or the server do never is.
        2. Nobody is helped while typing: the request waits for a boundary.
        3. A request whose cell changed, ran again or went away meanwhile is dropped.
        4. At most one request is at the tutor, and at most one waits per learner: the newest.
        5. A dismissed cause, a spent budget or a learner who sent us away means no request.
        6. Every decision, also not to help, is recorded with its reason.
    """

    def __init__(self, limits: Limits, calm: Calm = Calm()) -> None:
        self._limits, self._calm = limits, calm
        self._runs, self._met = FailedRuns(), MetCauses()
        self._typing = Typing(calm.quiet)
        self._directives = Directives()
        self._kinds: Sequence[Kind] = (
            ErrorRaised(self._runs, self._met, limits),
            SameErrorAgain(self._runs, self._met, limits),
        )
        self._ours: set[CellId] = set()
        self._waiting: dict[str, _Waiting] = {}
        self._asked: _Asked | None = None
        self._wake: float | None = None
        self._now = 0.0

    def adopt(self, cells: Iterable[Cell]) -> None:
        """Begin with a notebook as it stands: nothing in it is an occasion."""
        cells = tuple(cells)
        self._ours = {cell.id for cell in cells if cell.ownership is not None}
        self._directives.adopt(cells)

    def handle(self, event: Happening) -> Iterator[Command]:
        """What is to be done now that this happened; decided at once, whether or not the result is read."""
        self._now = max(self._now, event.now if isinstance(event, TimeElapsed | TutorAnswered) else event.at)
        noticed = [found for kind in self._kinds if (found := kind.notice(event)) is not None]
        if isinstance(event, SourceEdited | CursorMoved) and not (noticed or self._waiting or self._asked):
            # Nearly every event is a keystroke with nothing pending; it only leaves its traces.
            self._typing.handle(event)
            self._runs.handle(event)
            return iter(())
        return iter(tuple(self._decide(event, noticed)))

    def ask_again(self, request: HelpRequested, now: float) -> Iterator[Command]:
        """Decide anew about a request whose help was cut off by no fault of its own; ``now``: Unix time in seconds."""
        self._now = max(self._now, now)
        want = Want(
            cell_id=request.cell_id,
            learner=request.author,
            cause=request.cause,
            cause_key=request.cause_key,
            rung=request.rung,
            error=request.error,
            expected_hash=request.expected_hash,
            because="the connection was lost before the help was shown",
        )
        if self._asked is not None and self._asked.want.cause_key == want.cause_key:
            self._asked = None
        self._waiting.setdefault(learner_key(want.learner), _Waiting(want, self._now))  # invariant 4
        return iter(tuple(self._ask()))

    def _decide(self, event: Happening, noticed: Sequence[Want | Refusal]) -> Iterator[Command]:
        yield from self._free(event)
        yield from self._drop_outdated(event)
        ignored = self._why_ignored(event) if not noticed else None
        self._remember(event)
        yield from self._directives.handle(event, self._ours)
        for found in noticed:
            yield from self._consider(found)
        if ignored is not None:
            yield ignored
        yield from self._ask()

    def _remember(self, event: Happening) -> None:
        self._typing.handle(event)
        self._runs.handle(event)
        self._met.handle(event)
        match event:
            case CellInserted(cell=cell) if cell.ownership is not None:
                self._ours.add(cell.id)
            case MetadataChanged(cell_id=cell_id, ownership=None) if cell_id is not None:
                self._ours.discard(cell_id)
            case SuggestionShown(note_cell=note) if note is not None:
                self._ours.add(note)
            case DocumentReloaded(cells=cells):
                self._ours = {cell.id for cell in cells if cell.ownership is not None}
            case _:
                pass

    def _why_ignored(self, event: Happening) -> RecordDecision | None:
        match event:
            case RunFinished(outcome=outcome) if outcome is not RunOutcome.OK:
                because = self._runs.why_not(event)
                return None if because is None else _not_helped(event.cell_id, because)  # invariant 1
            case _:
                return None

    def _free(self, event: Happening) -> Iterator[Command]:
        asked = self._asked
        if asked is None:
            return
        match event:
            case TutorAnswered(cause_key=key) if key == asked.want.cause_key:
                self._asked = None
            case SuggestionShown(about=about) if about == asked.want.cell_id:
                self._asked = None
            case _ if self._now >= asked.until:
                self._asked = None
                because = f"the tutor has not answered within {self._calm.patience:.0f} s; others are not held up"
                yield RecordDecision(about=asked.want.cell_id, decision="stopped waiting", because=because)

    def _drop_outdated(self, event: Happening) -> Iterator[Command]:
        if isinstance(event, TimeElapsed | TutorAnswered):
            return

        def outdated(want: Want) -> str | None:
            return why_outdated(event, want.cell_id, want.expected_hash)

        if self._asked is not None and outdated(self._asked.want) is not None:
            self._asked = None  # whoever works on it hears the same event
        yield from self._drop(outdated)  # invariant 3

    def _consider(self, found: Want | Refusal) -> Iterator[Command]:
        if isinstance(found, Refusal):
            yield _not_helped(found.about, found.because)
            return
        self._met.add(found.cause_key, found.cell_id)
        refusal = self._why_not(found)
        if refusal is not None:
            yield _not_helped(found.cell_id, refusal)
            return
        learner = learner_key(found.learner)
        older = self._waiting.get(learner)
        if older is not None:
            yield _dropped(older.want, "the learner went on to another problem")
        self._waiting[learner] = _Waiting(found, self._now)  # invariant 4
        if self._typing.until(learner, self._now) is not None:
            yield _waits(found, "the learner is typing")
        elif self._asked is not None:
            yield _waits(found, "the tutor is busy with another request")

    def _why_not(self, want: Want) -> str | None:
        """Invariant 5."""
        learner = learner_key(want.learner)
        if self._directives.is_away(learner):
            return "the learner told the tutor to leave"
        if self._limits.is_dismissed(want.cause_key):
            return "the learner deleted a hint about this"
        if not self._limits.within_budget(learner, self._now):
            return "the learner had enough unasked hints within the hour"
        return None

    def _ask(self) -> Iterator[Command]:
        yield from self._drop(self._why_too_late)
        for learner, waiting in tuple(self._waiting.items()):
            due = self._typing.until(learner, self._now)  # invariant 2
            if due is None and self._asked is not None:
                due = self._asked.until  # invariant 4
            if due is not None:
                yield from self._wake_at(due)
                continue
            del self._waiting[learner]
            yield from self._request(waiting.want)

    def _why_too_late(self, want: Want) -> str | None:
        waiting = self._waiting[learner_key(want.learner)]
        if self._now - waiting.since > self._calm.longest_wait:
            return f"it waited longer than {self._calm.longest_wait:.0f} s, the learner is at something else"
        return self._why_not(want)

    def _request(self, want: Want) -> Iterator[Command]:
        self._asked = _Asked(want, self._now + self._calm.patience)
        yield RecordDecision(
            about=want.cell_id, decision=f"asked the tutor, up to rung {want.rung}", because=want.because
        )
        yield AskTutor(
            cell_id=want.cell_id,
            learner=want.learner,
            cause=want.cause,
            cause_key=want.cause_key,
            rung=want.rung,
            error=want.error,
            expected_hash=want.expected_hash,
        )

    def _drop(self, why: Callable[[Want], str | None]) -> Iterator[Command]:
        for learner, waiting in tuple(self._waiting.items()):
            because = why(waiting.want)
            if because is not None:
                del self._waiting[learner]
                yield _dropped(waiting.want, because)

    def _wake_at(self, when: float) -> Iterator[Command]:
        # One alarm is enough: an earlier one asks again, and sets the next itself.
        if self._wake is not None and self._now < self._wake <= when:
            return
        self._wake = when
        yield WakeAt(when=when)


def _not_helped(about: CellId | None, because: str) -> RecordDecision:
    return RecordDecision(about=about, decision="did not help", because=because)


def _dropped(want: Want, because: str) -> RecordDecision:
    return RecordDecision(about=want.cell_id, decision="dropped the request", because=because)


def _waits(want: Want, because: str) -> RecordDecision:
    return RecordDecision(about=want.cell_id, decision="waiting", because=because)
