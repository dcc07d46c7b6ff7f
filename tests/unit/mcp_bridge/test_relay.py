"""The relay on stdin and stdout, before a service that a test plays."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, cast

import anyio
import pytest

from ltt_collab.mcp_bridge.catalogue import Compat
from ltt_collab.mcp_bridge.relay import HANDSHAKES, Relay
from ltt_collab.mcp_bridge.upstream import Upstream
from tests.support.deadlines import eventually

Message = dict[str, Any]


class Wire:
    """Lines in memory: what is said to the relay, and what it answers."""

    def __init__(self) -> None:
        self._send, self._receive = anyio.create_memory_object_stream[bytes](100)
        self.said: list[Message] = []

    async def read(self) -> AsyncIterator[bytes]:
        async with self._receive:
            async for line in self._receive:
                yield line

    def write(self, line: bytes) -> None:
        assert b"\n" not in line
        self.said.append(json.loads(line))

    def tell(self, line: bytes) -> None:
        self._send.send_nowait(line)

    def end(self) -> None:
        self._send.close()

    async def ask(self, method: str, number: int = 1, **params: Any) -> Message:
        """One request and its answer."""
        self.tell(json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}).encode())
        found = await eventually(lambda: [each for each in self.said if each.get("id") == number])
        return found[0]


class PlayedService:
    """A service that answers with what it was asked, after it has forgotten so many sessions."""

    def __init__(self) -> None:
        self.sessions = self.ended = 0
        self.forgets = 0
        self.unreachable = ""
        self.introductions: list[Message] = []
        self.asked: list[Message] = []
        self.restarts, self.may_answer = anyio.Event(), anyio.Event()
        self.may_answer.set()

    @asynccontextmanager
    async def connect(self, _compat: Compat, introduction: Message) -> AsyncGenerator[Upstream]:
        if self.unreachable:
            raise ConnectionError(self.unreachable)
        self.sessions += 1
        self.introductions.append(introduction)
        yield cast("Upstream", self)

    async def send(self, line: bytes, pass_on: Callable[[bytes], None]) -> bool:
        if self.forgets:
            self.forgets -= 1
            return False
        message = json.loads(line)
        self.asked.append(message)
        await self.may_answer.wait()
        pass_on(b'{"jsonrpc": "2.0",\n "method": "notifications/progress", "params": {"progress": 1}}')
        answer = {"jsonrpc": "2.0", "id": message["id"], "result": {"asked": message["method"]}}
        pass_on(json.dumps(answer).encode())
        return True

    async def listen(self, _pass_on: object) -> None:
        await self.restarts.wait()
        self.restarts = anyio.Event()

    async def end(self) -> None:
        self.ended += 1


@asynccontextmanager
async def relayed(service: PlayedService) -> AsyncGenerator[Wire]:
    wire = Wire()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(Relay(wire, Compat.NATIVE, service.connect).run)
        yield wire
        wire.end()


@pytest.mark.proves("mcp:stdio-at-once")
async def test_the_handshake_and_the_list_need_no_service() -> None:
    service = PlayedService()
    async with relayed(service) as wire:
        hello = await wire.ask("initialize", 1, protocolVersion="1999-01-01", clientInfo={"name": "c", "version": "1"})
        listed = await wire.ask("tools/list", 2)
        assert (await wire.ask("ping", 3))["result"] == {}
    assert hello["result"]["protocolVersion"] == HANDSHAKES[0]
    assert len(listed["result"]["tools"]) == 15
    assert service.sessions == 0


@pytest.mark.proves("mcp:stdio-proxy")
async def test_what_the_service_says_goes_out_as_it_came_and_the_client_is_introduced_by_its_own_name() -> None:
    service = PlayedService()
    async with relayed(service) as wire:
        await wire.ask("initialize", 1, clientInfo={"name": "claude", "version": "1"})
        answer = await wire.ask("tools/call", 2, name="kernel")
        await wire.ask("resources/list", 3)
    assert answer["result"] == {"asked": "tools/call"}
    assert [each["method"] for each in wire.said if "method" in each] == ["notifications/progress"] * 2
    assert [each["clientInfo"]["name"] for each in service.introductions] == ["claude"]
    assert service.ended == 1


@pytest.mark.proves("mcp:stdio-proxy")
async def test_a_session_that_the_service_forgot_is_opened_anew_and_the_call_sent_again() -> None:
    service = PlayedService()
    async with relayed(service) as wire:
        await wire.ask("tools/call", 1, name="kernel")
        service.forgets = 1
        again = await wire.ask("tools/call", 2, name="kernel")
    assert "result" in again
    assert service.sessions == 2


async def test_a_service_that_is_away_is_an_answer_and_is_looked_for_again() -> None:
    service = PlayedService()
    service.unreachable = "nobody answers at http://s/"
    async with relayed(service) as wire:
        away = await wire.ask("tools/call", 1, name="kernel")
        other = await wire.ask("resources/list", 2)
        service.unreachable = ""
        back = await wire.ask("tools/call", 3, name="kernel")
    assert away["result"]["isError"]
    assert "nobody answers" in away["result"]["content"][0]["text"]
    assert "nobody answers" in other["error"]["message"]
    assert back["result"] == {"asked": "tools/call"}


async def test_lines_that_are_no_requests_are_refused_and_end_nothing() -> None:
    async with relayed(PlayedService()) as wire:
        for line in (b"not json\n", b"[1, 2]\n", b'{"id": 1}\n', b"\n"):
            wire.tell(line)
        assert (await wire.ask("ping", 9))["result"] == {}
    assert [each["error"]["code"] for each in wire.said if "error" in each] == [-32700, -32600, -32600]


@pytest.mark.proves("mcp:stdio-proxy")
async def test_what_was_subscribed_to_is_told_on_after_a_restart_of_the_service_though_nobody_asks() -> None:
    service = PlayedService()
    async with relayed(service) as wire:
        for number, method in enumerate(("subscribe", "subscribe", "unsubscribe")):
            await wire.ask(f"resources/{method}", number, uri=f"ltt://rooms/{number % 2}")
        service.asked.clear()
        service.unreachable = "not up yet"
        service.restarts.set()
        await anyio.wait_all_tasks_blocked()
        service.unreachable = ""
        await eventually(lambda: service.asked)
        assert [(each["method"], each["params"]) for each in service.asked] == [
            ("resources/subscribe", {"uri": "ltt://rooms/1"})
        ]
        assert not [each for each in wire.said if str(each.get("id", "")).startswith("ltt-mcp")], "its own affair"
    assert service.sessions == 2


@pytest.mark.proves("mcp:stdio-proxy")
async def test_a_call_that_was_piped_in_is_answered_though_nothing_follows() -> None:
    service = PlayedService()
    service.may_answer = anyio.Event()
    async with relayed(service) as wire:
        wire.tell(b'{"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": {"name": "kernel"}}')
        wire.end()
        await anyio.wait_all_tasks_blocked()
        service.may_answer.set()
    assert [each["result"] for each in wire.said if each.get("id") == 7] == [{"asked": "tools/call"}]
    assert service.ended == 1
