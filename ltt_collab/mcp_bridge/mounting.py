"""Puts the bridge together from what the service has, and into its app."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from fastapi import FastAPI
from starlette.routing import Route
from starlette.types import Scope

from ltt_collab.mcp_bridge.answers import OutputBudget
from ltt_collab.mcp_bridge.calling import Behind
from ltt_collab.mcp_bridge.server import PATH, Bridge, BridgeOptions
from ltt_collab.model.errors import UnknownCellError, UnknownRoomError
from ltt_collab.model.identity import Sight
from ltt_collab.model.ids import CellId, RoomId, ServerId
from ltt_collab.peer.agent_audit import AgentAudit
from ltt_collab.peer.agent_checks import AgentChecks
from ltt_collab.peer.editing import AgentEditing
from ltt_collab.peer.forking import AgentForks
from ltt_collab.peer.registry import Registry
from ltt_collab.peer.running import AgentRunning
from ltt_collab.peer.scratch_turns import OF_ALL
from ltt_collab.ports.classroom import Classroom
from ltt_collab.ports.clock import Clock
from ltt_collab.ports.files import LearnerFiles
from ltt_collab.ports.insight import RoomInsight
from ltt_collab.ports.kernels import KernelServer, Sandbox
from ltt_collab.ports.presence import Presence
from ltt_collab.ports.privacy import AuditStore
from ltt_collab.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the bridge reaches; ``sight_of``: whom the sender of a request may see."""

    registry: Registry
    insight: RoomInsight
    kernels: Callable[[ServerId], KernelServer | None]
    files: Callable[[ServerId], LearnerFiles | None]
    sandbox: Sandbox | None
    classroom: Classroom | None
    audit: AuditStore | None
    clock: Clock
    sight_of: Callable[[Scope], Sight]


def mount_bridge(app: FastAPI, parts: Parts, settings: Settings) -> Bridge:
    """Serve ``/mcp`` in that app; the bridge answers while its ``running()`` is open."""
    audit = AgentAudit(parts.audit)
    behind = Behind(
        directory=parts.registry,
        insight=parts.insight,
        editing=AgentEditing(parts.registry, audit, learner_cells=settings.agents_edit_learner_cells),
        running=AgentRunning(
            parts.registry,
            audit,
            parts.kernels,
            parts.sandbox,
            scratch_kernels=settings.mcp_scratch_kernels or OF_ALL,
        ),
        forks=AgentForks(parts.registry, audit, parts.files, learner_cells=settings.agents_edit_learner_cells),
        clock=parts.clock,
        checks=None if parts.classroom is None else AgentChecks(parts.registry, audit, parts.classroom),
        presence=lambda room: _presence(parts.registry, room),
        output=partial(_output, parts.registry),
        beside=audit.run,
        budget=OutputBudget(characters=settings.mcp_output_characters, image_bytes=settings.mcp_image_kib * 1024),
    )
    named = [*settings.mcp_hosts.split(","), urlsplit(settings.public_url).netloc]
    hosts = tuple(name.strip() for name in named if name.strip())
    options = BridgeOptions(hosts=(*hosts, settings.host), calls_per_minute=settings.mcp_calls_per_minute)
    bridge = Bridge(behind, parts.sight_of, options)
    app.router.routes.insert(0, Route(PATH, endpoint=bridge))  # before any page that catches all paths
    return bridge


def _output(registry: Registry, room: RoomId, cell: CellId, index: int) -> Mapping[str, Any]:
    try:
        page = registry.peer(room).page
        return {} if page is None else page.view.output_data(cell, index)
    except (UnknownRoomError, UnknownCellError):
        return {}


def _presence(registry: Registry, room: RoomId) -> Presence | None:
    try:
        page = registry.peer(room).page
    except UnknownRoomError:
        return None
    return None if page is None or page.provider is None else page.provider.presence
