"""What the wall shows of one learner, and what it makes of all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from ltt_collab.model.ids import CellId, RoomId, Username
from ltt_collab.ports.classroom import TaskAt

STUCK_SECONDS = 5 * 60.0
"""Without progress, with an error, that long: somebody should look. Struggle shows within two minutes of work
(Dong et al., EDM 2021); we leave the tutor's own hints time first."""

STUCK_REPEATS = 3
"""The same error that often in a row is the other sign of it."""

IDLE_SECONDS = 5 * 60.0
"""Without an edit or a run that long somebody is called quiet."""


class Need(StrEnum):
    """How much somebody needs a person, most first."""

    ASKS = "asks"
    STUCK = "stuck"
    ERROR = "error"
    WELL = "well"
    IDLE = "idle"
    AWAY = "away"

    @property
    def rank(self) -> int:
        """0 for the most."""
        return list(Need).index(self)


class TaskState(StrEnum):
    """How somebody is doing at a task, or with a check."""

    NONE = "none"
    BEGUN = "begun"
    FAILING = "failing"
    PASSED = "passed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorSeen:
    """The error that stands: ``repeats`` runs in a row ended with it, since ``since`` (Unix time in seconds)."""

    name: str
    value: str
    cell: CellId
    since: float
    repeats: int = 1

    @property
    def line(self) -> str:
        """As Python's last line of a traceback says it."""
        return f"{self.name}: {self.value}" if self.value else self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class HintCount:
    """Hints to one learner: how many were shown, led on, were dismissed, still stand."""

    shown: int = 0
    helped: int = 0
    dismissed: int = 0
    standing: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A learner's call for help that nobody has answered yet."""

    at: float
    question: str
    cause_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One learner as the wall shows them. Times are Unix times in seconds.

    ``checks``: of the task that they are at, by name. ``score`` sorts cards of one ``need``, the greatest first.
    """

    learner: Username
    name: str
    present: bool
    need: Need
    score: float
    room: RoomId | None = None
    path: str = ""
    task: TaskAt | None = None
    cell_number: int | None = None
    typing: bool = False
    error: ErrorSeen | None = None
    asked: Asked | None = None
    hints: HintCount = HintCount()
    progress_at: float | None = None
    tasks: Mapping[TaskAt, TaskState] = field(default_factory=dict)
    checks: Mapping[str, TaskState] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Urgency:
    """What of a card changes by time alone."""

    need: Need
    score: float
    typing: bool


def by_need(cards: Iterable[Card]) -> list[Card]:
    """Who needs a person most comes first; those who are alike stand by name."""
    return sorted(cards, key=lambda card: (card.need.rank, -card.score, card.name.casefold(), card.learner))


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """Learners who are stopped by the same error just now."""

    error: str
    learners: Sequence[Username]


def clusters(cards: Iterable[Card]) -> list[Cluster]:
    """Every error that two learners or more share, the most shared first."""
    found: dict[str, list[Username]] = {}
    for card in cards:
        if card.error is not None and card.present:
            found.setdefault(card.error.line, []).append(card.learner)
    shared = [Cluster(error=error, learners=sorted(who)) for error, who in found.items() if len(who) > 1]
    return sorted(shared, key=lambda cluster: (-len(cluster.learners), cluster.error))


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """The class in a line; ``tasks``: how many learners are in which state, by task."""

    learners: int = 0
    present: int = 0
    asking: int = 0
    stuck: int = 0
    hints: int = 0
    helped: int = 0
    tasks: Mapping[TaskAt, Mapping[TaskState, int]] = field(default_factory=dict)


def totals(cards: Sequence[Card]) -> Totals:
    """Sum the cards up."""
    tasks: dict[TaskAt, dict[TaskState, int]] = {}
    for card in cards:
        for at, state in card.tasks.items():
            counted = tasks.setdefault(at, {})
            counted[state] = counted.get(state, 0) + 1
    return Totals(
        learners=len(cards),
        present=sum(card.present for card in cards),
        asking=sum(card.need is Need.ASKS for card in cards),
        stuck=sum(card.need is Need.STUCK for card in cards),
        hints=sum(card.hints.shown for card in cards),
        helped=sum(card.hints.helped for card in cards),
        tasks=tasks,
    )
