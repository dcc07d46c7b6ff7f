"""A new course is sound from its first minute."""

from __future__ import annotations

from pathlib import Path

import pytest

from ltt_collab.coursework.lint import LintOptions, lint
from ltt_collab.curriculum.templates import new_course
from ltt_collab.model.errors import CourseError
from tests.support.courses import plain_judge


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    new_course(tmp_path / "My First Course!", "It's: mine")
    return tmp_path / "My First Course!"


@pytest.mark.proves("course:new-is-clean")
async def test_a_new_course_lints_clean_and_its_checks_catch_every_mutant(folder: Path) -> None:
    report = await lint(folder, LintOptions(), plain_judge())
    assert report.problems == ()
    assert report.course is not None
    assert (report.course.id, report.course.title) == ("my-first-course", "It's: mine")
    (trial,) = report.tried
    assert trial.caught == trial.mutants > 0


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    for target in (tmp_path, tmp_path / "mine"):
        with pytest.raises(CourseError, match="is there and not empty"):
            new_course(target, "T")
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
