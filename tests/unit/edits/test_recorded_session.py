"""A session of a real JupyterLab, recorded once, is told as what the learner did."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ltt_collab.documents.replica import Replica
from ltt_collab.edits.decoder import DocumentDecoder
from ltt_collab.edits.replayer import apply_all
from ltt_collab.edits.shared import plain
from ltt_collab.edits.stamp import Stamp
from ltt_collab.model.cells import Notebook
from ltt_collab.model.edits import CellMoved, RoomEvent, RunFinished, RunOutcome, SourceEdited
from ltt_collab.model.ids import ClientId, Seq
from ltt_collab.model.presence import SERVER, Author, AuthorKind
from ltt_collab.model.reading import read_cells
from tests.unit.edits.session import ADA, OURS, ROOM, People

RECORDING = Path(__file__).parents[2] / "data" / "jupyterlab_session.json"

BROWSER_IDS = 1 << 32
"""Yjs draws client ids below this; pycrdt, hence the server, draws from a wider range."""

MARK = "MetadataChanged"  # JupyterLab marks a cell as trusted when it is first run, and unmarks all on a reload

EXPECTED = {
    "start": [],
    "type": ["SourceEdited"] * 10,
    "run error": [MARK, "RunStarted", "OutputsAppended", "RunFinished"],
    "replace": ["SourceEdited"],
    "run stream": [MARK, "RunStarted", *["OutputsAppended"] * 3, "RunFinished"],
    "replace cr": ["SourceEdited"],
    "run cr": [
        "OutputsCleared",
        "RunStarted",
        "OutputsAppended",
        *["OutputsCleared", "OutputsAppended", "OutputsAppended"] * 3,
        "RunFinished",
    ],
    "replace sleep": ["SourceEdited"],
    "run sleep": ["OutputsCleared", "RunStarted"],
    "interrupt": ["OutputsAppended", "RunFinished"],
    "move down": ["CellMoved"],
    "select first & to markdown": ["CellTypeChanged"],
    "to code": ["CellTypeChanged"],
    "insert below": ["CellInserted"],
    "type 1/0": ["SourceEdited"] * 3,
    "replace sleep2": ["SourceEdited"],
    "run all": ["OutputsCleared", *["RunStarted"] * 3, "OutputsAppended", *["RunFinished"] * 3],
    "clear outputs": ["OutputsCleared"],
    "delete": ["CellRemoved"],
    "undo delete": ["CellInserted"],
    "out of band": sorted(["CellInserted", "SourceEdited", *[MARK] * 3]),
    "rename": ["DocumentRenamed"],
}


class Classroom(People):
    """One learner's browser, and the server."""

    def author_of(self, client: ClientId) -> Author:
        return ADA if 0 < client < BROWSER_IDS else SERVER


class Told:
    """The recording, as told by the decoder."""

    def __init__(self, *, sleep_between: bool = False) -> None:
        self.now = 0.0
        self.log: list[RoomEvent] = []
        self.steps: dict[str, list[RoomEvent]] = {}
        self.decoder = DocumentDecoder(Stamp(ROOM, Seq(0), lambda: self.now), Classroom(ADA), self.log.append)
        self.replica = Replica(on_local_update=lambda _update: None, observer=self.decoder, client_id=OURS)
        self.begun: Notebook | None = None
        for step, at, update in updates():
            self.now = at
            before = len(self.log)
            self.replica.apply(update)
            if self.begun is None:
                self.decoder.begin()
                self.begun = self.notebook()
            self.steps.setdefault(step, []).extend(self.log[before:])
            if sleep_between:
                self.replica.hibernate()

    def notebook(self) -> Notebook:
        cells = read_cells(plain(self.replica.cells))
        return Notebook(room=ROOM, path=str(self.replica.status.get("path")), cells=cells, seq=Seq(len(self.log)))

    def of(self, kind: type[Any], step: str) -> list[Any]:
        return [event for event in self.steps[step] if isinstance(event, kind)]


def updates() -> Iterator[tuple[str, float, bytes]]:
    """Step, seconds, update."""
    for step in json.loads(RECORDING.read_text())["steps"]:
        for at, update in step["updates"]:
            yield step["step"], at, base64.b64decode(update)


@pytest.fixture(scope="module", params=[False, True], ids=["awake", "asleep after each update"])
def told(request: pytest.FixtureRequest) -> Told:
    return Told(sleep_between=request.param)


@pytest.mark.proves("edits:real-jupyterlab-told")
@pytest.mark.parametrize("step", EXPECTED)
def test_each_act_of_the_learner_is_told_as_such(told: Told, step: str) -> None:
    kinds = [type(event).__name__ for event in told.steps.get(step, [])]
    # A map of changed keys has no order: the server's reload touches several cells in one transaction.
    assert (sorted(kinds) if step == "out of band" else kinds) == EXPECTED[step]


@pytest.mark.proves("edits:real-jupyterlab-told")
def test_the_recording_holds_every_step_and_nothing_else(told: Told) -> None:
    assert {step for step, events in told.steps.items() if events} == {
        step for step, kinds in EXPECTED.items() if kinds
    }
    assert told.decoder.faults == 0


@pytest.mark.proves("edits:events-rebuild-the-notebook")
def test_the_recorded_events_rebuild_the_notebook(told: Told) -> None:
    assert told.begun is not None
    assert apply_all(told.begun, told.log) == told.notebook()


def test_what_was_typed_is_told_letter_by_letter(told: Told) -> None:
    typed = [event.splices[0] for event in told.of(SourceEdited, "type")]
    assert "".join(splice.inserted for splice in typed) == "prnt('é😀')"
    assert [splice.at for splice in typed] == list(range(10))


def test_the_learner_and_the_server_are_told_apart(told: Told) -> None:
    for step, events in told.steps.items():
        by_server = step in {"out of band", "rename"}
        assert all((event.author.kind is AuthorKind.SERVER) == by_server for event in events), step


def test_runs_end_as_the_learner_saw_them_end(told: Told) -> None:
    def outcomes(step: str) -> list[RunOutcome]:
        return [event.outcome for event in told.of(RunFinished, step)]

    assert outcomes("run error") == [RunOutcome.ERROR]
    assert outcomes("run stream") == [RunOutcome.OK]
    assert outcomes("interrupt") == [RunOutcome.INTERRUPTED]
    assert outcomes("run all") == [RunOutcome.ERROR, RunOutcome.UNKNOWN, RunOutcome.UNKNOWN]
    (failed,) = told.of(RunFinished, "run error")
    assert (failed.error.name, failed.error.value) == ("NameError", "name 'prnt' is not defined")
    assert not any("\x1b" in line for line in failed.error.traceback)


def test_the_moved_cell_is_said_from_where_to_where(told: Told) -> None:
    (moved,) = told.of(CellMoved, "move down")
    assert (moved.cell.id, moved.from_index, moved.to_index) == ("c-one", 0, 1)
