"""Where a room is: parsed once, never sliced again."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Self

from ltt_collab.model.errors import InvalidRoomAddressError
from ltt_collab.model.ids import FileId, RoomId, ServerId

ROOM_ID_BYTES = 10
"""Digest size of a room id: 80 bits keep the chance of a collision among 10^6 rooms below 10^-12."""

_PARTS = 3


@dataclass(frozen=True, slots=True)
class RoomAddress:
    """A collaborative document on one server, ``{format}:{type}:{file id}`` in jupyter-collaboration."""

    format: str
    type: str
    file_id: FileId

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``json:notebook:<file id>``.

        Raises:
            InvalidRoomAddressError: the text is not of that form.
        """
        parts = text.split(":", _PARTS - 1)
        if len(parts) != _PARTS or not all(parts):
            raise InvalidRoomAddressError(text)
        return cls(parts[0], parts[1], FileId(parts[2]))

    def __str__(self) -> str:
        return f"{self.format}:{self.type}:{self.file_id}"

    def room_id(self, server: ServerId) -> RoomId:
        """The room's opaque id, the same for the same file on the same server."""
        digest = hashlib.blake2b(f"{server}\n{self}".encode(), digest_size=ROOM_ID_BYTES)
        return RoomId(digest.hexdigest())
