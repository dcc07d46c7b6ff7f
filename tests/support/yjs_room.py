"""A browser's side of a room in a Node process: the real Yjs and y-protocols, frame by frame."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from ltt_collab.rooms.provider import Provider
from tests.support.node_packages import NODE_HOME, install_node_packages, node_program
from tests.support.room_scene import FakeChannel


@dataclass
class YjsBrowser:
    """One Yjs document with awareness; what it sends is kept in ``outbox`` until somebody takes it."""

    process: subprocess.Popen[str]
    outbox: list[bytes] = field(default_factory=list)

    def ask(self, verb: str, **arguments: Any) -> Any:
        """One request and its answer.

        Raises:
            AssertionError: Yjs threw.
        """
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({"verb": verb, **arguments}) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        self.outbox += [base64.b64decode(frame) for frame in answer["frames"]]
        if "error" in answer:
            raise AssertionError(f"{verb} {arguments}: {answer['error']}")
        return answer["result"]

    def receive(self, frame: bytes) -> None:
        """Take in one frame."""
        self.ask("receive", frame=base64.b64encode(frame).decode())

    def take(self) -> list[bytes]:
        """What it sent since the last time."""
        taken, self.outbox = self.outbox, []
        return taken

    def talk(self, provider: Provider, channel: FakeChannel) -> None:
        """Carry frames both ways until both are silent."""
        while channel.sent or self.outbox:
            for frame in channel.take():
                self.receive(frame)
            for frame in self.take():
                provider.frame_received(frame)


@contextmanager
def running_yjs_browser() -> Iterator[YjsBrowser]:
    """Start the Node process; ends it."""
    install_node_packages()
    command = [node_program("node"), str(NODE_HOME / "room.mjs")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield YjsBrowser(process)
        finally:
            process.kill()
