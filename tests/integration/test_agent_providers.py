"""The tutor with models of providers that have a protocol of their own, each spoken to over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from agent.subscriber import create
from agent.tutor import GraphTutor
from ltt_collab.bench.model_server import Reply
from ltt_collab.ports.tutor import TutorConfig
from tests.support.agent_room import AgentRoom
from tests.support.agent_room import request as asked_for
from tests.support.fake_model import CUT_AT_ITS_LIMIT, looking
from tests.support.provider_models import Provider, as_anthropic, as_ollama, running_provider
from tests.unit.agent.notebooks import notebook_of, raised

WRONG = raised("total = 3\nprint(totl)", "NameError", "name 'totl' is not defined", 2)
GOOD = "Line 2 reads `totl`. Compare each letter of it with line 1."
HINT = Reply(text=json.dumps({"hint": GOOD, "line": 2, "change": None}))
RULES = "There is no `totl`. Did you mean `total`?"
PROVIDERS = ["anthropic", "ollama"]


@pytest.fixture
def provider(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    """The provider that the test names."""
    by_name = {"anthropic": (as_anthropic, "text/event-stream"), "ollama": (as_ollama, "application/x-ndjson")}
    speak, kind = by_name[request.param]
    with running_provider(speak, kind) as server:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", server.url)
        monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-none-of-anybody")
        monkeypatch.setenv("OLLAMA_HOST", server.url)
        yield server


def tutor_of(request: pytest.FixtureRequest) -> GraphTutor:
    """A tutor with that provider's model."""
    name = request.node.callspec.params["provider"]
    tutor = create(TutorConfig(model=f"{name}:fake"))
    assert isinstance(tutor, GraphTutor)
    return tutor


def texts_of(asked: dict[str, Any]) -> str:
    """All that the model was told in one request."""
    return json.dumps([asked.get("system", ""), asked["messages"]])


@pytest.mark.proves("agent:providers")
@pytest.mark.parametrize("provider", PROVIDERS, indirect=True)
async def test_a_model_of_another_provider_says_the_hint(provider: Provider, request: pytest.FixtureRequest) -> None:
    provider.replies = [HINT]
    room = AgentRoom(notebook_of(WRONG))
    await tutor_of(request).handle(help_request(), room)
    assert room.said == [GOOD]
    (asked,) = provider.requests
    assert asked["model"] == "fake"
    assert asked["stream"] is True
    assert "print(totl)" in texts_of(asked)


@pytest.mark.proves("agent:providers")
@pytest.mark.parametrize("provider", PROVIDERS, indirect=True)
async def test_a_model_of_another_provider_looks_around_first(
    provider: Provider, request: pytest.FixtureRequest
) -> None:
    room = AgentRoom(notebook_of(WRONG))
    tool = "read_notebook"
    provider.replies = [looking(tool), HINT]
    await tutor_of(request).handle(help_request(), room)
    assert room.said == [GOOD]
    first, second = provider.requests
    assert tool in json.dumps(first["tools"])
    assert len(second["messages"]) == len(first["messages"]) + 2  # what it asked for, and what it was answered


@pytest.mark.proves("agent:providers")
@pytest.mark.parametrize("provider", PROVIDERS, indirect=True)
@pytest.mark.parametrize(
    "reply",
    [Reply(status=500), Reply(status=429), CUT_AT_ITS_LIMIT, Reply(text=HINT.text, cut=True), Reply(text="")],
    ids=["500", "429", "too long", "cut off", "empty"],
)
async def test_a_model_of_another_provider_that_fails_costs_the_learner_nothing(
    reply: Reply, provider: Provider, request: pytest.FixtureRequest
) -> None:
    provider.replies = [reply]
    room = AgentRoom(notebook_of(WRONG))
    await tutor_of(request).handle(help_request(), room)
    (text,) = room.said
    assert RULES in text
    assert len(provider.requests) == 1, "it was asked, and not again at once"


def help_request() -> Any:
    """For an error, at the rung at which models speak."""
    return asked_for(WRONG, rung=2)
