"""The one gate before the one writer, for every door: our tutor, a foreign agent, HTTP, MCP."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from ltt_collab.model.cells import Cell
from ltt_collab.model.edits import RoomEvent, SuggestionEnded, SuggestionShown
from ltt_collab.model.ids import CellId, SuggestionId
from ltt_collab.model.suggestions import Answer, Draft, EndReason, Held, Placement, Rejected, RejectionReason, Shown
from ltt_collab.ports.store import SuggestionRecord
from ltt_collab.tutoring.answers import Answers
from ltt_collab.tutoring.budget import Budget
from ltt_collab.tutoring.harm import acts_on_reader
from ltt_collab.tutoring.ladder import TOP_RUNG, Ladder
from ltt_collab.tutoring.leak import leaks

MAX_WORDS = 160
"""Longest note: the best hints have 80 to 160 words (arXiv 2411.18151, 44 educators)."""

MAX_CHARACTERS = 1200
"""The same bound for text without spaces."""

MAX_PROPOSAL = 20_000
"""Characters of the longest code that may be proposed in a cell's place: it is read as that cell is, not as a note.

Few cells of real notebooks are longer, and comparing more with a solution takes too long.
"""

TOLD_CHARACTERS = MAX_PROPOSAL + 2 * MAX_CHARACTERS
"""Of what was said about a cell, newest last: a proposal and two of the longest notes, or a long answer in the chat."""

TOLD_CELLS = 500
"""Cells of one room of which it is remembered."""


Compare = Callable[[str, str, str], bool]
"""Whether a text gives a reference solution away to somebody who has written the third: ``tutoring.leak.leaks``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """The facts that a draft is judged by, as they are at this moment.

    ``now``: Unix time in seconds. ``cell``: the draft's cell, None when it is gone. ``learner``: whom the help is for
    (``model.causes.learner_key``). ``asked``: the learner asked for it. ``reference``: the task's solution, if known.
    ``written``: all that stands in the learner's own cells, which is no secret to them; '' takes the cell's source.
    """

    now: float
    cell: Cell | None
    learner: str
    human_present: bool = True
    read_only: bool = False
    muted: bool = False
    asked: bool = False
    reference: str | None = None
    written: str = ""

    @property
    def known(self) -> str:
        """What is no secret to the learner: their own words."""
        return self.written or ("" if self.cell is None else self.cell.source)


class Gate:
    """Decides for one room which drafts a learner may see, and remembers what its decisions need.

    Callers feed it every event of the room first, then judge, write and ``settle`` one draft at a time.

    Invariants:
        1. A key that was answered is answered the same, exactly; but a conflict is only of its moment.
        2. Nothing is shown about a cell that is not a learner's, or that is not what its author read.
        3. No rung above the ladder's.
        4. No unasked hint above the budget.
        5. A cause whose hint the learner deleted is not helped again unless asked.
        6. The reference solution is in no text that passes, and in no answer.
        7. No text that passes does anything in a browser but be read.
    """

    def __init__(self, budget: Budget | None = None, *, leaks: Compare = leaks) -> None:
        """``leaks``: whether a text gives a reference away; it may know the answers to ``questions`` beforehand."""
        self._leaks = leaks
        self.ladder = Ladder()
        self.budget = budget or Budget()
        self._answers = Answers()
        # Unbounded on purpose: it grows by a person's deletions only, and forgetting one would break invariant 5.
        self._dismissed: set[str] = set()
        self._shown: dict[SuggestionId, str] = {}
        self._told: OrderedDict[CellId, str] = OrderedDict()

    def adopt(self, records: Iterable[SuggestionRecord]) -> None:
        """Take over what is remembered of an earlier life, oldest first."""
        for record in records:
            key = record.cause_key or self.ladder.resolve(record.about, "")
            if record.ended is EndReason.ACTED_ON:
                self.ladder.forget(record.about)
            else:
                self.ladder.remember(key, record.about, record.rung)
            if record.ended is EndReason.DISMISSED:
                self._dismissed.add(key)
            if record.ended is None:
                self._shown[record.suggestion] = key
            if record.learner:
                self.budget.spend(record.learner, record.at)

    def handle(self, event: RoomEvent) -> None:
        """Learn from what happened."""
        match event:
            case SuggestionShown():
                self._shown[event.suggestion] = event.cause_key or self.ladder.resolve(event.about, "")
            case SuggestionEnded():
                key = self._shown.pop(event.suggestion, None)
                if key is not None and event.reason is EndReason.DISMISSED:
                    self._dismissed.add(key)
            case _:
                pass
        self.ladder.handle(event)

    def judge(self, draft: Draft, situation: Situation) -> Answer | None:
        """None: it may be shown, write it and ``settle``.

        Else the answer: a ``Rejected``, or the first answer to that key, whatever it was but a conflict.
        """
        known = self._answers.find(draft)
        if known is not None:
            return known  # invariant 1
        rejected = next((no for check in _CHECKS if (no := check(self, draft, situation)) is not None), None)
        return None if rejected is None else self._answers.keep(draft, rejected)

    def questions(self, draft: Draft, situation: Situation) -> Sequence[str]:
        """The texts that ``judge`` will compare with the reference; none where something else decides."""
        if self._answers.find(draft) is not None or not situation.reference:
            return ()
        if any(check(self, draft, situation) is not None for check in _CHECKS if check is not Gate._leak):
            return ()
        told = self._told.get(draft.cell_id, "")
        return (draft.text, _together(told, draft), told) if told else (draft.text,)

    def settle(self, draft: Draft, answer: Answer, situation: Situation) -> Answer:
        """Remember how a draft that passed was answered in the end; one that is or will be seen costs budget."""
        if isinstance(answer, Shown | Held) and not situation.asked and self._answers.find(draft) is None:
            self.budget.spend(situation.learner, situation.now)
        if isinstance(answer, Shown | Held):
            self._tell(draft)
        return self._answers.keep(draft, answer)

    def _tell(self, draft: Draft) -> None:
        """Remember what was said about a cell, so that no solution is given away piece by piece (invariant 6)."""
        self._told[draft.cell_id] = _together(self._told.pop(draft.cell_id, ""), draft)[-TOLD_CHARACTERS:]
        while len(self._told) > TOLD_CELLS:
            self._told.popitem(last=False)

    def next_rung(self, cause_key: str) -> int | None:
        """The rung that help about a cause would have now; None when there is nothing new to say yet."""
        return self.ladder.next_rung(cause_key)

    def highest_rung(self, cause_key: str) -> int:
        """The highest rung that may be said about a cause now, one that was said before included."""
        return self.ladder.highest(cause_key)

    def within_budget(self, learner: str, now: float) -> bool:
        """Whether this learner may get one more unasked hint now."""
        return self.budget.allows(learner, now)

    def is_dismissed(self, cause_key: str) -> bool:
        """Whether the learner deleted a hint about this cause."""
        return cause_key in self._dismissed

    def _cause(self, draft: Draft) -> str:
        # A dismissed cause is known even when the ladder has forgotten it (invariant 5).
        return (
            draft.cause_key
            if draft.cause_key in self._dismissed
            else self.ladder.resolve(draft.cell_id, draft.cause_key)
        )

    def _room(self, _: Draft, situation: Situation) -> Rejected | None:
        if situation.read_only:
            return _no(RejectionReason.READ_ONLY, "this room was joined read-only; nothing can be written here")
        if not situation.human_present:
            return _no(RejectionReason.NO_HUMAN_PRESENT, "nobody is in this notebook; propose when somebody is")
        if situation.muted:
            return _no(RejectionReason.MUTED, "the learner asked the tutor to stay away; do not propose again")
        return None

    def _cell(self, draft: Draft, situation: Situation) -> Rejected | None:
        cell = situation.cell
        if cell is None:
            return _no(RejectionReason.CONFLICT, f"cell {draft.cell_id!r} is gone; read the snapshot and decide again")
        if cell.ownership is not None:
            about = cell.ownership.about
            return _no(
                RejectionReason.NOT_A_LEARNER_CELL,
                f"cell {cell.id!r} is the tutor's own; propose about the learner's cell {about!r} instead",
            )
        if cell.hash != draft.expected_hash:
            return Rejected(
                reason=RejectionReason.CONFLICT,
                detail=f"the cell is {cell.hash} now, not {draft.expected_hash}; read it and decide again",
                current_source=cell.source,
            )
        return None

    def _length(self, draft: Draft, _: Situation) -> Rejected | None:
        if draft.placement is Placement.PROPOSAL:
            found = f"{len(draft.text)} characters; a proposal has at most {MAX_PROPOSAL}"
            return _no(RejectionReason.TOO_LONG, found) if len(draft.text) > MAX_PROPOSAL else None
        words = len(draft.text.split())
        if words > MAX_WORDS or len(draft.text) > MAX_CHARACTERS:
            return _no(
                RejectionReason.TOO_LONG,
                f"{words} words, {len(draft.text)} characters; at most {MAX_WORDS} words, {MAX_CHARACTERS} characters",
            )
        return None

    def _rung(self, draft: Draft, _: Situation) -> Rejected | None:
        highest = self.ladder.highest(self._cause(draft))
        if 1 <= draft.rung <= highest:
            return None
        why = (
            "rungs are 1 to 3" if not 1 <= draft.rung <= TOP_RUNG else "the next needs an edit or a run by the learner"
        )
        return _no(RejectionReason.LADDER, f"rung {draft.rung} is above {highest}, the highest allowed now; {why}")

    def _dismissal(self, draft: Draft, situation: Situation) -> Rejected | None:
        if situation.asked or not self.is_dismissed(self._cause(draft)):
            return None
        return _no(RejectionReason.DISMISSED_BEFORE, "the learner deleted a hint about this; wait until asked")

    def _spending(self, _: Draft, situation: Situation) -> Rejected | None:
        if situation.asked or self.within_budget(situation.learner, situation.now):
            return None
        return _no(RejectionReason.BUDGET, f"{self.budget.limit} unasked hints within an hour are enough; try later")

    def _harm(self, draft: Draft, _: Situation) -> Rejected | None:
        if draft.placement is Placement.PROPOSAL or not acts_on_reader(draft.text):
            return None
        return _no(RejectionReason.UNSAFE, "no images, HTML or links that run something: write plain Markdown")

    def _leak(self, draft: Draft, situation: Situation) -> Rejected | None:
        if not situation.reference or situation.cell is None:
            return None
        told, leaks = self._told.get(draft.cell_id, ""), self._leaks
        reference, known = situation.reference, situation.known
        if not leaks(draft.text, reference, known) and (
            not told
            # What was let through once, and is a leak only now that the learner deleted lines, silences nobody.
            or not leaks(_together(told, draft), reference, known)
            or leaks(told, reference, known)
        ):
            return None
        # invariant 6: what was recognised is not said, or one could search for the solution
        return _no(RejectionReason.LEAK, "the text gives away the solution; explain on a different example")


_CHECKS: tuple[Callable[[Gate, Draft, Situation], Rejected | None], ...] = (
    Gate._room,
    Gate._cell,
    Gate._length,
    Gate._dismissal,
    Gate._rung,
    Gate._spending,
    Gate._harm,
    Gate._leak,
)
"""In this order: what cannot be helped first, then what its author can mend."""


def _together(told: str, draft: Draft) -> str:
    return f"{told}\n{draft.text}"


def _no(reason: RejectionReason, detail: str) -> Rejected:
    return Rejected(reason=reason, detail=detail)
