"""What a task's status cell says."""

from __future__ import annotations

from ltt_collab.model.validations import CheckResult, Outcome, Verdict

LONGEST_LIST = 12
"""Checks that are listed one by one; of a longer list the failing ones come first and the rest is counted."""

SHOWN_VALUE = 80
"""Characters of a value: one line of a notebook."""


def status_text(title: str, verdict: Verdict) -> str:
    """The status in Markdown that also reads well as source: how many checks pass, which, and the first cause.

    A hidden check shows up as a number only: its name may tell what it checks.
    """
    visible = [check for check in verdict.checks if not check.hidden]
    hidden = len(verdict.checks) - len(visible)
    passed = sum(check.passed for check in visible)
    if not visible:
        headline = "The checks of this task run when you submit it"
    elif passed == len(visible):
        headline = f"All {passed} checks pass" if passed > 1 else "The check passes"
    else:
        headline = f"{passed} of {len(visible)} checks pass"
    lines = [f"**{title}: {headline}.**" + (" Well done." if visible and passed == len(visible) else ""), ""]
    if verdict.outcome is not Outcome.FAILED and verdict.first_cause and passed < len(visible):
        lines += [_flat(verdict.first_cause), ""]  # nothing could be checked as it is; the checks only repeat that
    lines += [_line(check) for check in _listed(visible)]
    left_out = len(visible) - min(len(visible), LONGEST_LIST)
    if left_out:
        lines.append(f"- … and {left_out} more")
    if hidden:
        more = "more check runs" if hidden == 1 else "more checks run"
        lines += ["", f"{hidden} {more} when you submit."]
    return "\n".join(lines).rstrip()


def _listed(checks: list[CheckResult]) -> list[CheckResult]:
    if len(checks) <= LONGEST_LIST:
        return checks
    return sorted(checks, key=lambda check: check.passed)[:LONGEST_LIST]


def _line(check: CheckResult) -> str:
    if check.passed:
        return f"- ✓ {_flat(check.name)}"
    if check.skipped:
        return f"- · {_flat(check.name)} (not checked yet)"
    if check.expected is not None and check.got is not None:
        return f"- ✗ {_flat(check.name)}: expected {_code(check.expected)}, got {_code(check.got)}"
    return f"- ✗ {_flat(check.name)}" + (f": {_flat(check.message)}" if check.message else "")


def _flat(text: str) -> str:
    return " ".join(text.split())


def _code(value: str) -> str:
    """A value as inline code that nothing in it can break out of."""
    flat = _flat(value)
    if len(flat) > SHOWN_VALUE:
        flat = flat[: SHOWN_VALUE - 1] + "…"
    fence = "`"
    while fence in flat:
        fence += "`"
    padding = " " if flat.startswith("`") or flat.endswith("`") or not flat else ""
    return f"{fence}{padding}{flat}{padding}{fence}"
