"""A tutor at work: it hears requests and stops when the learner moves on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import anyio
import pytest
import structlog

from ltt_collab.client import LocalClient, run_tutor
from ltt_collab.model.cells import Notebook
from ltt_collab.model.edits import HelpRequested
from ltt_collab.model.findings import Finding
from ltt_collab.model.suggestions import Draft, Placement
from ltt_collab.ports.tutor import TutorContext
from tests.support.deadlines import eventually
from tests.support.directory import MemoryDirectory, MemoryRoom, code


class SlowTutor:
    """Thinks until it is told to answer."""

    def __init__(self) -> None:
        self.began: list[HelpRequested] = []
        self.called_off: list[HelpRequested] = []
        self.may_answer = anyio.Event()

    def explain(self, notebook: Notebook) -> Sequence[Finding]:
        return ()

    async def handle(self, event: HelpRequested, context: TutorContext) -> None:
        self.began.append(event)
        try:
            await self.may_answer.wait()
        except BaseException:
            self.called_off.append(event)
            raise
        cell = (await context.snapshot()).cell(event.cell_id)
        assert cell is not None
        await context.propose(
            Draft(
                cell_id=event.cell_id,
                expected_hash=cell.hash,
                placement=Placement.NOTE,
                text="Look.",
                idempotency_key=event.cause_key,
            )
        )


class FailingTutor(SlowTutor):
    """Fails on its first request."""

    async def handle(self, event: HelpRequested, context: TutorContext) -> None:
        if not self.began:
            self.began.append(event)
            raise ZeroDivisionError("the learner wrote: my diary")
        await super().handle(event, context)


@asynccontextmanager
async def at_work(directory: MemoryDirectory, tutor: SlowTutor) -> AsyncIterator[None]:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(run_tutor, LocalClient(directory), tutor)
        await eventually(lambda: directory.subscriptions == 1)
        yield
        tasks.cancel_scope.cancel()


def two_cells(directory: MemoryDirectory, path: str = "a.ipynb") -> MemoryRoom:
    return directory.open(path, code("c1", "x"), code("c2", "y"))


async def test_a_request_for_help_becomes_a_proposal() -> None:
    directory, tutor = MemoryDirectory(), SlowTutor()
    room = two_cells(directory)
    tutor.may_answer.set()
    async with at_work(directory, tutor):
        room.asks("c1", "cause")
        await eventually(lambda: directory.drafts)
    assert [draft.idempotency_key for draft in directory.drafts] == ["cause"]


@pytest.mark.proves("client:help-is-called-off-when-the-learner-moves-on")
@pytest.mark.parametrize(
    "moves_on",
    [
        lambda room: room.types("c1", "!"),
        lambda room: room.removes("c1"),
        lambda room: room.runs("c1"),
        lambda room: room.asks("c1", "another"),
    ],
    ids=["types", "removes", "runs", "asks anew"],
)
async def test_help_is_called_off_when_the_learner_moves_on(moves_on: Callable[[MemoryRoom], object]) -> None:
    directory, tutor = MemoryDirectory(), SlowTutor()
    room = two_cells(directory)
    async with at_work(directory, tutor):
        room.asks("c1")
        await eventually(lambda: tutor.began)
        moves_on(room)
        await eventually(lambda: tutor.called_off)
    assert tutor.called_off[0] == tutor.began[0]
    assert directory.drafts == []


@pytest.mark.proves("client:a-question-in-the-chat-stands")
async def test_a_question_in_the_chat_stands_while_its_author_types_and_asks_on_until_the_cell_goes() -> None:
    directory, tutor = MemoryDirectory(), SlowTutor()
    room = two_cells(directory)
    async with at_work(directory, tutor):
        room.asks("c1", "first", reply_to="m1")
        await eventually(lambda: tutor.began)
        room.types("c1", "!")
        room.runs("c1")
        room.asks("c1", "second", reply_to="m2")
        await eventually(lambda: len(tutor.began) == 2)
        assert tutor.called_off == []
        room.removes("c1")
        await eventually(lambda: len(tutor.called_off) == 2)


async def test_what_happens_in_other_cells_and_rooms_disturbs_nobody() -> None:
    directory, tutor = MemoryDirectory(), SlowTutor()
    room, other = two_cells(directory), two_cells(directory, "b.ipynb")
    async with at_work(directory, tutor):
        room.asks("c1")
        await eventually(lambda: tutor.began)
        room.types("c2", "!")
        room.runs("c2")
        other.types("c1", "!")
        other.asks("c1")
        await eventually(lambda: len(tutor.began) == 2)
        assert tutor.called_off == []
        tutor.may_answer.set()
        await eventually(lambda: len(directory.drafts) == 2)


async def test_a_tutor_that_fails_loses_one_request_only_and_no_text_gets_into_the_log() -> None:
    directory, tutor = MemoryDirectory(), FailingTutor()
    room = two_cells(directory)
    tutor.may_answer.set()
    with structlog.testing.capture_logs() as lines:
        async with at_work(directory, tutor):
            room.asks("c1")
            await eventually(lambda: tutor.began)
            room.asks("c2")
            await eventually(lambda: directory.drafts)
    failures = [line for line in lines if line["event"] == "tutor failed" and line["log_level"] == "error"]
    assert [line["kind"] for line in failures] == ["ZeroDivisionError"]
    assert "diary" not in str(failures)


async def test_a_tutor_that_missed_events_calls_everything_off_and_goes_on() -> None:
    directory, tutor = MemoryDirectory(bound=2), SlowTutor()
    room = two_cells(directory)
    async with at_work(directory, tutor):
        room.asks("c1")
        await eventually(lambda: tutor.began)
        for _ in range(4):  # within one pass of the loop: nobody reads in between
            room.types("c2", "!")
        await eventually(lambda: tutor.called_off)
        await eventually(lambda: directory.subscriptions == 1)
        tutor.may_answer.set()
        room.asks("c2")
        await eventually(lambda: directory.drafts)
    assert [draft.cell_id for draft in directory.drafts] == ["c2"]


async def test_no_more_requests_are_worked_on_at_once_than_the_limit() -> None:
    directory, tutor = MemoryDirectory(), SlowTutor()
    room = directory.open("a.ipynb", *(code(f"c{number}", "x") for number in range(12)))
    async with at_work(directory, tutor):
        for number in range(12):
            room.asks(f"c{number}", f"k{number}")
        await eventually(lambda: len(tutor.began) == 8)
        room.types("c11", "!")
        tutor.may_answer.set()
        await eventually(lambda: len(directory.drafts) == 11)
    assert "k11" not in {draft.idempotency_key for draft in directory.drafts}
