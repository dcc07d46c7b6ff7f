"""The native tools: explicit room and cell in each call, a precondition with each write."""

from __future__ import annotations

from collections.abc import Mapping

from ltt_collab.mcp_bridge import native_reading, native_running, native_writing
from ltt_collab.mcp_bridge.calling import Handler

HANDLERS: Mapping[str, Handler] = {
    handler.__name__: handler
    for handler in (
        native_reading.list_notebooks,
        native_reading.list_cells,
        native_reading.read_cell,
        native_reading.read_notebook,
        native_writing.insert_cell,
        native_writing.edit_cell,
        native_running.execute_cell,
        native_running.execute_code,
        native_writing.point_at,
        native_writing.propose_edit,
        native_writing.undo_my_writes,
        native_reading.wait_for_change,
        native_reading.read_terminal,
        native_running.run_check,
        native_running.kernel,
    )
}
