"""``ltt course publish`` wants to know where to."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from ltt_collab.coursework.commands import course_app
from tests.support.courses import write_course


@pytest.mark.proves("course:published-to-a-service")
@pytest.mark.parametrize("options", [[], ["--to", "served", "--service", "http://127.0.0.1:8700/"]])
def test_nowhere_and_two_places_are_wrong_use(tmp_path: Path, options: list[str]) -> None:
    source = write_course(tmp_path / "source")
    ended = CliRunner().invoke(course_app, ["publish", str(source), *options])
    assert ended.exit_code == 2
    assert "--to a folder, or --service the URL" in ended.stderr
    assert not (tmp_path / "served").exists()
