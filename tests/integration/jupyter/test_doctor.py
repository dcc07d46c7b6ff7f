"""``ltt doctor`` on real and strange servers."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from ltt_collab.doctor import Report, Status, examine
from tests.support.fake_jupyter import Behaviour, Request, Response, fake_jupyter
from tests.support.jupyter import Jupyter, running_jupyter

pytestmark = [pytest.mark.jupyter, pytest.mark.asyncio(loop_factories=["uvloop"])]

TOKEN = "s3cret-of-alice"


def by_name(report: Report) -> dict[str, Status]:
    return {check.name: check.status for check in report.checks}


async def test_our_own_learner_server_is_well(jupyter: Jupyter) -> None:
    report = await examine(f"{jupyter.url}lab?token={jupyter.token}")
    assert {name for name, status in by_name(report).items() if status is not Status.OK} == set(), report.to_json()
    assert report.exit_code == 0
    assert jupyter.token not in report.to_json()


@pytest.mark.proves("doctor:store-at-risk")
async def test_a_stock_server_puts_learner_text_at_risk(tmp_path: Path) -> None:
    async with running_jupyter(tmp_path, stock=True) as jupyter:
        report = await examine(jupyter.url, jupyter.token)
    assert by_name(report)["history"] is Status.RISK
    assert by_name(report)["versions"] is by_name(report)["websocket"] is Status.OK
    assert report.exit_code == 1


async def test_a_server_that_is_not_there_cannot_be_examined() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        report = await examine(f"http://127.0.0.1:{unused.getsockname()[1]}/", TOKEN)
    assert by_name(report) == {"reachable": Status.RISK}
    assert report.exit_code == 1


def behind_a_hub(hub: Response, *, room: Response | None = None) -> Behaviour:
    """A learner's server at /user/alice/, and its hub."""
    below = "/user/alice/"

    def answer(request: Request) -> Response:
        path = request.target.split("?", 1)[0]
        if path == "/hub/api/user":
            return hub
        if path == below + "api/me":
            return Response(json={"identity": {"username": "ltt-tutor"}})
        if path == below + "api":
            return Response(json={"version": "2.21.1"}, headers={"Date": "Sun, 06 Nov 1994 08:49:37 GMT"})
        return room if room is not None and "room" in path else Response(404)

    return answer


@pytest.mark.proves("doctor:token-never-shown")
async def test_a_hub_is_asked_for_scopes_and_a_wrong_clock_is_told() -> None:
    hub = Response(json={"name": "ltt-tutor", "scopes": ["access:servers", "list:users"]})
    async with fake_jupyter(behind_a_hub(hub)) as fake:
        report = await examine(fake.url + "user/alice/lab", TOKEN)
    found = by_name(report)
    assert (found["hub"], found["reachable"], found["history"]) == (Status.OK, Status.WARN, Status.UNKNOWN)
    assert "ltt-tutor" in next(check.found for check in report.checks if check.name == "token")
    assert TOKEN not in report.to_json()


async def test_a_hub_that_tells_nothing_is_unknown() -> None:
    async with fake_jupyter(behind_a_hub(Response(403))) as fake:
        assert by_name(await examine(fake.url + "user/alice/", TOKEN))["hub"] is Status.UNKNOWN


async def test_a_proxy_that_blocks_sockets_is_told() -> None:
    blocked = behind_a_hub(Response(403), room=Response(400))
    async with fake_jupyter(blocked) as fake:
        report = await examine(fake.url + "user/alice/", TOKEN)
    assert by_name(report)["websocket"] is Status.WARN


@pytest.mark.parametrize(
    ("answer", "words"),
    [(Response(302, headers={"Location": "/hub/login"}), "redirects"), (Response(body=b"<html>hello"), "no Jupyter")],
)
async def test_what_is_no_running_jupyter_is_said(answer: Response, words: str) -> None:
    async with fake_jupyter(lambda _: answer) as fake:
        report = await examine(fake.url, TOKEN)
    assert words in report.checks[0].found
    assert len(fake.requests) == report.exit_code == 1


async def test_a_wrong_token_is_said_and_nothing_more_is_asked(jupyter: Jupyter) -> None:
    report = await examine(jupyter.url, TOKEN)
    assert by_name(report) == {"reachable": Status.OK, "token": Status.RISK}
    assert TOKEN not in report.to_json()
