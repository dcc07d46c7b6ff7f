"""Our tokens are replaced while the service runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.hub.test_learners_servers import OPERATOR, door
from tests.support.deadlines import eventually
from tests.support.hub import BOT, Hub, HubService, hub_service
from tests.support.jupyter import code_cell
from tests.support.learner import learner_in

pytestmark = [pytest.mark.jupyter, pytest.mark.soak, pytest.mark.timeout(240)]


def paths(service: HubService, token: str) -> set[str]:
    return {room["path"] for room in service.rooms(token)}


@pytest.mark.proves("hub:token-rotated")
async def test_new_tokens_in_their_files_are_taken_without_a_restart_and_no_room_ends(hub: Hub, tmp_path: Path) -> None:
    hub.write_notebook("ada", "lasting.ipynb", code_cell("x = 1", "one"))
    hub.write_notebook("ada", "later.ipynb", code_cell("x = 1", "one"))
    hers = door(hub, "ada", hub.start_server("ada"))
    file, old, operators = tmp_path / "token", hub.token(BOT), tmp_path / "operator"
    file.write_text(f"{old}\n")
    operators.write_text(OPERATOR)
    with hub_service(
        hub,
        tmp_path / "service",
        LTT_HUB_TOKEN="",
        LTT_HUB_TOKEN_FILE=str(file),
        LTT_API_TOKEN="",
        LTT_API_TOKEN_FILE=str(operators),
        LTT_HUB_SWEEP_SECONDS="1",
        LTT_PORT=str(hub.layout.service_port + 1),
    ) as service:
        async with learner_in(hers, "lasting.ipynb", "Ada"):
            await eventually(lambda: "lasting.ipynb" in paths(service, OPERATOR), what="ada's room")
            (room,) = [room for room in service.rooms(OPERATOR) if room["path"] == "lasting.ipynb"]
            hub.revoke(BOT, old)
            await eventually(lambda: not service.readiness()[0], within=30, what="the refusal said")
            assert "LTT_HUB_TOKEN" in service.readiness()[1]
            new = hub.token(BOT)
            file.write_text(f"{new}\n")
            await eventually(
                lambda: service.readiness()[0], within=30, what=f"the new token:\n{service.said()[-3000:]}"
            )
            assert "read anew" in service.readiness()[1]
            assert "read anew from its file" in service.said()
            (still,) = [room for room in service.rooms(OPERATOR) if room["path"] == "lasting.ipynb"]
            assert still["id"] == room["id"]
            async with learner_in(hers, "later.ipynb", "Ada"):
                await eventually(lambda: "later.ipynb" in paths(service, OPERATOR), what="a room with the new token")
                operators.write_text("the-new-operator")

                def taken() -> bool:
                    known = [service.ask("api/v1/rooms", token).is_success for token in (OPERATOR, "the-new-operator")]
                    return known == [False, True]

                await eventually(taken, within=40, what="the new operator's token, and it alone")
        assert old not in service.said()
        assert new not in service.said()
