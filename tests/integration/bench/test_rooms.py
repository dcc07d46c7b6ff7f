"""``ltt bench rooms`` measures the real stack against a generator in another process."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest


@pytest.mark.proves("bench:rooms")
@pytest.mark.soak
def test_a_short_run_reports_every_figure_and_loses_no_edit() -> None:
    command = [sys.executable, "-m", "ltt_collab.bench", "rooms", "--rooms", "4", "--rate", "20", "--seconds", "0.5"]
    run = subprocess.run([*command, "--json"], capture_output=True, text=True, timeout=90, check=True)
    report = json.loads(run.stdout)
    assert report["edits"] == 40
    assert report["edits_lost"] == report["wake_edits_lost"] == 0
    assert 0 < report["cpu_us_per_edit"] < report["baseline_whole_notebook_cpu_us_per_edit"]
    for figure in ("p50_ms", "p99_ms", "kib_per_room_live", "kib_per_room_idle", "baseline_cpu_us_per_edit"):
        assert report[figure] > 0, figure


def test_a_wrong_rate_is_refused() -> None:
    command = [sys.executable, "-m", "ltt_collab.bench", "rooms", "--rate", "0"]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 2
    assert "positive" in run.stderr
