"""What counts as giving the solution away."""

from __future__ import annotations

import pytest

from ltt_collab.bench.suites.leaks import INNOCENT, LEAKING
from ltt_collab.tutoring.leak import leaks

REFERENCE = """\
import math

def area(radius):
    # the whole disc
    if radius < 0:
        raise ValueError("negative")
    return math.pi * radius ** 2
"""
LEARNER = "def area(radius):\n    pass"
BODY = "    if radius < 0:\n        raise ValueError('negative')\n    return math.pi * radius ** 2"


@pytest.mark.parametrize(
    "text",
    [
        f"```python\n{REFERENCE}```",
        f"Write\n\n{BODY}\n\nand run it.",
        BODY.replace("\n", " # aha\n"),
        BODY.replace(" ", "   "),
        "\n".join(f"# {line}" for line in BODY.splitlines()),
        "Do `if radius < 0: raise ValueError(\"negative\")` first",
        "- one: if radius<0:raise ValueError('negative');return math.pi*radius**2",
    ],
)  # fmt: skip
def test_a_copy_is_found_however_it_is_laid_out(text: str) -> None:
    assert leaks(text, REFERENCE, LEARNER)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "A negative radius makes no sense: what should happen then?",
        "The area needs `math.pi`. How does Python write a square?",
        "On another example:\n```python\nif age < 0:\n    raise ValueError('too young')\n```",
        "Your function begins with `def area(radius):` and then does nothing.",
        "it's a lone quote \" and a bracket ( that never closes",
    ],
)
def test_talk_about_the_task_is_no_leak(text: str) -> None:
    assert not leaks(text, REFERENCE, LEARNER)


def test_quoting_what_the_learner_wrote_is_no_leak() -> None:
    assert leaks(BODY, REFERENCE, LEARNER)
    assert not leaks(BODY, REFERENCE, REFERENCE)


def test_a_short_solution_is_compared_as_a_whole() -> None:
    reference = "mean = sum(xs) / len(xs)"
    assert leaks("Just write `mean = sum(xs) / len(xs)`.", reference, "")
    assert not leaks("`sum(xs)` gives the total.", reference, "")


def test_a_solution_too_short_to_tell_from_talk_is_not_compared() -> None:
    assert not leaks("x = 3", "x = 3", "")


@pytest.mark.parametrize("reference", ["def f(:\n    return x + y + z", "'''never closed\nx = y + z + w", ""])
def test_a_reference_that_is_no_complete_python_does_no_harm(reference: str) -> None:
    assert leaks(reference, reference, "") is (reference != "")


@pytest.mark.proves("gate:leak-renamed")
def test_solutions_are_found_under_other_names_and_ordinary_talk_is_not_taken_for_one() -> None:
    missed = [case.text for case in LEAKING if not leaks(case.text, case.reference, case.learner)]
    alarms = [case.text for case in INNOCENT if leaks(case.text, case.reference, case.learner)]
    assert (len(LEAKING) >= 60, len(INNOCENT) >= 60) == (True, True)
    assert len(missed) <= 0.05 * len(LEAKING), missed
    assert len(alarms) <= 0.02 * len(INNOCENT), alarms


@pytest.mark.parametrize(
    "text", ["`" * 400, "(" * 1200, "'" * 1200, "a=" * 600, "```\n" * 300, "\x00" * 50, "1 " * 600]
)
def test_a_text_of_any_kind_is_judged_without_harm(text: str) -> None:
    assert not leaks(text, REFERENCE, LEARNER)


SEVERAL = """\
# %% the last one
colours = ["red", "green", "blue"]
last = colours[-1]
# %% without the ends
def middle(items):
    return items[1:-1]
# %% the rest of a class
class Queue:
    def __init__(self):
        self.waiting = []

    def take(self):
        return self.waiting.pop(0)
"""


@pytest.mark.proves("gate:leak-of-one-part")
@pytest.mark.parametrize(
    "text",
    [
        "Write `return items[1:-1]` in the last line.",
        "```python\ndef middle(values):\n    return values[1:-1]\n```",
        "`return self.waiting.pop(0)` is missing.",
    ],
)
def test_of_a_reference_with_several_parts_none_is_given_away(text: str) -> None:
    written = 'colours = ["red", "green", "blue"]\nlast = colours[3]\ndef middle(items):\n    return items\nx = = 1'
    assert leaks(text, SEVERAL, written)


def test_what_the_task_itself_gives_is_no_secret_even_beside_a_cell_that_is_no_python() -> None:
    written = 'colours = ["red", "green", "blue"]\nlast = colours[3]\nthis is = = no python'
    assert not leaks('`colours = ["red", "green", "blue"]` makes a list of three.', SEVERAL, written)
