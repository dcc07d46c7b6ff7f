"""``ltt bench``: every benchmark runs on the real thing and reports each figure beside a baseline."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

FAKE_MISSING = "import sys; sys.modules['playwright'] = None; from ltt_collab.bench.__main__ import main; "


def bench(*arguments: str) -> dict[str, Any]:
    """One benchmark's report."""
    command = [sys.executable, "-m", "ltt_collab", "bench", *arguments, "--json"]
    run = subprocess.run(command, capture_output=True, text=True, timeout=150, check=False)
    assert run.returncode == 0, run.stderr[-4000:]
    return dict(json.loads(run.stdout))


def assert_measured(report: dict[str, Any], *names: str, n: int) -> None:
    """Every named figure is a distribution over ``n`` values, none of them impossible."""
    for name in names:
        assert report[name]["n"] == n, name
        assert 0 < report[name]["p50"] <= report[name]["p95"] <= report[name]["max"], name
    assert report["machine"]["cpus"] >= 1


@pytest.mark.jupyter
@pytest.mark.proves("bench:join")
def test_join_reports_how_soon_we_are_in_a_room() -> None:
    report = bench("join", "--n", "2")
    assert_measured(report, "open_to_live_ms", "baseline_session_dial_sync_ms", n=2)
    assert report["loaded_to_live_ms"]["p50"] < report["open_to_live_ms"]["p50"]
    assert report["ratio"] > 0


@pytest.mark.jupyter
@pytest.mark.soak
@pytest.mark.proves("bench:write")
def test_write_reports_how_soon_a_note_is_seen_and_what_it_costs() -> None:
    report = bench("write", "--n", "2")
    assert_measured(report, "first_letter_ms", "complete_ms", "shown_ms", "messages", "baseline_complete_ms", n=2)
    assert report["first_letter_ms"]["p50"] < report["complete_ms"]["p50"] <= report["shown_ms"]["p50"]
    assert report["messages"]["p50"] > report["baseline_messages"]["p50"] >= 1


@pytest.mark.jupyter
@pytest.mark.browser
@pytest.mark.soak
@pytest.mark.proves("bench:latency")
def test_latency_reports_every_key_and_the_first_letter_of_help() -> None:
    report = bench("latency", "--n", "12", "--runs", "1", "--polled", "10")
    assert_measured(report, "key_to_event_ms", n=12)
    assert_measured(report, "run_to_letter_ms", n=1)
    assert_measured(report, "baseline_polling_ms", n=10)
    assert report["keys_lost"] == 0


@pytest.mark.proves("bench:rooms")
@pytest.mark.soak
def test_rooms_reports_whole_peers_that_also_decide() -> None:
    report = bench("rooms", "--rooms", "4", "--rate", "20", "--seconds", "0.5")
    assert report["edits_lost_with_decisions"] == 0
    assert report["cpu_us_per_edit_with_decisions"] > 0
    assert report["p99_ms_with_decisions"] >= report["p50_ms_with_decisions"] > 0
    assert report["machine"]["load_before"] >= 0


def test_latency_without_a_browser_driver_says_what_to_install() -> None:
    code = FAKE_MISSING + "sys.exit(main(['latency']))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 1
    assert "playwright install chromium" in run.stderr
    assert run.stdout == ""


@pytest.mark.parametrize("arguments", [["--help"], ["rooms", "--help"], ["latency", "--help"], ["all", "--help"]])
def test_help_is_given_for_each_benchmark(arguments: list[str]) -> None:
    command = [sys.executable, "-m", "ltt_collab", "bench", *arguments]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert run.stdout.startswith("usage: ltt bench")


@pytest.mark.parametrize("arguments", [["wrong"], ["rooms", "--rooms", "0"], ["join", "--n", "many"], []])
def test_wrong_use_is_refused_with_2(arguments: list[str]) -> None:
    command = [sys.executable, "-m", "ltt_collab", "bench", *arguments]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 2
    assert "ltt bench" in run.stderr


@pytest.mark.jupyter
@pytest.mark.browser
@pytest.mark.soak
@pytest.mark.proves("bench:web")
def test_web_reports_how_soon_instructors_see_an_edit_and_what_a_watcher_costs() -> None:
    report = bench("web", "--n", "8", "--watchers", "3", "--learners", "40", "--seconds", "2")
    assert_measured(report, "edit_to_wall_ms", "edit_to_shadow_ms", n=8)
    assert report["baseline_polling_ms"]["p50"] > report["edit_to_shadow_ms"]["p50"]
    assert report["shadow_watcher"]["watchers"] == report["wall_watcher"]["watchers"] == 3
    wall = report["wall"]
    assert wall["learners"] == 40
    assert 0 < wall["frame_ms"]["p50"] <= wall["frame_ms"]["p95"]
    assert wall["edit_to_card_ms"]["n"] >= 4
