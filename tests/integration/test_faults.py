"""`ltt serve` and whatever may happen between it, its Jupyter server and its own process."""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.deadlines import eventually
from tests.support.fault_proxy import Fault, FaultProxy, running_fault_proxy
from tests.support.jupyter import Jupyter, code_cell
from tests.support.learner import Learner, learner_in
from tests.support.service import Service, running_service

pytestmark = pytest.mark.jupyter

QUIET = {"LTT_INTRODUCE": "false"}
WRONG = "total = 10\nprint(totl)"
OTHER = "print('untouched')"
RIGHT = "total = 10\nprint(total)"


@dataclass(frozen=True)
class Scene:
    """A learner in a notebook, and the tutor in it through a line that can fail."""

    ada: Learner
    service: Service
    proxy: FaultProxy

    async def errs_and_is_helped(self) -> dict[str, Any]:
        """The learner runs into an error; the note about it."""
        await self.ada.type("first", WRONG)
        await self.ada.run("first")
        return await self.ada.sees_note(about="first")

    async def fixes_and_is_left_alone(self) -> None:
        """The learner mends it; the note goes and the learner's text stands."""
        await self.ada.replace("first", RIGHT)
        await self.ada.run("first")
        await self.ada.sees_no_note()
        assert self.ada.own_sources() == [RIGHT, OTHER]

    async def rejoined(self, after: int, *, within: float = 15.0) -> None:
        """Return once the tutor's room is live again, later than that event."""

        async def is_live() -> bool:
            room = (await self.service.rooms())[0]
            return bool(room["state"] == "live" and room["last_seq"] > after)

        await eventually(is_live, within=within, what="the tutor back in the room")


@asynccontextmanager
async def helped_learner(jupyter: Jupyter, home: Path) -> AsyncIterator[Scene]:
    jupyter.write_notebook("a.ipynb", code_cell("", "first"), code_cell(OTHER, "second"))
    async with (
        running_fault_proxy(jupyter.port) as proxy,
        running_service(jupyter, home, settings=QUIET, jupyter_url=proxy.url) as service,
        learner_in(jupyter, "a.ipynb") as ada,
    ):
        await service.room("a.ipynb")
        yield Scene(ada, service, proxy)


@pytest.mark.proves("serve:slices")
async def test_a_line_that_passes_single_bytes_brings_the_note_all_the_same(jupyter: Jupyter, tmp_path: Path) -> None:
    async with helped_learner(jupyter, tmp_path / "service") as scene:
        scene.proxy.fault = Fault.SLICES
        note = await scene.errs_and_is_helped()
        assert "totl" in note["source"]
        assert scene.ada.own_sources() == [WRONG, OTHER]


@pytest.mark.proves("serve:reset-mid-note")
async def test_a_note_whose_line_is_reset_in_its_midst_leaves_no_half_and_comes_again_by_itself(
    jupyter: Jupyter, tmp_path: Path
) -> None:
    async with helped_learner(jupyter, tmp_path / "service") as scene:
        ada = scene.ada
        await ada.type("first", WRONG)
        await ada.run("first")
        await eventually(ada.notes, what="the first words of the note")
        after = (await scene.service.rooms())[0]["last_seq"]
        assert "writing" in ada.notes()[0], "the note is half written"
        scene.proxy.reset_all()
        await ada.type("second", "  # still typing")
        await scene.rejoined(after)
        await eventually(lambda: len(ada.tutors()) == 1, within=3, what="no ghost of the lost connection")
        await ada.sees_note(about="first")
        assert len(ada.notes()) == 1
        assert "writing" not in ada.notes()[0], "the note is whole"
        assert ada.own_sources() == [WRONG, OTHER + "  # still typing"]
        await ada.replace("second", OTHER)
        await scene.fixes_and_is_left_alone()


@pytest.mark.proves("serve:jupyter-restart")
async def test_a_killed_and_restarted_jupyter_is_rejoined_with_one_note_and_whole_text(
    jupyter: Jupyter, tmp_path: Path
) -> None:
    async with helped_learner(jupyter, tmp_path / "service") as scene:
        ada = scene.ada
        note = await scene.errs_and_is_helped()
        after = (await scene.service.rooms())[0]["last_seq"]
        await jupyter.restart(signal.SIGKILL)
        await ada.join()
        await scene.rejoined(after)
        assert [left["suggestion"] for left in ada.notes()] == [note["suggestion"]]
        assert ada.own_sources() == [WRONG, OTHER]
        await scene.fixes_and_is_left_alone()


@pytest.mark.proves("serve:jupyter-frozen")
async def test_a_jupyter_that_froze_and_thawed_loses_nothing(jupyter: Jupyter, tmp_path: Path) -> None:
    async with helped_learner(jupyter, tmp_path / "service") as scene:
        ada = scene.ada
        jupyter.process.send_signal(signal.SIGSTOP)
        try:
            await ada.type("first", WRONG)
            await ada.run("first")
        finally:
            jupyter.process.send_signal(signal.SIGCONT)
        await ada.sees_note(about="first")
        assert ada.own_sources() == [WRONG, OTHER]
        await scene.fixes_and_is_left_alone()


@pytest.mark.proves("serve:service-restart")
async def test_a_killed_service_takes_its_note_on_in_its_next_life(jupyter: Jupyter, tmp_path: Path) -> None:
    async with helped_learner(jupyter, tmp_path / "service") as scene:
        ada = scene.ada
        await ada.connect_kernel()
        note = await scene.errs_and_is_helped()
        scene.service.process.kill()
        scene.service.process.wait()
        await ada.type("second", "  # meanwhile")
        async with running_service(
            jupyter, tmp_path / "service", settings=QUIET, jupyter_url=scene.proxy.url
        ) as next_life:
            await next_life.room("a.ipynb")
            assert [left["suggestion"] for left in ada.notes()] == [note["suggestion"]]
            await ada.replace("second", OTHER)
            await scene.fixes_and_is_left_alone()


@pytest.mark.proves("serve:half-open")
@pytest.mark.soak
async def test_a_dead_line_is_noticed_within_thirty_seconds_and_healed(jupyter: Jupyter, tmp_path: Path) -> None:
    async with helped_learner(jupyter, tmp_path / "service") as scene:
        ada, service = scene.ada, scene.service
        scene.proxy.fault = Fault.BLACKHOLE
        await ada.type("first", WRONG)

        async def is_reconnecting() -> bool:
            return bool((await service.rooms())[0]["state"] == "reconnecting")

        await eventually(is_reconnecting, within=32, what="the dead line noticed")
        after = (await service.rooms())[0]["last_seq"]
        scene.proxy.heal()
        await scene.rejoined(after, within=45)
        room = (await service.rooms())[0]
        snapshot = (await service.http.get(f"/api/v1/rooms/{room['id']}")).json()
        assert [cell["source"] for cell in snapshot["cells"]] == [WRONG, OTHER]
        await ada.run("first")
        await ada.sees_note(about="first")
        assert ada.own_sources() == [WRONG, OTHER]


@pytest.mark.proves("serve:service-restart")
async def test_a_service_killed_in_the_midst_of_a_note_leaves_no_half_for_long(
    jupyter: Jupyter, tmp_path: Path
) -> None:
    async with helped_learner(jupyter, tmp_path / "service") as scene:
        ada = scene.ada
        await ada.connect_kernel()
        await ada.type("first", WRONG)
        await ada.run("first")
        await eventually(ada.notes, what="the first words of the note")
        scene.service.process.kill()
        scene.service.process.wait()
        assert "writing" in ada.notes()[0], "the note is half written"
        async with running_service(
            jupyter, tmp_path / "service", settings=QUIET, jupyter_url=scene.proxy.url
        ) as next_life:
            await next_life.room("a.ipynb")
            await ada.sees_no_note()
            await ada.run("first")
            await ada.sees_note(about="first")
            assert ada.own_sources() == [WRONG, OTHER]
