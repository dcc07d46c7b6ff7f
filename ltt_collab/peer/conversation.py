"""Takes what learners say in the chats of one server to the notebook that they are working in."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath

import structlog

from ltt_collab.model.chat import ChatChange, ChatMessage, MessageAdded
from ltt_collab.model.ids import ServerId, Username
from ltt_collab.model.presence import Author, AuthorKind
from ltt_collab.peer.chat import ChatPeer
from ltt_collab.peer.registry import Registry
from ltt_collab.peer.room import RoomPeer
from ltt_collab.tutoring.addressed import is_for_tutor
from ltt_collab.tutoring.feedback import feedback_in

log = structlog.get_logger(__name__)

NOWHERE = "I see no notebook that you are in. Open one, put the cursor into the cell that you ask about, and ask again."


SORRY = "Noted. Tell me what is still unclear, or run the cell once more and ask again."
SOMEBODY = Username("")
"""Somebody else, whoever that is."""


class Conversation:
    """Hears the chats of one server.

    Invariants:
        1. Programs, ourselves among them, are never heard: no two of them talk to each other for ever.
        2. Where several people talk, only what names the tutor is heard.
        3. Nobody is heard under another's name.
    """

    def __init__(self, server: ServerId, registry: Registry) -> None:
        self._server = server
        self._registry = registry

    def hear(self, chat: ChatPeer, change: ChatChange) -> None:
        """A message came, changed or went; one that was edited was heard as it came."""
        if not isinstance(change, MessageAdded) or change.message.deleted:
            return
        message = change.message
        if not self._is_learner(chat, message, change.author):
            return
        chat.guests.meet(message.sender)  # nothing is written before their wish is known
        us = chat.around.user
        if not is_for_tutor(message, us, chat.company()):  # invariant 2
            return
        if (
            not is_for_tutor(message, us, {message.sender, SOMEBODY})
            and chat.around.clock.now() < chat.company_known_at
        ):
            # It does not name us, and somebody who sits still may be here too: judge it when we would know.
            chat.around.timers.wake((self, message.id), chat.company_known_at, lambda _now: self.hear(chat, change))
            return
        if self._is_feedback(chat, message):
            return
        room = self._room_of(chat, message.sender)
        if room is None:
            chat.tell(message.id, NOWHERE)
            return
        chat.expect(message.id)
        room.hear(chat.room, message)

    @staticmethod
    def _is_feedback(chat: ChatPeer, message: ChatMessage) -> bool:
        """Whether it only says how much our answer right before it helped; then that is remembered."""
        helpful = feedback_in(message.text)
        answer = chat.answer_before(message) if helpful is not None else None
        if helpful is None or answer is None:
            return False
        chat.guests.rate(answer, message.sender, helpful=helpful)
        if not helpful:
            chat.tell(message.id, SORRY)
        return True

    @staticmethod
    def _is_learner(chat: ChatPeer, message: ChatMessage, author: Author) -> bool:
        page, us = chat.page, chat.around.user.username
        if page is None or message.sender == us or message.sender in page.view.bots():  # invariant 1
            return False
        if author.kind not in {AuthorKind.LEARNER, AuthorKind.UNKNOWN}:
            return False
        if author.username not in {None, message.sender}:  # invariant 3
            log.warning("chat message under another's name", room=chat.room, sender=message.sender)
            return False
        return True

    def _room_of(self, chat: ChatPeer, username: Username) -> RoomPeer | None:
        """Where that learner was last, else the notebook that the chat was made for or lies beside."""
        open_rooms = self._registry.of_server(self._server)
        visited = [peer for peer in open_rooms if _is_in(peer, username)]
        seen = [(last.at, peer) for peer in visited if (last := peer.whereabouts.of(username)) is not None]
        if seen:
            return max(seen, key=lambda entry: entry[0])[1]
        return _belonging(chat, visited) or _belonging(chat, open_rooms) or (visited[0] if len(visited) == 1 else None)


def _is_in(peer: RoomPeer, username: Username) -> bool:
    return any(human.username == username for human in peer.people.humans())


def _belonging(chat: ChatPeer, peers: Sequence[RoomPeer]) -> RoomPeer | None:
    about = None if chat.page is None else chat.page.view.about
    beside = PurePosixPath(chat.path).with_suffix(".ipynb").as_posix()
    made_for = next((peer for peer in peers if peer.stamp.room == about), None)
    return made_for or next((peer for peer in peers if peer.path == beside), None)
