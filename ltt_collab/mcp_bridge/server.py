"""The MCP server of the service: streamable HTTP at ``/mcp``, one for all clients and modes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import anyio
import mcp_types as types
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel.server import Server
from mcp.server.session import ServerSession
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.shared.exceptions import MCPError
from mcp.shared.subscriptions import SUBSCRIPTION_ID_META_KEY
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from ltt_collab import __version__
from ltt_collab.mcp_bridge import resources
from ltt_collab.mcp_bridge.answers import Reply, refuse
from ltt_collab.mcp_bridge.calling import Behind, Caller, Progress, unheard
from ltt_collab.mcp_bridge.catalogue import INSTRUCTIONS, SERVER_NAME, Compat
from ltt_collab.mcp_bridge.hosts import only_for
from ltt_collab.mcp_bridge.limits import CallRate
from ltt_collab.mcp_bridge.quick import QuickCall, QuickDoor
from ltt_collab.mcp_bridge.remembering import SessionState
from ltt_collab.mcp_bridge.subscriptions import Subscriber, Subscriptions, Tell
from ltt_collab.mcp_bridge.telling import notebook_uri
from ltt_collab.mcp_bridge.tools import LISTED, Tools
from ltt_collab.model.errors import LttError
from ltt_collab.model.identity import Sight
from ltt_collab.model.problems import CODE_KEY, DETAIL_KEY, error_to_wire

PATH = "/mcp"

SESSIONS_KEPT = 10_000
"""Sessions whose state is remembered; the one unused for longest is forgotten first."""

IDLE_SECONDS = 30 * 60.0

CHANGE_META_KEY = "ltt-collab/change"
"""Key in a notification's ``_meta``: what changed, as ``wait_for_change`` tells it."""

UNHEARD = 100
"""Changes that wait for one listening client of the newer protocol; more end its stream."""

RATE_LIMITED = "rate_limited"

Context = ServerRequestContext[Any, Request]


@dataclass(frozen=True, slots=True, kw_only=True)
class BridgeOptions:
    """``hosts``: names beside loopback by which clients reach us; ``calls_per_minute``: of one client, 0: any."""

    hosts: tuple[str, ...] = ()
    calls_per_minute: int = 1_200


class Bridge:
    """The ASGI app behind ``/mcp``; run it within ``running()``.

    Invariants:
        1. A session's state belongs to that session; the newer protocol has none, there it belongs to the token.
        2. Who may see what is taken from each request, never remembered with a session.
    """

    def __init__(self, behind: Behind, sight_of: Callable[[Scope], Sight], options: BridgeOptions) -> None:
        """``sight_of``: whom the sender of a request may see, as the door's authentication left it there."""
        self._behind, self._sight_of = behind, sight_of
        self._tools = Tools()
        self._rate = CallRate(options.calls_per_minute, behind.clock)
        self._states: OrderedDict[str, SessionState] = OrderedDict()
        self._subscriptions = Subscriptions(behind.directory, behind.clock, IDLE_SECONDS)
        hosts = only_for(options.hosts)
        self._manager = StreamableHTTPSessionManager(
            self._server(),
            security_settings=hosts,
            session_idle_timeout=IDLE_SECONDS,
            max_sessions=SESSIONS_KEPT,
        )
        self._door = QuickDoor(self._manager.handle_request, hosts, behind.clock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request of somebody whom the door has let in."""
        request = Request(scope, receive, send)
        compat = request.query_params.get("compat", Compat.NATIVE.value)
        if compat not in set(Compat):
            known = ", ".join(each.value for each in Compat)
            await PlainTextResponse(f"compat={compat!r} is not known; use one of {known}", 400)(scope, receive, send)
            return
        name = self._sight_of(scope).principal.name
        # The SDK answers a session's requests only to whoever opened it.
        scope["user"] = AuthenticatedUser(AccessToken(token="", client_id=name, scopes=[]))

        async def work(call: QuickCall) -> Reply:
            return await self._called(self._caller_of(request), Compat(compat), call.tool, call.arguments)

        session = _session_key(request, self._sight_of)
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
        return Server(
            SERVER_NAME,
            version=__version__,
            instructions=INSTRUCTIONS,
            on_list_tools=self._list_tools,
            on_call_tool=self._call_tool,
            on_list_resources=self._list_resources,
            on_list_resource_templates=self._list_templates,
            on_read_resource=self._read_resource,
            on_subscribe_resource=self._subscribe,
            on_unsubscribe_resource=self._unsubscribe,
            on_subscriptions_listen=self._listen,
        )

    async def _list_tools(self, context: Context, _: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        return types.ListToolsResult(tools=[types.Tool.model_validate(tool) for tool in LISTED[_compat(context)]])

    async def _call_tool(self, context: Context, params: types.CallToolRequestParams) -> types.CallToolResult:
        return _result(await self._called(self._caller(context), _compat(context), params.name, params.arguments or {}))

    async def _called(self, caller: Caller, compat: Compat, tool: str, arguments: Mapping[str, Any]) -> Reply:
        late = self._too_fast(caller)
        if late:
            return refuse(RATE_LIMITED, late)
        return await self._tools.call(caller, compat, tool, arguments)

    def _too_fast(self, caller: Caller) -> str:
        """Counts a request; the sentence for a client that asks too often, else ''."""
        wait = self._rate.wait_for(caller.name)
        return f"too many calls; try again in {wait:.1f} s" if wait else ""

    def _reader(self, context: Context) -> Caller:
        """Who asks for resources.

        Raises:
            MCPError: they ask too often.
        """
        caller = self._caller(context)
        late = self._too_fast(caller)
        if late:
            raise MCPError(types.INVALID_REQUEST, f"{RATE_LIMITED}: {late}", {CODE_KEY: RATE_LIMITED, DETAIL_KEY: late})
        return caller

    async def _list_resources(
        self, context: Context, _: types.PaginatedRequestParams | None
    ) -> types.ListResourcesResult:
        return types.ListResourcesResult(
            resources=[
                types.Resource(uri=notebook_uri(info.id), name=info.path, mime_type=resources.JSON)
                for info in self._reader(context).directory.rooms()
            ]
        )

    async def _list_templates(
        self, _context: Context, _: types.PaginatedRequestParams | None
    ) -> types.ListResourceTemplatesResult:
        return types.ListResourceTemplatesResult(
            resource_templates=[
                types.ResourceTemplate(uri_template=template, name=name, description=description)
                for template, name, description in resources.TEMPLATES
            ]
        )

    async def _read_resource(
        self, context: Context, params: types.ReadResourceRequestParams
    ) -> types.ReadResourceResult:
        try:
            found = await resources.read(self._reader(context), str(params.uri))
        except LttError as error:
            raise _not_found(error) from error
        uri, kind = str(params.uri), found.mime_type
        if found.is_base64:
            return types.ReadResourceResult(
                contents=[types.BlobResourceContents(uri=uri, mime_type=kind, blob=found.text)]
            )
        return types.ReadResourceResult(contents=[types.TextResourceContents(uri=uri, mime_type=kind, text=found.text)])

    async def _subscribe(self, context: Context, params: types.SubscribeRequestParams) -> types.EmptyResult:
        caller, key = self._reader(context), _session_key(_request(context), self._sight_of)
        self._expect_visible(caller, str(params.uri))
        subscriber = self._subscriptions.of(key)
        if subscriber is None:
            subscriber = Subscriber(caller.sight, _teller(context.session), session=key)
            self._subscriptions.add(subscriber)
        subscriber.uris.add(str(params.uri))
        return types.EmptyResult()

    async def _unsubscribe(self, context: Context, params: types.UnsubscribeRequestParams) -> types.EmptyResult:
        subscriber = self._subscriptions.of(_session_key(_request(context), self._sight_of))
        if subscriber is not None:
            subscriber.uris.discard(str(params.uri))
            if not subscriber.uris:
                self._subscriptions.remove(subscriber)
        return types.EmptyResult()

    async def _listen(
        self, context: Context, params: types.SubscriptionsListenRequestParams
    ) -> types.SubscriptionsListenResult:
        """One stream of changes, for clients of the newer protocol; ends when the client goes, or hears too slowly."""
        caller = self._reader(context)
        uris = list(params.notifications.resource_subscriptions or ())
        for uri in uris:
            self._expect_visible(caller, uri)
        meta: dict[str, Any] = {SUBSCRIPTION_ID_META_KEY: context.request_id}
        send, receive = anyio.create_memory_object_stream[tuple[str, dict[str, Any]]](UNHEARD)

        async def tell(uri: str, change: dict[str, Any]) -> bool:
            try:
                send.send_nowait((uri, change))
            except anyio.WouldBlock:
                send.close()
                return False
            return True

        subscriber = Subscriber(caller.sight, tell, set(uris))
        self._subscriptions.add(subscriber)
        honoured = types.SubscriptionFilter(resource_subscriptions=uris or None)
        try:
            await context.session.send_notification(
                types.SubscriptionsAcknowledgedNotification(
                    params=types.SubscriptionsAcknowledgedNotificationParams(notifications=honoured, _meta=meta)
                ),
                related_request_id=context.request_id,
            )
            async for uri, change in receive:
                await context.session.send_notification(
                    _updated(uri, meta | {CHANGE_META_KEY: change}), related_request_id=context.request_id
                )
        finally:
            self._subscriptions.remove(subscriber)
            send.close()
            receive.close()
        return types.SubscriptionsListenResult(_meta=meta)

    def _expect_visible(self, caller: Caller, uri: str) -> None:
        try:
            caller.directory.find(resources.Address.parse(uri).room)
        except LttError as error:
            raise _not_found(error) from error

    def _caller(self, context: Context) -> Caller:
        async def progress(count: float, message: str) -> None:
            await context.session.report_progress(count, message=message)

        return self._caller_of(_request(context), progress)

    def _caller_of(self, request: Request, progress: Progress = unheard) -> Caller:
        sight = self._sight_of(request.scope)  # invariant 2
        return Caller(self._behind, sight, self._state(_session_key(request, self._sight_of)), progress)

    def _state(self, key: str) -> SessionState:
        state = self._states.pop(key, None) or SessionState()
        self._states[key] = state
        while len(self._states) > SESSIONS_KEPT:
            self._states.popitem(last=False)
        return state


def _request(context: Context) -> Request:
    assert context.request is not None, "we are served over HTTP only"
    return context.request


def _session_key(request: Request, sight_of: Callable[[Scope], Sight]) -> str:
    """Invariant 1."""
    session = request.headers.get("mcp-session-id", "")
    return f"{sight_of(request.scope).principal.name} {session}"


def _compat(context: Context) -> Compat:
    return Compat(_request(context).query_params.get("compat", Compat.NATIVE.value))


def _result(reply: Reply) -> types.CallToolResult:
    images = [types.ImageContent(data=each.data, mime_type=each.mime_type) for each in reply.images]
    texts = [types.TextContent(text=text) for text in reply.texts]
    structured = None if reply.data is None else dict(reply.data)
    return types.CallToolResult(content=[*texts, *images], structured_content=structured, is_error=reply.is_error)


def _teller(session: ServerSession) -> Tell:
    async def tell(uri: str, change: dict[str, Any]) -> bool:
        try:
            await session.send_notification(_updated(uri, {CHANGE_META_KEY: change}))
        except (MCPError, anyio.ClosedResourceError, anyio.BrokenResourceError):
            return False
        return True

    return tell


def _updated(uri: str, meta: dict[str, Any]) -> types.ResourceUpdatedNotification:
    params = types.ResourceUpdatedNotificationParams.model_validate({"uri": uri, "_meta": meta})
    return types.ResourceUpdatedNotification(params=params)


def _not_found(error: LttError) -> MCPError:
    return MCPError(types.INVALID_PARAMS, str(error), error_to_wire(error))
