"""The sandbox: what code in it can reach, and that nothing of it is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import anyio
import psutil  # type: ignore[import-untyped]
import pytest
from anyio.from_thread import BlockingPortal

from ltt_collab.adapters.sandbox.pool import SubprocessSandbox
from ltt_collab.model.errors import BadFilePathError, KernelBusyError, KernelDiedError, KernelTimeoutError
from ltt_collab.ports.kernels import (
    Begun,
    Evaluated,
    Finished,
    Kernel,
    KernelOutput,
    KernelState,
    Limits,
    Printed,
    Raised,
)
from tests.support.deadlines import eventually

linux = pytest.mark.skipif(sys.platform != "linux", reason="namespaces are Linux's")


async def _values(
    sandbox: SubprocessSandbox, expressions: Mapping[str, str], files: Mapping[str, bytes] | None = None
) -> Mapping[str, Evaluated]:
    async with sandbox.kernel(files or {}, memory_mib=256) as kernel:
        return await kernel.evaluate(expressions, seconds=20)


async def _outputs(kernel: Kernel, code: str, seconds: float = 20) -> list[KernelOutput]:
    return [output async for output in kernel.execute(code, limits=Limits(seconds=seconds, output_bytes=1000))]


def test_a_kernel_finds_exactly_its_files(sandbox: SubprocessSandbox, portal: BlockingPortal) -> None:
    asked = {
        "found": "sorted(str(p) for p in __import__('pathlib').Path('.').rglob('*'))",
        "read": "open('data/a.txt').read()",
        "written": "open('data/new.txt', 'w').write('mine')",
    }
    told = portal.call(_values, sandbox, asked, {"data/a.txt": b"hello"})

    assert told["found"].text == "['data', 'data/a.txt']"
    assert told["read"].text == "'hello'"
    assert told["written"].text == "4"


def test_a_file_outside_of_the_folder_is_refused(sandbox: SubprocessSandbox, portal: BlockingPortal) -> None:
    with pytest.raises(BadFilePathError, match=r"\.\./passwd.*relative path"):
        portal.call(_values, sandbox, {}, {"../passwd": b""})


@linux
@pytest.mark.proves("sandbox:reaches-nothing-of-ours")
def test_code_in_the_sandbox_reaches_nothing_of_ours(
    sandbox: SubprocessSandbox, portal: BlockingPortal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = tmp_path / "reference.py"
    secret.write_text("answer = 42")
    asked = {
        "file": f"__import__('os').path.exists({str(secret)!r})",
        "here": f"__import__('os').path.exists({__file__!r})",
        "environment": "[k for k in __import__('os').environ if 'LTT' in k or 'TOKEN' in k]",
        "network": "__import__('socket').create_connection(('127.0.0.1', 9), 1)",
        "interfaces": "[n for _, n in __import__('socket').if_nameindex() if n != 'lo']",
        "processes": "len([p for p in __import__('os').listdir('/proc') if p.isdigit()]) < 5",
        "root": "open('/etc/shadow').read()",
        "system": "open('/usr/mine', 'w')",
    }
    told = portal.call(_values, sandbox, asked)

    if sandbox.missing and sandbox.missing != (next(iter(sandbox.missing)),):
        pytest.skip(f"this machine does not allow it: {sandbox.missing}")
    assert (told["file"].text, told["here"].text) == ("False", "False")
    assert told["environment"].text == "[]"
    assert told["network"].raised
    assert told["interfaces"].text == "[]"
    assert told["processes"].text == "True"
    assert told["root"].error_name == "PermissionError"
    assert told["system"].error_name == "OSError"


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a kernel a user id of its own")
def test_a_kernel_has_a_user_id_of_its_own_and_no_rights(sandbox: SubprocessSandbox, portal: BlockingPortal) -> None:
    asked = {
        "user": "__import__('os').getuid()",
        "groups": "__import__('os').getgroups()",
        "rights": "[l for l in open('/proc/self/status') if l.startswith('CapEff')][0].split()[1].strip('0')",
    }
    told = portal.call(_values, sandbox, asked)

    assert 61184 <= int(told["user"].text) < 65520
    assert (told["groups"].text, told["rights"].text) == ("[]", "''")


def test_output_over_the_limit_is_dropped_and_said_so(sandbox: SubprocessSandbox, portal: BlockingPortal) -> None:
    async def flood() -> list[KernelOutput]:
        async with sandbox.kernel({}, memory_mib=256) as kernel:
            return await _outputs(kernel, "for i in range(5000): print('x' * 99)\n1 / 0")

    outputs = portal.call(flood)

    text = "".join(output.text for output in outputs if isinstance(output, Printed))
    assert len(text) < 2000
    assert "dropped" in text
    assert [output.name for output in outputs if isinstance(output, Raised)] == ["ZeroDivisionError"]
    assert isinstance(outputs[-1], Finished)


def test_slow_code_is_interrupted_and_the_kernel_goes_on(sandbox: SubprocessSandbox, portal: BlockingPortal) -> None:
    async def slow() -> tuple[str, str]:
        async with sandbox.kernel({}, memory_mib=256) as kernel:
            with pytest.raises(KernelTimeoutError, match=r"longer than 0\.5 s"):
                await kernel.evaluate({"x": "[1 for _ in iter(int, 1)]"}, seconds=0.5)
            told = await kernel.evaluate({"x": "1 + 1"}, seconds=20)
            return told["x"].text, kernel.info.state

    assert portal.call(slow) == ("2", KernelState.IDLE)


def test_a_second_request_is_refused_as_busy(sandbox: SubprocessSandbox, portal: BlockingPortal) -> None:
    async def two() -> None:
        async with sandbox.kernel({}, memory_mib=256) as kernel:
            running = kernel.execute("print('first')\nimport time; time.sleep(0.2)", limits=Limits(seconds=20))
            assert await anext(running) == Begun()
            assert kernel.info.state is KernelState.BUSY
            with pytest.raises(KernelBusyError):
                await kernel.evaluate({"x": "1"}, seconds=1)
            assert isinstance([output async for output in running][-1], Finished)

    portal.call(two)


def test_a_dead_kernel_is_said_at_once(sandbox: SubprocessSandbox, portal: BlockingPortal) -> None:
    async def die() -> KernelState:
        async with sandbox.kernel({}, memory_mib=256) as kernel:
            with pytest.raises(KernelDiedError):
                await _outputs(kernel, "import os; os._exit(3)")
            return kernel.info.state

    assert portal.call(die) is KernelState.DEAD


@linux
@pytest.mark.proves("sandbox:no-orphans")
def test_processes_that_a_kernel_started_end_with_it(sandbox: SubprocessSandbox, portal: BlockingPortal) -> None:
    mark = f"86{os.getpid()}"
    start = (
        "import subprocess\n"
        f"subprocess.Popen(['setsid', 'sleep', '{mark}'])\nsubprocess.Popen(['nohup', 'sleep', '{mark}'])\n"
        "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)"
    )

    async def leave() -> int:
        async with sandbox.kernel({}, memory_mib=256) as kernel:
            await _outputs(kernel, start)
            return len(await eventually(lambda: _sleeping(mark), what="the kernel's children"))

    assert portal.call(leave) > 0
    portal.call(lambda: eventually(lambda: not _sleeping(mark), within=2, what="the kernel's children gone"))


@linux
@pytest.mark.proves("sandbox:no-orphans")
async def test_nothing_is_left_when_the_service_is_killed(tmp_path: Path) -> None:
    mark = f"87{os.getpid()}"
    program = (
        "import anyio, sys\n"
        "from ltt_collab.adapters.sandbox.pool import running_sandbox\n"
        "from ltt_collab.ports.kernels import Limits\n"
        "async def main():\n"
        "    async with running_sandbox() as sandbox, sandbox.kernel({}, memory_mib=256) as kernel:\n"
        f"        code = \"import subprocess; subprocess.Popen(['setsid', 'sleep', '{mark}'])\"\n"
        "        async for _ in kernel.execute(code, limits=Limits(seconds=20)): pass\n"
        "        print('up', flush=True)\n"
        "        await anyio.sleep_forever()\n"
        "anyio.run(main)\n"
    )
    environment = {"PATH": os.environ["PATH"], "TMPDIR": str(tmp_path)}
    tmp_path.chmod(0o755)
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, env=environment)
    assert process.stdout is not None
    with anyio.fail_after(60):
        await anyio.to_thread.run_sync(process.stdout.readline)
    assert _sleeping(mark)

    process.send_signal(signal.SIGKILL)
    await anyio.to_thread.run_sync(process.wait)
    process.stdout.close()

    await eventually(lambda: not _sleeping(mark), what="the kernel's children to end")
    await eventually(lambda: not list(tmp_path.glob("ltt-*")), what="its folders to go")


def _sleeping(mark: str) -> list[int]:
    found = []
    for process in psutil.process_iter(["cmdline"]):
        with suppress(psutil.NoSuchProcess):
            if mark in (process.info["cmdline"] or []):
                found.append(process.pid)
    return found
