"""Questions to one JupyterHub: bounded, without redirects, and never in a hurry."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self

import httpx

from ltt_collab.adapters.hub.credential import HubToken
from ltt_collab.adapters.jupyter.address import Token
from ltt_collab.model.errors import HubRefusedError, HubUnavailableError

ANSWER_LIMIT = 20.0
"""Seconds for one answer: a page of 200 servers took the hub 0.13 s, a busy hub was seen to take several."""

CONNECT_LIMIT = 5.0

BODY_CAP = 8 * 1024 * 1024
"""Bytes of one answer that we take; a page of 200 users has some 200 KB."""

LONGEST_PAUSE = 600.0
"""Seconds that a ``Retry-After`` may ask of us."""

PAGED = "application/jupyterhub-pagination+json"
"""The media type in which the hub says whether there is a next page."""


REFUSALS = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
"""Answers of a hub that does not know our token; a scope that is missing is answered so, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HubAnswer:
    """One answer that is no fault of the hub's: its status, and its body as JSON, None if it is not."""

    status: int
    json: Any


class HubRest:
    """One pooled client for one hub; close it, or use it as an async context manager.

    Invariants:
        1. A token travels to one host, in one header (a login's, in the body): no redirect is followed, no URL,
           message or repr carries it.
        2. A refusal of our own token is no answer before the token was read again.
    """

    def __init__(self, api_url: str, token: str | HubToken) -> None:
        """``api_url`` as JupyterHub gives it to services, as in ``http://127.0.0.1:8081/hub/api``."""
        self.url = api_url.rstrip("/") + "/"
        self.token = token if isinstance(token, HubToken) else HubToken(token)
        self._http = httpx.AsyncClient(
            timeout=httpx.Timeout(ANSWER_LIMIT, connect=CONNECT_LIMIT),
            limits=httpx.Limits(max_connections=8, max_keepalive_connections=2),
            follow_redirects=False,  # invariant 1
            trust_env=False,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def ask(
        self,
        target: str,
        query: Mapping[str, str] | None = None,
        *,
        token: str | None = None,
        method: str = "GET",
    ) -> HubAnswer:
        """GET (or another ``method``) an address below the API; ``token`` instead of our own.

        Raises:
            HubUnavailableError: no answer, or one that says: later.
        """
        if token is not None:
            return await self._send(method, target, query, headers=Token(token).headers())
        ours = self.token.headers()
        answer = await self._send(method, target, query, headers=ours)
        if answer.status in REFUSALS and await self.token.renew(ours):
            return await self._send(method, target, query, headers=self.token.headers())
        return answer

    async def redeem(self, form: Mapping[str, str]) -> HubAnswer:
        """POST a form to the OAuth token endpoint, with our token as the client's secret.

        Raises:
            HubUnavailableError
        """
        ours = self.token.headers()
        answer = await self._send("POST", "oauth2/token", form={**form, "client_secret": self.token.secret})
        if answer.status in REFUSALS and await self.token.renew(ours):
            return await self._send("POST", "oauth2/token", form={**form, "client_secret": self.token.secret})
        return answer

    async def _send(
        self,
        method: str,
        target: str,
        query: Mapping[str, str] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
    ) -> HubAnswer:
        parameters, said_of_us = dict(query or {}), {"Accept": PAGED, **(headers or {})}
        url = self.url + target
        try:
            async with self._http.stream(method, url, params=parameters, headers=said_of_us, data=form) as said:
                body = bytearray()
                async for piece in said.aiter_bytes():
                    body += piece
                    if len(body) > BODY_CAP:
                        raise HubUnavailableError(self.url, f"an answer of more than {BODY_CAP} bytes")
        except httpx.HTTPError as error:
            raise HubUnavailableError(self.url, str(error) or type(error).__name__) from None
        if said.status_code == HTTPStatus.TOO_MANY_REQUESTS or said.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise HubUnavailableError(self.url, f"it answered {said.status_code}", _pause(said))
        return HubAnswer(status=said.status_code, json=_json(bytes(body)))

    async def demand(self, target: str, query: Mapping[str, str] | None = None, *, needs: str) -> Any:
        """The JSON of a GET that our own token must be allowed; ``needs``: the scope for it.

        Raises:
            HubUnavailableError, HubRefusedError
        """
        answer = await self.ask(target, query)
        if answer.status != HTTPStatus.OK:
            raise self.refusal(answer.status, needs)
        if answer.json is None:
            raise HubUnavailableError(self.url, "its answer is not JSON: is LTT_HUB_API_URL the hub's API?")
        return answer.json

    def refusal(self, status: int, needs: str) -> HubRefusedError:
        """The error for an answer that is no."""
        if status in range(300, 400):
            remedy = "it redirects: LTT_HUB_API_URL must be the API itself, as in http://127.0.0.1:8081/hub/api"
        elif status == HTTPStatus.UNAUTHORIZED:
            remedy = "LTT_HUB_TOKEN is unknown or was revoked: set the one of our entry in c.JupyterHub.services"
        elif status == HTTPStatus.FORBIDDEN:
            remedy = f"LTT_HUB_TOKEN is unknown, was revoked, or lacks the scope {needs}"
        else:
            remedy = "is LTT_HUB_API_URL the hub's API, as in http://127.0.0.1:8081/hub/api?"
        return HubRefusedError(self.url, status, remedy)


def _pause(said: httpx.Response) -> float | None:
    asked = said.headers.get("retry-after", "")
    return min(float(asked), LONGEST_PAUSE) if asked.isdigit() else None


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None
