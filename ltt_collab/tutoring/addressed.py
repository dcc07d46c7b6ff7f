"""Whether a chat message is meant for the tutor."""

from __future__ import annotations

import re
from collections.abc import Collection

from ltt_collab.model.chat import ChatMessage
from ltt_collab.model.ids import Username
from ltt_collab.model.presence import User

CALL = "tutor"
"""By ``@tutor`` the tutor is called whatever its name is."""


def is_for_tutor(message: ChatMessage, tutor: User, humans: Collection[Username]) -> bool:
    """Whether ``message`` asks the tutor; ``humans``: everybody who is in the chat or has spoken there.

    With only one human there is nobody else to talk to. Among several, whoever does not name the tutor talks to the
    others: such a message is read into nothing.
    """
    if not message.text.strip():
        return False
    return len({*humans, message.sender}) == 1 or tutor.username in message.mentions or _is_named(message.text, tutor)


def _is_named(text: str, tutor: User) -> bool:
    names = {CALL, tutor.display_name.replace(" ", "-"), tutor.username}
    pattern = "|".join(re.escape(name) for name in sorted(names))
    return re.search(rf"(?<![\w@])@(?:{pattern})(?![\w-])", text, re.IGNORECASE) is not None
