"""A login by way of the hub: it ends where it began, once, and its session as soon as the hub says so."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from ltt_collab.access.gatekeeper import KNOWN_SECONDS, Gatekeeper
from ltt_collab.access.hub import HubAuthenticator, HubGroups
from ltt_collab.model.errors import ForbiddenError, HubUnavailableError
from ltt_collab.model.identity import Role
from ltt_collab.model.ids import CourseId, Username
from ltt_collab.ports.hub import HubIdentity
from ltt_collab.web.hub_login import AWAY_SECONDS, LOGIN_SECONDS, HubLogin, HubPlaces, challenge_of
from ltt_collab.web.login import Session
from tests.support.hub_fake import FakeHub
from tests.support.hub_login import query_of
from tests.unit.web.test_login import Watch

PLACES = HubPlaces(hub="https://hub.example/base/", ours="https://tutor.example/")

FOR_US = "access:services!service=ltt-tutor"


def person(name: str, *groups: str) -> HubIdentity:
    return HubIdentity(name=Username(name), kind="user", groups=frozenset(groups), scopes=frozenset({FOR_US}))


@dataclass
class FakeLogins:
    """A hub's side of the flow: codes that a test hands out."""

    codes: dict[str, str] = field(default_factory=dict)
    seen: list[tuple[str, str]] = field(default_factory=list)

    async def client(self) -> str:
        return "service-ltt-tutor"

    async def redeem(self, code: str, *, verifier: str, callback: str) -> str | None:
        self.seen.append((verifier, callback))
        return self.codes.pop(code, None)


@dataclass
class Scene:
    """A hub that knows ada, and our login before it."""

    watch: Watch = field(default_factory=Watch)
    hub: FakeHub = field(default_factory=lambda: FakeHub(people={"t-ada": person("ada", "learners")}))
    logins: FakeLogins = field(default_factory=lambda: FakeLogins(codes={"c1": "t-ada", "c2": "t-zoe"}))

    def __post_init__(self) -> None:
        gatekeeper = Gatekeeper([HubAuthenticator(self.hub, HubGroups())], self.watch)
        self.login = HubLogin(gatekeeper, self.watch, self.logins, PLACES)

    async def enter(self) -> Session:
        url, browser = await self.login.send_away("", "/learn")
        begun = self.login.where_to(query_of(url)["state"], browser)
        assert begun is not None
        admitted = await self.login.finish(begun, "c1")
        assert admitted is not None
        return admitted[1]


@pytest.mark.proves("hub:login")
async def test_a_login_asks_the_hub_for_our_client_with_a_challenge_and_ends_with_its_verifier() -> None:
    scene = Scene()
    url, browser = await scene.login.send_away("", "/learn")
    asked = query_of(url)
    assert url.startswith("https://hub.example/base/hub/api/oauth2/authorize?")
    assert asked["client_id"] == "service-ltt-tutor"
    assert asked["redirect_uri"] == "https://tutor.example/oauth_callback"
    assert browser not in url
    begun = scene.login.where_to(asked["state"], browser)
    assert begun is not None
    assert begun.where == "/learn"
    admitted = await scene.login.finish(begun, "c1")
    assert admitted is not None
    assert (admitted[1].principal.name, admitted[1].principal.role) == ("ada", Role.LEARNER)
    ((verifier, callback),) = scene.logins.seen
    assert (challenge_of(verifier), callback) == (asked["code_challenge"], asked["redirect_uri"])
    assert "t-ada" not in repr(admitted[1])


@pytest.mark.proves("hub:login-bound-to-its-browser")
async def test_a_login_ends_only_in_the_browser_that_began_it_and_once_and_in_time() -> None:
    scene = Scene()
    url, browser = await scene.login.send_away("", "/")
    state = query_of(url)["state"]
    assert scene.login.where_to(state, "another browser") is None
    assert scene.login.where_to("", browser) is None
    assert scene.login.where_to(state, "") is None
    second, same = await scene.login.send_away(browser, "/wall")
    assert same == browser, "two tabs of one browser may log in at a time"
    assert scene.login.where_to(state, browser) is not None
    assert scene.login.where_to(state, browser) is None
    scene.watch.seconds += LOGIN_SECONDS + 1
    assert scene.login.where_to(query_of(second)["state"], browser) is None


@pytest.mark.proves("hub:login")
async def test_a_code_that_the_hub_does_not_know_and_a_stranger_are_not_let_in() -> None:
    scene = Scene()
    scene.hub.people["t-zoe"] = person("zoe")
    url, browser = await scene.login.send_away("", "/")
    begun = scene.login.where_to(query_of(url)["state"], browser)
    assert begun is not None
    assert await scene.login.finish(begun, "made up") is None
    with pytest.raises(ForbiddenError, match="zoe is not in the hub's group"):
        await scene.login.finish(begun, "c2")


@pytest.mark.proves("hub:session-ends-with-the-hub")
async def test_a_session_ends_when_the_hub_no_longer_knows_its_token_and_changes_with_its_groups() -> None:
    scene = Scene()
    session = await scene.enter()
    scene.hub.people["t-ada"] = person("ada", "instructors-python")
    scene.watch.seconds += KNOWN_SECONDS + 1
    sight = await scene.login.sight_of(session)
    assert sight is not None
    assert sight.principal.courses == frozenset({CourseId("python")})
    del scene.hub.people["t-ada"]
    scene.watch.seconds += KNOWN_SECONDS + 1
    assert await scene.login.sight_of(session) is None


@pytest.mark.proves("hub:session-ends-with-the-hub")
async def test_a_session_outlives_a_hub_that_is_away_for_minutes_and_no_longer() -> None:
    scene = Scene()
    session = await scene.enter()
    sight = await scene.login.sight_of(session)
    scene.watch.seconds += AWAY_SECONDS - 1
    scene.hub.errors.append(HubUnavailableError("hub", "it does not answer"))
    assert await scene.login.sight_of(session) == sight
    scene.watch.seconds += 2
    scene.hub.errors.append(HubUnavailableError("hub", "it does not answer"))
    with pytest.raises(HubUnavailableError):
        await scene.login.sight_of(session)
