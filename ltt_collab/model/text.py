"""The one place that converts between code points, UTF-8 bytes and UTF-16 units.

Three worlds count text differently: Python and our events in code points, pycrdt's ``Text`` in
UTF-8 bytes, Yjs clocks and browsers in UTF-16 units.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

ASTRAL = 0x10000
"""First code point that takes two UTF-16 units (a surrogate pair)."""


def utf8_length(text: str) -> int:
    """Length in UTF-8 bytes, the unit of pycrdt's ``Text`` indices."""
    return len(text) if text.isascii() else len(text.encode())


def utf16_length(text: str) -> int:
    """Length in UTF-16 units, the unit of Yjs clocks and of JavaScript strings."""
    return len(text) if text.isascii() else len(text) + sum(ord(c) >= ASTRAL for c in text)


def utf8_offset(text: str, code_points: int) -> int:
    """The UTF-8 byte offset of the position that lies ``code_points`` into ``text``."""
    return code_points if text.isascii() else len(text[:code_points].encode())


def code_point_offset(text: str, utf8_bytes: int) -> int:
    """The code point offset of the position that lies ``utf8_bytes`` into ``text``.

    An offset inside a character (never produced by pycrdt) counts as before it.
    """
    if text.isascii():
        return utf8_bytes
    return len(text.encode()[:utf8_bytes].decode(errors="ignore"))


def text_fingerprint(cells: Iterable[tuple[str, str]]) -> str:
    """Of ids and sources, in order; ``ltt_learner.texts`` makes the same on a learner's server."""
    digest = hashlib.sha256()
    for cell_id, source in cells:
        for part in (cell_id, source):
            data = part.encode("utf-8", "surrogatepass")
            digest.update(len(data).to_bytes(8, "big"))
            digest.update(data)
    return digest.hexdigest()


def source_hash(source: str) -> str:
    """A short fingerprint of a cell's source: what a writer was shown and now expects."""
    return hashlib.blake2b(source.encode(), digest_size=8).hexdigest()
