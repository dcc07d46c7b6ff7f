"""A learner types on while the tutor writes in the same notebook: every key stays where it was typed."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import anyio
import pytest
from playwright.async_api import BrowserContext

from ltt_collab.model.text import source_hash
from tests.support.deadlines import eventually
from tests.support.jupyter import Jupyter, code_cell
from tests.support.lab import LabNotebook, open_notebook
from tests.support.service import Service, running_service

pytestmark = [pytest.mark.browser, pytest.mark.jupyter]

ABOVE, BELOW = "total =+ 1", "print(totl)"
TEXT = "".join(f"value_{number} = {number} + 1  # é 漢字 😀\n" for number in range(10, 22))
KEYS_PER_SECOND = 20
NOTES = {"above": "Look at **line 1**: which sign comes first?", "below": "Look at the *name* in **line 1**."}

WATCH_FOCUS = """
() => {
  window.focusLost = [];
  const cell = document.activeElement.closest('.jp-Cell');
  document.addEventListener('focusout', event => window.focusLost.push('out ' + event.target.className), true);
  document.addEventListener('focusin', event => {
    if (!cell.contains(event.target)) window.focusLost.push('in ' + event.target.className);
  }, true);
}
"""


@pytest.mark.timeout(240)
@pytest.mark.proves("writer:learner-text-is-sacred", "writer:learner-stays-put")
async def test_300_keys_at_20_a_second_arrive_exactly_while_two_notes_are_written(
    jupyter: Jupyter, learner_context: BrowserContext, tmp_path: Path
) -> None:
    assert len(TEXT) >= 300
    cells = (code_cell(ABOVE, "above"), code_cell("", "mine"), code_cell(BELOW, "below"))
    jupyter.write_notebook("lesson.ipynb", *cells)
    async with running_service(jupyter, tmp_path / "service", settings={"LTT_INTRODUCE": "false"}) as service:
        lab = await open_notebook(learner_context, jupyter, "lesson.ipynb")
        room = (await service.room("lesson.ipynb"))["id"]
        await lab.click_into(1)
        await lab.page.evaluate(WATCH_FOCUS)
        at_note: list[int] = []

        async def help_others() -> None:
            for number, (cell, source) in enumerate((("above", ABOVE), ("below", BELOW))):
                start = 60 * (number + 1)
                await eventually(partial(typed_in, lab, "mine", start), within=30, what="the next letters")
                await propose(service, room, cell, source)
                at_note.append(len(await source_of(lab, "mine")))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(help_others)
            await lab.type(TEXT, delay=1000 / KEYS_PER_SECOND)
        assert len(at_note) == 2
        assert max(at_note) < len(TEXT), "both notes were whole before the last key"
        above, below = (f"**Tutor:** {NOTES[cell]}" for cell in ("above", "below"))
        expected = [ABOVE, above, TEXT, BELOW, below]
        await eventually(lambda: shows(lab, expected), within=5, what="text and notes in the browser")

        async def told() -> bool:
            snapshot = (await service.http.get(f"/api/v1/rooms/{room}")).json()
            return [cell["source"] for cell in snapshot["cells"]] == expected

        await eventually(told, within=5, what="the same over the HTTP API")
        await eventually(lambda: jupyter.read_sources("lesson.ipynb") == expected, within=30, what="the same on disk")
        assert await lab.page.evaluate("window.focusLost") == []
        assert (await lab.model())["mode"] == "edit"


async def propose(service: Service, room: str, cell: str, source: str) -> None:
    """Have a note written about a cell; returns when its last letter is shown."""
    draft = {
        "cell_id": cell,
        "expected_hash": source_hash(source),
        "placement": "note",
        "text": NOTES[cell],
        "rung": 1,
        "line": 1,
        "idempotency_key": f"key-{cell}",
    }
    answer = await service.http.post(f"/api/v1/rooms/{room}/suggestions", json=draft, timeout=20)
    assert answer.is_success, answer.text


async def source_of(lab: LabNotebook, cell: str) -> str:
    cells: list[dict[str, Any]] = (await lab.model())["cells"]
    return next(str(each["source"]) for each in cells if each["id"] == cell)


async def typed_in(lab: LabNotebook, cell: str, letters: int) -> bool:
    return len(await source_of(lab, cell)) >= letters


async def shows(lab: LabNotebook, sources: list[str]) -> bool:
    return await lab.sources() == sources
