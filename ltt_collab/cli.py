"""``ltt``: the command line. Every error says what was wrong, with which value, and what to do."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, NoReturn

import anyio
import typer
from rich.console import Console

from ltt_collab import __version__
from ltt_collab.bench.__main__ import main as bench_main
from ltt_collab.coursework.commands import course_app
from ltt_collab.coursework.validate import validate
from ltt_collab.demo import DemoOptions, Screen, run_demo, run_hub_demo
from ltt_collab.doctor import examine, render
from ltt_collab.mcp_bridge.typed_command import mcp_command
from ltt_collab.model.errors import InvalidNotebookError, LttError, UsageError
from ltt_collab.model.nbformat import read_notebook
from ltt_collab.operating.door import running_service_client
from ltt_collab.operating.reports import report_app
from ltt_collab.operating.steering import resume, stop
from ltt_collab.operating.tokens import token_app
from ltt_collab.personal.commands import data_app
from ltt_collab.ports.directory import Decision
from ltt_collab.ports.tutor import TutorConfig
from ltt_collab.replaying.commands import replay
from ltt_collab.service import RunningService, load_tutors, run, running_service
from ltt_collab.settings import Settings
from ltt_collab.telemetry.logging import configure_logging
from ltt_collab.web.hub_login import HubLogin

FAILED, WRONG_USE, INTERRUPTED = 1, 2, 130

app = typer.Typer(
    help="A live tutor that joins Jupyter notebooks as a visible collaborator.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

app.command()(validate)
app.command()(replay)
app.command("mcp")(mcp_command(running_service))
app.command()(stop)
app.command()(resume)

app.add_typer(course_app, name="course")
app.add_typer(data_app, name="data")
app.add_typer(report_app, name="report")
app.add_typer(token_app, name="token")

AsJson = Annotated[bool, typer.Option("--json", help="Write machine-readable output to stdout, and nothing else.")]


def main() -> None:
    """Run the command line; our own errors become one line and an exit code."""
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(130)
    except BaseExceptionGroup as group:
        _fail(_first(group))
    except LttError as error:
        _fail(error)


def _fail(error: BaseException) -> NoReturn:
    if not isinstance(error, LttError):
        raise error
    typer.echo(f"ltt: {error}", err=True)
    sys.exit(WRONG_USE if isinstance(error, UsageError) else FAILED)


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    first: BaseException = group
    while isinstance(first, BaseExceptionGroup):
        first = first.exceptions[0]
    return first


def _print_version(value: bool) -> None:
    if value:
        typer.echo(f"ltt {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """A live tutor that joins Jupyter notebooks as a visible collaborator."""


@app.command()
def serve(
    jupyter_url: Annotated[str | None, typer.Option(help="The Jupyter server (LTT_JUPYTER_URL).")] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on (LTT_HOST).")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on, 0 for a free one (LTT_PORT).")] = None,
) -> None:
    """Join the notebooks of a Jupyter server and help, until interrupted."""
    settings = Settings.read(jupyter_url=jupyter_url, host=host, port=port)
    secrets = [settings.jupyter_token, settings.api_token, settings.hub_token]
    configure_logging(settings.log_format, settings.log_level, secrets=secrets)
    anyio.run(run, settings, _announce, backend_options={"use_uvloop": sys.platform != "win32"})


def _announce(service: RunningService) -> None:
    typer.echo(f"LTT Collab serves {service.url}", err=True)
    # Secrets, if only for a quarter of an hour: to stdout, as the token.
    typer.echo(f"Instructor's wall, once: {service.reception.instructor_link(service.url)}")
    if isinstance(service.reception.login, HubLogin):
        ours = service.reception.login.places.ours
        typer.echo(f"People log in through the hub: {ours}wall and {ours}learn", err=True)
    else:
        typer.echo(f"Learner's workspace, once: {service.reception.learner_link(service.url)}")
    if service.generated:
        # Printed once, and to stdout only: it is a secret, and logs are kept.
        typer.echo(f"LTT_API_TOKEN={service.api_token.get_secret_value()}")


@app.command()
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
    if hub:
        if scripted or root is not None:
            raise typer.BadParameter("--hub goes with neither --scripted nor --root")
        hub_screen = Screen(Console(), Console(stderr=True), as_json=as_json)
        if not anyio.run(run_hub_demo, port, hub_screen, backend_options={"use_uvloop": sys.platform != "win32"}):
            raise typer.Exit(INTERRUPTED)
        return
    options = DemoOptions(root=root, port=port, browser=not (no_browser or scripted), scripted=scripted)
    screen = Screen(Console(), Console(stderr=True), as_json=as_json)
    if not anyio.run(run_demo, options, screen, backend_options={"use_uvloop": sys.platform != "win32"}):
        raise typer.Exit(INTERRUPTED)


@app.command()
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


@app.command()
def explain(
    notebook: Annotated[Path, typer.Argument(help="An executed notebook file (.ipynb).")],
    as_json: AsJson = False,
) -> None:
    """Say what went wrong in an executed notebook, offline: one finding a cell at most, the first cause."""
    try:
        content = notebook.read_bytes()
    except OSError as error:
        raise InvalidNotebookError(str(notebook), error.strerror or str(error)) from error
    read = read_notebook(content, str(notebook))
    found = [finding for tutor in load_tutors(TutorConfig()) for finding in tutor.explain(read)]
    if as_json:
        typer.echo(json.dumps({"findings": [asdict(finding) for finding in found]}, ensure_ascii=False))
        return
    console = Console()
    if not found:
        console.print("Nothing found.")
    for finding in found:
        console.print(f"[bold]cell {finding.cell_index}, line {finding.line}[/bold]  {finding.kind}", highlight=False)
        for text in (finding.where, finding.what, finding.how):
            console.print(f"  {text}\n", markup=False, highlight=False)


@app.command()
def why(
    room: Annotated[str, typer.Argument(help="A room's id, or the path of a notebook that is open.")],
    as_json: AsJson = False,
) -> None:
    """Say why help was or was not given in a room of the running service (LTT_SERVICE_URL, LTT_API_TOKEN)."""
    decisions = anyio.run(_decisions, room)
    if as_json:
        typer.echo(json.dumps({"decisions": [asdict(decision) for decision in decisions]}))
        return
    for decision in decisions:
        where = f"cell {decision.about}" if decision.about else "the room"
        typer.echo(f"{decision.at:.1f}  {where}: {decision.decision}, because {decision.because}")


@app.command()
def welcome(
    username: Annotated[str, typer.Argument(help="The learner's user name, as GET /api/v1/rooms shows it.")],
) -> None:
    """Let the tutor come back to a learner who sent it away, from the next notebook they open."""
    anyio.run(_welcome, username)
    typer.echo(f"The tutor may come back to {username}, when they open a notebook the next time.")


async def _welcome(username: str) -> None:
    async with running_service_client() as client:
        await client.welcome(username)


async def _decisions(room: str) -> list[Decision]:
    async with running_service_client() as client:
        return list(await (await client.room(room)).decisions())


@app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []},
    add_help_option=False,
)
def bench(context: typer.Context) -> None:
    """Measure, each figure beside a baseline of the same run: rooms, latency, write, join."""
    raise typer.Exit(bench_main(context.args))
