"""Syntax errors about single marks: brackets, quotes, strange characters, numbers, f-strings."""

from __future__ import annotations

import re

from agent.rules.case import Case
from agent.rules.kinds import Kind
from agent.rules.scan import Opened
from agent.rules.wording import Explanation, at, code

_CLOSER = {"(": ")", "[": "]", "{": "}"}
_CURLY = {"“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "‘": "'", "’": "'", "‚": "'", "`": "'", "´": "'"}
_CHARACTER = re.compile(r"invalid (?:non-printable )?character (?:'(.)' )?\(?U\+([0-9A-Fa-f]{4,6})")
_INNER_APOSTROPHE = re.compile(r"'[^'\n]*\w'\w")
_OPEN_AT_FAULT = re.compile(
    r"was never closed|incomplete input|unexpected EOF|invalid syntax|expected ':'|forgot a comma|cannot "
    r"assign|does not match|Maybe you meant"
)


def strange_character(case: Case) -> Explanation | None:
    """A character that Python does not know: a typographic quote, a hard space, a stray symbol."""
    match = _CHARACTER.search(case.message)
    if match is None:
        return None
    sign = match.group(1) or chr(min(int(match.group(2), 16), 0x10FFFF))
    if sign in _CURLY:
        what = (
            f"The quote {code(sign)} is a curly one, as text programs write it. Python only knows the straight "
            "quotes `\"` and `'`."
        )
    elif not sign.isprintable() or sign.isspace():
        what = (
            f"There is an invisible character (U+{match.group(2)}) in this line. It often comes along when code "
            "is copied from a web page."
        )
    else:
        what = f"Python has no meaning for the character {code(sign)} at this place."
    return Explanation(
        kind=Kind.INVALID_CHARACTER,
        where=f"{at(case.line)} holds a character that Python cannot read. Look at the quotes, spaces and signs in it.",
        what=what,
        how='Type such a character anew on your own keyboard. For example, `name = “Ada”` becomes `name = "Ada"`.',
    )


def unclosed_string(case: Case) -> Explanation | None:
    """A text that has no closing quote."""
    opened = case.page.code.scan.open_string
    told = "unterminated" in case.message and "f-string: " not in case.message
    if opened is None or not (
        told or "incomplete input" in case.message or "EOF" in case.message or opened.line <= case.line
    ):
        return None
    line = opened.line
    text = case.page.line_text(line)
    if len(opened.mark) == 3:
        what = (
            f"The text that starts here with {code(opened.mark)} has no {code(opened.mark)} at its end. So "
            "Python takes the rest of the cell for text."
        )
    elif opened.mark == "'" and _INNER_APOSTROPHE.search(text):
        what = (
            "The text stands in single quotes and holds an apostrophe. Python takes the apostrophe for the end "
            "of the text, and then the last quote opens a new one."
        )
    elif text.rstrip().endswith("\\" + opened.mark) or text.rstrip(")").endswith("\\" + opened.mark):
        what = (
            f"The backslash before the last {code(opened.mark)} turns the quote into a letter. So the text does "
            "not end there."
        )
    else:
        what = (
            f"A text starts with {code(opened.mark)} and the line ends before a second {code(opened.mark)} closes it."
        )
    return Explanation(
        kind=Kind.UNCLOSED_STRING,
        line=line,
        where=f"A text in **line {line}** starts and does not end. Count the quotes in that line.",
        what=what,
        how=(
            'A text needs the same quote at both ends: `city = "Oslo"`. A text with an apostrophe goes into '
            'double quotes: `"the dog\'s ball"`.'
        ),
    )


def unclosed_bracket(case: Case) -> Explanation | None:
    """A bracket that was opened and never closed."""
    opened = _open_bracket(case)
    if opened is None or not _OPEN_AT_FAULT.search(case.message):
        return None
    closer = _CLOSER[opened.mark]
    noticed = "" if opened.line == case.line else f" Python noticed it only in line {case.line}."
    return Explanation(
        kind=Kind.UNCLOSED_BRACKET,
        line=opened.line,
        where=(
            f"A bracket that opens in **line {opened.line}** is not closed. Look for the partner of each "
            f"`{opened.mark}` there."
        ),
        what=f"The `{opened.mark}` in line {opened.line} was never closed: there is no `{closer}` for it.{noticed}",
        how=(
            "Count brackets from left to right: +1 for each opening one, -1 for each closing one. In "
            "`print(max(3, 7)` the count ends at 1, so one `)` is missing; `print(max(3, 7))` ends at 0."
        ),
    )


def _open_bracket(case: Case) -> Opened | None:
    unclosed = [o for o in case.page.code.scan.unclosed if o.line <= case.line]
    if not unclosed:
        return None
    named = re.match(r"'(.)' was never closed", case.message)
    same = [o for o in unclosed if named and o.mark == named.group(1) and o.line == case.line]
    return (same or unclosed)[-1]


def unmatched_bracket(case: Case) -> Explanation | None:
    """A closing bracket with no opening one, or of another kind."""
    extra = re.search(r"unmatched '(.)'", case.message)
    wrong = re.search(
        r"closing parenthesis '(.)' does not match opening parenthesis '(.)'(?: on line (\d+))?", case.message
    )
    if extra:
        what = (
            f"There is a `{extra.group(1)}` here, and no bracket before it that it could close. It is one too "
            "many, or its partner is missing."
        )
    elif wrong:
        place = f" in line {wrong.group(3)}" if wrong.group(3) else ""
        what = (
            f"A `{wrong.group(2)}`{place} is followed by a `{wrong.group(1)}`. A bracket can only be closed by "
            "one of its own kind."
        )
    else:
        return None
    return Explanation(
        kind=Kind.UNMATCHED_BRACKET,
        where=(
            f"The brackets in **line {case.line}** do not fit together. Look at each closing one and find its partner."
        ),
        what=what,
        how=(
            "Brackets close in the reverse order: in `sum([1, 2])` the `[` opens last, so its `]` comes first, "
            "then the `)`."
        ),
    )


def missing_comma(case: Case) -> Explanation | None:
    """Two items side by side with nothing between them."""
    if "forgot a comma" not in case.message or "f-string" in case.message:
        return None
    return Explanation(
        kind=Kind.MISSING_COMMA,
        where=(
            f"Two things stand side by side in **line {case.line}** with nothing between them. Look inside the "
            "brackets."
        ),
        what=(
            "Inside the brackets two values follow each other, and Python does not know how they belong "
            "together. Most often a comma is missing between them; an operator such as `+` may be missing, "
            "or a quote may be missing or end a text too early."
        ),
        how='Items are set apart by commas: `print("Total:", 5)` and `[1, 2, 3]`.',
    )


def broken_fstring(case: Case) -> Explanation | None:
    """Braces in an f-string that do not hold an expression."""
    if not case.message.startswith(("f-string", "unterminated f-string")):
        return None
    detail = case.message.removeprefix("f-string:").strip()
    if "expecting '}'" in detail:
        what = "A `{` in the f-string has no `}` after it, or a quote inside the braces ends the text too early."
    elif "single '}'" in detail:
        what = "There is a `}` in the f-string with no `{` before it."
    elif "empty expression" in detail or "valid expression required" in detail:
        what = "There are empty braces `{}` in the f-string. Python does not know what to put there."
    else:
        what = f"Python cannot read what stands between the braces of the f-string. It says: {code(detail)}."
    return Explanation(
        kind=Kind.BROKEN_FSTRING,
        where=f"Look at the text with the `f` before it in **line {case.line}**, above all at its braces.",
        what=what,
        how=(
            'Each brace pair holds one expression: `f"{city} has {count + 1} parks"`. Inside, use the other kind '
            "of quote: `f\"{ages['Ada']}\"`."
        ),
    )


def bad_number(case: Case) -> Explanation | None:
    """A number that is written in a way Python does not read, or a name that starts with a digit."""
    if "leading zeros" in case.message:
        what = "A whole number here starts with a zero. Python does not allow that, as it could mean two things."
    elif re.search(r"invalid (decimal|hexadecimal|octal|binary|imaginary) literal", case.message):
        what = (
            "Something here starts with a digit and goes on with letters. It is no number, and a name must not "
            "start with a digit."
        )
    else:
        return None
    return Explanation(
        kind=Kind.BAD_NUMBER,
        where=(
            f"Look at the digits in **line {case.line}**. One number or name is written in a way that Python "
            "cannot read."
        ),
        what=what,
        how=(
            "Write numbers plainly, as `7` or `1_000`, and let names begin with a letter: `team2`, not `2team`. "
            'A text of digits goes in quotes: `"007"`.'
        ),
    )


def bad_escape(case: Case) -> Explanation | None:
    """A backslash that means something else than the learner thought."""
    if "unicodeescape" in case.message:
        what = (
            "In a text a backslash starts a special sign, and `\\U` or `\\N` needs more after it. A Windows path "
            "is full of such backslashes."
        )
    elif "line continuation character" in case.message:
        what = (
            "A backslash outside of a text means that the line goes on below. Here something follows it in the "
            "same line."
        )
    else:
        return None
    return Explanation(
        kind=Kind.BAD_ESCAPE,
        where=f"Look at the backslash `\\` in **line {case.line}**.",
        what=what,
        how=(
            'Put an `r` before a text with backslashes, or use plain slashes: `r"D:\\music\\songs"` or '
            '`"D:/music/songs"`.'
        ),
    )


EARLY = (strange_character, bad_escape, unclosed_string, unmatched_bracket, unclosed_bracket)
LATE = (broken_fstring, missing_comma, bad_number)
