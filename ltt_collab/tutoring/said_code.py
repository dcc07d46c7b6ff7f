"""The code that a text for people holds, however it is wrapped."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from ltt_collab.tutoring.code_tokens import UNREADABLE, Tokens, canonical, tokens_of, without_comments

MOST_LINES = 120
"""Lines of a text that are tried as code; a note has fewer."""

MOST_TRIES = 1_000
"""Stretches of a text that are given to the parser: prose takes one for each line, a text that is made to take more is
read by its tokens alone from there."""

_FENCE = re.compile(r"(?:```|~~~)[^\n`]*\n(.*?)(?:```|~~~|\Z)", re.DOTALL)
_SPAN = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.DOTALL)
_BLOCK = re.compile(r"(?:```|~~~)[^\n`]*\n(.*?)(?:```|~~~|\Z)|(?<!`)(`+)(?!`)(.+?)(?<!`)\2(?!`)", re.DOTALL)
_BULLET = re.compile(r"^[ \t]*(?:>>>|\.\.\.|[-*+>|]|\d+[.):]|\(\d+\)|In \[\d*\]:|Line \d+:)[ \t]?", re.MULTILINE)


def readings(text: str) -> Iterator[Tokens]:
    """The text as the runs of tokens that a reader might type off: prose and all, bare code only, line by line."""
    yield tokens_of(text.replace("#", " "))  # a solution that was commented out is one, too
    bare = "\n".join(without_comments(line) for line in text.splitlines())
    yield tokens_of(bare)
    yield tokens_of(text.replace("'", " "))  # code in quotation marks is no Python text
    unlisted = _BULLET.sub("", text)
    yield tokens_of(unlisted)
    joined = "\n".join(_spans(text))
    if joined:
        yield tokens_of(joined)
    for block in _code_blocks(text, unlisted):
        lines = canonical(block)
        if lines is not None:
            yield tokens_of("\n".join(lines))


def _spans(text: str) -> Iterator[str]:
    """Every fence and code span, in order: steps told one by one make up a program, too."""
    for match in _BLOCK.finditer(text):
        yield match.group(1) if match.group(1) is not None else match.group(3)


def _code_blocks(text: str, unlisted: str) -> Iterator[str]:
    fences = [match.group(1) for match in _FENCE.finditer(text)]
    yield from fences
    if len(fences) > 1:
        yield "\n".join(fences)
    spans = [match.group(2).strip() for match in _SPAN.finditer(_FENCE.sub("", text))]
    yield from spans
    yield "\n".join(spans)
    yield from _parseable_runs(unlisted.splitlines()[:MOST_LINES])


def _parseable_runs(lines: list[str]) -> Iterator[str]:
    """Stretches of unfenced lines that Python could read, longest first from each start."""
    start, left = 0, MOST_TRIES
    while start < len(lines) and left > 0:
        end = _reach(lines, start)
        while end > start and left > 0:
            left -= 1
            failed = _first_unreadable(lines[start:end])
            if failed is None:
                break
            # What comes before that line decides that it cannot be read: no longer stretch can either.
            end = min(end - 1, start + failed)
        if end > start:
            yield _dedented(lines[start:end])
        start = max(end, start + 1)


def _reach(lines: list[str], start: int) -> int:
    """The first line that is indented less than the one at the start: no code that begins there goes so far."""
    if not lines[start].strip():
        return start
    depth = _depth(lines[start])
    return next(
        (at for at in range(start + 1, len(lines)) if lines[at].strip() and _depth(lines[at]) < depth), len(lines)
    )


def _first_unreadable(lines: list[str]) -> int | None:
    """The line, from 0, at which Python stops reading; None when it reads all of them as code worth a look."""
    code = _dedented(lines)
    try:
        ast.parse(code)
    except UNREADABLE as error:
        return max((getattr(error, "lineno", None) or len(lines)) - 1, 0)
    # A single word is valid Python, and so is "Yes"; code worth a look has an operator or a call in it.
    return None if any(character in code for character in "=(+*/") and canonical(code) is not None else len(lines) - 1


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip())


def _dedented(lines: list[str]) -> str:
    depth = min((_depth(line) for line in lines if line.strip()), default=0)
    return "\n".join(line[depth:] for line in lines)
