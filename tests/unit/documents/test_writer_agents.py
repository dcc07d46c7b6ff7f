"""What the writer does for agents, and what it never does."""

from __future__ import annotations

import pytest

from ltt_collab.documents.writer_agents import LOCKS, AgentCell
from ltt_collab.model.cells import CellRole, CellType
from ltt_collab.model.errors import CellOccupiedError, ConflictError, NotOursError
from ltt_collab.model.ids import CellId, SuggestionId, Username
from ltt_collab.model.text import source_hash
from tests.unit.documents.scenes import FIRST, SECOND, SOURCE, Scene

AGENT, ANOTHER = Username("agent"), Username("another")
CODE = "n = 1\nprint(n)  # 😀\n"


@pytest.fixture
def scene() -> Scene:
    return Scene()


def cell(source: str = CODE, **more: object) -> AgentCell:
    return AgentCell(
        suggestion=SuggestionId("a1"), author=AGENT, type=CellType.CODE, source=source, **{"place": FIRST, **more}  # type: ignore[arg-type]
    )  # fmt: skip


async def insert(scene: Scene, new: AgentCell) -> CellId:
    async with scene.writer.agents.turn() as turn:
        return turn.insert(new)


async def rewrite(scene: Scene, cell: CellId, source: str, expected_hash: str, author: Username) -> str:
    async with scene.writer.agents.turn() as turn:
        return turn.rewrite(cell, source, expected_hash, author)


async def rewrite_of_learner(scene: Scene, cell: CellId, source: str, expected_hash: str) -> str:
    async with scene.writer.agents.turn() as turn:
        return turn.rewrite_of_learner(cell, source, expected_hash)


async def delete(scene: Scene, cell: CellId, author: Username) -> None:
    async with scene.writer.agents.turn() as turn:
        turn.delete(cell, author)


@pytest.mark.proves("agents:own-cells")
async def test_a_cell_arrives_whole_with_the_agents_name_and_our_caret_in_it(scene: Scene) -> None:
    made = await insert(scene, cell())
    scene.deliver()
    assert scene.learner.sources() == [SOURCE, CODE, "print(total)"]
    mark = scene.learner.view.ownership(made)
    assert mark is not None
    assert (mark.role, mark.author) == (CellRole.PROPOSAL, AGENT)
    caret = scene.view.selection_of(scene.presence.cursors[-1])
    assert caret is not None
    assert (caret.cell_id, caret.head) == (made, len(CODE))


@pytest.mark.proves("agents:own-cells")
@pytest.mark.parametrize("source", ["", "n = 1\n", "n = 2\nprint(n)  # 😀\n", "é" + CODE, CODE + "😀", "aXa"])
async def test_a_rewrite_gives_exactly_that_source(scene: Scene, source: str) -> None:
    made = await insert(scene, cell())
    before = await rewrite(scene, made, source, source_hash(CODE), AGENT)
    again = await rewrite(scene, made, CODE, source_hash(source), AGENT)
    await rewrite(scene, made, source, source_hash(CODE), AGENT)
    scene.deliver()
    assert (before, again) == (CODE, source)
    assert scene.learner.view.cell_source(made) == source


@pytest.mark.proves("agents:own-cells")
async def test_neither_a_learners_cell_nor_another_agents_nor_one_that_a_learner_edited_changes(scene: Scene) -> None:
    made = await insert(scene, cell())
    scene.deliver()
    with pytest.raises(NotOursError):
        await rewrite(scene, FIRST, "x", source_hash(SOURCE), AGENT)
    with pytest.raises(NotOursError):
        await rewrite(scene, made, "x", source_hash(CODE), ANOTHER)
    with pytest.raises(NotOursError):
        await delete(scene, made, ANOTHER)
    scene.learner.type(made, 0, "# mine\n")
    scene.deliver()
    with pytest.raises(NotOursError):
        await delete(scene, made, AGENT)
    scene.deliver()
    assert scene.learner.view.cell_source(made) == "# mine\n" + CODE
    assert scene.learner.view.ownership(made) is None, "it is the learner's now"


@pytest.mark.proves("agents:own-cells")
async def test_a_stale_hash_and_a_humans_caret_stop_a_write(scene: Scene) -> None:
    made = await insert(scene, cell())
    with pytest.raises(ConflictError):
        await rewrite(scene, made, "x", source_hash("something else"), AGENT)
    scene.presence.enter(made)
    with pytest.raises(CellOccupiedError):
        await rewrite(scene, made, "x", source_hash(CODE), AGENT)
    with pytest.raises(CellOccupiedError):
        await delete(scene, made, AGENT)


@pytest.mark.proves("agents:operator-allows")
async def test_where_the_operator_allows_it_a_learners_cell_changes_but_not_under_the_caret(scene: Scene) -> None:
    before = await rewrite_of_learner(scene, SECOND, "print(total + 1)", source_hash("print(total)"))
    scene.deliver()
    assert before == "print(total)"
    assert scene.learner.sources()[1] == "print(total + 1)"
    scene.presence.enter(SECOND)
    with pytest.raises(CellOccupiedError):
        await rewrite_of_learner(scene, SECOND, "x", source_hash("print(total + 1)"))


@pytest.mark.proves("mcp:locked-cells")
@pytest.mark.parametrize("lock", LOCKS)
async def test_a_locked_cell_stays_whoever_wrote_it_and_whatever_the_operator_allows(scene: Scene, lock: str) -> None:
    made = await insert(scene, cell())
    scene.deliver()
    with scene.learner.replica.writing():
        for locked in (made, SECOND):
            scene.learner.view.map_of(locked)["metadata"][lock] = False
    scene.deliver()
    before = scene.learner.sources()
    with pytest.raises(NotOursError):
        await rewrite(scene, made, "x", source_hash(CODE), AGENT)
    with pytest.raises(NotOursError):
        await delete(scene, made, AGENT)
    with pytest.raises(NotOursError):
        await rewrite_of_learner(scene, SECOND, "x", source_hash("print(total)"))
    scene.deliver()
    assert scene.learner.sources() == before


@pytest.mark.proves("agents:run-shown")
async def test_a_run_is_shown_as_jupyterlab_shows_it_and_streams_grow(scene: Scene) -> None:
    made = await insert(scene, cell())
    agents = scene.writer.agents
    await agents.begin_run(made, AGENT)
    for text in ("1\n", "2\n"):
        await agents.show_outputs(made, AGENT, [{"output_type": "stream", "name": "stdout", "text": text}])
    await agents.show_outputs(
        made, AGENT, [{"output_type": "display_data", "data": {"text/plain": "x"}, "metadata": {}}]
    )
    await agents.end_run(made, AGENT, 3)
    scene.deliver()
    shown = scene.learner.view.cell(made)
    assert [output.text for output in shown.outputs] == ["1\n2\n", "x"]
    assert (shown.running, shown.execution_count) == (False, 3)
    await agents.begin_run(made, AGENT)
    scene.deliver()
    assert scene.learner.view.cell(made).outputs == ()
    with pytest.raises(NotOursError):
        await agents.begin_run(FIRST, AGENT)
    await agents.end_run(CellId("gone"), AGENT, 1)
