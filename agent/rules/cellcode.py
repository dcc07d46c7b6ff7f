"""A cell's source as plain Python with the same lines: magics, ``!`` and ``?`` become harmless statements.

IPython itself is not imported: the service may run where no kernel is installed, and IPython's own
transformation does not keep lines.
"""

from __future__ import annotations

import ast
import re
import warnings
from dataclasses import dataclass

from agent.rules.scan import Scan, scan

MAX_SOURCE = 30_000
"""Characters of a cell that are parsed; a larger cell is data, not a learner's code."""

_CELL_MAGIC = re.compile(r"\s*%%([A-Za-z_]\w*)")
_TRANSPARENT = frozenset({"time", "timeit", "capture", "prun"})
"""Cell magics whose body runs as Python in the learner's namespace."""
_INDENT = re.compile(r"[ \t]*")
_ASSIGNED = re.compile(r"[ \t]*[A-Za-z_][\w., \t]*=")
_TIMED = re.compile(r"([ \t]*)%time[ \t]+(?=\S)")
_CAPTURED = re.compile(r"\s*%%capture[ \t]+(?:--[\w-]+[ \t]+)*([A-Za-z_]\w*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class CellCode:
    """One cell as Python.

    ``text`` has as many lines as the cell. ``tree`` is None when the text cannot be parsed (or is too large).
    ``cell_magic``: the ``%%`` name, '' for none. ``skipped``: leading blank lines, which IPython drops before it
    counts. ``dynamic``: names may appear that no reader can see (``%run``, ``import *``, ``exec``).
    """

    text: str
    lines: tuple[str, ...]
    tree: ast.Module | None
    scan: Scan
    cell_magic: str = ""
    skipped: int = 0
    dynamic: bool = False


UNREAD = CellCode(text="", lines=(), tree=None, scan=Scan(), dynamic=True)
"""A cell that was too large to look into."""


def read_cell(source: str) -> CellCode:
    """Read a cell; never raises, whatever the text."""
    if len(source) > MAX_SOURCE:
        return UNREAD
    source = source.replace("\r\n", "\n").replace("\r", "\n")
    magic = _CELL_MAGIC.match(source)
    if magic and magic.group(1) not in _TRANSPARENT:
        return CellCode(
            text="", lines=tuple(source.split("\n")), tree=None, scan=Scan(), cell_magic=magic.group(1), dynamic=True
        )
    body = source if magic is None else _without_magic_line(source)
    found = scan(body)
    text = _dedent(_plain(body, found))
    blank = len(source) - len(source.lstrip())
    return CellCode(
        text=text,
        lines=tuple(source.split("\n")),
        tree=parse(text),
        scan=found,
        cell_magic=magic.group(1) if magic else "",
        skipped=source.count("\n", 0, blank) if blank < len(source) else 0,
        dynamic=_is_dynamic(body, found),
    )


def parse(text: str) -> ast.Module | None:
    """The syntax tree, or None for text that Python does not accept or that is nested beyond reason."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def syntax_error(code: CellCode) -> str | None:
    """What a kernel would say of a cell that it cannot read, with the line; None where it can."""
    if code.tree is not None or not code.text.strip():
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(code.text)
    except SyntaxError as error:
        return f"{error.msg} (cell, line {error.lineno or 1})"
    except (ValueError, RecursionError, MemoryError):
        return None
    return None


def _without_magic_line(source: str) -> str:
    """The body of a transparent cell magic, its own line left blank (``%%capture out`` makes ``out``)."""
    start = len(source) - len(source.lstrip())
    end = source.find("\n", start)
    head, tail = source[:start], source[end:] if end >= 0 else ""
    captured = _CAPTURED.match(source)
    return head + (f"{captured.group(1)} = get_ipython()" if captured else "") + tail


def _plain(source: str, found: Scan) -> str:
    parts: list[str] = []
    position = 0
    for start, end in found.magics:
        parts.append(source[position:start])
        parts.append(_stand_in(source[start:end]))
        position = end
    parts.append(source[position:])
    return "".join(parts)


def _stand_in(magic: str) -> str:
    """A statement that takes the place of an IPython line, with as many line ends."""
    if timed := _TIMED.match(magic):
        return timed.group(1) + magic[timed.end() :]
    indent = _INDENT.match(magic)
    lead = indent.group() if indent else ""
    ends = "\n" * magic.count("\n")
    assigned = _ASSIGNED.match(magic)
    if assigned and not magic.lstrip().startswith(("%", "!", "?")):
        return f"{assigned.group()} get_ipython(){ends}"
    return f"{lead}pass{ends}"


def _dedent(text: str) -> str:
    """Take the first line's indent from every line, as IPython does with a cell pasted from inside a block."""
    first = next((line for line in text.split("\n") if line.strip()), "")
    lead = first[: len(first) - len(first.lstrip(" \t"))]
    if not lead:
        return text
    return "\n".join(line.removeprefix(lead) for line in text.split("\n"))


_DYNAMIC = re.compile(r"\bimport\s*\*|\b(?:exec|globals|locals|vars|setattr)\s*\(|get_ipython\(\)\s*\.|ipywidgets")
_DYNAMIC_MAGIC = re.compile(
    r"\s*%(?:run|load|pylab|store|reset|load_ext|sql|matplotlib_|R|cd_)\b|\s*%(?:macro|edit|ed)\b"
)


def _is_dynamic(source: str, found: Scan) -> bool:
    return bool(_DYNAMIC.search(source)) or any(_DYNAMIC_MAGIC.match(source[a:b]) for a, b in found.magics)
