"""Which rules are asked about which error, in which order; the first that knows the cause answers."""

from __future__ import annotations

from agent.rules.case import Case, Rule
from agent.rules.errors import (
    abilities,
    attributes,
    calls,
    flow,
    imports,
    lookups,
    names,
    none_values,
    operands,
    scopes,
    syntax_blocks,
    syntax_marks,
    syntax_words,
    values,
)
from agent.rules.wording import Explanation

_SYNTAX: tuple[Rule, ...] = (
    *syntax_marks.EARLY, *syntax_blocks.EARLY, *syntax_words.EARLY,
    *syntax_marks.LATE, *syntax_words.LATE, *syntax_blocks.LATE,
    syntax_words.missing_operand,
    syntax_words.any_syntax_error,
)  # fmt: skip
_FILES = imports.FILE_RULES

RULES: dict[str, tuple[Rule, ...]] = {
    "NameError": (*scopes.RULES, *names.RULES),
    "UnboundLocalError": scopes.RULES,
    "TypeError": (*calls.RULES, none_values.none_value, *operands.RULES, *abilities.RULES),
    "IndexError": lookups.RULES,
    "KeyError": lookups.RULES,
    "AttributeError": attributes.RULES,
    "ValueError": values.RULES,
    "StatisticsError": values.RULES,
    "ZeroDivisionError": (values.zero_division,),
    "OverflowError": (values.overflow,),
    "ModuleNotFoundError": imports.IMPORT_RULES,
    "ImportError": imports.IMPORT_RULES,
    "FileNotFoundError": _FILES,
    "NotADirectoryError": _FILES,
    "IsADirectoryError": _FILES,
    "OperationalError": imports.SQL_RULES,
    "ProgrammingError": imports.SQL_RULES,
    "DatabaseError": imports.SQL_RULES,
    "BinderException": imports.SQL_RULES,
    "CatalogException": imports.SQL_RULES,
    "RecursionError": flow.RULES,
    "AssertionError": flow.ASSERTION,
    "RuntimeError": flow.RUNTIME,
    "StdinNotImplementedError": flow.STDIN,
    "StopIteration": flow.STOP,
    "StopAsyncIteration": flow.STOP,
}


def explain(case: Case) -> Explanation:
    """The first cause of a raised error, in words; always an answer."""
    rules = _SYNTAX if case.unread else RULES.get(case.error, ())
    for rule in rules:
        if (found := rule(case)) is not None:
            return found
    return flow.any_error(case)
