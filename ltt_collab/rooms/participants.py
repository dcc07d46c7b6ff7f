"""What others say of themselves, read with care: anybody in a room can send any JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ltt_collab.model.ids import ClientId, Username
from ltt_collab.model.presence import User
from ltt_collab.rooms.local_state import ACTIVITY_MARK
from ltt_collab.rooms.lookalikes import as_seen
from ltt_collab.rooms.varints import MAX_VARUINT

NAME_LENGTH = 80
"""Characters of a name that we keep; a flag shows fewer."""

INITIALS_LENGTH = 4
COLOR_LENGTH = 64
AVATAR_LENGTH = 2048
"""Characters of an avatar's URL; longer ones (data URLs) are left out."""

CURSORS = 16
"""Cursors of one client that we look at; we use the primary one."""

_SCAN_LENGTH = 1024
"""Characters of a claimed name that we look at at all."""


def read_user(state: Mapping[str, Any], client: ClientId) -> User | None:
    """The user of an awareness state; None for a state without one, such as the server's own."""
    user = state.get("user")
    if not isinstance(user, Mapping):
        return None
    name = _text(user.get("name"))
    shown = _text(user.get("display_name")) or name
    username = _text(user.get("username")) or name or shown
    avatar = user.get("avatar_url")
    return User(
        # Whoever leaves the name out is still somebody: a nameless client must not become invisible.
        username=Username(username or f"client-{client}"),
        display_name=shown or username or f"client {client}",
        initials=_text(user.get("initials"))[:INITIALS_LENGTH],
        color=_text(user.get("color"))[:COLOR_LENGTH],
        avatar_url=avatar if isinstance(avatar, str) and len(avatar) <= AVATAR_LENGTH else None,
    )


def claims_to_be(ours: User, state: Mapping[str, Any]) -> bool:
    """Whether a reader would take the user of that state for us."""
    user = state.get("user")
    if not isinstance(user, Mapping):
        return False
    if _text(user.get("username")) == ours.username:
        return True
    names = {_as_seen(ours.username), _as_seen(ours.display_name)}
    claimed = (_as_seen(user.get(key)) for key in ("username", "name", "display_name"))
    return any(name and name in names for name in claimed)


def unverified(user: User, client: ClientId) -> User:
    """The same participant under a name that nobody will take for ours."""
    return User(
        username=Username(f"unverified-{client}"),
        display_name=f"{user.display_name} (not the tutor)",
        initials="?",
        color=user.color,
    )


def readable_cursors(state: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The cursors of a state that have the shape of one, the primary first."""
    cursors = state.get("cursors")
    if not isinstance(cursors, list):
        return []
    sound = [cursor for cursor in cursors[:CURSORS] if _is_cursor(cursor)]
    return sorted(sound, key=lambda cursor: cursor.get("primary") is not True)


def _is_cursor(cursor: object) -> bool:
    return isinstance(cursor, dict) and _is_position(cursor.get("anchor")) and _is_position(cursor.get("head"))


def _is_position(position: object) -> bool:
    if not isinstance(position, dict):
        return False
    item, type_, name = position.get("item"), position.get("type"), position.get("tname")
    return (
        (item is None or _is_id(item))
        and (type_ is None or _is_id(type_))
        and (name is None or isinstance(name, str))
        and any(part is not None for part in (item, type_, name))
        and type(position.get("assoc", 0)) is int
    )


def _is_id(value: object) -> bool:
    return isinstance(value, dict) and _is_count(value.get("client")) and _is_count(value.get("clock"))


def _is_count(value: object) -> bool:
    return type(value) is int and 0 <= value <= MAX_VARUINT


def _text(value: object) -> str:
    """A printable text of bounded length; '' for anything else."""
    if not isinstance(value, str):
        return ""
    return "".join(c for c in value[:_SCAN_LENGTH] if c.isprintable()).strip()[:NAME_LENGTH]


def _as_seen(name: object) -> str:
    """A name as a reader takes it, without our activity behind it."""
    return as_seen(_text(name).split(ACTIVITY_MARK.strip())[0])
