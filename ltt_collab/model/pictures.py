"""Pictures in a notebook's outputs, as somebody else may be given them."""

from __future__ import annotations

import base64
import binascii
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

RASTER = ("image/png", "image/jpeg", "image/gif")
"""Kinds that are made of pixels, the better first."""

PICTURES = (*RASTER, "image/svg+xml")
"""The kinds that a browser is shown."""

BYTES_LIMIT = 8 * 1024 * 1024
"""Of one picture: a large plot has a tenth of it."""

PIXELS_LIMIT = 40_000_000
"""Of one picture: a few bytes of PNG may unfold to more memory than a browser has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture whose content is what its kind says, as far as its head tells."""

    media_type: str
    content: bytes


def picture_of(bundle: Mapping[str, Any], kinds: Sequence[str] = PICTURES) -> Picture | None:
    """The best picture of a MIME bundle, of these ``PICTURES``; None when it has none that may be shown."""
    for kind in kinds:
        value = bundle.get(kind)
        text = "".join(part for part in value if isinstance(part, str)) if isinstance(value, list) else value
        if isinstance(text, str) and len(text) <= BYTES_LIMIT * 4 // 3:
            content = _svg(text) if kind == "image/svg+xml" else _decoded(text, kind)
            if content is not None:
                return Picture(media_type=kind, content=content)
    return None


def _svg(text: str) -> bytes | None:
    # Inside <img> an SVG neither runs nor loads anything. Entities may unfold without bound, and drawings need none.
    if "<svg" not in text or "<!ENTITY" in text.upper():
        return None
    return text.encode(errors="replace")


def _decoded(text: str, kind: str) -> bytes | None:
    try:
        content = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return None
    size = {"image/png": _png_size, "image/gif": _gif_size, "image/jpeg": _jpeg_size}[kind](content)
    return content if size is not None and 0 < size[0] * size[1] <= PIXELS_LIMIT else None


def _png_size(content: bytes) -> tuple[int, int] | None:
    if len(content) < 24 or not content.startswith(b"\x89PNG\r\n\x1a\n") or content[12:16] != b"IHDR":
        return None
    width, height = struct.unpack(">II", content[16:24])
    return width, height


def _gif_size(content: bytes) -> tuple[int, int] | None:
    if len(content) < 10 or content[:6] not in {b"GIF87a", b"GIF89a"}:
        return None
    width, height = struct.unpack("<HH", content[6:10])
    return width, height


_FRAME_HEADERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def _jpeg_size(content: bytes) -> tuple[int, int] | None:
    if not content.startswith(b"\xff\xd8"):
        return None
    at = 2
    while at + 9 <= len(content) and content[at] == 0xFF:
        marker, length = content[at + 1], int.from_bytes(content[at + 2 : at + 4], "big")
        if marker in _FRAME_HEADERS:
            height, width = struct.unpack(">HH", content[at + 5 : at + 9])
            return width, height
        at += 2 + max(length, 2)
    return None
