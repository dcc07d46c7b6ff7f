"""``ltt doctor``."""

from __future__ import annotations

from typing import Annotated

import anyio
import typer
from rich.console import Console

from ltt_collab.command_line import AsJson
from ltt_collab.doctor.examination import examine
from ltt_collab.doctor.report import render


def doctor(
    url: Annotated[str, typer.Argument(help="The Jupyter server, as copied from a browser if you like.")],
    token: Annotated[str, typer.Option(envvar="LTT_JUPYTER_TOKEN", show_envvar=True, help="Its token.")] = "",
    as_json: AsJson = False,
) -> None:
    """Say what is at risk on a Jupyter server, with the fix for each; exit 1 if learner text is."""
    report = anyio.run(examine, url, token)
    if as_json:
        typer.echo(report.to_json())
    else:
        render(report, Console())
    raise typer.Exit(report.exit_code)
