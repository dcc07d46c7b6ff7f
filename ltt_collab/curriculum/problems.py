"""What is wrong with a course's files: all of it, each with file and line."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from ltt_collab.model.errors import CourseError


class Severity(StrEnum):
    """Whether a course can be published with it."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One fault of a course: ``file`` is relative to its folder, ``line`` 1-based and 0 where there is none.

    ``kind``: which rule found it, as in ``schema`` or ``mutant``; for machines.
    """

    severity: Severity
    kind: str
    file: str
    line: int
    message: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        return f"{where}: {self.severity}: {self.message}"


SCHEMA = "schema"


@dataclass(slots=True)
class Problems:
    """Gathers problems while a course is read; in the order in which they were found."""

    found: list[Problem] = field(default_factory=list)

    def error(self, file: str, line: int, message: str, *, kind: str = SCHEMA) -> None:
        """Note what makes the course unusable."""
        self.found.append(Problem(severity=Severity.ERROR, kind=kind, file=file, line=line, message=message))

    def warning(self, file: str, line: int, message: str, *, kind: str = SCHEMA) -> None:
        """Note what an author should look at."""
        self.found.append(Problem(severity=Severity.WARNING, kind=kind, file=file, line=line, message=message))

    @property
    def errors(self) -> list[Problem]:
        """What makes the course unusable."""
        return [problem for problem in self.found if problem.severity is Severity.ERROR]

    def raise_first(self) -> None:
        """Return if there is no error.

        Raises:
            CourseError: the first one; it says how many more there are.
        """
        errors = self.errors
        if errors:
            first, more = errors[0], len(errors) - 1
            rest = f" (and {more} more: see 'ltt course lint')" if more else ""
            raise CourseError(first.file, first.line, f"{first.message}{rest}")


def did_you_mean(wrong: str, known: Iterable[str]) -> str:
    """``; did you mean 'expect'?``, or else what there is to choose from."""
    choices = list(known)
    close = difflib.get_close_matches(wrong, choices, n=1, cutoff=0.6)
    return f"; did you mean {close[0]!r}?" if close else f"; known: {', '.join(choices)}"
