"""A want as the request that the tutor gets, and back."""

from __future__ import annotations

from ltt_collab.model.commands import AskTutor
from ltt_collab.model.edits import HelpRequested
from ltt_collab.triggers.kinds import Want


def request_for(want: Want, task: str) -> AskTutor:
    """The request for what is wanted; ``task``: the one that its cell belongs to, '' for none."""
    return AskTutor(
        cell_id=want.cell_id,
        learner=want.learner,
        cause=want.cause,
        cause_key=want.cause_key,
        rung=want.rung,
        error=want.error,
        expected_hash=want.expected_hash,
        question=want.question,
        chat=want.chat,
        reply_to=want.reply_to,
        task=task,
    )


def want_again(request: HelpRequested, because: str) -> Want:
    """What was wanted when that was requested, with another reason to want it now."""
    return Want(
        cell_id=request.cell_id,
        learner=request.author,
        cause=request.cause,
        cause_key=request.cause_key,
        rung=request.rung,
        error=request.error,
        expected_hash=request.expected_hash,
        because=because,
        question=request.question,
        chat=request.chat,
        reply_to=request.reply_to,
    )
