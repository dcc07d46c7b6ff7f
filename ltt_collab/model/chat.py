"""A chat as values: messages, and what changes of them.

The shape is jupyterlab-chat's: a ``.chat`` document holds an array of messages, a map of users and one of metadata.
It knows no replies; what one of our messages answers stands in its metadata, under our own key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ltt_collab.model.ids import SuggestionId, Username
from ltt_collab.model.presence import Author

MARK_KEY = "ltt"
"""The key under a message's metadata, and under a chat's, that is ours."""

TEXT_LIMIT = 8_000
"""Characters of a message that we read: a long question with a traceback in it has 4,000."""

_ID_LIMIT = 200
_MENTIONS_LIMIT = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageMark:
    """What a message of ours carries: which message it answers, and whether it is still being written."""

    reply_to: str = ""
    suggestion: SuggestionId = SuggestionId("")
    writing: bool = False

    @classmethod
    def from_metadata(cls, metadata: object) -> MessageMark | None:
        """Read a message's mark; None when it has none of ours."""
        mark = metadata.get(MARK_KEY) if isinstance(metadata, Mapping) else None
        if not isinstance(mark, Mapping):
            return None
        return cls(
            reply_to=_text(mark.get("reply_to"), _ID_LIMIT),
            suggestion=SuggestionId(_text(mark.get("suggestion"), _ID_LIMIT)),
            writing=mark.get("writing") is True,
        )

    def as_metadata(self) -> dict[str, Any]:
        """The mark as it is written into the document."""
        return {MARK_KEY: {"reply_to": self.reply_to, "suggestion": self.suggestion, "writing": self.writing}}


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatMessage:
    """One message as it stood at one moment.

    ``sender`` is what the document says, and anybody can write anything there. ``at``: Unix time in seconds, by the
    browser's clock while ``provisional``, then by the server's. ``mark``: of a message of ours.
    """

    id: str
    sender: Username
    text: str
    at: float
    mentions: tuple[Username, ...] = ()
    deleted: bool = False
    provisional: bool = False
    mark: MessageMark | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageAdded:
    """Somebody posted; ``author`` is who wrote it, as far as the document tells."""

    message: ChatMessage
    author: Author


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageEdited:
    """The text of a message changed; ``former`` is what it was."""

    message: ChatMessage
    former: str
    author: Author


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageDeleted:
    """A message was deleted; ``message`` is what it was."""

    message: ChatMessage
    author: Author


ChatChange = MessageAdded | MessageEdited | MessageDeleted


def read_message(raw: object) -> ChatMessage | None:
    """The message of a document's entry, size-capped; None for what is none: browsers put there what they like."""
    if not isinstance(raw, Mapping):
        return None
    message_id, sender, at = raw.get("id"), raw.get("sender"), raw.get("time")
    if not isinstance(message_id, str) or not message_id or not isinstance(sender, str):
        return None
    mentions = raw.get("mentions")
    named = mentions[:_MENTIONS_LIMIT] if isinstance(mentions, list) else []
    return ChatMessage(
        id=message_id[:_ID_LIMIT],
        sender=Username(sender[:_ID_LIMIT]),
        text=_text(raw.get("body"), TEXT_LIMIT),
        at=float(at) if isinstance(at, int | float) else 0.0,
        mentions=tuple(Username(name) for name in named if isinstance(name, str)),
        deleted=raw.get("deleted") is True,
        provisional=raw.get("raw_time") is not False,
        mark=MessageMark.from_metadata(raw.get("metadata")),
    )


def _text(value: object, limit: int) -> str:
    return value[:limit] if isinstance(value, str) else ""
