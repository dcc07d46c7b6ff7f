"""Listens to a shared document at the price of one callback.

pycrdt's own ``observe_deep`` spends 6 of its 10 µs per keystroke on wrapping events, targets and a read transaction.
``integrated`` is the type that it wraps: its events carry path and delta, which is all that a keystroke needs
(1.5 µs). Whatever has to be read of the document is read after the transaction.

Nothing listens to the ``state`` root: JupyterLab writes its dirty mark with every keystroke, and of all that is there
we want the path only, which is read when the server speaks.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from pycrdt import Array, Doc, Map, Subscription

from ltt_collab.edits.faults import FaultCounter

TEXT = "TextEvent"
ARRAY = "ArrayEvent"
MAP = "MapEvent"
SOURCE = "source"


class Change(NamedTuple):
    """One changed shared type below its root: what kind of type, where it is after the transaction, what changed.

    ``detail`` is a delta for texts and arrays, ``{key: {"action": …}}`` for maps.
    """

    kind: str
    path: list[Any]
    detail: Any


class Capture:
    """The changes of one document since they were last cleared.

    ``shared``: the notebook's cells; ``edit``: index and delta when all that changed is the source of one cell;
    ``cells``: else, what changed in and below the cells; ``meta_keys``: keys of the notebook's own metadata that
    changed; ``mixed``: more than one transaction is in here; ``foretold``: the length that the text will have into
    which, as is known beforehand, one letter comes next; -1 when nothing is foretold; ``came_true``: whether nothing
    but a text changed then, and it has that length.

    Invariants:
        1. No callback raises: an exception there would come out of whoever applies an update.
        2. Changes of two transactions are never mixed: paths of the first mean nothing after the second.
    """

    __slots__ = ("_faults", "_path", "_status", "_subscriptions", "came_true", "cells", "changed", "edit",
                 "foretold", "meta_keys", "mixed", "shared")  # fmt: skip

    def __init__(self, doc: Doc[Any], faults: FaultCounter) -> None:
        self._faults = faults
        self.changed = False
        self.foretold = -1
        self.came_true = False
        self.edit: tuple[int, list[dict[str, Any]]] | None = None
        self.cells: list[Change] = []
        self.meta_keys: set[str] = set()
        self.mixed = False
        self.shared: Array[Any] = doc.get("cells", type=Array)
        meta: Map[Any] = doc.get("meta", type=Map)
        self._status: Map[Any] = doc.get("state", type=Map)
        self._path = self._status.get("path")
        self._subscriptions: list[Subscription] = [
            self.shared.integrated.observe_deep(self._cells_changed),
            meta.integrated.observe_deep(self._meta_changed),
        ]

    def new_path(self) -> str | None:
        """The file's path if it changed since it was last asked for."""
        path = self._status.get("path")
        if path == self._path or not isinstance(path, str):
            return None
        self._path = path
        return path

    def clear(self) -> None:
        """Begin anew: what was captured is told."""
        self.changed = self.mixed = False
        self.edit = None
        self.cells = []
        self.meta_keys = set()

    def spoil(self) -> None:
        """Take what was captured for incomplete."""
        self.generalize()
        self.came_true = False
        self.changed = self.mixed = True

    def generalize(self) -> None:
        """Have an edit among ``cells``, as any change."""
        if self.edit is not None:
            self.cells.append(Change(TEXT, [self.edit[0], SOURCE], self.edit[1]))
            self.edit = None

    def close(self) -> None:
        """Stop listening; without this the document is never freed."""
        for subscription in self._subscriptions:
            subscription.drop()
        self._subscriptions.clear()

    def _cells_changed(self, events: list[Any]) -> None:
        try:
            if not self.changed:
                self.changed = True
                event = events[0]
                if len(events) == 1 and type(event).__name__ == TEXT:
                    # Longer: text that had waited for that letter came in with it.
                    if self.foretold >= 0 and event.target.len(event.transaction) == self.foretold:
                        self.came_true = True
                        return
                    path = event.path
                    if len(path) == 2 and path[1] == SOURCE:
                        self.edit = (path[0], event.delta)
                        return
            self._take(events)
        except BaseException as error:  # noqa: BLE001 - invariant 1; a ``with`` would cost each keystroke a microsecond
            self._faults.note(error)

    def _take(self, events: list[Any]) -> None:
        self.generalize()
        self.mixed = self.mixed or bool(self.cells)
        for event in events:
            kind = type(event).__name__
            if kind in {TEXT, ARRAY}:
                self.cells.append(Change(kind, event.path, event.delta))
            elif kind == MAP:
                self.cells.append(Change(kind, event.path, event.keys))

    def _meta_changed(self, events: list[Any]) -> None:
        self.changed = True
        with self._faults:
            self.generalize()
            for event in events:
                path = event.path
                if path:
                    self.meta_keys.add(str(path[0]))
                else:
                    self.meta_keys.update(map(str, event.keys))
