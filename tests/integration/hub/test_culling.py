"""The real idle culler against the tutor: a server that nobody uses ends, although the tutor was in its rooms."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.hub.test_learners_servers import door, tutor_in
from tests.support.deadlines import eventually
from tests.support.hub import STRANGER, Hub, hub_service, running_hub
from tests.support.jupyter import code_cell
from tests.support.learner import learner_in

pytestmark = [pytest.mark.jupyter, pytest.mark.soak, pytest.mark.timeout(300)]

TIMEOUT = 30
"""Seconds without activity after which a server is culled here; 20 minutes in earnest."""

LONGEST = 100.0
"""Seconds after the learner left: the tutor's grace, the time-out, two rounds of the culler, two of the hub's own."""

GRACE = 5.0
"""Seconds that the tutor stays in a room without a human; the tests' service is told so."""

ROUNDS = 25.0
"""Seconds that the tutor's last heartbeats and the looks of hub and culler may add on a busy machine: 15 were seen."""

SHORT = {"LTT_CULL_SECONDS": str(TIMEOUT), "LTT_CULL_EVERY": "3", "LTT_ACTIVITY_SECONDS": "3"}


@pytest.fixture
def short_lived(tmp_path: Path) -> Iterator[Hub]:
    """A hub that culls within seconds."""
    with running_hub(tmp_path / "hub", cull=SHORT) as hub:
        yield hub


@pytest.mark.proves("hub:culled-as-without-us")
async def test_a_server_whose_learner_left_is_culled_though_the_tutor_was_in_its_room(
    short_lived: Hub, tmp_path: Path
) -> None:
    hub = short_lived
    with hub_service(hub, tmp_path / "service") as service:
        # The tutor is on the servers of the learners' group only: zoe's is the measure.
        users = ("ada", STRANGER)
        for user in users:
            hub.write_notebook(user, "left.ipynb", code_cell("x = 1", "one"))
            hub.ask_for_server(user)
        with_tutor, without = (door(hub, user, hub.start_server(user)) for user in users)
        async with (
            learner_in(with_tutor, "left.ipynb", "Ada") as ada,
            learner_in(without, "left.ipynb", "Zoe") as zoe,
        ):
            await tutor_in(ada, service)
            assert zoe.tutor() is None
        left, culled = time.monotonic(), dict.fromkeys(users, 0.0)

        def both_culled() -> bool:
            for user in users:
                if not culled[user] and not hub.servers(user):
                    culled[user] = time.monotonic() - left
            return all(culled.values())

        await eventually(both_culled, within=LONGEST, what=f"culled: {culled}\n{hub.log('hub')}")
        assert culled["ada"] - culled[STRANGER] < GRACE + ROUNDS
        assert '"room left"' in service.said()
        await eventually(lambda: '"server gone"' in service.said(), within=20, what="the culled server left")
