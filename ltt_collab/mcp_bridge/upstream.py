"""The service behind ``ltt mcp``: a running one by its URL, or one of our own for a Jupyter server."""

from __future__ import annotations

import json
import ssl
import tempfile
from collections.abc import AsyncGenerator, AsyncIterable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing, suppress
from http import HTTPStatus
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

import anyio
from pydantic import SecretStr

from ltt_collab.mcp_bridge.catalogue import SESSION, VERSION, Compat
from ltt_collab.mcp_bridge.exchange import Answer, Exchange
from ltt_collab.model.errors import (
    InvalidSettingError,
    ServiceLostError,
    ServiceRefusedError,
    ServiceUnreachableError,
)
from ltt_collab.settings import Settings
from ltt_collab.telemetry.logging import configure_logging

SUCCESS = range(200, 300)

TRIES = 4
FIRST_WAIT = 0.2
"""Seconds before the second try, doubled with each: a service that restarts is away for a moment."""

LISTEN_AGAIN = 1.0

Message = dict[str, Any]
PassOn = Callable[[bytes], None]
"""Takes one message as JSON, as it came."""


class Served(Protocol):
    """A service of our own."""

    @property
    def url(self) -> str: ...
    @property
    def api_token(self) -> SecretStr: ...


Embed = Callable[[Settings], AbstractAsyncContextManager[Served]]


@asynccontextmanager
async def service_of(settings: Settings, embed: Embed) -> AsyncGenerator[tuple[str, SecretStr]]:
    """The URL and token of the service that the settings mean.

    Raises:
        InvalidSettingError: they mean none.
    """
    given = settings.model_fields_set
    if "service_url" in given or ("api_token" in given and "jupyter_url" not in given):
        yield settings.service_url, settings.api_token
        return
    if "jupyter_url" not in given:
        remedy = "set it and LTT_API_TOKEN to a running service's, or LTT_JUPYTER_URL and LTT_JUPYTER_TOKEN"
        raise InvalidSettingError("LTT_SERVICE_URL", "", remedy)
    configure_logging(settings.log_format, settings.log_level, secrets=[settings.jupyter_token, settings.api_token])
    with tempfile.TemporaryDirectory(prefix="ltt-mcp-") as home:
        own: dict[str, Any] = {"port": 0}
        if "database_url" not in given:
            own["database_url"] = f"sqlite+aiosqlite:///{Path(home) / 'ltt.sqlite'}"
        async with embed(Settings.read(**own)) as served:
            yield served.url, served.api_token


class Upstream:
    """One MCP session with a service, over streamable HTTP."""

    def __init__(self, exchange: Exchange, url: str, token: SecretStr) -> None:
        """``url``: as errors name it."""
        self._exchange, self._url = exchange, url
        self._headers = {
            "authorization": f"Bearer {token.get_secret_value()}",
            "accept": "application/json, text/event-stream",
            "content-type": "application/json",
        }

    async def begin(self, introduction: Message) -> None:
        """Open the session.

        Raises:
            ServiceUnreachableError, ServiceLostError, ServiceRefusedError
        """
        request = {"jsonrpc": "2.0", "id": "ltt-mcp", "method": "initialize", "params": introduction}
        answers: list[bytes] = []
        async with self._post(json.dumps(request).encode()) as answer:
            await self._read(answer, answers.append)
            session = answer.headers.get(SESSION, "")
        result = json.loads(answers[-1]).get("result") if answers else None
        if result is None or not session:
            raise ServiceRefusedError(
                self._url, HTTPStatus.OK, "no MCP server answers there; is LTT_SERVICE_URL right?"
            )
        self._headers |= {SESSION: session, VERSION: str(result["protocolVersion"])}
        async with self._post(b'{"jsonrpc":"2.0","method":"notifications/initialized"}') as answer:
            await answer.body()

    async def send(self, message: bytes, pass_on: PassOn) -> bool:
        """Send a message and pass on all that comes back; False: the service does not know the session any more.

        Raises:
            ServiceUnreachableError, ServiceLostError, ServiceRefusedError
        """
        async with self._post(message) as answer:
            if answer.status == HTTPStatus.NOT_FOUND:
                return False
            await self._read(answer, pass_on)
            return True

    async def listen(self, pass_on: PassOn) -> None:
        """Pass on what the service says unasked, until it does not know the session any more."""
        while True:
            with suppress(OSError):  # it comes back, or the next request says that it does not
                connection = await self._exchange.connection()
                async with self._exchange.asked(connection, "GET", self._headers) as answer:
                    if answer.status == HTTPStatus.NOT_FOUND:
                        return
                    if answer.status in SUCCESS:
                        await self._read(answer, pass_on)
            await anyio.sleep(LISTEN_AGAIN)

    async def end(self) -> None:
        """Close the session, if the service still answers."""
        with suppress(OSError):
            connection = await self._exchange.connection()
            async with self._exchange.asked(connection, "DELETE", self._headers) as answer:
                await answer.body()

    @asynccontextmanager
    async def _post(self, message: bytes) -> AsyncGenerator[Answer]:
        wait = FIRST_WAIT
        for left in reversed(range(TRIES)):
            try:
                connection = await self._exchange.connection()
                break
            # Only where the request cannot have arrived: a tool that was called is not called again.
            except OSError as error:
                if not left:
                    raise ServiceUnreachableError(self._url, str(error) or type(error).__name__) from error
                await anyio.sleep(wait)
                wait *= 2
        try:
            async with self._exchange.asked(connection, "POST", self._headers, message) as answer:
                yield answer
        except OSError as error:
            raise ServiceLostError(self._url, str(error) or type(error).__name__) from error

    async def _read(self, answer: Answer, pass_on: PassOn) -> None:
        if answer.status not in SUCCESS:
            text = (await answer.body()).decode(errors="replace")
            reason = "the token is not accepted; set LTT_API_TOKEN" if answer.status in _REFUSED else ""
            raise ServiceRefusedError(self._url, answer.status, reason or text[:300])
        if "text/event-stream" in answer.headers.get("content-type", ""):
            async for data in event_data(answer.pieces()):
                pass_on(data)
            return
        body = await answer.body()
        if body:
            pass_on(body)


async def event_data(stream: AsyncIterable[bytes]) -> AsyncGenerator[bytes]:
    """The data of each server-sent event, empty ones left out."""
    buffer, data = b"", list[bytes]()
    async for piece in stream:
        *lines, buffer = (buffer + piece).split(b"\n")
        for line in lines:
            stripped = line.removesuffix(b"\r")
            if stripped.startswith(b"data:"):
                data.append(stripped.removeprefix(b"data:").removeprefix(b" "))
            elif not stripped and data:
                whole, data = b"\n".join(data), []
                if whole:
                    yield whole


_REFUSED = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)


@asynccontextmanager
async def connected(compat: Compat, introduction: Message, embed: Embed) -> AsyncGenerator[Upstream]:
    """A session with the service that the settings mean.

    Raises:
        InvalidSettingError, ServiceUnreachableError, ServiceRefusedError
    """
    async with service_of(Settings.read(), embed) as (url, token):
        tls = ssl.create_default_context() if url.startswith("https:") else None
        at = f"{url}mcp?compat={quote(compat.value)}"
        with closing(Exchange(at, tls)) as exchange:
            upstream = Upstream(exchange, at, token)
            await upstream.begin(introduction)
            yield upstream
