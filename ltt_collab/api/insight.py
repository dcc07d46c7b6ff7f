"""What a tutor may ask about a cell beyond its text: live facts, trials, its task, a terminal."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Body, Path
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from ltt_collab.api.door import PREFIX, TheDoor, problems
from ltt_collab.model.ids import CellId, RoomId
from ltt_collab.model.tasks import Fact, TaskBrief, Trial
from ltt_collab.ports.insight import LONGEST_EXPRESSION, MOST_EXPRESSIONS

LONGEST_REPLACEMENT = 100_000
"""Characters of a cell's source; a learner's longest cells have a hundredth of it."""

router = APIRouter(prefix=f"{PREFIX}/rooms/{{room_id}}/cells/{{cell_id:path}}", tags=["insight"])

_UNKNOWN = problems(HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY)
_Key = Annotated[str, StringConstraints(min_length=1, max_length=200)]
_Expression = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_EXPRESSION)]
CellIdPath = Annotated[str, Path(min_length=1, max_length=200)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class QuestionsBody(_Body):
    """Read-only expressions, each under a name of yours."""

    expressions: dict[_Key, _Expression] = Field(
        max_length=MOST_EXPRESSIONS,
        description="As in `{'columns': 'list(df.columns)'}`: names, attributes, items, literals, a few pure calls.",
    )


class FactsBody(_Body):
    """What the expressions gave; nothing at all when the kernel may not be asked now."""

    facts: dict[str, Fact] = Field(description="By the names that you gave; `error` is '' where it worked.")


class TrialBody(_Body):
    """Code to be tried in place of a cell's."""

    replacement: str = Field(max_length=LONGEST_REPLACEMENT)


class TaskBody(_Body):
    """The task of a cell."""

    task: TaskBrief | None = Field(description="None when the cell is no task's.")


class TerminalBody(_Body):
    """A learner's terminal."""

    text: str = Field(description="Recent screen as plain text; '' where the task does not say that it is read.")


@router.post("/facts", summary="Ask the learner's kernel for facts", responses=_UNKNOWN)
async def read_facts(
    door: TheDoor, room_id: str, cell_id: CellIdPath, questions: Annotated[QuestionsBody, Body()]
) -> FactsBody:
    """Evaluated silently, after a run of the learner's: no history, no count, nothing bound.

    Empty when no learner ran anything here yet, or the kernel is busy, gone, or not Python.
    """
    return FactsBody(facts=dict(await door.insight.facts(RoomId(room_id), CellId(cell_id), questions.expressions)))


@router.post("/trials", summary="Try a change away from the learner", responses=_UNKNOWN)
async def try_code(door: TheDoor, room_id: str, cell_id: CellIdPath, trial: Annotated[TrialBody, Body()]) -> Trial:
    """Run the notebook up to that cell, with the cell's source replaced, in a scratch kernel of ours."""
    return await door.insight.try_code(RoomId(room_id), CellId(cell_id), trial.replacement)


@router.get("/task", summary="Read the task of a cell", responses=_UNKNOWN)
async def read_task(door: TheDoor, room_id: str, cell_id: CellIdPath) -> TaskBody:
    """Its text as released, the author's hints, the last verdict on visible checks."""
    return TaskBody(task=await door.insight.task(RoomId(room_id), CellId(cell_id)))


@router.get("/terminal", summary="Read the learner's terminal", responses=_UNKNOWN)
async def read_terminal(door: TheDoor, room_id: str, cell_id: CellIdPath) -> TerminalBody:
    """Only where the task says that terminals are read."""
    return TerminalBody(text=await door.insight.read_terminal(RoomId(room_id), CellId(cell_id)))
