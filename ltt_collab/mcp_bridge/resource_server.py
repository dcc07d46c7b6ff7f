"""Resources and their subscriptions, for clients of both protocol eras."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anyio
import mcp_types as types
from mcp.server.context import ServerRequestContext
from mcp.server.session import ServerSession
from mcp.shared.exceptions import MCPError
from mcp.shared.subscriptions import SUBSCRIPTION_ID_META_KEY
from starlette.requests import Request

from ltt_collab.mcp_bridge import resources
from ltt_collab.mcp_bridge.calling import Caller
from ltt_collab.mcp_bridge.subscriptions import Subscriber, Subscriptions, Tell
from ltt_collab.mcp_bridge.telling import notebook_uri
from ltt_collab.model.errors import LttError
from ltt_collab.model.problems import error_to_wire

CHANGE_META_KEY = "ltt-collab/change"
"""Key in a notification's ``_meta``: what changed, as ``wait_for_change`` tells it."""

UNHEARD = 100
"""Changes that wait for one listening client of the newer protocol; more end its stream."""

Context = ServerRequestContext[Any, Request]


class ResourceServer:
    """The handlers of everything about resources."""

    def __init__(
        self, subscriptions: Subscriptions, reader: Callable[[Context], Caller], key_of: Callable[[Context], str]
    ) -> None:
        """``reader``: whoever asks, if they may ask now; ``key_of``: their session, by which they are subscribed."""
        self._subscriptions, self._reader, self._key_of = subscriptions, reader, key_of

    async def list(self, context: Context, _: types.PaginatedRequestParams | None) -> types.ListResourcesResult:
        """The notebooks that they may see."""
        return types.ListResourcesResult(
            resources=[
                types.Resource(uri=notebook_uri(info.id), name=info.path, mime_type=resources.JSON)
                for info in self._reader(context).directory.rooms()
            ]
        )

    async def templates(
        self, _context: Context, _: types.PaginatedRequestParams | None
    ) -> types.ListResourceTemplatesResult:
        """How the addresses are made."""
        return types.ListResourceTemplatesResult(
            resource_templates=[
                types.ResourceTemplate(uri_template=template, name=name, description=description)
                for template, name, description in resources.TEMPLATES
            ]
        )

    async def read(self, context: Context, params: types.ReadResourceRequestParams) -> types.ReadResourceResult:
        """A resource."""
        try:
            found = await resources.read(self._reader(context), str(params.uri))
        except LttError as error:
            raise _not_found(error) from error
        uri, kind = str(params.uri), found.mime_type
        if found.is_base64:
            blob = types.BlobResourceContents(uri=uri, mime_type=kind, blob=found.text)
            return types.ReadResourceResult(contents=[blob])
        text = types.TextResourceContents(uri=uri, mime_type=kind, text=found.text)
        return types.ReadResourceResult(contents=[text])

    async def subscribe(self, context: Context, params: types.SubscribeRequestParams) -> types.EmptyResult:
        """Tell this session what changes there, as older clients ask for it."""
        caller, key = self._reader(context), self._key_of(context)
        subscriber = self._subscriptions.of(key) or Subscriber(caller.sight, _teller(context.session), session=key)
        self._watch(caller, subscriber, str(params.uri))
        self._subscriptions.add(subscriber)
        return types.EmptyResult()

    async def unsubscribe(self, context: Context, params: types.UnsubscribeRequestParams) -> types.EmptyResult:
        """Tell no more of it."""
        subscriber = self._subscriptions.of(self._key_of(context))
        if subscriber is not None:
            subscriber.watched.pop(str(params.uri), None)
            self._subscriptions.remove(subscriber)
            if subscriber.watched:
                self._subscriptions.add(subscriber)
        return types.EmptyResult()

    async def listen(
        self, context: Context, params: types.SubscriptionsListenRequestParams
    ) -> types.SubscriptionsListenResult:
        """One stream of changes, for clients of the newer protocol; ends when the client goes, or hears too slowly."""
        caller = self._reader(context)
        uris = list(params.notifications.resource_subscriptions or ())
        meta: dict[str, Any] = {SUBSCRIPTION_ID_META_KEY: context.request_id}
        send, receive = anyio.create_memory_object_stream[tuple[str, dict[str, Any]]](UNHEARD)

        async def tell(uri: str, change: dict[str, Any]) -> bool:
            try:
                send.send_nowait((uri, change))
            except anyio.WouldBlock:
                send.close()
                return False
            except (anyio.ClosedResourceError, anyio.BrokenResourceError):  # it went while it was about to be told
                return False
            return True

        subscriber = Subscriber(caller.sight, tell)
        for uri in uris:
            self._watch(caller, subscriber, uri)
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

    def _watch(self, caller: Caller, subscriber: Subscriber, uri: str) -> None:
        try:
            caller.directory.find(subscriber.watch(uri).room)
        except LttError as error:
            subscriber.watched.pop(uri, None)
            raise _not_found(error) from error


def _teller(session: ServerSession) -> Tell:
    async def tell(uri: str, change: dict[str, Any]) -> bool:
        await session.send_notification(_updated(uri, {CHANGE_META_KEY: change}))
        return True

    return tell


def _updated(uri: str, meta: dict[str, Any]) -> types.ResourceUpdatedNotification:
    params = types.ResourceUpdatedNotificationParams.model_validate({"uri": uri, "_meta": meta})
    return types.ResourceUpdatedNotification(params=params)


def _not_found(error: LttError) -> MCPError:
    return MCPError(types.INVALID_PARAMS, str(error), error_to_wire(error))
