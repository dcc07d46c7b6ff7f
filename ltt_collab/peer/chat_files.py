"""Makes the chat of a notebook, or of a course, at its first use; never over a file that is there."""

from __future__ import annotations

import json
import uuid
from pathlib import PurePosixPath

import anyio
import structlog

from ltt_collab.documents.chat import ABOUT_KEY
from ltt_collab.documents.writer_chat import as_chat_user
from ltt_collab.model.chat import MARK_KEY, MessageMark
from ltt_collab.model.edits import HelpCause, HelpRequested
from ltt_collab.model.errors import LttError
from ltt_collab.model.ids import RoomId
from ltt_collab.model.presence import User
from ltt_collab.model.reporting import ChatScope
from ltt_collab.peer.scene import Scene

log = structlog.get_logger(__name__)

COURSE_CHAT = "tutor.chat"
"""The one chat of a course, in the folder of its notebooks."""

LONGEST = 1.0
"""Seconds that an answer waits for its chat to be made: a local server takes 0.05."""

WELCOME_AGE = 300.0
"""Seconds by which the welcome is dated back: it must not be younger than the learner's first message by the server's
clock, or the server would move that one, and break the chat (``documents.writer_chat``)."""


class ChatFiles:
    """Offers a chat to who asks in a notebook and has none.

    Invariants:
        1. A chat is made only because a learner asked something, and at most once per notebook and life.
        2. No file is replaced.
    """

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._tried = False

    async def offer(self, request: HelpRequested | None) -> str:
        """Make the chat if this is its first use; the line that tells the learner of it, '' when there is none."""
        scene, scope = self._scene, self._scene.around.habits.chat
        if request is None or request.cause is not HelpCause.ASKED or request.chat or self._tried:
            return ""
        self._tried = True  # invariant 1
        path = chat_path(scene.path, scope)
        files = scene.around.files(scene.server_id)
        if path is None or files is None or scene.around.chats.at(scene.server_id, path) is not None:
            return ""
        made = False
        with anyio.move_on_after(LONGEST):
            try:
                made = await files.create(path, self._content(scene.path))
            except LttError as error:
                log.warning("chat not made", path=path, reason=str(error))
        if not made:
            return ""
        scene.decide(None, "made a chat", f"a learner asked something, and {path} was not there")
        return f"*We can also talk in `{PurePosixPath(path).name}`: open it beside this notebook.*"

    def _content(self, notebook: str) -> bytes:
        around = self._scene.around
        written = around.clock.now() - WELCOME_AGE
        return new_chat(around.user, notebook=notebook, about=self._scene.stamp.room, at=written)


def chat_path(notebook: str, scope: ChatScope) -> str | None:
    """Where the chat of a notebook lies; None when chats are not made."""
    match scope:
        case ChatScope.NOTEBOOK:
            return PurePosixPath(notebook).with_suffix(".chat").as_posix()
        case ChatScope.COURSE:
            return PurePosixPath(notebook).with_name(COURSE_CHAT).as_posix()
        case ChatScope.OFF:
            return None


def new_chat(us: User, *, notebook: str, about: RoomId, at: float) -> bytes:
    """A ``.chat`` file with a welcome of ours; ``at``: when it was written, Unix time in seconds."""
    welcome = {
        "type": "msg",
        "id": str(uuid.uuid4()),
        "body": f"Ask me here about `{PurePosixPath(notebook).name}`. I look at the cell that you were in last.",
        "time": at,
        "raw_time": False,
        "sender": us.username,
        "metadata": MessageMark().as_metadata(),
    }
    content = {
        "messages": [welcome],
        "users": {us.username: as_chat_user(us)},
        "attachments": {},
        "metadata": {"id": str(uuid.uuid4()), MARK_KEY: {ABOUT_KEY: about}},
    }
    return json.dumps(content, indent=2).encode()
