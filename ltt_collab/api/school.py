"""What the routes about courses share: the classroom and its records, and who may do what with them."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Query, Request
from pydantic import StringConstraints

from ltt_collab.access.school import School
from ltt_collab.api.door import Door, TheDoor
from ltt_collab.model.errors import ForbiddenError, UnknownCourseError
from ltt_collab.model.identity import Role
from ltt_collab.model.ids import CourseId, TaskId, Username
from ltt_collab.ports.learning import (
    Selected,
)

MOST = 500
"""Records of one page."""

Key = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Limit = Annotated[int, Query(ge=1, le=MOST, description="Records of this page, at most.")]


def _school(request: Request) -> School:
    school: School = request.app.state.school
    return school


TheSchool = Annotated[School, Depends(_school)]


def learner_meant(door: Door, named: str | None) -> Username:
    """Whom a request is about: the learner themselves, or whom somebody else named.

    Raises:
        ForbiddenError: nobody was named, or somebody whom they may not see.
    """
    who = door.sight.principal
    learner = Username(named) if named else who.name
    if named is None and who.role is not Role.LEARNER:
        raise ForbiddenError("leave out the learner", "you are none; say whom it is about in 'learner'")
    if not door.sight.sees(learner):
        raise ForbiddenError(f"ask about {learner!r}", "you are not that learner and do not teach them")
    return learner


def expect_course(door: Door, school: School, course: str) -> CourseId:
    """The course, if it is published and they may see it.

    Raises:
        UnknownCourseError
    """
    known = any(each.id == course for each in school.classroom.courses())
    if not known or not door.sight.principal.may_see_course(CourseId(course)):
        raise UnknownCourseError(course)
    return CourseId(course)


def expect_teacher(door: Door, school: School, course: str) -> CourseId:
    """The course, if they teach it.

    Raises:
        UnknownCourseError, ForbiddenError
    """
    known = expect_course(door, school, course)
    if not door.sight.principal.may_teach(known):
        raise ForbiddenError(f"do that in course {course!r}", "you do not teach it")
    return known


def selection(
    door: TheDoor,
    school: TheSchool,
    course: Annotated[str | None, Query(description="Only of this course.")] = None,
    task: Annotated[str | None, Query(description="Only of this task.")] = None,
    learner: Annotated[str | None, Query(description="Only this learner's; a learner sees only their own.")] = None,
) -> Selected:
    """Which records are asked for, held to what they may see.

    Raises:
        UnknownCourseError, ForbiddenError
    """
    teaches = course is not None and door.sight.principal.may_teach(CourseId(course))
    if course is not None:
        expect_course(door, school, course)
    everybody = learner is None and (door.sight.principal.is_service or teaches)
    return Selected(
        course=None if course is None else CourseId(course),
        task=None if task is None else TaskId(task),
        learner=None if everybody else learner_meant(door, learner),
    )


Selection = Annotated[Selected, Depends(selection)]
