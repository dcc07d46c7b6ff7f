"""A room's socket against a server that does everything wrong."""

from __future__ import annotations

import asyncio
import logging
import socket
import time

import anyio
import pytest

from ltt_collab.adapters.jupyter.address import JupyterAddress
from ltt_collab.adapters.jupyter.server import JupyterServer
from ltt_collab.model.errors import RoomRefusedError, RoomUnreachableError
from ltt_collab.ports.rooms import Channel, ChannelClosed
from tests.support.deadlines import eventually
from tests.support.fake_jupyter import (
    BINARY,
    CLOSE,
    CONTINUATION,
    PING,
    PONG,
    TEXT,
    Behaviour,
    FakeJupyter,
    Line,
    Response,
    close_frame,
    fake_jupyter,
    frame,
)
from tests.support.listening import Recorder
from tests.support.scripted_tcp import scripted_tcp

TOKEN = "s3cret-of-alice"
ROOM = "json:notebook:1f0c"


def server_at(fake: FakeJupyter, *, frame_cap: int = 1 << 20) -> JupyterServer:
    return JupyterServer(JupyterAddress.parse(fake.url, TOKEN), frame_cap=frame_cap)


def saying(*pieces: bytes) -> Behaviour:
    """A script that writes these pieces, then waits for the client to go."""

    async def script(line: Line) -> None:
        for piece in pieces:
            await line.write(piece)
        await line.until_gone()

    return lambda _: script


async def heard_from(*pieces: bytes, frame_cap: int = 1 << 20) -> tuple[Recorder, JupyterServer]:
    """What a listener heard of a server that says this and then closes."""
    recorder = Recorder()
    async with fake_jupyter(saying(*pieces)) as fake, server_at(fake, frame_cap=frame_cap) as server:
        await server.dial(ROOM, "sid", recorder)
        await recorder.end()
    return recorder, server


@pytest.mark.proves("rooms:token-in-header-only")
async def test_the_upgrade_carries_the_token_in_its_header_and_the_session_in_its_url() -> None:
    async with fake_jupyter(saying()) as fake, server_at(fake) as server:
        channel = await server.dial(ROOM, "sid/1 2", Recorder())
        channel.close()
    (request,) = fake.requests
    assert request.target == f"/api/collaboration/room/{ROOM}?sessionId=sid%2F1%202"
    assert request.headers["authorization"] == f"token {TOKEN}"


async def test_a_base_path_stands_before_the_room() -> None:
    async with fake_jupyter(saying()) as fake, JupyterServer.at(fake.url + "user/alice/", TOKEN) as server:
        (await server.dial("JupyterLab:globalAwareness", None, Recorder())).close()
    assert fake.requests[0].target == "/user/alice/api/collaboration/room/JupyterLab:globalAwareness"


@pytest.mark.proves("rooms:no-redirect-with-credentials")
@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_is_refused_and_the_token_goes_nowhere(status: int) -> None:
    async with fake_jupyter(saying()) as elsewhere:
        location = elsewhere.url.replace("http", "ws") + "stolen"
        redirect = Response(status, headers={"Location": location})
        async with fake_jupyter(lambda _: redirect) as fake, server_at(fake) as server:
            with pytest.raises(RoomRefusedError) as refused:
                await server.dial(ROOM, None, Recorder())
    assert refused.value.status == status
    assert elsewhere.requests == []
    assert len(fake.requests) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 500])
async def test_a_refused_upgrade_says_its_status(status: int) -> None:
    async with fake_jupyter(lambda _: Response(status, json={"message": "no"})) as fake, server_at(fake) as server:
        with pytest.raises(RoomRefusedError) as refused:
            await server.dial(ROOM, "sid", Recorder())
    assert refused.value.status == status
    assert TOKEN not in str(refused.value)
    assert "sid" not in str(refused.value)


@pytest.mark.parametrize("status", [429, 502, 503, 504])
async def test_a_proxy_without_a_server_behind_it_is_a_matter_of_time(status: int) -> None:
    async with fake_jupyter(lambda _: Response(status)) as fake, server_at(fake) as server:
        with pytest.raises(RoomUnreachableError, match=str(status)):
            await server.dial(ROOM, None, Recorder())


async def test_a_port_that_nobody_listens_on_is_unreachable() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        async with JupyterServer.at(f"http://127.0.0.1:{unused.getsockname()[1]}", TOKEN) as server:
            with pytest.raises(RoomUnreachableError):
                await server.dial(ROOM, None, Recorder())


async def test_hanging_up_in_the_upgrade_is_unreachable() -> None:
    async with fake_jupyter(lambda _: Response(body=b"")) as fake:
        fake.behaviour = lambda _: Response(101, headers={"Upgrade": "nothing"})
        async with server_at(fake) as server:
            with pytest.raises((RoomUnreachableError, RoomRefusedError)):
                await server.dial(ROOM, None, Recorder())

    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")

    async with scripted_tcp(hang_up) as port, JupyterServer.at(f"http://127.0.0.1:{port}") as server:
        with pytest.raises(RoomUnreachableError, match="closed the connection"):
            await server.dial(ROOM, None, Recorder())


async def test_a_server_that_never_answers_is_unreachable_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ltt_collab.adapters.jupyter.dialing.DIAL_LIMIT", 0.2)
    recorder = Recorder()
    async with fake_jupyter(lambda _: None) as fake, server_at(fake) as server:
        with pytest.raises(RoomUnreachableError, match="no answer within"):
            await server.dial(ROOM, None, recorder)
    assert recorder.ends == []


async def test_a_dial_given_up_leaves_no_socket_and_says_nothing() -> None:
    gone = asyncio.Event()
    may_answer = asyncio.Event()
    recorder = Recorder()

    async def script(line: Line) -> None:
        await line.until_gone()
        gone.set()

    async def late(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await may_answer.wait()
        await fake.serve(reader, writer)

    fake = FakeJupyter(lambda _: script)
    async with scripted_tcp(late) as fake.port, server_at(fake) as server:
        with anyio.move_on_after(0.1) as scope:
            await server.dial(ROOM, None, recorder)
        assert scope.cancelled_caught
        may_answer.set()
        with anyio.fail_after(5):
            await gone.wait()
    assert (recorder.frames, recorder.ends, server.own_channels(ROOM)) == ([], [], 0)


@pytest.mark.proves("rooms:answer-from-the-first-frame")
async def test_a_listener_can_answer_the_very_first_frame() -> None:
    answered: list[tuple[int, bytes]] = []

    async def script(line: Line) -> None:
        await line.write(frame(BINARY, b"step1"))
        answered.append(await line.read_frame())
        await line.until_gone()

    channels: list[Channel] = []
    recorder = Recorder(lambda _: channels[0].send(b"step2"))
    async with fake_jupyter(lambda _: script) as fake, server_at(fake) as server:
        channels.append(await server.dial(ROOM, None, recorder))
        await eventually(lambda: answered)
        channels[0].close()
    assert answered == [(BINARY, b"step2")]
    assert server.counts.listener_failures == 0


async def test_frames_said_together_with_the_upgrade_arrive_in_order() -> None:
    recorder, _ = await heard_from(b"".join(frame(BINARY, bytes([n])) for n in range(50)) + close_frame(1000))
    assert recorder.frames == [bytes([n]) for n in range(50)]


@pytest.mark.proves("rooms:slices-and-fragments")
async def test_one_byte_slices_make_the_same_messages() -> None:
    stream = frame(BINARY, b"a" * 300) + frame(BINARY, "ü😀".encode()) + close_frame(4404, "gone")
    recorder, _ = await heard_from(*(stream[i : i + 1] for i in range(len(stream))))
    assert recorder.frames == [b"a" * 300, "ü😀".encode()]
    assert recorder.ends == [ChannelClosed(code=4404, reason="gone")]


@pytest.mark.proves("rooms:slices-and-fragments")
async def test_fragments_become_one_message_with_a_ping_in_between() -> None:
    recorder, server = await heard_from(
        frame(BINARY, b"", fin=False)
        + frame(CONTINUATION, b"ab", fin=False)
        + frame(PING, b"?")
        + frame(CONTINUATION, b"c")
        + frame(BINARY, b"next")
        + close_frame(1000)
    )
    assert recorder.frames == [b"abc", b"next"]
    assert server.counts.refused_frames == 0


@pytest.mark.proves("rooms:close-codes-exact")
@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (1003, '{"reason": "unknown_session", "sessionId": "1f0c", "reloadable": true}'),
        (4404, "Error initializing: a ü.ipynb."),
        (4400, ""),
        (1001, "going away"),
    ],
)
async def test_a_close_is_passed_on_exactly(code: int, reason: str) -> None:
    recorder, _ = await heard_from(close_frame(code, reason))
    assert recorder.ends == [ChannelClosed(code=code, reason=reason)]


async def test_a_close_without_a_code_is_1005() -> None:
    recorder, _ = await heard_from(frame(CLOSE))
    assert recorder.ends == [ChannelClosed(code=1005, reason="")]


async def test_a_lost_connection_has_no_code() -> None:
    async def reset(line: Line) -> None:
        line.writer.transport.abort()

    recorder = Recorder()
    async with fake_jupyter(lambda _: reset) as fake, server_at(fake) as server:
        await server.dial(ROOM, None, recorder)
        closed = await recorder.end()
    assert closed.code is None


@pytest.mark.proves("rooms:frame-cap")
async def test_a_frame_over_the_cap_ends_the_channel_with_its_size() -> None:
    recorder, server = await heard_from(frame(BINARY, b"x" * 5000), frame_cap=4096)
    assert recorder.frames == []
    assert recorder.ends[0].code == 1009
    assert "5000" in recorder.ends[0].reason
    assert server.counts.refused_frames == 1


@pytest.mark.proves("rooms:frame-cap")
async def test_fragments_over_the_cap_together_end_the_channel() -> None:
    pieces = [frame(BINARY, b"x" * 1000, fin=False)] + [frame(CONTINUATION, b"x" * 1000, fin=False)] * 5
    recorder, server = await heard_from(*pieces, frame_cap=4096)
    assert recorder.frames == []
    assert recorder.ends[0].code == 1009
    assert server.counts.refused_frames == 1


@pytest.mark.proves("rooms:frame-cap")
async def test_a_frame_announced_as_huge_is_not_gathered() -> None:
    sent = 0

    async def flood(line: Line) -> None:
        nonlocal sent
        await line.write(b"\x82\x7f" + (1 << 30).to_bytes(8, "big"))
        for _ in range(1024):
            await line.write(b"x" * 65536)
            sent += 65536

    recorder = Recorder()
    async with fake_jupyter(lambda _: flood) as fake, server_at(fake) as server:
        await server.dial(ROOM, None, recorder)
        assert (await recorder.end()).code == 1009
    assert sent < 1 << 25


async def test_a_big_frame_within_the_cap_is_taken() -> None:
    payload = bytes(range(256)) * 8192
    recorder, _ = await heard_from(frame(BINARY, payload) + close_frame(1000), frame_cap=len(payload))
    assert recorder.frames == [payload]


@pytest.mark.parametrize(
    "nonsense",
    [
        frame(CONTINUATION, b"lost"),
        frame(BINARY, b"x", first_bits=0x40),
        frame(3, b"?"),
        b"\x82\xff" + b"x" * 20,
        frame(BINARY, b"a", fin=False) + frame(BINARY, b"b"),
    ],
    ids=["stray continuation", "reserved bit", "unknown opcode", "masked", "interleaved"],
)
async def test_a_malformed_frame_ends_the_channel_and_is_counted(
    nonsense: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    recorder, server = await heard_from(nonsense)
    assert recorder.frames == []
    assert recorder.ends[0].code == 1002
    assert server.counts.refused_frames == 1
    await anyio.lowlevel.checkpoint()
    assert not [record for record in caplog.records if "never retrieved" in record.getMessage()]


async def test_text_in_a_room_is_counted_and_harms_nothing() -> None:
    recorder, server = await heard_from(frame(TEXT, b"hello") + frame(BINARY, b"real") + close_frame(1000))
    assert recorder.frames == [b"real"]
    assert server.counts.refused_frames == 1


class Panic(BaseException):
    """What pycrdt throws: no Exception."""


@pytest.mark.proves("rooms:listener-failure-contained")
@pytest.mark.parametrize("failure", [ValueError, Panic])
async def test_a_listener_that_fails_loses_its_channel_and_nothing_else(failure: type[BaseException]) -> None:
    def fail(_: bytes) -> None:
        raise failure("learner text")

    recorder = Recorder(fail)
    stream = frame(BINARY, b"1") + frame(BINARY, b"2")
    async with fake_jupyter(saying(stream)) as fake, server_at(fake) as server:
        bystander = Recorder()
        other = await server.dial(ROOM, None, bystander)
        await server.dial(ROOM, None, recorder)
        assert (await recorder.end()).code == 1011
        await bystander.first_frames(2)
        other.close()
    assert recorder.frames == [b"1"]
    assert server.counts.listener_failures == 1


async def test_pings_are_answered_and_our_own_update_last_heard() -> None:
    seen: list[tuple[int, bytes]] = []

    async def script(line: Line) -> None:
        await line.write(frame(PING, b"here?"))
        seen.append(await line.read_frame())
        seen.append(await line.read_frame())
        await line.write(frame(PONG))
        await line.until_gone()

    async with fake_jupyter(lambda _: script) as fake, server_at(fake) as server:
        channel = await server.dial(ROOM, None, Recorder())
        await eventually(lambda: len(seen) == 1)
        before = channel.last_heard
        channel.ping()
        await eventually(lambda: channel.last_heard > before)
        channel.close()
    assert seen[0] == (PONG, b"here?")
    assert seen[1][0] == PING


@pytest.mark.proves("rooms:liveness-by-any-byte")
async def test_part_of_a_frame_is_a_sign_of_life() -> None:
    step = asyncio.Event()

    async def script(line: Line) -> None:
        whole = frame(BINARY, b"x" * 1000)
        await line.write(whole[:10])
        await step.wait()
        await line.write(whole[10:20])
        await line.until_gone()

    recorder = Recorder()
    async with fake_jupyter(lambda _: script) as fake, server_at(fake) as server:
        channel = await server.dial(ROOM, None, recorder)
        asked = time.monotonic()
        step.set()
        await eventually(lambda: channel.last_heard > asked)
        assert recorder.frames == []
        channel.close()


@pytest.mark.proves("rooms:half-open-closed-in-time")
async def test_closing_a_dead_line_ends_within_its_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ltt_collab.adapters.jupyter.channels.CLOSE_LIMIT", 0.2)
    over = asyncio.Event()

    async def deaf(line: Line) -> None:
        line.writer.transport.pause_reading()  # type: ignore[attr-defined]
        await over.wait()

    recorder = Recorder()
    async with fake_jupyter(lambda _: deaf) as fake, server_at(fake) as server:
        channel = await server.dial(ROOM, None, recorder)
        for _ in range(200):
            channel.send(b"x" * 65536)
        assert channel.unsent_bytes > 0
        channel.close(4999, "enough")
        assert await recorder.end(within=2) == ChannelClosed(code=4999, reason="enough")
        assert channel.unsent_bytes == 0
        over.set()


async def test_our_own_close_comes_back_once_with_its_code_and_sending_after_it_does_nothing() -> None:
    frames: list[tuple[int, bytes]] = []

    async def script(line: Line) -> None:
        kind = 0
        while kind != CLOSE:
            kind, payload = await line.read_frame()
            frames.append((kind, payload))
        await line.write(frame(BINARY, b"too late") + close_frame(1000))

    recorder = Recorder()
    async with fake_jupyter(lambda _: script) as fake, server_at(fake) as server:
        channel = await server.dial(ROOM, None, recorder)
        assert server.own_channels(ROOM) == 1
        channel.send(b"last words")
        channel.close(1000, "ü" * 200)
        channel.send(b"never")
        channel.ping()
        channel.close(1001)
        assert (await recorder.end()).code == 1000
        channel.send(b"never")
        channel.close()
    assert [kind for kind, _ in frames] == [BINARY, CLOSE]
    assert recorder.frames == []
    assert len(recorder.ends) == 1
    assert server.own_channels(ROOM) == 0


async def test_small_messages_leave_at_once() -> None:
    async with fake_jupyter(saying()) as fake, server_at(fake) as server:
        channel = await server.dial(ROOM, None, Recorder())
        assert channel._transport is not None
        raw = channel._transport.underlying_transport.get_extra_info("socket")
        assert raw.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        channel.close()


async def test_no_log_line_carries_the_token(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(1, logger="picows")
    logging.getLogger("picows").setLevel(1)
    try:
        recorder, _ = await heard_from(frame(3, b"?"))
    finally:
        logging.getLogger("picows").setLevel(logging.NOTSET)
    assert recorder.ends
    assert TOKEN not in caplog.text
