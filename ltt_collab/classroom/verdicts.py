"""Verdicts on work that could not be judged."""

from __future__ import annotations

import time

from ltt_collab.model.courses import Task
from ltt_collab.model.validations import Outcome, ValidationMode, Verdict


def unjudged(task: Task, mode: ValidationMode, outcome: Outcome, cause: str, began: float) -> Verdict:
    """A verdict without any check; ``began`` by ``time.monotonic``."""
    return Verdict(
        task=task.id,
        mode=mode,
        outcome=outcome,
        passed=False,
        score=0.0,
        max_score=task.points,
        first_cause=cause,
        checks=(),
        duration_ms=(time.monotonic() - began) * 1000,
    )
