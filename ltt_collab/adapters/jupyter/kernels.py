"""The kernels of one learner's Jupyter server, as ``ports.kernels.KernelServer``."""

from __future__ import annotations

import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self

import anyio
import structlog

from ltt_collab.adapters.jupyter.address import JupyterAddress
from ltt_collab.adapters.jupyter.kernels_connection import KernelConnection
from ltt_collab.adapters.jupyter.kernels_link import KernelLink, read_session
from ltt_collab.adapters.jupyter.kernels_messages import execute_content, read_expressions
from ltt_collab.adapters.jupyter.kernels_request import Request
from ltt_collab.adapters.jupyter.kernels_scratch import Scratch
from ltt_collab.adapters.jupyter.rest import RestClient, system_tls
from ltt_collab.model.errors import KernelBusyError, KernelError, KernelTimeoutError, KernelUnreachableError
from ltt_collab.model.ids import KernelId
from ltt_collab.ports.kernels import Begun, Evaluated, Finished, Kernel, KernelInfo, KernelOutput, Limits

TIDY_AGAIN_SECONDS = 5.0
"""Until a server that does not answer is asked again for kernels that we left there."""

log = structlog.get_logger(__name__)


class JupyterKernel:
    """One kernel, over a connection that others here may share.

    Invariants:
        1. Nothing that we send asks a learner for input, is counted, or enters the history.
    """

    def __init__(self, info: KernelInfo, connection: KernelConnection, link: KernelLink) -> None:
        self._info, self._connection, self._link = info, connection, link

    @property
    def info(self) -> KernelInfo:
        """The kernel as we know it now."""
        state = self._connection.state if self._connection.is_open else self._info.state
        return KernelInfo(id=self._info.id, name=self._info.name, state=state, path=self._info.path)

    async def evaluate(self, expressions: Mapping[str, str], *, seconds: float) -> Mapping[str, Evaluated]:
        """Evaluate expressions silently, in order, in one request.

        Raises:
            KernelBusyError, KernelTimeoutError, KernelDiedError, KernelUnreachableError
        """
        what = next(iter(expressions)) if len(expressions) == 1 else f"{len(expressions)} expressions"
        request = Request(what, seconds=seconds, output_bytes=0)
        content = execute_content("", silent=True, expressions=expressions)
        async with self._connection.request(request, content):
            while request.reply is None and not request.has_ended:
                await self._connection.step(request)
        if request.is_overdue or request.reply is None:
            raise KernelTimeoutError(what, seconds)
        if request.reply.get("status") == "aborted":
            raise KernelUnreachableError(self._info.id, "the question was dropped with what a learner had queued")
        return read_expressions(request.reply, expressions)

    async def execute(self, code: str, *, limits: Limits, silent: bool = False) -> AsyncIterator[KernelOutput]:
        """Run code: ``Begun``, what it gives as it comes, ``Finished``. Closing the iterator early interrupts it.

        Raises:
            KernelBusyError: it did not run.
            KernelTimeoutError, KernelDiedError, KernelUnreachableError
        """
        request = Request("the code", seconds=limits.seconds, output_bytes=limits.output_bytes, is_run=not silent)
        async with self._connection.request(request, execute_content(code, silent=silent, expressions={})):
            yield Begun()
            while not request.is_over or request.outputs:
                while request.outputs:
                    yield request.outputs.popleft()
                if not request.is_over:
                    await self._connection.step(request)
        if request.is_overdue:
            raise KernelTimeoutError(request.what, limits.seconds)
        reply = request.reply or {}
        if reply.get("status") == "aborted":
            raise KernelBusyError(self._info.id)  # dropped with what a learner had queued
        count = reply.get("execution_count")
        yield Finished(
            execution_count=count if isinstance(count, int) and not silent else None, ok=reply.get("status") == "ok"
        )

    async def interrupt(self) -> None:
        """As the stop button does.

        Raises:
            KernelDiedError, KernelUnreachableError
        """
        await self._link.interrupt(self._info.id)

    async def restart(self) -> None:
        """As the restart button does.

        Raises:
            KernelDiedError, KernelUnreachableError
        """
        await self._connection.restart()

    async def close(self) -> None:
        """Nothing: the shared connection closes when nobody has asked for a while."""


class JupyterKernels:
    """Kernels of one server; close it, or use it as an async context manager.

    Invariants:
        1. One connection per kernel, however many ask for it.
        2. A kernel that we started is ended by us; one that a death of ours left behind is found and ended later.
    """

    def __init__(self, address: JupyterAddress, rest: RestClient, *, tls: ssl.SSLContext | None = None) -> None:
        """``rest`` stays its owner's; ``tls`` None: the machine's own certificate authorities."""
        if address.is_secure and tls is None:
            tls = system_tls()
        self._link = KernelLink(address, rest, tls=tls)
        self._scratch = Scratch(self._link)
        self._connections: dict[KernelId, KernelConnection] = {}
        self._infos: dict[KernelId, KernelInfo] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Let go of every kernel."""
        for connection in self._connections.values():
            connection.close()
        self._connections.clear()

    async def kernels(self) -> Sequence[KernelInfo]:
        """Every running kernel.

        Raises:
            KernelUnreachableError
        """
        return await self._link.list()

    async def kernel_of(self, path: str) -> KernelInfo | None:
        """The kernel of a notebook's session; None when it has none.

        Raises:
            KernelUnreachableError
        """
        wanted = path.strip("/")
        sessions = await self._link.sessions()
        found = [read_session(each) for each in sessions if each.get("type") == "notebook"]
        self._infos = {kernel.id: kernel for kernel in found}
        return next((kernel for kernel in found if kernel.path == wanted and kernel.id), None)

    async def connect(self, kernel: KernelId) -> Kernel:
        """A running kernel; the connection is made with the first question.

        Raises:
            KernelUnreachableError
        """
        known = self._infos.get(kernel)
        return self._kernel(known or KernelInfo(id=kernel, name="", state=self._connection(kernel).state))

    @asynccontextmanager
    async def start(self, name: str, *, folder: str = "") -> AsyncGenerator[Kernel]:
        """A fresh kernel in a folder, ended at the context's exit however that comes.

        Raises:
            KernelUnreachableError
        """
        async with self._scratch.kernel(name, folder) as info:
            connection = self._connections[info.id] = KernelConnection(info.id, self._link)
            try:
                yield self._kernel(info)
            finally:
                connection.close()
                self._connections.pop(info.id, None)

    async def tidy(self) -> None:
        """Return when the kernels that a sudden death of ours left behind are ended; waits for the server."""
        while True:
            try:
                await self._scratch.end_orphans()
            except KernelError as error:
                log.debug("orphans not looked for yet", reason=str(error))
                await anyio.sleep(TIDY_AGAIN_SECONDS)
            else:
                return

    def _kernel(self, info: KernelInfo) -> JupyterKernel:
        return JupyterKernel(info, self._connection(info.id), self._link)

    def _connection(self, kernel: KernelId) -> KernelConnection:
        known = self._connections.get(kernel)
        if known is None:  # invariant 1
            for idle in [each for each, connection in self._connections.items() if connection.is_forgettable]:
                del self._connections[idle]
            known = self._connections[kernel] = KernelConnection(kernel, self._link)
        return known
