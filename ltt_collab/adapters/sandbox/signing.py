"""Jupyter's messages on a kernel's own sockets, signed with its key. No I/O.

jupyter_client does this too, and brings traitlets, tornado and dateutil into the service: 5 MiB for forty lines.
The form is that of https://jupyter-client.readthedocs.io/en/stable/messaging.html#the-wire-protocol.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from hmac import compare_digest, new
from typing import Any
from uuid import uuid4

Message = dict[str, Any]

DELIMITER = b"<IDS|MSG>"
"""Between the addresses of a message and its parts."""

PARTS = 5
"""Signature, header, parent's header, metadata, content; what follows is bytes that we ask for nowhere."""


class Signer:
    """Packs requests to one kernel, and unpacks what it signed."""

    def __init__(self, key: str) -> None:
        self._key = key.encode()
        self._session = uuid4().hex

    def pack(self, kind: str, content: Mapping[str, Any]) -> tuple[str, list[bytes]]:
        """A request's id, by which its answers name it, and its frames."""
        name = uuid4().hex
        header = {
            "msg_id": name,
            "msg_type": kind,
            "username": "",
            "session": self._session,
            "date": datetime.now(UTC).isoformat(),
            "version": "5.3",
        }
        parts = [json.dumps(part).encode() for part in (header, {}, {}, content)]
        return name, [DELIMITER, self._sign(parts), *parts]

    def unpack(self, frames: Sequence[bytes]) -> Message:
        """The message: its ``msg_type``, the ``parent`` that it answers ('' for none), and its ``content``.

        Raises:
            ValueError: it is not signed with the key, or is no message.
        """
        first = list(frames).index(DELIMITER) + 1
        signature, *parts = frames[first : first + PARTS] or [b""]
        if len(parts) != PARTS - 1 or not compare_digest(signature, self._sign(parts)):
            raise ValueError(signature)
        header, parent, _, content = (json.loads(part) for part in parts)
        are_objects = isinstance(header, dict) and isinstance(parent, dict) and isinstance(content, dict)
        if not are_objects:
            raise ValueError(header)
        return {"msg_type": str(header.get("msg_type")), "parent": str(parent.get("msg_id", "")), "content": content}

    def _sign(self, parts: Sequence[bytes]) -> bytes:
        signed = new(self._key, digestmod=sha256)
        for part in parts:
            signed.update(part)
        return signed.hexdigest().encode()
