"""A learner in a chat, without a browser, and our rooms and chats without a tutor."""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import anyio
from pycrdt import Array, Map
from sniffio import current_async_library_cvar

from ltt_collab.adapters.clock import SystemClock
from ltt_collab.adapters.jupyter.server import JupyterServer
from ltt_collab.adapters.store.memory import memory_stores
from ltt_collab.model.edits import RoomEvent
from ltt_collab.model.ids import Username
from ltt_collab.model.presence import User
from ltt_collab.peer.chat import ChatPeer
from ltt_collab.peer.log import EventLog
from ltt_collab.peer.registry import Registry
from ltt_collab.peer.room import RoomPeer
from ltt_collab.peer.supervisor import Supervisor
from ltt_collab.peer.surroundings import Habits, Surroundings
from ltt_collab.peer.timers import Timers
from ltt_collab.rooms.heartbeat import Heartbeat
from ltt_collab.tutoring.budget import Budget
from tests.support.deadlines import eventually
from tests.support.jupyter import Jupyter
from tests.support.learner import TUTOR, Learner, present

TUTOR_USER = User(username=Username(TUTOR), display_name="Tutor", initials="T", color="#7c3aed")


class ChatLearner(Learner):
    """One browser tab of one person in one chat; with ``person`` the same one as in a notebook."""

    kind = ("text", "chat")

    def __init__(self, jupyter: Jupyter, path: str, name: str = "Ada", person: Learner | None = None) -> None:
        super().__init__(jupyter, path, name)
        if person is not None:
            self._http.cookies = person._http.cookies
        self.array: Array[Any] = self.doc.get("messages", type=Array)
        self.users: Map[Any] = self.doc.get("users", type=Map)

    @property
    def user(self) -> dict[str, Any]:
        """Who we are, as jupyterlab-chat writes it."""
        return {**super().user, "avatar_url": None, "color": "#336699"}

    def state(self) -> dict[str, Any]:
        """The presence of a chat that is open: without carets."""
        return {"autosave": True, "user": self.user}

    def post(self, text: str, *, sender: str = "", mentions: tuple[str, ...] = ()) -> str:
        """Send a message as jupyterlab-chat does; its id."""
        message_id = str(uuid.uuid4())
        fields = {"type": "msg", "id": message_id, "body": text, "time": time.time(), "raw_time": True}
        fields |= {"sender": sender or self.username} | ({"mentions": list(mentions)} if mentions else {})
        if self.username not in self.users:
            self.users[self.username] = {**self.user, "bot": False}
        self.array.append(Map(fields))
        return message_id

    def messages(self) -> list[dict[str, Any]]:
        """Every message as the document has it."""
        return [dict((entry.to_py() or {}) if isinstance(entry, Map) else entry) for entry in self.array]

    def are_shared_maps(self) -> bool:
        """Whether every message is one: a plain dict makes the whole chat appear empty in a browser."""
        return all(isinstance(entry, Map) for entry in self.array)

    def answers(self) -> list[dict[str, Any]]:
        """The tutor's messages."""
        return [message for message in self.messages() if message["sender"] == TUTOR]

    async def sees_answer(self, to: str, *, within: float = 20.0) -> dict[str, Any]:
        """The tutor's whole answer to a message, waited for."""

        def whole() -> dict[str, Any] | None:
            found = [answer for answer in self.answers() if answer["metadata"]["ltt"]["reply_to"] == to]
            assert len(found) <= 1, f"more than one answer: {found}"
            return found[0] if found and not found[0]["metadata"]["ltt"]["writing"] else None

        answer = await eventually(whole, within=within, what=f"an answer to {to}")
        assert answer is not None
        return answer

    def tutor_is_typing(self) -> bool:
        """Whether the chat shows that the tutor is typing."""
        tutor = self.tutor()
        return tutor is not None and bool(tutor.get("isWriting"))


@asynccontextmanager
async def chatting(
    jupyter: Jupyter, path: str, name: str = "Ada", person: Learner | None = None
) -> AsyncIterator[ChatLearner]:
    """Open a chat, made if it is not there; closes the tab in the end."""
    file = jupyter.root / path
    if not file.exists():
        file.write_text("")
    async with present(ChatLearner(jupyter, path, name, person)) as learner:
        yield learner


@dataclass(frozen=True)
class Rooms:
    """Our rooms and chats on one server, with nobody who answers."""

    registry: Registry
    around: Surroundings
    supervisor: Supervisor

    async def room(self, path: str) -> RoomPeer:
        """The live room of a path, waited for."""

        def live() -> RoomPeer | None:
            found = [peer for peer in self.registry.of_server(self.supervisor.server_id) if peer.path == path]
            return found[0] if found and found[0].info.state.value == "live" else None

        peer = await eventually(live, within=15, what=f"us in {path}")
        assert peer is not None
        return peer

    async def chat(self, path: str, learner: ChatLearner) -> str:
        """The room of the chat of a path, once the learner sees us in it."""
        await eventually(learner.tutor, within=15, what=f"us in {path}")
        chat = self.around.chats.at(self.supervisor.server_id, path)
        assert chat is not None
        return chat.room

    def company(self, path: str) -> Collection[Username]:
        """Whom we know to be in the chat of a path."""
        chat = self.around.chats.at(self.supervisor.server_id, path)
        return chat.company() if isinstance(chat, ChatPeer) else ()

    def heard(self, room: RoomPeer, kind: type[RoomEvent]) -> list[Any]:
        """The events of that kind in a notebook's room."""
        return [event for event in room.log.events if isinstance(event, kind)]


@asynccontextmanager
async def rooms_without_tutor(jupyter: Jupyter, **habits: float) -> AsyncIterator[Rooms]:
    """Watch that server and join what is opened; nobody proposes anything but the test."""
    # anyio.run says this for the service; a socket's callback is no task, so nothing else tells anyio where it is.
    current_async_library_cvar.set("asyncio")
    clock, stores = SystemClock(), memory_stores()
    around = Surroundings(
        user=TUTOR_USER,
        habits=Habits(introduce=False, **habits),  # type: ignore[arg-type]
        clock=clock,
        timers=Timers(clock),
        heartbeat=Heartbeat(clock),
        log=EventLog(),
        wishes=stores.wishes,
        suggestions=stores.suggestions,
        budget=Budget(),
        random=random.random,
        feedback=stores.feedback,
    )
    registry = Registry(around.log)
    async with JupyterServer.at(jupyter.url, jupyter.token) as server, anyio.create_task_group() as tasks:
        supervisor = Supervisor(server, around, registry)
        tasks.start_soon(around.heartbeat.run, name="heartbeat")
        tasks.start_soon(around.timers.run, name="timers")
        tasks.start_soon(supervisor.run, name="supervisor")
        await eventually(lambda: supervisor.is_watching, what="the watch")
        yield Rooms(registry, around, supervisor)
        tasks.cancel_scope.cancel()
