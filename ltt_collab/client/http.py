"""The door for an agent anywhere, over the service's HTTP API."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from http import HTTPStatus
from types import TracebackType
from typing import Self
from urllib.parse import quote

from pydantic import SecretStr, TypeAdapter

from ltt_collab.client.following import AllRooms, follow_room, list_rooms
from ltt_collab.client.link import ServiceLink
from ltt_collab.model.cells import Notebook
from ltt_collab.model.edits import RoomEvent
from ltt_collab.model.errors import UnknownRoomError
from ltt_collab.model.ids import RoomId, Seq
from ltt_collab.model.suggestions import Answer, Draft
from ltt_collab.model.wire import TYPE_KEY, answer_from_wire, notebook_from_wire, to_wire
from ltt_collab.ports.directory import Decision, RoomInfo

ANSWER_KEY = "answer"

_DECISIONS = TypeAdapter(list[Decision])


class HttpRoomClient:
    """One room of a service; see ``client.door.RoomClient``."""

    def __init__(self, link: ServiceLink, room: RoomId) -> None:
        self._link, self._id = link, room

    @property
    def id(self) -> RoomId:
        """The room's id."""
        return self._id

    async def snapshot(self) -> Notebook:
        """The notebook now."""
        return notebook_from_wire(await self._link.get(f"rooms/{self._id}"))

    def events(self, *, after: Seq | None = None) -> AsyncGenerator[RoomEvent, None]:
        """Every event after that one; None: from now on."""
        return follow_room(self._link, self._id, after)

    async def propose(self, draft: Draft) -> Answer:
        """Put a draft before the gate."""
        status, body = await self._link.post(f"rooms/{self._id}/suggestions", to_wire(draft))
        if isinstance(body, dict) and ANSWER_KEY in body:
            return answer_from_wire({**body, TYPE_KEY: body[ANSWER_KEY]})
        raise self._link.refusal(status if status != HTTPStatus.OK else HTTPStatus.BAD_GATEWAY, body)

    async def decisions(self) -> Sequence[Decision]:
        """Why help was or was not given."""
        return _DECISIONS.validate_python(await self._link.get(f"rooms/{self._id}/decisions"))


class HttpClient:
    """The rooms of a service; see ``client.door.Client``. Use it as an async context manager.

    Raises:
        InvalidSettingError: the URL is not one of a service.
    """

    def __init__(self, service_url: str, token: SecretStr) -> None:
        self._link = ServiceLink(service_url, token)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close all connections."""
        await self._link.close()

    async def rooms(self) -> Sequence[RoomInfo]:
        """The open rooms."""
        return await list_rooms(self._link)

    async def room(self, room: str) -> HttpRoomClient:
        """The room of that id or path."""
        infos = await self.rooms()
        found = [info for info in infos if info.id == room] or [info for info in infos if info.path == room]
        if len(found) != 1:
            raise UnknownRoomError(room)
        return HttpRoomClient(self._link, found[0].id)

    async def welcome(self, username: str) -> None:
        """Let the tutor come back to a learner who sent it away.

        Raises:
            NotAuthorizedError, ServiceError
        """
        status, body = await self._link.post(f"learners/{quote(username, safe='')}/welcome", {})
        if status != HTTPStatus.OK:
            raise self._link.refusal(status, body)

    def events(self) -> AsyncGenerator[RoomEvent, None]:
        """What happens from now on in every room."""
        return AllRooms(self._link).follow()
