"""Is on every learner's server of one hub: found by announcement at once, by a slow sweep in any case."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace

import anyio
import structlog
from anyio.abc import TaskGroup

from ltt_collab.model.errors import HubError, HubRefusedError, HubUnavailableError
from ltt_collab.model.ids import ServerId, Username
from ltt_collab.peer.closing import Closing, ClosingServer, ServerHours
from ltt_collab.peer.registry import Registry
from ltt_collab.peer.supervisor import Supervisor
from ltt_collab.peer.surroundings import Surroundings
from ltt_collab.ports.files import LearnerFiles
from ltt_collab.ports.hub import Hub, HubServer
from ltt_collab.ports.kernels import KernelServer
from ltt_collab.ports.rooms import RoomServer
from ltt_collab.ports.terminals import Terminals

log = structlog.get_logger(__name__)

Key = tuple[Username, str]
"""A user's name and the name of one of their servers."""

MOST_ABSENCES = 10
"""Answers without an announced server, some six seconds in all: a server that starts is listed before it can speak. Who
is not in the learners' group announces a server that our role never sees."""

MOST_LOOKUPS = 1_000
"""Announcements that may be looked up at once. Overflow: dropped and said; the next sweep finds those servers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetPace:
    """Seconds. ``sweep``: between two sweeps; a hub that fails is asked at twice the distance each time.

    ``page``: between two pages of one sweep, so that the hub serves others in between. ``lookup``: the first
    distance between two questions about an announced server that is not ready yet, which grows up to ``last_lookup``;
    ``patience``: for all of them. ``hours``: how long servers live.
    """

    sweep: float = 90.0
    first_retry: float = 5.0
    last_retry: float = 300.0
    page: float = 0.2
    lookup: float = 0.2
    last_lookup: float = 1.0
    patience: float = 120.0
    hours: ServerHours = ServerHours()


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnerServer:
    """One connected server, and what else of it can be reached."""

    server: RoomServer
    kernels: KernelServer
    terminals: Terminals
    files: LearnerFiles


Connect = Callable[[HubServer], AbstractAsyncContextManager[LearnerServer]]
"""Makes a server reachable while the context is open; HubRefusedError for an address that is not the hub's."""


@dataclass(slots=True)
class _Attended:
    server: HubServer
    scope: anyio.CancelScope
    supervisor: Supervisor | None = None
    link: LearnerServer | None = None


class Fleet:
    """Keeps one supervisor on each server that the hub says is running.

    Invariants:
        1. One supervisor per server.
        2. Only what the hub itself names is connected to; an announcement is but a hint to ask the hub.
        3. A hub that cannot be asked ends nothing: a server is left when the hub says that it is gone.
        4. What one server raises ends that server's supervisor only; the next sweep begins anew.
    """

    def __init__(
        self, hub: Hub, connect: Connect, around: Surroundings, registry: Registry, pace: FleetPace | None = None
    ) -> None:
        self._hub, self._connect, self._around, self._registry = hub, connect, around, registry
        self._pace = pace or FleetPace()
        self._attended: dict[Key, _Attended] = {}
        self._by_id: dict[ServerId, _Attended] = {}
        self._lookups: set[Key] = set()
        self._tasks: TaskGroup | None = None
        self.has_swept = False
        self.trouble: HubError | None = None

    async def run(self) -> None:
        """Be there until cancelled; leaves every room with a goodbye."""
        failures = 0
        async with anyio.create_task_group() as self._tasks:
            while True:
                try:
                    await self._sweep()
                    failures = 0
                except HubError as error:
                    failures += 1
                    self._say(error)
                await self._around.clock.sleep(self._pause(failures))

    # What others ask.

    def announce(self, owner: Username, name: str) -> None:
        """Somebody says that this server has just come up, or is about to: ask the hub about it (invariant 2)."""
        self._look_up((owner, name), announced=True)

    def kernels(self, server: ServerId) -> KernelServer | None:
        """The kernels of a server, None where it is not connected."""
        link = self._link(server)
        return None if link is None else link.kernels

    def terminals(self, server: ServerId) -> Terminals | None:
        """The terminals of a server, None where it is not connected."""
        link = self._link(server)
        return None if link is None else link.terminals

    def files(self, server: ServerId) -> LearnerFiles | None:
        """The files of a server, None where it is not connected."""
        link = self._link(server)
        return None if link is None else link.files

    def server_of(self, learner: Username) -> ServerId | None:
        """A learner's server: the default one before named ones, None when none runs."""
        found = [(key[1], each.link) for key, each in self._attended.items() if key[0] == learner and each.link]
        return min(found, key=lambda each: each[0])[1].server.id if found else None

    async def welcome(self, username: Username) -> None:
        """Forget that this learner sent us away.

        Raises:
            StoreUnavailableError
        """
        server = self.server_of(username)
        if server is not None:
            await self._around.wishes.welcome_back(server, username)

    def servers(self) -> int:
        """How many servers are attended to."""
        return len(self._attended)

    # Sweeping.

    async def _sweep(self) -> None:
        known = dict(self._attended)
        found: set[Key] = set()
        async for page in self._hub.running_servers():
            for server in page:
                found.add(server.key)
                self._attend(server)
            await self._around.clock.sleep(self._pace.page)
        for key, attended in known.items():
            # Only what was known before: a server announced meanwhile may be on a page that had passed.
            if key not in found and self._attended.get(key) is attended:
                self._leave(key)
        if self.trouble is not None or not self.has_swept:
            log.info("hub swept", servers=len(found))
        self.has_swept, self.trouble = True, None

    def _pause(self, failures: int) -> float:
        jitter = 0.75 + 0.5 * self._around.random()
        if not failures:
            return self._pace.sweep * jitter
        backed_off = min(self._pace.last_retry, self._pace.first_retry * 2.0 ** min(failures - 1, 16)) * jitter
        asked = self.trouble.retry_after if isinstance(self.trouble, HubUnavailableError) else None
        return max(backed_off, asked or 0.0)

    def _say(self, error: HubError) -> None:
        if self.trouble is None or str(self.trouble) != str(error):
            log.error("hub not swept", reason=str(error), servers=len(self._attended))
        self.trouble = error

    # Looking up one server.

    def _look_up(self, key: Key, *, announced: bool) -> None:
        if self._tasks is None or key in self._lookups:
            return
        if len(self._lookups) >= MOST_LOOKUPS:
            log.warning("announcement dropped; the next sweep finds the server", waiting=len(self._lookups))
            return
        self._lookups.add(key)
        self._tasks.start_soon(self._find, key, announced, name=f"look-up of {key[0]}/{key[1]}")

    async def _find(self, key: Key, announced: bool) -> None:
        """Ask the hub about a server until it is ready or gone; an announced one may not be listed yet."""
        pause, absences = self._pace.lookup, 0
        try:
            with anyio.move_on_after(self._pace.patience):
                while True:
                    servers = {server.key: server for server in await self._hub.servers_of(key[0])}
                    server = servers.get(key)
                    if server is not None and server.ready:
                        self._attend(server, hurry=announced)
                        return
                    absences += server is None
                    if server is None and not announced:
                        self._leave(key)
                        return
                    if absences > MOST_ABSENCES:
                        log.info("announced server is not the hub's, or not a learner's", owner=key[0], name=key[1])
                        return
                    await self._around.clock.sleep(pause)
                    pause = min(self._pace.last_lookup, pause * 1.25)
        except HubError as error:
            self._say(error)  # invariant 3
        finally:
            self._lookups.discard(key)

    # Attending.

    def _attend(self, server: HubServer, *, hurry: bool = False) -> None:
        attended = self._attended.get(server.key)
        if attended is None:  # invariant 1
            assert self._tasks is not None
            attended = self._attended[server.key] = _Attended(server, anyio.CancelScope())
            self._tasks.start_soon(self._be_on, attended, name=f"server {server.owner}/{server.name}")
            return
        restarted = server.started != attended.server.started
        if server.path != attended.server.path or server.state != attended.server.state:
            self._leave(server.key)  # it is elsewhere now; begin anew there
            self._attend(server)
            return
        attended.server = server
        supervisor = attended.supervisor
        if supervisor is not None and (restarted or (hurry and not supervisor.is_watching)):
            supervisor.look_again()

    def _leave(self, key: Key) -> None:
        attended = self._attended.pop(key, None)
        if attended is not None:
            log.info("server gone", owner=key[0], name=key[1])
            attended.scope.cancel()

    async def _be_on(self, attended: _Attended) -> None:
        key = attended.server.key
        try:
            with attended.scope:
                await self._watch(attended)
        except HubRefusedError as error:
            log.error("server left alone", owner=key[0], name=key[1], reason=error.remedy)  # noqa: TRY400 - it says all
        # Invariant 4: the one boundary around a server. Cancellation is no Exception and passes.
        except Exception:
            log.exception("server ended by an error of ours", owner=key[0], name=key[1])
        finally:
            if self._attended.get(key) is attended:
                del self._attended[key]

    async def _watch(self, attended: _Attended) -> None:
        key = attended.server.key
        async with self._connect(attended.server) as link:
            around = replace(self._around, owner=key[0])
            supervisor = attended.supervisor = Supervisor(link.server, around, self._registry, shy=True)
            supervisor.on_watch = lambda live: None if live else self._look_up(key, announced=False)
            attended.link = link
            self._by_id[link.server.id] = attended
            log.info("server found", owner=key[0], name=key[1], server=link.server.id)
            try:
                async with anyio.create_task_group() as tasks:
                    if self._pace.hours.are_limited:
                        tasks.start_soon(self._closing(attended, supervisor).run, name=f"end of {key[0]}/{key[1]}")
                    await supervisor.run()
            finally:
                if self._by_id.get(link.server.id) is attended:
                    del self._by_id[link.server.id]

    def _closing(self, attended: _Attended, supervisor: Supervisor) -> Closing:
        assert attended.link is not None, "connected first"
        server = ClosingServer(
            name=attended.server.path,
            started=lambda: attended.server.started,
            rooms=lambda: self._registry.of_server(supervisor.server_id),
            last_act=lambda: supervisor.last_act,
            kernels=attended.link.kernels,
            stop=lambda: self._hub.stop_server(*attended.server.key),
        )
        return Closing(server, self._pace.hours, self._around.clock)

    def _link(self, server: ServerId) -> LearnerServer | None:
        attended = self._by_id.get(server)
        return None if attended is None else attended.link
