"""Runs the demo from the first process to the last."""

from __future__ import annotations

import os
import signal
import sys
import threading
import webbrowser
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Final

import anyio
import httpx
from pydantic import SecretStr

from ltt_collab.adapters.jupyter.address import JupyterAddress
from ltt_collab.demo.kernel import running_kernel
from ltt_collab.demo.lab import DemoLab, running_lab
from ltt_collab.demo.learner import joined_learner
from ltt_collab.demo.places import COURSE, Places, laid_out
from ltt_collab.demo.screen import Ready, Screen
from ltt_collab.demo.story import Stage, tell
from ltt_collab.lab.server import HOST, Lab, has_learner_extension, require_packages
from ltt_collab.model.errors import DemoError
from ltt_collab.model.reporting import LogLevel
from ltt_collab.service import TUTOR_USERNAME, RunningService, running_service
from ltt_collab.settings import Settings
from ltt_collab.telemetry.logging import configure_logging

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, *((signal.SIGHUP,) if hasattr(signal, "SIGHUP") else ()))
"""What ends the demo: Ctrl-C, a polite kill, a closed terminal."""

SERVICE_START = 30.0
"""Seconds the service may take to watch a server that answers already; it takes one."""

LOOK_EVERY = 0.05

STORY = 60.0
"""Seconds the whole story may take, whatever its steps did; it takes about twelve."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoOptions:
    """``root``: where the course goes, None for a temporary directory. ``port``: JupyterLab's, None for a free one."""

    root: Path | None = None
    port: int | None = None
    browser: bool = True
    scripted: bool = False


async def run_demo(options: DemoOptions, screen: Screen) -> bool:
    """Show the product until interrupted, or scripted until the story is told; no process is left afterwards.

    False: it was interrupted before it was ready, or before the story's end.

    Raises:
        LabError, DemoError, InvalidSettingError, RoomError
    """
    require_packages()
    Settings.read()  # a variable that cannot be used is said before anything starts
    done = False
    with anyio.open_signal_receiver(*SIGNALS) as signals:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(cancel_when_signalled, signals, tasks.cancel_scope, name="signals")
            with laid_out(options.root) as places:
                async with _whole_demo(places, options, screen) as (lab, settings):
                    if options.scripted:
                        await _tell_story(places, lab, settings, screen)
                        done = True
                    else:
                        done = True
                        await anyio.sleep_forever()
            tasks.cancel_scope.cancel()
    return done


async def cancel_when_signalled(signals: AsyncIterator[signal.Signals], scope: anyio.CancelScope) -> None:
    """Cancel at the first signal."""
    # The receiver stays open to the end: a second Ctrl-C cannot cut the clean-up short, which is bounded.
    async for _ in signals:
        scope.cancel()
        return


@asynccontextmanager
async def _whole_demo(places: Places, options: DemoOptions, screen: Screen) -> AsyncIterator[tuple[DemoLab, Settings]]:
    screen.progress(f"Starting JupyterLab on {places.root} …")
    if not has_learner_extension():
        screen.progress("ltt-learner is not installed: this JupyterLab has the stock store; see `ltt doctor`")
    async with running_lab(places, options.port) as running:
        lab = running.lab
        screen.progress("Starting the tutor's service …")
        settings = _settings(places, lab)
        async with running_service(settings) as service:
            await until_ready(service)
            ready = _ready(places, lab, service)
            screen.ready(ready, scripted=options.scripted)
            if options.browser and _has_display():
                # A text browser holds its caller until it is closed: that must hold up neither us nor our end.
                threading.Thread(target=webbrowser.open, args=(ready.address,), daemon=True).start()
            try:
                yield running, settings
            finally:
                screen.progress("Ending JupyterLab and its kernels …")


def _settings(places: Places, lab: Lab) -> Settings:
    settings = Settings.read(
        jupyter_url=lab.url,
        jupyter_token=SecretStr(lab.token),
        database_url=f"sqlite+aiosqlite:///{places.database}",
        course=str(COURSE),
        host=HOST,
        port=0,
    )
    quiet_logging(settings)
    return settings


def quiet_logging(settings: Settings) -> None:
    """Leave the terminal to the demo's own lines, unless somebody asked for more."""
    level = settings.log_level if "log_level" in settings.model_fields_set else LogLevel.ERROR
    secrets = [settings.jupyter_token, settings.api_token, settings.hub_token]
    configure_logging(settings.log_format, level, secrets=secrets)


async def until_ready(service: RunningService) -> None:
    """Return once the service watches what it is to watch.

    Raises:
        DemoError
    """
    async with httpx.AsyncClient(base_url=service.url, trust_env=False) as http:
        said = "nothing"
        with anyio.move_on_after(SERVICE_START):
            while True:
                answer = await http.get("api/v1/ready")
                if answer.status_code == HTTPStatus.OK:
                    return
                said = answer.text
                await anyio.sleep(LOOK_EVERY)
    raise DemoError(f"the service was not ready within {SERVICE_START:g} s", f"it says: {said}")


def _ready(places: Places, lab: Lab, service: RunningService) -> Ready:
    return Ready(
        jupyter_url=lab.url,
        token=lab.token,
        service_url=service.url,
        api_token=service.api_token.get_secret_value(),
        wall_url=service.reception.instructor_link(service.url),
        learn_url=service.reception.learner_link(service.url),
        root=str(places.root),
        notebooks=places.notebooks,
        pid=os.getpid(),
    )


async def _tell_story(places: Places, running: DemoLab, settings: Settings, screen: Screen) -> None:
    path = places.notebooks[0]
    server = running.server
    address = JupyterAddress.parse(running.lab.url, running.lab.token)
    screen.begin_story()
    with anyio.move_on_after(STORY):
        async with joined_learner(server, path) as learner, running_kernel(address, server.rest, path) as kernel:
            await tell(
                Stage(
                    learner=learner,
                    kernel=kernel,
                    screen=screen,
                    file=places.root / path,
                    tutor=TUTOR_USERNAME,
                    introduces=settings.introduce,
                )
            )
        return
    raise DemoError(f"the story was not told within {STORY:g} s", "is the machine very busy? Try again")


def _has_display() -> bool:
    """Whether a browser window can appear here."""
    if sys.platform in {"darwin", "win32"}:
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))  # noqa: TID251 - no setting of ours
