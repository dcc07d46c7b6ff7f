"""A course's checks are tried on the reference, the starter and broken references."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ltt_collab.coursework.lint import LintOptions, Report, lint
from ltt_collab.model.courses import Task
from ltt_collab.model.errors import UnknownTaskError
from ltt_collab.model.validations import Outcome, Verdict
from tests.support.courses import COURSE_YAML, NOTEBOOK, REFERENCE, TASK_YAML, PlainJudge, plain_judge, write_course


async def linted(root: Path, judge: PlainJudge | None = None, **options: bool) -> Report:
    return await lint(root, LintOptions(**options), plain_judge(judge))  # type: ignore[arg-type]


def said(report: Report) -> list[str]:
    return [str(problem) for problem in report.problems]


async def test_a_good_course_has_nothing_to_say_and_every_mutant_is_caught(tmp_path: Path) -> None:
    report = await linted(write_course(tmp_path))
    assert said(report) == []
    (trial,) = report.tried
    assert trial.mutants == trial.caught >= 6
    assert report.as_json()["ok"] is True


@pytest.mark.proves("course:reference-passes-starter-fails")
async def test_a_reference_that_fails_a_check_is_an_error_at_that_check(tmp_path: Path) -> None:
    report = await linted(write_course(tmp_path, task=TASK_YAML.replace("approx: 5", "approx: 6")))
    (found,) = said(report)
    assert found.startswith("tasks/mean/task.yaml:4: error: the reference fails check 'three numbers'")
    assert report.errors == 1


@pytest.mark.proves("course:reference-passes-starter-fails")
async def test_a_starter_that_passes_is_an_error(tmp_path: Path) -> None:
    task = "title: T\nchecks:\n  - {name: given, expression: given, expect: 1}\n"
    notebook = "# T\n\n```python work\ngiven = 1\nprint(given)\n```\n"
    report = await linted(write_course(tmp_path, task=task, notebook=notebook, reference="given = 2 - 1\n"))
    assert any("notebook.md: error: passes every check as it is released" in problem for problem in said(report))


@pytest.mark.proves("course:mutants-caught")
async def test_a_mutant_that_no_check_notices_is_a_warning_with_its_line(tmp_path: Path) -> None:
    weak = "title: T\nchecks:\n  - {name: three, expression: 'mean([2, 4, 9])', approx: 5}\n"
    report = await linted(write_course(tmp_path, task=weak))
    assert report.errors == 0
    survivors = [problem for problem in report.problems if problem.kind == "mutant"]
    assert {problem.line for problem in survivors} == {2, 3, 4}
    assert any("'if not numbers:' → 'if False:'" in problem.message for problem in survivors)
    (trial,) = report.tried
    assert trial.caught + len(survivors) == trial.mutants


async def test_mutants_may_be_left_out_and_a_judge_too(tmp_path: Path) -> None:
    root, judge = write_course(tmp_path), PlainJudge()
    assert (await linted(root, judge, with_mutants=False)).tried[0].mutants == 0
    assert judge.checked == 2
    assert (await linted(root, judge, judged=False)).tried == ()
    assert judge.checked == 2


async def test_a_course_that_cannot_be_read_is_not_tried(tmp_path: Path) -> None:
    judge = PlainJudge()
    report = await linted(write_course(tmp_path, course="id: [\n"), judge)
    assert report.errors == 1
    assert judge.checked == 0
    assert report.as_json()["course"] is None


async def test_only_the_chosen_tasks_are_tried(tmp_path: Path) -> None:
    course = COURSE_YAML.replace("[mean]", "[mean, other]")
    root = write_course(tmp_path, course=course)
    for name, text in (
        ("task.yaml", TASK_YAML),
        ("notebook.md", NOTEBOOK),
        ("reference.py", REFERENCE),
        ("generate.py", (root / "tasks/mean/generate.py").read_text()),
    ):
        (root / "tasks" / "other").mkdir(exist_ok=True)
        (root / "tasks" / "other" / name).write_text(text)
    report = await lint(root, LintOptions(tasks=("other",), with_mutants=False), plain_judge())
    assert [trial.task for trial in report.tried] == ["other"]
    with pytest.raises(UnknownTaskError, match="'basics' has no task 'mode'"):
        await lint(root, LintOptions(tasks=("mode",)), plain_judge())


class NoKernels(PlainJudge):
    async def check_clean(self, task: Task, notebook: str) -> Verdict:
        verdict = await super().check_clean(task, notebook)
        return replace(verdict, outcome=Outcome.NO_KERNEL, passed=False, first_cause="no sandbox here")


async def test_a_judge_that_cannot_work_is_no_verdict_on_the_course(tmp_path: Path) -> None:
    report = await linted(write_course(tmp_path), NoKernels())
    assert said(report) == ["tasks/mean: error: cannot be tried: no sandbox here"]
