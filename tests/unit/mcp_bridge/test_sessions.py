"""Sessions: whose they are, how many, and what is remembered for each."""

from __future__ import annotations

import pytest

from ltt_collab.mcp_bridge import sessions as module
from ltt_collab.mcp_bridge.sessions import CONFIRMED_FOR, SESSIONS_OF_ONE, Sessions
from ltt_collab.model.ids import Username
from tests.support.room_scene import HandClock

ADA, BOB = Username("agent-of-ada"), Username("agent-of-bob")


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def sessions(clock: HandClock) -> Sessions:
    return Sessions(clock)


def answered(sessions: Sessions, session: str, owner: Username, status: int = 200, *, asked: bool = True) -> None:
    """The SDK answers in a session; ``asked``: the request named it, else the answer does."""

    headers = [] if asked else [(b"mcp-session-id", session.encode())]
    start = {"type": "http.response.start", "status": status, "headers": headers}
    sessions.answered(session if asked else "", owner, start)


@pytest.mark.proves("mcp:no-cross-talk")
def test_a_session_is_open_for_its_owner_only_and_for_a_while(sessions: Sessions, clock: HandClock) -> None:
    answered(sessions, "s", ADA, asked=False)
    assert sessions.is_open("s", ADA)
    assert not sessions.is_open("s", BOB)
    clock.pass_time(CONFIRMED_FOR)
    assert not sessions.is_open("s", ADA)
    answered(sessions, "s", ADA)
    assert sessions.is_open("s", ADA)


@pytest.mark.proves("mcp:no-cross-talk")
def test_nobody_is_given_what_is_remembered_for_another_or_without_a_session(sessions: Sessions) -> None:
    answered(sessions, "s", ADA, asked=False)
    sessions.state("s", ADA).current = "nb"
    assert sessions.state("s", ADA).current == "nb"
    answered(sessions, "s", BOB)  # as if the SDK let him: it is still hers
    for session, owner in (("s", BOB), ("", ADA), ("made-up", ADA)):
        assert sessions.state(session, owner).current == ""
    sessions.state("", ADA).current = "nb"
    assert sessions.state("", ADA).current == ""


def test_a_refused_request_closes_nothing_and_a_session_that_is_gone_is_forgotten(sessions: Sessions) -> None:
    answered(sessions, "s", ADA, asked=False)
    sessions.state("s", ADA).current = "nb"
    answered(sessions, "s", ADA, 400)
    assert not sessions.is_open("s", ADA), "the SDK is asked first"
    assert sessions.state("s", ADA).current == "nb"
    answered(sessions, "s", ADA, 404)
    assert sessions.state("s", ADA).current == ""


@pytest.mark.proves("mcp:session-limit")
def test_who_opens_too_many_ends_their_own_oldest(sessions: Sessions) -> None:
    answered(sessions, "bobs", BOB, asked=False)
    for number in range(SESSIONS_OF_ONE):
        answered(sessions, f"s{number}", ADA, asked=False)
    sessions.state("s0", ADA)  # used: not the oldest any more
    assert sessions.surplus(ADA) is None
    answered(sessions, "one-more", ADA, asked=False)
    assert sessions.surplus(ADA) == "s1"
    sessions.end("s1", BOB)
    assert sessions.is_open("s1", ADA), "not his to end"
    sessions.end("s1", ADA)
    assert sessions.surplus(ADA) is None
    assert sessions.surplus(BOB) is None
    assert sessions.is_open("bobs", BOB)


def test_there_is_an_end_to_what_is_remembered_for_all(sessions: Sessions, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SESSIONS_OF_ALL", 2)
    for session in ("a", "b", "c"):
        answered(sessions, session, ADA, asked=False)
    assert [session for session in ("a", "b", "c") if sessions.is_open(session, ADA)] == ["b", "c"]
