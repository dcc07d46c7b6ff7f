"""Reading the shared chat: messages, who may have written them, what the chat is about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pycrdt import Array, Map

from ltt_collab.documents.replica import Replica
from ltt_collab.model.chat import MARK_KEY, ChatMessage, read_message
from ltt_collab.model.ids import RoomId, Username

ABOUT_KEY = "about"
"""Under our key of the chat's metadata: the room of the notebook that the chat was made for."""


class ChatView:
    """Reads one replica as a chat, and changes nothing.

    A shared type that it hands out is good until the next await. What others wrote may have any shape: what is no
    message is passed over.
    """

    def __init__(self, replica: Replica) -> None:
        self._replica = replica

    @property
    def path(self) -> str:
        """Where the file lies under the server's root, as the room server says; empty before it did."""
        path = self._replica.status.get("path")
        return path if isinstance(path, str) else ""

    @property
    def array(self) -> Array[Any]:
        """The shared array of messages."""
        root: Array[Any] = self._replica.doc.get("messages", type=Array)
        return root

    @property
    def user_map(self) -> Map[Any]:
        """The shared map of users."""
        root: Map[Any] = self._replica.doc.get("users", type=Map)
        return root

    @property
    def about(self) -> RoomId | None:
        """The notebook's room that the chat was made for; None when it was made by a learner."""
        metadata: Map[Any] = self._replica.doc.get("metadata", type=Map)
        mark = _plain(metadata.get(MARK_KEY))
        room = mark.get(ABOUT_KEY)
        return RoomId(room) if isinstance(room, str) and room else None

    def messages(self) -> Sequence[ChatMessage]:
        """Every message, in the order of the document."""
        with self._replica.doc.transaction():
            found = (read_message(_plain(entry)) for entry in self.array)
            return [message for message in found if message is not None]

    def message(self, message_id: str) -> ChatMessage | None:
        """One message; None if it is not there."""
        entry = self.entry(message_id)
        return None if entry is None else read_message(_plain(entry))

    def entry(self, message_id: str) -> object:
        """A message as it lies in the document, a shared map or whatever else somebody put there; None if it is gone.

        The newest is looked at first: what is asked for is nearly always one of the last.
        """
        array = self.array
        for index in range(len(array) - 1, -1, -1):
            entry = array[index]
            if isinstance(entry, Map | Mapping) and entry.get("id") == message_id:
                return entry
        return None

    def bots(self) -> frozenset[Username]:
        """Everybody whom the chat lists as a program."""
        users = _plain(self.user_map)
        return frozenset(Username(name) for name, user in users.items() if _plain(user).get("bot") is True)

    def names(self) -> Mapping[Username, str]:
        """Everybody's name as the chat shows it."""
        users = {name: _plain(user) for name, user in _plain(self.user_map).items()}
        shown = {name: user.get("display_name") or user.get("name") for name, user in users.items()}
        return {Username(name): said if isinstance(said, str) else name for name, said in shown.items()}

    def latest_time(self) -> float:
        """The latest time that the server gave to a message, 0 for none."""
        return max((message.at for message in self.messages() if not message.provisional), default=0.0)


def _plain(value: object) -> Mapping[str, Any]:
    if isinstance(value, Map):
        return value.to_py() or {}
    return value if isinstance(value, Mapping) else {}
