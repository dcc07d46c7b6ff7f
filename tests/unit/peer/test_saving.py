"""A notebook that cannot be saved: said once with its cause, tried again, and taken back."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, cast

import pytest

from ltt_collab.model.errors import RoomUnreachableError
from ltt_collab.peer.acts import Act, Acts
from ltt_collab.peer.notices import NoticeKind, Notices
from ltt_collab.peer.saving import AGAIN, FULL, OTHERWISE, Saving
from ltt_collab.peer.scene import Scene
from tests.unit.peer.test_stay import HandTimers


class Room:
    """As much of a scene as saving needs; ``notice``: what stands."""

    def __init__(self, told: Mapping[str, Any] | None = None) -> None:
        self.timers = HandTimers()
        self.around = SimpleNamespace(clock=self.timers, timers=self.timers)
        self.stamp, self.path = SimpleNamespace(room="r"), "a.ipynb"
        self.told = told
        self.is_away = False
        self.asked = 0
        self.page = SimpleNamespace(provider=SimpleNamespace(ask_to_save=self._ask))
        self.acts: list[Act] = []
        self.notice: str | None = None
        notices = SimpleNamespace(show=self._show, take_back=self._take_back)
        acts = SimpleNamespace(add=self.acts.append)
        self.saving = Saving(cast("Scene", self), cast("Notices", notices), cast("Acts", acts))

    async def tell(self, what: str) -> Mapping[str, Any] | None:
        assert what == "disk"
        if self.is_away:
            raise RoomUnreachableError("the server", "no answer")
        return self.told

    async def act(self) -> None:
        while self.acts:
            await self.acts.pop(0)()

    def _ask(self) -> None:
        self.asked += 1

    def _show(self, kind: NoticeKind, text: str) -> None:
        assert kind is NoticeKind.SAVING
        self.notice = text

    def _take_back(self, _kind: NoticeKind) -> None:
        self.notice = None


@pytest.mark.proves("learner-text:unsaved-is-said")
@pytest.mark.parametrize(
    ("told", "text"),
    [
        ({"takes_more": False, "error": "No space left on device"}, FULL),
        ({"takes_more": True, "error": ""}, OTHERWISE),
        (None, OTHERWISE),
    ],
    ids=["full", "not the disk", "a stock server"],
)
async def test_the_cause_is_said_as_far_as_the_server_knows_it(told: Mapping[str, Any] | None, text: str) -> None:
    room = Room(told)
    room.saving.failed("HTTPError()")
    room.saving.failed("HTTPError()")
    assert len(room.acts) == 1
    await room.act()
    assert room.notice == text


async def test_a_server_that_cannot_be_asked_is_no_reason_to_say_nothing() -> None:
    room = Room()
    room.is_away = True
    room.saving.failed("HTTPError()")
    await room.act()
    assert room.notice == OTHERWISE


@pytest.mark.proves("learner-text:unsaved-is-said")
async def test_it_is_tried_again_until_it_succeeds_and_not_after() -> None:
    room = Room()
    room.saving.failed("HTTPError()")
    room.timers.pass_time(3 * AGAIN + 1)
    assert room.asked == 3
    room.saving.succeeded()
    await room.act()
    assert room.notice is None
    room.timers.pass_time(10 * AGAIN)
    assert room.asked == 3
