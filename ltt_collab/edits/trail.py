"""Knows in which cell and where in it the next keystroke falls, so that neither need be searched for.

Finding the cell of a change means walking over all cells before it, finding the place over all letters of the cell,
and in a process with thousands of rooms each of them has left the processor's cache: 3.5 and 3 of a keystroke's 46 µs
with 2,000 rooms (and hardly anything with 20).
"""

from __future__ import annotations

from ltt_collab.edits.origins import only_client, read_varint
from ltt_collab.model.ids import ClientId

STRING, LEFT, RIGHT = 0x04, 0x80, 0x40
"""A struct's first byte in an update (Yjs, encoding v1): text, with a left, with a right neighbour named."""

MAP_VALUE = b"\xa8"
"""First byte of a value that replaces another one in a map, as JupyterLab's dirty mark at each keystroke."""

ONE = b"\x01"
"""One value, one client, one range, or one item long."""

NO_DELETIONS = b"\x00"
"""The end of an update that deletes nothing."""

NOWHERE = b"\xff"
"""No update of one client begins so."""

_SMALL, _MIDDLE = 0x80, 0x4000


class Trail:
    """The letter typed last, from which the next one leads on.

    A letter typed behind another names that one as its left neighbour, and lies in the same text. So an update that
    begins with such a letter, new and not known before, changed that text; if only one text changed, it is that one.
    Nothing else can name that neighbour, nor have been put behind it, as long as no other transaction came between:
    the letter comes right behind it.

    ``index``: the cell of the letter typed last; ``at``: the place behind that letter, in code points of an ASCII
    text; ``client``: who typed it.

    Invariants:
        1. ``goes_on`` is true only of an update that is nothing but one ASCII letter behind the last one, with the next
           clock of its client, and perhaps the map's value that it replaces each time.
        2. It holds for the very next transaction: whoever sees another kind of transaction says ``lose``.
    """

    __slots__ = ("_behind", "_clock", "_head", "_link", "_mark", "_marks", "_middle", "_next", "_size", "_step",
                 "_undone", "at", "client", "index")  # fmt: skip

    def __init__(self) -> None:
        self._link = NOWHERE
        self._head = self._behind = self._middle = self._next = self._mark = self._undone = b""
        self._clock = self._step = self._size = 0
        self._marks = False
        self.client = ClientId(0)
        self.index = self.at = -1

    def goes_on(self, update: bytes) -> bool:
        """Whether the update is the next letter (invariant 1)."""
        # All of it is foretold but the letter and the map's value, a byte each.
        return (
            len(update) == self._size
            and update.startswith(self._link)
            and update.startswith(self._mark, len(self._link) + 1)
            and update.endswith(self._undone)
        )

    def lose(self) -> None:
        """Something else happened (invariant 2)."""
        self._link = NOWHERE
        self._size = -1

    def follow(self, update: bytes) -> str:
        """Go on behind the letter of an update that went on; the letter."""
        letter = chr(update[len(self._link)])
        self.at += 1
        self._lay(self._next)
        return letter

    def pick_up(self, update: bytes, index: int, at: int) -> None:
        """An update was told as one ASCII letter, at ``at`` in that cell: go on from there, if it reads so."""
        self.lose()
        try:
            if self._reads_as_letter(update):
                self.index, self.at = index, at + 1
        except IndexError:
            self.lose()

    def _reads_as_letter(self, update: bytes) -> bool:
        step = update[1]
        if update[0] != 1 or not 1 <= step <= 2:
            return False
        self.client, self._head = only_client(update)
        clock, start = read_varint(update, len(self._head))
        info = update[start]
        if info & ~(LEFT | RIGHT) != STRING or not info & (LEFT | RIGHT):
            return False
        right = _after_id(update, start + 1) if info & LEFT else start + 1
        end = _after_id(update, right) if info & RIGHT else right
        self._marks = step > 1
        if update[end] != 1 or not update.startswith(MAP_VALUE if self._marks else NO_DELETIONS, end + 2):
            return False
        # The caret stands before the same letter as before, if before any: the next one has this right neighbour too.
        self._behind = bytes((STRING | LEFT | info & RIGHT,)) + self._head[2:]
        self._middle = update[right : end + 1]
        self._step, self._clock = step, clock
        self._lay(update[len(self._head) : start])
        return True

    def _lay(self, last: bytes) -> None:
        """Expect a letter behind the one whose clock reads ``last``."""
        clock = self._clock
        following = self._next = _varint(clock + self._step)
        self._clock = clock + self._step
        link = self._link = self._head + following + self._behind + last + self._middle
        if self._marks:
            # A value in place of the one before, which is deleted: of one client one range, one item long.
            client, marked = self._head[2:], _varint(clock + 1)
            self._mark = MAP_VALUE + client + marked + ONE
            self._undone = ONE + client + ONE + marked + ONE
            self._size = len(link) + 2 + len(self._mark) + len(self._undone)
        else:
            self._mark = self._undone = NO_DELETIONS
            self._size = len(link) + 2


def _varint(number: int) -> bytes:
    if number < _SMALL:
        return bytes((number,))
    if number < _MIDDLE:
        return bytes((number & 0x7F | 0x80, number >> 7))
    return bytes((number & 0x7F | 0x80,)) + _varint(number >> 7)


def _after_id(update: bytes, at: int) -> int:
    """Where the id that begins at ``at`` ends: two variable-length integers."""
    return read_varint(update, read_varint(update, at)[1])[1]
