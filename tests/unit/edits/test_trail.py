"""Where the next keystroke falls is guessed from the last one: never wrongly, whatever is sent."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from pycrdt import Array, Doc, Map, Text, TransactionEvent

from ltt_collab.documents.replica import OURS, Replica
from ltt_collab.edits.decoder import DocumentDecoder
from ltt_collab.edits.stamp import Stamp
from ltt_collab.edits.trail import Trail
from ltt_collab.model.edits import RoomEvent, SourceEdited
from ltt_collab.model.ids import ClientId, RoomId, Seq, Username
from ltt_collab.model.presence import Author, AuthorKind

CLIENTS = (101, 2**31 + 7, 300)
"""Ids of one, five and two bytes."""

LETTERS = "abc =(\n)"
ODD = ("é", "漢", "😀", "👩‍🚀", "two words", "\t")


class Everybody:
    """Each client is a learner of that name."""

    def author_of(self, client: ClientId) -> Author:
        return Author(kind=AuthorKind.LEARNER, username=Username(str(client)), client=client)

    def humans(self) -> list[Author]:
        return []


class Blind(Trail):
    """Never knows: the decoder asks the document each time."""

    __slots__ = ()

    def goes_on(self, update: bytes) -> bool:
        return False


class Counting(Trail):
    """Counts how often it knew."""

    __slots__ = ("known",)

    def __init__(self) -> None:
        super().__init__()
        self.known = 0

    def goes_on(self, update: bytes) -> bool:
        goes_on = super().goes_on(update)
        self.known += goes_on
        return goes_on


class Reader:
    """A room as one decoder tells it."""

    def __init__(self, trail: Trail) -> None:
        self.events: list[RoomEvent] = []
        stamp = Stamp(RoomId("room"), Seq(0), lambda: 0.0)
        self.decoder = DocumentDecoder(stamp, Everybody(), self._hear)
        self.decoder._trail = trail
        self.replica = Replica(on_local_update=lambda _: None, observer=self.decoder, client_id=ClientId(7))

    def _hear(self, event: RoomEvent) -> None:
        self.events.append(event)

    def told(self) -> list[RoomEvent]:
        """What one transaction became; the CRDT library tells changes of several cells in any order."""
        told, self.events = self.events, []
        return sorted((replace(event, seq=Seq(0)) for event in told), key=repr)


class Typist:
    """One browser: types in runs, marks the document dirty as JupyterLab does."""

    def __init__(self, client: int, state: bytes) -> None:
        self.doc: Doc[Any] = Doc(client_id=client)
        self.doc.apply_update(state)
        self.cells: Array[Any] = self.doc.get("cells", type=Array)
        self.status: Map[Any] = self.doc.get("state", type=Map)
        self.sent: list[bytes] = []
        self.watch = self.doc.observe(self._keep)
        self.applying = False

    def _keep(self, event: TransactionEvent) -> None:
        if not self.applying:
            self.sent.append(event.update)

    def hear(self, update: bytes) -> None:
        self.applying = True
        self.doc.apply_update(update)
        self.applying = False

    def type(self, rng: random.Random) -> None:
        if not len(self.cells):
            return
        text: Text = self.cells[rng.randrange(len(self.cells))]["source"]
        at, dirty = rng.choice((0, len(str(text).encode()))), rng.random() < 0.7
        if not str(text).isascii():
            at = 0
        for _ in range(rng.randrange(1, 12)):
            letter = rng.choice(ODD) if rng.random() < 0.05 else rng.choice(LETTERS)
            with self.doc.transaction():
                if rng.random() < 0.1 and at < len(str(text)) and str(text).isascii():
                    text.insert(at, letter)  # typed over what is there
                    at += len(letter.encode())
                    del text[at : at + 1]
                elif rng.random() < 0.1 and at > 0 and str(text).isascii():
                    at -= 1
                    del text[at : at + 1]
                else:
                    text.insert(at, letter)
                    at += len(letter.encode())
                if dirty:
                    self.status["dirty"] = True

    def mirror(self, rng: random.Random) -> None:
        """Type in two places in one transaction."""
        if len(self.cells) < 2:
            return
        one, two = rng.sample(range(len(self.cells)), 2)
        with self.doc.transaction():
            self.cells[one]["source"].insert(0, "m")
            self.cells[two]["source"].insert(0, "m")

    def insert(self, rng: random.Random) -> None:
        self.cells.insert(rng.randrange(len(self.cells) + 1), cell(f"{self.doc.client_id}-{rng.random()}", "x"))

    def remove(self, rng: random.Random) -> None:
        if len(self.cells) > 1:
            del self.cells[rng.randrange(len(self.cells))]

    def move(self, rng: random.Random) -> None:
        """As JupyterLab does: delete, and insert a clone."""
        if len(self.cells) < 2:
            return
        index = rng.randrange(len(self.cells))
        clone = cell(self.cells[index]["id"], str(self.cells[index]["source"]))
        with self.doc.transaction():
            del self.cells[index]
            self.cells.insert(rng.randrange(len(self.cells) + 1), clone)


def cell(identifier: str, source: str) -> Map[Any]:
    return Map({"id": identifier, "cell_type": "code", "source": Text(source), "metadata": Map({})})


def notebook() -> bytes:
    doc: Doc[Any] = Doc(client_id=55)
    doc.get("cells", type=Array).extend([cell(f"c{index}", f"value = {index}\n") for index in range(5)])
    doc.get("state", type=Map)["dirty"] = False
    return doc.get_update()


def readers(state: bytes, trail: Trail) -> Iterator[Reader]:
    for each in (trail, Blind()):
        reader = Reader(each)
        reader.replica.apply(state)
        reader.decoder.begin()
        yield reader


def shuffled(updates: list[bytes], rng: random.Random) -> Iterator[bytes]:
    """Now and then two of them in the wrong order, or one again."""
    waiting: bytes | None = None
    for update in updates:
        if waiting is None and rng.random() < 0.05:
            waiting = update
            continue
        yield update
        if waiting is not None:
            yield waiting
            waiting = None
        if rng.random() < 0.05:
            yield rng.choice(updates)
    if waiting is not None:
        yield waiting


@pytest.mark.proves("edits:the-quick-way-tells-the-same")
@pytest.mark.parametrize("seed", range(30))
def test_knowing_the_cell_beforehand_tells_the_same_events(seed: int) -> None:
    rng, state, trail = random.Random(seed), notebook(), Counting()
    fast, slow = readers(state, trail)
    typists = [Typist(client, state) for client in CLIENTS]
    for _ in range(80):
        typist = rng.choice(typists)
        act: Callable[[random.Random], None] = typist.type
        if rng.random() < 0.2:
            act = rng.choice((typist.mirror, typist.insert, typist.remove, typist.move))
        act(rng)
        sent, typist.sent = typist.sent, []
        for other in typists:
            if other is not typist and rng.random() < 0.9:
                for update in sent:
                    other.hear(update)
        for update in shuffled(sent, rng):
            fast.replica.apply(update)
            slow.replica.apply(update)
            assert fast.told() == slow.told()
        if rng.random() < 0.1 and len(fast.replica.cells):
            for reader in (fast, slow):
                with reader.replica.writing():
                    reader.replica.cells[0]["source"].insert(0, "o")
            assert fast.told() == slow.told()
        if rng.random() < 0.05:
            fast.replica.hibernate()
            slow.replica.hibernate()
    assert trail.known > 3, "hardly anything was tried"


def test_our_own_write_right_after_a_known_keystroke_is_told_of_its_own_cell() -> None:
    state, trail = notebook(), Counting()
    reader, _ = readers(state, trail)
    typist = Typist(101, state)
    text: Text = typist.cells[1]["source"]
    for at, letter in enumerate("abcd"):
        with typist.doc.transaction():
            text.insert(at, letter)
            typist.status["dirty"] = True
    for update in typist.sent:
        reader.replica.apply(update)
    with reader.replica.writing():
        reader.replica.cells[4]["source"].insert(0, "ours")
    assert trail.known
    assert [event.cell_id for event in reader.told() if isinstance(event, SourceEdited)] == [*["c1"] * 4, "c4"]


@pytest.mark.parametrize("cut", range(1, 22))
def test_a_keystroke_that_is_cut_off_is_not_taken_for_one(cut: int) -> None:
    state, trail = notebook(), Counting()
    reader, _ = readers(state, trail)
    typist = Typist(101, state)
    for at, letter in enumerate("abcd"):
        with typist.doc.transaction():
            typist.cells[1]["source"].insert(at, letter)
            typist.status["dirty"] = True
    for update in typist.sent[:3]:
        reader.replica.apply(update)
    last = typist.sent[3]
    trail.known = 0
    for _ in range(2):
        trail.pick_up(last[:cut], 1, 3)  # does not raise
    assert not trail.goes_on(last[:cut])


def test_a_transaction_within_a_transaction_is_refused() -> None:
    replica = Replica(on_local_update=lambda _: None)
    with replica.doc.transaction(origin=OURS), pytest.raises(Exception, match="cannot be read"):
        replica.apply(notebook())
