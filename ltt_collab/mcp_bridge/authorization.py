"""OAuth for MCP clients where people log in through a hub: the clients' authorization server is us, ours is the hub.

A JupyterHub knows only clients that its operator registered, each with a secret and one redirect address, and says
nothing of itself at ``/.well-known``. MCP clients register themselves and discover everything. So the SDK's own
authorization server stands here; a person answers on a page of ours, logged in through the hub.
"""

from __future__ import annotations

import hashlib
from urllib.parse import quote, urlsplit

from mcp.server.auth.provider import (
    AccessToken,
    AuthorizationCode,
    AuthorizationParams,
    AuthorizeError,
    OAuthAuthorizationServerProvider,
    RefreshToken,
    RegistrationError,
    TokenError,
    construct_redirect_uri,
)
from mcp.server.auth.routes import create_auth_routes, create_protected_resource_routes
from mcp.server.auth.settings import ClientRegistrationOptions
from mcp.shared.auth import OAuthClientInformationFull, OAuthToken
from pydantic import AnyHttpUrl, AnyUrl, ValidationError
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ltt_collab.access.grants import GRANT_SECONDS, Grants, Wish
from ltt_collab.mcp_bridge.server import PATH
from ltt_collab.ports.clock import Clock

SCOPES = ["read", "write", "execute"]

CLIENT_SECONDS = 365 * 86_400.0
"""How long a registration holds; a client that comes later registers anew."""

NAME_LIMIT = 60
"""Characters of a client's name that people are shown."""

ID_LIMIT = 4_000
"""Characters of a client's id, which holds its registration."""

LOOPBACK = {"127.0.0.1", "localhost", "::1"}


class HubProvider(OAuthAuthorizationServerProvider[AuthorizationCode, RefreshToken, AccessToken]):
    """Registers clients, and sends people to ``ask`` for their answer. Tokens are checked by the gatekeeper, not here.

    Invariants:
        1. A client's id is its registration, sealed: registering costs us no memory, and holds over a restart.
        2. Codes go to addresses on the client's own machine or over TLS, and only to registered ones.
    """

    def __init__(self, grants: Grants, clock: Clock, ask: str) -> None:
        """``ask``: our page that asks whoever is logged in; it takes ``?wish=``."""
        self._grants, self._clock, self._ask = grants, clock, ask

    async def get_client(self, client_id: str) -> OAuthClientInformationFull | None:
        """The registration that the id holds; None for none of ours."""
        if len(client_id) > ID_LIMIT:
            return None
        found = self._grants.sealed.open("client", client_id)
        try:
            return (
                None if found is None else OAuthClientInformationFull.model_validate({**found, "client_id": client_id})
            )
        except ValidationError:
            return None

    async def register_client(self, client_info: OAuthClientInformationFull) -> None:
        """Give the client an id that holds what it said of itself.

        Raises:
            RegistrationError
        """
        addresses = [str(address) for address in client_info.redirect_uris or ()]
        if not addresses or not all(_is_fit(address) for address in addresses):  # invariant 2
            raise RegistrationError("invalid_redirect_uri", "use https, or http on 127.0.0.1 or localhost")
        kept = {
            "redirect_uris": addresses,
            "client_name": (client_info.client_name or "")[:NAME_LIMIT],
            "client_secret": client_info.client_secret,
            "token_endpoint_auth_method": client_info.token_endpoint_auth_method,
            "grant_types": ["authorization_code"],
            "scope": client_info.scope,
        }
        client_info.client_id = self._grants.sealed.close("client", kept, CLIENT_SECONDS)  # invariant 1
        if len(client_info.client_id) > ID_LIMIT:
            raise RegistrationError("invalid_client_metadata", "that is too much; register fewer redirect addresses")

    async def authorize(self, client: OAuthClientInformationFull, params: AuthorizationParams) -> str:
        """The page on which a person answers.

        Raises:
            AuthorizeError
        """
        if len(params.state or "") > NAME_LIMIT * 4:
            raise AuthorizeError("invalid_request", "the state is too long")
        wish = Wish(
            client=_digest(client.client_id),
            name=client.client_name or "",
            redirect_uri=str(params.redirect_uri),
            explicit=params.redirect_uri_provided_explicitly,
            challenge=params.code_challenge,
            state=params.state or "",
            resource=params.resource or "",
        )
        return f"{self._ask}?wish={quote(self._grants.wish(wish))}"

    async def load_authorization_code(
        self, client: OAuthClientInformationFull, authorization_code: str
    ) -> AuthorizationCode | None:
        """What a code stands for, if it is this client's."""
        found = self._grants.granted(authorization_code)
        if found is None or found[1].wish.client != _digest(client.client_id):
            return None
        ends, grant = found
        return AuthorizationCode(
            code=authorization_code,
            scopes=grant.scopes,
            expires_at=self._clock.now() + ends - self._clock.monotonic(),
            client_id=client.client_id or "",
            code_challenge=grant.wish.challenge,
            redirect_uri=AnyUrl(grant.wish.redirect_uri),
            redirect_uri_provided_explicitly=grant.wish.explicit,
            resource=grant.wish.resource or None,
        )

    async def exchange_authorization_code(
        self,
        client: OAuthClientInformationFull,  # noqa: ARG002 - as the SDK has it
        authorization_code: AuthorizationCode,
    ) -> OAuthToken:
        """The token, once.

        Raises:
            TokenError
        """
        token = self._grants.take(authorization_code.code)
        if token is None:
            raise TokenError("invalid_grant", "that code was used before, or is too old")
        scope = " ".join(authorization_code.scopes)
        return OAuthToken(access_token=token, expires_in=int(GRANT_SECONDS), scope=scope)

    async def load_refresh_token(self, _client: OAuthClientInformationFull, _refresh_token: str) -> RefreshToken | None:
        """There are none: a person answers again when the token ends."""
        return None

    async def exchange_refresh_token(
        self, _client: OAuthClientInformationFull, _refresh_token: RefreshToken, _scopes: list[str]
    ) -> OAuthToken:
        """Never: there are none.

        Raises:
            TokenError
        """
        raise TokenError("invalid_grant", "there are no refresh tokens here")

    async def load_access_token(self, _token: str) -> AccessToken | None:
        """Nothing: the gatekeeper knows the tokens."""
        return None

    async def revoke_token(self, _token: AccessToken | RefreshToken) -> None:
        """Nothing: no such request is taken; people take the hub's token back, at the hub."""


def authorization_app(provider: HubProvider, public_url: str) -> Starlette | None:
    """What answers OAuth's requests of clients; None where the SDK's rules forbid it: no TLS beyond this machine."""
    if not _is_fit(public_url):
        return None
    options = ClientRegistrationOptions(enabled=True, valid_scopes=SCOPES, default_scopes=SCOPES)
    ours = AnyHttpUrl(public_url)
    return Starlette(
        routes=[
            *create_auth_routes(provider, issuer_url=ours, client_registration_options=options),
            *create_protected_resource_routes(
                resource_url=AnyHttpUrl(f"{public_url.rstrip('/')}{PATH}"),
                authorization_servers=[ours],
                scopes_supported=SCOPES,
                resource_name="LTT Collab",
            ),
        ]
    )


class Challenged:
    """Tells a client that is not let in at ``/mcp`` where it can have itself let in (RFC 9728, section 5.1)."""

    def __init__(self, app: ASGIApp, public_url: str) -> None:
        place = f"{public_url.rstrip('/')}/.well-known/oauth-protected-resource{PATH}"
        self._app, self._challenge = app, f'Bearer resource_metadata="{place}"'

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_challenge(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == 401:
                MutableHeaders(scope=message)["www-authenticate"] = self._challenge
            await send(message)

        is_ours = scope["type"] == "http" and scope["path"].rstrip("/") == PATH
        await self._app(scope, receive, send_challenge if is_ours else send)


def answer(wish: Wish, code: str) -> str:
    """Where the browser goes back to the program, with a code or with a no."""
    said = {"code": code} if code else {"error": "access_denied"}
    return construct_redirect_uri(wish.redirect_uri, **said, state=wish.state or None)


def _is_fit(address: str) -> bool:
    parts = urlsplit(address)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)


def _digest(client_id: str | None) -> str:
    return hashlib.sha256((client_id or "").encode()).hexdigest()
