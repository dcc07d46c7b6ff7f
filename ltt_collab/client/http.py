"""The door for an agent anywhere, over the service's HTTP API."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import AsyncGenerator, Mapping, Sequence
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

from pydantic import SecretStr, TypeAdapter

from ltt_collab.client.following import AllRooms, follow_room, list_rooms
from ltt_collab.client.link import ServiceLink
from ltt_collab.model.cells import Notebook
from ltt_collab.model.edits import RoomEvent
from ltt_collab.model.errors import UnknownRoomError
from ltt_collab.model.ids import CellId, RoomId, Seq
from ltt_collab.model.suggestions import Answer, Draft
from ltt_collab.model.tasks import Fact, TaskBrief, Trial
from ltt_collab.model.wire import TYPE_KEY, answer_from_wire, notebook_from_wire, to_wire
from ltt_collab.ports.directory import Decision, RoomInfo

ANSWER_KEY = "answer"

_DECISIONS = TypeAdapter(list[Decision])
_FACTS = TypeAdapter(dict[str, Fact])
_TRIAL = TypeAdapter(Trial)
_TASK: TypeAdapter[TaskBrief | None] = TypeAdapter(TaskBrief | None)


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

    async def decline(self, cause_key: str, reply_to: str = "") -> None:
        """Say that nothing will be proposed about a request."""
        which = {"cause_key": cause_key, "reply_to": reply_to}
        status, said = await self._link.post(f"rooms/{self._id}/declined", which)
        if status != HTTPStatus.OK:
            raise self._link.refusal(status, said)

    async def decisions(self) -> Sequence[Decision]:
        """Why help was or was not given."""
        return _DECISIONS.validate_python(await self._link.get(f"rooms/{self._id}/decisions"))

    async def facts(self, cell: CellId, expressions: Mapping[str, str]) -> Mapping[str, Fact]:
        """Evaluate read-only expressions silently in the learner's kernel."""
        said = await self._post(cell, "facts", {"expressions": dict(expressions)})
        return _FACTS.validate_python(said["facts"])

    async def try_code(self, cell: CellId, replacement: str) -> Trial:
        """Try the notebook up to that cell with another source in it."""
        return _TRIAL.validate_python(await self._post(cell, "trials", {"replacement": replacement}))

    async def task(self, cell: CellId) -> TaskBrief | None:
        """The task that the cell belongs to."""
        return _TASK.validate_python((await self._link.get(self._of(cell, "task")))["task"])

    async def read_terminal(self, cell: CellId) -> str:
        """The learner's terminal, where the task says that it is read."""
        return str((await self._link.get(self._of(cell, "terminal")))["text"])

    def _of(self, cell: CellId, what: str) -> str:
        return f"rooms/{self._id}/cells/{quote(cell, safe='')}/{what}"

    async def _post(self, cell: CellId, what: str, body: Mapping[str, Any]) -> Any:
        status, said = await self._link.post(self._of(cell, what), body)
        if status != HTTPStatus.OK:
            raise self._link.refusal(status, said)
        return said


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

    async def issue_token(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        """Issue a token; the answer holds it, this once.

        Raises:
            NotAuthorizedError, ForbiddenError, ServiceError
        """
        status, said = await self._link.post("tokens", asked)
        if status != HTTPStatus.OK:
            raise self._link.refusal(status, said)
        return dict(said)

    async def tokens(self) -> Sequence[Mapping[str, Any]]:
        """Every issued token, without the tokens themselves.

        Raises:
            NotAuthorizedError, ForbiddenError, ServiceError
        """
        return list(await self._link.get("tokens"))

    async def revoke_token(self, token: str) -> None:
        """End the token of that id.

        Raises:
            NotAuthorizedError, ForbiddenError, ServiceError
        """
        status, said = await self._link.delete(f"tokens/{quote(token, safe='')}")
        if status != HTTPStatus.OK:
            raise self._link.refusal(status, said)

    async def courses(self) -> Sequence[Mapping[str, Any]]:
        """The published courses.

        Raises:
            NotAuthorizedError, ForbiddenError, ServiceError
        """
        return list(await self._link.get("courses"))

    async def publish_course(self, course: str, files: Mapping[str, bytes]) -> Mapping[str, Any]:
        """Have the service teach this version of a course, given by all files of its folder.

        Raises:
            CourseError, NotAuthorizedError, ForbiddenError, ServiceError
        """
        sent = {path: b64encode(content).decode() for path, content in files.items()}
        status, said = await self._link.put(f"courses/{quote(course, safe='')}", {"files": sent})
        if status != HTTPStatus.OK:
            raise self._link.refusal(status, said)
        return dict(said)

    async def hints(self, course: str) -> Sequence[Mapping[str, Any]]:
        """What became of the hints of a course, task by task.

        Raises:
            NotAuthorizedError, ForbiddenError, ServiceError
        """
        return list(await self._link.get(f"courses/{quote(course, safe='')}/hints"))

    async def stop_ai(self, *, course: str | None = None, learner: str | None = None, reason: str = "") -> None:
        """End all writing of the AI: everywhere, in a course, or for a learner; until ``resume_ai`` for the same.

        Raises:
            NotAuthorizedError, ForbiddenError, ServiceError
        """
        order = {"order": "pause", "course": course, "learner": learner, "reason": reason}
        status, said = await self._link.post("steering/orders", order)
        if status != HTTPStatus.OK:
            raise self._link.refusal(status, said)

    async def resume_ai(self, *, course: str | None = None, learner: str | None = None) -> bool:
        """Let the AI write again; False when there was no stop about exactly that.

        Raises:
            NotAuthorizedError, ForbiddenError, ServiceError
        """
        status, said = await self._link.post("steering/orders/lift", {"course": course, "learner": learner})
        if status != HTTPStatus.OK:
            raise self._link.refusal(status, said)
        return bool(said["lifted"])

    def events(self) -> AsyncGenerator[RoomEvent, None]:
        """What happens from now on in every room."""
        return AllRooms(self._link).follow()
