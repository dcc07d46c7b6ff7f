"""The first cause in words that a novice understands: which cell, which line, what, and what to do."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from typing import Final

from ltt_collab.model.courses import Task
from ltt_collab.model.validations import Outcome
from ltt_collab.validation.running import CellFault, Stop
from ltt_collab.validation.sources import CodeCell, defined_names

_QUOTED: Final = re.compile(r"['\"]([^'\"]+)['\"]")
_EXITS: Final = re.compile(r"\b(?:os\._exit|(?:sys\.)?exit|quit)\s*\(")

_LIBRARIES: Final = (
    "numpy",
    "pandas",
    "matplotlib",
    "math",
    "random",
    "statistics",
    "sqlite3",
    "datetime",
    "re",
    "json",
)

_ADVICE: Final[Mapping[str, str]] = {
    "SyntaxError": "Python cannot read this line; look for a missing colon, bracket or quote here or one line above",
    "IndentationError": "the lines of a block begin in the same column, four spaces further in",
    "TabError": "indent with spaces only",
    "ZeroDivisionError": "something was divided by zero; look at what the divisor is then",
    "IndexError": "there is no item at this place; the last one is at len(…) - 1",
    "KeyError": "this key is not there; print the keys to see which are",
    "RecursionError": "the function calls itself without end; it needs a case in which it does not",
    "UnboundLocalError": "the name gets a value later in the function; give it one before, or use another name",
}


def cell_cause(fault: CellFault, cells: Sequence[CodeCell], task: Task) -> str:  # noqa: PLR0911 - one sentence a kind
    """A cell that raised."""
    where = _where(fault)
    match fault.name:
        case "StdinNotImplementedError":
            return (
                f"{where} asks for input(), and nobody can answer while your work is checked. "
                "Put the value into a variable instead"
            ) + _quote(fault)
        case "ModuleNotFoundError" | "ImportError":
            return f"{fault.name} in {where}: {fault.said}{_quote(fault)}. {_module_advice(fault.said)}"
        case "MemoryError":
            return f"{where} needs more memory than the {task.memory_limit} MB allowed{_quote(fault)}"
        case "SystemExit":
            return f"{where} ends the program (SystemExit){_quote(fault)}. Take the call of exit out"
        case "FileNotFoundError":
            files = ", ".join(sorted(task.data)) or "none"
            return f"FileNotFoundError in {where}: {fault.said}{_quote(fault)}. Files of this task: {files}"
        case "NameError":
            return f"NameError in {where}: {fault.said}{_quote(fault)}. {_name_advice(fault.said, cells)}"
        case "KeyboardInterrupt":
            return f"{where} was interrupted{_quote(fault)}"
        case name:
            said = f"{name} in {where}: {fault.said.splitlines()[0][:200] if fault.said else ''}".rstrip(": ")
            said = re.sub(r" \([^()]*line \d+\)$", "", said)
            advice = _ADVICE.get(name)
            return f"{said}{_quote(fault)}{f'. {advice[0].upper()}{advice[1:]}' if advice else ''}"


def stop_cause(stop: Stop, cells: Sequence[CodeCell], task: Task, *, flooded: bool) -> str:
    """A run that did not come to its end."""
    fault = stop.fault
    where = _where(fault)
    source = next((cell.source for cell in cells if cell.number == fault.cell), "")
    match stop.outcome:
        case Outcome.TIMEOUT:
            printing = " while it printed without end" if flooded else ""
            return (
                f"{where} was still running after {task.time_limit:g} s{printing}{_quote(fault)}: perhaps an endless "
                "loop. See that the loop's condition becomes false"
            )
        case Outcome.MEMORY:
            return f"{where} used up the {task.memory_limit} MB of memory, and Python was ended{_quote(fault)}"
        case Outcome.KERNEL_DIED if _EXITS.search(source):
            return f"{where} ends Python itself (exit, quit or os._exit). Take that call out"
        case Outcome.KERNEL_DIED:
            return f"Python itself ended (the kernel died) while {_lower(where)} ran; all variables were lost"
        case _:
            return f"The connection to Python was lost while {_lower(where)} ran. Try again"


def unrun_cause(name: str, cells: Sequence[CodeCell]) -> str | None:
    """Live: a name is missing that a cell would make which was not run yet."""
    for cell in cells:
        if cell.cell.execution_count is None and cell.source.strip() and name in defined_names([cell]):
            return f"'{name}' is made in cell {cell.number}, which has not been run yet. Run it first"
    return None


def missing_name(said: str) -> str:
    """The name that a NameError is about; '' for another message."""
    match = _QUOTED.search(said)
    return match.group(1) if match and "not defined" in said else ""


def near(name: str, known: Sequence[str]) -> str:
    """A did-you-mean sentence, '' for nothing near."""
    folded = {each.casefold(): each for each in known}
    found = difflib.get_close_matches(name.casefold(), list(folded), n=1, cutoff=0.6)
    return f"Did you mean '{folded[found[0]]}'?" if found else ""


def _name_advice(said: str, cells: Sequence[CodeCell]) -> str:
    name = missing_name(said)
    return near(name, sorted(defined_names(cells) - {name})) or "Make it in a cell above, or look at its spelling"


def _module_advice(said: str) -> str:
    match = _QUOTED.search(said)
    hint = near(match.group(1).partition(".")[0], _LIBRARIES) if match else ""
    return hint or "It is not installed where your work is checked; look at its spelling, or do without it"


def _where(fault: CellFault) -> str:
    return f"cell {fault.cell}{f', line {fault.line}' if fault.line else ''}"


def _quote(fault: CellFault) -> str:
    return f" (`{fault.text[:120]}`)" if fault.text else ""


def _lower(text: str) -> str:
    return text[0].lower() + text[1:]


def sentence(text: str) -> str:
    """The text as a sentence."""
    text = text.strip()
    return (text[0].upper() + text[1:] + ("" if text.endswith((".", "?", "!")) else ".")) if text else text
