"""Whether the steps of a solution are told one by one, whatever stands between them.

A step is what a learner types off in one go: a header, an assignment, a call. A comprehension has the steps of the
loop that it is, a chain of calls one for each call. Names that the solution makes for itself may be others in the text;
names that it was given (parameters, columns, methods) may not. A step weighs as many as it has fixed tokens.
"""

from __future__ import annotations

import ast
import builtins
import keyword
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from ltt_collab.tutoring.code_tokens import Tokens, tokens_of

LEAST = 5
"""A solution whose new steps weigh less cannot be told from talk about it."""

SHARE, SHORT_SHARE = 0.6, 0.8
"""How much of the weight of the new steps must be told: of a longer solution, of one up to ``SHORT``."""

SHORT = 12

LONG_CHAIN = 2
"""Calls on one another from which each is a step of its own."""

_LAYOUT = frozenset("()[]{},:.'")
_FIXED = frozenset(keyword.kwlist) | frozenset(dir(builtins))
_FLIPPED: dict[type[ast.cmpop], ast.cmpop] = {
    ast.Lt: ast.Gt(), ast.Gt: ast.Lt(), ast.LtE: ast.GtE(), ast.GtE: ast.LtE(),
    ast.Eq: ast.Eq(), ast.NotEq: ast.NotEq(),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Step:
    """One step in each of its spellings; ``free``: the names in it that the text may have chosen otherwise."""

    spellings: tuple[Tokens, ...]
    free: frozenset[str]

    @property
    def weight(self) -> int:
        """How many of its tokens are neither layout nor a name that could be another."""
        return min(
            sum(token not in _LAYOUT and token not in self.free for token in spelling) for spelling in self.spellings
        )

    def is_in(self, said: Tokens) -> bool:
        """Whether one spelling of it was said."""
        return any(self._starts(spelling, said) for spelling in self.spellings)

    def _starts(self, spelling: Tokens, said: Tokens) -> bool:
        first = spelling[0]
        ends = len(said) - len(spelling) + 1
        return any(
            (said[at] == first or first in self.free) and self._matches(spelling, said[at : at + len(spelling)])
            for at in range(ends)
        )

    def _matches(self, spelling: Tokens, heard: Tokens) -> bool:
        """Whether these tokens are the spelling with other free names, each always the same."""
        names: dict[str, str] = {}
        for wanted, got in zip(spelling, heard, strict=True):
            if wanted not in self.free:
                if wanted != got:
                    return False
            elif not got.isidentifier() or got in _FIXED or names.setdefault(wanted, got) != got:
                return False
        return True


def tells_steps(said: Sequence[Tokens], lines: Sequence[str], written: Tokens) -> bool:
    """Whether one reading of a text tells most of the steps of ``lines`` that are not ``written`` already."""
    new = [step for step in steps_of("\n".join(lines)) if not step.is_in(written)]
    total = sum(step.weight for step in new)
    if total < LEAST:
        return False
    share = SHORT_SHARE if total <= SHORT else SHARE
    return any(sum(step.weight for step in new if step.is_in(tokens)) >= share * total for tokens in said)


@lru_cache(maxsize=256)
def steps_of(source: str) -> tuple[Step, ...]:
    """The steps of some Python; none of what is no Python."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    free = frozenset(
        node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    ) - frozenset(node.arg for node in ast.walk(tree) if isinstance(node, ast.arg))
    found: dict[tuple[Tokens, ...], Step] = {}
    for spellings in _statements(tree):
        tokens = tuple(dict.fromkeys(each for text in spellings if (each := tokens_of(text))))
        if tokens:
            found.setdefault(tokens, Step(spellings=tokens, free=free))
    return tuple(found.values())


def _statements(tree: ast.AST) -> Iterator[list[str]]:
    """Every step of the statements below, as texts that say the same."""
    for node in ast.walk(tree):
        match node:
            case ast.For() | ast.AsyncFor():
                yield [f"for {ast.unparse(node.target)} in {ast.unparse(node.iter)}"]
            case ast.While(test=test) | ast.If(test=test) | ast.Assert(test=test):
                yield _tests(test)
            case ast.With(items=items):
                for item in items:
                    yield from _expression(item.context_expr, "")
            case ast.Return(value=value) if value is not None:
                yield from _expression(value, "return ")
            case ast.Expr(value=value):
                yield from _expression(value, "")
            case ast.Raise(exc=error) if error is not None:
                yield [f"raise {ast.unparse(error.func if isinstance(error, ast.Call) else error)}"]
            case ast.Assign() | ast.AugAssign() | ast.AnnAssign():
                yield from _assignment(node)
            case _:
                pass


def _assignment(node: ast.Assign | ast.AugAssign | ast.AnnAssign) -> Iterator[list[str]]:
    target = node.targets[0] if isinstance(node, ast.Assign) else node.target
    name, value = ast.unparse(target), node.value
    if value is None:
        return
    if isinstance(node, ast.AugAssign):
        value = ast.BinOp(left=target, op=node.op, right=value)
    if isinstance(value, ast.BinOp) and ast.unparse(value.left) == name:
        operator = tokens_of(ast.unparse(ast.BinOp(left=ast.Name("a"), op=value.op, right=ast.Name("b"))))[1]
        right = ast.unparse(value.right)
        yield [f"{name} = {name} {operator} {right}", f"{name} {operator}= {right}"]
        return
    yield from _expression(value, f"{name} = ")


def _expression(node: ast.expr, lead: str) -> Iterator[list[str]]:
    """The steps of a value; ``lead``: what makes use of it."""
    parts = [part for part in ast.walk(node) if isinstance(part, ast.ListComp | ast.SetComp | ast.GeneratorExp)]
    if parts:
        for part in parts:
            yield [ast.unparse(part.elt)]
            for clause in part.generators:
                yield [f"for {ast.unparse(clause.target)} in {ast.unparse(clause.iter)}"]
                for test in clause.ifs:
                    yield _tests(test)
        return
    links = list(_chain(node))
    if len(links) > LONG_CHAIN:
        for link in links:
            yield [link]
        return
    text = f"{lead}{ast.unparse(node)}"
    # In brackets or not, a tuple is the same.
    yield [text] if not isinstance(node, ast.Tuple) else [text, f"{lead}{', '.join(map(ast.unparse, node.elts))}"]


def _chain(node: ast.expr) -> Iterator[str]:
    """The links of a chain like ``a.b(1)['c'].d()``, the last first."""
    while True:
        match node:
            case ast.Call(func=ast.Attribute(value=value, attr=attr)):
                told = ast.unparse(ast.Call(func=ast.Name("f"), args=node.args, keywords=node.keywords))
                yield f".{attr}{told[1:]}"
                node = value
            case ast.Subscript(value=value):
                yield f"[{ast.unparse(node.slice)}]"
                node = value
            case ast.Attribute(value=value, attr=attr):
                yield f".{attr}"
                node = value
            case _:
                return


def _tests(test: ast.expr) -> list[str]:
    """A question in each of its spellings."""
    texts = [ast.unparse(test)]
    if isinstance(test, ast.Compare) and len(test.ops) == 1 and type(test.ops[0]) in _FLIPPED:
        flipped = ast.Compare(left=test.comparators[0], ops=[_FLIPPED[type(test.ops[0])]], comparators=[test.left])
        texts.append(ast.unparse(flipped))
    return texts
