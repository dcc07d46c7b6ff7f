"""What an HTTP status means for a room: said no, or not reachable just now."""

from __future__ import annotations

from http import HTTPStatus

from ltt_collab.model.errors import RoomRefusedError, RoomUnreachableError

TRY_AGAIN = frozenset(
    {
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)
"""Answers of proxies before a server that is not there yet (configurable-http-proxy: 503), and of busy ones."""

_REASONS: dict[int, str] = {
    HTTPStatus.UNAUTHORIZED: "the token is not accepted: check LTT_JUPYTER_TOKEN",
    HTTPStatus.FORBIDDEN: "the token is not accepted or does not allow this: check LTT_JUPYTER_TOKEN and its scopes",
    HTTPStatus.NOT_FOUND: "no such address on that server: is jupyter-collaboration installed, and the base URL right?",
    HTTPStatus.METHOD_NOT_ALLOWED: "the server does not offer this: is jupyter-collaboration installed?",
    HTTPStatus.INTERNAL_SERVER_ERROR: "the server failed; for a room: the file id is unknown to it, open a new session",
}


def reason_of(status: int, detail: str = "") -> str:
    """What that status says, in words that help."""
    if status in range(300, 400):
        said = (
            "it redirects, as a stopped server behind a hub or a login page does: start the server and check the "
            "token; redirects are never followed with credentials"
        )
    else:
        said = _REASONS.get(status) or _phrase(status)
    return f"{said} ({detail})" if detail else said


def refused(where: str, status: int, detail: str = "") -> RoomRefusedError | RoomUnreachableError:
    """The error for an answer that is not a yes."""
    if status in TRY_AGAIN:
        return RoomUnreachableError(where, f"HTTP {status} {reason_of(status, detail)}")
    return RoomRefusedError(where, status, reason_of(status, detail))


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase.lower()
    except ValueError:
        return "unexpected answer"
