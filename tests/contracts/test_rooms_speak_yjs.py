"""Our room protocol and awareness against the real Yjs and y-protocols, over the bytes that a browser sends."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest

from ltt_collab.model.errors import ProtocolViolationError
from ltt_collab.model.ids import ClientId
from ltt_collab.model.presence import Activity
from ltt_collab.rooms.awareness import Awareness
from ltt_collab.rooms.options import ProviderOptions
from ltt_collab.rooms.provider import Provider
from ltt_collab.rooms.varints import MAX_VARUINT, varuint
from tests.support.room_scene import (
    OURS,
    TUTOR,
    FakeChannel,
    HandClock,
    Tenant,
    TextReplica,
    browser_state,
    encode_awareness,
    frame,
)
from tests.support.yjs_room import YjsBrowser, running_yjs_browser


@pytest.fixture
def browser() -> Iterator[YjsBrowser]:
    """A Yjs document with awareness."""
    with running_yjs_browser() as yjs:
        yield yjs


class Joined:
    """Our provider and a browser, wired together."""

    def __init__(self, browser: YjsBrowser) -> None:
        self.browser = browser
        self.tenant = Tenant()
        self.ours = TextReplica()
        clock = HandClock()
        self.provider = Provider(self.ours, TUTOR, listener=self.tenant, clock=clock, options=ProviderOptions())
        self.channel = FakeChannel(clock, self.provider)
        browser.ask("ask")
        self.provider.attach(self.channel)
        self.talk()

    def talk(self) -> None:
        self.browser.talk(self.provider, self.channel)

    def write(self, index: int, text: str) -> None:
        before = self.ours.state()
        self.ours.text.insert(index, text)
        self.provider.send_update(self.ours.diff(before))


@pytest.mark.proves("rooms:speaks-yjs")
def test_both_sides_hold_the_same_text_after_joining_and_after_each_edit(browser: YjsBrowser) -> None:
    browser.ask("insert", index=0, content="a😀é漢")
    room = Joined(browser)
    assert (str(room.ours), room.tenant.heard) == ("a😀é漢", ["synced"])
    room.write(1, "ours ")
    browser.ask("insert", index=0, content="theirs ")  # crosses ours on the wire
    room.talk()
    browser.ask("insert", index=0, content="long " * 100)
    browser.ask("erase", index=0, length=3)
    room.talk()
    assert str(room.ours) == browser.ask("text")
    assert "ours " in str(room.ours)
    assert room.provider.refused == {"frames": 0}


@pytest.mark.proves("rooms:speaks-yjs")
def test_each_side_sees_the_others_presence_come_change_and_go(browser: YjsBrowser) -> None:
    room = Joined(browser)
    browser.ask("show", state=browser_state("Ada"))
    room.provider.presence.show_activity(Activity.TYPING)
    room.talk()
    (human,) = room.provider.presence.humans()
    assert (human.client, human.user.display_name) == (browser.ask("client"), "Ada")
    assert browser.ask("states")[str(OURS)]["user"]["display_name"] == "Tutor · typing…"
    browser.ask("show", state=None)
    room.talk()
    assert room.provider.presence.humans() == []


async def test_our_goodbye_takes_us_out_of_the_browser(browser: YjsBrowser) -> None:
    room = Joined(browser)
    assert str(OURS) in browser.ask("states")
    await room.provider.leave()
    room.talk()
    assert str(OURS) not in browser.ask("states")


def test_a_browser_that_says_we_are_gone_is_contradicted(browser: YjsBrowser) -> None:
    room = Joined(browser)
    clock = browser.ask("clocks")[str(OURS)]
    lie = frame(1, encode_awareness((OURS, clock, None)))
    browser.receive(lie)
    assert str(OURS) not in browser.ask("states")
    room.provider.frame_received(lie)
    room.talk()
    assert str(OURS) in browser.ask("states")


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.proves("presence:clock-rules-of-y-protocols")
def test_any_sequence_of_states_leaves_us_with_what_y_protocols_has(browser: YjsBrowser, seed: int) -> None:
    chance = random.Random(seed)
    ours = Awareness(ClientId(OURS))
    local = browser.ask("client")
    for _ in range(150):
        entries: list[tuple[int, int, Any]] = [
            (
                chance.choice([1, 2, 3, 2**32 - 1]),
                chance.randrange(12),
                chance.choice([None, {}, {"v": 1}, {"v": "😀"}]),
            )
            for _ in range(chance.randint(1, 3))
        ]
        update = encode_awareness(*entries)
        browser.ask("changes")
        browser.receive(frame(1, update))
        change = ours.apply(update, 0.0)
        theirs = {int(client): state for client, state in browser.ask("states").items() if int(client) != local}
        assert dict(ours.states()) == theirs, entries
        known = {client for they in browser.ask("changes") for client in they["added"] + they["updated"]}
        # y-protocols calls the return of somebody who left an update; for us it is an arrival. Who came and went
        # within one message is listed by both, and is there for neither.
        assert known & set(theirs) == {*change.added, *change.updated} & set(theirs), entries


@pytest.mark.parametrize("number", [0, 1, 127, 128, 16_384, 2**31, 2**32 - 1, 2**40 + 3, MAX_VARUINT])
def test_numbers_are_written_as_lib0_writes_them(browser: YjsBrowser, number: int) -> None:
    assert varuint(number).hex() == browser.ask("varuint", number=number)


@pytest.mark.parametrize("broken", [b"\x01\x05", b"\x01\x05\x01\x09{}", b"\x80"])
def test_what_y_protocols_cannot_read_we_refuse(browser: YjsBrowser, broken: bytes) -> None:
    with pytest.raises(AssertionError):
        browser.receive(frame(1, broken))
    with pytest.raises(ProtocolViolationError):
        Awareness(OURS).apply(broken, 0.0)
