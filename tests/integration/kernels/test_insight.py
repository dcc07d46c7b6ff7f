"""What a tutor may ask of a room, on a real kernel and in a real sandbox."""

from __future__ import annotations

import dataclasses
import time

import pytest

from ltt_collab.adapters.sandbox.pool import SandboxOptions, running_sandbox
from ltt_collab.model.cells import Cell
from ltt_collab.model.ids import CellId
from ltt_collab.model.tasks import Fact
from ltt_collab.peer.insight import Insight, Sources
from tests.integration.kernels.conftest import Bench, Desk, errors, said, sitting_at
from tests.support.directory import MemoryDirectory, MemoryRoom, code

pytestmark = [pytest.mark.jupyter, pytest.mark.asyncio(loop_scope="package")]

C1 = CellId("c1")

EVIL = """
import time, pandas as pd
class Sleeps:
    def __repr__(self): time.sleep(30)
class Raises:
    def __repr__(self): raise SystemExit('bye')
class Prints:
    def __repr__(self): print('x' * 1_000_000); return 'printed'
class Exits:
    def __repr__(self):
        import sys; sys.exit(3)
class Grows:
    def __getitem__(self, key): global grown; grown = key; return key
sleeps, raises, prints, exits, grows, big = Sleeps(), Raises(), Prints(), Exits(), Grows(), 'é' * 10_000_000
numbers = (n for n in range(3))
df = pd.DataFrame({'price': [1.5, 2.5], 'name': ['a', 'b']})
list = 5
"""


def ran(cell: Cell) -> Cell:
    return dataclasses.replace(cell, execution_count=1)


class Class:
    """A room of a learner's notebook, and a tutor's view of it."""

    def __init__(self, bench: Bench, desk: Desk, *cells: Cell) -> None:
        self.directory = MemoryDirectory()
        self.room: MemoryRoom = self.directory.open(desk.path, *(cells or (ran(code("c1", "x")),)))
        self.insight = Insight(Sources(directory=self.directory, kernels=lambda _server: bench.kernels))

    async def facts(self, **expressions: str) -> dict[str, Fact]:
        return dict(await self.insight.facts(self.room.id, C1, expressions))


@pytest.mark.proves("insight:facts-read-only")
async def test_facts_are_told_and_change_nothing(bench: Bench) -> None:
    async with sitting_at(bench) as desk:
        await desk.run(EVIL)
        names = said(await desk.run("print(sorted(globals()), In, Out)"))
        facts = await Class(bench, desk).facts(
            columns="list(df.columns)",
            kinds="df.dtypes['price']",
            rows="len(df)",
            first="df['name'][0]",
            no="df['prise']",
            shadowed="list",
            is_there="'price' in df.columns",
            wrong="df.drop(columns='price', inplace=True)",
            gone="nothing",
            used_up="sorted(numbers)",
        )
        assert errors(await desk.run("assert [*numbers] == [0, 1, 2] and df.shape == (2, 2)")) == []
        again = said(await desk.run("print(sorted(globals()), In[:3], Out)"))
    assert facts["columns"] == Fact(text="['price', 'name']")
    assert facts["kinds"] == Fact(text="dtype('float64')")
    assert (facts["rows"].text, facts["first"].text, facts["shadowed"].text) == ("2", "'a'", "5")
    assert facts["no"] == Fact(error="KeyError: 'prise'")
    assert facts["is_there"] == Fact(text="True")
    assert "drop" in facts["wrong"].error
    assert facts["gone"].error.startswith("NameError")
    assert "use it up" in facts["used_up"].error
    assert names.replace("'_i1'", "") == again.replace("'_i1'", "").replace(", '_i3', '_i4'", "").replace(", '_i4'", "")


@pytest.mark.proves("insight:a-learners-objects-cannot-do-harm")
async def test_a_learners_objects_can_neither_hold_us_up_nor_flood_us(bench: Bench) -> None:
    async with sitting_at(bench) as desk:
        await desk.run(EVIL)
        room = Class(bench, desk)
        began = time.monotonic()
        facts = await room.facts(
            raises="raises", exits="exits", prints="prints", big="big", grows="type(grows)", fine="2 > 1"
        )
        slow = await room.facts(sleeps="sleeps", other="1")
        assert time.monotonic() - began < 6
        assert errors(await desk.run("assert big and numbers")) == []
        assert (await room.facts(fine="2 > 1"))["fine"] == Fact(text="True")
    assert facts["raises"].error.startswith("SystemExit")
    assert facts["exits"].error.startswith("SystemExit")
    assert facts["prints"] == Fact(text="printed")
    assert len(facts["big"].text) == 2_000
    assert facts["fine"] == Fact(text="True")
    assert "took longer than 1 s" in slow["sleeps"].error


async def test_nothing_is_asked_before_a_learner_ran_something(bench: Bench) -> None:
    async with sitting_at(bench) as desk:
        room = Class(bench, desk)
        assert await room.facts(x="1") == {}, "the file has a count, but its kernel has run nothing yet"
        await desk.run("x = 1")
        assert await room.facts(x="x") == {"x": Fact(text="1")}
        assert await Class(bench, desk, code("c1", "x")).facts(x="x") == {}, "nothing was run in this document"


async def test_there_are_no_facts_without_a_kernel_or_of_another_language(bench: Bench) -> None:
    async with sitting_at(bench) as desk:
        await desk.run("x = 1")
        room = Class(bench, desk)
        await bench.rest.demand("DELETE", f"api/kernels/{desk.ours.info.id}")
        assert await room.facts(x="x") == {}
    nowhere = Insight(Sources(directory=room.directory, kernels=lambda _server: None))
    assert await nowhere.facts(room.room.id, C1, {"x": "1"}) == {}


@pytest.mark.proves("insight:trials-in-a-scratch-kernel")
async def test_a_change_is_tried_away_from_the_learner(bench: Bench) -> None:
    async with sitting_at(bench) as desk, running_sandbox(SandboxOptions(warm=1)) as sandbox:
        cells = (
            code("c1", "def mean(xs):\n    return sum(xs) / len(x)"),
            code("c2", "1 / 0"),
            code("c3", "print(mean([1, 2]))\nmean([3])"),
            code("c4", "raise SystemError('never run')"),
        )
        room = Class(bench, desk, *cells)
        insight = Insight(Sources(directory=room.directory, kernels=lambda _server: bench.kernels, sandbox=sandbox))
        before = await insight.try_code(room.room.id, CellId("c3"), cells[2].source)
        after = await insight.try_code(room.room.id, C1, "def mean(xs):\n    return 1.5\nprint(mean([1]))")
        endless = await insight.try_code(room.room.id, C1, "import os; os._exit(1)")
    assert before.error == "NameError: name 'x' is not defined"
    assert (after.output, after.error, after.passed) == ("1.5\n", "", None)
    assert "died" in endless.error
