"""`ltt demo --hub`: a hub that people log in to, with the tutor in it, gone without a trace afterwards."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from tests.support.deadlines import eventually
from tests.support.demo import Demo, started_demo

pytestmark = [pytest.mark.jupyter, pytest.mark.timeout(300)]

LONGEST_START = 60.0
"""Seconds to ready, as the issue bounds it."""


async def log_in(browser: httpx.AsyncClient, user: dict[str, Any]) -> None:
    """Type name and password into the hub's form."""
    await browser.get("hub/login")
    form = {"username": user["username"], "password": user["password"], "_xsrf": browser.cookies["_xsrf"]}
    answer = await browser.post(
        "hub/login?" + urlencode({"next": "/hub/home"}),
        content=urlencode(form),
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert answer.status_code == httpx.codes.OK
    assert user["username"] in answer.text


async def rooms_watched(demo: Demo, ready: dict[str, Any]) -> bool:
    headers = {"Authorization": f"Bearer {ready['api_token']}"}
    async with httpx.AsyncClient(base_url=ready["service_url"], headers=headers, trust_env=False) as http:
        return (await http.get("api/v1/rooms")).is_success


@pytest.mark.proves("hub:demo")
async def test_the_demo_starts_a_hub_with_real_logins_and_leaves_nothing(tmp_path: Path) -> None:
    cache = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    began = time.monotonic()
    with started_demo(tmp_path, "--hub", "--json", environment={"XDG_CACHE_HOME": cache}) as demo:
        ready = await demo.ready()
        assert time.monotonic() - began < LONGEST_START
        assert json.loads(demo.out) == ready
        assert [user["role"] for user in ready["users"]] == ["learner", "learner", "instructor"]
        assert await rooms_watched(demo, ready)
        async with httpx.AsyncClient(
            base_url=ready["hub_url"], follow_redirects=True, timeout=60, trust_env=False
        ) as browser:
            await log_in(browser, ready["users"][0])
            page = await browser.get(ready["service_url"])
            assert str(page.url) == f"{ready['service_url']}learn", "the hub knows her: no second password"
            await browser.get("hub/spawn/ada")

            async def course() -> list[dict[str, Any]]:
                # The page first: its redirects log the browser in to her server.
                if not (await browser.get("user/ada/lab")).is_success:
                    return []
                answer = await browser.get("user/ada/api/contents")
                # Until her server is ready the hub's own page comes.
                is_hers = answer.is_success and "json" in answer.headers["content-type"]
                return list(answer.json()["content"]) if is_hers else []

            found = await eventually(course, within=90, what="ada's server")
            assert [entry["name"] for entry in found if entry["type"] == "directory"] == ["first-steps"]
        assert await demo.interrupted() == 0
        assert demo.leftovers() == []
        assert ready["users"][0]["password"] not in demo.err
