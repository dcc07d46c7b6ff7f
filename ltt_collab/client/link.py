"""Requests to the service: its address, its errors as ours, its event streams as messages."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import anyio
import httpx
from httpx_sse import EventSource, SSEError
from pydantic import SecretStr

from ltt_collab.client.backoff import Backoff
from ltt_collab.model.errors import InvalidSettingError, ServiceRefusedError, ServiceUnreachableError
from ltt_collab.model.problems import CODE_KEY, DETAIL_KEY, error_from_wire

API = "api/v1/"

REQUEST_SECONDS = 30.0
"""A proposal is answered once it is written, which may wait for the learner's hands for a while."""

CONNECT_SECONDS = 5.0

SILENCE_SECONDS = 40.0
"""A stream that says nothing for so long is dead: the service sends a heartbeat every 15 s."""

TRIES = 3
"""For a request whose connection broke; a proposal too is safe to send again, by its idempotency key."""

JSON_LIMIT_HINT = "no LTT Collab service answers there; is LTT_SERVICE_URL right?"


@dataclass(frozen=True, slots=True)
class Message:
    """One message of an event stream."""

    event: str
    data: Mapping[str, Any]


class ServiceLink:
    """HTTP requests to one service, with the token in a header and never in a URL."""

    def __init__(self, service_url: str, token: SecretStr) -> None:
        self.url = _checked(service_url)
        self._http = httpx.AsyncClient(
            base_url=self.url + API,
            headers={"authorization": f"Bearer {token.get_secret_value()}", "accept": "application/json"},
            timeout=httpx.Timeout(REQUEST_SECONDS, connect=CONNECT_SECONDS),
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=20),
            # A redirect would carry the token to whoever it names.
            follow_redirects=False,
        )

    async def close(self) -> None:
        """Close all connections."""
        await self._http.aclose()

    async def get(self, path: str, **query: str) -> Any:
        """GET some JSON.

        Raises:
            LttError: as the service raised it, or a ``ServiceError``.
        """
        response = await self._request("GET", path, params=query)
        self._check(response)
        return self._json(response)

    async def post(self, path: str, body: Mapping[str, Any]) -> tuple[int, Any]:
        """POST some JSON; returns status and JSON of an answer, refusals included.

        Raises:
            ServiceError
        """
        response = await self._request("POST", path, json=body)
        return response.status_code, self._json(response)

    async def put(self, path: str, body: Mapping[str, Any]) -> tuple[int, Any]:
        """PUT some JSON; returns status and JSON of an answer, refusals included.

        Raises:
            ServiceError
        """
        response = await self._request("PUT", path, json=body)
        return response.status_code, self._json(response)

    async def delete(self, path: str) -> tuple[int, Any]:
        """DELETE something; returns status and JSON of the answer, refusals included.

        Raises:
            ServiceError
        """
        response = await self._request("DELETE", path)
        return response.status_code, self._json(response)

    async def messages(self, path: str, *, after: int | None = None) -> AsyncGenerator[Message, None]:
        """Messages of an event stream until it breaks off.

        Raises:
            LttError: as the service raised it, or a ``ServiceError``; ``ServiceUnreachableError`` when it breaks.
        """
        headers = {"accept": "text/event-stream"}
        if after is not None:
            headers["last-event-id"] = str(after)
        timeout = httpx.Timeout(SILENCE_SECONDS, connect=CONNECT_SECONDS)
        try:
            async with self._http.stream("GET", path, headers=headers, timeout=timeout) as response:
                if response.status_code != HTTPStatus.OK:
                    await response.aread()
                self._check(response)
                async with aclosing(EventSource(response).aiter_sse()) as messages:
                    async for message in messages:
                        if message.data:
                            yield Message(message.event, json.loads(message.data))
        except httpx.TransportError as error:
            raise ServiceUnreachableError(self.url, _reason(error)) from error
        except (SSEError, json.JSONDecodeError) as error:
            raise ServiceRefusedError(self.url, HTTPStatus.OK, JSON_LIMIT_HINT) from error

    async def _request(self, method: str, path: str, **content: Any) -> httpx.Response:
        backoff = Backoff()
        for left in reversed(range(TRIES)):
            try:
                return await self._http.request(method, path, **content)
            except httpx.TransportError as error:
                if not left:
                    raise ServiceUnreachableError(self.url, _reason(error)) from error
                await anyio.sleep(backoff.next())
        raise AssertionError("unreachable")

    def _check(self, response: httpx.Response) -> None:
        if response.is_success:
            return
        if response.is_redirect:
            where = response.headers.get("location", "elsewhere")
            raise ServiceRefusedError(self.url, response.status_code, f"it redirects to {where}; use that URL if it is")
        raise self.refusal(response.status_code, self._json(response))

    def refusal(self, status: int, body: Any) -> Exception:
        """The error that a problem document stands for."""
        if not isinstance(body, Mapping) or CODE_KEY not in body:
            return ServiceRefusedError(self.url, status, JSON_LIMIT_HINT)
        return error_from_wire(body) or ServiceRefusedError(self.url, status, str(body.get(DETAIL_KEY, "")))

    def _json(self, response: httpx.Response) -> Any:
        try:
            return response.json()
        except ValueError as error:
            raise ServiceRefusedError(self.url, response.status_code, JSON_LIMIT_HINT) from error


def _checked(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise InvalidSettingError("LTT_SERVICE_URL", url, "use a URL as in http://127.0.0.1:8700/")
    if parts.username or parts.password or parts.query or parts.fragment:
        bare = parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()
        raise InvalidSettingError("LTT_SERVICE_URL", f"{bare}…", "leave user, password, query and fragment out of it")
    return parts._replace(path=parts.path.rstrip("/") + "/").geturl()


def _reason(error: httpx.TransportError) -> str:
    return str(error) or type(error).__name__
