"""One learner never reads another's rooms, by whatever door; an instructor reads those of their own courses."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import anyio
import httpx
import pytest

from ltt_collab.access.gatekeeper import KNOWN_SECONDS, Gatekeeper, IssuedTokens, digest_of
from ltt_collab.access.scoped import ScopedDirectory
from ltt_collab.adapters.clock import SystemClock
from ltt_collab.model.cells import Cell, CellType
from ltt_collab.model.identity import Principal, Role, Sight
from ltt_collab.model.ids import CellId, CourseId, Username
from ltt_collab.ports.identity import TokenRecord
from ltt_collab.ports.learning import CourseRole, Enrolment
from tests.support.directory import MemoryDirectory
from tests.support.door import RunningService, running_service

ADA, BOB, PROF = Username("ada"), Username("bob"), Username("prof")
CELL = Cell(id=CellId("c1"), type=CellType.CODE, source="x = 1")
BASICS, MORE = CourseId("basics"), CourseId("more")

BODIES: Mapping[str, object] = {
    "suggestions": {
        "cell_id": "c1",
        "expected_hash": CELL.hash,
        "placement": "note",
        "text": "Look at line 1.",
        "idempotency_key": "k",
    },
    "declined": {"cause_key": "k"},
    "facts": {"expressions": {"n": "len(xs)"}},
    "trials": {"replacement": "x = 2"},
}
"""A good body for each operation that takes one, by the last word of its path."""


class Tokens:
    """Vouches for the people it is given."""

    def __init__(self, *people: Principal) -> None:
        self._people = {f"token-of-{person.name}": person for person in people}

    async def identify(self, token: str) -> Principal | None:
        return self._people.get(token)


def bearer(name: str) -> dict[str, str]:
    return {"authorization": f"Bearer token-of-{name}"}


async def room_operations(service: RunningService, room: str) -> list[tuple[str, str, object]]:
    """Every operation about one room that the API has: a new one cannot be forgotten here."""
    document = (await service.http.get("/api/v1/openapi.json")).json()
    found = []
    for path, methods in document["paths"].items():
        if "{room_id}" in path:
            url = path.replace("{room_id}", room).replace("{cell_id}", "c1")
            assert "{" not in url, f"say what to put into {url}"
            for method, operation in methods.items():
                body = BODIES[path.rsplit("/", 1)[1]] if "requestBody" in operation else None
                found.append((method.upper(), url, body))
    return found


@pytest.mark.proves("access:learners-see-their-own")
async def test_every_operation_on_anothers_room_answers_as_if_there_were_none() -> None:
    directory = MemoryDirectory()
    room = directory.open("a.ipynb", CELL, learner=ADA)
    people = Tokens(Principal(name=BOB, role=Role.LEARNER))
    async with running_service(directory, others=[people]) as service:
        operations = await room_operations(service, room.id)
        assert len(operations) >= 9
        for method, url, body in operations:
            answer = await service.http.request(method, url, json=body, headers=bearer("bob"))
            assert (answer.status_code, answer.json()["code"]) == (404, "unknown_room"), (method, url)
        assert (await service.http.get("/api/v1/rooms", headers=bearer("bob"))).json() == []
    assert directory.drafts == []
    assert directory.insight.tried == []


@pytest.mark.proves("access:learners-see-their-own")
async def test_a_learner_reads_their_own_room() -> None:
    directory = MemoryDirectory()
    room = directory.open("a.ipynb", CELL, learner=ADA)
    async with running_service(directory, others=[Tokens(Principal(name=ADA, role=Role.LEARNER))]) as service:
        answer = await service.http.get(f"/api/v1/rooms/{room.id}", headers=bearer("ada"))
    assert answer.json()["cells"][0]["source"] == "x = 1"


@pytest.mark.proves("access:reading-only")
async def test_who_may_only_read_neither_proposes_nor_runs_anything() -> None:
    directory = MemoryDirectory()
    room = directory.open("a.ipynb", CELL, learner=ADA)
    reader = Principal(name=Username("reader"), role=Role.AGENT, learner=ADA, may_write=False, may_execute=False)
    async with running_service(directory, others=[Tokens(reader)]) as service:
        statuses = {
            url.rsplit("/", 1)[1]: (await service.http.post(url, json=body, headers=bearer("reader"))).status_code
            for method, url, body in await room_operations(service, room.id)
            if method == "POST"
        }
    assert statuses == {"suggestions": 403, "declined": 403, "facts": 403, "trials": 403}
    assert directory.drafts == []


@pytest.mark.proves("access:roles")
@pytest.mark.parametrize(
    ("principal", "taught", "seen"),
    [
        (Principal(name=ADA, role=Role.LEARNER), (), ["a.ipynb"]),
        (Principal(name=PROF, role=Role.INSTRUCTOR, courses=frozenset({BASICS})), (BOB,), ["b.ipynb"]),
        (Principal(name=PROF, role=Role.INSTRUCTOR, courses=frozenset()), (), []),
        (Principal(name=PROF, role=Role.INSTRUCTOR), (), ["a.ipynb", "b.ipynb"]),
        (Principal(name=PROF, role=Role.AGENT, learner=ADA), (), ["a.ipynb"]),
        (Principal(name=PROF, role=Role.AGENT, courses=frozenset({BASICS})), (ADA,), ["a.ipynb"]),
        (Principal(name=PROF, role=Role.AGENT), (), ["a.ipynb", "b.ipynb", "nobody.ipynb"]),
        (Principal(name=PROF, role=Role.SERVICE), (), ["a.ipynb", "b.ipynb", "nobody.ipynb"]),
    ],
)
def test_who_sees_whose_rooms(principal: Principal, taught: Sequence[Username], seen: list[str]) -> None:
    directory = MemoryDirectory()
    directory.open("a.ipynb", CELL, learner=ADA)
    directory.open("b.ipynb", CELL, learner=BOB)
    nobody = directory.open("nobody.ipynb", CELL)
    nobody.info = dataclasses.replace(nobody.info, learner=None)
    scoped = ScopedDirectory(directory, Sight(principal=principal, taught=frozenset(taught)))
    assert [info.path for info in scoped.rooms()] == seen


@pytest.mark.proves("access:learners-see-their-own")
async def test_the_stream_of_all_rooms_leaves_out_what_is_not_theirs() -> None:
    directory = MemoryDirectory()
    mine = directory.open("a.ipynb", CELL, learner=ADA)
    other = directory.open("b.ipynb", CELL, learner=BOB)
    scoped = ScopedDirectory(directory, Sight(principal=Principal(name=ADA, role=Role.LEARNER)))
    heard: list[str] = []

    async def listen() -> None:
        async for event in scoped.events(None):
            heard.append(event.room)
            if len(heard) == 2:
                tasks.cancel_scope.cancel()

    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(listen)
            await anyio.wait_all_tasks_blocked()
            for room in (other, mine, other, mine):
                room.types("c1", "2")
    assert heard == [mine.id, mine.id]


class Clock(SystemClock):
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.passed = 0.0

    def now(self) -> float:
        return 1_000.0 + self.passed

    def monotonic(self) -> float:
        return self.passed


class Issued:
    """Issued tokens in memory; counts how often it is asked."""

    def __init__(self, *records: TokenRecord) -> None:
        self.records = list(records)
        self.asked = 0

    async def save(self, record: TokenRecord) -> None:
        self.records.append(record)

    async def find(self, digest: str) -> TokenRecord | None:
        self.asked += 1
        return next((record for record in self.records if record.digest == digest), None)

    async def select(self) -> Sequence[TokenRecord]:
        return self.records

    async def revoke(self, token: str, at: float) -> bool:
        return False


class Classes:
    """Who is enrolled, in memory."""

    def __init__(self, **learners: CourseId) -> None:
        self._learners = learners

    async def enrol(self, enrolment: Enrolment) -> bool:
        return False

    async def leave(self, course: CourseId, username: Username) -> bool:
        return False

    async def of_course(self, course: CourseId) -> Sequence[Enrolment]:
        return [
            Enrolment(course=course, username=Username(name), role=CourseRole.LEARNER, at=0.0)
            for name, taken in self._learners.items()
            if taken == course
        ]

    async def of_person(self, username: Username) -> Sequence[Enrolment]:
        return []


def record(expires: float | None = None, revoked: float | None = None) -> TokenRecord:
    prof = Principal(name=PROF, role=Role.INSTRUCTOR, courses=frozenset({BASICS}))
    return TokenRecord(id="t1", digest=digest_of("secret"), principal=prof, at=0.0, expires=expires, revoked=revoked)


@pytest.mark.proves("access:issued-tokens")
@pytest.mark.parametrize(
    ("given", "admitted"),
    [
        (record(), True),
        (record(expires=1_000.0), False),
        (record(expires=1_000.1), True),
        (record(revoked=5.0), False),
    ],
)
async def test_an_issued_token_opens_until_it_expires_or_is_revoked(given: TokenRecord, admitted: bool) -> None:
    clock = Clock()
    gatekeeper = Gatekeeper([IssuedTokens(Issued(given), clock)], clock, Classes(ada=BASICS, bob=MORE))
    sight = await gatekeeper.admit("secret")
    assert (sight is not None) is admitted
    if sight is not None:
        assert [sight.sees(ADA), sight.sees(BOB), sight.sees(None)] == [True, False, False]


async def test_an_answer_is_remembered_for_a_while_and_no_longer() -> None:
    clock, issued = Clock(), Issued(record())
    gatekeeper = Gatekeeper([IssuedTokens(issued, clock)], clock)
    for _ in range(3):
        assert await gatekeeper.admit("secret") is not None
        assert await gatekeeper.admit("guess") is None
    assert issued.asked == 2
    issued.records = [record(revoked=1.0)]
    clock.passed = KNOWN_SECONDS
    assert await gatekeeper.admit("secret") is None


async def test_a_wrong_scheme_is_no_token() -> None:
    async with running_service(MemoryDirectory()) as service, httpx.AsyncClient(base_url=service.url) as stranger:
        answer = await stranger.get("/api/v1/rooms", headers={"authorization": "Basic t0ken-of-the-tests"})
    assert answer.status_code == 401
