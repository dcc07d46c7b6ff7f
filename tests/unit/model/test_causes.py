"""When two errors are the same problem."""

from __future__ import annotations

import pytest

from ltt_collab.model.causes import cause_key, is_about, learner_key
from ltt_collab.model.cells import CellRole, Ownership
from ltt_collab.model.edits import RunError
from ltt_collab.model.ids import CellId, ClientId, SuggestionId, Username
from ltt_collab.model.presence import Author, AuthorKind

A, B = CellId("a"), CellId("b")
ADA = Author(kind=AuthorKind.LEARNER, username=Username("ada"), client=ClientId(1))
BOB = Author(kind=AuthorKind.LEARNER, username=Username("bob/../ada"), client=ClientId(1))


def error(value: str, name: str = "SyntaxError") -> RunError:
    return RunError(name=name, value=value)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("invalid syntax (1234567.py, line 3)", "invalid syntax (<ipython-input-9-ab12>, line 12)"),
        ("'(' was never closed (2894539.py, line 1)", "'(' was never closed (77.py, line 2)"),
        ("shapes (3,) and (4,) differ", "shapes (5,) and  (4,)\ndiffer"),
        ("<Thing object at 0x7f12ab> is odd", "<Thing object at 0xffe0> is odd"),
        ("index 5 is out of bounds", "index 12 is out of bounds"),
    ],
)
def test_the_same_error_after_an_edit_is_the_same_cause(one: str, other: str) -> None:
    assert cause_key(ADA, A, error(one)) == cause_key(ADA, A, error(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [("name 'x1' is not defined", "name 'x2' is not defined"), ("'a'", "'b'"), ("", "x"), ("é", "e")],
)
def test_errors_that_say_something_else_are_other_causes(one: str, other: str) -> None:
    assert cause_key(ADA, A, error(one)) != cause_key(ADA, A, error(other))


def test_another_learner_cell_or_name_is_another_cause() -> None:
    keys = {
        cause_key(ADA, A, error("x")),
        cause_key(BOB, A, error("x")),
        cause_key(ADA, B, error("x")),
        cause_key(ADA, A, error("x", "NameError")),
        cause_key(ADA, A, None),
    }
    assert len(keys) == 5


def test_a_cause_is_about_its_problem_whoever_had_it() -> None:
    assert is_about(cause_key(ADA, A, error("x")), A, error("x"))
    assert is_about(cause_key(BOB, A, error("x")), A, error("x"))
    assert not is_about(cause_key(ADA, A, error("x")), A, error("y"))
    assert not is_about(cause_key(ADA, A, error("x")), B, error("x"))
    assert not is_about("", A, error("x"))


def test_a_cause_shows_nothing_of_what_the_learner_printed() -> None:
    assert "secret" not in cause_key(ADA, A, error("secret" * 10_000))
    assert len(cause_key(ADA, A, error("secret" * 10_000))) < 60


def test_a_learner_without_a_name_is_told_apart_by_client() -> None:
    nameless = [Author(kind=AuthorKind.LEARNER, client=ClientId(number)) for number in (1, 2)]
    assert len({learner_key(author) for author in nameless}) == 2


def test_the_mark_of_a_cell_says_what_we_left_in_it() -> None:
    mark = Ownership(
        role=CellRole.HINT, suggestion=SuggestionId("s"), about=A, rung=1, author=Username("tutor"), written="00ff"
    )
    assert Ownership.from_metadata({"ltt": mark.as_metadata()}) == mark
    assert mark.as_metadata()["hash"] == "00ff"
