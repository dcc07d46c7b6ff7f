"""Reads a cell letter by letter as far as needed: where statements begin, what was opened and never closed.

Works on text that no parser accepts, in linear time.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_TOKEN = re.compile(r"'''|\"\"\"|'|\"|#[^\n]*|[\[({\])}]|\\\n|\n")
_IN_STRING = {
    quote: re.compile(rf"\\.|{quote}" + ("" if len(quote) == 3 else r"|\n"), re.DOTALL)
    for quote in ("'''", '"""', "'", '"')
}
_MAGIC = re.compile(
    r"[ \t]*(?:[%!?]|[,;/](?=\w)"
    r"|[A-Za-z_][\w., \t]*=[ \t]*[!%](?!=)"
    r"|[%!]{0,2}[\w.*]+(?:\[[^\]\n]*\])?\?{1,2}[ \t]*(?:#[^\n]*)?(?=\n|\Z))"
)
_REST = re.compile(r"(?:[^\\\n]|\\.|\\\n|\\\Z)*", re.DOTALL)
_PAIRS = {")": "(", "]": "[", "}": "{"}
MAX_DEPTH = 500
"""Brackets remembered at once; deeper nesting is no learner's slip."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A bracket or quote at a 1-based line."""

    mark: str
    line: int


@dataclass(slots=True)
class Scan:
    """``magics``: (start, end) offsets of IPython lines. ``unclosed``: brackets left open, outermost first."""

    magics: list[tuple[int, int]] = field(default_factory=list)
    unclosed: list[Opened] = field(default_factory=list)
    open_string: Opened | None = None


def scan(source: str) -> Scan:
    """Scan a whole cell; ``open_string`` is the first string that does not end where it must."""
    found = Scan()
    position, line, fresh = 0, 1, True
    size = len(source)
    while position < size:
        if fresh and not found.unclosed and (magic := _MAGIC.match(source, position)):
            rest = _REST.match(source, magic.end())
            end = rest.end() if rest else magic.end()
            found.magics.append((position, end))
            line += source.count("\n", position, end)
            position, fresh = end, False
            continue
        token = _TOKEN.search(source, position)
        if token is None:
            break
        fresh = False
        position, text = token.end(), token.group()
        if text in _IN_STRING:
            opened = Opened(text, line)
            position, lines, closed = _skip_string(source, position, text)
            line += lines
            if not closed and found.open_string is None:
                found.open_string = opened
        elif text.endswith("\n"):
            line += 1
            fresh = text == "\n"
        else:
            _bracket(found, text, line)
    return found


def _skip_string(source: str, position: int, quote: str) -> tuple[int, int, bool]:
    """Where the string ends, how many lines it spans, and whether it was closed."""
    lines = 0
    for match in _IN_STRING[quote].finditer(source, position):
        text = match.group()
        if text == quote:
            return match.end(), lines + source.count("\n", position, match.start()), True
        if text == "\n":
            return match.start(), lines + source.count("\n", position, match.start()), False
    return len(source), source.count("\n", position), False


def _bracket(found: Scan, mark: str, line: int) -> None:
    if mark in "([{":
        if len(found.unclosed) < MAX_DEPTH:
            found.unclosed.append(Opened(mark, line))
    elif mark in _PAIRS and found.unclosed and found.unclosed[-1].mark == _PAIRS[mark]:
        found.unclosed.pop()
