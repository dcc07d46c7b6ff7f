"""How one verdict moves a learner's progress: what both the memory and the SQL adapter add up."""

from __future__ import annotations

from collections.abc import Sequence

from ltt_collab.model.ids import CourseId, Username
from ltt_collab.model.validations import NOT_JUDGED, Verdict
from ltt_collab.ports.learning import WHOLE_TASK, CheckProgress


def attempt(course: CourseId, learner: Username, verdict: Verdict, at: float) -> Sequence[CheckProgress]:
    """One attempt as if it were the first, for the task and for every check that ran; by check."""
    if verdict.outcome in NOT_JUDGED:  # no attempt of the learner's
        return []
    judged = [(WHOLE_TASK, verdict.passed, verdict.score, verdict.max_score)]
    judged += [
        (check.name, check.passed, check.points, check.max_points) for check in verdict.checks if not check.skipped
    ]
    return [
        CheckProgress(
            course=course,
            task=verdict.task,
            learner=learner,
            check=check,
            attempts=1,
            first_at=at,
            last_at=at,
            last_passed=passed,
            last_outcome=verdict.outcome,
            last_score=score,
            best_score=score,
            max_score=max_score,
            passed_at=at if passed else None,
        )
        for check, passed, score, max_score in sorted(judged)
    ]
