"""A hub that a test scripts: whom it knows, what runs, and when it fails."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

from ltt_collab.model.errors import HubError
from ltt_collab.model.ids import Username
from ltt_collab.ports.hub import HubIdentity, HubServer

NEEDED = frozenset({"list:users!group=learners", "read:servers!group=learners", "access:servers"})


def server_of(owner: str, name: str = "", *, ready: bool = True, started: str = "1") -> HubServer:
    """A server as a hub tells it."""
    path = f"/user/{owner}/" + (f"{name}/" if name else "")
    return HubServer(owner=Username(owner), name=name, path=path, ready=ready, started=started)


@dataclass
class FakeHub:
    """Implements ``ports.hub.Hub``; the next questions fail by ``errors``, one each."""

    servers: list[HubServer] = field(default_factory=list)
    people: dict[str, HubIdentity] = field(default_factory=dict)
    errors: list[HubError] = field(default_factory=list)
    us: HubIdentity = field(
        default_factory=lambda: HubIdentity(
            name=Username("ltt-tutor"), kind="service", groups=frozenset(), scopes=NEEDED
        )
    )
    sweeps: int = 0
    lookups: list[str] = field(default_factory=list)
    page: int = 2
    stopped: list[tuple[str, str]] = field(default_factory=list)

    async def identify(self, token: str) -> HubIdentity | None:
        self._fail()
        return self.people.get(token)

    async def identify_us(self) -> HubIdentity:
        self._fail()
        return self.us

    async def running_servers(self) -> AsyncIterator[Sequence[HubServer]]:
        self.sweeps += 1
        self._fail()
        ready = [server for server in self.servers if server.ready]
        for first in range(0, max(len(ready), 1), self.page):
            yield ready[first : first + self.page]

    async def stop_server(self, owner: Username, name: str) -> None:
        self._fail()
        self.stopped.append((owner, name))

    async def servers_of(self, owner: Username) -> Sequence[HubServer]:
        self.lookups.append(owner)
        self._fail()
        return [server for server in self.servers if server.owner == owner]

    def _fail(self) -> None:
        if self.errors:
            raise self.errors.pop(0)
