"""Who gets the AI while it is brought to more and more learners."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from ltt_collab.model.ids import CourseId, Username

OTHERS = "*"
"""In a rollout: every course that is not named, and notebooks of no course."""

_FULL_CIRCLE = 2**64


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """A share of the learners, from 0 to 1, for each course; ``others`` for the rest.

    Invariants:
        1. A learner who has the AI in a course keeps it when the share grows, on every worker and after a restart.
        2. The choice for one course says nothing about another.
    """

    shares: Mapping[CourseId, float]
    others: float = 1.0

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``python=0.25, sql=1, *=0``: '' is everybody everywhere.

        Raises:
            ValueError: what to write instead.
        """
        shares: dict[CourseId, float] = {}
        for part in filter(None, (part.strip() for part in text.split(","))):
            course, _, said = (word.strip() for word in part.partition("="))
            try:
                share = float(said)
            except ValueError:
                share = -1.0
            if not course or not 0 <= share <= 1:
                raise ValueError("write courses with a share from 0 to 1, as in python-intro=0.25, *=0")
            shares[CourseId(course)] = share
        others = shares.pop(CourseId(OTHERS), 1.0)
        return cls(shares=shares, others=others)

    @property
    def is_partial(self) -> bool:
        """Whether there is anybody without it."""
        return min(self.others, *self.shares.values(), 1.0) < 1

    def includes(self, learner: Username | None, course: CourseId | None) -> bool:
        """Whether a learner has the AI in a course; one who is not known yet has it where everybody does."""
        share = self.others if course is None else self.shares.get(course, self.others)
        if share >= 1 or learner is None:
            return share >= 1
        digest = hashlib.sha256(f"{course or ''}\0{learner}".encode()).digest()
        return int.from_bytes(digest[:8], "big") < share * _FULL_CIRCLE
