"""What a hub of ours is started with: the configuration of ``deploy/jupyterhub``, and what differs for trying it."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ltt_collab.model.errors import DemoError

HOST = "127.0.0.1"

CONFIG = "jupyterhub_config.py"

_PLACES = (
    Path(__file__).parents[2] / "deploy" / "jupyterhub" / CONFIG,
    Path(sys.prefix) / "share" / "ltt-collab" / CONFIG,
)
"""In a checkout, in an installation (the wheel's shared data)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HubLayout:
    """Ports, people and places of one hub below one directory. ``more``: further lines of configuration;
    ``course_instructors``: who teaches one course, each as ``course:user``.

    The tokens travel in the environment: a command line and a file can be read by others.
    """

    home: Path
    proxy_port: int
    proxy_api_port: int
    hub_port: int
    service_port: int
    hub_token: str
    proxy_token: str
    password: str
    learners: Sequence[str]
    instructors: Sequence[str]
    course_instructors: Sequence[str] = ()
    cull: Mapping[str, str] = field(default_factory=dict)
    more: str = ""

    @property
    def hub_url(self) -> str:
        """Where people log in."""
        return f"http://{HOST}:{self.proxy_port}/"

    @property
    def api_url(self) -> str:
        """The hub's API."""
        return f"http://{HOST}:{self.hub_port}/hub/api"

    @property
    def service_url(self) -> str:
        """Where our service listens."""
        return f"http://{HOST}:{self.service_port}/"

    @property
    def homes(self) -> Path:
        """Below it, each user has a directory."""
        return self.home / "homes"

    @property
    def config(self) -> Path:
        """The configuration that the hub is started with."""
        return self.home / "config.py"

    def write(self) -> None:
        """Put everything in place that the hub reads.

        Raises:
            DemoError: this installation lacks the configuration.
        """
        for user in (*self.learners, *self.instructors):
            (self.homes / user).mkdir(parents=True, exist_ok=True)
        self.config.write_text(self._config_text())

    def hub_command(self) -> list[str]:
        """What starts the hub, with ``environment`` and in ``home``."""
        return [sys.executable, "-m", "jupyterhub", "-f", str(self.config)]

    def proxy_options(self) -> list[str]:
        """Options of configurable-http-proxy; its token is in ``environment``."""
        return [
            *("--ip", HOST, "--port", str(self.proxy_port)),
            *("--api-ip", HOST, "--api-port", str(self.proxy_api_port)),
            *("--default-target", f"http://{HOST}:{self.hub_port}"),
            *("--error-target", f"http://{HOST}:{self.hub_port}/hub/error"),
        ]

    def environment(self) -> dict[str, str]:
        """What hub and proxy are told beside the configuration."""
        return {
            "CONFIGPROXY_AUTH_TOKEN": self.proxy_token,
            "LTT_HUB_TOKEN": self.hub_token,
            "LTT_LEARNERS": ",".join(self.learners),
            "LTT_INSTRUCTORS": ",".join(self.instructors),
            "LTT_COURSE_INSTRUCTORS": ",".join(self.course_instructors),
            "LTT_SERVICE_URL": self.service_url,
            "LTT_TRY_HOME": str(self.homes),
            "LTT_TRY_PASSWORD": self.password,
            **self.cull,
        }

    def _config_text(self) -> str:
        base = next((place for place in _PLACES if place.exists()), None)
        if base is None:
            raise DemoError(f"{CONFIG} is not there", "install ltt-collab anew: its files are not whole")
        settings = {
            "JupyterHub.bind_url": self.hub_url,
            "JupyterHub.hub_bind_url": f"http://{HOST}:{self.hub_port}",
            "JupyterHub.db_url": f"sqlite:///{self.home / 'jupyterhub.sqlite'}",
            "JupyterHub.cookie_secret_file": str(self.home / "cookie_secret"),
            # The proxy is a process of its own, as in any lasting installation: rooms survive a restart of the hub.
            "ConfigurableHTTPProxy.should_start": False,
            "ConfigurableHTTPProxy.api_url": f"http://{HOST}:{self.proxy_api_port}",
        }
        lines = [f"load_subconfig({str(base)!r})", *(f"c.{name} = {value!r}" for name, value in settings.items())]
        return "\n".join([*lines, self.more, ""])
