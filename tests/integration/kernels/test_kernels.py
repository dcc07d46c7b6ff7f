"""Our kernel adapter on a real Jupyter server with real kernels, beside a learner who uses them."""

from __future__ import annotations

import ast
import os
import signal
import time
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import Any, cast

import anyio
import anyio.lowlevel
import pytest

from ltt_collab.model.errors import (
    KernelBusyError,
    KernelDiedError,
    KernelTimeoutError,
    KernelUnreachableError,
)
from ltt_collab.model.ids import KernelId
from ltt_collab.ports.kernels import (
    Begun,
    Displayed,
    Finished,
    Kernel,
    KernelOutput,
    KernelState,
    Limits,
    Printed,
    Raised,
)
from tests.integration.kernels.conftest import Bench, Desk, errors, said, sitting_at
from tests.support.deadlines import eventually

pytestmark = [pytest.mark.jupyter, pytest.mark.asyncio(loop_scope="package")]

TRACES = "[len(In), list(Out), _, __, _i, _ii, get_ipython().execution_count, sorted(globals()), dir()]"
"""What IPython keeps of a learner's work, and every name."""

KNOWN_DEAD = 2.0
"""Seconds after which a death is known at the latest."""


async def outputs_of(kernel: Kernel, code: str, limits: Limits | None = None, **more: Any) -> list[KernelOutput]:
    running = kernel.execute(code, limits=limits or Limits(seconds=10), **more)
    return [output async for output in running]


@pytest.mark.proves("kernels:a-question-leaves-no-trace")
async def test_a_question_leaves_no_trace_in_a_learners_kernel(bench: Bench) -> None:
    async with sitting_at(bench) as desk:
        await desk.run("x = [1, 2]\nx")
        await desk.run("'two'")
        before = await desk.ours.evaluate({"traces": TRACES}, seconds=5)
        for _ in range(3):
            told = await desk.ours.evaluate({"x": "x", "é ü": "len(x)", "no": "nothing", "calc": "2 + 2"}, seconds=5)
        after = await desk.ours.evaluate({"traces": TRACES}, seconds=5)
        ran = await desk.run(f"print({TRACES})")
    assert (told["x"].text, told["é ü"].text, told["calc"].text) == ("[1, 2]", "2", "4")
    assert (told["no"].error_name, told["no"].error_value) == ("NameError", "name 'nothing' is not defined")
    assert before["traces"] == after["traces"]
    assert ast.literal_eval(said(ran))[:2] == [4, [1, 2]]
    counted = [each["content"]["execution_count"] for each in ran if each["msg_type"] == "execute_input"]
    assert counted == [3], "the learner's third run is the third that counts"


@pytest.mark.proves("kernels:busy-is-said-and-never-interrupted")
@pytest.mark.alone
async def test_a_busy_kernel_is_left_alone_and_said_to_be_busy_at_once(bench: Bench) -> None:
    async with sitting_at(bench) as desk, anyio.create_task_group() as tasks:
        ran: list[Any] = []

        async def run() -> None:
            ran.extend(await desk.run("import time\nfor _ in range(20): time.sleep(0.05)\nprint('whole')"))

        await desk.ours.evaluate({"warm": "1"}, seconds=5)
        tasks.start_soon(run)
        await eventually(lambda: desk.ours.info.state is KernelState.BUSY)
        began = time.monotonic()
        for _ in range(5):
            with pytest.raises(KernelBusyError):
                await desk.ours.evaluate({"x": "1"}, seconds=5)
            with pytest.raises(KernelBusyError):
                await outputs_of(desk.ours, "1")
        assert time.monotonic() - began < 0.5
        await eventually(lambda: ran)
        assert (said(ran), errors(ran)) == ("whole\n", [])
        assert (await desk.ours.evaluate({"x": "1"}, seconds=5))["x"].text == "1"


async def test_a_kernel_that_was_busy_before_we_came_is_busy(bench: Bench) -> None:
    async with sitting_at(bench) as desk, anyio.create_task_group() as tasks:
        ran: list[Any] = []

        async def run() -> None:
            ran.extend(await desk.run("import time; time.sleep(1)"))

        async def is_busy() -> bool:
            return any(kernel.state is KernelState.BUSY for kernel in await bench.kernels.kernels())

        tasks.start_soon(run)
        await eventually(is_busy)
        with pytest.raises(KernelBusyError):
            await desk.ours.evaluate({"x": "1"}, seconds=5)

        async def answers() -> bool:
            try:
                return (await desk.ours.evaluate({"x": "1"}, seconds=5))["x"].text == "1"
            except KernelBusyError:
                return False

        await eventually(answers)
        assert ran


@pytest.mark.alone
async def test_a_question_never_waits_behind_a_queue_of_the_learners(bench: Bench) -> None:
    async with sitting_at(bench) as desk, anyio.create_task_group() as tasks:
        finished: list[int] = []
        await desk.run("1")
        await desk.ours.evaluate({"warm": "1"}, seconds=5)

        async def run_all() -> None:
            for number in range(6):
                await desk.run(f"import time; time.sleep(0.2); {number}")
                finished.append(number)

        tasks.start_soon(run_all)
        longest = 0.0
        while len(finished) < 6:
            began = time.monotonic()
            try:
                await desk.ours.evaluate({"x": "1"}, seconds=5)
            except KernelBusyError:
                await anyio.lowlevel.checkpoint()
            longest = max(longest, time.monotonic() - began)
    assert longest < 0.2, "one run of the learner's takes as long"


@pytest.mark.proves("kernels:only-our-own-code-is-interrupted")
@pytest.mark.alone
async def test_our_own_endless_question_is_interrupted_and_the_learners_next_run_is_not(bench: Bench) -> None:
    async with sitting_at(bench) as desk, anyio.create_task_group() as tasks:
        ran: list[Any] = []

        async def run() -> None:
            ran.extend(await desk.run("import time; time.sleep(0.3); print('whole')"))

        await desk.run("def endless():\n    while True: pass")
        await desk.ours.evaluate({"warm": "1"}, seconds=5)
        tasks.start_soon(_once_busy, desk, run)  # the learner's run waits behind the question
        began = time.monotonic()
        with pytest.raises(KernelTimeoutError) as late:
            await desk.ours.evaluate({"one": "endless()", "two": "endless()", "three": "1"}, seconds=0.5)
        assert time.monotonic() - began < 3
        await eventually(lambda: ran)
    assert late.value.seconds == 0.5
    assert (said(ran), errors(ran)) == ("whole\n", [])


async def _once_busy(desk: Desk, act: Callable[[], Awaitable[None]]) -> None:
    await eventually(lambda: desk.ours.info.state is KernelState.BUSY, what="our question in the kernel")
    await act()


async def test_a_question_that_nobody_waits_for_any_more_is_stopped(bench: Bench) -> None:
    async with sitting_at(bench) as desk:
        await desk.run("def endless():\n    while True: pass")
        with anyio.move_on_after(0.5):
            await desk.ours.evaluate({"x": "endless()"}, seconds=60)
        with anyio.fail_after(5):
            assert said(await desk.run("print('free')")) == "free\n"


@pytest.mark.proves("kernels:a-death-is-known-within-two-seconds")
@pytest.mark.alone
async def test_a_kernel_killed_in_the_midst_of_a_question_is_known_dead_in_time(bench: Bench) -> None:
    async with sitting_at(bench) as desk:
        await desk.run("import time; x = 1")
        pid = int((await desk.ours.evaluate({"pid": "__import__('os').getpid()"}, seconds=5))["pid"].text)
        killed = 0.0

        async def kill() -> None:
            nonlocal killed
            killed = time.monotonic()
            os.kill(pid, signal.SIGKILL)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_once_busy, desk, kill)
            with pytest.raises(KernelDiedError):
                await desk.ours.evaluate({"x": "time.sleep(60)"}, seconds=60)
            assert time.monotonic() - killed < KNOWN_DEAD

        with pytest.raises(KernelDiedError):  # another process has its id: it is not taken for the one that died
            await desk.ours.evaluate({"x": "x"}, seconds=5)

        async def heard_of_it() -> str:
            # The server starts the next process by itself. A run in the moment in which it does reaches that process
            # before the server's subscription to its outputs stands, and nobody hears of it: the next one counts.
            await desk.run("x = 2")
            try:
                return (await desk.ours.evaluate({"x": "x"}, seconds=5))["x"].text
            except (KernelDiedError, KernelBusyError):
                return ""

        assert await eventually(heard_of_it) == "2"


async def test_a_kernel_that_is_gone_is_said_to_be(bench: Bench) -> None:
    async with sitting_at(bench) as desk:
        await desk.ours.evaluate({"x": "1"}, seconds=5)
        await bench.rest.demand("DELETE", f"api/kernels/{desk.ours.info.id}")
        with anyio.fail_after(5), pytest.raises((KernelDiedError, KernelUnreachableError)):
            await desk.ours.evaluate({"x": "1"}, seconds=5)
        with pytest.raises(KernelDiedError):
            await (await bench.kernels.connect(KernelId("no-such-kernel"))).evaluate({"x": "1"}, seconds=5)
        assert await bench.kernels.kernel_of(desk.path) is None


async def test_input_is_refused_at_once(bench: Bench) -> None:
    async with sitting_at(bench) as desk:
        await desk.run("1")
        with anyio.fail_after(3):
            assert (await desk.ours.evaluate({"x": "input()"}, seconds=5))["x"].raised


@pytest.mark.proves("kernels:no-orphan")
async def test_a_fresh_kernel_runs_code_and_is_gone_afterwards(bench: Bench) -> None:
    before = await bench.kernels.kernels()
    async with bench.kernels.start("python3") as kernel:
        printed = await outputs_of(kernel, "print('é'); x = 5\nx")
        raised = await outputs_of(kernel, "1 / 0")
        silent = await outputs_of(kernel, "y = x", silent=True)
        assert (await kernel.evaluate({"y": "y"}, seconds=5))["y"].text == "5"
    assert printed[:2] == [Begun(), Printed(stream="stdout", text="é\n")]
    assert printed[2] == Displayed(data={"text/plain": "5"}, is_result=True)
    assert isinstance(printed[3], Finished)
    assert printed[3].ok
    assert isinstance(raised[1], Raised)
    assert (raised[1].name, raised[1].value) == ("ZeroDivisionError", "division by zero")
    assert "\x1b" not in "".join(raised[1].traceback)
    assert raised[-1] == Finished(execution_count=cast("Finished", raised[-1]).execution_count, ok=False)
    assert silent == [Begun(), Finished(execution_count=None, ok=True)]
    assert await bench.kernels.kernels() == before


async def test_a_fresh_kernel_runs_in_the_folder_that_was_asked_for(bench: Bench) -> None:
    (bench.jupyter.root / "some folder").mkdir()
    async with bench.kernels.start("python3", folder="some folder") as kernel:
        assert (await kernel.evaluate({"at": "__import__('os').path.basename(__import__('os').getcwd())"}, seconds=5))[
            "at"
        ].text == "'some folder'"


@pytest.mark.parametrize("moment", [0.0, 0.02, 0.1, 0.4, 1.0])
async def test_a_fresh_kernel_ends_whenever_its_use_is_cancelled(bench: Bench, moment: float) -> None:
    before = await bench.kernels.kernels()
    with anyio.move_on_after(moment):
        async with bench.kernels.start("python3") as kernel:
            await outputs_of(kernel, "while True: pass", Limits(seconds=60))
    assert await bench.kernels.kernels() == before


async def test_a_fresh_kernel_that_died_is_not_replaced_in_silence_and_leaves_nothing(bench: Bench) -> None:
    before = await bench.kernels.kernels()
    async with bench.kernels.start("python3") as kernel:
        with anyio.fail_after(KNOWN_DEAD + 3), pytest.raises(KernelDiedError):
            await outputs_of(kernel, "import os; os.kill(os.getpid(), 9)", Limits(seconds=60))
        with pytest.raises(KernelDiedError):
            await kernel.evaluate({"x": "1"}, seconds=5)
    assert await bench.kernels.kernels() == before


async def test_a_flood_of_output_is_cut_at_the_budget_and_said_to_be(bench: Bench) -> None:
    async with bench.kernels.start("python3") as kernel:
        got = await outputs_of(
            kernel, "for n in range(20_000): print('x' * 99)", Limits(seconds=20, output_bytes=5_000)
        )
    assert isinstance(got[-1], Finished)
    cut = got[-2]
    assert isinstance(cut, Printed)
    assert "more than 5000 bytes" in cut.text
    assert sum(len(each.text) for each in got if isinstance(each, Printed)) < 6_000


async def test_closing_an_execution_early_interrupts_it(bench: Bench) -> None:
    async with bench.kernels.start("python3") as kernel:
        running = kernel.execute("print('begun', flush=True)\nwhile True: pass", limits=Limits(seconds=60))
        async with aclosing(cast("Any", running)):
            assert [await anext(running) for _ in range(2)] == [Begun(), Printed(stream="stdout", text="begun\n")]

        async def is_free() -> bool:
            try:
                return (await kernel.evaluate({"x": "1"}, seconds=5))["x"].text == "1"
            except KernelBusyError:
                return False

        await eventually(is_free, within=5)


@pytest.mark.alone
async def test_an_endless_execution_is_interrupted_in_time(bench: Bench) -> None:
    async with bench.kernels.start("python3") as kernel:
        began = time.monotonic()
        with pytest.raises(KernelTimeoutError):
            await outputs_of(kernel, "while True: pass", Limits(seconds=0.5))
        assert time.monotonic() - began < 2.5
        assert (await kernel.evaluate({"x": "1"}, seconds=5))["x"].text == "1"


async def test_two_who_ask_the_same_kernel_both_get_their_own_answer(bench: Bench) -> None:
    async with sitting_at(bench) as desk:
        await desk.run("1")
        answers: dict[int, str] = {}

        async def ask(number: int) -> None:
            kernel = await bench.kernels.connect(desk.ours.info.id)
            answers[number] = (await kernel.evaluate({"n": str(number)}, seconds=5))["n"].text

        async with anyio.create_task_group() as tasks:
            for number in range(20):
                tasks.start_soon(ask, number)
    assert answers == {number: str(number) for number in range(20)}


@pytest.mark.proves("kernels:other-languages")
async def test_a_bash_kernel_runs_code_and_has_no_answers_to_expressions(bench: Bench) -> None:
    async with bench.kernels.start("bash") as kernel:
        printed = await outputs_of(kernel, "echo é $((6 * 7))")
        assert await kernel.evaluate({"x": "1 + 1"}, seconds=5) == {}
    assert "".join(each.text for each in printed if isinstance(each, Printed)) == "é 42\n"


async def test_the_token_is_in_no_url_and_no_log(bench: Bench) -> None:
    async with sitting_at(bench) as desk:
        await desk.run("1")
        await desk.ours.evaluate({"x": "1"}, seconds=5)
    assert bench.jupyter.token not in bench.jupyter.log.read_text()
    assert bench.jupyter.token not in repr(vars(bench.kernels))
