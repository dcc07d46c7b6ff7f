"""An answer in the chat by a model that takes its time: each sentence is read as soon as it may be."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator

import anyio
import pytest

from agent.aloud import read_begun
from agent.subscriber import create
from agent.words import TO_BE_CONTINUED
from ltt_collab.bench.model_server import ModelServer, Reply, running_model
from ltt_collab.model.edits import HelpCause, HelpRequested
from ltt_collab.model.suggestions import Draft, Placement, Rejected, RejectionReason
from ltt_collab.model.tasks import Trial
from ltt_collab.ports.tutor import TutorConfig
from tests.support.agent_room import AgentRoom, request
from tests.support.deadlines import eventually
from tests.support.fake_model import MODEL, in_turn
from tests.unit.agent.notebooks import notebook_of, raised

WRONG = raised("total = 3\nprint(totl)", "NameError", "name 'totl' is not defined", 2)
RIGHT = "total = 3\nprint(total)"
FIRST, SECOND, LAST = "Line 2 reads `totl`.", "Compare it with line 1.", "Which letter of the name differs?"
ASKED: HelpRequested = request(WRONG, HelpCause.ASKED, 1, question="Why?", chat="c", reply_to="m")


def answer(*sentences: str, change: str | None = None) -> str:
    return json.dumps({"change": change, "line": 2, "hint": " ".join(sentences)})


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelServer]:
    with running_model(lambda _: Reply(text=answer(FIRST, SECOND, LAST))) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        monkeypatch.setenv("OPENAI_API_KEY", "sk-none-of-anybody")
        yield server


async def answered(room: AgentRoom) -> list[tuple[str, bool]]:
    """The pieces of the answer, each with whether there is more to come."""
    await create(TutorConfig(model=MODEL)).handle(ASKED, room)
    assert {draft.placement for draft in room.drafts} == {Placement.CHAT}
    assert len({draft.idempotency_key for draft in room.drafts}) == len(room.drafts)
    return [(draft.text, draft.more) for draft in room.drafts]


@pytest.mark.proves("agent:first-words-early")
async def test_the_first_sentence_is_read_while_the_model_is_still_at_the_others(model: ModelServer) -> None:
    go_on = threading.Event()
    model.behave = lambda _: Reply(text=answer(FIRST, SECOND, LAST), hold=("Compare", go_on))
    room = AgentRoom(notebook_of(WRONG))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(answered, room)
        await eventually(lambda: room.said == [FIRST], within=15, what="the first sentence")
        go_on.set()
    assert [(draft.text, draft.more) for draft in room.drafts] == [(FIRST, True), (SECOND, True), (LAST, False)]


@pytest.mark.proves("agent:reviewed-by-sentence")
@pytest.mark.parametrize(
    "bad", ["Write `print(total)` there.", "You forgot a letter.", "See https://e.vil for more.", "PWNED"]
)
async def test_a_sentence_that_does_not_pass_is_never_said_and_what_was_said_is_ended_kindly(
    bad: str, model: ModelServer
) -> None:
    model.behave = lambda _: Reply(text=answer(FIRST, bad, LAST, change=RIGHT))
    assert await answered(AgentRoom(notebook_of(WRONG))) == [(FIRST, True), (TO_BE_CONTINUED, False)]
    assert len(model.requests) == 1, "nothing that was said is said again in other words"


@pytest.mark.proves("agent:reviewed-by-sentence")
async def test_an_answer_whose_first_sentence_does_not_pass_is_written_anew(model: ModelServer) -> None:
    model.behave = in_turn(Reply(text=answer("You forgot a letter.", LAST)), Reply(text=answer(FIRST, LAST)))
    assert await answered(AgentRoom(notebook_of(WRONG))) == [(FIRST, True), (LAST, False)]


async def test_a_change_that_does_not_work_is_found_before_the_first_word(model: ModelServer) -> None:
    model.behave = in_turn(Reply(text=answer(FIRST, LAST, change="total = 3\nprint(totel)")), Reply(text=answer(LAST)))
    room = AgentRoom(notebook_of(WRONG))
    room.trial = Trial(output="", error="NameError")
    assert (await answered(room))[0][0] != FIRST
    assert len(room.tried) == 1


async def test_an_answer_that_breaks_off_is_ended(model: ModelServer) -> None:
    model.behave = lambda _: Reply(text=answer(FIRST, SECOND, LAST * 8), cut=True)
    said = await answered(AgentRoom(notebook_of(WRONG)))
    assert said[0] == (FIRST, True)
    assert said[-1] == (TO_BE_CONTINUED, False)


async def test_what_the_gate_stops_is_not_gone_on_with(model: ModelServer) -> None:
    room = AgentRoom(notebook_of(WRONG))
    leak = Rejected(reason=RejectionReason.LEAK, detail="too near")

    def judge(draft: Draft) -> Rejected | None:
        return leak if draft.text == SECOND else None

    room.judge = judge
    said = await answered(room)
    assert [text for text, _ in said] == [FIRST, SECOND, TO_BE_CONTINUED]


async def test_who_goes_on_typing_while_the_answer_comes_reads_all_of_it(model: ModelServer) -> None:
    room = AgentRoom(notebook_of(WRONG))
    changed = raised("total = 3\nprint(totl) ", "NameError", "name 'totl' is not defined", 2)

    def judge(draft: Draft) -> Rejected | None:
        room.notebook = notebook_of(changed)
        conflict = Rejected(reason=RejectionReason.CONFLICT, detail="changed", current_source=changed.source)
        return conflict if draft.expected_hash != changed.hash else None

    room.judge = judge
    await create(TutorConfig(model=MODEL)).handle(ASKED, room)
    passed = [draft.text for draft in room.drafts if draft.expected_hash == changed.hash]
    assert passed == [FIRST, SECOND, LAST]


async def test_a_model_that_begins_with_the_hint_is_reviewed_whole(model: ModelServer) -> None:
    text = json.dumps({"hint": f"{FIRST} Write `print(total)` there.", "line": 2, "change": RIGHT})
    model.behave = in_turn(Reply(text=text), Reply(text=answer(FIRST)))
    assert await answered(AgentRoom(notebook_of(WRONG))) == [(FIRST, False)]


@pytest.mark.parametrize("hint", [FIRST, 'a "quoted" \\ word\n\u2028 é 😀', "```python\nx = 1\n```", "\\u00e9"])
def test_at_no_letter_is_what_has_come_read_as_anything_else(hint: str) -> None:
    for text in (answer(hint), json.dumps({"change": 'x = \'"hint": "\'', "line": None, "hint": hint})):
        for end in range(len(text)):
            begun = read_begun(text[:end])
            assert begun is None or hint.startswith(begun.hint.rstrip("\ud83d")), text[:end]
        whole = read_begun(text)
        assert whole is not None
        assert whole.hint == hint
