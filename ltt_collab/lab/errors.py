"""Why there is no JupyterLab."""

from __future__ import annotations

from ltt_collab.model.errors import LttError


class LabError(LttError):
    """A JupyterLab of ours could not be started, or ended; ``remedy`` is what to do, or the end of its log."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(f"{what}; {remedy}")
        self.what, self.remedy = what, remedy
