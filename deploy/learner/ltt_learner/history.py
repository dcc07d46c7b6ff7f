"""Is a stored history whole? Two readers must see the same text in it.

yrs (the server, a pycrdt peer) applies updates across a hole, Yjs (the browser) parks them as pending: from then on
the learner sees less than is saved. A history is whole when no client's operations have a gap, the first included.
"""

from __future__ import annotations

from collections.abc import Sequence

from pycrdt import Decoder, Doc, get_state, get_update, merge_updates


class BrokenHistoryError(Exception):
    """The stored history cannot be used: {reason}."""


def merge_whole(updates: Sequence[bytes]) -> bytes:
    """One update that says the same as all of them.

    Raises:
        BrokenHistoryError: the updates have a hole, or one of them cannot be read.
    """
    try:
        merged = updates[0] if len(updates) == 1 else merge_updates(*updates)
        # The state vector ends before the first gap, so whatever lies beyond it lies behind a hole.
        beyond = get_update(merged, get_state(merged))
        Doc().apply_update(merged)
    except (ValueError, RuntimeError) as error:
        raise BrokenHistoryError(f"an update cannot be read ({error})") from error
    clients_beyond = Decoder(beyond).read_var_uint()
    if clients_beyond:
        raise BrokenHistoryError(f"a hole in the operations of {clients_beyond} client(s)")
    return merged
