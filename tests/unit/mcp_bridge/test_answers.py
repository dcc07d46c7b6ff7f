"""Budgets, idempotency and rates."""

from __future__ import annotations

import anyio
import anyio.lowlevel
import pytest

from ltt_collab.mcp_bridge.answers import Collected, OutputBudget, Reply, cut
from ltt_collab.mcp_bridge.limits import CallRate
from ltt_collab.mcp_bridge.remembering import Answers, SessionState
from ltt_collab.model.ids import Username
from ltt_collab.ports.kernels import Displayed, Finished, Printed
from tests.support.room_scene import HandClock

WHO = Username("agent")


@pytest.mark.proves("mcp:output-budget")
def test_a_text_over_the_budget_keeps_its_ends_and_says_how_much_is_missing() -> None:
    shown, truncated = cut("a" * 100 + "b" * 100, 30)
    assert truncated
    assert shown.startswith("a" * 20)
    assert shown.endswith("b" * 10)
    assert "170 characters cut" in shown
    assert cut("short", 30) == ("short", False)


@pytest.mark.proves("mcp:output-budget")
def test_an_image_over_the_budget_is_left_out_and_counted() -> None:
    collected = Collected(OutputBudget(image_bytes=10))
    collected.take(Displayed(data={"image/png": "A" * 8}))
    collected.take(Displayed(data={"image/png": "A" * 80, "text/plain": "<Figure>"}))
    collected.take(Printed(stream="stdout", text="done\n"))
    collected.take(Finished(execution_count=None, ok=True))
    told = collected.data()
    assert (len(collected.images), told["images_left_out"], told["truncated"]) == (1, 1, True)
    assert told["output"] == "<Figure>\ndone\n"


@pytest.mark.proves("mcp:idempotent")
async def test_two_calls_with_one_key_at_once_are_one() -> None:
    answers, begun, release = Answers(), 0, anyio.Event()
    replies: list[Reply] = []

    async def work() -> Reply:
        nonlocal begun
        begun += 1
        await release.wait()
        return Reply(texts=(f"{begun}",))

    async def call() -> None:
        replies.append(await answers.once(WHO, "k", work))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(call)
        tasks.start_soon(call)
        await anyio.lowlevel.checkpoint()
        release.set()
    assert [reply.texts for reply in replies] == [("1",), ("1",)]
    assert (await answers.once(Username("another"), "k", work)).texts == ("2",)


async def test_a_call_that_failed_may_be_tried_again_with_its_key() -> None:
    answers = Answers()
    replies = iter([Reply(texts=("no",), is_error=True), Reply(texts=("yes",))])

    async def work() -> Reply:
        return next(replies)

    assert (await answers.once(WHO, "k", work)).is_error
    assert (await answers.once(WHO, "k", work)).texts == ("yes",)


@pytest.mark.proves("mcp:rate-limit")
def test_a_client_that_calls_too_fast_is_told_when_it_may_call_again() -> None:
    clock = HandClock()
    rate = CallRate(60, clock)
    burst = [rate.wait_for("a") for _ in range(11)]
    assert burst[:10] == [0.0] * 10
    assert 0 < burst[10] <= 1.0
    assert rate.wait_for("b") == 0.0
    clock.pass_time(1.0)
    assert rate.wait_for("a") == 0.0
    assert all(CallRate(0, clock).wait_for("a") == 0.0 for _ in range(100))


def test_sessions_remember_nothing_of_each_other() -> None:
    one, other = SessionState(), SessionState()
    one.names["nb"] = "a.ipynb"
    assert other.names == {}
