"""A LangGraph agent with LangChain's MCP adapters, which are another client of another generation of the SDK."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from anyio import to_thread

from ltt_collab.mcp_bridge.catalogue import NATIVE
from ltt_collab.model.text import source_hash
from tests.support.deadlines import eventually
from tests.support.jupyter import code_cell
from tests.support.mcp_agent import Stage

pytestmark = [pytest.mark.jupyter, pytest.mark.asyncio(loop_scope="package")]

SUPPORT = Path(__file__).parents[2] / "support"
WANTED = SUPPORT / "langchain" / "requirements.txt"
PROGRAM = SUPPORT / "langgraph_agent.py"
INSTALL_LIMIT = 300.0


def adapters() -> Path:
    """A folder with the adapters and the SDK that they need, made once for these versions."""
    folder = WANTED.parent / "site-packages"
    stamp = folder / "requirements.txt"
    with WANTED.open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several workers of pytest may want it
        if not stamp.exists() or stamp.read_text() != WANTED.read_text():
            install = [
                "pip",
                "install",
                "--quiet",
                "--no-deps",
                "--upgrade",
                "--target",
                str(folder),
                "-r",
                str(WANTED),
            ]
            subprocess.run([sys.executable, "-m", *install], check=True, timeout=INSTALL_LIMIT, capture_output=True)
            stamp.write_text(WANTED.read_text())
    return folder


def work(job: dict[str, Any]) -> dict[str, Any]:
    """What the agent's program says."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("LTT_", "LANG"))}
    done = subprocess.run(
        [sys.executable, str(PROGRAM)],
        env=environment | {"PYTHONPATH": str(adapters())},
        input=json.dumps(job),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    said: dict[str, Any] = json.loads(done.stdout)
    return said


@pytest.mark.proves("mcp:langgraph")
async def test_a_langgraph_agent_reads_proposes_and_writes_with_the_same_tools(stage: Stage) -> None:
    async with stage.seat(code_cell("x = 1", "c1")) as seat:
        where = {"notebook_path": seat.path}
        calls = [
            ("read_cell", where | {"cell_id": "c1"}),
            ("propose_edit", where | {"cell_id": "c1", "source": "x = 2", "expected_hash": source_hash("x = 1")}),
            ("insert_cell", where | {"source": "y = 3", "idempotency_key": "k"}),
            ("edit_cell", where | {"cell_id": "c1", "source": "lost = 1", "expected_hash": source_hash("x = 1")}),
        ]
        job = {"url": f"{stage.service.url}/mcp", "token": stage.service.token, "calls": calls}
        said = await to_thread.run_sync(work, job)
        read, proposed, inserted, edited = (text for _name, text in said["answers"])
        assert '"source": "x = 1"' in read
        assert '"answer": "shown"' in proposed
        assert '"fresh": true' in inserted
        assert "not_ours" in edited
        await eventually(lambda: seat.learner.sources() == ["x = 1", "x = 2", "y = 3"])
    assert said["tools"] == [tool["name"] for tool in NATIVE]
