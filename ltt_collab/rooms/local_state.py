"""Our own awareness state, as JupyterLab 4.6 draws it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ltt_collab.model.presence import Activity, User
from ltt_collab.ports.presence import CursorState

ACTIVITY_MARK = " · "
"""Between our name and what we are doing."""

_DOING = {
    Activity.READING: "reading…",
    Activity.TYPING: "typing…",
    Activity.CHECKING: "checking…",
    Activity.WATCHING: "instructor watching",
}

POSITION_KEYS = ("type", "tname", "item", "assoc")
"""A relative position needs all four: one without ``item`` threw a TypeError in the learner's page."""


def user_state(user: User, activity: Activity = Activity.IDLE) -> dict[str, Any]:
    """The ``user`` of a state. The name flag shows initials or avatar and ``display_name``, so that says what we do."""
    doing = _DOING.get(activity)
    return {
        "username": user.username,
        "name": user.display_name,
        "display_name": f"{user.display_name}{ACTIVITY_MARK}{doing}" if doing else user.display_name,
        "initials": user.initials or _initials(user.display_name),
        "avatar_url": user.avatar_url,
        "color": user.color or "var(--jp-collaborator-color1)",
    }


def document_state(user: User, activity: Activity, cursors: Sequence[CursorState]) -> dict[str, Any]:
    """Our state in a document's room.

    ``autosave`` is false: the document is saved if any client says true or nothing, and the switch is the learner's.
    """
    return {"user": user_state(user, activity), "autosave": False, "cursors": [_cursor(cursor) for cursor in cursors]}


def chat_state(user: User, activity: Activity, _cursors: Sequence[CursorState]) -> dict[str, Any]:
    """Our state in a chat's room; whatever we do shows as "is typing": there is an answer coming.

    The name stays bare: jupyterlab-chat makes the name to mention somebody by out of it.
    """
    state: dict[str, Any] = {"user": {**user_state(user), "bot": True}, "autosave": False}
    if activity is not Activity.IDLE:
        state["isWriting"] = True
    return state


def global_state(user: User, activity: Activity, documents: Sequence[str], current: str | None) -> dict[str, Any]:
    """Our state in ``JupyterLab:globalAwareness``, which fills the Online Collaborators panel.

    ``current`` is a document as ``notebook:path``.
    """
    state: dict[str, Any] = {"user": user_state(user, activity), "documents": list(documents)}
    if current is not None:
        state["current"] = current
    return state


def _cursor(cursor: CursorState) -> dict[str, Any]:
    anchor, head = _position(cursor["anchor"]), _position(cursor["head"])
    return {
        "anchor": anchor,
        "head": head,
        "primary": bool(cursor.get("primary", True)),
        "empty": bool(cursor.get("empty", anchor == head)),
    }


def _position(position: CursorState) -> dict[str, Any]:
    complete: dict[str, Any] = {key: position.get(key) for key in POSITION_KEYS}
    if complete["assoc"] is None:
        complete["assoc"] = 0
    return complete


def _initials(name: str) -> str:
    words = name.split()
    return "".join(word[0] for word in words[:2]).upper()
