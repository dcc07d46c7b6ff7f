"""What counts as telling the tutor something, and what as asking it.

A directive is a line of its own, ``[#…] @tutor WORDS``: before it only spaces and ``#`` may stand (a comment in code, a
heading in Markdown), after it only spaces and one ``.`` or ``!``. Case does not matter, nor how many spaces there are.
In a cell the last directive counts. In a chat the whole message is the line.

A question is ``@tutor TEXT`` with any other text: in Markdown at the beginning of a line (after ``#``, ``>``, ``-`` and
``*``), in code in a comment; or a line that ends with ``#?``, then the line itself is the question.
``print("@tutor leave")`` is neither.
"""

from __future__ import annotations

import re
from enum import StrEnum

ADDRESS = "@tutor"
MARK = "#?"

LONGEST_QUESTION = 2_000
"""Characters of a question that are passed on."""

_LINE = re.compile(
    r"^[ \t#]*@tutor[ \t]+(leave|come[ \t]+back|mute|unmute|check|yes|interrupt|restart)[ \t]*[.!]?[ \t]*\r?$",
    re.IGNORECASE | re.MULTILINE,
)
_IN_COMMENT = re.compile(r"#[ \t#]*@tutor\b[ \t,:]*(.*)$", re.IGNORECASE)
_IN_PROSE = re.compile(r"^[ \t#>*-]*@tutor\b[ \t,:]*(.*)$", re.IGNORECASE)
_ANYWHERE = re.compile(r"(?<![\w.])@tutor\b[,:]?", re.IGNORECASE)


class Directive(StrEnum):
    """What a learner may tell the tutor."""

    LEAVE = "leave"
    COME_BACK = "come back"
    MUTE = "mute"
    UNMUTE = "unmute"
    CHECK = "check"
    YES = "yes"
    INTERRUPT = "interrupt"
    RESTART = "restart"


def directive_in(source: str) -> Directive | None:
    """The last directive of a cell's source, or of a message; None without one."""
    if ADDRESS not in source.lower():
        return None
    found: str | None = None
    for match in _LINE.finditer(source):
        found = match.group(1)
    return None if found is None else Directive(" ".join(found.lower().split()))


def directive_of(message: str) -> Directive | None:
    """The directive that a chat message is; one that says more is none."""
    line = message.strip()
    return None if "\n" in line else directive_in(line)


def questions_in(source: str, *, prose: bool) -> tuple[str, ...]:
    """The questions of a cell's source, in the order of its lines; ``prose``: it is Markdown, not code."""
    if MARK not in source and ADDRESS not in source.lower():
        return ()
    asked = (_question(line.rstrip(), prose=prose) for line in source.splitlines())
    return tuple(dict.fromkeys(question[:LONGEST_QUESTION] for question in asked if question))


def is_marked(source: str, question: str) -> bool:
    """Whether a question is one that a line's ``#?`` ends."""
    return any(line.rstrip().endswith(MARK) and question in line for line in source.splitlines())


def is_addressed(message: str) -> bool:
    """Whether a chat message is to the tutor by name."""
    return _ANYWHERE.search(message) is not None


def question_of(message: str) -> str:
    """What a chat message asks, without the address."""
    return _ANYWHERE.sub("", message).strip()[:LONGEST_QUESTION]


def _question(line: str, *, prose: bool) -> str:
    if line.endswith(MARK):
        return line.removesuffix(MARK).strip(" \t#")
    if _LINE.match(line):
        return ""
    found = (_IN_PROSE if prose else _IN_COMMENT).search(line)
    if found is None or (not prose and _is_in_string(line[: found.start()])):
        return ""
    text = found.group(1).strip()
    return text if any(letter.isalnum() for letter in text) else ""


def _is_in_string(before: str) -> bool:
    """Whether a string that began in this line is still open."""
    quote, escaped = "", False
    for letter in before:
        if escaped:
            escaped = False
        elif letter == "\\":
            escaped = bool(quote)
        elif quote:
            quote = "" if letter == quote else quote
        elif letter in "'\"":
            quote = letter
    return bool(quote)
