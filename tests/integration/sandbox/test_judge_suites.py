"""The judge over its three suites: no tampering passes, no correct work fails, every fault has a verdict in words."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest
from anyio.from_thread import BlockingPortal

from ltt_collab.model.validations import Outcome
from ltt_collab.validation.judge import Judge
from tests.support.submissions import ATTACKS, FAULTS, GOOD, MEAN, QUICK, VARIANTS, WRONG, Fault, submitted


@pytest.mark.proves("judge:no-tampering-passes")
@pytest.mark.parametrize("cells", ATTACKS.values(), ids=ATTACKS.keys())
def test_tampering_is_not_accepted(judge: Judge, portal: BlockingPortal, cells: tuple[str, ...]) -> None:
    verdict = portal.call(judge.check_clean, QUICK, submitted(*cells))

    assert not verdict.passed
    assert verdict.outcome is not Outcome.PASSED
    assert verdict.score < verdict.max_score
    assert verdict.first_cause


@pytest.mark.proves("judge:correct-work-passes")
@pytest.mark.parametrize("cells", VARIANTS.values(), ids=VARIANTS.keys())
def test_correct_work_passes(judge: Judge, portal: BlockingPortal, cells: tuple[str, ...]) -> None:
    verdict = portal.call(judge.check_clean, MEAN, submitted(*cells))

    assert (verdict.outcome, verdict.first_cause) == (Outcome.PASSED, None)
    assert verdict.passed
    assert verdict.score == verdict.max_score == 8


@pytest.mark.proves("judge:every-fault-has-a-verdict")
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_has_its_outcome_and_a_first_cause(judge: Judge, portal: BlockingPortal, fault: Fault) -> None:
    verdict = portal.call(judge.check_clean, fault.task, submitted(*fault.cells))

    assert verdict.first_cause is not None
    assert [part for part in fault.said if part.casefold() not in verdict.first_cause.casefold()] == [], (
        verdict.first_cause
    )
    assert verdict.outcome is fault.outcome
    assert not verdict.passed
    assert [check.name for check in verdict.checks] == ["three", "half", "fixed", "fresh"]


def test_the_suites_are_as_large_as_promised() -> None:
    assert (len(ATTACKS) >= 16, len(VARIANTS) >= 24, len(FAULTS) >= 16) == (True, True, True)


@pytest.mark.proves("judge:hidden-checks-tell-nothing")
def test_a_hidden_check_shows_neither_input_nor_value_nor_error(judge: Judge, portal: BlockingPortal) -> None:
    recorder = (
        "seen = []\ndef mean(xs):\n    seen.append(tuple(xs))\n"
        "    if tuple(xs) in [(1, 2, 6), (1, 2)]: return str(seen)\n    raise KeyError(str(xs))"
    )
    verdict = portal.call(judge.check_clean, QUICK, submitted(recorder))

    hidden = [check for check in verdict.checks if check.hidden]
    assert [check.passed for check in hidden] == [False, False]
    assert [(check.expected, check.got) for check in hidden] == [(None, None)] * 2
    assert "40" not in repr(replace(verdict, duration_ms=0.0))  # 1,402 ms say nothing of an input
    assert "KeyError" not in repr(hidden)


def test_one_learners_work_is_not_seen_by_the_next(judge: Judge, portal: BlockingPortal) -> None:
    portal.call(judge.check_clean, MEAN, submitted(GOOD, "open('left.py', 'w').write('mean = 1')"))

    verdict = portal.call(judge.check_clean, MEAN, submitted("import left\nmean = left.mean"))

    assert "ModuleNotFoundError" in (verdict.first_cause or "")


def test_a_broken_reference_is_the_authors_fault_and_said_so(judge: Judge, portal: BlockingPortal) -> None:
    broken = replace(MEAN, reference="def mean(xs):\n    return xs[\n")

    verdict = portal.call(partial(judge.check_clean, broken, submitted(WRONG)))

    assert verdict.outcome is Outcome.ERROR
    assert "tell your instructor" in (verdict.first_cause or "")
