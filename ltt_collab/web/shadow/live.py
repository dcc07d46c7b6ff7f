"""One room as a stream of frames for one page."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import anyio
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from ltt_collab.model.edits import RoomEvent
from ltt_collab.model.errors import LttError, ResumePointGoneError, StoreUnavailableError, SubscriberTooSlowError
from ltt_collab.model.ids import ClientId, RoomId, Seq
from ltt_collab.model.presence import Participant
from ltt_collab.ports.directory import Decision, RoomDirectory
from ltt_collab.ports.store import EventStore
from ltt_collab.ports.watching import RoomWatching
from ltt_collab.web.render.cells import Setting
from ltt_collab.web.render.feed import Entry, entry_of, entry_of_decision
from ltt_collab.web.render.frames import Frame, frame
from ltt_collab.web.render.scene import US, Scene, advance
from ltt_collab.web.render.source import read_lexer

GATHER = 0.04
"""Seconds from one frame to the next at least: a keystroke after a pause is sent at once, a burst 25 times a second."""

LOOK_EVERY = 0.5
"""Seconds between two looks at what no event tells: our own caret, and decisions."""

BEAT = 15.0
"""Seconds of silence before a comment is sent: shorter than the idle limits of usual proxies."""

STALL_SECONDS = 30.0
"""A page that takes nothing for so long is cut off; it connects again by itself."""

PAST = 1_000
"""Recorded events that the feed begins with."""

PAST_ENTRIES = 100
"""Lines that the feed begins with, at most."""

_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"x-accel-buffering", b"no"),  # nginx would hold frames back
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Where a shadow view looks: the rooms that its visitor may see, and what else is known of one."""

    directory: RoomDirectory
    watching: RoomWatching
    events: EventStore


class Shadow:
    """One room as one page sees it.

    Invariants:
        1. Nothing here changes the room: it reads, and is told.
        2. What ``frame`` gives, applied in order from a fresh page on, is the room as it was at the last of them.
    """

    def __init__(self, sources: Sources, room: RoomId) -> None:
        self._sources, self._room = sources, room
        self.stirred = anyio.Event()
        self._shown = self._now = Scene.empty(room)
        self._entries: list[Entry] = []
        self._decided: Sequence[Decision] = ()

    async def begin(self) -> None:
        """Look at the room afresh: the next frame shows the whole of it.

        Raises:
            UnknownRoomError
        """
        notebook = await self._sources.directory.snapshot(self._room)
        await read_lexer(notebook.language)
        info = self._sources.directory.find(self._room)
        self._shown = replace(Scene.empty(self._room), state=info.state)
        self._now = Scene(notebook=notebook, state=info.state)
        self._decided = ()
        self._entries = await self._past(notebook.seq)

    async def follow(self) -> None:
        """Take in what happens, until the room is left.

        Raises:
            UnknownRoomError, SubscriberTooSlowError, ResumePointGoneError
        """
        events = self._sources.directory.events(self._room, after=self._now.notebook.seq)
        try:
            async for event in events:
                self._hear(event)
        finally:
            if isinstance(events, AsyncGenerator):
                await events.aclose()

    def frame(self) -> Frame:
        """What has changed since the last one; {} when nothing has."""
        scene = replace(self._now, people=self._people())
        setting = Setting(
            room=self._room,
            language=scene.notebook.language,
            bundle=self._bundle,
            version=scene.notebook.seq,
        )
        made = frame(self._shown, scene, setting)
        self._shown = self._now = scene
        if entries := self._take_entries():
            made["feed"] = [entry.as_wire() for entry in entries]
        return made

    def _hear(self, event: RoomEvent) -> None:
        self._now = advance(self._now, event)
        if (entry := entry_of(event)) is not None:
            self._entries.append(entry)
        self.stirred.set()

    def _people(self) -> Mapping[ClientId, Participant]:
        """Asked for, not followed: who sits still says nothing, and nobody else knows where our own caret is."""
        present = self._sources.watching.present(self._room)
        return {who.client: who for who in (*(replace(us, client=US) for us in present[:1]), *present[1:])}

    def _bundle(self, cell: Any, index: int) -> Mapping[str, Any]:
        return self._sources.watching.output(self._room, cell, index)

    def _take_entries(self) -> list[Entry]:
        decisions = self._sources.directory.decisions(self._room)
        known = set(self._decided)
        self._decided = decisions
        entries = self._entries + [entry_of_decision(each) for each in decisions if each not in known]
        self._entries = []
        return sorted(entries, key=lambda entry: entry.at)

    async def _past(self, seq: Seq) -> list[Entry]:
        try:
            past = await self._sources.events.after(self._room, Seq(max(0, seq - PAST)), PAST)
        except StoreUnavailableError:
            return []  # the room itself can be seen all the same
        found = [entry for event in past if event.seq <= seq and (entry := entry_of(event)) is not None]
        return found[-PAST_ENTRIES:]


class ShadowStream(Response):
    """Sends a room's frames to one page as Server-Sent Events: ``fresh``, then ``frame`` after ``frame``.

    ``end``: the room was left for good. A stream that just breaks off is asked for again by the browser.
    """

    def __init__(self, shadow: Shadow, *, watch: AbstractContextManager[None], closing: anyio.Event) -> None:
        super().__init__(status_code=200)
        self._shadow, self._watch, self._closing = shadow, watch, closing

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """Run the stream to its end."""
        await send({"type": "http.response.start", "status": 200, "headers": list(_HEADERS)})
        with self._watch:
            async with anyio.create_task_group() as tasks:  # the first step to end ends the stream
                for step in (partial(self._show, send), partial(_until_disconnected, receive), self._closing.wait):
                    tasks.start_soon(_run_to_end, step, tasks.cancel_scope.cancel, name="shadow stream")
        with anyio.move_on_after(0.5, shield=True):
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _show(self, send: Send) -> None:
        while not await self._show_once(send):
            pass  # something was missed: begin anew
        await _say(send, "end", {})

    async def _show_once(self, send: Send) -> bool:
        """Show the room from now on; False when the page was too slow for it."""
        await self._shadow.begin()
        await _say(send, "fresh", self._shadow.frame())
        whole = True
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._frames, send, name="shadow frames")
            try:
                await self._shadow.follow()
            except (SubscriberTooSlowError, ResumePointGoneError):
                whole = False
            tasks.cancel_scope.cancel()
        return whole

    async def _frames(self, send: Send) -> None:
        silent = 0.0
        while True:
            with anyio.move_on_after(LOOK_EVERY):
                await self._shadow.stirred.wait()
            self._shadow.stirred = anyio.Event()
            made = self._shadow.frame()
            silent = 0.0 if made else silent + LOOK_EVERY
            if made:
                await _say(send, "frame", made)
            elif silent >= BEAT:
                silent = 0.0
                await _send(send, b": still here\n\n")
            await anyio.sleep(GATHER)


async def _run_to_end(step: Callable[[], Coroutine[Any, Any, object]], ended: Callable[[], None]) -> None:
    try:
        await step()
    except* (LttError, TimeoutError):
        pass  # the room is gone, or the page took nothing: it asks again, and is told so
    ended()


async def _until_disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _say(send: Send, kind: str, data: Frame) -> None:
    # JSON has no line ends but escaped ones, so that one line is the whole of it.
    body = json.dumps(data, separators=(",", ":")).encode()
    await _send(send, b"event: %s\ndata: %s\n\n" % (kind.encode(), body))


async def _send(send: Send, body: bytes) -> None:
    with anyio.fail_after(STALL_SECONDS):
        await send({"type": "http.response.body", "body": body, "more_body": True})
