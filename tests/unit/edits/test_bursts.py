"""Keystrokes in one cell become one burst."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ltt_collab.edits.bursts import Bursts
from ltt_collab.edits.stamp import Stamp
from ltt_collab.model.commands import TimeElapsed, WakeAt
from ltt_collab.model.edits import BurstEnded, CellRemoved, RoomEvent, SourceEdited, Splice
from ltt_collab.model.ids import CellId, Seq
from ltt_collab.model.presence import SERVER, UNKNOWN, Author
from tests.unit.edits.session import ADA, AI, BOB, ROOM

A, B = CellId("a"), CellId("b")


class Typist:
    """Sends edits and time, keeps what comes back."""

    def __init__(self) -> None:
        self.stamp = Stamp(ROOM, Seq(0), lambda: 0.0)
        self.sources: dict[CellId, str] = {A: "", B: ""}
        self.bursts = Bursts(self.stamp, self.sources.get, debounce=0.7, max_wait=5.0)
        self.woken: list[float] = []
        self.ended: list[BurstEnded] = []

    def type(self, at: float, cell: CellId = A, author: Author = ADA) -> None:
        self.sources[cell] += "x"
        self.send(
            SourceEdited(
                room=ROOM, seq=self.stamp.next(), at=at, author=author, cell_id=cell, splices=(Splice(0, 0, "x"),)
            )
        )

    def send(self, event: RoomEvent | TimeElapsed) -> None:
        for command in self.bursts.handle(event):
            match command:
                case WakeAt(when=when):
                    self.woken.append(when)
                case BurstEnded():
                    self.ended.append(command)

    def wait(self, now: float) -> None:
        self.send(TimeElapsed(now=now))


@pytest.mark.proves("edits:bursts")
def test_a_pause_ends_the_burst_once() -> None:
    typist = Typist()
    for at in (1.0, 1.2, 1.5):
        typist.type(at)
    typist.wait(1.7)
    assert typist.ended == []
    typist.wait(2.2)
    typist.wait(9.0)
    (burst,) = typist.ended
    assert (burst.first_seq, burst.last_seq, burst.source, burst.author, burst.seq) == (1, 3, "xxx", ADA, 4)


@pytest.mark.proves("edits:bursts")
def test_typing_without_a_pause_is_seen_after_the_longest_wait() -> None:
    typist = Typist()
    for tenth in range(60):
        typist.type(tenth / 10)
        typist.wait(tenth / 10)
    assert [burst.at for burst in typist.ended] == [5.0]


def test_only_one_wake_up_is_outstanding() -> None:
    typist = Typist()
    for at in (1.0, 1.1, 1.2, 1.3):
        typist.type(at)
    assert typist.woken == [1.7]
    typist.wait(1.7)
    assert typist.woken == [1.7, 2.0]


def test_cells_burst_apart() -> None:
    typist = Typist()
    typist.type(1.0, A)
    typist.type(1.5, B)
    typist.wait(1.8)
    assert [burst.cell_id for burst in typist.ended] == [A]
    typist.wait(2.2)
    assert [burst.cell_id for burst in typist.ended] == [A, B]


def test_two_people_in_one_cell_are_one_burst_of_nobody_known() -> None:
    typist = Typist()
    typist.type(1.0, A, ADA)
    typist.type(1.1, A, BOB)
    typist.wait(2.0)
    assert [burst.author for burst in typist.ended] == [UNKNOWN]


@pytest.mark.parametrize("author", [AI, SERVER])
def test_what_no_human_typed_is_no_burst(author: Author) -> None:
    typist = Typist()
    typist.type(1.0, A, author)
    typist.wait(9.0)
    assert (typist.ended, typist.woken) == ([], [])


def test_a_cell_that_went_away_bursts_no_more() -> None:
    typist = Typist()
    typist.type(1.0)
    typist.send(CellRemoved(room=ROOM, seq=typist.stamp.next(), at=1.1, author=ADA, cell_id=A, index=0))
    typist.wait(9.0)
    assert typist.ended == []


@pytest.mark.proves("trigger:a-name-told-later-counts")
def test_a_learner_who_is_named_only_while_they_type_is_one_author() -> None:
    typist, nameless = Typist(), replace(ADA, username=None)
    typist.type(1.0, A, nameless)
    typist.type(1.1, A, ADA)
    typist.type(1.2, B, ADA)
    typist.type(1.3, B, nameless)
    typist.wait(3.0)
    assert [burst.author for burst in typist.ended] == [ADA, ADA]
