"""One real Jupyter server with collaborative rooms, as ``ports.rooms.RoomServer``."""

from __future__ import annotations

import ssl
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

from ltt_collab.adapters.jupyter.address import JupyterAddress, quoted_path
from ltt_collab.adapters.jupyter.channel_options import DEFAULT_FRAME_CAP, ChannelCounts, ChannelOptions
from ltt_collab.adapters.jupyter.channels import SocketChannel
from ltt_collab.adapters.jupyter.dialing import open_channel
from ltt_collab.adapters.jupyter.rest import Answer, RestClient, system_tls
from ltt_collab.adapters.jupyter.sightings import sightings_from_open_rooms, sightings_from_sessions
from ltt_collab.adapters.jupyter.versions import SESSION_ENDPOINT, ask_facts
from ltt_collab.adapters.jupyter.watch import WatchPace, watch_server
from ltt_collab.model.addresses import RoomAddress
from ltt_collab.model.errors import InvalidRoomAddressError, RoomRefusedError
from ltt_collab.model.ids import ServerId
from ltt_collab.ports.rooms import ChannelListener, RoomOpened, ServerFacts, Session, Sighting

EVENT_CAP = 1024 * 1024
"""Bytes of one event: the longest honest one is a path and a sentence."""

ROOM_ENDPOINT = "api/collaboration/room/"
EVENTS_ENDPOINT = "api/events/subscribe"
LEARNER_ENDPOINT = "api/ltt/"
OPEN_ROOMS_ENDPOINT = LEARNER_ENDPOINT + "rooms"
FILE_INDEX_ENDPOINT = "api/fileid/index"


class JupyterServer:
    """Sessions, sockets and sightings of one server; close it, or use it as an async context manager.

    Invariants:
        1. The token travels in one header to one host: no redirect is followed, no URL, message or repr carries it.
        2. No REST call counts as the learner's activity.
    """

    def __init__(
        self,
        address: JupyterAddress,
        *,
        frame_cap: int = DEFAULT_FRAME_CAP,
        tls: ssl.SSLContext | None = None,
        pace: WatchPace | None = None,
    ) -> None:
        """Nothing is asked of the server yet; ``tls`` None: the machine's own certificate authorities."""
        self._address = address
        self._pace = pace or WatchPace()
        if address.is_secure and tls is None:
            tls = system_tls()
        self.counts = ChannelCounts()
        self._rest = RestClient(address, tls)
        self._room_options = ChannelOptions(counts=self.counts, cap=frame_cap, tls=tls)
        self._event_options = ChannelOptions(counts=self.counts, cap=EVENT_CAP, tls=tls, text=True)
        self._own: Counter[str] = Counter()

    @classmethod
    def at(cls, url: str, token: str = "") -> Self:
        """The server at that URL, which may be any address copied from a browser.

        Raises:
            InvalidSettingError
        """
        return cls(JupyterAddress.parse(url, token))

    def __repr__(self) -> str:
        return f"JupyterServer({self._address.base_url!r})"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the REST connections; open channels stay with their owners."""
        await self._rest.aclose()

    @property
    def id(self) -> ServerId:
        """Base URL without credentials, with a trailing slash."""
        return self._address.server_id

    @property
    def rest(self) -> RestClient:
        """The client for questions that the port does not know."""
        return self._rest

    async def facts(self) -> ServerFacts:
        """Ask for versions; they do not change while a server runs.

        Raises:
            RoomUnreachableError, RoomRefusedError
        """
        return await ask_facts(self._rest)

    async def open_session(self, path: str, *, format: str, type: str) -> Session:
        """Get leave to open the room of a file.

        A missing file is no error here: the server indexes it, and closes the room with 4404.

        Raises:
            RoomUnreachableError, RoomRefusedError
        """
        target = SESSION_ENDPOINT + quoted_path(path)
        answer = await self._rest.ask("PUT", target, body={"format": format, "type": type})
        if answer.status == 404 and not answer.message:
            return await self._indexed(path, format, type, answer)
        if answer.status not in (200, 201):
            raise self._rest.refusal(target, answer)
        said = answer.json()
        return Session(
            address=self._room_address(target, answer, format, type, _field(said, "fileId")),
            session_id=_field(said, "sessionId") or None,
        )

    async def dial(self, room: str, session_id: str | None, listener: ChannelListener) -> SocketChannel:
        """Open the room's WebSocket.

        Raises:
            RoomUnreachableError, RoomRefusedError
        """
        target = ROOM_ENDPOINT + quote(room, safe=":")
        if session_id is not None:
            target += f"?sessionId={quote(session_id, safe='')}"
        channel = await self._open(target, listener, self._room_options, room)
        self._own[room] += 1
        return channel

    async def tell(self, what: str) -> Mapping[str, Any] | None:
        """What ``ltt-learner`` tells there of ``what``; None for a server without it, or with an older one.

        Raises:
            RoomUnreachableError
        """
        answer = await self._rest.ask("GET", LEARNER_ENDPOINT + what)
        said = answer.json() if answer.status == 200 else None
        return said if isinstance(said, dict) else None

    def watch(self) -> AsyncIterator[Sighting]:
        """Sightings for ever, beginning with what is open now; reconnects by itself and says so."""
        return watch_server(self, self._pace)

    async def dial_events(self, listener: ChannelListener) -> SocketChannel:
        """Open the event stream, whose text messages arrive as frames.

        Raises:
            RoomUnreachableError, RoomRefusedError
        """
        return await self._open(EVENTS_ENDPOINT, listener, self._event_options, None)

    async def open_notebooks(self) -> Sequence[RoomOpened]:
        """The notebooks that a browser shows now: as far as their kernels tell, and all of them with ``ltt-learner``.

        Raises:
            RoomUnreachableError, RoomRefusedError
        """
        found = sightings_from_sessions(await self._rest.demand_json("api/sessions"))
        answer = await self._rest.ask("GET", OPEN_ROOMS_ENDPOINT)
        if answer.status == 200:  # else: a stock server, or an older extension
            found += sightings_from_open_rooms(answer.json())
        return list(dict.fromkeys(found))

    def own_channels(self, room: str) -> int:
        """How many open channels of ours that room has."""
        return self._own[room]

    async def _open(
        self, target: str, listener: ChannelListener, options: ChannelOptions, room: str | None
    ) -> SocketChannel:
        def ended() -> None:
            if room is not None:
                self._own[room] -= 1
                self._own += Counter()  # forget rooms without a channel

        headers = self._address.token.headers()
        return await open_channel(self._address.websocket(target), headers, listener, options, on_end=ended)

    async def _indexed(self, path: str, format: str, type: str, refusal: Answer) -> Session:
        """A room of jupyter-server-documents, which has file ids but no sessions."""
        query = {"path": path.strip("/")}
        answer = await self._rest.ask("POST", FILE_INDEX_ENDPOINT, query=query)
        if answer.status not in (200, 201):
            raise self._rest.refusal(SESSION_ENDPOINT + quoted_path(path), refusal)
        file_id = _field(answer.json(), "id")
        return Session(address=self._room_address(FILE_INDEX_ENDPOINT, answer, format, type, file_id), session_id=None)

    def _room_address(self, target: str, answer: Answer, format: str, type: str, file_id: str) -> RoomAddress:
        try:
            return RoomAddress.parse(f"{format}:{type}:{file_id}")
        except InvalidRoomAddressError:
            where = self._address.http(target)
            raise RoomRefusedError(where, answer.status, "the answer names no file id") from None


def _field(said: Any, key: str) -> str:
    value = said.get(key) if isinstance(said, dict) else None
    return value if isinstance(value, str) else ""
