"""A hub's REST API, read with care: pages, refusals, requests for patience, nonsense."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from ltt_collab.adapters.hub.directory import JupyterHub
from ltt_collab.adapters.hub.rest import HubRest
from ltt_collab.model.errors import HubRefusedError, HubUnavailableError
from ltt_collab.model.ids import Username
from tests.support.scripted_tcp import scripted_tcp


def answer(status: int, body: object = None, **headers: str) -> bytes:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(content)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + content


def user(name: str, *, ready: bool = True, url: str | None = None) -> dict[str, Any]:
    server = {"url": url or f"/user/{name}/", "ready": ready, "started": "s", "state": {"dns_name": "d", "n": 1}}
    return {"name": name, "servers": {"": server}}


@asynccontextmanager
async def hub(*answers: bytes) -> AsyncIterator[tuple[JupyterHub, list[str]]]:
    """A hub that gives these answers in turn, and what it was asked (whole heads)."""
    asked: list[str] = []
    left = list(answers)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while left:
            asked.append((await reader.readuntil(b"\r\n\r\n")).decode())
            writer.write(left.pop(0))
            await writer.drain()

    async with (
        scripted_tcp(serve) as port,
        HubRest(f"http://127.0.0.1:{port}/hub/api", "our-token") as rest,
    ):
        yield JupyterHub(rest), asked


async def listed(directory: JupyterHub) -> list[str]:
    return [server.owner async for page in directory.running_servers() for server in page]


async def test_pages_are_followed_to_the_last_and_only_ready_servers_told() -> None:
    first = {"items": [user("ada"), user("ben", ready=False)], "_pagination": {"next": {"offset": 200}}}
    last = {"items": [user("cem")], "_pagination": {"next": None}}
    async with hub(answer(200, first), answer(200, last)) as (directory, asked):
        assert await listed(directory) == ["ada", "cem"]
    assert "offset=0&limit=200" in asked[0]
    assert "offset=200&limit=200" in asked[1]
    assert all("authorization: token our-token" in head.lower() for head in asked)
    assert not any("our-token" in head.split("\r\n", 1)[0] for head in asked)


async def test_a_hub_that_names_the_same_page_again_does_not_hold_the_sweep_for_ever() -> None:
    page = {"items": [user("ada")], "_pagination": {"next": {"offset": 0}}}
    async with hub(answer(200, page)) as (directory, _):
        assert await listed(directory) == ["ada"]


@pytest.mark.parametrize("status", [429, 500, 502, 503])
async def test_a_hub_that_cannot_just_now_is_unavailable_for_as_long_as_it_says(status: int) -> None:
    async with hub(answer(status, "busy", Retry_After="17")) as (directory, _):
        with pytest.raises(HubUnavailableError) as raised:
            await listed(directory)
    assert raised.value.retry_after == 17


async def test_nobody_may_make_us_wait_for_ever() -> None:
    async with hub(answer(503, None, Retry_After="999999")) as (directory, _):
        with pytest.raises(HubUnavailableError) as raised:
            await listed(directory)
    assert raised.value.retry_after == 600


@pytest.mark.proves("hub:revoked-token-is-said")
@pytest.mark.parametrize(("status", "says"), [(401, "revoked"), (403, "list:users"), (404, "LTT_HUB_API_URL")])
async def test_a_refusal_says_what_to_do(status: int, says: str) -> None:
    async with hub(answer(status, {"message": "no"})) as (directory, _):
        with pytest.raises(HubRefusedError, match=says):
            await listed(directory)


@pytest.mark.proves("hub:only-its-own-servers")
async def test_no_redirect_is_followed_with_our_token() -> None:
    async with hub(answer(302, None, Location="http://127.0.0.1:1/steal"), answer(200, [])) as (directory, asked):
        with pytest.raises(HubRefusedError, match="redirects"):
            await listed(directory)
    assert len(asked) == 1


@pytest.mark.parametrize("body", [b"<html>", [1, None, {"name": 3}], {"items": 5}, None])
async def test_nonsense_is_no_servers_or_an_error_and_never_a_crash(body: object) -> None:
    async with hub(answer(200, body)) as (directory, _):
        with suppress(HubUnavailableError):
            assert await listed(directory) == []


async def test_a_token_is_asked_about_by_itself_and_an_unknown_one_is_nobodys() -> None:
    known = {"name": "ada", "kind": "user", "groups": ["learners"], "scopes": ["x"]}
    async with hub(answer(200, known), answer(403, {}), answer(200, {"name": ""})) as (directory, asked):
        found = await directory.identify("hers")
        assert found is not None
        assert found.name == "ada"
        assert found.groups == {"learners"}
        assert await directory.identify("guessed") is None
        assert await directory.identify("odd") is None
        assert await directory.identify("a\nb") is None
    assert "authorization: token hers" in asked[0].lower()
    assert "our-token" not in "".join(asked)


async def test_a_users_name_cannot_leave_its_place_in_the_address() -> None:
    async with hub(answer(200, user("a/../b")), answer(404, {})) as (directory, asked):
        await directory.servers_of(Username("a/../b?x"))
        assert await directory.servers_of(Username("gone")) == []
    assert asked[0].startswith("GET /hub/api/users/a%2F..%2Fb%3Fx HTTP")


async def test_what_the_spawner_says_of_a_server_is_kept_as_words() -> None:
    async with hub(answer(200, user("ada"))) as (directory, _):
        (server,) = await directory.servers_of(Username("ada"))
    assert server.state == {"dns_name": "d"}
