"""Kernels that we start on a learner's server, under names that a later life of ours finds again."""

from __future__ import annotations

import os
import re
import secrets
import socket
import time
import zlib
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import anyio
import structlog

from ltt_collab.adapters.jupyter.kernels_link import KernelLink, read_kernel
from ltt_collab.model.errors import KernelError
from ltt_collab.ports.kernels import KernelInfo

log = structlog.get_logger(__name__)

LIFE_SECONDS = 300
"""The longest that a kernel of ours may live: five times the longest task."""

GOODBYE_SECONDS = 10.0
"""For the server to end a kernel at the end of its use."""

AGAIN_SECONDS = 0.5

KIND = "ltt-scratch"
"""The session's type: JupyterLab shows it among the running kernels, and never as a notebook."""

_NAME = re.compile(r"(?:^|/)\.ltt-scratch-(?P<host>\d+)-(?P<pid>\d+)-(?P<until>\d+)-[0-9a-f]+$")


class Scratch:
    """Starts and ends them.

    Invariants:
        1. A kernel is named before it is asked for, so that one whose start was cut off is found by its name.
        2. One is an orphan when its time is up, or when it was started on this machine by a process that is gone.
    """

    def __init__(self, link: KernelLink) -> None:
        self._link = link
        self._host = zlib.crc32(socket.gethostname().encode())
        self._living: set[str] = set()

    @asynccontextmanager
    async def kernel(self, name: str, folder: str) -> AsyncGenerator[KernelInfo]:
        """A fresh kernel, ended at exit.

        Raises:
            KernelUnreachableError
        """
        await self.end_orphans()
        until = int(time.time()) + LIFE_SECONDS
        stem = f".ltt-scratch-{self._host}-{os.getpid()}-{until}-{secrets.token_hex(4)}"
        path = f"{folder.strip('/')}/{stem}".lstrip("/")
        self._living.add(path)  # invariant 1
        session: Mapping[str, Any] | None = None
        try:
            # To be cancelled in the midst of the start would leave a kernel that nobody has the id of.
            with anyio.CancelScope(shield=True):
                session = await self._link.open_session(path, KIND, name)
            assert session is not None
            yield read_kernel(session["kernel"], "")
        finally:
            with anyio.move_on_after(GOODBYE_SECONDS, shield=True) as goodbye:
                await self._end(path, session)
            if goodbye.cancelled_caught:
                log.warning("kernel not ended: a later life of ours finds it by its name", path=path)
            self._living.discard(path)

    async def end_orphans(self) -> int:
        """End what an earlier life left behind (invariant 2)."""
        ended = 0
        for session in await self._link.sessions():
            if session.get("type") == KIND and self._is_orphan(str(session.get("path", ""))):
                await self._link.end_session(str(session.get("id", "")))
                log.warning("ended a kernel that an earlier life left behind", path=session.get("path"))
                ended += 1
        return ended

    def _is_orphan(self, path: str) -> bool:
        name = _NAME.search(path)
        if name is None or path in self._living:
            return False
        if int(name["until"]) < time.time():
            return True
        if int(name["host"]) != self._host:
            return False
        return int(name["pid"]) == os.getpid() or not _is_running(int(name["pid"]))

    async def _end(self, path: str, session: Mapping[str, Any] | None) -> None:
        """End a kernel; a server fails to while it replaces one that died, so it is asked until it did."""
        while True:
            try:
                found = [session] if session is not None else await self._named(path)
                for each in found:
                    await self._link.end_session(str(each.get("id", "")))
            except KernelError as error:
                log.info("kernel not ended yet", path=path, reason=str(error))
                await anyio.sleep(AGAIN_SECONDS)
            else:
                return

    async def _named(self, path: str) -> list[Mapping[str, Any]]:
        return [each for each in await self._link.sessions() if each.get("path") == path]


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
