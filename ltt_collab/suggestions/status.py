"""What a task's status cell says."""

from __future__ import annotations

from ltt_collab.model.validations import CheckResult, Outcome, Verdict

LONGEST_LIST = 12
"""Checks that are listed one by one; of a longer list the failing ones come first and the rest is counted."""

SHOWN_VALUE = 80
"""Characters of a value: one line of a notebook."""

BREAK = "  \n"
"""Ends a line within a paragraph: a list would set a dot before each of our marks."""


def status_text(title: str, verdict: Verdict) -> str:
    """The status in Markdown that also reads well as source: how many checks pass, which, and the first cause.

    Of the failing checks the first is told in full: one thing at a time. A hidden check shows up as a number only, as
    its name may tell what it checks.
    """
    visible = [check for check in verdict.checks if not check.hidden]
    hidden = len(verdict.checks) - len(visible)
    passed = sum(check.passed for check in visible)
    parts = [f"**{title}: {_headline(passed, len(visible))}.**"]
    if visible and passed == len(visible):
        parts[0] += " Well done."
    if verdict.outcome is not Outcome.FAILED and verdict.first_cause and passed < len(visible):
        parts.append(_flat(verdict.first_cause))  # nothing could be checked as it is; the checks only repeat that
    first = next((check for check in visible if not check.passed and not check.skipped), None)
    lines = [_line(check, in_full=check is first) for check in _listed(visible)]
    if len(visible) > len(lines):
        lines.append(f"… and {len(visible) - len(lines)} more")
    if lines:
        parts.append(BREAK.join(lines))
    if hidden:
        parts.append(f"{hidden} more {'check runs' if hidden == 1 else 'checks run'} when you submit.")
    return "\n\n".join(parts)


def _headline(passed: int, visible: int) -> str:
    if not visible:
        return "The checks of this task run when you submit it"
    if passed < visible:
        return f"{passed} of {visible} checks pass"
    return f"All {passed} checks pass" if passed > 1 else "The check passes"


def _listed(checks: list[CheckResult]) -> list[CheckResult]:
    if len(checks) <= LONGEST_LIST:
        return checks
    return sorted(checks, key=lambda check: check.passed)[:LONGEST_LIST]


def _line(check: CheckResult, *, in_full: bool) -> str:
    name = _flat(check.name)
    if check.passed:
        return f"✓ {name}"
    if check.skipped:
        return f"· {name} (not checked yet)"
    if not in_full:
        return f"✗ {name}"
    if check.expected is not None and check.got is not None:
        asked = f" {_code(check.asked)}" if check.asked else ""
        return f"✗ {name}:{asked} expected {_code(check.expected)}, got {_code(check.got)}"
    return f"✗ {name}" + (f": {_flat(check.message)}" if check.message else "")


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
