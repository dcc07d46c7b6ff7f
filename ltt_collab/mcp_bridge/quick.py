"""Calls that take a moment are answered in JSON at once; streams are for those that have something to say meanwhile.

A stream for each answer costs the SDK three tasks and four handed-over messages, as much time as most tools take. The
specification leaves it to the server, for each request, to answer in JSON or by a stream (2025-06-18, transports).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from mcp.server.transport_security import TransportSecurityMiddleware, TransportSecuritySettings
from starlette.requests import Request
from starlette.types import Message, Receive, Scope, Send

from ltt_collab.mcp_bridge.answers import Reply
from ltt_collab.mcp_bridge.catalogue import SESSION, VERSION, Compat
from ltt_collab.mcp_bridge.sessions import Sessions, session_of
from ltt_collab.mcp_bridge.tools import QUICK
from ltt_collab.model.ids import Username

VERSIONS = frozenset({"2025-03-26", "2025-06-18", "2025-11-25"})
"""Protocol versions whose answers look as ours do here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuickCall:
    """A call of a tool that takes a moment. ``id``: of the request."""

    id: str | int
    tool: str
    arguments: Mapping[str, Any]

    @classmethod
    def read(cls, body: bytes, compat: Compat) -> QuickCall | None:
        """The call in a request's body; None for anything else, which is the SDK's to answer."""
        try:
            match orjson.loads(body):
                case {"jsonrpc": "2.0", "id": str() | int() as id, "method": "tools/call", "params": dict(params)}:
                    pass
                case _:
                    return None
        except orjson.JSONDecodeError:
            return None
        tool, arguments, meta = params.pop("name", None), params.pop("arguments", None), params.pop("_meta", None)
        # Whoever names a token for it wants to hear of progress; what else there may be in a call we do not know.
        if params or isinstance(id, bool) or not isinstance(meta, dict | None) or "progressToken" in (meta or {}):
            return None
        if tool not in QUICK[compat] or not isinstance(arguments, dict | None):
            return None
        if (arguments or {}).get("execute", False) is not False:
            return None
        return cls(id=id, tool=tool, arguments=arguments or {})


Work = Callable[[QuickCall], Awaitable[Reply]]
Behind = Callable[[Scope, Receive, Send], Awaitable[None]]


class QuickDoor:
    """Stands before the SDK's transport.

    Invariants:
        1. What it answers, it answers with the very message that the SDK would send.
        2. Whatever it is not sure of goes to the SDK, as it came.
    """

    def __init__(self, behind: Behind, hosts: TransportSecuritySettings, sessions: Sessions) -> None:
        """``behind``: the SDK's transport."""
        self._behind = behind
        self._hosts = TransportSecurityMiddleware(hosts)
        self._sessions = sessions

    async def take(self, request: Request, send: Send, owner: Username, compat: Compat, work: Work) -> None:
        """Answer a request, or have it answered; ``work`` does a quick call."""
        session, receive = session_of(request), request.receive
        if request.method == "POST" and session and self._sessions.is_open(session, owner) and _is_usual(request):
            body = await request.body()
            call = QuickCall.read(body, compat)
            if call is not None and await self._hosts.validate_request(request, is_post=True) is None:
                await _answer(send, session, answer_of(call, await work(call)))
                return
            receive = _again(body, receive)  # invariant 2
        if request.method == "DELETE":
            self._sessions.end(session, owner)
            await self._behind(request.scope, receive, send)
            return

        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._sessions.answered(session, owner, message)
                await self._end_surplus(request.scope, owner)  # before anybody hears of the new one
            await send(message)

        await self._behind(request.scope, receive, watched)

    async def _end_surplus(self, scope: Scope, owner: Username) -> None:
        surplus = self._sessions.surplus(owner)
        if surplus is not None:
            self._sessions.end(surplus, owner)
            await self._behind(_goodbye(scope, surplus), _nothing_more, _unheard)


def answer_of(call: QuickCall, reply: Reply) -> dict[str, Any]:
    """The message that answers the call."""
    images = [{"type": "image", "data": each.data, "mimeType": each.mime_type} for each in reply.images]
    content = [*({"type": "text", "text": text} for text in reply.texts), *images]
    result: dict[str, Any] = {"content": content}
    if reply.data is not None:
        result["structuredContent"] = dict(reply.data)
    return {"jsonrpc": "2.0", "id": call.id, "result": result | {"isError": reply.is_error}}


def _is_usual(request: Request) -> bool:
    headers = request.headers
    accepts, carries = headers.get("accept", ""), headers.get("content-type", "")
    is_json = carries.partition(";")[0].strip().lower() == "application/json"
    both = "application/json" in accepts and "text/event-stream" in accepts
    return is_json and both and headers.get(VERSION) in VERSIONS


async def _answer(send: Send, session: str, message: Mapping[str, Any]) -> None:
    body = orjson.dumps(message)
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (SESSION.encode(), session.encode("latin-1")),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _goodbye(scope: Scope, session: str) -> Scope:
    """The request by which whoever asks ends a session of theirs."""
    kept = [(name, value) for name, value in scope["headers"] if name not in _OF_BODY]
    return {**scope, "method": "DELETE", "headers": [*kept, (SESSION.encode(), session.encode("latin-1"))]}


_OF_BODY = frozenset({SESSION.encode(), b"content-length", b"content-type", b"transfer-encoding"})


async def _nothing_more() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}


async def _unheard(_message: Message) -> None: ...


def _again(body: bytes, receive: Receive) -> Receive:
    """A request whose body was read already, from its beginning."""
    unread = [body]

    async def receive_again() -> Message:
        if unread:
            return {"type": "http.request", "body": unread.pop(), "more_body": False}
        return await receive()

    return receive_again
