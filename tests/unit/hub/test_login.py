"""What the hub's groups make of somebody."""

from __future__ import annotations

import pytest

from ltt_collab.access.hub import HubAuthenticator, HubGroups
from ltt_collab.model.errors import ForbiddenError, HubUnavailableError
from ltt_collab.model.identity import Role
from ltt_collab.model.ids import Username
from ltt_collab.ports.hub import HubIdentity
from tests.support.hub_fake import FakeHub

FOR_US = "access:services!service=ltt-tutor"


def person(name: str, *groups: str, scopes: tuple[str, ...] = (FOR_US,), kind: str = "user") -> HubIdentity:
    return HubIdentity(name=Username(name), kind=kind, groups=frozenset(groups), scopes=frozenset(scopes))


PEOPLE = {
    "t-ada": person("ada", "learners"),
    "t-ada-server": person("ada", "learners", scopes=("access:servers!server=ada/",)),
    "t-ivy": person("ivy", "instructors"),
    "t-ivy-server": person("ivy", "instructors", scopes=("access:servers!server=ivy/",)),
    "t-ivy-elsewhere": person("ivy", "instructors", scopes=("access:services!service=other",)),
    "t-may": person("may", "instructors-python", "instructors-sql", "learners"),
    "t-zoe": person("zoe", "everybody"),
    "t-us": person("ltt-tutor", kind="service", scopes=()),
    "t-other": person("grader", kind="service"),
}


def authenticator() -> HubAuthenticator:
    return HubAuthenticator(FakeHub(people=dict(PEOPLE)), HubGroups())


async def test_groups_say_what_somebody_is() -> None:
    login = authenticator()
    found = {token: await login.identify(token) for token in ("t-ada", "t-ada-server", "t-ivy", "t-may", "t-us")}
    assert {token: (who.role, who.courses) for token, who in found.items() if who is not None} == {
        "t-ada": (Role.LEARNER, None),
        "t-ada-server": (Role.LEARNER, None),
        "t-ivy": (Role.INSTRUCTOR, None),
        "t-may": (Role.INSTRUCTOR, {"python", "sql"}),
        "t-us": (Role.SERVICE, None),
    }


@pytest.mark.proves("hub:servers-tokens-teach-nobody")
@pytest.mark.parametrize("token", ["t-ivy-server", "t-ivy-elsewhere"])
async def test_a_token_not_made_for_our_service_is_a_learners(token: str) -> None:
    who = await authenticator().identify(token)
    assert who is not None
    assert (who.name, who.role) == ("ivy", Role.LEARNER)


@pytest.mark.proves("hub:strangers-stay-out")
@pytest.mark.parametrize("token", ["t-zoe", "t-other"])
async def test_who_is_in_no_group_is_refused(token: str) -> None:
    with pytest.raises(ForbiddenError):
        await authenticator().identify(token)


async def test_an_unknown_token_is_nobodys() -> None:
    assert await authenticator().identify("guessed") is None


async def test_a_hub_that_is_away_vouches_for_nobody_and_says_so() -> None:
    hub = FakeHub(people=dict(PEOPLE), errors=[HubUnavailableError("http://h/", "refused")])
    with pytest.raises(HubUnavailableError):
        await HubAuthenticator(hub, HubGroups()).identify("t-ada")
