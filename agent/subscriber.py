"""Our tutor: rules alone without a model, the LangGraph agent with one."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec

from agent.by_rules import answer, diagnose, read_task
from agent.live import refined
from agent.proposing import is_conflict, is_over, propose
from agent.rules.finder import find
from agent.words import Words
from ltt_collab.model.cells import Notebook
from ltt_collab.model.edits import HelpRequested
from ltt_collab.model.errors import InvalidSettingError
from ltt_collab.model.findings import Finding
from ltt_collab.model.suggestions import Shown
from ltt_collab.model.tasks import TaskBrief
from ltt_collab.ports.tutor import Tutor, TutorConfig, TutorContext

_TRIES = 2
"""One decision, and one more if the cell changed under it. Never a loop: the next run asks anew."""

CAUSES_KEPT = 500
"""Causes of which it is remembered what was said last; the oldest is forgotten first."""

_NEEDED = ("langgraph", "langchain")


def create(config: TutorConfig) -> Tutor:
    """The tutor of the entry point ``rules``.

    Raises:
        InvalidSettingError: the model's packages are not installed, or it has no provider.
    """
    if not config.model:
        return RulesTutor()
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        raise InvalidSettingError("LTT_MODEL", config.model, "install what it needs: pip install 'ltt-collab[llm]'")
    # Imported here: LangGraph takes seconds, which nobody without a model should wait for.
    from agent.tutor import GraphTutor  # noqa: PLC0415

    return GraphTutor.create(config)


class RulesTutor:
    """Proposes one note, or one chat answer, about the first cause of what went wrong.

    Invariants:
        1. At most one draft is shown for one request; a chat answer in pieces is one.
        2. A draft rests on the source it was decided on (``expected_hash``); a conflict means: read and decide anew,
           once.
        3. A case that the rules have nothing to say about, or that is gone by now, is left alone.
    """

    def __init__(self) -> None:
        self._said: dict[str, str] = {}

    def explain(self, notebook: Notebook) -> Sequence[Finding]:
        """Findings of an executed notebook, offline, at most one a cell."""
        return find(notebook)

    async def handle(self, event: HelpRequested, context: TutorContext) -> None:
        """Propose the rung that was asked for, or nothing."""
        task = await read_task(event, context)
        for attempt in range(_TRIES):
            notebook = await context.snapshot()
            over = attempt > 0 and is_over(event, notebook)
            words = None if over else await self._words(event, notebook, task, context)
            if words is None:
                return  # invariant 3
            cell = notebook.cell(event.cell_id)
            expected = cell.hash if attempt and cell is not None else event.expected_hash  # invariant 2
            answered = await propose(event, words, expected, context)
            if isinstance(answered, Shown):
                self._remember(event, words)
            if not is_conflict(answered):
                return  # invariant 1

    async def _words(
        self, event: HelpRequested, notebook: Notebook, task: TaskBrief | None, context: TutorContext
    ) -> Words | None:
        if notebook.cell(event.cell_id) is None:
            return None
        finding = await refined(event, notebook, diagnose(event, notebook), context)
        before = self._said.get(event.cause_key)
        return answer(event, notebook, task, finding, () if before is None else (before,))

    def _remember(self, event: HelpRequested, words: Words) -> None:
        self._said.pop(event.cause_key, None)
        self._said[event.cause_key] = words.text
        if len(self._said) > CAUSES_KEPT:
            del self._said[next(iter(self._said))]
