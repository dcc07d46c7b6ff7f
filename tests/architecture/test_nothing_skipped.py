"""CI counts a skipped test as a failed one."""

from __future__ import annotations

import pytest

from tests.support.nothing_skipped import require


def report(*, xfailed: bool = False) -> pytest.TestReport:
    """The report of a skipped test, or of one that failed as it should."""
    made = pytest.TestReport(
        nodeid="tests/test_x.py::test_x",
        location=("tests/test_x.py", 1, "test_x"),
        keywords={},
        outcome="skipped",
        longrepr=("tests/test_x.py", 1, "Skipped: no PostgreSQL here"),
        when="setup",
    )
    if xfailed:
        made.wasxfail = "reason: a bug of theirs"
    return made


def test_a_skipped_test_is_a_failure_that_says_why_it_was_skipped() -> None:
    skipped = report()
    require(skipped)
    assert skipped.failed
    assert "no PostgreSQL here" in str(skipped.longrepr)


def test_a_test_that_fails_as_it_should_is_left_alone() -> None:
    expected = report(xfailed=True)
    require(expected)
    assert expected.outcome == "skipped"
