"""Who gets the AI while it is brought to more and more learners."""

from __future__ import annotations

import pytest

from ltt_collab.model.errors import InvalidSettingError
from ltt_collab.model.ids import CourseId, Username
from ltt_collab.model.rollout import Rollout
from ltt_collab.settings import Settings

CLASS = [Username(f"learner-{number}") for number in range(2_000)]
PYTHON, SQL = CourseId("python"), CourseId("sql")


def those_with_it(text: str, course: CourseId | None) -> set[Username]:
    rollout = Rollout.parse(text)
    return {learner for learner in CLASS if rollout.includes(learner, course)}


@pytest.mark.proves("rollout:a-share-of-a-course")
def test_a_share_of_a_courses_learners_gets_it_and_who_has_it_keeps_it_when_the_share_grows() -> None:
    tenth, quarter, everybody = (those_with_it(f"python={share}", PYTHON) for share in (0.1, 0.25, 1))
    assert 0.08 < len(tenth) / len(CLASS) < 0.12
    assert 0.22 < len(quarter) / len(CLASS) < 0.28
    assert tenth < quarter < everybody == set(CLASS)


def test_the_choice_for_one_course_says_nothing_about_another() -> None:
    both = those_with_it("python=0.5,sql=0.5", PYTHON) & those_with_it("python=0.5,sql=0.5", SQL)
    assert 0.2 < len(both) / len(CLASS) < 0.3


@pytest.mark.proves("rollout:a-share-of-a-course")
def test_named_courses_get_it_and_the_rest_does_not() -> None:
    rollout = Rollout.parse("python=1, *=0")
    assert rollout.includes(CLASS[0], PYTHON)
    assert not rollout.includes(CLASS[0], SQL)
    assert not rollout.includes(CLASS[0], None)
    assert rollout.is_partial


def test_without_a_word_of_it_everybody_has_it_everywhere() -> None:
    assert Rollout.parse("").includes(None, None)
    assert not Rollout.parse("").is_partial
    assert not Rollout.parse("python=1").is_partial


def test_who_is_not_known_yet_has_it_only_where_everybody_has() -> None:
    assert Rollout.parse("python=1,*=0.9").includes(None, PYTHON)
    assert not Rollout.parse("python=1,*=0.9").includes(None, SQL)


@pytest.mark.parametrize("wrong", ["python", "python=2", "python=-0.1", "python=many", "=0.5", "python=nan"])
def test_what_cannot_be_read_is_refused_with_what_to_write(wrong: str) -> None:
    with pytest.raises(InvalidSettingError, match=r"python-intro=0\.25"):
        Settings.read(rollout=wrong)
