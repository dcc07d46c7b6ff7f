"""Lets the note about a fixed error stay until the learner has moved on, for a moment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ltt_collab.model.commands import EndSuggestion
from ltt_collab.model.edits import CellInserted, CursorMoved, PeerLeft, RoomEvent, RunStarted, SourceEdited
from ltt_collab.model.ids import CellId, ClientId, SuggestionId
from ltt_collab.model.presence import AuthorKind, Selection
from ltt_collab.peer.scene import Scene

LINGER = 2.5
"""Seconds a note stays at the longest after its error was fixed: time for a next key, too short to mislead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fixed:
    command: EndSuggestion
    carets: Mapping[ClientId, Selection | None]


class Parting:
    """Holds back the end of suggestions whose error was fixed.

    Shift+Enter makes the cell below the active one: our note. JupyterLab (4.6) drops the keyboard focus with a cell
    that another client removes, and awareness does not tell which cell is active in command mode. So the note goes
    once the learner is seen elsewhere.

    Invariants:
        1. A note stays for ``LINGER`` seconds at the longest.
        2. Each suggestion is ended once.
    """

    def __init__(self, scene: Scene, end: Callable[[EndSuggestion], None]) -> None:
        self._scene, self._end = scene, end
        self._fixed: dict[SuggestionId, _Fixed] = {}

    def hold(self, command: EndSuggestion) -> None:
        """End that suggestion as soon as the learner has moved on (invariant 1)."""
        page, around = self._scene.page, self._scene.around
        humans = page.provider.presence.humans() if page is not None and page.provider is not None else ()
        self._fixed[command.suggestion] = _Fixed(
            command=command, carets={human.client: human.selection for human in humans}
        )
        key, due = (self, command.suggestion), around.clock.now() + LINGER
        around.timers.wake(key, due, lambda _now: self._part(command.suggestion))

    def handle(self, event: RoomEvent) -> None:
        """See whether the learner has moved on."""
        if not self._fixed or event.author.kind in {AuthorKind.AI, AuthorKind.SERVER}:
            return
        for suggestion, fixed in tuple(self._fixed.items()):
            if _is_elsewhere(event, fixed.command.about, fixed.carets):
                self._part(suggestion)

    def hurry(self) -> None:
        """End all of them now."""
        for suggestion in tuple(self._fixed):
            self._part(suggestion)

    def forget(self) -> None:
        """End none of them any more: the room is left, and who comes next finds the notes by their mark."""
        for suggestion in self._fixed:
            self._scene.around.timers.cancel((self, suggestion))
        self._fixed.clear()

    def _part(self, suggestion: SuggestionId) -> None:
        fixed = self._fixed.pop(suggestion, None)  # invariant 2
        self._scene.around.timers.cancel((self, suggestion))
        if fixed is not None:
            self._end(fixed.command)


def _is_elsewhere(event: RoomEvent, about: CellId, carets: Mapping[ClientId, Selection | None]) -> bool:
    """Whether the event shows that our note below the cell ``about`` is not (or no longer) the active cell."""
    match event:
        case SourceEdited() | CellInserted() | PeerLeft():
            return True
        case RunStarted(cell_id=cell):
            return cell != about  # that one may have been run by Shift+Enter again
        case CursorMoved(author=author, selection=selection):
            # Told late: what it says may be older than the run. A caret that is where it was says nothing.
            return author.client is None or carets.get(author.client) != selection
        case _:
            return False
