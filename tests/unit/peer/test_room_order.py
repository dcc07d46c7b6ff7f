"""What a learner wished and did counts, in whatever order the news of it come."""

from __future__ import annotations

import asyncio

import anyio
import pytest

from ltt_collab.adapters.store.memory_rooms import MemoryWishes
from ltt_collab.model.edits import SuggestionShown
from ltt_collab.model.ids import Username
from ltt_collab.model.suggestions import Shown
from tests.support.deadlines import eventually
from tests.unit.peer.room_in_hand import ADA, FIRST, SECOND, RoomInHand

LOOKED_UP = "it is being looked up whether a learner here wants no tutor"
MUTED = "the learner muted the tutor: asked help only"


class SlowWishes(MemoryWishes):
    """Is asked and told at once, and answers and keeps only when a test lets it."""

    def __init__(self) -> None:
        super().__init__()
        self.may_answer, self.may_keep = anyio.Event(), anyio.Event()

    async def is_muted(self, server: str, username: Username) -> bool:
        await self.may_answer.wait()
        return await super().is_muted(server, username)

    async def mute(self, server: str, username: Username, *, muted: bool) -> None:
        await self.may_keep.wait()
        await super().mute(server, username, muted=muted)


@pytest.mark.proves("tutor:mute-known-late-counts")
@pytest.mark.parametrize("muted", [True, False])
async def test_who_erred_before_their_mute_was_looked_up_gets_no_help_and_everybody_else_does(muted: bool) -> None:
    wishes = SlowWishes()
    wishes.may_keep.set()
    room = RoomInHand(wishes)
    await wishes.mute(room.server.id, ADA, muted=muted)
    async with room.entered():
        room.pause()
        room.run()
        room.deliver()
        assert LOOKED_UP in room.reasons()
        wishes.may_answer.set()
        await eventually(lambda: MUTED in room.reasons() if muted else room.requests(), what="the decision")
        assert len(room.requests()) == (0 if muted else 1)


@pytest.mark.proves("tutor:mute-survives-restart")
async def test_a_mute_is_kept_though_the_service_ends_at_once() -> None:
    wishes = SlowWishes()
    wishes.may_answer.set()
    room = RoomInHand(wishes)
    async with room.entered() as service:
        room.ada.type(SECOND, 0, "# @tutor mute")
        room.deliver()
        room.pause()
        assert f"{ADA} asked for it" in room.reasons()
        service.cancel()
        asyncio.get_running_loop().call_soon(wishes.may_keep.set)
    assert await wishes.is_muted(room.server.id, ADA)


async def helped(room: RoomInHand) -> None:
    """Let Ada have a hint about the first cell."""
    room.pause()
    room.run()
    room.deliver()
    await eventually(room.requests, what="the request")
    assert isinstance(await room.peer.propose(room.draft()), Shown)


@pytest.mark.proves("serve:dismissed-stays-away")
async def test_a_run_that_is_told_of_in_one_breath_with_the_deleted_note_brings_no_hint() -> None:
    room = RoomInHand()
    async with room.entered():
        await helped(room)
        note = room.note()
        assert note is not None
        room.ada.delete_cell(note)
        room.run()
        room.deliver()
        assert room.reasons()[-1] == "the learner deleted a hint about this"
        assert len(room.requests()) == 1


@pytest.mark.proves("serve:next-rung-in-place")
async def test_a_run_the_moment_the_note_stands_brings_the_next_rung() -> None:
    room = RoomInHand()
    async with room.entered():
        room.on_arrival = lambda: run_once_it_stands(room)
        await helped(room)
        await eventually(lambda: len(room.requests()) > 1, what="the second request")
        assert [request.rung for request in room.requests()] == [1, 2]
        shown = [event for event in room.peer.log.events if isinstance(event, SuggestionShown)]
        assert [event.about for event in shown] == [FIRST]


def run_once_it_stands(room: RoomInHand) -> None:
    """Let Ada run her cell again as soon as she sees the whole note, before anything else happens with us."""
    note = room.note()
    mark = None if note is None else room.ada.view.ownership(note)
    if mark is not None and not mark.writing:
        room.on_arrival = lambda: None
        room.run()
        asyncio.get_running_loop().call_soon(room.deliver)
