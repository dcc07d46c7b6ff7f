"""A run is said to begin once and to end once, with what came of it."""

from __future__ import annotations

import pytest
from pycrdt import Array, Map

from ltt_collab.model.edits import OutputsAppended, OutputsCleared, RunFinished, RunOutcome, RunStarted
from ltt_collab.model.reading import OUTPUT_TEXT_LIMIT
from ltt_collab.model.text import source_hash
from tests.unit.edits.session import Browser, Session, code_cell, error, stream

BAD = "1/0"


def start(browser: Browser, index: int = 0) -> None:
    """What JupyterLab 4.6 writes when a cell begins to run."""
    with browser.transaction() as cells:
        cells[index]["outputs"].clear()
        cells[index]["execution_count"] = None
    with browser.transaction() as cells:
        cells[index]["execution_state"] = "running"


def put(browser: Browser, *outputs: Map[object]) -> None:
    """Append outputs to the first cell."""
    with browser.transaction() as cells:
        cells[0]["outputs"].extend(list(outputs))


def finish(browser: Browser, count: int | None, index: int = 0) -> None:
    """What JupyterLab 4.6 writes when a cell ends."""
    with browser.transaction() as cells:
        cells[index]["execution_state"] = "idle"
        if count is not None:
            cells[index]["execution_count"] = float(count)


@pytest.mark.proves("edits:runs-end-once")
def test_a_run_that_raises_ends_once_with_its_error() -> None:
    session = Session(code_cell("a", BAD))
    start(session.ada)
    put(session.ada, error("ZeroDivisionError", "division by zero", "\x1b[31mZeroDivisionError\x1b[39m", "line 1"))
    session.clock += 0.5
    finish(session.ada, 3)
    session.ada.type(0, 0, " ")
    events = session.take()
    started = next(event for event in events if isinstance(event, RunStarted))
    (finished,) = (event for event in events if isinstance(event, RunFinished))
    assert started.source_hash == finished.source_hash == source_hash(BAD)
    assert (finished.outcome, finished.execution_count, finished.duration) == (RunOutcome.ERROR, 3, 0.5)
    assert finished.error is not None
    assert finished.error.traceback == ("ZeroDivisionError", "line 1")


@pytest.mark.proves("edits:runs-end-once")
def test_error_and_end_in_one_transaction_are_said_in_order() -> None:
    session = Session(code_cell("a", BAD))
    with session.ada.transaction() as cells:
        cells[0]["execution_state"] = "running"
    session.take()
    with session.ada.transaction() as cells:
        cells[0]["execution_state"] = "idle"
        cells[0]["execution_count"] = 1
        cells[0]["outputs"].append(error("E", "v"))
    assert session.kinds() == ["OutputsAppended", "RunFinished"]


def test_an_interrupt_is_no_error() -> None:
    session = Session(code_cell("a", BAD))
    start(session.ada)
    put(session.ada, error("KeyboardInterrupt", ""))
    finish(session.ada, 1)
    assert [e.outcome for e in session.take() if isinstance(e, RunFinished)] == [RunOutcome.INTERRUPTED]


def test_a_run_that_was_aborted_ends_unknown() -> None:
    session = Session(code_cell("a", BAD))
    start(session.ada)
    finish(session.ada, None)
    assert [e.outcome for e in session.take() if isinstance(e, RunFinished)] == [RunOutcome.UNKNOWN]


def test_a_run_whose_start_was_not_seen_has_no_duration() -> None:
    session = Session(code_cell("a", "1"))
    with session.ada.transaction() as cells:
        cells[0]["execution_count"] = 4
    finished = session.only(RunFinished)
    assert (finished.duration, finished.outcome, finished.source_hash) == (None, RunOutcome.OK, source_hash("1"))


def test_a_run_that_was_under_way_when_we_came_ends_once() -> None:
    session = Session(code_cell("a", "1", execution_state="running"))
    assert session.notebook().cells[0].running
    finish(session.ada, 2)
    finished = session.only(RunFinished)
    assert (finished.duration, finished.execution_count) == (None, 2)


@pytest.mark.proves("edits:runs-end-once")
def test_a_run_outlives_the_sleep_of_its_room() -> None:
    session = Session(code_cell("a", "1"))
    start(session.ada)
    session.replica.hibernate()
    session.clock += 9
    finish(session.ada, 2)
    assert [e.duration for e in session.take() if isinstance(e, RunFinished)] == [9.0]


@pytest.mark.proves("edits:moved-cells-do-not-run")
def test_a_moved_cell_that_calls_itself_running_for_a_moment_is_no_run() -> None:
    session = Session(code_cell("a", "1", execution_count=4), code_cell("b"))
    with session.ada.transaction() as cells:
        del cells[0]
        clone = code_cell("a", "1", execution_count=4)
        cells.append(clone)
        del clone["execution_state"]
    finish_as_clone(session.ada, "running")
    finish_as_clone(session.ada, "idle")
    assert session.kinds() == ["CellMoved"]


def test_a_running_cell_that_is_moved_ends_once_and_with_its_whole_duration() -> None:
    session = Session(code_cell("a", "1"), code_cell("b"))
    start(session.ada)
    with session.ada.transaction() as cells:
        del cells[0]
        clone = code_cell("a", "1")
        cells.append(clone)
        del clone["execution_state"]
    session.clock += 2
    finish_as_clone(session.ada, "running")
    session.clock += 2
    finish(session.ada, 7, index=1)
    events = session.take()
    assert [type(event).__name__ for event in events] == ["RunStarted", "CellMoved", "RunStarted", "RunFinished"]
    assert [event.duration for event in events if isinstance(event, RunFinished)] == [4.0]


def finish_as_clone(browser: Browser, state: str) -> None:
    """Set the state of the second cell."""
    with browser.transaction() as cells:
        cells[1]["execution_state"] = state


def test_a_growing_stream_says_only_what_is_new() -> None:
    session = Session(code_cell("a", "print"))
    put(session.ada, stream("é1\n"))
    with session.ada.transaction() as cells:
        text = cells[0]["outputs"][0]["text"]
        text.insert(len(text), "2\n")
    first, more = session.take()
    assert isinstance(first, OutputsAppended)
    assert isinstance(more, OutputsAppended)
    assert (more.start, more.outputs[0].text) == (0, "2\n")


def test_a_progress_bar_that_goes_back_is_said_anew() -> None:
    session = Session(code_cell("a", "print"))
    put(session.ada, stream("10%"))
    with session.ada.transaction() as cells:
        text = cells[0]["outputs"][0]["text"]
        text.clear()
        text.insert(0, "20%")
    assert session.kinds() == ["OutputsAppended", "OutputsCleared", "OutputsAppended"]


@pytest.mark.proves("edits:outputs-capped")
def test_a_flood_of_output_is_cut_once_and_then_costs_nothing() -> None:
    session = Session(code_cell("a", "while True: print()"))
    put(session.ada, stream("é" * (OUTPUT_TEXT_LIMIT // 2 - 1)))
    for _ in range(3):
        with session.ada.transaction() as cells:
            text = cells[0]["outputs"][0]["text"]
            text.insert(len(text), "漢字" * 100)
    events = session.take()
    assert len(events) == 2
    last = session.notebook().cells[0].outputs[0]
    assert last.truncated
    assert len(last.text.encode()) <= OUTPUT_TEXT_LIMIT


def test_clearing_outputs_clears_the_number_too() -> None:
    session = Session(code_cell("a", "1", execution_count=3, outputs=Array([stream("1")])))
    with session.ada.transaction() as cells:
        cells[0]["outputs"].clear()
        cells[0]["execution_count"] = None
    assert session.only(OutputsCleared).execution_count is None


def test_clearing_outputs_alone_keeps_the_number() -> None:
    session = Session(code_cell("a", "1", execution_count=3, outputs=Array([stream("1")])))
    with session.ada.transaction() as cells:
        cells[0]["outputs"].clear()
    assert session.only(OutputsCleared).execution_count == 3
