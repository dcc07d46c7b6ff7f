"""One document that sleeps, wakes, takes in what others send and hands on what we write."""

from __future__ import annotations

import gc
import random
import weakref
from contextlib import suppress
from typing import Any

import pytest
from pycrdt import Array, Doc, Map, Subscription, Text

from ltt_collab.documents.notebook import NotebookView
from ltt_collab.documents.replica import OURS, REMOTE, Replica
from ltt_collab.model.errors import ProtocolViolationError
from ltt_collab.model.ids import CellId, ClientId, RoomId

CELL = CellId("a")


class Diary:
    """Writes down what a replica tells its observer, and the origins of the events it sees."""

    def __init__(self) -> None:
        self.entries: list[str] = []
        self.fails = False
        self._doc: Doc[Any] | None = None
        self._subscription: Subscription | None = None

    def attached(self, doc: Doc[Any]) -> None:
        self.entries.append("attached")
        self._doc = doc
        self._cells = doc.get("cells", type=Array)
        self._subscription = self._cells.observe_deep(self._seen)

    def detached(self) -> None:
        self.entries.append("detached")
        assert self._subscription is not None
        self._cells.unobserve(self._subscription)
        del self._cells, self._subscription
        self._doc = None

    def before_apply(self, update: bytes) -> None:
        self.entries.append("before")

    def after_apply(self) -> None:
        self.entries.append("after")

    def local_write(self) -> None:
        self.entries.append("local")

    def _seen(self, events: list[Any]) -> None:
        if self.fails:
            raise ValueError("observer")
        self.entries.append({REMOTE: "remote event", OURS: "our event"}[events[0].transaction.origin])


def append_cell(replica: Replica, source: str, cell: CellId = CELL) -> None:
    with replica.writing():
        replica.cells.append(Map({"id": cell, "source": Text(source), "metadata": Map()}))


def type_at_end(replica: Replica, text: str) -> None:
    source = replica.cells[0]["source"]
    with replica.writing():
        source.insert(len(source), text)


def source_of(replica: Replica) -> str:
    return NotebookView(replica, RoomId("room")).cell_source(CELL)


@pytest.fixture
def sent() -> list[bytes]:
    return []


@pytest.fixture
def peer(sent: list[bytes]) -> Replica:
    """Another peer with one cell, its updates in ``sent``."""
    replica = Replica(on_local_update=sent.append)
    append_cell(replica, "one")
    return replica


def test_a_local_write_hands_on_exactly_what_changed(peer: Replica, sent: list[bytes]) -> None:
    other = Replica(on_local_update=lambda update: None)
    other.apply(sent[0])
    type_at_end(peer, " two")
    assert len(sent) == 2
    assert len(sent[1]) < 40
    other.apply(sent[1])
    assert source_of(other) == "one two"
    with peer.writing():
        pass
    assert len(sent) == 2


def test_remote_traffic_is_never_handed_on(peer: Replica, sent: list[bytes]) -> None:
    mine: list[bytes] = []
    other = Replica(on_local_update=mine.append)
    for update in sent:
        other.apply(update)
    assert mine == []


def test_what_a_failing_writer_changed_reaches_the_others_all_the_same(peer: Replica, sent: list[bytes]) -> None:

    def write_and_fail() -> None:
        source = peer.cells[0]["source"]
        with peer.writing():
            source.insert(3, "!")
            raise KeyError("half way")

    with pytest.raises(KeyError):
        write_and_fail()
    other = Replica(on_local_update=lambda update: None)
    for update in sent:
        other.apply(update)
    assert source_of(other) == source_of(peer) == "one!"


def test_the_observer_is_told_of_remote_and_of_our_own_changes_in_order(peer: Replica, sent: list[bytes]) -> None:
    diary = Diary()
    replica = Replica(on_local_update=lambda update: diary.entries.append("sent"), observer=diary)
    replica.apply(sent[0])
    type_at_end(replica, "x")
    assert diary.entries == ["attached", "before", "remote event", "after", "our event", "sent", "local"]


@pytest.mark.proves("replica:malformed-updates-refused")
@pytest.mark.parametrize("seed", range(40))
def test_malformed_updates_are_refused_and_never_escape_as_a_panic(peer: Replica, sent: list[bytes], seed: int) -> None:
    dice = random.Random(seed)
    replica = Replica(on_local_update=lambda update: None)
    replica.apply(sent[0])
    broken = bytearray(peer.diff(b"\x00"))
    for _ in range(dice.randint(1, 6)):
        broken[dice.randrange(len(broken))] = dice.randrange(256)
    with suppress(ProtocolViolationError):
        replica.apply(bytes(broken[: dice.randint(0, len(broken))]))
    assert replica.clocks()[peer.client_id] >= 1


@pytest.mark.proves("replica:malformed-updates-refused")
def test_bytes_that_are_no_update_and_no_state_are_refused() -> None:
    replica = Replica(on_local_update=lambda update: None)
    for junk in (b"", b"\x01", b"\xff" * 20, b"\x01\x01\x05\x00\x04\xff"):
        with pytest.raises(ProtocolViolationError):
            replica.apply(junk)
    with pytest.raises(ProtocolViolationError):
        replica.diff(b"\xff" * 20)


def test_a_failing_observer_is_a_violation_and_the_document_goes_on(peer: Replica, sent: list[bytes]) -> None:
    diary = Diary()
    replica = Replica(on_local_update=lambda update: None, observer=diary)
    diary.fails = True
    with pytest.raises(ProtocolViolationError):
        replica.apply(sent[0])
    diary.fails = False
    type_at_end(peer, " two")
    replica.apply(sent[1])
    assert source_of(replica) == "one two"


@pytest.mark.proves("replica:sleeps-without-loss")
def test_a_sleeping_replica_wakes_for_the_next_update_and_misses_nothing(peer: Replica, sent: list[bytes]) -> None:
    diary = Diary()
    replica = Replica(on_local_update=lambda update: None, observer=diary)
    replica.apply(sent[0])
    client = replica.client_id
    for text in (" two", " three"):
        diary.entries.clear()
        replica.hibernate()
        assert replica.is_asleep
        type_at_end(peer, text)
        replica.apply(sent[-1])
        assert diary.entries == ["detached", "attached", "before", "remote event", "after"]
    assert source_of(replica) == "one two three"
    assert replica.doc.client_id == replica.client_id == client
    assert replica.state() == peer.state()


@pytest.mark.proves("replica:sleeps-without-loss")
def test_we_write_on_after_sleep_under_the_same_name(peer: Replica, sent: list[bytes]) -> None:
    ours: list[bytes] = []
    replica = Replica(on_local_update=ours.append, client_id=ClientId(77))
    replica.apply(sent[0])
    for text in ("!", "?"):
        type_at_end(replica, text)
        replica.hibernate()
        replica.hibernate()
    for update in ours:
        peer.apply(update)
    assert source_of(peer) == source_of(replica) == "one!?"
    assert peer.clocks()[ClientId(77)] == 2


def test_a_sleeping_replica_frees_its_document(peer: Replica, sent: list[bytes]) -> None:
    replica = Replica(on_local_update=lambda update: None, observer=Diary())
    replica.apply(sent[0])
    type_at_end(replica, "x")
    document = weakref.ref(replica.doc)
    replica.hibernate()
    gc.collect()
    assert document() is None


def test_a_history_without_its_beginning_is_noticed(peer: Replica, sent: list[bytes]) -> None:
    whole, holed = (Replica(on_local_update=lambda update: None) for _ in range(2))
    server = Replica(on_local_update=sent.append)
    with server.writing():
        server.status["path"] = "ex.ipynb"
    with server.writing():
        server.status["dirty"] = False
    for update in sent:
        whole.apply(update)
    holed.apply(sent[0])
    holed.apply(sent[-1])
    assert not whole.has_hole()
    assert holed.has_hole()
