"""What a program printed, as a terminal would show it: colours, lines that were written over, nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from markupsafe import Markup

from ltt_collab.web.render.text import marked

_ESCAPE = re.compile(
    r"\x1b\[(?P<numbers>[0-9;:<=>?]*)[ -/]*(?P<final>[@-~])"  # CSI: colours and cursor movements
    r"|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\|$)"  # OSC, DCS, SOS, PM, APC: titles, links, clipboards
    r"|\x1b[ -/]*[0-~]?"  # everything else
)
_STYLE_FINAL = "m"
_LINE_LIMIT = 20_000
"""Columns of one line that are drawn; a longer one goes on without overwriting."""


@dataclass(frozen=True, slots=True)
class _Style:
    fore: str = ""
    back: str = ""
    bold: bool = False
    italic: bool = False
    underline: bool = False

    @property
    def css(self) -> str:
        words = [f"ansi-{self.fore}" if self.fore else "", f"ansi-on-{self.back}" if self.back else ""]
        words += [name for name, on in self._switches() if on]
        return " ".join(filter(None, words))

    def _switches(self) -> Iterator[tuple[str, bool]]:
        yield "ansi-bold", self.bold
        yield "ansi-italic", self.italic
        yield "ansi-underline", self.underline


_PLAIN = _Style()
_Line = list[tuple[str, _Style]]


def terminal(text: str) -> Markup:
    """The text as HTML: spans for colours, ``\\r`` and ``\\b`` resolved, every other control sequence gone."""
    style, shown = _PLAIN, []
    for line in text.replace("\r\n", "\n").split("\n"):
        drawn, style = _draw(line, style)
        shown.append(_as_html(drawn))
    return Markup("\n").join(shown)


def _draw(line: str, style: _Style) -> tuple[_Line, _Style]:
    drawn: _Line = []
    column = last = 0
    for match in _ESCAPE.finditer(line):
        column = _write(drawn, column, line[last : match.start()], style)
        last = match.end()
        if match["final"] == _STYLE_FINAL:
            style = _styled(style, match["numbers"])
        elif match["final"] == "K" and match["numbers"] in {"", "0"}:
            del drawn[column:]
    _write(drawn, column, line[last:], style)
    return drawn, style


def _write(drawn: _Line, column: int, text: str, style: _Style) -> int:
    for character in text:
        if character == "\r" and len(drawn) < _LINE_LIMIT:
            column = 0
        elif character == "\b":
            column = max(column - 1, 0)
        elif column < len(drawn):
            drawn[column] = (character, style)
            column += 1
        else:
            drawn.append((character, style))
            column += 1
    return column


def _as_html(drawn: _Line) -> Markup:
    parts: list[Markup] = []
    start = 0
    for end in range(1, len(drawn) + 1):
        if end == len(drawn) or drawn[end][1] != drawn[start][1]:
            text = marked("".join(character for character, _ in drawn[start:end]))
            css = drawn[start][1].css
            parts.append(Markup('<span class="{}">{}</span>').format(css, text) if css else text)
            start = end
    return Markup("").join(parts)


_COLOURS = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")


def _styled(style: _Style, numbers: str) -> _Style:
    codes = [int(part) if part.isdigit() and len(part) < 4 else 0 for part in re.split("[;:]", numbers)]
    rest = iter(codes)
    for code in rest:
        match code:
            case 0:
                style = _PLAIN
            case 1 | 22:
                style = replace(style, bold=code == 1)
            case 3 | 23:
                style = replace(style, italic=code == 3)
            case 4 | 24:
                style = replace(style, underline=code == 4)
            case 38 | 48:
                colour = _indexed(rest)
                style = replace(style, fore=colour) if code == 38 else replace(style, back=colour)
            case _:
                style = _coloured(style, code)
    return style


def _coloured(style: _Style, code: int) -> _Style:
    if 30 <= code <= 37 or 90 <= code <= 97:
        return replace(style, fore=_COLOURS[code % 10])
    if 40 <= code <= 47 or 100 <= code <= 107:
        return replace(style, back=_COLOURS[code % 10])
    if code in {39, 49}:
        return replace(style, fore="") if code == 39 else replace(style, back="")
    return style


def _indexed(rest: Iterator[int]) -> str:
    """One of the eight colours for a colour of 256 (which IPython uses) or of all."""
    kind = next(rest, 0)
    if kind == 5:
        number = next(rest, 0)
        return _COLOURS[number % 8] if number < 16 else _nearest(*_cube(number))
    return _nearest(next(rest, 0), next(rest, 0), next(rest, 0)) if kind == 2 else ""


def _cube(number: int) -> tuple[int, int, int]:
    if number >= 232:
        return (level := (number - 232) * 10 + 8), level, level
    number -= 16
    return number // 36 * 51, number // 6 % 6 * 51, number % 6 * 51


def _nearest(red: int, green: int, blue: int) -> str:
    """The colour with the same strong parts; greys look like plain text."""
    half = max(red, green, blue) / 2
    index = (red > half) + 2 * (green > half) + 4 * (blue > half)
    return "" if index in {0, 7} else _COLOURS[index]
