"""Applies updates of others at the price of one call into the CRDT library.

``Doc.apply_update`` inside ``doc.transaction(origin=…)`` goes through two context managers, a lock and a dictionary of
origins, all written in Python: 3 to 4 of the 6 to 7 µs of a keystroke. The type that it wraps is called here instead.
What is left out is only bookkeeping of pycrdt's own Python layer, and none of it is needed: nobody of ours reads or
writes the document while an update is applied, and the document belongs to one thread.
"""

from __future__ import annotations

from typing import Any

from pycrdt import Doc


class Intake:
    """The one way by which others' updates come into one document.

    Invariants:
        1. The transaction carries ``origin``, for whoever observes the document.
        2. What an observer of pycrdt's own layer raised comes out as an ``ExceptionGroup``, as pycrdt has it.
        3. The transaction is over when ``take`` returns or raises.
    """

    __slots__ = ("_failures", "_native", "_origin", "doc")

    def __init__(self, doc: Doc[Any], origin: str) -> None:
        self.doc = doc
        self._native: Any = doc._doc
        self._failures: list[Exception] = doc._exceptions
        self._origin = hash(origin)
        doc._origins[self._origin] = origin

    def take(self, update: bytes) -> None:
        """Apply an update in a transaction of its own.

        Raises:
            RuntimeError: a transaction is open, so this is called from within one.
            BaseException: the library could not read the update, or panicked over it.
        """
        transaction = self._native.create_transaction_with_origin(self._origin)
        try:
            self._native.apply_update(transaction, update)
            transaction.commit()
        finally:
            transaction.drop()
        if self._failures:
            raised = tuple(self._failures)
            self._failures.clear()
            raise ExceptionGroup("Observer callback error", raised)
