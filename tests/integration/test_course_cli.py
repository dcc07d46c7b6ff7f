"""``ltt course`` as an author uses it, with the real judge in the real sandbox."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ltt_collab.curriculum.loader import load_course
from ltt_collab.demo.places import COURSE
from tests.support.courses import TASK_YAML, write_course

DONE, FAILED, WRONG_USE = 0, 1, 2


def course(*arguments: str, within: float = 120) -> subprocess.CompletedProcess[str]:
    """Run ``ltt course``; settings of this shell are left out."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("LTT_")}
    return subprocess.run(
        [sys.executable, "-m", "ltt_collab", "course", *arguments],
        capture_output=True,
        text=True,
        timeout=within,
        env=environment,
        check=False,
    )


def sample_course_linted(*options: str, within: float = 120) -> list[dict[str, Any]]:
    """What the linter says of the tasks of the sample course, in which it finds no problem."""
    answer = course("lint", str(COURSE), "--json", *options, within=within)
    report = json.loads(answer.stdout)
    assert report["problems"] == []
    assert answer.returncode == DONE
    return list(report["tasks"])


@pytest.mark.proves("course:sample-is-clean")
def test_the_sample_course_has_no_problem_on_the_real_judge() -> None:
    assert len(sample_course_linted("--no-mutants")) >= 9


@pytest.mark.proves("course:sample-is-clean")
@pytest.mark.soak
def test_every_mutant_of_two_sample_tasks_is_caught() -> None:
    tasks = sample_course_linted("--task", "strings", "--task", "functions")
    assert [task["task"] for task in tasks] == ["strings", "functions"]
    assert all(task["caught"] == task["mutants"] >= 6 for task in tasks)


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_every_mutant_of_the_whole_sample_course_is_caught() -> None:
    tasks = sample_course_linted(within=590)
    assert len(tasks) >= 9
    assert all(task["caught"] == task["mutants"] >= 6 for task in tasks)


def test_a_sound_course_is_linted_on_the_real_judge(tmp_path: Path) -> None:
    answer = course("lint", str(write_course(tmp_path)))
    assert answer.returncode == DONE, answer.stdout
    assert "0 errors, 0 warnings" in answer.stdout
    assert "mutants caught" in answer.stdout


@pytest.mark.proves("course:cli-errors")
def test_a_reference_that_fails_its_checks_ends_with_1_and_names_the_check(tmp_path: Path) -> None:
    root = write_course(tmp_path, task=TASK_YAML.replace("approx: 5", "approx: 6"))
    answer = course("lint", str(root), "--no-mutants", "--json")
    assert answer.returncode == FAILED
    report = json.loads(answer.stdout)
    assert (report["ok"], report["errors"]) == (False, 1)
    (problem,) = report["problems"]
    assert problem["severity"] == "error"
    assert (problem["file"], problem["line"], problem["kind"]) == ("tasks/mean/task.yaml", 4, "reference")
    assert "expected 6, got 5" in problem["message"]


@pytest.mark.proves("course:cli-errors")
def test_faults_of_the_files_are_listed_with_file_and_line_and_nothing_is_run(tmp_path: Path) -> None:
    root = write_course(tmp_path, task=TASK_YAML.replace("approx: 5", "aprox: 5"))
    answer = course("lint", str(root))
    assert answer.returncode == FAILED
    assert f"{root}/tasks/mean/task.yaml:6: error: unknown key 'aprox'; did you mean 'approx'?" in answer.stdout
    assert answer.stderr == ""


@pytest.mark.parametrize("command", [["lint"], ["show"], ["publish", "--to", "somewhere"]])
def test_a_folder_that_is_not_there_is_wrong_use(tmp_path: Path, command: list[str]) -> None:
    answer = course(*command, str(tmp_path / "nowhere"))
    assert answer.returncode == WRONG_USE
    assert answer.stderr == f"ltt: {tmp_path}/nowhere: does not exist; expected a folder with a course.yaml in it\n"


def test_show_lists_tasks_and_checks_without_answers() -> None:
    answer = course("show", str(COURSE), "--json")
    assert answer.returncode == DONE
    shown = json.loads(answer.stdout)
    assert [task["id"] for task in shown["tasks"]] == [task.id for task in load_course(COURSE).tasks]
    assert all(task["points"] == sum(check["points"] for check in task["checks"]) for task in shown["tasks"])
    assert "COUNT(loans.id)" not in answer.stdout
    readable = course("show", str(COURSE))
    assert "10 tasks, 58 points" in readable.stdout


@pytest.mark.proves("course:published-at-once")
def test_a_checked_course_is_published_and_a_broken_one_refused(tmp_path: Path) -> None:
    source, target = write_course(tmp_path / "source"), tmp_path / "served"
    answer = course("publish", str(source), "--to", str(target), "--json")
    assert answer.returncode == DONE, answer.stderr
    said = json.loads(answer.stdout)
    assert said["path"] == str(target / "basics")
    assert load_course(target / "basics").version == said["version"]

    write_course(source, task=TASK_YAML.replace("approx: 5", "approx: 6"))
    refused = course("publish", str(source), "--to", str(target))
    assert refused.returncode == FAILED
    assert "nothing was published" in refused.stderr
    assert load_course(target / "basics").version == said["version"]
