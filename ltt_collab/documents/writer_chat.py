"""The one writer in a chat: posts ours and lets them grow, posts for a learner who asks; nobody else's ever change."""

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
        4. What a learner says through us carries their name and no mark of ours: from then on it is theirs.
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

    def has(self, message_id: str) -> bool:
        """Whether that message stands there."""
        return self._view.entry(message_id) is not None

    def post_for(self, user: User, message_id: str, text: str) -> ChatMessage:
        """Post what a learner typed in a page of ours, in their name; the message as it stands."""
        self._append(user, {"id": message_id, "body": text}, bot=False)  # invariant 4
        message = self._view.message(message_id)
        assert message is not None, "what was appended stands there"
        return message

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
        fields: dict[str, Any] = {"id": own.id, "body": own.text, "metadata": own.mark.as_metadata()}
        if own.mentions:
            fields["mentions"] = list(own.mentions)
        self._append(self._us, fields, bot=True)

    def _append(self, sender: User, fields: Mapping[str, Any], *, bot: bool) -> None:
        timed = self._view.latest_time()
        message = {
            "type": "msg",
            "sender": sender.username,
            # Invariant 3. The first message of all has nothing to be moved past: the server may time it.
            "time": timed or self._clock.now(),
            "raw_time": not timed,
            **fields,
        }
        with self._replica.writing():
            self._introduce(sender, bot=bot)
            self._view.array.append(Map(message))  # invariant 2

    def _introduce(self, sender: User, *, bot: bool) -> None:
        """List the sender among the chat's users: who is not listed is shown as undefined. Learners list themselves."""
        users = self._view.user_map
        known = _plain(users.get(sender.username))
        if not known or (bot and known != as_chat_user(sender)):
            users[sender.username] = as_chat_user(sender, bot=bot)

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


def as_chat_user(user: User, *, bot: bool = True) -> dict[str, Any]:
    """A program, or a person, among a chat's users, with exactly the fields that jupyterlab-chat's server takes."""
    return {
        "username": user.username,
        "name": user.display_name,
        "display_name": user.display_name,
        "initials": user.initials or user.display_name[:1].upper(),
        "avatar_url": user.avatar_url,
        "color": user.color,
        # As the browser makes it: what `@…` in a message is to be shown as a mention of us.
        "mention_name": user.display_name.replace(" ", "-"),
        "bot": bot,
    }


def _plain(value: object) -> Mapping[str, Any]:
    if isinstance(value, Map):
        return value.to_py() or {}
    return value if isinstance(value, Mapping) else {}
