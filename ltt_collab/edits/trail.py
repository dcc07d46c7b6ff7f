"""Knows in which cell the next keystroke falls, so that it need not be searched for.

Finding the cell of a change means walking over all cells before it, and in a process with thousands of rooms each of
them has left the processor's cache: 3.5 of a keystroke's 40 µs with 2,000 rooms (and hardly anything with 20).
"""

from __future__ import annotations

from ltt_collab.edits.origins import only_client, read_varint
from ltt_collab.model.ids import ClientId

STRING, LEFT, RIGHT = 0x04, 0x80, 0x40
"""A struct's first byte in an update (Yjs, encoding v1): text, with a left, with a right neighbour named."""

MAP_VALUE = b"\xa8"
"""First byte of a value that replaces another one in a map, as JupyterLab's dirty mark at each keystroke."""

NO_DELETIONS = b"\x00"
"""The end of an update that deletes nothing."""

NOWHERE = b"\xff"
"""No update of one client begins so."""

_SMALL, _MIDDLE = 0x80, 0x4000


class Trail:
    """The letter typed last, from which the next one leads on.

    A letter typed behind another names that one as its left neighbour, and lies in the same text. So an update that
    begins with such a letter, new and not known before, changed that text; if only one text changed, it is that one.

    ``index``: the cell of the letter typed last; ``client``: who typed it.

    Invariants:
        1. ``goes_on`` is true only of an update whose first struct is one ASCII letter behind the last one, with the
           next clock of its client, and that holds no other text.
        2. It holds for the very next transaction: whoever sees another kind of transaction says ``lose``.
    """

    __slots__ = ("_behind", "_clock", "_end", "_head", "_link", "_middle", "_next", "_step", "client", "index")

    def __init__(self) -> None:
        self._link = NOWHERE
        self._end = self._head = self._behind = self._middle = self._next = b""
        self._clock = self._step = 0
        self.client = ClientId(0)
        self.index = -1

    def goes_on(self, update: bytes) -> bool:
        """Whether the update is the next letter (invariant 1)."""
        # Behind the letter: no deletions after one struct, or a second struct that is a map's value.
        return update.startswith(self._link) and update.startswith(self._end, len(self._link) + 1)

    def lose(self) -> None:
        """Something else happened (invariant 2)."""
        self._link = NOWHERE

    def follow(self) -> None:
        """The update that went on was told as one letter: from there it goes on."""
        self._lay(self._next)

    def pick_up(self, update: bytes, index: int) -> None:
        """An update was told as one ASCII letter in the cell at ``index``: go on from there, if it reads so."""
        self._link = NOWHERE
        try:
            if self._reads_as_letter(update):
                self.index = index
        except IndexError:
            self._link = NOWHERE

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
        self._end = MAP_VALUE if step > 1 else NO_DELETIONS
        if update[end] != 1 or not update.startswith(self._end, end + 2):
            return False
        # The caret stands before the same letter as before, if before any: the next one has this right neighbour too.
        self._behind = bytes((STRING | LEFT | info & RIGHT,)) + self._head[2:]
        self._middle = update[right : end + 1]
        self._step, self._clock = step, clock
        self._lay(update[len(self._head) : start])
        return True

    def _lay(self, last: bytes) -> None:
        """Expect a letter behind the one whose clock reads ``last``."""
        clock = self._clock = self._clock + self._step
        following = self._next = _varint(clock)
        self._link = self._head + following + self._behind + last + self._middle


def _varint(number: int) -> bytes:
    if number < _SMALL:
        return bytes((number,))
    if number < _MIDDLE:
        return bytes((number & 0x7F | 0x80, number >> 7))
    return bytes((number & 0x7F | 0x80,)) + _varint(number >> 7)


def _after_id(update: bytes, at: int) -> int:
    """Where the id that begins at ``at`` ends: two variable-length integers."""
    return read_varint(update, read_varint(update, at)[1])[1]
