"""Whether a text gives the reference solution away: a first, literal comparison.

Compared are runs of tokens, so that other line breaks, spaces, comments and quotes do not hide a copy. Renamed
variables do; catching those is a later stage behind the same function.
"""

from __future__ import annotations

import io
import re
import tokenize

RUN = 12
"""Consecutive tokens that make a copy: two or three lines of a beginner's program."""

LEAST = 5
"""A reference with fewer tokens (``x = 3``) cannot be told from ordinary talk about it and is not compared."""

_TOKEN = re.compile(r"\w+|[^\w\s]")
_SKIPPED = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}


def leaks(text: str, reference: str, learner_source: str) -> bool:
    """Whether ``text`` repeats a stretch of ``reference`` that the learner has not written already."""
    wanted = _tokens(_without_comments(reference))
    if len(wanted) < LEAST:
        return False
    size = min(RUN, len(wanted))
    secret = _runs(wanted, size) - _runs(_tokens(_without_comments(learner_source)), size)
    # The whole text, prose too: a solution outside a code fence is as much of a solution. Comments of the text are
    # taken out as well, line by line, or one between two lines would hide them.
    said = _tokens(text.replace("#", " "))  # a solution that was commented out is one, too
    bare = _tokens("\n".join(_without_comments(line) for line in text.splitlines()))
    return not secret.isdisjoint(_runs(said, size) | _runs(bare, size))


def _tokens(text: str) -> list[str]:
    return _TOKEN.findall(text.replace('"', "'").replace("`", " "))


def _runs(tokens: list[str], size: int) -> set[tuple[str, ...]]:
    return {tuple(tokens[start : start + size]) for start in range(len(tokens) - size + 1)}


def _without_comments(source: str) -> str:
    """The source without comments; as it is when it is no complete Python."""
    try:
        tokens = [t.string for t in tokenize.generate_tokens(io.StringIO(source).readline) if t.type not in _SKIPPED]
    except (tokenize.TokenError, SyntaxError):
        return source
    return " ".join(tokens)
