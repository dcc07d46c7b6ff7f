"""Hints that wait for a person."""

from __future__ import annotations

import pytest

from ltt_collab.adapters.store.memory import memory_stores
from ltt_collab.model.edits import RunStarted, SourceEdited, Splice
from ltt_collab.model.errors import UnknownSuggestionError
from ltt_collab.model.ids import CellId, RoomId, Seq, SuggestionId, Username
from ltt_collab.model.presence import Author, AuthorKind
from ltt_collab.model.suggestions import Answer, Draft, Placement, Shown
from ltt_collab.peer.approvals import HELD_MOST, HeldDrafts
from tests.support.room_scene import HandClock

ADA, PROF = Username("ada"), Username("prof")
ROOM = RoomId("r1")


def draft(key: str = "k") -> Draft:
    return Draft(cell_id=CellId("c1"), expected_hash="aa", placement=Placement.NOTE, text="Look.", idempotency_key=key)


class Scene:
    """The queue, and what was shown of it."""

    def __init__(self) -> None:
        self.shown: list[tuple[RoomId, Draft]] = []
        self.audit = memory_stores().audit
        self.clock = HandClock()
        self.held = HeldDrafts(self._show, self.audit, self.clock)

    async def _show(self, room: RoomId, approved: Draft) -> Answer:
        self.shown.append((room, approved))
        return Shown(suggestion=SuggestionId("s1"))


def edited(kind: AuthorKind, room: RoomId = ROOM) -> SourceEdited:
    author = Author(kind=kind, username=ADA)
    return SourceEdited(
        room=room, seq=Seq(1), at=1.0, author=author, cell_id=CellId("c1"), splices=(Splice(0, 0, "x"),)
    )


@pytest.mark.proves("steering:approve")
async def test_an_approved_hint_is_shown_under_a_key_of_its_own_and_decided_once() -> None:
    scene = Scene()
    waiting = scene.held.hold(draft(), ROOM, ADA)
    assert [held.draft for held in scene.held.held()] == [draft()]
    await scene.held.approve(waiting, by=PROF)
    assert [(room, shown.text) for room, shown in scene.shown] == [(ROOM, "Look.")]
    assert scene.shown[0][1].idempotency_key != "k"
    with pytest.raises(UnknownSuggestionError):
        await scene.held.approve(waiting, by=PROF)


@pytest.mark.proves("steering:approve")
async def test_an_edited_hint_is_shown_as_edited_and_a_rejected_one_never() -> None:
    scene = Scene()
    await scene.held.approve(scene.held.hold(draft("1"), ROOM, ADA), by=PROF, text="Better.")
    scene.clock.pass_time(1)  # entries of one moment have no order
    await scene.held.reject(scene.held.hold(draft("2"), ROOM, ADA), by=PROF, reason="too much")
    assert [shown.text for _, shown in scene.shown] == ["Better."]
    assert [entry.action for entry in await scene.audit.select()] == ["hint.edited", "hint.rejected"]


@pytest.mark.proves("steering:approve")
async def test_a_hint_about_code_that_changed_is_gone() -> None:
    scene = Scene()
    scene.held.hold(draft(), ROOM, ADA)
    assert scene.held.handle(edited(AuthorKind.AI)) == ()
    assert scene.held.handle(edited(AuthorKind.LEARNER, RoomId("other"))) == []
    again = RunStarted(
        room=ROOM,
        seq=Seq(2),
        at=1.0,
        author=Author(kind=AuthorKind.LEARNER),
        cell_id=CellId("c1"),
        source_hash="aa",
    )
    assert [held.draft for held in scene.held.handle(again)] == [draft()]
    assert scene.held.held() == ()


async def test_the_queue_is_bounded_and_the_oldest_gives_way() -> None:
    scene = Scene()
    for number in range(HELD_MOST + 2):
        scene.held.hold(draft(str(number)), ROOM, ADA)
    assert len(scene.held.held()) == HELD_MOST
    assert scene.held.held()[0].draft.idempotency_key == "2"
