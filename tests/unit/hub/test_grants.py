"""What a program that somebody let in may do, and when that ends."""

from __future__ import annotations

import pytest

from ltt_collab.access.grants import (
    CODE_SECONDS,
    GRANT_SECONDS,
    WISH_SECONDS,
    Grant,
    GrantedTokens,
    Grants,
    Sealed,
    Wish,
)
from ltt_collab.access.hub import HubAuthenticator, HubGroups
from ltt_collab.model.identity import Role
from ltt_collab.model.ids import CourseId
from tests.support.hub_fake import FakeHub
from tests.unit.hub.test_login import PEOPLE
from tests.unit.web.test_login import Watch

WISH = Wish(
    client="c",
    name="Plain Agent 2.0",
    redirect_uri="http://127.0.0.1:1/",
    explicit=True,
    challenge="x",
    state="s",
    resource="",
)


class Scene:
    """Grants, and a hub that knows people."""

    def __init__(self) -> None:
        self.watch, self.hub = Watch(), FakeHub(people=dict(PEOPLE))
        self.sealed = Sealed("our token", self.watch)
        self.grants = Grants(self.sealed, self.watch)
        self.tokens = GrantedTokens(self.sealed, HubAuthenticator(self.hub, HubGroups()))

    def token(self, hub_token: str, *, write: bool = True, execute: bool = False) -> str:
        grant = Grant(wish=WISH, hub_token=hub_token, may_write=write, may_execute=execute)
        token = self.grants.take(self.grants.allow(grant))
        assert token is not None
        return token


@pytest.mark.proves("hub:mcp-oauth")
async def test_a_learners_program_is_their_agent_and_may_what_they_said() -> None:
    scene = Scene()
    agent = await scene.tokens.identify(scene.token("t-ada"))
    assert agent is not None
    assert (agent.role, agent.learner, agent.name) == (Role.AGENT, "ada", "plain-agent-2-0-of-ada")
    assert (agent.may_write, agent.may_execute) == (True, False)


@pytest.mark.proves("hub:mcp-oauth")
async def test_an_instructors_program_is_an_agent_of_their_courses() -> None:
    scene = Scene()
    agent = await scene.tokens.identify(scene.token("t-may", write=False))
    assert agent is not None
    assert (agent.role, agent.learner, agent.courses, agent.may_write) == (
        Role.AGENT,
        None,
        frozenset({CourseId("python"), CourseId("sql")}),
        False,
    )
    assert await scene.tokens.identify(scene.token("t-us")) is None, "the operator's programs have tokens of their own"


@pytest.mark.proves("hub:mcp-oauth")
async def test_a_grant_ends_with_its_owners_login_with_its_time_and_with_our_token() -> None:
    scene = Scene()
    token = scene.token("t-ada")
    assert "t-ada" not in token
    assert await scene.tokens.identify(token.replace("a", "b")) is None
    other = GrantedTokens(Sealed("another token", scene.watch), HubAuthenticator(scene.hub, HubGroups()))
    assert await other.identify(token) is None
    del scene.hub.people["t-ada"]
    assert await scene.tokens.identify(token) is None
    scene.hub.people["t-ada"] = PEOPLE["t-ada"]
    scene.watch.seconds += GRANT_SECONDS + 1
    assert await scene.tokens.identify(token) is None


@pytest.mark.proves("hub:mcp-oauth")
def test_a_code_works_once_and_not_for_long_and_a_wish_is_no_token() -> None:
    scene = Scene()
    grant = Grant(wish=WISH, hub_token="t-ada", may_write=False, may_execute=False)
    first, late = scene.grants.allow(grant), scene.grants.allow(grant)
    assert scene.grants.take(first) is not None
    assert scene.grants.take(first) is None
    scene.watch.seconds += CODE_SECONDS + 1
    assert scene.grants.take(late) is None
    word = scene.grants.wish(WISH)
    assert scene.grants.asked(word) == WISH
    assert scene.sealed.open("grant", word) is None
    scene.watch.seconds += WISH_SECONDS
    assert scene.grants.asked(word) is None
