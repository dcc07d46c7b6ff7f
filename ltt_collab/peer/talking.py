"""Joins what is said in a page of ours with the chats that learners have in JupyterLab."""

from __future__ import annotations

import secrets
import time

import anyio
import structlog

from ltt_collab.model.chat import ChatMessage
from ltt_collab.model.errors import LttError
from ltt_collab.model.ids import RoomId, Username
from ltt_collab.model.presence import User
from ltt_collab.peer.auditing import Auditing
from ltt_collab.peer.chat_files import WELCOME_AGE, chat_path, new_chat
from ltt_collab.peer.chats import Chat
from ltt_collab.peer.registry import Registry
from ltt_collab.peer.room import RoomPeer
from ltt_collab.ports.clock import Clock
from ltt_collab.ports.privacy import AuditStore
from ltt_collab.ports.talking import Heard, Line, Talk

log = structlog.get_logger(__name__)

PATIENCE = 5.0
"""Seconds that a message waits for its chat to be joined; it takes 0.2. Then it is asked in the notebook instead."""

LOOK_EVERY = 0.05

LINES_SHOWN = 100


class ChatTalks:
    """Implements ``ports.talking.Talking`` over the rooms that are open now.

    Invariants:
        1. A chat is made only because a learner says something, and never in the place of a file that is there.
        2. A page keeps us in a chat only while its learner is in a notebook: it keeps no idle server alive.
    """

    def __init__(self, registry: Registry, audit: AuditStore, clock: Clock) -> None:
        self._registry = registry
        self._auditing = Auditing(audit, clock)

    def look(self, learner: Username) -> Talk:
        """The conversation that belongs to the notebook in which the learner is."""
        notebook = self._notebook(learner)
        chat = None if notebook is None else _chat_of(notebook, learner)
        if notebook is None:
            return Talk(changed=anyio.Event())
        if chat is None or chat.page is None:
            return Talk(changed=notebook.around.chats.bell.next)
        us, view, names = notebook.around.user, chat.page.view, chat.page.view.names()
        lines = [
            Line(
                id=said.id,
                name=us.display_name if said.sender == us.username else names.get(said.sender, said.sender),
                text=said.text,
                at=said.at,
                tutor=said.sender == us.username,
            )
            for said in view.messages()[-LINES_SHOWN:]
            if not said.deleted
        ]
        return Talk(changed=chat.bell.next, path=chat.path, lines=lines, typing=chat.is_typing)

    async def attend(self, learner: Username) -> None:
        """Somebody looks at it: be in the chat if its file is there."""
        notebook = self._notebook(learner)
        if notebook is None:  # invariant 2
            return
        chat = _chat_of(notebook, learner)
        if chat is not None:
            chat.sight(learner)
            return
        path, files = _place(notebook), notebook.around.files(notebook.server_id)
        try:
            if path is not None and files is not None and await files.exists(path):
                notebook.around.chats.join(notebook.server_id, path, learner)
        except LttError as error:
            log.info("chat not looked for", path=path, reason=str(error))

    async def say(self, learner: Username, words: str) -> Heard:
        """Post that in the learner's name, in the notebook's chat, else ask it in the notebook itself."""
        notebook = self._notebook(learner)
        if notebook is None:
            return Heard.NOWHERE
        with anyio.move_on_after(PATIENCE):
            if await self._post(notebook, learner, words):
                return Heard.CHAT
        named = words if words.startswith("@") else f"@tutor {words}"
        message = ChatMessage(id=f"page-{secrets.token_hex(8)}", sender=learner, text=named, at=time.time())
        notebook.hear(RoomId(""), message)
        return Heard.NOTEBOOK

    async def interject(self, learner: Username, words: str, *, by: Username) -> bool:
        """Say that as an instructor in the learner's open chat."""
        notebook = self._notebook(learner)
        chat = None if notebook is None else _chat_of(notebook, learner)
        instructor = User(username=Username(f"instructor:{by}"), display_name=f"{by} (instructor)")
        if chat is None or not chat.post(instructor, words, heard=False):
            return False
        await self._auditing.note("learner.whispered", learner, by=by, detail="in the chat")
        return True

    # Within.

    async def _post(self, notebook: RoomPeer, learner: Username, words: str) -> bool:
        if _chat_of(notebook, learner) is None and not await _begin(notebook, learner):
            return False
        while True:
            chat = _chat_of(notebook, learner)
            if chat is not None and chat.post(_user(notebook, learner), words):
                return True
            await notebook.around.clock.sleep(LOOK_EVERY)

    def _notebook(self, learner: Username) -> RoomPeer | None:
        """Where the learner was last, of those that they have open."""
        rooms = self._registry.visited_by(learner) if learner else ()
        return max(rooms, key=lambda peer: _last(peer, learner), default=None)


async def _begin(notebook: RoomPeer, learner: Username) -> bool:
    """Make the chat of a notebook if it is not there, and begin to join it; False where there is to be none."""
    path, around = _place(notebook), notebook.around
    files = around.files(notebook.server_id)
    if path is None or files is None:
        return False
    content = new_chat(
        around.user, notebook=notebook.path, about=notebook.stamp.room, at=around.clock.now() - WELCOME_AGE
    )
    try:
        await files.create(path, content)  # invariant 1
    except LttError as error:
        log.warning("chat not made", path=path, reason=str(error))
        return False
    return around.chats.join(notebook.server_id, path, learner)


def _place(notebook: RoomPeer) -> str | None:
    return chat_path(notebook.path, notebook.around.habits.chat)


def _chat_of(notebook: RoomPeer, learner: Username) -> Chat | None:
    """The open chat that belongs to a notebook, else one in which the learner is."""
    chats = notebook.around.chats.of_server(notebook.server_id)
    beside = _place(notebook)
    made_for = (chat for chat in chats if chat.page is not None and chat.page.view.about == notebook.stamp.room)
    visited = (chat for chat in chats if chat.is_visited_by(learner))
    found = next((chat for chat in chats if chat.path == beside), None)
    return found or next(made_for, None) or next(visited, None)


def _last(peer: RoomPeer, learner: Username) -> float:
    where = peer.whereabouts.of(learner)
    return 0.0 if where is None else where.at


def _user(notebook: RoomPeer, learner: Username) -> User:
    """The learner as they show themselves in the notebook."""
    page = notebook.page
    users = () if page is None or page.provider is None else page.provider.presence.users()
    found = (user for _, user in users if user.username == learner)
    return next(found, User(username=learner, display_name=learner))
