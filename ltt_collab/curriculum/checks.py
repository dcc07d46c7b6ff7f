"""Reads the checks of a ``task.yaml``."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ltt_collab.curriculum.folder import why_no_inner_path
from ltt_collab.curriculum.sections import Section
from ltt_collab.model.courses import SECONDS_PER_CHECK, Check, Compared, Expected, TaskKind

GENERATOR_FILE = "generate.py"

CHECKS_LIMIT = 100
"""Checks of a task; a learner cannot read more anyhow."""

SUBJECTS: Final = ("expression", "sql", "output", "file", "source")
EXPECTATIONS: Final = ("expect", "raises", "approx", "reference")

_COMMON: Final = ("name", "hidden", "points", "success_message", "failure_message", "depends_on", "time_limit")
_KNOWN: Final = (*_COMMON, *SUBJECTS, *EXPECTATIONS, "generate", "tolerance", "pattern", "database", "ordered")
_ELSEWHERE: Final = {
    "must_use": "it stands below 'source:', as in 'source: {must_use: [for]}'",
    "must_not_use": "it stands below 'source:', as in 'source: {must_not_use: [sum]}'",
    "type": "what is compared follows from the key: expression, sql, output, file or source",
    "expected": "write 'expect: …'",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckSurroundings:
    """What checks refer to: the task's kind, what ``defaults`` say, the functions of ``generate.py``, its files."""

    kind: TaskKind
    points: float = 0.0
    time_limit: float = SECONDS_PER_CHECK
    generators: frozenset[str] | None = None
    files: frozenset[str] = frozenset()


def read_checks(task: Section, around: CheckSurroundings) -> tuple[Check, ...]:
    """All checks of a task, in order; what is wrong with them becomes problems."""
    checks: list[Check] = []
    lines: dict[str, int] = {}
    for section in task.sections("checks", limit=CHECKS_LIMIT):
        check = _read_check(section, around)
        if check.name in lines:
            section.wrong("name", f"{check.name!r} is taken (line {lines[check.name]}); each check needs its own")
        for name, line in section.texts("depends_on"):
            if name not in lines:
                known = ", ".join(map(repr, lines)) or "there is none before it"
                section.problems.error(
                    section.file, line, f"depends_on: no check {name!r} stands before this one; known: {known}"
                )
        lines.setdefault(check.name, section.line_at("name"))
        checks.append(check)
    if not checks:
        task.wrong("checks", "there is none; write at least one check below 'checks:'")
    return tuple(checks)


def _read_check(section: Section, around: CheckSurroundings) -> Check:
    section.finish(_KNOWN, hints=_ELSEWHERE)
    compared, fields = _subject(section, around)
    generate = _generate(section, compared, around)
    fields |= _EXPECTED_BY[compared](section, generate)
    return Check(
        name=section.text("name", None, limit=120),
        compared=compared,
        generate=generate,
        hidden=section.flag("hidden"),
        points=section.number("points", around.points),
        success_message=section.text("success_message", limit=1000),
        failure_message=section.text("failure_message", limit=1000),
        depends_on=tuple(name for name, _ in section.texts("depends_on")),
        time_limit=section.number("time_limit", around.time_limit, least=0.1, most=60),
        **fields,
    )


def _subject(section: Section, around: CheckSurroundings) -> tuple[Compared, dict[str, Any]]:
    """What is compared; where it is missing or doubled, the first is taken and a problem noted."""
    present = [key for key in SUBJECTS if key in section]
    if "generate" in section and not present and around.kind is not TaskKind.SQL:
        return Compared.EXPRESSION, {}
    if len(present) != 1:
        what = f"{' and '.join(present)} stand here together" if present else "what is to be checked is missing"
        section.problems.error(section.file, section.line, f"{what}; write exactly one of {', '.join(SUBJECTS)}")
    compared = Compared(present[0]) if present else Compared.EXPRESSION
    return compared, _READERS[compared](section, around) if present else {}


def _expression(section: Section, _: CheckSurroundings) -> dict[str, Any]:
    source = section.text("expression", None).strip()
    try:
        compile(source, "<expression>", "eval", flags=ast.PyCF_ONLY_AST)
    except (SyntaxError, ValueError) as error:
        reason = error.msg if isinstance(error, SyntaxError) else str(error)
        section.wrong("expression", f"{source!r} is not a Python expression ({reason}); a statement cannot be checked")
    return {"subject": source}


def _query(section: Section, around: CheckSurroundings) -> dict[str, Any]:
    if around.kind is not TaskKind.SQL:
        section.wrong("sql", "only a task of 'kind: sql' has queries")
    name = section.text("sql").strip()
    name = "" if name.lower() == "true" else name
    if name:
        try:
            compile(name, "<sql>", "eval", flags=ast.PyCF_ONLY_AST)
        except (SyntaxError, ValueError):
            section.wrong(
                "sql", f"{name!r} does not name the learner's query; write its variable, as in 'sql: query', or true"
            )
    database = section.text("database")
    if database and database not in around.files:
        section.wrong("database", f"there is no file {database!r} in the task's folder, nor in 'private/'")
    return {"subject": name, "database": database, "ordered": section.flag("ordered")}


def _output(section: Section, _: CheckSurroundings) -> dict[str, Any]:
    return {"pattern": _regex(section, "output")}


def _file(section: Section, _: CheckSurroundings) -> dict[str, Any]:
    path = section.text("file", None).strip()
    if path and (reason := why_no_inner_path(path)):
        section.wrong("file", f"{path!r} {reason}")
    return {"subject": path, "pattern": _regex(section, "pattern") if "pattern" in section else ""}


def _source(section: Section, _: CheckSurroundings) -> dict[str, Any]:
    rules = section.section("source")
    if rules is None:
        return {}
    rules.finish(("must_use", "must_not_use"))
    used = tuple(name for name, _ in rules.texts("must_use"))
    unused = tuple(name for name, _ in rules.texts("must_not_use"))
    if not used and not unused:
        section.wrong("source", "write 'must_use: [for]' or 'must_not_use: [sum]' below it")
    for both in sorted(set(used) & set(unused)):
        section.wrong("source", f"{both!r} both must and must not be used")
    return {"must_use": used, "must_not_use": unused}


_READERS: Final[Mapping[Compared, Callable[[Section, CheckSurroundings], dict[str, Any]]]] = {
    Compared.EXPRESSION: _expression,
    Compared.SQL: _query,
    Compared.OUTPUT: _output,
    Compared.FILE: _file,
    Compared.SOURCE: _source,
}


def _regex(section: Section, key: str) -> str:
    pattern = section.text(key, None)
    try:
        re.compile(pattern, re.MULTILINE)
    except re.error as error:
        section.wrong(key, f"{pattern!r} is not a regular expression: {error}; write '\\' before special characters")
    return pattern


def _generate(section: Section, compared: Compared, around: CheckSurroundings) -> str:
    if "generate" not in section:
        return ""
    named = section.text("generate", None).strip()
    file, _, function = named.partition("::")
    if compared not in {Compared.EXPRESSION, Compared.SQL} or "expression" in section:
        section.wrong("generate", "it makes the expressions itself; leave the other out")
    if file != GENERATOR_FILE or not function.isidentifier():
        section.wrong("generate", f"expected '{GENERATOR_FILE}::<function>', not {named!r}")
    elif around.generators is None:
        section.wrong("generate", f"there is no {GENERATOR_FILE} in the task's folder")
    elif function not in around.generators:
        known = ", ".join(sorted(around.generators)) or "it defines none"
        section.wrong("generate", f"{GENERATOR_FILE} defines no function {function!r}; known: {known}")
    return named


def _value(section: Section, generate: str) -> dict[str, Any]:
    """What a value is compared with; exactly one thing."""
    present = [key for key in EXPECTATIONS if key in section]
    tolerance = {"tolerance": section.number("tolerance", 1e-6, most=1e12)}
    if generate:
        if wrong := [key for key in present if key != "reference"]:
            section.wrong(wrong[0], "a generated check is compared with the reference; leave this out")
        return {"expected": Expected.REFERENCE} | tolerance
    if len(present) != 1:
        what = f"{' and '.join(present)} stand here together" if present else "the expected value is missing"
        section.problems.error(section.file, section.line, f"{what}; write exactly one of {', '.join(EXPECTATIONS)}")
    match present[0] if present else "":
        case "raises":
            return {"expected": Expected.RAISES, "expect": _exception(section)}
        case "approx":
            return {"expected": Expected.APPROX, "expect": _numbers(section)} | tolerance
        case "reference":
            if not section.flag("reference"):
                section.wrong("reference", "it can only be true; else write 'expect: …'")
            return {"expected": Expected.REFERENCE} | tolerance
        case "expect":
            return {"expected": Expected.VALUE, "expect": section.literal("expect")}
    return {}


def _exception(section: Section) -> str:
    name = section.text("raises", None).strip()
    if not all(part.isidentifier() for part in name.split(".")):
        section.wrong("raises", f"{name!r} is not the name of an exception, as in 'raises: ValueError'")
    return name


def _numbers(section: Section) -> str:
    source = section.literal("approx")
    if not any(isinstance(part, ast.Constant) and isinstance(part.value, int | float | complex) for part in ast.walk(
        ast.parse(source, mode="eval")
    )):  # fmt: skip
        section.wrong("approx", f"{source} holds no number; write 'expect: …' for an exact value")
    return source


def _nothing(section: Section, generate: str) -> dict[str, Any]:  # noqa: ARG001 - as the others
    for key in (*EXPECTATIONS, "tolerance"):
        if key in section:
            section.wrong(key, "nothing is compared with it here; leave it out")
    return {}


_EXPECTED_BY: Final[Mapping[Compared, Callable[[Section, str], dict[str, Any]]]] = {
    Compared.EXPRESSION: _value,
    Compared.SQL: _value,
    Compared.OUTPUT: _nothing,
    Compared.FILE: _nothing,
    Compared.SOURCE: _nothing,
}
