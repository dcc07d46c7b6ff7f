"""Did you mean: near names are found, far ones are not."""

from __future__ import annotations

import pytest

from agent.rules.similar import MAX_WORD, closest, distance


@pytest.mark.parametrize(
    ("word", "candidates", "meant"),
    [
        ("totl", ["total", "title"], "total"),
        ("prnit", ["print", "point"], "print"),
        ("Name", ["name"], "name"),
        ("my_list", ["mylist", "my_set"], "mylist"),
        ("lenght", ["length"], "length"),
        ("temprature", ["temperature"], "temperature"),
        ("price", ["prices"], "prices"),
        ("x", ["y", "z"], None),
        ("ab", ["abc"], None),
        ("cat", ["dog", "cart"], "cart"),
        ("elephant", ["total", "print"], None),
        ("total", ["total"], None),
        ("", ["a"], None),
    ],
)
def test_a_slip_is_recognised_and_a_stranger_is_not(word: str, candidates: list[str], meant: str | None) -> None:
    assert closest(word, candidates) == meant


def test_the_nearer_of_two_wins_and_the_first_of_equals() -> None:
    assert closest("count", ["county", "counts"]) == "county"


def test_a_swap_of_neighbours_is_one_edit() -> None:
    assert distance("form", "from", 2) == 1


def test_an_endless_word_costs_nothing() -> None:
    assert closest("a" * (MAX_WORD + 1), ["a" * MAX_WORD]) is None
