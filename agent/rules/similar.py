"""Did you mean: the one known name that a misspelt name is close to."""

from __future__ import annotations

from collections.abc import Iterable

MAX_WORD = 50
"""Longer words are never compared: nobody misspells them by a letter, and the cost is quadratic."""
MAX_CANDIDATES = 3000
_SHORT = 2


def distance(left: str, right: str, limit: int) -> int:
    """Edits from ``left`` to ``right`` (insert, delete, replace, swap of neighbours); ``limit + 1`` when more."""
    if abs(len(left) - len(right)) > limit:
        return limit + 1
    before: list[int] = []
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        above, row_before = row, before
        row = [i]
        for j, b in enumerate(right, 1):
            cost = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (a != b))
            if i > 1 and j > 1 and a == right[j - 2] and left[i - 2] == b:
                cost = min(cost, row_before[j - 2] + 1)
            row.append(cost)
        before = above
        if min(row) > limit:
            return limit + 1
    return row[-1]


def _allowance(word: str) -> int:
    """How many edits still count as a slip: none in very short words, more in long ones."""
    if len(word) <= _SHORT:
        return 0
    return 1 if len(word) <= 5 else 2 if len(word) <= 9 else 3


def closest(word: str, candidates: Iterable[str]) -> str | None:
    """The candidate most like ``word``, or None; the first given wins a tie.

    Case and underscores count less than letters. ``word`` itself is never the answer.
    """
    if not word or len(word) > MAX_WORD:
        return None
    plain = _plain(word)
    allowance = _allowance(word)
    best: tuple[int, str] | None = None
    for tried, candidate in enumerate(candidates):
        if tried >= MAX_CANDIDATES:
            break
        if candidate == word or not candidate or len(candidate) > MAX_WORD:
            continue
        score = _score(word, plain, candidate, allowance)
        if score is not None and (best is None or score < best[0]):
            best = (score, candidate)
    return best[1] if best else None


def _plain(word: str) -> str:
    return word.replace("_", "").casefold()


def _score(word: str, plain: str, candidate: str, allowance: int) -> int | None:
    other = _plain(candidate)
    if plain and plain == other:
        return 0
    if len(candidate) <= _SHORT:
        return None
    edits = distance(plain, other, allowance)
    if edits <= allowance:
        return 2 * edits + (word[:1] != candidate[:1])
    return None
