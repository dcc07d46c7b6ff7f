"""The end of a learner's server on a real hub: said in the notebook beforehand, the work saved, never while in use."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.integration.hub.test_learners_servers import door, tutor_in
from tests.support.deadlines import eventually
from tests.support.hub import Hub, HubService, hub_service
from tests.support.jupyter import code_cell
from tests.support.learner import Learner, learner_in

pytestmark = [pytest.mark.jupyter, pytest.mark.soak, pytest.mark.timeout(240)]

HOURS = {
    # A server of that age is about to be culled all the time, so that nobody waits for hours here.
    "aged": {"LTT_HUB_MAX_AGE_SECONDS": "7200", "LTT_HUB_WARN_SECONDS": "7200"},
    "untouched": {"LTT_HUB_UNTOUCHED_SECONDS": "8", "LTT_HUB_WARN_SECONDS": "4"},
}


def notice_of(learner: Learner) -> str:
    """What the tutor says of the server's end, '' where it says nothing."""
    said = (note["source"] for note in learner.notes("status"))
    return next((text for text in said if "This server stops" in text), "")


def service_for(hub: Hub, home: Path, hours: str) -> AbstractContextManager[HubService]:
    """A second service beside the tests' own, which knows of no end."""
    settings = {"LTT_PORT": str(hub.layout.service_port + 1), "LTT_HUB_SWEEP_SECONDS": "1", **HOURS[hours]}
    return hub_service(hub, home, ready=True, **settings)


def cells_on_disk(hub: Hub, user: str, path: str) -> list[str]:
    """The sources of a notebook's cells in the user's home; none while it is written in place."""
    text = (hub.layout.homes / user / path).read_text()
    return ["".join(cell["source"]) for cell in json.loads(text)["cells"]] if text else []


@pytest.mark.proves("hub:max-age-is-said")
async def test_a_learner_is_told_before_the_server_is_too_old_and_the_work_is_saved(hub: Hub, tmp_path: Path) -> None:
    path = "aged.ipynb"
    hub.write_notebook("ada", path, code_cell("x = 1", "one"))
    url = hub.start_server("ada")
    async with learner_in(door(hub, "ada", url), path, "Ada") as ada:
        # Who saves by hand would lose what is not saved: nobody else in this room asks for it.
        ada.awareness.set_local_state_field("autosave", False)
        ada.paste("one", "\ny = 2")
        with service_for(hub, tmp_path, "aged") as service:
            await tutor_in(ada, service)
            await eventually(lambda: "longer than 2 hours" in notice_of(ada), what="the notice")
            await eventually(lambda: cells_on_disk(hub, "ada", path)[:1] == ["x = 1\ny = 2"], what="the work saved")
        assert ada.source("one") == "x = 1\ny = 2"


@pytest.mark.proves("hub:untouched-is-stopped")
async def test_an_untouched_tab_is_told_so_and_its_server_stopped_unless_somebody_touches_it(
    hub: Hub, tmp_path: Path
) -> None:
    path = "untouched.ipynb"
    hub.write_notebook("ben", path, code_cell("x = 1", "one"))
    url = hub.start_server("ben")
    async with learner_in(door(hub, "ben", url), path, "Ben") as ben:
        with service_for(hub, tmp_path, "untouched") as service:
            await tutor_in(ben, service)
            await eventually(lambda: "nobody has touched" in notice_of(ben), what="the notice")
            assert hub.is_ready("ben")
            await ben.type("one", "\ny = 2")
            await eventually(lambda: notice_of(ben) == "", what="the notice taken back")
            assert hub.is_ready("ben")
            await eventually(lambda: "nobody has touched" in notice_of(ben), what="the notice again")
            await eventually(lambda: not hub.servers("ben"), within=60, what=f"stopped\n{service.said()[-4000:]}")
            assert '"untouched server stopped"' in service.said()
    assert cells_on_disk(hub, "ben", path)[:1] == ["x = 1\ny = 2"]
