"""Help without a model: what the rules, the checks and the author's hints have to say about a request."""

from __future__ import annotations

from collections.abc import Collection

from agent import words
from agent.rules.finder import find_error, find_in_cell
from agent.words import Words
from ltt_collab.model.cells import CellRole, Notebook
from ltt_collab.model.edits import HelpCause, HelpRequested
from ltt_collab.model.errors import LttError
from ltt_collab.model.findings import Finding
from ltt_collab.model.tasks import TaskBrief
from ltt_collab.ports.tutor import TutorContext

_NEED_THE_TASK = frozenset({HelpCause.CHECK_FAILED, HelpCause.ASKED, HelpCause.THRASHING})
_ABOUT_ERRORS = frozenset({HelpCause.ERROR_RAISED, HelpCause.SAME_ERROR_AGAIN, HelpCause.IDLE_AFTER_ERROR})


REPEATED = 200
"""Characters by which a text is known to have been said before."""


async def read_task(event: HelpRequested, context: TutorContext) -> TaskBrief | None:
    """The task, where the cause has to do with one; None also while the service cannot tell."""
    if event.cause not in _NEED_THE_TASK and not event.task:
        return None
    try:
        return await context.task(event.cell_id)
    except LttError:
        return None


def diagnose(event: HelpRequested, notebook: Notebook) -> Finding | None:
    """The first cause in the cell, by the rules."""
    if event.error is not None:
        return find_error(notebook, event.cell_id, event.error)
    if event.cause in _ABOUT_ERRORS:
        return None
    return find_in_cell(notebook, event.cell_id)


def answer(
    event: HelpRequested,
    notebook: Notebook,
    task: TaskBrief | None,
    finding: Finding | None,
    told: Collection[str] = (),
) -> Words | None:
    """What to say; None for nothing. ``told``: what was said to this learner before, notes in the notebook apart."""
    said = _answer(event, notebook, task, finding)
    if said is None or event.cause is not HelpCause.ASKED:
        return said
    marks = [(each, each.ownership) for each in notebook.cells if each.ownership is not None]
    notes = [each.source for each, mark in marks if mark.about == event.cell_id]
    if any(said.text[:REPEATED] in before for before in (*notes, *told)):
        # Below the cell it stands there already; in the chat it is far up by now.
        again = words.how_to_go_on(event.rung)
        said = Words(text=f"{said.text} {again}" if event.chat else again, line=said.line)
    return _placed(event, notebook, said)


def _placed(event: HelpRequested, notebook: Notebook, said: Words) -> Words:
    """With the cell's name in the chat, where a line alone could be one of several cells."""
    cell = notebook.cell(event.cell_id)
    others = [each for each in notebook.cells if each.ownership is None and each.source.strip() and each is not cell]
    return words.in_chat(said, cell) if event.chat and others and cell is not None and said.line is not None else said


def _answer(event: HelpRequested, notebook: Notebook, task: TaskBrief | None, finding: Finding | None) -> Words | None:
    match event.cause:
        case HelpCause.ALL_PASSED | HelpCause.TASK_OPENED:
            return _nothing_wrong(event, notebook)
        case HelpCause.LONG_RUN:
            return Words(text=words.LONG_RUN)
        case HelpCause.CHECK_FAILED:
            return _about_check(event, task, finding)
        case HelpCause.ASKED:
            return _asked(event, notebook, task, finding)
        case _ if finding is not None:
            return words.about_finding(finding, event.rung)
        case _:
            return Words(text=words.THRASHING) if event.cause is HelpCause.THRASHING else None


def _nothing_wrong(event: HelpRequested, notebook: Notebook) -> Words | None:
    """One line where nothing else says it: a task's own text is what to read first, a status cell says it passed."""
    if event.cause is HelpCause.TASK_OPENED or _has_status(notebook):
        return None
    return Words(text=words.ALL_PASSED)


def _about_check(event: HelpRequested, task: TaskBrief | None, finding: Finding | None) -> Words | None:
    if task is not None and task.last_verdict is not None:
        return words.about_verdict(task.last_verdict, task.hints, event.rung, finding)
    return words.about_finding(finding, event.rung) if finding else None


def _asked(event: HelpRequested, notebook: Notebook, task: TaskBrief | None, finding: Finding | None) -> Words:
    """An answer always: who asks is not left alone."""
    if finding is not None:
        return words.about_finding(finding, event.rung)
    if task is not None and (told := _about_check(event, task, None)) is not None:
        return told
    for cell in notebook.cells:
        if cell.ownership is None and cell.error is not None and cell.id != event.cell_id:
            other = find_in_cell(notebook, cell.id)
            if other is not None:
                return words.elsewhere(cell, other)
    return words.about_task(task, event.rung) if task is not None else Words(text=words.WHAT_HAPPENED)


def _has_status(notebook: Notebook) -> bool:
    return any(cell.ownership is not None and cell.ownership.role is CellRole.STATUS for cell in notebook.cells)
