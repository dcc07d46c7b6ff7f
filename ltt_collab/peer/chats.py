"""Every open chat of this service, as the notebooks' rooms reach them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from ltt_collab.model.ids import RoomId, ServerId, SuggestionId, Username
from ltt_collab.model.presence import User
from ltt_collab.peer.bell import Bell
from ltt_collab.peer.chat_page import ChatPage


class Chat(Protocol):
    """One open chat in which we may speak."""

    @property
    def room(self) -> RoomId:
        """The chat's room."""
        ...

    @property
    def server(self) -> ServerId:
        """The server that it lies on."""
        ...

    @property
    def path(self) -> str:
        """Where its file lies."""
        ...

    def expect(self, reply_to: str) -> None:
        """Show "is typing": an answer to that message is under way."""
        ...

    async def say(self, reply_to: str, text: str, *, more: bool, suggestion: SuggestionId) -> str | None:
        """Write a piece of the answer to a message; the answer as it stands now. None: it could not be written."""
        ...

    def tell(self, reply_to: str, text: str) -> None:
        """Write a line at once; the message needs no other answer."""
        ...

    def done(self, reply_to: str) -> None:
        """Nothing more comes for that message."""
        ...

    def sight(self, username: Username | None) -> None:
        """Somebody, by that name if the server said it, has it open."""
        ...

    def is_visited_by(self, username: Username) -> bool:
        """Whether that learner is in it."""
        ...

    def moved(self, path: str) -> None:
        """The file has another path now."""
        ...

    def vacate(self) -> None:
        """The server said that everybody else has left."""
        ...

    def leave(self, reason: str) -> None:
        """Leave it for good."""
        ...

    # For a page of ours.

    @property
    def page(self) -> ChatPage | None:
        """The document of the present connection."""
        ...

    @property
    def bell(self) -> Bell:
        """Rings when a message came, changed or went, or when we begin or end to type."""
        ...

    @property
    def is_typing(self) -> bool:
        """Whether an answer of ours is under way."""
        ...

    def post(self, user: User, text: str, *, heard: bool = True) -> bool:
        """Write what somebody says in a page of ours; False while nothing may be written. ``heard``: as said to us."""
        ...


Join = Callable[[str, Username], None]
"""Joins the chat of a path, which is there, for that learner."""


class Chats:
    """The open chats by room. What is said in one that is not open any more is dropped, and said to be."""

    def __init__(self) -> None:
        self._open: dict[RoomId, Chat] = {}
        self._ways: dict[ServerId, Join] = {}
        self.bell = Bell()

    def __contains__(self, room: RoomId) -> bool:
        return room in self._open

    def add(self, chat: Chat) -> None:
        """We are about to join it."""
        self._open[chat.room] = chat
        self.bell.ring()

    def remove(self, chat: Chat) -> None:
        """We left it."""
        self._open.pop(chat.room, None)
        self.bell.ring()

    def reach(self, server: ServerId, join: Join | None) -> None:
        """How chats of a server are joined from now on; None: not at all any more."""
        if join is None:
            self._ways.pop(server, None)
        else:
            self._ways[server] = join

    def join(self, server: ServerId, path: str, username: Username) -> bool:
        """Begin to join a chat that nobody may have open; False where its server cannot be reached."""
        join = self._ways.get(server)
        if join is not None:
            join(path, username)
        return join is not None

    def of_server(self, server: ServerId) -> Sequence[Chat]:
        """The open chats of one server."""
        return [chat for chat in self._open.values() if chat.server == server]

    def at(self, server: ServerId, path: str) -> Chat | None:
        """The open chat of a path."""
        return next((chat for chat in self.of_server(server) if chat.path == path), None)

    def expect(self, room: str, reply_to: str) -> None:
        """Show "is typing" in that chat."""
        chat = self._open.get(RoomId(room))
        if chat is not None:
            chat.expect(reply_to)

    async def say(self, room: str, reply_to: str, text: str, *, more: bool, suggestion: SuggestionId) -> str | None:
        """Write a piece of an answer, by whole words; the whole of it so far. None: the chat is not open."""
        chat = self._open.get(RoomId(room))
        return None if chat is None else await chat.say(reply_to, text, more=more, suggestion=suggestion)

    def tell(self, room: str, reply_to: str, text: str) -> None:
        """Write a short line at once."""
        chat = self._open.get(RoomId(room))
        if chat is not None:
            chat.tell(reply_to, text)

    def done(self, room: str, reply_to: str) -> None:
        """Whoever was asked has said all that it will say to that message."""
        chat = self._open.get(RoomId(room))
        if chat is not None:
            chat.done(reply_to)
