"""One room: strings joining, reading, deciding and writing together."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import anyio
import structlog

from ltt_collab.edits.scribe import Head
from ltt_collab.edits.stamp import Stamp
from ltt_collab.model.cells import Notebook
from ltt_collab.model.chat import ChatMessage
from ltt_collab.model.commands import EndSuggestion, TutorAnswered
from ltt_collab.model.edits import (
    BurstEnded,
    DocumentReloaded,
    DocumentRenamed,
    MessagePosted,
    ReloadCause,
    RoomEvent,
    RoomState,
    RoomStateChanged,
)
from ltt_collab.model.errors import RoomError, UnknownCellError
from ltt_collab.model.ids import CellId, CourseId, RoomId, Seq, ServerId, TaskId, Username
from ltt_collab.model.presence import SERVER, Activity, Author, AuthorKind, Selection
from ltt_collab.model.suggestions import Answer, Draft, EndReason
from ltt_collab.peer.acts import Acts
from ltt_collab.peer.alarms import Alarms
from ltt_collab.peer.company import Company
from ltt_collab.peer.doing import Doing
from ltt_collab.peer.greeting import Greeting
from ltt_collab.peer.log import RoomLog
from ltt_collab.peer.mind import Mind, Wish
from ltt_collab.peer.notices import Notices
from ltt_collab.peer.page import Page
from ltt_collab.peer.people import People
from ltt_collab.peer.permission import Permission
from ltt_collab.peer.proposing import Proposing
from ltt_collab.peer.recollection import Recollection
from ltt_collab.peer.saving import Saving
from ltt_collab.peer.stay import Stay
from ltt_collab.peer.surroundings import Surroundings
from ltt_collab.peer.turns import Turns
from ltt_collab.peer.whereabouts import Whereabouts
from ltt_collab.ports.directory import Decision, RoomInfo
from ltt_collab.ports.rooms import RoomServer
from ltt_collab.rooms.keeper import DocumentTarget, keep_connected
from ltt_collab.rooms.presence import PresenceEvent
from ltt_collab.rooms.protocol import Replica as RoomReplica
from ltt_collab.rooms.provider import Provider
from ltt_collab.telemetry import metrics

log = structlog.get_logger(__name__)

DECISIONS_KEPT = 200
"""Decisions remembered per room for ``ltt why``."""


class RoomPeer:
    """Our presence in one notebook's room: a tenant of ``rooms.keeper``, a ``Scene`` for its own parts.

    Invariants:
        1. While the room is not live nothing is written, and nothing is called fresh.
        2. A learner's wish to be left alone is looked up before anything is written for them.
        3. While an order pauses the AI for anybody here, it writes nothing.
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
        self._first_seq = first_seq
        self.began = around.clock.now()
        self.mind = Mind(self.stamp, self._source_of, around.budget)
        self.on_keep_away: Callable[[Username], None] = lambda _username: None
        self._server = server
        self._target = target
        self._permission = Permission(around, self.people, self.snapshot, read_only=read_only)
        self._log = around.log.open(room, first_seq)
        self._page: Page | None = None
        self._state = RoomState.JOINING
        self._is_watched = False
        self._turns = Turns(self._take, self._carry_out)
        self._decisions: deque[Decision] = deque(maxlen=DECISIONS_KEPT)
        self._recollection = Recollection(around, room)
        self._adopted = False
        self._scope = anyio.CancelScope()
        self._alarms = Alarms(around.timers, self._elapse)
        self._left = "we left"
        self._acts = Acts(self)
        self._proposing = Proposing(self, self._acts.keeping)
        self.whereabouts = Whereabouts()
        self._greeting = Greeting(self, server.id, self._acts)
        self._stay = Stay(self)
        self._company = Company(self, self._stay, self._greeting)
        self.notices = Notices(self, self._acts)
        self.saving = Saving(self, self.notices, self._acts)
        self._doing = Doing(self, self._acts, self._greeting, self._alarms)

    # For the doors.

    @property
    def info(self) -> RoomInfo:
        """The room in a line."""
        return RoomInfo(
            id=self.stamp.room,
            server=self._server.id,
            learner=self._company.learner or self.people.sighted,
            path=self._target.path,
            state=self._state,
            last_seq=self._log.last_seq,
        )

    @property
    def log(self) -> RoomLog:
        """The room's recent events."""
        return self._log

    def snapshot(self) -> Notebook:
        """The notebook as we have it; while the room is not live it may be behind, and ``info`` says so."""
        if self._page is None:
            return Notebook(room=self.stamp.room, path=self._target.path, cells=(), seq=self._log.last_seq)
        return self._page.view.snapshot(self._log.last_seq)

    def decisions(self) -> Sequence[Decision]:
        """The latest decisions about help, oldest first."""
        return tuple(self._decisions)

    def decline(self, cause_key: str, reply_to: str = "") -> None:
        """A tutor has nothing (more) to propose about that: do not wait for it."""
        self._proposing.decline(cause_key, reply_to)
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
        self._is_watched = watching
        if self._page is not None and self._page.provider is not None:
            self._page.provider.presence.show_watching(watching=watching)

    async def propose(self, draft: Draft, *, approved: bool = False) -> Answer:
        """Judge a draft and, if it passes, show it; ``approved``: a person has said that it may be shown.

        Raises:
            UnknownCellError
        """
        return await self._proposing.propose(draft, approved=approved)

    # The life of it.

    async def run(self) -> str:
        """Be in the room until it is left; why it was."""
        await self._recollection.recall(self.people, self._greeting.meet)
        self._stay.begin()
        membership = self.around.membership(self._server, read_only=bool(self._permission.read_only))
        try:
            with self._scope:
                async with anyio.create_task_group() as tasks:
                    self._acts.begin(tasks)
                    self._doing.checking.begin(tasks)
                    gave_up = await keep_connected(membership, self)
                    self._left = gave_up.reason
                    tasks.cancel_scope.cancel()
        finally:
            self._acts.end()
            await self._acts.keeping.close()
            self._forget()
        return self._left

    def sight(self, username: Username | None) -> None:
        """The server said that somebody (by that name, if any) has the document open.

        Once we are in the room ourselves the server also reports us, under a name that it made up.
        """
        self._stay.somebody_came()
        if username is not None and (self._page is None or self._page.provider is None):
            self.people.sight(username)
            self._greeting.meet(username)

    def vacate(self) -> None:
        """The server said that everybody else has left: count the grace from now, unless awareness shows somebody.

        Else whoever left before they showed up would be waited for, and a room that we wait in keeps a server alive.
        """
        self._stay.somebody_left()

    def leave(self, reason: str) -> None:
        """Leave the room for good, with a goodbye."""
        self._left = reason
        self._scope.cancel()

    def take_leave(self, reason: str) -> None:
        """Take our notes away, then leave."""
        self._acts.hurry()
        for live in self.mind.lifecycle.live():
            self._carry_out(
                EndSuggestion(
                    suggestion=live.suggestion, about=live.about, reason=EndReason.WITHDRAWN, note_cell=live.note_cell
                )
            )

        async def go() -> None:
            self.leave(reason)

        self._acts.add(go)

    def moved(self, path: str) -> None:
        """The file has another path now."""
        if path != self._target.path:
            log.info("room renamed", room=self.stamp.room, path=path, former=self._target.path)
            self._target = DocumentTarget(path=path, format=self._target.format, type=self._target.type)

    # What the keeper asks and says.

    def target(self) -> DocumentTarget:
        """Where the file lies now."""
        return self._target

    def new_replica(self) -> RoomReplica:
        """A fresh page."""
        if self._page is not None:
            self._page.close()
        self._page = Page(self.stamp, self.people, self._turns.hear, self._turns.decide)
        return self._page.replica

    def connected(self, provider: Provider) -> None:
        """We are about to be in the room as this client."""
        if self._page is not None:
            self._page.connect(provider, self.around.clock, self.around.user.username)
        provider.presence.show_watching(watching=self._is_watched)
        self.people.join(provider.client, provider.presence)

    def synced(self) -> None:
        """The page is up to date: follow it, and go on with what an earlier life left on it."""
        page = self._page
        if page is None or page.is_followed:
            return
        page.follow()
        self._permission.is_holed = page.replica.has_hole()
        if self._permission.is_holed:
            log.error("room history has a hole", room=self.stamp.room, path=self._target.path)
        if not self._adopted:
            self._adopted = True
            notebook = self.snapshot()
            self._begin_record(notebook)
            self._turns.follow(self.mind.adopt(notebook, self._recollection.suggestions))
            self._greeting.introduce()
        self.notices.begin()

    def rejoined(self) -> None:
        """It is another page than before: say so with all its cells, then decide anew about help that was cut off."""
        if self._page is None:
            return
        metrics.RECONNECTS.inc()
        self.happen(DocumentReloaded(**self.head(), cause=ReloadCause.REJOINED, cells=self.snapshot().cells))
        for request in self._proposing.take_owed():
            self._turns.follow(self.mind.ask_again(request, self.stamp.now()))

    def stale(self, reason: str) -> None:
        """Something may be missing from the page."""
        self._proposing.call_off("the room has to be read again")
        log.warning("room out of sync", room=self.stamp.room, reason=reason)

    def closed(self, error: RoomError) -> None:
        """The connection is over."""
        self._proposing.call_off("the connection to the room was lost")
        if error.__cause__ is not None:
            log.error("room ended by an error of ours", room=self.stamp.room, exc_info=error.__cause__)
        if self._page is not None and self._page.provider is not None:
            for what, count in self._page.provider.refused.items():
                metrics.FRAMES_REFUSED.labels(what).inc(count)

    def state_changed(self, state: RoomState, reason: str) -> None:
        """Say so."""
        self._state = state
        self._permission.is_live = state is RoomState.LIVE
        log.info("room state changed", room=self.stamp.room, path=self._target.path, state=state.value, reason=reason)
        self.happen(RoomStateChanged(**self.head(), state=state, reason=reason))

    def presence_changed(self, event: PresenceEvent) -> None:
        """Somebody came, moved or left."""
        self._company.handle(event)

    def server_said(self, message: Mapping[str, Any]) -> None:
        """The room server said something of its own."""
        if message.get("type") == "conflict":
            log.warning("file changed on disk under the room", room=self.stamp.room, path=self._target.path)

    def resolve(self, cursor: Mapping[str, Any]) -> Selection | None:
        """Where somebody's cursor is in our page."""
        return None if self._page is None else self._page.view.selection_at(cursor)

    # What the parts of this room see of each other.

    @property
    def page(self) -> Page | None:
        """The document of the present connection."""
        return self._page

    @property
    def server_id(self) -> ServerId:
        """The server that the room is on."""
        return self._server.id

    @property
    def path(self) -> str:
        """Where the file lies now."""
        return self._target.path

    @property
    def us(self) -> Author:
        """We, as the author of what we do."""
        return Author(kind=AuthorKind.AI, username=self.around.user.username)

    def head(self, author: Author | None = None) -> Head:
        """The shared fields of the next event."""
        return Head(room=self.stamp.room, seq=self.stamp.next(), at=self.stamp.now(), author=author or self.us)

    def why_silent(self) -> str | None:
        """Why the AI may write nothing here now (invariants 1, 2, 3)."""
        return self.why_unwritable() or self._permission.why_paused() or self._greeting.why_silent()

    def why_unwritable(self) -> str | None:
        """Why nobody may write here through us now."""
        return self._permission.why_unwritable()

    def presences(self) -> Sequence[tuple[Username | None, CourseId | None, TaskId | None]]:
        """Who is here at which task: every human with every task of the notebook, None where there is none."""
        return self._permission.presences()

    def steered(self) -> None:
        """The standing orders have changed: stop what may no longer be written."""
        paused = self._permission.why_paused()
        if paused is not None:
            self._proposing.call_off(paused)

    def renew(self) -> None:
        """Other releases of courses are taught than before."""
        self._doing.renewing.look()

    async def whisper(self, cell: CellId | None, text: str, by: Username) -> Answer:
        """Write what an instructor says below a cell; None: where a learner is.

        Raises:
            UnknownCellError
        """
        return await self._proposing.whisper(cell, text, by)

    def happen(self, event: RoomEvent) -> None:
        """Log an event of ours and decide what follows from it."""
        self._turns.hear(event)
        self._turns.decide()

    def tutor_answered(self, answer: TutorAnswered) -> None:
        """Tell the triggers."""
        if self._page is not None and self._page.provider is not None:
            self._page.provider.presence.show_activity(Activity.IDLE)
        self._turns.follow(self.mind.answered(answer))

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

    def _begin_record(self, notebook: Notebook) -> None:
        """Let the record begin with the notebook as it was found, under the number before our first, for replay."""
        head = Head(room=self.stamp.room, seq=self._first_seq, at=self.stamp.now(), author=SERVER)
        self.around.log.begin(DocumentReloaded(**head, cause=ReloadCause.JOINED, cells=notebook.cells))

    def _forget(self) -> None:
        self._stay.end()
        self._acts.end()
        self._doing.end()
        self._alarms.cancel()
        self._company.end()
        self.notices.end()
        self.saving.end()
        if self._page is not None:
            self._page.close()
        self._log.close()

    def _source_of(self, cell: CellId) -> str | None:
        if self._page is None or not self._page.view.holds(cell):
            return None
        try:
            return self._page.view.cell_source(cell)
        except UnknownCellError:
            return None

    def _take(self, event: RoomEvent) -> Iterable[Wish]:
        """Log an event and let every part see it; what follows from it."""
        self._log.append(event)
        self._stay.touch()
        if isinstance(event, DocumentRenamed):
            self.moved(event.path)
        self._proposing.handle(event)
        self._acts.handle(event)
        self._doing.handle(event)
        self.whereabouts.handle(event)
        wishes = self.mind.handle(event)
        if isinstance(event, MessagePosted):
            return self._proposing.speaking.acknowledge(event, tuple(wishes))
        return wishes

    def _carry_out(self, wish: Wish) -> None:
        if isinstance(wish, BurstEnded):
            self._turns.hear(wish)
        else:
            self._doing.do(wish, self._turns.hear)

    def _elapse(self, now: float) -> None:
        self._turns.follow(self.mind.elapse(now))
