"""People who log in to our pages through a real hub: in a browser, or as one without a screen."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

import httpx
from playwright.async_api import Page

from tests.support.hub import Hub, HubService

_ACTION = re.compile(r'<form[^>]*action="([^"]+)"')
_HIDDEN = re.compile(r'name="_xsrf" value="([^"]*)"')


async def types_password(page: Page, hub: Hub, user: str) -> None:
    """Fill in the hub's form, where the browser is by now."""
    await page.locator("#username_input").fill(user)
    await page.locator("#password_input").fill(hub.layout.password)
    await page.locator("#login_submit").click()


async def send_password(http: httpx.AsyncClient, form: httpx.Response, hub: Hub, user: str) -> httpx.Response:
    """The same without a screen; ``form``: the answer that shows it. Gives the page on which the login ends."""
    action, xsrf = _ACTION.search(form.text), _HIDDEN.search(form.text)
    assert action is not None, (str(form.url), form.text[:2000])
    fields = {"username": user, "password": hub.layout.password, "_xsrf": xsrf.group(1) if xsrf else ""}
    target = urljoin(str(form.url), action.group(1).replace("&amp;", "&"))
    return await http.post(
        target, content=urlencode(fields), headers={"Content-Type": "application/x-www-form-urlencoded"}
    )


@asynccontextmanager
async def visitor(hub: Hub, service: HubService, user: str, where: str = "") -> AsyncIterator[httpx.AsyncClient]:
    """Somebody logged in, at our pages; they follow no redirect any more."""
    async with httpx.AsyncClient(base_url=service.url, timeout=30, trust_env=False, follow_redirects=True) as http:
        arrived = await send_password(http, await http.get(where), hub, user)
        assert str(arrived.url).startswith(service.url), (arrived.url, arrived.text[:2000])
        assert arrived.is_success, (arrived.url, arrived.status_code, arrived.text[:2000])
        http.follow_redirects = False
        yield http


def query_of(url: str) -> dict[str, str]:
    """The query of an address."""
    return dict(parse_qsl(urlsplit(url).query))
