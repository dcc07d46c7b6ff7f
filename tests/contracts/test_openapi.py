"""Every operation of the API keeps to its own OpenAPI document, whatever is sent to it."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, settings
from pydantic import SecretStr
from schemathesis.specs.openapi.checks import positive_data_acceptance

from ltt_collab.access.gatekeeper import Gatekeeper, ServiceToken
from ltt_collab.adapters.clock import SystemClock
from ltt_collab.api.app import create_app
from ltt_collab.api.door import Door, Readiness
from tests.support.directory import MemoryDirectory
from tests.support.door import TOKEN, nobody_is_away
from tests.unit.api.school import HandSchool
from tests.unit.classroom.courses import MEAN, cell

EXAMPLES = 6
"""Requests per operation: some well-formed, some not; a failing one is shrunk and printed as a curl command."""

STREAMS = ("/api/v1/events", "/api/v1/rooms/{room_id}/events")
"""They never end; tests/unit/api/test_streams.py holds them to what they promise."""

PATHS = {"course_id": "basics", "task_id": "mean", "cell_id": "w", "username": "ada"}


def whole_api() -> tuple[FastAPI, str]:
    """The API with every route, before one open room; and that room's id."""
    directory = MemoryDirectory()
    room = directory.open("basics/mean/mean.ipynb", cell("w", of=MEAN), learner="ada")
    door = Door(
        directory=directory,
        readiness=lambda: Readiness(ready=True),
        welcome=nobody_is_away,
        insight=directory.insight,
    )
    gatekeeper = Gatekeeper([ServiceToken(SecretStr(TOKEN))], SystemClock())
    return create_app(door, gatekeeper=gatekeeper, school=HandSchool(directory).open(gatekeeper)), room.id


APP, ROOM = whole_api()
RESULTS: list[Any] = list(schemathesis.openapi.from_asgi("/api/v1/openapi.json", APP).get_all_operations())
LOADED = [result.ok() for result in RESULTS]
OPERATIONS: dict[str, Any] = {operation.label: operation for operation in LOADED if operation.path not in STREAMS}


@pytest.mark.proves("api:keeps-to-its-openapi")
@pytest.mark.filterwarnings("ignore::DeprecationWarning:schemathesis", "ignore::DeprecationWarning:starlette")
@pytest.mark.parametrize(
    ("label", "known"),
    [(label, known) for label in sorted(OPERATIONS) for known in (True, False) if "{" in label or not known],
)
def test_answers_are_what_the_document_says(label: str, known: bool) -> None:
    operation = OPERATIONS[label]
    names = {parameter.name for parameter in operation.path_parameters}
    fixed = {name: value for name, value in {**PATHS, "room_id": ROOM}.items() if name in names and known}
    strategy = operation.as_strategy(**({"path_parameters": fixed} if fixed.keys() == names else {}))

    @given(case=strategy)
    @settings(
        max_examples=EXAMPLES,
        phases=[Phase.explicit, Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
        deadline=None,
        database=None,
        derandomize=True,
    )
    def send(case: Any) -> None:
        # A suggestion's fields depend on each other, which JSON Schema does not say: a refusal of one is no fault.
        case.call_and_validate(headers={"Authorization": f"Bearer {TOKEN}"}, excluded_checks=[positive_data_acceptance])

    send()
