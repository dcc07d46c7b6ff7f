"""One finding a cell, the first cause; bounded and silent where there is nothing to say."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from agent.rules.finder import find, find_error, find_in_cell
from agent.rules.kinds import Kind, kind_of_error
from ltt_collab.model.cells import CellRole, CellType, Ownership
from ltt_collab.model.edits import RunError
from ltt_collab.model.ids import CellId, SuggestionId, Username
from tests.unit.agent.notebooks import code_cell, notebook_of, raised

_OURS = Ownership(
    role=CellRole.PROPOSAL, suggestion=SuggestionId("s"), about=CellId("c0"), rung=1, author=Username("tutor")
)


def test_a_cell_with_two_problems_gets_the_first_only() -> None:
    found = find(notebook_of("xs = [2, 1]\nsorted(xs)\nxs == 3\nprint(xs)"))

    assert [(f.kind, f.line) for f in found] == [(Kind.LOST_RESULT, 2)]


def test_a_raised_error_wins_over_silent_ones() -> None:
    found = find(notebook_of(raised("s = 'a'\ns.upper()\nprint(t)", "NameError", "name 't' is not defined", 3)))

    assert [(f.kind, f.line, f.cell_index) for f in found] == [(Kind.UNDEFINED_NAME, 3, 0)]


@pytest.mark.proves("rules:only-learners-python")
def test_cells_of_ours_markdown_and_other_languages_are_left_alone() -> None:
    wrong = raised("print(totl)", "NameError", "name 'totl' is not defined")

    assert find(notebook_of(replace(wrong, ownership=_OURS))) == ()
    assert find(notebook_of(replace(wrong, type=CellType.MARKDOWN))) == ()
    assert find(notebook_of(replace(wrong, type=CellType.RAW))) == ()
    assert find(notebook_of(wrong, language="r")) == ()
    assert find(notebook_of(raised("%%bash\nfoo", "FancyError", "x"))) != ()


@pytest.mark.parametrize("name", ["KeyboardInterrupt", "SystemExit"])
def test_an_end_that_somebody_wanted_is_no_finding(name: str) -> None:
    cell = raised("import time\ntime.sleep(100)", name, "", 2)
    error = RunError(name=name, value="", traceback=("Cell In[1], line 2",))

    assert find(notebook_of(cell)) == ()
    assert find_error(notebook_of(cell), cell.id, error) is None


def test_an_interrupted_endless_loop_is_explained() -> None:
    found = find(notebook_of(raised("i = 0\nwhile i < 3:\n    print(i)", "KeyboardInterrupt", "", 3)))

    assert [(f.kind, f.line) for f in found] == [(Kind.ENDLESS_LOOP, 2)]


def test_a_cell_index_counts_all_cells() -> None:
    text = replace(code_cell(0, "# text"), type=CellType.MARKDOWN)

    found = find(notebook_of(text, "x = 5\nx == 6\nprint(x)"))

    assert [(f.cell_id, f.cell_index, f.line) for f in found] == [("c1", 1, 2)]


def test_an_unknown_error_is_told_in_the_kernels_words() -> None:
    (found,) = find(notebook_of(raised("x = 1\nboom()", "FancyHTTPError", "the moon is full", 2)))

    assert (found.kind, found.line) == ("fancy_http_error", 2)
    assert "the moon is full" in found.what


def test_an_error_without_a_traceback_still_has_a_line() -> None:
    (found,) = find(notebook_of(code_cell(0, "\n\nx = 1", error=("ValueError", "bad", ""))))

    assert (found.kind, found.line) == ("value_error", 3)


def test_the_error_of_the_event_is_explained_even_when_its_output_is_gone() -> None:
    error = RunError(name="NameError", value="name 'totl' is not defined", traceback=("Cell In[1], line 2",))

    found = find_error(notebook_of("total = 1\nprint(totl)"), CellId("c0"), error)

    assert found is not None
    assert (found.kind, found.line) == (Kind.MISSPELT_NAME, 2)


@pytest.mark.proves("rules:bounded")
@pytest.mark.parametrize(
    "source",
    [
        "(" * 5000, "[" * 90 + "]" * 90, "-" * 20000 + "1", "1" + "+1" * 10000, "x" + "()" * 3000, "not " * 5000 + "1",
        "a\0b", "'''" + "x" * 29000, "\\\n" * 9000, "\ud800x = 1", "x == 1\n" * 4000, "xs = xs.append(1)\n" * 1500,
        "while x: pass\n" * 2000, "%" * 20000, "a?\n" * 8000, "x = 1\n" * 200_000, "\n" * 29000, "f'{" * 3000,
    ],
    ids=lambda source: repr(source[:12]),
)  # fmt: skip
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("", ""),
        ("NameError", "name 'x' is not defined"),
        ("TypeError", "'NoneType' object is not subscriptable"),
        ("KeyError", "x" * 100_000),
        ("SyntaxError", "'(' was never closed (1.py, line 99999999999999999999)"),
        ("AssertionError", "`" * 5000),
        ("RecursionError", "maximum recursion depth exceeded"),
    ],
    ids=lambda text: text[:12],
)
def test_no_notebook_breaks_the_rules(source: str, name: str, value: str) -> None:
    cell = code_cell(0, source, error=(name, value, "Cell In[1], line 1\n----> 1 x\n\nCell In[9], line 7, in f\n"))

    found = find(notebook_of(cell if name else source))

    assert len(found) <= 1
    for finding in found:
        assert 1 <= finding.line <= source.count("\n") + 1
        assert max(map(len, (finding.where, finding.what, finding.how))) < 1200


@pytest.mark.parametrize(
    "hostile", ["<img src=x onerror=alert(1)>", "](http://evil) **x**", "`" * 7, "$\\frac{1}{2}$", "a\nb\n# big"]
)
def test_learner_text_stays_inside_its_code_span(hostile: str) -> None:
    cell = raised("d = {}\nd['x']", "KeyError", repr(hostile), 2)

    (found,) = find(notebook_of(cell))

    outside = re.sub(r"(`+)(?!`).+?(?<!`)\1(?!`)", "", found.where + found.what)
    assert not re.search(r"<img|evil|frac|# big", outside)


def test_kinds_are_stable_words() -> None:
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", kind) for kind in Kind)
    assert kind_of_error("pandas.errors.EmptyDataError") == "empty_data_error"
    assert kind_of_error("") == "error"


@pytest.mark.proves("rules:asked-before-the-run")
@pytest.mark.parametrize(
    ("source", "kind", "line"),
    [
        ("amount = 3\nprint(amuont)\n# @tutor why?", Kind.MISSPELT_NAME, 2),
        ("if amount > 3\n    print(amount)", Kind.MISSING_COLON, 1),
        ("\nprint('a'\nx = 1", Kind.UNCLOSED_BRACKET, 2),
    ],
)
def test_a_cell_that_was_not_run_yet_is_read_when_somebody_asks_about_it(source: str, kind: Kind, line: int) -> None:
    notebook = notebook_of(code_cell(0, source, count=None), code_cell(1, "amount = 1", count=None))
    found = find_in_cell(notebook, CellId("c0"))
    assert found is not None
    assert (found.kind, found.line) == (kind, line)
    assert find(notebook) == (), "nobody asked"


@pytest.mark.parametrize(
    "source", ["", "# notes only", "%%bash\nif x; then", "print(later)", "x = await y()", "%matplotlib x"]
)
def test_a_cell_that_may_run_well_is_left_alone_when_somebody_asks_about_it(source: str) -> None:
    notebook = notebook_of(code_cell(0, source, count=None), code_cell(1, "later = 1\ny = int", count=None))
    assert find_in_cell(notebook, CellId("c0")) is None
