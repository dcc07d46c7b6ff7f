"""Lives in one room: has a page for each connection, and lets the room know how the connection does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import structlog

from ltt_collab.edits.scribe import Head
from ltt_collab.model.cells import Notebook
from ltt_collab.model.edits import DocumentReloaded, ReloadCause, RoomState, RoomStateChanged
from ltt_collab.model.errors import RoomError
from ltt_collab.model.ids import Seq
from ltt_collab.model.presence import SERVER, Selection
from ltt_collab.peer.household import Household
from ltt_collab.peer.page import Page
from ltt_collab.peer.scene import Scene
from ltt_collab.rooms.keeper import DocumentTarget
from ltt_collab.rooms.presence import PresenceEvent
from ltt_collab.rooms.protocol import Replica as RoomReplica
from ltt_collab.rooms.provider import Provider
from ltt_collab.telemetry import metrics

log = structlog.get_logger(__name__)


class Tenant:
    """The tenant of one notebook's room; implements ``rooms.keeper.RoomTenant``.

    Invariants:
        1. There is one page at a time, the present connection's; a lost connection takes its page along.
        2. A page becomes events only once it is up to date; what an earlier life of ours left there is adopted once.
        3. The room's record begins with the notebook as it was found, and goes on with each page that follows.
        4. Help that a lost connection cut off is decided on anew, on the new page.
    """

    def __init__(self, scene: Scene, target: DocumentTarget, household: Household, first_seq: Seq) -> None:
        """``first_seq``: the number before the room's first event."""
        self._scene, self._target, self._parts, self._first_seq = scene, target, household, first_seq
        self._is_watched = False
        self._has_adopted = False
        self.page: Page | None = None
        self.state = RoomState.JOINING

    @property
    def path(self) -> str:
        """Where the file lies now."""
        return self._target.path

    def moved(self, path: str) -> None:
        """The file has another path now."""
        if path != self._target.path:
            log.info("room renamed", room=self._scene.stamp.room, path=path, former=self._target.path)
            self._target = DocumentTarget(path=path, format=self._target.format, type=self._target.type)

    def snapshot(self, seq: Seq) -> Notebook:
        """The notebook as we have it, as of the event ``seq``; empty before the first page."""
        if self.page is None:
            return Notebook(room=self._scene.stamp.room, path=self.path, cells=(), seq=seq)
        return self.page.view.snapshot(seq)

    def show_watching(self, *, watching: bool) -> None:
        """Say to the learner that an instructor looks on, or no more; on each page that follows, too."""
        self._is_watched = watching
        if self.page is not None and self.page.provider is not None:
            self.page.provider.presence.show_watching(watching=watching)

    def leave(self) -> None:
        """Let go of the page."""
        if self.page is not None:
            self.page.close()

    # What the keeper asks and says.

    def target(self) -> DocumentTarget:
        """Where the file lies now."""
        return self._target

    def new_replica(self) -> RoomReplica:
        """A fresh page (invariant 1)."""
        self.leave()
        turns = self._parts.turns
        self.page = Page(self._scene.stamp, self._scene.people, turns.hear, turns.decide)
        return self.page.replica

    def connected(self, provider: Provider) -> None:
        """We are about to be in the room as this client."""
        around = self._scene.around
        if self.page is not None:
            self.page.connect(provider, around.clock, around.user.username)
        provider.presence.show_watching(watching=self._is_watched)
        self._scene.people.join(provider.client, provider.presence)

    def synced(self) -> None:
        """The page is up to date: follow it, and go on with what an earlier life left on it (invariant 2)."""
        page, permission = self.page, self._parts.permission
        if page is None or page.is_followed:
            return
        page.follow()
        permission.is_holed = page.replica.has_hole()
        if permission.is_holed:
            log.error("room history has a hole", room=self._scene.stamp.room, path=self.path)
        if not self._has_adopted:
            self._has_adopted = True
            self._adopt(page)
        self._parts.notices.begin()
        self._parts.cut_off_runs.look()

    def rejoined(self) -> None:
        """It is another page than before: say so with all its cells (invariant 3), then take up what was cut off."""
        scene = self._scene
        if self.page is None:
            return
        metrics.RECONNECTS.inc()
        head = scene.head()
        cells = self.page.view.snapshot(head["seq"]).cells
        scene.happen(DocumentReloaded(**head, cause=ReloadCause.REJOINED, cells=cells))
        for request in self._parts.proposing.take_owed():  # invariant 4
            self._parts.turns.follow(scene.mind.ask_again(request, scene.stamp.now()))

    def stale(self, reason: str) -> None:
        """Something may be missing from the page."""
        self._parts.proposing.call_off("the room has to be read again")
        log.warning("room out of sync", room=self._scene.stamp.room, reason=reason)

    def closed(self, error: RoomError) -> None:
        """The connection is over."""
        self._parts.proposing.call_off("the connection to the room was lost")
        if error.__cause__ is not None:
            log.error("room ended by an error of ours", room=self._scene.stamp.room, exc_info=error.__cause__)
        if self.page is not None and self.page.provider is not None:
            for what, count in self.page.provider.refused.items():
                metrics.FRAMES_REFUSED.labels(what).inc(count)

    def state_changed(self, state: RoomState, reason: str) -> None:
        """Say so; nothing is written while the room is not live."""
        scene, self.state = self._scene, state
        self._parts.permission.is_live = state is RoomState.LIVE
        log.info("room state changed", room=scene.stamp.room, path=self.path, state=state.value, reason=reason)
        scene.happen(RoomStateChanged(**scene.head(), state=state, reason=reason))

    def presence_changed(self, event: PresenceEvent) -> None:
        """Somebody came, moved or left."""
        self._parts.company.handle(event)

    def server_said(self, message: Mapping[str, Any]) -> None:
        """The room server said something of its own."""
        if message.get("type") == "conflict":
            log.warning("file changed on disk under the room", room=self._scene.stamp.room, path=self.path)

    def resolve(self, cursor: Mapping[str, Any]) -> Selection | None:
        """Where somebody's cursor is in our page."""
        return None if self.page is None else self.page.view.selection_at(cursor)

    # Within.

    def _adopt(self, page: Page) -> None:
        """Begin with the notebook as it was found, under the number before our first, for replay (invariant 3)."""
        scene, parts = self._scene, self._parts
        notebook = page.view.snapshot(self._first_seq)
        head = Head(room=scene.stamp.room, seq=self._first_seq, at=scene.stamp.now(), author=SERVER)
        scene.around.log.begin(DocumentReloaded(**head, cause=ReloadCause.JOINED, cells=notebook.cells))
        parts.turns.follow(scene.mind.adopt(notebook, parts.recollection.suggestions))
        parts.greeting.introduce()
