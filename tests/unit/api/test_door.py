"""What holds for every answer of the HTTP door, good or bad."""

from __future__ import annotations

import json
from typing import Any

import anyio
import httpx
import pytest
import structlog
from pydantic import SecretStr

from ltt_collab.access.gatekeeper import ServiceToken
from ltt_collab.api.door import Readiness
from ltt_collab.api.middleware import BODY_LIMIT
from ltt_collab.model.errors import InvalidSettingError, StoreUnavailableError
from ltt_collab.model.suggestions import Answer, Draft
from ltt_collab.model.wire import EVENT_TYPES
from ltt_collab.ports.store import StoreState
from tests.support.directory import MemoryDirectory, code
from tests.support.door import TOKEN, running_service

SECURED = ["/api/v1/rooms", "/api/v1/rooms/r", "/api/v1/rooms/r/events", "/api/v1/events", "/api/v1/rooms/r/decisions"]
PROBLEM = "application/problem+json"


def assert_safe_headers(answer: httpx.Response) -> None:
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert "access-control-allow-origin" not in answer.headers


def assert_problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status
    assert answer.headers["content-type"] == PROBLEM
    assert_safe_headers(answer)
    body: dict[str, Any] = answer.json()
    assert body["status"] == status
    assert body["code"] == code
    assert body["type"] == "urn:ltt-collab:problem:" + code.replace("_", "-")
    assert body["title"]
    assert body["detail"]
    return body


@pytest.mark.proves("api:nothing-without-the-token")
@pytest.mark.parametrize("path", [*SECURED, "/api/v1/unknown", "/api/v2/rooms", "/", "/metrics/x"])
@pytest.mark.parametrize(
    "authorization",
    [None, "Bearer", "Bearer wrong", f"Bearer {TOKEN}x", f"Basic {TOKEN}", TOKEN, "Bearer t\xf6ken"],
)
async def test_without_the_token_nothing_is_told(path: str, authorization: str | None) -> None:
    async with running_service(MemoryDirectory()) as service:
        headers = [] if authorization is None else [(b"authorization", authorization.encode("latin-1"))]
        async with httpx.AsyncClient(base_url=service.url) as stranger:
            answer = await stranger.get(path, headers=headers)
    assert_problem(answer, 401, "not_authorized")
    assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_a_token_in_the_url_is_no_token() -> None:
    async with running_service(MemoryDirectory()) as service, httpx.AsyncClient(base_url=service.url) as stranger:
        answer = await stranger.get(f"/api/v1/rooms?token={TOKEN}")
    assert_problem(answer, 401, "not_authorized")


def test_an_empty_token_never_opens_the_door() -> None:
    with pytest.raises(InvalidSettingError, match="LTT_API_TOKEN"):
        ServiceToken(SecretStr(""))


async def test_health_needs_no_token_and_readiness_follows_the_watch() -> None:
    async with running_service(MemoryDirectory()) as service, httpx.AsyncClient(base_url=service.url) as stranger:
        health = await stranger.get("/api/v1/health")
        ready = await stranger.get("/api/v1/ready")
        service.readiness.append(Readiness(ready=False, reason="cannot reach http://127.0.0.1:8888/"))
        lost = await stranger.get("/api/v1/ready")
    assert health.json()["status"] == "ok"
    assert ready.status_code == 200
    assert ready.json()["store"] == {"available": True, "waiting": 0, "reason": ""}
    body = assert_problem(lost, 503, "not_ready")
    assert body["detail"] == "cannot reach http://127.0.0.1:8888/"
    for answer in (health, ready):
        assert_safe_headers(answer)


async def test_a_database_that_is_away_is_said_and_the_service_is_ready_all_the_same() -> None:
    async with running_service(MemoryDirectory()) as service:
        away = StoreState(available=False, waiting=3, reason="database is locked")
        service.readiness.append(Readiness(ready=True, store=away))
        ready = await service.http.get("/api/v1/ready")
        text = (await service.http.get("/metrics")).text
    assert ready.status_code == 200
    assert ready.json()["store"] == {"available": False, "waiting": 3, "reason": "database is locked"}
    assert "ltt_store_waiting_count 3.0" in text


async def test_metrics_count_rooms_and_requests_by_route_without_naming_one() -> None:
    directory = MemoryDirectory()
    room = directory.open("secret-name.ipynb")
    async with running_service(directory) as service:
        await service.http.get(f"/api/v1/rooms/{room.id}")
        await service.http.request("BREW", "/api/v1/rooms")
        text = (await service.http.get("/metrics")).text
    assert 'ltt_rooms_count{state="live"} 1.0' in text
    assert 'route="/api/v1/rooms/{room_id}",status="200"' in text
    assert 'method="other"' in text
    assert "BREW" not in text
    assert room.id not in text
    assert "secret-name" not in text


@pytest.mark.proves("api:every-refusal-is-a-problem-document")
@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/", 404, "not_found"),
        ("GET", "/api/v1/rooms/", 404, "unknown_room_or_path"),
        ("GET", "/api/v1/rooms/nope", 404, "unknown_room"),
        ("GET", "/api/v1/rooms/nope/events", 404, "unknown_room"),
        ("GET", "/docs", 404, "not_found"),
        ("DELETE", "/api/v1/rooms", 405, "method_not_allowed"),
        ("POST", "/api/v1/rooms/r/suggestions", 422, "invalid_request"),
        ("GET", "/api/v1/rooms/r/events?after=-1", 422, "invalid_request"),
        ("GET", "/api/v1/rooms/r/events?after=x", 422, "invalid_request"),
    ],
)
async def test_every_refusal_is_a_problem_document(method: str, path: str, status: int, code: str) -> None:
    async with running_service(MemoryDirectory()) as service:
        answer = await service.http.request(method, path)
    if code == "unknown_room_or_path":
        code = answer.json()["code"]
    assert_problem(answer, status, code)


async def test_a_wrong_method_is_told_the_right_one() -> None:
    async with running_service(MemoryDirectory()) as service:
        answer = await service.http.put("/api/v1/rooms")
    assert answer.headers["allow"] == "GET"


async def test_an_unforeseen_error_tells_nothing_of_its_content_and_the_service_lives_on() -> None:
    directory = MemoryDirectory()
    room = directory.open("a.ipynb", code("c1", "x"))

    async def fail(_draft: Draft) -> Answer:
        raise ZeroDivisionError("the learner wrote: my diary")

    directory.answer = fail
    body = {"cell_id": "c1", "expected_hash": code("c1", "x").hash, "placement": "pointer", "text": ""}
    with structlog.testing.capture_logs() as logged:
        async with running_service(directory) as service:
            path = f"/api/v1/rooms/{room.id}/suggestions"
            answer = await service.http.post(path, json=body | {"idempotency_key": "k"})
            after = await service.http.get("/api/v1/rooms")
    assert_problem(answer, 500, "internal")
    assert "diary" not in answer.text
    assert after.status_code == 200
    (line,) = [line for line in logged if line["event"] == "request failed" and line["log_level"] == "error"]
    assert line["kind"] == "ZeroDivisionError"
    assert "test_door.py" in line["where"]
    assert "diary" not in str(line)


async def test_a_store_that_is_away_is_said_as_such() -> None:
    directory = MemoryDirectory()
    room = directory.open("a.ipynb", code("c1", "x"))

    async def fail(_draft: Draft) -> Answer:
        raise StoreUnavailableError("save", "locked")

    directory.answer = fail
    body = {"cell_id": "c1", "expected_hash": code("c1", "x").hash, "placement": "pointer", "text": ""}
    async with running_service(directory) as service:
        answer = await service.http.post(f"/api/v1/rooms/{room.id}/suggestions", json=body | {"idempotency_key": "k"})
    assert_problem(answer, 503, "store_unavailable")
    assert answer.headers["retry-after"] == "1"


@pytest.mark.parametrize("path", ["/api/v1/health", "/api/v1/rooms", "/api/v1/events", "/metrics", "/nowhere"])
async def test_head_is_answered_like_get_without_a_body(path: str) -> None:
    async with running_service(MemoryDirectory()) as service:
        with anyio.fail_after(5):
            head = await service.http.head(path)
            async with service.http.stream("GET", path) as get:
                assert head.status_code == get.status_code
                assert head.headers["content-type"] == get.headers["content-type"]
    assert head.content == b""
    assert_safe_headers(head)


@pytest.mark.proves("api:a-body-is-bounded")
@pytest.mark.parametrize("announced", [True, False])
async def test_a_body_over_the_bound_is_refused(announced: bool) -> None:
    directory = MemoryDirectory()
    room = directory.open("a.ipynb")
    body = json.dumps({"text": "x" * BODY_LIMIT}).encode()

    async def chunks() -> Any:
        for begin in range(0, len(body), 65_536):
            yield body[begin : begin + 65_536]

    async with running_service(directory) as service:
        answer = await service.http.post(
            f"/api/v1/rooms/{room.id}/suggestions",
            content=body if announced else chunks(),
            headers={"content-type": "application/json"},
        )
    assert_problem(answer, 413, "request_entity_too_large")


async def test_a_fault_is_told_without_the_text_that_was_sent() -> None:
    directory = MemoryDirectory()
    room = directory.open("a.ipynb")
    async with running_service(directory) as service:
        path = f"/api/v1/rooms/{room.id}/suggestions"
        wrong = await service.http.post(path, json={"placement": "my diary", "text": ["my diary"]})
        broken = await service.http.post(path, content=b"{my diary", headers={"content-type": "application/json"})
    for answer in (wrong, broken):
        assert_problem(answer, 422, "invalid_request")
        assert "diary" not in answer.text


async def test_the_openapi_document_is_complete() -> None:
    async with running_service(MemoryDirectory()) as service:
        document = (await service.http.get("/api/v1/openapi.json")).json()
    operations = {
        (method, path): operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }
    assert {path for _, path in operations} == {
        "/api/v1/rooms",
        "/api/v1/rooms/{room_id}",
        "/api/v1/rooms/{room_id}/events",
        "/api/v1/rooms/{room_id}/suggestions",
        "/api/v1/rooms/{room_id}/declined",
        "/api/v1/rooms/{room_id}/decisions",
        "/api/v1/rooms/{room_id}/cells/{cell_id}/facts",
        "/api/v1/rooms/{room_id}/cells/{cell_id}/trials",
        "/api/v1/rooms/{room_id}/cells/{cell_id}/task",
        "/api/v1/rooms/{room_id}/cells/{cell_id}/terminal",
        "/api/v1/events",
        "/api/v1/learners/{username}/welcome",
        "/api/v1/servers/announce",
        "/api/v1/health",
        "/api/v1/ready",
        "/metrics",
    }
    for (_, path), operation in operations.items():
        assert operation["summary"]
        assert operation["description"]
        open_to_all = path in {"/api/v1/health", "/api/v1/ready", "/metrics"}
        assert ("security" in operation) != open_to_all
        assert ("401" in operation["responses"]) != open_to_all
        for status, response in operation["responses"].items():
            assert response["description"]
            if status >= "400":
                assert list(response["content"]) == [PROBLEM]
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    schemas = document["components"]["schemas"]
    assert {cls.__name__ for cls in EVENT_TYPES.values()} <= set(schemas)
    assert "HTTPValidationError" not in schemas
    for reference in set(_references(document)):
        assert reference.removeprefix("#/components/schemas/") in schemas


def _references(node: Any) -> Any:
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "$ref":
                yield value
            else:
                yield from _references(value)
    elif isinstance(node, list):
        for item in node:
            yield from _references(item)
