"""``ltt explain``: the tutor's findings about a file; no service is needed."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from ltt_collab.client.installed import load_tutors
from ltt_collab.command_line import AsJson
from ltt_collab.model.errors import InvalidNotebookError
from ltt_collab.model.nbformat import read_notebook
from ltt_collab.ports.tutor import TutorConfig


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
