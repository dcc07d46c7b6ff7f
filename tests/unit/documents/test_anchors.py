"""Positions agree with Yjs' own, in every script and whoever typed the characters."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from pycrdt import Map, Text

from ltt_collab.documents.anchors import TextMap
from ltt_collab.documents.notebook import NotebookView
from ltt_collab.documents.replica import Replica
from ltt_collab.model.ids import CellId, ClientId, RoomId
from ltt_collab.model.presence import Selection
from ltt_collab.model.text import utf16_length
from tests.support.yjs_peers import YjsPeer, YjsPeers

CELL, OTHER = CellId("a"), CellId("b")
ALPHABET = ("a", "b", " ", "\n", "é", "漢", "字", "😀", "👩‍💻", "e\u0301", "🇨🇭", "ß", "x = 1")


def new_replica() -> tuple[Replica, NotebookView]:
    replica = Replica(on_local_update=lambda update: None)
    return replica, NotebookView(replica, RoomId("room"))


def boundaries(text: str) -> list[tuple[int, int]]:
    """Every position as (code points, UTF-16 units)."""
    return [(index, utf16_length(text[:index])) for index in range(len(text) + 1)]


def scribble(dice: random.Random, peer: YjsPeer, cell: str) -> None:
    """One random edit at a random place."""
    text = peer.sources()[cell]
    spots = boundaries(text)
    if len(spots) > 2 and dice.random() < 0.3:
        first, last = sorted(dice.sample([unit for _, unit in spots], 2))
        if last - first <= 8:
            peer.ask("erase", cell=cell, index=first, length=last - first)
            return
    spot = dice.choice(spots)[1] if dice.random() < 0.5 else spots[-1][1]
    peer.ask("insert", cell=cell, index=spot, text="".join(dice.choices(ALPHABET, k=dice.randint(1, 4))))


def exchange(peers: list[YjsPeer], replica: Replica) -> None:
    for peer in peers:
        for update in peer.take_outbox():
            replica.apply(update)
            for other in peers:
                if other is not peer:
                    other.apply(update)


@pytest.mark.proves("anchors:agree-with-yjs")
@pytest.mark.parametrize("seed", range(12))
def test_every_position_of_a_text_by_several_clients_is_the_one_that_yjs_makes(yjs: YjsPeers, seed: int) -> None:
    dice = random.Random(seed)
    peers = [yjs.open(f"anchors-{seed}-{number}", dice.randrange(1, 1 << 31)) for number in range(3)]
    replica, view = new_replica()
    peers[0].ask("addCell", index=0, cell=CELL, source="grün = '😀'\n")
    peers[0].ask("addCell", index=1, cell=OTHER, source="")
    exchange(peers, replica)
    for _ in range(25):
        for peer in peers:
            scribble(dice, peer, CELL if dice.random() < 0.8 else OTHER)
        exchange(peers, replica)
    for cell in (CELL, OTHER):
        source = view.cell_source(cell)
        assert peers[1].sources()[cell] == source
        texts = TextMap(replica, view.text_of(cell))
        for points, units in boundaries(source):
            theirs = peers[1].ask("relative", cell=cell, index=units)
            ours = texts.relative(points)
            assert ours == theirs
            assert peers[2].ask("absolute", position=ours) == {"cell": cell, "index": units}
            assert texts.resolve(ours) == points


@pytest.mark.proves("anchors:agree-with-yjs")
@pytest.mark.parametrize("seed", range(6))
def test_a_position_survives_edits_around_it_as_it_does_in_yjs(yjs: YjsPeers, seed: int) -> None:
    dice = random.Random(100 + seed)
    peers = [yjs.open(f"moving-{seed}-{number}", dice.randrange(1, 1 << 31)) for number in range(2)]
    replica, view = new_replica()
    peers[0].ask("addCell", index=0, cell=CELL, source="für i in 漢字: 😀 e\u0301nde\nprint(i)")
    exchange(peers, replica)
    kept = [TextMap(replica, view.text_of(CELL)).relative(points) for points, _ in boundaries(view.cell_source(CELL))]
    for _ in range(20):
        for peer in peers:
            scribble(dice, peer, CELL)
        exchange(peers, replica)
        source = view.cell_source(CELL)
        texts = TextMap(replica, view.text_of(CELL))
        for position in kept:
            index = peers[0].ask("absolute", position=position)["index"]
            found = texts.resolve(position)
            assert found is not None
            assert utf16_length(source[:found]) == index


def test_characters_that_one_client_typed_around_a_visit_elsewhere_are_told_apart(yjs: YjsPeers) -> None:
    peer = yjs.open("visit")
    replica, view = new_replica()
    peer.ask("addCell", index=0, cell=CELL, source="")
    for index, text in ((0, "é"), (0, "x"), (2, "bcd")):
        peer.ask("insert", cell=CELL, index=index, text=text)
    exchange([peer], replica)
    texts = TextMap(replica, view.text_of(CELL))
    assert texts.source == "xébcd"
    assert [texts.item_at(n).as_json() for n in range(5)] == [
        peer.ask("relative", cell=CELL, index=n)["item"] for n in range(5)
    ]


@pytest.mark.proves("anchors:end-of-text")
@pytest.mark.parametrize("source", ["", "x", "😀", "x\n"])
def test_the_end_of_a_text_is_an_empty_item(yjs: YjsPeers, source: str) -> None:
    peer = yjs.open(f"end-{source!r}")
    replica, view = new_replica()
    peer.ask("addCell", index=0, cell=CELL, source=source)
    exchange([peer], replica)
    cursor = view.cursor(CELL, len(source), len(source))
    assert cursor["empty"] is True
    assert cursor["primary"] is True
    assert cursor["head"]["item"] is None
    assert peer.ask("absolute", position=cursor["head"]) == {"cell": CELL, "index": utf16_length(source)}


def test_a_remote_selection_is_read_in_code_points(yjs: YjsPeers) -> None:
    peer = yjs.open("select")
    replica, view = new_replica()
    for index, (cell, source) in enumerate(((OTHER, "other"), (CELL, "a😀b漢c"))):
        peer.ask("addCell", index=index, cell=cell, source=source)
    exchange([peer], replica)
    theirs = [peer.ask("relative", cell=CELL, index=units) for _, units in boundaries("a😀b漢c")]
    for (first, anchor), (second, head) in pairwise(enumerate(theirs)):
        cursors = [{"anchor": anchor, "head": head, "primary": True, "empty": False}]
        assert view.selection_of(cursors) == Selection(cell_id=CELL, anchor=first, head=second)


def test_a_cursor_in_a_deleted_cell_is_nowhere(yjs: YjsPeers) -> None:
    peer = yjs.open("deleted")
    replica, view = new_replica()
    for index, cell in enumerate((CELL, OTHER)):
        peer.ask("addCell", index=index, cell=cell, source="text")
    exchange([peer], replica)
    cursors = [view.cursor(CELL, 1, 2)]
    assert view.selection_of(cursors) is not None
    peer.ask("removeCell", cell=CELL)
    exchange([peer], replica)
    assert view.selection_of(cursors) is None


@pytest.mark.parametrize(
    "cursors",
    [
        None,
        7,
        "cursors",
        [],
        [None],
        [{}],
        [{"head": None}],
        [{"head": {"type": None, "item": None}}],
        [{"head": {"type": {"client": -1, "clock": 2}, "item": None}}],
        [{"head": {"type": {"client": 1 << 60, "clock": 1 << 60}, "item": {"client": "x"}}}],
        [{"head": {"type": {"client": 1.5, "clock": True}, "item": None}}],
    ],
)
def test_cursors_of_any_shape_are_no_selection(cursors: object) -> None:
    _, view = new_replica()
    assert view.selection_of(cursors) is None


def test_an_item_that_nobody_made_is_no_selection_and_no_panic() -> None:
    replica, view = new_replica()
    peer = Replica(on_local_update=replica.apply, client_id=ClientId(5))
    with peer.writing():
        peer.cells.append(Map({"id": CELL, "source": Text("é" * 3)}))
    head = view.cursor(CELL, 1, 1)["head"]
    for item in ({"client": 99, "clock": 0}, {"client": 5, "clock": 10**9}, {"client": 5, "clock": -1}, "x", {}):
        assert view.selection_of([{"head": {**head, "item": item}}]) is None
