"""Who may steer the AI over HTTP, and what that does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from ltt_collab.access.desk import Desk
from ltt_collab.adapters.clock import SystemClock
from ltt_collab.adapters.store.memory import memory_stores
from ltt_collab.adapters.store.memory_steers import MemorySteers
from ltt_collab.model.identity import Principal, Role
from ltt_collab.model.ids import CellId, CourseId, RoomId, SuggestionId, Username
from ltt_collab.model.suggestions import Answer, Draft, Placement, Shown
from ltt_collab.peer.approvals import HeldDrafts
from ltt_collab.peer.orders import Orders
from ltt_collab.ports.steering import Extent
from tests.support.directory import MemoryDirectory
from tests.support.door import RunningService, running_service
from tests.unit.api.test_access import Classes, Tokens, bearer

BASICS = CourseId("basics")
PEOPLE = Tokens(
    Principal(name=Username("ada"), role=Role.LEARNER),
    Principal(name=Username("prof"), role=Role.INSTRUCTOR, courses=frozenset({BASICS})),
)
ORDERS = "/api/v1/steering/orders"


class Whispers:
    """Keeps what was said."""

    def __init__(self) -> None:
        self.said: list[tuple[str, str | None, str, str]] = []

    async def whisper(self, room: RoomId, cell: CellId | None, text: str, *, by: Username) -> Answer:
        self.said.append((room, cell, text, by))
        return Shown(suggestion=SuggestionId("w1"))

    async def broadcast(self, extent: Extent, text: str, *, by: Username) -> int:
        self.said.append((str(extent.course), None, text, by))
        return 3


class Scene:
    """A desk over stores in memory."""

    def __init__(self) -> None:
        self.directory = MemoryDirectory()
        self.room = self.directory.open("a.ipynb", learner="ada")
        self.other = self.directory.open("b.ipynb", learner="bob")
        self.shown: list[Draft] = []
        clock = SystemClock()
        audit = memory_stores().audit
        self.whispers = Whispers()
        self.orders = Orders(MemorySteers(), audit, clock)
        self.held = HeldDrafts(self._show, audit, clock)
        self.desk = Desk(steering=self.orders, approvals=self.held, whispering=self.whispers, clock=clock)

    async def _show(self, _room: RoomId, draft: Draft) -> Answer:
        self.shown.append(draft)
        return Shown(suggestion=SuggestionId("s1"))

    def hold(self, learner: str) -> SuggestionId:
        draft = Draft(
            cell_id=CellId("c"), expected_hash="aa", placement=Placement.NOTE, text="Look.", idempotency_key=learner
        )
        return self.held.hold(draft, self.room.id, Username(learner))


@asynccontextmanager
async def served(scene: Scene) -> AsyncIterator[RunningService]:
    async with running_service(
        scene.directory, others=[PEOPLE], enrolments=Classes(ada=BASICS), desk=scene.desk
    ) as service:
        yield service


@pytest.mark.proves("steering:who-may")
async def test_an_instructor_steers_their_own_course_and_nothing_else() -> None:
    scene = Scene()
    async with served(scene) as service:
        extents: list[dict[str, str]] = [
            {"course": "basics"},
            {"learner": "ada"},
            {"learner": "bob"},
            {"course": "other"},
            {},
        ]
        answers = [
            await service.http.post(ORDERS, json={"order": "pause", **extent}, headers=bearer("prof"))
            for extent in extents
        ]
        listed = (await service.http.get(ORDERS, headers=bearer("prof"))).json()
        lifted = await service.http.post(f"{ORDERS}/lift", json={"course": "basics"}, headers=bearer("prof"))
    assert [answer.status_code for answer in answers] == [200, 200, 403, 403, 403]
    assert [(each["course"], each["learner"], each["by"]) for each in listed] == [
        ("basics", None, "prof"),
        (None, "ada", "prof"),
    ]
    assert lifted.json() == {"lifted": True}


@pytest.mark.proves("steering:who-may")
async def test_a_learner_steers_nothing() -> None:
    scene = Scene()
    held = scene.hold("ada")
    whispers = f"/api/v1/rooms/{scene.room.id}/whispers"
    async with served(scene) as service:
        answers = [
            await service.http.post(ORDERS, json={"order": "pause", "learner": "ada"}, headers=bearer("ada")),
            await service.http.get(ORDERS, headers=bearer("ada")),
            await service.http.get("/api/v1/steering/held", headers=bearer("ada")),
            await service.http.post(f"/api/v1/steering/held/{held}/approve", json={}, headers=bearer("ada")),
            await service.http.post(whispers, json={"text": "hi"}, headers=bearer("ada")),
            await service.http.post("/api/v1/broadcasts", json={"text": "hi"}, headers=bearer("ada")),
            await service.http.post("/api/v1/hooks/alerts", json={"alerts": []}, headers=bearer("ada")),
        ]
    assert [answer.status_code for answer in answers] == [403] * len(answers)
    assert scene.whispers.said == []


@pytest.mark.proves("steering:approve")
async def test_an_instructor_approves_the_hints_for_their_own_learners_only() -> None:
    scene = Scene()
    mine, other = scene.hold("ada"), scene.hold("bob")
    async with served(scene) as service:
        listed = (await service.http.get("/api/v1/steering/held", headers=bearer("prof"))).json()
        url = "/api/v1/steering/held"
        stranger = await service.http.post(f"{url}/{other}/approve", json={}, headers=bearer("prof"))
        yes = await service.http.post(f"{url}/{mine}/approve", json={"text": "Look here."}, headers=bearer("prof"))
        again = await service.http.post(f"{url}/{mine}/reject", json={}, headers=bearer("prof"))
    assert [each["suggestion"] for each in listed] == [mine]
    assert (stranger.status_code, again.status_code) == (404, 404)
    assert yes.json() == {"answer": "shown", "detail": ""}
    assert [draft.text for draft in scene.shown] == ["Look here."]


@pytest.mark.proves("steering:whisper")
async def test_a_whisper_goes_to_a_learner_of_ones_own_course() -> None:
    scene = Scene()
    async with served(scene) as service:
        body = {"text": "You are close.", "cell_id": "c1"}
        mine = await service.http.post(f"/api/v1/rooms/{scene.room.id}/whispers", json=body, headers=bearer("prof"))
        other = await service.http.post(f"/api/v1/rooms/{scene.other.id}/whispers", json=body, headers=bearer("prof"))
        everybody = await service.http.post(
            "/api/v1/broadcasts", json={"text": "Five minutes.", "course": "basics"}, headers=bearer("prof")
        )
    assert (mine.status_code, other.status_code) == (200, 404)
    assert everybody.json() == {"rooms": 3}
    assert scene.whispers.said == [
        (scene.room.id, "c1", "You are close.", "prof"),
        ("basics", None, "Five minutes.", "prof"),
    ]


@pytest.mark.proves("steering:alert-stops")
async def test_an_alert_stops_the_ai_and_its_end_lets_it_write_again() -> None:
    scene = Scene()

    def alert(status: str, **labels: str) -> dict[str, object]:
        return {"version": "4", "alerts": [{"status": status, "labels": labels, "startsAt": "2026-01-01T00:00:00Z"}]}

    async with served(scene) as service:
        hook = "/api/v1/hooks/alerts"
        await service.http.post(hook, json=alert("firing", alertname="Slow"))
        assert scene.orders.orders() == []
        await service.http.post(hook, json=alert("firing", alertname="Leak", ltt_action="stop", course="basics"))
        assert [(steer.extent, steer.by) for steer in scene.orders.orders()] == [(Extent(course=BASICS), "alert Leak")]
        await service.http.post(hook, json=alert("resolved", alertname="Leak", ltt_action="stop", course="basics"))
        assert scene.orders.orders() == []
