"""One room: strings joining, reading, deciding and writing together."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import anyio

from ltt_collab.edits.scribe import Head
from ltt_collab.edits.stamp import Stamp
from ltt_collab.model.cells import Notebook
from ltt_collab.model.chat import ChatMessage
from ltt_collab.model.commands import EndSuggestion, TutorAnswered
from ltt_collab.model.edits import MessagePosted, RoomEvent
from ltt_collab.model.ids import CellId, CourseId, RoomId, Seq, ServerId, TaskId, Username
from ltt_collab.model.presence import Activity, Author, AuthorKind
from ltt_collab.model.suggestions import Answer, Draft, EndReason
from ltt_collab.peer.agent_leaks import AgentLeaks
from ltt_collab.peer.cut_off_runs import CutOffRuns
from ltt_collab.peer.household import Household
from ltt_collab.peer.log import RoomLog
from ltt_collab.peer.mind import Mind
from ltt_collab.peer.page import Page
from ltt_collab.peer.people import People
from ltt_collab.peer.permission import Permission
from ltt_collab.peer.surroundings import Surroundings
from ltt_collab.peer.tenant import Tenant
from ltt_collab.ports.directory import Decision, RoomInfo
from ltt_collab.ports.rooms import RoomServer
from ltt_collab.rooms.keeper import DocumentTarget, keep_connected
from ltt_collab.telemetry import metrics

DECISIONS_KEPT = 200
"""Decisions remembered per room for ``ltt why``."""


class RoomPeer:
    """Our presence in one notebook's room: a ``Scene`` for its own parts, and what the doors see of them.

    Invariants:
        1. While the room is not live nothing is written, and nothing is called fresh.
        2. A learner's wish to be left alone is looked up before anything is written for them.
        3. While an order pauses the AI for anybody here, it writes nothing.
        4. However the room ends, what was to be kept of it is kept (``Keeping``), and no part waits for anything more.
    """

    def __init__(
        self,
        room: RoomId,
        target: DocumentTarget,
        server: RoomServer,
        around: Surroundings,
        *,
        read_only: str = "",
        first_seq: Seq,
    ) -> None:
        """``read_only``: why we may not write on this server, '' if we may."""
        self.around = around
        self.people = People(around.user.username)
        self.stamp = Stamp(room, first_seq, around.clock.now)
        self.began = around.clock.now()
        self.mind = Mind(self.stamp, self._source_of, around.budget)
        self.on_keep_away: Callable[[Username], None] = lambda _username: None
        self._server = server
        self._log = around.log.open(room, first_seq)
        permission = Permission(around, self.people, self.snapshot, read_only=read_only)
        self._parts = Household(self, server.id, log=self._log, permission=permission, moved=self.moved)
        self._tenant = Tenant(self, target, self._parts, first_seq)
        self._decisions: deque[Decision] = deque(maxlen=DECISIONS_KEPT)
        self._scope = anyio.CancelScope()
        self._left = "we left"
        self.whereabouts, self.notices, self.saving = self._parts.whereabouts, self._parts.notices, self._parts.saving

    # For the doors.

    @property
    def info(self) -> RoomInfo:
        """The room in a line."""
        return RoomInfo(
            id=self.stamp.room,
            server=self._server.id,
            learner=self._parts.company.learner or self.people.sighted,
            path=self.path,
            state=self._tenant.state,
            last_seq=self._log.last_seq,
        )

    @property
    def log(self) -> RoomLog:
        """The room's recent events."""
        return self._log

    def snapshot(self) -> Notebook:
        """The notebook as we have it; while the room is not live it may be behind, and ``info`` says so."""
        return self._tenant.snapshot(self._log.last_seq)

    def decisions(self) -> Sequence[Decision]:
        """The latest decisions about help, oldest first."""
        return tuple(self._decisions)

    def decline(self, cause_key: str, reply_to: str = "") -> None:
        """A tutor has nothing (more) to propose about that: do not wait for it."""
        self._parts.proposing.decline(cause_key, reply_to)
        answered = TutorAnswered(cause_key=cause_key, answer=None, now=self.stamp.now(), reply_to=reply_to)
        self.tutor_answered(answered)

    def hear(self, chat: RoomId, message: ChatMessage) -> None:
        """A learner said something in that chat that concerns this notebook."""
        here = (human for human in self.people.humans() if human.username == message.sender)
        author = next(here, Author(kind=AuthorKind.LEARNER, username=message.sender))
        where = self.whereabouts.of(message.sender)
        cell = where.cell_id if where is not None and self._source_of(where.cell_id) is not None else None
        self.happen(MessagePosted(**self.head(author), chat=chat, message=message.id, text=message.text, cell_id=cell))

    def show_watching(self, *, watching: bool) -> None:
        """Say to the learner that an instructor looks on, or no more."""
        self._tenant.show_watching(watching=watching)

    async def propose(self, draft: Draft, *, approved: bool = False) -> Answer:
        """Judge a draft and, if it passes, show it; ``approved``: a person has said that it may be shown.

        Raises:
            UnknownCellError
        """
        return await self._parts.proposing.propose(draft, approved=approved)

    # The life of it.

    async def run(self) -> str:
        """Be in the room until it is left; why it was."""
        await self._parts.recollection.recall(self.people, self._parts.greeting.meet)
        self._parts.company.begin(self.people.sighted)
        self._parts.stay.begin()
        membership = self.around.membership(self._server, read_only=bool(self._parts.permission.read_only))
        try:
            with self._scope:
                async with anyio.create_task_group() as tasks:
                    self._parts.acts.begin(tasks)
                    self._parts.doing.checking.begin(tasks)
                    self._parts.cut_off_runs.begin(tasks)
                    gave_up = await keep_connected(membership, self._tenant)
                    self._left = gave_up.reason
                    tasks.cancel_scope.cancel()
        finally:
            self._parts.acts.end()  # invariant 4
            await self._parts.acts.keeping.close()
            self._parts.end()
            self._tenant.leave()
            self._log.close()
        return self._left

    def sight(self, username: Username | None) -> None:
        """The server said that somebody (by that name, if any) has the document open.

        Once we are in the room ourselves the server also reports us, under a name that it made up.
        """
        self._parts.stay.somebody_came()
        if username is not None and (self.page is None or self.page.provider is None):
            self.people.sight(username)
            self._parts.greeting.meet(username)

    def vacate(self) -> None:
        """The server said that everybody else has left: count the grace from now, unless awareness shows somebody.

        Else whoever left before they showed up would be waited for, and a room that we wait in keeps a server alive.
        """
        self._parts.stay.somebody_left()

    def leave(self, reason: str) -> None:
        """Leave the room for good, with a goodbye."""
        self._left = reason
        self._scope.cancel()

    def take_leave(self, reason: str) -> None:
        """Take our notes away, then leave."""
        self._parts.acts.hurry()
        for live in self.mind.lifecycle.live():
            self._parts.carry_out(
                EndSuggestion(
                    suggestion=live.suggestion, about=live.about, reason=EndReason.WITHDRAWN, note_cell=live.note_cell
                )
            )

        async def go() -> None:
            self.leave(reason)

        self._parts.acts.add(go)

    def moved(self, path: str) -> None:
        """The file has another path now."""
        self._tenant.moved(path)

    # What the parts of this room see of each other.

    @property
    def page(self) -> Page | None:
        """The document of the present connection."""
        return self._tenant.page

    @property
    def leaks(self) -> AgentLeaks:
        """What agents must not give away here."""
        return self._parts.proposing.leaks

    @property
    def cut_off_runs(self) -> CutOffRuns:
        """Which of agents' cells show a run that is over."""
        return self._parts.cut_off_runs

    @property
    def server_id(self) -> ServerId:
        """The server that the room is on."""
        return self._server.id

    @property
    def path(self) -> str:
        """Where the file lies now."""
        return self._tenant.path

    @property
    def us(self) -> Author:
        """We, as the author of what we do."""
        return Author(kind=AuthorKind.AI, username=self.around.user.username)

    def head(self, author: Author | None = None) -> Head:
        """The shared fields of the next event."""
        return Head(room=self.stamp.room, seq=self.stamp.next(), at=self.stamp.now(), author=author or self.us)

    def why_silent(self) -> str | None:
        """Why the AI may write nothing here now (invariants 1, 2, 3)."""
        return self.why_unwritable() or self._parts.permission.why_paused() or self._parts.greeting.why_silent()

    def why_unwritable(self) -> str | None:
        """Why nobody may write here through us now."""
        return self._parts.permission.why_unwritable()

    def presences(self) -> Sequence[tuple[Username | None, CourseId | None, TaskId | None]]:
        """Who is here at which task: every human with every task of the notebook, None where there is none."""
        return self._parts.permission.presences()

    def steered(self) -> None:
        """The standing orders have changed: stop what may no longer be written."""
        paused = self._parts.permission.why_paused()
        if paused is not None:
            self._parts.proposing.call_off(paused)

    def renew(self) -> None:
        """Other releases of courses are taught than before."""
        self._parts.doing.renewing.look()

    async def whisper(self, cell: CellId | None, text: str, by: Username) -> Answer:
        """Write what an instructor says below a cell; None: where a learner is.

        Raises:
            UnknownCellError
        """
        return await self._parts.proposing.whisper(cell, text, by)

    def happen(self, event: RoomEvent) -> None:
        """Log an event of ours and decide what follows from it."""
        self._parts.turns.hear(event)
        self._parts.turns.decide()

    def tutor_answered(self, answer: TutorAnswered) -> None:
        """Tell the triggers."""
        if self.page is not None and self.page.provider is not None:
            self.page.provider.presence.show_activity(Activity.IDLE)
        self._parts.turns.follow(self.mind.answered(answer))

    async def tell(self, what: str) -> Mapping[str, Any] | None:
        """What our extension of this room's server tells of that; None where it does not.

        Raises:
            RoomUnreachableError
        """
        return await self._server.tell(what)

    def decide(self, about: CellId | None, decision: str, because: str) -> None:
        """Remember why help was or was not given."""
        metrics.DECISIONS.labels(decision.partition(":")[0].partition(",")[0]).inc()
        self._decisions.append(Decision(at=self.stamp.now(), about=about, decision=decision, because=because))

    def keep_away(self, username: Username) -> None:
        """Leave every room that this learner is in."""
        self.on_keep_away(username)

    # Within.

    def _source_of(self, cell: CellId) -> str | None:
        return None if self.page is None else self.page.source_of(cell)
