"""The hub itself fails, or does not want us: what is open goes on, and the service says what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.hub.test_learners_servers import OPERATOR, door, tutor_in
from tests.support.deadlines import eventually
from tests.support.hub import Hub, HubService, hub_service
from tests.support.jupyter import code_cell
from tests.support.learner import learner_in

LONGEST_START = 90.0
"""Seconds from the start of a service to its first words, on two crowded cores."""

pytestmark = [pytest.mark.jupyter, pytest.mark.timeout(240)]


@pytest.mark.proves("hub:outage-ends-no-room")
async def test_open_rooms_go_on_while_the_hub_is_away_and_new_ones_come_when_it_is_back(
    hub: Hub, tmp_path: Path
) -> None:
    hub.write_notebook("ada", "outage.ipynb", code_cell("x = 1", "one"))
    url = hub.start_server("ada")
    # Its own port: the hub's service of the other tests listens on the announced one.
    with hub_service(hub, tmp_path, LTT_HUB_SWEEP_SECONDS="1", LTT_PORT=str(hub.layout.service_port + 1)) as service:
        async with learner_in(door(hub, "ada", url), "outage.ipynb", "Ada") as ada:
            await tutor_in(ada, service)
            hub.kill()
            try:
                await eventually(lambda: "cannot be asked" in service.readiness()[1], within=20, what="the outage said")
                assert service.readiness()[0]
                await ada.type("one", "\ny = 2")
                room = next(room for room in service.rooms(OPERATOR) if room["path"] == "outage.ipynb")
                notebook = f"api/v1/rooms/{room['id']}"
                await eventually(lambda: "y = 2" in service.ask(notebook, OPERATOR).text, what="her letters read")
                assert ada.tutor() is not None
            finally:
                hub.start()
            await eventually(lambda: service.readiness() == (True, ""), within=30, what="the hub seen again")


@pytest.mark.proves("hub:revoked-token-is-said")
async def test_a_token_that_the_hub_does_not_accept_is_named_by_readiness(hub: Hub, tmp_path: Path) -> None:
    port = str(hub.layout.service_port + 1)
    with hub_service(hub, tmp_path, ready=False, LTT_HUB_TOKEN="revoked", LTT_PORT=port) as service:

        def said() -> str:
            ready, reason = service.readiness()
            assert not ready
            return reason if "LTT_HUB_TOKEN" in reason else ""

        await eventually(said, within=LONGEST_START, what="the refusal")
        assert '"revoked"' not in service.said()


@pytest.mark.proves("hub:missing-scopes-are-named")
async def test_a_token_without_the_role_is_told_which_role_to_add(hub: Hub, tmp_path: Path) -> None:
    narrow = hub.token("ben", scopes=["read:users!user"])
    port = str(hub.layout.service_port + 1)
    with hub_service(hub, tmp_path, ready=False, LTT_HUB_TOKEN=narrow, LTT_PORT=port) as service:

        def said() -> bool:
            return "c.JupyterHub.load_roles" in service.readiness()[1]

        await eventually(said, within=LONGEST_START, what="the role")


def test_no_token_of_anybody_is_in_the_logs(hub: Hub, service: HubService) -> None:
    for secret in (hub.layout.hub_token, hub.layout.proxy_token, hub.admin_token, OPERATOR):
        assert secret not in service.said()
