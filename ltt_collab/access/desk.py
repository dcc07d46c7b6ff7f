"""How people steer the AI, as every door reaches it."""

from __future__ import annotations

from dataclasses import dataclass, field

from ltt_collab.ports.clock import Clock
from ltt_collab.ports.hints import HintKeeping, NoKeptHints
from ltt_collab.ports.offering import NoOffers, Offering
from ltt_collab.ports.steering import Approvals, Steering, Whispering


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Standing orders, drafts that wait, a person's own words, the cells they offer and the hints they keep."""

    steering: Steering
    approvals: Approvals
    whispering: Whispering
    clock: Clock
    offering: Offering = field(default_factory=NoOffers)
    hints: HintKeeping = field(default_factory=NoKeptHints)
