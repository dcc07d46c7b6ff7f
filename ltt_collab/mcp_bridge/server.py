"""The MCP server of the service: streamable HTTP at ``/mcp``, one for all clients and modes."""

from __future__ import annotations

import math
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import anyio
import mcp_types as types
import orjson
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken
from mcp.server.lowlevel.server import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.shared.exceptions import MCPError
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from ltt_collab import __version__
from ltt_collab.mcp_bridge.answers import Reply, refuse
from ltt_collab.mcp_bridge.calling import Behind, Caller, Progress, unheard
from ltt_collab.mcp_bridge.catalogue import INSTRUCTIONS, SERVER_NAME, VERSION, Compat
from ltt_collab.mcp_bridge.hosts import only_for
from ltt_collab.mcp_bridge.limits import CALLS_AT_ONCE, CallRate, CallsAtOnce
from ltt_collab.mcp_bridge.quick import QuickCall, QuickDoor
from ltt_collab.mcp_bridge.resource_server import Context, ResourceServer
from ltt_collab.mcp_bridge.sessions import SESSIONS_OF_ALL, Sessions, has_sessions, session_of
from ltt_collab.mcp_bridge.subscriptions import Subscriptions
from ltt_collab.mcp_bridge.tools import LISTED, Tools
from ltt_collab.model.identity import Sight
from ltt_collab.model.problems import CODE_KEY, DETAIL_KEY

PATH = "/mcp"

IDLE_SECONDS = 30 * 60.0

RATE_LIMITED = "rate_limited"


@dataclass(frozen=True, slots=True, kw_only=True)
class BridgeOptions:
    """``hosts``: names beside loopback by which clients reach us; ``calls_per_minute``: of one client, 0: any."""

    hosts: tuple[str, ...] = ()
    calls_per_minute: int = 1_200


class Bridge:
    """The ASGI app behind ``/mcp``; run it within ``running()``.

    Invariants:
        1. A session's state belongs to that session; the newer protocol has none, and nothing is remembered there.
        2. Who may see what is taken from each request, never remembered with a session.
    """

    def __init__(self, behind: Behind, sight_of: Callable[[Scope], Sight], options: BridgeOptions) -> None:
        """``sight_of``: whom the sender of a request may see, as the door's authentication left it there."""
        self._behind, self._sight_of = behind, sight_of
        self._tools = Tools()
        self._rate = CallRate(options.calls_per_minute, behind.clock)
        self._at_once = CallsAtOnce()
        self._sessions = Sessions(behind.clock)
        self._subscriptions = Subscriptions(behind.directory, behind.clock, IDLE_SECONDS)
        hosts = only_for(options.hosts)
        self._manager = StreamableHTTPSessionManager(
            self._server(),
            security_settings=hosts,
            session_idle_timeout=IDLE_SECONDS,
            max_sessions=SESSIONS_OF_ALL,
        )
        self._door = QuickDoor(self._manager.handle_request, hosts, self._sessions)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request of somebody whom the door has let in."""
        request = Request(scope, receive, send)
        compat = request.query_params.get("compat", Compat.NATIVE.value)
        if compat not in set(Compat):
            known = ", ".join(each.value for each in Compat)
            await PlainTextResponse(f"compat={compat!r} is not known; use one of {known}", 400)(scope, receive, send)
            return
        if compat != Compat.NATIVE and not has_sessions(request):
            await (await _without_sessions(request))(scope, receive, send)
            return
        name = self._sight_of(scope).principal.name
        if request.method == "POST" and has_sessions(request) and not session_of(request):
            wait = self._rate.wait_for(name)  # a session is opened: it takes memory, so it counts as a call
            if wait:
                late = {"retry-after": str(math.ceil(wait))}
                await PlainTextResponse(f"{RATE_LIMITED}: {_late(wait)}", 429, late)(scope, receive, send)
                return
        # The SDK answers a session's requests only to whoever opened it.
        scope["user"] = AuthenticatedUser(AccessToken(token="", client_id=name, scopes=[]))

        async def work(call: QuickCall) -> Reply:
            return await self._called(self._caller_of(request), Compat(compat), call.tool, call.arguments)

        session = self._key(request)
        with self._subscriptions.asking(session, self._sight_of(scope)):
            await self._door.take(request, send, name, Compat(compat), work)
        if request.method == "DELETE":
            self._subscriptions.end(session)

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Serve while the context is open."""
        async with anyio.create_task_group() as tasks, self._manager.run():
            tasks.start_soon(self._subscriptions.run, name="mcp change notifications")
            tasks.start_soon(self._behind.beside, name="beside mcp")
            try:
                yield
            finally:
                tasks.cancel_scope.cancel()

    def _server(self) -> Server[Any]:
        about = ResourceServer(self._subscriptions, self._reader, lambda context: self._key(_request(context)))
        return Server(
            SERVER_NAME,
            version=__version__,
            instructions=INSTRUCTIONS,
            on_list_tools=self._list_tools,
            on_call_tool=self._call_tool,
            on_list_resources=about.list,
            on_list_resource_templates=about.templates,
            on_read_resource=about.read,
            on_subscribe_resource=about.subscribe,
            on_unsubscribe_resource=about.unsubscribe,
            on_subscriptions_listen=about.listen,
        )

    async def _list_tools(self, context: Context, _: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        return types.ListToolsResult(tools=[types.Tool.model_validate(tool) for tool in LISTED[_compat(context)]])

    async def _call_tool(self, context: Context, params: types.CallToolRequestParams) -> types.CallToolResult:
        return _result(await self._called(self._caller(context), _compat(context), params.name, params.arguments or {}))

    async def _called(self, caller: Caller, compat: Compat, tool: str, arguments: Mapping[str, Any]) -> Reply:
        wait = self._rate.wait_for(caller.name)
        if wait:
            return refuse(RATE_LIMITED, _late(wait))
        with self._at_once.one_more(caller.name) as fits:
            if not fits:
                return refuse(RATE_LIMITED, f"{CALLS_AT_ONCE} calls are under way; try again when one has ended")
            return await self._tools.call(caller, compat, tool, arguments)

    def _reader(self, context: Context) -> Caller:
        """Who asks for resources.

        Raises:
            MCPError: they ask too often.
        """
        caller = self._caller(context)
        wait = self._rate.wait_for(caller.name)
        if wait:
            problem = {CODE_KEY: RATE_LIMITED, DETAIL_KEY: _late(wait)}
            raise MCPError(types.INVALID_REQUEST, f"{RATE_LIMITED}: {_late(wait)}", problem)
        return caller

    def _caller(self, context: Context) -> Caller:
        async def progress(count: float, message: str) -> None:
            await context.session.report_progress(count, message=message)

        return self._caller_of(_request(context), progress)

    def _caller_of(self, request: Request, progress: Progress = unheard) -> Caller:
        sight = self._sight_of(request.scope)  # invariant 2
        state = self._sessions.state(session_of(request), sight.principal.name)  # invariant 1
        return Caller(self._behind, sight, state, progress)

    def _key(self, request: Request) -> str:
        """A session and whose it is, for subscriptions: who has no session has none of these."""
        return f"{self._sight_of(request.scope).principal.name} {session_of(request)}"


def _late(wait: float) -> str:
    return f"too many calls; try again in {wait:.1f} s"


async def _without_sessions(request: Request) -> Response:
    """The answer to a newer client in a mode whose tools rest on a session: it falls back to a version that has them.

    Those tools name no notebook: without sessions, two clients of one token would write into each other's.
    """
    try:
        message = orjson.loads(await request.body())
    except orjson.JSONDecodeError:
        message = None
    data = {"supported": list(HANDSHAKE_PROTOCOL_VERSIONS), "requested": request.headers[VERSION]}
    said = "the tools of other servers need a session; begin with initialize"
    error = {"code": types.UNSUPPORTED_PROTOCOL_VERSION, "message": said, "data": data}
    number = message.get("id") if isinstance(message, dict) else None
    return JSONResponse({"jsonrpc": "2.0", "id": number, "error": error}, HTTPStatus.BAD_REQUEST)


def _request(context: Context) -> Request:
    assert context.request is not None, "we are served over HTTP only"
    return context.request


def _compat(context: Context) -> Compat:
    return Compat(_request(context).query_params.get("compat", Compat.NATIVE.value))


def _result(reply: Reply) -> types.CallToolResult:
    images = [types.ImageContent(data=each.data, mime_type=each.mime_type) for each in reply.images]
    texts = [types.TextContent(text=text) for text in reply.texts]
    structured = None if reply.data is None else dict(reply.data)
    return types.CallToolResult(content=[*texts, *images], structured_content=structured, is_error=reply.is_error)
