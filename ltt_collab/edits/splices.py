"""pycrdt's text deltas (retain, delete, insert; in UTF-8 bytes) as splices in code points."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ltt_collab.edits.slots import CellSlot
from ltt_collab.model.edits import Splice

Delta = Sequence[Mapping[str, Any]]
"""``[{"retain": 10}, {"delete": 2}, {"insert": "x"}]``; an insert may also be an embedded object."""


class EmbeddedObjectError(Exception):
    """A text holds something that is no text."""


def ascii_splices(delta: Delta) -> tuple[tuple[Splice, ...], int, bool]:
    """The splices of a delta on an ASCII text, by how much it grew in bytes, whether it is ASCII still.

    Raises:
        EmbeddedObjectError
    """
    if not delta:
        return (), 0, True  # written and deleted again within one transaction
    last = delta[-1].get("insert")
    if type(last) is str and last.isascii() and len(delta) <= 2:
        # A keystroke: told without the general way, which takes three times as long.
        at = 0 if len(delta) == 1 else delta[0].get("retain")
        if at is not None:
            return (Splice(at, 0, last),), len(last), True
    return _ascii_splices(delta)


def _ascii_splices(delta: Delta) -> tuple[tuple[Splice, ...], int, bool]:
    splices: list[Splice] = []
    at = grown = deleted = 0
    inserted = ""
    plain = True
    for part in delta:
        if "insert" in part:
            text = _text_of(part)
            if text.isascii():
                grown += len(text)
            else:
                plain = False
            inserted += text
        elif "delete" in part:
            deleted += part["delete"]
        else:
            if deleted or inserted:
                splices.append(Splice(at, deleted, inserted))
                at += len(inserted)
                grown -= deleted
                deleted, inserted = 0, ""
            at += part["retain"]
    if deleted or inserted:
        splices.append(Splice(at, deleted, inserted))
        grown -= deleted
    return tuple(splices), grown, plain


def utf8_splices(delta: Delta, old: bytes) -> tuple[tuple[Splice, ...], bytes]:
    """The splices of a delta on the text ``old``, and the text after it.

    Raises:
        EmbeddedObjectError
        UnicodeDecodeError: the delta cuts a character, so it does not belong to this text.
    """
    splices: list[Splice] = []
    new: list[bytes] = []
    at = deleted = cursor = 0
    inserted = ""
    for part in [*delta, {"retain": len(old)}]:
        if "insert" in part:
            inserted += _text_of(part)
        elif "delete" in part:
            deleted += len(old[cursor : cursor + part["delete"]].decode())
            cursor += part["delete"]
        else:
            if deleted or inserted:
                splices.append(Splice(at, deleted, inserted))
                new.append(inserted.encode())
                at += len(inserted)
                deleted, inserted = 0, ""
            kept = old[cursor : cursor + part["retain"]]
            new.append(kept)
            at += len(kept.decode())
            cursor += part["retain"]
    return tuple(splices), b"".join(new)


def difference(old: str, new: str) -> tuple[Splice, ...]:
    """The one splice that makes ``new`` of ``old``; none if they are equal."""
    if old == new:
        return ()
    shorter = min(len(old), len(new))
    start = next((i for i in range(shorter) if old[i] != new[i]), shorter)
    tail = next((i for i in range(shorter - start) if old[-1 - i] != new[-1 - i]), shorter - start)
    return (Splice(start, len(old) - tail - start, new[start : len(new) - tail]),)


def follow(slot: CellSlot, delta: Delta, source: tuple[str, int]) -> tuple[Splice, ...]:
    """The splices of a delta on a cell whose text is remembered and that holds ``source`` now; the slot follows.

    Whatever the delta says, the splices make of the remembered text what the cell holds now.
    """
    old, text = slot.text or b"", source[0]
    try:
        splices, new = utf8_splices(delta, old)
    except (EmbeddedObjectError, UnicodeDecodeError):
        splices, new = (), b""
    if new != text.encode(errors="replace"):
        splices = difference(old.decode(), text)
    slot.remember(*source)
    return splices


def apply_splices(text: str, splices: Iterable[Splice]) -> str:
    """The text after the splices, one after the other."""
    for splice in splices:
        text = text[: splice.at] + splice.inserted + text[splice.at + splice.deleted :]
    return text


def _text_of(part: Mapping[str, Any]) -> str:
    text = part["insert"]
    if not isinstance(text, str):
        raise EmbeddedObjectError
    return text
