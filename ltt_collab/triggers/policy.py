"""One room's decisions to ask for help: whether, when, for whom."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from ltt_collab.model.causes import learner_key
from ltt_collab.model.cells import Cell
from ltt_collab.model.commands import (
    AskTutor,
    CheckTask,
    Command,
    Happening,
    RecordDecision,
    TimeElapsed,
    TutorAnswered,
    WakeAt,
)
from ltt_collab.model.edits import (
    CursorMoved,
    HelpRequested,
    OutputsAppended,
    RunFinished,
    RunOutcome,
    SourceEdited,
)
from ltt_collab.model.ids import CellId
from ltt_collab.triggers.brakes import Brakes
from ltt_collab.triggers.checking import Checking
from ltt_collab.triggers.directives import Directives
from ltt_collab.triggers.kinds import Limits, Refusal, Want
from ltt_collab.triggers.met import MetCauses
from ltt_collab.triggers.occasions import Occasions
from ltt_collab.triggers.progress import Progress
from ltt_collab.triggers.requests import request_for, want_again
from ltt_collab.triggers.runs import FailedRuns
from ltt_collab.triggers.sheet import Sheet, SourceOf
from ltt_collab.triggers.turns import Turns, Waiting
from ltt_collab.triggers.typing import Typing

SOON = 0.05
"""Seconds until a time that has passed already is looked at again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calm:
    """How calm help is, in seconds.

    ``quiet``: without a keystroke for so long a learner is not typing (pauses between words stay well below).
    ``longest_wait``: a want older than that is no longer what the learner is at.
    ``patience``: a tutor that has not answered by then no longer holds others up.
    ``unasked``: False where a setting or the course allows asked help only.
    """

    quiet: float = 1.5
    longest_wait: float = 120.0
    patience: float = 30.0
    unasked: bool = True


class Policy:
    """Turns what happens in a room into requests for help.

    Invariants:
        1. Only a learner's act is an occasion; what we or the server do never is.
        2. Nobody is helped while typing: the request waits for a boundary. Only an answer in the chat does not.
        3. A request whose cell changed, ran again or went away meanwhile is dropped.
        4. At most one request per learner is at the tutor, nothing unasked beside another; of those that wait the
           newest of each learner counts.
        5. Unasked help ends with a dismissed cause, a spent budget, a muted learner or course, and pauses after a
           deleted note. Asked help ends with nothing but being sent away.
        6. Every decision, also not to help, is recorded with its reason.
    """

    def __init__(self, limits: Limits, calm: Calm = Calm(), source_of: SourceOf = lambda _cell: None) -> None:
        """``source_of``: a cell's text now; without it what rests on texts is not seen."""
        self._calm = calm
        self._runs, self._met, self._sheet = FailedRuns(), MetCauses(), Sheet(source_of)
        self._typing, self._turns = Typing(calm.quiet), Turns()
        self._progress = Progress(source_of)
        self._occasions = Occasions(limits, self._sheet, runs=self._runs, met=self._met, progress=self._progress)
        self._long_run, self._idle = self._occasions.long_run, self._occasions.idle
        self._directives = Directives(self._sheet, self._long_run)
        self._brakes = Brakes(limits, self._directives, unasked=calm.unasked)
        self._checking = Checking(self._sheet, self._typing)
        self._wake: float | None = None
        self._now = 0.0

    def adopt(self, cells: Iterable[Cell], language: str = "python") -> None:
        """Begin with a notebook as it stands: nothing in it is an occasion."""
        cells = tuple(cells)
        self._sheet.adopt(cells)
        self._directives.adopt(cells)
        self._occasions.adopt(cells, language)

    def mute(self, learner: str, *, muted: bool) -> None:
        """Take over a learner's wish (by ``learner_key``) for asked help only, from an earlier life or another door."""
        self._directives.mute(learner, muted=muted)

    def handle(self, event: Happening) -> Iterator[Command]:
        """What is to be done now that this happened; decided at once, whether or not the result is read."""
        if isinstance(event, SourceEdited | CursorMoved | OutputsAppended):
            # Nearly every event is a keystroke with nothing pending; it only leaves its traces.
            self._now = max(self._now, event.at)
            self._trace(event)
            return iter(tuple(self._follow(event))) if self._turns else iter(())
        self._now = max(self._now, event.now if isinstance(event, TimeElapsed | TutorAnswered) else event.at)
        if isinstance(event, TimeElapsed) and not self._turns and (self._wake is None or self._now < self._wake):
            return iter(())  # somebody else's alarm
        self._sheet.handle(event)
        return iter(tuple(self._decide(event, self._occasions.notice(event))))

    def ask_again(self, request: HelpRequested, now: float) -> Iterator[Command]:
        """Decide anew about a request whose help was cut off by no fault of its own; ``now``: Unix time in seconds."""
        self._now = max(self._now, now)
        want = want_again(request, "the connection was lost before the help was shown")
        learner = learner_key(want.learner)
        if self._turns.is_about(want.cause_key):
            self._turns.at_tutor.pop(learner, None)
        self._turns.waiting.setdefault(learner, Waiting(want, self._now))  # invariant 4
        return iter(tuple(self._ask()))

    def reconsider(self, ask: AskTutor, now: float) -> Iterator[Command]:
        """Decide again about a request that had to wait until it was known what its learner wishes.

        One that is void by now, or has waited too long, was recorded as such when it became so.
        """
        self._now = max(self._now, now)
        want = self._turns.want_of(ask)
        if want is None:
            return iter(())
        refusal = self._brakes.why_not(want, self._now)  # invariant 5
        if refusal is None:
            return iter((ask,))
        self._turns.take_back(want)
        return iter((_not_helped(ask.cell_id, refusal), *self._ask()))

    def _trace(self, event: SourceEdited | CursorMoved | OutputsAppended) -> None:
        if isinstance(event, OutputsAppended):
            self._long_run.put_off(event)
            return
        if isinstance(event, SourceEdited):
            self._typing.handle(event)
            self._runs.handle(event)
        if self._idle.watches:
            self._idle.touch(event)

    def _follow(self, event: Happening) -> Iterator[Command]:
        yield from self._turns.free(event, self._now, self._calm.patience)
        yield from self._turns.drop_outdated(event)  # invariant 3
        yield from self._ask()

    def _decide(self, event: Happening, noticed: Sequence[Want | Refusal]) -> Iterator[Command]:
        if isinstance(event, TutorAnswered) and event.answer is None:
            self._note_fruitless(event.cause_key)
        yield from self._turns.free(event, self._now, self._calm.patience)
        yield from self._turns.drop_outdated(event)  # invariant 3
        ignored = self._why_ignored(event) if not noticed else None
        self._remember(event)
        for command in self._directives.handle(event, self._sheet.ours):
            if isinstance(command, CheckTask):
                self._checking.done(learner_key(command.learner), command.cell_id)
            yield command
        yield from self._consider_all(noticed)
        if ignored is not None:
            yield ignored
        yield from self._ask()
        yield from self._checking.handle(event)
        yield from self._plan()

    def _remember(self, event: Happening) -> None:
        self._typing.handle(event)
        self._runs.handle(event)
        self._met.handle(event)
        self._progress.handle(event)
        self._brakes.handle(event)

    def _note_fruitless(self, cause_key: str) -> None:
        for turn in self._turns.at_tutor.values():
            if turn.want.cause_key == cause_key:
                self._brakes.had_nothing(turn.want)

    def _why_ignored(self, event: Happening) -> RecordDecision | None:
        match event:
            case RunFinished(outcome=outcome) if outcome is not RunOutcome.OK:
                because = self._runs.why_not(event)
                return None if because is None else _not_helped(event.cell_id, because)  # invariant 1
            case _:
                return None

    def _consider_all(self, noticed: Sequence[Want | Refusal]) -> Iterator[Command]:
        """The first want counts; without one, every refusal is worth a line."""
        wants = [found for found in noticed if isinstance(found, Want)]
        for want in wants:
            self._met.add(want.cause_key, want.cell_id)
        if wants:
            yield from self._consider(wants[0])
            return
        for found in noticed:
            if isinstance(found, Refusal):
                yield _not_helped(found.about, found.because)

    def _consider(self, want: Want) -> Iterator[Command]:
        refusal = self._brakes.why_not(want, self._now)
        if refusal is not None:
            yield _not_helped(want.cell_id, refusal)
            return
        learner = learner_key(want.learner)
        yield from self._turns.put(want, self._now)
        waiting = self._turns.waiting.get(learner)
        if waiting is None or waiting.want is not want:
            return
        if self._due(learner, waiting) is not None:
            busy = self._turns.why_not_yet(want)
            typing = self._typing.until(learner, self._now) is not None
            yield _waits(want, "the learner is typing" if typing or busy is None else busy)

    def _ask(self) -> Iterator[Command]:
        yield from self._turns.drop(self._why_too_late)
        for learner, waiting in tuple(self._turns.waiting.items()):
            due = self._due(learner, waiting)  # invariants 2 and 4
            if due is not None:
                yield from self._wake_at(due)
                continue
            yield from self._request(waiting.want)

    def _due(self, learner: str, waiting: Waiting) -> float | None:
        """When a want may go to the tutor; None: now."""
        want = waiting.want
        if not want.chat:
            typing = self._typing.until(learner, self._now)
            if typing is not None or waiting.since + want.settle > self._now:
                return max(typing or 0.0, waiting.since + want.settle)
        return self._turns.free_at(want)

    def _why_too_late(self, waiting: Waiting) -> str | None:
        if self._now - waiting.since > self._calm.longest_wait:
            return f"it waited longer than {self._calm.longest_wait:.0f} s, the learner is at something else"
        return self._brakes.why_not(waiting.want, self._now)

    def _request(self, want: Want) -> Iterator[Command]:
        if want.chat:  # asked about the cell as it is now, whatever was typed since
            want = replace(want, expected_hash=self._sheet.hash_of(want.cell_id) or want.expected_hash)
        yield from self._turns.give(want, self._now + self._calm.patience)
        self._brakes.asked_for(want)
        self._occasions.asking(want)
        mark = self._sheet.task_of(want.cell_id)
        yield RecordDecision(
            about=want.cell_id, decision=f"asked the tutor, up to rung {want.rung}", because=want.because
        )
        yield request_for(want, "" if mark is None else mark.task)

    def _plan(self) -> Iterator[Command]:
        dues = [due for due in (*self._occasions.dues(), self._checking.due) if due is not None]
        if dues:
            yield from self._wake_at(max(min(dues), self._now + SOON))

    def _wake_at(self, when: float) -> Iterator[Command]:
        # One alarm is enough: an earlier one asks again, and sets the next itself.
        if self._wake is not None and self._now < self._wake <= when:
            return
        self._wake = when
        yield WakeAt(when=when)


def _not_helped(about: CellId | None, because: str) -> RecordDecision:
    return RecordDecision(about=about, decision="did not help", because=because)


def _waits(want: Want, because: str) -> RecordDecision:
    return RecordDecision(about=want.cell_id, decision="waiting", because=because)
