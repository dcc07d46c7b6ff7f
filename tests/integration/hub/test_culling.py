"""The real idle culler against the tutor: a server that nobody uses ends, although the tutor was in its rooms."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from tests.integration.hub.test_learners_servers import door, tutor_in
from tests.support.deadlines import eventually
from tests.support.hub import STRANGER, Hub, HubService, hub_service, running_hub
from tests.support.jupyter import code_cell
from tests.support.learner import learner_in

pytestmark = [pytest.mark.jupyter, pytest.mark.soak, pytest.mark.timeout(300)]

TIMEOUT = 30
"""Seconds without activity after which a server is culled here; 20 minutes in earnest."""

GRACE = 5.0
"""Seconds that the tutor stays in a room without a human; the tests' service is told so."""

FAREWELL = 1.5
"""Seconds that leaving may take: the tutor's last words, the close handshake, the proxy's own clock."""

ROUNDS = 60.0
"""Seconds that the looks of hub and culler, every 3 s, and the end of a server may take on a crowded machine."""

SHORT = {"LTT_CULL_SECONDS": str(TIMEOUT), "LTT_CULL_EVERY": "3", "LTT_ACTIVITY_SECONDS": "3"}


@pytest.fixture
def short_lived(tmp_path: Path) -> Iterator[Hub]:
    """A hub that culls within seconds."""
    with running_hub(tmp_path / "hub", cull=SHORT) as hub:
        yield hub


def said_at(service: HubService, event: str) -> float:
    """When the service first said that, in Unix time; 0 if it did not."""
    for line in service.said().splitlines():
        if f'"event": "{event}"' in line:
            return datetime.fromisoformat(json.loads(line)["timestamp"]).timestamp()
    return 0.0


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
        last_act = dict.fromkeys(users, 0.0)

        def both_culled() -> bool:
            for user in users:
                server = hub.servers(user).get("")
                if server is not None and server["last_activity"]:
                    seen = datetime.fromisoformat(server["last_activity"]).timestamp()
                    last_act[user] = max(last_act[user], seen)
            return not any(hub.servers(user) for user in users)

        await eventually(both_culled, within=TIMEOUT + GRACE + ROUNDS, what=f"both culled\n{hub.log('hub')}")
        # Whatever the machine was busy with: once the tutor had left, nothing of it counted as activity.
        left = said_at(service, "room left")
        assert left, service.said()[-5000:]
        assert last_act["ada"] < left + FAREWELL
        assert left < last_act[STRANGER] + GRACE + ROUNDS
        await eventually(lambda: '"server gone"' in service.said(), within=20, what="the culled server left")
