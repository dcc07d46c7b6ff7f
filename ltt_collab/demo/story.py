"""What a learner goes through, told on a timeline: she errs, is helped, puts it right, and the help goes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import anyio

from ltt_collab.demo.kernel import Kernel
from ltt_collab.demo.learner import Learner
from ltt_collab.demo.screen import Screen
from ltt_collab.model.cells import Cell, CellRole, OutputType
from ltt_collab.model.errors import DemoError
from ltt_collab.model.ids import CellId, Username

WRONG, RIGHT = "totl", "total"

SOURCE = f'prices = [3, 4, 5]\ntotal = sum(prices)\nprint("Total:", {WRONG})'

LOOK_EVERY = 0.05
"""Seconds between two looks at the page: shorter than what an eye would notice."""

STEADY = 0.3
"""Seconds without another letter after which a note is complete: the tutor writes a word each 50 ms or so."""

THINK = 0.8
"""Seconds Ada takes before she acts, so that a reader can follow."""

WHAT_TO_DO = "is the machine very busy? Try again, or with LTT_LOG_LEVEL=info to see what the service does"

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Where the story plays. ``tutor``: who is waited for; ``introduces``: whether it says who reads what."""

    learner: Learner
    kernel: Kernel
    screen: Screen
    file: Path
    tutor: Username
    introduces: bool


async def tell(stage: Stage) -> None:
    """Play the story.

    Raises:
        DemoError: a step did not happen in time; the message says which.
    """
    await _meet(stage)
    cell = await _err(stage)
    note = await _be_helped(stage, cell)
    await _fix(stage, cell)
    await _see_it_go(stage, cell, note)


async def _meet(stage: Stage) -> None:
    say, learner = stage.screen.happened, stage.learner
    say("Ada", f"opens {stage.file.name}")
    await _until(lambda: any(seen.user.username == stage.tutor for seen in learner.others()), 10, "the tutor joins")
    say("Tutor", "joins; Ada sees it among the collaborators")
    if stage.introduces:
        greeting = await _complete_note(stage, CellRole.STATUS, 8, "the tutor says who reads what")
        say("Tutor", "says once who reads what", greeting.source)


async def _err(stage: Stage) -> CellId:
    say, learner = stage.screen.happened, stage.learner
    await anyio.sleep(THINK)
    cell = learner.add_cell()
    say("Ada", "types in a new cell", SOURCE)
    await learner.type(cell, 0, SOURCE)
    say("Ada", "runs it")
    with _within(15, "the kernel runs the cell"):
        ran = await learner.run(cell, stage.kernel)
    failed = [output for output in ran.outputs if output.type is OutputType.ERROR]
    if not failed:
        raise DemoError("the kernel raised no error", f"it was given: {SOURCE!r}")
    say("kernel", f"{failed[0].error_name}: {failed[0].error_value}")
    return cell


async def _be_helped(stage: Stage, cell: CellId) -> CellId:
    say, learner = stage.screen.happened, stage.learner
    pointed = await _until(lambda: learner.mark_of(stage.tutor, cell), 10, "the tutor points at the line")
    line = learner.source(cell)[: min(pointed.anchor, pointed.head)].count("\n") + 1
    say("Tutor", f"marks line {line} of Ada's cell; none of her letters changes")
    await _until(lambda: learner.notes(CellRole.HINT), 5, "the tutor begins a note")
    say("Tutor", "begins to write below it")
    note = await _complete_note(stage, CellRole.HINT, 8, "the tutor's note is complete")
    if note.ownership is None or note.ownership.about != cell:
        raise DemoError("the note is about another cell than Ada's", "see `ltt why`")
    say("Tutor", "is done", note.source)
    if learner.source(cell) != SOURCE:
        raise DemoError("Ada's text was changed", f"she typed {SOURCE!r}, there is {learner.source(cell)!r}")
    return note.id


async def _fix(stage: Stage, cell: CellId) -> None:
    say, learner = stage.screen.happened, stage.learner
    await anyio.sleep(2 * THINK)
    say("Ada", f"puts it right: {WRONG} becomes {RIGHT}")
    at = SOURCE.rindex(WRONG)
    await learner.erase(cell, at, at + len(WRONG))
    await learner.type(cell, at, RIGHT)
    say("Ada", "runs it again")
    with _within(15, "the kernel runs the cell again"):
        ran = await learner.run(cell, stage.kernel)
    say("kernel", "".join(output.text for output in ran.outputs).strip())


async def _see_it_go(stage: Stage, cell: CellId, note: CellId) -> None:
    learner = stage.learner
    await _until(lambda: all(seen.id != note for seen in learner.cells()), 8, "the note goes")
    stage.screen.happened("Tutor", "takes its note away")
    wanted = SOURCE.replace(WRONG, RIGHT)
    await _until(lambda: _saved(stage.file, cell) == wanted, 10, "the notebook is saved")
    stage.screen.happened("disk", "holds Ada's cell, letter for letter")


async def _complete_note(stage: Stage, role: CellRole, within: float, what: str) -> Cell:
    """The tutor's note of that kind once no letter has come for a while."""
    last, since = "", 0.0

    def steady() -> Cell | None:
        nonlocal last, since
        note = next(iter(stage.learner.notes(role)), None)
        now, source = anyio.current_time(), note.source if note is not None else ""
        if source != last:
            last, since = source, now
        return note if source and now - since >= STEADY else None

    return await _until(steady, within, what)


def _saved(file: Path, cell: CellId) -> str | None:
    """The cell's text on disk; a file that is just being written reads as nothing."""
    try:
        cells = json.loads(file.read_text())["cells"]
    except (OSError, ValueError):
        return None
    return next(("".join(saved["source"]) for saved in cells if saved.get("id") == cell), None)


async def _until(look: Callable[[], T | None], within: float, what: str) -> T:
    with _within(within, what):
        while True:
            found = look()
            if found:
                return found
            await anyio.sleep(LOOK_EVERY)
    raise AssertionError("the limit raises")  # for the type checker, which cannot know


@contextmanager
def _within(seconds: float, what: str) -> Iterator[None]:
    try:
        with anyio.fail_after(seconds):
            yield
    except TimeoutError:
        raise DemoError(f"{what!r} did not happen within {seconds:g} s", WHAT_TO_DO) from None
