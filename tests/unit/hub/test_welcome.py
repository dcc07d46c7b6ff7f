"""A stream is heard to its end, or until whoever asked for it may no longer have it."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

import anyio
import pytest

from ltt_collab.access import welcome
from ltt_collab.access.welcome import while_welcome
from ltt_collab.model.errors import ForbiddenError, HubUnavailableError
from ltt_collab.model.identity import Principal, Role, Sight
from ltt_collab.model.ids import Username

ADA = Sight(principal=Principal(name=Username("ada"), role=Role.LEARNER))

IVY = Sight(principal=Principal(name=Username("ivy"), role=Role.INSTRUCTOR), taught=frozenset({Username("ada")}))


class Client:
    """A client that says nothing until it goes; ``sights``: what is found at each look, the last one for good."""

    def __init__(self, *sights: Sight | Exception | None) -> None:
        self.sights, self.looks, self.gone = list(sights), 0, anyio.Event()

    async def receive(self) -> MutableMapping[str, Any]:
        await self.gone.wait()
        return {"type": "http.disconnect", "by": "the client"}

    async def look(self) -> Sight | None:
        self.looks += 1
        found = self.sights.pop(0) if len(self.sights) > 1 else self.sights[0]
        if self.looks == 4:
            self.gone.set()
        if isinstance(found, Exception):
            raise found
        return found


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(welcome, "KNOWN_SECONDS", 0.005)


@pytest.mark.proves("hub:session-ends-with-the-hub")
@pytest.mark.parametrize(
    "found",
    [None, ForbiddenError("use the tutor's service", "ada is in no group"), IVY],
    ids=["unknown", "in no group any more", "another sight"],
)
async def test_a_stream_ends_when_its_client_is_no_longer_who_it_was(found: Sight | Exception | None) -> None:
    client = Client(ADA, ADA, found)
    assert await while_welcome(client.receive, ADA, client.look)() == {"type": "http.disconnect"}
    assert client.looks == 3


@pytest.mark.proves("hub:session-ends-with-the-hub")
async def test_a_hub_that_cannot_be_asked_ends_no_stream_and_a_client_that_goes_is_heard() -> None:
    client = Client(ADA, HubUnavailableError("hub", "it does not answer"), ADA)
    assert (await while_welcome(client.receive, ADA, client.look)())["by"] == "the client"
