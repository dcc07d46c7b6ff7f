"""Breaks a reference solution in one small way at a time: good checks notice each of them.

A line that says ``# no mutants`` (``--`` in SQL) stays whole, for what no check can or should tell apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from ltt_collab.curriculum.python_mutants import PRAGMA, Mutant, first_difference, python_mutants, spread
from ltt_collab.model.courses import Task, TaskKind

MUTANTS_LIMIT = 200
"""Mutants of one task; a longer reference is tried at so many places, evenly spread."""


def mutants(task: Task) -> list[Mutant]:
    """Every mutant of a task's reference, at most ``MUTANTS_LIMIT``."""
    if task.kind is TaskKind.PYTHON:
        found = list(python_mutants(task.reference, MUTANTS_LIMIT))
    elif task.kind is TaskKind.SQL:
        found = list(_text_mutants(task.reference, SQL_SWAPS))
    else:
        found = list(_without_each_line(task.reference))
    unique = list({mutant.source: mutant for mutant in found}.values())
    return list(spread(unique, MUTANTS_LIMIT))


SQL_SWAPS: Final[tuple[tuple[str, str], ...]] = (
    (r"\bLEFT\s+JOIN\b", "JOIN"), (r"\bDESC\b", "ASC"), (r"\bASC\b", "DESC"), (r"\bDISTINCT\b\s*", ""),
    (r"\bCOUNT\s*\(", "SUM("), (r"\bSUM\s*\(", "COUNT("), (r"\bMAX\s*\(", "MIN("), (r"\bMIN\s*\(", "MAX("),
    (r"\bAVG\s*\(", "MAX("), (r"\bCOUNT\s*\([^)*]+\)", "COUNT(*)"), (r"\bAND\b", "OR"), (r"\bOR\b", "AND"),
    (r"\bUNION\s+ALL\b", "UNION"), (r"\bNOT\s+", ""), (r"<=", "<"), (r">=", ">"), (r"(?<![<>=!])<(?![=>])", "<="),
    (r"(?<![<>=!])>(?!=)", ">="), (r"(?<![<>=!])=(?!=)", "<>"), (r"<>|!=", "="),
    (r"\s*\bWHERE\b[^)]*?(?=\b(GROUP|ORDER|LIMIT|HAVING)\b|\Z)", " "),
    (r"\s*\bHAVING\b[^)]*?(?=\b(ORDER|LIMIT)\b|\Z)", " "), (r"\s*\bORDER\s+BY\b[^)]*?(?=\bLIMIT\b|\Z)", " "),
    (r"(\bORDER\s+BY\b[^,;]*),[^;]*?(?=\bLIMIT\b|\Z)", r"\1 "), (r"\s*\bLIMIT\s+\d+", ""), (r"\b(\d+)\b", "1\\1"),
)  # fmt: skip
"""What an author of a query mistakes for what: patterns and replacements."""


def _text_mutants(reference: str, swaps: Sequence[tuple[str, str]]) -> Iterator[Mutant]:
    lines = reference.split("\n")
    for pattern, instead in swaps:
        for match in re.finditer(pattern, reference, re.IGNORECASE):
            line = reference[: match.start() + len(match[0]) - len(match[0].lstrip())].count("\n") + 1
            if PRAGMA.search(lines[line - 1]) or _is_quoted(reference, match.start()):
                continue
            source = reference[: match.start()] + match.expand(instead) + reference[match.end() :]
            if source.split() != reference.split():
                before, after = first_difference(lines, source.split("\n"))
                yield Mutant(source=source, line=line, before=before, after=after)


def _is_quoted(text: str, at: int) -> bool:
    return text[:at].count("'") % 2 == 1


def _without_each_line(reference: str) -> Iterator[Mutant]:
    lines = reference.split("\n")
    for number, line in enumerate(lines, start=1):
        if line.strip() and not line.lstrip().startswith("#") and not PRAGMA.search(line):
            rest = [*lines[: number - 1], *lines[number:]]
            yield Mutant(source="\n".join(rest), line=number, before=line, after="")
