"""A run that goes on and says nothing: probably an endless loop. An offer, never an act."""

from __future__ import annotations

import ast
import warnings
from dataclasses import dataclass

from ltt_collab.model.causes import learner_key, long_run_key
from ltt_collab.model.commands import Happening, TimeElapsed
from ltt_collab.model.edits import (
    CellRemoved,
    DocumentReloaded,
    HelpCause,
    OutputsAppended,
    RoomState,
    RoomStateChanged,
    RunFinished,
    RunStarted,
)
from ltt_collab.model.ids import CellId
from ltt_collab.model.presence import Author, AuthorKind
from ltt_collab.triggers.kinds import Want
from ltt_collab.triggers.sheet import Sheet

ENDLESS = 15.0
"""Seconds for a loop that by its text cannot end."""

LOOPING = 40.0
"""Seconds for any other ``while`` loop."""

ANY = 240.0
"""Seconds for everything else: training a model takes its time."""

_LOOK_LIMIT = 30_000
_LEAVES = (ast.Break, ast.Return, ast.Raise, ast.Await, ast.Yield, ast.YieldFrom)


def patience_with(source: str) -> float | None:
    """Seconds that a cell may run in silence; None for one that waits for its user."""
    if len(source) > _LOOK_LIMIT:
        return ANY
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            nodes = tuple(ast.walk(ast.parse(source)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ANY
    called = {node.func.id for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    if "input" in called:
        return None
    loops = [node for node in nodes if isinstance(node, ast.While)]
    if any(_cannot_end(loop) for loop in loops):
        return ENDLESS
    return LOOPING if loops else ANY


def _cannot_end(loop: ast.While) -> bool:
    """Whether nothing in the loop leaves it or touches a name of its condition."""
    inner = [node for statement in loop.body for node in ast.walk(statement)]
    if any(isinstance(node, _LEAVES) for node in inner) or _calls(loop.test):
        return False
    watched = {node.id for node in ast.walk(loop.test) if isinstance(node, ast.Name)}
    touched = {node.id for node in inner if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)}
    # A method (``queue.pop()``) or an item (``state["done"] = 1``) may change what a name stands for.
    touched |= {node.value.id for node in inner if isinstance(node, ast.Attribute | ast.Subscript)
                and isinstance(node.value, ast.Name)}  # fmt: skip
    return watched.isdisjoint(touched)


def _calls(test: ast.expr) -> bool:
    return any(isinstance(node, ast.Call | ast.Attribute | ast.Subscript) for node in ast.walk(test))


@dataclass(slots=True, kw_only=True)
class _Silent:
    learner: Author
    source: str
    patience: float
    since: float
    told: bool = False


class LongRun:
    """Wants to offer an interruption, once for each run.

    Invariants:
        1. Output puts it off; the end of the run ends it.
        2. Only who got the offer may accept it with a yes, and only while that run goes on.
    """

    hears: tuple[type[Happening], ...] = (
        TimeElapsed,
        RunStarted,
        RunFinished,
        CellRemoved,
        DocumentReloaded,
        RoomStateChanged,
    )

    def __init__(self, sheet: Sheet) -> None:
        self._sheet = sheet
        self._silent: dict[CellId, _Silent] = {}
        self._offers: dict[str, CellId] = {}

    @property
    def due(self) -> float | None:
        """When the first of the silent runs has lasted too long."""
        return min((run.since + run.patience for run in self._silent.values() if not run.told), default=None)

    def offer_to(self, learner: str) -> CellId | None:
        """The cell whose interruption this learner was offered (invariant 2)."""
        return self._offers.get(learner)

    def offered(self, want: Want) -> None:
        """The offer is being made."""
        self._offers[learner_key(want.learner)] = want.cell_id

    def put_off(self, event: OutputsAppended) -> None:
        """A run said something (invariant 1)."""
        run = self._silent.get(event.cell_id)
        if run is not None:
            run.since = event.at

    def notice(self, event: Happening) -> Want | None:
        """A want when a run has been silent for long."""
        match event:
            case RunStarted(cell_id=cell, author=author) if author.kind is AuthorKind.LEARNER:
                self._start(event)
            case RunFinished(cell_id=cell) | CellRemoved(cell_id=cell):
                self._end(cell)
            case DocumentReloaded(cells=cells):
                going_on = {cell.id for cell in cells if cell.running}
                for cell in set(self._silent) - going_on:
                    self._end(cell)
            case RoomStateChanged(state=RoomState.LEFT):
                self._silent.clear()
                self._offers.clear()
            case TimeElapsed(now=now):
                return self._ripe(now)
            case _:
                pass
        return None

    def _start(self, event: RunStarted) -> None:
        known = self._silent.get(event.cell_id)
        if known is not None and known.source == event.source_hash:
            return  # the same run, whose cell was moved
        patience = patience_with(self._sheet.source_of(event.cell_id) or "")
        if patience is not None:
            self._silent[event.cell_id] = _Silent(
                learner=event.author, source=event.source_hash, patience=patience, since=event.at
            )

    def _end(self, cell: CellId) -> None:
        self._silent.pop(cell, None)
        for learner in [learner for learner, offered in self._offers.items() if offered == cell]:
            del self._offers[learner]

    def _ripe(self, now: float) -> Want | None:
        for cell, run in self._silent.items():
            if run.told or now < run.since + run.patience:
                continue
            run.told = True
            return Want(
                cell_id=cell,
                learner=run.learner,
                cause=HelpCause.LONG_RUN,
                cause_key=long_run_key(run.learner, cell),
                rung=1,  # an offer has no ladder
                error=None,
                expected_hash=run.source,
                because=f"the run has printed nothing for {now - run.since:.0f} s",
            )
        return None
