"""What a learner wished and how far help had gone still count right after the service was started again."""

from __future__ import annotations

import signal
from pathlib import Path

import anyio
import pytest

from ltt_collab.adapters.store.choosing import open_stores
from ltt_collab.edits.replayer import apply_all
from ltt_collab.model.cells import Notebook
from ltt_collab.model.edits import DocumentReloaded
from ltt_collab.model.ids import Seq
from tests.support.deadlines import eventually
from tests.support.jupyter import Jupyter, code_cell
from tests.support.learner import Learner, learner_in
from tests.support.service import Service, running_service

pytestmark = pytest.mark.jupyter

WRONG = "total = 10\nprint(totl)"


async def decided(service: Service, room: str, because: str) -> None:
    async def told() -> bool:
        return because in (await service.http.get(f"/api/v1/rooms/{room}/decisions")).text

    await eventually(told, within=30, what=because)


async def named(service: Service) -> bool:
    return any(room["learner"] for room in await service.rooms())


@pytest.mark.timeout(120)
@pytest.mark.proves("tutor:mute-survives-restart")
@pytest.mark.soak
async def test_a_learner_who_does_not_move_is_known_again_after_a_restart(jupyter: Jupyter, tmp_path: Path) -> None:
    jupyter.write_notebook("a.ipynb", code_cell(WRONG, "first"), code_cell("", "second"))
    settings = {"LTT_INTRODUCE": "false"}
    async with learner_in(jupyter, "a.ipynb") as ada:
        async with running_service(jupyter, tmp_path / "service", settings=settings) as service:
            room = (await service.room("a.ipynb"))["id"]
            await eventually(lambda: named(service), within=30, what="the learner's name")  # told every 15 s
            await ada.type("second", "# @tutor mute")
            await ada.run("second")
            await decided(service, room, "asked for it")
        async with running_service(jupyter, tmp_path / "service", settings=settings) as service:
            await service.room("a.ipynb")
            await ada.run("first")
            await decided(service, room, "the learner muted the tutor")
            assert ada.notes() == []


class Typist:
    """Types into a cell without a pause until told to stop, and looks at every letter how many hints there are."""

    def __init__(self, ada: Learner, cell: str) -> None:
        self._ada, self._cell = ada, cell
        self.typed = ""
        self.most_notes = 0
        self._enough = anyio.Event()

    async def run(self) -> None:
        while not self._enough.is_set():
            letter = str(len(self.typed) % 10)
            await self._ada.type(self._cell, letter)
            self.typed += letter
            self.most_notes = max(self.most_notes, len(self._ada.notes()))

    async def further(self, letters: int) -> None:
        """Return once so many more letters were typed."""
        until = len(self.typed) + letters
        await eventually(lambda: len(self.typed) >= until, within=60, what="letters")

    def stop(self) -> None:
        self._enough.set()


def text_of(notebook: Notebook, cell: str) -> str:
    return next(each.source for each in notebook.cells if each.id == cell)


async def lives_of(home: Path, path: str) -> list[tuple[Notebook, Notebook]]:
    """Of each life of the service: the notebook as its record begins, and as it ends."""
    async with open_stores(f"sqlite+aiosqlite:///{home / 'ltt.db'}") as stores:
        room = await stores.rooms.find(path)
        assert room is not None
        events = list(await stores.events.after(room.room, Seq(0), 100_000))
    begins = [at for at, event in enumerate(events) if isinstance(event, DocumentReloaded)]
    assert begins[0] == 0
    blank = Notebook(room=room.room, path=path, cells=(), seq=Seq(0))
    lives = [events[begin:end] for begin, end in zip(begins, [*begins[1:], None], strict=True)]
    return [(apply_all(blank, life[:1]), apply_all(blank, life)) for life in lives]


@pytest.mark.timeout(120)
@pytest.mark.proves("serve:upgrade-while-typing")
async def test_a_service_that_is_upgraded_while_a_learner_types_loses_no_event_and_repeats_no_hint(
    jupyter: Jupyter, tmp_path: Path
) -> None:
    jupyter.write_notebook("a.ipynb", code_cell(WRONG, "first"), code_cell("", "second"))
    settings, home = {"LTT_INTRODUCE": "false"}, tmp_path / "service"
    async with learner_in(jupyter, "a.ipynb") as ada, anyio.create_task_group() as tasks:
        typist = Typist(ada, "second")
        async with running_service(jupyter, home, settings=settings) as service:
            room = (await service.room("a.ipynb"))["id"]
            await ada.run("first")
            note = await ada.sees_note(about="first")
            tasks.start_soon(typist.run)
            await typist.further(50)
            cells = (await service.http.get(f"/api/v1/rooms/{room}")).json()["cells"]
            known = next(cell["source"] for cell in cells if cell["id"] == "second")
            service.process.send_signal(signal.SIGTERM)  # as Kubernetes does
            await eventually(lambda: service.process.poll() is not None, what="its end")
            assert service.process.returncode == 0
        await typist.further(50)
        async with running_service(jupyter, home, settings=settings) as service:
            assert (await service.room("a.ipynb"))["id"] == room
            await typist.further(50)
            typist.stop()
            await eventually(lambda: ada.source("second") == typist.typed, what="the last letter")

            async def all_seen() -> bool:
                return typist.typed in (await service.http.get(f"/api/v1/rooms/{room}")).text

            await eventually(all_seen, what="every letter seen")
        assert [left["suggestion"] for left in ada.notes()] == [note["suggestion"]]
        assert typist.most_notes == 1
        assert ada.source("first") == WRONG
        assert ada.source("second") == typist.typed
    before, after = await lives_of(home, "a.ipynb")
    assert len(known) > 0
    assert text_of(before[1], "second").startswith(known)
    assert text_of(after[0], "second").startswith(text_of(before[1], "second"))
    assert text_of(after[1], "second") == typist.typed
