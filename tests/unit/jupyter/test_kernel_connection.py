"""The connection to a kernel that a test plays: what the kernel says, and what is sent to it."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, cast

import anyio
import pytest
from jupyter_server.services.kernels.connection.base import deserialize_msg_from_ws_v1, serialize_msg_to_ws_v1

from ltt_collab.adapters.jupyter import kernels_connection
from ltt_collab.adapters.jupyter.kernels import JupyterKernel
from ltt_collab.adapters.jupyter.kernels_connection import KernelConnection
from ltt_collab.adapters.jupyter.kernels_link import KernelLink
from ltt_collab.adapters.jupyter.kernels_request import Request
from ltt_collab.adapters.jupyter.kernels_traffic import INFO, INFO_REPLY
from ltt_collab.model.errors import KernelBusyError, KernelTimeoutError
from ltt_collab.model.ids import KernelId
from ltt_collab.ports.kernels import Begun, Finished, KernelInfo, KernelOutput, KernelState, Limits
from tests.support.deadlines import eventually

KERNEL = KernelId("k1")
SHORT = 0.05


class PlayedKernel:
    """A kernel and the server before it, one frame after the other."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str]] = []
        self.server_says = "idle"
        self.session = "ours"
        self.restarting, self.restarted = anyio.Event(), anyio.Event()
        self._ear: Any = None

    # As ``KernelLink`` and its channel.

    async def dial(self, _kernel: KernelId, session: str, ear: Any) -> PlayedKernel:
        self.session, self._ear = session, ear
        return self

    async def state(self, _kernel: KernelId) -> str:
        return self.server_says

    async def is_alive(self, _kernel: KernelId) -> bool:
        return True

    async def restart(self, _kernel: KernelId) -> None:
        self.restarting.set()
        await self.restarted.wait()

    async def interrupt(self, _kernel: KernelId) -> None:
        self.sent.append(("interrupt by REST", ""))

    def send(self, frame: bytes) -> None:
        _channel, parts = deserialize_msg_from_ws_v1(frame)  # type: ignore[no-untyped-call]
        header = json.loads(parts[0])
        self.sent.append((str(header["msg_type"]), str(header["msg_id"])))

    def close(self) -> None:
        return

    # As the kernel.

    def says(
        self, channel: str, kind: str, content: dict[str, Any], *, about: str, of: str = "execute_request"
    ) -> None:
        session = "learner's" if about == "the learner's" else self.session
        parent = {"msg_id": about, "session": session, "msg_type": of}
        parts = [json.dumps(part).encode() for part in ({"msg_type": kind}, parent, {}, content)]
        self._ear.frame_received(bytes(serialize_msg_to_ws_v1(parts, channel)))  # type: ignore[no-untyped-call]

    def becomes(self, state: str, about: str) -> None:
        self.says("iopub", "status", {"execution_state": state}, about=about)

    def ends(self, about: str) -> None:
        """Say that a request is done."""
        self.says("shell", "execute_reply", {"status": "ok", "execution_count": 1}, about=about)
        self.becomes("idle", about)

    async def runs_ours(self) -> None:
        """Take up our code once it is there, and end it."""
        (ours,) = await eventually(lambda: self.asked("execute_request"))
        self.becomes("busy", ours)
        self.ends(ours)

    def answers_info(self, *, is_heard: bool) -> None:
        """Answer our last question whether it is idle; ``is_heard``: its status messages reach us."""
        about = self.asked(INFO)[-1]
        for state in ("busy", "idle") if is_heard else ():
            self.says("iopub", "status", {"execution_state": state}, about=about, of=INFO)
        self.says("shell", INFO_REPLY, {"status": "ok"}, about=about, of=INFO)

    def asked(self, kind: str) -> list[str]:
        return [identifier for each, identifier in self.sent if each == kind]


async def run(kernel: JupyterKernel, seconds: float) -> list[KernelOutput]:
    outputs = cast("AsyncGenerator[KernelOutput]", kernel.execute("code", limits=Limits(seconds=seconds)))
    async with aclosing(outputs):
        return [output async for output in outputs]


async def run_and_answer(kernel: JupyterKernel, played: PlayedKernel) -> list[KernelOutput]:
    """What a run gives that the kernel takes up and ends."""
    outputs: list[KernelOutput] = []
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(played.runs_ours)
        outputs += await run(kernel, 5)
    return outputs


@pytest.mark.proves("mcp:time-out")
async def test_an_interrupt_that_takes_the_reply_away_leaves_the_kernel_free_for_the_next_run() -> None:
    played = PlayedKernel()
    link = cast("KernelLink", played)
    connection = KernelConnection(KERNEL, link)
    kernel = JupyterKernel(KernelInfo(id=KERNEL, name="python3", state=KernelState.IDLE), connection, link)
    failed: list[KernelTimeoutError] = []

    async def run_too_long() -> None:
        try:
            await run(kernel, SHORT)
        except KernelTimeoutError as error:
            failed.append(error)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(run_too_long)
        (first,) = await eventually(lambda: played.asked("execute_request"))
        played.becomes("busy", first)
        await eventually(lambda: played.asked("interrupt_request"))
        played.becomes("idle", first)  # and no reply: ipykernel says nothing more about it
    assert len(failed) == 1
    interrupts = len(played.asked("interrupt_request"))

    async def answer() -> None:
        second = (await eventually(lambda: played.asked("execute_request")[1:]))[0]
        played.becomes("busy", second)
        played.says("shell", "execute_reply", {"status": "ok", "execution_count": 1}, about=second)
        played.becomes("idle", second)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(answer)
        assert [type(output) for output in await run(kernel, 5)] == [Begun, Finished]
    assert len(played.asked("interrupt_request")) == interrupts, "an idle kernel is not interrupted"
    connection.close()


def at(played: PlayedKernel) -> tuple[KernelConnection, JupyterKernel]:
    """A connection to a kernel that is played, and the kernel over it."""
    link = cast("KernelLink", played)
    connection = KernelConnection(KERNEL, link)
    return connection, JupyterKernel(KernelInfo(id=KERNEL, name="python3", state=KernelState.IDLE), connection, link)


@pytest.mark.proves("mcp:turns")
async def test_whoever_waits_for_another_of_us_waits_no_longer_than_their_time() -> None:
    played = PlayedKernel()
    connection, kernel = at(played)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(run, kernel, 60.0)
        (first,) = await eventually(lambda: played.asked("execute_request"))
        played.becomes("busy", first)
        with pytest.raises(KernelBusyError):
            await run(kernel, SHORT)
        with pytest.raises(KernelBusyError):
            await kernel.evaluate({"x": "1"}, seconds=SHORT)
        played.ends(first)
    assert played.asked("execute_request") == [first]
    connection.close()


@pytest.mark.proves("mcp:turns")
async def test_the_time_that_a_run_waited_is_part_of_its_time_and_a_questions_is_not() -> None:
    played = PlayedKernel()
    connection, kernel = at(played)
    waiting = [Request("x", seconds=60, output_bytes=0, is_run=is_run) for is_run in (True, False)]

    async def ask(request: Request) -> None:
        async with connection.request(request, {}):
            played.becomes("busy", request.id)
            played.ends(request.id)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(run, kernel, 60.0)
        (first,) = await eventually(lambda: played.asked("execute_request"))
        for request in waiting:
            tasks.start_soon(ask, request)
        await anyio.sleep(SHORT)
        played.becomes("busy", first)
        played.ends(first)
    assert waiting[0].left <= 60 - SHORT
    assert waiting[1].left == 60
    connection.close()


@pytest.mark.proves("mcp:run-once")
async def test_a_run_that_a_learner_was_faster_than_is_sent_once_and_waits() -> None:
    played = PlayedKernel()
    connection, kernel = at(played)
    outputs: list[KernelOutput] = []

    async def run_behind() -> None:
        outputs.extend(await run(kernel, 60.0))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(run_behind)
        (ours,) = await eventually(lambda: played.asked("execute_request"))
        played.becomes("busy", "the learner's")
        await anyio.wait_all_tasks_blocked()
        played.becomes("idle", "the learner's")
        played.becomes("busy", ours)
        played.ends(ours)
    assert [type(output) for output in outputs] == [Begun, Finished]
    assert played.asked("execute_request") == [ours]
    assert not played.asked("interrupt_request")
    connection.close()


@pytest.mark.proves("mcp:run-once")
async def test_a_run_that_nobody_waits_for_any_more_is_stopped_as_soon_as_it_begins() -> None:
    played = PlayedKernel()
    connection, kernel = at(played)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_busy_once_asked, played)
        with pytest.raises(KernelTimeoutError):
            await run(kernel, SHORT)
    (ours,) = played.asked("execute_request")
    assert not played.asked("interrupt_request"), "the learner's code runs"
    played.becomes("idle", "the learner's")
    played.becomes("busy", ours)
    assert played.asked("interrupt_request")
    connection.close()


async def _busy_once_asked(played: PlayedKernel) -> None:
    await eventually(lambda: played.asked("execute_request"))
    played.becomes("busy", "the learner's")


@pytest.mark.proves("mcp:run-after-restart")
async def test_no_code_goes_to_a_kernel_that_is_being_restarted_and_late_news_of_the_new_process_end_no_run() -> None:
    played = PlayedKernel()
    connection, kernel = at(played)
    outputs: list[KernelOutput] = []

    async def run_after() -> None:
        outputs.extend(await run(kernel, 60.0))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(kernel.restart)
        await played.restarting.wait()
        with pytest.raises(KernelBusyError):
            await run(kernel, 60.0)
        played.restarted.set()
        await anyio.wait_all_tasks_blocked()
        tasks.start_soon(run_after)
        await eventually(lambda: played.asked(INFO))
        assert played.asked("execute_request") == [], "its words may not reach us yet"
        played.answers_info(is_heard=True)
        (ours,) = await eventually(lambda: played.asked("execute_request"))
        played.becomes("starting", "")
        played.becomes("busy", ours)
        played.ends(ours)
    assert [type(output) for output in outputs] == [Begun, Finished]
    connection.close()


async def test_a_death_is_remembered_while_we_listen_and_forgotten_with_the_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(kernels_connection, "IDLE_SECONDS", 4 * SHORT)
    played = PlayedKernel()
    connection, kernel = at(played)

    await run_and_answer(kernel, played)
    played.becomes("restarting", "")
    assert not connection.is_forgettable
    await eventually(lambda: connection.is_forgettable)
    assert connection.state is KernelState.STARTING
    connection.close()


@pytest.mark.proves("mcp:run-after-restart")
async def test_a_kernel_that_answers_is_idle_whatever_its_server_says_and_is_heard_before_it_runs_ours() -> None:
    played = PlayedKernel()
    played.server_says = "busy"  # of a process that was replaced in the midst of somebody's code
    connection, kernel = at(played)
    with pytest.raises(KernelBusyError):
        await run(kernel, 5)
    assert len(played.asked(INFO)) == 1, "a kernel that is busy is asked once"
    played.answers_info(is_heard=False)
    with pytest.raises(KernelBusyError):
        await run(kernel, 5)
    assert len(played.asked(INFO)) == 2, "the outputs of a run would not have reached us"
    played.answers_info(is_heard=True)
    outputs = await run_and_answer(kernel, played)
    assert [type(output) for output in outputs] == [Begun, Finished]
    connection.close()


@pytest.mark.proves("mcp:run-after-restart")
async def test_a_question_that_died_with_its_process_is_asked_of_the_next_one() -> None:
    played = PlayedKernel()
    played.server_says = "busy"
    connection, kernel = at(played)
    with pytest.raises(KernelBusyError):
        await run(kernel, 5)
    played.becomes("starting", "")  # somebody restarted it in the midst of what it did
    played.becomes("starting", "")

    async def answer() -> None:
        await eventually(lambda: len(played.asked(INFO)) == 2)
        played.answers_info(is_heard=True)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(answer)
        outputs = await run_and_answer(kernel, played)
    assert [type(output) for output in outputs] == [Begun, Finished]
    connection.close()


async def test_a_kernel_that_answered_is_busy_again_when_a_learner_runs_code() -> None:
    played = PlayedKernel()
    played.server_says = "busy"
    connection, kernel = at(played)
    with pytest.raises(KernelBusyError):
        await run(kernel, 5)
    played.answers_info(is_heard=True)
    played.becomes("busy", "the learner's")
    with pytest.raises(KernelBusyError):
        await run(kernel, 5)
    assert played.asked("execute_request") == []
    connection.close()
