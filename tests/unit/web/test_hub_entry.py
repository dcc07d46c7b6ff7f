"""The pages' entry with a hub: where browsers are sent, what they keep, what they are told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial
from types import SimpleNamespace
from typing import cast

import httpx
import pytest

from ltt_collab.access.grants import Grants, Sealed
from ltt_collab.api.middleware import HeadAsGet
from ltt_collab.mcp_bridge.authorization import answer
from ltt_collab.model.errors import HubUnavailableError
from ltt_collab.model.identity import Principal, Role
from ltt_collab.model.ids import Username
from ltt_collab.reception import Entrance
from ltt_collab.web.pages import create_pages
from ltt_collab.web.stage import Asking, Stage
from tests.support.hub_login import query_of
from tests.unit.hub.test_grants import WISH
from tests.unit.web.test_hub_login import PLACES, Scene

HOME = PLACES.ours.rstrip("/")


@pytest.fixture
def scene() -> Scene:
    return Scene()


@pytest.fixture
async def browser(scene: Scene) -> AsyncIterator[httpx.AsyncClient]:
    asking = Asking(grants=Grants(Sealed("our token", scene.watch), scene.watch), answer=answer)
    stage = SimpleNamespace(login=scene.login, public_url=PLACES.ours, asking=asking)
    stage.origin = partial(Stage.origin, cast("Stage", stage))
    stage.is_secure = partial(Stage.is_secure, cast("Stage", stage))
    pages = HeadAsGet(create_pages(cast("Stage", stage)))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(Entrance(pages, pages)), base_url=HOME) as http:
        yield http


@pytest.mark.proves("hub:login")
async def test_a_page_leads_to_the_hub_and_back_to_itself_with_a_cookie_of_its_own(browser: httpx.AsyncClient) -> None:
    first = await browser.get("/learn?course=first")
    assert first.headers["location"] == "/login?next=/learn%3Fcourse%3Dfirst"
    away = await browser.get(first.headers["location"])
    cookie = away.headers["set-cookie"].lower()
    assert all(word in cookie for word in ("httponly", "secure", "samesite=lax", "path=/oauth_callback"))
    asked = query_of(away.headers["location"])
    back = await browser.get("/oauth_callback", params={"code": "c1", "state": asked["state"]})
    assert (back.status_code, back.headers["location"]) == (httpx.codes.SEE_OTHER, "/learn?course=first")
    session = next(each.lower() for each in back.headers.get_list("set-cookie") if "ltt-session" in each)
    assert all(word in session for word in ("httponly", "secure", "samesite=lax"))
    assert "t-ada" not in str(back.headers)


@pytest.mark.proves("hub:login-bound-to-its-browser")
async def test_a_browser_that_comes_by_another_name_is_sent_to_the_one_that_the_hub_knows(
    browser: httpx.AsyncClient,
) -> None:
    other = await browser.get("http://10.0.0.7:8700/login", params={"next": "/wall"})
    assert other.headers["location"] == f"{HOME}/login?at=home&next=/wall"
    hidden = await browser.get("http://10.0.0.7:8700/login", params={"next": "/wall", "at": "home"})
    assert hidden.headers["location"].startswith(PLACES.authorize), "a proxy that hides our name makes no loop"


@pytest.mark.proves("hub:login")
async def test_a_link_checker_begins_no_login_and_an_operator_needs_no_hub(
    browser: httpx.AsyncClient, scene: Scene
) -> None:
    assert (await browser.head("/login")).status_code == httpx.codes.OK
    assert (await browser.head("/oauth_callback?code=c1&state=x")).status_code == httpx.codes.OK
    assert "c1" in scene.logins.codes
    assert 'name="token"' in (await browser.get("/login?by=token")).text


@pytest.mark.proves("hub:login")
async def test_who_is_not_let_in_is_told_why_and_a_hub_that_is_away_is_no_refusal(
    browser: httpx.AsyncClient, scene: Scene
) -> None:
    stale = await browser.get("/oauth_callback?code=c1&state=made-up")
    assert stale.status_code == httpx.codes.FORBIDDEN
    assert "was not begun in this browser" in stale.text
    asked = query_of((await browser.get("/login")).headers["location"])
    refused = await browser.get("/oauth_callback", params={"error": "access_denied", "state": asked["state"]})
    assert refused.status_code == httpx.codes.FORBIDDEN
    assert PLACES.log_out in refused.text
    asked = query_of((await browser.get("/login")).headers["location"])
    scene.hub.errors.append(HubUnavailableError("hub", "it does not answer"))
    away = await browser.get("/oauth_callback", params={"code": "c1", "state": asked["state"]})
    assert away.status_code == httpx.codes.SERVICE_UNAVAILABLE
    assert "it will be tried again" in away.text


@pytest.mark.proves("hub:mcp-oauth")
async def test_only_a_login_at_the_hub_lets_a_program_in_and_the_page_escapes_its_name(
    browser: httpx.AsyncClient, scene: Scene
) -> None:
    grants = Grants(Sealed("our token", scene.watch), scene.watch)
    word = grants.wish(replace(WISH, name="<script>alert(1)</script>"))
    principal = Principal(name=Username("ada"), role=Role.LEARNER)
    for by_hub, status in ((False, httpx.codes.FORBIDDEN), (True, httpx.codes.OK)):
        cookie, session = scene.login.begin(principal, token="t-ada", by_hub=by_hub)
        browser.cookies.set("ltt-session-https", cookie)
        shown = await browser.get("/agents/allow", params={"wish": word})
        assert shown.status_code == status
        assert "<script>alert" not in shown.text
    headers = {"X-CSRF-Token": session.csrf}
    assert (await browser.post("/agents/allow", data={"wish": word, "yes": "true"})).status_code == 403
    no = await browser.post("/agents/allow", data={"wish": word, "yes": "false"}, headers=headers)
    assert query_of(no.headers["hx-redirect"]) == {"error": "access_denied", "state": "s"}
    made_up = await browser.post("/agents/allow", data={"wish": "made up", "yes": "true"}, headers=headers)
    assert made_up.status_code == httpx.codes.FORBIDDEN
    yes = await browser.post("/agents/allow", data={"wish": word, "yes": "true"}, headers=headers)
    assert set(query_of(yes.headers["hx-redirect"])) == {"code", "state"}
