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


MEAN = (
    "def mean(values):\n    total = 0\n    for value in values:\n        total += value\n    return total / len(values)"
)


@pytest.mark.proves("gate:leak-step-by-step")
@pytest.mark.parametrize(
    "text",
    [
        "Begin with `t = 0`. Go over them by `for v in values:`, do `t = t + v` in it, and `return t / len(values)`.",
        "First write total = 0. Then for value in values: total += value. At the end: return total / len(values).",
    ],
)
def test_steps_that_are_told_one_by_one_are_the_solution_too(text: str) -> None:
    assert leaks(text, MEAN, "def mean(values):\n    pass")


@pytest.mark.parametrize(
    "text",
    [
        "`for v in values:` looks at each of them. What do you want to do with it?",
        "Another example: `text = ''`, and then a loop over `words` that does `text = text + word`.",
        "`len(values)` says how many there are. `/` divides.",
    ],
)
def test_a_step_alone_and_the_steps_of_another_task_give_nothing_away(text: str) -> None:
    assert not leaks(text, MEAN, "def mean(values):\n    pass")


def test_a_whole_line_with_the_names_that_it_has_is_a_leak_and_a_part_of_it_is_none() -> None:
    reference = "total = sum(values)\nmean = total / len(values)\nprint(mean)"
    assert leaks("The last line should be `mean = total / len(values)`.", reference, "total = sum(values)")
    assert not leaks("What is `total / len(values)`?", reference, "total = sum(values)")


def test_a_comprehension_and_its_loop_are_one_solution_and_so_are_a_column_and_its_attribute() -> None:
    loop = "`for w in words:` and `if len(w) > limit:` and then `found.append(w.strip().upper())`"
    assert leaks(loop, "long = [w.strip().upper() for w in words if limit < len(w)]", "")
    told = "`t.groupby('city').price.max().sort_values()`"
    assert leaks(told, "best = t.groupby('city')['price'].max().sort_values()", "t = 1")


@pytest.mark.proves("gate:leak-query")
def test_a_query_is_found_in_other_letters_with_other_names_for_its_tables() -> None:
    query = "SELECT books.title, COUNT(loans.id) FROM books JOIN loans ON loans.book = books.id GROUP BY books.id"
    told = "select b.title, count(l.id) from books as b join loans l on l.book = b.id group by b.id"
    assert leaks(told, query, "SELECT title FROM books")
    assert leaks(told, f'rows = db.execute("{query}").fetchall()', "")
    assert not leaks("`select f.name, max(f.price) from flats f group by f.city` gives one row a city.", query, "")
