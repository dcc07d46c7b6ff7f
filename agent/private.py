"""Takes secrets and personal data out of what goes to a model or into a log."""

from __future__ import annotations

import re
from collections.abc import Iterable

_RULES: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "[key]",
        re.compile(
            r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"
            r"|\b(?:sk|pk|rk)[-_](?:[A-Za-z]+[-_])*[A-Za-z0-9_-]{16,}|\bgh[pousr]_[A-Za-z0-9]{20,}|\bgithub_pat_\w{20,}"
            r"|\bglpat-[\w-]{16,}|\bxox[abprs]-[\w-]{10,}|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\bAIza[\w-]{30,}|\bhf_[A-Za-z0-9]{20,}"
            r"|\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*",
            re.DOTALL,
        ),
    ),
    ("[key]", re.compile(r"(?<=Bearer )[\w.~+/=-]{8,}|(?<=://)[^/\s:@'\"]+:[^/\s@'\"]+(?=@)")),
    ("[key]", re.compile(r"(?<![\w.])(?=[A-Za-z0-9+/_-]*\d)(?=[A-Za-z0-9+/_-]*[A-Za-z])[A-Za-z0-9+/_-]{40,}={0,2}")),
    ("[email]", re.compile(r"\b[\w.%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})*\.[A-Za-z]{2,}\b")),
    (
        "[phone]",
        re.compile(
            r"(?<![\w.+])\+\d{1,3}[ .-]?(?:\(\d{1,4}\)[ .-]?)?\d{2,4}(?:[ .-]?\d{2,4}){1,4}(?![\w.])"
            r"|(?<![\w.])(?:\(\d{3}\) ?|\d{3}[-.])\d{3}[-.]\d{4}(?![\w.])"
        ),
    ),
    ("[person]", re.compile(r"(?<=/home/)[^/\s'\"]+|(?<=/Users/)[^/\s'\"]+|(?<=\\Users\\)[^\\\s'\"]+")),
)

_ASSIGNED = re.compile(
    r"(?i)\b((?:\w*_)?(?:api_?key|access_?key|secret(?:_?key)?|token|passw(?:or)?d|passwd|pwd|auth)\w*"
    r"[\"']?\s*[=:]\s*)([\"'])([^\"'\n]{4,})\2"
)


def redacted(text: str, names: Iterable[str] = ()) -> str:
    """The text with ``[key]``, ``[email]``, ``[phone]`` and ``[person]`` for what is nobody else's affair.

    ``names``: user names that are known; one of less than three letters is too like any other word.
    """
    text = _ASSIGNED.sub(r"\1\2[key]\2", text)
    for mark, pattern in _RULES:
        text = pattern.sub(mark, text)
    for name in names:
        if len(name) >= 3:
            text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", "[person]", text)
    return text
