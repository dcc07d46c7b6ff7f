"""Notebook files: any nbformat 4 is read, what is no notebook is refused with the reason."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ltt_collab.model.cells import CellType
from ltt_collab.model.errors import InvalidNotebookError
from ltt_collab.model.nbformat import read_notebook


def _file(*cells: object, **more: object) -> str:
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": list(cells), **more})


def _code(**more: Any) -> dict[str, Any]:
    return {"cell_type": "code", "source": "x = 1", "metadata": {}, "execution_count": None, "outputs": [], **more}


def test_sources_may_be_texts_or_lines_and_the_file_bytes() -> None:
    data = _file(_code(id="a", source=["x = 1\n", "y = 2"]), _code(id="b", source="z"))

    notebook = read_notebook(data.encode(), "a.ipynb")

    assert [cell.source for cell in notebook.cells] == ["x = 1\ny = 2", "z"]
    assert [cell.id for cell in notebook.cells] == ["a", "b"]
    assert notebook.path == "a.ipynb"


def test_cells_without_an_id_of_their_own_are_named_by_place() -> None:
    notebook = read_notebook(_file(_code(), _code(id="a"), _code(id="a"), _code(id=""), _code(id="cell-0")), "a.ipynb")

    assert [cell.id for cell in notebook.cells] == ["cell-0-again", "a", "cell-2", "cell-3", "cell-0"]


def test_an_error_output_is_read_without_colours() -> None:
    output = {"output_type": "error", "ename": "E", "evalue": "v", "traceback": ["\x1b[31mCell In[1]\x1b[0m", "E: v"]}

    (cell,) = read_notebook(_file(_code(outputs=[output], execution_count=1)), "a.ipynb").cells

    assert cell.error is not None
    assert (cell.error.error_name, cell.error.text) == ("E", "Cell In[1]\nE: v")


@pytest.mark.parametrize(
    ("metadata", "language"),
    [
        ({}, "python"),
        ({"kernelspec": {"language": "R", "name": "ir"}}, "r"),
        ({"language_info": {"name": "ipython"}}, "python"),
        ({"kernelspec": {"name": "x"}, "language_info": {"name": "julia"}}, "julia"),
        ({"kernelspec": 7}, "python"),
    ],
)
def test_the_language_is_the_kernels(metadata: object, language: str) -> None:
    assert read_notebook(_file(metadata=metadata), "a.ipynb").language == language


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\xff\xfe\x00", "not text"),
        ("", "not JSON"),
        ("{", "not JSON"),
        ("[" * 100_000, "nested"),
        ("[]", "not an object"),
        ("{}", "no nbformat version"),
        ('{"nbformat": 3, "worksheets": []}', "too old"),
        ('{"nbformat": 5, "cells": []}', "newer"),
        ('{"nbformat": true, "cells": []}', "no nbformat version"),
        ('{"nbformat": 4}', "no list of cells"),
        (_file("x"), "cell 0 is not an object"),
        (_file(_code(), {"cell_type": "heading"}), "cell 1 has the unknown cell_type"),
        (_file(_code(source=5)), "source"),
        (_file(_code(metadata=[])), "metadata"),
        (_file(_code(execution_count="one")), "execution_count"),
        (_file(_code(outputs={})), "outputs"),
        (_file(_code(outputs=[{"output_type": "smoke"}])), "output_type"),
        (_file(_code(outputs=[{"output_type": "stream", "text": 3}])), "wrong type"),
    ],
)
def test_what_is_no_notebook_is_refused_with_the_reason(data: bytes | str, reason: str) -> None:
    with pytest.raises(InvalidNotebookError, match=r"^bad\.ipynb") as caught:
        read_notebook(data, "bad.ipynb")

    assert reason in caught.value.reason


def test_markdown_has_neither_outputs_nor_a_run_number() -> None:
    (cell,) = read_notebook(_file({"cell_type": "markdown", "source": "# a", "outputs": "junk"}), "a.ipynb").cells

    assert (cell.type, cell.outputs, cell.execution_count) == (CellType.MARKDOWN, (), None)
