"""People at the pages without a browser: they came by a printed link and act as htmx does."""

from __future__ import annotations

import html
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from tests.support.service import Service

_HEADERS = re.compile(r"hx-headers='([^']*)'")


class Visitor:
    """Somebody logged in."""

    def __init__(self, http: httpx.AsyncClient, first: str) -> None:
        self.http, self.first = http, first
        self._headers: dict[str, str] = {}

    async def page(self) -> str:
        """Their first page, loaded anew."""
        answer = await self.http.get(self.first)
        answer.raise_for_status()
        found = _HEADERS.search(answer.text)
        assert found is not None
        self._headers = json.loads(html.unescape(found.group(1)))
        return answer.text

    async def act(self, path: str, **form: Any) -> str:
        """Press a button; what the page would say then."""
        if not self._headers:
            await self.page()
        answer = await self.http.post(path, data=form, headers=self._headers)
        assert answer.status_code < httpx.codes.BAD_REQUEST, answer.text
        return str(json.loads(answer.headers["hx-trigger"])["said"]["text"])


@asynccontextmanager
async def visitor(service: Service, whose: str) -> AsyncIterator[Visitor]:
    """Come in by the link that the service printed for an "Instructor's wall" or a "Learner's workspace"."""
    found = re.search(rf"{whose}, once: (\S+)", service.log.read_text())
    assert found is not None
    link = httpx.URL(found.group(1))
    async with httpx.AsyncClient(base_url=f"{link.scheme}://{link.netloc.decode()}", timeout=20) as http:
        answer = await http.get(str(link))
        assert answer.status_code == httpx.codes.SEE_OTHER
        yield Visitor(http, answer.headers["location"])
