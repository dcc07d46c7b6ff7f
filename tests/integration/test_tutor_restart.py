"""What a learner wished and how far help had gone still count right after the service was started again."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.deadlines import eventually
from tests.support.jupyter import Jupyter, code_cell
from tests.support.learner import learner_in
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
