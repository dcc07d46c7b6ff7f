"""``ltt-agent`` as a process of its own, before a real service."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import anyio
import anyio.to_thread
import pytest

from ltt_collab.model.cells import Output, OutputType
from ltt_collab.model.edits import HelpCause, HelpRequested, RunError
from ltt_collab.model.ids import Seq
from tests.support.deadlines import eventually
from tests.support.directory import ADA, MemoryDirectory, code
from tests.support.door import TOKEN, running_service
from tests.support.jupyter import free_port

SETTINGS = ("LTT_API_TOKEN", "LTT_SERVICE_URL", "LTT_MODEL")


@contextmanager
def agent_process(*options: str, **settings: str) -> Iterator[subprocess.Popen[str]]:
    environment = {name: value for name, value in os.environ.items() if name not in SETTINGS}
    process = subprocess.Popen(
        [sys.executable, "-m", "agent.cli", *options],
        env={**environment, "NO_COLOR": "1", **settings},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


async def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = await anyio.to_thread.run_sync(lambda: process.communicate(timeout=30))
    return process.returncode, out, err


async def test_without_a_token_it_says_what_is_missing() -> None:
    with agent_process() as process:
        status, out, err = await ended(process)
    assert status == 2
    assert "LTT_API_TOKEN" in err
    assert out == ""


@pytest.mark.parametrize(
    ("options", "status", "says"),
    [
        (["--service", "http://127.0.0.1:{port}/"], 1, "cannot reach the service at http://127.0.0.1:{port}/"),
        (["--service", "localhost"], 2, "LTT_SERVICE_URL"),
        (["--tutor", "nobody"], 2, "no tutor 'nobody' is installed"),
        (["--model", "nobody:x"], 2, "pip install langchain-nobody"),
    ],
)
async def test_what_cannot_work_ends_it_with_one_clear_line(options: list[str], status: int, says: str) -> None:
    port = str(free_port())
    with agent_process(*(option.replace("{port}", port) for option in options), LTT_API_TOKEN=TOKEN) as process:
        got, out, err = await ended(process)
    assert got == status
    assert says.replace("{port}", port) in " ".join(err.replace("│", " ").split())
    assert "Traceback" not in err
    assert TOKEN not in err
    assert out == ""


async def test_a_wrong_token_ends_it() -> None:
    async with running_service(MemoryDirectory()) as service:
        with agent_process("--service", service.url, LTT_API_TOKEN="wrong") as process:
            status, _, err = await ended(process)
    assert status == 2
    assert "LTT_API_TOKEN" in err
    assert "Traceback" not in err


@pytest.mark.proves("client:an-agent-helps-from-its-own-process")
async def test_it_helps_from_its_own_process_until_it_is_interrupted() -> None:
    directory = MemoryDirectory()
    traceback = (
        "Traceback (most recent call last):",
        "Cell In[1], line 1",
        "----> 1 print(totl)",
        "NameError: name 'totl' is not defined",
    )
    error = RunError(name="NameError", value="name 'totl' is not defined", traceback=traceback)
    output = Output(type=OutputType.ERROR, text="\n".join(traceback), error_name=error.name, error_value=error.value)
    cell = code("c1", "print(totl)")
    room = directory.open("a.ipynb", code("c0", "total = 1"), cell)
    room.cells[1] = type(cell)(id=cell.id, type=cell.type, source=cell.source, execution_count=1, outputs=(output,))
    async with running_service(directory) as service:
        with agent_process("--service", service.url, LTT_API_TOKEN=TOKEN) as process:
            await eventually(lambda: directory.subscriptions == 1, within=30)
            room.emit(
                HelpRequested(
                    room=room.id,
                    seq=Seq(0),
                    at=1.0,
                    author=ADA,
                    cell_id=cell.id,
                    cause=HelpCause.ERROR_RAISED,
                    cause_key="ck",
                    rung=1,
                    error=error,
                    expected_hash=cell.hash,
                )
            )
            await eventually(lambda: directory.drafts, within=20)
            process.send_signal(signal.SIGINT)
            status, _, err = await ended(process)
    assert directory.drafts[0].cell_id == "c1"
    assert directory.drafts[0].cause_key == "ck"
    assert status == 130
    assert "Traceback" not in err
