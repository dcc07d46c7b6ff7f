"""What is told of a room beyond its document, and when nothing is."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest

from ltt_collab.model.cells import Notebook
from ltt_collab.model.errors import (
    KernelBusyError,
    KernelDiedError,
    KernelError,
    KernelTimeoutError,
    KernelUnreachableError,
    SandboxUnavailableError,
    TerminalError,
    UnknownCellError,
    UnknownRoomError,
)
from ltt_collab.model.ids import CellId, CourseId, KernelId, RoomId, TaskId, Username
from ltt_collab.model.tasks import Fact, TaskBrief
from ltt_collab.peer.insight import Insight, Sources
from ltt_collab.ports.classroom import Checker, TaskAt
from ltt_collab.ports.kernels import Evaluated, Kernel, KernelInfo, KernelServer, KernelState, Sandbox
from tests.support.directory import MemoryDirectory, MemoryRoom, code

C1 = CellId("c1")
AT = TaskAt(course=CourseId("c"), task=TaskId("t"))
BRIEF = TaskBrief(course=CourseId("c"), id=TaskId("t"), title="T", text="Do.")


class FakeKernels:
    """One kernel that answers every expression alike, or raises."""

    def __init__(self, error: KernelError | None = None, *, ran: str = "True", has_kernel: bool = True) -> None:
        self.error, self.ran, self.has_kernel = error, ran, has_kernel
        self.asked: list[Mapping[str, str]] = []

    async def kernel_of(self, path: str) -> KernelInfo | None:
        info = KernelInfo(id=KernelId("k"), name="python3", state=KernelState.IDLE, path=path)
        return info if self.has_kernel else None

    async def connect(self, _kernel: KernelId) -> Kernel:
        return cast("Kernel", self)

    async def evaluate(self, expressions: Mapping[str, str], *, seconds: float) -> Mapping[str, Evaluated]:
        assert seconds <= 1
        self.asked.append(expressions)
        if self.error is not None:
            raise self.error
        answers = [Evaluated(text=self.ran), *(Evaluated(text="'seven'") for _ in expressions)]
        return dict(zip(expressions, answers, strict=False))


class FakeChecker:
    """One task, everywhere."""

    def __init__(self, brief: TaskBrief | None) -> None:
        self._brief = brief
        self.asked_for: list[Username] = []

    def task_of(self, _notebook: Notebook, _cell: str) -> TaskAt | None:
        return AT

    def brief(self, _at: TaskAt, learner: Username) -> TaskBrief | None:
        self.asked_for.append(learner)
        return self._brief


class FakeTerminals:
    """Terminals, of which the last shows something."""

    def __init__(self, names: Sequence[str] = ("1", "2"), error: TerminalError | None = None) -> None:
        self._names, self._error = names, error
        self.reads: list[str] = []

    async def names(self) -> Sequence[str]:
        if self._error is not None:
            raise self._error
        return self._names

    async def read(self, name: str) -> str:
        self.reads.append(name)
        return "$ ls"


class NoSandbox:
    """A sandbox that this machine cannot have."""

    @asynccontextmanager
    async def kernel(self, _files: Mapping[str, bytes], *, memory_mib: int) -> AsyncIterator[Kernel]:
        raise SandboxUnavailableError(f"no room for {memory_mib} MiB", "buy some")
        yield


class Written(MemoryDirectory):
    """Notebooks of one language."""

    def __init__(self, language: str) -> None:
        super().__init__()
        self._language = language

    async def snapshot(self, room: RoomId) -> Notebook:
        return dataclasses.replace(await super().snapshot(room), language=self._language)


def one_room(*, language: str = "python", count: int | None = 1) -> tuple[MemoryDirectory, MemoryRoom]:
    directory = Written(language)
    room = directory.open("a.ipynb", dataclasses.replace(code(C1, "x"), execution_count=count))
    return directory, room


def insight(directory: MemoryDirectory, kernels: FakeKernels | None = None, **more: Any) -> Insight:
    found = cast("KernelServer | None", kernels)
    return Insight(Sources(directory=directory, kernels=lambda _server: found, **more))


async def test_facts_come_by_name_and_what_was_refused_never_reached_the_kernel() -> None:
    directory, room = one_room()
    kernels = FakeKernels()
    asked = {"b": "x.append(1)", "a": "x", "c": "len(x)"}
    facts = await insight(directory, kernels).facts(room.id, C1, asked)
    assert list(facts) == ["b", "a", "c"]
    assert facts["a"] == facts["c"] == Fact(text="seven")
    assert facts["b"].error.startswith("not asked: 'x.append'")
    (sent,) = kernels.asked
    assert "append" not in str(sent)


async def test_a_kernel_is_not_troubled_when_nothing_may_be_asked() -> None:
    directory, room = one_room()
    kernels = FakeKernels()
    facts = await insight(directory, kernels).facts(room.id, C1, {"b": "exit()"})
    assert facts["b"].error
    assert kernels.asked == []


async def test_more_expressions_than_fit_are_refused_one_by_one() -> None:
    directory, room = one_room()
    facts = await insight(directory, FakeKernels()).facts(room.id, C1, {str(n): "x" for n in range(20)})
    assert [fact.error for fact in facts.values()].count("") == 16
    assert "16" in facts["19"].error


@pytest.mark.parametrize(
    "kernels",
    [
        FakeKernels(KernelBusyError("k")),
        FakeKernels(KernelDiedError("k")),
        FakeKernels(KernelUnreachableError("k", "gone")),
        FakeKernels(ran="False"),
        FakeKernels(has_kernel=False),
        None,
    ],
    ids=["busy", "dead", "unreachable", "nothing ran", "no kernel", "no access"],
)
async def test_there_are_no_facts_when_the_kernel_cannot_tell(kernels: FakeKernels | None) -> None:
    directory, room = one_room()
    assert await insight(directory, kernels).facts(room.id, C1, {"x": "x"}) == {}


async def test_what_took_too_long_is_said_of_each_expression() -> None:
    directory, room = one_room()
    kernels = FakeKernels(KernelTimeoutError("2 expressions", 1.0))
    facts = await insight(directory, kernels).facts(room.id, C1, {"x": "x", "y": "exit()"})
    assert "1 s" in facts["x"].error
    assert "not asked" in facts["y"].error


@pytest.mark.parametrize(("language", "count"), [("bash", 1), ("python", None)])
async def test_a_kernel_of_another_language_or_without_a_run_is_not_asked(language: str, count: int | None) -> None:
    directory, room = one_room(language=language, count=count)
    kernels = FakeKernels()
    assert await insight(directory, kernels).facts(room.id, C1, {"x": "x"}) == {}
    assert kernels.asked == []


async def test_a_terminal_is_read_only_where_the_task_says_so() -> None:
    directory, room = one_room()
    terminals = FakeTerminals()
    for brief, text in ((None, ""), (BRIEF, ""), (dataclasses.replace(BRIEF, reads_terminal=True), "$ ls")):
        checker = cast("Checker", FakeChecker(brief))
        look = insight(directory, checker=checker, terminals=lambda _server: terminals)
        assert await look.read_terminal(room.id, C1) == text
    assert terminals.reads == ["2"]


@pytest.mark.parametrize("terminals", [FakeTerminals(()), FakeTerminals(error=TerminalError("1", "gone")), None])
async def test_no_terminal_is_no_text(terminals: FakeTerminals | None) -> None:
    directory, room = one_room()
    checker = cast("Checker", FakeChecker(dataclasses.replace(BRIEF, reads_terminal=True)))
    look = insight(directory, checker=checker, terminals=lambda _server: terminals)
    assert await look.read_terminal(room.id, C1) == ""


async def test_a_task_is_told_for_the_learner_of_the_room() -> None:
    directory, room = one_room()
    checker = FakeChecker(BRIEF)
    assert await insight(directory, checker=cast("Checker", checker)).task(room.id, C1) == BRIEF
    assert checker.asked_for == ["ada"]
    assert await insight(directory).task(room.id, C1) is None


async def test_a_trial_that_cannot_be_had_says_why() -> None:
    directory, room = one_room()
    assert "no scratch kernels" in (await insight(directory).try_code(room.id, C1, "1")).error
    none = cast("Sandbox", NoSandbox())
    trial = await insight(directory, sandbox=none).try_code(room.id, C1, "1")
    assert (trial.passed, "buy some" in trial.error) == (None, True)
    directory, room = one_room(language="bash")
    assert "bash" in (await insight(directory, sandbox=none).try_code(room.id, C1, "1")).error


async def test_an_unknown_room_or_cell_is_an_error() -> None:
    directory, room = one_room()
    look = insight(directory, FakeKernels())
    with pytest.raises(UnknownCellError):
        await look.facts(room.id, CellId("c9"), {})
    directory.leave(room)
    with pytest.raises(UnknownRoomError):
        await look.facts(room.id, C1, {})
