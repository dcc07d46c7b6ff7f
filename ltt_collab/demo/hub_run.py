"""Runs the demo of a hub: hub, proxy, two learners, an instructor and our service, until interrupted."""

from __future__ import annotations

import os
import secrets
import subprocess
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

import anyio
import anyio.to_thread
import httpx
from anyio.abc import Process
from pydantic import SecretStr

from ltt_collab.demo.hub_layout import HubLayout
from ltt_collab.demo.places import COURSE, copy_course
from ltt_collab.demo.proxy import proxy_command
from ltt_collab.demo.run import SIGNALS, cancel_when_signalled, quiet_logging, until_ready
from ltt_collab.demo.screen import HubReady, HubUser, Screen
from ltt_collab.lab.processes import end_process, end_strays, family
from ltt_collab.lab.server import HOST, LOG_TAIL, LOOK_EVERY, choose_port, inherited_environment, require_packages
from ltt_collab.model.errors import DemoError
from ltt_collab.service import running_service
from ltt_collab.settings import Settings

START = 90.0
"""Seconds the hub may take to answer; 28 were seen on a crowded machine."""

LEARNERS = ("ada", "ben")
INSTRUCTORS = ("ivy",)

NEEDED = {"jupyterhub": "jupyterhub", "jupyterhub_idle_culler": "jupyterhub-idle-culler"}


async def run_hub_demo(port: int | None, screen: Screen) -> bool:
    """Show a hub with the tutor in it until interrupted; no process and no file is left afterwards.

    False: it was interrupted before it was ready.

    Raises:
        LabError, DemoError, InvalidSettingError
    """
    require_packages()
    missing = [package for module, package in NEEDED.items() if find_spec(module) is None]
    if missing:
        raise DemoError(f"{' and '.join(missing)} not installed", "run: pip install 'ltt-collab[hub]'")
    Settings.read()  # a variable that cannot be used is said before anything starts
    ready = False
    with anyio.open_signal_receiver(*SIGNALS) as signals:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(cancel_when_signalled, signals, tasks.cancel_scope, name="signals")
            async with _whole_demo(port, screen):
                ready = True
                await anyio.sleep_forever()
    return ready


@asynccontextmanager
async def _whole_demo(port: int | None, screen: Screen) -> AsyncIterator[None]:
    with tempfile.TemporaryDirectory(prefix="ltt-hub-", ignore_cleanup_errors=True) as home:
        layout = await anyio.to_thread.run_sync(_laid_out, Path(home), port)
        screen.progress("Starting JupyterHub, its proxy and the tutor's service …")
        proxy = await anyio.to_thread.run_sync(proxy_command)
        async with (
            _swept(layout.home),
            _running("proxy", layout, [*proxy, *layout.proxy_options()]) as (proxy_process, _),
            _running("hub", layout, layout.hub_command()) as (hub_process, _),
        ):
            await _until_answers(layout, {"proxy": proxy_process, "hub": hub_process})
            async with running_service(_settings(layout)) as service, anyio.create_task_group() as tasks:
                await until_ready(service)
                for name, process in (("proxy", proxy_process), ("hub", hub_process)):
                    tasks.start_soon(_watch, name, process, layout, name=f"{name}'s end")
                screen.hub_ready(_ready(layout, service.api_token))
                yield
                tasks.cancel_scope.cancel()


def _laid_out(home: Path, port: int | None) -> HubLayout:
    layout = HubLayout(
        home=home.resolve(),  # as the processes in it say where they are
        proxy_port=choose_port(port),
        proxy_api_port=choose_port(None),
        hub_port=choose_port(None),
        service_port=choose_port(None),
        hub_token=secrets.token_hex(24),
        proxy_token=secrets.token_hex(24),
        password=secrets.token_hex(4),
        learners=LEARNERS,
        instructors=INSTRUCTORS,
    )
    layout.write()
    for learner in LEARNERS:
        copy_course(layout.homes / learner)
    return layout


def _settings(layout: HubLayout) -> Settings:
    settings = Settings.read(
        hub_api_url=layout.api_url,
        hub_token=SecretStr(layout.hub_token),
        hub_proxy_url=layout.hub_url,
        database_url=f"sqlite+aiosqlite:///{layout.home / 'ltt-collab.sqlite'}",
        course=str(COURSE),
        host=HOST,
        port=layout.service_port,
    )
    quiet_logging(settings)
    return settings


def _ready(layout: HubLayout, api_token: SecretStr) -> HubReady:
    people = [(name, "learner") for name in LEARNERS] + [(name, "instructor") for name in INSTRUCTORS]
    return HubReady(
        hub_url=layout.hub_url,
        service_url=layout.service_url,
        users=[HubUser(username=name, password=layout.password, role=role) for name, role in people],
        pid=os.getpid(),
        api_token=api_token.get_secret_value(),
    )


@asynccontextmanager
async def _running(name: str, layout: HubLayout, command: Sequence[str]) -> AsyncIterator[tuple[Process, Path]]:
    """A process of the hub's, ended with all that came of it: learners' servers and their kernels too."""
    log = layout.home / f"{name}.log"
    with log.open("wb") as out:
        process = await anyio.open_process(
            command,
            env=_environment(layout),
            cwd=layout.home,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C in the terminal is for us alone: we end it in order
        )
    try:
        yield process, log
    finally:
        with anyio.CancelScope(shield=True):
            await end_process(process, family(process.pid))


@asynccontextmanager
async def _swept(home: Path) -> AsyncIterator[None]:
    try:
        yield
    finally:
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(end_strays, home)


def _environment(layout: HubLayout) -> Mapping[str, str]:
    return inherited_environment() | layout.environment() | {"HOME": str(layout.home)}


async def _until_answers(layout: HubLayout, processes: Mapping[str, Process]) -> None:
    async with httpx.AsyncClient(trust_env=False) as http:
        with anyio.move_on_after(START):
            while True:
                for name, process in processes.items():
                    if process.returncode is not None:
                        raise _ended(name, process, layout)
                with suppress(httpx.TransportError):
                    if (await http.get(layout.hub_url + "hub/api/")).is_success:
                        return
                await anyio.sleep(LOOK_EVERY)
    raise DemoError(f"JupyterHub did not answer within {START:g} s", _tail("hub", layout))


async def _watch(name: str, process: Process, layout: HubLayout) -> None:
    await process.wait()
    raise _ended(name, process, layout)


def _ended(name: str, process: Process, layout: HubLayout) -> DemoError:
    return DemoError(f"the {name} ended with exit code {process.returncode}", _tail(name, layout))


def _tail(name: str, layout: HubLayout) -> str:
    said = (layout.home / f"{name}.log").read_text(errors="replace")[-LOG_TAIL:]
    for secret in (layout.hub_token, layout.proxy_token, layout.password):
        said = said.replace(secret, "…")
    return f"the end of its log:\n{said}"
