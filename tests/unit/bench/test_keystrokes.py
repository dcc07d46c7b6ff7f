"""What is typed in a benchmark is typing."""

from __future__ import annotations

import pytest

from ltt_collab.bench.keystrokes import make_typing
from ltt_collab.bench.measures import percentile
from ltt_collab.bench.observers import Classroom
from ltt_collab.documents.replica import Replica
from ltt_collab.edits.decoder import DocumentDecoder
from ltt_collab.edits.stamp import Stamp
from ltt_collab.model.edits import RoomEvent, SourceEdited
from ltt_collab.model.ids import RoomId, Seq


def test_every_update_is_one_edit_of_one_cell() -> None:
    typing = make_typing(50, 120)
    events: list[RoomEvent] = []
    decoder = DocumentDecoder(Stamp(RoomId("r"), Seq(0), lambda: 0.0), Classroom(), events.append)
    replica = Replica(on_local_update=lambda _update: None, observer=decoder)
    replica.apply(typing.state)
    decoder.begin()
    for update in typing.updates:
        replica.apply(update)
    assert len(events) == len(typing.updates) == 120
    assert all(isinstance(event, SourceEdited) for event in events)


def test_the_notebook_is_as_large_as_a_real_one() -> None:
    assert 18_000 < len(make_typing(50, 1).state) < 26_000


@pytest.mark.parametrize(("percent", "value"), [(0, 1), (50, 51), (99, 100), (100, 100)])
def test_a_percentile_is_a_value_that_occurred(percent: float, value: float) -> None:
    assert percentile([float(number) for number in range(100, 0, -1)], percent) == value
