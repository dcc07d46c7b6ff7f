"""The example of ``docs/howto/write-a-course.md`` is a course."""

from __future__ import annotations

import re
from pathlib import Path

from ltt_collab.curriculum.loader import examine_course
from tests.support.courses import write_course

HOWTO = Path(__file__).parents[3] / "docs" / "howto" / "write-a-course.md"


def test_the_example_of_the_howto_is_a_sound_course(tmp_path: Path) -> None:
    text = HOWTO.read_text()
    course, task = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    (generate,) = re.findall(r"```python\n(def .*?)```", text, re.DOTALL)
    root = write_course(tmp_path, course=course.replace(", median", ""), task=task, generate=generate)
    loaded = examine_course(root)
    assert [str(problem) for problem in loaded.problems.found] == []
    assert loaded.course is not None
    assert [check.name for check in loaded.course.tasks[0].checks] == ["three numbers", "nothing", "other numbers"]
