"""Puts questions to a kernel as expressions, and reads the answers; each answer must carry its question's nonce."""

from __future__ import annotations

import ast
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any, Final

from ltt_collab.model.errors import NoAnswerError
from ltt_collab.ports.kernels import Evaluated
from ltt_collab.validation.values import Tree, is_tree

Subject = tuple[str, ...]
"""An expression, and the operands to tell as well where it is False."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A line of a traceback: its number, its function, its text."""

    line: int
    function: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What an expression gave: a value, or (``value`` None) an error with its classes, most special first."""

    value: Tree | None = None
    classes: tuple[tuple[str, str], ...] = ()
    said: str = ""
    places: tuple[Place, ...] = ()
    printed: str = ""
    operands: tuple[Tree, ...] = ()

    @property
    def error_name(self) -> str:
        """The error's class; '' where there is a value."""
        return self.classes[0][1] if self.classes else ""


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def text_of(module: str) -> str:
    """The text of a module of this package without comments and docstrings: it is sent with every live check."""
    source = resources.files("ltt_collab.validation").joinpath(f"{module}.py").read_text(encoding="utf-8")
    tree = ast.parse(source)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and len(body) > 1 and _is_text(body[0]):
            del body[0]
    return ast.unparse(tree)


_PACKED: Final = text_of("kernel_side")  # read with the modules: never on an event loop


def new_nonce() -> str:
    """A word that no code in a kernel can know before it is asked."""
    return secrets.token_hex(8)


def installing(name: str) -> str:
    """Code that puts our side into a fresh kernel under ``name``, before any code of a learner runs there."""
    return (
        f"def {name}(ns):\n    inside = {{}}\n    exec({_PACKED!r}, inside)\n    return inside['ltt_make'](ns)\n"
        f"{name} = {name}(globals())"
    )


def question(name: str, nonce: str, subjects: Sequence[Subject]) -> str:
    """The expression that asks our side, put there by ``installing``."""
    return f"{name}({nonce!r}, {list(subjects)!r})"


def lone_question(nonce: str, subjects: Sequence[Subject]) -> str:
    """The expression that brings our side along and leaves nothing behind: for a learner's own kernel."""
    return (
        f"(lambda inside: (__import__('builtins').exec({_PACKED!r}, inside), "
        f"inside['ltt_make'](globals())({nonce!r}, {list(subjects)!r}))[1])({{}})"
    )


def read(evaluated: Evaluated, nonce: str, count: int) -> list[Told]:
    """The answers to ``count`` subjects.

    Raises:
        NoAnswerError: anything else came back; a learner's code meddled, or the question could not be put.
    """
    if evaluated.raised:
        raise NoAnswerError(f"{evaluated.error_name}: {evaluated.error_value}"[:300])
    try:
        given = json.loads(ast.literal_eval(evaluated.text))
        signed, answers = given
        told = [_told(answer) for answer in answers]
    except (ValueError, TypeError, KeyError, IndexError, SyntaxError, RecursionError, MemoryError) as error:
        raise NoAnswerError("it is not in our form") from error
    if signed != nonce or len(told) != count:
        raise NoAnswerError("it is the answer to something else")
    return told


def _told(answer: Any) -> Told:
    match answer:
        case ["value", value, str(printed), [*operands]] if is_tree(value):
            sides = tuple(side[1] for side in operands if side[0] == "value" and is_tree(side[1]))
            return Told(value=value, printed=printed, operands=sides if len(sides) == len(operands) else ())
        case ["raised", [_, *_] as names, str(said), [*frames], str(printed), [*_]]:
            places = tuple(Place(line=int(line), function=str(f), text=str(text)) for line, f, text in frames)
            classes = tuple((str(module), str(name)) for module, name in names)
            return Told(classes=classes, said=said, places=places, printed=printed)
        case _:
            raise ValueError(answer)
