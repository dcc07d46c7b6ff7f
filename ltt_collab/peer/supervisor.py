"""Is in every room of one server in which a learner is."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from typing import assert_never, cast

import anyio
import structlog
from anyio.abc import TaskGroup

from ltt_collab.model.errors import RoomError, UnsupportedServerError
from ltt_collab.model.ids import Seq, ServerId, Username
from ltt_collab.peer.chat import CHAT, ChatPeer
from ltt_collab.peer.chats import Chat
from ltt_collab.peer.conversation import Conversation
from ltt_collab.peer.registry import Registry
from ltt_collab.peer.room import RoomPeer
from ltt_collab.peer.surroundings import Surroundings
from ltt_collab.ports.rooms import (
    FileDeleted,
    FileMoved,
    RoomOpened,
    RoomSaved,
    RoomServer,
    RoomVacated,
    SaveFailed,
    ServerFacts,
    Sighting,
    WatchStateChanged,
)
from ltt_collab.rooms.global_room import GlobalPresence
from ltt_collab.rooms.keeper import DocumentTarget, Membership, keep_connected
from ltt_collab.rooms.local_state import chat_state

log = structlog.get_logger(__name__)

NOTEBOOK = "notebook"
SEQ_PER_SECOND = 1_000
"""Event numbers set aside for each second: no room has so many events, so a later life's numbers are all larger."""


class Supervisor:
    """Watches one server and keeps a peer in each of its open notebooks and chats.

    Invariants:
        1. One peer per room.
        2. What one room raises ends that room only; the next sighting of it begins anew.
    """

    def __init__(self, server: RoomServer, around: Surroundings, registry: Registry, *, shy: bool = False) -> None:
        """``shy``: be listed among the collaborators only while in a room, so that an idle server is left in peace."""
        self._server, self._around, self._registry, self._shy = server, around, registry, shy
        self._in_rooms, self._watching = anyio.Event(), anyio.CancelScope()
        self.on_watch: Callable[[bool], None] = lambda _live: None
        self._entering: dict[str, Username | None] = {}
        self._facts: ServerFacts | None = None
        self._presence = GlobalPresence()
        self._conversation = Conversation(server.id, registry)
        self.is_watching = False
        self.last_act = 0.0
        """When somebody last wrote in a document that we are not in (Unix time in seconds)."""
        self.why_not = "not connected yet"

    @property
    def server_id(self) -> ServerId:
        """The server that is watched."""
        return self._server.id

    async def run(self) -> None:
        """Be there until cancelled; leaves every room with a goodbye."""
        async with anyio.create_task_group() as tasks, self._reachable(tasks):
            tasks.start_soon(self._be_listed_in_company if self._shy else self._be_listed, name="global awareness")
            while True:
                # An async generator; the port's type hides that it can be closed.
                watch = cast("AsyncGenerator[Sighting, None]", self._server.watch())
                self._watching = anyio.CancelScope()
                with self._watching:
                    async with aclosing(watch) as sightings:
                        async for sighting in sightings:
                            self._handle(sighting, tasks)

    @asynccontextmanager
    async def _reachable(self, tasks: TaskGroup) -> AsyncGenerator[None]:
        """Let chats be joined that nobody has open in JupyterLab."""

        def join(path: str, username: Username) -> None:
            self._opened(RoomOpened(path=path, format="text", type=CHAT, username=username), tasks)

        self._around.chats.reach(self._server.id, join)
        try:
            yield
        finally:
            self._around.chats.reach(self._server.id, None)

    def look_again(self) -> None:
        """Connect to the server at once, not when the next attempt is due: it was just said to be there."""
        self._watching.cancel()

    def keep_away(self, username: Username) -> None:
        """Leave every room in which that learner is."""
        for peer in self._registry.visited_by(username):
            log.info("leaving on a learner's wish", room=peer.stamp.room)
            peer.take_leave("a learner asked the tutor to leave")
        for chat in self._around.chats.of_server(self._server.id):
            if chat.is_visited_by(username):
                chat.leave("a learner asked the tutor to leave")

    async def welcome(self, username: Username) -> None:
        """Forget that this learner sent us away; we come when they open a notebook the next time.

        Raises:
            StoreUnavailableError
        """
        await self._around.wishes.welcome_back(self._server.id, username)

    def _handle(self, sighting: Sighting, tasks: TaskGroup) -> None:
        match sighting:
            case RoomOpened(type=kind) if kind not in {NOTEBOOK, CHAT}:
                pass
            case RoomOpened():
                self._opened(sighting, tasks)
            case RoomVacated() | RoomSaved() | SaveFailed() | FileMoved() | FileDeleted():
                self._happened_to(sighting)
            case WatchStateChanged(live=live, reason=reason):
                self.is_watching, self.why_not = live, reason
                self._facts = None  # another server may answer at that address now
                self.on_watch(live)
                log.info("watching" if live else "not watching", server=self._server.id, reason=reason)
            case _:
                assert_never(sighting)

    def _opened(self, opened: RoomOpened, tasks: TaskGroup) -> None:
        if self._around.owner is not None:
            opened = replace(opened, username=self._around.owner)
        peer = self._registry.at(self._server.id, opened.path)
        chat = self._around.chats.at(self._server.id, opened.path)
        if peer is not None:
            peer.sight(opened.username)
        elif chat is not None:
            chat.sight(opened.username)
        elif opened.path in self._entering:
            self._entering[opened.path] = opened.username or self._entering[opened.path]
        else:
            self._entering[opened.path] = opened.username
            be_in = self._be_in if opened.type == NOTEBOOK else self._be_in_chat
            tasks.start_soon(be_in, opened, name=f"room of {opened.path}")

    def _happened_to(self, news: RoomVacated | RoomSaved | SaveFailed | FileMoved | FileDeleted) -> None:
        """Something became of a file, or of what is open of it."""
        peer = self._at(news.path)
        match news:
            case RoomSaved(path=path) if peer is None and not path.endswith(".ipynb"):
                self.last_act = self._around.clock.now()
            case RoomSaved() if isinstance(peer, RoomPeer):
                peer.saving.succeeded()
            case SaveFailed(reason=reason) if isinstance(peer, RoomPeer):
                peer.saving.failed(reason)
            case RoomVacated() if peer is not None:
                peer.vacate()
            case FileMoved(new_path=new_path) if peer is not None:
                peer.moved(new_path)
                self._list_rooms()
            case FileDeleted() if peer is not None:
                peer.leave("the file was deleted")
            case _:
                pass

    def _at(self, path: str) -> RoomPeer | Chat | None:
        return self._registry.at(self._server.id, path) or self._around.chats.at(self._server.id, path)

    async def _be_in(self, opened: RoomOpened) -> None:
        try:
            peer = await self._enter(opened)
        except RoomError as error:
            log.warning("room not joined", path=opened.path, reason=str(error))
            return
        finally:
            username = self._entering.pop(opened.path, None)
        if peer is None:
            return
        self._registry.add(peer)
        peer.sight(username)
        self._list_rooms()
        try:
            reason = await peer.run()
            log.info("room left", room=peer.stamp.room, path=peer.info.path, reason=reason)
        # Invariant 2: the one boundary around a room. Cancellation is no Exception and passes.
        except Exception:
            log.exception("room ended by an error of ours", room=peer.stamp.room)
        finally:
            self._registry.remove(peer)
            self._list_rooms()

    async def _be_in_chat(self, opened: RoomOpened) -> None:
        chats = self._around.chats
        try:
            chat = await self._enter_chat(opened)
        except RoomError as error:
            log.warning("chat not joined", path=opened.path, reason=str(error))
            return
        finally:
            username = self._entering.pop(opened.path, None)
        if chat.room in chats:  # invariant 1
            return
        chat.sight(username)
        chats.add(chat)
        self._list_rooms()
        try:
            reason = await chat.run()
            log.info("chat left", room=chat.room, path=chat.path, reason=reason)
        # Invariant 2: the one boundary around a chat, as around a room.
        except Exception:
            log.exception("chat ended by an error of ours", room=chat.room)
        finally:
            chats.remove(chat)
            self._list_rooms()

    async def _enter_chat(self, opened: RoomOpened) -> ChatPeer:
        read_only = await self._why_read_only()
        session = await self._server.open_session(opened.path, format=opened.format, type=opened.type)
        return ChatPeer(
            session.address.room_id(self._server.id),
            DocumentTarget(path=opened.path, format=opened.format, type=opened.type, describe=chat_state),
            self._server,
            self._around,
            self._conversation.hear,
            read_only=read_only,
        )

    async def _why_read_only(self) -> str:
        facts = self._facts = self._facts or await self._server.facts()
        return "" if facts.supported else str(UnsupportedServerError(facts.collaboration or "?", facts.tested))

    async def _enter(self, opened: RoomOpened) -> RoomPeer | None:
        read_only = await self._why_read_only()
        session = await self._server.open_session(opened.path, format=opened.format, type=opened.type)
        room = session.address.room_id(self._server.id)
        if read_only:
            log.warning("joining read-only", path=opened.path, reason=read_only)
        if room in self._registry:  # invariant 1: the same file by another path
            return None
        peer = RoomPeer(
            room,
            DocumentTarget(path=opened.path, format=opened.format, type=opened.type),
            self._server,
            self._around,
            read_only=read_only,
            first_seq=Seq(int(self._around.clock.now() * SEQ_PER_SECOND)),
        )
        peer.on_keep_away = self.keep_away
        return peer

    async def _be_listed_in_company(self) -> None:
        """Each message to the global awareness would keep a server alive behind a hub's proxy."""
        while True:
            while not self._paths():
                await self._next_change()
            async with anyio.create_task_group() as listed:
                listed.start_soon(self._be_listed, name="global awareness")
                while self._paths():
                    await self._next_change()
                listed.cancel_scope.cancel()

    async def _next_change(self) -> None:
        """Return when the list of our rooms changes. Nothing is awaited between looking at the list and waiting."""
        self._in_rooms = anyio.Event()
        await self._in_rooms.wait()

    async def _be_listed(self) -> None:
        membership = Membership(
            server=self._server,
            user=self._around.user,
            clock=self._around.clock,
            heartbeat=self._around.heartbeat,
            random=self._around.random,
        )
        while True:
            gave_up = await keep_connected(membership, self._presence)
            log.warning("not listed among the collaborators", server=self._server.id, reason=gave_up.reason)
            await self._around.clock.sleep(30.0)

    def _list_rooms(self) -> None:
        self._presence.show_documents(self._paths())
        self._in_rooms.set()
        self._registry.count()

    def _paths(self) -> list[str]:
        notebooks = [peer.path for peer in self._registry.of_server(self._server.id)]
        return notebooks + [chat.path for chat in self._around.chats.of_server(self._server.id)]
