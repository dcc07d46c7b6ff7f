"""What a status cell says, as source and rendered alike."""

from __future__ import annotations

import pytest

from ltt_collab.model.ids import TaskId
from ltt_collab.model.validations import CheckResult, Outcome, ValidationMode, Verdict
from ltt_collab.suggestions.status import LONGEST_LIST, status_text


def check(name: str, *, passed: bool = False, hidden: bool = False, **more: str | bool | None) -> CheckResult:
    return CheckResult(
        name=name,
        passed=passed,
        hidden=hidden,
        points=1.0,
        max_points=1.0,
        **{"message": "", **more},  # type: ignore[arg-type]
    )


def verdict(*checks: CheckResult, outcome: Outcome = Outcome.FAILED, first_cause: str | None = None) -> Verdict:
    return Verdict(
        task=TaskId("mean"),
        mode=ValidationMode.LIVE,
        outcome=outcome,
        passed=outcome is Outcome.PASSED,
        score=0.0,
        max_score=1.0,
        first_cause=first_cause,
        checks=checks,
        duration_ms=1.0,
    )


@pytest.mark.proves("status:says-what-passes")
def test_it_counts_what_passes_and_says_what_the_failing_one_expected_and_got() -> None:
    text = status_text("The mean", verdict(check("a list", passed=True), check("empty", expected="0", got="None")))
    assert text == "**The mean: 1 of 2 checks pass.**\n\n✓ a list  \n✗ empty: expected `0`, got `None`"


@pytest.mark.proves("status:says-what-passes")
def test_only_the_first_failing_check_is_told_in_full_with_what_was_asked() -> None:
    skipped = check("later", message="Checked once 'empty' passes.", skipped=True)
    wrong = check("empty", expected="0", got="None", asked="mean([])")
    text = status_text("The mean", verdict(skipped, wrong, check("long", expected="1", got="2", message="No.")))
    assert text.splitlines()[2:] == [
        "· later (not checked yet)  ",
        "✗ empty: `mean([])` expected `0`, got `None`  ",
        "✗ long",
    ]


@pytest.mark.proves("status:says-what-passes")
def test_all_passed_is_said_once_and_calmly() -> None:
    text = status_text("The mean", verdict(check("a", passed=True), check("b", passed=True), outcome=Outcome.PASSED))
    assert text.startswith("**The mean: All 2 checks pass.** Well done.")
    assert text.count("Well done") == 1


@pytest.mark.proves("status:hidden-checks-stay-hidden")
def test_a_hidden_check_is_only_a_number() -> None:
    secret = check("handles NaN", hidden=True, message="mean([nan])", expected="nan", got="0")
    text = status_text("The mean", verdict(check("a", passed=True), secret, outcome=Outcome.PASSED))
    assert "NaN" not in text
    assert "nan" not in text
    assert "1 more check runs when you submit." in text


def test_what_keeps_all_checks_from_running_is_said_first() -> None:
    broken = verdict(
        check("a", message="not run", skipped=True),
        outcome=Outcome.ERROR,
        first_cause="Cell 3 has a SyntaxError in line 2.",
    )
    lines = status_text("The mean", broken).splitlines()
    assert lines[2] == "Cell 3 has a SyntaxError in line 2."
    assert lines[-1] == "· a (not checked yet)"


def test_a_long_list_names_the_failing_ones_and_counts_the_rest() -> None:
    checks = [check(f"c{number}", passed=number % 2 == 0) for number in range(30)]
    text = status_text("Many", verdict(*checks))
    assert text.count("✗ ") == LONGEST_LIST
    assert text.endswith(f"… and {30 - LONGEST_LIST} more")


@pytest.mark.parametrize("value", ["`", "``", "a`b", "x\ny", "", "# no heading", "</b>" * 40])
def test_a_value_cannot_break_out_of_its_code(value: str) -> None:
    line = status_text("T", verdict(check("a", expected="0", got=value))).splitlines()[2]
    assert line.startswith("✗ a: expected `0`, got `")
    fence = len(line) - len(line.rstrip("`"))
    assert "`" * (fence + 1) not in line
