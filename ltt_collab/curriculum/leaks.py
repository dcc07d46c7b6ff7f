"""Finds answers that learners could read: hidden values, the solution, private files among what is released."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from typing import Any, Final

from ltt_collab.curriculum.problems import Problems
from ltt_collab.curriculum.tasks import REFERENCES, TASK_FILE, TaskFiles
from ltt_collab.model.courses import Check, Compared, Expected, Task, TaskKind
from ltt_collab.model.solving import PART

LEAK = "leak"

TELLING = 6
"""Letters and digits from which on a value says something: ``[]``, ``True`` or ``42`` stand in many a text."""

LINE = 14
"""Letters and digits of a line of the solution that tells how it is done."""

_SPACE: Final = re.compile(r"\s+")
_FENCED: Final = re.compile(r"^(?:`{3,}|~{3,}).*?\n(.*?)^(?:`{3,}|~{3,})\s*$", re.MULTILINE | re.DOTALL)
_INLINE: Final = re.compile(r"`([^`\n]+)`")


def find_leaks(task: Task, files: TaskFiles, problems: Problems) -> None:
    """Note every answer that stands in what is released, or in what learners are told."""
    released = _squeezed(_released_text(task))
    _hidden_values(task, files, released, problems)
    _solution(task, files, problems)
    _private_files(task, files, problems)
    _telling_hints(task, files, problems)


def _released_text(task: Task) -> str:
    texts = [cell["source"] for cell in json.loads(task.notebook)["cells"]]
    texts += [content.decode(errors="replace") for path, content in task.data.items() if path != task.database]
    # What checks say is told to learners, be they hidden or not.
    texts += [message for check in task.checks for message in (check.success_message, check.failure_message)]
    return "\n".join([*texts, *task.hints])


def _hidden_values(task: Task, files: TaskFiles, released: str, problems: Problems) -> None:
    visible = {_squeezed(check.subject) for check in task.checks if not check.hidden}
    for check in task.checks:
        if not check.hidden:
            continue
        for what, value in _secrets(check):
            text = _squeezed(value)
            if _telling(text) >= TELLING and text in released and text not in visible:
                problems.error(
                    files.path(TASK_FILE),
                    _line_of_check(files, check),
                    f"hidden check {check.name!r}: its {what} {value[:60]!r} stands in what learners get; change one",
                    kind=LEAK,
                )


def _secrets(check: Check) -> Iterator[tuple[str, str]]:
    if check.compared is Compared.EXPRESSION and check.subject:
        # A hidden check of a name that the task gives is a check of a value: the name is no secret.
        if not check.subject.isidentifier():
            yield "expression", check.subject
        if check.expected is not Expected.RAISES:
            yield "expected value", check.expect
    elif check.compared is Compared.SQL:
        yield "expected value", check.expect
    elif check.pattern:
        yield "pattern", check.pattern


def _line_of_check(files: TaskFiles, check: Check) -> int:
    lines = files.text(TASK_FILE).split("\n")
    named = (number for number, line in enumerate(lines, start=1) if "name:" in line and check.name in line)
    return next(named, 0)


def _solution(task: Task, files: TaskFiles, problems: Problems) -> None:
    """The whole solution in one piece of released code, however it is spaced."""
    parts = [_normal(part, task.kind) for part in PART.split(task.reference)]
    wanted = [part for part in parts if _telling(part) >= TELLING]
    for number, code in _released_code(task):
        given = _normal(code, task.kind)
        if any(part in given for part in wanted):
            problems.error(
                files.path(files.notebooks[0]) if files.notebooks else files.at,
                0,
                f"cell {number} shows the solution ({REFERENCES[task.kind]}); take it out",
                kind=LEAK,
            )


def _released_code(task: Task) -> Iterator[tuple[int, str]]:
    cells: list[dict[str, Any]] = json.loads(task.notebook)["cells"]
    for number, cell in enumerate(cells):
        if cell["cell_type"] == "code":
            yield number, cell["source"]
        else:
            yield from ((number, code) for code in _FENCED.findall(cell["source"]))


def _private_files(task: Task, files: TaskFiles, problems: Problems) -> None:
    for path, content in task.private.items():
        for other, released in task.data.items():
            if content.strip() and content.strip() in released:
                problems.error(
                    files.path(f"private/{path}"), 0, f"all of it stands in {other}, which learners get", kind=LEAK
                )


def _telling_hints(task: Task, files: TaskFiles, problems: Problems) -> None:
    """A hint with a line of the solution that learners did not get with the task."""
    before = _squeezed("\n".join(cell["source"] for cell in json.loads(task.notebook)["cells"]))
    lines = [_squeezed(line) for line in task.reference.split("\n") if not line.lstrip().startswith("#")]
    telling = [line for line in lines if _telling(line) >= LINE and line not in before]
    for number, hint in enumerate(task.hints, start=1):
        code = _squeezed(" ".join([*_FENCED.findall(hint), *_INLINE.findall(hint)]))
        for line in telling:
            if line in code:
                problems.warning(
                    files.path(TASK_FILE),
                    0,
                    f"hint {number} shows a line of the solution; use another example",
                    kind=LEAK,
                )
                break


def _normal(code: str, kind: TaskKind) -> str:
    if kind is TaskKind.PYTHON:
        try:
            return ast.unparse(ast.parse(code))  # how far a line is moved to the right can be all the difference
        except (SyntaxError, ValueError, RecursionError):
            return _squeezed(code)
    return _squeezed(code).lower()


def _squeezed(text: str) -> str:
    return _SPACE.sub("", text).replace('"', "'")


def _telling(text: str) -> int:
    return sum(character.isalnum() for character in text)
