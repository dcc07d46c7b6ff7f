"""The one writer in a chat: posts messages of ours and lets them grow; nobody else's ever change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pycrdt import Map

from ltt_collab.documents.chat import ChatView
from ltt_collab.documents.replica import Replica
from ltt_collab.model.chat import ChatMessage, MessageMark
from ltt_collab.model.errors import NotOurMessageError
from ltt_collab.model.ids import Username
from ltt_collab.model.presence import User
from ltt_collab.ports.clock import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnMessage:
    """A message of ours as it is to stand; ``id`` is chosen by whoever speaks, so that a lost connection doubles none.

    ``mentions``: whom the text addresses by ``@name``.
    """

    id: str
    text: str
    mark: MessageMark
    mentions: tuple[Username, ...] = ()


class ChatWriter:
    """Writes into one chat; nothing here awaits, so nothing can come between look and change.

    Invariants:
        1. A message changes only if its sender is us, it carries our mark, and it holds a beginning of what it is to
           hold: nobody else has put a letter into it.
        2. Each message goes in as a shared map: a plain dict makes the whole chat appear empty in the browser.
        3. A message of ours is no younger than the latest that the server has timed. The server moves a message that
           it times behind all younger ones, and what it moves it turns into a plain dict (jupyterlab-chat 0.25.3):
           a message of ours that is ahead, by a clock that is, would cost the learner the next one.
    """

    def __init__(self, replica: Replica, view: ChatView, *, us: User, clock: Clock) -> None:
        self._replica = replica
        self._view = view
        self._us = us
        self._clock = clock

    def write(self, own: OwnMessage) -> None:
        """Post a message, or bring the one that stands there to its text.

        Raises:
            NotOurMessageError: it was deleted or changed by somebody else; nothing was written.
        """
        entry = self._view.entry(own.id)
        if entry is None:
            self._post(own)
            return
        message = self._expect_ours(own.id, entry, own.text)
        with self._replica.writing():
            if message["body"] != own.text:
                message["body"] = own.text
            if _plain(message.get("metadata")) != own.mark.as_metadata():
                message["metadata"] = own.mark.as_metadata()

    def finish_forgotten(self, ending: str) -> Sequence[ChatMessage]:
        """End messages that an earlier life of ours left in their midst, with ``ending`` after what they say."""
        cut = [
            message
            for message in self._view.messages()
            if message.sender == self._us.username and message.mark is not None and message.mark.writing
        ]
        for message in cut:
            entry = self._view.entry(message.id)
            if isinstance(entry, Map):
                mark = MessageMark(reply_to=message.mark.reply_to if message.mark else "")
                with self._replica.writing():
                    entry["body"] = message.text + ending
                    entry["metadata"] = mark.as_metadata()
        return cut

    def _post(self, own: OwnMessage) -> None:
        timed = self._view.latest_time()
        fields: dict[str, Any] = {
            "type": "msg",
            "id": own.id,
            "body": own.text,
            "sender": self._us.username,
            "metadata": own.mark.as_metadata(),
            # Invariant 3. The first message of all has nothing to be moved past: the server may time it.
            "time": timed or self._clock.now(),
            "raw_time": not timed,
        }
        if own.mentions:
            fields["mentions"] = list(own.mentions)
        with self._replica.writing():
            self._introduce()
            self._view.array.append(Map(fields))  # invariant 2

    def _introduce(self) -> None:
        """Be among the chat's users: a sender who is not is shown as undefined."""
        listed = as_chat_user(self._us)
        users = self._view.user_map
        if _plain(users.get(self._us.username)) != listed:
            users[self._us.username] = listed

    def _expect_ours(self, message_id: str, entry: object, text: str) -> Map[Any]:
        message = self._view.message(message_id)
        if (
            not isinstance(entry, Map)
            or message is None
            or message.sender != self._us.username
            or message.mark is None
            or message.deleted
            or not text.startswith(str(entry.get("body")))
        ):
            raise NotOurMessageError(message_id)  # invariant 1
        return entry


def as_chat_user(user: User) -> dict[str, Any]:
    """A program among a chat's users, with exactly the fields that jupyterlab-chat's server takes."""
    return {
        "username": user.username,
        "name": user.display_name,
        "display_name": user.display_name,
        "initials": user.initials or user.display_name[:1].upper(),
        "avatar_url": user.avatar_url,
        "color": user.color,
        # As the browser makes it: what `@…` in a message is to be shown as a mention of us.
        "mention_name": user.display_name.replace(" ", "-"),
        "bot": True,
    }


def _plain(value: object) -> Mapping[str, Any]:
    if isinstance(value, Map):
        return value.to_py() or {}
    return value if isinstance(value, Mapping) else {}
