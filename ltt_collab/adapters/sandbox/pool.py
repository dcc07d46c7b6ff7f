"""The sandbox: hands out fresh kernels, and keeps one or two warm."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

import anyio
from anyio.abc import TaskGroup, TaskStatus

from ltt_collab.adapters.sandbox import processes
from ltt_collab.adapters.sandbox.kernel import SandboxKernel
from ltt_collab.adapters.sandbox.processes import KernelProcess, KernelProcesses
from ltt_collab.adapters.sandbox.wire import Wire
from ltt_collab.model.errors import BadFilePathError, KernelError, SandboxUnavailableError
from ltt_collab.ports.kernels import Kernel

READY_SECONDS = 10.0

REMEDIES: Final[Mapping[str, str]] = {
    "network": "code in the sandbox can reach the network; allow namespaces (unshare) to this user or container",
    "processes": "code in the sandbox sees other processes, and its children are found by their group only",
    "files": "code in the sandbox reads what its user may read on this machine, course files included",
    "user id": "code in the sandbox runs as this user; run as root, or in a container, to give it one of its own",
}
"""What it means that a kind of isolation is missing here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxOptions:
    """``warm``: how many kernels wait ready. ``preload``: modules that every kernel finds loaded, if installed.

    ``tell``: called once it is known what this machine does not allow (``SubprocessSandbox.missing``).
    """

    warm: int = 1
    preload: Sequence[str] = ()
    tell: Callable[[Sequence[str]], None] | None = None


class SubprocessSandbox:
    """Kernels in subprocesses of ours (``ports.kernels.Sandbox``); made by ``running_sandbox``.

    Invariants:
        1. A kernel is handed out once, and ended with its folder when its block ends.
        2. A kernel that waits ready has run nothing but our bounds.
    """

    def __init__(self, options: SandboxOptions, group: TaskGroup) -> None:
        self._options = options
        self._group = group
        self._opening = anyio.Lock()
        self._processes: KernelProcesses | None = None
        self._warm: deque[KernelProcess] = deque()
        self._warming = 0

    @property
    def missing(self) -> tuple[str, ...]:
        """What this machine does not allow, each with what that means; known once a kernel was handed out."""
        parts = self._processes.missing if self._processes is not None else ()
        return tuple(f"no {part} of its own: {REMEDIES[part]}" for part in parts)

    @asynccontextmanager
    async def kernel(self, files: Mapping[str, bytes], *, memory_mib: int) -> AsyncIterator[Kernel]:
        """A fresh kernel whose folder holds exactly these files; ended at exit.

        Raises:
            SandboxUnavailableError, BadFilePathError
        """
        for path in files:
            if PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts:
                raise BadFilePathError(path)
        opened = await self._open()
        process = await self._take(opened)
        kernel = SandboxKernel(process, opened, wire := Wire(process.sockets, process.key))
        listening = anyio.CancelScope()
        try:
            self._refill()
            self._group.start_soon(_listen, wire, listening, name=f"sandbox kernel {process.name}")
            await anyio.to_thread.run_sync(_fill, process.work, dict(files))
            await self._bound(kernel, memory_mib)
            yield kernel
        finally:
            listening.cancel()
            with anyio.CancelScope(shield=True):
                await kernel.close()

    async def _bound(self, kernel: SandboxKernel, memory_mib: int) -> None:
        try:
            with anyio.fail_after(READY_SECONDS):
                await kernel.bound_memory(memory_mib)
        except (KernelError, TimeoutError) as error:
            raise SandboxUnavailableError(f"a kernel does not answer ({error})", "try again") from error

    async def _open(self) -> KernelProcesses:
        async with self._opening:
            if self._processes is None or not self._processes.alive:
                self._warm.clear()
                self._processes = await self._group.start(self._keep_open, name="sandbox")
                if self._options.tell is not None:
                    self._options.tell(self.missing)
            return self._processes

    async def _keep_open(self, *, task_status: TaskStatus[KernelProcesses]) -> None:
        async with processes.running(self._options.preload) as opened:
            task_status.started(opened)
            await opened.closed()

    async def _take(self, opened: KernelProcesses) -> KernelProcess:
        while self._warm:
            process = self._warm.popleft()
            if not process.ended.is_set():
                return process
            await opened.kill(process)
        return await opened.spawn()

    def _refill(self) -> None:
        for _ in range(self._options.warm - len(self._warm) - self._warming):
            self._warming += 1
            self._group.start_soon(self._warm_one, name="warm sandbox kernel")

    async def _warm_one(self) -> None:
        try:
            opened = await self._open()
            self._warm.append(await opened.spawn())
        except SandboxUnavailableError:
            pass  # who asks for a kernel next is told
        finally:
            self._warming -= 1

    async def warm_up(self) -> None:
        """Have as many kernels ready as are wanted.

        Raises:
            SandboxUnavailableError
        """
        opened = await self._open()
        while len(self._warm) + self._warming < self._options.warm:
            self._warming += 1
            try:
                self._warm.append(await opened.spawn())
            finally:
                self._warming -= 1


async def _listen(wire: Wire, scope: anyio.CancelScope) -> None:
    with scope:
        await wire.listen()


def _fill(folder: Path, files: Mapping[str, bytes]) -> None:
    """Put the files where the kernel's user may read and change them, as in a folder of their own."""
    owner = folder.stat()
    for path, content in files.items():
        target = folder / path
        for made in reversed([parent for parent in target.parents if parent.is_relative_to(folder)]):
            if not made.exists():
                made.mkdir()
                _give(made, owner.st_uid, owner.st_gid)
        target.write_bytes(content)
        _give(target, owner.st_uid, owner.st_gid)


def _give(path: Path, uid: int, gid: int) -> None:
    if os.getuid() == 0:
        os.chown(path, uid, gid)


@asynccontextmanager
async def running_sandbox(options: SandboxOptions | None = None) -> AsyncIterator[SubprocessSandbox]:
    """A sandbox for the length of the block; nothing is started before the first kernel is asked for.

    At the end of the block every kernel, process and folder of it is gone; should we be killed, the same.
    """
    async with anyio.create_task_group() as group:
        yield SubprocessSandbox(options or SandboxOptions(), group)
        group.cancel_scope.cancel()
