"""What passes the gate, and what is said of what does not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ltt_collab.model.causes import cause_key
from ltt_collab.model.cells import Cell
from ltt_collab.model.edits import HelpCause, HelpRequested
from ltt_collab.model.ids import SuggestionId, Username
from ltt_collab.model.suggestions import (
    Draft,
    EndReason,
    Held,
    Placement,
    Rejected,
    RejectionReason,
    Shown,
)
from ltt_collab.ports.store import SuggestionRecord
from ltt_collab.tutoring.answers import Answers
from ltt_collab.tutoring.budget import Budget
from ltt_collab.tutoring.gate import MAX_CHARACTERS, MAX_PROPOSAL, MAX_WORDS, TOLD_CHARACTERS, Gate, Situation
from tests.support.conversation import ADA, NAME_ERROR, NOTE, ROOM, A, Events, code, note

CELL = code(A, "total = summ(values)\nprint(total)")
KEY = cause_key(ADA, A, NAME_ERROR)
SOLUTION = (
    "def mean(values):\n    total = 0\n    for value in values:\n        total += value\n    return total / len(values)"
)


def draft(key: str = "k1", **changes: Any) -> Draft:
    plain = Draft(
        cell_id=A,
        expected_hash=CELL.hash,
        placement=Placement.NOTE,
        text="Look at line 1.",
        idempotency_key=key,
        cause_key=KEY,
    )
    return replace(plain, **changes)


def situation(cell: Cell | None = CELL, **changes: Any) -> Situation:
    return replace(Situation(now=1_000.0, cell=cell, learner="ada"), **changes)


class Judged:
    """A gate and the events of its room."""

    def __init__(self) -> None:
        self.gate, self.events = Gate(Budget(2)), Events()

    def reason(self, one: Draft, at: Situation | None = None) -> RejectionReason | None:
        answer = self.gate.judge(one, at or situation())
        assert answer is None or isinstance(answer, Rejected)
        return None if answer is None else answer.reason

    def asked(self, rung: int = 1) -> None:
        self.gate.handle(
            HelpRequested(
                **self.events.head(ADA), cell_id=A, cause=HelpCause.ERROR_RAISED, cause_key=KEY, rung=rung,
                error=NAME_ERROR, expected_hash=CELL.hash,
            )
        )  # fmt: skip

    def shown(self, rung: int = 1, cause: str = KEY) -> None:
        self.gate.handle(self.events.shown(rung=rung, note=NOTE, cause=cause))

    def dismissed(self) -> None:
        self.gate.handle(self.events.ended(reason=EndReason.DISMISSED))


@pytest.fixture
def room() -> Judged:
    return Judged()


def test_a_short_first_hint_about_the_cell_as_it_is_passes(room: Judged) -> None:
    assert room.gate.judge(draft(), situation()) is None


@pytest.mark.proves("gate:conflict")
def test_a_cell_that_changed_is_a_conflict_that_comes_with_its_source(room: Judged) -> None:
    answer = room.gate.judge(draft(expected_hash="0" * 16), situation())
    assert isinstance(answer, Rejected)
    assert (answer.reason, answer.current_source) == (RejectionReason.CONFLICT, CELL.source)
    assert CELL.hash in answer.detail


def test_a_cell_that_is_gone_is_a_conflict(room: Judged) -> None:
    assert room.reason(draft(), situation(None)) is RejectionReason.CONFLICT


@pytest.mark.proves("gate:learner-cells-only")
def test_a_cell_of_ours_is_not_helped_with(room: Judged) -> None:
    ours = note()
    one = draft(cell_id=ours.id, expected_hash=ours.hash)
    assert room.reason(one, situation(ours)) is RejectionReason.NOT_A_LEARNER_CELL


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"read_only": True}, RejectionReason.READ_ONLY),
        ({"human_present": False}, RejectionReason.NO_HUMAN_PRESENT),
        ({"muted": True}, RejectionReason.MUTED),
    ],
)
def test_a_room_where_nobody_may_be_helped_says_so(
    room: Judged, change: dict[str, Any], reason: RejectionReason
) -> None:
    assert room.reason(draft(), situation(**change)) is reason


def test_what_is_too_long_to_read_is_refused_at_the_first_word_too_many(room: Judged) -> None:
    assert room.reason(draft("k1", text="a " * MAX_WORDS)) is None
    assert room.reason(draft("k2", text="a " * (MAX_WORDS + 1))) is RejectionReason.TOO_LONG
    assert room.reason(draft("k3", text="日" * MAX_CHARACTERS)) is None
    assert room.reason(draft("k4", text="日" * (MAX_CHARACTERS + 1))) is RejectionReason.TOO_LONG


def test_code_for_a_cell_may_be_as_long_as_cells_are(room: Judged) -> None:
    proposal = draft(placement=Placement.PROPOSAL, text="x = 1\n" * MAX_WORDS * 2)
    assert room.reason(proposal) is None
    assert room.reason(replace(proposal, text="x" * MAX_PROPOSAL)) is None
    assert room.reason(replace(proposal, text="x" * (MAX_PROPOSAL + 1))) is RejectionReason.TOO_LONG


@pytest.mark.proves("gate:leak-in-pieces")
def test_a_piece_at_the_beginning_of_a_long_proposal_is_remembered(room: Judged) -> None:
    pieces = ["for value in values:\n    total += value", "return total / len(values)"]
    filler = "".join(f"shown_{number} = {number}\n" for number in range(900))
    assert TOLD_CHARACTERS > len(filler) > TOLD_CHARACTERS - MAX_PROPOSAL
    at = situation(cell=code(A, "def mean(values):\n    pass"), reference=SOLUTION, asked=True)
    hashed = {"expected_hash": at.cell.hash if at.cell else "", "placement": Placement.PROPOSAL}
    first = draft("k1", text=f"{pieces[0]}\n{filler}", **hashed)
    assert room.reason(first, at) is None
    assert Judged().reason(draft("k2", text=pieces[1], **hashed), at) is None, "no leak alone"
    room.gate.settle(first, Shown(suggestion=SuggestionId("s1")), at)
    assert room.reason(draft("k2", text=pieces[1], **hashed), at) is RejectionReason.LEAK


@pytest.mark.proves("gate:ladder")
def test_each_rung_needs_an_act_of_the_learner_after_the_one_before(room: Judged) -> None:
    room.asked()
    assert room.reason(draft("k1", rung=2)) is RejectionReason.LADDER
    room.shown(1)
    assert room.reason(draft("k2", rung=2)) is RejectionReason.LADDER
    assert room.reason(draft("k3", rung=1)) is None
    room.gate.handle(room.events.edited(A))
    assert room.reason(draft("k4", rung=3)) is RejectionReason.LADDER
    assert room.reason(draft("k5", rung=2)) is None


@pytest.mark.parametrize("rung", [0, -1, 4])
def test_there_are_three_rungs(room: Judged, rung: int) -> None:
    room.asked()
    for seen in (1, 2, 3):
        room.shown(seen)
        room.gate.handle(room.events.edited(A))
    assert room.reason(draft("k", rung=3)) is None
    assert room.reason(draft("k0", rung=rung)) is RejectionReason.LADDER


def test_a_cause_of_another_name_is_held_to_the_same_ladder(room: Judged) -> None:
    room.asked()
    room.shown(1)
    for number, name in enumerate(("", "made up", "ada/b/NameError/0")):
        assert room.reason(draft(f"k{number}", rung=2, cause_key=name)) is RejectionReason.LADDER


@pytest.mark.proves("gate:dismissed")
def test_a_hint_that_was_deleted_closes_its_cause_for_every_author(room: Judged) -> None:
    room.asked()
    room.shown()
    room.dismissed()
    room.gate.handle(room.events.edited(A))
    assert room.reason(draft("k1")) is RejectionReason.DISMISSED_BEFORE
    assert room.reason(draft("k2", cause_key="", author=Username("else"))) is RejectionReason.DISMISSED_BEFORE
    assert room.reason(draft("k3"), situation(asked=True)) is None
    room.gate.handle(room.events.finished(A))
    assert room.reason(draft("k4")) is RejectionReason.DISMISSED_BEFORE


@pytest.mark.proves("gate:budget")
def test_the_budget_counts_what_a_learner_sees_unasked(room: Judged) -> None:
    for number in range(2):
        one = draft(f"k{number}")
        assert room.gate.judge(one, situation()) is None
        room.gate.settle(one, Shown(suggestion=SuggestionId(f"s{number}")), situation())
        room.gate.settle(one, Shown(suggestion=SuggestionId(f"s{number}")), situation())
    assert room.reason(draft("k8")) is RejectionReason.BUDGET
    assert room.reason(draft("k9"), situation(learner="bob")) is None
    assert room.reason(draft("k10"), situation(asked=True)) is None
    assert room.reason(draft("k11"), situation(now=4_601.0)) is None


def test_what_was_asked_for_or_came_to_nothing_costs_no_budget(room: Judged) -> None:
    shown = Shown(suggestion=SuggestionId("s"))
    room.gate.settle(draft("k1"), shown, situation(asked=True))
    room.gate.settle(draft("k2"), Rejected(reason=RejectionReason.CONFLICT, detail="changed"), situation())
    assert room.gate.budget.spent("ada", 1_000.0) == 0
    room.gate.settle(draft("k3"), Held(suggestion=SuggestionId("s"), reason="typing"), situation())
    assert room.gate.budget.spent("ada", 1_000.0) == 1


@pytest.mark.proves("gate:leak")
@pytest.mark.parametrize("text", [f"Try this:\n```python\n{SOLUTION}\n```", SOLUTION.replace("\n", "  # so\n")])
def test_a_text_that_gives_the_solution_away_is_refused_without_repeating_it(room: Judged, text: str) -> None:
    answer = room.gate.judge(draft(text=text), situation(reference=SOLUTION))
    assert isinstance(answer, Rejected)
    assert answer.reason is RejectionReason.LEAK
    assert "total" not in answer.detail


def test_without_a_known_solution_nothing_is_compared(room: Judged) -> None:
    assert room.reason(draft(text=SOLUTION)) is None


@pytest.mark.proves("gate:idempotent")
def test_a_retry_is_answered_as_the_first_was_whatever_happened_since(room: Judged) -> None:
    refused = room.gate.judge(draft("k1", rung=3), situation())
    assert isinstance(refused, Rejected)
    assert room.gate.judge(draft("k1"), situation()) == refused
    shown = Shown(suggestion=SuggestionId("s1"))
    assert room.gate.judge(draft("k2"), situation()) is None
    assert room.gate.settle(draft("k2"), shown, situation()) == shown
    assert room.gate.judge(draft("k2", rung=3), situation(muted=True)) == shown
    assert room.gate.settle(draft("k2"), Shown(suggestion=SuggestionId("s2")), situation()) == shown


@pytest.mark.proves("gate:idempotent")
def test_a_conflict_is_no_final_answer_to_a_key(room: Judged) -> None:
    assert room.reason(draft("k1", expected_hash="0")) is RejectionReason.CONFLICT
    assert room.reason(draft("k1")) is None
    late = Rejected(reason=RejectionReason.CONFLICT, detail="called off")
    assert room.gate.settle(draft("k1"), late, situation()) == late
    assert room.reason(draft("k1")) is None
    shown = room.gate.settle(draft("k1"), Shown(suggestion=SuggestionId("s1")), situation())
    assert room.gate.settle(draft("k1"), late, situation()) == shown, "what was shown stays the answer"


def test_another_authors_key_of_the_same_name_is_another_key(room: Judged) -> None:
    assert room.reason(draft("k1", rung=3)) is RejectionReason.LADDER
    assert room.reason(draft("k1", author=Username("else"))) is None


def test_the_oldest_answers_are_forgotten_first() -> None:
    answers = Answers(bound=2)
    kept = {key: answers.keep(draft(key), Shown(suggestion=SuggestionId(key))) for key in ("a", "b", "c")}
    assert [answers.find(draft(key)) for key in ("a", "b", "c")] == [None, kept["b"], kept["c"]]


def test_what_an_earlier_life_showed_is_taken_over(room: Judged) -> None:
    def record(name: str, rung: int, ended: EndReason | None, cause: str = KEY) -> SuggestionRecord:
        return SuggestionRecord(
            suggestion=SuggestionId(name), room=ROOM, about=A, cause_key=cause, rung=rung, at=990.0, ended=ended
        )

    room.gate.adopt([record("s1", 1, EndReason.SUPERSEDED), record("s2", 2, None)])
    assert room.reason(draft("k1", rung=2)) is None
    assert room.reason(draft("k2", rung=3)) is RejectionReason.LADDER
    room.gate.handle(room.events.ended("s2", reason=EndReason.DISMISSED))
    assert room.reason(draft("k3")) is RejectionReason.DISMISSED_BEFORE
    again = Gate()
    again.adopt([record("s1", 2, EndReason.STALE), record("s2", 2, EndReason.ACTED_ON)])
    assert again.ladder.shown(KEY) == 0


@pytest.mark.proves("gate:leak-in-pieces")
def test_a_solution_is_not_given_away_piece_by_piece(room: Judged) -> None:
    pieces = [
        "Begin with `total = 0`.",
        "Then `for value in values:` and `total += value`.",
        "`return total / len(values)`.",
    ]
    at, shown = situation(cell=code(A, "def mean(values):\n    pass"), reference=SOLUTION, asked=True), None
    reasons = []
    for number, text in enumerate(pieces):
        one = draft(f"k{number}", text=text, expected_hash=at.cell.hash if at.cell else "")
        reasons.append(room.reason(one, at))
        if reasons[-1] is None:
            shown = room.gate.settle(one, Shown(suggestion=SuggestionId(f"s{number}")), at)
    assert shown is not None
    assert reasons[0] is None
    assert RejectionReason.LEAK in reasons[1:]
    innocent = draft("k9", text="Which number do you divide by?", expected_hash=at.cell.hash if at.cell else "")
    assert room.reason(innocent, at) is None


@pytest.mark.proves("agents:gate-looks-ahead")
def test_what_the_gate_will_compare_can_be_asked_beforehand_and_nothing_more() -> None:
    compared: list[str] = []

    def leaks(text: str, reference: str, known: str) -> bool:
        assert (reference, known) == (SOLUTION, CELL.source)
        compared.append(text)
        return False

    gate, at = Gate(leaks=leaks), situation(reference=SOLUTION, asked=True)
    for number in range(3):
        one = draft(f"k{number}", text=f"Look at line {number}.")
        beforehand = gate.questions(one, at)
        assert compared == [], "to ask compares nothing"
        assert gate.judge(one, at) is None
        assert beforehand[0] == one.text
        assert set(compared) <= set(beforehand), "the gate compared what nobody had looked at"
        gate.settle(one, Shown(suggestion=SuggestionId(f"s{number}")), at)
        assert gate.questions(one, at) == (), "it has its answer"
        compared.clear()
    assert gate.questions(draft("k9"), situation()) == (), "there is nothing to compare with"
    assert gate.questions(draft("k9", expected_hash="another"), at) == (), "it is a conflict anyhow"
    assert gate.questions(draft("k9"), situation(None, reference=SOLUTION)) == ()


@pytest.mark.proves("gate:harmless")
@pytest.mark.parametrize(
    "text",
    [
        "Look at line 1. ![chart](https://evil.example/c.png?who=me)",
        "See <img src=x onerror=alert(1)> in line 1.",
        "Line 1 <!-- the answer is 3 -->",
        "[line 1](javascript:alert(1))",
        "Line 1 &lt;script&gt;alert(1)&lt;/script&gt;",
    ],
)
def test_what_a_browser_would_act_on_is_shown_from_no_door(text: str) -> None:
    judged = Judged()
    assert judged.reason(draft(text=text)) is RejectionReason.UNSAFE
    assert judged.reason(draft("asked", text=text), situation(asked=True)) is RejectionReason.UNSAFE
    assert judged.reason(draft("proposal", text=text, placement=Placement.PROPOSAL)) is None


@pytest.mark.parametrize(
    "text", ["Is `a <b` in line 1?", "It is of <class 'int'>.", "```html\n<img src=x>\n```", "data: 3"]
)
def test_code_and_talk_about_it_are_harmless(text: str) -> None:
    assert Judged().reason(draft(text=text)) is None
