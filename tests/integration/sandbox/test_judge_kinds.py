"""The judge over its kinds of checks: SQL, output, files, source, dependencies, points."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal

from ltt_collab.model.courses import Check, Compared, Expected, Task, TaskKind
from ltt_collab.model.ids import TaskId
from ltt_collab.model.nbformat import read_notebook
from ltt_collab.model.validations import Outcome, Verdict
from ltt_collab.validation.judge import Judge
from tests.support.submissions import notebook_json, submitted

SCHEMA = (
    "create table customers (id integer, name text, city text);\n"
    "insert into customers values (1, 'Ada', 'London'), (2, 'Grace', 'New York'), (3, 'Alan', 'London');\n"
)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Task:
    """A SQL task on a SQLite file; the first work cell is the query, or makes it."""
    path = tmp_path_factory.mktemp("shop") / "shop.db"
    connection = sqlite3.connect(path)
    connection.executescript(SCHEMA)
    connection.close()
    return Task(
        id=TaskId("mean"),
        title="Customers",
        kind=TaskKind.SQL,
        notebook=notebook_json("%%sql sqlite:///shop.db\nselect 1"),
        reference="select name, city from customers where city = 'London'",
        generator="def more(random):\n    yield \"insert into customers values (9, 'Mary', 'London')\"\n",
        data={"shop.db": path.read_bytes()},
        database="shop.db",
        checks=(
            Check(name="rows", compared=Compared.SQL, expected=Expected.REFERENCE, points=2),
            Check(
                name="other rows", compared=Compared.SQL, generate="generate.py::more", expected=Expected.REFERENCE,
                hidden=True, points=2,
            ),
        ),
    )  # fmt: skip


def _judged(portal: BlockingPortal, judge: Judge, task: Task, *cells: str, **more: Any) -> Verdict:
    return portal.call(lambda: judge.check_clean(task, submitted(*cells), **more))


@pytest.mark.proves("judge:sql-by-result-sets")
@pytest.mark.parametrize(
    "query",
    [
        "%%sql\nselect name, city from customers where city = 'London'",
        "%%sql sqlite:///shop.db\nSELECT c.name AS n, c.city FROM customers c\nWHERE c.city LIKE 'London' ORDER BY 1;",
    ],
)
def test_a_query_in_a_sql_cell_passes_by_its_rows(judge: Judge, portal: BlockingPortal, shop: Task, query: str) -> None:
    verdict = _judged(portal, judge, shop, query)

    assert (verdict.outcome, verdict.first_cause, verdict.score) == (Outcome.PASSED, None, 4)


@pytest.mark.proves("judge:sql-by-result-sets")
def test_a_query_in_a_variable_run_by_sqlite3_passes(judge: Judge, portal: BlockingPortal, shop: Task) -> None:
    named = replace(
        shop,
        notebook=notebook_json("query = ''"),
        checks=tuple(replace(check, subject="query") for check in shop.checks),
    )
    cell = (
        "import sqlite3\nquery = \"select name, city from customers where city = 'London'\"\n"
        "db = sqlite3.connect('shop.db')\nprint(db.execute(query).fetchall())\ndb.execute('delete from customers')\n"
        "db.commit()"
    )

    assert _judged(portal, judge, named, cell).outcome is Outcome.PASSED


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("select name, city from custmers", "Did you mean 'customers'?"),
        ("select nme, city from customers", "Did you mean 'name'?"),
        ("select name from customers where city = 'London'", "expected 2 columns, got 1"),
        ("select name, city from customers", "expected 2 rows, got 3 rows"),
        ("selec name", "syntax error"),
        ("select 1; select 2", "one query only"),
        ("delete from customers", "no rows"),
        ("attach database '/etc/passwd' as x", "not authorized"),
    ],
)
def test_a_wrong_query_is_explained(judge: Judge, portal: BlockingPortal, shop: Task, query: str, said: str) -> None:
    verdict = _judged(portal, judge, shop, f"%%sql sqlite:///shop.db\n{query}")

    assert not verdict.passed
    assert said in next(check.message for check in verdict.checks)


def test_a_query_without_end_costs_its_check_only(judge: Judge, portal: BlockingPortal, shop: Task) -> None:
    named = replace(shop, checks=tuple(replace(check, subject="query") for check in shop.checks[:1]), reference="")
    named = replace(named, checks=(replace(named.checks[0], expected=Expected.VALUE, expect="[(1, 2)]"),))
    endless = "with recursive n(i) as (select 1 union all select i + 1 from n) select max(i), 1 from n"

    verdict = _judged(portal, judge, named, f"query = {endless!r}")

    assert "in time" in verdict.checks[0].message


def test_rows_hard_coded_for_the_data_at_hand_fail_on_other_data(
    judge: Judge, portal: BlockingPortal, shop: Task
) -> None:
    verdict = _judged(portal, judge, shop, "%%sql sqlite:///shop.db\nvalues ('Ada', 'London'), ('Alan', 'London')")

    assert [check.passed for check in verdict.checks] == [True, False]
    assert "Mary" not in repr(verdict)


TERMINAL = Task(
    id=TaskId("mean"),
    title="Files",
    kind=TaskKind.TERMINAL,
    notebook=notebook_json(""),
    reads_terminal=True,
    checks=(
        Check(name="there", compared=Compared.FILE, subject="out/list.txt", points=1),
        Check(name="text", compared=Compared.FILE, subject="out/list.txt", pattern=r"^three$", points=1),
        Check(name="shown", compared=Compared.OUTPUT, pattern=r"total \d+", points=1),
    ),
)


@pytest.mark.proves("judge:files-and-output")
def test_a_file_and_what_a_terminal_shows_are_checked(judge: Judge, portal: BlockingPortal) -> None:
    files = {"out/list.txt": b"one\ntwo\nthree\n"}

    verdict = _judged(portal, judge, TERMINAL, "", files=files, terminals="$ ls -l\ntotal 12")

    assert verdict.outcome is Outcome.PASSED


@pytest.mark.proves("judge:files-and-output")
def test_a_missing_file_is_named(judge: Judge, portal: BlockingPortal) -> None:
    verdict = _judged(portal, judge, TERMINAL, "%%bash\necho total 3")

    assert [check.passed for check in verdict.checks] == [False, False, True]
    assert verdict.first_cause == "Check 'there': the file 'out/list.txt' is missing."


def test_a_pattern_that_never_ends_costs_its_check_only(judge: Judge, portal: BlockingPortal) -> None:
    slow = Check(name="slow", compared=Compared.OUTPUT, pattern=r"(a+)+$", points=1)

    verdict = _judged(portal, judge, replace(TERMINAL, checks=(slow,)), "print('a' * 50 + 'b')")

    assert "could not be searched" in verdict.checks[0].message


LOOP = Task(
    id=TaskId("mean"),
    title="A loop",
    kind=TaskKind.PYTHON,
    notebook=notebook_json(""),
    checks=(
        Check(name="uses", compared=Compared.SOURCE, must_use=("for",), must_not_use=("sum", "np.mean"), points=1),
        Check(name="value", compared=Compared.EXPRESSION, subject="total", expect="6", depends_on=("uses",), points=2),
        Check(name="about", compared=Compared.EXPRESSION, subject="total / 7", expected=Expected.APPROX, expect="0.857",
              tolerance=1e-3, points=1, failure_message="Divide by seven"),
    ),
)  # fmt: skip


@pytest.mark.parametrize(
    ("cell", "passed", "said"),
    [
        ("total = 0\nfor x in [1, 2, 3]:\n    total += x", [True, True, True], None),
        ("total = sum([1, 2, 3])", [False, False, True], "use 'for'"),
        ("total = 0\nfor x in [1]: total = sum([1, 2, 3])", [False, False, True], "without 'sum'"),
        ("total = 5\nfor x in []: pass", [True, False, False], "expected 6, got 5"),
        ("# sum for\ntotal = 'sum'\nfor x in []: pass", [True, False, False], "'sum'"),
    ],
)
def test_source_dependencies_and_tolerance(
    judge: Judge, portal: BlockingPortal, cell: str, passed: list[bool], said: str | None
) -> None:
    verdict = _judged(portal, judge, LOOP, cell)

    assert [check.passed for check in verdict.checks] == passed
    assert (verdict.first_cause is None) if said is None else (said in (verdict.first_cause or ""))
    skipped = [check for check in verdict.checks if check.skipped]
    assert [check.message for check in skipped] == (["Checked once 'uses' passes."] if not passed[0] else [])
    assert verdict.score == sum(check.points for check in verdict.checks if check.passed)


def test_a_notebook_of_another_shape_is_still_judged(judge: Judge, portal: BlockingPortal) -> None:
    plain = json.loads(notebook_json("total = 0\nfor x in [1, 2, 3]: total += x"))
    plain["cells"][0]["metadata"] = {}

    verdict = portal.call(judge.check_clean, LOOP, read_notebook(json.dumps(plain), str(Path("plain.ipynb"))))

    assert verdict.passed
