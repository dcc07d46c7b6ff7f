"""One Jupyter server as the rooms see it: sessions, sockets, sightings."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from ltt_collab.model.addresses import RoomAddress
from ltt_collab.model.ids import ServerId, Username


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """The server's leave to open one room; ``session_id`` stays Jupyter's word (None where a server has none)."""

    address: RoomAddress
    session_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelClosed:
    """How a channel ended: a close frame's code and reason, or ``code`` None when the connection just broke."""

    code: int | None
    reason: str


class ChannelListener(Protocol):
    """Receives what a channel brings, called on the event loop; must not raise and must not block."""

    def frame_received(self, frame: bytes) -> None:
        """One whole binary message."""
        ...

    def channel_closed(self, closed: ChannelClosed) -> None:
        """Called exactly once; nothing follows."""
        ...


class Channel(Protocol):
    """One open WebSocket."""

    def send(self, frame: bytes) -> None:
        """Queue one binary message. Dropped silently once the channel is closed; never blocks."""
        ...

    def ping(self) -> None:
        """Send a WebSocket ping; an answer (or any frame) updates ``last_heard``."""
        ...

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Begin to close; ``channel_closed`` follows."""
        ...

    @property
    def last_heard(self) -> float:
        """``time.monotonic()`` of the last byte from the other side, pongs included."""
        ...

    @property
    def unsent_bytes(self) -> int:
        """Bytes waiting in our send buffer."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomOpened:
    """A notebook or chat is open in somebody's browser. ``username`` is authenticated when the server said it."""

    path: str
    format: str
    type: str
    username: Username | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomVacated:
    """Nobody shows that document any more, as far as the server tells."""

    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FileMoved:
    """A file was renamed or moved through Jupyter."""

    path: str
    new_path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FileDeleted:
    """A file was deleted through Jupyter: later edits in its room would be lost unsaid."""

    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomSaved:
    """A room's document was written to its file."""

    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveFailed:
    """A room's document could not be written to its file; ``reason`` in the server's words, shortened."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchStateChanged:
    """The watch itself: ``live`` False while the server cannot be reached; ``reason`` says why."""

    live: bool
    reason: str = ""


Sighting = RoomOpened | RoomVacated | FileMoved | FileDeleted | RoomSaved | SaveFailed | WatchStateChanged


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerFacts:
    """What a server said of itself. ``collaboration`` is jupyter-collaboration's server version, '' if unknown.

    ``supported``: whether our tests run against these versions; ``tested``: those that they run against, in words.
    """

    jupyter_server: str
    jupyterlab: str
    collaboration: str
    learner_extension: str
    supported: bool
    tested: str = ""


class RoomServer(Protocol):
    """One Jupyter server with collaborative rooms."""

    @property
    def id(self) -> ServerId:
        """Base URL without credentials, with a trailing slash."""
        ...

    async def facts(self) -> ServerFacts:
        """Ask for versions.

        Raises:
            RoomUnreachableError, RoomRefusedError
        """
        ...

    async def open_session(self, path: str, *, format: str, type: str) -> Session:
        """Get leave to open the room of a file (created by the server if the file exists).

        Raises:
            RoomUnreachableError, RoomRefusedError
        """
        ...

    async def dial(self, room: str, session_id: str | None, listener: ChannelListener) -> Channel:
        """Open the room's WebSocket; ``room`` is ``str(RoomAddress)`` or ``JupyterLab:globalAwareness``.

        Raises:
            RoomUnreachableError, RoomRefusedError
        """
        ...

    async def tell(self, what: str) -> Mapping[str, Any] | None:
        """What our extension of that server tells of ``disk`` or ``texts``; None where it does not.

        Raises:
            RoomUnreachableError
        """
        ...

    def watch(self) -> AsyncIterator[Sighting]:
        """Sightings for ever, beginning with what is open now; reconnects by itself and says so."""
        ...
