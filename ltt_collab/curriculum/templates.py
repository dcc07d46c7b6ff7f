"""The first files of a new course: one small task that lints clean, to be changed into one's own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from ltt_collab.model.courses import ID_PATTERN
from ltt_collab.model.errors import CourseError

COURSE: Final = """\
# What every key means: docs/howto/write-a-course.md. Check it with: ltt course lint .
id: {id}
title: {title}
tasks: [double]
defaults: {{points: 1}}
"""

TASK: Final = """\
title: Twice as much
checks:
  - name: A small number
    expression: double(4)
    expect: 8
    success_message: Twice four is eight.
    failure_message: Twice four is eight. Does your function give its result back with `return`?
  - name: Numbers that nobody told you
    generate: generate.py::numbers
    points: 2
    depends_on: A small number
    failure_message: Does it work for any number, also for 0 and for negative ones?
hints:
  - Look at what your function gives back, with `print(double(4))`.
  - A function hands its result to whoever called it with `return`.
  - "Another example: `def half(number):` and below it, moved to the right, `return number / 2`."
"""

NOTEBOOK: Final = """\
# Twice as much

Write a function `double(number)` that gives back twice the number.

| call | result |
|---|---|
| `double(4)` | `8` |

```python work
def double(number):
    # Your lines go here.
    return number
```
"""

REFERENCE: Final = """\
def double(number):
    return number * 2
"""

GENERATE: Final = '''\
"""Fresh numbers for every attempt; `random` is a random.Random."""


def numbers(random):
    for number in (0, random.randint(3, 99), random.randint(-99, -3)):
        yield f"double({number})"
'''


def new_course(folder: Path, title: str) -> Mapping[str, str]:
    """Write a new course into a folder that is empty, or not there yet; what was written, by path.

    Raises:
        CourseError: the folder holds something, or cannot be written.
    """
    files = {
        "course.yaml": COURSE.format(id=_id_of(folder.resolve().name), title=_quoted(title)),
        "tasks/double/task.yaml": TASK,
        "tasks/double/notebook.md": NOTEBOOK,
        "tasks/double/reference.py": REFERENCE,
        "tasks/double/generate.py": GENERATE,
    }
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise CourseError(str(folder), 0, "is there and not empty; name a new folder, nothing is overwritten")
        for path, text in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8")
    except OSError as error:
        raise CourseError(str(folder), 0, f"cannot be written: {error.strerror or error}") from error
    return files


def _id_of(name: str) -> str:
    """An id that is like the folder's name."""
    wanted = re.sub(r"[^a-z0-9_]+", "-", name.lower()).strip("-_")[:64]
    return wanted if ID_PATTERN.fullmatch(wanted) else "course"


def _quoted(title: str) -> str:
    return "'" + " ".join(title.split()).replace("'", "''") + "'"
