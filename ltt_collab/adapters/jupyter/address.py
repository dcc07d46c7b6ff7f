"""Where a Jupyter server is and what opens it, read once from what people paste."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import parse_qs, quote, urlsplit

from ltt_collab.model.errors import InvalidSettingError
from ltt_collab.model.ids import ServerId

FRONT_PAGES = frozenset({"lab", "tree", "notebooks", "doc", "edit", "nbclassic"})
"""First path segments of pages under a server's base URL, as they stand in a browser's address bar."""

_SCHEMES = frozenset({"http", "https"})


class Token:
    """A server token that never shows itself in a message, a repr or a log line."""

    __slots__ = ("_secret",)

    def __init__(self, secret: str) -> None:
        self._secret = secret.strip()

    def __bool__(self) -> bool:
        return bool(self._secret)

    def __repr__(self) -> str:
        return "Token(hidden)" if self._secret else "Token(none)"

    def headers(self) -> dict[str, str]:
        """The header that authenticates REST and WebSocket requests alike; a token in a URL would end in logs."""
        return {"Authorization": f"token {self._secret}"} if self._secret else {}

    async def renew(self, refused: Mapping[str, str]) -> bool:  # noqa: ARG002 - as a token that can do it has it
        """Whether there is another secret now than in the ``refused`` headers: this kind has only one."""
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class JupyterAddress:
    """One server's base URL (no credentials, trailing slash) and its token.

    ``known_as``: its id in our books where that is not the base URL, as behind a hub; '' where it is.
    """

    base_url: str
    token: Token = field(default_factory=lambda: Token(""), repr=False)
    known_as: ServerId = ServerId("")

    @classmethod
    def parse(cls, url: str, token: str = "") -> Self:
        """Read a base URL or any address copied from a browser, as in ``http://host:8888/lab/tree/a.ipynb?token=…``.

        ``token`` wins over one in the URL.

        Raises:
            InvalidSettingError: not an http(s) URL. The message never repeats a token.
        """
        parts = urlsplit(url.strip())
        remedy = "give the server's base URL, as in http://127.0.0.1:8888/"
        try:
            host, port = parts.hostname, parts.port
        except ValueError:
            host, port = None, None
        shown = url.split("?", 1)[0].rsplit("@", 1)[-1]
        if parts.scheme not in _SCHEMES or not host:
            raise InvalidSettingError("LTT_JUPYTER_URL", shown, remedy)
        where = f"[{host}]" if ":" in host else host
        if port is not None:
            where += f":{port}"
        secret = token or "".join(parse_qs(parts.query).get("token", [])[:1])
        return cls(base_url=f"{parts.scheme}://{where}{_base_path(parts.path)}", token=Token(secret))

    @property
    def server_id(self) -> ServerId:
        """The server's id in our own books."""
        return self.known_as or ServerId(self.base_url)

    @property
    def is_secure(self) -> bool:
        """Whether the server is reached over TLS."""
        return self.base_url.startswith("https:")

    def http(self, target: str) -> str:
        """The URL of a REST endpoint; ``target`` is relative and already quoted."""
        return self.base_url + target

    def websocket(self, target: str) -> str:
        """The URL of a WebSocket endpoint; ``target`` is relative and already quoted."""
        return "ws" + self.base_url.removeprefix("http") + target


def _base_path(path: str) -> str:
    """The path up to a front page, quoted, with slashes at both ends."""
    kept: list[str] = []
    segments = [segment for segment in path.split("/") if segment]
    for index, segment in enumerate(segments):
        # Behind a hub the base is /user/<name>/, and a learner may be called "lab".
        if segment in FRONT_PAGES and not (index and segments[index - 1] == "user"):
            break
        kept.append(quote(segment, safe="%~@:!$&'()*+,;="))
    return "/" + "".join(f"{segment}/" for segment in kept)


def quoted_path(path: str) -> str:
    """A contents path as it stands in a URL: every character but the slash quoted, no slash in front."""
    return quote(path.strip("/"), safe="/")
