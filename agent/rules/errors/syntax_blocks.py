"""Syntax errors about blocks: colons, indents, branches, statements out of place."""

from __future__ import annotations

import re

from agent.rules.case import Case
from agent.rules.kinds import Kind
from agent.rules.similar import closest
from agent.rules.wording import Explanation, at, code

_HEADERS = ("if", "elif", "else", "for", "while", "def", "class", "try", "except", "finally", "with")
_HEADER = re.compile(rf"\s*({'|'.join(_HEADERS)})\b")
_STRING = re.compile(r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"")
_FILTER = re.compile(r"[(\[{].*\bfor\b.*\bif\b[^=]*[^=!<>:]=[^=]")
"""The condition of a comprehension with a single ``=`` in it."""
_THINGS = {
    "literal": "a fixed value",
    "expression": "a calculation",
    "function call": "a call of a function",
    "comparison": "a comparison",
    "f-string expression": "a text",
    "conditional expression": "a choice between two values",
}
"""What CPython calls a thing that has no place left of ``=``, in plain words."""
_COLON_HOW = (
    "The line that opens a block ends with a colon, and the block below is indented:\n\n```python\nfor day in "
    "week:\n    print(day)\n```"
)


def missing_colon(case: Case) -> Explanation | None:
    """A block opener without its colon."""
    header = _HEADER.match(case.line_text)
    bare = _STRING.sub("''", case.line_text).split("#")[0]
    told = "expected ':'" in case.message
    if not told and not (header and ":" not in bare and case.message == "invalid syntax"):
        return None
    word = code(header.group(1)) if header else "this line"
    if header and re.match(r"\s*else\s+if\b", case.line_text):
        return _else_if(case)
    if header and header.group(1) in {"if", "elif", "while"} and re.search(r"(?<![=!<>:])=(?!=)", bare):
        return assignment(case)
    if header and header.group(1) == "else" and bare.split("else", 1)[1].strip(" :"):
        return Explanation(
            kind=Kind.MISSING_COLON,
            where=f"Look at what follows `else` in **line {case.line}**.",
            what=(
                "`else` takes no condition: a colon must follow it at once. A branch with a condition of its own "
                "starts with `elif`."
            ),
            how=(
                '```python\nif n > 9:\n    print("big")\nelif n > 4:\n    print("medium")\nelse:\n    '
                'print("small")\n```'
            ),
        )
    return Explanation(
        kind=Kind.MISSING_COLON,
        where=f"{at(case.line)} opens a block. Look at how it ends.",
        what=f"The line begins with {word}, so it opens a block. Python expects a colon `:` and did not find it.",
        how=_COLON_HOW,
    )


def _else_if(case: Case) -> Explanation:
    return Explanation(
        kind=Kind.MISSPELT_KEYWORD,
        where=f"Look at the first two words of **line {case.line}**.",
        what="`else if` is how other languages write it. Python has one word for it, `elif`.",
        how='```python\nif n > 9:\n    print("big")\nelif n > 4:\n    print("medium")\n```',
    )


def assignment(case: Case) -> Explanation | None:
    """``=`` where a comparison must stand."""
    bare = _STRING.sub("''", case.line_text).split("#")[0]
    filters = case.message == "invalid syntax" and _FILTER.search(bare) is not None
    told = filters or "Maybe you meant '=='" in case.message
    condition = _HEADER.match(case.line_text)
    if told and not condition and "cannot assign" in case.message:
        return _bad_target(case)
    if not told and not (condition and condition.group(1) in {"if", "elif", "while"}):
        return _bad_target(case) if "cannot assign" in case.message or "cannot delete" in case.message else None
    if not told and not re.search(r"(?<![=!<>:])=(?!=)", _STRING.sub("''", case.line_text)):
        return None
    return Explanation(
        kind=Kind.ASSIGNMENT_INSTEAD_OF_COMPARISON,
        where=f"Look at the `=` in **line {case.line}**. Python expects a question there.",
        what="A single `=` gives a name a value. To ask whether two values are equal, Python has the sign `==`.",
        how="`size = 3` stores a value. `size == 3` asks a question and answers `True` or `False`.",
    )


def _bad_target(case: Case) -> Explanation | None:
    found = re.search(r"cannot (?:assign to|delete) (.+?)(?: here\b|$)", case.message)
    if found is None:
        return None
    thing = _THINGS.get(found.group(1).strip(". "), found.group(1).strip(". "))
    if thing in {"True", "False", "None", "__debug__"}:
        return _reserved(case, thing)
    return Explanation(
        kind=Kind.BAD_ASSIGNMENT_TARGET,
        where=f"Look at what stands to the left of the `=` in **line {case.line}**.",
        what=(
            f"To the left of `=` there must be a name. Here Python found something else: {thing}. It cannot "
            "store a value in that."
        ),
        how="The name comes first, then the value: `total = 4 + 5`, not `4 + 5 = total`. To compare, write `==`.",
    )


def _reserved(case: Case, word: str) -> Explanation:
    return Explanation(
        kind=Kind.RESERVED_WORD,
        where=f"Look at the word {code(word)} in **line {case.line}**.",
        what=f"{code(word)} is one of Python's own words. It cannot be used as a name for a value.",
        how="Choose another name: instead of `class = 3` write `class_size = 3`.",
    )


def indent(case: Case) -> Explanation | None:
    """The IndentationError family."""
    message = case.message
    if "expected an indented block" in message:
        return _no_indent(case)
    if "unexpected indent" in message:
        return Explanation(
            kind=Kind.UNEXPECTED_INDENT,
            where=f"{at(case.line)} starts further to the right than the line above. Look at the spaces before it.",
            what=(
                "The line is indented, but no line above it opens a block here. Lines of one block must start in "
                "the same column."
            ),
            how=(
                "Only the lines inside a block are indented:\n\n```python\nfor day in week:\n    "
                'print(day)\nprint("done")\n```'
            ),
        )
    if "unindent" in message:
        return Explanation(
            kind=Kind.UNEVEN_INDENT,
            where=f"Compare the spaces before **line {case.line}** with those of the lines above.",
            what=(
                "The line goes back to the left, but to a column where no block above it starts. So Python "
                "cannot tell which block it belongs to."
            ),
            how=(
                "Use four spaces for each level. A line that ends a block starts in the very column of the line "
                "that opened it."
            ),
        )
    if case.error == "TabError" or "tabs and spaces" in message:
        return Explanation(
            kind=Kind.TABS_AND_SPACES,
            where=(
                f"Look at the blank space before **line {case.line}**. It looks right and is made of other "
                "characters than above."
            ),
            what=(
                "Some lines here are indented with tab characters and some with spaces. Python cannot compare the two."
            ),
            how="Delete the blank space before each line of the block. Then indent them all anew with four spaces.",
        )
    return None


def _no_indent(case: Case) -> Explanation:
    opener = re.search(r"after (.+?) on line (\d+)", case.message)
    if opener:
        start = int(opener.group(2)) + case.page.code.skipped
        why = (
            f"Line {start} opens a block ({opener.group(1)}). The line after it must start further to the right, "
            "and it does not."
        )
    else:
        why = "The line above opens a block. The line after it must start further to the right, and it does not."
    return Explanation(
        kind=Kind.MISSING_INDENT,
        where=f"Look at where **line {case.line}** starts, and at the line above that ends with a colon.",
        what=why,
        how=_COLON_HOW,
    )


def empty_block(case: Case) -> Explanation | None:
    """The cell ends right after a line that opens a block."""
    if "incomplete input" not in case.message and "EOF" not in case.message:
        return None
    last = max((i for i, text in enumerate(case.page.code.lines, 1) if text.split("#")[0].strip()), default=case.line)
    if not case.page.line_text(last).split("#")[0].rstrip().endswith(":"):
        if case.page.line_text(last).lstrip().startswith("@"):
            return None
        return _try_alone(case) if re.search(r"^[ \t]*try[ \t]*:", case.page.code.text, re.MULTILINE) else None
    return Explanation(
        kind=Kind.EMPTY_BLOCK,
        line=last,
        where=f"{at(last)} opens a block, and the cell ends there.",
        what="After a line that ends with a colon Python expects at least one indented line. Here nothing follows.",
        how=_COLON_HOW,
    )


def branch_without_start(case: Case) -> Explanation | None:
    """``else``, ``elif``, ``except`` or ``finally`` that belongs to nothing."""
    found = re.match(r"\s*(else|elif|except|finally|case)\b", case.line_text)
    if found is None or "invalid syntax" not in case.message:
        return None
    word = found.group(1)
    starter = "`if`" if word in {"else", "elif"} else "`match`" if word == "case" else "`try`"
    return Explanation(
        kind=Kind.BRANCH_WITHOUT_START,
        where=f"Look at the `{word}` in **line {case.line}**. It must line up with the word that it belongs to.",
        what=(
            f"The word `{word}` goes with {starter} above it, in the same column, with only that block between "
            "them. Python finds none for this one."
        ),
        how=(
            "Words that belong together start in the same column:\n\n```python\nif n > 0:\n    "
            'print("plus")\nelse:\n    print("minus or zero")\n```'
        ),
    )


def try_without_except(case: Case) -> Explanation | None:
    """``try`` with neither ``except`` nor ``finally``."""
    return _try_alone(case) if "expected 'except' or 'finally' block" in case.message else None


def _try_alone(case: Case) -> Explanation:
    return Explanation(
        kind=Kind.TRY_WITHOUT_EXCEPT,
        where=f"Look at the `try` block above **line {case.line}** and at what comes after it.",
        what=(
            "A `try` block must be followed by an `except` or a `finally` in the same column as `try`. There is "
            "none here."
        ),
        how='```python\ntry:\n    n = int("x")\nexcept ValueError:\n    n = 0\n```',
    )


def out_of_place(case: Case) -> Explanation | None:
    """``return`` outside a function, ``break`` outside a loop."""
    found = re.search(
        r"'(return|yield|yield from|await|break)' outside|'(continue)' not properly in loop|'(async \w+)' outside",
        case.message,
    )
    if found is None:
        return None
    word = next(group for group in found.groups() if group)
    in_loop = word in {"break", "continue"}
    home = "a loop" if in_loop else "a function"
    return Explanation(
        kind=Kind.OUTSIDE_LOOP if in_loop else Kind.OUTSIDE_FUNCTION,
        where=f"Look at `{word}` in **line {case.line}**, and at how far it is indented.",
        what=f"`{word}` only has a meaning inside {home}. By its indent this line stands outside of one.",
        how=(
            f"A line belongs to {home} when it is indented below the line that opens it. At the top of a cell, "
            "show a value with `print(…)` instead."
        ),
    )


def misspelt_keyword(case: Case) -> Explanation | None:
    """The first word is nearly one of Python's own."""
    found = re.match(r"\s*([A-Za-z]+)\b(?!\s*[=(.\[,])", case.line_text)
    if found is None or "invalid syntax" not in case.message:
        return None
    word = found.group(1)
    if re.match(r"\s*else\s+if\b", case.line_text):
        return _else_if(case)
    known = (*_HEADERS, "import", "from", "return", "lambda", "global", "print")
    other = {
        "elseif": "elif",
        "elsif": "elif",
        "function": "def",
        "func": "def",
        "fun": "def",
        "foreach": "for",
        "switch": "match",
        "catch": "except",
    }
    meant = other.get(word.lower()) or (None if word in known else closest(word, known))
    if meant is None or word in case.book.global_names:
        return None
    return Explanation(
        kind=Kind.MISSPELT_KEYWORD,
        where=f"Look at the first word of **line {case.line}**, {code(word)}.",
        what=(
            f"{code(word)} is none of Python's own words. There is one close to it: `{meant}`. Capital letters "
            "count, too."
        ),
        how="Python's words are short and all small: `if`, `elif`, `else`, `for`, `while`, `def`, `return`, `import`.",
    )


EARLY = (indent, try_without_except, out_of_place)
LATE = (empty_block, misspelt_keyword, missing_colon, assignment, branch_without_start)
