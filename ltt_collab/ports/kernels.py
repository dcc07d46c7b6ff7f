"""Kernels, on a learner's server or in a sandbox of ours; the one adapter of each serves judge, tutor and MCP."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from ltt_collab.model.ids import KernelId


class KernelState(StrEnum):
    """What a kernel does now, as far as we were told."""

    STARTING = "starting"
    IDLE = "idle"
    BUSY = "busy"
    RESTARTING = "restarting"
    DEAD = "dead"


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelInfo:
    """One running kernel; ``path``: the notebook whose session it serves, '' for none."""

    id: KernelId
    name: str
    state: KernelState
    path: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluated:
    """What one expression gave: ``text`` (its ``text/plain``), or the error that it raised."""

    text: str = ""
    error_name: str = ""
    error_value: str = ""

    @property
    def raised(self) -> bool:
        """Whether it raised."""
        return self.error_name != ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """The first of an execution: the code was handed to the kernel, and may have run whatever comes after this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """A piece of a stream (``stdout`` or ``stderr``)."""

    stream: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Displayed:
    """A rich output or a result: MIME type to text (binary types in base64, as Jupyter sends them)."""

    data: Mapping[str, str] = field(default_factory=dict)
    is_result: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Raised:
    """The code raised; ``traceback`` without ANSI codes, a frame a line."""

    name: str
    value: str
    traceback: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """The last of an execution; ``execution_count`` None for a silent one."""

    execution_count: int | None
    ok: bool


KernelOutput = Begun | Printed | Displayed | Raised | Finished


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds of a run: seconds from asking to its end, and bytes of output after which the rest is dropped and said so.

    The time includes that for which others of ours run code in the same kernel.
    """

    seconds: float
    output_bytes: int = 1_000_000


class Kernel(Protocol):
    """One kernel that we are connected to.

    A learner's running code is never interrupted by ``evaluate``: it raises ``KernelBusyError`` instead of queueing.
    """

    @property
    def info(self) -> KernelInfo:
        """The kernel as we know it now."""
        ...

    async def evaluate(self, expressions: Mapping[str, str], *, seconds: float) -> Mapping[str, Evaluated]:
        """Evaluate expressions silently, in order, in one request: no history, no count, no code.

        ``seconds`` for the evaluation, and as long at most for others of ours who ask the same kernel.

        Raises:
            KernelBusyError, KernelTimeoutError (interrupted by us), KernelDiedError, KernelUnreachableError
        """
        ...

    def execute(self, code: str, *, limits: Limits, silent: bool = False) -> AsyncIterator[KernelOutput]:
        """Run code: ``Begun``, what it gives as it comes, ``Finished``. Closing the iterator early interrupts it.

        Raises:
            KernelBusyError: it did not run.
            KernelTimeoutError (interrupted by us), KernelDiedError, KernelUnreachableError
        """
        ...

    async def interrupt(self) -> None:
        """As the stop button does."""
        ...

    async def restart(self) -> None:
        """As the restart button does: variables are gone, the id stays."""
        ...

    async def close(self) -> None:
        """Let go of it: one that we started ends, a learner's goes on."""
        ...


class KernelServer(Protocol):
    """The kernels of one learner's server."""

    async def kernels(self) -> Sequence[KernelInfo]:
        """Every running kernel.

        Raises:
            KernelUnreachableError
        """
        ...

    async def kernel_of(self, path: str) -> KernelInfo | None:
        """The kernel of a notebook's session; None when it has none.

        Raises:
            KernelUnreachableError
        """
        ...

    async def connect(self, kernel: KernelId) -> Kernel:
        """Connect to a running kernel; connections are shared and cheap to ask for again.

        Raises:
            KernelUnreachableError
        """
        ...

    def start(self, name: str, *, folder: str = "") -> AbstractAsyncContextManager[Kernel]:
        """A fresh kernel in a folder, ended at the context's exit however that comes; no orphan, ever.

        Raises:
            KernelUnreachableError
        """
        ...


class Sandbox(Protocol):
    """Runs kernels away from every learner: no network, an own user id, limits; warm ones wait in a pool."""

    def kernel(self, files: Mapping[str, bytes], *, memory_mib: int) -> AbstractAsyncContextManager[Kernel]:
        """A fresh kernel whose folder holds exactly these files (relative path to content); ended at exit.

        Raises:
            SandboxUnavailableError: what is missing on this machine, and what to do.
        """
        ...
