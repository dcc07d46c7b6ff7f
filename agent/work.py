"""What one request works with while it goes through the graph; nothing of it is kept."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from agent.models import ChatModel
from agent.prompts import Seal
from agent.spending import Spending
from agent.tools import Toolbox
from agent.words import Words
from ltt_collab.model.causes import learner_key, normalised_value
from ltt_collab.model.cells import Notebook
from ltt_collab.model.edits import HelpCause, HelpRequested
from ltt_collab.model.findings import Finding
from ltt_collab.model.tasks import TaskBrief
from ltt_collab.ports.tutor import TutorContext

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage

CACHED = 500
"""Hints kept that passed the review; the one used longest ago goes first."""


class HintCache:
    """Hints by task, cause, rung and the code they are about."""

    def __init__(self) -> None:
        self._hints: OrderedDict[tuple[str, ...], Words] = OrderedDict()

    def get(self, key: tuple[str, ...]) -> Words | None:
        """The hint that passed before, if any."""
        if key in self._hints:
            self._hints.move_to_end(key)
        return self._hints.get(key)

    def put(self, key: tuple[str, ...], words: Words) -> None:
        """Keep a hint that was shown."""
        self._hints[key] = words
        while len(self._hints) > CACHED:
            self._hints.popitem(last=False)


@dataclass(slots=True, kw_only=True)
class Desk:
    """What all requests share."""

    model: ChatModel
    spending: Spending
    cache: HintCache = field(default_factory=HintCache)


@dataclass(slots=True, kw_only=True)
class Work:
    """One request: what it is about as it was read, and the conversation with the model."""

    event: HelpRequested
    context: TutorContext
    desk: Desk
    seal: Seal
    notebook: Notebook | None = None
    task: TaskBrief | None = None
    finding: Finding | None = None
    by_rules: Words | None = None
    toolbox: Toolbox | None = None
    messages: list[BaseMessage] = field(default_factory=list)
    trials: dict[str, bool] = field(default_factory=dict)

    @property
    def learner(self) -> str:
        """Whom the help is for."""
        return learner_key(self.event.author)

    @property
    def course(self) -> str:
        """Whose budget it is on; learners without a course share one."""
        return self.task.course if self.task is not None else ""

    @property
    def source(self) -> str:
        """The learner's cell."""
        cell = self.notebook.cell(self.event.cell_id) if self.notebook else None
        return cell.source if cell is not None else ""

    @property
    def expected_hash(self) -> str:
        """What the cell held when it was read."""
        cell = self.notebook.cell(self.event.cell_id) if self.notebook else None
        return cell.hash if cell is not None else self.event.expected_hash

    def cache_key(self, rung: int) -> tuple[str, ...] | None:
        """What makes two requests the same; None where the answer depends on more, as with a question."""
        if self.event.cause is HelpCause.ASKED:
            return None
        error = self.event.error
        problem = f"{error.name}: {normalised_value(error.value)}" if error else _first_failed(self.task)
        return (self.event.task or self.event.room, self.event.cause.value, problem, str(rung), self.expected_hash)


def _first_failed(task: TaskBrief | None) -> str:
    failed = task.last_verdict.first_failed if task is not None and task.last_verdict is not None else None
    return f"{failed.name}: {failed.got}" if failed is not None else ""
