"""Who is in a room and where."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ltt_collab.model.ids import CellId, ClientId, Username


class AuthorKind(StrEnum):
    """Who did something, as far as the document can tell."""

    LEARNER = "learner"
    AI = "ai"
    SERVER = "server"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """Who made an edit.

    ``LEARNER``: any human of the room; ``AI``: us; ``SERVER``: the Jupyter server (content from disk,
    out-of-band writes); ``UNKNOWN``: cannot be told, as for a deletion with two humans present.
    The name comes from awareness, which is self-declared: good for addressing, not for authorisation.
    """

    kind: AuthorKind
    username: Username | None = None
    client: ClientId | None = None


SERVER = Author(kind=AuthorKind.SERVER)
UNKNOWN = Author(kind=AuthorKind.UNKNOWN)


class Activity(StrEnum):
    """What the tutor does just now, shown in its name flag."""

    IDLE = "idle"
    READING = "reading"
    TYPING = "typing"
    CHECKING = "checking"
    WATCHING = "watching"
    """An instructor looks at the notebook through us; shown while nothing else is done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A participant as it presents itself; ``color`` is any CSS colour."""

    username: Username
    display_name: str
    initials: str = ""
    color: str = ""
    avatar_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """A caret or selection in a cell, in code points; ``anchor == head`` is a caret."""

    cell_id: CellId
    anchor: int
    head: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Participant:
    """One client in a room: a browser tab of a human, or an agent."""

    client: ClientId
    user: User
    selection: Selection | None = None
