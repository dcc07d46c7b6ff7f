"""One real hub for all tests of this folder, and one service for most."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.hub import Hub, HubService, hub_service, running_hub


@pytest.fixture(scope="session")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """A hub with the learners ada and ben, the instructor ivy and the stranger zoe."""
    with running_hub(tmp_path_factory.mktemp("hub"), cull={"LTT_STOPS_SERVERS": "1"}) as running:
        yield running


@pytest.fixture(scope="session")
def service(hub: Hub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubService]:
    """Our service for that hub, which hears of servers by announcement only."""
    with hub_service(hub, tmp_path_factory.mktemp("service")) as running:
        yield running
