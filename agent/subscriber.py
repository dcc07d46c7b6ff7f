"""The rules-only tutor: answers a request for help from what the notebook shows, with no model."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from agent.rules.finder import find, find_error
from ltt_collab.model.cells import Notebook
from ltt_collab.model.edits import HelpRequested
from ltt_collab.model.findings import Finding
from ltt_collab.model.suggestions import Draft, Placement, Rejected, RejectionReason
from ltt_collab.ports.tutor import Tutor, TutorConfig, TutorContext

_TRIES = 2
"""One decision, and one more if the cell changed under it. Never a loop: the next run asks anew."""


def create(config: TutorConfig) -> Tutor:
    """The tutor of the entry point ``rules``; ``config`` names a model for others, the rules need none."""
    del config
    return RulesTutor()


class RulesTutor:
    """Proposes one note about the first cause of an error.

    Invariants:
        1. At most one draft is shown for one request.
        2. A draft rests on the source it was decided on (``expected_hash``); a conflict means: read and decide anew,
           once.
        3. A case that the rules have nothing to say about, or that is gone by now, is left alone.
    """

    def explain(self, notebook: Notebook) -> Sequence[Finding]:
        """Findings of an executed notebook, offline, at most one a cell."""
        return find(notebook)

    async def handle(self, event: HelpRequested, context: TutorContext) -> None:
        """Propose the rung that was asked for, or nothing."""
        for attempt in range(_TRIES):
            draft = self._draft(event, await context.snapshot(), again=attempt > 0)
            if draft is None:
                return  # invariant 3
            answer = await context.propose(draft)
            if not (isinstance(answer, Rejected) and answer.reason is RejectionReason.CONFLICT):
                return  # invariant 1

    def _draft(self, event: HelpRequested, notebook: Notebook, *, again: bool) -> Draft | None:
        cell = notebook.cell(event.cell_id)
        if cell is None or event.error is None:
            return None
        if again and (cell.error is None or cell.error.error_name != event.error.name):
            return None  # invariant 3: the error is not there any more
        finding = find_error(notebook, event.cell_id, event.error)
        if finding is None:
            return None
        expected = cell.hash if again else event.expected_hash  # invariant 2
        return Draft(
            cell_id=event.cell_id,
            expected_hash=expected,
            placement=Placement.NOTE,
            text=text_of_rung(finding, event.rung),
            rung=event.rung,
            line=finding.line,
            idempotency_key=_key(event.cause_key, event.rung, expected),
            cause_key=event.cause_key,
        )


def text_of_rung(finding: Finding, rung: int) -> str:
    """The text of one rung: 1 where, 2 what, 3 (and above) how."""
    return finding.where if rung <= 1 else finding.what if rung == 2 else finding.how


def _key(cause_key: str, rung: int, expected_hash: str) -> str:
    """The same for a retry of the same proposal, another for any other."""
    return hashlib.blake2b(f"{cause_key}\n{rung}\n{expected_hash}".encode(), digest_size=12).hexdigest()
