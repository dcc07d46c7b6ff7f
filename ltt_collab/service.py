"""Wires one service together: settings in, a running service out. Nothing is decided here."""

from __future__ import annotations

import random
import secrets
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace

import anyio
import structlog
from anyio.abc import TaskGroup
from pydantic import SecretStr

from ltt_collab.access.desk import Desk
from ltt_collab.access.gatekeeper import Gatekeeper, IssuedTokens, ServiceToken
from ltt_collab.adapters.clock import SystemClock
from ltt_collab.adapters.sandbox.isolation import be_unreadable
from ltt_collab.adapters.sandbox.pool import SandboxOptions, running_sandbox
from ltt_collab.adapters.store.choosing import open_stores
from ltt_collab.adapters.store.stores import Stores
from ltt_collab.api.app import create_app
from ltt_collab.api.door import NOBODY, Door, Readiness
from ltt_collab.api.middleware import SIGHT
from ltt_collab.api.server import serve
from ltt_collab.client import LocalClient, run_tutor
from ltt_collab.client.installed import load_tutors
from ltt_collab.mcp_bridge.mounting import Parts, mount_bridge
from ltt_collab.model.ids import Username
from ltt_collab.model.presence import User
from ltt_collab.model.rollout import Rollout
from ltt_collab.peer.approvals import HeldDrafts
from ltt_collab.peer.canary import TextCanary
from ltt_collab.peer.garbage import tend_garbage
from ltt_collab.peer.insight import Insight, Sources
from ltt_collab.peer.log import EventLog
from ltt_collab.peer.offers import Offers
from ltt_collab.peer.orders import Orders
from ltt_collab.peer.recorder import Recorder
from ltt_collab.peer.registry import Registry
from ltt_collab.peer.retention import sweep_daily
from ltt_collab.peer.surroundings import Habits, Surroundings
from ltt_collab.peer.timers import Timers
from ltt_collab.peer.whispers import Whispers
from ltt_collab.ports.classroom import Checker
from ltt_collab.ports.identity import Authenticator
from ltt_collab.ports.store import StoreUpkeep
from ltt_collab.ports.tutor import TutorConfig
from ltt_collab.reception import Behind, Reception
from ltt_collab.renewal import api_token_reader
from ltt_collab.rooms.heartbeat import Heartbeat
from ltt_collab.schooling import open_school, school_door
from ltt_collab.servers import Servers, reached_servers
from ltt_collab.settings import Settings
from ltt_collab.tutoring.budget import Budget
from ltt_collab.validation.judge import Judge

log = structlog.get_logger(__name__)

TUTOR_USERNAME = Username("ltt-tutor")
"""Who we are to the rooms: fixed, so that our own notes are recognised whatever name learners see."""

TOKEN_BYTES = 24
"""Of a generated API token: 192 bits, as Jupyter's own tokens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningService:
    """A service that answers. ``api_token``: the one from the settings, or the generated one."""

    url: str
    api_token: SecretStr
    generated: bool
    reception: Reception


@asynccontextmanager
async def running_service(settings: Settings) -> AsyncIterator[RunningService]:
    """A whole service for one Jupyter server, or for all of a hub's, while the context is open.

    Raises:
        InvalidSettingError, StoreUnavailableError
    """
    async with AsyncExitStack() as stack:
        stores = await stack.enter_async_context(open_stores(settings.database_url, settings.outbox))
        servers = await stack.enter_async_context(reached_servers(settings))
        events = EventLog()
        registry = Registry(events)
        holding = SandboxOptions(warm=settings.sandbox_warm, tell=_say_what_is_missing)
        sandbox = await stack.enter_async_context(running_sandbox(holding))
        judge = Judge(sandbox)
        school = await open_school(settings, stores, registry, judge, servers)
        orders = Orders(stores.steers, stores.audit, SystemClock())
        orders.changed = registry.steered
        held = HeldDrafts(registry.propose_approved, stores.audit, SystemClock())
        around = replace(
            _surroundings(settings, stores, events, school.teaching, servers),
            releases=school.releases,
            steering=orders,
            held=held,
        )
        servers.settle(around, registry)
        insight = Insight(
            Sources(
                directory=registry,
                kernels=servers.kernels,
                terminals=servers.terminals,
                checker=school.teaching,
                sandbox=sandbox,
                ground=school.ground,
            )
        )
        token = settings.api_token
        if not token.get_secret_value():
            token = SecretStr(secrets.token_urlsafe(TOKEN_BYTES))
        vouching: list[Authenticator] = [
            ServiceToken(token, around.clock, api_token_reader(settings)),
            IssuedTokens(stores.tokens, around.clock),
            *servers.authenticators,
        ]
        gatekeeper = Gatekeeper(vouching, around.clock, stores.enrolments)
        door = Door(
            directory=registry,
            readiness=lambda: _readiness(servers, stores.upkeep),
            welcome=servers.welcome,
            announce=servers.announce,
            insight=insight,
        )
        whispers = Whispers(registry.peer, registry.rooms, stores.audit, around.clock)
        offers = Offers(registry.peer, registry.rooms, stores.audit, around.clock)
        desk = Desk(
            steering=orders, approvals=held, whispering=whispers, clock=around.clock, offering=offers, hints=school.kept
        )
        behind_doors = school_door(school.teaching, school.publishing, stores, gatekeeper)
        app = create_app(door, gatekeeper=gatekeeper, school=behind_doors, desk=desk)
        parts = Parts(
            registry=registry,
            insight=insight,
            kernels=servers.kernels,
            files=servers.files,
            sandbox=sandbox,
            classroom=school.teaching,
            audit=stores.audit,
            clock=around.clock,
            sight_of=lambda scope: scope.get(SIGHT, NOBODY),
        )
        await stack.enter_async_context(mount_bridge(app, parts, settings).running())
        behind = Behind(
            registry=registry,
            gatekeeper=gatekeeper,
            school=behind_doors,
            desk=desk,
            wishes=stores.wishes,
            logins=servers.logins,
            sealed=servers.sealed,
            owner=servers.owner,
        )
        reception = Reception(behind, settings)
        recorder = Recorder(around.log, stores.events, stores.rooms, registry, around.clock)
        stack.push_async_callback(recorder.close)  # after the rooms' last words
        tasks = await stack.enter_async_context(anyio.create_task_group())
        _keep_records(tasks, stores, recorder, around, settings)
        tasks.start_soon(judge.draw_ahead, name="fresh inputs")
        tasks.start_soon(school.examiner.run, name="examiner")
        await orders.recall()  # before any room is joined
        tasks.start_soon(orders.run, name="orders")
        tasks.start_soon(TextCanary(registry.peers, around.clock).run, name="canary")
        tasks.start_soon(reception.feed.run, name="wall")
        _start(tasks, around, servers, LocalClient(registry, insight), settings)
        before = reception.before(app, door.closing)
        served = await stack.enter_async_context(serve(app, settings.host, settings.port, before=before))
        try:
            yield RunningService(
                url=served.url,
                api_token=token,
                generated=token is not settings.api_token,
                reception=reception,
            )
        finally:
            tasks.cancel_scope.cancel()


async def run(settings: Settings, announce: Callable[[RunningService], None]) -> None:
    """Serve until SIGINT or SIGTERM; ``announce`` is told once everything answers.

    Raises:
        InvalidSettingError, StoreUnavailableError
    """
    # Where the sandbox has no namespaces, its code has our user: it must not find our tokens in /proc.
    be_unreadable()
    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async with running_service(settings) as service:
            announce(service)
            async for received in signals:
                log.info("stopping", signal=received.name)
                return


def _say_what_is_missing(missing: Sequence[str]) -> None:
    for part in missing:
        log.warning("the sandbox holds less than it should", missing=part, see="docs/howto/security.md")


def _surroundings(
    settings: Settings,
    stores: Stores,
    events: EventLog,
    checker: Checker,
    servers: Servers,
) -> Surroundings:
    clock = SystemClock()
    return Surroundings(
        user=User(
            username=TUTOR_USERNAME,
            display_name=settings.tutor_name,
            color=settings.tutor_color,
        ),
        habits=Habits(
            leave_grace=settings.leave_grace_seconds,
            hibernate_after=settings.hibernate_after_seconds,
            introduce=settings.introduce,
            chat=settings.chat,
        ),
        clock=clock,
        timers=Timers(clock),
        heartbeat=Heartbeat(clock),
        log=events,
        wishes=stores.wishes,
        suggestions=stores.suggestions,
        budget=Budget(settings.hints_per_hour),
        rollout=Rollout.parse(settings.rollout),
        random=random.random,
        frame_cap=settings.max_frame_mib * 1024 * 1024,
        checker=checker,
        kernels=servers.kernels,
        feedback=stores.feedback,
        files=servers.files,
        rooms=stores.rooms,
    )


def _start(tasks: TaskGroup, around: Surroundings, servers: Servers, client: LocalClient, settings: Settings) -> None:
    tasks.start_soon(around.heartbeat.run, name="heartbeat")
    tasks.start_soon(around.timers.run, name="timers")
    tasks.start_soon(tend_garbage, around.clock, name="garbage")
    config = TutorConfig(
        model=settings.model,
        checkpoint_url=settings.database_url,
        tokens_per_learner_hour=settings.model_tokens_per_learner_hour,
        tokens_per_course_day=settings.model_tokens_per_course_day,
        model_seconds=settings.model_seconds,
    )
    for tutor in load_tutors(config):
        tasks.start_soon(run_tutor, client, tutor, name=f"tutor {type(tutor).__name__}")
    tasks.start_soon(servers.run, name="learners' servers")


def _keep_records(
    tasks: TaskGroup, stores: Stores, recorder: Recorder, around: Surroundings, settings: Settings
) -> None:
    tasks.start_soon(stores.upkeep.run, name="outbox")
    tasks.start_soon(recorder.run, name="recorder")
    sweep = (stores.personal, stores.events, around.clock, settings.retention_days)
    tasks.start_soon(sweep_daily, *sweep, name="retention")


def _readiness(servers: Servers, upkeep: StoreUpkeep) -> Readiness:
    ready, reason = servers.state()
    return Readiness(ready=ready, reason=reason, store=upkeep.state())
