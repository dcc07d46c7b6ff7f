"""Tracebacks of several IPython versions give the same frames."""

from __future__ import annotations

import pytest

from agent.rules.trace import line_in_message, read_trace

_NINE = """\
Cell In[4], line 2
      1 print(
----> 2   f(1))

Cell In[2], line 5, in f(a)
      4
----> 5   return a/0
"""
_EIGHT = """\
Input In [4], in <cell line: 2>()
      1 print(
----> 2   f(1))

Input In [2], in f(a)
----> 5   return a/0
"""
_SEVEN = """\
<ipython-input-4-0a1b2c> in <module>
      1 print(
----> 2   f(1))

<ipython-input-2-ffff> in f(a)
----> 5   return a/0
"""


@pytest.mark.parametrize("text", [_NINE, _EIGHT, _SEVEN], ids=["IPython 9", "IPython 8.0", "IPython 7"])
def test_frames_of_cells_are_read(text: str) -> None:
    frames = read_trace(text).frames

    assert [(frame.number, frame.line, frame.function) for frame in frames] == [(4, 2, ""), (2, 5, "f")]
    assert [frame.shown for frame in frames] == ["f(1))", "return a/0"]


def test_colours_do_not_matter() -> None:
    header = "\x1b[31mCell\x1b[39m\x1b[31m \x1b[39m\x1b[32mIn[3]\x1b[39m\x1b[32m, line 7\x1b[39m"
    text = f"{header}\n\x1b[32m----> 7\x1b[39m x\n"

    assert read_trace(text).frames[0].line == 7


def test_a_raise_in_other_code_is_known_as_such() -> None:
    text = "Cell In[1], line 2\n----> 2 json.loads('{')\n\nFile ~/json/__init__.py:346, in loads(s)\n--> 346 return 1\n"

    trace = read_trace(text)

    assert trace.in_library
    assert [frame.line for frame in trace.frames] == [2]


def test_an_endless_recursion_is_read_from_both_ends() -> None:
    text = "Cell In[1], line 3\n----> 3 f(3)\n\n" + "Cell In[1], line 2, in f(n)\n----> 2 f(n)\n\n" * 5000

    frames = read_trace(text).frames

    assert frames[0].line == 3
    assert frames[-1].line == 2
    assert len(frames) < 2000


@pytest.mark.parametrize(
    "text", ["", "\0", "Cell In[", "-> " + "9" * 9000, "Cell In[1], line " + "9" * 600, "\n" * 90_000], ids=len
)
def test_nonsense_gives_no_frames(text: str) -> None:
    assert read_trace(text).frames == ()


def test_the_line_of_a_syntax_error_is_in_its_message() -> None:
    assert line_in_message("invalid syntax (414968818.py, line 12)") == 12
    assert line_in_message("invalid syntax") is None
