"""The real idle culler against the tutor: a server that nobody uses ends, although the tutor was in its rooms."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.hub.test_learners_servers import door, tutor_in
from tests.support.deadlines import eventually
from tests.support.hub import hub_service, running_hub
from tests.support.jupyter import code_cell
from tests.support.learner import learner_in

pytestmark = [pytest.mark.jupyter, pytest.mark.timeout(300)]

TIMEOUT = 20
"""Seconds without activity after which a server is culled here; 20 minutes in earnest."""

LONGEST = 75.0
"""Seconds after the learner left: the tutor's grace, the time-out, two rounds of the culler, two of the hub's own."""

SHORT = {"LTT_CULL_SECONDS": str(TIMEOUT), "LTT_CULL_EVERY": "3", "LTT_ACTIVITY_SECONDS": "3"}


@pytest.mark.proves("hub:culled-as-without-us")
async def test_a_server_whose_learner_left_is_culled_though_the_tutor_was_in_its_room(tmp_path: Path) -> None:
    with running_hub(tmp_path / "hub", cull=SHORT) as hub, hub_service(hub, tmp_path / "service") as service:
        for user in ("ada", "ben"):
            hub.write_notebook(user, "left.ipynb", code_cell("x = 1", "one"))
        with_tutor, without = hub.start_server("ada"), hub.start_server("ben")
        async with (
            learner_in(door(hub, "ada", with_tutor), "left.ipynb", "Ada") as ada,
            learner_in(door(hub, "ben", without), "left.ipynb", "Ben") as ben,
        ):
            await tutor_in(ada, service)
            # Their own heartbeats keep both servers up for longer than the culler waits.
            await eventually(lambda: ada.tutor() is not None and ben.awareness, within=1)
        await eventually(lambda: not hub.servers("ada"), within=LONGEST, what=f"culled:\n{hub.log('hub')}")
        assert '"room left"' in service.said()
        await eventually(lambda: '"server gone"' in service.said(), within=20, what="the culled server left")
