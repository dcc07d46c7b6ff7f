"""Whether a text gives the reference solution away.

Compared are runs of tokens, of the text as it stands and of the code in it as Python's parser reads it, so that
other line breaks, spaces, comments, quotes, names and spellings (``x += 1``) do not hide a copy. What the learner has
written already is no secret. A reference of several parts (functions, what stands between them) gives none of them
away. Not recognised: a solution in other words, by another algorithm, encoded or reversed.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from functools import lru_cache

from ltt_collab.tutoring.code_tokens import (
    Tokens,
    canonical,
    plain,
    query_tokens,
    tokens_of,
    windows,
    without_comments,
)
from ltt_collab.tutoring.said_code import readings
from ltt_collab.tutoring.told_steps import tells_steps

RUN = 10
"""Consecutive tokens that make a copy with the names as they are: two or three lines of a beginner's program."""

LINE = 8
"""Tokens of a whole line of the reference that make a copy: ``mean = total / len(values)``, not ``total = 0``."""

WINDOW = 8
"""Consecutive tokens that count towards a copy with other names: one line of a beginner's program."""

LEAST = 5
"""A secret with fewer tokens (``x = 3``) cannot be told from ordinary talk about it and is not compared."""

SHORT = 14
"""Up to so many tokens a secret must be said nearly whole, or naming a function of it would be giving it away."""

SHARE, SHORT_SHARE = 0.6, 0.85
"""How much of a secret must be covered; measured on ``bench/suites/leaks.py``."""

MAX_REFERENCE = 40_000
"""Characters of a reference that are compared."""

_FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)
_QUERY = re.compile(r"\s*(?:select|insert|update|delete|create|with)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Secret:
    """A stretch of the reference that the learner has not written; ``renamed``: names do not count in it."""

    tokens: Tokens
    renamed: bool

    @property
    def window(self) -> int:
        return WINDOW if len(self.tokens) > SHORT else max(LEAST, int(len(self.tokens) * 0.7))

    @property
    def share(self) -> float:
        return SHARE if len(self.tokens) > SHORT else SHORT_SHARE


def leaks(text: str, reference: str, learner_source: str) -> bool:
    """Whether ``text`` repeats a stretch of ``reference`` that the learner has not written already."""
    reference = reference[:MAX_REFERENCE]
    said = list(readings(plain(text)))
    return (
        _copies(said, reference, learner_source)
        or any(_covers(said, secret, learner_source) for secret in _secrets(reference, learner_source))
        or _tells(said, reference, learner_source)
        or _asks(said, reference, learner_source)
    )


def _copies(said: list[Tokens], reference: str, learner_source: str) -> bool:
    """Whether a run of tokens is there letter by letter."""
    wanted = tokens_of(without_comments(plain(reference)))
    if len(wanted) < LEAST:
        return False
    size = min(RUN, len(wanted))
    known = set(windows(tokens_of(without_comments(plain(learner_source))), size, renamed=False))
    secret = set(windows(wanted, size, renamed=False)) - known
    return any(not secret.isdisjoint(windows(tokens, size, renamed=False)) for tokens in said) or any(
        _holds(tokens, line) for line in _whole_lines(reference, learner_source) for tokens in said
    )


def _whole_lines(reference: str, learner_source: str) -> list[Tokens]:
    """Lines of the reference that are a secret each, and shorter than what is found anywhere in it."""
    written = tokens_of(without_comments(plain(learner_source)))
    lines = [tokens_of(without_comments(plain(line))) for line in reference.splitlines() if not _tells_nothing(line)]
    return [line for line in lines if LINE <= len(line) < RUN and not _holds(written, line)]


def _holds(tokens: Tokens, line: Tokens) -> bool:
    return any(tokens[at : at + len(line)] == line for at in range(len(tokens) - len(line) + 1))


def _covers(said: list[Tokens], secret: _Secret, learner_source: str) -> bool:
    """Whether enough of the secret was said, in windows of its size, by one reading of the text."""
    if len(secret.tokens) < LEAST:
        return False
    # Words between the steps hide no copy either: what is left without them is compared with the names as they are.
    told = {tuple(token for token in tokens if token in secret.tokens) for tokens in said}
    return any(
        _share(tokens, secret, learner_source, renamed=secret.renamed) >= secret.share for tokens in said
    ) or any(_share(tokens, secret, learner_source, renamed=False) >= secret.share for tokens in told)


def _tells(said: list[Tokens], reference: str, learner_source: str) -> bool:
    """Whether the steps of the reference, or of a part of it, were told one by one."""
    lines = canonical(reference)
    written = tokens_of(_one_spelling(learner_source))
    return lines is not None and any(tells_steps(said, part, written) for part in _parts(lines))


def _asks(said: list[Tokens], reference: str, learner_source: str) -> bool:
    """Whether a query of the reference was told, with other names for its tables, or none."""
    written = query_tokens(tokens_of(plain(learner_source)))
    heard = [query_tokens(tokens) for tokens in said]
    for query in _queries(reference):
        secret = _Secret(query_tokens(tokens_of(plain(query))), renamed=False)
        known = set(windows(written, secret.window, renamed=False))
        if len(secret.tokens) >= LEAST and any(_covered(each, secret, known) >= secret.share for each in heard):
            return True
    return False


def _share(said: Tokens, secret: _Secret, learner_source: str, *, renamed: bool) -> float:
    """How much of the secret lies in windows that were said and that the learner has not written."""
    known = set(windows(tokens_of(_one_spelling(learner_source)), secret.window, renamed=renamed))
    return _covered(said, secret, known, renamed=renamed)


def _covered(said: Tokens, secret: _Secret, known: set[Tokens], *, renamed: bool = False) -> float:
    """How much of the secret lies in windows that were said and are not known."""
    size = secret.window
    heard = set(windows(said, size, renamed=renamed)) - known
    covered: set[int] = set()
    for start, window in enumerate(windows(secret.tokens, size, renamed=renamed)):
        if window in heard:
            covered.update(range(start, start + size))
    return len(covered) / len(secret.tokens)


@lru_cache(maxsize=256)
def _secrets(reference: str, learner_source: str) -> tuple[_Secret, ...]:
    lines = canonical(reference)
    if lines is None:
        return (_Secret(tokens_of(plain(reference)), renamed=False),)
    # A header that the task came with, or a line that is right already, is no secret.
    written = _written(learner_source)
    found = []
    for part in _parts(lines):
        rest = [line for line in part if line.strip() not in written and not _tells_nothing(line)]
        found.append(_Secret(tokens_of(plain("\n".join(rest))), renamed=True))
    found += [_Secret(tokens_of(plain(query)), renamed=False) for query in _queries(reference)]
    return tuple(found)


def _parts(lines: list[str]) -> list[list[str]]:
    """What a task may ask for one by one, each a secret of its own: the whole, each function, what stands between."""
    parts, between = [lines], list[str]()
    for node in ast.parse("\n".join(lines)).body:
        stretch = lines[node.lineno - 1 : node.end_lineno]
        if not isinstance(node, (*_FUNCTION, ast.ClassDef)):
            between += stretch
            continue
        parts += [between, stretch]
        between = []
        if isinstance(node, ast.ClassDef):
            parts += [lines[each.lineno - 1 : each.end_lineno] for each in node.body if isinstance(each, _FUNCTION)]
    parts.append(between)
    return [part for number, part in enumerate(parts) if part and part not in parts[:number]]


def _written(learner_source: str) -> frozenset[str]:
    """The learner's lines, in the spelling of the reference's."""
    lines = canonical(learner_source)
    if lines is None:  # one of the cells is no Python: the others count line by line
        bare = [line.strip() for line in learner_source.splitlines()]
        lines = [spelled for line in bare for spelled in canonical(line) or [line]]
    return frozenset(line.strip() for line in lines)


def _tells_nothing(line: str) -> bool:
    return line.strip().startswith(("import ", "from ", "def ", "class ", "print(")) or not line.strip()


def _queries(reference: str) -> list[str]:
    """SQL that the reference is, or holds as texts: to Python one constant, to a learner the whole solution."""
    if canonical(reference) is None:
        return [reference] if _QUERY.match(reference) else []
    texts = (node.value for node in ast.walk(ast.parse(reference)) if isinstance(node, ast.Constant))
    return [text for text in texts if isinstance(text, str) and _QUERY.match(text)]


@lru_cache(maxsize=256)
def _one_spelling(source: str) -> str:
    lines = canonical(source)
    return plain("\n".join(lines) if lines is not None else source)
