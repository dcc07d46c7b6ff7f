"""What the judge found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ltt_collab.model.ids import TaskId


class ValidationMode(StrEnum):
    """How a task is checked.

    ``LIVE``: formative, in the learner's running kernel. ``CLEAN``: summative, in a fresh kernel, from the top.
    """

    LIVE = "live"
    CLEAN = "clean"


class CleanPlace(StrEnum):
    """Where a clean check runs.

    ``LEARNER``: on the learner's own server, where its checks allow it. ``SANDBOX``: always in a sandbox of ours.
    """

    LEARNER = "learner"
    SANDBOX = "sandbox"


class Outcome(StrEnum):
    """How a validation ended. Every fault has one; there is always a verdict.

    ``BUSY``: live only, the learner's own code runs just now; nothing was checked.
    """

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"
    TIMEOUT = "timeout"
    KERNEL_DIED = "kernel_died"
    MEMORY = "memory"
    NO_KERNEL = "no_kernel"
    BUSY = "busy"


NOT_JUDGED = frozenset({Outcome.BUSY, Outcome.NO_KERNEL})
"""Outcomes that say nothing of the learner's work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """One check's result, fit to be shown to the learner: a hidden check tells no input and no expected value.

    ``message``: a sentence for the learner. ``expected`` and ``got``: short source-like texts, None where there is
    nothing to show. ``skipped``: not run (depends on one that failed, or may not run there); never ``passed``.
    ``asked``: the expression that gave ``got``, None where there is none.
    ``points``: earned; ``max_points``: to be had.
    """

    name: str
    passed: bool
    hidden: bool
    points: float
    max_points: float
    message: str
    expected: str | None = None
    got: str | None = None
    skipped: bool = False
    asked: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The judge's answer about one task. ``first_cause``: one sentence, what to mend first; None when all passed."""

    task: TaskId
    mode: ValidationMode
    outcome: Outcome
    passed: bool
    score: float
    max_score: float
    first_cause: str | None
    checks: tuple[CheckResult, ...]
    duration_ms: float

    @property
    def is_judged(self) -> bool:
        """Whether anything of the learner's work was looked at: else the same check may find more a moment later."""
        looked = self.passed or any(not check.skipped for check in self.checks)
        return looked and self.outcome not in NOT_JUDGED

    @property
    def first_failed(self) -> CheckResult | None:
        """The first check that ran and failed, in the task's order."""
        return next((check for check in self.checks if not check.passed and not check.skipped), None)
