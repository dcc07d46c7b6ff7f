"""A course is published whole and at once, one folder a version."""

from __future__ import annotations

from pathlib import Path

import pytest

from ltt_collab.coursework.publishing import KEPT, VERSIONS, publish
from ltt_collab.curriculum.loader import load_course
from ltt_collab.model.errors import CourseError
from tests.support.courses import TASK_YAML, write_course


def versions(target: Path) -> list[str]:
    return sorted(path.name for path in (target / VERSIONS / "basics").iterdir())


@pytest.mark.proves("course:published-at-once")
def test_a_published_course_is_the_same_course_and_a_later_version_takes_its_place(tmp_path: Path) -> None:
    source, target = write_course(tmp_path / "source"), tmp_path / "served"
    first = publish(source, target)
    assert first.where == target / "basics"
    assert first.changed
    assert load_course(target / "basics") == load_course(source)

    (source / "tasks/mean/task.yaml").write_text(TASK_YAML.replace("The mean", "Averages"))
    second = publish(source, target)
    assert second.version != first.version
    assert load_course(target / "basics").tasks[0].title == "Averages"
    assert versions(target) == sorted([first.version[:16], second.version[:16]])


def test_publishing_again_changes_nothing(tmp_path: Path) -> None:
    source, target = write_course(tmp_path / "source"), tmp_path / "served"
    publish(source, target)
    again = publish(source, target)
    assert not again.changed
    assert len(versions(target)) == 1


@pytest.mark.proves("course:published-at-once")
def test_a_broken_course_is_refused_and_the_published_one_stays(tmp_path: Path) -> None:
    source, target = write_course(tmp_path / "source"), tmp_path / "served"
    published = publish(source, target)
    (source / "tasks/mean/task.yaml").write_text("title: [\n")
    with pytest.raises(CourseError, match=r"task.yaml:2: not YAML"):
        publish(source, target)
    assert load_course(target / "basics").version == published.version
    assert len(versions(target)) == 1


def test_a_few_versions_are_kept(tmp_path: Path) -> None:
    source, target = write_course(tmp_path / "source"), tmp_path / "served"
    for number in range(KEPT + 3):
        (source / "tasks/mean/task.yaml").write_text(TASK_YAML.replace("The mean", f"Mean {number}"))
        last = publish(source, target)
    assert len(versions(target)) == KEPT
    assert load_course(target / "basics").version == last.version


def test_what_is_no_published_course_is_left_alone(tmp_path: Path) -> None:
    source, target = write_course(tmp_path / "source"), tmp_path / "served"
    (target / "basics").mkdir(parents=True)
    (target / "basics" / "mine").write_text("mine")
    with pytest.raises(CourseError, match="is no published course but something else"):
        publish(source, target)
    assert (target / "basics" / "mine").read_text() == "mine"


def test_tools_leavings_are_no_part_of_a_course(tmp_path: Path) -> None:
    source = write_course(tmp_path / "source")
    before = load_course(source).version
    (source / "tasks/mean/__pycache__").mkdir()
    (source / "tasks/mean/__pycache__/generate.pyc").write_bytes(b"x")
    assert load_course(source).version == before
