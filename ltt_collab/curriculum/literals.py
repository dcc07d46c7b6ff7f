"""A value in YAML as the Python value that it stands for.

Lists and mappings are lists and dicts. A quoted or block text is a text. What is not quoted is read as Python if it is
a Python literal (``3``, ``1.5e3``, ``True``, ``None``, ``(1, 2)``, ``b'x'``), as YAML's ``true``, ``false`` and
``null``, and else as the text that it is. ``!tuple [1, 2]`` and ``!set [1, 2]`` are those; ``!py "{1: (2, 3)}"`` is
any Python literal.
"""

from __future__ import annotations

import ast
from collections.abc import Hashable
from typing import Any, Final

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

PLAIN: Final = {"true": True, "false": False, "null": None, "~": None, "": None}


class NotALiteralError(ValueError):
    """A YAML value stands for no Python value; ``line`` is 1-based."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line, self.reason = line, reason


def plain_value(node: Node) -> Any:
    """The Python value of a YAML node.

    Raises:
        NotALiteralError
    """
    line = int(node.start_mark.line) + 1
    if isinstance(node, ScalarNode):
        return _scalar(node, line)
    if node.tag.startswith("!") and node.tag not in {"!tuple", "!set"}:
        raise NotALiteralError(line, f'unknown tag {node.tag} here; known: !py "…", !tuple […], !set […]')
    if isinstance(node, SequenceNode):
        items = [plain_value(item) for item in node.value]
        match node.tag:
            case "!tuple":
                return tuple(items)
            case "!set":
                return {_hashable(item, line) for item in items}
        return items
    assert isinstance(node, MappingNode)
    return {_hashable(plain_value(key), line): plain_value(value) for key, value in node.value}


def _scalar(node: ScalarNode, line: int) -> Any:
    text = str(node.value)
    if node.tag == "!py":
        try:
            return ast.literal_eval(text.strip())
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError) as error:
            raise NotALiteralError(line, f"!py {text[:60]!r} is not a Python literal") from error
    if node.tag.startswith("!"):
        raise NotALiteralError(line, f"unknown tag {node.tag}; known: !py, !tuple, !set")
    if node.style in {"'", '"', "|", ">"}:
        return text
    if text in PLAIN:
        return PLAIN[text]
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return text
    return text if value is ... else value


def _hashable(value: Any, line: int) -> Hashable:
    if not isinstance(value, Hashable):
        raise NotALiteralError(line, f"{value!r} cannot be in a set or a key; use a text, a number or !tuple")
    try:
        hash(value)
    except TypeError as error:
        raise NotALiteralError(line, f"{value!r} cannot be in a set or a key") from error
    return value
