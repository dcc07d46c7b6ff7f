"""Statements that work something out and lose it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from agent.rules.book import Book, Page
from agent.rules.infer import STR_METHODS, Reader
from agent.rules.kinds import Kind
from agent.rules.wording import Explanation, at, code

_ONLY_STR = STR_METHODS - {"replace", "format", "join", "translate", "center", "title", "strip"}
"""Methods that (almost) nothing but a text has, so that the type need not be known."""
_PURE = frozenset(
    {
        "sorted",
        "len",
        "round",
        "abs",
        "int",
        "float",
        "str",
        "sum",
        "max",
        "min",
        "reversed",
        "upper",
        "list",
        "set",
        "tuple",
    }
)
_RETURN_NONE = frozenset({"sort", "reverse", "append", "extend", "insert", "remove", "clear"})
_SURE_LIST = frozenset({"sort", "append", "extend", "reverse"})
_CALLED_ALONE = frozenset({"sort", "reverse", "clear", "close", "upper", "lower", "strip", "pop"})
_LOST_HOW = (
    "Keep the result under a name, or use it at once: `loud = word.upper()`, `print(word.upper())`. The value of "
    "`word` itself stays as it is."
)


def lost_statements(book: Book, page: Page) -> Iterator[Explanation]:
    """Expression statements whose value goes nowhere."""
    if "ast_node_interactivity" in "".join(p.code.text for p in book.pages):
        return
    for statement in _unseen(page):
        value = statement.value
        reader = Reader(book, page, statement.lineno)
        if isinstance(value, ast.Compare):
            yield from _comparison(page, statement, value)
        elif isinstance(value, ast.Call):
            yield from _lost_call(book, page, statement, reader, value)
        elif isinstance(value, ast.Attribute | ast.Name):
            yield from _not_called(book, page, statement, reader)
        elif _is_calculation(value) and reader.type_of(value) in {"int", "float", "str"}:
            yield _lost(statement, code(page.text_of(value)))


def _is_calculation(node: ast.expr) -> bool:
    """A sum or the like that begins with a name; two bare numbers are somebody's try at a calculator."""
    if not isinstance(node, ast.BinOp) or not isinstance(node.left, ast.Name):
        return False
    return isinstance(node.op, ast.Add | ast.Sub | ast.Mult | ast.Div)


def _unseen(page: Page) -> Iterator[ast.Expr]:
    """Expression statements whose value Jupyter does not show: all but the last of the cell; none under try or with."""
    tree = page.code.tree
    if tree is None:
        return
    shown = tree.body[-1] if tree.body else None
    waiting: list[ast.stmt] = list(tree.body)
    while waiting:
        node = waiting.pop(0)
        if isinstance(node, ast.Expr):
            if node is not shown:
                yield node
        elif not isinstance(node, ast.Try | ast.With | ast.AsyncWith):
            waiting.extend(child for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt))
            if isinstance(node, ast.Match):
                waiting.extend(statement for case in node.cases for statement in case.body)


def _comparison(page: Page, statement: ast.Expr, value: ast.Compare) -> Iterator[Explanation]:
    text = code(page.text_of(value))
    equal = isinstance(value.ops[0], ast.Eq)
    hint = " To give a name a value there is the sign `=`." if equal else ""
    yield Explanation(
        kind=Kind.COMPARISON_WITHOUT_EFFECT,
        line=statement.lineno,
        where=(
            f"{at(statement.lineno)} asks a question and does nothing with the answer. Look at the sign in the middle."
        ),
        what=(
            f"{text} compares two values. The answer, `True` or `False`, is not kept and not shown, so the line "
            f"changes nothing.{hint}"
        ),
        how="`size = 3` stores a value. `size == 3` only asks, so it belongs into a condition: `if size == 3:`.",
    )


def _lost_call(book: Book, page: Page, statement: ast.Expr, reader: Reader, call: ast.Call) -> Iterator[Explanation]:
    match call.func:
        case ast.Attribute(value=owner, attr=attr) if attr in STR_METHODS and not isinstance(owner, ast.Constant):
            kind = reader.type_of(owner)
            unknown = (
                kind is None
                and attr in _ONLY_STR
                and isinstance(owner, ast.Name)
                and not _foreign(book, page, owner, statement.lineno)
            )
            if kind == "str" or unknown:
                yield _lost(
                    statement,
                    code(page.text_of(call)),
                    f" `{attr}` gives a new text and leaves the old one as it is.",
                )
        case ast.Name(id=name) if name in _PURE and name not in book.global_names and call.args:
            if name == "list" or any(isinstance(n, ast.Call) for a in call.args for n in ast.walk(a)):
                return
            extra = (
                " `sorted` gives a new list and leaves the old one as it is."
                if name == "sorted"
                else f" `{name}` gives a new value and changes nothing."
            )
            yield _lost(statement, code(page.text_of(call)), extra)
        case _:
            return


def _foreign(book: Book, page: Page, owner: ast.Name, line: int) -> bool:
    """Whether the name stands for a module, or an object of a class that we do not know."""
    found = book.latest(owner.id, page, line)
    return found is None or found[1].kind not in {"for", "param"}


def _lost(statement: ast.Expr, text: str, extra: str = "") -> Explanation:
    return Explanation(
        kind=Kind.LOST_RESULT,
        line=statement.lineno,
        where=f"{at(statement.lineno)} works out a value, and the value is lost. Look at what happens with it.",
        what=f"{text} gives a result, and nothing keeps it: it is not stored, not shown and not handed on.{extra}",
        how=_LOST_HOW,
    )


def _not_called(book: Book, page: Page, statement: ast.Expr, reader: Reader) -> Iterator[Explanation]:
    value = statement.value
    if isinstance(value, ast.Attribute):
        known = reader.type_of(value.value)
        if value.attr not in _CALLED_ALONE or known not in {"list", "str", "dict", "set"}:
            opened = value.attr == "close" and isinstance(value.value, ast.Name) and _is_opened(reader, value.value)
            if not opened:
                return
    elif not (isinstance(value, ast.Name) and book.function(value.id) is not None):
        return
    text = page.text_of(value)
    yield Explanation(
        kind=Kind.MISSING_CALL,
        line=statement.lineno,
        where=f"{at(statement.lineno)} only names {code(text)}. Look at what is missing behind it.",
        what=f"{code(text)} is a function. Without parentheses it is only named, not run, so this line does nothing.",
        how="Parentheses run a function, also when nothing stands in them: `colors.reverse()`, not `colors.reverse`.",
    )


def _is_opened(reader: Reader, name: ast.Name) -> bool:
    value = reader.value_of(name)
    return isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "open"


def in_place_results(book: Book, page: Page) -> Iterator[Explanation]:
    """``x = xs.sort()``: the result of a method that changes its object and gives nothing back."""
    for node in page.nodes:
        match node:
            case (
                ast.Assign(targets=[target], value=ast.Call() as call)
                | ast.AnnAssign(target=target, value=ast.Call() as call)
            ):
                if not (isinstance(target, ast.Name) and target.id.startswith("_")):
                    yield from _in_place(book, page, call, f"{code(page.text_of(target))} gets the value `None`")
            case ast.Call(func=ast.Name(id="print"), args=[ast.Call() as call, *_]):
                yield from _in_place(book, page, call, "`print` shows `None`")
            case ast.Return(value=ast.Call(func=ast.Attribute(attr="sort" | "reverse")) as call):
                yield from _in_place(book, page, call, "the function gives back `None`")
            case ast.For(iter=ast.Call() as call):
                yield from _in_place(book, page, call, "the loop gets `None`")
            case _:
                continue


def _in_place(book: Book, page: Page, call: ast.Call, result: str) -> Iterator[Explanation]:
    if not isinstance(call.func, ast.Attribute):
        return
    attr, owner = call.func.attr, call.func.value
    if attr == "shuffle" and isinstance(owner, ast.Name) and owner.id == "random":
        pass
    elif attr not in _RETURN_NONE or not _is_list(book, page, owner, attr, call.lineno):
        return
    yield Explanation(
        kind=Kind.IN_PLACE_RESULT,
        line=call.lineno,
        where=f"Look at `{attr}` in **line {call.lineno}**. What does it give back?",
        what=f"`{attr}` changes the list itself and gives nothing back. So {result}, and not the list.",
        how=(
            "Call it on a line of its own and go on with the list: `names.reverse()`, then `print(names)`. For a "
            "new list in order there is `sorted(names)`."
        ),
    )


def _is_list(book: Book, page: Page, owner: ast.expr, attr: str, line: int) -> bool:
    kind = Reader(book, page, line).type_of(owner)
    if kind is not None:
        return kind in {"list", "set", "dict"} if attr in {"clear", "remove"} else kind == "list"
    if attr not in _SURE_LIST or not isinstance(owner, ast.Name):
        return False
    found = book.latest(owner.id, page, line)
    if found is None or found[1].kind not in {"param", "for"}:
        return False
    own_classes = any(isinstance(n, ast.FunctionDef) and n.name == attr for p in book.pages for n in p.nodes)
    tables = {"pandas", "numpy", "polars", "pd", "np", "pl"} & set(book.global_names)
    return not own_classes and not tables
