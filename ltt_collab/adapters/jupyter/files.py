"""New files on a real Jupyter server, by its Contents API."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import PurePosixPath
from typing import Any

import structlog

from ltt_collab.adapters.jupyter.address import quoted_path
from ltt_collab.adapters.jupyter.histories import JupyterHistories
from ltt_collab.adapters.jupyter.rest import Answer, RestClient
from ltt_collab.model.errors import DeliveryError, RoomError
from ltt_collab.ports.histories import DocumentHistories

log = structlog.get_logger(__name__)

CONTENTS = "api/contents/"

MOST_FILES = 200
MOST_BYTES = 16 * 1024 * 1024
DEEPEST = 4
"""Bounds of what is read of a folder, which may be somebody's whole home: files, bytes together, folders deep."""

NAME_BYTES = 4
"""Random bytes in the name under which a file is uploaded: two uploads at once do not meet."""


class JupyterFiles:
    """Creates files on one server; see ``ports.files.LearnerFiles``.

    Invariants:
        1. No existing file is replaced: a file is uploaded under a name of its own and then renamed, which the server
           refuses when the name is taken.
        2. What was uploaded and could not be renamed is removed again.
    """

    def __init__(self, rest: RestClient) -> None:
        self._rest = rest
        self.histories: DocumentHistories = JupyterHistories(rest)
        """What the room server keeps of notebooks beside their files."""

    async def exists(self, path: str) -> bool:
        """Whether there is a file or folder.

        Raises:
            DeliveryError
        """
        answer = await self._ask(path, "GET", query={"content": "0"})
        if answer.status == HTTPStatus.OK:
            return True
        if answer.status == HTTPStatus.NOT_FOUND:
            return False
        raise _refused(path, answer)

    async def create(self, path: str, content: bytes) -> bool:
        """Put a new file there; False when there is one already.

        Raises:
            DeliveryError
        """
        if await self.exists(path):
            return False
        await self._make_folders(path)
        folder, _, name = path.rpartition("/")
        stem, dot, suffix = name.rpartition(".")
        upload = (
            f"{folder}/" * bool(folder) + f"{stem or name} {secrets.token_hex(NAME_BYTES)}{dot}{suffix * bool(dot)}"
        )
        answer = await self._ask(upload, "PUT", body=_model(path, content))
        if answer.status not in (HTTPStatus.OK, HTTPStatus.CREATED):
            raise _refused(path, answer)
        renamed = await self._ask(upload, "PATCH", body={"path": path})
        if renamed.status == HTTPStatus.OK:
            return True
        await self._ask(upload, "DELETE")  # invariant 2
        if renamed.status == HTTPStatus.CONFLICT:  # invariant 1
            return False
        raise _refused(path, renamed)

    async def below(self, folder: str) -> Mapping[str, bytes]:
        """The files in and below a folder, by their path in it, up to ``MOST_FILES`` and ``MOST_BYTES``.

        Raises:
            DeliveryError
        """
        found: dict[str, bytes] = {}
        room = MOST_BYTES
        folders = [folder.strip("/")]
        while folders:
            here = folders.pop(0)
            for entry in await self._entries(here):
                path = f"{here}/{entry['name']}".lstrip("/")
                if entry["type"] == "directory" and path.count("/") - folder.count("/") <= DEEPEST:
                    folders.append(path)
                size = entry.get("size") or 0
                if entry["type"] != "file" or size > room:
                    continue
                if len(found) == MOST_FILES:
                    log.info("a folder has more files than are read", folder=folder, read=len(found))
                    return found
                content = await self._content(path)
                room -= len(content)
                found[path.removeprefix(folder.strip("/")).lstrip("/")] = content
        return found

    async def _entries(self, folder: str) -> list[dict[str, Any]]:
        answer = await self._ask(folder, "GET", query={"content": "1", "type": "directory"})
        said = answer.json()
        content = said.get("content") if isinstance(said, dict) else None
        if answer.status != HTTPStatus.OK or not isinstance(content, list):
            raise _refused(folder, answer)
        return [each for each in content if isinstance(each, dict) and {"name", "type"} <= each.keys()]

    async def _content(self, path: str) -> bytes:
        answer = await self._ask(path, "GET", query={"content": "1", "type": "file", "format": "base64"})
        said = answer.json()
        content = said.get("content") if isinstance(said, dict) else None
        if answer.status != HTTPStatus.OK or not isinstance(content, str):
            raise _refused(path, answer)
        return base64.b64decode(content)

    async def _make_folders(self, path: str) -> None:
        parts = path.split("/")[:-1]
        for depth in range(1, len(parts) + 1):
            folder = "/".join(parts[:depth])
            if not await self.exists(folder):
                answer = await self._ask(folder, "PUT", body={"type": "directory"})
                if answer.status not in (HTTPStatus.OK, HTTPStatus.CREATED):
                    raise _refused(folder, answer)

    async def _ask(self, path: str, method: str, *, body: object = None, query: dict[str, str] | None = None) -> Answer:
        try:
            return await self._rest.ask(method, CONTENTS + quoted_path(path), body=body, query=query)
        except RoomError as error:
            raise DeliveryError(path, str(error)) from error


def _upload_name(path: str) -> str:
    """A name beside the file's own, with its suffix: the server tells a notebook by it."""
    place = PurePosixPath(path)
    return str(place.with_name(f"{place.stem} {secrets.token_hex(NAME_BYTES)}{place.suffix}"))


def _model(path: str, content: bytes) -> dict[str, Any]:
    if path.endswith(".ipynb"):
        return {"type": "notebook", "format": "json", "content": json.loads(content)}
    return {"type": "file", "format": "base64", "content": base64.b64encode(content).decode("ascii")}


def _refused(path: str, answer: Answer) -> DeliveryError:
    return DeliveryError(path, f"the server answered {answer.status} {answer.message}".rstrip())
