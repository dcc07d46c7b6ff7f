"""How soon the tutor is in a learner's notebook on a real JupyterHub: hub, proxy, a learner's server, our service.

All of them are what ``ltt demo --hub`` starts, in processes of their own. A simulated browser logs in, starts the
learner's server and opens notebooks; the service's own events say when it was in.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import anyio
import httpx
from anyio.streams.buffered import BufferedByteReceiveStream
from pydantic import SecretStr

from ltt_collab.adapters.jupyter.server import JupyterServer
from ltt_collab.bench.errors import BenchmarkError
from ltt_collab.bench.hearing import Hearing, hearing, is_live
from ltt_collab.bench.visitor import Visitor
from ltt_collab.client import HttpClient

START = 120.0
"""Seconds for hub, proxy and service: 15 on two free cores."""

SPAWN = 90.0
"""Seconds for a learner's server: 5 on two free cores."""

GOODBYE = 20.0
LINE_CAP = 64 * 1024
CELLS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """Milliseconds from the moment a learner's page had the notebook until our peer was in the room and up to date.

    ``first``: the first notebook, opened as soon as the hub said that the server is ready. ``others``: later ones.
    """

    first: float
    others: list[float]


async def join_times(openings: int) -> Joined:
    """Open so many notebooks after the first one.

    Raises:
        BenchmarkError: something did not start in time.
    """
    async with _demo() as ready, HttpClient(ready["service_url"], SecretStr(ready["api_token"])) as service:
        learner = ready["users"][0]
        async with _Browser(ready["hub_url"], learner) as browser, hearing(service) as heard:
            await browser.log_in()
            await browser.start_server()
            times = [await _open_one(browser, heard, number) for number in range(openings + 1)]
    return Joined(first=times[0], others=times[1:])


async def _open_one(browser: _Browser, heard: Hearing, number: int) -> float:
    path, so_far, visitor = f"bench-{number}.ipynb", len(heard.events), Visitor()
    await browser.write_notebook(path)
    async with JupyterServer.at(browser.server_url, browser.token) as server:
        try:
            await visitor.enter(server, path)
            live = await heard.first(is_live, f"our peer in {path}", after=so_far)
        finally:
            visitor.leave()
    return (live.at - visitor.loaded_at) * 1000


class _Browser:
    """One learner at the hub: logs in by the form, then has a token of their own."""

    def __init__(self, hub_url: str, learner: Mapping[str, Any]) -> None:
        self._name, self._password = str(learner["username"]), str(learner["password"])
        self._http = httpx.AsyncClient(base_url=hub_url, follow_redirects=True, timeout=30, trust_env=False)
        self.server_url = f"{hub_url}user/{self._name}/"
        self.token = ""

    async def __aenter__(self) -> _Browser:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def log_in(self) -> None:
        """Type name and password into the hub's form, and make a token on its page."""
        await self._http.get("hub/login")
        form = {"username": self._name, "password": self._password, "_xsrf": self._http.cookies["_xsrf"]}
        answer = await self._http.post("hub/login?next=/hub/home", data=form)
        answer.raise_for_status()
        xsrf = self._http.cookies.get("_xsrf", path="/hub/")
        asked = urlencode({"_xsrf": xsrf or ""})
        referer = {"Referer": str(answer.url)}
        made = await self._http.post(f"hub/api/users/{self._name}/tokens?{asked}", json={}, headers=referer)
        made.raise_for_status()
        self.token = str(made.json()["token"])
        self._http.cookies.clear()
        self._http.headers["Authorization"] = f"token {self.token}"

    async def start_server(self) -> None:
        """Start the learner's server; returns as soon as the hub says that it is ready."""
        user = f"hub/api/users/{self._name}"
        await self._http.post(f"{user}/server")
        with anyio.move_on_after(SPAWN):
            while True:
                servers = (await self._http.get(user)).json()["servers"]
                if servers.get("", {}).get("ready"):
                    return
                await anyio.sleep(0.05)
        raise BenchmarkError(f"no server for {self._name} within {SPAWN:.0f} s")

    async def write_notebook(self, path: str) -> None:
        """Put a notebook into the learner's home."""
        source = "value = compute(1, scale=0.5)\n" * 6
        fields: dict[str, Any] = {
            "cell_type": "code",
            "execution_count": None,
            "metadata": {},
            "outputs": [],
            "source": source,
        }
        content = {
            "cells": [{**fields, "id": f"c{number}"} for number in range(CELLS)],
            "metadata": {},
            "nbformat": 4,
            "nbformat_minor": 5,
        }
        body = {"type": "notebook", "format": "json", "content": content}
        (await self._http.put(f"user/{self._name}/api/contents/{path}", json=body)).raise_for_status()


@asynccontextmanager
async def _demo() -> AsyncIterator[Mapping[str, Any]]:
    """``ltt demo --hub`` in a process of its own: what it said when it was ready; it ends with the block."""
    command = [sys.executable, "-m", "ltt_collab", "demo", "--hub", "--json", "--no-browser"]
    async with await anyio.open_process(command, stdin=subprocess.DEVNULL, stderr=None) as process:
        assert process.stdout is not None
        try:
            said = b""
            with anyio.move_on_after(START):
                said = await BufferedByteReceiveStream(process.stdout).receive_until(b"\n", LINE_CAP)
            if not said:
                raise BenchmarkError(f"ltt demo --hub was not ready within {START:.0f} s")
            yield json.loads(said)
        finally:
            with anyio.move_on_after(GOODBYE, shield=True) as patience:
                process.send_signal(signal.SIGINT)
                await process.wait()
            if patience.cancelled_caught:
                process.kill()
