"""``ltt course``: for those who write courses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from ltt_collab.command_line import FAILED, WRONG_USE, AsJson, run_fast
from ltt_collab.coursework.judging import sandboxed_judge
from ltt_collab.coursework.lint import LintOptions, Report, lint
from ltt_collab.coursework.publishing import Published, publish
from ltt_collab.coursework.sending import send
from ltt_collab.coursework.showing import as_json as course_as_json
from ltt_collab.coursework.showing import show
from ltt_collab.curriculum.folder import Folder
from ltt_collab.curriculum.loader import load_course
from ltt_collab.curriculum.problems import Severity
from ltt_collab.curriculum.templates import new_course
from ltt_collab.model.errors import CourseError

course_app = typer.Typer(
    help="Write courses: begin, lint, show and publish them.", no_args_is_help=True, add_completion=False
)

CoursePath = Annotated[Path, typer.Argument(help="The course's folder: the one with course.yaml in it.")]


@course_app.command("lint")
def lint_command(
    path: CoursePath,
    task: Annotated[list[str] | None, typer.Option(help="Only this task; may be given several times.")] = None,
    no_judge: Annotated[bool, typer.Option("--no-judge", help="Look at the files only, run nothing.")] = False,
    no_mutants: Annotated[bool, typer.Option("--no-mutants", help="Try no broken references: quicker.")] = False,
    as_json: AsJson = False,
) -> None:
    """Say what is wrong with a course, with file and line; exit 1 if there is an error."""
    _must_exist(path)
    options = LintOptions(tasks=tuple(task or ()), judged=not no_judge, with_mutants=not no_mutants)
    report = run_fast(lambda: lint(path, options, sandboxed_judge(), _tell))
    if as_json:
        typer.echo(json.dumps(report.as_json(), ensure_ascii=False))
    else:
        _print_report(report, path)
    raise typer.Exit(FAILED if report.errors else 0)


@course_app.command("new")
def new_command(
    path: Annotated[Path, typer.Argument(help="A folder that is empty, or not there yet.")],
    title: Annotated[str, typer.Option(help="The course's title.")] = "A new course",
) -> None:
    """Begin a course with one small task, to be changed into your own."""
    for name in new_course(path, title):
        typer.echo(f"wrote {path / name}")
    typer.echo(f"next: ltt course lint {path}")


@course_app.command("show")
def show_command(path: CoursePath, as_json: AsJson = False) -> None:
    """List a course's tasks with their checks and points."""
    _must_exist(path)
    course = load_course(path)
    if as_json:
        typer.echo(json.dumps(course_as_json(course), ensure_ascii=False))
    else:
        show(course, Console())


@course_app.command("publish")
def publish_command(
    path: CoursePath,
    to: Annotated[
        Path | None, typer.Option(help="A folder of published courses; LTT_COURSE=DIR/<course id> serves it.")
    ] = None,
    service: Annotated[
        str | None,
        typer.Option(help="The URL of a running service, as LTT_SERVICE_URL; it teaches the course at once."),
    ] = None,
    no_judge: Annotated[bool, typer.Option("--no-judge", help="Do not try the checks on the references.")] = False,
    as_json: AsJson = False,
) -> None:
    """Lint a course and, if it has no error, put it where a service finds it: whole, and at once.

    With --service, LTT_API_TOKEN (or LTT_API_TOKEN_FILE) is the operator's, or an instructor's of that course.
    """
    if (to is None) == (service is None):
        typer.echo("ltt: say where: --to a folder, or --service the URL of a running service", err=True)
        raise typer.Exit(WRONG_USE)
    _must_exist(path)
    report = run_fast(
        lambda: lint(path, LintOptions(judged=not no_judge, with_mutants=False), sandboxed_judge(), _tell)
    )
    if report.errors:
        _print_report(report, path, Console(stderr=True))
        typer.echo("ltt: nothing was published: mend the errors above", err=True)
        raise typer.Exit(FAILED)
    published = publish(path, to) if to is not None else _send(path, service or "")
    if as_json:
        said = {
            "url" if to is None else "path": str(published.where),
            "version": published.version,
            "changed": published.changed,
        }
        typer.echo(json.dumps(said, ensure_ascii=False))
    else:
        what = "published" if published.changed else "is published already"
        typer.echo(f"{what}: {published.where} (version {published.version[:16]})")


def _send(path: Path, service: str) -> Published:
    course, files = load_course(path), Folder(path).files
    return run_fast(lambda: send(course, files, service))


def _must_exist(path: Path) -> None:
    if not path.exists():
        raise CourseError(str(path), 0, "does not exist; expected a folder with a course.yaml in it")


def _tell(text: str) -> None:
    typer.echo(f"… {text}", err=True)


def _print_report(report: Report, path: Path, console: Console | None = None) -> None:
    console = console or Console()
    colours = {Severity.ERROR: "red", Severity.WARNING: "yellow"}
    for problem in report.problems:
        text = Text(f"{path}/{problem}", style=colours[problem.severity])
        console.print(text, soft_wrap=True)
    tried = sum(trial.mutants for trial in report.tried)
    caught = sum(trial.caught for trial in report.tried)
    mutants = f", {caught} of {tried} mutants caught" if tried else ""
    warnings = len(report.problems) - report.errors
    console.print(f"{report.errors} errors, {warnings} warnings{mutants}", highlight=False)
