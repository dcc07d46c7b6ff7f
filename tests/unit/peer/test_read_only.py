"""Which expressions may be asked of a learner's kernel, and that asking them changes nothing."""

from __future__ import annotations

import ast
import collections
import copy
import io
import json
import sqlite3
from typing import Any

import pytest

from ltt_collab.peer.read_only import LONGEST_ANSWER, as_read_only, is_readable


def namespace() -> dict[str, Any]:
    database = sqlite3.connect(":memory:")
    database.execute("create table t (a int, b text)")
    return {
        "xs": [3, 1, 2],
        "s": "aB",
        "d": {"k": [1, {"z": 2}]},
        "counts": collections.defaultdict(list, {"here": [1]}),
        "numbers": (n for n in range(3)),
        "text_file": io.StringIO("a\nb"),
        "list": [1],
        "len": 7,
        "json": json,
        "copy": copy,
        "db": database,
        "big": "é" * 100_000,
    }


def ask(expression: str, names: dict[str, Any] | None = None) -> str:
    text = eval(as_read_only(expression), names if names is not None else namespace())
    assert isinstance(text, str)
    return text


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("xs", "[3, 1, 2]"),
        ("len(xs)", "3"),
        ("list(xs)", "[3, 1, 2]"),
        ("list", "[1]"),
        ("sorted(xs, reverse=True)", "[3, 2, 1]"),
        ("xs[-1]", "2"),
        ("xs[0:2]", "[3, 1]"),
        ("d['k'][1]['z']", "2"),
        ("counts['here']", "[1]"),
        ("s.upper().split('B')", "['A', '']"),
        ("2 in xs and not s == 'x'", "True"),
        ("1 < xs[0] <= 3", "True"),
        ("type(s)", "<class 'str'>"),
        ("isinstance(s, str)", "True"),
        ("hasattr(s, 'upper')", "True"),
        ("max(xs)", "3"),
        ("{'a': len(s), 'b': (1, -2)}", "{'a': 2, 'b': (1, -2)}"),
        ("d.keys()", "dict_keys(['k'])"),
        (
            'db.execute("pragma table_info(t)").fetchall()',
            "[(0, 'a', 'INT', 0, None, 0), (1, 'b', 'TEXT', 0, None, 0)]",
        ),
        ("db.execute(\"SELECT name FROM sqlite_master WHERE type='table';\").fetchall()", "[('t',)]"),
    ],
)
def test_what_only_reads_is_asked(expression: str, text: str) -> None:
    assert ask(expression) == text


def test_all_names_are_told_even_within_our_own_frames() -> None:
    assert set(namespace()) <= set(ast.literal_eval(ask("dir()")))


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "x = 1",
        "(x := 1)",
        "import os",
        "f(",
        "xs.append(4)",
        "xs.pop()",
        "xs.sort()",
        "d.update(a=1)",
        "d.setdefault('a', 1)",
        "[x for x in xs]",
        "lambda: 1",
        "f'{xs}'",
        "await xs",
        "(yield)",
        "xs if xs else s",
        "2 ** 9999999",
        "'x' * 999999999",
        "__import__('os').system('true')",
        "__builtins__",
        "s.__class__",
        "s._private",
        "open('a')",
        "eval('1')",
        "getattr(s, 'x')",
        "setattr(s, 'x', 1)",
        "globals()",
        "exit()",
        "print(1)",
        "input()",
        "range(999999999)",
        "type('X', (), {})",
        "sorted(xs, key=s.upper)",
        "max(*xs)",
        "dict(**d)",
        "xs[len(xs)]",
        "xs[s.pop()]",
        "df.to_csv('a.csv')",
        "df.drop(columns='a', inplace=True)",
        "requests.get('http://example.org')",
        "os.remove('a')",
        "db.execute('drop table t')",
        "db.execute('drop table t').fetchall()",
        "db.execute('select * from t').fetchall()",
        "db.execute('pragma table_info(t); drop table t').fetchall()",
        "db.execute(s).fetchall()",
        "x" * 501,
        "-" * 90 + "1",
        "(" * 300,
        "[" + "1," * 100 + "]",
        "\x00",
    ],
)
@pytest.mark.proves("insight:facts-read-only")
def test_what_may_do_more_than_read_is_refused(expression: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        as_read_only(expression)
    assert not is_readable(expression)


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ("list(numbers)", "use it up"),
        ("sorted(text_file)", "use it up"),
        ("2 in numbers", "use it up"),
        ("counts['new']", "new"),
        ("json.index('x')", "module"),
        ("copy.count(1)", "module"),
    ],
)
def test_what_would_change_something_by_being_read_raises_instead(expression: str, why: str) -> None:
    names = namespace()
    with pytest.raises(KeyError, match=why):
        ask(expression, names)
    assert list(names["numbers"]) == [0, 1, 2]
    assert names["text_file"].read() == "a\nb"
    assert dict(names["counts"]) == {"here": [1]}


def test_nothing_is_bound_by_asking() -> None:
    names = namespace()
    before = set(names)
    for expression in ("xs[0]", "len(xs)", "sorted(xs)", "s.upper()", "dir()"):
        ask(expression, names)
    assert set(names) - before == {"__builtins__"}, "which a kernel's namespace has anyway"


def test_a_long_answer_is_cut_within_the_kernel() -> None:
    assert len(ask("big")) == LONGEST_ANSWER + 1
