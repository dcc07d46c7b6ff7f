"""IPython's own syntax becomes Python with the same lines."""

from __future__ import annotations

import pytest

from agent.rules.cellcode import MAX_SOURCE, read_cell


@pytest.mark.parametrize(
    ("source", "python"),
    [
        ("%matplotlib inline\nx = 1", "pass\nx = 1"),
        ("!ls -l | wc\ny = 2", "pass\ny = 2"),
        ("!ls \\\n  -l\ny = 2", "pass\n\ny = 2"),
        ("files = !ls\nlen(files)", "files = get_ipython()\nlen(files)"),
        ("a = %pwd", "a = get_ipython()"),
        ("print?\nmath.sqrt??\n?len", "pass\npass\npass"),
        ("if x:\n    !echo 'it'\n    %cd data\ny", "if x:\n    pass\n    pass\ny"),
        ("%time x = 3", "x = 3"),
        ("%%time\nx = 1", "\nx = 1"),
        ("%%capture out\nprint(1)", "out = get_ipython()\nprint(1)"),
        ("   x = 1\n   y = 2", "x = 1\ny = 2"),
        ("text = '''\n%no magic\n!nor this\n'''", "text = '''\n%no magic\n!nor this\n'''"),
        ("x = (5\n% 3)\ny = x != 3", "x = (5\n% 3)\ny = x != 3"),
        ("await f()\nasync with g() as h:\n    pass", "await f()\nasync with g() as h:\n    pass"),
        ("x = 1\r\ny = 2\r", "x = 1\ny = 2\n"),
    ],
)
def test_each_line_keeps_its_number(source: str, python: str) -> None:
    read = read_cell(source)

    assert read.text == python
    assert read.tree is not None
    assert read.text.count("\n") == source.replace("\r\n", "\n").replace("\r", "\n").count("\n")


def test_a_foreign_cell_magic_is_not_read_as_python() -> None:
    read = read_cell("\n%%bash\nfor f in *; do echo $f; done")

    assert (read.cell_magic, read.tree) == ("bash", None)


@pytest.mark.parametrize("source", ["%run other.py", "from math import *", "exec('x = 1')", "%%sql\nselect 1"])
def test_names_that_cannot_be_seen_are_admitted(source: str) -> None:
    assert read_cell(source).dynamic


def test_leading_blank_lines_are_counted_as_the_kernel_drops_them() -> None:
    assert read_cell("\n \n\nx = 1").skipped == 3


@pytest.mark.parametrize(
    "source",
    [
        "a\0b",
        "(" * 5000,
        "-" * 20000 + "1",
        "x" + ".a" * 9000,
        "lambda:" * 3000 + "1",
        "\ud800",
        "x" * (MAX_SOURCE + 1),
    ],
    ids=["nul", "brackets", "minuses", "dots", "lambdas", "surrogate", "too long"],
)
def test_what_no_parser_takes_has_no_tree(source: str) -> None:
    assert read_cell(source).tree is None
