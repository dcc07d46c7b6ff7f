"""Cells that an instructor offers to a class: previewed in the notebook, taken or left by each learner."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.deadlines import eventually
from tests.support.jupyter import code_cell, running_jupyter
from tests.support.learner import Learner, learner_in
from tests.support.service import Service, running_service
from tests.support.visitors import Visitor, visitor

pytestmark = [pytest.mark.jupyter]

QUIET = {"LTT_INTRODUCE": "false"}
OFFERED = "import math\nmath.sqrt(2)"
PREVIEWED = f"leaves it too.\n\n```python\n{OFFERED}\n```"


async def audited(service: Service) -> list[tuple[str, str]]:
    entries = (await service.http.get("/api/v1/audit")).json()
    return [(each["action"], each["actor"]) for each in entries if each["action"].startswith("cell.")]


async def offered(learn: Visitor, wall: Visitor, ada: Learner) -> str:
    """Offer the cell; the path under which its learner decides."""
    said = await wall.act("/wall/broadcast", words=OFFERED, kind="cell")
    assert said == "Offered in 1 notebook."
    await eventually(lambda: any(PREVIEWED in note["source"] for note in ada.notes("whisper")), what="a preview")
    assert OFFERED not in ada.own_sources()
    page = await learn.page()
    assert "offers you this cell" in page
    found = re.search(r'hx-post="(/learn/offers/[^"]+)/accept"', page)
    assert found is not None
    return found.group(1)


@pytest.mark.proves("broadcast:learner-chooses")
async def test_an_offered_cell_is_the_learners_once_taken_and_nothing_once_left(tmp_path: Path) -> None:
    async with (
        running_jupyter(tmp_path / "jupyter") as jupyter,
        running_service(jupyter, tmp_path / "service", settings=QUIET) as service,
    ):
        jupyter.write_notebook("lesson.ipynb", code_cell("print(1)", "first"), code_cell("print(2)", "second"))
        async with (
            learner_in(jupyter, "lesson.ipynb") as ada,
            visitor(service, "Instructor's wall") as wall,
            visitor(service, "Learner's workspace") as learn,
        ):
            await ada.type("first", "\n")

            async def known() -> bool:
                return bool((await service.room("lesson.ipynb"))["learner"] == ada.username)

            await eventually(known, what="the tutor aware of whom a cell may be offered")

            # Taken: the preview becomes a code cell of the learner's own, where it stood.
            at = await offered(learn, wall, ada)
            place = next(index for index, cell in enumerate(ada.ids()) if OFFERED in ada.source(cell))
            assert ada.source(ada.ids()[place]).endswith(PREVIEWED)
            assert await learn.act(f"{at}/accept") == "It is in your notebook now."
            await eventually(lambda: OFFERED in ada.own_sources(), what="the cell in the notebook")
            await eventually(lambda: ada.notes("whisper") == [], what="the preview gone")
            taken = next(cell for cell in ada.ids() if ada.source(cell) == OFFERED)
            assert ada.cell(taken)["cell_type"] == "code"
            assert ada.ids().index(taken) == place, "where its preview stood"

            # Left in the workspace.
            ada.delete(taken)
            at = await offered(learn, wall, ada)
            assert await learn.act(f"{at}/dismiss") == "Left."
            await eventually(lambda: ada.notes("whisper") == [], what="the preview gone")

            # Left by deleting the preview in JupyterLab.
            await offered(learn, wall, ada)
            ada.delete(next(each for each in ada.ids() if OFFERED in ada.source(each)))

            async def gone() -> bool:
                return "offers you this cell" not in await learn.page()

            await eventually(gone, what="the offer gone from the workspace")
            assert ada.own_sources() == ["print(1)\n", "print(2)"]
            actions = [action for action, _ in await audited(service)]
            one = ["cell.offered", "cell.accepted", "cell.offered", "cell.dismissed", "cell.offered", "cell.dismissed"]
            assert sorted(actions) == sorted(one)
            assert {actor for action, actor in await audited(service) if action == "cell.offered"} == {"instructor"}
