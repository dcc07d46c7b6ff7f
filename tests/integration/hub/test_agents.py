"""An MCP client logs in by OAuth: it registers itself, a person answers, and the hub has the last word."""

from __future__ import annotations

import httpx
import httpx2
import pytest
from mcp import Client
from mcp.client.auth import OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import AuthorizationCodeResult, OAuthClientInformationFull, OAuthClientMetadata, OAuthToken
from playwright.async_api import Browser, Page, expect
from pydantic import AnyUrl

from tests.integration.hub.test_learners_servers import door, tutor_in
from tests.integration.hub.test_log_in import SOON, profile
from tests.support.deadlines import eventually
from tests.support.hub import INSTRUCTOR, Hub, HubService
from tests.support.hub_login import query_of, types_password
from tests.support.jupyter import code_cell
from tests.support.learner import learner_in
from tests.support.mcp_agent import Agent

pytestmark = [pytest.mark.jupyter, pytest.mark.browser, pytest.mark.timeout(240)]

BACK = "http://127.0.0.1:9/callback"
"""Where the program would listen; the browser is stopped before it goes there."""


class Memory:
    """The program's own store of what it was given."""

    def __init__(self) -> None:
        self.tokens: OAuthToken | None = None
        self.client: OAuthClientInformationFull | None = None

    async def get_tokens(self) -> OAuthToken | None:
        return self.tokens

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self.tokens = tokens

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        return self.client

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        self.client = client_info


class Person:
    """Opens what the program asks them to open, logs in at the hub, and answers."""

    def __init__(self, page: Page, hub: Hub, name: str) -> None:
        self.page, self.hub, self.name = page, hub, name
        self.came_back = ""

    async def open(self, url: str) -> None:
        """Log in, and let the program in."""
        await self.page.route(f"{BACK}**", lambda route: route.fulfill(body="You may close this window."))
        await self.page.goto(url)
        await types_password(self.page, self.hub, self.name)
        await expect(self.page.locator("h1")).to_have_text("May this program work in your name?", timeout=SOON)
        await expect(self.page.locator("main")).to_contain_text("Plain Agent")
        await expect(self.page.locator("main")).to_contain_text("127.0.0.1:9")
        await self.page.get_by_role("button", name="Let it in").click()
        await self.page.wait_for_url(f"{BACK}**", timeout=SOON)
        self.came_back = self.page.url

    async def answer(self) -> AuthorizationCodeResult:
        """What the browser brought back."""
        return AuthorizationCodeResult.model_validate(query_of(self.came_back))


def program(service: HubService, person: Person, memory: Memory) -> httpx2.AsyncClient:
    """An MCP client's HTTP side, with nothing but our address."""
    metadata = OAuthClientMetadata(client_name="Plain Agent", redirect_uris=[AnyUrl(BACK)])
    auth = OAuthClientProvider(f"{service.url}mcp", metadata, memory, person.open, person.answer)
    return httpx2.AsyncClient(auth=auth, timeout=60)


@pytest.mark.proves("hub:mcp-oauth")
async def test_a_program_is_let_in_by_a_learner_and_sees_theirs_until_they_log_out(
    hub: Hub, service: HubService, browser: Browser
) -> None:
    hub.write_notebook("ada", "allowed.ipynb", code_cell("x = 1", "one"))
    hers = door(hub, "ada", hub.start_server("ada"))
    memory = Memory()
    async with (
        learner_in(hers, "allowed.ipynb", "Ada") as ada,
        profile(browser) as page,
    ):
        await tutor_in(ada, service)
        person = Person(page, hub, "ada")
        async with (
            program(service, person, memory) as http,
            Client(streamable_http_client(f"{service.url}mcp", http_client=http)) as client,
        ):
            agent = Agent(client)
            assert "allowed.ipynb" in str(await agent.call("list_notebooks"))
            made = await agent.call("insert_cell", notebook_path="allowed.ipynb", source="z = 3")
            assert "error" not in made
            assert "plain-agent-of-ada" in (await agent.text("read_notebook", notebook_path="allowed.ipynb"))
        assert memory.tokens is not None
        token = memory.tokens.access_token
        assert service.ask("api/v1/rooms", token).status_code == httpx.codes.OK
        assert token not in service.said()
        assert person.came_back not in service.said()
        await page.goto(f"{hub.layout.hub_url}hub/logout")
        await eventually(
            lambda: service.ask("api/v1/rooms", token).status_code == httpx.codes.UNAUTHORIZED,
            within=30,
            what="the program out with its owner's login",
        )


@pytest.mark.proves("hub:mcp-oauth")
async def test_a_no_is_a_no_and_an_instructors_program_reads_only_unless_they_say_more(
    hub: Hub, service: HubService, browser: Browser
) -> None:
    async with profile(browser) as page, httpx.AsyncClient(base_url=service.url, trust_env=False) as http:
        registered = await http.post("register", json={"client_name": "Plain Agent", "redirect_uris": [BACK]})
        query = {
            "client_id": registered.json()["client_id"],
            "redirect_uri": BACK,
            "response_type": "code",
            "state": "mine",
            "code_challenge": "x" * 43,
            "code_challenge_method": "S256",
        }
        await page.route(f"{BACK}**", lambda route: route.fulfill(body="closed"))
        await page.goto(str(http.build_request("GET", "authorize", params=query).url))
        await types_password(page, hub, INSTRUCTOR)
        await expect(page.get_by_role("checkbox", name="write")).not_to_be_checked(timeout=SOON)
        await page.get_by_role("button", name="No", exact=True).click()
        await page.wait_for_url(f"{BACK}**", timeout=SOON)
        assert query_of(page.url) == {"error": "access_denied", "state": "mine"}


@pytest.mark.proves("hub:mcp-oauth")
async def test_a_program_that_is_not_let_in_is_told_where_to_ask(hub: Hub, service: HubService) -> None:
    assert hub is not None
    refused = service.ask("mcp", method="POST", json={})
    place = f"{service.url}.well-known/oauth-protected-resource/mcp"
    assert (refused.status_code, refused.headers["www-authenticate"]) == (401, f'Bearer resource_metadata="{place}"')
    said = service.ask(".well-known/oauth-protected-resource/mcp").json()
    assert (said["resource"], said["authorization_servers"]) == (f"{service.url}mcp", [service.url])
    elsewhere = {"client_name": "Thief", "redirect_uris": ["http://evil.example/"]}
    assert service.ask("register", method="POST", json=elsewhere).status_code == httpx.codes.BAD_REQUEST
