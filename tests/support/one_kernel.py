"""One real ipykernel that runs cells one after another, as a notebook's kernel does."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

from ltt_collab.model.cells import Notebook
from ltt_collab.model.nbformat import read_notebook

_PATIENCE = 30
"""Seconds to wait for a kernel's message on a machine that others use, too."""


class OneKernel:
    """Runs notebooks, each with an empty namespace."""

    def __init__(self, client: BlockingKernelClient) -> None:
        self._client = client

    def run_notebook(self, sources: Sequence[str], order: Sequence[int] | None = None) -> Notebook:
        """Run the cells (in ``order``, by default all from the top) and read them as a saved notebook."""
        self._run("%reset -f\nget_ipython().execution_count = 1\nget_ipython().user_ns.pop('In', None)")
        cells = [_code_cell(source) for source in sources]
        for index in order if order is not None else range(len(sources)):
            cells[index] = self._run(sources[index])
        content = {"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": cells}
        return read_notebook(json.dumps(content), "made-by-a-test.ipynb")

    def _run(self, source: str) -> dict[str, Any]:
        cell = _code_cell(source)
        sent = self._client.execute(source, allow_stdin=False)
        while True:
            message = self._client.get_iopub_msg(timeout=_PATIENCE)
            if message["parent_header"].get("msg_id") != sent:
                continue
            content = message["content"]
            match message["msg_type"]:
                case "status" if content["execution_state"] == "idle":
                    return cell
                case "execute_input":
                    cell["execution_count"] = content["execution_count"]
                case "stream" | "error" | "execute_result" | "display_data" as kind:
                    cell["outputs"].append({"output_type": kind, **content})
                case _:
                    continue


def _code_cell(source: str) -> dict[str, Any]:
    return {"cell_type": "code", "source": source, "metadata": {}, "execution_count": None, "outputs": []}


@contextmanager
def running_kernel(folder: Path) -> Iterator[OneKernel]:
    """A kernel that works in ``folder`` and ends with the block."""
    manager = KernelManager()
    manager.start_kernel(cwd=str(folder))
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=_PATIENCE)
        yield OneKernel(client)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        manager.context.destroy(linger=0)
