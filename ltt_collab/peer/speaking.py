"""Says in the chat what was asked there."""

from __future__ import annotations

from collections.abc import Iterable

from ltt_collab.model.commands import (
    CheckTask,
    ControlKernel,
    LeaveLearner,
    MuteLearner,
    RecordDecision,
    WelcomeLearner,
)
from ltt_collab.model.edits import MessagePosted, SuggestionShown
from ltt_collab.model.ids import SuggestionId
from ltt_collab.model.suggestions import Answer, Draft, Placement, Rejected, RejectionReason, Shown
from ltt_collab.peer.keeping import Keeping
from ltt_collab.peer.mind import Wish
from ltt_collab.peer.scene import Scene
from ltt_collab.ports.store import SuggestionRecord
from ltt_collab.tutoring.gate import Situation

ANSWERS_KEPT = 50
"""Answers whose pieces belong together; more are never under way at once."""


_REFUSALS = frozenset({"did not help", "did not check", "left the kernel alone", "stayed as it was"})
"""Decisions not to do what was asked for."""

ALREADY = "That is how it is already."


class Speaking:
    """Puts drafts that passed the gate into the chat that they answer.

    Invariants:
        1. The pieces of one answer are one suggestion, shown once: when its last piece is said.
    """

    def __init__(self, scene: Scene, keeping: Keeping) -> None:
        self._scene, self._keeping = scene, keeping
        self._answers: dict[tuple[str, str], SuggestionId] = {}

    async def say(self, draft: Draft, suggestion: SuggestionId, situation: Situation) -> Answer:
        """Write one piece, by whole words; returns when it stands there."""
        key = (draft.chat, draft.reply_to)
        suggestion = self._answers.setdefault(key, suggestion)
        while len(self._answers) > ANSWERS_KEPT:
            del self._answers[next(iter(self._answers))]
        chats = self._scene.around.chats
        said = await chats.say(draft.chat, draft.reply_to, draft.text, more=draft.more, suggestion=suggestion)
        if said is None:
            detail = "that chat is not open, or the message there is not ours any more; propose a note instead"
            return Rejected(reason=RejectionReason.READ_ONLY, detail=detail)
        if not draft.more:
            self._answers.pop(key, None)
            self._shown(draft, suggestion, said, situation)  # invariant 1
        return Shown(suggestion=suggestion)

    def acknowledge(self, event: MessagePosted, wishes: Iterable[Wish]) -> Iterable[Wish]:
        """Answer a command with a line, in the chat that it came from; the same wishes again."""
        wishes = tuple(wishes)
        lines = [line for wish in wishes if (line := _acknowledgement(wish)) is not None]
        if not lines and not wishes:
            lines = [ALREADY]  # an order that changes nothing; a question always leads to a wish
        if lines:
            self._scene.around.chats.tell(event.chat, event.message, " ".join(lines))
        return wishes

    def _shown(self, draft: Draft, suggestion: SuggestionId, said: str, situation: Situation) -> None:
        scene = self._scene
        scene.happen(
            SuggestionShown(
                **scene.head(),
                suggestion=suggestion,
                about=draft.cell_id,
                placement=Placement.CHAT,
                rung=draft.rung,
                text=said,
                note_cell=None,
                cause_key=draft.cause_key,
            )
        )
        record = SuggestionRecord(
            suggestion=suggestion,
            room=scene.stamp.room,
            about=draft.cell_id,
            cause_key=draft.cause_key,
            rung=draft.rung,
            at=situation.now,
            learner=situation.learner,
            placement=Placement.CHAT,
            text=said,
        )
        self._keeping.keep(lambda: scene.around.suggestions.save(record))


def _acknowledgement(wish: Wish) -> str | None:
    line: str | None = None
    match wish:
        case MuteLearner(muted=True):
            line = "I keep quiet now, and help only when you ask. `@tutor unmute` brings my hints back."
        case MuteLearner(muted=False):
            line = "I give hints again."
        case CheckTask():
            line = "I check it now; the result comes into the notebook."
        case ControlKernel(restart=True):
            line = "I restart the kernel. Its variables are gone then: run the cells again from the top."
        case ControlKernel(restart=False):
            line = "I interrupt what runs."
        case LeaveLearner():
            line = "I leave, and stay away until I am asked back."
        case RecordDecision(decision=decision, because=because) if decision in _REFUSALS:
            line = f"I could not do that: {because}."
        case WelcomeLearner():
            line = "I am back."
        case _:
            pass
    return line
