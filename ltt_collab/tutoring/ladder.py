"""Where → what → how, each rung after an act of the learner."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass

from ltt_collab.model.causes import is_check_key, learner_key, passed_keys
from ltt_collab.model.edits import (
    HelpRequested,
    RoomEvent,
    RunFinished,
    RunOutcome,
    RunStarted,
    SourceEdited,
    SuggestionShown,
    TaskChecked,
)
from ltt_collab.model.ids import CellId
from ltt_collab.model.presence import Author, AuthorKind

TOP_RUNG = 3

CAUSES_KEPT = 500
"""Causes remembered per room; the one unused longest is forgotten first and would start at rung 1 again."""


@dataclass(slots=True, kw_only=True)
class _Climb:
    about: CellId
    learner: str | None
    shown: int = 0
    acted: bool = False


class Ladder:
    """Knows how far help about each cause of one room may go.

    Invariants:
        1. A cause starts at rung 1 and climbs one rung at a time, to 3 at most.
        2. It climbs only if its learner edited or ran the cell after the last rung was seen.
        3. A rung that was reached stays allowed: a better wording is no climb.
        4. A run of the cell that ends well starts its causes at rung 1 again; a check that failed does so by passing.
    """

    def __init__(self) -> None:
        self._climbs: OrderedDict[str, _Climb] = OrderedDict()
        self._current: dict[CellId, str] = {}

    def handle(self, event: RoomEvent) -> None:
        """Learn from what happened."""
        match event:
            case HelpRequested():
                key = event.cause_key
                self._climb(key, event.cell_id).learner = learner_key(event.author)
                self._current[event.cell_id] = key
            case SuggestionShown():
                self.remember(event.cause_key or self.resolve(event.about, ""), event.about, event.rung)
            case SourceEdited() | RunStarted():
                self._act(event.cell_id, event.author)
            case RunFinished(outcome=RunOutcome.OK):
                self._forget([key for key in self._about(event.cell_id) if not is_check_key(key)])
            case TaskChecked():
                self._forget(
                    [
                        key
                        for key, climb in self._climbs.items()
                        if key in passed_keys(event.author, climb.about, event.verdict)
                    ]
                )
            case RunFinished(duration=None):
                # Its start was not seen: the run may count as an act of its own, one with a start has counted already.
                self._act(event.cell_id, event.author)
            case _:
                pass

    def resolve(self, about: CellId, cause_key: str) -> str:
        """The cause that a draft is held to: its own if known for that cell, else what the cell's help was about last.

        So nobody starts a new ladder, or undoes a dismissal, by giving a cause another name.
        """
        known = self._climbs.get(cause_key)
        if known is not None and known.about == about:
            return cause_key
        return self._current.get(about, f"cell {about}")

    def next_rung(self, cause_key: str) -> int | None:
        """The rung that help about the cause would have now; None when there is nothing new to say yet."""
        climb = self._climbs.get(cause_key)
        if climb is None or climb.shown == 0:
            return 1
        if climb.shown >= TOP_RUNG or not climb.acted:
            return None
        return climb.shown + 1  # invariants 1 and 2

    def highest(self, cause_key: str) -> int:
        """The highest rung that a draft about the cause may have now (invariant 3)."""
        climb = self._climbs.get(cause_key)
        return self.next_rung(cause_key) or (climb.shown if climb is not None else 1)

    def shown(self, cause_key: str) -> int:
        """The highest rung that the learner saw of this cause, 0 for none."""
        climb = self._climbs.get(cause_key)
        return 0 if climb is None else climb.shown

    def remember(self, cause_key: str, about: CellId, rung: int) -> None:
        """The learner saw this rung."""
        climb = self._climb(cause_key, about)
        climb.shown, climb.acted = max(climb.shown, min(rung, TOP_RUNG)), False
        self._current[about] = cause_key

    def forget(self, about: CellId) -> None:
        """Start all causes of a cell at rung 1 again (invariant 4)."""
        self._forget(self._about(about))
        self._current.pop(about, None)

    def _about(self, cell: CellId) -> list[str]:
        return [key for key, climb in self._climbs.items() if climb.about == cell]

    def _forget(self, keys: Iterable[str]) -> None:
        for key in keys:
            gone = self._climbs.pop(key)
            if self._current.get(gone.about) == key:
                del self._current[gone.about]

    def _act(self, cell_id: CellId, author: Author) -> None:
        if author.kind not in {AuthorKind.LEARNER, AuthorKind.UNKNOWN}:
            return
        for climb in self._climbs.values():
            if climb.about == cell_id and self._is_by(climb, author):
                climb.acted = True

    @staticmethod
    def _is_by(climb: _Climb, author: Author) -> bool:
        return author.kind is AuthorKind.UNKNOWN or climb.learner in {None, learner_key(author)}

    def _climb(self, key: str, about: CellId) -> _Climb:
        climb = self._climbs.get(key)
        if climb is None:
            climb = self._climbs[key] = _Climb(about=about, learner=None)
        self._climbs.move_to_end(key)
        while len(self._climbs) > CAUSES_KEPT:
            gone, old = self._climbs.popitem(last=False)
            if self._current.get(old.about) == gone:
                del self._current[old.about]
        return climb
