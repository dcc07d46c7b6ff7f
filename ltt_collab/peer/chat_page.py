"""One connection's chat, and what reads and writes it."""

from __future__ import annotations

from collections.abc import Callable

from ltt_collab.documents.chat import ChatView
from ltt_collab.documents.replica import Replica
from ltt_collab.documents.writer_chat import ChatWriter
from ltt_collab.edits.chat import ChatDecoder
from ltt_collab.edits.origins import AuthorSource
from ltt_collab.model.chat import ChatChange, ChatMessage
from ltt_collab.model.ids import ClientId
from ltt_collab.model.presence import User
from ltt_collab.ports.clock import Clock
from ltt_collab.rooms.provider import Provider


class ChatPage:
    """The shared chat as one connection has it. The decoder outlives it: what was heard is not heard again."""

    def __init__(
        self,
        authors: AuthorSource,
        sink: Callable[[ChatChange], None],
        is_news: Callable[[ChatMessage], bool],
        *,
        client: ClientId,
        heard: ChatDecoder | None,
    ) -> None:
        self.decoder = heard or ChatDecoder(authors, sink, is_news)
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
