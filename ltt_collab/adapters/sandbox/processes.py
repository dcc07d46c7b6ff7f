"""Our side of the zygote: starts it, asks for kernels, hears how each of them ended."""

from __future__ import annotations

import contextlib
import json
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
from anyio.abc import Process

from ltt_collab.model.errors import SandboxUnavailableError

START_SECONDS = 20.0
"""How long the zygote may take to load ipykernel on a busy machine."""

KERNEL_SECONDS = 15.0
GRACE_SECONDS = 3.0

MEMORY_SHARE = 0.8
"""A kernel that was killed while it held this share of its memory limit is taken to have died of it."""


@dataclass(slots=True, kw_only=True)
class KernelProcess:
    """One kernel's process: where its folder and sockets are, and how it ended."""

    name: str
    folder: Path
    key: str
    ready: anyio.Event = field(default_factory=anyio.Event)
    ended: anyio.Event = field(default_factory=anyio.Event)
    gone: anyio.Event = field(default_factory=anyio.Event)
    signal: int = 0
    peak_mib: float = 0.0
    reason: str = ""

    @property
    def work(self) -> Path:
        """The folder that the kernel works in, as we see it."""
        return self.folder / "work"

    @property
    def sockets(self) -> str:
        """What the paths of the kernel's sockets begin with, as we see them."""
        return f"{self.folder}/run/k"


class KernelProcesses:
    """Kernels by way of one zygote; ``running`` starts it and takes all of it down."""

    def __init__(self, process: Process, base: Path) -> None:
        self._process = process
        self._base = base
        self._kernels: dict[str, KernelProcess] = {}
        self._opened = anyio.Event()
        self._closed = anyio.Event()
        self.missing: tuple[str, ...] = ()
        """The kinds of isolation that this machine does not allow."""

    @property
    def alive(self) -> bool:
        """Whether kernels can be had."""
        return not self._closed.is_set()

    async def spawn(self) -> KernelProcess:
        """A kernel that is up, with an empty folder.

        Raises:
            SandboxUnavailableError
        """
        name = secrets.token_hex(4)
        kernel = KernelProcess(name=name, folder=self._base / name, key=secrets.token_hex(16))
        await anyio.to_thread.run_sync(_make_folders, kernel.folder)
        self._kernels[name] = kernel
        try:
            await self._order(op="spawn", id=name, folder=str(kernel.folder), key=kernel.key)
            with anyio.fail_after(KERNEL_SECONDS):
                await kernel.ready.wait()
        except TimeoutError as error:
            await self.kill(kernel)
            reason = f"a kernel was not up after {KERNEL_SECONDS:g} s"
            raise SandboxUnavailableError(reason, "the machine may be overloaded; try again") from error
        except BaseException:
            await self.kill(kernel)
            raise
        if kernel.ended.is_set():
            raise SandboxUnavailableError(kernel.reason or "a kernel ended at its start", "is ipykernel installed?")
        return kernel

    async def kill(self, kernel: KernelProcess) -> None:
        """End a kernel with all its processes and its folder; done when nothing is left, whoever cancels us."""
        with anyio.CancelScope(shield=True), anyio.move_on_after(GRACE_SECONDS, shield=True):
            if not kernel.gone.is_set() and self.alive:
                with contextlib.suppress(SandboxUnavailableError):
                    await self._order(op="kill", id=kernel.name)
                    await kernel.gone.wait()
        self._kernels.pop(kernel.name, None)

    async def _order(self, **order: str) -> None:
        assert self._process.stdin is not None
        try:
            await self._process.stdin.send(json.dumps(order).encode() + b"\n")
        except (anyio.BrokenResourceError, anyio.ClosedResourceError, OSError) as error:
            raise SandboxUnavailableError("the process that starts kernels has ended", "try again") from error

    async def listen(self) -> None:
        """Hear what the zygote tells until it ends; then every kernel of it has ended, too."""
        assert self._process.stdout is not None
        unread = b""
        try:
            async for data in self._process.stdout:
                *lines, unread = (unread + data).split(b"\n")
                for line in lines:
                    self._hear(json.loads(line))
        except (anyio.BrokenResourceError, anyio.ClosedResourceError):
            pass
        finally:
            self._closed.set()
            self._opened.set()
            for kernel in self._kernels.values():
                _all_over(kernel)

    def _hear(self, said: dict[str, Any]) -> None:
        if said["event"] == "open":
            self.missing = tuple(said["missing"])
            self._opened.set()
            return
        kernel = self._kernels.get(said["id"])
        if kernel is None:
            return
        match said["event"]:
            case "ready":
                kernel.ready.set()
            case "died":
                kernel.signal, kernel.peak_mib = said["signal"], said["peak_kib"] / 1024
                kernel.reason = said.get("reason", "")
                kernel.ended.set()
                kernel.ready.set()
            case _:
                _all_over(kernel)

    async def opened(self) -> None:
        """Wait until kernels can be had.

        Raises:
            SandboxUnavailableError
        """
        with anyio.move_on_after(START_SECONDS):
            await self._opened.wait()
        if not self._opened.is_set() or not self.alive:
            said = await self._complaint() if not self.alive else "it did not start in time"
            raise SandboxUnavailableError(said, "install ipykernel beside ltt-collab, and see that folders can be made")

    async def closed(self) -> None:
        """Wait until no more kernels can be had."""
        await self._closed.wait()

    async def _complaint(self) -> str:
        assert self._process.stderr is not None
        text = b""
        with anyio.move_on_after(1):
            async for data in self._process.stderr:
                text = (text + data)[-4000:]
        lines = text.decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else "the process that starts kernels ended at once"


def _all_over(kernel: KernelProcess) -> None:
    for event in (kernel.ended, kernel.ready, kernel.gone):
        event.set()


def _make_folders(folder: Path) -> None:
    folder.mkdir(mode=0o711)
    for part in ("work", "run"):
        (folder / part).mkdir(mode=0o700)
    (folder / "root").mkdir()


def _make_base() -> Path:
    base = Path(tempfile.mkdtemp(prefix="ltt-"))
    base.chmod(0o711)  # a kernel's own user must be able to reach its own folder, and see no other
    return base


@asynccontextmanager
async def running(preload: Sequence[str] = ()) -> AsyncIterator[KernelProcesses]:
    """A zygote for the length of the block; ``preload``: modules to have loaded already, where they are installed.

    Raises:
        SandboxUnavailableError
    """
    base = await anyio.to_thread.run_sync(_make_base)
    command = [sys.executable, "-I", "-m", "ltt_collab.adapters.sandbox.zygote", str(base), ",".join(preload)]
    try:
        process = await anyio.open_process(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=_environment(),
            cwd="/", start_new_session=True,
        )  # fmt: skip
    except OSError as error:
        await anyio.to_thread.run_sync(lambda: shutil.rmtree(base, ignore_errors=True))
        raise SandboxUnavailableError(
            f"no process can be started ({error})", "see that this user may run Python, and that memory is left"
        ) from error
    kernels = KernelProcesses(process, base)
    unavailable: SandboxUnavailableError | None = None
    try:
        async with anyio.create_task_group() as group:
            group.start_soon(kernels.listen, name="sandbox zygote")
            try:
                await kernels.opened()
                yield kernels
            except SandboxUnavailableError as error:
                unavailable = error  # raised below, outside of the group, which would wrap it
            group.cancel_scope.cancel()
        if unavailable is not None:
            raise unavailable
    finally:
        with anyio.CancelScope(shield=True):
            await _end(process, base)


async def _end(process: Process, base: Path) -> None:
    """End of its input is the zygote's order to clean up and go; one that does not is killed, its kernels with it."""
    assert process.stdin is not None
    with contextlib.suppress(anyio.BrokenResourceError, OSError):
        await process.stdin.aclose()
    with anyio.move_on_after(GRACE_SECONDS):
        await process.wait()
    if process.returncode is None:
        process.kill()
        await process.wait()
    await process.aclose()
    await anyio.to_thread.run_sync(lambda: shutil.rmtree(base, ignore_errors=True))


def _environment() -> dict[str, str]:
    """All that a kernel's environment holds: nothing of ours, no token, no path of a person."""
    one = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"), "1")
    return {
        "PATH": f"{sys.prefix}/bin:/usr/local/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "TMPDIR": tempfile.gettempdir(),
        "MALLOC_ARENA_MAX": "2",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PLOOMBER_STATS_ENABLED": "false",  # jupysql would tell its makers about every use
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        **one,
    }
