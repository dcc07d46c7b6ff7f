"""Syntax errors about words and signs: habits of other languages, reserved words, order of arguments, the rest."""

from __future__ import annotations

import keyword
import re

from agent.rules.case import Case
from agent.rules.kinds import Kind
from agent.rules.wording import Explanation, at, code

_STRING = re.compile(r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"")
_NAMED = re.compile(r"\s*(?:(\w+)\s*=(?!=)|for\s+(\w+)\s+in\b|def\s+(\w+)\s*\(|(?:import|from)\s.*\sas\s+(\w+))")
"""Where a new name stands: before ``=``, after ``for``, ``def`` or ``as``."""
_FOREIGN = (
    (re.compile(r"\+\+|--(?!\w*\d)"), "To count up, Python writes `count += 1`."),
    (re.compile(r"&&"), "Python writes the word `and`."),
    (re.compile(r"\|\|"), "Python writes the word `or`."),
    (re.compile(r"(?<![\w\s)=<>!])\s*!(?=[\w(])|(?<=[\s(])!(?=[\w(])"), "Python writes the word `not`."),
    (re.compile(r"===|!=="), "Python compares with `==` and `!=`."),
    (re.compile(r"=>|=<"), "Python puts the `=` last: `>=` and `<=`."),
    (re.compile(r"<>"), "Python writes `!=` for *not equal*."),
    (
        re.compile(r"(?<!\S)(?:int|float|str|string|var|let|const|double|char|bool)(?=\s+[A-Za-z_]\w*\s*(?:=|;|$))"),
        "Before a new name Python has no such word: the name comes first, as in `count = 3`.",
    ),
    (re.compile(r"\?(?=[^:]*:)"), "Python writes `a if question else b`."),
    (re.compile(r"\{(?=\s*$)"), "Python opens a block with `:` and an indent."),
)


def print_statement(case: Case) -> Explanation | None:
    """Python 2's ``print "x"``."""
    told = re.search(r"Missing parentheses in call to '(\w+)'", case.message)
    if told is None:
        return None
    word = told.group(1)
    return Explanation(
        kind=Kind.PRINT_WITHOUT_PARENTHESES,
        where=f"Look at `{word}` in **line {case.line}** and at what follows it.",
        what=f"`{word}` is a function. What it works on must stand in parentheses `( )`, and they are missing.",
        how=(
            'A call has parentheses: `len("abc")`, `round(2.7)`. Old books show `print` without them; that was '
            "Python 2."
        ),
    )


def other_language(case: Case) -> Explanation | None:
    """A sign or word that belongs to another programming language."""
    if "invalid syntax" not in case.message and "expected" not in case.message:
        return None
    bare = _STRING.sub("''", case.line_text).split("#")[0]
    for pattern, python in _FOREIGN:
        if sign := pattern.search(bare):
            shown = code(sign.group())
            return Explanation(
                kind=Kind.OTHER_LANGUAGE,
                where=f"Look at {shown} in **line {case.line}**.",
                what=f"{shown} is how other languages write it. Python does not know it here. {python}",
                how=(
                    "Python uses words for logic and full signs for counting: `if a > 1 and not done:` and "
                    "`steps += 1`."
                ),
            )
    return None


def reserved_word(case: Case) -> Explanation | None:
    """One of Python's own words used as a name."""
    bare = _STRING.sub("''", case.line_text)
    found = _NAMED.match(bare)
    word = next((group for group in found.groups() if group), "") if found else ""
    if word not in keyword.kwlist or "invalid syntax" not in case.message:
        return None
    return Explanation(
        kind=Kind.RESERVED_WORD,
        where=f"Look at the name {code(word)} in **line {case.line}**.",
        what=f"{code(word)} is one of Python's own words. It cannot be the name of a value or a function.",
        how='Choose another name: instead of `from = "Rome"` write `start = "Rome"`.',
    )


def argument_order(case: Case) -> Explanation | None:
    """Arguments or parameters in an order that cannot be."""
    message = case.message
    if "positional argument follows keyword argument" in message:
        what = (
            "In this call an argument with a name (`name=value`) comes before one without. Python then no longer "
            "knows which place the plain one takes."
        )
    elif "non-default argument follows default" in message or "parameter without a default follows" in message:
        what = (
            "In this function a parameter with a default value comes before one without. Those without a default "
            "must come first."
        )
    elif found := re.search(r"keyword argument repeated: (\w+)", message):
        what = f"The argument {code(found.group(1))} is given twice in one call."
    elif found := re.search(r"duplicate argument '(\w+)'", message):
        what = f"Two parameters of this function have the same name, {code(found.group(1))}."
    else:
        return None
    return Explanation(
        kind=Kind.ARGUMENT_ORDER,
        where=f"Look at what stands in the parentheses in **line {case.line}**, and at its order.",
        what=what,
        how='Plain ones first, named ones last: `draw(3, 4, color="red")` and `def draw(x, y, color="red"):`.',
    )


def late_declaration(case: Case) -> Explanation | None:
    """``global`` or ``nonlocal`` after the name was used."""
    found = re.search(
        r"name '(\w+)' is (assigned to|used|parameter and) (?:before |prior to )?(global|nonlocal)", case.message
    )
    if found is None:
        return None
    name, word = found.group(1), found.group(3)
    return Explanation(
        kind=Kind.LATE_DECLARATION,
        where=f"Look at `{word} {name}` in **line {case.line}**, and at the lines of the function above it.",
        what=f"The function uses {code(name)} before it says `{word} {name}`. Such a line must come first.",
        how="Better still, hand values in and out: `def grow(size): return size + 1`, then `size = grow(size)`.",
    )


def space_in_name(case: Case) -> Explanation | None:
    """``my name = "Ada"``."""
    found = re.match(r"\s*([A-Za-z_]\w*)[ \t]+([A-Za-z_]\w*)\s*=(?!=)", case.line_text)
    if found is None or "invalid syntax" not in case.message or {*found.groups()} & {*keyword.kwlist}:
        return None
    return Explanation(
        kind=Kind.SPACE_IN_NAME,
        where=f"Look at what stands to the left of the `=` in **line {case.line}**.",
        what=(
            f"There are two words, {code(found.group(1))} and {code(found.group(2))}. A name is one word, without "
            "spaces."
        ),
        how="Join the words of a name with `_`: `max_speed = 90`.",
    )


def missing_operand(case: Case) -> Explanation | None:
    """A line that ends with a sign that needs a right side; two statements in one line."""
    if "invalid syntax" not in case.message and "expected" not in case.message:
        return None
    bare = _STRING.sub("''", case.line_text).split("#")[0].rstrip()
    found = re.search(r"(\*\*|//|==|!=|<=|>=|\+=|-=|[-+*/%=<>.,]|\b(?:and|or|not|in|is|import|from|as))$", bare)
    if found and found.group(1) != ",":
        sign = found.group(1)
        return Explanation(
            kind=Kind.MISSING_OPERAND,
            where=f"Look at the end of **line {case.line}**. Something is missing there.",
            what=f"The line ends with {code(sign)}. Python expects something to the right of it.",
            how="A sign between two values needs both: `price * 2`, `age >= 18`, `import math`.",
        )
    if "expected 'else'" in case.message:
        return Explanation(
            kind=Kind.MISSING_OPERAND,
            where=f"Look at the `if` inside **line {case.line}**.",
            what=(
                "An `if` in the middle of a line chooses between two values. The second one, after `else`, is missing."
            ),
            how='`label = "even" if n % 2 == 0 else "odd"`',
        )
    if (
        "':' expected after dictionary key" in case.message
        or "expression expected after dictionary key" in case.message
    ):
        return Explanation(
            kind=Kind.MISSING_COLON,
            where=f"Look at the items between the braces in **line {case.line}**.",
            what="In a dictionary each item is a key, a colon and a value. One item here has no colon or no value.",
            how='`ages = {"Ada": 36, "Alan": 41}`',
        )
    return None


def any_syntax_error(case: Case) -> Explanation:
    """What is left: where Python stopped reading."""
    said = case.message.removeprefix("invalid syntax.").strip() or "invalid syntax"
    extra = "" if said == "invalid syntax" else f" It says: {code(said, 100)}."
    return Explanation(
        kind=Kind.SYNTAX_ERROR,
        where=f"Python stopped reading in **line {case.line}**. Look at that line, and at the end of the line above.",
        what=(
            f"{at(case.line)} does not follow the rules of the language, so no line of the cell was run.{extra} "
            "Something is missing or one too many there: a sign, a comma, a bracket, a quote."
        ),
        how=(
            "Read the line aloud, sign by sign, beside one that works. For example, `total = price * 3` is: a "
            "name, `=`, a name, `*`, a number."
        ),
    )


EARLY = (print_statement, late_declaration, argument_order, reserved_word)
LATE = (other_language, space_in_name)
