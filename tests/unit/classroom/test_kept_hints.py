"""Hints that instructors keep stand in the ladder of their task, and go out as YAML."""

from __future__ import annotations

import pytest
import yaml

from ltt_collab.adapters.clock import SystemClock
from ltt_collab.adapters.store.memory import memory_stores
from ltt_collab.classroom.kept_hints import KeptHints
from ltt_collab.model.ids import CourseId, TaskId, Username
from ltt_collab.ports.classroom import TaskAt
from ltt_collab.ports.hints import KeptHint

COURSE, TASK = CourseId("basics"), TaskId("mean")
MEAN = TaskAt(course=COURSE, task=TASK)
AUTHORS = ("Look at the sum.", "How many numbers are there?")
GRACE = Username("grace")


def hint(rung: int, text: str) -> KeptHint:
    return KeptHint(course=COURSE, task=TASK, rung=rung, text=text, by=GRACE, at=1.0)


@pytest.mark.proves("tutor:kept-hints")
async def test_a_kept_hint_stands_in_the_ladder_also_after_a_restart_until_it_is_forgotten() -> None:
    stores = memory_stores()
    kept = KeptHints(stores.hints, stores.audit, SystemClock(), lambda _at: AUTHORS)
    assert kept.ladder(MEAN) == AUTHORS
    await kept.keep(hint(2, "Count them: `len`."))
    await kept.keep(hint(5, "Write the sum first."))
    again = KeptHints(stores.hints, stores.audit, SystemClock(), lambda _at: AUTHORS)
    await again.recall()
    for each in (kept, again):
        assert each.ladder(MEAN) == ("Look at the sum.", "Count them: `len`.", "Write the sum first.")
    assert yaml.safe_load(again.as_yaml(COURSE))["hints"] == list(again.ladder(MEAN))
    assert await again.forget(COURSE, TASK, 2, by=GRACE)
    assert not await again.forget(COURSE, TASK, 2, by=GRACE)
    assert again.ladder(MEAN) == (*AUTHORS, "Write the sum first.")
    noted = await stores.audit.select()
    assert [(each.action, each.actor, each.subject) for each in noted] == [
        ("hint.kept", GRACE, "basics/mean"),
        ("hint.kept", GRACE, "basics/mean"),
        ("hint.forgotten", GRACE, "basics/mean"),
    ]
