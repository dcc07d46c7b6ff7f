"""What was answered to a proposal, so that a retry is answered as the first was."""

from __future__ import annotations

from collections import OrderedDict

from ltt_collab.model.ids import Username
from ltt_collab.model.suggestions import Answer, Draft, Rejected, RejectionReason

ANSWERS_KEPT = 1_000
"""Answers remembered per room: far more than a client's retries reach back."""


class Answers:
    """The answers of one room by author and idempotency key.

    Invariants:
        1. The first answer to a key is the answer to it for as long as it is remembered.
        2. A conflict is no answer: nothing was decided, and who has read the cell again comes back with the same key.
        3. At most ``bound`` answers are remembered; the oldest is forgotten first.
    """

    def __init__(self, bound: int = ANSWERS_KEPT) -> None:
        self._bound = bound
        self._answers: OrderedDict[tuple[Username, str], Answer] = OrderedDict()

    def find(self, draft: Draft) -> Answer | None:
        """The answer given to this author's key, whatever the draft says now; None for a new key."""
        return self._answers.get((draft.author, draft.idempotency_key))

    def keep(self, draft: Draft, answer: Answer) -> Answer:
        """Remember the answer unless the key has one, and return the one that counts (invariants 1, 2)."""
        if isinstance(answer, Rejected) and answer.reason is RejectionReason.CONFLICT:  # invariant 2
            return self.find(draft) or answer
        kept = self._answers.setdefault((draft.author, draft.idempotency_key), answer)
        while len(self._answers) > self._bound:  # invariant 3
            self._answers.popitem(last=False)
        return kept
