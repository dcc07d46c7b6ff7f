"""Code as tokens that stay the same when it is laid out, spelled or named another way."""

from __future__ import annotations

import ast
import builtins
import copy
import html
import io
import keyword
import re
import tokenize
import unicodedata
from collections.abc import Sequence

Tokens = tuple[str, ...]

_TOKEN = re.compile(
    r"(?<!\w)[rRbBfFuU]{0,2}'[^'\n]*'|\d+\.?\d*(?:[eE][+-]?\d+)?|\w+|\*\*=?|//=?|[<>=!]=|[-+*/%&|^]=|->|:=|[^\w\s]"
)
_DROPPED = frozenset({";", "`", "\\"})
_SKIPPED = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
_KEPT_NAMES = frozenset(keyword.kwlist) | frozenset(name for name in dir(builtins) if not name.startswith("_"))
"""Words that a learner cannot rename without writing another program."""
UNREADABLE = (SyntaxError, ValueError, RecursionError, MemoryError, SystemError)
"""What ``ast.parse`` raises for what is no code: SystemError where it loses count of its depth (cpython #106905)."""

_BEFORE_A_TABLE = (["from"], ["join"], ["update"], ["into"])
_QUERY_WORDS = frozenset(
    {
        "where", "group", "order", "by", "having", "limit", "left", "right", "inner", "outer", "full", "cross", "on",
        "natural", "join", "using", "set", "values", "select", "union", "except", "intersect", "and", "or", "offset",
    }
)  # fmt: skip
"""Words after a table that are no other name for it."""
_INVISIBLE = re.compile(r"[\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff]")
_ESCAPED = re.compile(r"\\([\\`*_{}\[\]()#+.!<>|-])")
_QUOTES = str.maketrans({'"': "'", "“": "'", "”": "'", "‘": "'", "’": "'"})


def plain(text: str) -> str:
    """Markdown as a reader sees it: no invisible characters, entities or escapes; one kind of quote."""
    text = _INVISIBLE.sub("", unicodedata.normalize("NFKC", html.unescape(text)))
    return _ESCAPED.sub(r"\1", text).translate(_QUOTES)


def tokens_of(text: str) -> Tokens:
    """The tokens of any text, code or not; layout, semicolons and backticks do not count."""
    return _dotted([token for token in _TOKEN.findall(text.translate(_QUOTES)) if token not in _DROPPED])


def _dotted(tokens: list[str]) -> Tokens:
    """``table.city`` for ``table['city']``: to the reader of a data frame the same."""
    if "[" not in tokens:
        return tuple(tokens)
    found: list[str] = []
    for token in tokens:
        found.append(token)
        if token == "]" and found[-3:-2] == ["["] and found[-2][:1] == "'" and found[-2][1:-1].isidentifier():
            found[-3:] = [".", found[-2][1:-1]]
    return tuple(found)


def query_tokens(tokens: Tokens) -> Tokens:
    """A query without what its author is free to choose: capital letters, names of tables for short, table prefixes."""
    lower = [token.lower() for token in tokens]
    kept: list[str] = []
    for index, token in enumerate(lower):
        following = lower[index + 1] if index + 1 < len(lower) else ""
        is_prefix = token == "." or (following == "." and token.isidentifier())
        before = lower[max(index - 3, 0) : index]
        follows_table = before[-2:-1] in _BEFORE_A_TABLE or (before[:1] in _BEFORE_A_TABLE and before[-1] == "as")
        is_short_name = follows_table and token.isidentifier() and token not in _QUERY_WORDS
        if not is_prefix and not is_short_name:
            kept.append(token)
    return tuple(kept)


def windows(tokens: Sequence[str], size: int, *, renamed: bool) -> list[Tokens]:
    """Every run of ``size`` tokens; ``renamed``: with the names in it numbered in the order of their appearance."""
    names = _renamable(tokens) if renamed else ()
    return [
        _numbered(tokens[start : start + size], names[start : start + size]) if renamed
        else tuple(tokens[start : start + size])
        for start in range(len(tokens) - size + 1)
    ]  # fmt: skip


def canonical(source: str) -> list[str] | None:
    """The lines of Python code as one spelling of it: no comment, docstring or annotation; None when it is no code."""
    try:
        tree = ast.parse(source)
    except UNREADABLE:
        return None
    try:
        return ast.unparse(ast.fix_missing_locations(_OneSpelling().visit(copy.deepcopy(tree)))).splitlines()
    except (RecursionError, ValueError, AttributeError):
        return None


def without_comments(source: str) -> str:
    """The source without comments; as it is when it is no complete Python."""
    try:
        tokens = [t.string for t in tokenize.generate_tokens(io.StringIO(source).readline) if t.type not in _SKIPPED]
    except (tokenize.TokenError, SyntaxError):
        return source
    return " ".join(tokens)


def _renamable(tokens: Sequence[str]) -> list[bool]:
    """Which tokens are names that somebody chose: no keyword, no built-in, nothing after a dot."""
    return [
        token.isidentifier() and token not in _KEPT_NAMES and (index == 0 or tokens[index - 1] != ".")
        for index, token in enumerate(tokens)
    ]


def _numbered(tokens: Sequence[str], names: Sequence[bool]) -> Tokens:
    numbers: dict[str, str] = {}
    return tuple(
        numbers.setdefault(token, f"·{len(numbers)}") if is_name else token
        for token, is_name in zip(tokens, names, strict=True)
    )


class _OneSpelling(ast.NodeTransformer):
    """``x = x + 1`` for ``x += 1``, ``a < b`` for ``b > a``, and nothing that only a reader needs."""

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        self.generic_visit(node)
        read = copy.deepcopy(node.target)
        for part in ast.walk(read):
            if hasattr(part, "ctx"):
                part.ctx = ast.Load()
        return ast.Assign(targets=[node.target], value=ast.BinOp(left=read, op=node.op, right=node.value), lineno=0)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST | None:
        self.generic_visit(node)
        return ast.Assign(targets=[node.target], value=node.value, lineno=0) if node.value else None

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        flipped: dict[type[ast.cmpop], ast.cmpop] = {ast.Gt: ast.Lt(), ast.GtE: ast.LtE()}
        if len(node.ops) == 1 and type(node.ops[0]) in flipped:
            return ast.Compare(left=node.comparators[0], ops=[flipped[type(node.ops[0])]], comparators=[node.left])
        return node

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        self.generic_visit(node)
        if ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
        return node
