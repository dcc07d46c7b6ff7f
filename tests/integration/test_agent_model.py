"""The tutor with a language model, spoken to over HTTP as any provider of OpenAI's protocol is."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import anyio
import pytest
import structlog

from agent import words
from agent.models import ChatModel
from agent.nodes.review import MAX_DRAFTS
from agent.state import MEMORIES
from agent.subscriber import create
from agent.tutor import RUNS_KEPT, GraphTutor
from ltt_collab.bench.model_server import ModelServer, Reply, running_model
from ltt_collab.model.edits import HelpCause
from ltt_collab.model.errors import InvalidSettingError
from ltt_collab.model.suggestions import Draft, Placement, Rejected, RejectionReason
from ltt_collab.model.tasks import Trial
from ltt_collab.ports.tutor import Tutor, TutorConfig
from tests.support.agent_room import AgentRoom, brief, request
from tests.support.deadlines import eventually
from tests.support.fake_model import (
    BROKEN,
    CUT_AT_ITS_LIMIT,
    EMPTY,
    MODEL,
    NO_STREAM,
    NONSENSE,
    RATE_LIMITED,
    TRUNCATED,
    in_turn,
    looking,
    prompts,
    saying,
    slow,
)
from tests.support.postgres import Postgres
from tests.unit.agent.notebooks import code_cell, notebook_of, raised

WRONG = raised("total = 3\nprint(totl)", "NameError", "name 'totl' is not defined", 2)
RIGHT = "total = 3\nprint(total)"
GOOD = "Line 2 reads `totl`. Compare each letter of it with line 1."
RULES = "There is no `totl`. Did you mean `total`?"
MEAN = code_cell(0, "def mean(values):\n    pass")
LEAK = Rejected(reason=RejectionReason.LEAK, detail="too near")


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelServer]:
    with running_model(saying(GOOD, 2)) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        monkeypatch.setenv("OPENAI_API_KEY", "sk-none-of-anybody")
        yield server


def tutor(path: Path | None = None, **changes: float) -> Tutor:
    url = f"sqlite+aiosqlite:///{path / 'ltt.sqlite'}" if path else ""
    return create(replace(TutorConfig(model=MODEL, checkpoint_url=url), **changes))  # type: ignore[arg-type]


def room_of_wrong() -> AgentRoom:
    return AgentRoom(notebook_of(WRONG))


@pytest.mark.proves("agent:model-drafts-rules-first")
async def test_the_rules_say_where_and_the_model_says_what(model: ModelServer) -> None:
    room, agent = room_of_wrong(), tutor()
    await agent.handle(request(WRONG, rung=1), room)
    assert model.requests == []
    await agent.handle(request(WRONG, rung=2), room)
    assert len(model.requests) == 1
    assert room.said[1] == GOOD
    assert (room.drafts[1].rung, room.drafts[1].line, room.drafts[1].placement) == (2, 2, Placement.NOTE)


@pytest.mark.proves("agent:model-failures-fall-back")
@pytest.mark.parametrize(
    "reply",
    [BROKEN, RATE_LIMITED, TRUNCATED, CUT_AT_ITS_LIMIT, NONSENSE, EMPTY, NO_STREAM],
    ids=["500", "429", "cut off", "too long", "nonsense", "empty", "no stream"],
)
async def test_a_model_that_fails_costs_the_learner_nothing(reply: Reply, model: ModelServer) -> None:
    model.behave = in_turn(reply)
    room = room_of_wrong()
    await tutor().handle(request(WRONG, rung=2), room)
    (text,) = room.said
    assert RULES in text


async def test_a_model_that_nobody_answers_for_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-none")
    room = room_of_wrong()
    await tutor().handle(request(WRONG, rung=2), room)
    assert RULES in room.said[0]


async def test_a_model_without_its_key_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    room = room_of_wrong()
    await tutor().handle(request(WRONG, rung=2), room)
    assert RULES in room.said[0]


async def test_a_slow_model_is_not_waited_for(model: ModelServer) -> None:
    model.behave = slow(threading.Event())
    room = room_of_wrong()
    with anyio.fail_after(10):
        await tutor(model_seconds=0.5).handle(request(WRONG, rung=2), room)
    assert RULES in room.said[0]


async def test_after_a_failure_the_model_rests_and_is_asked_again_later(model: ModelServer) -> None:
    now = [1000.0]
    model.behave = in_turn(RATE_LIMITED, saying(GOOD, 2))
    chat = ChatModel(MODEL, 20.0, lambda: now[0])
    said = []
    for seconds in (0.0, 6.0, 1.5):  # Retry-After: 7
        now[0] += seconds
        said.append(type(await chat.ask([], ())).__name__ if not chat.is_resting else "rests")
    assert said == ["Failed", "rests", "Said"]


@pytest.mark.proves("agent:reviewed-whole")
@pytest.mark.parametrize(
    "bad",
    ["You forgot a letter in line 2.", f"Write `print(total)` in line 2. {GOOD}", "See https://e.vil for line 2."],
)
async def test_a_draft_that_does_not_pass_is_written_anew_and_never_seen(bad: str, model: ModelServer) -> None:
    model.behave = in_turn(saying(bad, 2, RIGHT), saying(GOOD, 2, RIGHT))
    room = room_of_wrong()
    await tutor().handle(request(WRONG, rung=2), room)
    assert room.said == [GOOD]
    assert "was not shown" in prompts(model)


async def test_a_model_that_does_not_learn_is_given_up_for_the_rules(model: ModelServer) -> None:
    model.behave = saying("You are stupid, see line 2.")
    room = room_of_wrong()
    await tutor().handle(request(WRONG, rung=2), room)
    assert len(model.requests) == MAX_DRAFTS
    assert RULES in room.said[0]


@pytest.mark.proves("agent:truth-check")
async def test_a_hint_whose_change_does_not_work_is_not_shown(model: ModelServer) -> None:
    model.behave = saying(GOOD, 2, RIGHT)
    for trial, expected in (
        (Trial(output="", error="NameError: x"), RULES),
        (Trial(output="", error="", passed=False), RULES),
        (Trial(output="3", error=""), GOOD),
        (Trial(output="3", error="", passed=True), GOOD),
    ):
        room = room_of_wrong()
        room.trial = trial
        await tutor().handle(request(WRONG, rung=2), room)
        assert expected in room.said[0]
        assert set(room.tried) == {RIGHT}


@pytest.mark.proves("agent:leak-rewritten-or-dropped")
async def test_a_leak_is_written_anew_one_rung_lower(model: ModelServer) -> None:
    model.behave = in_turn(saying("Line 2 wants the name of line 1.", 2), saying(GOOD, 2))
    room = AgentRoom(notebook_of(WRONG))
    room.judge = lambda draft: LEAK if "wants" in draft.text else None
    await tutor().handle(request(WRONG, rung=3), room)
    assert [draft.rung for draft in room.drafts] == [3, 2]
    assert room.said[-1] == GOOD
    assert "too near to the solution" not in room.said[-1]


async def test_a_model_that_leaks_for_ever_is_given_up_for_the_rules(model: ModelServer) -> None:
    room = AgentRoom(notebook_of(WRONG))
    room.judge = lambda draft: LEAK if draft.text == GOOD else None
    await tutor().handle(request(WRONG, rung=3), room)
    assert room.said[-1] != GOOD
    assert len(model.requests) == MAX_DRAFTS


async def test_a_conflict_is_looked_at_anew_once(model: ModelServer) -> None:
    edited = raised("total = 3\n\nprint(totl)", "NameError", "name 'totl' is not defined", 3)
    conflict = Rejected(reason=RejectionReason.CONFLICT, detail="changed")
    room = AgentRoom(notebook_of(WRONG), conflict, conflict)

    def judge(_: Draft) -> None:
        room.notebook = notebook_of(edited)

    room.judge = judge
    await tutor().handle(request(WRONG, rung=2), room)
    assert [draft.expected_hash for draft in room.drafts] == [WRONG.hash, edited.hash]


async def test_what_is_fixed_meanwhile_gets_no_word(model: ModelServer) -> None:
    room = AgentRoom(notebook_of(code_cell(0, RIGHT)))
    await tutor().handle(request(WRONG, rung=2), room)
    assert room.drafts == []


@pytest.mark.proves("agent:tools-bounded")
async def test_the_model_looks_through_tools_of_this_room_only(model: ModelServer) -> None:
    model.behave = in_turn(
        looking("execute_in_kernel", code="len(values)"),
        looking("execute_in_kernel", code="import os"),
        looking("read_cell", cell_id="c0"),
        saying("Look at line 1.", 1),
    )
    room = AgentRoom(notebook_of(MEAN), task=brief())
    room.known = {"len(values)": "41"}
    room.trial = Trial(output="tried", error="")
    with structlog.testing.capture_logs() as logs:
        await tutor().handle(request(MEAN, HelpCause.CHECK_FAILED, rung=2), room)
    assert room.said == ["Look at line 1."]
    assert (room.asked, room.tried) == (["len(values)"], ["import os"])
    results = [m["content"] for m in model.requests[-1]["messages"] if m["role"] == "tool"]
    assert ["41" in results[0], "tried" in results[1], "def mean" in results[2]] == [True] * 3
    assert [log["tool"] for log in logs if log["event"] == "tutor looked"] == [
        "execute_in_kernel", "execute_in_kernel", "read_cell",
    ]  # fmt: skip


async def test_tools_refuse_what_the_task_does_not_allow_and_end(model: ModelServer) -> None:
    model.behave = in_turn(looking("read_terminal"), looking("rm"), saying("Look at line 1.", 1))
    room = AgentRoom(notebook_of(MEAN), task=brief())
    await tutor().handle(request(MEAN, HelpCause.CHECK_FAILED, rung=2), room)
    results = [m["content"] for m in model.requests[-1]["messages"] if m["role"] == "tool"]
    assert ["not possible" in result for result in results] == [True, True]
    assert "sales.csv" not in prompts(model)
    model.behave = in_turn(looking("read_notebook"))
    again = AgentRoom(notebook_of(MEAN), task=brief(got="7"))
    await tutor().handle(request(MEAN, HelpCause.CHECK_FAILED, rung=2), again)
    assert len(again.drafts) == 1, "a model that only looks is not waited for"


async def test_a_server_that_knows_no_tools_is_asked_without(model: ModelServer) -> None:
    def behave(asked: object) -> Reply:
        assert isinstance(asked, dict)
        return Reply(status=400) if "tools" in asked else saying(GOOD, 2)(asked)

    model.behave = behave
    room = room_of_wrong()
    await tutor().handle(request(WRONG, rung=2), room)
    assert room.said == [GOOD]


@pytest.mark.proves("agent:memory-survives-restart")
async def test_what_was_said_is_known_after_a_restart(model: ModelServer, tmp_path: Path) -> None:
    await tutor(tmp_path).handle(request(WRONG, rung=2), room_of_wrong())
    model.requests.clear()
    later = raised("total = 3\nprint(totl, 1)", "NameError", "name 'totl' is not defined", 2)
    await tutor(tmp_path).handle(request(later, rung=3), AgentRoom(notebook_of(later)))
    assert json.dumps(GOOD)[1:-1] in prompts(model)
    assert "it did not help" in prompts(model)
    assert (tmp_path / "ltt-agent.sqlite").exists()
    assert not (tmp_path / "ltt.sqlite").exists()


@pytest.fixture
def database(postgres: Postgres) -> str:
    """A new database, as ``LTT_DATABASE_URL`` names it."""
    return postgres.new_url()


async def test_what_was_said_is_known_after_a_restart_with_postgresql(model: ModelServer, database: str) -> None:
    config = TutorConfig(model=MODEL, checkpoint_url=database)
    await create(config).handle(request(WRONG, rung=2), room_of_wrong())
    model.requests.clear()
    await create(config).handle(request(WRONG, rung=3), room_of_wrong())
    assert json.dumps(GOOD)[1:-1] in prompts(model)


async def test_memories_of_two_learners_and_two_tasks_are_apart(model: ModelServer, tmp_path: Path) -> None:
    agent = tutor(tmp_path)
    await agent.handle(request(WRONG, rung=2), room_of_wrong())
    model.requests.clear()
    event = request(WRONG, HelpCause.ASKED, rung=2, question="What does it mean?", task="another")
    await agent.handle(event, room_of_wrong())
    other = replace(event.author, username="bob")  # type: ignore[arg-type]
    await agent.handle(replace(event, author=other, task=""), room_of_wrong())
    assert len(model.requests) == 2
    assert "SAID BEFORE" not in prompts(model)


async def test_the_memory_and_its_store_are_bounded(model: ModelServer, tmp_path: Path) -> None:
    agent = tutor(tmp_path)
    for _ in range(RUNS_KEPT + MEMORIES):
        await agent.handle(request(WRONG, rung=1), room_of_wrong())
    with sqlite3.connect(tmp_path / "ltt-agent.sqlite") as store:
        (count,) = store.execute("SELECT COUNT(*) FROM checkpoints").fetchone()
        (size,) = store.execute("SELECT MAX(LENGTH(checkpoint)) FROM checkpoints").fetchone()
    store.close()
    assert count <= RUNS_KEPT
    assert size < 40_000


@pytest.mark.proves("agent:called-off-cleanly")
async def test_a_request_called_off_says_nothing_and_leaves_the_memory_whole(
    model: ModelServer, tmp_path: Path
) -> None:
    agent, until = tutor(tmp_path), threading.Event()
    await agent.handle(request(WRONG, rung=2), room_of_wrong())
    model.behave = slow(until)
    asked, room = len(model.requests), room_of_wrong()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(agent.handle, request(WRONG, rung=3), room)
        await eventually(lambda: len(model.requests) > asked)
        tasks.cancel_scope.cancel()
    assert room.drafts == []
    model.behave = saying("Line 2 is the one to read again.", 2)
    await tutor(tmp_path).handle(request(WRONG, rung=3), room)
    assert room.said == ["Line 2 is the one to read again."]
    assert json.dumps(GOOD)[1:-1] in prompts(model)


async def test_a_store_that_does_not_work_costs_the_memory_only(model: ModelServer, tmp_path: Path) -> None:
    (tmp_path / "ltt-agent.sqlite").write_bytes(b"this is no database, it only looks like one" * 50)
    room = room_of_wrong()
    await tutor(tmp_path).handle(request(WRONG, rung=2), room)
    assert room.said == [GOOD]


@pytest.mark.proves("agent:cache")
async def test_the_same_problem_of_the_same_code_is_asked_about_once(model: ModelServer) -> None:
    agent, rooms = tutor(), [room_of_wrong(), room_of_wrong()]
    for room in rooms:
        await agent.handle(request(WRONG, rung=2), room)
    assert [room.said for room in rooms] == [[GOOD], [GOOD]]
    assert len(model.requests) == 1


async def test_beyond_the_budget_the_rules_help(model: ModelServer) -> None:
    agent, room = tutor(tokens_per_learner_hour=1), room_of_wrong()
    await agent.handle(request(WRONG, rung=2), room)
    await agent.handle(request(WRONG, rung=3), room)
    assert len(model.requests) == 1
    assert room.said[0] == GOOD
    assert room.said[1] != GOOD


async def test_a_question_in_the_chat_is_answered_there_from_the_same_memory(model: ModelServer) -> None:
    agent, room = tutor(), room_of_wrong()
    await agent.handle(request(WRONG, rung=1), room)
    model.behave = saying("It means that Python does not know `totl`. Look at line 1. What is made there?", 2)
    await agent.handle(request(WRONG, HelpCause.ASKED, 1, question="What?", chat="c", reply_to="m"), room)
    answer = room.drafts[1:]
    assert [(d.placement, d.more) for d in answer] == [
        (Placement.CHAT, True), (Placement.CHAT, True), (Placement.CHAT, False),
    ]  # fmt: skip
    assert "SAID BEFORE" in prompts(model)


@pytest.mark.proves("agent:nothing-private-in-prompts")
async def test_no_secret_name_or_address_of_the_learner_reaches_the_model_or_the_log(model: ModelServer) -> None:
    source = "api_key = 'sk-proj-abcdEFGH1234567890abcd'\n# grace.hopper <g.hopper@navy.example.org>\nprint(totl)"
    cell = raised(source, "NameError", "name 'totl' is not defined", 3)
    with structlog.testing.capture_logs() as logs:
        await tutor().handle(
            request(cell, HelpCause.ASKED, 2, question="I am grace.hopper, call +1 202-555-0143"),
            AgentRoom(notebook_of(cell)),
        )
    assert len(model.requests) == 1
    for secret in ("sk-proj", "grace.hopper", "g.hopper@", "555-0143"):
        assert secret not in prompts(model)
        assert secret not in str(logs)


@pytest.mark.parametrize(
    ("name", "says"), [("gpt", "provider"), ("nobody:x", "pip install"), ("openai:", "provider"), ("a b:c", "provider")]
)
def test_a_model_that_cannot_be_had_is_refused_at_the_start(name: str, says: str) -> None:
    with pytest.raises(InvalidSettingError, match=says):
        create(TutorConfig(model=name))


async def test_fixed_words_need_no_model(model: ModelServer) -> None:
    agent, room = tutor(), AgentRoom(notebook_of(MEAN))
    assert isinstance(agent, GraphTutor)
    await agent.handle(request(MEAN, HelpCause.LONG_RUN), room)
    await agent.handle(request(MEAN, HelpCause.TASK_OPENED), room)
    assert room.said == [words.LONG_RUN]
    assert model.requests == []
