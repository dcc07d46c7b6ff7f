"""What the model may look at: one room, bounded, and told in the log. Nothing here writes."""

from __future__ import annotations

import ast
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog

from agent.metrics import TOOLS
from agent.prompts import CELL_LIMIT, OTHER_LIMIT, OUTPUT_LIMIT, TASK_LIMIT, Seal, numbered
from ltt_collab.model.cells import Cell, Notebook
from ltt_collab.model.edits import HelpRequested
from ltt_collab.model.errors import LttError
from ltt_collab.model.tasks import TaskBrief
from ltt_collab.ports.tutor import TutorContext

log = structlog.get_logger(__name__)

MAX_CALLS = 6
"""Calls for one request: enough to look at a value, a cell and the task, and no loop."""

MAX_CODE = 4_000
"""Characters of code that the model may have run."""

_VALUE = "value"
_REFUSED = "not possible: "


def _spec(name: str, description: str, **arguments: str) -> dict[str, Any]:
    properties = {key: {"type": "string", "description": meaning} for key, meaning in arguments.items()}
    schema = {"type": "object", "properties": properties, "required": list(arguments), "additionalProperties": False}
    return {"type": "function", "function": {"name": name, "description": description, "parameters": schema}}


SPECS: tuple[Mapping[str, Any], ...] = (
    _spec("read_notebook", "Every cell shortly: number, id, how it begins, whether it raised."),
    _spec("read_cell", "One cell whole, with its output.", cell_id="The cell's id, from read_notebook."),
    _spec(
        "execute_in_kernel",
        "The value of an expression in the learner's kernel, if it only reads; anything else runs in a scratch kernel "
        "in place of the learner's cell, and they never see it.",
        code="Python.",
    ),
    _spec("read_terminal", "The learner's terminal, where the task uses it."),
    _spec("read_task", "The task's text, the author's hints so far, the last check."),
)


class Toolbox:
    """The tools of one request.

    Invariants:
        1. They reach the request's room only, and change nothing there.
        2. At most ``MAX_CALLS`` calls; what they give is bounded, redacted, and sealed as data.
        3. Every call is logged and counted, without a learner's text.
    """

    def __init__(
        self, event: HelpRequested, context: TutorContext, notebook: Notebook, task: TaskBrief | None, seal: Seal
    ) -> None:
        self._event, self._context, self._notebook, self._task, self._seal = event, context, notebook, task, seal
        self._calls = 0
        self._tools: dict[str, Callable[[Mapping[str, Any]], Awaitable[str]]] = {
            "read_notebook": self._read_notebook,
            "read_cell": self._read_cell,
            "execute_in_kernel": self._execute,
            "read_terminal": self._read_terminal,
            "read_task": self._read_task,
        }

    @property
    def has_calls_left(self) -> bool:
        """Whether another call would be answered."""
        return self._calls < MAX_CALLS

    async def call(self, name: str, arguments: Mapping[str, Any]) -> str:
        """The sealed result of a call, or a sentence why there is none."""
        tool = self._tools.get(name)
        if tool is None or not self.has_calls_left:  # invariant 2
            TOOLS.labels("unknown" if tool is None else name, "refused").inc()
            return _REFUSED + ("there is no such tool" if tool is None else "no calls are left; answer now")
        self._calls += 1
        try:
            result = await tool(arguments)
        except LttError as error:
            result = f"{_REFUSED}{type(error).__name__}"
        outcome = "refused" if result.startswith(_REFUSED) else "answered"
        TOOLS.labels(name, outcome).inc()  # invariant 3
        log.info(
            "tutor looked",
            tool=name,
            room=self._event.room,
            cell_id=self._event.cell_id,
            characters=len(result),
            outcome=outcome,
        )
        return result if outcome == "refused" else self._seal.data(name.upper(), result, TASK_LIMIT) or "(nothing)"

    async def _read_notebook(self, _: Mapping[str, Any]) -> str:
        return "\n".join(
            f"{number} id={cell.id} {cell.type.value} [{cell.execution_count or ' '}] {_state(cell)} {_begins(cell)}"
            for number, cell in enumerate(self._notebook.cells[:100], 1)
        )

    async def _read_cell(self, arguments: Mapping[str, Any]) -> str:
        cell = next((c for c in self._notebook.cells if c.id == arguments.get("cell_id")), None)
        if cell is None:
            return _REFUSED + "this notebook has no such cell"
        outputs = "\n".join(output.text for output in cell.outputs)[:OUTPUT_LIMIT]
        return f"{numbered(cell.source[:CELL_LIMIT])}\n--- output\n{outputs}"

    async def _execute(self, arguments: Mapping[str, Any]) -> str:
        code = str(arguments.get("code", ""))[:MAX_CODE]
        if _is_expression(code):
            facts = await self._context.facts(self._event.cell_id, {_VALUE: code})
            fact = facts.get(_VALUE)
            if fact is not None and not fact.error:
                return fact.text
        trial = await self._context.try_code(self._event.cell_id, code)
        return f"{trial.output}\n{trial.error}".strip() or "(no output)"

    async def _read_terminal(self, _: Mapping[str, Any]) -> str:
        if self._task is None or not self._task.reads_terminal:
            return _REFUSED + "this task does not use the terminal"
        return (await self._context.read_terminal(self._event.cell_id))[-OUTPUT_LIMIT:]

    async def _read_task(self, _: Mapping[str, Any]) -> str:
        if self._task is None:
            return _REFUSED + "this cell belongs to no task"
        verdict = self._task.last_verdict
        hints = "\n".join(self._task.hints[: self._event.rung])
        return (
            f"{self._task.title}\n{self._task.text}\n--- hints\n{hints}\n--- check\n{verdict and verdict.first_cause}"
        )


def _is_expression(code: str) -> bool:
    try:
        ast.parse(code, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _state(cell: Cell) -> str:
    return f"raised {cell.error.error_name}" if cell.error else "ours" if cell.ownership else "-"


def _begins(cell: Cell) -> str:
    return cell.source[:OTHER_LIMIT].strip().partition("\n")[0][:80]
