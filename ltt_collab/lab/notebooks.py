"""Notebook files, as Jupyter saves them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


def code_cell(source: str, cell_id: str) -> dict[str, Any]:
    """A code cell that was never run."""
    cell = {"cell_type": "code", "id": cell_id, "metadata": {}, "source": source}
    return {**cell, "execution_count": None, "outputs": []}


def markdown_cell(source: str, cell_id: str) -> dict[str, Any]:
    """A Markdown cell."""
    return {"cell_type": "markdown", "id": cell_id, "metadata": {}, "source": source}


def notebook_json(cells: Iterable[Mapping[str, Any]]) -> str:
    """The content of a Python notebook's file of these cells."""
    metadata = {"kernelspec": KERNEL, "language_info": {"name": "python"}}
    return json.dumps({"cells": list(cells), "metadata": metadata, "nbformat": 4, "nbformat_minor": 5})
