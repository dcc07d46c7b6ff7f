"""What an agent may rely on, in the service's process and over HTTP alike."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager
from typing import Protocol

import anyio
import anyio.lowlevel
import pytest
from pydantic import SecretStr

from ltt_collab.client import Client, HttpClient, LocalClient
from ltt_collab.model.edits import RoomEvent, SourceEdited
from ltt_collab.model.errors import (
    ResumePointGoneError,
    SubscriberTooSlowError,
    UnknownCellError,
    UnknownRoomError,
)
from ltt_collab.model.ids import CellId, CourseId, RoomId, Seq, SuggestionId, TaskId, Username
from ltt_collab.model.suggestions import Answer, Draft, Held, Placement, Rejected, RejectionReason, Shown
from ltt_collab.model.tasks import Fact, TaskBrief, Trial
from ltt_collab.model.validations import CheckResult, Outcome, ValidationMode, Verdict
from ltt_collab.ports.directory import Decision
from tests.support.deadlines import eventually
from tests.support.directory import MemoryDirectory, code
from tests.support.door import TOKEN, running_service


class Connect(Protocol):
    def __call__(self, directory: MemoryDirectory) -> AbstractAsyncContextManager[Client]: ...


@asynccontextmanager
async def _local(directory: MemoryDirectory) -> AsyncIterator[Client]:
    yield LocalClient(directory, directory.insight)


@asynccontextmanager
async def _http(directory: MemoryDirectory) -> AsyncIterator[Client]:
    async with running_service(directory) as service, HttpClient(service.url, SecretStr(TOKEN)) as client:
        yield client


@pytest.fixture(params=[_local, _http], ids=["local", "http"])
def connect(request: pytest.FixtureRequest) -> Connect:
    way: Connect = request.param
    return way


async def take(events: AsyncGenerator[RoomEvent, None], count: int) -> list[RoomEvent]:
    async with aclosing(events):
        with anyio.fail_after(5):
            return [await anext(events) for _ in range(count)]


async def read_into(got: list[RoomEvent], events: AsyncIterator[RoomEvent]) -> None:
    with anyio.fail_after(5):
        async for event in events:
            got.append(event)  # noqa: PERF401 - what came before an error counts


def draft(source: str = "x = 1", **changes: object) -> Draft:
    fields: dict[str, object] = {
        "cell_id": CellId("c1"),
        "expected_hash": code("c1", source).hash,
        "placement": Placement.NOTE,
        "text": "Look at line 1: é😀\u2028.",
        "rung": 2,
        "line": 1,
        "idempotency_key": "k1",
        "cause_key": "ck",
        "author": Username("robin"),
    }
    return Draft(**(fields | changes))  # type: ignore[arg-type] # the fields are given by name above


async def test_the_open_rooms_are_listed(connect: Connect) -> None:
    directory = MemoryDirectory()
    directory.open("b.ipynb")
    directory.open("a ü.ipynb")
    async with connect(directory) as client:
        assert list(await client.rooms()) == list(directory.rooms())


async def test_a_room_is_found_by_id_and_by_path(connect: Connect) -> None:
    directory = MemoryDirectory()
    room = directory.open("dir/a ü.ipynb")
    async with connect(directory) as client:
        assert (await client.room(room.id)).id == room.id
        assert (await client.room("dir/a ü.ipynb")).id == room.id
        with pytest.raises(UnknownRoomError) as unknown:
            await client.room("dir")
    assert unknown.value.room == "dir"


@pytest.mark.proves("client:snapshot-and-every-event-after-it")
async def test_a_snapshot_and_the_events_after_it_give_the_notebook_as_it_is(connect: Connect) -> None:
    directory = MemoryDirectory()
    room = directory.open("a.ipynb", code("c1", "é😀 = "))
    room.types("c1", "before")
    async with connect(directory) as client:
        agent = await client.room(room.id)
        snapshot = await agent.snapshot()
        room.types("c1", " between")
        events = agent.events(after=snapshot.seq)
        source = snapshot.cells[0].source
        async with anyio.create_task_group() as tasks:

            async def type_on() -> None:
                for number in range(20):
                    room.types("c1", f" {number}\u2028\r\n")
                    await anyio.lowlevel.checkpoint()

            tasks.start_soon(type_on)
            got = await take(events, 21)
    for event in got:
        assert isinstance(event, SourceEdited)
        (splice,) = event.splices
        source = source[: splice.at] + splice.inserted + source[splice.at + splice.deleted :]
    assert [event.seq for event in got] == list(range(2, 23))
    assert source == room.cells[0].source


async def test_without_a_resume_point_only_what_happens_from_now_on_comes(connect: Connect) -> None:
    directory = MemoryDirectory()
    room = directory.open("a.ipynb", code("c1", ""))
    room.types("c1", "old")
    async with connect(directory) as client, anyio.create_task_group() as tasks:
        events = (await client.room(room.id)).events()

        async def type_once_heard() -> None:
            await eventually(lambda: directory.subscriptions == 1)
            room.types("c1", "new")

        tasks.start_soon(type_once_heard)
        (event,) = await take(events, 1)
    assert event.seq == 2


@pytest.mark.proves("client:a-lost-resume-point-is-an-error")
@pytest.mark.parametrize("after", [0, 99])
async def test_a_resume_point_that_is_gone_is_an_error(connect: Connect, after: int) -> None:
    directory = MemoryDirectory(kept=2)
    room = directory.open("a.ipynb", code("c1", ""))
    for _ in range(5):
        room.types("c1", "x")
    async with connect(directory) as client:
        with pytest.raises(ResumePointGoneError) as gone:
            await take((await client.room(room.id)).events(after=Seq(after)), 1)
    assert (gone.value.after, gone.value.oldest) == (after, 3)


@pytest.mark.proves("client:a-slow-subscriber-is-told")
async def test_a_subscriber_that_is_too_slow_is_told_after_what_it_could_have(connect: Connect) -> None:
    directory = MemoryDirectory(bound=3)
    room = directory.open("a.ipynb", code("c1", ""))
    got: list[RoomEvent] = []
    async with connect(directory) as client, anyio.create_task_group() as tasks:
        events = (await client.room(room.id)).events()

        async def flood() -> None:
            await eventually(lambda: directory.subscriptions == 1)
            for _ in range(10):  # within one pass of the loop: nobody reads in between
                room.types("c1", "x")

        tasks.start_soon(flood)
        with pytest.raises(SubscriberTooSlowError) as slow:
            await read_into(got, events)
        await eventually(lambda: directory.subscriptions == 0)
    assert [event.seq for event in got] == [1, 2, 3]
    assert (slow.value.last_seq, slow.value.bound) == (3, 3)


async def test_following_ends_when_the_room_is_left_for_good(connect: Connect) -> None:
    directory = MemoryDirectory()
    room = directory.open("a.ipynb", code("c1", ""))
    room.types("c1", "x")
    async with connect(directory) as client, anyio.create_task_group() as tasks:
        events = (await client.room(room.id)).events(after=Seq(0))

        async def leave_once_heard() -> None:
            await eventually(lambda: directory.subscriptions == 1)
            directory.leave(room)

        tasks.start_soon(leave_once_heard)
        with anyio.fail_after(5):
            assert [event.seq async for event in events] == [1]


async def test_all_rooms_are_followed_rooms_that_open_later_included(connect: Connect) -> None:
    directory = MemoryDirectory()
    room = directory.open("a.ipynb", code("c1", ""))
    room.types("c1", "old")
    async with connect(directory) as client, anyio.create_task_group() as tasks:

        async def type_in_two() -> None:
            await eventually(lambda: directory.subscriptions == 1)
            room.types("c1", "new")
            directory.open("b.ipynb", code("c1", "")).types("c1", "first")

        tasks.start_soon(type_in_two)
        got = await take(client.events(), 2)
    assert [(event.room == room.id, event.seq) for event in got] == [(True, 2), (False, 1)]


async def test_a_room_that_is_not_open_is_an_error_everywhere(connect: Connect) -> None:
    directory = MemoryDirectory()
    room = directory.open("a.ipynb", code("c1", "x = 1"))
    async with connect(directory) as client:
        agent = await client.room(room.id)
        directory.leave(room)
        with pytest.raises(UnknownRoomError):
            await agent.snapshot()
        with pytest.raises(UnknownRoomError):
            await take(agent.events(after=Seq(0)), 1)
        with pytest.raises(UnknownRoomError):
            await agent.propose(draft())
        with pytest.raises(UnknownRoomError):
            await agent.decisions()


@pytest.mark.proves("client:a-proposal-gets-the-gates-answer")
@pytest.mark.parametrize(
    "answer",
    [
        Shown(suggestion=SuggestionId("s1")),
        Held(suggestion=SuggestionId("s1"), reason="the learner is typing"),
        *(Rejected(reason=reason, detail=f"because of {reason}") for reason in RejectionReason),
    ],
    ids=lambda answer: getattr(answer, "reason", "shown"),
)
async def test_a_proposal_reaches_the_gate_whole_and_gets_its_answer(connect: Connect, answer: Answer) -> None:
    directory = MemoryDirectory()
    room = directory.open("a.ipynb", code("c1", "x = 1"))

    async def gate(_draft: Draft) -> Answer:
        return answer

    directory.answer = gate
    async with connect(directory) as client:
        assert await (await client.room(room.id)).propose(draft()) == answer
    assert directory.drafts == [draft()]


async def test_a_proposal_about_a_changed_cell_gets_the_current_source(connect: Connect) -> None:
    directory = MemoryDirectory()
    room = directory.open("a.ipynb", code("c1", "x = 1"))
    room.types("c1", " # é😀\u2028")
    async with connect(directory) as client:
        answer = await (await client.room(room.id)).propose(draft())
    assert isinstance(answer, Rejected)
    assert (answer.reason, answer.current_source) == (RejectionReason.CONFLICT, "x = 1 # é😀\u2028")


async def test_a_proposal_about_no_cell_is_an_error(connect: Connect) -> None:
    directory = MemoryDirectory()
    room = directory.open("a.ipynb")
    async with connect(directory) as client:
        with pytest.raises(UnknownCellError) as unknown:
            await (await client.room(room.id)).propose(draft())
    assert unknown.value.cell_id == "c1"


@pytest.mark.proves("client:decline")
async def test_a_request_that_is_not_answered_is_declined(connect: Connect) -> None:
    directory = MemoryDirectory()
    room = directory.open("a.ipynb")
    async with connect(directory) as client:
        door = await client.room(RoomId(room.id))
        await door.decline("ada/c1/NameError/é")
        await door.decline("ada/c1/NameError/é", "message 1")
    cause = "ada/c1/NameError/é"
    assert directory.declined == [(room.id, cause, ""), (room.id, cause, "message 1")]


async def test_decisions_are_read(connect: Connect) -> None:
    directory = MemoryDirectory()
    room = directory.open("a.ipynb")
    room.decisions += [
        Decision(at=5.5, about=CellId("c1"), decision="quiet", because="still typing"),
        Decision(at=6.0, about=None, decision="left", because="nobody there"),
    ]
    async with connect(directory) as client:
        assert list(await (await client.room(RoomId(room.id))).decisions()) == room.decisions


CELL = CellId("cell/é ?#")
"""Cell ids are a learner's file's: anything may stand in them."""

BRIEF = TaskBrief(
    course=CourseId("first"),
    id=TaskId("mean"),
    title="Mean é",
    text="Write mean.\u2028",
    hints=("Divide.",),
    reads_terminal=True,
    last_verdict=Verdict(
        task=TaskId("mean"),
        mode=ValidationMode.LIVE,
        outcome=Outcome.FAILED,
        passed=False,
        score=1.0,
        max_score=2.0,
        first_cause="mean([1]) gave 0",
        checks=(
            CheckResult(
                name="one", passed=False, hidden=False, points=0, max_points=1, message="No.", expected="1", got="0"
            ),
        ),
        duration_ms=4.5,
    ),
)


@pytest.mark.proves("client:live-facts-trials-tasks-and-terminals")
async def test_live_facts_come_under_the_names_that_they_were_asked_by(connect: Connect) -> None:
    directory = MemoryDirectory()
    room = directory.open("a.ipynb", code(CELL, "df"))
    directory.insight.known = {"len(df)": Fact(text="3"), "df.é": Fact(error="AttributeError: é")}
    async with connect(directory) as client:
        facts = await (await client.room(room.id)).facts(CELL, {"rows ü": "len(df)", "gone": "df.é", "silent": "x"})
    assert dict(facts) == {"rows ü": Fact(text="3"), "gone": Fact(error="AttributeError: é")}


@pytest.mark.parametrize("passed", [True, False, None])
async def test_a_trial_gets_the_whole_replacement_and_says_how_it_went(connect: Connect, passed: bool | None) -> None:
    directory = MemoryDirectory()
    room = directory.open("a.ipynb", code(CELL, "x"))
    directory.insight.trial = Trial(output="é\u2028\n", error="", passed=passed)
    async with connect(directory) as client:
        assert await (await client.room(room.id)).try_code(CELL, "y = 1\r\n\u2028é") == directory.insight.trial
    assert directory.insight.tried == [(room.id, CELL, "y = 1\r\n\u2028é")]


@pytest.mark.parametrize("brief", [BRIEF, None], ids=["a task", "no task"])
async def test_the_task_of_a_cell_is_told_with_its_last_verdict(connect: Connect, brief: TaskBrief | None) -> None:
    directory = MemoryDirectory()
    room = directory.open("a.ipynb", code(CELL, "x"))
    directory.insight.brief = brief
    async with connect(directory) as client:
        assert await (await client.room(room.id)).task(CELL) == brief


async def test_a_terminal_is_read(connect: Connect) -> None:
    directory = MemoryDirectory()
    room = directory.open("a.ipynb", code(CELL, "x"))
    directory.insight.screen = "$ ls\né.txt"
    async with connect(directory) as client:
        assert await (await client.room(room.id)).read_terminal(CELL) == "$ ls\né.txt"


async def test_an_unknown_room_or_cell_is_an_error_of_every_deeper_look(connect: Connect) -> None:
    directory = MemoryDirectory()
    room = directory.open("a.ipynb", code(CELL, "x"))
    async with connect(directory) as client:
        agent = await client.room(room.id)
        for cell, error in ((CellId("c9"), UnknownCellError), (CELL, UnknownRoomError)):
            if error is UnknownRoomError:
                directory.leave(room)
            with pytest.raises(error):
                await agent.facts(cell, {"x": "x"})
            with pytest.raises(error):
                await agent.try_code(cell, "x")
            with pytest.raises(error):
                await agent.task(cell)
            with pytest.raises(error):
                await agent.read_terminal(cell)
