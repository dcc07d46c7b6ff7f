"""Cards and summaries as HTML, rendered once for all who look."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from ltt_collab.model.courses import Course, Task
from ltt_collab.model.identity import Sight
from ltt_collab.model.ids import CourseId, TaskId, Username
from ltt_collab.ports.classroom import TaskAt
from ltt_collab.ports.steering import Extent, HeldDraft, Steer
from ltt_collab.web.live.cards import Card, TaskState, by_need, clusters, totals
from ltt_collab.web.rendering import part
from ltt_collab.web.stage import Stage


def card_id(learner: Username) -> str:
    """The id of a learner's card in the page: names may hold anything, ids may not."""
    return f"card-{hashlib.blake2b(learner.encode(), digest_size=6).hexdigest()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskDot:
    """A task or a check in a row of them."""

    title: str
    state: TaskState
    current: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How the AI stands to somebody: what holds, and what was ordered about exactly them."""

    paused: bool
    approval: bool


class WallViews:
    """The wall of one course as HTML.

    Invariants:
        1. A card is rendered once a version, however many look at it.
    """

    def __init__(self, stage: Stage, course: Course | None) -> None:
        self._stage, self.course = stage, course
        self._cards: dict[Username, tuple[int, Card, str]] = {}

    def learners(self, sight: Sight) -> list[Username]:
        """Whom somebody may see."""
        return [who for who in self._stage.feed.wall.learners() if sight.sees(who)]

    def cards(self, sight: Sight) -> list[Card]:
        """Their cards, by need."""
        return by_need(self._card(who)[0] for who in self.learners(sight))

    def card_html(self, learner: Username) -> str:
        """One card."""
        return self._card(learner)[1]

    def totals_html(self, cards: Sequence[Card]) -> str:
        """The class in a line, and its tasks as bars."""
        found = totals(cards)
        tasks = [] if self.course is None else self.course.tasks
        course = "" if self.course is None else self.course.id
        bars = [(task, found.tasks.get(TaskAt(course=CourseId(course), task=task.id), {})) for task in tasks]
        return part("wall/totals.html", totals=found, bars=bars, states=TaskState)

    def clusters_html(self, cards: Sequence[Card]) -> str:
        """Errors that several share."""
        names = {card.learner: card for card in cards}
        return part("wall/clusters.html", clusters=clusters(cards), names=names, card_id=card_id)

    def held(self, sight: Sight) -> list[HeldDraft]:
        """The hints that wait for whoever looks."""
        return [held for held in self._stage.desk.approvals.held() if sight.sees(held.learner)]

    def queue_html(self, sight: Sight) -> str:
        """They as forms."""
        names = {held.learner: self._name(held.learner) for held in self.held(sight)}
        return part("wall/queue.html", held=self.held(sight), names=names)

    def order_about(self, extent: Extent) -> Steer | None:
        """The order about exactly these."""
        return next((steer for steer in self._stage.desk.steering.orders() if steer.extent == extent), None)

    def standing(self, card: Card) -> Standing:
        """How the AI stands to a learner at their task."""
        at = card.task
        course = self.course.id if self.course is not None else None
        steer = self._stage.desk.steering.for_learner(
            card.learner, at.course if at is not None else course, at.task if at is not None else None
        )
        return Standing(paused=bool(steer and steer.paused), approval=bool(steer and steer.approval))

    def title(self, at: TaskAt | None) -> str:
        """A task's title."""
        if at is None:
            return ""
        task = self._task(at.course, at.task)
        return task.title if task is not None and task.title else at.task

    def dots(self, card: Card) -> list[TaskDot]:
        """The course's tasks for one learner."""
        if self.course is None:
            return []
        every = [TaskAt(course=self.course.id, task=task.id) for task in self.course.tasks]
        return [
            TaskDot(title=self.title(at), state=card.tasks.get(at, TaskState.NONE), current=at == card.task)
            for at in every
        ]

    def checks(self, card: Card) -> list[TaskDot]:
        """The checks of the task that they are at, in the author's order."""
        if card.task is None:
            return []
        task = self._task(card.task.course, card.task.task)
        names = [] if task is None else [check.name for check in task.checks]
        return [TaskDot(title=name, state=card.checks.get(name, TaskState.NONE)) for name in names]

    # Within.

    def _task(self, course: CourseId, task: TaskId) -> Task | None:
        found = next((each for each in self._stage.school.classroom.courses() if each.id == course), None)
        return None if found is None else found.task(task)

    def _name(self, learner: Username | None) -> str:
        return "" if learner is None else self._stage.feed.wall.name_of(learner)

    def _card(self, learner: Username) -> tuple[Card, str]:
        version = self._stage.feed.version_of(learner)
        known = self._cards.get(learner)
        if known is not None and known[0] == version:
            return known[1], known[2]  # invariant 1
        card = self._stage.feed.card(learner)
        waiting = sum(held.learner == learner for held in self._stage.desk.approvals.held())
        html = part(
            "wall/card.html",
            card=card,
            id=card_id(learner),
            title=self.title(card.task),
            dots=self.dots(card),
            checks=self.checks(card),
            standing=self.standing(card),
            waiting=waiting,
        )
        self._cards[learner] = (version, card, html)
        return card, html
