"""Which task a cell belongs to."""

from __future__ import annotations

import pytest

from ltt_collab.classroom.catalogue import Catalogue
from ltt_collab.model.errors import UnknownCourseError, UnknownTaskError
from ltt_collab.model.ids import CourseId, TaskId
from ltt_collab.ports.classroom import TaskAt
from tests.unit.classroom.courses import BASICS, MEAN, WORDS, cell, course, notebook, task

HERE = TaskAt(course=BASICS, task=MEAN)


@pytest.mark.proves("course:cells-know-their-task")
def test_a_cell_belongs_to_the_task_of_its_own_mark_else_of_the_nearest_one_above() -> None:
    catalogue = Catalogue([course()])
    page = notebook(cell("a"), cell("b", of=MEAN), cell("c"), cell("d", of=WORDS), cell("e"))
    found = [catalogue.task_of(page, name) for name in ("a", "b", "c", "d", "e", "gone")]
    words = TaskAt(course=BASICS, task=WORDS)
    assert found == [None, HERE, HERE, words, words, None]


@pytest.mark.proves("course:cells-know-their-task")
def test_a_mark_of_a_task_that_is_not_taught_changes_nothing() -> None:
    catalogue = Catalogue([course()])
    page = notebook(cell("a", of=MEAN), cell("b", of=TaskId("old")), cell("c", of=MEAN, course="elsewhere"))
    assert [catalogue.task_of(page, name) for name in ("a", "b", "c")] == [HERE, HERE, HERE]
    assert catalogue.tasks_in(page) == [HERE]


def test_a_tag_that_names_no_course_means_the_only_one_that_has_the_task() -> None:
    page = notebook(cell("a", of=MEAN, course=""))
    assert Catalogue([course()]).task_of(page, "a") == HERE
    two = Catalogue([course(), course(task(MEAN), id=CourseId("more"))])
    assert two.task_of(page, "a") is None


def test_the_text_is_what_was_released_and_nothing_of_the_reference() -> None:
    text = Catalogue([course()]).text(HERE)
    assert text == "# mean\nWrite `mean`."


def test_a_new_version_takes_the_place_of_the_old_one() -> None:
    catalogue = Catalogue([course()])
    catalogue.publish(course(task(MEAN, title="Average")))
    assert catalogue.task(BASICS, MEAN).title == "Average"
    with pytest.raises(UnknownTaskError):
        catalogue.task(BASICS, WORDS)
    catalogue.withdraw(BASICS)
    with pytest.raises(UnknownCourseError):
        catalogue.course(BASICS)
