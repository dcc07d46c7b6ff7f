"""Text of others, made fit to be looked at: nothing hidden, nothing that reorders what stands around it."""

from __future__ import annotations

import re

from markupsafe import Markup, escape

NAME_LIMIT = 60
"""Characters shown of a name: enough for any real one, and a flood of them breaks no page."""

_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufff9-\ufffb]")
_BIDI = re.compile(r"[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_INVISIBLE = re.compile(r"[\u00ad\u200b\u2060-\u2064\ufeff\U000e0000-\U000e007f]")
_HIDDEN = re.compile(f"{_CONTROLS.pattern}|{_BIDI.pattern}|{_INVISIBLE.pattern}")


def plain(text: str, limit: int) -> str:
    """The text without what hides or reorders text, cut after ``limit`` characters; still to be escaped."""
    cut = _HIDDEN.sub("\ufffd", text[: limit + 1])
    return cut if len(cut) <= limit else f"{cut[: limit - 1]}…"


def name(text: str) -> str:
    """A name on one line; "somebody" when nothing of it can be seen."""
    return plain(" ".join(text[: 4 * NAME_LIMIT].split()), NAME_LIMIT).strip("\ufffd ") or "somebody"


def marked(text: str) -> Markup:
    """The text as HTML, each hidden character in a box that names it.

    The characters stay in place, so that a position in the text is a position in the page; the box ends their effect.
    """
    found = list(_HIDDEN.finditer(text))
    if not found:
        return escape(text)
    parts, last = [], 0
    for match in found:
        parts += [escape(text[last : match.start()]), _box(match.group())]
        last = match.end()
    return Markup("").join([*parts, escape(text[last:])])


def utf16(text: str, code_points: int) -> int:
    """A position as JavaScript counts it; one behind the end is the end."""
    head = text[: max(code_points, 0)]
    return len(head) if head.isascii() else len(head.encode("utf-16-le", "surrogatepass")) // 2


def _box(character: str) -> Markup:
    code = f"U+{ord(character):04X}"
    # A browser makes other characters of NUL and of a lone surrogate, each of the same length.
    shown = "\ufffd" if _CONTROLS.match(character) else character
    return Markup('<bdi class="hidden-character" title="{0}" data-code="{0}">{1}</bdi>').format(code, shown)
