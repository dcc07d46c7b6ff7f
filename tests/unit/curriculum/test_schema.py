"""What is wrong with a course's files is said with file, line, value and what to write instead."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ltt_collab.classroom.delivery import files_of
from ltt_collab.curriculum.loader import examine_course, load_course
from ltt_collab.curriculum.problems import Severity
from ltt_collab.model.errors import CourseError
from tests.support.courses import COURSE_YAML, NOTEBOOK, TASK_YAML, write_course


def said(root: Path, **changed: str | None) -> list[str]:
    return [str(problem) for problem in examine_course(write_course(root, **changed)).problems.found]


def task(old: str, new: str) -> dict[str, str | None]:
    assert old in TASK_YAML
    return {"task": TASK_YAML.replace(old, new, 1)}


def test_a_sound_course_has_no_problem(tmp_path: Path) -> None:
    assert said(tmp_path) == []


T = "tasks/mean/task.yaml"

WRONG: dict[str, tuple[dict[str, str | None], str]] = {
    "unknown key in a course": (
        {"course": COURSE_YAML + "taks: [mean]\n"},
        r"course.yaml:4: error: unknown key 'taks'; did you mean 'tasks'\?",
    ),
    "unknown key in a task": (task("points: 3", "point: 3"), rf"{T}:2: error: unknown key 'point'; did you mean"),
    "unknown key in a check": (task("approx: 5", "aprox: 5"), rf"{T}:6: error: unknown key 'aprox'; did you mean"),
    "a key said twice": ({"task": TASK_YAML + "title: again\n"}, rf"{T}:17: error: 'title' stands here twice"),
    "no title": (task("title: The mean\n", ""), rf"{T}:1: error: 'title' is missing"),
    "an empty name": (task("name: nothing", "name: ''"), rf"{T}:8: error: name: empty"),
    "no checks": ({"task": "title: The mean\n"}, rf"{T}:1: error: checks: there is none"),
    "checks that are no list": ({"task": "title: T\nchecks: none\n"}, rf"{T}:2: error: checks: expected a list"),
    "points that are a text": (task("points: 3", "points: many"), rf"{T}:2: error: points: expected a number.*'many'"),
    "negative points": (task("points: 1", "points: -1"), rf"{T}:7: error: points: -1 is out of range"),
    "hidden that is no flag": (task("hidden: true", "hidden: yes"), rf"{T}:13: error: hidden: .*not 'yes'"),
    "another id": (task("title:", "id: median\ntitle:"), rf"{T}:1: error: id: 'median' is not the name of its folder"),
    "an unknown kind": (task("title:", "kind: pyton\ntitle:"), rf"{T}:1: error: kind: 'pyton'.*did you mean 'python'"),
    "a name taken": (task("name: nothing", "name: three numbers"), rf"{T}:8: error: name: .*taken \(line 4\)"),
    "a statement": (task("mean([2, 4, 9])", "x = 1"), rf"{T}:5: error: expression: 'x = 1' is not a Python expression"),
    "two expectations": (task("approx: 5", "approx: 5\n    expect: 5"), rf"{T}:4: error: expect and approx stand"),
    "no expectation": (task("    approx: 5\n", ""), rf"{T}:4: error: the expected value is missing"),
    "nothing to check": (task("    expression: mean([])\n", ""), rf"{T}:8: error: what is to be checked is missing"),
    "approx without number": (task("approx: 5", "approx: five"), rf"{T}:6: error: approx: 'five' holds no number"),
    "raises no name": (task("raises: ValueError", "raises: a b"), rf"{T}:10: error: raises: 'a b' is not the name"),
    "no such generator": (task("::numbers", "::lists"), rf"{T}:12: error: generate: .*'lists'; known: numbers"),
    "a generator's file": (task("generate.py::", "make.py::"), rf"{T}:12: error: generate: expected 'generate.py::"),
    "a bad dependency": (
        task("raises: ValueError", "raises: ValueError\n    depends_on: three"),
        rf"{T}:11: error: depends_on: no check 'three'.*'three numbers'",
    ),
    "a query in a Python task": (task("expression: mean([])", "sql: query"), rf"{T}:9: error: sql: only a task of"),
    "a bad pattern": (
        task("expression: mean([])\n    raises: ValueError", "output: '('"),
        rf"{T}:9: error: output: '\('",
    ),
    "a file outside": (
        task("expression: mean([])\n    raises: ValueError", "file: ../../etc/passwd"),
        rf"{T}:9: error: file: .*leads out of the task's folder",
    ),
    "no YAML": ({"task": "title: [\n"}, rf"{T}:2: error: not YAML"),
    "an alias": ({"task": "title: &a x\nkind: *a\n"}, rf"{T}:2: error: not YAML: .*write it out"),
    "an unknown tag": (task("approx: 5", "expect: !python/object 5"), rf"{T}:6: error: expect: unknown tag"),
    "too deep": (task("approx: 5", "expect: " + "[" * 3000 + "]" * 3000), rf"{T}: error: not YAML: nested too deeply"),
    "an empty file": ({"task": ""}, rf"{T}:1: error: empty"),
    "no task.yaml": ({"task": None}, rf"{T}: error: missing"),
    "no reference": ({"reference": None}, r"tasks/mean/reference.py: error: missing; write the solution"),
    "a broken reference": ({"reference": "def mean(\n"}, r"tasks/mean/reference.py:1: error: not Python"),
    "a broken generator": ({"generate": "\n\ndef (\n"}, r"tasks/mean/generate.py:3: error: not Python"),
    "no notebook": ({"notebook": None}, r"tasks/mean/notebook.ipynb: error: missing"),
    "no place to work": ({"notebook": NOTEBOOK.replace(" work", "")}, r"notebook.md: error: no cell is the learner's"),
    "an open fence": ({"notebook": NOTEBOOK[:-4]}, r"notebook.md: error: the fence of line 9 is never closed"),
    "an unlisted task": ({"course": COURSE_YAML.replace("mean", "median")}, r"course.yaml:3: .*tasks/median; did you"),
    "a course id": ({"course": COURSE_YAML.replace("basics", "My Basics")}, r"course.yaml:1: error: id: 'My Basics'"),
    "a path as task": (
        {"course": COURSE_YAML.replace("[mean]", "[../mean]")},
        r"course.yaml:3: error: tasks: '../mean'",
    ),
    "no course": ({"course": None}, r"course.yaml: error: missing in"),
}


@pytest.mark.proves("course:errors-name-file-and-line")
@pytest.mark.parametrize("fault", WRONG)
def test_a_fault_is_named_with_file_line_value_and_remedy(tmp_path: Path, fault: str) -> None:
    changed, wanted = WRONG[fault]
    found = said(tmp_path, **changed)
    assert any(re.search(wanted, problem) for problem in found), found


def test_points_that_do_not_add_up_are_a_warning_only(tmp_path: Path) -> None:
    root = write_course(tmp_path, **task("points: 3", "points: 4"))
    (problem,) = examine_course(root).problems.found
    assert (problem.severity, problem.line) == (Severity.WARNING, 2)
    assert load_course(root).tasks[0].points == 4


def test_every_fault_is_found_in_one_reading_and_loading_names_the_first_and_their_number(tmp_path: Path) -> None:
    root = write_course(tmp_path, **task("approx: 5", "aprox: 5"), course=COURSE_YAML + "x: 1\n", reference=None)
    found = examine_course(root).problems.errors
    assert len(found) == 4
    with pytest.raises(CourseError, match=r"course.yaml:4: unknown key 'x'.*and 3 more") as caught:
        load_course(root)
    assert (caught.value.file, caught.value.line) == ("course.yaml", 4)


def test_a_folder_of_a_task_that_is_not_listed_is_a_warning(tmp_path: Path) -> None:
    root = write_course(tmp_path)
    (root / "tasks" / "draft").mkdir()
    (root / "tasks" / "draft" / "task.yaml").write_text("title: later\n")
    (problem,) = examine_course(root).problems.found
    assert problem.severity is Severity.WARNING
    assert problem.file == "tasks/draft"


@pytest.mark.proves("course:nothing-outside-is-read")
def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    root = write_course(tmp_path / "course")
    (root / "tasks" / "mean" / "data.csv").symlink_to(secret)
    with pytest.raises(CourseError, match=r"tasks/mean/data.csv: a link out of the course's folder"):
        load_course(root)


def test_a_link_within_the_folder_is_a_file(tmp_path: Path) -> None:
    root = write_course(tmp_path)
    (root / "shared.csv").write_text("a,b\n")
    (root / "tasks" / "mean" / "data.csv").symlink_to(root / "shared.csv")
    assert load_course(root).tasks[0].data == {"data.csv": b"a,b\n"}


def test_an_absurdly_large_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    root = write_course(tmp_path)
    with (root / "tasks" / "mean" / "huge.bin").open("wb") as file:
        file.truncate(1 << 30)
    with pytest.raises(CourseError, match=r"huge.bin: 1,073,741,824 bytes; a file may have at most"):
        load_course(root)


def test_a_file_that_is_no_text_is_named_with_the_line(tmp_path: Path) -> None:
    root = write_course(tmp_path)
    (root / "tasks" / "mean" / "task.yaml").write_bytes(b"title: x\nkind: \xff\n")
    with pytest.raises(CourseError, match=r"task.yaml:2: not text in UTF-8"):
        load_course(root)


def test_two_tasks_may_each_have_a_file_of_one_name(tmp_path: Path) -> None:
    """Each task is delivered into a folder of its own."""
    root = write_course(tmp_path, course=COURSE_YAML.replace("[mean]", "[mean, other]"))
    for name, content in (("mean", "1"), ("other", "2")):
        folder = root / "tasks" / name
        folder.mkdir(exist_ok=True)
        for file in ("task.yaml", "notebook.md", "reference.py", "generate.py"):
            (folder / file).write_text((root / "tasks" / "mean" / file).read_text())
        (folder / "data.csv").write_text(content)
    course = load_course(root)
    delivered = dict(entry for task in course.tasks for entry in files_of(course, task))
    assert delivered["basics/mean/data.csv"] == b"1"
    assert delivered["basics/other/data.csv"] == b"2"
