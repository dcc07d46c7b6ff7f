"""The rules on what a real kernel says: named cause and place for novices' errors, silence on valid code."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from agent.rules.finder import find
from ltt_collab.bench.suites.error_cases import ERROR_CASES, SILENT_CASES, ErrorCase
from ltt_collab.bench.suites.valid_snippets import VALID_SNIPPETS
from tests.support.one_kernel import OneKernel, running_kernel


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OneKernel]:
    with running_kernel(tmp_path_factory.mktemp("kernel")) as one:
        yield one


@pytest.mark.proves("rules:named-cause-and-place")
@pytest.mark.parametrize("case", ERROR_CASES, ids=str)
def test_a_raised_error_is_named_at_its_line(case: ErrorCase, kernel: OneKernel) -> None:
    _assert_found(case, kernel)


@pytest.mark.proves("rules:silent-errors")
@pytest.mark.parametrize("case", SILENT_CASES, ids=str)
def test_a_silent_error_is_named_at_its_line(case: ErrorCase, kernel: OneKernel) -> None:
    _assert_found(case, kernel)


@pytest.mark.proves("rules:no-false-alarm")
@pytest.mark.parametrize("sources", VALID_SNIPPETS, ids=lambda sources: repr(sources[0][:50]))
def test_valid_code_gets_no_finding(sources: tuple[str, ...], kernel: OneKernel) -> None:
    notebook = kernel.run_notebook(sources)

    assert [cell.error for cell in notebook.cells if cell.error] == [], "the snippet itself must be valid"
    assert find(notebook) == ()


def test_an_interrupted_run_is_no_error_of_the_learner(kernel: OneKernel) -> None:
    notebook = kernel.run_notebook(("raise KeyboardInterrupt",))

    assert notebook.cells[0].error is not None
    assert find(notebook) == ()


def _assert_found(case: ErrorCase, kernel: OneKernel) -> None:
    notebook = kernel.run_notebook(case.cells, case.order)
    index = case.at % len(case.cells)

    found = next((finding for finding in find(notebook) if finding.cell_index == index), None)

    assert found is not None, notebook.cells[index].error
    assert (found.kind, found.line) == (case.kind, case.line), found
    assert case.word in found.what, found.what
    assert f"ine {case.line}" in found.where, found.where
    assert len({found.where, found.what, found.how}) == 3, "each rung says something of its own"
