"""Versions and forks of notebooks, as jupyter-collaboration's own endpoints have them."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from ltt_collab.adapters.jupyter.address import quoted_path
from ltt_collab.adapters.jupyter.rest import Answer, RestClient
from ltt_collab.adapters.jupyter.versions import SESSION_ENDPOINT
from ltt_collab.model.errors import RoomRefusedError
from ltt_collab.ports.histories import Fork

FORK, TIMELINE, UNDO = "api/collaboration/fork/", "api/collaboration/timeline/", "api/collaboration/undo_redo/"

NOTEBOOK = {"format": "json", "type": "notebook"}

KNOWN_SECONDS = 60.0
"""How long a list of versions holds: the server makes a copy of the document for each, and keeps it until it ends."""

KNOWN_PATHS = 200


class JupyterHistories:
    """One server's; see ``ports.histories.DocumentHistories``."""

    def __init__(self, rest: RestClient) -> None:
        self._rest = rest
        self._versions: OrderedDict[str, tuple[float, Sequence[float]]] = OrderedDict()

    async def versions(self, path: str) -> Sequence[float]:
        """When the versions came to be, as far as the server remembers, and as it was within ``KNOWN_SECONDS``.

        Raises:
            RoomUnreachableError, RoomRefusedError
        """
        known = self._versions.get(path)
        if known is not None and time.monotonic() - known[0] < KNOWN_SECONDS:
            return known[1]
        target = TIMELINE + quoted_path(path)
        said = _object(target, await self._rest.demand("GET", target, query=NOTEBOOK))
        moments = [float(each) for each in said.get("timestamps", []) if isinstance(each, int | float)]
        copy = said.get("forkRoom")
        if isinstance(copy, str):
            # The copy was made to be leafed through; without this the server keeps it twice.
            query = {"action": "restore", "steps": "0", "forkRoom": copy}
            await self._rest.ask("PUT", UNDO + quote(str(said.get("roomId", "")), safe=":"), query=query)
        self._versions[path] = (time.monotonic(), moments)
        while len(self._versions) > KNOWN_PATHS:
            self._versions.popitem(last=False)
        return moments

    async def forks(self, path: str) -> Sequence[Fork]:
        """The forks there are.

        Raises:
            RoomUnreachableError, RoomRefusedError
        """
        target = FORK + await self._room(path)
        said = _object(target, await self._rest.demand("GET", target))
        return [_fork(name, info) for name, info in said.items()]

    async def fork(self, path: str, title: str, *, synchronized: bool) -> Fork:
        """Copy the notebook as it is now.

        Raises:
            RoomUnreachableError, RoomRefusedError
        """
        target = FORK + await self._room(path)
        body = {"title": title, "description": "", "synchronize": synchronized}
        said = _object(target, await self._rest.demand("PUT", target, body=body))
        return _fork(str(said.get("fork_roomid", "")), said.get("fork_info"))

    async def merge(self, fork: str) -> None:
        """Bring what was changed in a fork into its original, and end the fork.

        Raises:
            RoomUnreachableError, RoomRefusedError
        """
        await self._rest.demand("DELETE", FORK + quote(fork, safe=""), query={"merge": "true"})

    async def _room(self, path: str) -> str:
        target = SESSION_ENDPOINT + quoted_path(path)
        said = _object(target, await self._rest.demand("PUT", target, body=NOTEBOOK))
        return f"json:notebook:{said.get('fileId', '')}"


def _object(target: str, answer: Answer) -> dict[str, Any]:
    said = answer.json()
    if not isinstance(said, dict):
        raise RoomRefusedError(target, answer.status, "the answer is no JSON object")
    return said


def _fork(name: str, info: object) -> Fork:
    told = info if isinstance(info, dict) else {}
    return Fork(id=name, title=str(told.get("title", "")), synchronized=told.get("synchronize") is True)
