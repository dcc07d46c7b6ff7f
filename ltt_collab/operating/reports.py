"""``ltt report hints``: whether the help helps."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import anyio
import typer
from rich.console import Console
from rich.table import Table

from ltt_collab.command_line import AsJson
from ltt_collab.operating.door import running_service_client

report_app = typer.Typer(
    help="Reports of the running service (LTT_SERVICE_URL, LTT_API_TOKEN: an operator's or an instructor's).",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

COLUMNS = ("task", "learners", "rung", "shown", "sufficed", "next rung", "seconds", "later task passed", "alone")


@report_app.callback()
def _reports() -> None:
    """Reports of the running service."""


@report_app.command()
def hints(
    course: Annotated[str | None, typer.Option(help="Only this course.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show per task whether a hint sufficed, how soon success came, and how the next such task went."""
    told = anyio.run(_hints, course)
    if as_json:
        typer.echo(json.dumps(told))
        return
    for name, tasks in told.items():
        table = Table(*COLUMNS, title=name)
        for row in (row for task in tasks for row in _rows(task)):
            table.add_row(*row)
        Console().print(table)


def _rows(task: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """A row a rung; what is about the task as a whole stands in the first."""
    later = (f"{task['passed_later']} of {task['tried_later']}", str(task["passed_later_alone"]))
    rows = []
    for number, rung in enumerate(task["rungs"]):
        first = number == 0
        seconds = "" if rung["seconds"] is None else f"{rung['seconds']:g}"
        counted = (str(rung["rung"]), str(rung["shown"]), str(rung["sufficed"]), str(rung["climbed"]), seconds)
        head = (task["task"], str(task["learners"])) if first else ("", "")
        rows.append((*head, *counted, *(later if first else ("", ""))))
    return rows


async def _hints(course: str | None) -> dict[str, Sequence[Mapping[str, Any]]]:
    async with running_service_client() as client:
        courses = [course] if course else [str(each["id"]) for each in await client.courses()]
        return {each: await client.hints(each) for each in courses}
