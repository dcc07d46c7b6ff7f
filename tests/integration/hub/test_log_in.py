"""People log in to our pages at a real hub, in real browsers, and see what their groups there allow."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from playwright.async_api import Browser, Page, expect

from tests.integration.hub.test_learners_servers import OPERATOR, heard_of
from tests.support.deadlines import eventually
from tests.support.hub import COURSE_INSTRUCTOR, INSTRUCTOR, PASSER_BY, STRANGER, Hub, HubService
from tests.support.hub_login import send_password, types_password, visitor

pytestmark = [pytest.mark.jupyter, pytest.mark.browser, pytest.mark.timeout(300)]

LAB = 60_000
"""Milliseconds that JupyterLab may take to load in the frame on two busy cores."""

SOON = 20_000


@asynccontextmanager
async def profile(browser: Browser) -> AsyncIterator[Page]:
    """A browser of somebody's own."""
    context = await browser.new_context(viewport={"width": 1400, "height": 900})
    try:
        yield await context.new_page()
    finally:
        await context.close()


async def log_in(page: Page, hub: Hub, service: HubService, user: str, where: str) -> None:
    """Go to a page of ours, log in at the hub on the way, and arrive."""
    await page.goto(service.url + where)
    await types_password(page, hub, user)
    await page.wait_for_url(service.url + where, timeout=SOON)


@pytest.mark.proves("hub:login")
async def test_a_learner_logs_in_to_tasks_and_their_own_jupyterlab_and_their_instructors_watch(
    hub: Hub, service: HubService, browser: Browser
) -> None:
    url = hub.start_server("ada")
    await heard_of(service, url)
    asked: list[str] = []
    async with profile(browser) as learn, profile(browser) as wall:
        learn.on("request", lambda request: asked.append(request.url))
        await log_in(learn, hub, service, "ada", "learn")
        await learn.locator(".task", has_text="Welcome").get_by_role("button", name="Start").click()
        lab = learn.frame_locator("#lab")
        await lab.locator(".jp-Notebook .jp-Cell").first.wait_for(timeout=LAB)
        cookies = {each["name"]: each for each in await learn.context.cookies(service.url)}
        (session,) = [each for name, each in cookies.items() if name.startswith("ltt-session")]
        assert (session["httpOnly"], session["sameSite"]) == (True, "Lax")
        assert not [address for address in asked if "token=" in address]

        await log_in(wall, hub, service, INSTRUCTOR, "wall")
        card = wall.locator("#cards .card", has_text="ada")
        await card.wait_for(timeout=SOON)
        (room,) = [room for room in service.rooms(OPERATOR) if room["learner"] == "ada"]
        await wall.goto(f"{service.url}shadow/{room['id']}")
        await expect(wall.locator("body")).to_contain_text("ada", timeout=SOON)
        refused = await wall.goto(f"{service.url}learn")
        assert refused is not None
        assert refused.status == httpx.codes.FORBIDDEN, "an instructor's login is no learner's"

        async with visitor(hub, service, COURSE_INSTRUCTOR) as ivo:
            shadow = f"shadow/{room['id']}"
            assert (await ivo.get(shadow)).status_code == httpx.codes.NOT_FOUND, "ada is not in the course yet"
            service.ask("api/v1/courses/first-steps/enrolments/ada", OPERATOR, "PUT", json={"role": "learner"})
            assert (await ivo.get(shadow)).status_code == httpx.codes.OK
    for secret in (hub.layout.password, hub.layout.hub_token):
        assert secret not in service.said()


@pytest.mark.proves("hub:strangers-stay-out")
async def test_who_is_in_no_group_of_ours_is_told_so_by_the_hub_or_by_us(
    hub: Hub, service: HubService, browser: Browser
) -> None:
    async with profile(browser) as page:
        await page.goto(f"{service.url}learn")
        await types_password(page, hub, STRANGER)
        await expect(page.locator("body")).to_contain_text("You do not have permission to access", timeout=SOON)
        assert (await page.request.get(f"{service.url}wall", max_redirects=0)).status == httpx.codes.SEE_OTHER
    async with httpx.AsyncClient(base_url=service.url, timeout=30, trust_env=False, follow_redirects=True) as http:
        arrived = await send_password(http, await http.get("learn"), hub, PASSER_BY)
        assert arrived.status_code == httpx.codes.FORBIDDEN
        assert "have no place here" in arrived.text
        assert "yan is not in the hub" in arrived.text
        assert "frame-ancestors" in arrived.headers["content-security-policy"]
        assert not [name for name in http.cookies if name.startswith("ltt-session")]


@pytest.mark.proves("hub:session-ends-with-the-hub")
async def test_a_logout_is_one_and_the_hubs_logout_ends_the_session_and_its_streams(
    hub: Hub, service: HubService, browser: Browser
) -> None:
    async with profile(browser) as page:
        await log_in(page, hub, service, "ben", "learn")
        await page.get_by_role("button", name="Log out").click()
        await expect(page.locator("h1")).to_have_text("You are logged out", timeout=SOON)
        await page.get_by_role("link", name="Log in again").click()
        await page.wait_for_url(f"{service.url}learn", timeout=SOON)  # the hub knows ben still: no password
        await page.goto(f"{hub.layout.hub_url}hub/logout")

        async def is_sent_to_log_in() -> bool:
            await page.goto(f"{service.url}learn")
            return re.search(r"/hub/login", page.url) is not None

        await eventually(is_sent_to_log_in, within=40, what="the session ended")


@pytest.mark.proves("hub:session-ends-with-the-hub")
async def test_an_open_stream_ends_with_its_session(hub: Hub, service: HubService) -> None:
    async with visitor(hub, service, INSTRUCTOR, "wall") as ivy:
        page = (await ivy.get("wall")).text
        csrf = re.search(r'X-CSRF-Token": "([^"]+)"', page.replace("&#34;", '"'))
        assert csrf is not None
        async with ivy.stream("GET", "wall/stream") as stream:
            assert stream.status_code == httpx.codes.OK
            left = await ivy.post("logout", headers={"X-CSRF-Token": csrf.group(1)})
            assert left.headers["hx-redirect"] == "/logged-out"
            async for _ in stream.aiter_bytes():
                pass  # it ends by itself, or the test's time does
        assert (await ivy.get("wall")).status_code == httpx.codes.SEE_OTHER


@pytest.mark.proves("hub:login-bound-to-its-browser")
async def test_a_login_that_another_browser_began_lets_nobody_in(hub: Hub, service: HubService) -> None:
    async with (
        httpx.AsyncClient(base_url=service.url, timeout=30, trust_env=False) as attacker,
        httpx.AsyncClient(base_url=service.url, timeout=30, trust_env=False, follow_redirects=True) as hers,
    ):
        began = (await attacker.get("login")).headers["location"]
        # The attacker's own login, sent to her as a link to its last step.
        attacker.follow_redirects = True
        form = await attacker.get(began)
        attacker.follow_redirects = False
        answer = await send_password(attacker, form, hub, "ben")
        while not answer.headers["location"].startswith(f"{service.url}oauth_callback"):
            answer = await attacker.get(str(answer.url.join(answer.headers["location"])))
        arrived = await hers.get(answer.headers["location"])
        assert arrived.status_code == httpx.codes.FORBIDDEN
        assert "was not begun in this browser" in arrived.text
        assert not [name for name in hers.cookies if name.startswith("ltt-session")]
