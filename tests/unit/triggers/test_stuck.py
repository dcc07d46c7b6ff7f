"""Who is stuck, and who gets on, told as conversations."""

from __future__ import annotations

import pytest

from ltt_collab.model.edits import CursorMoved, HelpCause, OutputsAppended, PeerLeft, RunError
from ltt_collab.model.ids import CellId, Username
from ltt_collab.model.presence import Selection, User
from ltt_collab.triggers.idle_after_error import HELD_BACK, IDLE
from ltt_collab.triggers.long_run import ANY, ENDLESS, LOOPING, patience_with
from ltt_collab.triggers.names import names_in
from ltt_collab.triggers.progress import error_line
from tests.support.conversation import ADA, BOB, NAME_ERROR, TYPE_ERROR, A, B, Helped, code


@pytest.fixture
def room() -> Helped:
    return Helped().opens(code(A, "x = 1\nprint(y)"), code(B, "print(x)"))


def at(line: int, name: str = "NameError", value: str = "name 'y' is not defined") -> RunError:
    return RunError(name=name, value=value, traceback=(f"Cell In[3], line {line}",))


def causes(room: Helped) -> list[HelpCause]:
    return [ask.cause for ask in room.asks]


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (at(7), 7),
        (RunError(name="SyntaxError", value="'(' was never closed (1234.py, line 2)"), 2),
        (RunError(name="E", value="", traceback=("---> 12 f(x)", "      3 def f")), 12),
        (RunError(name="E", value="on line 4 of the file"), None),
        (None, None),
    ],
)
def test_the_line_of_an_error_is_read_from_what_the_kernel_says(error: RunError | None, line: int | None) -> None:
    assert error_line(error) == line


@pytest.mark.proves("trigger:progress-is-left-alone")
def test_who_comes_to_another_error_by_an_edit_is_left_alone(room: Helped) -> None:
    room.runs_it(A, at(1, "TypeError", "no")).sees_hint().writes("x = 2\nprint(y)").runs_it(A, at(2))
    assert causes(room) == [HelpCause.ERROR_RAISED]
    assert "another error than before" in room.because


@pytest.mark.proves("trigger:progress-is-left-alone")
def test_the_same_error_in_a_later_line_is_progress_and_in_a_moved_line_is_not(room: Helped) -> None:
    room.runs_it(A, at(2)).sees_hint("s1").writes("x = 1\nprint(2)\nprint(y, y)").runs_it(A, at(3))
    assert "in a later line" in room.because
    room.writes("\nx = 1\nprint(2)\nprint(y, y)").runs_it(A, at(4))
    assert causes(room) == [HelpCause.ERROR_RAISED, HelpCause.SAME_ERROR_AGAIN]


def test_an_error_that_comes_back_is_no_progress(room: Helped) -> None:
    room.runs_it(A, NAME_ERROR).sees_hint("s1").writes("x = 3").runs_it(A, TYPE_ERROR)
    room.writes("x = 4").runs_it(A, NAME_ERROR)
    assert causes(room) == [HelpCause.ERROR_RAISED, HelpCause.SAME_ERROR_AGAIN]


@pytest.mark.proves("trigger:idle-after-error")
def test_a_second_error_that_was_left_alone_is_helped_when_its_learner_stops(room: Helped) -> None:
    room.runs_it(A, TYPE_ERROR).sees_hint().writes("x = 2").runs_it(A, NAME_ERROR)
    room.later(HELD_BACK - 1)
    assert len(room.asks) == 1
    room.later(2)
    assert causes(room)[1:] == [HelpCause.IDLE_AFTER_ERROR]
    assert room.rungs == [1, 1]


@pytest.mark.proves("trigger:idle-after-error")
def test_who_edited_after_the_hint_and_stopped_gets_the_next_rung_once(room: Helped) -> None:
    room.runs_it(A, NAME_ERROR).sees_hint().later(10).writes("x = 2").later(IDLE + 1)
    assert (causes(room)[1:], room.rungs) == ([HelpCause.IDLE_AFTER_ERROR], [1, 2])
    room.sees_hint("s2").later(600)
    assert len(room.asks) == 2


def test_who_was_not_seen_since_the_hint_may_be_gone_and_is_not_helped(room: Helped) -> None:
    room.runs_it(A, NAME_ERROR).sees_hint().later(3_000)
    assert len(room.asks) == 1


def test_who_only_looks_around_after_the_hint_has_done_nothing_that_the_ladder_could_climb_on(room: Helped) -> None:
    room.runs_it(A, NAME_ERROR).sees_hint().later(10)
    moved = CursorMoved(**room.events.head(ADA), selection=Selection(cell_id=A, anchor=0, head=0))
    room.hears(moved).later(IDLE + 1)
    assert len(room.asks) == 1
    assert "paused after the error" in room.because


def test_a_tutor_with_nothing_to_say_is_not_asked_again_by_a_pause_alone(room: Helped) -> None:
    room.runs_it(A, NAME_ERROR).tutor_answers(None).later(300)
    assert len(room.asks) == 1
    assert room.because == "the tutor has just now had nothing to say about this"


def test_who_left_or_fixed_it_is_not_idle(room: Helped) -> None:
    room.runs_it(A, TYPE_ERROR).sees_hint().writes("x = 2").runs_it(A, NAME_ERROR)
    room.hears(PeerLeft(**room.events.head(ADA), user=User(username=Username("ada"), display_name="Ada"))).later(300)
    room.runs_it(B, TYPE_ERROR, by=BOB).tutor_answers().runs_it(B, by=BOB).later(300)
    assert HelpCause.IDLE_AFTER_ERROR not in causes(room)


@pytest.mark.proves("trigger:thrashing")
def test_the_same_lines_back_and_forth_are_helped_at_the_third_return(room: Helped) -> None:
    for source in ("i < 3", "i <= 3", "i < 3", "i <= 3"):
        room.writes(source).later(3)
    assert room.asks == []
    room.writes("i <  3".replace("  ", " ")).later(3)
    assert causes(room) == [HelpCause.THRASHING]
    assert room.because == "the cell was edited back and forth"


def test_a_run_right_after_the_last_return_does_not_lose_the_help(room: Helped) -> None:
    for source in ("i < 3", "i <= 3", "i < 3", "i <= 3", "i < 3"):
        room.later(3).writes(source).runs_it(A)
    assert causes(room) == [HelpCause.THRASHING]


def test_spaces_make_no_version_and_a_long_edit_begins_anew(room: Helped) -> None:
    for source in ("i < 3", "i < 3  ", "\ni < 3", "i <= 3", "i < 3", "i <= 3", "i <= 3\n" + "y = 1\n" * 40, "i < 3"):
        room.writes(source).later(3)
    assert room.asks == []


@pytest.mark.proves("trigger:thrashing")
def test_runs_that_come_no_further_are_helped_at_the_fourth(room: Helped) -> None:
    for number in range(4):
        room.writes(f"x = {number}\ny").runs_it(A, at(2, f"Error{number}", "")).tutor_answers()
    assert causes(room) == [HelpCause.ERROR_RAISED, HelpCause.THRASHING]
    assert room.because == "4 failed runs in a row came no further"


def test_runs_that_come_further_down_each_time_are_left_alone(room: Helped) -> None:
    for number in range(6):
        room.writes(f"x = {number}" + "\ny" * 9).runs_it(A, at(number + 1, f"Error{number}", "")).tutor_answers()
    assert causes(room) == [HelpCause.ERROR_RAISED]


@pytest.mark.proves("trigger:run-order")
def test_a_name_whose_cell_was_not_run_is_a_matter_of_order(room: Helped) -> None:
    room.runs_it(B, RunError(name="NameError", value="name 'x' is not defined"))
    assert causes(room) == [HelpCause.RUN_ORDER]
    assert "was not run" in room.because
    assert room.asks[0].error is not None


def test_a_name_that_no_cell_makes_is_an_ordinary_error(room: Helped) -> None:
    room.runs_it(B, RunError(name="NameError", value="name 'zzz' is not defined"))
    assert causes(room) == [HelpCause.ERROR_RAISED]


@pytest.mark.proves("trigger:run-order")
def test_a_cell_that_was_edited_since_it_ran_is_told_once_until_it_is_run(room: Helped) -> None:
    room.writes("x = 1").runs_it(A, count=1).runs_it(B, count=2)
    assert room.asks == []
    room.writes("x = 2").later(2).runs_it(B, count=3)
    assert causes(room) == [HelpCause.RUN_ORDER]
    assert "edited since it ran" in room.because
    room.tutor_answers().runs_it(B, count=4)
    assert len(room.asks) == 1
    room.runs_it(A, count=5).writes("x = 3").later(2).runs_it(B, count=6)
    assert len(room.asks) == 2


def test_a_comment_is_no_edit_that_matters(room: Helped) -> None:
    room.writes("x = 1").runs_it(A, count=1).writes("x = 1  # one\n\n").later(2).runs_it(B, count=2)
    assert room.asks == []


def test_after_a_restart_of_the_kernel_nothing_counts_as_run(room: Helped) -> None:
    room.writes("x = 1").runs_it(A, count=4).later(2)
    room.runs_it(B, RunError(name="NameError", value="name 'x' is not defined"), count=1)
    assert causes(room) == [HelpCause.RUN_ORDER]


@pytest.mark.parametrize(
    "source",
    [
        "%load_ext sql", "from helpers import *", "exec('x = 1')", "globals()['x'] = 1", "%%writefile x.py\nx = 1",
        "%run setup.py",
    ],
)  # fmt: skip
def test_where_names_may_come_from_anywhere_nothing_is_said_about_a_good_run(room: Helped, source: str) -> None:
    room.writes("x = 1").runs_it(A, count=1).writes(source, CellId("c")).writes("x = 2").later(2)
    room.opens(code(A, "x = 2"), code(B, "print(x)"), code(CellId("c"), source)).runs_it(B, count=3)
    assert room.asks == []


def test_another_language_has_no_order_that_we_know(room: Helped) -> None:
    room.opens(code(A, "x=1"), code(B, "x"), language="bash")
    room.runs_it(A, count=1).writes("x=2").later(2).runs_it(B, count=2)
    assert room.asks == []


def test_names_are_read_without_running_anything() -> None:
    names = names_in("import os as o\nfrom m import f\ndef g(a):\n    return hidden + a\nb = [c for d in e]\nb += k\n")
    assert names.made >= {"o", "f", "g", "b"}
    assert names.read >= {"e", "c", "k"}
    assert "hidden" not in names.read
    assert not {"a", "d"} & (names.made | names.read)


@pytest.mark.parametrize("source", ["x = (", "%%bash\necho $x", "x" * 40_000, "(" * 5_000, "x = '\0'", "!ls {y}"])
def test_what_is_no_python_makes_no_names_and_raises_nothing(source: str) -> None:
    assert names_in(source).made == frozenset()


@pytest.mark.parametrize(
    ("source", "patience"),
    [
        ("while True:\n    x = 1", ENDLESS),
        ("n = 3\nwhile n > 0:\n    print(m)", ENDLESS),
        ("while True:\n    x += 1\n    if x > 3: break", LOOPING),
        ("n = 3\nwhile n > 0:\n    n -= 1", LOOPING),
        ("while queue:\n    queue.pop()", LOOPING),
        ("while not done():\n    step()", LOOPING),
        ("for x in range(10**9): y = x", ANY),
        ("while (", ANY),
        ("while True:\n    name = input()", None),
    ],
)
def test_how_long_a_silent_run_is_borne_depends_on_its_loops(source: str, patience: float | None) -> None:
    assert patience_with(source) == patience


@pytest.mark.proves("trigger:long-run-offer")
def test_a_loop_that_cannot_end_is_offered_to_be_stopped_once(room: Helped) -> None:
    room.writes("while True:\n    x = 1").hears(room.events.started(A, source="while True:\n    x = 1"))
    room.later(ENDLESS - 1)
    assert room.asks == []
    room.later(200)
    assert causes(room) == [HelpCause.LONG_RUN]
    assert room.others == []


def test_a_run_that_prints_is_not_silent(room: Helped) -> None:
    source = "while True:\n    print(1)"
    room.writes(source).hears(room.events.started(A, source=source))
    for _ in range(20):
        room.later(ENDLESS - 5).hears(OutputsAppended(**room.events.head(ADA), cell_id=A, start=0, outputs=()))
    assert room.asks == []


def test_a_run_that_ended_is_offered_nothing(room: Helped) -> None:
    room.writes("while True:\n    x = 1").runs_it(A).later(600)
    assert room.asks == []
