"""Makes the verdict of an examination: its outcome, the first cause, the points. Pure."""

from __future__ import annotations

from ltt_collab.model.courses import Check
from ltt_collab.model.validations import CheckResult, Outcome, ValidationMode, Verdict
from ltt_collab.validation.asking import Told
from ltt_collab.validation.causes import cell_cause, missing_name, near, sentence, stop_cause, unrun_cause
from ltt_collab.validation.examination import Examination
from ltt_collab.validation.marking import HIDDEN_FAILED, place_text, unchecked
from ltt_collab.validation.sources import defined_names


def verdict(examination: Examination, *, duration_ms: float) -> Verdict:
    """The verdict; every check of the task has a result in it, in the task's order."""
    task = examination.task
    results = _with_dependencies(examination)
    passed = examination.outcome is None and examination.run.stop is None and _all_passed(results)
    outcome, cause = (Outcome.PASSED, None) if passed else _outcome(examination, results)
    most = sum(result.max_points for result in results)
    score = sum(result.points for result in results)
    if most == 0 and task.points > 0:  # points for the task as a whole
        most, score = task.points, task.points if passed else 0.0
    return Verdict(
        task=task.id,
        mode=examination.mode,
        outcome=outcome,
        passed=passed,
        score=score,
        max_score=most,
        first_cause=sentence(cause) if cause else None,
        checks=tuple(results),
        duration_ms=round(duration_ms, 1),
    )


def _all_passed(results: list[CheckResult]) -> bool:
    ran = [result for result in results if not result.skipped]
    return all(result.passed for result in ran)


def _with_dependencies(examination: Examination) -> list[CheckResult]:
    """Every check's result; one whose precondition failed counts as not run."""
    done: dict[str, CheckResult] = {}
    for check in examination.task.checks:
        given = examination.results.get(check.name)
        result = given if given is not None else unchecked(check, examination.not_run)
        failed = next((name for name in check.depends_on if name in done and not done[name].passed), None)
        if failed is not None and not result.skipped:
            result = unchecked(check, f"Checked once '{failed}' passes.")
        done[check.name] = result
    return list(done.values())


def _outcome(examination: Examination, results: list[CheckResult]) -> tuple[Outcome, str | None]:
    """The outcome of what did not pass, and what to mend first."""
    run = examination.run
    if run.stop is not None:
        cause = stop_cause(run.stop, examination.cells, examination.task, flooded=run.flooded)
        return run.stop.outcome, cause
    if examination.outcome is not None and not examination.end_of_check:
        return examination.outcome, examination.cause
    first = next((result for result in results if not result.passed and not result.skipped), None)
    if first is None:
        return examination.outcome or Outcome.ERROR, examination.cause or "Nothing could be checked"
    raised = examination.marks[first.name].raised if first.name in examination.marks else None
    fault = run.faults[0] if run.faults else None
    if fault is not None and (raised is not None or _in_work(examination, fault.cell)):
        outcome = Outcome.MEMORY if fault.name == "MemoryError" else Outcome.ERROR
        return outcome, cell_cause(fault, examination.cells, examination.task)
    outcome = examination.end_of_check.get(first.name, Outcome.FAILED)
    if raised is not None and raised.error_name == "MemoryError":
        outcome = Outcome.MEMORY
    check = next(check for check in examination.task.checks if check.name == first.name)
    return outcome, _check_cause(examination, check, raised)


def _in_work(examination: Examination, number: int) -> bool:
    return any(cell.is_work for cell in examination.cells if cell.number == number)


def _check_cause(examination: Examination, check: Check, raised: Told | None) -> str:
    """A check that failed: what, unless it is hidden; a missing name by what would make it."""
    fault = examination.marks[check.name].fault or ""
    if raised is not None and raised.error_name == "NameError" and (name := missing_name(raised.said)):
        unrun = unrun_cause(name, examination.cells) if examination.mode is ValidationMode.LIVE else None
        if unrun:
            return unrun
        if not check.hidden:
            known = sorted(defined_names(examination.cells) - {name})
            at = place_text(raised)
            return f"'{name}' is not defined{at or ' in your notebook'}. {near(name, known) or 'Is it spelt as asked?'}"
    if raised is not None and not check.hidden:
        special = _special(raised)
        fault = f"{fault.split(':')[0]}: {special}" if special else fault
    if check.hidden and check.name not in examination.end_of_check:
        return f"Check '{check.name}': {check.failure_message or HIDDEN_FAILED}"
    return f"Check '{check.name}': {fault}"


def _special(raised: Told) -> str:
    match raised.error_name:
        case "StdinNotImplementedError" | "EOFError" if any("input(" in place.text for place in raised.places):
            return "your code asks for input(), and nobody can answer here; use the parameters instead"
        case "SystemExit":
            return "your code ends the program (exit); return a value instead"
        case _:
            return ""
