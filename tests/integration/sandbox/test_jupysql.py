"""SQL tasks with jupysql itself, in real kernels: from the top, live, and beside plain ``sqlite3``."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from importlib.metadata import version

import pytest
from anyio.from_thread import BlockingPortal

from ltt_collab.adapters.sandbox.pool import SubprocessSandbox
from ltt_collab.model.cells import Notebook
from ltt_collab.model.courses import Task
from ltt_collab.model.validations import Outcome, Verdict
from ltt_collab.ports.kernels import Kernel, Limits
from ltt_collab.validation.judge import Judge
from tests.integration.sandbox.test_judge_kinds import shop
from tests.support.submissions import notebook_json, submitted

__all__ = ["shop"]

QUERY = "SELECT name, city FROM customers WHERE city = 'London'"
SETUP = "%load_ext sql\n%sql sqlite:///shop.db"
SAYS_IT_IS_JUPYSQL = "import sql\nassert hasattr(sql, 'SqlMagic') or sql.__version__"

NOTEBOOKS = {
    "a cell of %%sql": (f"%%sql\n{QUERY}", SETUP),
    "a line of %sql": (f"%sql {QUERY}", SETUP),
    "a result in a variable": (f"%%sql londoners <<\n{QUERY}", SETUP),
    "the extension loaded by nobody": (f"%%sql sqlite:///shop.db\n{QUERY}", "pass"),
}


def with_setup(work: str, setup: str) -> Notebook:
    """A notebook whose setup is the task's, and no work; the query is the first work cell."""
    made = submitted(f"{SAYS_IT_IS_JUPYSQL}\n{setup}", work)
    first = made.cells[0]
    assert first.task is not None
    return replace(made, cells=(replace(first, task=None), *made.cells[1:]))


def judged(portal: BlockingPortal, judge: Judge, task: Task, notebook: Notebook) -> Verdict:
    return portal.call(lambda: judge.check_clean(task, notebook))


@pytest.mark.proves("judge:jupysql")
@pytest.mark.parametrize("form", NOTEBOOKS)
def test_a_query_in_jupysqls_own_cells_is_checked_by_its_rows(
    judge: Judge, portal: BlockingPortal, shop: Task, form: str
) -> None:
    assert version("jupysql")
    verdict = judged(portal, judge, shop, with_setup(*NOTEBOOKS[form]))
    assert (verdict.outcome, verdict.first_cause, verdict.score) == (Outcome.PASSED, None, 4)


@pytest.mark.proves("judge:jupysql")
def test_a_wrong_query_in_jupysqls_cell_fails_by_its_rows(judge: Judge, portal: BlockingPortal, shop: Task) -> None:
    work, setup = NOTEBOOKS["a cell of %%sql"]
    wrong = judged(portal, judge, shop, with_setup(work.replace("London", "New York"), setup))
    assert not wrong.passed
    assert "2 rows" in (wrong.first_cause or wrong.checks[0].message)


@pytest.mark.proves("judge:jupysql")
def test_beside_it_plain_sqlite3_is_checked_as_before(judge: Judge, portal: BlockingPortal, shop: Task) -> None:
    by_sqlite = 'import sqlite3\nquery = "' + QUERY + "\"\nrows = sqlite3.connect('shop.db').execute(query).fetchall()"
    named = replace(
        shop,
        notebook=notebook_json("query = ''"),
        checks=tuple(replace(check, subject="query") for check in shop.checks),
    )
    assert judged(portal, judge, named, submitted(by_sqlite)).outcome is Outcome.PASSED


@asynccontextmanager
async def learners_kernel(sandbox: SubprocessSandbox, task: Task, notebook: Notebook) -> AsyncIterator[Kernel]:
    """A kernel in which a learner has run the notebook."""
    async with sandbox.kernel(task.data, memory_mib=1024) as kernel:
        for cell in notebook.cells:
            async for _ in kernel.execute(cell.source, limits=Limits(seconds=30)):
                pass
        yield kernel


@pytest.mark.proves("judge:jupysql")
def test_it_is_checked_live_in_a_kernel_that_has_jupysql_loaded(
    judge: Judge, portal: BlockingPortal, sandbox: SubprocessSandbox, shop: Task
) -> None:
    notebook = with_setup(*NOTEBOOKS["a cell of %%sql"])

    async def check() -> Verdict:
        async with learners_kernel(sandbox, shop, notebook) as kernel:
            return await judge.check_live(shop, kernel, notebook)

    verdict = portal.call(check)
    assert (verdict.outcome, verdict.first_cause) == (Outcome.PASSED, None)
    assert [check.passed for check in verdict.checks] == [True, True]
