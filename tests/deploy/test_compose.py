"""The host of ``docker compose``: its file is well-formed, what it names is there, secrets come from outside."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.deploy.reading import DEPLOY, SETTINGS, faults, load, merged, promtool

FOLDER = DEPLOY / "compose"
COMPOSE = load(FOLDER / "compose.yaml")


def closed(properties: dict[str, Any], **rules: Any) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "properties": properties, **rules}


TEXT, TEXTS, FLAG = {"type": "string"}, {"type": "array", "items": {"type": "string"}}, {"type": "boolean"}
SECONDS = {"type": "string", "pattern": r"^\d+(s|m)$"}
CONDITION = {"enum": ["service_started", "service_healthy", "service_completed_successfully"]}
SERVICE = closed(
    {
        "image": {"type": "string", "pattern": r":[^:]*\d+\.\d+[^:]*$"},
        "build": closed({"context": TEXT, "dockerfile": TEXT}, required=["context", "dockerfile"]),
        "restart": {"enum": ["no", "always", "on-failure", "unless-stopped"]},
        "init": FLAG,
        "read_only": FLAG,
        "profiles": TEXTS,
        "depends_on": {"type": "object", "additionalProperties": closed({"condition": CONDITION})},
        "environment": {"type": "object", "additionalProperties": TEXT},
        "volumes": TEXTS,
        "tmpfs": TEXTS,
        "ports": {"type": "array", "items": {"type": "string", "pattern": r"^127\.0\.0\.1:\d+:\d+$"}},
        "networks": TEXTS,
        "cap_drop": TEXTS,
        "security_opt": TEXTS,
        "healthcheck": closed({"test": TEXTS, "interval": SECONDS, "timeout": SECONDS, "retries": {"type": "integer"}}),
        "deploy": closed({"resources": closed({"limits": closed({"cpus": TEXT, "memory": TEXT})})}),
    },
    required=["image", "restart", "networks"],
)
SCHEMA = closed(
    {
        "name": TEXT,
        "services": {"type": "object", "additionalProperties": SERVICE},
        "networks": {"type": "object", "additionalProperties": closed({"internal": FLAG})},
        "volumes": {"type": "object", "additionalProperties": closed({})},
    },
    required=["services"],
)
"""The part of the Compose specification that we use, written by hand: ports on loopback only, images pinned."""


@pytest.mark.proves("deploy:compose-is-well-formed")
def test_the_file_fits_the_part_of_the_specification_that_it_uses() -> None:
    assert faults(SCHEMA, COMPOSE) == []


@pytest.mark.parametrize(
    "typo",
    [{"tutor": {"volmes": []}}, {"tutor": {"ports": ["8700:8700"]}}, {"database": {"image": "postgres"}}],
    ids=str,
)
@pytest.mark.proves("deploy:a-typo-fails")
def test_a_wrong_line_is_found(typo: dict[str, Any]) -> None:
    assert len(faults(SCHEMA, merged(COMPOSE, {"services": typo}))) == 1


def test_volumes_networks_and_files_that_are_named_are_there() -> None:
    for service in COMPOSE["services"].values():
        assert set(service["networks"]) <= set(COMPOSE["networks"])
        assert set(service.get("depends_on", ())) <= set(COMPOSE["services"])
        for volume in service.get("volumes", ()):
            source = volume.partition(":")[0]
            if source.startswith("."):
                assert (FOLDER / source).is_file(), source
            elif not source.startswith("$"):
                assert source in COMPOSE["volumes"]
        if "build" in service:
            assert (FOLDER / service["build"]["context"] / service["build"]["dockerfile"]).is_file()


@pytest.mark.proves("deploy:settings-exist")
def test_the_tutor_is_given_settings_that_exist() -> None:
    given = set(COMPOSE["services"]["tutor"]["environment"])
    assert given - SETTINGS == {"ANTHROPIC_API_KEY"}


def test_every_variable_is_in_the_example_and_no_secret_has_a_value() -> None:
    used = set(re.findall(r"\$\{(\w+)", (FOLDER / "compose.yaml").read_text()))
    lines = [line for line in (FOLDER / "example.env").read_text().splitlines() if line and line[0] != "#"]
    example = dict(line.split("=", 1) for line in lines)
    assert used == set(example)
    assert not any(value for name, value in example.items() if re.search("TOKEN|PASSWORD|KEY", name))
    demanded = re.findall(r"\$\{(\w+):\?", (FOLDER / "compose.yaml").read_text())
    assert set(demanded) == {"LTT_DATABASE_PASSWORD", "LTT_JUPYTER_TOKEN", "LTT_API_TOKEN"}


def test_the_database_is_reached_by_nobody_outside() -> None:
    database = COMPOSE["services"]["database"]
    assert "ports" not in database
    assert [COMPOSE["networks"][name] for name in database["networks"]] == [{"internal": True}]


def test_prometheus_reads_its_configuration() -> None:
    told = promtool("check", "config", "--syntax-only", FOLDER / "prometheus.yaml")
    assert told.returncode == 0, told.stderr
    (target,) = load(FOLDER / "prometheus.yaml")["scrape_configs"][0]["static_configs"][0]["targets"]
    assert target == "tutor:8700"
