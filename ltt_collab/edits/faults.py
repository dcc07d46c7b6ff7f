"""The decoder's one exception boundary."""

from __future__ import annotations

from types import TracebackType


class FaultCounter:
    """Swallows and counts what goes wrong inside a ``with`` block; ``pending`` until it is taken note of.

    A notebook holds what browsers put there, so reading it may fail in any way, Rust panics included (pycrdt raises
    those past ``except Exception``). The room must survive: whoever uses this re-reads the whole document then.
    """

    __slots__ = ("count", "last", "pending")

    def __init__(self) -> None:
        self.count = 0
        self.last: BaseException | None = None
        self.pending = False

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if error is not None:
            self.note(error)
        return True

    def note(self, error: BaseException) -> None:
        """Count what went wrong.

        Raises:
            BaseException: ``error`` itself, if it is no fault but the end of the process or of a task.
        """
        if not isinstance(error, Exception) and type(error).__module__ != "pyo3_runtime":
            raise error
        self.count += 1
        self.last = error
        self.pending = True
