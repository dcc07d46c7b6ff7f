"""The tools of other servers, as their users know them."""

from __future__ import annotations

import time
from typing import Any

import pytest

from ltt_collab.documents.anchors import type_id
from tests.support.deadlines import eventually
from tests.support.jupyter import code_cell
from tests.support.mcp_agent import Stage, agent_at

pytestmark = [pytest.mark.jupyter, pytest.mark.asyncio(loop_scope="package")]

SERVER, SMALL, COLLABORATION = (
    f"?compat={name}" for name in ("jupyter-mcp-server", "mcp-jupyter", "jupyter-collaboration-mcp")
)


PATH = "<path>"


@pytest.mark.proves("mcp:compat-jupyter-mcp-server")
async def test_the_usual_session_of_jupyter_mcp_server_works_word_for_word(stage: Stage) -> None:
    async with (
        stage.seat(code_cell("x = 1", "c1"), kernel=True) as seat,
        agent_at(stage.service, query=SERVER, mode="legacy") as agent,
    ):
        used = await agent.text("use_notebook", notebook_name="nb", notebook_path=seat.path)
        read = await agent.client.call_tool("read_cell", {"cell_index": 0})
        inserted = await agent.text("insert_cell", cell_index=-1, cell_type="code", cell_source="y = 2")
        overwritten = await agent.text("overwrite_cell_source", cell_index=1, cell_source="y = 3")
        edited = await agent.text("edit_cell_source", cell_index=1, old_string="3", new_string="4")
        ran = await agent.client.call_tool("execute_cell", {"cell_index": 1})
        both = await agent.text("insert_execute_code_cell", cell_index=-1, cell_source="print(y)")
        listed = await agent.call("list_notebooks")
        whole = await agent.text("read_notebook", notebook_name="nb")
        deleted = await agent.text("delete_cell", cell_indices=[1])
        restarted = await agent.text("restart_notebook", notebook_name="nb")
        unused = await agent.text("unuse_notebook", notebook_name="nb")
        await eventually(lambda: seat.learner.sources() == ["x = 1", "print(y)"])
    assert "[INFO] Successfully activate notebook 'nb'." in used
    assert [each.text for each in read.content if each.type == "text"] == [
        "=====Cell 0 | type: code | execution count: N/A=====",
        "x = 1",
    ]
    assert read.structured_content is not None
    assert {key: read.structured_content[key] for key in ("kind", "count", "images")} == {
        "kind": "cell.read",
        "count": 2,
        "images": 0,
    }
    assert inserted.startswith("Cell inserted successfully at index 1 (code)!\nNotebook now has 2 cells")
    assert overwritten.startswith("Cell 1 overwritten successfully!\n\n```diff\n")
    assert "-y = 2\n+y = 3" in overwritten
    assert edited.startswith("Cell 1 edited successfully!")
    assert not ran.is_error
    assert "4" in both
    assert listed["columns"] == ["Name", "Path", "Kernel_ID", "Kernel_Status", "Activate"]
    assert whole.startswith("Notebook nb has 3 cells.")
    assert "Cell 1 (code) deleted successfully." in deleted
    assert "kernel restarted successfully" in restarted
    assert unused == "Notebook 'nb' unused successfully."


@pytest.mark.proves("mcp:by-index-conflict")
async def test_a_write_by_index_is_a_conflict_once_another_cell_stands_there(stage: Stage) -> None:
    async with (
        stage.seat(code_cell("x = 1", "c1")) as seat,
        agent_at(stage.service, query=SERVER, mode="legacy") as agent,
    ):
        await agent.text("use_notebook", notebook_name="nb", notebook_path=seat.path)
        await agent.text("insert_cell", cell_index=-1, cell_type="code", cell_source="mine = 1")
        seat.learner.notebook.append_cell(code_cell("z = 1", "late"))
        cells = seat.learner.notebook.ycells
        with seat.learner.doc.transaction():
            cells.insert(0, seat.learner.notebook.create_ycell(code_cell("# above", "above")))

        async def moved() -> bool:
            async with agent_at(stage.service) as onlooker:
                listed = (await onlooker.call("list_cells", notebook_path=seat.path))["cells"]
                return bool(listed[0]["cell_id"] == "above")

        await eventually(moved)
        for tool, more in (
            ("overwrite_cell_source", {"cell_index": 1, "cell_source": "lost = 1"}),
            ("delete_cell", {"cell_indices": [1]}),
        ):
            assert await agent.code(tool, **more) == "conflict"
        assert seat.learner.source("c1") == "x = 1"


BY_INDEX: dict[str, tuple[tuple[str, dict[str, Any]], ...]] = {
    SERVER: (
        ("use_notebook", {"notebook_name": "nb", "notebook_path": PATH}),
        ("insert_cell", {"cell_index": 1, "cell_type": "code", "cell_source": "y = 2"}),
        ("insert_execute_code_cell", {"cell_index": 1, "cell_source": "y = 2"}),
        ("execute_cell", {"cell_index": 0}),
        ("overwrite_cell_source", {"cell_index": 0, "cell_source": "y = 2"}),
        ("delete_cell", {"cell_indices": [0]}),
    ),
    SMALL: (
        ("setup_notebook", {"notebook_path": PATH}),
        ("modify_notebook_cells", {"operation": "add_code", "cell_content": "y = 2", "position_index": 1}),
        ("modify_notebook_cells", {"operation": "add_markdown", "cell_content": "y", "position_index": 1}),
        ("modify_notebook_cells", {"operation": "edit_code", "cell_content": "y = 2", "position_index": 0}),
        ("modify_notebook_cells", {"operation": "delete", "position_index": 0}),
        ("execute_notebook_code", {"execution_type": "execute_cell", "position_index": 0}),
    ),
    COLLABORATION: (
        ("get_notebook", {"path": PATH}),
        ("batch_insert_notebook_cells", {"cells": [{"source": "y = 2"}], "start_position": 1, "exec": False}),
        ("batch_insert_notebook_cells", {"cells": [{"source": "y = 2"}], "positions": [1]}),
        ("batch_update_notebook_cells", {"updates": [{"source": "y = 2"}], "start_index": 0, "end_index": 1}),
        ("batch_delete_notebook_cells", {"start_index": 0, "end_index": 1}),
        ("batch_execute_notebook_cells", {"start_index": 0, "end_index": 1}),
    ),
}
"""Of each set a tool that reads, and every way to write or run by an index."""


@pytest.mark.parametrize("compat", BY_INDEX)
@pytest.mark.proves("mcp:by-index-conflict")
async def test_every_write_and_run_by_index_is_a_conflict_once_the_cells_have_moved(stage: Stage, compat: str) -> None:
    async with (
        stage.seat(code_cell("x = 1", "c1"), kernel=True) as seat,
        agent_at(stage.service, query=compat, mode="legacy") as agent,
        agent_at(stage.service) as onlooker,
    ):
        (reads, given), *others = BY_INDEX[compat]
        await agent.call(reads, **{name: seat.path if value is PATH else value for name, value in given.items()})
        with seat.learner.doc.transaction():
            above = seat.learner.notebook.create_ycell(code_cell("# above", "above"))
            seat.learner.notebook.ycells.insert(0, above)

        async def moved() -> bool:
            listed = (await onlooker.call("list_cells", notebook_path=seat.path))["cells"]
            return bool(listed[0]["cell_id"] == "above")

        await eventually(moved)
        codes = {}
        for number, (tool, more) in enumerate(others):
            where = {} if compat == SERVER else {"path" if compat == COLLABORATION else "notebook_path": seat.path}
            codes[f"{number} {tool}"] = await agent.code(tool, **where, **more)
        assert set(codes.values()) == {"conflict"}, codes
        assert seat.learner.sources() == ["# above", "x = 1"]


@pytest.mark.proves("mcp:compat-mcp-jupyter")
async def test_the_four_tools_of_mcp_jupyter_work(stage: Stage) -> None:
    async with (
        stage.seat(code_cell("x = 1", "c1"), kernel=True) as seat,
        agent_at(stage.service, query=SMALL, mode="legacy") as agent,
    ):
        where = {"notebook_path": seat.path}
        await agent.call("setup_notebook", **where)
        added = await agent.call("modify_notebook_cells", **where, operation="add_code", cell_content="print(6 * 7)")
        seen = await agent.call("query_notebook", **where, query_type="view_source")
        again = await agent.call("execute_notebook_code", **where, execution_type="execute_cell", position_index=1)
        refused = await agent.code("modify_notebook_cells", **where, operation="delete", position_index=0)
        await agent.call("modify_notebook_cells", **where, operation="delete", position_index=1)
        await eventually(lambda: seat.learner.sources() == ["x = 1"])
    assert "42" in added["output"]
    assert [cell["source"] for cell in seen["cells"]] == ["x = 1", "print(6 * 7)"]
    assert "42" in again["output"]
    assert refused == "not_ours"


@pytest.mark.proves("mcp:compat-jupyter-collaboration-mcp")
async def test_presence_and_cursors_of_jupyter_collaboration_mcp_are_real_ones(stage: Stage) -> None:
    async with (
        stage.seat(code_cell("x = 1", "c1")) as seat,
        agent_at(stage.service, query=COLLABORATION, mode="legacy") as agent,
    ):
        await seat.learner.type("c1", "0")
        text = type_id(seat.learner.cell("c1")["source"])
        end = {"type": {"client": text.client, "clock": text.clock}, "tname": None, "item": None, "assoc": 0}
        cursors = [{"anchor": end, "head": end, "primary": True, "empty": True}]
        seat.learner.awareness.set_local_state_field("cursors", cursors)
        await agent.call("get_notebook", path=seat.path)

        async def users() -> list[str]:
            found = await agent.call("get_online_users", document_path=seat.path)
            return [each["user_id"] for each in found["users"]]

        assert await eventually(users) == [seat.learner.username]

        async def cursor() -> list[str]:
            found = await agent.call("get_user_cursors", document_path=seat.path)
            return [each["cell_id"] for each in found["cursors"]]

        assert await eventually(cursor) == ["c1"]
        cells = [{"cell_type": "markdown", "source": "# seen"}]
        await agent.call("batch_insert_notebook_cells", path=seat.path, cells=cells, exec=False)
        await eventually(lambda: seat.learner.sources() == ["x = 10", "# seen"])
        assert await agent.code("batch_delete_notebook_cells", path=seat.path) == "not_ours"
        await agent.call("batch_delete_notebook_cells", path=seat.path, start_index=1)
        await eventually(lambda: seat.learner.sources() == ["x = 10"])
        assert await agent.code("batch_insert_text", path=seat.path, operations=[]) == "not_supported"


@pytest.mark.proves("mcp:forks")
async def test_histories_and_forks_are_those_of_the_room_server(stage: Stage) -> None:
    async with (
        stage.seat(code_cell("x = 1", "c1")) as seat,
        agent_at(stage.service, query=COLLABORATION, mode="legacy") as agent,
    ):
        await seat.learner.type("c1", "0")
        history = await agent.call("get_document_history", path=seat.path)
        fork = await agent.call("fork_document", path=seat.path)
        listed = (await stage.jupyter.http.get(f"api/collaboration/fork/{seat.learner.room}")).json()
        restored = await agent.code("restore_document_version", path=seat.path, version_id="0")
        merged = await agent.code("merge_document_fork", path=seat.path, fork_id=fork["fork_id"])
        await stage.jupyter.http.delete(f"api/collaboration/fork/{fork['fork_id']}", params={"merge": "false"})
        assert seat.learner.sources() == ["x = 10"]
    assert list(listed) == [fork["fork_id"]]
    assert history["total"] == len(history["history"]) >= 1
    assert all(abs(each["timestamp"] - time.time()) < 600 for each in history["history"])
    assert (restored, merged) == ("not_supported", "forbidden"), "a learner's cells change by proposal only"


@pytest.mark.proves("mcp:compat-lists")
async def test_the_name_that_two_sets_share_serves_both(stage: Stage) -> None:
    async with stage.seat(code_cell("x = 1", "c1")) as seat, agent_at(stage.service, query="?compat=all") as agent:
        listed = await agent.call("list_notebooks", path_prefix=seat.path)
    assert [each["path"] for each in listed["notebooks"]] == [seat.path]
    assert listed["kind"] == "notebooks.list"
