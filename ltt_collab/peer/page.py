"""One connection's document, and what reads and writes it; a lost connection takes it all along."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pycrdt import Doc

from ltt_collab.documents.notebook import NotebookView
from ltt_collab.documents.replica import Replica
from ltt_collab.documents.writer import Writer
from ltt_collab.edits.decoder import DocumentDecoder
from ltt_collab.edits.origins import AuthorSource
from ltt_collab.edits.stamp import Stamp
from ltt_collab.model.edits import RoomEvent
from ltt_collab.model.errors import UnknownCellError
from ltt_collab.model.ids import CellId, Username
from ltt_collab.ports.clock import Clock
from ltt_collab.rooms.provider import Provider


class Page:
    """The shared notebook as one connection has it; the replica's observer.

    Invariants:
        1. ``settled`` is called after the decoder has told a whole transaction, never in its midst: what it leads to
           gets later numbers than what the transaction became.
    """

    def __init__(
        self, stamp: Stamp, authors: AuthorSource, sink: Callable[[RoomEvent], None], settled: Callable[[], None]
    ) -> None:
        self._settled = settled
        self._provider: Provider | None = None
        self._decoder = DocumentDecoder(stamp, authors, sink)
        self.replica = Replica(on_local_update=self._send, observer=self)
        self.view = NotebookView(self.replica, stamp.room)
        self._writer: Writer | None = None
        self._is_followed = False

    @property
    def is_followed(self) -> bool:
        """Whether its changes become events."""
        return self._is_followed

    def follow(self) -> None:
        """Take the document as it is for known, and tell its changes from here."""
        self._is_followed = True
        self._decoder.begin()

    @property
    def provider(self) -> Provider | None:
        """The connection; None before there is one."""
        return self._provider

    @property
    def writer(self) -> Writer:
        """The one writer of this document; there is one as soon as there is a connection."""
        assert self._writer is not None, "a page is written on only after it was connected"
        return self._writer

    def connect(self, provider: Provider, clock: Clock, author: Username) -> None:
        """Write and show ourselves through this connection."""
        self._provider = provider
        self._writer = Writer(self.replica, self.view, presence=provider.presence, clock=clock, author=author)

    def source_of(self, cell: CellId) -> str | None:
        """A cell's text now; None when there is no such cell, or none that can be told by its id."""
        if not self.view.holds(cell):
            return None
        try:
            return self.view.cell_source(cell)
        except UnknownCellError:
            return None

    def close(self) -> None:
        """Let go of the document."""
        self._decoder.suspend()
        self.replica.close()

    # What the replica says.

    def attached(self, doc: Doc[Any]) -> None:
        """The document is in memory."""
        self._decoder.attached(doc)

    def detached(self) -> None:
        """It goes to sleep."""
        self._decoder.detached()
        self.view.forget()

    def before_apply(self, update: bytes) -> None:
        """An update of others comes next."""
        self._decoder.before_apply(update)

    def after_apply(self) -> None:
        """It came (invariant 1)."""
        self._decoder.after_apply()
        self._settled()

    def local_write(self) -> None:
        """We wrote (invariant 1)."""
        self._decoder.local_write()
        self._settled()

    def _send(self, update: bytes) -> None:
        if self._provider is not None:
            self._provider.send_update(update)
