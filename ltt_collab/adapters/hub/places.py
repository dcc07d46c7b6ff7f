"""Where a learner's server is reached: only below the hub's proxy, or where the operator's template says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from ltt_collab.adapters.jupyter.address import JupyterAddress, Token
from ltt_collab.model.errors import HubRefusedError
from ltt_collab.model.ids import ServerId
from ltt_collab.ports.hub import HubServer

_PATH = re.compile(r"/(?:[A-Za-z0-9._~%@:!$&'()*+,;=-]+/)*")
"""An absolute URL path and nothing else: no host, no query, no empty segment."""

_HOST_WORD = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?")
"""What a template's place may be filled with: a DNS name or an IPv4 address."""

_PLACE = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerPlaces:
    """Turns what the hub says of a server into an address.

    Invariants:
        1. The host is the operator's: the proxy's, or the template's filled with words of the spawner's state.
           Nothing that a learner can choose (a name, an announcement) decides where our token is sent.
        2. A server's id is its address at the proxy, however it is reached: rooms keep their ids over restarts.
    """

    proxy_url: str
    direct_url: str
    token: Token = field(repr=False)

    def address(self, server: HubServer) -> JupyterAddress:
        """Where that server is.

        Raises:
            HubRefusedError: the hub named an address that is not one of its own servers.
        """
        path = self._path(server)
        origin = self.proxy_url.rstrip("/")
        base = urlsplit(origin)
        through_proxy = f"{base.scheme}://{base.netloc}{path}"
        direct = self._direct(server.state)
        return JupyterAddress(
            base_url=through_proxy if direct is None else direct.rstrip("/") + path,
            token=self.token,
            known_as=ServerId(through_proxy),  # invariant 2
        )

    def is_direct(self, server: HubServer) -> bool:
        """Whether the server is reached without the proxy, which takes all that we send for activity."""
        return self._direct(server.state) is not None

    def _path(self, server: HubServer) -> str:
        """The path of the server's URL; with subdomains the hub says whole URLs, whose host is not believed."""
        path = server.path
        if not _PATH.fullmatch(path) or "/user/" not in path or ".." in path.split("/"):
            raise HubRefusedError(path, 200, f"that is no address of a server of {server.owner}; it is left alone")
        return path

    def _direct(self, state: Mapping[str, str]) -> str | None:
        if not self.direct_url:
            return None
        words = {place: state.get(place, "") for place in _PLACE.findall(self.direct_url)}
        if not all(_HOST_WORD.fullmatch(word) for word in words.values()):
            return None
        return _PLACE.sub(lambda place: words[place[1]], self.direct_url)
