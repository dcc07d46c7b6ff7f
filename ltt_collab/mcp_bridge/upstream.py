"""The service behind ``ltt mcp``: a running one by its URL, or one of our own for a Jupyter server."""

from __future__ import annotations

import json
import ssl
import tempfile
from collections.abc import AsyncGenerator, AsyncIterable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote, urlsplit

import anyio
import httpcore
from pydantic import SecretStr

from ltt_collab.mcp_bridge.catalogue import Compat
from ltt_collab.model.errors import InvalidSettingError, ServiceRefusedError, ServiceUnreachableError
from ltt_collab.settings import Settings
from ltt_collab.telemetry.logging import configure_logging

CONNECT_SECONDS = 5.0
SILENCE_SECONDS = 660.0
"""A run may take 600 s and print nothing."""

PATIENCE = {"timeout": {"connect": CONNECT_SECONDS, "read": SILENCE_SECONDS, "write": SILENCE_SECONDS}}

LOST = (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError)
"""An exchange that broke, or never began."""

SUCCESS = range(200, 300)

TRIES = 4
FIRST_WAIT = 0.2
"""Seconds before the second try, doubled with each: a service that restarts is away for a moment."""

LISTEN_AGAIN = 1.0

SESSION, VERSION = "mcp-session-id", "mcp-protocol-version"

Message = dict[str, Any]
PassOn = Callable[[Message], None]


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

    def __init__(self, http: httpcore.AsyncConnectionPool, url: str, token: SecretStr) -> None:
        self._http, self._url = http, url
        self._headers: dict[bytes | str, bytes | str] = {
            "authorization": f"Bearer {token.get_secret_value()}",
            "accept": "application/json, text/event-stream",
            "content-type": "application/json",
            "host": urlsplit(url).netloc.rpartition("@")[2],
        }

    async def begin(self, introduction: Message) -> None:
        """Open the session.

        Raises:
            ServiceUnreachableError, ServiceRefusedError
        """
        request = {"jsonrpc": "2.0", "id": "ltt-mcp", "method": "initialize", "params": introduction}
        answers: list[Message] = []
        async with self._post(request) as response:
            await self._read(response, answers.append)
            session = _header(response, SESSION)
        result = answers[-1].get("result") if answers else None
        if result is None or not session:
            raise ServiceRefusedError(
                self._url, HTTPStatus.OK, "no MCP server answers there; is LTT_SERVICE_URL right?"
            )
        self._headers |= {SESSION: session, VERSION: str(result["protocolVersion"])}
        async with self._post({"jsonrpc": "2.0", "method": "notifications/initialized"}):
            pass

    async def send(self, message: Message, pass_on: PassOn) -> bool:
        """Send a message and pass on all that comes back; False: the service does not know the session any more.

        Raises:
            ServiceUnreachableError, ServiceRefusedError
        """
        async with self._post(message) as response:
            if response.status == HTTPStatus.NOT_FOUND:
                return False
            await self._read(response, pass_on)
            return True

    async def listen(self, pass_on: PassOn) -> None:
        """Pass on what the service says unasked, until cancelled."""
        while True:
            try:
                async with self._http.stream("GET", self._url, headers=self._headers, extensions=PATIENCE) as response:
                    if response.status == HTTPStatus.NOT_FOUND:
                        return
                    if response.status in SUCCESS:
                        await self._read(response, pass_on)
            except LOST:
                pass  # it comes back, or the next request says that it does not
            await anyio.sleep(LISTEN_AGAIN)

    async def end(self) -> None:
        """Close the session, if the service still answers."""
        try:
            await self._http.request("DELETE", self._url, headers=self._headers, extensions=PATIENCE)
        except LOST:
            return

    @asynccontextmanager
    async def _post(self, message: Message) -> AsyncGenerator[httpcore.Response]:
        body, wait = json.dumps(message).encode(), FIRST_WAIT
        headers = self._headers | {"content-length": str(len(body))}
        for left in reversed(range(TRIES)):
            request = httpcore.Request("POST", self._url, headers=headers, content=body, extensions=PATIENCE)
            try:
                response = await self._http.handle_async_request(request)
                break
            # Only where the request cannot have arrived: a tool that was called is not called again.
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                if not left:
                    raise ServiceUnreachableError(self._url, str(error) or type(error).__name__) from error
                await anyio.sleep(wait)
                wait *= 2
            except LOST as error:
                raise ServiceUnreachableError(self._url, str(error) or type(error).__name__) from error
        try:
            yield response
        except LOST as error:
            raise ServiceUnreachableError(self._url, str(error) or type(error).__name__) from error
        finally:
            await response.aclose()

    async def _read(self, response: httpcore.Response, pass_on: PassOn) -> None:
        if response.status not in SUCCESS:
            text = (await response.aread()).decode(errors="replace")
            reason = "the token is not accepted; set LTT_API_TOKEN" if response.status in _REFUSED else ""
            raise ServiceRefusedError(self._url, response.status, reason or text[:300])
        if "text/event-stream" in _header(response, "content-type"):
            async for data in event_data(response.aiter_stream()):
                pass_on(json.loads(data))
            return
        body = await response.aread()
        if body:
            pass_on(json.loads(body))


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


def _header(response: httpcore.Response, name: str) -> str:
    wanted = name.encode()
    return next((value.decode("latin-1") for each, value in response.headers if each.lower() == wanted), "")


_REFUSED = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)


@asynccontextmanager
async def connected(compat: Compat, introduction: Message, embed: Embed) -> AsyncGenerator[Upstream]:
    """A session with the service that the settings mean.

    Raises:
        InvalidSettingError, ServiceUnreachableError, ServiceRefusedError
    """
    async with service_of(Settings.read(), embed) as (url, token):
        # No proxy, no redirect: each would carry the token to whoever it names.
        tls = ssl.create_default_context() if url.startswith("https:") else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        async with httpcore.AsyncConnectionPool(ssl_context=tls, max_connections=None) as http:
            upstream = Upstream(http, f"{url}mcp?compat={quote(compat.value)}", token)
            await upstream.begin(introduction)
            yield upstream
