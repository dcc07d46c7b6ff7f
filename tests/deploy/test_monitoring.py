"""Alerts fire when they should and name only what the service counts; so does the dashboard."""

from __future__ import annotations

import json
import re
import shutil
from enum import StrEnum
from pathlib import Path

import pytest
import yaml

from ltt_collab.model.edits import RoomState
from ltt_collab.model.suggestions import EndReason
from ltt_collab.model.validations import Outcome, ValidationMode
from ltt_collab.peer.canary import Outcome as TextOutcome
from tests.deploy.reading import MONITORING, Values, faults, load, metric_labels, promtool, selectors

RULES = [rule for group in load(MONITORING / "alerts.yaml")["groups"] for rule in group["rules"]]
DASHBOARD: Values = json.loads((MONITORING / "dashboard.json").read_text())

VALUES: dict[tuple[str, str], type[StrEnum]] = {
    ("ltt_rooms_count", "state"): RoomState,
    ("ltt_suggestions_ended_total", "reason"): EndReason,
    ("ltt_validations_total", "outcome"): Outcome,
    ("ltt_validations_total", "mode"): ValidationMode,
    ("ltt_learner_text_checks_total", "outcome"): TextOutcome,
}
"""The values that a label can have; another one would make an alert that never fires."""

SCRAPED = {"job", "instance"}
"""Labels that Prometheus adds."""

TARGET = {
    "type": "object",
    "required": ["refId", "expr", "legendFormat"],
    "properties": {"expr": {"type": "string", "minLength": 1}},
}
PANEL = {
    "type": "object",
    "required": ["id", "type", "title", "gridPos"],
    "properties": {
        "id": {"type": "integer"},
        "type": {"enum": ["row", "timeseries", "stat"]},
        "title": {"type": "string", "minLength": 1},
        "gridPos": {
            "type": "object",
            "required": ["x", "y", "w", "h"],
            "properties": {
                "x": {"type": "integer", "minimum": 0, "maximum": 23},
                "w": {"type": "integer", "minimum": 1, "maximum": 24},
            },
        },
    },
    "if": {"properties": {"type": {"const": "row"}}},
    "else": {
        "required": ["datasource", "fieldConfig", "targets"],
        "properties": {"targets": {"type": "array", "minItems": 1, "items": TARGET}},
    },
}
SCHEMA = {
    "type": "object",
    "required": ["uid", "title", "schemaVersion", "templating", "time", "panels"],
    "properties": {
        "schemaVersion": {"type": "integer", "minimum": 36},
        "panels": {"type": "array", "minItems": 5, "items": PANEL},
    },
}
"""What Grafana 10 and later needs of a dashboard of ours, written by hand after its JSON model."""


def expressions() -> list[str]:
    panels = [target["expr"] for panel in DASHBOARD["panels"] for target in panel.get("targets", ())]
    return [rule["expr"] for rule in RULES] + panels


def unknown(expression: str) -> list[str]:
    """Names, labels and values in an expression that the service cannot give."""
    known = metric_labels()
    found = []
    for name, matchers in selectors(expression):
        if name not in known:
            found.append(name)
            continue
        for label, value in matchers:
            allowed = VALUES.get((name, label))
            if label not in known[name] | SCRAPED:
                found.append(f"{name}.{label}")
            elif allowed is not None:
                found += [one for one in value.split("|") if one not in set(allowed)]
    return found


@pytest.mark.proves("deploy:alerts-tested")
def test_the_rules_and_their_tests_hold() -> None:
    checked = promtool("check", "rules", MONITORING / "alerts.yaml")
    assert checked.returncode == 0, checked.stderr
    tested = promtool("test", "rules", MONITORING / "alerts.test.yaml")
    assert tested.returncode == 0, tested.stderr + tested.stdout


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("absent(ltt_rooms_count)", "absnt(ltt_rooms_count)"),
        ("for: 2m", "for: 20m"),
        ("> 0.2 * sum(ltt_rooms_count)", "> 0.9 * sum(ltt_rooms_count)"),
        ("max(ltt_store_waiting_count)", "max(ltt_store_wating_count)"),
    ],
)
@pytest.mark.proves("deploy:a-typo-fails")
def test_a_rule_that_is_wrong_fails_its_test(tmp_path: Path, before: str, after: str) -> None:
    shutil.copy(MONITORING / "alerts.test.yaml", tmp_path)
    text = (MONITORING / "alerts.yaml").read_text()
    assert before in text
    (tmp_path / "alerts.yaml").write_text(text.replace(before, after))
    assert promtool("test", "rules", tmp_path / "alerts.test.yaml").returncode != 0


def test_every_alert_has_a_case_in_which_it_fires_and_says_what_to_do() -> None:
    cases = yaml.safe_load((MONITORING / "alerts.test.yaml").read_text())["tests"]
    fired = {each["alertname"] for case in cases for each in case["alert_rule_test"] if each["exp_alerts"]}
    assert fired == {rule["alert"] for rule in RULES}
    assert {rule["labels"]["severity"] for rule in RULES} == {"page", "ticket"}
    assert all(rule["annotations"].keys() == {"summary", "description"} for rule in RULES)


@pytest.mark.proves("deploy:metrics-exist")
def test_alerts_and_dashboard_ask_only_for_what_the_service_counts() -> None:
    asked = expressions()
    assert len(asked) > len(RULES)
    assert {expression: unknown(expression) for expression in asked if unknown(expression)} == {}


@pytest.mark.parametrize(
    "expression",
    [
        "sum(ltt_room_count)",
        'ltt_rooms_count{sate="live"}',
        'ltt_rooms_count{state="alive"}',
        'ltt_validations_total{outcome=~"error|kernel_dead"}',
        "rate(ltt_reconnects[5m])",
    ],
)
@pytest.mark.proves("deploy:a-typo-fails")
def test_a_misspelt_metric_label_or_value_is_found(expression: str) -> None:
    assert len(unknown(expression)) == 1


def test_what_operators_ask_about_is_on_the_dashboard() -> None:
    shown = {
        name
        for panel in DASHBOARD["panels"]
        for target in panel.get("targets", ())
        for name, _ in selectors(target["expr"])
    }
    assert shown >= {
        "ltt_rooms_count",
        "ltt_reconnects_total",
        "ltt_note_writing_seconds_bucket",
        "ltt_suggestions_shown_total",
        "ltt_suggestions_ended_total",
        "ltt_feedback_total",
        "ltt_validations_total",
        "ltt_agent_model_tokens_total",
        "ltt_agent_seconds_bucket",
    }


@pytest.mark.proves("deploy:dashboard-fits")
def test_the_dashboard_fits_and_no_two_panels_overlap() -> None:
    assert faults(SCHEMA, DASHBOARD) == []
    places = [panel["gridPos"] for panel in DASHBOARD["panels"]]
    taken = [
        (x, y) for at in places for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])
    ]
    assert len(taken) == len(set(taken))
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(ids) == len(set(ids))


def test_a_dashboard_with_a_wrong_field_is_found() -> None:
    broken = json.loads(re.sub('"expr"', '"exp"', json.dumps(DASHBOARD), count=1))
    assert len(faults(SCHEMA, broken)) == 1
