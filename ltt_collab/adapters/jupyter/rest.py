"""REST calls to one Jupyter server: bounded, without redirects, without being taken for a learner's activity."""

from __future__ import annotations

import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import lru_cache
from http import HTTPStatus
from typing import Any

import httpx

from ltt_collab.adapters.jupyter.address import JupyterAddress
from ltt_collab.adapters.jupyter.refusals import refused
from ltt_collab.model.errors import RoomRefusedError, RoomUnreachableError

CONNECT_LIMIT = 5.0
"""Seconds to reach a server: a hub's proxy answers at once or not at all."""

ANSWER_LIMIT = 15.0
"""Seconds between two pieces of an answer: a learner's server on a busy node was seen to take 3."""

BODY_CAP = 8 * 1024 * 1024
"""Bytes of one answer that we take; the longest honest one is JupyterLab's front page with 60 KB."""


REFUSALS = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
"""Answers after which a token is read again, if it can be."""


@lru_cache(maxsize=1)
def system_tls() -> ssl.SSLContext:
    """The machine's own certificate authorities, read once for all servers (it takes some 10 ms)."""
    return ssl.create_default_context()


@lru_cache(maxsize=1)
def _no_tls() -> ssl.SSLContext:
    """For clients of plain HTTP, which need no certificate authorities; one for all, it takes 14 KiB."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One HTTP answer; ``date`` is the server's clock in Unix seconds, None if it did not say."""

    status: int
    body: bytes
    date: float | None

    def json(self) -> Any:
        """The body as JSON, None if it is not."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    @property
    def message(self) -> str:
        """The ``message`` of a Jupyter error body, shortened; empty if there is none."""
        said = self.json()
        message = said.get("message") if isinstance(said, dict) else None
        return message[:200] if isinstance(message, str) else ""


class RestClient:
    """One pooled HTTP client for one server."""

    def __init__(self, address: JupyterAddress, tls: ssl.SSLContext | None) -> None:
        self._address = address
        self._http = httpx.AsyncClient(
            verify=tls or _no_tls(),
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=4),
            timeout=httpx.Timeout(ANSWER_LIMIT, connect=CONNECT_LIMIT),
            follow_redirects=False,
            # No proxy and no .netrc of the environment: both could carry the token, or another one, elsewhere.
            trust_env=False,
        )

    async def ask(
        self, method: str, target: str, *, body: object = None, query: dict[str, str] | None = None
    ) -> Answer:
        """The answer, whatever its status; ``target`` is relative and quoted.

        Raises:
            RoomUnreachableError: no answer, a broken one, or one over ``BODY_CAP``.
        """
        token = self._address.token
        ours = token.headers()
        answer = await self._send(method, target, body, query, ours)
        if answer.status in REFUSALS and await token.renew(ours):
            return await self._send(method, target, body, query, token.headers())
        return answer

    async def _send(
        self, method: str, target: str, body: object, query: Mapping[str, str] | None, headers: Mapping[str, str]
    ) -> Answer:
        url = self._address.http(target)
        parameters = {**(query or {}), "no_track_activity": "1"}
        try:
            async with self._http.stream(method, url, json=body, params=parameters, headers=headers) as response:
                content = bytearray()
                async for piece in response.aiter_bytes():
                    content += piece
                    if len(content) > BODY_CAP:
                        raise RoomUnreachableError(url, f"an answer of more than {BODY_CAP} bytes")
                return Answer(status=response.status_code, body=bytes(content), date=_date_of(response))
        except httpx.TimeoutException as error:
            raise RoomUnreachableError(url, f"no answer in time ({type(error).__name__})") from None
        except httpx.HTTPError as error:
            raise RoomUnreachableError(url, str(error) or type(error).__name__) from error

    async def demand(
        self, method: str, target: str, *, body: object = None, query: dict[str, str] | None = None
    ) -> Answer:
        """The answer, which is a success.

        Raises:
            RoomUnreachableError, RoomRefusedError
        """
        answer = await self.ask(method, target, body=body, query=query)
        if answer.status not in range(200, 300):
            raise self.refusal(target, answer)
        return answer

    async def demand_json(self, target: str) -> Any:
        """The JSON of a successful GET.

        Raises:
            RoomUnreachableError, RoomRefusedError
        """
        answer = await self.demand("GET", target)
        said = answer.json()
        if said is None:
            raise RoomRefusedError(self._address.http(target), answer.status, "the answer is not JSON")
        return said

    def refusal(self, target: str, answer: Answer) -> RoomUnreachableError | RoomRefusedError:
        """The error for an answer that is not a success."""
        return refused(self._address.http(target), answer.status, answer.message)

    async def aclose(self) -> None:
        """Close every connection."""
        await self._http.aclose()


def _date_of(response: httpx.Response) -> float | None:
    try:
        return parsedate_to_datetime(response.headers.get("date", "")).timestamp()
    except ValueError:
        return None
