"""Terminals of a learner's server; read only where the task says so, written only on the learner's own act."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class Terminals(Protocol):
    """The terminals of one Jupyter server."""

    async def names(self) -> Sequence[str]:
        """The open terminals.

        Raises:
            TerminalError
        """
        ...

    async def create(self) -> str:
        """A new terminal; its name.

        Raises:
            TerminalError
        """
        ...

    async def read(self, name: str) -> str:
        """The recent screen and scrollback as plain text: escape sequences resolved, bounded.

        Raises:
            TerminalError
        """
        ...

    async def write(self, name: str, text: str) -> None:
        """Type into it.

        Raises:
            TerminalError
        """
        ...

    async def close(self, name: str) -> None:
        """End a terminal.

        Raises:
            TerminalError
        """
        ...
