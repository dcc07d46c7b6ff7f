"""A real JupyterHub with its real proxy, as child processes on free ports."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil  # type: ignore[import-untyped]

from ltt_collab.demo.hub_layout import HubLayout
from ltt_collab.demo.places import COURSE
from ltt_collab.demo.proxy import proxy_command
from tests.support.jupyter import free_port, notebook_json

START_LIMIT = 60.0
"""Seconds a hub or a learner's server may take to answer on two busy cores."""

LEARNERS = ("ada", "ben")
INSTRUCTOR = "ivy"
COURSE_INSTRUCTOR = "ivo"
"""Teaches the sample course, and no other."""

STRANGER = "zoe"
BOT = "ltt-bot"
"""A user with our service's role: the hub makes and revokes a user's tokens without a restart."""

PASSER_BY = "yan"
"""The hub would let them log in to our pages; they are in no group of ours."""


def wait_for(look: Callable[[], object], within: float, what: Callable[[], str]) -> None:
    """Return once ``look()`` is true.

    Raises:
        AssertionError: it was not within so many seconds.
    """
    deadline = time.monotonic() + within
    while not look():
        if time.monotonic() > deadline:
            raise AssertionError(what())
        time.sleep(0.2)


@dataclass
class Hub:
    """One running hub. Its operator's token may do everything, as an admin's may."""

    layout: HubLayout
    admin_token: str
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    http: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        headers = {"Authorization": f"token {self.admin_token}"}
        self.http = httpx.Client(base_url=self.layout.api_url + "/", headers=headers, timeout=30, trust_env=False)

    # The hub itself.

    def start(self) -> None:
        """Start proxy and hub, whichever does not run, and wait until they answer."""
        if not self._runs("proxy"):
            self._launch("proxy", [*proxy_command(), *self.layout.proxy_options()])
        if not self._runs("hub"):
            self._launch("hub", self.layout.hub_command())
        wait_for(self._answers, START_LIMIT, lambda: f"no hub:\n{self.log('hub')}\n{self.log('proxy')}")

    def kill(self) -> None:
        """End the hub as a crash does; proxy and servers stay."""
        self.processes["hub"].kill()
        self.processes["hub"].wait()

    def stop(self) -> None:
        """End everything that belongs to it."""
        for process in self.processes.values():
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self.processes.values():
            with suppress(subprocess.TimeoutExpired):
                process.wait(5)
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        for stray in psutil.process_iter(["cwd", "cmdline"]):
            places = [stray.info["cwd"] or "", *(stray.info["cmdline"] or [])]
            if any(str(self.layout.home) in place for place in places):
                with suppress(psutil.Error):
                    stray.kill()
        self.http.close()

    def log(self, which: str) -> str:
        """The end of a process's log."""
        return (self.layout.home / f"{which}.log").read_text(errors="replace")[-4000:]

    # People and servers.

    def token(self, user: str, *, scopes: list[str] | None = None) -> str:
        """A new token of that user's, as they make it on the hub's page."""
        wanted: dict[str, Any] = {"note": "test"} | ({"scopes": scopes} if scopes is not None else {})
        return str(self._ask("POST", f"users/{user}/tokens", json=wanted)["token"])

    def revoke(self, user: str, token: str) -> None:
        """Take every token of that user's back."""
        for each in self._ask("GET", f"users/{user}/tokens")["api_tokens"]:
            self.http.delete(f"users/{user}/tokens/{each['id']}")

    def ask_for_server(self, user: str, name: str = "") -> None:
        """Begin to start a user's server."""
        answer = self.http.post(f"users/{user}/servers/{name}" if name else f"users/{user}/server", json={})
        assert answer.status_code in {201, 202, 400}, answer.text

    def start_server(self, user: str, name: str = "") -> str:
        """Start a user's server, wait until it is ready; its URL."""
        self.ask_for_server(user, name)
        wait_for(lambda: self.is_ready(user, name), START_LIMIT, lambda: f"no server for {user}:\n{self.log('hub')}")
        return f"{self.layout.hub_url}user/{user}/" + (f"{name}/" if name else "")

    def stop_server(self, user: str, name: str = "") -> None:
        """Stop a user's server and wait until it is gone."""
        self.http.delete(f"users/{user}/servers/{name}" if name else f"users/{user}/server")
        wait_for(lambda: name not in self.servers(user), 30, lambda: f"{user}'s server stays:\n{self.log('hub')}")

    def is_ready(self, user: str, name: str = "") -> bool:
        """Whether that server is ready."""
        server = self.servers(user).get(name)
        return server is not None and server["ready"] is True

    def servers(self, user: str) -> dict[str, Any]:
        """The user's servers that run, start or stop."""
        return dict(self._ask("GET", f"users/{user}").get("servers") or {})

    def write_notebook(self, user: str, path: str, *cells: Mapping[str, Any]) -> Path:
        """Put a notebook into a user's home."""
        target = self.layout.homes / user / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(notebook_json(cells))
        return target

    def _ask(self, method: str, path: str, **more: Any) -> Any:
        answer = self.http.request(method, path, **more)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json()

    def _answers(self) -> bool:
        with suppress(httpx.TransportError):
            through_proxy = httpx.get(self.layout.hub_url + "hub/api/", trust_env=False)
            return through_proxy.is_success and self.http.get("users").is_success
        return False

    def _runs(self, which: str) -> bool:
        return which in self.processes and self.processes[which].poll() is None

    def _launch(self, which: str, command: list[str]) -> None:
        inherited = {key: value for key, value in os.environ.items() if not key.startswith(("JUPYTER", "LTT_"))}
        home = self.layout.home
        with (home / f"{which}.log").open("ab") as out:
            self.processes[which] = subprocess.Popen(
                command,
                env=inherited | self.layout.environment() | {"HOME": str(home)},
                cwd=home,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )


ADMIN = """
c.JupyterHub.services = [*c.JupyterHub.services, {{"name": "test", "api_token": {token!r}}}]
c.JupyterHub.load_roles = [
    *c.JupyterHub.load_roles,
    {{
        "name": "test",
        "services": ["test"],
        "scopes": ["admin:users", "admin:servers", "tokens", "admin:groups", "access:servers", "read:services"],
    }},
]
c.JupyterHub.load_roles.append(
    {{"name": "passers-by", "users": [{passer_by!r}], "scopes": ["access:services!service=ltt-tutor"]}}
)
c.JupyterHub.load_roles.append(
    {{
        "name": "bot",
        "users": [{bot!r}],
        "scopes": ["list:users!group=learners", "read:servers!group=learners", "access:servers"],
    }}
)
c.Authenticator.allowed_users |= {{{passer_by!r}, {bot!r}}}
c.JupyterHub.allow_named_servers = True

"""


@contextmanager
def running_hub(home: Path, *, cull: Mapping[str, str] | None = None, more: str = "") -> Iterator[Hub]:
    """Start a hub with two learners, an instructor and a stranger; ends it with all servers."""
    home.mkdir(parents=True, exist_ok=True)
    admin_token = secrets.token_hex(16)
    layout = HubLayout(
        home=home,
        proxy_port=free_port(),
        proxy_api_port=free_port(),
        hub_port=free_port(),
        service_port=free_port(),
        hub_token=secrets.token_hex(16),
        proxy_token=secrets.token_hex(16),
        password=secrets.token_hex(8),
        learners=LEARNERS,
        instructors=[INSTRUCTOR],
        cull=cull or {},
        course_instructors=[f"first-steps:{COURSE_INSTRUCTOR}"],
        more=ADMIN.format(token=admin_token, passer_by=PASSER_BY, bot=BOT) + more,
    )
    layout.write()
    hub = Hub(layout, admin_token)
    try:
        hub.start()
        for user in (*LEARNERS, INSTRUCTOR, STRANGER):
            hub.http.post(f"users/{user}")
        yield hub
    finally:
        hub.stop()


@dataclass
class HubService:
    """One running `ltt serve` for a hub."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path
    home: Path

    def ask(self, path: str, token: str = "", method: str = "GET", **more: Any) -> httpx.Response:
        """Its answer to whoever has that token."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.request(method, self.url + path, headers=headers, timeout=20, trust_env=False, **more)

    def rooms(self, token: str) -> list[dict[str, Any]]:
        """The live rooms that the token's owner sees."""
        answer = self.ask("api/v1/rooms", token)
        assert answer.status_code == httpx.codes.OK, answer.text
        return [room for room in answer.json() if room["state"] == "live"]

    def readiness(self) -> tuple[bool, str]:
        """Whether it is ready, and what it says of it."""
        with suppress(httpx.TransportError):
            answer = self.ask("api/v1/ready")
            said = answer.json()
            return answer.is_success, said["reason"] if answer.is_success else said["detail"]
        return False, "it does not answer"

    def said(self) -> str:
        """Its log."""
        return self.log.read_text(errors="replace")


@contextmanager
def hub_service(hub: Hub, home: Path, *, ready: bool = True, **settings: str) -> Iterator[HubService]:
    """Start `ltt serve` as the hub's service; ``ready``: wait until it is."""
    home.mkdir(parents=True, exist_ok=True)
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(("JUPYTER", "LTT_"))}
    told = {
        "HOME": str(home),
        "LTT_HUB_API_URL": hub.layout.api_url,
        "LTT_HUB_TOKEN": hub.layout.hub_token,
        "LTT_HUB_PROXY_URL": hub.layout.hub_url,
        "LTT_PORT": str(hub.layout.service_port),
        "LTT_DATABASE_URL": f"sqlite+aiosqlite:///{home / 'ltt.db'}",
        "LTT_API_TOKEN": "operator-of-the-tests",
        "LTT_LOG_FORMAT": "json",
        "LTT_LOG_LEVEL": "debug",
        "LTT_COURSE": str(COURSE),
        "LTT_SANDBOX_WARM": "0",
        "LTT_INTRODUCE": "false",
        "LTT_LEAVE_GRACE_SECONDS": "5",
        # Announcements alone find servers in a test's time, unless it says otherwise.
        "LTT_HUB_SWEEP_SECONDS": "3600",
    }
    log = home / "service.log"
    with log.open("ab") as out:
        command = [sys.executable, "-m", "ltt_collab", "serve"]
        process = subprocess.Popen(command, env=inherited | told | settings, stdout=out, stderr=out, cwd=home)
    port = settings.get("LTT_PORT", str(hub.layout.service_port))
    service = HubService(f"http://127.0.0.1:{port}/", process, log, home)
    try:
        if ready:
            wait_for(
                lambda: service.readiness()[0] or process.poll() is not None,
                START_LIMIT,
                lambda: f"not ready: {service.readiness()}\n{service.said()[-6000:]}",
            )
            assert process.poll() is None, service.said()[-6000:]
        yield service
    finally:
        process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(15)
        process.kill()
        process.wait()


@dataclass(frozen=True)
class Door:
    """A learner's server as its owner's browser reaches it; stands in for ``tests.support.jupyter.Jupyter``."""

    url: str
    token: str
