"""Our visible presence in one room, and the people we see there."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ltt_collab.model.ids import ClientId, Username
from ltt_collab.model.presence import Activity, Participant, Selection, User
from ltt_collab.ports.presence import CursorState
from ltt_collab.rooms.awareness import Awareness, AwarenessChange
from ltt_collab.rooms.local_state import document_state
from ltt_collab.rooms.participants import claims_to_be, read_user, readable_cursors, unverified

Resolve = Callable[[Mapping[str, Any]], Selection | None]
"""Turns a cursor of awareness (its shape is checked) into a cell and code points; None when it points nowhere."""

Describe = Callable[[User, Activity, Sequence[CursorState]], Mapping[str, Any]]
"""Builds our awareness state."""


def nowhere(_cursor: Mapping[str, Any]) -> Selection | None:
    """Resolve nothing: for rooms without a document."""
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class ParticipantJoined:
    """Somebody became visible."""

    client: ClientId
    user: User


@dataclass(frozen=True, slots=True, kw_only=True)
class ParticipantMoved:
    """Somebody's caret or selection changed; ``RoomPresence.selection`` says to where, when one wants to know."""

    client: ClientId
    user: User


@dataclass(frozen=True, slots=True, kw_only=True)
class ParticipantLeft:
    """Somebody is gone."""

    client: ClientId
    user: User


@dataclass(frozen=True, slots=True, kw_only=True)
class ImpostorSeen:
    """Somebody calls itself by our name: an ordinary participant, listed as ``user``, with no rights of ours."""

    client: ClientId
    user: User


PresenceEvent = ParticipantJoined | ParticipantMoved | ParticipantLeft | ImpostorSeen


@dataclass(slots=True)
class _Seen:
    claimed: Any
    user: User
    cursors: Any
    is_impostor: bool


class RoomPresence:
    """Implements ``ports.presence.Presence`` for one room.

    Invariants:
        1. Whoever calls itself by our name is a participant like any other, under another name.
        2. Former client ids of ours (ghosts of a lost connection) are nobody.
        3. A selection is resolved when it is asked for, never kept: the text moves under it.
    """

    def __init__(  # noqa: PLR0913 - all but the first three have defaults
        self,
        awareness: Awareness,
        user: User,
        publish: Callable[[Mapping[str, Any]], None],
        *,
        resolve: Resolve = nowhere,
        describe: Describe = document_state,
        former: Collection[ClientId] = (),
        owner: Username | None = None,
    ) -> None:
        """``owner``: whom every human here is taken for, whatever they call themselves; None: they are believed."""
        self._awareness = awareness
        self._user = user
        self._publish = publish
        self._resolve = resolve
        self._describe = describe
        self._former = frozenset(former)
        self._owner = owner
        self._seen: dict[ClientId, _Seen] = {}
        self._activity = Activity.IDLE
        self._is_watched = False
        self._cursors: tuple[CursorState, ...] = ()
        self._shown: Mapping[str, Any] | None = None

    # What others see of us.

    def show_cursors(self, cursors: Sequence[CursorState]) -> None:
        """Show our caret or selection (an empty sequence: none); sent at once."""
        self._cursors = tuple(cursors)
        self.refresh()

    def show_activity(self, activity: Activity) -> None:
        """Show in our name flag what we are doing."""
        self._activity = activity
        self.refresh()

    def show_watching(self, *, watching: bool) -> None:
        """Say in our name flag that an instructor looks on, or no more; sent at once where others see us already."""
        self._is_watched = watching
        if self._shown is not None:
            self.refresh()

    def refresh(self) -> None:
        """Send our state if it is another than the one last sent: each message costs the server over a millisecond."""
        activity = Activity.WATCHING if self._is_watched and self._activity is Activity.IDLE else self._activity
        state = self._describe(self._user, activity, self._cursors)
        if state != self._shown:
            self._shown = state
            self._publish(state)

    # What we see of others, and of ourselves.

    def own_selection(self) -> Selection | None:
        """Where our own caret or selection is; None when we show none."""
        return next((found for cursor in self._cursors if (found := self._resolve(cursor)) is not None), None)

    def humans(self) -> Sequence[Participant]:
        """Every human client in the room, ``selection`` resolved to cell and code points where possible."""
        return [
            Participant(client=client, user=seen.user, selection=self.selection(client))
            for client, seen in self._seen.items()
        ]

    def users(self) -> Sequence[tuple[ClientId, User]]:
        """Every human client and who it says it is, without resolving selections."""
        return [(client, seen.user) for client, seen in self._seen.items()]

    def user(self, client: ClientId) -> User | None:
        """Who a client says it is; None for one that is not there."""
        seen = self._seen.get(client)
        return seen.user if seen is not None else None

    def selection(self, client: ClientId) -> Selection | None:
        """Where a client's primary caret or selection is now; None when it has none that can be resolved."""
        state = self._awareness.state(client)
        cursors = readable_cursors(state) if state is not None else ()
        return next((found for cursor in cursors if (found := self._resolve(cursor)) is not None), None)

    def changed(self, change: AwarenessChange) -> Iterator[PresenceEvent]:
        """What a change of awareness means for the people in the room."""
        for client in change.removed:
            yield from self._left(client)
        for client in (*change.added, *change.updated):
            yield from self._changed(client)

    def _changed(self, client: ClientId) -> Iterator[PresenceEvent]:
        state = self._awareness.state(client)
        if state is None or client in self._former:  # invariant 2
            return
        claimed, cursors = state.get("user"), state.get("cursors")
        seen = self._seen.get(client)
        if seen is not None and claimed == seen.claimed:
            if cursors != seen.cursors:
                seen.cursors = cursors
                yield ParticipantMoved(client=client, user=seen.user)
            return
        user = read_user(state, client)
        if user is None:
            yield from self._left(client)
            return
        is_impostor = claims_to_be(self._user, state)
        if is_impostor:
            user = unverified(user, client)  # invariant 1
        user = self._as_owner(user)
        self._seen[client] = _Seen(claimed, user, cursors, is_impostor)
        if seen is None or seen.user.username != user.username:
            if seen is not None:
                yield ParticipantLeft(client=client, user=seen.user)
            yield ParticipantJoined(client=client, user=user)
        if is_impostor and not (seen is not None and seen.is_impostor):
            yield ImpostorSeen(client=client, user=user)
        if cursors and (seen is None or seen.cursors != cursors):
            yield ParticipantMoved(client=client, user=user)

    def _as_owner(self, user: User) -> User:
        return user if self._owner is None else replace(user, username=self._owner)

    def _left(self, client: ClientId) -> Iterator[PresenceEvent]:
        seen = self._seen.pop(client, None)
        if seen is not None:
            yield ParticipantLeft(client=client, user=seen.user)
