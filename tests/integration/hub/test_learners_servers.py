"""The tutor on a real JupyterHub's servers: found when announced, kept apart, there again after a restart."""

from __future__ import annotations

import time
from typing import cast

import httpx
import pytest

from tests.support.deadlines import eventually
from tests.support.hub import INSTRUCTOR, STRANGER, Door, Hub, HubService
from tests.support.jupyter import Jupyter, code_cell
from tests.support.learner import Learner, learner_in

pytestmark = [pytest.mark.jupyter, pytest.mark.timeout(240)]

OPERATOR = "operator-of-the-tests"

AFTER_OPENING = 4.0
"""Seconds to the tutor in the room, on crowded cores; the promise is 1 on free ones."""


def door(hub: Hub, user: str, url: str) -> Jupyter:
    """That user's own way to their server."""
    return cast("Jupyter", Door(url, hub.token(user)))


async def tutor_in(learner: Learner, service: HubService, within: float = 30.0) -> float:
    """Seconds until the learner sees the tutor in the room."""
    began = time.monotonic()
    await eventually(lambda: learner.tutor() is not None, within=within, what=f"the tutor:\n{service.said()[-5000:]}")
    return time.monotonic() - began


async def heard_of(service: HubService, url: str) -> None:
    """Return once the service watches that server."""

    def watching() -> bool:
        said = service.said().splitlines()
        return any('"watching"' in line and url in line for line in said)

    await eventually(watching, within=30, what=f"{url} announced:\n{service.said()[-5000:]}")


@pytest.mark.proves("hub:joined-when-announced")
async def test_a_server_that_comes_up_is_announced_and_its_notebook_joined_at_once(
    hub: Hub, service: HubService
) -> None:
    hub.write_notebook("ada", "first.ipynb", code_cell("x = 1", "one"))
    url = hub.start_server("ada")
    await heard_of(service, url)
    async with learner_in(door(hub, "ada", url), "first.ipynb", "Ada") as ada:
        seconds = await tutor_in(ada, service)
        assert seconds < AFTER_OPENING
        (room,) = [room for room in service.rooms(OPERATOR) if room["path"] == "first.ipynb"]
        assert room["learner"] == "ada"


@pytest.mark.proves("hub:learners-kept-apart")
async def test_a_learner_sees_only_rooms_on_their_own_server_whatever_anybody_is_called(
    hub: Hub, service: HubService
) -> None:
    hub.write_notebook("ada", "hers.ipynb", code_cell("x = 1", "one"))
    hub.write_notebook("ben", "his.ipynb", code_cell("x = 1", "one"))
    hers, his = door(hub, "ada", hub.start_server("ada")), door(hub, "ben", hub.start_server("ben"))
    async with learner_in(hers, "hers.ipynb", "Ada") as ada, learner_in(his, "his.ipynb", "Ben") as ben:
        await tutor_in(ada, service)
        await tutor_in(ben, service)
        herself = (ada.awareness.get_local_state() or {})["user"]
        ada.awareness.set_local_state_field("user", {**herself, "username": "ben"})
        ben_token, instructor = hub.token("ben"), hub.token(INSTRUCTOR)

        def seen(token: str) -> dict[str, str]:
            return {room["path"]: room["learner"] for room in service.rooms(token)}

        await eventually(lambda: "hers.ipynb" in seen(hers.token), what="ada's own room")
        await eventually(lambda: "his.ipynb" in seen(ben_token), what="ben's own room")
        assert set(seen(hers.token).values()) == {"ada"}
        assert set(seen(ben_token).values()) == {"ben"}
        assert {"hers.ipynb", "his.ipynb"} <= set(seen(instructor))
        room = next(room for room in service.rooms(ben_token) if room["path"] == "his.ipynb")
        for path in ("", "/events", "/decisions"):
            answer = service.ask(f"api/v1/rooms/{room['id']}{path}", hers.token)
            assert answer.status_code == httpx.codes.NOT_FOUND, path


@pytest.mark.proves("hub:strangers-stay-out")
async def test_who_is_in_no_group_of_ours_is_refused_and_nobody_announces_for_others(
    hub: Hub, service: HubService
) -> None:
    stranger = service.ask("api/v1/rooms", hub.token(STRANGER))
    assert stranger.status_code == httpx.codes.FORBIDDEN
    assert "group" in stranger.json()["detail"]
    assert service.ask("api/v1/rooms", "guessed").status_code == httpx.codes.UNAUTHORIZED
    ada = hub.token("ada")
    others = service.ask("api/v1/servers/announce", ada, "POST", json={"username": "ben"})
    assert others.status_code == httpx.codes.FORBIDDEN
    address = service.ask("api/v1/servers/announce", ada, "POST", json={"url": "http://127.0.0.1:1/"})
    assert address.status_code == httpx.codes.UNPROCESSABLE_ENTITY
    assert service.ask("api/v1/servers/announce", ada, "POST", json={}).status_code == httpx.codes.ACCEPTED


@pytest.mark.proves("hub:servers-tokens-teach-nobody")
async def test_an_instructors_token_that_was_not_made_for_services_gives_a_learners_rights_only(
    hub: Hub, service: HubService
) -> None:
    hub.write_notebook("ada", "seen.ipynb", code_cell("x = 1", "one"))
    hers = door(hub, "ada", hub.start_server("ada"))
    async with learner_in(hers, "seen.ipynb", "Ada") as ada:
        await tutor_in(ada, service)
        narrow = hub.token(INSTRUCTOR, scopes=["read:users!user"])
        assert service.rooms(narrow) == []
        assert "seen.ipynb" in {room["path"] for room in service.rooms(hub.token(INSTRUCTOR))}


@pytest.mark.proves("hub:revoked-tokens-end")
async def test_a_revoked_token_opens_nothing_within_seconds(hub: Hub, service: HubService) -> None:
    token = hub.token(INSTRUCTOR)
    assert service.ask("api/v1/rooms", token).status_code == httpx.codes.OK
    hub.revoke(INSTRUCTOR, token)
    await eventually(
        lambda: service.ask("api/v1/rooms", token).status_code == httpx.codes.UNAUTHORIZED,
        within=20,
        what="the revoked token refused",
    )


@pytest.mark.proves("hub:there-again-after-a-restart")
async def test_a_server_that_is_stopped_is_left_and_one_that_comes_up_again_is_joined(
    hub: Hub, service: HubService
) -> None:
    hub.write_notebook("ada", "again.ipynb", code_cell("x = 1", "one"))
    url = hub.start_server("ada")
    async with learner_in(door(hub, "ada", url), "again.ipynb", "Ada") as ada:
        await tutor_in(ada, service)
    hub.stop_server("ada")
    await eventually(lambda: '"server gone"' in service.said(), within=30, what="the server left")
    url = hub.start_server("ada")
    async with learner_in(door(hub, "ada", url), "again.ipynb", "Ada") as ada:
        await tutor_in(ada, service)
