"""The log keeps the end of each room's history and loses nothing silently."""

from __future__ import annotations

from typing import Any

import pytest

from ltt_collab.model.edits import CursorMoved, SuggestionEnded, SuggestionShown
from ltt_collab.model.errors import ResumePointGoneError, SubscriberTooSlowError
from ltt_collab.model.ids import CellId, RoomId, Seq, SuggestionId
from ltt_collab.model.presence import UNKNOWN
from ltt_collab.model.suggestions import EndReason, Placement
from ltt_collab.peer.log import EventLog, RoomLog, Subscription
from ltt_collab.telemetry import metrics

A, B = RoomId("a"), RoomId("b")


def event(room: RoomId, seq: int) -> CursorMoved:
    return CursorMoved(room=room, seq=Seq(seq), at=0.0, author=UNKNOWN, selection=None)


def fill(log: RoomLog, *seqs: int) -> None:
    for seq in seqs:
        log.append(event(log.room, seq))


async def seqs_of(subscription: Subscription) -> list[int]:
    return [each.seq async for each in subscription]


async def test_a_subscriber_gets_what_was_before_and_what_comes_after_in_order() -> None:
    log = EventLog().open(A, Seq(10))
    fill(log, 11, 12, 13)
    subscription = log.subscribe(Seq(11))
    fill(log, 14)
    log.close()
    assert await seqs_of(subscription) == [12, 13, 14]


async def test_from_now_on_means_from_now_on() -> None:
    log = EventLog().open(A, Seq(0))
    fill(log, 1)
    subscription = log.subscribe(None)
    fill(log, 2)
    log.close()
    assert await seqs_of(subscription) == [2]


async def test_a_slow_subscriber_keeps_what_it_has_and_is_told_where_to_resume() -> None:
    log = EventLog().open(A, Seq(0))
    subscription = log.subscribe(None, bound=3)
    fill(log, 1, 2, 3, 4, 5)
    stream = aiter(subscription)
    assert [(await anext(stream)).seq for _ in range(3)] == [1, 2, 3]
    with pytest.raises(SubscriberTooSlowError) as caught:
        await anext(stream)
    assert caught.value.last_seq == 3


@pytest.mark.parametrize("after", [9, 100])
def test_a_resume_point_of_another_life_is_refused(after: int) -> None:
    log = EventLog().open(A, Seq(10))
    fill(log, 11)
    with pytest.raises(ResumePointGoneError):
        log.subscribe(Seq(after))


def test_the_globally_oldest_event_is_forgotten_first() -> None:
    everything = EventLog(keep=3)
    a, b = everything.open(A, Seq(0)), everything.open(B, Seq(0))
    fill(a, 1)
    fill(b, 1, 2, 3)
    assert [[e.seq for e in log.events] for log in (a, b)] == [[], [1, 2, 3]]
    with pytest.raises(ResumePointGoneError):
        a.subscribe(Seq(0))
    b.subscribe(Seq(0))


def test_a_closed_room_takes_no_room_in_the_log() -> None:
    everything = EventLog(keep=2)
    a, b = everything.open(A, Seq(0)), everything.open(B, Seq(0))
    fill(a, 1, 2)
    a.close()
    fill(b, 1, 2)
    assert [e.seq for e in b.events] == [1, 2]


async def test_a_listener_to_all_rooms_hears_each() -> None:
    everything = EventLog()
    listener = everything.subscribe()
    fill(everything.open(A, Seq(0)), 1)
    fill(everything.open(B, Seq(0)), 1)
    everything.close()
    assert [each.room async for each in listener] == [A, B]


def test_operators_see_how_suggestions_were_shown_and_how_they_ended() -> None:
    head: Any = {"room": A, "at": 0.0, "author": UNKNOWN, "suggestion": SuggestionId("s"), "about": CellId("c")}
    shown = SuggestionShown(**head, seq=Seq(1), placement=Placement.NOTE, rung=1, text="", note_cell=None)
    before = _suggestions()
    log = EventLog().open(A, Seq(0))
    log.append(shown)
    log.append(SuggestionEnded(**head, seq=Seq(2), reason=EndReason.DISMISSED))
    assert _suggestions() == (before[0] + 1, before[1] + 1)


def _suggestions() -> tuple[float, float]:
    text = [line for line in metrics.exposition().decode().splitlines() if line.startswith("ltt_suggestions_")]
    values = {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in text}
    return (
        values.get('ltt_suggestions_shown_total{placement="note"}', 0.0),
        values.get('ltt_suggestions_ended_total{reason="dismissed"}', 0.0),
    )
