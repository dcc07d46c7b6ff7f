"""The running service keeps its secrets from code of the same user: sandboxed code, where a container forbids more."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ltt_collab.adapters.sandbox.pool import SandboxOptions, running_sandbox

PROGRAM = """
import ctypes, os, signal, sys
import anyio
from ltt_collab.service import run
from ltt_collab.settings import Settings

PR_GET_DUMPABLE = 3

def announce(service):
    print("dumpable", ctypes.CDLL(None).prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), flush=True)
    os.kill(os.getpid(), signal.SIGTERM)

anyio.run(run, Settings.read(port=0, sandbox_warm=0, database_url="sqlite:///" + sys.argv[1]), announce)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has /proc, and with it the danger")
@pytest.mark.proves("deploy:secrets-unreadable")
def test_no_process_of_the_same_user_can_read_the_services_environment(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PROGRAM, str(tmp_path / "ltt.sqlite")]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert "dumpable 0" in ended.stdout.splitlines(), ended.stderr[-2000:]


async def test_what_a_machine_does_not_allow_is_told_once_and_before_the_first_verdict() -> None:
    told: list[tuple[str, ...]] = []
    options = SandboxOptions(warm=0, tell=lambda missing: told.append(tuple(missing)))
    async with running_sandbox(options) as sandbox:
        for _ in range(2):
            async with sandbox.kernel({}, memory_mib=512):
                assert told == [sandbox.missing]
