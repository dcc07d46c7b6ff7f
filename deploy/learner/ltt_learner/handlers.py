"""What this server tells of itself.

``GET {base}/api/ltt/learner``: what it does for its learner, for ``ltt doctor`` and people.
``GET {base}/api/ltt/rooms``: which documents are open, for a tutor that was not there when they were opened.
``GET {base}/api/ltt/texts``: fingerprints of what learners wrote, for a tutor to compare its own with.
``GET {base}/api/ltt/disk``: whether the disk takes more, for a tutor to say why something is not saved.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
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


def open_rooms(rooms: Mapping[str, Any], path_of: Callable[[str], str | None]) -> dict[str, Any]:
    """The documents that a client has open: ``{"rooms": [{"path", "format", "type"}]}``, by path."""
    found = []
    for name, room in rooms.items():
        form, _, rest = name.partition(":")
        kind, _, file_id = rest.partition(":")
        path = path_of(file_id) if file_id and getattr(room, "clients", None) else None
        if path is not None:
            found.append({"path": path, "format": form, "type": kind})
    return {"rooms": sorted(found, key=lambda room: room["path"])}


def installed_versions() -> dict[str, str | None]:
    """The versions of the packages that a learner's text passes through; None where one is not installed."""
    found: dict[str, str | None] = {}
    for name in PACKAGES:
        try:
            found[name] = version(name.replace("_", "-"))
        except PackageNotFoundError:
            found[name] = None
    return found


class TellingHandler(APIHandler):
    """Tells an authenticated caller something as JSON."""

    auth_resource = "contents"

    def initialize(self, tell: Callable[[], dict[str, Any] | Awaitable[dict[str, Any]]]) -> None:
        """Take the function that knows."""
        self._tell = tell

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Answer with what there is to tell."""
        told = self._tell()
        await self.finish(told if isinstance(told, dict) else await told)
