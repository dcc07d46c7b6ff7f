"""Kernels that a sudden death of ours left behind, and servers that go away."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import anyio
import pytest

from ltt_collab.model.errors import KernelDiedError, KernelUnreachableError
from tests.integration.kernels.conftest import Bench, running_bench, sitting_at
from tests.support.deadlines import eventually

pytestmark = [pytest.mark.jupyter, pytest.mark.asyncio(loop_scope="package")]

DIES_WITH_A_KERNEL = """
import asyncio, os, signal, sys
from ltt_collab.adapters.jupyter.address import JupyterAddress
from ltt_collab.adapters.jupyter.kernels import JupyterKernels
from ltt_collab.adapters.jupyter.rest import RestClient

signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored, where the tests run in the background of a shell

async def main(url, token, goodbye):
    address = JupyterAddress.parse(url, token)
    async with JupyterKernels(address, RestClient(address, None)) as kernels:
        async with kernels.start("python3") as kernel:
            await kernel.evaluate({"x": "1"}, seconds=20)
            os.kill(os.getpid(), getattr(signal, goodbye))
            await asyncio.sleep(60)

asyncio.run(main(*sys.argv[1:]))
"""


async def test_a_kernel_left_by_a_killed_service_is_ended_by_the_next_one(bench: Bench) -> None:
    command = [sys.executable, "-c", DIES_WITH_A_KERNEL, bench.jupyter.url, bench.jupyter.token, "SIGKILL"]
    assert (await anyio.run_process(command, check=False)).returncode == -signal.SIGKILL
    left = [kernel for kernel in await bench.kernels.kernels() if ".ltt-scratch" in kernel.path]
    assert len(left) == 1
    async with sitting_at(bench) as desk, bench.kernels.start("python3") as in_use:
        await bench.kernels.tidy()
        there = {kernel.id for kernel in await bench.kernels.kernels()}
    assert {desk.ours.info.id, in_use.info.id} <= there, "only what nobody uses is ended"
    assert left[0].id not in there


async def test_a_kernel_of_a_service_that_lives_is_left_to_it(bench: Bench) -> None:
    script = DIES_WITH_A_KERNEL.replace("os.kill(os.getpid(), getattr(signal, goodbye))", "print('ready', flush=True)")
    command = [sys.executable, "-c", script, bench.jupyter.url, bench.jupyter.token, ""]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as other:
        try:
            assert other.stdout is not None
            assert await anyio.to_thread.run_sync(other.stdout.readline) == b"ready\n"
            await bench.kernels.tidy()
            assert [kernel for kernel in await bench.kernels.kernels() if ".ltt-scratch" in kernel.path]
        finally:
            os.kill(other.pid, signal.SIGINT)
            await anyio.to_thread.run_sync(other.wait)
    assert not [kernel for kernel in await bench.kernels.kernels() if ".ltt-scratch" in kernel.path]


async def test_a_server_that_goes_away_is_said_to_and_its_next_life_is_asked_anew(tmp_path: Path) -> None:
    async with running_bench(tmp_path, stock=True) as bench:
        async with sitting_at(bench) as desk, anyio.create_task_group() as tasks:
            await desk.run("import time")
            await desk.ours.evaluate({"x": "1"}, seconds=20)
            tasks.start_soon(bench.jupyter.restart)
            with anyio.fail_after(20), pytest.raises((KernelUnreachableError, KernelDiedError)):
                await desk.ours.evaluate({"x": "time.sleep(60)"}, seconds=60)
        await eventually(lambda: _answers(bench), within=30)
        async with sitting_at(bench) as desk:
            assert (await desk.ours.evaluate({"x": "1 + 1"}, seconds=20))["x"].text == "2"


async def _answers(bench: Bench) -> bool:
    try:
        await bench.kernels.kernels()
    except KernelUnreachableError:
        return False
    return True
