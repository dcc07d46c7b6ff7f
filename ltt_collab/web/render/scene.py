"""A notebook and the people in it at one moment, and how one moment becomes the next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ltt_collab.edits.replayer import apply
from ltt_collab.model.cells import Notebook
from ltt_collab.model.edits import (
    BurstEnded,
    CursorMoved,
    DocumentReloaded,
    PeerJoined,
    PeerLeft,
    RoomEvent,
    RoomState,
    RoomStateChanged,
    SourceEdited,
    Splice,
)
from ltt_collab.model.ids import CellId, ClientId, RoomId, Username
from ltt_collab.model.presence import AuthorKind, Participant, Selection, User

US = ClientId(0)
"""Our own client in a scene: records name it differently in every life of the service."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One moment of a room."""

    notebook: Notebook
    people: Mapping[ClientId, Participant] = field(default_factory=dict)
    state: RoomState = RoomState.LIVE
    at: float = 0.0

    @classmethod
    def empty(cls, room: RoomId, path: str = "") -> Scene:
        """Before anything happened."""
        return cls(notebook=Notebook(room=room, path=path, cells=()))


def advance(scene: Scene, event: RoomEvent) -> Scene:
    """The scene after the event."""
    state = event.state if isinstance(event, RoomStateChanged) else scene.state
    # Every second event of a session moves a caret: asking each for a new notebook would take twice as long.
    notebook = scene.notebook if isinstance(event, _WITHOUT_DOCUMENT) else apply(scene.notebook, event)
    return Scene(notebook=notebook, people=_people_after(scene.people, event), state=state, at=event.at)


_WITHOUT_DOCUMENT = (CursorMoved, PeerJoined, PeerLeft, RoomStateChanged, BurstEnded)


def _people_after(people: Mapping[ClientId, Participant], event: RoomEvent) -> Mapping[ClientId, Participant]:
    client = event.author.client
    match event:
        case PeerJoined(user=user) if client is not None:
            return {**people, client: Participant(client=client, user=user)}
        case PeerLeft() if client is not None:
            return {each: who for each, who in people.items() if each != client}
        case CursorMoved(selection=selection) if client is not None:
            who = people.get(client) or Participant(client=client, user=_named(event.author.username))
            return {**people, client: replace(who, selection=selection)}
        case SourceEdited(cell_id=cell, splices=splices):
            moved = {each: _moved(who, cell, splices) for each, who in people.items()}
            return moved if event.author.kind is not AuthorKind.AI else {**moved, US: _us(event)}
        case RoomStateChanged() | DocumentReloaded():
            return {each: replace(who, selection=None) for each, who in people.items()}
        case _:
            return people


def _us(event: SourceEdited) -> Participant:
    """We write: our caret is behind what we wrote last."""
    last = event.splices[-1] if event.splices else Splice(0, 0, "")
    at = last.at + len(last.inserted)
    selection = Selection(cell_id=event.cell_id, anchor=at, head=at)
    return Participant(client=US, user=_named(event.author.username), selection=selection)


def _named(username: Username | None) -> User:
    return User(username=username or Username(""), display_name=username or "")


def _moved(who: Participant, cell: CellId, splices: tuple[Splice, ...]) -> Participant:
    selection = who.selection
    if selection is None or selection.cell_id != cell:
        return who
    anchor, head = selection.anchor, selection.head
    for splice in splices:
        anchor, head = _shifted(anchor, splice), _shifted(head, splice)
    return replace(who, selection=Selection(cell_id=cell, anchor=anchor, head=head))


def _shifted(position: int, splice: Splice) -> int:
    if position <= splice.at:
        return position
    return max(position - splice.deleted, splice.at) + len(splice.inserted)
