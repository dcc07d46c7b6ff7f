"""Broken references: every small mistake that an author's checks should notice."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from ltt_collab.curriculum.loader import load_course
from ltt_collab.curriculum.mutants import MUTANTS_LIMIT, mutants
from ltt_collab.demo.places import COURSE
from ltt_collab.model.courses import Task, TaskKind
from ltt_collab.model.ids import TaskId
from ltt_collab.model.solving import parts_of


def task(reference: str, kind: TaskKind = TaskKind.PYTHON) -> Task:
    return Task(id=TaskId("t"), title="T", kind=kind, checks=(), notebook="{}", reference=reference)


def changes(reference: str, kind: TaskKind = TaskKind.PYTHON) -> set[str]:
    return {mutant.after.strip() for mutant in mutants(task(reference, kind))}


@pytest.mark.parametrize(
    ("reference", "wanted"),
    [
        ("x = a + b", {"x = a - b"}),
        ("x = a / b", {"x = a * b", "x = a // b"}),
        ("x = a < b", {"x = a <= b", "x = a > b"}),
        ("x = a in b", {"x = a not in b"}),
        ("x = a and not b", {"x = a or not b", "x = a and b"}),
        ("x = 3", {"x = 4", "x = 2"}),
        ("x = True", {"x = False"}),
        ("x = 'text'", {"x = ''"}),
        ("print(x)", {"pass"}),
        ("x += 1", {"pass", "x -= 1", "x += 2", "x += 0"}),
        ("x = max(a)", {"x = min(a)"}),
        ("x = a.upper()", {"x = a.lower()"}),
        ("def f(x):\n    return x", {"return None"}),
        ("for x in y:\n    break", {"pass"}),
        ("if x:\n    y = 1\n    y = z", {"if True:", "if False:", "y = 2", "y = 0", "pass"}),
    ],
)
def test_each_small_mistake_is_made(reference: str, wanted: set[str]) -> None:
    assert changes(reference) == wanted


def test_texts_of_errors_documentation_and_spared_lines_stay_whole() -> None:
    reference = 'def f(x):\n    """What it does."""\n    raise ValueError("said")\n'
    assert changes(reference) == {"pass"}
    assert changes("plot(size=3)  # no mutants: any size will do\n") == set()


def test_a_mutant_differs_in_one_place_is_python_and_names_its_line() -> None:
    for mutant in mutants(task("def f(x):\n    y = x * 2\n    return y + 1\n")):
        ast.parse(mutant.source)
        assert mutant.line in {2, 3}
        assert mutant.before.strip() in "y = x * 2 return y + 1"


def test_parts_stay_parts() -> None:
    for mutant in mutants(task("# %% one\nx = 1\n# %% two\ny = 2\n# %% three\n")):
        assert len(parts_of(mutant.source)) == 3


def test_the_mutants_of_a_query_are_those_that_authors_of_queries_make() -> None:
    query = "SELECT a, COUNT(b)\nFROM t LEFT JOIN u ON t.id = u.t\nWHERE a > 5 AND b <> 'x > y'\n"
    query += "ORDER BY a DESC, b\nLIMIT 3"
    found = changes(query, TaskKind.SQL)
    assert {"SELECT a, SUM(b)", "SELECT a, COUNT(*)", "FROM t JOIN u ON t.id = u.t", "ORDER BY a ASC, b"} <= found
    assert {
        "WHERE a >= 5 AND b <> 'x > y'",
        "WHERE a > 5 OR b <> 'x > y'",
        "ORDER BY a DESC LIMIT 3",
        "LIMIT 13",
    } <= found
    assert not any("'x >= y'" in change for change in found)


def test_a_script_loses_one_line_at_a_time() -> None:
    found = [mutant.source for mutant in mutants(task("# first\nmkdir a\ncd a\n", TaskKind.TERMINAL))]
    assert found == ["# first\ncd a\n", "# first\nmkdir a\n"]


def test_a_long_reference_is_tried_at_a_bounded_number_of_places() -> None:
    assert len(mutants(task("\n".join(f"x{n} = {n}" for n in range(150))))) == MUTANTS_LIMIT


def test_a_reference_that_is_not_python_has_none() -> None:
    assert mutants(task("def f(")) == []


def test_the_sample_course_gives_a_hundred(tmp_path: Path) -> None:
    assert sum(len(mutants(each)) for each in load_course(COURSE).tasks) >= 100
