"""Who made a change, as far as its update tells."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from pycrdt import get_state

from ltt_collab.model.ids import ClientId
from ltt_collab.model.presence import UNKNOWN, Author

_SEVEN_BITS = 0x7F
_MORE = 0x80


class AuthorSource(Protocol):
    """The people and programs behind client ids, as awareness shows them."""

    def author_of(self, client: ClientId) -> Author:
        """Us → AI, 0 → SERVER, a client with a ``user`` → LEARNER, without one → SERVER or UNKNOWN."""
        ...

    def humans(self) -> Collection[Author]:
        """Every human in the room just now."""
        ...


def read_clients(update: bytes) -> tuple[ClientId, ...]:
    """The clients whose new items an update carries; empty for a pure deletion.

    Nearly every update carries one client: its id is read from the first bytes
    (``clients, structs, client, clock, …`` as variable-length integers). Others are left to pycrdt.

    Raises:
        ValueError, IndexError: the bytes are no update.
    """
    match update[0]:
        case 0:
            return ()
        case 1:
            return (only_client(update)[0],)
        case _:
            return _read_state(get_state(update))


def only_client(update: bytes) -> tuple[ClientId, bytes]:
    """The one client of an update that begins with a 1, and the bytes that say so: another that has them has it too.

    Raises:
        IndexError: the bytes are no update.
    """
    position = 1
    while update[position] >= _MORE:
        position += 1
    client, end = read_varint(update, position + 1)
    return ClientId(client), update[:end]


def author_of_update(update: bytes, authors: AuthorSource) -> Author:
    """Who made it: of an insertion its client, of a pure deletion the only human present, else UNKNOWN.

    A deletion names the creators of what was deleted, not who deleted it. JupyterLab marks the document dirty in the
    same transaction, so most deletions carry their author all the same.
    """
    if update[0] == 1:
        return authors.author_of(only_client(update)[0])
    clients = read_clients(update)
    if not clients:
        return single(authors.humans())
    return single([authors.author_of(client) for client in clients])


def single(authors: Collection[Author]) -> Author:
    """The author if all are the same one (in any of their tabs), else UNKNOWN."""
    distinct = {(author.kind, author.username) for author in authors}
    return next(iter(authors)) if len(distinct) == 1 else UNKNOWN


def _read_state(state: bytes) -> tuple[ClientId, ...]:
    count, position = read_varint(state, 0)
    clients = []
    for _ in range(count):
        client, position = read_varint(state, position)
        _, position = read_varint(state, position)
        clients.append(ClientId(client))
    return tuple(clients)


def read_varint(data: bytes, position: int) -> tuple[int, int]:
    """The variable-length integer at ``position``, and where it ends.

    Raises:
        IndexError: the bytes end before it does.
    """
    value = shift = 0
    while True:
        byte = data[position]
        position += 1
        value |= (byte & _SEVEN_BITS) << shift
        if byte < _MORE:
            return value, position
        shift += 7
