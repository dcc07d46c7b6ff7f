"""Metrics are named alike and cannot name a learner."""

from __future__ import annotations

import re

import pytest
from prometheus_client import Counter, Gauge, Histogram

from ltt_collab.telemetry import metrics

ALL = [value for value in vars(metrics).values() if isinstance(value, Counter | Gauge | Histogram)]


def test_every_metric_is_named_ltt_noun_unit() -> None:
    names = {metric._name + ("_total" if isinstance(metric, Counter) else "") for metric in ALL}
    assert names
    assert [name for name in names if not re.fullmatch(r"ltt_[a-z_]+_(total|count|seconds|bytes)", name)] == []


@pytest.mark.proves("telemetry:no-room-or-learner-as-a-label")
def test_no_metric_has_a_room_a_path_or_a_person_as_a_label() -> None:
    labels = {label for metric in ALL for label in metric._labelnames}
    assert labels <= {
        *("state", "type", "reason", "decision", "answer", "method", "route", "status"),
        *("placement", "helpful", "mode", "outcome", "tool"),
    }


def test_the_exposition_holds_every_metric() -> None:
    text = metrics.exposition().decode()
    assert [metric._name for metric in ALL if f"# HELP {metric._name}" not in text] == []


def test_the_exposition_holds_what_a_tutor_in_this_process_counts_and_what_the_process_takes() -> None:
    import agent.metrics  # noqa: F401, PLC0415 - importing it registers its metrics, as starting the tutor does

    text = metrics.exposition().decode()
    assert "ltt_agent_requests_total" in text
    assert "process_resident_memory_bytes" in text
    assert "python_gc_objects_collected" not in text
