"""The learners' servers of one service: a single Jupyter server, or all those of a hub."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Protocol

import anyio
import structlog

from ltt_collab.access.grants import GrantedTokens, Sealed
from ltt_collab.access.hub import HubAuthenticator, HubGroups
from ltt_collab.adapters.clock import SystemClock
from ltt_collab.adapters.hub.connecting import connected
from ltt_collab.adapters.hub.credential import HubToken
from ltt_collab.adapters.hub.directory import JupyterHub
from ltt_collab.adapters.hub.logins import JupyterHubLogins
from ltt_collab.adapters.hub.places import ServerPlaces
from ltt_collab.adapters.hub.rest import HubRest
from ltt_collab.adapters.hub.scopes import check_scopes
from ltt_collab.adapters.jupyter.address import JupyterAddress
from ltt_collab.adapters.jupyter.files import JupyterFiles
from ltt_collab.adapters.jupyter.kernels import JupyterKernels
from ltt_collab.adapters.jupyter.owner import owner_of
from ltt_collab.adapters.jupyter.server import JupyterServer
from ltt_collab.adapters.jupyter.terminals import JupyterTerminals
from ltt_collab.model.errors import HubError, HubUnavailableError
from ltt_collab.model.ids import ServerId, Username
from ltt_collab.peer.closing import ServerHours
from ltt_collab.peer.fleet import Fleet, FleetPace, LearnerServer
from ltt_collab.peer.registry import Registry
from ltt_collab.peer.supervisor import Supervisor
from ltt_collab.peer.surroundings import Surroundings
from ltt_collab.ports.files import LearnerFiles
from ltt_collab.ports.hub import Hub, HubLogins, HubServer
from ltt_collab.ports.identity import Authenticator
from ltt_collab.ports.kernels import KernelServer
from ltt_collab.ports.terminals import Terminals
from ltt_collab.renewal import hub_token_reader
from ltt_collab.settings import Settings

log = structlog.get_logger(__name__)

MEBIBYTE = 1024 * 1024

SCOPES_AGAIN = 10.0
"""Seconds until a hub that could not say what our token may do is asked again."""


class Servers(Protocol):
    """What a service asks of its learners' servers; ``settle`` comes first, then ``run``."""

    authenticators: Sequence[Authenticator]
    """Who else can vouch for a token."""

    logins: HubLogins | None
    """Where people log in; None: with us."""

    sealed: Sealed | None
    """What programs are given that people let in; None: nobody lets any in."""

    def settle(self, around: Surroundings, registry: Registry) -> None:
        """Say what their rooms share, and where open rooms are listed."""
        ...

    async def owner(self) -> Username:
        """Who learns here, where there is one server and it says so; '' otherwise."""
        ...

    async def run(self) -> None:
        """Be in their rooms until cancelled."""
        ...

    def state(self) -> tuple[bool, str]:
        """Whether they are watched, and what there is to say of it."""
        ...

    async def welcome(self, username: Username) -> None:
        """Forget that this learner sent us away.

        Raises:
            StoreUnavailableError
        """
        ...

    def announce(self, owner: Username, name: str) -> None:
        """Look at once at a server that somebody says has come up."""
        ...

    def server_of(self, learner: Username) -> ServerId | None:
        """Where a learner's server is."""
        ...

    def kernels(self, server: ServerId) -> KernelServer | None:
        """A server's kernels, None where it is not connected."""
        ...

    def terminals(self, server: ServerId) -> Terminals | None:
        """A server's terminals, None where it is not connected."""
        ...

    def files(self, server: ServerId) -> LearnerFiles | None:
        """A server's files, None where it is not connected."""
        ...


@asynccontextmanager
async def reached_servers(settings: Settings) -> AsyncIterator[Servers]:
    """The servers that the settings name, reachable while the context is open.

    Raises:
        InvalidSettingError
    """
    if settings.hub_api_url:
        token = HubToken(settings.hub_token.get_secret_value(), hub_token_reader(settings))
        async with HubRest(settings.hub_api_url, token) as rest:
            hub = JupyterHub(rest)
            yield HubServers(hub, settings, token, JupyterHubLogins(rest, hub))
        return
    address = JupyterAddress.parse(settings.jupyter_url, settings.jupyter_token.get_secret_value())
    async with (
        JupyterServer(address, frame_cap=settings.max_frame_mib * MEBIBYTE) as server,
        JupyterKernels(address, server.rest) as kernels,
    ):
        yield OneServer(server, kernels, JupyterTerminals(address, server.rest))


class OneServer:
    """A single Jupyter server, whoever works on it."""

    def __init__(self, server: JupyterServer, kernels: JupyterKernels, terminals: JupyterTerminals) -> None:
        self._server, self._kernels, self._terminals = server, kernels, terminals
        self._files = JupyterFiles(server.rest)
        self._supervisor: Supervisor | None = None
        self.authenticators: Sequence[Authenticator] = ()
        self.logins: HubLogins | None = None
        self.sealed: Sealed | None = None

    async def owner(self) -> Username:
        """Whom the server takes the owner of its token for; '' where it invents names."""
        return await owner_of(self._server.rest)

    def settle(self, around: Surroundings, registry: Registry) -> None:
        """Say what its rooms share."""
        self._supervisor = Supervisor(self._server, around, registry)

    async def run(self) -> None:
        """Be in its rooms until cancelled."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._kernels.tidy, name="kernels left behind")
            tasks.start_soon(self._settled.run, name="supervisor")

    def state(self) -> tuple[bool, str]:
        """Whether it is watched, and why not."""
        watching = self._settled.is_watching
        return watching, "" if watching else self._settled.why_not

    async def welcome(self, username: Username) -> None:
        """Forget that this learner sent us away.

        Raises:
            StoreUnavailableError
        """
        await self._settled.welcome(username)

    def announce(self, _owner: Username, _name: str) -> None:
        """Connect at once if it is not watched."""
        if not self._settled.is_watching:
            self._settled.look_again()

    def server_of(self, _learner: Username) -> ServerId | None:
        """Everybody's is this one."""
        return self._server.id

    def kernels(self, _server: ServerId) -> KernelServer | None:
        """Its kernels."""
        return self._kernels

    def terminals(self, _server: ServerId) -> Terminals | None:
        """Its terminals."""
        return self._terminals

    def files(self, _server: ServerId) -> LearnerFiles | None:
        """Its files."""
        return self._files

    @property
    def _settled(self) -> Supervisor:
        assert self._supervisor is not None, "settle() comes first"
        return self._supervisor


class HubServers:
    """Every learner's server of one hub."""

    def __init__(self, hub: Hub, settings: Settings, token: HubToken, logins: HubLogins) -> None:
        """``token``: the one that ``hub`` is asked with; ``logins``: of people at that hub."""
        self._hub, self._settings, self._token = hub, settings, token
        self.logins: HubLogins | None = logins
        self._places = ServerPlaces(proxy_url=settings.hub_proxy_url, direct_url=settings.hub_direct_url, token=token)
        groups = HubGroups(learners=settings.hub_learners, instructors=settings.hub_instructors)
        people = HubAuthenticator(hub, groups)
        self.sealed: Sealed | None = Sealed(token.secret, SystemClock())
        self.authenticators: Sequence[Authenticator] = (GrantedTokens(self.sealed, people), people)
        self._fleet: Fleet | None = None
        self._lacking = ""

    async def owner(self) -> Username:
        """Nobody: each server has its own."""
        return Username("")

    def settle(self, around: Surroundings, registry: Registry) -> None:
        """Say what their rooms share."""
        settings = self._settings
        hours = ServerHours(
            max_age=settings.hub_max_age_seconds,
            untouched=settings.hub_untouched_seconds,
            warn=settings.hub_warn_seconds,
        )
        pace = FleetPace(sweep=settings.hub_sweep_seconds, hours=hours)
        self._fleet = Fleet(self._hub, self._connect, around, registry, pace)

    async def run(self) -> None:
        """Be in their rooms until cancelled."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._check_scopes, name="scopes at the hub")
            tasks.start_soon(self._settled.run, name="fleet")

    def state(self) -> tuple[bool, str]:
        """Ready while the hub's servers are known; trouble with the hub is said, and ends no open room."""
        fleet = self._settled
        trouble = str(fleet.trouble) if fleet.trouble is not None else ""
        if self._lacking:
            return False, self._lacking
        if isinstance(fleet.trouble, HubUnavailableError) and fleet.has_swept:
            return True, trouble
        renewed = f"our token at the hub was read anew from its file, {self._token.renewals} times by now"
        calm = (renewed if self._token.renewals else "") if fleet.has_swept else "asking the hub"
        return fleet.has_swept and fleet.trouble is None, trouble or calm

    async def welcome(self, username: Username) -> None:
        """Forget that this learner sent us away.

        Raises:
            StoreUnavailableError
        """
        await self._settled.welcome(username)

    def announce(self, owner: Username, name: str) -> None:
        """Ask the hub at once about that server."""
        self._settled.announce(owner, name)

    def server_of(self, learner: Username) -> ServerId | None:
        """A learner's server, None when none runs."""
        return self._settled.server_of(learner)

    def kernels(self, server: ServerId) -> KernelServer | None:
        """A server's kernels."""
        return self._settled.kernels(server)

    def terminals(self, server: ServerId) -> Terminals | None:
        """A server's terminals."""
        return self._settled.terminals(server)

    def files(self, server: ServerId) -> LearnerFiles | None:
        """A server's files."""
        return self._settled.files(server)

    @asynccontextmanager
    async def _connect(self, server: HubServer) -> AsyncIterator[LearnerServer]:
        async with connected(self._places, server, frame_cap=self._settings.max_frame_mib * MEBIBYTE) as reached:
            yield LearnerServer(
                server=reached.server, kernels=reached.kernels, terminals=reached.terminals, files=reached.files
            )

    async def _check_scopes(self) -> None:
        """Say once what our token lacks, or may do beyond our needs; waits for a hub that is away."""
        while True:
            try:
                us = await self._hub.identify_us()
                report = check_scopes(us, self._settings.hub_learners, stops=self._settings.hub_untouched_seconds > 0)
            except HubError as error:
                log.debug("scopes not known yet", reason=str(error))
                await anyio.sleep(SCOPES_AGAIN)
                continue
            if report.missing:
                self._lacking = f"our token at the hub lacks {', '.join(report.missing)}: {report.remedy}"
                log.error("scopes missing", missing=report.missing, remedy=report.remedy)
            else:
                self._lacking = ""
            if report.excess:
                log.warning("token may do more than needed", excess=report.excess, remedy="take them from its roles")
            return

    @property
    def _settled(self) -> Fleet:
        assert self._fleet is not None, "settle() comes first"
        return self._fleet
