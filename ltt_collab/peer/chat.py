"""One chat: joins it, hears what learners say in it, and speaks there."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

import anyio
import structlog

from ltt_collab.documents.replica import Replica
from ltt_collab.documents.writer_chat import ChatWriter
from ltt_collab.model.chat import ChatChange, ChatMessage
from ltt_collab.model.edits import RoomState
from ltt_collab.model.errors import RoomClosedError, RoomError
from ltt_collab.model.ids import RoomId, ServerId, SuggestionId, Username
from ltt_collab.model.presence import Activity, Selection, User
from ltt_collab.peer.bell import Bell
from ltt_collab.peer.chat_company import ChatCompany
from ltt_collab.peer.chat_guests import ChatGuests
from ltt_collab.peer.chat_page import ChatPage
from ltt_collab.peer.chat_posts import ChatPosts
from ltt_collab.peer.chat_speech import CUT_OFF, Speeches
from ltt_collab.peer.people import People
from ltt_collab.peer.stay import Stay
from ltt_collab.peer.surroundings import Surroundings
from ltt_collab.ports.rooms import RoomServer
from ltt_collab.rooms.keeper import DocumentTarget, keep_connected
from ltt_collab.rooms.local_state import chat_state
from ltt_collab.rooms.presence import ParticipantJoined, ParticipantLeft, ParticipantMoved, PresenceEvent
from ltt_collab.rooms.provider import Provider
from ltt_collab.telemetry import metrics

log = structlog.get_logger(__name__)

CHAT = "chat"
"""The type of a chat's document."""

HOLE = "the server's history of this chat has a hole ('ltt doctor' says more); writing could spread it"


class ChatPeer:
    """Our presence in one chat's room: a tenant of ``rooms.keeper``.

    Invariants:
        1. A learner's wish to be left alone is looked up before anything is written.
        2. Every message of a learner is heard once, also one posted while we joined or were away.
        3. Our client id is one that this chat has never seen.
        4. While the room is not live nothing is written.
    """

    def __init__(
        self,
        room: RoomId,
        target: DocumentTarget,
        server: RoomServer,
        around: Surroundings,
        hear: Callable[[ChatPeer, ChatChange], None],
        *,
        read_only: str = "",
    ) -> None:
        """``hear`` is told what learners do. ``read_only``: why we may not write on this server, '' if we may."""
        self.around = around
        self.people = People(around.user.username)
        self._room = room
        self._server = server
        self._target = target
        self._hear = hear
        self._read_only = read_only
        self._page: ChatPage | None = None
        self._state = RoomState.JOINING
        self._company = ChatCompany(self.people, around.user.username, around.clock.now())
        self._adopted = False
        self._scope = anyio.CancelScope()
        self._left = "we left"
        self._stay = Stay(self)
        self.bell = Bell()
        self._posts = ChatPosts(around.clock, self._changed)
        self._speeches = Speeches(around.clock, around.timers, writer=self._writer, show=self._show)
        self.guests = ChatGuests(around, server.id, room, leave=self.leave, known=self._speeches.resume)

    # For the others.

    @property
    def room(self) -> RoomId:
        """The chat's room."""
        return self._room

    @property
    def server(self) -> ServerId:
        """The server that it lies on."""
        return self._server.id

    @property
    def path(self) -> str:
        """Where its file lies now."""
        return self._target.path

    @property
    def page(self) -> ChatPage | None:
        """The document of the present connection."""
        return self._page

    @property
    def is_typing(self) -> bool:
        """Whether an answer of ours is under way."""
        return self._speeches.is_typing

    def post(self, user: User, text: str, *, heard: bool = True) -> bool:
        """Write what somebody says in a page of ours; False while nothing may be written. ``heard``: as said to us."""
        writer = self._writer()
        if writer is not None:
            self._posts.write(writer, user, text, heard=heard)
        return writer is not None

    def expect(self, reply_to: str) -> None:
        """Show "is typing": an answer to that message is under way."""
        self._speeches.expect(reply_to)

    async def say(self, reply_to: str, text: str, *, more: bool, suggestion: SuggestionId) -> str | None:
        """Write a piece of an answer, by whole words; the answer as it stands. None: it could not be written."""
        return await self._speeches.say(reply_to, text, more=more, suggestion=suggestion)

    def tell(self, reply_to: str, text: str) -> None:
        """Write a line at once, or as soon as it may be."""
        self._speeches.tell(reply_to, text)

    def done(self, reply_to: str) -> None:
        """Nothing more comes for that message."""
        self._speeches.done(reply_to)

    def sight(self, username: Username | None) -> None:
        """The server said that somebody has it open.

        Once we are in it ourselves the server also reports us, under a name that it made up.
        """
        self._stay.somebody_came()
        if username is not None and (self._page is None or self._page.provider is None):
            self._company.sight(username)

    def company(self) -> Collection[Username]:
        """Everybody who is here, or has spoken here, programs left out."""
        return self._company.everybody(self._page)

    @property
    def company_known_at(self) -> float:
        """From when on we know who is here (Unix time in seconds)."""
        return self._company.known_at

    def is_visited_by(self, username: Username) -> bool:
        """Whether that learner is in it."""
        return any(human.username == username for human in self.people.humans())

    def answer_before(self, message: ChatMessage) -> SuggestionId | None:
        """The answer of ours right before that message; None when the message follows on something else."""
        return None if self._page is None else self._page.answer_before(message, self.around.user.username)

    def moved(self, path: str) -> None:
        """The file has another path now."""
        if path != self._target.path:
            log.info("chat renamed", room=self._room, path=path, former=self._target.path)
            self._target = DocumentTarget(path=path, format="text", type=CHAT, describe=chat_state)

    def vacate(self) -> None:
        """The server said that everybody else has left."""
        self._stay.somebody_left()

    def leave(self, reason: str) -> None:
        """Leave for good, with a goodbye."""
        self._left = reason
        self._speeches.end()
        self._scope.cancel()

    async def run(self) -> str:
        """Be in the chat until it is left; why it was."""
        self._stay.begin()
        membership = self.around.membership(self._server, read_only=bool(self._read_only))
        try:
            with self._scope:
                async with anyio.create_task_group() as tasks:
                    self.guests.begin(tasks)
                    gave_up = await keep_connected(membership, self)
                    self._left = gave_up.reason
                    tasks.cancel_scope.cancel()
        finally:
            self.guests.end()
            self._speeches.end()
            self._stay.end()
            if self._page is not None:
                self._page.close()
        return self._left

    # What the keeper asks and says.

    def target(self) -> DocumentTarget:
        """Where the file lies now."""
        return self._target

    def new_replica(self) -> Replica:
        """A fresh page; what was heard stays heard."""
        heard = None if self._page is None else self._page.decoder
        if self._page is not None:
            self._page.close()
        self._page = ChatPage(self.people, self._changed, self._is_news, stirred=self.bell.ring, heard=heard)
        return self._page.replica

    def connected(self, provider: Provider) -> None:
        """We are about to be in the room as this client."""
        if self._page is not None:
            self._page.connect(provider, self.around.clock, self.around.user)
        self.people.join(provider.client, provider.presence)

    def synced(self) -> None:
        """The page is up to date: hear what is new in it, go on with what we were saying."""
        page = self._page
        if page is None or page.provider is None:
            return
        if not page.is_followed and page.replica.clocks().get(page.replica.client_id):  # invariant 3
            page.provider.end(RoomClosedError(None, "our client id was used in this chat before; taking another"))
            return
        page.is_followed = True
        if not self._read_only and page.replica.has_hole():
            self._read_only = HOLE
            log.error("chat history has a hole", room=self._room, path=self.path)
        if not self._adopted and self._writer() is not None:
            self._adopted = True
            page.writer.finish_forgotten(CUT_OFF)
        if self._writer() is not None:
            self._posts.resume(page.writer)
        self._speeches.resume()
        page.decoder.begin()

    def rejoined(self) -> None:
        """It is another page than before; ``synced`` saw to it."""
        metrics.RECONNECTS.inc()

    def stale(self, reason: str) -> None:
        """Something may be missing from the page."""
        log.warning("chat out of sync", room=self._room, reason=reason)

    def closed(self, error: RoomError) -> None:
        """The connection is over."""
        if error.__cause__ is not None:
            log.error("chat ended by an error of ours", room=self._room, exc_info=error.__cause__)

    def state_changed(self, state: RoomState, reason: str) -> None:
        """Remember it."""
        self._state = state
        log.info("chat state changed", room=self._room, path=self.path, state=state.value, reason=reason)

    def presence_changed(self, event: PresenceEvent) -> None:
        """Somebody came or left."""
        match event:
            case ParticipantMoved():
                return
            case ParticipantJoined(user=user):
                self.people.change()
                self._stay.somebody_came()
                self.guests.meet(user.username)
            case ParticipantLeft():
                self.people.change()
                self._stay.somebody_left()
            case _:
                log.warning("somebody calls itself by our name", room=self._room)

    def server_said(self, message: Mapping[str, Any]) -> None:
        """Nothing that concerns us."""

    def resolve(self, _cursor: Mapping[str, Any]) -> Selection | None:
        """There are no cursors in a chat."""
        return None

    # Within.

    def _writer(self) -> ChatWriter | None:
        page = self._page
        is_silent = self._read_only or not self.guests.are_known or self._state is not RoomState.LIVE  # invariants 1, 4
        return None if page is None or page.provider is None or is_silent else page.writer

    def _show(self, is_typing: bool) -> None:
        if self._page is not None and self._page.provider is not None:
            self._page.provider.presence.show_activity(Activity.TYPING if is_typing else Activity.IDLE)
        self.bell.ring()

    def _changed(self, change: ChatChange) -> None:
        self._stay.touch()
        self._hear(self, change)

    def _is_news(self, message: ChatMessage) -> bool:
        """Whether a message that we found is one to be heard (invariant 2): posted as we came, and not answered yet."""
        page = self._page
        if page is None or not self._company.is_recent(message.at) or message.sender == self.around.user.username:
            return False
        return all(said.mark is None or said.mark.reply_to != message.id for said in page.view.messages())
