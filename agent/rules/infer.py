"""What can be told about a value without running anything: its type, its length, its literal."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from agent.rules.bindings import Binding
from agent.rules.book import Book, Page

_LITERAL_TYPES = {
    ast.List: "list",
    ast.ListComp: "list",
    ast.Dict: "dict",
    ast.DictComp: "dict",
    ast.Set: "set",
    ast.SetComp: "set",
    ast.Tuple: "tuple",
    ast.JoinedStr: "str",
    ast.Lambda: "function",
    ast.GeneratorExp: "generator",
}
_CALL_TYPES = {
    "input": "str",
    "str": "str",
    "repr": "str",
    "chr": "str",
    "int": "int",
    "len": "int",
    "ord": "int",
    "float": "float",
    "list": "list",
    "sorted": "list",
    "dict": "dict",
    "set": "set",
    "tuple": "tuple",
    "range": "range",
    "bool": "bool",
    "print": "NoneType",
}
STR_METHODS = frozenset(
    {
        "capitalize",
        "casefold",
        "center",
        "expandtabs",
        "format",
        "join",
        "ljust",
        "lower",
        "lstrip",
        "removeprefix",
        "removesuffix",
        "replace",
        "rjust",
        "rstrip",
        "strip",
        "swapcase",
        "title",
        "translate",
        "upper",
        "zfill",
    }
)
"""Methods of a text that give a new text."""
_METHOD_TYPES = dict.fromkeys(STR_METHODS, "str") | {"split": "list", "splitlines": "list", "readlines": "list"}
_NUMBERS = frozenset({"int", "float"})
_MAX_STEPS = 12
"""Names followed from one to the next."""


class Reader:
    """Answers questions about expressions at one line of one cell."""

    def __init__(self, book: Book, page: Page, line: int) -> None:
        self._book, self._page, self._line = book, page, line

    def type_of(  # noqa: PLR0911 - one flat case a node class
        self, node: ast.expr | None, steps: int = _MAX_STEPS
    ) -> str | None:
        """The name of the value's type, or None when it cannot be told."""
        if node is None or steps <= 0:
            return None
        match node:
            case ast.Constant(value=value):
                return type(value).__name__
            case ast.Name():
                return self._type_of_name(node.id, steps)
            case ast.Call(func=ast.Name(id=name)) if name in _CALL_TYPES and name not in self._book.global_names:
                return _CALL_TYPES[name]
            case ast.Call(func=ast.Attribute(attr=attr, value=owner)) if attr in _METHOD_TYPES:
                return _METHOD_TYPES[attr] if self.type_of(owner, steps - 1) == "str" else None
            case ast.BinOp():
                return self._type_of_operation(node, steps)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return self.type_of(operand, steps - 1)
            case ast.UnaryOp(op=ast.Not()) | ast.Compare():
                return "bool"
            case _:
                return _LITERAL_TYPES.get(type(node))

    def value_of(self, node: ast.expr | None, steps: int = _MAX_STEPS) -> ast.expr | None:
        """The expression that a name stands for, followed to the first that is no name."""
        while isinstance(node, ast.Name) and steps > 0:
            steps -= 1
            found = self._book.latest(node.id, self._page, self._line)
            if found is None or found[1].kind not in {"assign", "with"} or found[1].value is node:
                return None
            if self._is_rebound(found[1]):
                return None
            node = found[1].value
        return node if not isinstance(node, ast.Name) else None

    def length_of(self, node: ast.expr | None) -> int | None:
        """The number of items, where the value is a literal that nothing in sight makes longer or shorter."""
        if isinstance(node, ast.Name) and self._is_changed(node.id):
            return None
        value = self.value_of(node)
        if isinstance(value, ast.List | ast.Tuple) and not any(isinstance(e, ast.Starred) for e in value.elts):
            return len(value.elts)
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            return len(value.value)
        return None

    def _is_rebound(self, chosen: Binding) -> bool:
        """Whether the name may have got another value since: counted up, a loop's name, made again at or below here."""
        for page in self._book.pages:
            for other in page.names.named(chosen.name):
                if other.function is not chosen.function or other is chosen:
                    continue
                if other.kind != "assign" or (page is self._page and other.line >= self._line):
                    return True
        return False

    def _is_changed(self, name: str) -> bool:
        grows = {"append", "extend", "insert", "pop", "remove", "clear", "sort"}
        for page in self._book.pages:
            for node in page.nodes:
                match node:
                    case ast.Attribute(value=ast.Name(id=owner), attr=attr) if owner == name and attr in grows - {
                        "sort"
                    }:
                        return True
                    case ast.AugAssign(target=ast.Name(id=owner)) if owner == name:
                        return True
                    case ast.Delete(targets=targets) if any(_is_item_of(t, name) for t in targets):
                        return True
        return False

    def _type_of_name(self, name: str, steps: int) -> str | None:
        found = self._book.latest(name, self._page, self._line)
        if found is None:
            return None
        binding = found[1]
        if binding.kind == "def":
            return "function"
        if binding.kind == "class":
            return "type"
        if binding.kind == "import" and isinstance(binding.node, ast.Import):
            return "module"
        if binding.kind == "assign":
            return Reader(self._book, found[0], binding.line).type_of(binding.value, steps - 1)
        return None

    def _type_of_operation(self, node: ast.BinOp, steps: int) -> str | None:
        left, right = self.type_of(node.left, steps - 1), self.type_of(node.right, steps - 1)
        if left in _NUMBERS and right in _NUMBERS:
            return "float" if isinstance(node.op, ast.Div) or "float" in (left, right) else "int"
        if left == "str" and isinstance(node.op, ast.Mod):
            return "str"
        if isinstance(node.op, ast.Add) and left == right and left in {"str", "list", "tuple"}:
            return left
        return None


def _is_item_of(target: ast.expr, name: str) -> bool:
    return isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name) and target.value.id == name


def integer(node: ast.expr | None) -> int | None:
    """The whole number that is written there, a minus sign included."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = integer(node.operand)
        return None if inner is None else -inner
    if isinstance(node, ast.Constant) and type(node.value) is int:
        return node.value
    return None


def literal_strings(book: Book) -> Sequence[str]:
    """Short strings that are written anywhere in the notebook: keys, column names, file names."""
    seen: dict[str, None] = {}
    for page in book.pages:
        for node in page.nodes:
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and 0 < len(node.value) <= 50:
                seen[node.value] = None
    return list(seen)
