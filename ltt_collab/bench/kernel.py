"""Runs notebooks on one real kernel, each with an empty namespace."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

from ltt_collab.bench.errors import BenchmarkError
from ltt_collab.model.cells import Notebook
from ltt_collab.model.nbformat import read_notebook

CELL_SECONDS = 30
RESET = "%reset -f\nget_ipython().execution_count = 1\nget_ipython().user_ns.pop('In', None)"

RunNotebook = Callable[[Sequence[str], Sequence[int] | None], Notebook]


@contextmanager
def running_notebooks() -> Iterator[RunNotebook]:
    """A function that runs cells (in an order, by default from the top) and reads them as a saved notebook.

    Raises:
        BenchmarkError: nbclient or a kernel is not installed.
    """
    if find_spec("nbclient") is None or find_spec("ipykernel") is None:
        raise BenchmarkError("no kernel is installed: pip install 'ltt-collab[demo]'")
    client_class: Any = importlib.import_module("nbclient").NotebookClient
    v4: Any = importlib.import_module("nbformat.v4")
    client = client_class(v4.new_notebook(), allow_errors=True, timeout=CELL_SECONDS, record_timing=False)
    with client.setup_kernel():

        def run(sources: Sequence[str], order: Sequence[int] | None) -> Notebook:
            cells = [v4.new_code_cell(source) for source in sources]
            book = client.nb = v4.new_notebook(cells=[v4.new_code_cell(RESET), *cells])
            for index in (-1, *(order if order is not None else range(len(sources)))):
                client.execute_cell(book.cells[index + 1], index + 1)
            del book.cells[0]
            return read_notebook(json.dumps(book).encode(), "made-by-the-benchmark.ipynb")

        yield run
