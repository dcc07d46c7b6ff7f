"""The end of a learner's server: who is told when, and which server is never stopped."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest

from ltt_collab.model.errors import HubUnavailableError, KernelUnreachableError
from ltt_collab.model.ids import KernelId
from ltt_collab.peer.closing import Closing, ClosingServer, ServerHours, in_words, unix_time
from ltt_collab.peer.notices import NoticeKind
from ltt_collab.ports.kernels import KernelInfo, KernelState
from tests.support.room_scene import HandClock

HOURS = ServerHours(max_age=4 * 3600, untouched=1200, warn=600)


class Room:
    """As much of a room's peer as the end of its server needs."""

    def __init__(self, began: float) -> None:
        self.began = began
        self.whereabouts = SimpleNamespace(last_act=0.0)
        self.saves = 0
        self.notice: str | None = None
        self.saving = SimpleNamespace(ask=self._save)
        self.notices = SimpleNamespace(show=self._show, take_back=self._take_back, stands=self._stands)

    def _save(self) -> None:
        self.saves += 1

    def _show(self, kind: NoticeKind, text: str) -> None:
        assert kind is NoticeKind.STOP
        self.notice = text

    def _take_back(self, _kind: NoticeKind) -> None:
        self.notice = None

    def _stands(self, _kind: NoticeKind) -> bool:
        return self.notice is not None


class Scene:
    """One server, moved by hand."""

    def __init__(self, hours: ServerHours = HOURS) -> None:
        self.clock = HandClock()
        self.began = self.clock.now()
        self.started = datetime.fromtimestamp(self.began, UTC).isoformat()
        self.room = Room(self.began)
        self.rooms = [self.room]
        self.elsewhere = 0.0
        self.state = KernelState.IDLE
        self.kernels_known = True
        self.stopped = 0
        self.hub_is_away = False
        server = ClosingServer(
            name="/user/ada/",
            started=lambda: self.started,
            rooms=lambda: cast("Any", self.rooms),
            last_act=lambda: self.elsewhere,
            kernels=cast("Any", SimpleNamespace(kernels=self._kernels)),
            stop=self._stop,
        )
        self.closing = Closing(server, hours, self.clock)

    async def pass_time(self, seconds: float) -> None:
        """Let that much time go by, with all looks in it."""
        end = self.clock.now() + seconds
        while True:
            pause = await self.closing.look()
            if self.clock.now() + pause > end:
                self.clock.pass_time(end - self.clock.now())
                return
            self.clock.pass_time(pause)

    def touch(self) -> None:
        self.room.whereabouts.last_act = self.clock.now()

    async def _kernels(self) -> list[KernelInfo]:
        if not self.kernels_known:
            raise KernelUnreachableError("the server", "no answer")
        return [KernelInfo(id=KernelId("k"), name="python3", state=self.state)]

    async def _stop(self) -> None:
        if self.hub_is_away:
            raise HubUnavailableError("http://h/", "refused")
        self.stopped += 1


@pytest.mark.proves("hub:max-age-is-said")
async def test_learners_are_told_ten_minutes_before_the_culler_ends_an_old_server_and_their_work_is_saved() -> None:
    scene = Scene(ServerHours(max_age=4 * 3600))
    await scene.pass_time(4 * 3600 - 601)
    assert (scene.room.notice, scene.room.saves) == (None, 0)
    await scene.pass_time(2)
    assert scene.room.notice is not None
    assert "longer than 4 hours" in scene.room.notice
    when = datetime.fromtimestamp(scene.began + 4 * 3600, UTC).strftime("%H:%M UTC")
    assert when in scene.room.notice
    assert scene.room.saves == 1


@pytest.mark.proves("hub:max-age-is-said")
async def test_in_the_last_minute_every_look_has_the_work_saved_and_the_culler_is_left_to_its_work() -> None:
    scene = Scene(ServerHours(max_age=4 * 3600))
    await scene.pass_time(4 * 3600 - 61)
    before = scene.room.saves
    await scene.pass_time(120)
    assert scene.room.saves >= before + 12
    assert scene.stopped == 0


async def test_a_notebook_that_is_opened_late_is_told_and_saved_too() -> None:
    scene = Scene(ServerHours(max_age=4 * 3600))
    await scene.pass_time(4 * 3600 - 300)
    late = Room(scene.clock.now())
    scene.rooms.append(late)
    await scene.pass_time(6)
    assert late.notice is not None
    assert late.saves == 1


@pytest.mark.proves("hub:max-age-is-said")
async def test_the_notice_is_taken_back_when_the_server_was_started_anew() -> None:
    scene = Scene(ServerHours(max_age=4 * 3600))
    await scene.pass_time(4 * 3600 - 300)
    scene.started = datetime.fromtimestamp(scene.clock.now(), UTC).isoformat()
    await scene.pass_time(6)
    assert scene.room.notice is None


@pytest.mark.proves("hub:untouched-is-stopped")
async def test_an_open_tab_that_nobody_touches_is_told_and_its_server_stopped() -> None:
    scene = Scene(ServerHours(untouched=1200))
    await scene.pass_time(590)
    assert scene.room.notice is None
    await scene.pass_time(600)
    assert "nobody has touched" in (scene.room.notice or "")
    assert (scene.room.saves >= 1, scene.stopped) == (True, 0)
    await scene.pass_time(16)
    assert scene.stopped >= 1


@pytest.mark.proves("hub:untouched-is-stopped")
@pytest.mark.parametrize("how", ["by hand", "in another document"])
async def test_an_act_of_a_human_takes_the_notice_back_and_the_time_begins_anew(how: str) -> None:
    scene = Scene(ServerHours(untouched=1200))
    await scene.pass_time(1100)
    assert scene.room.notice is not None
    if how == "by hand":
        scene.touch()
    else:
        scene.elsewhere = scene.clock.now()
    await scene.pass_time(6)
    assert scene.room.notice is None
    await scene.pass_time(1150)
    assert scene.stopped == 0


@pytest.mark.proves("hub:untouched-is-stopped")
@pytest.mark.parametrize("kernels", ["one works", "nobody knows"])
async def test_a_server_whose_kernel_works_or_cannot_be_asked_is_left_alone(kernels: str) -> None:
    scene = Scene(ServerHours(untouched=1200))
    if kernels == "one works":
        scene.state = KernelState.BUSY
    else:
        scene.kernels_known = False
    await scene.pass_time(4000)
    assert (scene.room.notice, scene.stopped) == (None, 0)


async def test_a_server_without_a_notebook_that_we_see_is_left_to_the_culler() -> None:
    scene = Scene(ServerHours(untouched=1200))
    scene.rooms = []
    await scene.pass_time(4000)
    assert scene.stopped == 0


async def test_who_is_told_late_still_has_all_of_the_time_that_was_promised() -> None:
    scene = Scene(ServerHours(untouched=1200, warn=600))
    scene.room.began -= 3000
    await scene.pass_time(590)
    assert scene.room.notice is not None
    assert scene.stopped == 0
    await scene.pass_time(30)
    assert scene.stopped >= 1


async def test_a_hub_that_is_away_is_asked_again() -> None:
    scene = Scene(ServerHours(untouched=1200))
    scene.hub_is_away = True
    await scene.pass_time(1300)
    assert scene.stopped == 0
    scene.hub_is_away = False
    await scene.pass_time(61)
    assert scene.stopped >= 1


def test_the_hubs_times_are_read_and_lengths_said_as_people_do() -> None:
    assert unix_time("2026-01-01T00:00:00.000000Z") == datetime(2026, 1, 1, tzinfo=UTC).timestamp()
    assert unix_time("2026-01-01T00:00:00") == unix_time("2026-01-01T00:00:00Z")
    assert unix_time("") is None
    assert [in_words(seconds) for seconds in (10, 60, 600, 3600, 14400)] == [
        "a minute",
        "a minute",
        "10 minutes",
        "an hour",
        "4 hours",
    ]
