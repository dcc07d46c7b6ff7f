"""Positions in a cell's text: code points ↔ Yjs relative positions, exactly as JupyterLab reads and writes them.

A Yjs relative position names the character that follows it by ``(client, clock)``; clocks count UTF-16 units.
pycrdt's sticky index finds the right *item* (a run of characters that one client wrote in one go) but adds a UTF-8
byte offset to its first clock (pycrdt #382, open), and panics at the end of a text. So every clock is corrected
here, by what pycrdt answers without fail: for a clock inside a visible item, ``get_index`` returns *the item's
first byte + the clock's distance from the item's first clock*. That sum minus the clock is the same for all clocks of
an item, which shows where the item begins.

Known limit: two items of one client look like one when they adjoin in the text and the clocks between them went, unit
for unit, to another cell at just the byte offset that would belong there. The caret is then drawn some characters off.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self, TypeGuard

from pycrdt import Assoc, StickyIndex, Text

from ltt_collab.documents.replica import Replica, is_panic
from ltt_collab.model.ids import ClientId
from ltt_collab.model.text import code_point_offset, utf8_length, utf8_offset, utf16_length
from ltt_collab.ports.presence import CursorState

NOWHERE = -1
"""Offset of a clock that lies in no item of which we know."""


@dataclass(frozen=True, slots=True)
class ItemId:
    """The id of one character or one shared type: who made it, and when by that client's own count."""

    client: ClientId
    clock: int

    @classmethod
    def from_json(cls, data: object) -> Self | None:
        """Read ``{"client": …, "clock": …}``; None for anything else."""
        if not isinstance(data, Mapping):
            return None
        client, clock = data.get("client"), data.get("clock")
        if not _is_count(client) or not _is_count(clock):
            return None
        return cls(ClientId(client), clock)

    def as_json(self) -> dict[str, int]:
        """The id as Yjs writes it."""
        return {"client": self.client, "clock": self.clock}


def type_id(text: Text) -> ItemId:
    """The id of the shared type itself, by which JupyterLab's cursors name the cell.

    Raises:
        TypeError: the text is a root type, which has a name and no id.
    """
    found = ItemId.from_json(text.sticky_index(0, Assoc.BEFORE).to_json().get("type"))
    if found is None:
        raise TypeError("a root text has no id of its own")
    return found


class TextMap:
    """One cell's text as it is now, and where each position of it lies in the CRDT.

    Good until the next change of the document: make a new one then.
    """

    def __init__(self, replica: Replica, text: Text) -> None:
        self._text = text
        self.source = str(text)
        self._bytes = utf8_length(self.source)
        self._ascii = self.source.isascii()
        self._ascii_prefix = _ascii_prefix(self.source)
        self._clocks = replica.clocks()

    def relative(self, position: int) -> dict[str, Any]:
        """The relative position of a code point offset, all four keys; the end of the text has ``item`` null."""
        item = None if position >= len(self.source) else self.item_at(position).as_json()
        return {"type": type_id(self._text).as_json(), "tname": None, "item": item, "assoc": 0}

    def cursor(self, anchor: int, head: int) -> CursorState:
        """A caret or selection as an entry of awareness ``cursors``."""
        return {
            "anchor": self.relative(anchor),
            "head": self.relative(head),
            "primary": True,
            "empty": anchor == head,
        }

    def item_at(self, position: int) -> ItemId:
        """The true id of the character at a code point offset less than the text's length."""
        offset = utf8_offset(self.source, position)
        found = self._raw_item(offset)
        if offset <= self._ascii_prefix or self._ascii:
            return found
        return self._corrected(found, offset)

    def _corrected(self, raw: ItemId, offset: int) -> ItemId:
        """Take the excess of bytes over UTF-16 units out of a clock that pycrdt made."""
        shift = raw.clock - offset
        before = self.source.encode()[:offset].decode()
        excess = offset - utf16_length(before)
        for clock in range(raw.clock, raw.clock - excess - 1, -1):
            if not self._lies_at(ItemId(raw.client, clock), clock - shift):
                continue
            start = self._item_start(ItemId(raw.client, clock), -shift)
            start_offset = start - shift
            if start_offset > offset or not self._is_boundary(start_offset):
                continue  # another item of the same client, here or in another cell, that has the same shift
            true = start + utf16_length(self.source.encode()[start_offset:offset].decode(errors="ignore"))
            if true <= clock:
                return ItemId(raw.client, true)
        return raw

    def position_of(self, item: ItemId) -> int | None:
        """The code point offset of a character; of a deleted one, where it was; None if we do not know it."""
        offset = self._offset_of(item)
        if offset == NOWHERE or offset > self._bytes:
            return None
        if self._ascii or offset <= self._ascii_prefix or not self._is_visible(item, offset):
            return code_point_offset(self.source, offset)
        start = self._item_start(item, offset - item.clock)
        start_offset = start + offset - item.clock
        rest = self.source.encode()[start_offset:].decode(errors="ignore")
        return code_point_offset(self.source, start_offset) + _code_points(rest, item.clock - start)

    def resolve(self, relative: object) -> int | None:
        """The code point offset that a relative position of somebody else stands for; None if it is not in here."""
        if not isinstance(relative, Mapping):
            return None
        assoc = relative.get("assoc")
        after = not isinstance(assoc, int) or assoc >= 0
        if relative.get("item") is None:
            return len(self.source) if after else 0
        item = ItemId.from_json(relative["item"])
        if item is None:
            return None
        position = self.position_of(item)
        if position is None or after:
            return position
        # A position bound to the character on its left lies behind that character, if it is still there.
        stands = position < len(self.source) and self.item_at(position) == item
        return position + stands

    def _raw_item(self, offset: int) -> ItemId:
        found = ItemId.from_json(self._text.sticky_index(offset, Assoc.AFTER).to_json().get("item"))
        if found is None:
            raise IndexError(f"no character at byte {offset} of {self._bytes}")
        return found

    def _is_visible(self, item: ItemId, offset: int) -> bool:
        """Whether a character that pycrdt places at that offset still stands there: a deleted one has a place too."""
        return offset < self._bytes and self._raw_item(offset) == item

    def _is_boundary(self, offset: int) -> bool:
        return utf8_offset(self.source, code_point_offset(self.source, offset)) == offset

    def _lies_at(self, item: ItemId, offset: int) -> bool:
        return self._offset_of(item) == offset and self._is_visible(item, offset)

    def _item_start(self, item: ItemId, shift: int) -> int:
        """The first clock of the run around ``item`` in which offset - clock = ``shift``.

        Stops early where everything before is ASCII: bytes and UTF-16 units are the same there.
        """
        clock = item.clock
        while clock > 0 and clock + shift > self._ascii_prefix:
            if not self._lies_at(ItemId(item.client, clock - 1), clock - 1 + shift):
                break
            clock -= 1
        return clock

    def _offset_of(self, item: ItemId) -> int:
        if item.clock >= self._clocks.get(item.client, 0):
            return NOWHERE  # pycrdt panics on what it does not know
        sticky = StickyIndex.from_json({"item": item.as_json(), "assoc": 0}, self._text)
        try:
            return sticky.get_index()
        except BaseException as error:
            if is_panic(error):
                return NOWHERE
            raise


def _is_count(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 53


def _ascii_prefix(text: str) -> int:
    return next((index for index, char in enumerate(text) if not char.isascii()), len(text))


def _code_points(text: str, units: int) -> int:
    """How many whole code points lie in the first ``units`` UTF-16 units."""
    count = 0
    for char in text:
        units -= utf16_length(char)
        if units < 0:
            break
        count += 1
    return count
