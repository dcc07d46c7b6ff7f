"""The guides name what exists, and their sums are right."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.deploy.reading import DEPLOY, ROOT, SETTINGS

HOWTO = ROOT / "docs" / "howto"
GUIDES = [
    HOWTO / f"{name}.md"
    for name in (
        *("kubernetes", "lti", "managed-hub", "one-machine"),
        *("security", "sizing", "spot-nodes", "upgrade-and-backup"),
    )
]
EACH = pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.stem)

ELSEWHERE = {"LTT_ANNOUNCE_URL", "LTT_COURSES_FOLDER", "LTT_DATABASE_PASSWORD", "LTT_INSTRUCTORS", "LTT_LEARNERS"}
"""Variables of the learner's server, of Compose and of the hub's configuration."""


@EACH
@pytest.mark.proves("deploy:settings-exist")
def test_settings_that_a_guide_names_exist(guide: Path) -> None:
    assert set(re.findall(r"\bLTT_[A-Z_]+\b", guide.read_text())) <= SETTINGS | ELSEWHERE


@EACH
def test_files_that_a_guide_names_are_there(guide: Path) -> None:
    text = guide.read_text()
    named = {ROOT / path for path in re.findall(r"(?<!/)\bdeploy/[\w./-]*\w", text)}
    named |= {guide.parent / path.partition("#")[0] for path in re.findall(r"\]\(([^)#:]+\.md[^)]*)\)", text)}
    assert [path for path in named if not path.exists()] == []


def test_values_that_a_guide_sets_are_in_the_chart() -> None:
    text = "".join(guide.read_text() for guide in GUIDES)
    chart = (DEPLOY / "helm" / "ltt-collab" / "values.yaml").read_text()
    for path in re.findall(r"--set ([a-zA-Z.]+)=", text):
        top, _, rest = path.partition(".")
        assert re.search(rf"^{top}:", chart, re.MULTILINE), path
        assert rest.split(".")[0] in chart or top in ("settings", "nodeSelector"), path


@pytest.mark.proves("deploy:cost-target")
def test_the_months_add_up_and_ten_thousand_learners_stay_within_the_target() -> None:
    rows = re.findall(r"^\|([^|]+)\| (\d+) \| (\d+) \| (\d+) \|$", (HOWTO / "sizing.md").read_text(), re.MULTILINE)
    assert len(rows) == 9
    sums = [sum(int(row[column]) for row in rows) for column in (1, 2, 3)]
    totals = re.search(
        r"\*\*total\*\* \| \*\*(\d+)\*\* \| \*\*(\d+)\*\* \| \*\*(\d+)\*\*", (HOWTO / "sizing.md").read_text()
    )
    assert totals is not None
    assert sums == [int(total) for total in totals.groups()]
    assert sums[2] <= 5000
