"""What the rules say with the help of a learner's real kernel, and that nothing changes there by it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from agent.subscriber import RulesTutor
from ltt_collab.model.cells import Cell, Output, OutputType
from ltt_collab.model.edits import RunError
from ltt_collab.model.ids import CellId
from ltt_collab.model.tasks import Fact
from ltt_collab.peer.insight import Insight, Sources
from tests.integration.kernels.conftest import Bench, Desk, said, sitting_at
from tests.support.agent_room import AgentRoom, request
from tests.support.directory import MemoryDirectory, code
from tests.unit.agent.notebooks import notebook_of

pytestmark = [pytest.mark.jupyter, pytest.mark.asyncio(loop_scope="package")]

TABLE = "import pandas as pd\nsales = pd.DataFrame({k: [1, 2] for k in ('ci' + 'ty', 'amo' + 'unt')})"
BASE = (
    "import sqlite3\ncon = sqlite3.connect(':memory:')\ncur = con.cursor()\n"
    "con.execute('crea' + 'te table bo' + 'oks (id integer, ti' + 'tle text)')\n"
)
ARRAYS = "import numpy as np\na = np.arange(int('3'))\nb = np.arange(int('2'))"

CASES = {
    "a column": (TABLE, "print(sales['amuont'].sum())", "Did you mean `amount`?"),
    "a column far from any": (TABLE, "sales['year']", "The columns of `sales` are `city` and `amount`."),
    "a table": (BASE, "con.execute('SELECT title FROM boks')", "Did you mean `books`?"),
    "a column of a table": (BASE, "cur.execute('SELECT titel FROM books')", "Did you mean `title`?"),
    "a name whose cell is gone": ("rain_in_may = 3", "print(rain_in_mai)", "Did you mean `rain_in_may`?"),
    "shapes": (ARRAYS, "c = a + b", "`a` has the shape `(3,)`, `b` has the shape `(2,)`."),
    "a column's length": (TABLE, "sales['year'] = [2024, 2025, 2026]", "`sales` has the shape `(2, 2)`"),
    "types": ("left, right = eval('[1]'), eval('{}')", "left + right", "`left` is of type `list`"),
    "what another's rules know": (
        "import datetime",
        "datetime.date(2024, 13, 1)",
        "It seems that you specify an invalid value for a month in a `date` object.",
    ),
    "the sides of a check": ("found = eval('[1, 2]')", "assert len(found) == 3", "`len(found)` is `2`."),
    "types of parts": ("box = {'a': eval('None')}", "box['a'] - 1", "`box['a']` is of type `NoneType`"),
}


class LiveRoom(AgentRoom):
    """A room whose facts come from the desk's kernel."""

    def __init__(self, bench: Bench, desk: Desk, cell: Cell) -> None:
        super().__init__(notebook_of(cell))
        self._room = MemoryDirectory()
        self._at = self._room.open(desk.path, cell)
        self._insight = Insight(Sources(directory=self._room, kernels=lambda _server: bench.kernels))

    async def facts(self, cell: CellId, expressions: Mapping[str, str]) -> Mapping[str, Fact]:
        self.asked += expressions.values()
        return await self._insight.facts(self._at.id, cell, expressions)


async def failed(desk: Desk, source: str) -> Cell:
    """The learner's cell after it raised."""
    messages = await desk.run(source)
    raised = next(each["content"] for each in messages if each["msg_type"] == "error")
    output = Output(
        type=OutputType.ERROR,
        text="\n".join(raised["traceback"]),
        error_name=raised["ename"],
        error_value=raised["evalue"],
    )
    return replace(code("c1", source), execution_count=2, outputs=(output,))


@pytest.mark.proves("rules:live-facts")
async def test_a_second_hint_says_what_the_kernel_knows_and_changes_nothing_there(bench: Bench) -> None:
    async with sitting_at(bench) as desk:
        for name, (before, source, told) in CASES.items():
            await desk.run(f"{before}\n")
            cell = await failed(desk, source)
            state = "print(sorted(n for n in globals() if not n.startswith('_i')), len(In))"
            names = said(await desk.run(state))
            room = LiveRoom(bench, desk, cell)
            for rung in (1, 2):
                await RulesTutor().handle(request(cell, rung=rung), room)
                assert bool(room.asked) is (rung == 2), name
            assert told in room.said[1], f"{name}: {room.said[1]}"
            again = said(await desk.run(state))
            assert again.rpartition(" ")[0] == names.rpartition(" ")[0], name
            assert int(again.split()[-1]) == int(names.split()[-1]) + 1, name


@pytest.mark.proves("rules:live-facts")
async def test_without_facts_the_rules_say_what_they_say_alone() -> None:
    error = RunError(name="KeyError", value="'year'", traceback=())
    cell = replace(
        code("c1", "sales['year']"),
        execution_count=2,
        outputs=(Output(type=OutputType.ERROR, text="", error_name=error.name, error_value=error.value),),
    )
    room = AgentRoom(notebook_of(cell))
    await RulesTutor().handle(request(cell, rung=2), room)
    assert room.asked
    assert "year" in room.said[0]
