"""A small course to write to a folder and to break, and a judge that needs no kernel."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any

from ltt_collab.curriculum.loader import load_course
from ltt_collab.model.courses import Check, Compared, Course, Expected, Task
from ltt_collab.model.solving import is_work, solved
from ltt_collab.model.validations import CheckResult, Outcome, ValidationMode, Verdict

COURSE_YAML = """\
id: basics
title: Basics
tasks: [mean]
"""

TASK_YAML = """\
title: The mean
points: 3
checks:
  - name: three numbers
    expression: mean([2, 4, 9])
    approx: 5
    points: 1
  - name: nothing
    expression: mean([])
    raises: ValueError
  - name: other numbers
    generate: "generate.py::numbers"
    hidden: true
    points: 2
hints:
  - Look at what you divide by.
"""

NOTEBOOK = """\
# The mean

Write a function `mean`.

```python
print("given")
```

```python work id=mean-work
def mean(numbers):
    ...
```
"""

REFERENCE = """\
def mean(numbers):
    if not numbers:
        raise ValueError("no numbers")
    return sum(numbers) / len(numbers)
"""

GENERATE = """\
def numbers(random):
    for length in (1, 2, 5):
        yield f"mean({[random.randint(1, 99) for _ in range(length)]})"
"""


def write_course(root: Path, **changed: str | None) -> Path:
    """The course in ``root``; a keyword names a file (``__`` for ``/``, ``_yaml`` for ``.yaml``) and its content.

    ``None`` leaves the file out.
    """
    files: dict[str, str | None] = {
        "course.yaml": COURSE_YAML,
        "tasks/mean/task.yaml": TASK_YAML,
        "tasks/mean/notebook.md": NOTEBOOK,
        "tasks/mean/reference.py": REFERENCE,
        "tasks/mean/generate.py": GENERATE,
    }
    short = {"course": "course.yaml", "task": "tasks/mean/task.yaml", "notebook": "tasks/mean/notebook.md"}
    short |= {"reference": "tasks/mean/reference.py", "generate": "tasks/mean/generate.py"}
    files |= {short[name]: content for name, content in changed.items()}
    for path, content in files.items():
        if content is not None:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(content)
    return root


def course_in(root: Path, **changed: str | None) -> Course:
    """The course, loaded."""
    return load_course(write_course(root, **changed))


class PlainJudge:
    """Runs a Python task's work cells in this process: for references and what authors break of them, never learners.

    ``checked`` counts the notebooks it was given.
    """

    def __init__(self) -> None:
        self.checked = 0

    async def check_clean(self, task: Task, notebook: str) -> Verdict:
        """The verdict, as the real judge gives one."""
        self.checked += 1
        results = [self._check(task, check, _ran(notebook), _ran(solved(task))) for check in task.checks]
        passed = all(result.passed for result in results)
        return Verdict(
            task=task.id,
            mode=ValidationMode.CLEAN,
            outcome=Outcome.PASSED if passed else Outcome.FAILED,
            passed=passed,
            score=sum(result.points for result in results),
            max_score=task.points,
            first_cause=None if passed else "a check failed",
            checks=tuple(results),
            duration_ms=1.0,
        )

    def _check(self, task: Task, check: Check, space: dict[str, Any], right: dict[str, Any]) -> CheckResult:
        assert check.compared is Compared.EXPRESSION, check
        expressions = [check.subject]
        if check.generate:
            made: dict[str, Any] = {}
            exec(task.generator, made)
            expressions = list(made[check.generate.partition("::")[2]](Random(5)))
        passed = all(_result(space, one) == self._wanted(check, right, one) for one in expressions)
        points = check.points if passed else 0.0
        return CheckResult(
            name=check.name,
            passed=passed,
            hidden=check.hidden,
            points=points,
            max_points=check.points,
            message="as it should be" if passed else "not as it should be",
        )

    def _wanted(self, check: Check, right: dict[str, Any], expression: str) -> object:
        match check.expected:
            case Expected.REFERENCE:
                return _result(right, expression)
            case Expected.RAISES:
                return f"raised {check.expect}"
            case _:
                return eval(check.expect)


def _ran(notebook: str) -> dict[str, Any]:
    space: dict[str, Any] = {}
    with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(Exception):
        for cell in json.loads(notebook)["cells"]:
            if is_work(cell):
                exec(cell["source"], space)
    return space


def _result(space: dict[str, Any], expression: str) -> object:
    try:
        return eval(expression, dict(space))
    except Exception as error:  # noqa: BLE001 - as a learner's code raises what it likes
        return f"raised {type(error).__name__}"


@asynccontextmanager
async def plain_judge(judge: PlainJudge | None = None) -> AsyncIterator[PlainJudge]:
    """A judge in a context, as the sandboxed one comes."""
    yield judge or PlainJudge()
