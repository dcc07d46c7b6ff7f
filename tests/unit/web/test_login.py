"""One-time links, sessions, and whether a page may be framed."""

from __future__ import annotations

from string import Formatter

import pytest
from pydantic import SecretStr
from starlette.requests import Request

from ltt_collab.access.gatekeeper import Gatekeeper, ServiceToken
from ltt_collab.model.identity import Principal, Role
from ltt_collab.model.ids import Username
from ltt_collab.web.entry import _ours
from ltt_collab.web.learn.framing import allows_framing
from ltt_collab.web.login import CODE_SECONDS, SESSION_SECONDS, CodeLogin
from ltt_collab.web.texts import CATALOGUE, text

INES = Principal(name=Username("ines"), role=Role.INSTRUCTOR)


class Watch:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def now(self) -> float:
        return self.seconds

    def monotonic(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds


def login_of(watch: Watch) -> CodeLogin:
    return CodeLogin(Gatekeeper([ServiceToken(SecretStr("secret"))], watch), watch)


def request_with(cookie: str) -> Request:
    headers = [(b"cookie", f"ltt-session-8000={cookie}".encode())]
    scope = {"type": "http", "method": "GET", "path": "/", "headers": headers, "query_string": b""}
    return Request({**scope, "scheme": "http", "server": ("127.0.0.1", 8000)})


@pytest.mark.proves("pages:one-time-links")
async def test_a_code_lets_somebody_in_once() -> None:
    login = login_of(Watch())
    code = login.issue(INES)
    admitted = login.redeem(code)
    assert admitted is not None
    assert await login.session_of(request_with(admitted[0])) == admitted[1]
    assert login.redeem(code) is None
    assert await login.session_of(request_with("made up")) is None


@pytest.mark.proves("pages:one-time-links")
async def test_a_code_and_a_session_end_with_their_time() -> None:
    watch = Watch()
    login = login_of(watch)
    late, early = login.issue(INES), login.issue(INES)
    admitted = login.redeem(early)
    assert admitted is not None
    watch.seconds += CODE_SECONDS + 1
    assert login.redeem(late) is None
    assert await login.session_of(request_with(admitted[0])) is not None
    watch.seconds += SESSION_SECONDS
    assert await login.session_of(request_with(admitted[0])) is None


async def test_a_token_that_the_gatekeeper_knows_logs_in_and_another_does_not() -> None:
    login = login_of(Watch())
    assert await login.admit("wrong") is None
    admitted = await login.admit("secret")
    assert admitted is not None
    sight = await login.sight_of(admitted[1])
    assert sight is not None
    assert sight.principal.is_service
    assert not admitted[1].owner, "a token does not lend the Jupyter server's login"


@pytest.mark.parametrize("where", ["//evil.example", "https://evil.example", "/\\evil.example", "/a\nb", ""])
def test_nobody_is_sent_to_a_foreign_page_after_the_login(where: str) -> None:
    assert _ours(where) == "/"


@pytest.mark.parametrize(
    ("policy", "allowed"),
    [
        ("", True),
        ("default-src 'none'", True),
        ("frame-ancestors 'self'; report-uri /api/security/csp-report", False),
        ("frame-ancestors 'none'", False),
        ("frame-ancestors 'self' http://127.0.0.1:*", True),
        ("frame-ancestors http://127.0.0.1:8000", True),
        ("frame-ancestors http://127.0.0.1:8001", False),
        ("frame-ancestors https://127.0.0.1:8000", False),
        ("Frame-Ancestors *", True),
        ("frame-ancestors http:", True),
    ],
)
def test_whether_a_server_may_be_framed_is_read_off_its_policy(policy: str, allowed: bool) -> None:
    assert allows_framing(policy, "http://127.0.0.1:8000", "http://127.0.0.1:8888") is allowed


def test_every_text_of_the_catalogue_can_be_filled_in() -> None:
    for key, words in CATALOGUE.items():
        names = {name for _, name, _, _ in Formatter().parse(words) if name}
        assert text(key, **dict.fromkeys(names, 2))
