"""Puts words before the gate, and reads from its answer and the notebook whether they are still wanted."""

from __future__ import annotations

from agent.drafts import drafts_of
from agent.words import Words
from ltt_collab.model.cells import Notebook
from ltt_collab.model.edits import HelpCause, HelpRequested
from ltt_collab.model.suggestions import Answer, Rejected, RejectionReason
from ltt_collab.ports.tutor import TutorContext


async def propose(
    event: HelpRequested, words: Words, expected_hash: str, context: TutorContext, *, rung: int | None = None
) -> Answer | None:
    """Propose all drafts that say ``words``, up to the first that is refused; the last answer."""
    answered: Answer | None = None
    for draft in drafts_of(event, words, expected_hash, rung or event.rung):
        answered = await context.propose(draft)
        if isinstance(answered, Rejected):
            break
    return answered


def is_conflict(answered: Answer | None) -> bool:
    """Whether the cell is another by now."""
    return isinstance(answered, Rejected) and answered.reason is RejectionReason.CONFLICT


def is_over(event: HelpRequested, notebook: Notebook) -> bool:
    """Whether the cell is gone, or the error that the request is about is."""
    cell = notebook.cell(event.cell_id)
    if cell is None:
        return True
    if event.error is None or event.cause is HelpCause.ASKED:
        return False
    return cell.error is None or cell.error.error_name != event.error.name
