"""What a Jupyter server says of its own software."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from ltt_collab.adapters.jupyter.rest import RestClient
from ltt_collab.ports.rooms import ServerFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class TestedRelease:
    """A release of jupyter-collaboration, with the JupyterLabs that our tests run it in.

    ``room_server``: the release of jupyter-server-ydoc that belongs to it, which only our learner extension tells.
    """

    collaboration: str
    labs: tuple[str, ...]
    room_server: str


TESTED = (
    TestedRelease(collaboration="5.0", labs=("4.6",), room_server="3.0"),
    TestedRelease(collaboration="4.4", labs=("4.4", "4.5"), room_server="2.4"),
)
"""What ``.ci/matrix`` runs the main job and the reopening of a notebook against."""

TESTED_TEXT = " or ".join(
    f"jupyter-collaboration {release.collaboration}.x with JupyterLab {'/'.join(release.labs)}" for release in TESTED
)

LEARNER_ENDPOINT = "api/ltt/learner"
SESSION_ENDPOINT = "api/collaboration/session/"
_PACKAGES = ("@jupyter/docprovider-extension", "@jupyter/collaboration-extension")
_PAGE_CONFIG = re.compile(rb'<script id="jupyter-config-data" type="application/json">(.*?)</script>', re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class LabPage:
    """What JupyterLab's front page tells: ``version`` is '' where there is no JupyterLab."""

    version: str = ""
    extensions: frozenset[str] = frozenset()
    is_rtc_disabled: bool = False


def is_tested(collaboration: str, jupyterlab: str, learner: dict[str, Any] | None) -> bool:
    """Whether our tests run against these releases; ``learner``: what our extension there says of itself."""
    room_server = told_room_server(learner)
    return any(
        _is_release(collaboration, release.collaboration)
        and any(_is_release(jupyterlab, lab) for lab in release.labs)
        and (not room_server or _is_release(room_server, release.room_server))
        for release in TESTED
    )


def told_room_server(learner: dict[str, Any] | None) -> str:
    """The version of jupyter-server-ydoc that our learner extension tells, '' where it does not."""
    return _version((learner or {}).get("versions"), "jupyter_server_ydoc")


def read_lab_page(page: bytes) -> LabPage:
    """Read the configuration that JupyterLab embeds in its page."""
    found = _PAGE_CONFIG.search(page)
    try:
        config = json.loads(found[1]) if found else {}
    except ValueError:
        config = {}
    if not isinstance(config, dict):
        config = {}
    listed = config.get("federated_extensions")
    extensions = listed if isinstance(listed, list) else []
    return LabPage(
        version=_version(config, "appVersion"),
        extensions=frozenset(str(entry.get("name")) for entry in extensions if isinstance(entry, dict)),
        is_rtc_disabled=config.get("disableRTC") is True,
    )


async def ask_facts(rest: RestClient) -> ServerFacts:
    """Ask a server for its versions.

    Raises:
        RoomUnreachableError, RoomRefusedError
    """
    server = await rest.demand_json("api")
    await rest.demand("GET", "api/status")  # `api` answers strangers as well: here the token has to be right
    lab = await ask_lab_page(rest)
    learner = await ask_learner_extension(rest)
    rooms = await ask_collaboration(rest)
    return ServerFacts(
        jupyter_server=_version(server),
        jupyterlab=lab.version,
        collaboration=rooms,
        learner_extension=_version(learner),
        supported=is_tested(rooms, lab.version, learner),
        tested=TESTED_TEXT,
    )


async def ask_lab_page(rest: RestClient) -> LabPage:
    """JupyterLab's front page, an empty one where it is not served."""
    answer = await rest.ask("GET", "lab")
    return read_lab_page(answer.body) if answer.status == 200 else LabPage()


async def ask_learner_extension(rest: RestClient) -> dict[str, Any] | None:
    """What our own server extension says of itself, None where it is not active."""
    answer = await rest.ask("GET", LEARNER_ENDPOINT)
    said = answer.json() if answer.status == 200 else None
    return said if isinstance(said, dict) else None


async def ask_collaboration(rest: RestClient) -> str:
    """jupyter-collaboration's version, '' where its rooms are not served or their version is not told.

    No endpoint tells the version; its prebuilt frontend, released together with it, stands on the server as files.
    """
    if (await rest.ask("GET", SESSION_ENDPOINT)).status == 404:
        return ""
    for package in _PACKAGES:
        answer = await rest.ask("GET", f"lab/extensions/{package}/package.json")
        if answer.status == 200 and (version := _version(answer.json())):
            return version
    return ""


def _is_release(version: str, release: str) -> bool:
    return version == release or version.startswith(release + ".")


def _version(said: object, key: str = "version") -> str:
    value = said.get(key) if isinstance(said, dict) else None
    return value[:64] if isinstance(value, str) else ""
