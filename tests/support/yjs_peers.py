"""Yjs peers in a Node process: the other implementation of the CRDT, as browsers run it."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.support.node_packages import NODE_HOME, install_node_packages, node_program


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
