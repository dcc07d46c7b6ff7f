"""What holds whatever happens, over random sessions of two learners (seeded: a failure names its seed)."""

from __future__ import annotations

from random import Random

import pytest

from ltt_collab.bench.replay import Played, Replay
from ltt_collab.bench.streams.reading import Placed, Step, Stream
from ltt_collab.model.edits import HelpCause
from ltt_collab.triggers.policy import Calm
from ltt_collab.tutoring.budget import Budget

SOURCES = (
    "x = 1", "x = 2", "print(x)", "while True:\n    x = 1", "# @tutor why is x?", "# @tutor mute", "# @tutor check",
    "# @tutor unmute", "print(x) #?", "def f(:", "%run a.py", "# @tutor yes",
)  # fmt: skip
ENDINGS = ("0.1 ok", "0.1 NameError 1 name 'x' is not defined", "0.1 TypeError 2 no", "0.1 E 3 v", "forever", "30 ok")
ACTS = ("writes", "writes", "writes", "runs", "runs", "runs", "moves", "says", "deletes", "checked", "prints", "pastes")


def session(seed: int) -> Stream:
    """Two learners who do anything, for about ten minutes."""
    dice = Random(seed)
    stream = Stream(name=str(seed), cells=[Placed(name=name, type="code", task="t") for name in "ab"])
    stream.steps = [Step(at=0, who=who, verb="joins", rest=(), text="") for who in ("ada", "bob")]
    at = 1.0
    for number in range(150):
        at += dice.choice((0.1, 0.5, 1.0, 2.0, 5.0, 30.0))
        verb, cell = dice.choice(ACTS), dice.choice("ab")
        rest: tuple[str, ...] = (cell,)
        match verb:
            case "writes":
                rest = (cell, str(dice.choice((0.2, 1.0, 4.0))))
            case "runs":
                rest = (cell, *dice.choice(ENDINGS).split())
            case "checked":
                rest = ("t", f"{dice.randint(0, 3)}/3")
            case "pastes":
                rest = (f"c{number}", dice.choice(("code", "markdown")))
            case _:
                pass
        who, source = dice.choice(("ada", "bob")), dice.choice(SOURCES)
        text = f"{at} {who} {verb} {' '.join(rest)}" if verb == "runs" else dice.choice(SOURCES)
        stream.steps.append(Step(at=at, who=who, verb=verb, rest=rest, text=text, source=source))
    stream.end = at + 300
    return stream


@pytest.fixture(scope="module")
def played() -> list[Played]:
    return [Replay(session(seed), budget=Budget(4)).play() for seed in range(25)]


def test_the_random_sessions_reach_every_cause_that_needs_no_fresh_notebook(played: list[Played]) -> None:
    causes = {request.ask.cause for one in played for request in one.requests}
    assert causes >= set(HelpCause) - {HelpCause.TASK_OPENED, HelpCause.THRASHING}


@pytest.mark.proves("trigger:never-while-typing")
def test_nobody_is_ever_helped_unasked_while_typing(played: list[Played]) -> None:
    assert [request for one in played for request in one.requests if request.typing] == []


def test_a_policy_that_waits_for_no_pause_would_be_caught() -> None:
    requests = [r for seed in range(25) for r in Replay(session(seed), calm=Calm(quiet=0.0)).play().requests]
    assert any(request.typing for request in requests)


@pytest.mark.proves("trigger:hourly-budget")
def test_nobody_ever_gets_more_unasked_help_than_the_budget(played: list[Played]) -> None:
    assert [request for one in played for request in one.requests if request.over_budget] == []


@pytest.mark.proves("trigger:one-at-a-time")
def test_nothing_unasked_is_ever_asked_beside_another_request(played: list[Played]) -> None:
    assert [request for one in played for request in one.requests if request.beside] == []


@pytest.mark.proves("trigger:every-decision-has-a-reason")
def test_every_request_and_every_refusal_is_recorded_with_a_reason_without_learner_text(played: list[Played]) -> None:
    for one in played:
        assert all(decision.because for decision in one.decisions)
        assert not any("print(x)" in decision.because for decision in one.decisions)
        asked = [decision for decision in one.decisions if decision.decision.startswith("asked the tutor")]
        assert len(asked) == len(one.requests)


def test_where_only_asked_help_is_allowed_nothing_unasked_is_ever_asked() -> None:
    for seed in range(10):
        requests = Replay(session(seed), calm=Calm(unasked=False)).play().requests
        assert all(request.ask.cause is HelpCause.ASKED for request in requests)


def test_the_same_session_played_twice_ends_the_same() -> None:
    for seed in range(5):
        assert Replay(session(seed)).play().decisions == Replay(session(seed)).play().decisions
