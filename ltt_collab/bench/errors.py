"""Why a benchmark has no figures."""

from __future__ import annotations

from ltt_collab.model.errors import LttError


class BenchmarkError(LttError):
    """A benchmark could not be run; ``reason`` says what is missing or what went wrong, and what to do."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"nothing was measured: {reason}")
        self.reason = reason
