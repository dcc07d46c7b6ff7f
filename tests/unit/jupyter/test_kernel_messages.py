"""Kernel messages as frames, who runs code in a kernel, and what one request of ours gave: without a server."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jupyter_server.services.kernels.connection.base import deserialize_msg_from_ws_v1, serialize_msg_to_ws_v1

from ltt_collab.adapters.jupyter.kernels_messages import (
    Message,
    decode,
    encode,
    execute_content,
    read_expressions,
    read_output,
)
from ltt_collab.adapters.jupyter.kernels_request import Request
from ltt_collab.adapters.jupyter.kernels_traffic import Traffic
from ltt_collab.model.errors import KernelBusyError
from ltt_collab.ports.kernels import Displayed, Evaluated, KernelState, Printed, Raised

OURS, LEARNERS = "our-session", "learners-session"


def served(parts: list[bytes]) -> bytes:
    """A frame as the server makes it."""
    return bytes(serialize_msg_to_ws_v1(parts, "iopub"))  # type: ignore[no-untyped-call] # it has no annotations


def message(
    kind: str, content: dict[str, Any], *, parent: str = "m1", session: str = LEARNERS, of: str = "execute_request"
) -> Message:
    return Message(
        channel="iopub",
        type=kind,
        parent_id=parent,
        parent_session=session,
        parent_type=of,
        raw_content=json.dumps(content).encode(),
    )


def status(state: str, **more: str) -> Message:
    return message("status", {"execution_state": state}, **more)


def test_the_server_reads_our_frames_and_we_read_its() -> None:
    frame = encode("shell", "execute_request", {"code": "é"}, message_id="m1", session=OURS)
    channel, parts = deserialize_msg_from_ws_v1(frame)  # type: ignore[no-untyped-call]
    assert (channel, [json.loads(part) for part in parts][3]) == ("shell", {"code": "é"})
    header = json.loads(parts[0])
    assert (header["msg_id"], header["session"], header["msg_type"]) == ("m1", OURS, "execute_request")
    answer = [b'{"msg_type": "stream"}', b'{"msg_id": "m1", "session": "s", "msg_type": "execute_request"}', b"{}"]
    got = decode(served([*answer, b'{"text": "\xc3\xa9"}', b"a buffer"]))
    assert (got.channel, got.type, got.parent_id, got.parent_session) == ("iopub", "stream", "m1", "s")
    assert got.content == {"text": "é"}


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        b"\xff" * 200,
        b"\x00" * 200,
        b"{}" * 50,
        encode("shell", "x", {}, message_id="m", session="s")[:-90],
        served([b"[]", b"[]", b"{}", b"{}"]),
        served([b"\xff", b"{}", b"{}", b"{}"]),
    ],
)
def test_a_frame_of_another_kind_is_a_value_error(frame: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode(frame)


def test_content_that_is_no_object_is_read_as_empty() -> None:
    for raw in (b"[]", b"\xff", b""):
        said = Message(channel="iopub", type="status", parent_id="", parent_session="", parent_type="", raw_content=raw)
        assert said.content == {}
        assert said.state == ""


def test_a_request_of_ours_asks_for_no_trace_and_no_input() -> None:
    content = execute_content("", silent=True, expressions={"a": "1"})
    kept = {key: content[key] for key in ("silent", "store_history", "allow_stdin", "stop_on_error")}
    assert kept == {"silent": True, "store_history": False, "allow_stdin": False, "stop_on_error": False}


def test_answers_to_expressions_are_read_as_far_as_they_are_there() -> None:
    answers = {
        "a": {"status": "ok", "data": {"text/plain": "1"}},
        "b": {"status": "error", "ename": "E", "evalue": "v"},
        "c": "nonsense",
        "other": {},
    }
    read = read_expressions({"user_expressions": answers}, {"a": "", "b": "", "c": "", "d": ""})
    assert read == {"a": Evaluated(text="1"), "b": Evaluated(error_name="E", error_value="v")}
    assert read_expressions({"user_expressions": None}, {"a": ""}) == {}


def test_outputs_are_read_without_colours() -> None:
    assert read_output(message("stream", {"name": "stderr", "text": "x"})) == Printed(stream="stderr", text="x")
    data = {"text/plain": "x", "application/json": {"a": 1}}
    assert read_output(message("display_data", {"data": data})) == Displayed(
        data={"text/plain": "x", "application/json": '{"a": 1}'}
    )
    raised = read_output(message("error", {"ename": "E", "evalue": "v", "traceback": ["\x1b[0;31mred\x1b[0m"]}))
    assert raised == Raised(name="E", value="v", traceback=("red",))
    assert read_output(message("execute_input", {})) is None


def answered(session: str = OURS) -> Message:
    """The kernel has become idle over a question of ours."""
    return status("idle", parent="m0", session=session, of="kernel_info_request")


def test_what_the_server_says_counts_until_the_kernel_has_answered_us() -> None:
    traffic = Traffic(OURS)
    traffic.told("busy")
    traffic.hear(answered(LEARNERS))
    assert traffic.is_busy, "their browser may have asked before their code began"
    traffic.hear(answered())
    traffic.told("busy")
    assert not traffic.is_busy
    traffic.hear(status("busy", parent="m1"))
    assert traffic.is_busy


def test_a_kernel_is_busy_from_a_learners_first_word_to_the_idle_of_the_same_request() -> None:
    traffic = Traffic(OURS)
    traffic.told("idle")
    traffic.hear(status("busy", parent="m1"))
    traffic.hear(status("busy", parent="m2", session=OURS))
    traffic.hear(status("idle", parent="m2", session=OURS))
    assert (traffic.is_busy, traffic.state) == (True, KernelState.BUSY)
    traffic.hear(status("idle", parent="m1"))
    assert (traffic.is_busy, traffic.state) == (False, KernelState.IDLE)


def test_questions_for_completions_are_no_code_that_runs() -> None:
    traffic = Traffic(OURS)
    traffic.told("idle")
    traffic.hear(status("busy", of="complete_request"))
    assert not traffic.is_busy


def test_what_the_server_said_of_the_time_before_we_listened_holds_until_a_run_ends() -> None:
    traffic = Traffic(OURS)
    traffic.told("busy")
    assert traffic.is_busy
    assert traffic.is_unsure
    traffic.hear(status("idle", parent="unknown"))
    assert not traffic.is_busy


def test_a_new_process_is_known_as_one_until_somebody_runs_code_in_it() -> None:
    traffic = Traffic(OURS)
    assert not traffic.hear(status("starting")), "the first life of a kernel is no other one"
    traffic.told("idle")
    traffic.hear(status("busy", parent="m1"))
    assert traffic.hear(status("restarting"))
    assert (traffic.has_died, traffic.is_busy, traffic.state) == (True, False, KernelState.RESTARTING)
    traffic.hear(status("busy", parent="ours", session=OURS))
    assert traffic.has_died, "our own question brings no variables back"
    traffic.hear(status("busy", parent="m2"))
    assert not traffic.has_died


def test_a_process_that_somebody_wished_for_takes_code_of_ours_and_no_question() -> None:
    traffic = Traffic(OURS)
    traffic.told("idle")
    assert traffic.hear(status("starting")), "the server says nothing before it when somebody restarts a kernel"
    assert (traffic.takes(is_run=True), traffic.takes(is_run=False)) == (True, False)
    traffic.revived()
    assert traffic.takes(is_run=False)


def test_a_process_that_the_server_started_after_a_death_takes_nothing_of_ours_until_somebody_restarts_it() -> None:
    traffic = Traffic(OURS)
    traffic.told("idle")
    traffic.hear(status("restarting"))
    traffic.hear(status("starting"))
    assert not traffic.takes(is_run=True)
    traffic.hear(status("idle", parent="nobody's"))
    traffic.hear(status("starting"))
    assert traffic.takes(is_run=True)


def test_the_first_word_of_a_process_that_we_wished_for_is_no_news_and_the_next_one_is() -> None:
    before, traffic = Traffic(OURS), Traffic(OURS)
    before.restarted()
    traffic.go_on(before)
    traffic.told("idle")  # of the former process
    traffic.hear(status("idle", parent="nobody's"))
    assert not traffic.hear(status("starting"))
    assert traffic.takes(is_run=True)
    traffic.hear(status("idle", parent="nobody's"))
    assert traffic.hear(status("starting")), "somebody restarted it once more"


@pytest.mark.parametrize(
    ("heard", "takes"), [((), True), (("restarting",), False), (("restarting", "starting"), False)]
)
def test_who_answers_after_a_death_was_wished_for_unless_the_server_said_that_it_replaced_it(
    heard: tuple[str, ...], takes: bool
) -> None:
    traffic = Traffic(OURS)
    traffic.told("idle")
    traffic.died()
    for state in heard:
        traffic.hear(status(state))
    traffic.hear(answered())
    assert (traffic.takes(is_run=True), traffic.takes(is_run=False)) == (takes, False)


def test_who_answers_on_another_connection_than_the_one_that_saw_the_death_takes_nothing() -> None:
    before, traffic = Traffic(OURS), Traffic(OURS)
    before.died()
    traffic.go_on(before)
    traffic.hear(answered())
    assert not traffic.takes(is_run=True), "what the server said meanwhile we did not hear"


def test_a_request_is_over_when_reply_and_idle_came_in_whichever_order() -> None:
    for order in (("reply", "idle"), ("idle", "reply")):
        request = Request("x", seconds=1, output_bytes=100)
        request.hear(status("busy"))
        assert request.is_running
        for each in order:
            assert not request.is_over
            request.hear(status("idle") if each == "idle" else message("execute_reply", {"status": "ok"}))
        assert request.is_over
        assert not request.is_running


def test_output_beyond_the_budget_is_dropped_once_and_said_so() -> None:
    request = Request("x", seconds=1, output_bytes=100)
    for _ in range(50):
        request.hear(message("stream", {"name": "stdout", "text": "x" * 30}))
    assert [type(output) for output in request.outputs] == [Printed] * len(request.outputs)
    assert len(request.outputs) == 2
    assert "more than 100 bytes" in str(request.outputs[-1])


def test_a_huge_error_keeps_its_name() -> None:
    request = Request("x", seconds=1, output_bytes=100)
    request.hear(message("error", {"ename": "ValueError", "evalue": "x" * 1000, "traceback": ["y" * 1000]}))
    (raised,) = request.outputs
    assert isinstance(raised, Raised)
    assert (raised.name, len(raised.value)) == ("ValueError", 100)


def test_a_failed_request_keeps_its_first_error() -> None:
    request = Request("x", seconds=1, output_bytes=0)
    first = KernelBusyError("k")
    request.fail(first)
    request.fail(KernelBusyError("other"))
    assert request.error is first
