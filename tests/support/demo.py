"""`ltt demo` as a child process, as somebody starts it in a terminal."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]

from tests.support.deadlines import eventually

START = 90.0
"""Seconds the whole demo may take to be ready on two busy cores."""

END = 25.0
"""Seconds it may take to end, kernels included."""


@dataclass
class Demo:
    """One demo; ``temporary`` is where it makes its temporary directories, and nobody else does."""

    process: subprocess.Popen[bytes]
    temporary: Path
    home: Path

    @property
    def out(self) -> str:
        """Its stdout so far."""
        return (self.home / "stdout").read_text()

    @property
    def err(self) -> str:
        """Its stderr so far."""
        return (self.home / "stderr").read_text()

    async def ready(self) -> dict[str, Any]:
        """The line that it writes when it is ready."""

        def line() -> str:
            assert self.process.poll() is None, self.err
            return self.out if self.out.endswith("\n") else ""

        return dict(json.loads(await eventually(line, within=START, what="the demo's ready line")))

    async def ended(self, within: float = END) -> int:
        """Its exit code, waited for."""
        await eventually(lambda: self.process.poll() is not None, within=within, what="the demo's end")
        return int(self.process.returncode)

    async def interrupted(self, stop_with: signal.Signals = signal.SIGINT) -> int:
        """End it by a signal; its exit code."""
        self.process.send_signal(stop_with)
        return await self.ended()

    def processes(self) -> list[str]:
        """Every process that works in its directories or was started with one: JupyterLab, kernels, terminals."""
        return [" ".join(found.info["cmdline"] or []) for found in self._found()]

    def _found(self) -> Iterator[Any]:
        for process in psutil.process_iter(["pid", "cmdline", "cwd"]):
            places = [*(process.info["cmdline"] or []), process.info["cwd"] or ""]
            if process.pid != self.process.pid and any(str(self.temporary) in place for place in places):
                yield process

    def end_jupyterlab(self) -> None:
        """Kill its JupyterLab, as a machine short of memory would."""
        for process in psutil.Process(self.process.pid).children():
            process.kill()

    def leftovers(self) -> list[str]:
        """What is left of it: processes, and files in its temporary directory."""
        return self.processes() + [str(path) for path in self.temporary.iterdir()]

    def kill(self) -> None:
        """End it and all that came of it, whatever happened."""
        self.process.kill()
        self.process.wait()
        for process in list(self._found()):
            with suppress(psutil.Error):
                process.kill()


@contextmanager
def started_demo(home: Path, *options: str, environment: Mapping[str, str] | None = None) -> Iterator[Demo]:
    """Start `ltt demo`; whatever is left of it afterwards is killed."""
    temporary = home / "temporary"
    temporary.mkdir()
    inherited = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("JUPYTER", "LTT_")) and key not in {"DISPLAY", "WAYLAND_DISPLAY", "BROWSER"}
    }
    with (home / "stdout").open("wb") as out, (home / "stderr").open("wb") as err:
        process = subprocess.Popen(
            [sys.executable, "-m", "ltt_collab", "demo", *options],
            env=inherited | {"TMPDIR": str(temporary), "HOME": str(home), **(environment or {})},
            stdout=out,
            stderr=err,
            start_new_session=True,
        )
    demo = Demo(process, temporary, home)
    try:
        yield demo
    finally:
        demo.kill()
