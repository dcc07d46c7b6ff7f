"""What the tests of the deployment read: files, the rendered chart, settings and metrics as they really are."""

from __future__ import annotations

import functools
import json
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import kubernetes_validate  # type: ignore[import-untyped]
import pytest
import yaml
from prometheus_client import REGISTRY as PROCESS_WIDE
from prometheus_client import Counter, Histogram

import agent.metrics  # noqa: F401 - registers what a tutor in the service's process counts
from ltt_collab.settings import Settings, variable
from ltt_collab.telemetry import metrics

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
CHART = DEPLOY / "helm" / "ltt-collab"
HUB_VALUES = DEPLOY / "helm" / "zero-to-jupyterhub"
MONITORING = DEPLOY / "monitoring"

KUBERNETES = ("1.33", "1.36")
"""The oldest with user namespaces for everybody, and a recent one."""

OPERATOR_KINDS = {"ServiceMonitor", "PrometheusRule"}
"""Kinds of the Prometheus operator: Kubernetes has no schema for them."""

SETTINGS = {variable(field) for field in Settings.model_fields}

Values = dict[str, Any]

# Its schemas are megabytes, and it reads them anew for every object.
kubernetes_validate.utils.schema_contents = functools.cache(kubernetes_validate.utils.schema_contents)


def load(path: Path) -> Any:
    """One YAML document."""
    return yaml.safe_load(path.read_text())


def merged(*layers: Mapping[str, Any]) -> Values:
    """Values over values, as ``helm -f one -f other`` does it."""
    result: Values = {}
    for layer in layers:
        for key, value in layer.items():
            before = result.get(key)
            if isinstance(value, Mapping) and isinstance(before, Mapping):
                result[key] = merged(before, value)
            else:
                result[key] = value
    return result


def rendered(values: Values) -> list[Values]:
    """Our chart's objects, as Helm makes them; skips where Helm's library cannot be had."""
    chart = pytest.importorskip("helm_python", reason="helm-python-sdk has no build for this machine").Chart
    with chart.load(CHART) as loaded:
        files = loaded.render(values, name="ltt-collab", namespace="jhub")
    texts = [text for path, text in files.items() if not path.endswith("NOTES.txt")]
    return [found for text in texts for found in yaml.safe_load_all(text) if found]


def one(objects: list[Values], kind: str) -> Values:
    """The only object of a kind."""
    (found,) = [each for each in objects if each["kind"] == kind]
    return found


def expect_strict(manifest: Values) -> None:
    """Hold an object to Kubernetes' own schemas, unknown fields refused."""
    for version in KUBERNETES:
        kubernetes_validate.validate(manifest, version, strict=True)


def faults(schema: Values, instance: Any) -> list[str]:
    """What a JSON schema finds wrong, each with its place."""
    jsonschema.Draft202012Validator.check_schema(schema)
    found = jsonschema.Draft202012Validator(schema).iter_errors(instance)
    return [f"{'.'.join(map(str, error.absolute_path))}: {error.message}" for error in found]


InvalidManifest: type[Exception] = kubernetes_validate.ValidationError


def schema_of(path: Path) -> Values:
    """A JSON schema from a file."""
    schema: Values = json.loads(path.read_text())
    return schema


def promtool(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run promtool; skips where there is none."""
    found = shutil.which("promtool")
    if found is None:
        pytest.skip("promtool is not installed: alert rules are NOT checked (run .ci/install-promtool as root)")
    return subprocess.run([found, *arguments], capture_output=True, text=True, timeout=60, check=False)


def metric_labels() -> dict[str, set[str]]:
    """Every sample's name that ``/metrics`` can have, with its labels."""
    found: dict[str, set[str]] = {}
    for registry in (metrics.REGISTRY, PROCESS_WIDE):
        for collector, names in registry._collector_to_names.items():
            labels = set(getattr(collector, "_labelnames", ()))
            # A counter is known by its bare name too, under which it is never scraped.
            bare = {getattr(collector, "_name", "")} if isinstance(collector, Counter | Histogram) else set()
            for name in {*names} - bare:
                if name.startswith(("ltt_", "process_")):
                    found[name] = labels | ({"le"} if name.endswith("_bucket") else set())
    return found


_SELECTOR = re.compile(r"\b((?:ltt|process)_[a-z_]+)(?:\{([^}]*)\})?")
_MATCHER = re.compile(r'(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"')


def selectors(expression: str) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Each metric that a PromQL expression names, with its label matchers."""
    for name, matchers in _SELECTOR.findall(expression):
        yield name, [(label, value) for label, _, value in _MATCHER.findall(matchers)]
