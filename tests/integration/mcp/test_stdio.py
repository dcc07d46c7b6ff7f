"""`ltt mcp`: an MCP client that starts it as a child process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest
from anyio import to_thread

from ltt_collab.mcp_bridge.catalogue import NATIVE, Compat, tools_of
from tests.support.deadlines import eventually
from tests.support.jupyter import code_cell
from tests.support.mcp_agent import Stage

pytestmark = pytest.mark.jupyter

FOREIGN = [tool["name"] for tool in tools_of(Compat.JUPYTER_MCP_SERVER)]


class Child:
    """`ltt mcp`, asked line by line."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.unasked: list[dict[str, Any]] = []
        self._number = 0

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """One request and its answer; notifications before it are kept."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self._number += 1
        request = {"jsonrpc": "2.0", "id": self._number, "method": method, "params": params}
        self.process.stdin.write(json.dumps(request).encode() + b"\n")
        self.process.stdin.flush()
        while line := self.process.stdout.readline():
            message: dict[str, Any] = json.loads(line)
            if message.get("id") == self._number:
                return message
            self.unasked.append(message)
        raise AssertionError("it ended without an answer")

    async def call(self, tool: str, /, _meta: dict[str, Any] | None = None, **arguments: Any) -> dict[str, Any]:
        """The result of a tool call."""
        params = {"name": tool, "arguments": arguments} | ({} if _meta is None else {"_meta": _meta})
        result: dict[str, Any] = (await to_thread.run_sync(lambda: self.ask("tools/call", **params)))["result"]
        return result

    def introduce(self, version: str = "2025-06-18") -> dict[str, Any]:
        """The handshake."""
        info = {"name": "test", "version": "1"}
        return self.ask("initialize", protocolVersion=version, capabilities={}, clientInfo=info)


@contextmanager
def running_ltt_mcp(home: Path, *flags: str, **settings: str) -> Iterator[Child]:
    """Start it with only these settings; it must end by itself when its stdin does."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("LTT_", "JUPYTER"))}
    process = subprocess.Popen(
        [sys.executable, "-m", "ltt_collab", "mcp", *flags],
        env=environment | settings,
        cwd=home,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        yield Child(process)
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(15) == 0
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


@pytest.mark.proves("mcp:stdio-at-once")
def test_it_answers_at_once_with_nothing_configured_and_says_what_is_missing(tmp_path: Path) -> None:
    began = time.monotonic()
    with running_ltt_mcp(tmp_path) as child:
        hello = child.introduce()
        took = time.monotonic() - began
        tools = child.ask("tools/list")["result"]["tools"]
        refused = child.ask("tools/call", name="list_notebooks", arguments={})["result"]
        discover = child.ask("server/discover")
        nonsense = child.ask("no/such/method")
    assert took < 3.0, "1 s on a machine with nothing else to do"
    assert hello["result"]["serverInfo"]["name"] == "ltt-collab"
    assert hello["result"]["protocolVersion"] == "2025-06-18"
    assert [tool["name"] for tool in tools] == [tool["name"] for tool in NATIVE]
    assert refused["isError"]
    assert "LTT_SERVICE_URL" in refused["content"][0]["text"]
    assert discover["error"]["code"] == -32601
    assert "LTT_SERVICE_URL" in nonsense["error"]["message"]


def test_it_lists_the_tools_of_another_server_when_asked(tmp_path: Path) -> None:
    with running_ltt_mcp(tmp_path, "--compat", "jupyter-mcp-server") as child:
        child.introduce()
        listed = child.ask("tools/list")["result"]["tools"]
    assert [tool["name"] for tool in listed] == FOREIGN


@pytest.mark.proves("mcp:stdio-at-once")
def test_requests_in_a_file_are_answered_too(tmp_path: Path) -> None:
    requests = tmp_path / "requests"
    asked = [{"jsonrpc": "2.0", "id": number, "method": method} for number, method in enumerate(("ping", "tools/list"))]
    requests.write_text("\n".join(map(json.dumps, asked)))  # the last line does not end
    with requests.open("rb") as lines:
        command = [sys.executable, "-m", "ltt_collab", "mcp"]
        done = subprocess.run(command, stdin=lines, capture_output=True, cwd=tmp_path, check=True, timeout=30)
    assert [json.loads(line)["id"] for line in done.stdout.splitlines()] == [0, 1]


@pytest.mark.asyncio(loop_scope="package")
@pytest.mark.proves("mcp:stdio-proxy")
async def test_calls_reach_the_running_service_and_its_progress_comes_back(stage: Stage, tmp_path: Path) -> None:
    async with stage.seat(code_cell("x = 1", "c1"), kernel=True) as seat:
        settings = {"LTT_SERVICE_URL": stage.service.url, "LTT_API_TOKEN": stage.service.token}
        with running_ltt_mcp(tmp_path, **settings) as child:
            child.introduce()
            made = await child.call("insert_cell", notebook_path=seat.path, source="y = 2", idempotency_key="k")
            code = "for n in range(3): print(n, flush=True)"
            meta = {"progressToken": "p"}
            await child.call("execute_code", notebook_path=seat.path, code=code, _meta=meta)
            progress = [each["params"] for each in child.unasked if each["method"] == "notifications/progress"]
        await eventually(lambda: made["structuredContent"]["cell_id"] in seat.learner.ids())
        assert progress
        assert all(each["progressToken"] == "p" for each in progress)


@pytest.mark.asyncio(loop_scope="package")
@pytest.mark.proves("mcp:stdio-proxy")
async def test_a_call_that_is_piped_in_has_its_answer(stage: Stage, tmp_path: Path) -> None:
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "list_notebooks", "arguments": {}}}
    command = [sys.executable, "-m", "ltt_collab", "mcp"]
    settings = {"LTT_SERVICE_URL": stage.service.url, "LTT_API_TOKEN": stage.service.token}
    async with stage.seat(code_cell("x = 1", "c1")) as seat:
        done = await anyio.run_process(
            command, input=json.dumps(call).encode(), env=os.environ | settings, cwd=tmp_path
        )
    answer = json.loads(done.stdout)
    assert seat.path in [each["notebook_path"] for each in answer["result"]["structuredContent"]["notebooks"]]
