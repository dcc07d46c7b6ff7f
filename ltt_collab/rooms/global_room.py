"""Our entry in the Online Collaborators panel: the room ``JupyterLab:globalAwareness``, which has no document."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from ltt_collab.model.edits import RoomState
from ltt_collab.model.errors import RoomError
from ltt_collab.model.ids import ClientId
from ltt_collab.model.presence import Activity, Selection, User
from ltt_collab.ports.presence import CursorState
from ltt_collab.rooms.keeper import RawTarget
from ltt_collab.rooms.local_state import global_state
from ltt_collab.rooms.presence import PresenceEvent
from ltt_collab.rooms.protocol import Replica
from ltt_collab.rooms.provider import Provider

GLOBAL_ROOM = "JupyterLab:globalAwareness"

_NO_CLIENTS = b"\x00"
_NO_CHANGES = b"\x00\x00"


class EmptyReplica:
    """A document that holds nothing and takes in nothing, with a client id as Yjs chooses them."""

    def __init__(self) -> None:
        self._client = ClientId(secrets.randbelow(2**32 - 1) + 1)

    @property
    def client_id(self) -> ClientId:
        """Our client id."""
        return self._client

    def state(self) -> bytes:
        """We have nothing of nobody."""
        return _NO_CLIENTS

    def diff(self, _state: bytes) -> bytes:
        """Nothing."""
        return _NO_CHANGES

    def apply(self, update: bytes) -> None:
        """Forget it."""


class GlobalPresence:
    """Lists us among the collaborators of one server; a tenant for ``keep_connected``."""

    def __init__(self) -> None:
        self._documents: tuple[str, ...] = ()
        self._current: str | None = None
        self._provider: Provider | None = None

    def show_documents(self, documents: Sequence[str], current: str | None = None) -> None:
        """List the paths that we have open; ``current`` as ``notebook:path`` is what a click on us opens."""
        self._documents, self._current = tuple(documents), current
        if self._provider is not None:
            self._provider.presence.refresh()

    def show_activity(self, activity: Activity) -> None:
        """Show beside our name what we are doing."""
        if self._provider is not None:
            self._provider.presence.show_activity(activity)

    def describe(self, user: User, activity: Activity, _cursors: Sequence[CursorState]) -> Mapping[str, Any]:
        """Our state in this room; there are no cursors in it."""
        return global_state(user, activity, self._documents, self._current)

    # What the keeper asks and says.

    def target(self) -> RawTarget:
        """The one room."""
        return RawTarget(room=GLOBAL_ROOM, describe=self.describe)

    def new_replica(self) -> Replica:
        """An empty one."""
        return EmptyReplica()

    def connected(self, provider: Provider) -> None:
        """Show ourselves through this one from now on."""
        self._provider = provider

    def closed(self, _error: RoomError) -> None:
        """Wait for the next connection."""
        self._provider = None

    def synced(self) -> None:
        """Nothing: there is no document."""

    def stale(self, reason: str) -> None:
        """Nothing: there is no document."""

    def rejoined(self) -> None:
        """Nothing: our state is sent at each connection."""

    def state_changed(self, state: RoomState, reason: str) -> None:
        """Nothing: the rooms of documents tell how the server is."""

    def presence_changed(self, event: PresenceEvent) -> None:
        """Nothing: who is online does not say who is in which room."""

    def server_said(self, message: Mapping[str, Any]) -> None:
        """Nothing."""

    def resolve(self, _cursor: Mapping[str, Any]) -> Selection | None:
        """No document, no positions."""
        return None
