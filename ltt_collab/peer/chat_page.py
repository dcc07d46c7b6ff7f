"""One connection's chat, and what reads and writes it."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from ltt_collab.documents.chat import ChatView
from ltt_collab.documents.replica import Replica
from ltt_collab.documents.writer_chat import ChatWriter
from ltt_collab.edits.chat import ChatDecoder
from ltt_collab.edits.origins import AuthorSource
from ltt_collab.model.chat import ChatChange, ChatMessage
from ltt_collab.model.ids import ClientId, SuggestionId, Username
from ltt_collab.model.presence import User
from ltt_collab.ports.clock import Clock
from ltt_collab.rooms.provider import Provider

SMALL_IDS = 1 << 22
"""Our client ids in chats are below this, a browser's nearly never are (it draws from 2^32). Of two messages posted at
the same moment Yjs puts the lower id's first, so ours stands before the learner's: the other way round the server moves
the learner's when it gives it its time, and a message that it moves breaks the chat (``documents.writer_chat``)."""


class ChatPage:
    """The shared chat as one connection has it. The decoder outlives it: what was heard is not heard again."""

    def __init__(
        self,
        authors: AuthorSource,
        sink: Callable[[ChatChange], None],
        is_news: Callable[[ChatMessage], bool],
        *,
        stirred: Callable[[], None],
        heard: ChatDecoder | None,
    ) -> None:
        self.decoder = heard or ChatDecoder(authors, sink, is_news, stirred)
        client = ClientId(secrets.randbelow(SMALL_IDS) + 1)
        self.replica = Replica(on_local_update=self._send, observer=self.decoder, client_id=client)
        self.view = ChatView(self.replica)
        self.provider: Provider | None = None
        self.is_followed = False
        self._writer: ChatWriter | None = None

    @property
    def writer(self) -> ChatWriter:
        """The one writer of this chat; there is one as soon as there is a connection."""
        assert self._writer is not None, "a chat is written in only after it was connected"
        return self._writer

    def answer_before(self, message: ChatMessage, us: Username) -> SuggestionId | None:
        """The answer of ours right before that message; None when the message follows on something else."""
        said = list(self.view.messages())
        at = next((index for index, found in enumerate(said) if found.id == message.id), 0)
        mark = said[at - 1].mark if at and said[at - 1].sender == us else None
        return (mark.suggestion or None) if mark is not None else None

    def connect(self, provider: Provider, clock: Clock, us: User) -> None:
        """Write and show ourselves through this connection."""
        self.provider = provider
        self._writer = ChatWriter(self.replica, self.view, us=us, clock=clock)

    def close(self) -> None:
        """Let go of the document."""
        self.decoder.suspend()
        self.replica.close()

    def _send(self, update: bytes) -> None:
        if self.provider is not None:
            self.provider.send_update(update)
