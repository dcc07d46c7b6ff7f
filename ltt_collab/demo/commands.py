"""``ltt demo``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from ltt_collab.command_line import INTERRUPTED, AsJson, run_fast
from ltt_collab.demo.hub_run import run_hub_demo
from ltt_collab.demo.run import DemoOptions, run_demo
from ltt_collab.demo.screen import Screen


def demo(
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Open no browser, only say the address.")] = False,
    scripted: Annotated[bool, typer.Option("--scripted", help="Let a simulated learner show it, then end.")] = False,
    as_json: AsJson = False,
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="JupyterLab's (or the hub's) port; by default a free one.")
    ] = None,
    root: Annotated[
        Path | None, typer.Option(help="Put the course there, and keep it; no file is overwritten.")
    ] = None,
    hub: Annotated[
        bool, typer.Option("--hub", help="Start a JupyterHub instead: two learners, an instructor, real logins.")
    ] = False,
) -> None:
    """Start a real JupyterLab with the tutor in it, on a sample course, until interrupted."""
    screen = Screen(Console(), Console(stderr=True), as_json=as_json)
    if hub:
        if scripted or root is not None:
            raise typer.BadParameter("--hub goes with neither --scripted nor --root")
        ended = run_fast(run_hub_demo, port, screen)
    else:
        options = DemoOptions(root=root, port=port, browser=not (no_browser or scripted), scripted=scripted)
        ended = run_fast(run_demo, options, screen)
    if not ended:
        raise typer.Exit(INTERRUPTED)
