"""Which global names a cell makes and reads, without running it."""

from __future__ import annotations

import ast
import re
import symtable
import warnings
from dataclasses import dataclass

from ltt_collab.model.text import source_hash

LONGEST = 30_000
"""Characters of a cell that are read; a larger cell is data, not a learner's code."""

_CELL_MAGIC = re.compile(r"\s*%%(\w+)")
_TRANSPARENT = frozenset({"time", "timeit", "capture", "prun"})
_MAGIC = re.compile(r"^([ \t]*)(?:[%!?].*|[\w.*]+\?{1,2}[ \t]*)$", re.MULTILINE)
_ASSIGNED_MAGIC = re.compile(r"^([ \t]*[A-Za-z_][\w., \t]*=)[ \t]*[!%].*$", re.MULTILINE)
_DYNAMIC = re.compile(
    r"import\s*\*|\b(?:exec|globals|locals|vars|setattr)\s*\(|get_ipython\(\)"
    r"|^[ \t]*%(?:run|load|pylab|store|reset|sql)",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """``made``: global names that the cell makes; ``read``: those it reads as it runs, bodies of functions left out.

    ``code``: a fingerprint that comments and blank space do not change. ``dynamic``: it may make names that no reader
    can see.
    """

    made: frozenset[str] = frozenset()
    read: frozenset[str] = frozenset()
    code: str = ""
    dynamic: bool = False


def names_in(source: str) -> Names:
    """Read a cell; never raises. What is no Python makes and reads nothing that we know of."""
    if len(source) > LONGEST:
        return Names(code=source_hash(source), dynamic=True)
    magic = _CELL_MAGIC.match(source)
    if magic is not None:
        if magic.group(1) not in _TRANSPARENT:
            return Names(code=source_hash(source), dynamic=True)
        source = source[magic.end() :].partition("\n")[2]
    dynamic = _DYNAMIC.search(source) is not None
    text = _MAGIC.sub(r"\1pass", _ASSIGNED_MAGIC.sub(r"\1 None", source))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            code = source_hash(ast.dump(ast.parse(text)))
            table = symtable.symtable(text, "<cell>", "exec")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Names(code=source_hash(source), dynamic=dynamic)
    made = {symbol.get_name() for symbol in table.get_symbols() if _is_made(symbol)}
    read = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_referenced()}
    for inner in table.get_children():
        _look_within(inner, made, read, runs=True)
    return Names(made=frozenset(made), read=frozenset(read), code=code, dynamic=dynamic)


def _is_made(symbol: symtable.Symbol) -> bool:
    return symbol.is_assigned() or symbol.is_imported() or symbol.is_namespace()


def _look_within(table: symtable.SymbolTable, made: set[str], read: set[str], *, runs: bool) -> None:
    # A comprehension and the body of a class run where they stand; a function runs when it is called.
    runs = runs and (table.get_type() == "class" or table.get_name() in {"listcomp", "setcomp", "dictcomp", "genexpr"})
    for symbol in table.get_symbols():
        if symbol.is_declared_global() and symbol.is_assigned():
            made.add(symbol.get_name())
        elif runs and symbol.is_global() and symbol.is_referenced():
            read.add(symbol.get_name())
    for inner in table.get_children():
        _look_within(inner, made, read, runs=runs)
