"""Who is in one room, as authors of what happens there."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from ltt_collab.model.ids import ClientId, Username
from ltt_collab.model.presence import SERVER, UNKNOWN, Author, AuthorKind, User

DISK_CLIENT = ClientId(0)
"""The client under which the room server loads a file from disk."""


class Roster(Protocol):
    """The human clients of a room, as its awareness shows them."""

    def users(self) -> Sequence[tuple[ClientId, User]]:
        """Every human client and who it says it is."""
        ...

    def user(self, client: ClientId) -> User | None:
        """Who a client says it is; None for one that is not there."""
        ...


class People:
    """Names the author behind a client id.

    The server does not tell a newcomer who is there already: a learner who sits still shows up only after 15 s. Until
    somebody does, an unknown client is taken for the learner because of whom we came, by name if the server told it.

    Invariants:
        1. Our own client ids, former ones too, are the AI, whatever awareness says of them.
        2. Client 0 is the server.
    """

    def __init__(self, us: Username) -> None:
        self._us = us
        self._ours: set[ClientId] = set()
        self._roster: Roster | None = None
        self._sighted: Username | None = None
        self._expected = True
        self._authors: dict[ClientId, Author] = {}

    def join(self, client: ClientId, roster: Roster) -> None:
        """We are in the room as that client now, and see these people."""
        self._ours.add(client)
        self._roster = roster
        self._authors.clear()

    def sight(self, username: Username) -> None:
        """The server said that this person has the document open."""
        self._sighted = username
        self._authors.clear()

    def expect_nobody(self) -> None:
        """The last one left."""
        self._sighted, self._expected = None, False
        self._authors.clear()

    def change(self) -> None:
        """Somebody came or went."""
        self._expected = True
        self._authors.clear()

    @property
    def sighted(self) -> Username | None:
        """Who has the document open, as the server said."""
        return self._sighted

    def author_of(self, client: ClientId) -> Author:
        """The author behind a client id."""
        author = self._authors.get(client)
        if author is None:
            author = self._authors[client] = self._look_up(client)
        return author

    def humans(self) -> Collection[Author]:
        """Every human in the room just now, one for each tab."""
        users = self._roster.users() if self._roster is not None else ()
        if not users and self._expected:
            return [Author(kind=AuthorKind.LEARNER, username=self._sighted)]
        return [self.author_of(client) for client, _ in users]

    def is_empty(self) -> bool:
        """Whether no human shows up in awareness."""
        return self._roster is None or not self._roster.users()

    def _look_up(self, client: ClientId) -> Author:
        if client in self._ours:  # invariant 1
            return Author(kind=AuthorKind.AI, username=self._us, client=client)
        if client == DISK_CLIENT:  # invariant 2
            return SERVER
        user = self._roster.user(client) if self._roster is not None else None
        if user is not None:
            return Author(kind=AuthorKind.LEARNER, username=user.username, client=client)
        if self._expected and self.is_empty():
            return Author(kind=AuthorKind.LEARNER, username=self._sighted, client=client)
        return UNKNOWN
