"""Asks a kernel what the checks of an examination want to know."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ltt_collab.model.courses import Check
from ltt_collab.model.errors import KernelDiedError, KernelTimeoutError, NoAnswerError
from ltt_collab.model.validations import Outcome
from ltt_collab.ports.kernels import Kernel
from ltt_collab.validation import asking
from ltt_collab.validation.asking import Subject
from ltt_collab.validation.examination import Examination
from ltt_collab.validation.expectations import ask

LIVE_SECONDS: Final = 5.0
"""How long all live checks together may keep a learner's kernel."""

AFTER_A_SLOW_ONE: Final = 1.0
MOST_SLOW: Final = 3
"""Checks that may be too slow before the others are left out."""


async def ask_each(examination: Examination, kernel: Kernel, name: str) -> None:
    """Ask check by check, so that a fault is one check's; our side is installed as ``name``.

    Raises:
        KernelUnreachableError
    """
    slow = 0
    for check in _visible_first(examination.task.checks):
        subjects = examination.questions(check)
        if not subjects:
            continue
        # Code that hangs once hangs again: later checks need not wait as long to find that out.
        seconds = min(check.time_limit, AFTER_A_SLOW_ONE) if slow else check.time_limit
        try:
            examination.told[check.name] = await ask(kernel, subjects, seconds=seconds, name=name)
        except KernelTimeoutError:
            slow += 1
            await _find_slow(examination, check, subjects, kernel, name, seconds)
            if slow == MOST_SLOW:
                examination.not_run = "Not checked: the checks before it took too long."
                return
        except NoAnswerError as error:
            # What came instead of a value is the learner's text: under a hidden check it might tell its inputs.
            reason = "" if check.hidden else f" ({error.reason})"
            examination.fail(check, f"gave no value{reason}", Outcome.FAILED)
        except KernelDiedError as error:
            outcome = Outcome.MEMORY if error.memory else Outcome.KERNEL_DIED
            why = "ran out of memory" if error.memory else "died; your code ended it, perhaps by exit or a crash"
            examination.fail(check, f"could not be finished: Python (the kernel) {why}", outcome)
            examination.not_run = "Not checked: Python ended during the check before."
            return


def _visible_first(checks: Sequence[Check]) -> list[Check]:
    """So that no code can show what a hidden check asked as the result of a visible one."""
    return sorted(checks, key=lambda check: check.hidden)


async def _find_slow(
    examination: Examination, check: Check, subjects: list[Subject], kernel: Kernel, name: str, seconds: float
) -> None:
    """Say which of a check's inputs takes so long."""
    slow = subjects[0][0]
    for subject in subjects if len(subjects) > 1 else ():
        try:
            await ask(kernel, [subject[:1]], seconds=min(seconds, AFTER_A_SLOW_ONE), name=name)
        except (KernelTimeoutError, NoAnswerError, KernelDiedError):
            slow = subject[0]
            break
    which = "" if check.hidden else f"{slow[:120]} "
    fault = f"{which}did not finish within {seconds:g} s: perhaps an endless loop"
    examination.fail(check, fault, Outcome.TIMEOUT)


async def ask_at_once(examination: Examination, kernel: Kernel) -> None:
    """Ask everything in one request that leaves nothing behind; check by check where that takes too long.

    Raises:
        KernelBusyError, KernelDiedError, KernelUnreachableError, NoAnswerError
    """
    asked = {check.name: examination.questions(check) for check in _visible_first(examination.task.checks)}
    every = [subject for subjects in asked.values() for subject in subjects]
    if not every:
        return
    try:
        answers = await _ask_alone(kernel, every, LIVE_SECONDS)
    except KernelTimeoutError:
        await _ask_apart(examination, kernel)
        return
    for name, subjects in asked.items():
        if subjects:
            examination.told[name] = [answers.pop(0) for _ in subjects]


async def _ask_apart(examination: Examination, kernel: Kernel) -> None:
    for check in examination.task.checks:
        told = []
        for subject in examination.questions(check):
            try:
                told += await _ask_alone(kernel, [subject], min(check.time_limit, LIVE_SECONDS / 2))
            except KernelTimeoutError as error:
                which = "" if check.hidden else f"{subject[0][:120]} "
                fault = f"{which}did not finish within {error.seconds:g} s: perhaps an endless loop"
                examination.fail(check, fault, Outcome.TIMEOUT)
                break
        if told:
            examination.told[check.name] = told


async def _ask_alone(kernel: Kernel, subjects: list[Subject], seconds: float) -> list[asking.Told]:
    nonce = asking.new_nonce()
    answers = await kernel.evaluate({"answer": asking.lone_question(nonce, subjects)}, seconds=seconds)
    return asking.read(answers["answer"], nonce, len(subjects))
