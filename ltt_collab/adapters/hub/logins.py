"""People's logins at one real JupyterHub, as ``ports.hub.HubLogins``."""

from __future__ import annotations

from http import HTTPStatus

from ltt_collab.adapters.hub.rest import HubRest
from ltt_collab.model.errors import HubRefusedError, HubUnavailableError
from ltt_collab.ports.hub import Hub

CLIENT = "service-"
"""What JupyterHub puts before a service's name to have the name of its OAuth client."""


class JupyterHubLogins:
    """Exchanges what a browser brings back from the hub for a token; the hub's client is our service."""

    def __init__(self, rest: HubRest, hub: Hub) -> None:
        """``rest`` stays its owner's."""
        self._rest, self._hub = rest, hub
        self._client = ""

    async def client(self) -> str:
        """Our name as an OAuth client.

        Raises:
            HubUnavailableError, HubRefusedError: also where our token belongs to a user, who is no client.
        """
        if not self._client:
            us = await self._hub.identify_us()
            if us.kind != "service":
                remedy = "LTT_HUB_TOKEN belongs to a user: nobody can log in through the hub; make us a service of it"
                raise HubRefusedError(self._rest.url, HTTPStatus.FORBIDDEN, remedy)
            self._client = CLIENT + us.name
        return self._client

    async def redeem(self, code: str, *, verifier: str, callback: str) -> str | None:
        """The token of whoever logged in; None for a code that the hub does not know (any more).

        Raises:
            HubUnavailableError, HubRefusedError
        """
        form = {
            "client_id": await self.client(),
            "grant_type": "authorization_code",
            "code": code,
            "code_verifier": verifier,
            "redirect_uri": callback,
        }
        answer = await self._rest.redeem(form)
        if answer.status == HTTPStatus.BAD_REQUEST:
            return None
        if answer.status != HTTPStatus.OK:
            raise self._rest.refusal(answer.status, "of an OAuth client (oauth_redirect_uri)")
        token = answer.json.get("access_token") if isinstance(answer.json, dict) else None
        if not isinstance(token, str) or not token:
            raise HubUnavailableError(self._rest.url, "its answer to a login holds no token")
        return token
