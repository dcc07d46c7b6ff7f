"""How people steer the AI, as every door reaches it."""

from __future__ import annotations

from dataclasses import dataclass

from ltt_collab.ports.clock import Clock
from ltt_collab.ports.steering import Approvals, Steering, Whispering


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Standing orders, drafts that wait for a person, and a person's own words."""

    steering: Steering
    approvals: Approvals
    whispering: Whispering
    clock: Clock
