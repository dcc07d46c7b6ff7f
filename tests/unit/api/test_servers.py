"""Who may say that a learner's server has come up, and what they may say of it."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import httpx
import pytest

from ltt_collab.access.hub import HubAuthenticator, HubGroups
from ltt_collab.model.ids import Username
from ltt_collab.ports.hub import HubIdentity
from tests.support.directory import MemoryDirectory
from tests.support.door import RunningService, running_service
from tests.support.hub_fake import FakeHub

ADA = HubIdentity(name=Username("ada"), kind="user", groups=frozenset({"learners"}), scopes=frozenset())
ZOE = HubIdentity(name=Username("zoe"), kind="user", groups=frozenset(), scopes=frozenset())


def hub() -> HubAuthenticator:
    return HubAuthenticator(FakeHub(people={"t-ada": ADA, "t-zoe": ZOE}), HubGroups())


async def announce(service: RunningService, body: dict[str, Any], token: str = "") -> httpx.Response:
    headers = {"authorization": f"Bearer {token}"} if token else {}
    return await service.http.post("/api/v1/servers/announce", json=body, headers=headers)


async def test_a_server_says_that_it_has_come_up_by_the_token_that_the_hub_gave_it() -> None:
    async with running_service(MemoryDirectory(), others=[hub()]) as service:
        assert (await announce(service, {}, "t-ada")).status_code == HTTPStatus.ACCEPTED
        assert (await announce(service, {"server_name": "lab"}, "t-ada")).status_code == HTTPStatus.ACCEPTED
    assert service.announced == [("ada", ""), ("ada", "lab")]


async def test_the_operator_may_say_it_of_anybodys() -> None:
    async with running_service(MemoryDirectory()) as service:
        assert (await announce(service, {"username": "ben"})).status_code == HTTPStatus.ACCEPTED
    assert service.announced == [("ben", "")]


@pytest.mark.proves("hub:only-its-own-servers")
@pytest.mark.parametrize(
    ("token", "body", "status"),
    [
        ("t-ada", {"username": "ben"}, HTTPStatus.FORBIDDEN),
        ("t-zoe", {}, HTTPStatus.FORBIDDEN),
        ("guessed", {}, HTTPStatus.UNAUTHORIZED),
        ("t-ada", {"url": "http://127.0.0.1:1/"}, HTTPStatus.UNPROCESSABLE_ENTITY),
        ("t-ada", {"server_name": "x" * 300}, HTTPStatus.UNPROCESSABLE_ENTITY),
    ],
)
async def test_nobody_speaks_for_others_or_says_where_a_server_is(
    token: str, body: dict[str, Any], status: HTTPStatus
) -> None:
    async with running_service(MemoryDirectory(), others=[hub()]) as service:
        answer = await announce(service, body, token)
    assert (answer.status_code, service.announced) == (status, [])
