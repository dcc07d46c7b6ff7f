"""The room's wire protocol as a conversation."""

from __future__ import annotations

import pytest

from ltt_collab.model.errors import ProtocolViolationError, RoomReadOnlyError
from ltt_collab.rooms.protocol import (
    QUEUE_CAP,
    AwarenessReceived,
    FrameRefused,
    RoomProtocol,
    ServerSaid,
    Synced,
    SyncLost,
    save_request,
)
from ltt_collab.rooms.varints import MAX_VARUINT, length_prefixed, read_varuint, varuint
from tests.support.room_scene import TextReplica, frame, unframe


def server_with(text: str) -> TextReplica:
    server = TextReplica(7)
    server.text.insert(0, text)
    return server


def joined(text: str = "x = 1") -> tuple[RoomProtocol, TextReplica, TextReplica]:
    server, ours = server_with(text), TextReplica()
    protocol = RoomProtocol(ours)
    protocol.start()
    (question,) = protocol.data_to_send()
    events = protocol.receive_frame(frame(0, 1, server.diff(unframe(question)[1])))
    assert list(events) == [Synced()]
    return protocol, ours, server


def test_the_answer_to_our_question_brings_the_whole_document() -> None:
    protocol, ours, _ = joined("x = 1")
    assert str(ours) == "x = 1"
    assert protocol.is_synced


def test_the_servers_question_is_answered_with_what_it_lacks() -> None:
    protocol, ours, server = joined("x")
    ours.text.insert(1, "!")
    assert not protocol.receive_frame(frame(0, 0, server.state()))
    ((kind, update),) = map(unframe, protocol.data_to_send())
    server.apply(update)
    assert (kind, str(server)) == ("step2", "x!")


@pytest.mark.parametrize("length", [1, 50, 130, 20_000])
def test_an_update_of_any_length_is_applied(length: int) -> None:
    protocol, ours, server = joined("")
    before = server.state()
    server.text.insert(0, "a" * length)
    assert not protocol.receive_frame(frame(0, 2, server.diff(before)))
    assert str(ours) == "a" * length


def test_a_change_of_ours_is_sent_as_one_update() -> None:
    protocol, ours, server = joined("x")
    before = ours.state()
    ours.text.insert(1, "é" * 100)
    protocol.send_update(ours.diff(before))
    ((kind, update),) = map(unframe, protocol.data_to_send())
    server.apply(update)
    assert (kind, str(server)) == ("update", "x" + "é" * 100)
    assert protocol.data_to_send() == []


@pytest.mark.proves("rooms:read-only-sends-no-content")
def test_a_read_only_room_gets_an_empty_answer_and_no_update() -> None:
    ours = TextReplica()
    ours.text.insert(0, "ours")
    protocol = RoomProtocol(ours, read_only=True)
    protocol.receive_frame(frame(0, 0, b"\x00"))
    assert [unframe(sent) for sent in protocol.data_to_send()] == [("step2", b"\x00\x00")]
    with pytest.raises(RoomReadOnlyError):
        protocol.send_update(b"\x00\x00")
    assert protocol.data_to_send() == []


def test_awareness_is_handed_on_unread() -> None:
    assert list(RoomProtocol(TextReplica()).receive_frame(b"\x01\x03abc")) == [AwarenessReceived(b"abc")]


def test_what_the_server_says_is_read_as_json() -> None:
    payload = b'{"type":"save","responseTo":7,"status":"success"}'
    (event,) = RoomProtocol(TextReplica()).receive_frame(b"\x02" + length_prefixed(payload))
    assert event == ServerSaid(message={"type": "save", "responseTo": 7, "status": "success"})


def test_a_save_request_is_written_as_the_server_reads_it() -> None:
    assert save_request(7) == b"\x02\x04save\x07"


@pytest.mark.proves("rooms:malformed-frames-refused")
@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"\x01",
        b"\x01\x05ab",
        b"\x03\x00",
        b"\x7f",
        b"\x02\x02[]",
        b"\x02\x03abc",
        b"\x02\x02\xff\xfe",
        b"\x00\x03\x00",
    ],
    ids=[
        "empty",
        "head only",
        "cut off",
        "unknown type",
        "far type",
        "no object",
        "no json",
        "no utf-8",
        "unknown step",
    ],
)
def test_a_frame_that_is_not_understood_is_refused_and_counted(broken: bytes) -> None:
    protocol, ours, _ = joined("x")
    (event,) = protocol.receive_frame(broken)
    assert isinstance(event, FrameRefused)
    assert (protocol.refused, protocol.is_synced, str(ours)) == (1, True, "x")


@pytest.mark.proves("rooms:never-stale-as-fresh")
@pytest.mark.parametrize("broken", [b"\x00", b"\x00\x02\x05ab", b"\x00\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"])
def test_an_unreadable_sync_frame_ends_the_sync_until_all_was_asked_for_again(broken: bytes) -> None:
    protocol, ours, server = joined("x")
    server.text.insert(1, "y")  # this is what the broken frame was to bring
    (event,) = protocol.receive_frame(broken)
    assert isinstance(event, SyncLost)
    assert not protocol.is_synced
    ((kind, state),) = map(unframe, protocol.data_to_send())
    assert kind == "step1"
    assert list(protocol.receive_frame(frame(0, 1, server.diff(state)))) == [Synced()]
    assert (str(ours), protocol.is_synced) == ("xy", True)


@pytest.mark.parametrize("step", [1, 2])
@pytest.mark.parametrize("update", [b"\x01", b"\xff" * 20, b"\xff" * 200])
def test_an_update_that_the_replica_cannot_take_is_a_violation(step: int, update: bytes) -> None:
    protocol, _, _ = joined("x")
    with pytest.raises(ProtocolViolationError):
        protocol.receive_frame(frame(0, step, update))


def test_an_unreadable_question_is_refused() -> None:
    protocol, _, _ = joined("x")
    (event,) = protocol.receive_frame(frame(0, 0, b"\xff"))
    assert isinstance(event, FrameRefused)
    assert protocol.data_to_send() == []


def test_a_frame_over_the_cap_is_not_read() -> None:
    ours = TextReplica()
    protocol = RoomProtocol(ours, frame_cap=1000)
    (event,) = protocol.receive_frame(frame(0, 2, b"a" * 1000))
    assert isinstance(event, SyncLost)
    assert ours.applied == 0


def test_bytes_after_the_payload_are_ignored_as_the_browser_does() -> None:
    protocol, ours, server = joined("")
    before = server.state()
    server.text.insert(0, "a")
    protocol.receive_frame(frame(0, 2, server.diff(before)) + b"more")
    assert str(ours) == "a"


def test_questions_without_end_are_not_answered_without_end() -> None:
    protocol = RoomProtocol(TextReplica())
    for _ in range(QUEUE_CAP):
        protocol.receive_frame(frame(0, 0, b"\x00"))
    with pytest.raises(ProtocolViolationError):
        protocol.receive_frame(frame(0, 0, b"\x00"))
    assert len(protocol.data_to_send()) == QUEUE_CAP


@pytest.mark.parametrize("number", [0, 1, 127, 128, 300, 2**32 - 1, MAX_VARUINT])
def test_a_number_survives_the_wire(number: int) -> None:
    assert read_varuint(b"." + varuint(number) + b"!", 1) == (number, 1 + len(varuint(number)))


@pytest.mark.parametrize("broken", [b"", b"\x80", b"\xff" * 7 + b"\x7f", b"\xff" * 30])
def test_a_number_that_nobody_may_send_is_refused(broken: bytes) -> None:
    with pytest.raises(ProtocolViolationError):
        read_varuint(broken, 0)
