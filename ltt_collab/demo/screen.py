"""What a demo shows in the terminal: progress on stderr, what was asked for on stdout."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from urllib.parse import quote

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

WHO_WIDTH = 8
"""Columns for who acts: the longest is `JupyterLab`'s short form."""

INDENT = 20
"""Columns before what somebody wrote, to stand below what was said about it."""

COLOURS = {"Ada": "cyan", "kernel": "yellow", "Tutor": "magenta", "disk": "green"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """What a program needs to use a running demo; ``notebooks`` are paths below ``root``.

    ``wall_url`` and ``learn_url`` let somebody in once.
    """

    jupyter_url: str
    token: str
    service_url: str
    api_token: str
    root: str
    notebooks: Sequence[str]
    pid: int
    wall_url: str
    learn_url: str

    @property
    def address(self) -> str:
        """What opens the first notebook in a browser."""
        return f"{self.jupyter_url}lab/tree/{quote(self.notebooks[0])}?token={self.token}"

    def to_json(self) -> str:
        """One line."""
        return json.dumps(asdict(self), ensure_ascii=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class HubUser:
    """Somebody who can log in; ``role``: learner or instructor."""

    username: str
    password: str
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HubReady:
    """What a program needs to use a running demo of a hub; ``api_token``: the operator's, for our API."""

    hub_url: str
    service_url: str
    users: Sequence[HubUser]
    pid: int
    api_token: str

    def to_json(self) -> str:
        """One line."""
        return json.dumps(asdict(self), ensure_ascii=False)


class Screen:
    """Writes to a terminal, or for a program: with ``as_json`` stdout gets the one line of ``Ready`` and no more."""

    def __init__(self, out: Console, err: Console, *, as_json: bool) -> None:
        self._out, self._err, self._as_json = out, err, as_json
        self._began = time.monotonic()

    def progress(self, text: str) -> None:
        """Say what is being done."""
        self._err.print(Text(text, style="dim"), soft_wrap=True)

    def ready(self, ready: Ready, *, scripted: bool) -> None:
        """Say that everything answers, and where."""
        if self._as_json:
            self._out.file.write(ready.to_json() + "\n")
            self._out.file.flush()
            return
        self._out.print(Text.assemble("\nJupyterLab with the tutor in it: ", (ready.address, "bold")), soft_wrap=True)
        for what, url in (("The instructor's wall", ready.wall_url), ("The learner's workspace", ready.learn_url)):
            self._out.print(Text.assemble(f"{what} (works once): ", (url, "bold")), soft_wrap=True)
        self._out.print(Text(f"The files lie in {ready.root}", style="dim"), soft_wrap=True)
        if not scripted:
            self._out.print("Ctrl-C ends it.\n")

    def hub_ready(self, ready: HubReady) -> None:
        """Say that the hub answers, and who can log in."""
        if self._as_json:
            self._out.file.write(ready.to_json() + "\n")
            self._out.file.flush()
            return
        self._out.print(Text.assemble("\nJupyterHub with the tutor in it: ", (ready.hub_url, "bold")), soft_wrap=True)
        for user in ready.users:
            self._out.print(f"  log in as {user.username} ({user.role}), password {user.password}", highlight=False)
        for what, where in (("The instructor's wall", "wall"), ("The learner's workspace", "learn")):
            self._out.print(Text.assemble(f"{what} (the same logins): ", (ready.service_url + where, "bold")))
        self._out.print("Ctrl-C ends it.\n")

    def begin_story(self) -> None:
        """Set the timeline's clock to zero."""
        self._began = time.monotonic()

    def happened(self, who: str, what: str, quote: str = "") -> None:
        """One line of the timeline; ``quote`` is what somebody wrote, shown below it."""
        console = self._err if self._as_json else self._out
        elapsed = f"{time.monotonic() - self._began:6.1f} s  "
        console.print(Text.assemble((elapsed, "dim"), (f"{who:<{WHO_WIDTH}}", COLOURS.get(who, "")), what))
        if quote:
            console.print(Padding(Text(quote, style="italic"), (0, 2, 0, INDENT)))
