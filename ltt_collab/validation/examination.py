"""One examination: what is known of it so far, and the questions that its checks ask."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from ltt_collab.model.courses import Check, Compared, Task
from ltt_collab.model.validations import CheckResult, Outcome, ValidationMode
from ltt_collab.validation.asking import Subject, Told
from ltt_collab.validation.expectations import Key, is_fixed
from ltt_collab.validation.marking import Mark, unchecked
from ltt_collab.validation.running import Run
from ltt_collab.validation.sources import CodeCell, operands

ELSEWHERE: Final = "Not checked here: hidden checks run when you submit."

NEVER_ASKED: Final = frozenset({Compared.SOURCE, Compared.OUTPUT})
"""Checks that ask the kernel nothing."""

FILE_CHARACTERS: Final = 200_000


@dataclass(slots=True, kw_only=True)
class Examination:
    """The state of one validation, filled in step by step; whatever happens, a verdict can be made of it.

    ``trusted``: the kernel is one of our sandbox, where fixed hidden checks may be asked. ``outcome`` and ``cause``:
    set when it ended before its end. ``end_of_check``: how checks ended that could not be finished. ``not_run``: why
    checks without a result have none.
    """

    task: Task
    mode: ValidationMode
    trusted: bool
    cells: Sequence[CodeCell] = ()
    terminals: str = ""
    key: Key = field(default_factory=Key)
    run: Run = field(default_factory=Run)
    told: dict[str, Sequence[Told]] = field(default_factory=dict)
    marks: dict[str, Mark] = field(default_factory=dict)
    results: dict[str, CheckResult] = field(default_factory=dict)
    end_of_check: dict[str, Outcome] = field(default_factory=dict)
    outcome: Outcome | None = None
    cause: str | None = None
    not_run: str = "Not checked."

    def end(self, outcome: Outcome, cause: str) -> None:
        """It ended early; the first reason stands."""
        if self.outcome is None:
            self.outcome, self.cause = outcome, cause

    def leave_out_hidden(self) -> None:
        """Skip the fixed hidden checks where somebody could look at them."""
        if self.trusted:
            return
        for check in self.task.checks:
            if check.hidden and is_fixed(check):
                self.results[check.name] = unchecked(check, ELSEWHERE)

    def questions(self, check: Check) -> list[Subject]:
        """What a check asks the kernel; nothing for one that has its result or needs no answer."""
        if check.name in self.results or check.compared in NEVER_ASKED:
            return []
        if check.compared is Compared.FILE:
            return [(_reading(check.subject),)]
        if check.compared is Compared.SQL:
            return [(check.subject,)] if check.subject else []
        return [operands(subject) for subject in self.key.inputs[check.name]]

    def is_open(self, check: Check) -> bool:
        """Whether a check has no result yet."""
        return check.name not in self.results

    def fail(self, check: Check, fault: str, outcome: Outcome) -> None:
        """A check's question could not be answered; a hidden one does not say which question."""
        self.marks[check.name] = Mark(fault=fault)
        self.results[check.name] = CheckResult(
            name=check.name, passed=False, hidden=check.hidden, points=0.0, max_points=check.points,
            message=f"{fault}." if "(" in fault.partition(" ")[0] else f"{fault[0].upper()}{fault[1:]}.",
        )  # fmt: skip
        self.end_of_check[check.name] = outcome


def _reading(path: str) -> str:
    """An expression that gives a file's text; '' for a folder."""
    return (
        f"(lambda p, os, io: '' if os.path.isdir(p) else io.open(p, encoding='utf-8', errors='replace')"
        f".read({FILE_CHARACTERS}))({path!r}, __import__('os'), __import__('io'))"
    )
