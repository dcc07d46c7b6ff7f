"""The service behind ``ltt mcp``: a running one by its URL, or one of our own for a Jupyter server."""

from __future__ import annotations

import json
import tempfile
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

import anyio
import httpx
from httpx_sse import EventSource
from pydantic import SecretStr

from ltt_collab.mcp_bridge.catalogue import Compat
from ltt_collab.model.errors import InvalidSettingError, ServiceRefusedError, ServiceUnreachableError
from ltt_collab.settings import Settings
from ltt_collab.telemetry.logging import configure_logging

CONNECT_SECONDS = 5.0
SILENCE_SECONDS = 660.0
"""A run may take 600 s and print nothing."""

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

    def __init__(self, http: httpx.AsyncClient, url: str) -> None:
        self._http, self._url = http, url
        self._headers = {"accept": "application/json, text/event-stream"}

    async def begin(self, introduction: Message) -> None:
        """Open the session.

        Raises:
            ServiceUnreachableError, ServiceRefusedError
        """
        request = {"jsonrpc": "2.0", "id": "ltt-mcp", "method": "initialize", "params": introduction}
        answers: list[Message] = []
        async with self._post(request) as response:
            await self._read(response, answers.append)
            session = response.headers.get(SESSION)
        result = answers[-1].get("result") if answers else None
        if result is None or session is None:
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
            if response.status_code == HTTPStatus.NOT_FOUND:
                return False
            await self._read(response, pass_on)
            return True

    async def listen(self, pass_on: PassOn) -> None:
        """Pass on what the service says unasked, until cancelled."""
        while True:
            try:
                async with self._http.stream("GET", self._url, headers=self._headers) as response:
                    if response.status_code == HTTPStatus.NOT_FOUND:
                        return
                    if response.is_success:
                        await self._read(response, pass_on)
            except httpx.TransportError:
                pass  # it comes back, or the next request says that it does not
            await anyio.sleep(LISTEN_AGAIN)

    async def end(self) -> None:
        """Close the session, if the service still answers."""
        try:
            await self._http.delete(self._url, headers=self._headers)
        except httpx.TransportError:
            return

    @asynccontextmanager
    async def _post(self, message: Message) -> AsyncGenerator[httpx.Response]:
        wait = FIRST_WAIT
        for left in reversed(range(TRIES)):
            request = self._http.build_request("POST", self._url, json=message, headers=self._headers)
            try:
                response = await self._http.send(request, stream=True)
                break
            # Only where the request cannot have arrived: a tool that was called is not called again.
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                if not left:
                    raise ServiceUnreachableError(self._url, str(error) or type(error).__name__) from error
                await anyio.sleep(wait)
                wait *= 2
            except httpx.TransportError as error:
                raise ServiceUnreachableError(self._url, str(error) or type(error).__name__) from error
        try:
            yield response
        except httpx.TransportError as error:
            raise ServiceUnreachableError(self._url, str(error) or type(error).__name__) from error
        finally:
            await response.aclose()

    async def _read(self, response: httpx.Response, pass_on: PassOn) -> None:
        if not response.is_success:
            await response.aread()
            reason = "the token is not accepted; set LTT_API_TOKEN" if response.status_code in _REFUSED else ""
            raise ServiceRefusedError(self._url, response.status_code, reason or response.text[:300])
        if "text/event-stream" in response.headers.get("content-type", ""):
            async with aclosing(EventSource(response).aiter_sse()) as messages:
                async for message in messages:
                    if message.data:
                        pass_on(json.loads(message.data))
            return
        body = await response.aread()
        if body:
            pass_on(json.loads(body))


_REFUSED = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)


@asynccontextmanager
async def connected(compat: Compat, introduction: Message, embed: Embed) -> AsyncGenerator[Upstream]:
    """A session with the service that the settings mean.

    Raises:
        InvalidSettingError, ServiceUnreachableError, ServiceRefusedError
    """
    async with service_of(Settings.read(), embed) as (url, token):
        http = httpx.AsyncClient(
            headers={"authorization": f"Bearer {token.get_secret_value()}"},
            timeout=httpx.Timeout(SILENCE_SECONDS, connect=CONNECT_SECONDS),
            # A redirect would carry the token to whoever it names.
            follow_redirects=False,
        )
        async with http:
            upstream = Upstream(http, f"{url}mcp?compat={quote(compat.value)}")
            await upstream.begin(introduction)
            yield upstream
