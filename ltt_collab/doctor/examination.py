"""Looking at a server from outside, as the service would; nothing on it is changed."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator

import anyio

from ltt_collab.adapters.jupyter.address import JupyterAddress
from ltt_collab.adapters.jupyter.server import JupyterServer
from ltt_collab.adapters.jupyter.versions import ask_collaboration, ask_lab_page, ask_learner_extension
from ltt_collab.doctor.judgements import (
    judge_autosave,
    judge_chat,
    judge_promptness,
    judge_reached,
    judge_scopes,
    judge_store,
    judge_versions,
)
from ltt_collab.doctor.report import Check, Report, Status
from ltt_collab.model.errors import RoomError, RoomRefusedError
from ltt_collab.ports.rooms import ChannelClosed

GLOBAL_AWARENESS = "JupyterLab:globalAwareness"
"""The room that every JupyterLab joins; joining it without a state shows nobody anything."""

DOCUMENT_SETTINGS = "lab/api/settings/@jupyterlab/docmanager-extension:plugin"

SOCKET_LIMIT = 5.0
"""Seconds for a first frame: the room server speaks first, 4 ms after the upgrade on loopback."""


async def examine(url: str, token: str = "") -> Report:
    """Look at a server from outside, as the service would; nothing on it is changed.

    Raises:
        InvalidSettingError: ``url`` is not an address.
    """
    address = JupyterAddress.parse(url, token)
    async with JupyterServer(address) as server:
        return Report(server=address.base_url, checks=tuple([check async for check in _checks(address, server)]))


async def _checks(address: JupyterAddress, server: JupyterServer) -> AsyncIterator[Check]:
    reached, token = await _door(server)
    yield reached
    if token is None:
        return
    yield token
    if token.status is Status.RISK:
        return
    try:
        page = await ask_lab_page(server.rest)
        learner = await ask_learner_extension(server.rest)
        rooms = await ask_collaboration(server.rest)
        yield judge_versions(rooms, page, learner)
        yield judge_store(learner, rooms)
        yield await _socket(server)
        yield judge_chat(page)
        yield await _autosave(server)
        yield judge_promptness(learner)
        yield await _hub(address)
    except RoomError as error:
        yield Check(name="examination", status=Status.RISK, found=str(error), fix="run this again once it answers")


async def _door(server: JupyterServer) -> tuple[Check, Check | None]:
    """Whether the server answers and lets us in; reaching it includes its clock."""
    try:
        answer = await server.rest.ask("GET", "api")
    except RoomError as error:
        return Check(name="reachable", status=Status.RISK, found=str(error), fix="check the URL and the network"), None
    if answer.status in range(300, 400) or not isinstance(answer.json(), dict):
        found = f"no Jupyter server answers there: {server.rest.refusal('api', answer)}"
        return Check(name="reachable", status=Status.RISK, found=found, fix="start the server, check the URL"), None
    return judge_reached(answer.date), await _token(server)


async def _token(server: JupyterServer) -> Check:
    try:
        me = await server.rest.demand_json("api/me")
    except RoomRefusedError as error:
        fix = "pass --token or set LTT_JUPYTER_TOKEN; behind a hub the token needs access:servers"
        return Check(name="token", status=Status.RISK, found=error.reason, fix=fix)
    except RoomError as error:
        return Check(name="token", status=Status.RISK, found=str(error), fix="run this again once it answers")
    identity = me.get("identity") if isinstance(me, dict) else None
    name = identity.get("username") if isinstance(identity, dict) else None
    return Check(name="token", status=Status.OK, found=f"accepted; to that server we are {name or 'nameless'}")


class _FirstFrame:
    """Waits for the room server's first word."""

    def __init__(self) -> None:
        self.heard = anyio.Event()
        self.closed: ChannelClosed | None = None

    def frame_received(self, _frame: bytes) -> None:
        """It spoke."""
        self.heard.set()

    def channel_closed(self, closed: ChannelClosed) -> None:
        """It hung up."""
        self.closed = closed
        self.heard.set()


async def _socket(server: JupyterServer) -> Check:
    """Whether WebSockets get through, upgrade and frames: proxies like to let only the first pass."""
    first = _FirstFrame()
    fix = "let the proxy pass WebSocket upgrades to that server, unbuffered"
    began = time.monotonic()
    try:
        channel = await server.dial(GLOBAL_AWARENESS, None, first)
    except RoomError as error:
        return Check(name="websocket", status=Status.WARN, found=str(error), fix=fix)
    try:
        with anyio.move_on_after(SOCKET_LIMIT):
            await first.heard.wait()
    finally:
        channel.close()
    if not first.heard.is_set():
        found = f"the upgrade works, but no frame came within {SOCKET_LIMIT:g} s"
        return Check(name="websocket", status=Status.WARN, found=found, fix=fix)
    if first.closed is not None:
        found = f"closed at once ({first.closed.code}) {first.closed.reason}".rstrip()
        return Check(name="websocket", status=Status.WARN, found=found, fix=fix)
    return Check(name="websocket", status=Status.OK, found=f"works, {(time.monotonic() - began) * 1000:.0f} ms")


async def _autosave(server: JupyterServer) -> Check:
    answer = await server.rest.ask("GET", DOCUMENT_SETTINGS)
    said = answer.json() if answer.status == 200 else None
    return judge_autosave(said.get("settings") if isinstance(said, dict) else None)


async def _hub(address: JupyterAddress) -> Check:
    """What the token may do at the hub; culling is the hub's own affair, and told by nobody."""
    hub_url, separator, _ = address.base_url.partition("/user/")
    if not separator:
        found = "no hub: nothing culls this server unless it is configured to cull itself"
        return Check(name="hub", status=Status.OK, found=found)
    async with JupyterServer(JupyterAddress(base_url=f"{hub_url}/", token=address.token)) as hub:
        answer = await hub.rest.ask("GET", "hub/api/user")
    said = answer.json() if answer.status == 200 else None
    scopes = said.get("scopes") if isinstance(said, dict) else None
    if not isinstance(scopes, list):
        found = f"the hub does not tell this token's scopes (HTTP {answer.status})"
        return Check(name="hub", status=Status.UNKNOWN, found=found, fix="see the deployment guide for the role")
    return judge_scopes(scopes)
