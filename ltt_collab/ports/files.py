"""The files of one learner's server, as delivering and checking a task need them: read, or new ones only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class LearnerFiles(Protocol):
    """Puts new files on a learner's server; nothing that exists is ever replaced."""

    async def exists(self, path: str) -> bool:
        """Whether there is a file or folder.

        Raises:
            DeliveryError: the server cannot be asked.
        """
        ...

    async def create(self, path: str, content: bytes) -> bool:
        """Put a new file there, with the folders above it; False, and nothing is changed, when there is one already.

        A notebook (``.ipynb``) is given as its JSON text in UTF-8. Either the whole file appears or none.

        Raises:
            DeliveryError
        """
        ...

    async def below(self, folder: str) -> Mapping[str, bytes]:
        """The files in and below a folder, by their path in it; no notebooks, nothing hidden, and no more than fits.

        Raises:
            DeliveryError
        """
        ...
