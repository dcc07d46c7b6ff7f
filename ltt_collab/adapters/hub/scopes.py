"""What our token may do at the hub, against what the service needs: no less, and no more."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from ltt_collab.ports.hub import HubIdentity

ACCESS = "access:servers"

NEEDED = ("list:users", "read:servers", ACCESS)
"""Without these the hub lists no servers, or the servers do not let us in."""

STOP = "delete:servers"
"""Needed only where we stop servers that nobody touches."""

HARMLESS = frozenset(
    {
        *NEEDED,
        "admin:server_state",
        "access:services",
        "read:groups",
        "read:groups:name",
        "read:services:name",
        "read:users:activity",
        "read:users:groups",
        "read:users:name",
    }
)
"""What the needed ones contain, and what may reasonably be added; ``admin:server_state`` names pods to connect to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeReport:
    """``missing`` and ``excess`` scopes; ``remedy``: the role to add, '' when nothing is missing."""

    missing: Sequence[str]
    excess: Sequence[str]
    remedy: str


def check_scopes(us: HubIdentity, learners: str, *, stops: bool = False) -> ScopeReport:
    """Compare; ``learners``: the group whose servers we are to be in, for the remedy; ``stops``: we stop servers."""
    needed = (*NEEDED, STOP) if stops else NEEDED
    missing = [scope for scope in needed if not _has(us.scopes, scope)]
    fitting = {*HARMLESS, *needed}
    excess = sorted({scope for scope in us.scopes if scope.partition("!")[0] not in fitting})
    remedy = _remedy(us, learners, stops=stops) if missing else ""
    return ScopeReport(missing=missing, excess=excess, remedy=remedy)


def _has(scopes: frozenset[str], wanted: str) -> bool:
    for scope in scopes:
        name, _, limit = scope.partition("!")
        # Limited to a group, this one opens no server for an API token: the server's own check knows no groups.
        if name == wanted and not (wanted == ACCESS and limit.startswith("group=")):
            return True
    return False


def _remedy(us: HubIdentity, learners: str, *, stops: bool) -> str:
    scopes = [f"list:users!group={learners}", f"read:servers!group={learners}", ACCESS]
    role = {
        "name": us.name,
        "services" if us.kind == "service" else "users": [us.name],
        "scopes": [*scopes, f"{STOP}!group={learners}"] if stops else scopes,
    }
    return f"add to c.JupyterHub.load_roles: {json.dumps(role)} and restart the hub"
