"""Values compared outside: what counts as equal, and what a learner is told about the first difference."""

from __future__ import annotations

import datetime
import math
from collections import Counter, OrderedDict, namedtuple
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
import pandas as pd  # type: ignore[import-untyped]
import pytest

from ltt_collab.validation.comparison import Tolerance, difference, rows_difference
from ltt_collab.validation.values import shown, tree_of

Point = namedtuple("Point", "x y")


class Colour(Enum):
    RED = 1


@dataclass
class Dot:
    x: int
    y: float = 0.5


class Equal:
    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 0


class Forged(str):
    __slots__ = ()

    def __repr__(self) -> str:
        return "'right'"


class Listed(list[int]):
    def __iter__(self) -> Any:
        return iter([1, 2, 3])


def _difference(expected: object, got: object) -> str | None:
    return difference(tree_of(expected), tree_of(got), Tolerance())


@pytest.mark.parametrize(
    ("expected", "got"),
    [
        (2, 2.0),
        (0.3, 0.1 + 0.2),
        (2.5, np.float64(2.5)),
        (3, np.int8(3)),
        (True, np.bool_(True)),
        ("x", np.str_("x")),
        (math.nan, math.nan),
        ([1, [2.0, {"a": (3,)}]], [1, [2, {"a": (3.0,)}]]),
        ({"a": 1, "b": 2}, OrderedDict(b=2, a=1)),
        ({"a": 2, "b": 1}, Counter("aab")),
        ((1, 2), Point(1, 2)),
        ({1, 2, 3}, frozenset({3, 2, 1})),
        (Colour.RED, Colour.RED),
        (Dot(1), Dot(1)),
        (b"ab", bytearray(b"ab")),
        (10**400, 10**400),
        (1 + 2j, 1 + 2j),
        (range(3), range(3)),
        (np.array([[1, 2], [3, 4]]), np.array([[1.0, 2.0], [3.0, 4.0]])),
        (pd.DataFrame({"a": [1, 2]}), pd.DataFrame({"a": [1.0, 2.0]})),
        (pd.Series([1, None]), pd.Series([1.0, math.nan])),
        (datetime.date(2024, 2, 29), datetime.date(2024, 2, 29)),
        (datetime.datetime(2024, 1, 1, 5), pd.Timestamp("2024-01-01 05:00")),
    ],
)
def test_values_that_mean_the_same_are_equal(expected: object, got: object) -> None:
    assert _difference(expected, got) is None


@pytest.mark.parametrize(
    ("expected", "got", "said"),
    [
        (3, Equal(), "a Equal object"),
        ("right", Forged("wrong"), "'wrong'"),
        ([1, 2, 3], Listed([1, 2]), "expected 3 items, got 2 items"),
        (True, 1, "expected True, got 1"),
        (1, True, "got True"),
        (3, None, "does not reach a return"),
        (3, "3", "int(…)"),
        ([1, 2], (1, 2), "square brackets"),
        ([0, 1], range(2), "list(…)"),
        ([0, 1], (x for x in range(2)), "list(…)"),
        ([1, 2], np.array([1, 2]), ".tolist()"),
        ([1, 2, 3], [1, 2, 4], "item 2: expected 3, got 4"),
        ({"a": 1}, {}, "key 'a' is missing"),
        ({}, {"a": 1}, "key 'a' should not be there"),
        ({1, 2}, {1}, "2 is missing"),
        ("Ada", "ada", "upper and lower case"),
        ("a b", "a  b\n", "only in spaces"),
        (Dot(1), Dot(2), "attribute 'x': expected 1, got 2"),
        (np.zeros((2, 2)), np.zeros(4), "shape (2, 2)"),
        (pd.DataFrame({"a": [1]}), pd.DataFrame({"b": [1]}), "the columns differ"),
        (pd.DataFrame({"a": [1, 2]}), pd.DataFrame({"a": [1, 2]}, index=[1, 2]), "reset_index"),
        (1.5, math.nan, "nan"),
        (1.5, math.inf, "inf"),
        (10**400, 1.5, "about"),
    ],
)
def test_the_first_difference_is_said_in_words(expected: object, got: object, said: str) -> None:
    assert said in (_difference(expected, got) or "equal")


def test_a_value_that_hides_its_class_is_read_by_its_real_bases() -> None:
    class Liar:
        __class__ = int  # type: ignore[assignment]

    assert tree_of(Liar())[0] == "object"


@pytest.mark.parametrize("value", [[0] * 100_000, "x" * 300_000, {n: n for n in range(80_000)}])
def test_a_huge_value_is_bounded(value: object) -> None:
    assert tree_of(value)[0] == "large"
    assert "too large" in (_difference(value, value) or "")


def test_a_nest_without_end_is_bounded() -> None:
    nest: list[object] = []
    nest.append(nest)

    assert len(shown(tree_of(nest))) < 200


def test_a_shown_value_is_one_short_line() -> None:
    assert len(shown(tree_of(list(range(1000))))) <= 160


def test_rows_count_as_a_bag_unless_their_order_is_asked_for() -> None:
    one, other = tree_of([(1, "a"), (2, "b")]), tree_of([(2, "b"), (1.0, "a")])

    assert rows_difference(one, other, ordered=False) is None
    assert rows_difference(one, other, ordered=True) == "row 1: expected (1, 'a'), got (2, 'b')"
    assert rows_difference(one, tree_of([(1, "a")]), ordered=False) == "expected 2 rows, got 1 row"
    assert rows_difference(one, tree_of([(1,), (2,)]), ordered=False) == "expected 2 columns, got 1"
