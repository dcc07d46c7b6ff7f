"""Our chart renders to what Kubernetes takes, runs the service without rights, and refuses a typo."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from ltt_collab.api.health import metrics_router, router
from ltt_collab.settings import Settings
from tests.deploy.reading import (
    CHART,
    MONITORING,
    OPERATOR_KINDS,
    SETTINGS,
    InvalidManifest,
    Values,
    expect_strict,
    load,
    merged,
    one,
    rendered,
    schema_of,
)

SMALL: Values = {"hub": {"enabled": False}, "secrets": {"jupyterToken": {"name": "jupyter"}}}
RESTRICTED: Values = {"sandbox": {"isolation": "restricted", "runtimeClass": "gvisor"}}
FULL: Values = {
    "image": {"pullSecrets": ["registry"]},
    "settings": {"model": "anthropic:some-model", "model_tokens_per_course_day": 5_000_000, "introduce": False},
    "secrets": {
        "database": {"name": "postgres"},
        "apiToken": {"name": "ltt-api"},
        "model": {"name": "anthropic", "variable": "ANTHROPIC_API_KEY"},
    },
    "courses": {"existingClaim": "courses", "folders": ["python", "sql"]},
    "persistence": {"storageClass": "ssd"},
    "ingress": {"enabled": True, "className": "nginx", "host": "tutor.example.org", "tlsSecret": "tls"},
    "networkPolicy": {"httpsOut": True},
    "podDisruptionBudget": {"enabled": True},
    "serviceMonitor": {"enabled": True, "labels": {"release": "prometheus"}},
    "prometheusRule": {"enabled": True},
    "dashboard": {"enabled": True},
    "nodeSelector": {"hub.jupyter.org/node-purpose": "core"},
    "tolerations": [{"key": "hub.jupyter.org/dedicated", "operator": "Equal", "value": "core", "effect": "NoSchedule"}],
}
SET_BY_THE_CHART = {
    *("api_token", "api_token_file", "hub_token", "hub_token_file", "jupyter_token", "database_url"),
    *("host", "port", "outbox", "course", "sandbox_warm"),
    *("hub_api_url", "hub_proxy_url", "hub_direct_url"),
}
"""Settings that other values than ``settings`` lead to: secrets, places in the pod, the hub."""

CASES = pytest.mark.parametrize("values", [{}, SMALL, RESTRICTED, FULL], ids=["default", "small", "restricted", "full"])


def pod_of(values: Values) -> Values:
    pod: Values = one(rendered(values), "Deployment")["spec"]["template"]["spec"]
    return pod


def environment(values: Values) -> dict[str, Any]:
    (container,) = pod_of(values)["containers"]
    return {entry["name"]: entry.get("value", entry.get("valueFrom")) for entry in container["env"]}


@pytest.mark.proves("deploy:chart-fits-kubernetes")
@CASES
def test_kubernetes_takes_every_object(values: Values) -> None:
    objects = rendered(values)
    assert {each["kind"] for each in objects} >= {"Deployment", "Service", "NetworkPolicy", "PersistentVolumeClaim"}
    for each in objects:
        if each["kind"] not in OPERATOR_KINDS:
            expect_strict(each)


def test_an_unknown_field_of_an_object_is_found() -> None:
    broken = copy.deepcopy(one(rendered({}), "Deployment"))
    broken["spec"]["template"]["spec"]["containers"][0]["securityContext"]["readOnlyRootFilesytem"] = True
    with pytest.raises(InvalidManifest, match="readOnlyRootFilesytem"):
        expect_strict(broken)


@pytest.mark.parametrize(
    "typo",
    [
        {"sandbox": {"isolaton": "restricted"}},
        {"settings": {"hint_per_hour": 3}},
        {"image": {"tag": "latest"}},
        {"secrets": {"database": {"name": "a", "key": "b", "value": "postgresql://u:p@h/d"}}},
        {"hub": {"directUrl": "http://somewhere:8888"}},
        {"resources": {"limits": {"memory": "two gigabytes"}}},
    ],
    ids=str,
)
@pytest.mark.proves("deploy:a-typo-fails")
def test_a_wrong_value_is_refused(typo: Values) -> None:
    pytest.importorskip("helm_python")
    with pytest.raises(Exception, match="don't meet the specifications"):
        rendered(typo)


@pytest.mark.proves("deploy:runs-without-rights")
@CASES
def test_the_service_runs_without_rights(values: Values) -> None:
    pod = pod_of(values)
    (container,) = pod["containers"]
    assert pod["securityContext"]["runAsNonRoot"]
    assert pod["securityContext"]["runAsUser"] > 0
    assert not pod["automountServiceAccountToken"]
    rights = container["securityContext"]
    assert rights["readOnlyRootFilesystem"]
    assert not rights["allowPrivilegeEscalation"]
    assert rights["capabilities"] == {"drop": ["ALL"]}
    # Wider system calls only inside the pod's own user namespace.
    assert pod.get("hostUsers") is False or rights["seccompProfile"] == {"type": "RuntimeDefault"}
    assert {mount["mountPath"] for mount in container["volumeMounts"]} >= {"/tmp", "/var/lib/ltt"}


@CASES
def test_there_is_never_a_second_pod(values: Values) -> None:
    spec = one(rendered(values), "Deployment")["spec"]
    assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})


@CASES
def test_the_probes_and_the_scrape_ask_for_what_the_service_serves(values: Values) -> None:
    served = {getattr(route, "path", "") for route in (*router.routes, *metrics_router.routes)}
    (container,) = pod_of(values)["containers"]
    asked = {container[f"{which}Probe"]["httpGet"]["path"] for which in ("startup", "liveness", "readiness")}
    asked |= {
        end["path"] for each in rendered(FULL) if each["kind"] == "ServiceMonitor" for end in each["spec"]["endpoints"]
    }
    assert asked <= served


@pytest.mark.proves("deploy:settings-exist")
@CASES
def test_the_service_can_read_the_settings_that_the_chart_gives(
    values: Values, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "token").write_text("stand-in")
    given = environment(values)
    assert {name for name in given if name.startswith("LTT_")} <= SETTINGS
    for name, value in given.items():
        stand_in = "postgresql+asyncpg://u:p@h/d" if name == "LTT_DATABASE_URL" else "stand-in"
        mounted = str(tmp_path / "token") if name.endswith("_FILE") else value
        monkeypatch.setenv(name, stand_in if isinstance(value, dict) else mounted)
    read = Settings.read()
    assert read.port == one(rendered(values), "Service")["spec"]["ports"][0]["port"]
    assert bool(read.hub_api_url) == (values is not SMALL)


def test_what_is_free_to_set_is_a_setting_and_no_secret_and_nothing_that_the_chart_sets() -> None:
    free = set(schema_of(CHART / "values.schema.json")["properties"]["settings"]["properties"])
    assert free <= set(Settings.model_fields)
    own = {name.removeprefix("LTT_").lower() for name in environment(merged(FULL, {"settings": {}}))}
    own |= {"api_token", "jupyter_token", "hub_token", "database_url"}
    assert free & own <= {"model", "model_tokens_per_course_day", "introduce", "log_format", "hub_max_age_seconds"}


def settings_out_of_reach(schema: Values, known: set[str]) -> set[str]:
    """Settings that an operator can give in no way: the chart's schema lists them by hand."""
    return known - set(schema["properties"]["settings"]["properties"]) - SET_BY_THE_CHART


@pytest.mark.proves("deploy:settings-exist")
def test_every_setting_can_be_given_in_the_charts_values() -> None:
    schema, known = schema_of(CHART / "values.schema.json"), set(Settings.model_fields)
    assert settings_out_of_reach(schema, known) == set()
    assert settings_out_of_reach(schema, {*known, "made_yesterday"}) == {"made_yesterday"}
    assert known >= SET_BY_THE_CHART


@CASES
def test_secrets_come_from_secrets_alone(values: Values) -> None:
    named = [name for name in environment(values) if name.endswith(("TOKEN", "_KEY"))]
    assert all(isinstance(environment(values)[name], dict) for name in named)
    assert not [each for each in rendered(values) if each["kind"] == "Secret"]


def test_the_alerts_and_the_dashboard_travel_with_the_chart_unchanged() -> None:
    objects = rendered(FULL)
    assert one(objects, "PrometheusRule")["spec"] == load(MONITORING / "alerts.yaml")
    dashboard = json.loads(one(objects, "ConfigMap")["data"]["ltt-collab.json"])
    assert dashboard == json.loads((MONITORING / "dashboard.json").read_text())
    monitored = one(objects, "ServiceMonitor")["spec"]
    service = one(objects, "Service")
    assert monitored["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    assert monitored["endpoints"][0]["port"] in {port["name"] for port in service["spec"]["ports"]}


def test_helm_itself_finds_nothing_to_complain_about() -> None:
    helm = pytest.importorskip("helm_python.chart")
    report = helm.lint(CHART, strict=True, kube_version="v1.33.0")
    assert [message for message in report["messages"] if message["severity"] > 1] == []
    assert report["errors"] == []
