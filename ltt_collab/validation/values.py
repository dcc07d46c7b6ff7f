"""A learner's values as plain data, as ``kernel_side`` writes them: how they read, and what makes them equal."""

from __future__ import annotations

import json
import math
from functools import cache
from importlib import import_module
from typing import Any, Final

Tree = list[Any]
"""A value: its kind, then its parts; see ``kernel_side``."""

SHOWN = 160
"""Characters of a value that a verdict shows."""

KINDS: Final = frozenset(
    {"none", "bool", "int", "float", "complex", "str", "bytes", "list", "tuple", "dict", "set", "range", "enum",
     "array", "frame", "series", "moment", "written", "view", "iterator", "opaque", "object", "deep", "large",
     "unreadable"}
)  # fmt: skip

NUMBERS: Final = frozenset({"int", "float"})

NAMES: Final = {
    "none": "None", "bool": "True or False", "int": "a whole number", "float": "a decimal number",
    "complex": "a complex number", "str": "a text", "bytes": "bytes", "list": "a list", "tuple": "a tuple",
    "dict": "a dictionary", "set": "a set", "range": "a range", "enum": "a member of an enumeration",
    "array": "a NumPy array", "frame": "a DataFrame", "series": "a Series", "iterator": "an iterator",
}  # fmt: skip


def is_tree(value: object) -> bool:
    """Whether it is a value in our form; its parts are looked at when they are used."""
    return isinstance(value, list) and len(value) > 0 and isinstance(value[0], str) and value[0] in KINDS


@cache
def _writer() -> Any:
    return import_module("ltt_collab.validation.kernel_side").ltt_make_writer()


def tree_of(value: object) -> Tree:
    """A plain value of ours in the same form."""
    tree: Tree = json.loads(_writer()(value))
    return tree


def number(tree: Tree) -> int | float:
    """The number that a tree of NUMBERS stands for."""
    return int(tree[1], 16) if tree[0] == "int" else float(tree[1])


def kind_name(tree: Tree) -> str:
    """What the value is, in a learner's words."""
    kind = tree[0]
    if kind == "object":
        return f"a {tree[1]} object"
    if kind == "opaque":
        return f"a {tree[1]}"
    if kind in {"moment", "written", "view"}:
        return f"a {tree[1]}"
    return NAMES.get(kind, f"a {tree[1]}" if len(tree) > 1 else "a value")


def shown(tree: Tree) -> str:
    """The value as a learner would write it, cut to a line."""
    text = _text(tree, SHOWN * 2)
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


def _text(tree: Tree, room: int) -> str:  # noqa: C901, PLR0911, PLR0912 - one line a kind reads best in one place
    match tree:
        case ["none"]:
            return "None"
        case ["bool", value]:
            return str(value)
        case ["int", digits]:
            return _whole_text(digits)
        case ["float", text]:
            return str(text)
        case ["complex", real, imaginary]:
            return f"({real}+{imaginary}j)".replace("+-", "-")
        case ["str", text]:
            return repr(text[:room])
        case ["bytes", digits]:
            return repr(bytes.fromhex(digits[: room * 2]))
        case ["list", _, items]:
            return f"[{_joined(items, room)}]"
        case ["tuple", _, items]:
            return f"({_joined(items, room)}{',' if len(items) == 1 else ''})"
        case ["set", _, items]:
            return f"{{{_joined(sorted(items, key=canonical), room)}}}" if items else "set()"
        case ["range", _, items]:
            return f"range({_joined(items, room)})"
        case ["dict", _, pairs]:
            return f"{{{_paired(pairs, room)}}}"
        case ["enum", cls, name]:
            return f"{cls}.{name}"
        case ["array", _, values]:
            return f"array({_text(values, room)})"
        case ["series", _, _, values]:
            return f"Series({_text(values, room)})"
        case ["frame", columns, _, rows]:
            return f"DataFrame(columns={_text(columns, room)}, rows={_text(rows, room)})"
        case ["moment" | "written", name, text]:
            return f"{name}({text})"
        case ["iterator" | "view", name, items]:
            return f"{name} of [{_joined(items, room)}]"
        case ["object", cls, pairs]:
            return f"{cls}({', '.join(f'{pair[0][1]}={_text(pair[1], room)}' for pair in pairs[:20])})"
        case ["opaque", cls, name]:
            return f"<{cls} {name}>" if name else f"<{cls}>"
        case ["large", cls]:
            return f"<a {cls} too large to be shown>"
        case ["unreadable", cls, *_]:
            return f"<a {cls} that cannot be read>"
        case _:
            return "…"


def _whole_text(digits: str) -> str:
    if len(digits) > 200:
        return f"a whole number of about {int(len(digits) * 1.204)} digits"
    return str(int(digits, 16))


def _joined(items: list[Tree], room: int) -> str:
    parts: list[str] = []
    for item in items:
        if room <= 0:
            parts.append("…")
            break
        parts.append(_text(item, room))
        room -= len(parts[-1]) + 2
    return ", ".join(parts)


def _paired(pairs: list[list[Tree]], room: int) -> str:
    parts: list[str] = []
    for key, value in pairs:
        if room <= 0:
            parts.append("…")
            break
        parts.append(f"{_text(key, room)}: {_text(value, room)}")
        room -= len(parts[-1]) + 2
    return ", ".join(parts)


def canonical(tree: Tree) -> str:
    """A text that is the same for values that count as equal, up to the last digits of a float; for sorting, keys."""
    if tree[0] in NUMBERS:
        value = number(tree)
        if isinstance(value, float) and not math.isfinite(value):
            return f"n{value}"
        if isinstance(value, int) and abs(value) > 1 << 53:
            return f"n{value:x}"
        return f"n{float(value):.9g}"
    return json.dumps([canonical(part) if is_tree(part) else _canonical_parts(part) for part in tree])


def _canonical_parts(part: Any) -> Any:
    if isinstance(part, list):
        return [canonical(each) if is_tree(each) else _canonical_parts(each) for each in part]
    return part
