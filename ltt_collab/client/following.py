"""Event streams that outlive their connection."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from http import HTTPStatus
from typing import Any

import anyio
import structlog
from pydantic import TypeAdapter

from ltt_collab.client.backoff import Backoff
from ltt_collab.client.link import Message, ServiceLink
from ltt_collab.model.edits import RoomEvent
from ltt_collab.model.errors import (
    LttError,
    ResumePointGoneError,
    ServiceRefusedError,
    ServiceUnreachableError,
    UnknownRoomError,
)
from ltt_collab.model.ids import RoomId, Seq
from ltt_collab.model.wire import EVENT_TYPES, from_wire
from ltt_collab.ports.directory import RoomInfo

log = structlog.get_logger(__name__)

REJOIN_SECONDS = 30.0
"""A service that restarted joins its rooms again one after the other; until then a room is not "unknown"."""

_INFOS = TypeAdapter(list[RoomInfo])


async def list_rooms(link: ServiceLink, **query: str) -> list[RoomInfo]:
    """The open rooms.

    Raises:
        LttError
    """
    return _INFOS.validate_python(await link.get("rooms", **query))


class Outage:
    """Decides whether a lost stream is tried again, and waits in between.

    The first connection must stand: an agent that was given a wrong address or token is told so at once.
    """

    def __init__(self, what: str) -> None:
        self._what = what
        self._backoff = Backoff()
        self._stood = False
        self._since: float | None = None

    def over(self) -> None:
        """The stream stands."""
        if self._since is not None:
            log.info("stream resumed", stream=self._what)
        self._stood, self._since = True, None
        self._backoff.reset()

    async def wait_out(self, error: LttError | None) -> None:
        """Wait before the next try; ``error`` None: the stream just ended.

        Raises:
            LttError: the one given, when trying again will not help.
        """
        now = time.monotonic()
        if error is not None and not self._passing(error, now):
            raise error
        if self._since is None:
            self._since = now
            log.warning("stream lost, trying again", stream=self._what, reason=type(error).__name__)
        await anyio.sleep(self._backoff.next())

    def _passing(self, error: LttError, now: float) -> bool:
        if not self._stood:
            return False
        match error:
            case ServiceUnreachableError():
                return True
            case ServiceRefusedError(status=status):
                return status >= HTTPStatus.INTERNAL_SERVER_ERROR
            case UnknownRoomError():
                return self._since is not None and now - self._since < REJOIN_SECONDS
            case _:
                return False


async def follow_room(link: ServiceLink, room: RoomId, after: Seq | None) -> AsyncGenerator[RoomEvent, None]:
    """Every event of a room after that one, over as many connections as it takes.

    Raises:
        LttError
    """
    outage = Outage(f"room {room}")
    reached = after
    while True:
        lost: LttError | None = None
        try:
            async with aclosing(_stream(link, f"rooms/{room}/events", reached)) as messages:
                async for message in messages:
                    if message.event == "open":
                        outage.over()
                        reached = Seq(message.data["after"]) if reached is None else reached
                    elif message.event == "end":
                        return
                    elif (event := _event(message)) is not None and event.seq > (reached or 0):
                        reached = event.seq
                        yield event
        except LttError as error:
            lost = error
        await outage.wait_out(lost)


class AllRooms:
    """Follows every room at once.

    Invariants:
        1. ``_reached`` holds, for each room, the last event handed out, or the room's last one before we began.
        2. An event is handed out only if it is beyond that, and then it is the next one of its room: what was missed
           between two connections is read from the room's own stream first.
    """

    def __init__(self, link: ServiceLink) -> None:
        self._link = link
        self._reached: dict[RoomId, Seq] = {}

    async def follow(self) -> AsyncGenerator[RoomEvent, None]:
        """What happens from now on.

        Raises:
            LttError
        """
        outage = Outage("all rooms")
        self._reached = {info.id: info.last_seq for info in await list_rooms(self._link)}
        while True:
            lost: LttError | None = None
            try:
                async with aclosing(_stream(self._link, "events", None)) as messages:
                    async for message in messages:
                        if message.event == "open":
                            outage.over()
                            async with aclosing(self._missed()) as missed:
                                async for event in missed:
                                    yield event
                        elif message.event == "end":
                            return
                        elif (event_now := _event(message)) is not None and self._is_next(event_now):
                            yield event_now
            except LttError as error:
                lost = error
            await outage.wait_out(lost)

    async def _missed(self) -> AsyncGenerator[RoomEvent, None]:
        infos = await list_rooms(self._link)
        known = self._reached
        self._reached = {info.id: known[info.id] for info in infos if info.id in known}
        for info in infos:
            reached = self._reached.get(info.id, Seq(0))
            if info.id not in known:
                # It opened while we were away; its first event need not be number 1.
                reached = await self._beginning(info)
            if info.last_seq < reached:
                # The service restarted and counts anew: what lies between cannot be known.
                raise ResumePointGoneError(reached, info.last_seq)
            if info.last_seq > reached:
                async with aclosing(self._up_to(info, reached)) as events:
                    async for event in events:
                        yield event

    async def _beginning(self, info: RoomInfo) -> Seq:
        """The number that a room's log begins after."""
        try:
            async with aclosing(_stream(self._link, f"rooms/{info.id}/events", Seq(0))) as messages:
                async for _ in messages:
                    break
        except ResumePointGoneError as gone:
            return Seq(gone.oldest)
        except UnknownRoomError:
            return info.last_seq
        return Seq(0)

    async def _up_to(self, info: RoomInfo, reached: Seq) -> AsyncGenerator[RoomEvent, None]:
        # One connection only: if it is lost, the service may have restarted, and all rooms are asked for anew.
        try:
            async with aclosing(_stream(self._link, f"rooms/{info.id}/events", reached)) as messages:
                async for message in messages:
                    if message.event == "end":
                        return
                    event = _event(message)
                    if event is not None and self._is_next(event):
                        yield event
                    if int(message.data.get("seq", 0)) >= info.last_seq:
                        return
        except UnknownRoomError:
            log.info("room was left in the meantime", room=info.id)
            return
        raise ServiceUnreachableError(self._link.url, "the connection was lost")

    def _is_next(self, event: RoomEvent) -> bool:
        if event.seq <= self._reached.get(event.room, 0):
            return False
        self._reached[event.room] = event.seq
        return True


async def _stream(link: ServiceLink, path: str, after: Seq | None) -> AsyncGenerator[Message, None]:
    """The stream's messages; an ``error`` message is raised."""
    async with aclosing(link.messages(path, after=after)) as messages:
        async for message in messages:
            if message.event == "error":
                data: dict[str, Any] = dict(message.data)
                raise link.refusal(int(data.get("status", HTTPStatus.INTERNAL_SERVER_ERROR)), data)
            yield message


def _event(message: Message) -> RoomEvent | None:
    """The event; None for a kind that a newer service knows and we do not."""
    return from_wire(message.data) if message.event in EVENT_TYPES else None
