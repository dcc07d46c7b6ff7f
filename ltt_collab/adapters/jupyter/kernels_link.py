"""What one learner's server offers about kernels, over REST and WebSocket, with kernel errors only."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import anyio

from ltt_collab.adapters.jupyter.address import JupyterAddress
from ltt_collab.adapters.jupyter.channel_options import ChannelCounts, ChannelOptions
from ltt_collab.adapters.jupyter.channels import SocketChannel
from ltt_collab.adapters.jupyter.dialing import open_channel
from ltt_collab.adapters.jupyter.kernels_messages import SUBPROTOCOL, new_id
from ltt_collab.adapters.jupyter.kernels_traffic import STATES
from ltt_collab.adapters.jupyter.rest import RestClient
from ltt_collab.model.errors import KernelDiedError, KernelUnreachableError, RoomError
from ltt_collab.model.ids import KernelId
from ltt_collab.ports.kernels import KernelInfo, KernelState
from ltt_collab.ports.rooms import ChannelClosed, ChannelListener

KERNELS = "api/kernels"
SESSIONS = "api/sessions"

ALIVE_SECONDS = 1.0
"""For a server to open a second connection to a living kernel: it does so in some 10 ms, and not to a dead one."""

REPLACED_SECONDS, AGAIN_SECONDS = 6.0, 0.5
"""A server looks every 3 s for processes that died, and takes a moment to replace one."""

PROMPT_SECONDS = 0.3
"""In which a server that is not overloaded answers a request."""


class KernelLink:
    """Requests about kernels to one server; the token travels in a header, and no redirect is followed."""

    def __init__(self, address: JupyterAddress, rest: RestClient, *, tls: ssl.SSLContext | None = None) -> None:
        self._address, self._rest = address, rest
        self._options = ChannelOptions(counts=ChannelCounts(), tls=tls, prompt=True)

    async def list(self) -> Sequence[KernelInfo]:
        """Every running kernel, with its notebook's path where it has one."""
        paths = {kernel.id: kernel.path for kernel in map(read_session, await self.sessions())}
        said = await self._ask("GET", KERNELS, "")
        return [read_kernel(each, paths.get(KernelId(str(each.get("id"))), "")) for each in _objects(said)]

    async def sessions(self) -> Sequence[Mapping[str, Any]]:
        """Every session, as the server tells it."""
        return _objects(await self._ask("GET", SESSIONS, ""))

    async def state(self, kernel: KernelId) -> str:
        """The kernel's state as the server heard it.

        Raises:
            KernelDiedError: the server does not have it any more.
        """
        said = await self._ask("GET", _of(kernel), kernel)
        return str(said.get("execution_state", "")) if isinstance(said, Mapping) else ""

    async def is_alive(self, kernel: KernelId) -> bool:
        """Whether the kernel's process lives: a server opens a connection to a living one at once, busy or not.

        A server that is slow itself says nothing of its kernels; they count as living then.
        """
        with anyio.move_on_after(ALIVE_SECONDS):
            (await self.dial(kernel, new_id(), _Deaf())).close()
            return True
        with anyio.move_on_after(PROMPT_SECONDS):
            await self.state(kernel)
            return False
        return True

    async def interrupt(self, kernel: KernelId) -> None:
        """As the stop button does."""
        await self._ask("POST", f"{_of(kernel)}/interrupt", kernel)

    async def restart(self, kernel: KernelId) -> None:
        """As the restart button does; a server fails to while it replaces a process that died, and is asked again."""
        until = anyio.current_time() + REPLACED_SECONDS
        while True:
            try:
                await self._ask("POST", f"{_of(kernel)}/restart", kernel)
            except KernelUnreachableError:
                if anyio.current_time() >= until:
                    raise
                await anyio.sleep(AGAIN_SECONDS)
            else:
                return

    async def open_session(self, path: str, kind: str, kernel_name: str) -> Mapping[str, Any]:
        """Start a kernel under a name that is found again."""
        body = {"path": path, "name": path.rpartition("/")[2], "type": kind, "kernel": {"name": kernel_name}}
        said = await self._ask("POST", SESSIONS, kernel_name, body)
        if not isinstance(said, Mapping) or not isinstance(said.get("kernel"), Mapping):
            raise KernelUnreachableError(kernel_name, "the server's answer names no kernel")
        return said

    async def end_session(self, session: str) -> None:
        """End a session and its kernel; one that is gone is fine."""
        with _as_kernel_errors(session):
            target = f"{SESSIONS}/{quote(session, safe='')}"
            answer = await self._rest.ask("DELETE", target)
        if answer.status not in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
            raise KernelUnreachableError(session, f"it could not be ended: HTTP {answer.status}")

    async def dial(self, kernel: KernelId, session: str, listener: ChannelListener) -> SocketChannel:
        """Open the kernel's WebSocket.

        Raises:
            KernelDiedError, KernelUnreachableError
        """
        target = f"{_of(kernel)}/channels?session_id={session}"
        headers = {**self._address.token.headers(), "Sec-WebSocket-Protocol": SUBPROTOCOL}
        with _as_kernel_errors(kernel):
            return await open_channel(self._address.websocket(target), headers, listener, self._options)

    async def _ask(self, method: str, target: str, kernel: str, body: object = None) -> Any:
        with _as_kernel_errors(kernel or "list"):
            return (await self._rest.demand(method, target, body=body)).json()


class _Deaf:
    """Hears nothing."""

    def frame_received(self, _frame: bytes) -> None:
        """Nothing."""

    def channel_closed(self, _closed: ChannelClosed) -> None:
        """Nothing."""


def read_kernel(said: Mapping[str, Any], path: str) -> KernelInfo:
    """A kernel as the server tells it."""
    return KernelInfo(
        id=KernelId(str(said.get("id", ""))),
        name=str(said.get("name", "")),
        state=STATES.get(str(said.get("execution_state", "")), KernelState.IDLE),
        path=path,
    )


def read_session(said: Mapping[str, Any]) -> KernelInfo:
    """The kernel of a session."""
    kernel = said.get("kernel")
    return read_kernel(kernel if isinstance(kernel, Mapping) else {}, notebook_path(str(said.get("path", ""))))


def notebook_path(path: str) -> str:
    """A session's path without the drive that jupyter-collaboration puts before it."""
    return path.removeprefix("RTC:").strip("/")


@contextmanager
def _as_kernel_errors(kernel: str) -> Iterator[None]:
    try:
        yield
    except RoomError as error:
        if getattr(error, "status", None) == HTTPStatus.NOT_FOUND:
            raise KernelDiedError(kernel) from None
        raise KernelUnreachableError(kernel, str(error)) from error


def _of(kernel: KernelId) -> str:
    return f"{KERNELS}/{quote(kernel, safe='')}"


def _objects(said: Any) -> list[Mapping[str, Any]]:
    return [each for each in said if isinstance(each, Mapping)] if isinstance(said, list) else []
