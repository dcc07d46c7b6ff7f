"""Whatever stands in a course's files, reading it ends with problems and never with an exception."""

from __future__ import annotations

import random
import warnings
from pathlib import Path

import pytest

from ltt_collab.curriculum.leaks import find_leaks
from ltt_collab.curriculum.loader import examine_course
from tests.support.courses import COURSE_YAML, GENERATE, NOTEBOOK, REFERENCE, TASK_YAML, write_course

SOUND = {"course": COURSE_YAML, "task": TASK_YAML, "notebook": NOTEBOOK, "generate": GENERATE, "reference": REFERENCE}

PIECES = [
    *":[]{}'\"#?%@`\t\x00é💥_", "- ", "\n", "!py ", "!set ", "&a ", "*a ", "null", "1e999", "|\n", ">\n", ".nan",
    "<<: ", "!!python/object/apply:os.system [x]", "0x", "...", "---\n", "9" * 40, "tasks:", "checks:", "generate",
]  # fmt: skip


def damaged(text: str, chance: random.Random) -> str:
    for _ in range(chance.randint(0, 4)):
        at = chance.randrange(len(text) + 1)
        cut = at + chance.choice([0, 0, chance.randint(1, 12)])
        text = text[:at] + chance.choice(["", *PIECES]) + text[cut:]
    return text


@pytest.mark.proves("course:never-breaks-the-reader")
@pytest.mark.parametrize("seed", range(4))
def test_damaged_files_are_problems(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)  # Python's about what it reads
        for number in range(60):
            root = tmp_path / str(number)
            loaded = examine_course(write_course(root, **{name: damaged(text, chance) for name, text in SOUND.items()}))
            if loaded.course is not None:
                for task, files in zip(loaded.course.tasks, loaded.files, strict=True):
                    find_leaks(task, files, loaded.problems)
