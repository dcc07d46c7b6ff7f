"""An error stands there and its learner has stopped: help that was held back, or the next rung."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ltt_collab.model.causes import cause_key, learner_key
from ltt_collab.model.commands import Happening, TimeElapsed
from ltt_collab.model.edits import (
    CellRemoved,
    CursorMoved,
    HelpCause,
    PeerLeft,
    RunFinished,
    RunOutcome,
    RunStarted,
    SourceEdited,
)
from ltt_collab.model.presence import AuthorKind
from ltt_collab.triggers.kinds import Limits, Refusal, Want
from ltt_collab.triggers.runs import FailedRuns
from ltt_collab.triggers.sheet import Sheet

IDLE = 45.0
"""Seconds of nothing after a sign of life that mean a halt: reading a hint and thinking it over takes about as long
(45 s with well timed help, arXiv 2601.10253)."""

HELD_BACK = 25.0
"""The same where nothing was said about the error yet, because its learner was getting on."""

SIGN_OF_LIFE = 2.0
"""Seconds after a run within which the caret moves by itself: Shift+Enter takes it to the next cell."""


@dataclass(slots=True, kw_only=True)
class _Open:
    run: RunFinished
    key: str
    last: float
    alive: bool = False
    told: bool = False


class IdleAfterError:
    """Wants help for a learner who does nothing any more about an error.

    Invariants:
        1. A learner of whom nothing was seen since the error may have gone away: only a first word is said then.
        2. Each pause is an occasion once.
    """

    hears: tuple[type[Happening], ...] = (TimeElapsed, RunFinished, RunStarted, CellRemoved, PeerLeft)

    def __init__(self, runs: FailedRuns, limits: Limits, sheet: Sheet) -> None:
        self._runs, self._limits, self._sheet = runs, limits, sheet
        self._open: dict[str, _Open] = {}

    @property
    def watches(self) -> bool:
        """Whether an error is open, so that keystrokes and carets matter."""
        return bool(self._open)

    @property
    def due(self) -> float | None:
        """The end of the earliest pause."""
        dues = [self._due(pause) for pause in self._open.values() if not pause.told]
        return min((due for due in dues if due is not None), default=None)

    def touch(self, event: SourceEdited | CursorMoved | RunStarted) -> None:
        """A learner lives."""
        pause = self._open.get(learner_key(event.author))
        if pause is None or event.at < pause.run.at + SIGN_OF_LIFE:
            return
        pause.last, pause.told, pause.alive = event.at, False, True

    def notice(self, event: Happening) -> Want | Refusal | None:
        """A want when a pause is over."""
        match event:
            case TimeElapsed(now=now):
                return self._ripe(now)
            case RunFinished(outcome=RunOutcome.ERROR, author=author) if author.kind is AuthorKind.LEARNER:
                if self._runs.why_not(event) is None:
                    key = cause_key(author, event.cell_id, event.error)
                    self._open[learner_key(author)] = _Open(run=event, key=key, last=event.at)
            case RunFinished(cell_id=cell, outcome=RunOutcome.OK) | CellRemoved(cell_id=cell):
                self._forget(lambda pause: pause.run.cell_id == cell)
            case PeerLeft(author=author):
                self._open.pop(learner_key(author), None)
            case RunStarted():
                self.touch(event)
            case _:
                pass
        return None

    def _due(self, pause: _Open) -> float | None:
        if self._limits.next_rung(pause.key) == 1:
            return pause.last + (HELD_BACK if not pause.alive else IDLE)
        return pause.last + IDLE if pause.alive else None  # invariant 1

    def _ripe(self, now: float) -> Want | Refusal | None:
        for pause in self._open.values():
            due = self._due(pause)
            if pause.told or due is None or now < due:
                continue
            pause.told = True  # invariant 2
            return self._want(pause, now)
        return None

    def _want(self, pause: _Open, now: float) -> Want | Refusal:
        run, rung = pause.run, self._limits.next_rung(pause.key)
        if rung is None:
            because = "the learner paused after the error, and the note says all it may for now"
            return Refusal(about=run.cell_id, because=because)
        return Want(
            cell_id=run.cell_id,
            learner=run.author,
            cause=HelpCause.IDLE_AFTER_ERROR,
            cause_key=pause.key,
            rung=rung,
            error=run.error,
            expected_hash=self._sheet.hash_of(run.cell_id) or run.source_hash,
            because=f"nothing happened for {now - pause.last:.0f} s after the error",
        )

    def _forget(self, over: Callable[[_Open], bool]) -> None:
        for learner in [learner for learner, pause in self._open.items() if over(pause)]:
            del self._open[learner]
