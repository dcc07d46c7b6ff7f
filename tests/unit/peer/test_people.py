"""Who did it: us, the server, a learner who shows, or the learner for whom we came."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from ltt_collab.model.ids import ClientId, Username
from ltt_collab.model.presence import SERVER, UNKNOWN, Author, AuthorKind, User
from ltt_collab.peer.people import People

US, ADA, BEN, STRANGER = ClientId(42), ClientId(1001), ClientId(1002), ClientId(77)


class Roster:
    """Awareness, as a test wants it."""

    def __init__(self) -> None:
        self.names: dict[ClientId, str] = {}

    def users(self) -> Sequence[tuple[ClientId, User]]:
        return [(client, User(username=Username(name), display_name=name)) for client, name in self.names.items()]

    def user(self, client: ClientId) -> User | None:
        return dict(self.users()).get(client)


@pytest.fixture
def roster() -> Roster:
    return Roster()


@pytest.fixture
def people(roster: Roster) -> People:
    people = People(Username("ltt-tutor"))
    people.join(US, roster)
    return people


def learner(name: str | None, client: ClientId | None) -> Author:
    username = None if name is None else Username(name)
    return Author(kind=AuthorKind.LEARNER, username=username, client=client)


def test_we_are_the_ai_under_every_client_id_that_was_ours(people: People, roster: Roster) -> None:
    people.join(ClientId(43), roster)
    roster.names[US] = "somebody"
    assert {people.author_of(client).kind for client in (US, ClientId(43))} == {AuthorKind.AI}


def test_content_from_disk_is_the_servers(people: People) -> None:
    assert people.author_of(ClientId(0)) == SERVER


@pytest.mark.proves("peer:unseen-learner-is-helped")
def test_until_somebody_shows_an_unknown_client_is_the_learner_for_whom_we_came(people: People) -> None:
    assert people.author_of(ADA) == learner(None, ADA)
    people.sight(Username("ada"))
    assert people.author_of(ADA) == learner("ada", ADA)
    assert people.humans() == [learner("ada", None)]


def test_once_somebody_shows_a_stranger_is_unknown(people: People, roster: Roster) -> None:
    people.sight(Username("ada"))
    roster.names[ADA] = "ada"
    people.change()
    assert people.author_of(ADA) == learner("ada", ADA)
    assert people.author_of(STRANGER) == UNKNOWN
    assert people.humans() == [learner("ada", ADA)]


def test_after_the_last_one_left_nobody_is_expected(people: People, roster: Roster) -> None:
    people.sight(Username("ada"))
    people.expect_nobody()
    assert list(people.humans()) == []
    assert people.author_of(STRANGER) == UNKNOWN
    roster.names[BEN] = "ben"
    people.change()
    assert people.humans() == [learner("ben", BEN)]
