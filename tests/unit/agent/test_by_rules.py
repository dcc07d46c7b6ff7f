"""What a learner is told without a model, for each cause of a request."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from agent import words
from agent.guard import MAX_GRADE, grade
from agent.subscriber import RulesTutor
from ltt_collab.model.cells import Cell, CellRole, Notebook, Ownership
from ltt_collab.model.edits import HelpCause
from ltt_collab.model.errors import UnknownRoomError
from ltt_collab.model.ids import CellId, SuggestionId, Username
from ltt_collab.model.suggestions import Placement, Rejected, RejectionReason
from ltt_collab.model.tasks import TaskBrief
from ltt_collab.model.validations import Outcome
from tests.support.agent_room import AgentRoom, brief, request
from tests.unit.agent.notebooks import code_cell, notebook_of, raised

MEAN = code_cell(0, "def mean(values):\n    pass")
WRONG = raised("total = 3\nprint(totl)", "NameError", "name 'totl' is not defined", 2)
HINTS = ("What is a mean?", "Add up first.", "For a list of prices, one would divide the sum by how many there are.")


async def said(
    cell: Cell,
    cause: HelpCause,
    rung: int = 1,
    *,
    task: TaskBrief | None = None,
    notebook: Notebook | None = None,
    **more: str,
) -> list[str]:
    room = AgentRoom(notebook or notebook_of(cell), task=task)
    await RulesTutor().handle(request(cell, cause, rung, **more), room)
    return room.said


@pytest.mark.proves("tutor:failed-check-in-words")
async def test_a_failed_check_is_told_as_expected_and_got_with_the_authors_hint_of_the_rung() -> None:
    for rung in (1, 2, 3):
        (text,) = await said(MEAN, HelpCause.CHECK_FAILED, rung, task=brief(hints=HINTS))
        assert "expects `2.0`. Your code gives `None`." in text
        assert [hint in text for hint in HINTS] == [rung == number for number in (1, 2, 3)]


async def test_without_an_authors_hint_the_rules_add_what_they_found() -> None:
    lost = code_cell(0, "xs = [3, 1]\nxs = xs.sort()")
    (text,) = await said(lost, HelpCause.CHECK_FAILED, 2, task=brief())
    assert "`None`" in text
    assert "sort" in text


@pytest.mark.parametrize(
    ("expected", "got", "told"),
    [
        ("3", "'3'", "One of them is text"),
        ("'Ada'", "'ada'", "capital letters only"),
        ("'a, b'", "'a,b'", "spaces only"),
        ("2.0", None, "nothing to compare"),
        (None, "4", "found `4`"),
    ],
)
async def test_how_two_values_differ_is_said(expected: str | None, got: str | None, told: str) -> None:
    (text,) = await said(MEAN, HelpCause.CHECK_FAILED, task=brief(expected=expected, got=got))
    assert told in text


async def test_a_hidden_check_tells_no_value() -> None:
    (text,) = await said(MEAN, HelpCause.CHECK_FAILED, task=brief(hidden=True))
    assert "2.0" not in text


@pytest.mark.parametrize("outcome", [Outcome.TIMEOUT, Outcome.KERNEL_DIED, Outcome.MEMORY, Outcome.NO_KERNEL])
async def test_a_check_that_could_not_run_says_what_to_do(outcome: Outcome) -> None:
    (text,) = await said(MEAN, HelpCause.CHECK_FAILED, task=brief(outcome=outcome))
    assert "2.0" not in text
    assert grade(text) <= MAX_GRADE


@pytest.mark.proves("tutor:every-question-is-answered")
async def test_a_question_is_answered_by_what_is_wrong_in_the_cell_in_the_task_or_elsewhere() -> None:
    about_error = await said(WRONG, HelpCause.ASKED, question="why?")
    about_check = await said(MEAN, HelpCause.ASKED, task=brief(hints=HINTS), question="why?")
    about_task = await said(MEAN, HelpCause.ASKED, task=brief(hints=HINTS, passed=True), question="how do I begin?")
    other = code_cell(1, "x = 1")
    elsewhere = await said(other, HelpCause.ASKED, notebook=notebook_of(WRONG, other), question="why?")
    nothing_wrong = await said(code_cell(0, "x = 1"), HelpCause.ASKED, question="why?")
    assert "totl" in about_error[0]
    assert "expects" in about_check[0]
    assert about_task == [HINTS[0]]
    assert "the cell marked `[1]`, line 2" in elsewhere[0]
    assert nothing_wrong == [words.WHAT_HAPPENED]


@pytest.mark.proves("tutor:chat-sentence-by-sentence")
async def test_a_question_by_chat_is_answered_there_sentence_by_sentence() -> None:
    room = AgentRoom(notebook_of(code_cell(0, "x = 1")))
    await RulesTutor().handle(request(room.notebook.cells[0], HelpCause.ASKED, chat="c", reply_to="m"), room)
    assert len(room.drafts) == 2
    assert {(d.placement, d.chat, d.reply_to) for d in room.drafts} == {(Placement.CHAT, "c", "m")}
    assert [d.more for d in room.drafts] == [True, False]
    assert len({d.idempotency_key for d in room.drafts}) == 2
    assert " ".join(room.said) == words.WHAT_HAPPENED


@pytest.mark.proves("tutor:never-only-the-same-again")
async def test_who_asks_again_is_told_what_brings_them_further() -> None:
    agent, room = RulesTutor(), AgentRoom(notebook_of(WRONG))
    for rung, message in ((1, "m1"), (1, "m2"), (2, "m3"), (3, "m4"), (3, "m5")):
        room.drafts.clear()
        event = request(WRONG, HelpCause.ASKED, rung, question="I do not understand", chat="c", reply_to=message)
        await agent.handle(event, room)
        told = {words.AGAIN: message == "m2", words.AGAIN_AT_THE_TOP: message == "m5"}
        assert {text: text in " ".join(room.said) for text in told} == told, message


@pytest.mark.proves("tutor:never-only-the-same-again")
async def test_what_stands_in_the_note_below_the_cell_is_not_written_there_again() -> None:
    (first,) = await said(WRONG, HelpCause.ASKED, question="why?")
    note = replace(
        code_cell(1, f"**Tutor:** {first}"),
        ownership=Ownership(
            role=CellRole.HINT, suggestion=SuggestionId("s"), about=WRONG.id, rung=1, author=Username("t")
        ),
    )
    assert await said(WRONG, HelpCause.ASKED, notebook=notebook_of(WRONG, note), question="why?") == [words.AGAIN]


@pytest.mark.proves("tutor:chat-names-the-cell")
async def test_in_the_chat_a_line_is_told_with_its_cell_where_there_are_several() -> None:
    asked = request(WRONG, HelpCause.ASKED, question="why?", chat="c", reply_to="m")
    for cells, is_named in (((WRONG,), False), ((WRONG, code_cell(1, "x = 1")), True)):
        room = AgentRoom(notebook_of(*cells))
        await RulesTutor().handle(asked, room)
        assert ("This is about the cell marked" in " ".join(room.said)) is is_named


async def test_a_chat_answer_ends_with_the_first_sentence_that_is_refused() -> None:
    room = AgentRoom(notebook_of(code_cell(0, "x = 1")), Rejected(reason=RejectionReason.MUTED, detail="no"))
    await RulesTutor().handle(request(room.notebook.cells[0], HelpCause.ASKED, chat="c", reply_to="m"), room)
    assert len(room.drafts) == 1


async def test_a_question_asked_twice_is_answered_twice() -> None:
    room = AgentRoom(notebook_of(WRONG))
    event = request(WRONG, HelpCause.ASKED, question="why?")
    await RulesTutor().handle(event, room)
    await RulesTutor().handle(replace(event, seq=event.seq + 1), room)  # type: ignore[arg-type]
    assert len({draft.idempotency_key for draft in room.drafts}) == 2


@pytest.mark.proves("tutor:another-run-another-request")
async def test_the_same_error_of_another_run_is_another_proposal_and_a_retry_is_none() -> None:
    room, event = AgentRoom(notebook_of(WRONG)), request(WRONG)
    for each in (event, event, replace(event, seq=event.seq + 1)):  # type: ignore[arg-type]
        await RulesTutor().handle(each, room)
    keys = [draft.idempotency_key for draft in room.drafts]
    assert (keys[0] == keys[1], keys[0] == keys[2]) == (True, False)


@pytest.mark.proves("tutor:calm")
async def test_what_needs_no_word_gets_none() -> None:
    mark = Ownership(
        role=CellRole.STATUS, suggestion=SuggestionId("s"), about=CellId("c0"), rung=1, author=Username("tutor")
    )
    status = replace(code_cell(1, "4 of 4 checks pass"), ownership=mark)
    assert await said(MEAN, HelpCause.TASK_OPENED, task=brief()) == []
    assert await said(MEAN, HelpCause.ALL_PASSED, notebook=notebook_of(MEAN, status)) == []
    assert await said(MEAN, HelpCause.ALL_PASSED) == [words.ALL_PASSED]


async def test_a_long_run_is_offered_an_end_and_thrashing_a_small_step() -> None:
    assert "`@tutor interrupt`" in (await said(MEAN, HelpCause.LONG_RUN))[0]
    assert await said(code_cell(0, "x = 1"), HelpCause.THRASHING) == [words.THRASHING]
    assert "totl" in (await said(WRONG, HelpCause.THRASHING))[0]


@pytest.mark.parametrize("cause", [HelpCause.SAME_ERROR_AGAIN, HelpCause.IDLE_AFTER_ERROR])
async def test_an_error_again_and_a_pause_after_it_get_the_rung(cause: HelpCause) -> None:
    first, second = await said(WRONG, cause, 1), await said(WRONG, cause, 2)
    assert "`total`" not in first[0]
    assert "`total`" in second[0]


async def test_run_order_is_told_without_an_error() -> None:
    used, made = code_cell(0, "print(rate)", count=2), code_cell(1, "rate = 3", count=1)
    (text,) = await said(used, HelpCause.RUN_ORDER, notebook=notebook_of(used, made))
    assert "rate" in text


async def test_a_service_that_cannot_tell_the_task_costs_no_answer() -> None:
    class NoTask(AgentRoom):
        async def task(self, cell: CellId) -> TaskBrief | None:
            raise UnknownRoomError("room")

    room = NoTask(notebook_of(WRONG))
    await RulesTutor().handle(request(WRONG, HelpCause.ASKED, question="why?"), room)
    assert "totl" in room.said[0]


@pytest.mark.proves("tutor:wording")
@pytest.mark.parametrize(
    "text",
    [value for name, value in vars(words).items() if name.isupper() and isinstance(value, str)]
    + list(words._OUTCOMES.values()),
)
def test_every_fixed_text_is_short_easy_and_kind(text: str) -> None:
    assert 0 < len(text.split()) <= 60
    assert grade(re.sub(r"`[^`]*`", "it", text)) <= MAX_GRADE
    assert not re.search(r"you (forgot|made|failed)|your (mistake|fault)|wrong|stupid|obvious", text, re.IGNORECASE)
