"""What the tutor says, without a model, on each occasion: short sentences, no blame, no solution."""

from __future__ import annotations

from dataclasses import dataclass

from agent.rules.wording import code, which_cell
from ltt_collab.model.cells import Cell
from ltt_collab.model.findings import Finding
from ltt_collab.model.tasks import TaskBrief
from ltt_collab.model.validations import CheckResult, Outcome, Verdict

MAX_HINT_WORDS = 90
"""Words of an author's hint that are quoted: with our own sentence a note stays within the gate's 160."""

MAX_MESSAGE_WORDS = 40

TOP_RUNG = 3

LONG_RUN = (
    "This cell has been running for a while and shows nothing new. It may be a loop that does not end. "
    "Shall I stop it? Write `# @tutor interrupt` in a cell, or `@tutor interrupt` in the chat. "
    "Your variables stay as they are."
)
THRASHING = (
    "You tried a few versions of these lines. A small step may help now. "
    "Say in one sentence what this cell should do. Then print one value on the way, and run it."
)
TO_BE_CONTINUED = "Try that first, and then ask me again."
"""Ends an answer of which the rest cannot be said."""
AGAIN = "I can say more after your next try: change one thing in the cell, run it, and ask me again."
AGAIN_AT_THE_TOP = "Try the same on your own lines, and run the cell. Then ask me about what you see."
"""Follow what was said before: to hear the same once more helps nobody who did not understand it."""
ALL_PASSED = "All checks pass. Well done."
WHAT_HAPPENED = (
    "Run the cell, and I look at what it says. "
    "It helps me to know two things: what did you expect, and what did you see?"
)
NO_TASK_TEXT = (
    "Begin with the smallest part that you can run. Print what it gives, and compare it with what you expect."
)
SMALL_CASE = (
    "Try the cell with one small input. Work out on paper what it should give. "
    "Then print each step, and find the first one that differs."
)

_OUTCOMES = {
    Outcome.TIMEOUT: "The check took too long and was stopped. Look for a loop that does not end.",
    Outcome.KERNEL_DIED: "The kernel stopped during the check. Restart it, run all cells, and check again.",
    Outcome.MEMORY: "The check needed more memory than there is. Look for a list that grows and grows.",
    Outcome.NO_KERNEL: "No kernel is running. Run your cells, and check again.",
    Outcome.BUSY: "Your code is still running. Check again when it is done.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A text for a learner, and the line of the cell that it is about."""

    text: str
    line: int | None = None


def of_rung(finding: Finding, rung: int) -> str:
    """The text of one rung: 1 where, 2 what, 3 (and above) how."""
    return finding.where if rung <= 1 else finding.what if rung == 2 else finding.how


def about_finding(finding: Finding, rung: int) -> Words:
    """A finding at its rung."""
    return Words(text=of_rung(finding, rung), line=finding.line)


def about_verdict(verdict: Verdict, hints: tuple[str, ...], rung: int, finding: Finding | None) -> Words | None:
    """The first failed check in words, and the author's hint of the rung; without one, what the rules found."""
    if verdict.passed:
        return None
    if verdict.outcome in _OUTCOMES:
        return Words(text=_OUTCOMES[verdict.outcome])
    parts = [_check(verdict.first_failed) if verdict.first_failed else _bounded(verdict.first_cause or "")]
    hint = _bounded(hints[rung - 1], MAX_HINT_WORDS) if 0 < rung <= len(hints) else ""
    if hint:
        parts.append(hint)
    elif finding is not None:
        parts.append(of_rung(finding, rung))
    elif rung > 1:
        parts.append(SMALL_CASE)
    text = "\n\n".join(part for part in parts if part)
    return Words(text=text, line=finding.line if finding and not hint else None) if text else None


def about_task(task: TaskBrief, rung: int) -> Words:
    """Where to begin, for somebody who asks before there is anything wrong."""
    if 0 < rung <= len(task.hints):
        return Words(text=_bounded(task.hints[rung - 1], MAX_HINT_WORDS))
    return Words(text=NO_TASK_TEXT)


def in_chat(words: Words, cell: Cell) -> Words:
    """The same for who does not read it below the cell."""
    return Words(text=f"This is about {which_cell(cell)}. {words.text}", line=words.line)


def how_to_go_on(rung: int) -> str:
    """What brings somebody further who asks and was told what there is to say on this rung."""
    return AGAIN if rung < TOP_RUNG else AGAIN_AT_THE_TOP


def elsewhere(cell: Cell, finding: Finding) -> Words:
    """A finding of another cell than the one the learner asked in."""
    return Words(text=f"Look first at {which_cell(cell)}, line {finding.line}. {finding.where}")


def _check(check: CheckResult) -> str:
    name = f"**Check {code(check.name)}**" if check.name else "**A check**"
    message = _bounded(check.message, MAX_MESSAGE_WORDS)
    if check.hidden or (check.expected is None and check.got is None):
        return f"{name} does not pass yet. {message}".strip()
    if check.got is None:
        return f"{name} expects {code(check.expected)}, and found nothing to compare. {message}".strip()
    if check.expected is None:
        return f"{name} found {code(check.got)}. {message}".strip()
    return f"{name} expects {code(check.expected)}. Your code gives {code(check.got)}.{_kinds(check)}"


def _kinds(check: CheckResult) -> str:
    """A sentence where two values look alike and are not, or differ in kind only."""
    expected, got = (check.expected or "").strip(), (check.got or "").strip()
    if got == "None":
        return " A function without `return` gives `None`."
    if expected and got.strip("'\"") == expected.strip("'\""):
        return " One of them is text, the other is not."
    if expected.lower() == got.lower() and expected != got:
        return " They differ in capital letters only."
    if expected and got.replace(" ", "") == expected.replace(" ", ""):
        return " They differ in spaces only."
    return ""


def _bounded(text: str, most: int = MAX_MESSAGE_WORDS) -> str:
    words = text.split(" ")
    return text.strip() if len(words) <= most else " ".join(words[:most]).rstrip() + " …"
