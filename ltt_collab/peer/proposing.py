"""Takes drafts, from whichever door, through the gate onto the page."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import replace
from typing import TypedDict

import anyio

from ltt_collab.model.causes import learner_key
from ltt_collab.model.cells import CellType
from ltt_collab.model.commands import TutorAnswered
from ltt_collab.model.edits import HelpCause, HelpRequested, RoomEvent, SuggestionEnded, SuggestionShown
from ltt_collab.model.errors import UnknownCellError
from ltt_collab.model.ids import CellId, Seq, SuggestionId, Username
from ltt_collab.model.staleness import why_outdated
from ltt_collab.model.suggestions import Answer, Draft, EndReason, Placement, Rejected, RejectionReason, Shown
from ltt_collab.peer.agent_leaks import AgentLeaks, Wish
from ltt_collab.peer.chat_files import ChatFiles
from ltt_collab.peer.guided import Guided
from ltt_collab.peer.keeping import Keeping
from ltt_collab.peer.leak_looks import Question
from ltt_collab.peer.page import Page
from ltt_collab.peer.scene import Scene
from ltt_collab.peer.showing import OnPage, Showing
from ltt_collab.peer.speaking import Speaking
from ltt_collab.ports.store import SuggestionRecord
from ltt_collab.suggestions.lifecycle import Live
from ltt_collab.telemetry import metrics
from ltt_collab.tutoring.gate import Situation

REQUESTS_KEPT = 200
"""Causes whose latest request we remember; the oldest is forgotten first."""


class _Compared(TypedDict):
    """What the gate's leak check rests on, as in ``Situation``."""

    reference: str | None
    written: str


class Proposing:
    """Answers drafts, one at a time.

    Invariants:
        1. Between the gate's yes and the page there is no other draft.
        2. A draft that was not tried for a passing reason (no connection) is not remembered as answered, and the
           request that it answered is owed until what that rests on has changed.
        3. The end of a request ends no other: who asks in the chat while a note about the same is written is answered.
        4. A proposal and the cells that its author wrote past the gate give no solution away together.
    """

    def __init__(self, scene: Scene, keeping: Keeping) -> None:
        self._scene, self._keeping = scene, keeping
        self._showing = Showing(scene.around.clock, scene.around.user.display_name, self._expect_no_leak)
        self.leaks = AgentLeaks()
        self.speaking = Speaking(scene, keeping)
        self._chat_files = ChatFiles(scene)
        self._guided = Guided(scene)
        self._one_at_a_time = anyio.Lock()
        self._requests: dict[tuple[str, str], HelpRequested] = {}
        self._owed: dict[str, HelpRequested] = {}

    def handle(self, event: RoomEvent) -> None:
        """Learn who is to be helped with what; call off what the event makes void."""
        if isinstance(event, HelpRequested):
            self._requests[event.cause_key, event.reply_to] = event
            self._owed.pop(event.cause_key, None)
            while len(self._requests) > REQUESTS_KEPT:
                del self._requests[next(iter(self._requests))]
        for key, owed in tuple(self._owed.items()):
            if why_outdated(event, owed.cell_id, owed.expected_hash) is not None:
                del self._owed[key]
        self._guided.handle(event)
        self._showing.handle(event)

    def take_owed(self) -> Sequence[HelpRequested]:
        """The requests whose help was cut off and would still be true; they are owed no more (invariant 2)."""
        owed, self._owed = tuple(self._owed.values()), {}
        return owed

    def call_off(self, because: str) -> None:
        """Stop what is being shown: the connection is not what it was."""
        self._showing.call_off(because, interrupted=True)

    def decline(self, cause_key: str, reply_to: str = "") -> None:
        """The tutor is done with that request: in a chat nobody waits for it any more (invariant 3)."""
        request = self._requests.get((cause_key, reply_to))
        if request is not None and request.chat:
            self._scene.around.chats.done(request.chat, request.reply_to)

    async def propose(self, draft: Draft, *, approved: bool = False) -> Answer:
        """Judge a draft and, if it passes, show it; ``approved``: a person has said that it may be shown.

        Raises:
            UnknownCellError: there never was such a cell, or it is gone.
        """
        scene = self._scene
        started = scene.around.clock.monotonic()
        answer: Answer | None = None
        try:
            async with self._one_at_a_time:  # invariant 1
                answer = await self._answer(draft, approved=approved)
        finally:
            # Also when cancelled: the next learner must not wait for one who has moved on.
            now = scene.around.clock.now()
            done = TutorAnswered(cause_key=draft.cause_key, answer=answer, now=now, reply_to=draft.reply_to)
            scene.tutor_answered(done)
        if isinstance(answer, Shown):
            metrics.NOTE_WRITING.observe(scene.around.clock.monotonic() - started)
        _count(answer)
        return answer

    async def whisper(self, cell: CellId | None, text: str, by: Username) -> Answer:
        """Write what an instructor says, between two drafts.

        Raises:
            UnknownCellError
        """
        async with self._one_at_a_time:
            return await self._guided.whisper(cell, text, by)

    async def _answer(self, draft: Draft, *, approved: bool) -> Answer:
        scene = self._scene
        await self._look_ahead(draft, approved=approved)
        page, silent = scene.page, scene.why_silent()
        if silent is not None or page is None:  # invariant 2
            self._owe(draft)
            return Rejected(reason=RejectionReason.READ_ONLY, detail=silent or "the room is not joined yet")
        situation = self._situation(page, draft, approved=approved)
        if situation.cell is None:
            raise UnknownCellError(draft.cell_id)
        answer = scene.mind.gate.judge(draft, situation)
        if answer is not None:
            if isinstance(answer, Rejected):
                scene.decide(draft.cell_id, f"rejected a draft: {answer.reason}", answer.detail)
            return answer
        held = None if approved else self._guided.hold(page, draft, situation.learner)
        if held is not None:
            return scene.mind.gate.settle(draft, held, situation)
        return await self._put(page, draft, situation)

    async def _look_ahead(self, draft: Draft, *, approved: bool) -> None:
        """Compare beforehand, while other rooms go on, what the gate will want to know if nothing changes."""
        scene, page = self._scene, self._scene.page
        if page is None or scene.why_silent() is not None:
            return
        situation = self._situation(page, draft, approved=approved)
        texts, reference = scene.mind.gate.questions(draft, situation), situation.reference or ""
        await scene.mind.looks.ahead([Question(text, reference, situation.known) for text in texts])

    async def _put(self, page: Page, draft: Draft, situation: Situation) -> Answer:
        """Show what passed the gate."""
        scene = self._scene
        if draft.placement is Placement.CHAT:
            said = await self.speaking.say(draft, _new_id(), situation)
            return scene.mind.gate.settle(draft, said, situation)
        if draft.placement is Placement.PROPOSAL:
            await self.leaks.look_ahead(scene, page, _wish(draft))
        draft = await self._with_offer(draft)
        if scene.page is not page:  # invariant 2: joined anew while a chat was made
            self._owe(draft)
            return Rejected(reason=RejectionReason.READ_ONLY, detail="the room was joined anew; propose it again")
        # A further rung is added in place: the suggestion stays the one that its cell is marked with. A proposal is a
        # cell of its own.
        proposes = draft.placement is Placement.PROPOSAL
        live = None if proposes else scene.mind.lifecycle.about(draft.cell_id)
        suggestion = live.suggestion if live is not None else _new_id()
        shown = await self._showing.show(page, draft, suggestion, None if live is None else live.note_cell)
        if isinstance(shown, Rejected):
            scene.decide(draft.cell_id, "did not show a draft", shown.detail)
            if self._showing.was_interrupted:  # invariant 2
                self._owe(draft)
                return shown
            return scene.mind.gate.settle(draft, shown, situation)
        settled = scene.mind.gate.settle(draft, Shown(suggestion=suggestion), situation)
        self._shown(draft, suggestion, shown, situation, live)
        return settled

    def _expect_no_leak(self, draft: Draft) -> None:
        """With the other cells of its author, also those of this very moment (invariant 4).

        Raises:
            LeakError
        """
        if self._scene.page is not None:
            self.leaks.expect_none(self._scene, self._scene.page, _wish(draft))

    async def _with_offer(self, draft: Draft) -> Draft:
        """The draft with the news of a chat that was made for its learner, if one was."""
        speaks = draft.text and draft.placement is not Placement.PROPOSAL  # that is a cell's source, word for word
        line = await self._chat_files.offer(self._request_of(draft)) if speaks else ""
        return replace(draft, text=f"{draft.text}\n\n{line}") if line else draft

    def _request_of(self, draft: Draft) -> HelpRequested | None:
        """What a draft answers; one that answers a question in the chat by a note does not name its message."""
        exact = self._requests.get((draft.cause_key, draft.reply_to))
        same_cause = (asked for (cause, _), asked in reversed(self._requests.items()) if cause == draft.cause_key)
        return exact or next(same_cause, None)

    def _owe(self, draft: Draft) -> None:
        request = self._request_of(draft)
        if request is not None:
            self._owed[draft.cause_key] = request

    def _situation(self, page: Page, draft: Draft, *, approved: bool) -> Situation:
        scene = self._scene
        humans = scene.people.humans()
        request = self._request_of(draft)
        askers = [request.author] if request is not None else humans
        learner = next((learner_key(asker) for asker in askers), "")
        return Situation(
            now=scene.around.clock.now(),
            cell=page.view.cell(draft.cell_id) if page.view.holds(draft.cell_id) else None,
            learner=learner,
            human_present=bool(humans),
            # What was approved was counted when it was held, and a person answers for it.
            asked=approved or (request is not None and request.cause is HelpCause.ASKED),
            **self._compared(page, draft.cell_id),
        )

    def _compared(self, page: Page, cell: CellId) -> _Compared:
        """The solution of the task that a cell belongs to, for the gate's eyes only, and what is no secret of it."""
        checker, nothing = self._scene.around.checker, _Compared(reference=None, written="")
        if checker is None:
            return nothing
        notebook = page.view.snapshot(Seq(0))
        at = checker.task_of(notebook, cell)
        if at is None:
            return nothing
        own = [each.source for each in notebook.cells if each.ownership is None and each.type is CellType.CODE]
        return _Compared(reference=checker.reference(at) or None, written="\n".join(own))

    def _shown(
        self, draft: Draft, suggestion: SuggestionId, shown: OnPage, situation: Situation, live: Live | None
    ) -> None:
        scene = self._scene
        note = shown.note if shown.note is not None or live is None else live.note_cell
        scene.happen(
            SuggestionShown(
                **scene.head(),
                suggestion=suggestion,
                about=draft.cell_id,
                placement=_placement(draft, shown),
                rung=draft.rung,
                text=draft.text,
                note_cell=note,
                cause_key=draft.cause_key,
            )
        )
        ended = EndReason.ADOPTED if shown.adopted else None
        if ended is not None:
            scene.happen(
                SuggestionEnded(
                    **scene.head(),
                    suggestion=suggestion,
                    about=draft.cell_id,
                    reason=ended,
                )
            )
        record = SuggestionRecord(
            suggestion=suggestion,
            room=scene.stamp.room,
            about=draft.cell_id,
            cause_key=draft.cause_key,
            rung=draft.rung,
            at=situation.now,
            ended=ended,
            learner=situation.learner,
            note_cell=note,
            placement=draft.placement,
            text=draft.text,
            ended_at=None if ended is None else situation.now,
        )
        # Not awaited: who runs the cell again calls this request off, and the note stands all the same.
        self._keeping.keep(lambda: scene.around.suggestions.save(record))


def _wish(draft: Draft) -> Wish:
    return Wish(author=draft.author, text=draft.text, place=draft.cell_id)


def _new_id() -> SuggestionId:
    return SuggestionId(f"s-{secrets.token_hex(6)}")


def _placement(draft: Draft, shown: OnPage) -> Placement:
    """How it was shown, whatever was wished."""
    if draft.placement is Placement.PROPOSAL:
        return draft.placement
    return Placement.POINTER if shown.note is None else Placement.NOTE


def _count(answer: Answer) -> None:
    match answer:
        case Rejected(reason=reason):
            metrics.ANSWERS.labels(reason.value).inc()
        case Shown():
            metrics.ANSWERS.labels("shown").inc()
        case _:
            metrics.ANSWERS.labels("held").inc()
