"""Reads an IPython traceback: which frames stand in notebook cells, and at which lines.

Knows the headers of IPython 7 (``<ipython-input-3-…> in f``), 8.0 (``Input In [3], in f``) and 8.x/9
(``Cell In[3], line 2, in f``); colour codes are tolerated.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_HEADERS = (
    re.compile(r"\s*Cell In ?\[(?P<n>\d+)\], line (?P<line>\d+)(?:, in (?P<name>[^(]+))?"),
    re.compile(r"\s*(?:Input )?In ?\[(?P<n>\d+)\], in (?:<cell line: (?P<line>\d+)>|(?P<name>[^(]+))"),
    re.compile(r"\s*<ipython-input-(?P<n>\d+)-[0-9a-f]+> in (?P<name>[^(\s]+)"),
    re.compile(r"\s*File \"?<ipython-input-(?P<n>\d+)-[0-9a-f]+>\"?, line (?P<line>\d+)"),
    re.compile(r"\s*(?:File )?\S*[/\\]ipykernel_\d+[/\\]\d+\.py(?:\:\d+)?,? in (?P<name>[^(\s]+)"),
)
_OTHER_FILE = re.compile(r"\s*File |\S+\.py[: ]|\s*<frozen ")
_TIMED = re.compile(r"\s*File <timed (?:exec|eval)>:(\d{1,7})")
_ARROW = re.compile(r"-+> (\d{1,7}) ?(.*)")
_IN_MESSAGE = re.compile(r"\((?:[^()]*, )?line (\d+)\)\s*$")
_HEAD, _TAIL = 30_000, 20_000
"""Characters read from both ends: an endless recursion prints thousands of equal frames."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One call that was going on; ``number`` is the run number in ``In[…]``, None when not told."""

    number: int | None
    line: int
    function: str
    shown: str


@dataclass(frozen=True, slots=True)
class Trace:
    """Frames in notebook cells, outermost first; ``in_library``: the raise itself was in other code.

    ``timed_line``: the line in the body of a ``%%time`` cell, whose frames have no run number.
    """

    frames: tuple[Frame, ...]
    in_library: bool = False
    timed_line: int | None = None

    @property
    def number(self) -> int | None:
        """The run number of the cell that was run."""
        return self.frames[0].number if self.frames else None

    @property
    def own(self) -> tuple[Frame, ...]:
        """The frames in the cell that was run."""
        return tuple(frame for frame in self.frames if frame.number == self.number)


def without_colour(text: str) -> str:
    """The text without terminal colour codes."""
    return _ANSI.sub("", text)


def read_trace(text: str) -> Trace:
    """Parse the joined traceback of an error output."""
    if len(text) > _HEAD + _TAIL:
        text = text[:_HEAD] + "\n" + text[-_TAIL:]
    frames: list[Frame] = []
    header: re.Match[str] | None = None
    library = False
    timed: int | None = None
    for raw in without_colour(text).split("\n"):
        match = _header(raw)
        if in_timed := _TIMED.match(raw):
            timed = int(in_timed.group(1))
        if match is not None:
            _flush(frames, header)
            header, library = match, False
        elif _OTHER_FILE.match(raw) and not raw.lstrip().startswith("-"):
            _flush(frames, header)
            header, library = None, True
        elif header is not None and (arrow := _ARROW.match(raw)):
            _add(frames, header, int(arrow.group(1)), arrow.group(2))
            header = None
    _flush(frames, header)
    return Trace(tuple(frames), library and timed is None, timed)


def line_in_message(message: str) -> int | None:
    """The line that a SyntaxError's value ends with, as in ``invalid syntax (123.py, line 2)``."""
    match = _IN_MESSAGE.search(message)
    return int(match.group(1)) if match else None


def message_without_place(message: str) -> str:
    """A SyntaxError's value without its place in brackets."""
    return _IN_MESSAGE.sub("", message).strip()


def _header(raw: str) -> re.Match[str] | None:
    if len(raw) > 500:
        return None
    return next((match for pattern in _HEADERS if (match := pattern.match(raw))), None)


def _flush(frames: list[Frame], header: re.Match[str] | None) -> None:
    """Keep a header whose source lines were not shown, if it names a line."""
    if header is not None and header.groupdict().get("line"):
        _add(frames, header, int(header.group("line")), "")


def _add(frames: list[Frame], header: re.Match[str], line: int, shown: str) -> None:
    groups = header.groupdict()
    number = groups.get("n")
    name = (groups.get("name") or "").strip()
    frames.append(
        Frame(int(number) if number else None, line, "" if name.startswith("<module") else name, shown.strip())
    )
