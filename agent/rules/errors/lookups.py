"""IndexError and KeyError: a place or a key that is not there."""

from __future__ import annotations

import ast
import re

from agent.rules.case import Case
from agent.rules.infer import integer, literal_strings
from agent.rules.kinds import Kind
from agent.rules.similar import closest
from agent.rules.wording import Explanation, at, code, one_of, plural

_COUNT_HOW = (
    "Places are counted from 0. A list of three items has the places 0, 1 and 2; `items[-1]` is the last one. "
    "`for item in items:` needs no places at all."
)
_FRAME_METHODS = frozenset({"DataFrame", "read_csv", "read_excel", "read_json", "groupby", "head", "merge"})


def index_out_of_range(case: Case) -> Explanation | None:
    """A place beyond the end of a list, text or tuple."""
    if case.error != "IndexError":
        return None
    if case.message.startswith("Replacement index"):
        return Explanation(
            kind=Kind.MISSING_ARGUMENT,
            where=(
                f"Look at the braces in the text of **line {case.line}**, and count the values for "
                f"them.{case.elsewhere}"
            ),
            what=f"The text has more pairs of braces than `format` gets values to fill in.{case.elsewhere}",
            how='Each pair needs a value: `"{} and {}".format("salt", "pepper")`.',
        )
    if "pop from empty" in case.message or "from an empty" in case.message:
        return Explanation(
            kind=Kind.EMPTY_SEQUENCE,
            where=f"Look at what **line {case.line}** takes an item from. Is anything left in it?{case.elsewhere}",
            what="At that moment it is empty, so there is no item to take." + case.elsewhere,
            how="Ask first: `if tasks:` is true only while the list has items. `while tasks:` stops when it is empty.",
        )
    if "out of range" not in case.message and "out of bounds" not in case.message:
        return None
    chosen = _subscript(case)
    holder, place = (case.text(chosen.value), case.text(chosen.slice)) if chosen else ("", "")
    what = _facts(case, chosen, holder, place)
    return Explanation(
        kind=Kind.INDEX_OUT_OF_RANGE,
        where=(
            f"{at(case.line)} asks for a place that {code(holder) if holder else 'the list'} does not have. Look "
            f"at {code(place) if place else 'the index'}: which values can it take?{case.elsewhere}"
        ),
        what=what + case.elsewhere,
        how=_COUNT_HOW,
    )


def _subscript(case: Case) -> ast.Subscript | None:
    """The subscript at fault: the only one, or the one whose index is known to be too large."""
    every = [n for n in case.nodes(ast.Subscript) if not isinstance(n.slice, ast.Slice)]
    for node in every:
        length, index = case.reader.length_of(node.value), integer(case.reader.value_of(node.slice))
        if length is not None and index is not None and not -length <= index < length:
            return node
    return every[-1] if every else None


def _facts(case: Case, chosen: ast.Subscript | None, holder: str, place: str) -> str:
    if chosen is None:
        return "There are fewer items than the place that is asked for. Places are counted from 0."
    length = case.reader.length_of(chosen.value)
    known = ""
    if length is not None:
        last = _places(length)
        known = f"{code(holder)} has {plural(length, 'item')}, {last}. "
    index = integer(case.reader.value_of(chosen.slice))
    if index is not None:
        return (known or f"{code(holder)} has fewer items than that. ") + f"There is no place {index}."
    if note := _off_by_one(case, chosen.slice, holder):
        return known + note
    return (
        known or f"{code(holder)} has fewer items than {code(place)} asks for. "
    ) + f"At the moment of the error {code(place)} was outside of that."


def _places(length: int) -> str:
    if length == 0:
        return "so it has no place at all"
    return "so its only place is 0" if length == 1 else f"so its places are 0 to {length - 1}"


def _off_by_one(  # noqa: PLR0911 - one sentence a pattern
    case: Case, index: ast.expr, holder: str
) -> str:
    """A sentence when the index runs over ``range(len(x) + 1)``, from 1 on, or looks one ahead."""
    if isinstance(index, ast.Call) and ast.unparse(index) == f"len({holder})":
        return f"`len({holder})` is the number of items. The last place is one less, as places are counted from 0."
    if isinstance(index, ast.BinOp) and isinstance(index.op, ast.Add):
        return f"In the last round {code(case.text(index))} is one place further than the last item."
    if not isinstance(index, ast.Name):
        return ""
    for node in case.frame_page.nodes:
        match node:
            case ast.For(target=ast.Name(id=name), iter=ast.Call(func=ast.Name(id="range"), args=args)) if (
                name == index.id and args
            ):
                stop = args[0] if len(args) == 1 else args[1]
                if isinstance(stop, ast.BinOp) and isinstance(stop.op, ast.Add):
                    return (
                        f"The loop in line {node.lineno} lets {code(name)} go up to one place more than there "
                        "are items."
                    )
                return (
                    f"The loop in line {node.lineno} lets {code(name)} grow too far: the end of its `range` is "
                    f"{code(case.text(stop))}."
                )
            case ast.While(test=test) if any(isinstance(n, ast.LtE) for n in ast.walk(test)) and any(
                isinstance(n, ast.Name) and n.id == index.id for n in ast.walk(test)
            ):
                return (
                    f"The loop in line {node.lineno} also runs when {code(index.id)} is equal to the end (`<=`). "
                    "The last place is one less."
                )
            case _:
                continue
    return ""


def missing_column(case: Case) -> Explanation | None:
    """A DataFrame column (or row label) that is not there."""
    if case.error != "KeyError" or not case.trace.in_library:
        return None
    key = _key(case)
    holder = next((case.text(n.value) for n in case.nodes(ast.Subscript)), "the table")
    known = _columns(case)
    meant = closest(key, known) if key else None
    hint = f" Did you mean {code(meant)}?" if meant else ""
    return Explanation(
        kind=Kind.MISSING_COLUMN,
        where=(
            f"{at(case.line)} asks {code(holder)} for {code(key)}. Compare the spelling with the column "
            f"names.{case.elsewhere}"
        ),
        what=f"{code(holder)} has no column (or row) named {code(key)}.{hint} Capitals and spaces count."
        + case.elsewhere,
        how='See the names first: `flights.columns` lists them. Then write the name exactly so: `flights["Delay"]`.',
    )


def _columns(case: Case) -> list[str]:
    """Names that may be columns: strings in the source, words in tables that were shown."""
    words = dict.fromkeys(literal_strings(case.book))
    for page in case.book.pages:
        for output in page.cell.outputs:
            if output.text and output is not page.cell.error:
                words.update(dict.fromkeys(re.findall(r"[^\W\d]\w+", output.text[:1000])[:100]))
    return list(words)


def missing_key(case: Case) -> Explanation | None:
    """A dictionary key that is not there."""
    if case.error != "KeyError":
        return None
    if "popitem" in case.message or "from an empty" in case.message:
        return Explanation(
            kind=Kind.EMPTY_SEQUENCE,
            where=f"Look at what **line {case.line}** takes an item from. Is anything left in it?{case.elsewhere}",
            what="At that moment it is empty, so there is no item to take." + case.elsewhere,
            how="Ask first: `if seen:` is true only while something is in it.",
        )
    key = _key(case)
    shown = case.message.strip()
    subscript = next((n for n in case.nodes(ast.Subscript)), None)
    holder = case.text(subscript.value) if subscript else ""
    keys = _keys(case, subscript.value if subscript else None)
    near = closest(key, keys) if key else None
    if near is None and key in [k.strip("'\"") for k in keys]:
        near = None
    quoted = shown[:1] in "'\""
    other = _same_other_type(key, quoted, keys)
    if other:
        hint = f" There is a key {code(other)}. The text `'1'` and the number `1` are two different keys."
    elif near:
        hint = f" Did you mean {code(repr(near))}?"
    else:
        hint = f" It has {one_of(keys)}." if keys else ""
    return Explanation(
        kind=Kind.MISSING_KEY,
        where=(
            f"{at(case.line)} looks up the key {code(shown)}. Look at which keys "
            f"{code(holder) if holder else 'the dictionary'} really has.{case.elsewhere}"
        ),
        what=f"{code(holder) if holder else 'The dictionary'} has no key {code(shown)}.{hint}" + case.elsewhere,
        how=(
            'A key must be written just as it was stored. `ages.keys()` shows all keys, `"Ada" in ages` asks for '
            'one, and `ages.get("Ada", 0)` has an answer even when there is none.'
        ),
    )


def _key(case: Case) -> str:
    return case.message.strip().strip("'\"")[:60]


def _keys(case: Case, holder: ast.expr | None) -> list[str]:
    """Literal keys of the dictionary, as text; all literal keys of the notebook when it cannot be told."""
    value = case.reader.value_of(holder) if holder is not None else None
    keys: dict[str, None] = {}
    if isinstance(value, ast.Dict):
        keys.update(_literal_keys(value))
        name = holder.id if isinstance(holder, ast.Name) else ""
        for page in case.book.pages:
            for node in page.nodes:
                match node:
                    case ast.Subscript(
                        value=ast.Name(id=found), slice=ast.Constant(value=str(key)), ctx=ast.Store()
                    ) if found == name:
                        keys[key] = None
                    case _:
                        continue
        return list(keys)
    for page in case.book.pages:
        for node in page.nodes:
            if isinstance(node, ast.Dict):
                keys.update(_literal_keys(node))
    near = closest(_key(case), list(keys))
    return [near] if near else []


def _literal_keys(node: ast.Dict) -> dict[str, None]:
    found = [k.value for k in node.keys if isinstance(k, ast.Constant)]
    return dict.fromkeys(k if isinstance(k, str) else repr(k) for k in found)


def _same_other_type(key: str, quoted: bool, keys: list[str]) -> str:
    return (key if quoted else repr(key)) if key in keys and key.lstrip("-").isdigit() else ""


RULES = (index_out_of_range, missing_column, missing_key)
