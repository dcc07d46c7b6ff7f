"""A room without a network: a clock, channels and a server that a test moves by hand."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import anyio
from pycrdt import Doc, Text

from ltt_collab.model.addresses import RoomAddress
from ltt_collab.model.edits import RoomState
from ltt_collab.model.errors import ProtocolViolationError, RoomError
from ltt_collab.model.ids import ClientId, FileId, ServerId, Username
from ltt_collab.model.presence import Selection, User
from ltt_collab.ports.rooms import Channel, ChannelClosed, ChannelListener, ServerFacts, Session, Sighting
from ltt_collab.rooms.keeper import DocumentTarget, Target
from ltt_collab.rooms.presence import PresenceEvent
from ltt_collab.rooms.protocol import Replica
from ltt_collab.rooms.provider import Provider
from ltt_collab.rooms.varints import length_prefixed, read_length_prefixed, read_varuint, varuint

TUTOR = User(username=Username("ltt-tutor"), display_name="Tutor", initials="T", color="#7b1fa2")
OURS = ClientId(42)
ADA = ClientId(1001)


class HandClock:
    """Time that passes only when a test says so; sleepers wake when it has passed."""

    def __init__(self) -> None:
        self.time = 1000.0
        self._sleepers: list[tuple[float, anyio.Event]] = []
        self.slept: list[float] = []

    def now(self) -> float:
        return 1_700_000_000.0 + self.time

    def monotonic(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        wake = anyio.Event()
        self._sleepers.append((self.time + seconds, wake))
        if seconds <= 0:
            wake.set()
        await wake.wait()

    def pass_time(self, seconds: float) -> None:
        self.time += seconds
        for due, wake in self._sleepers:
            if due <= self.time:
                wake.set()


class FakeChannel:
    """A channel that keeps what is sent; ``stuck`` keeps all of it unsent."""

    def __init__(self, clock: HandClock, listener: ChannelListener | None = None) -> None:
        self.clock = clock
        self.listener = listener
        self.sent: list[bytes] = []
        self.pings = 0
        self.closed: ChannelClosed | None = None
        self.heard = clock.monotonic()
        self.unsent_bytes = 0
        self.stuck = False
        self.silent_close = False

    def send(self, frame: bytes) -> None:
        if self.closed is None:
            self.sent.append(frame)
            if self.stuck:
                self.unsent_bytes += len(frame)

    def ping(self) -> None:
        self.pings += 1

    def close(self, code: int = 1000, reason: str = "") -> None:
        if self.closed is None:
            self.closed = ChannelClosed(code=code, reason=reason)
            if self.listener is not None and not self.silent_close:
                self.listener.channel_closed(self.closed)

    @property
    def last_heard(self) -> float:
        return self.heard

    def take(self) -> list[bytes]:
        """What was sent since the last time."""
        taken, self.sent = self.sent, []
        return taken

    def awareness_sent(self) -> list[tuple[int, int, Any]]:
        """The awareness entries among the frames sent, as client, clock, state."""
        return [entry for frame in self.sent if frame[0] == 1 for entry in decode_awareness(unframe(frame)[1])]


class TextReplica:
    """A replica with one text, on a real pycrdt document."""

    def __init__(self, client: int = OURS) -> None:
        self.doc: Doc[Any] = Doc(client_id=client)
        self.text: Text = self.doc.get("text", type=Text)
        self.applied = 0

    @property
    def client_id(self) -> ClientId:
        return ClientId(self.doc.client_id)

    def state(self) -> bytes:
        return self.doc.get_state()

    def diff(self, state: bytes) -> bytes:
        try:
            return self.doc.get_update(state)
        except (ValueError, RuntimeError) as error:
            raise ProtocolViolationError(str(error)) from error

    def apply(self, update: bytes) -> None:
        self.applied += 1
        try:
            self.doc.apply_update(update)
        except (ValueError, RuntimeError) as error:
            raise ProtocolViolationError(str(error)) from error
        except BaseException as error:
            if type(error).__module__ != "pyo3_runtime":
                raise
            raise ProtocolViolationError(str(error)) from error

    def __str__(self) -> str:
        return str(self.text)


class Tenant:
    """Remembers what it heard; lives in one text."""

    def __init__(self, target: Target | None = None) -> None:
        self.heard: list[str] = []
        self.events: list[PresenceEvent] = []
        self.said: list[Mapping[str, Any]] = []
        self.states: list[tuple[RoomState, str]] = []
        self.replicas: list[TextReplica] = []
        self.provider: Provider | None = None
        self.error: RoomError | None = None
        self.at: Target = target or DocumentTarget(path="a.ipynb", format="json", type="notebook")
        self.on_synced: Callable[[], None] | None = None

    def target(self) -> Target:
        return self.at

    def new_replica(self) -> Replica:
        self.replicas.append(TextReplica(OURS + len(self.replicas)))
        return self.replicas[-1]

    def connected(self, provider: Provider) -> None:
        self.provider = provider
        self.heard.append("connected")

    def synced(self) -> None:
        self.heard.append("synced")
        if self.on_synced is not None:
            self.on_synced()

    def rejoined(self) -> None:
        self.heard.append("rejoined")

    def stale(self, reason: str) -> None:
        self.heard.append("stale")

    def closed(self, error: RoomError) -> None:
        self.heard.append("closed")
        self.error = error

    def presence_changed(self, event: PresenceEvent) -> None:
        self.events.append(event)

    def server_said(self, message: Mapping[str, Any]) -> None:
        self.said.append(message)

    def state_changed(self, state: RoomState, reason: str) -> None:
        self.states.append((state, reason))

    def resolve(self, cursor: Mapping[str, Any]) -> Selection | None:
        return None

    @property
    def state(self) -> RoomState:
        return self.states[-1][0]


class RoomServerFake:
    """A Jupyter server of one text room; tests script what sessions and dials answer."""

    def __init__(self, clock: HandClock) -> None:
        self.clock = clock
        self.id = ServerId("http://127.0.0.1:8888/")
        self.text = TextReplica(7)
        self.channels: list[FakeChannel] = []
        self.dialled: list[tuple[str, str | None]] = []
        self.sessions = 0
        self.session_errors: list[RoomError] = []
        self.dial_errors: list[RoomError] = []
        self.answers = True

    async def facts(self) -> ServerFacts:
        raise NotImplementedError

    async def tell(self, what: str) -> Mapping[str, Any] | None:
        return None

    def watch(self) -> AsyncIterator[Sighting]:
        raise NotImplementedError

    async def open_session(self, path: str, *, format: str, type: str) -> Session:
        if self.session_errors:
            raise self.session_errors.pop(0)
        self.sessions += 1
        address = RoomAddress(format, type, FileId(path))
        return Session(address=address, session_id=f"s{self.sessions}")

    async def dial(self, room: str, session_id: str | None, listener: ChannelListener) -> Channel:
        self.dialled.append((room, session_id))
        if self.dial_errors:
            raise self.dial_errors.pop(0)
        channel = FakeChannel(self.clock, listener)
        self.channels.append(channel)
        return channel

    def serve(self) -> None:
        """Answer every question that waits on the last channel, as a room server does."""
        channel = self.channels[-1]
        assert channel.listener is not None
        for sent in channel.take():
            kind, payload = unframe(sent)
            if kind == "step1":
                channel.listener.frame_received(frame(0, 1, self.text.diff(payload)))
            elif kind in ("step2", "update"):
                self.text.apply(payload)


def frame(*head_and_payload: int | bytes) -> bytes:
    """A frame from its type bytes and its payload."""
    *head, payload = head_and_payload
    assert isinstance(payload, bytes)
    return bytes(byte for byte in head if isinstance(byte, int)) + length_prefixed(payload)


def unframe(data: bytes) -> tuple[str, bytes]:
    """What a frame is, and its payload."""
    if data[0] == 1:
        return "awareness", read_length_prefixed(data, 1)[0]
    return {0: "step1", 1: "step2", 2: "update"}[data[1]], read_length_prefixed(data, 2)[0]


def encode_awareness(*entries: tuple[int, int, Any]) -> bytes:
    """An awareness update from client, clock, state; a state that is bytes is taken as it is."""
    out = varuint(len(entries))
    for client, clock, state in entries:
        raw = state if isinstance(state, bytes) else json.dumps(state).encode()
        out += varuint(client) + varuint(clock) + length_prefixed(raw)
    return out


def decode_awareness(update: bytes) -> list[tuple[int, int, Any]]:
    """The entries of an awareness update."""
    count, at = read_varuint(update, 0)
    entries = []
    for _ in range(count):
        client, at = read_varuint(update, at)
        clock, at = read_varuint(update, at)
        raw, at = read_length_prefixed(update, at)
        entries.append((client, clock, json.loads(raw)))
    return entries


def browser_state(name: str = "Ada", item: int | None = 3, **user: Any) -> dict[str, Any]:
    """The state of a learner's browser, as JupyterLab 4.6 sends it."""
    position = {
        "type": {"client": 0, "clock": 42},
        "tname": None,
        "item": None if item is None else {"client": 0, "clock": item},
        "assoc": 0,
    }
    return {
        "autosave": True,
        "user": {
            "username": name.lower(),
            "name": name,
            "display_name": name,
            "initials": name[:1],
            "avatar_url": None,
            "color": "var(--jp-collaborator-color3)",
            **user,
        },
        "cursors": [{"anchor": position, "head": position, "primary": True, "empty": True}],
    }
