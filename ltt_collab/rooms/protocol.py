"""The room's wire protocol without I/O: frames in, events and frames out.

A frame is one message: ``0,0,state vector`` (SYNC_STEP1: what do I lack?), ``0,1,update`` (STEP2, its answer),
``0,2,update`` (UPDATE), ``1,awareness`` and ``2,string`` (RAW: JSON from jupyter-collaboration's server); every
payload has its length before it. Bytes after the payload are ignored, as lib0's decoders in the browser ignore them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ltt_collab.model.errors import ProtocolViolationError, RoomReadOnlyError
from ltt_collab.model.ids import ClientId
from ltt_collab.rooms.varints import length_prefixed, read_length_prefixed, varuint

DEFAULT_FRAME_CAP = 64 * 1024 * 1024
"""Bytes of one frame. The server would send up to 1 GiB; nobody tutors in a notebook of 64 MiB."""

RAW_CAP = 64 * 1024
"""Bytes of one RAW message: the server's own take about 100."""

QUEUE_CAP = 256
"""Frames that may wait before a channel takes them: a join needs three. Over it the room is left."""

SYNC, AWARENESS, RAW = 0, 1, 2
STEP1, STEP2, UPDATE = 0, 1, 2

_UPDATE_HEAD = bytes((SYNC, UPDATE))
_EMPTY_UPDATE = b"\x00\x00"


class Replica(Protocol):
    """Our copy of a document, as the protocol needs it."""

    @property
    def client_id(self) -> ClientId:
        """The client that our own changes are made as."""
        ...

    def state(self) -> bytes:
        """The state vector: what we have of each client."""
        ...

    def diff(self, state: bytes) -> bytes:
        """The update that brings a peer at that state vector up to ours.

        Raises:
            ProtocolViolationError: the state vector cannot be read.
        """
        ...

    def apply(self, update: bytes) -> None:
        """Take in what others wrote.

        Raises:
            ProtocolViolationError: the update cannot be read; the replica may have taken in a part of it.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Synced:
    """The replica holds all that the server held when it answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncLost:
    """A sync frame could not be read: something may be missing until the next ``Synced``. It was asked for again."""

    what: str


@dataclass(frozen=True, slots=True)
class AwarenessReceived:
    """Somebody's presence changed or was renewed; ``payload`` is a y-protocols awareness update."""

    payload: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSaid:
    """The room server said something of its own, such as how a save went."""

    message: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameRefused:
    """A frame was not understood, and the document has not lost anything by it."""

    what: str


ProtocolEvent = Synced | SyncLost | AwarenessReceived | ServerSaid | FrameRefused

_NOTHING: tuple[ProtocolEvent, ...] = ()


class RoomProtocol:
    """One document's side of the conversation with a room; ``outgoing``: the frames that wait to be sent, in order.

    Invariants:
        1. ``is_synced`` is true only while nothing is known to be missing.
        2. In a read-only room no content of ours leaves: a STEP1 is answered with an empty update.
        3. A frame that cannot be read never changes the replica.
        4. What waits to be sent is bounded by ``QUEUE_CAP`` frames.
    """

    __slots__ = ("_cap", "_replica", "is_synced", "outgoing", "read_only", "refused")

    def __init__(self, replica: Replica, *, read_only: bool = False, frame_cap: int = DEFAULT_FRAME_CAP) -> None:
        self._replica = replica
        self._cap = frame_cap
        self.outgoing: list[bytes] = []
        self.read_only = read_only
        self.is_synced = False
        self.refused = 0

    def start(self) -> None:
        """Ask for all that we lack."""
        self._queue(bytes((SYNC, STEP1)) + length_prefixed(self._replica.state()))

    def receive_frame(self, frame: bytes) -> Sequence[ProtocolEvent]:
        """Take in one frame.

        Raises:
            ProtocolViolationError: the replica could not take in an update, or too much waits to be sent:
                leave the room and join it with a new replica.
        """
        size = len(frame)
        # The hot path, a keystroke: an update of less than 128 bytes, its length in one byte.
        if size > 3 and frame[:2] == _UPDATE_HEAD and frame[2] == size - 3 and size < 0x83:
            self._replica.apply(frame[3:])
            return _NOTHING
        try:
            if size > self._cap:
                raise ProtocolViolationError(f"a frame of {size} bytes, the bound is {self._cap}")
            kind = frame[0]
            if kind == AWARENESS:
                return (AwarenessReceived(read_length_prefixed(frame, 1)[0]),)
            if kind == SYNC:
                step, payload = frame[1], read_length_prefixed(frame, 2)[0]
            elif kind == RAW:
                return (_server_said(frame),)
            else:
                return self._refuse(f"an unknown message type {kind}")
        except (ProtocolViolationError, IndexError) as error:
            return self._unreadable(frame, error)
        return self._sync(step, payload)

    def send_update(self, update: bytes) -> None:
        """Queue a change of ours.

        Raises:
            RoomReadOnlyError: this room is joined read-only.
        """
        if self.read_only:
            raise RoomReadOnlyError("the server's version is not one that we know")
        self._queue(_UPDATE_HEAD + length_prefixed(update))

    def send_awareness(self, payload: bytes) -> None:
        """Queue an awareness update of ours."""
        self._queue(bytes((AWARENESS,)) + length_prefixed(payload))

    def send_save_request(self) -> None:
        """Queue the wish that the server saves the document; how that went, its event stream says."""
        self._queue(save_request(0))

    def data_to_send(self) -> list[bytes]:
        """The frames that wait, in order; they are handed out once."""
        outgoing, self.outgoing = self.outgoing, []
        return outgoing

    def _sync(self, step: int, payload: bytes) -> Sequence[ProtocolEvent]:
        if step == UPDATE:
            self._replica.apply(payload)
            return _NOTHING
        if step == STEP2:
            self._replica.apply(payload)
            self.is_synced = True
            return (Synced(),)
        if step == STEP1:
            try:
                answer = _EMPTY_UPDATE if self.read_only else self._replica.diff(payload)
            except ProtocolViolationError as error:
                return self._refuse(error.what)  # only the question was unreadable: nothing of ours is lost
            self._queue(bytes((SYNC, STEP2)) + length_prefixed(answer))
            return _NOTHING
        return self._refuse(f"an unknown sync step {step}")

    def _unreadable(self, frame: bytes, error: ProtocolViolationError | IndexError) -> Sequence[ProtocolEvent]:
        what = error.what if isinstance(error, ProtocolViolationError) else "a frame that is cut off"
        if not frame or frame[0] != SYNC:
            return self._refuse(what)
        # Whatever that frame carried, we have not got it (invariant 1): ask for all that we lack.
        self.refused += 1
        self.is_synced = False
        self.start()
        return (SyncLost(what=what),)

    def _refuse(self, what: str) -> Sequence[ProtocolEvent]:
        self.refused += 1
        return (FrameRefused(what=what),)

    def _queue(self, frame: bytes) -> None:
        if len(self.outgoing) >= QUEUE_CAP:
            raise ProtocolViolationError(f"more than {QUEUE_CAP} frames wait for a channel")
        self.outgoing.append(frame)


def _server_said(frame: bytes) -> ServerSaid:
    payload, _ = read_length_prefixed(frame, 1)
    if len(payload) > RAW_CAP:
        raise ProtocolViolationError(f"a server message of {len(payload)} bytes, the bound is {RAW_CAP}")
    try:
        message = json.loads(payload)
    except (ValueError, RecursionError):
        raise ProtocolViolationError("a server message that is not JSON") from None
    if not isinstance(message, dict):
        raise ProtocolViolationError("a server message that is not a JSON object")
    return ServerSaid(message=message)


def save_request(request: int) -> bytes:
    """The frame that asks the server to save; it answers with ``ServerSaid`` whose ``responseTo`` is ``request``."""
    return bytes((RAW,)) + length_prefixed(b"save") + varuint(request)
