"""What a learner in JupyterLab gets of the tutor, from the first error to the last check, with and without a model."""

from __future__ import annotations

import re
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import anyio
import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext

from ltt_collab.bench.model_server import ModelServer, running_model
from ltt_collab.curriculum.loader import load_course
from ltt_collab.curriculum.releases import released_files
from ltt_collab.model.text import source_hash
from tests.support.deadlines import eventually
from tests.support.fake_model import BROKEN, MODEL, prompts, saying, slow
from tests.support.jupyter import Jupyter, code_cell, running_jupyter
from tests.support.lab import LabNotebook, open_notebook, running_browser
from tests.support.service import Service, running_service

pytestmark = [
    pytest.mark.browser,
    pytest.mark.jupyter,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(240),
]

COURSE = Path(__file__).parents[2] / "ltt_collab" / "demo" / "course"
QUIET = {"LTT_INTRODUCE": "false", "LTT_COURSE": str(COURSE)}
WRONG, RIGHT = "total = 10\nprint(totl)", "total = 10\nprint(total)"
WHERE, WHAT = "A name close to it is made in line 1.", "Did you mean `total`?"

_numbers = count(1)


@dataclass
class Desk:
    """One JupyterLab with, at any time, at most one service: a room has one tutor."""

    jupyter: Jupyter
    home: Path
    _running: AsyncExitStack = field(default_factory=AsyncExitStack)
    _service: Service | None = None
    _settings: dict[str, str] = field(default_factory=dict)

    async def service(self, **settings: str) -> Service:
        """The service with these settings, running."""
        if self._service is None or self._settings != settings:
            await self.stop()
            self._service = await self._running.enter_async_context(
                running_service(self.jupyter, self.home, settings=QUIET | settings)
            )
            self._settings = settings
        return self._service

    async def stop(self) -> None:
        """End the service; what it knows stays in its database."""
        await self._running.aclose()
        self._service = None

    def notebook(self, *cells: dict[str, Any]) -> str:
        """A new notebook with these cells; its path."""
        path = f"lesson-{next(_numbers)}.ipynb"
        self.jupyter.write_notebook(path, *cells)
        return path

    async def deliver(self, task: str) -> str:
        """A task of the sample course as its learner gets it; the notebook's path."""
        return await anyio.to_thread.run_sync(self._deliver, task)

    def _deliver(self, task: str) -> str:
        folder = f"work-{next(_numbers)}/{task}"
        found = next(each for each in load_course(COURSE).tasks if each.id == task)
        for name, content in released_files(found).items():
            target = self.jupyter.root / folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        return f"{folder}/{task}.ipynb"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    home = tmp_path_factory.mktemp("service")
    async with running_jupyter(tmp_path_factory.mktemp("jupyter")) as jupyter:
        desk = Desk(jupyter, home)
        yield desk
        await desk.stop()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chromium() -> AsyncIterator[Browser]:
    async with running_browser() as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="module")
async def tab(chromium: Browser) -> AsyncIterator[BrowserContext]:
    context = await chromium.new_context(viewport={"width": 1280, "height": 900})
    yield context
    await context.close()


@pytest.fixture
def model() -> Iterator[ModelServer]:
    with running_model(saying("Look at line 2.")) as server:
        yield server


async def sit_down(desk: Desk, tab: BrowserContext, service: Service, path: str) -> tuple[LabNotebook, str]:
    """Open the notebook, and wait for the tutor; the tab and the room."""
    lab = await open_notebook(tab, desk.jupyter, path)
    return lab, str((await service.room(path))["id"])


async def notes(lab: LabNotebook, role: str = "hint") -> list[dict[str, Any]]:
    return [cell for cell in await lab.owned_cells() if cell["metadata"]["ltt"]["role"] == role]


async def reads(
    lab: LabNotebook, *words: str, about: str | None = None, rung: int | None = None, role: str = "hint"
) -> str:
    """The text of the only note (about that cell), once all of these words stand in it."""
    seen: list[dict[str, Any]] = []

    async def whole() -> str | None:
        seen[:] = [note for note in await notes(lab, role) if about in {None, note["metadata"]["ltt"]["about"]}]
        if len(seen) != 1 or (rung is not None and seen[0]["metadata"]["ltt"]["rung"] != rung):
            return None
        text = str(seen[0]["source"])
        return text if all(word in text for word in words) else None

    try:
        text = await eventually(whole, within=30, what=f"a note with {words}")
    except AssertionError as error:
        error.add_note(f"the notes: {seen}")
        raise
    assert text is not None
    return text


async def reads_nothing(lab: LabNotebook) -> None:
    async def none() -> bool:
        return not await notes(lab)

    await eventually(none, within=30, what="no note")


async def decided(service: Service, room: str, because: str) -> None:
    """Wait until a decision with this reason was recorded."""

    async def told() -> bool:
        answer = await service.http.get(f"/api/v1/rooms/{room}/decisions")
        return because in answer.text

    await eventually(told, within=30, what=f"the decision: {because}")


@pytest.mark.proves("tutor:asked-in-a-comment", "tutor:climbs-after-an-act")
@pytest.mark.soak
async def test_a_comment_is_answered_below_the_cell_and_more_is_said_only_after_another_try(
    desk: Desk, tab: BrowserContext
) -> None:
    service = await desk.service()
    lab, room = await sit_down(desk, tab, service, desk.notebook(code_cell("", "asked"), code_cell(WRONG, "failed")))
    await lab.click_into(0)
    await lab.page.keyboard.insert_text("amount = 3\nprint(amuont)\n")
    await lab.type("# @tutor why will this not work?")
    await reads(lab, "**Line 2** uses `amuont`, and no cell makes that name", about="asked", rung=1)
    assert [cell["id"] for cell in (await lab.model())["cells"]][::2] == ["asked", "failed"]

    await lab.click_into(2)
    await lab.run()
    await reads(lab, WHERE, about="failed", rung=1)
    further = {"cell_id": "failed", "expected_hash": source_hash(WRONG), "placement": "note", "rung": 2}
    further |= {"text": "The names differ in one letter.", "idempotency_key": "too early"}
    answer = await service.http.post(f"/api/v1/rooms/{room}/suggestions", json=further)
    assert answer.json()["reason"] == "ladder", answer.text
    await lab.run()
    text = await reads(lab, WHERE, WHAT, about="failed", rung=2)
    assert text.index(WHERE) < text.index(WHAT), "the second rung stands below the first"


@pytest.mark.proves("tutor:mute-survives-restart")
@pytest.mark.soak
async def test_who_mutes_the_tutor_is_helped_when_asking_only_also_after_a_restart(
    desk: Desk, tab: BrowserContext
) -> None:
    service = await desk.service()
    path = desk.notebook(code_cell(WRONG, "first"), code_cell("", "second"), code_cell("totl + 1", "third"))
    lab, room = await sit_down(desk, tab, service, path)
    await lab.click_into(1)
    await lab.type("# @tutor mute")
    await decided(service, room, "asked for it")
    await lab.click_into(0)
    await lab.run()
    await decided(service, room, "the learner muted the tutor")

    service = await desk.service(LTT_LOG_LEVEL="info")  # another service with the same database
    room = str((await service.room(path))["id"])
    await lab.click_into(2)
    await lab.run()
    await decided(service, room, "the learner muted the tutor")
    assert await notes(lab) == []

    await lab.replace_source(0, WRONG + "\n# @tutor what is wrong here?")
    await reads(lab, WHERE)
    assert (await lab.sources())[0].startswith(WRONG)


async def settled(service: Service, suggestions: int) -> None:
    """Wait until the service counts so many as shown: a run before the last stroke of a note calls it off."""

    async def counted() -> bool:
        found = re.search(r'ltt_answers_total\{answer="shown"\} (\d+)', (await service.http.get("/metrics")).text)
        return found is not None and int(found[1]) >= suggestions

    await eventually(counted, within=30, what=f"{suggestions} shown suggestions")


FIX_AS_SOON_AS_WE_WRITE = """
([cell, right]) => {
  const panel = [...window.jupyterapp.shell.widgets('main')].find(w => w.context && w.content.widgets);
  const shared = panel.content.model.sharedModel;
  window.half = null;
  const look = () => {
    const note = [...shared.cells].find(c => c.getMetadata().ltt?.role === 'hint');
    if (!note || note.getSource().trim() === '' || window.half !== null) return;
    window.half = note.getSource();
    const mine = [...shared.cells].find(c => c.id === cell);
    queueMicrotask(() => mine.setSource(right));
  };
  shared.ydoc.on('update', look);
}
"""


@pytest.mark.proves("tutor:half-written-hint-withdrawn")
async def test_a_cell_that_is_fixed_while_the_hint_is_written_takes_the_hint_back(
    desk: Desk, tab: BrowserContext
) -> None:
    service = await desk.service()
    lab, _room = await sit_down(desk, tab, service, desk.notebook(code_cell(WRONG, "first"), code_cell("", "second")))
    await lab.page.evaluate(FIX_AS_SOON_AS_WE_WRITE, ["first", RIGHT])
    await lab.click_into(0)
    await lab.run()

    async def half() -> str | None:
        return str(await lab.page.evaluate("window.half") or "") or None

    written = await eventually(half, within=15, what="the first words of the hint")
    assert written is not None
    assert WHERE not in written, "the hint was whole when the cell was fixed"
    await reads_nothing(lab)
    assert await lab.sources() == [RIGHT, ""]
    await lab.click_into(0)
    await lab.run()
    await eventually(partial(shows_output, lab, 0, "10"), what="the fixed cell's output")
    assert await lab.sources() == [RIGHT, ""]


async def shows_output(lab: LabNotebook, index: int, text: str) -> bool:
    return text in await lab.outputs(index)


async def index_of(lab: LabNotebook, cell: str) -> int:
    return [each["id"] for each in (await lab.model())["cells"]].index(cell)


async def put_right(lab: LabNotebook, cell: str, source: str) -> None:
    """Replace a cell's source as a learner does, and run it."""
    await lab.replace_source(await index_of(lab, cell), source)
    await lab.run()


STOPS_EARLY = """def running_total(numbers):
    total = 0
    totals = []
    for number in numbers:
        total += number
        totals.append(total)
        return totals"""
WHOLE = STOPS_EARLY.replace("        return", "    return")
ABOVE = """def count_above(numbers, limit):
    return len([number for number in numbers if number > limit])"""


@pytest.mark.proves("tutor:failed-check-in-lab", "tutor:all-passed-once")
async def test_a_failed_check_is_told_with_its_authors_hint_and_success_is_said_once(
    desk: Desk, tab: BrowserContext
) -> None:
    service = await desk.service()
    lab, _room = await sit_down(desk, tab, service, await desk.deliver("loops"))
    await put_right(lab, "loops-total", STOPS_EARLY)
    text = await reads(lab, "A running total of three", "[1, 3, 6]", "`[1]`", "the line with `return`", rung=1)
    assert "Count how often your `return`" not in text, "expected and got say it already"
    await reads(lab, "of 5 checks pass", role="status")

    await put_right(lab, "loops-total", WHOLE)
    await reads_nothing(lab)
    await put_right(lab, "loops-above", ABOVE)
    status = await reads(lab, "All 5 checks pass", role="status")
    assert status.count("Well done") == 1
    await decided(service, _room, "all checks of the task pass")
    assert len(await lab.owned_cells()) == 1


@pytest.mark.proves("tutor:all-passed-once")
@pytest.mark.soak
async def test_a_task_that_passes_at_once_is_praised_in_its_status_cell_only(desk: Desk, tab: BrowserContext) -> None:
    service = await desk.service()
    lab, room = await sit_down(desk, tab, service, await desk.deliver("welcome"))
    await put_right(lab, "welcome-typo", 'apples = 3\npears = 4\nprint("Pieces of fruit:", apples + pears)')
    await reads(lab, "All 2 checks pass", role="status")
    await decided(service, room, "all checks of the task pass")
    assert len(await lab.owned_cells()) == 1


GOOD = "Line 3 gives back the whole list. Which two of its elements are too many?"
SECRET = "items[1:-1]"
LEAK = f"Write `return {SECRET}` in the last line, and it works."

WATCH_FOR_THE_SECRET = """
secret => {
  const panel = [...window.jupyterapp.shell.widgets('main')].find(w => w.context && w.content.widgets);
  const shared = panel.content.model.sharedModel;
  window.leaked = 0;
  shared.ydoc.on('update', () => { window.leaked += [...shared.cells].some(c => c.getSource().includes(secret)); });
}
"""


@pytest.mark.proves("tutor:model-in-lab")
@pytest.mark.soak
async def test_a_models_good_answer_is_shown_a_leak_never_and_its_failures_are_not_seen(
    desk: Desk, tab: BrowserContext, model: ModelServer
) -> None:
    settings = {"LTT_MODEL": MODEL, "OPENAI_BASE_URL": model.url, "OPENAI_API_KEY": "sk-none"}
    service = await desk.service(**settings)
    path = await desk.deliver("lists")
    lab, _room = await sit_down(desk, tab, service, path)
    await lab.page.evaluate(WATCH_FOR_THE_SECRET, SECRET)

    model.behave = saying(GOOD, 3)
    ask = partial(lab.replace_source, await index_of(lab, "lists-middle"))
    await ask("def middle(items):\n    # @tutor how do I begin?\n    return items")
    await reads(lab, GOOD, rung=1)
    await settled(service, 1)

    model.behave, asked = saying(LEAK, 3), len(model.requests)
    await ask("def middle(items):\n    # @tutor and what then?\n    return items")
    await reads(lab, GOOD, "there are *slices*", rung=2)  # the author's hint
    assert len(model.requests) > asked

    model.behave, asked = lambda _: BROKEN, len(model.requests)
    await lab.click_into(await index_of(lab, "lists-index"))
    await lab.run()
    await reads(lab, "which values can it take?", about="lists-index", rung=1)
    await settled(service, 3)
    await lab.run()
    broken = await reads(lab, "places are 0 to 2", about="lists-index", rung=2)
    await settled(service, 4)
    assert len(model.requests) > asked

    waiting = threading.Event()
    model.behave = slow(waiting)  # or never reached: on a busy machine its packages alone take as long
    service = await desk.service(**settings, LTT_MODEL_SECONDS="2")
    await service.room(path)
    await lab.click_into(await index_of(lab, "lists-index"))
    await lab.run()
    told = await reads(lab, broken, "Places are counted from 0", about="lists-index", rung=3)
    waiting.set()
    assert not any(word in told for word in ("500", "Error code", "rror:", "timed out")), told
    assert await lab.page.evaluate("window.leaked") == 0
    assert SECRET not in prompts(model)
