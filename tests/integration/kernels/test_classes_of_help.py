"""Every class of help that the reference lists has a case.

The cases are run on real kernels by ``test_live_help`` and ``tests/integration/test_rules_on_real_kernels.py``.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from agent.rules.kinds import Kind
from ltt_collab.bench.suites.error_cases import ERROR_CASES, SILENT_CASES
from ltt_collab.bench.suites.valid_snippets import VALID_SNIPPETS
from tests.integration.kernels.test_live_help import CASES as LIVE

REFERENCE = Path(__file__).parents[3] / "docs" / "reference" / "tutor.md"

SYNTAX = tuple(Kind)[: tuple(Kind).index(Kind.SYNTAX_ERROR) + 1]

BY_RULES: dict[str, tuple[Kind, ...]] = {
    "a cell that Python cannot read": SYNTAX,
    "a misspelt or unknown name": (Kind.MISSPELT_NAME, Kind.UNDEFINED_NAME, Kind.MISSING_IMPORT, Kind.MISSING_QUOTES),
    "a name made in a cell that was not run, or below": (Kind.CELL_NOT_RUN, Kind.RUN_ORDER),
    "a cell changed after others used it": (Kind.RUN_ORDER,),
    "a loop whose variable never changes": (Kind.ENDLESS_LOOP,),
    "`return` inside a loop": (Kind.RETURN_IN_LOOP,),
    "a function without `return`": (Kind.MISSING_RETURN, Kind.NONE_VALUE),
    "the result of a method that works in place": (Kind.IN_PLACE_RESULT,),
    "a discarded result": (Kind.LOST_RESULT,),
    "a built-in that was given another meaning": (Kind.SHADOWED_BUILTIN,),
    "a mutable default": (Kind.MUTABLE_DEFAULT,),
    "a failed assertion, both sides told": (Kind.ASSERTION_FAILED,),
    "a recursion without an end": (Kind.ENDLESS_RECURSION,),
    "a table or column of a data base": (Kind.SQL_UNKNOWN_TABLE, Kind.SQL_UNKNOWN_COLUMN),
    "a module that is misspelt or not there": (Kind.MISSPELT_MODULE, Kind.MODULE_NOT_FOUND, Kind.IMPORT_NAME),
    "a comparison without effect": (Kind.COMPARISON_WITHOUT_EFFECT,),
    "text compared with a number": (Kind.TEXT_COMPARED_WITH_NUMBER,),
    "text and numbers mixed": (Kind.MIXED_TEXT_AND_NUMBER,),
    "an index, key or attribute that is not there": (
        Kind.INDEX_OUT_OF_RANGE, Kind.MISSING_KEY, Kind.MISSING_ATTRIBUTE, Kind.MISSING_MODULE_ATTRIBUTE,
    ),
    "a wrong number or name of arguments": (Kind.MISSING_ARGUMENT, Kind.EXTRA_ARGUMENT, Kind.UNKNOWN_ARGUMENT),
    "a value that cannot be": (Kind.BAD_NUMBER_TEXT, Kind.ZERO_DIVISION, Kind.OUT_OF_DOMAIN, Kind.OVERFLOW),
}  # fmt: skip
"""Classes that the rules name, each with every kind that must have a case."""

BY_THE_KERNEL: dict[str, tuple[str, ...]] = {
    "a misspelt or unknown name": ("a name whose cell is gone",),
    "a failed assertion, both sides told": ("the sides of a check",),
    "a column of a data frame": ("a column", "a column far from any"),
    "a table or column of a data base": ("a table", "a column of a table"),
    "text and numbers mixed": ("types", "types of parts"),
    "shapes and lengths that do not fit": ("shapes", "a column's length"),
    "anything else, where the learner's environment has friendly-traceback": ("what another's rules know",),
}
"""Classes that take live facts, each with its cases in ``test_live_help``, which runs them on a learner's kernel."""

NO_ERROR = {"magics, `!` and `await` at the top": ("%", "!", "await ")}
"""Classes of no finding, each with how a valid snippet of it has a line begin."""

WITHOUT_A_CASE = {Kind.SYNTAX_ERROR, Kind.BROKEN_FSTRING}
"""Python's own words are the last way out, and f-strings are read differently from 3.12 on."""

CASES = (*ERROR_CASES, *SILENT_CASES)


def listed() -> set[str]:
    """The classes of the reference's table."""
    section = REFERENCE.read_text().partition("## Classes of help")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (.+?) \| .+ \|$", section, re.MULTILINE)
    return {row for row in rows if row != "class"}


@pytest.mark.proves("rules:every-class")
def test_every_class_of_the_reference_has_cases_and_every_case_a_class() -> None:
    assert listed() == {*BY_RULES, *BY_THE_KERNEL, *NO_ERROR}
    with_case = {case.kind for case in CASES}
    assert {kind for kinds in BY_RULES.values() for kind in kinds} - with_case - WITHOUT_A_CASE == set()
    assert {name for names in BY_THE_KERNEL.values() for name in names} <= set(LIVE)
    lines = [line.strip() for sources in VALID_SNIPPETS for source in sources for line in source.splitlines()]
    for begins in NO_ERROR.values():
        assert all(any(line.startswith(begin) or f"= {begin}" in line for line in lines) for begin in begins)
