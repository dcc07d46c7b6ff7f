"""The command line as a new user tries it: help, answers, errors and exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.jupyter import Jupyter, free_port, notebook_json

DONE, FAILED, WRONG_USE = 0, 1, 2


def ltt(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run ``ltt``; settings of this shell are left out."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("LTT_")} | settings
    return subprocess.run(
        [sys.executable, "-m", "ltt_collab", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        env=environment,
        check=False,
    )


def broken_notebook() -> str:
    error = {
        "output_type": "error",
        "ename": "NameError",
        "evalue": "name 'totl' is not defined",
        "traceback": ["Cell In[1], line 2\n----> 2 print(totl)", "NameError: name 'totl' is not defined"],
    }
    source = "total = 1\nprint(totl)"
    cell = {"cell_type": "code", "id": "a", "metadata": {}, "execution_count": 1, "outputs": [error], "source": source}
    return notebook_json([cell])


@pytest.mark.parametrize("command", ["serve", "demo", "doctor", "explain", "why", "welcome", "bench", "course"])
def test_every_command_explains_itself(command: str) -> None:
    helped = ltt(command, "--help")
    assert helped.returncode == DONE
    assert "usage" in helped.stdout.lower()


@pytest.mark.proves("cli:explain")
def test_explain_says_the_first_cause_as_json_on_stdout_alone(tmp_path: Path) -> None:
    notebook = tmp_path / "a.ipynb"
    notebook.write_text(broken_notebook())
    answer = ltt("explain", str(notebook), "--json")
    assert (answer.returncode, answer.stderr) == (DONE, "")
    (finding,) = json.loads(answer.stdout)["findings"]
    assert finding.keys() == {"cell_id", "cell_index", "line", "kind", "where", "what", "how"}
    assert (finding["cell_id"], finding["cell_index"], finding["line"]) == ("a", 0, 2)
    assert "total" in finding["what"]


def test_explain_reads_well_without_json(tmp_path: Path) -> None:
    notebook = tmp_path / "a.ipynb"
    notebook.write_text(broken_notebook())
    answer = ltt("explain", str(notebook))
    assert answer.returncode == DONE
    assert "cell 0, line 2" in answer.stdout


@pytest.mark.proves("cli:clear-errors")
@pytest.mark.parametrize("content", [None, "no JSON at all", '{"cells": 3}'])
def test_a_file_that_is_no_notebook_is_wrong_use_and_named(tmp_path: Path, content: str | None) -> None:
    notebook = tmp_path / "a.ipynb"
    if content is not None:
        notebook.write_text(content)
    answer = ltt("explain", str(notebook), "--json")
    assert answer.returncode == WRONG_USE
    assert str(notebook) in answer.stderr
    assert answer.stdout == ""


@pytest.mark.parametrize(
    ("variable", "value"),
    [("LTT_PORT", "99999"), ("LTT_JUPYTER_URL", "nonsense"), ("LTT_DATABASE_URL", "mysql://x")],
)
def test_a_bad_setting_is_wrong_use_and_named(variable: str, value: str) -> None:
    answer = ltt("serve", **{variable: value})
    assert answer.returncode == WRONG_USE
    assert variable in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_service_that_is_away_is_a_failure_that_says_where_it_was_looked_for() -> None:
    url = f"http://127.0.0.1:{free_port()}/"
    for command in (["why", "a.ipynb"], ["welcome", "ada"]):
        answer = ltt(*command, LTT_SERVICE_URL=url, LTT_API_TOKEN="t")
        assert answer.returncode == FAILED
        assert url in answer.stderr


@pytest.mark.jupyter
@pytest.mark.proves("cli:doctor")
async def test_doctor_is_content_with_ltt_learner_and_says_so_as_json(jupyter: Jupyter) -> None:
    answer = ltt("doctor", jupyter.url, "--token", jupyter.token, "--json")
    assert answer.returncode == DONE, answer.stdout
    assert jupyter.token not in answer.stdout + answer.stderr
    assert all(check["status"] != "risk" for check in json.loads(answer.stdout)["checks"])
