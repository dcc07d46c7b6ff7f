"""What authors write below ``expect:`` becomes the Python value that they mean."""

from __future__ import annotations

from pathlib import Path

import pytest

from ltt_collab.model.courses import Compared, Expected
from ltt_collab.model.errors import CourseError
from tests.support.courses import course_in


def expecting(value: str) -> str:
    return f"title: T\nchecks:\n  - name: n\n    expression: x\n    expect: {value}\n"


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("3", 3),
        ("-1.5e3", -1500.0),
        ("true", True),
        ("True", True),
        ("null", None),
        ("None", None),
        ("yes", "yes"),
        ("2024-01-01", "2024-01-01"),
        ("hello there", "hello there"),
        ("...", "..."),
        ('"3"', "3"),
        ("'(1, 2)'", "(1, 2)"),
        ("(1, 2)", (1, 2)),
        ("b'x'", b"x"),
        ("[1, [two, 3.0], null]", [1, ["two", 3.0], None]),
        ("{a: 1, 2: [b]}", {"a": 1, 2: ["b"]}),
        ("!tuple [1, !tuple [2]]", (1, (2,))),
        ("!set [1, 2, 2]", {1, 2}),
        ("!set []", set()),
        ('!py "{(1, 2): {3}}"', {(1, 2): {3}}),
        ("|\n      two\n      lines", "two\nlines\n"),
        ("''", ""),
        ("[]", []),
    ],
)
def test_a_value_is_the_source_of_a_python_literal(tmp_path: Path, written: str, value: object) -> None:
    (check,) = course_in(tmp_path, task=expecting(written)).tasks[0].checks
    assert check.expect == repr(value)


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ('!py "os.system(1)"', "is not a Python literal"),
        ("!set [[1]]", "cannot be in a set"),
        ("!tupel [1]", "unknown tag"),
    ],
)
def test_what_stands_for_no_value_is_refused(tmp_path: Path, written: str, wanted: str) -> None:
    with pytest.raises(CourseError, match=wanted):
        course_in(tmp_path, task=expecting(written))


def test_every_kind_of_check_is_read(tmp_path: Path) -> None:
    task = """\
title: T
reads_terminal: true
time_limit: 20
memory_limit: 256
checks:
  - {name: a, expression: f(1), reference: true, tolerance: 0.1, time_limit: 2}
  - {name: b, output: "^x$", success_message: good, failure_message: bad}
  - {name: c, file: data/out.txt, pattern: "^1", depends_on: [a, b]}
  - {name: d, file: out.txt}
  - {name: e, source: {must_use: [for, sum], must_not_use: lambda}, hidden: true}
  - {name: f, expression: f(0), raises: json.JSONDecodeError}
"""
    read = course_in(tmp_path, task=task).tasks[0]
    a, b, c, d, e, f = read.checks
    assert (read.time_limit, read.memory_limit, read.reads_terminal) == (20, 256, True)
    assert (a.expected, a.tolerance, a.time_limit, a.expect) == (Expected.REFERENCE, 0.1, 2, "")
    assert (b.compared, b.pattern, b.success_message, b.failure_message) == (Compared.OUTPUT, "^x$", "good", "bad")
    assert (c.compared, c.subject, c.pattern, c.depends_on) == (Compared.FILE, "data/out.txt", "^1", ("a", "b"))
    assert (d.subject, d.pattern) == ("out.txt", "")
    assert (e.must_use, e.must_not_use, e.hidden) == (("for", "sum"), ("lambda",), True)
    assert (f.expected, f.expect) == (Expected.RAISES, "json.JSONDecodeError")


def test_what_a_course_says_by_default_holds_for_its_tasks(tmp_path: Path) -> None:
    course = "id: c\ntitle: C\ntasks: [mean]\ndefaults: {points: 2, check_time_limit: 3, time_limit: 12, "
    course += "memory_limit: 300}\n"
    read = course_in(tmp_path, course=course, task=expecting("1")).tasks[0]
    (check,) = read.checks
    assert (check.points, check.time_limit) == (2, 3)
    assert (read.points, read.time_limit, read.memory_limit) == (2, 12, 300)


def test_hints_may_have_a_file_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "tasks" / "mean").mkdir(parents=True)
    (tmp_path / "tasks" / "mean" / "hints.yaml").write_text("hints:\n  - look\n  - then |\n")
    read = course_in(tmp_path, task=expecting("1")).tasks[0]
    assert read.hints == ("look", "then |")
    assert read.data == {}
