"""Every text that a learner may read is short, plain, blames nobody and gives no ready answer."""

from __future__ import annotations

import re

import pytest

from agent.rules.finder import find
from agent.rules.wording import code, plural, which_cell
from ltt_collab.bench.suites.error_cases import SILENT_CASES, ErrorCase
from tests.unit.agent.notebooks import code_cell, notebook_of, raised

_ERRORS = [
    raised("total = 3\nprint(totl)", "NameError", "name 'totl' is not defined", 2),
    raised("x = 1\ny = 'a' + x", "TypeError", 'can only concatenate str (not "int") to str', 2),
    raised("xs = [1]\nxs[3]", "IndexError", "list index out of range", 2),
    raised("d = {'a': 1}\nd['b']", "KeyError", "'b'", 2),
    raised("print('a'", "SyntaxError", "incomplete input (1.py, line 1)"),
    raised("def f():\n    f()\nf()", "RecursionError", "maximum recursion depth exceeded", 2),
    raised("assert 1 > 2", "AssertionError", ""),
]


@pytest.mark.proves("rules:wording")
@pytest.mark.parametrize("cell", _ERRORS, ids=lambda cell: cell.error.error_name)
def test_the_three_rungs_are_short_and_kind(cell: object) -> None:
    (found,) = find(notebook_of(cell))  # type: ignore[arg-type]

    assert f"ine {found.line}" in found.where
    for text in (found.where, found.what, found.how):
        assert 0 < len(text.split()) <= 80
        assert not re.search(r"you (forgot|made)|your (mistake|fault)|stupid|obvious", text, re.IGNORECASE)
        prose = re.sub(r"```.*?```|`[^`]*`", "x", text, flags=re.DOTALL)
        assert all(len(sentence.split()) <= 30 for sentence in re.split(r"[.:?!;]\s", prose))


@pytest.mark.proves("rules:no-solution")
@pytest.mark.parametrize("case", SILENT_CASES, ids=str)
def test_the_third_rung_is_shown_on_another_example(case: ErrorCase) -> None:
    for finding in find(notebook_of(*case.cells)):
        line = case.cells[finding.cell_index].split("\n")[finding.line - 1].strip()
        assert len(line) < 6 or line not in finding.how


def test_a_code_span_is_one_bounded_line() -> None:
    assert code("a\n  b") == "`a b`"
    assert code("x" * 500) == "`" + "x" * 59 + "…`"
    assert code("a`b") == "`` a`b ``"
    assert code("") == "(nothing)"


def test_cells_and_counts_are_named_as_a_learner_sees_them() -> None:
    assert which_cell(code_cell(0, "x = 1", count=7)) == "the cell marked `[7]`"
    assert which_cell(code_cell(0, "\nrate = 0.2\n", count=None)) == "the cell that begins with `rate = 0.2`"
    assert (plural(1, "name"), plural(2, "name")) == ("1 name", "2 names")
