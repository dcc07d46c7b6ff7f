"""Who helps: our agent, or anyone's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from ltt_collab.model.cells import Notebook
from ltt_collab.model.edits import HelpRequested
from ltt_collab.model.findings import Finding
from ltt_collab.model.ids import CellId
from ltt_collab.model.suggestions import Answer, Draft
from ltt_collab.model.tasks import Fact, TaskBrief, Trial

TUTOR_GROUP = "ltt_collab.tutors"
"""Entry-point group: each entry is a ``create(TutorConfig) -> Tutor``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TutorConfig:
    """All that a tutor is told at start; a tutor reads no settings. ``model`` empty: rules only.

    ``checkpoint_url``: the database beside which a tutor keeps its memory ('' keeps it until it ends).
    ``tokens_per_learner_hour`` and ``tokens_per_course_day``: what a model may read and write for one learner within
    an hour, for all of one course within a day; beyond, the rules help. ``model_seconds``: the longest wait for it.
    """

    model: str = ""
    checkpoint_url: str = ""
    tokens_per_learner_hour: int = 60_000
    tokens_per_course_day: int = 5_000_000
    model_seconds: float = 30.0


class TutorContext(Protocol):
    """One room, as a tutor may use it: reading, and proposing through the gate."""

    async def snapshot(self) -> Notebook:
        """The notebook as it is now."""
        ...

    async def propose(self, draft: Draft) -> Answer:
        """Hand a draft to the gate; returns when it is shown, held or rejected."""
        ...

    async def facts(self, cell: CellId, expressions: Mapping[str, str]) -> Mapping[str, Fact]:
        """Evaluate read-only expressions silently in the learner's kernel, after a run of theirs; {} when it may not.

        Only names, attributes, items, literals and a few pure calls (``len``, ``type``, ``list``, ``sorted``,
        ``repr``…) pass; anything else is answered with a ``Fact.error`` and never reaches the kernel.
        """
        ...

    async def try_code(self, cell: CellId, replacement: str) -> Trial:
        """Run the notebook up to that cell, with the cell's source replaced, in a scratch kernel of ours."""
        ...

    async def task(self, cell: CellId) -> TaskBrief | None:
        """The task that the cell belongs to; None when it is no task's."""
        ...

    async def read_terminal(self, cell: CellId) -> str:
        """The learner's terminal, where the task says that it is read; '' otherwise."""
        ...


class Tutor(Protocol):
    """Turns a request for help into at most one proposal."""

    def explain(self, notebook: Notebook) -> Sequence[Finding]:
        """Findings of an executed notebook, offline, at most one a cell."""
        ...

    async def handle(self, event: HelpRequested, context: TutorContext) -> None:
        """Help, or do nothing; may be cancelled at any await when the learner moves on."""
        ...
