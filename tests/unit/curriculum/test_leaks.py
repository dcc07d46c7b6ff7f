"""What learners could read of the answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from ltt_collab.curriculum.leaks import find_leaks
from ltt_collab.curriculum.loader import examine_course
from tests.support.courses import NOTEBOOK, REFERENCE, TASK_YAML, write_course

HIDDEN = """\
  - name: a secret
    expression: mean([10, 20, 99])
    expect: [43.000001, 17]
    hidden: true
"""


def leaks(root: Path) -> list[str]:
    loaded = examine_course(root)
    assert loaded.course is not None
    assert loaded.problems.errors == []
    before = len(loaded.problems.found)
    for task, files in zip(loaded.course.tasks, loaded.files, strict=True):
        find_leaks(task, files, loaded.problems)
    return [str(problem) for problem in loaded.problems.found[before:]]


def with_secret(text: str = TASK_YAML) -> str:
    return text.replace("hints:", HIDDEN + "hints:")


def test_a_course_that_keeps_its_answers_to_itself_has_none(tmp_path: Path) -> None:
    assert leaks(write_course(tmp_path, task=with_secret())) == []


@pytest.mark.proves("course:leaks-found")
@pytest.mark.parametrize(
    ("where", "text"),
    [
        ("notebook", "\nTry `mean([10,20, 99])`.\n"),
        ("notebook", "\nIt gives [43.000001, 17].\n"),
        ("task", "  - It is [43.000001, 17] there.\n"),
    ],
)
def test_a_hidden_input_or_value_in_what_is_released_is_an_error(tmp_path: Path, where: str, text: str) -> None:
    notebook = NOTEBOOK + text if where == "notebook" else NOTEBOOK
    task = with_secret() + (text if where == "task" else "")
    (found,) = leaks(write_course(tmp_path, notebook=notebook, task=task))
    assert found.startswith("tasks/mean/task.yaml:15: error: hidden check 'a secret'")


def test_a_hidden_value_in_a_data_file_is_an_error(tmp_path: Path) -> None:
    root = write_course(tmp_path, task=with_secret())
    (root / "tasks" / "mean" / "data.txt").write_text("x [43.000001,17] y")
    assert len(leaks(root)) == 1


def test_a_value_that_a_visible_check_says_too_and_short_ones_are_no_secret(tmp_path: Path) -> None:
    short = HIDDEN.replace("[43.000001, 17]", "True").replace("mean([10, 20, 99])", "mean([2, 4, 9])")
    assert leaks(write_course(tmp_path, task=TASK_YAML.replace("hints:", short + "hints:"))) == []


@pytest.mark.proves("course:leaks-found")
def test_the_solution_in_a_cell_or_a_shown_piece_of_code_is_an_error_however_it_is_spaced(tmp_path: Path) -> None:
    shown = REFERENCE.replace("len(numbers)", "len( numbers )").replace('"', "'")
    for number, fence in enumerate(("python", "text")):
        root = write_course(tmp_path / str(number), notebook=f"{NOTEBOOK}\n```{fence}\n{shown}```\n")
        (found,) = leaks(root)
        assert "shows the solution (reference.py)" in found


def test_a_starter_that_differs_by_how_far_a_line_is_to_the_right_is_no_leak(tmp_path: Path) -> None:
    reference = "def last(items):\n    for item in items:\n        found = item\n    return found\n"
    starter = reference.replace("    return", "        return")
    notebook = f"# Last\n\n```python work\n{starter}```\n"
    assert leaks(write_course(tmp_path, notebook=notebook, reference=reference)) == []


def test_a_private_file_that_is_released_too_is_an_error(tmp_path: Path) -> None:
    root = write_course(tmp_path)
    (root / "tasks" / "mean" / "private").mkdir()
    for path in ("private/all.csv", "some.csv"):
        (root / "tasks" / "mean" / path).write_text("a,b\n1,2\n")
    (found,) = leaks(root)
    assert found.startswith("tasks/mean/private/all.csv: error: all of it stands in some.csv")


def test_a_hint_with_a_line_of_the_solution_is_a_warning(tmp_path: Path) -> None:
    task = TASK_YAML + '  - "Write `return sum(numbers) / len(numbers)`."\n'
    (found,) = leaks(write_course(tmp_path, task=task))
    assert "warning: hint 2 shows a line of the solution" in found
