"""``GET {base}/api/ltt/learner``: what this server does for its learner, for ``ltt doctor`` and people."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from tornado import web

PACKAGES = (
    "jupyter_server",
    "jupyter_server_ydoc",
    "jupyter_ydoc",
    "jupyterlab",
    "jupyterlab_chat",
    "pycrdt",
    "pycrdt_store",
    "pycrdt_websocket",
)


def installed_versions() -> dict[str, str | None]:
    """The versions of the packages that a learner's text passes through; None where one is not installed."""
    found: dict[str, str | None] = {}
    for name in PACKAGES:
        try:
            found[name] = version(name.replace("_", "-"))
        except PackageNotFoundError:
            found[name] = None
    return found


class LearnerHandler(APIHandler):
    """Tells an authenticated caller what is active."""

    auth_resource = "contents"

    def initialize(self, describe: Callable[[], dict[str, Any]]) -> None:
        """Take the function that describes the running server."""
        self._describe = describe

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Answer with the description as JSON."""
        await self.finish(self._describe())
