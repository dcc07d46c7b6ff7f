"""One kernel of the sandbox (``ports.kernels.Kernel``), over ipykernel's own sockets."""

from __future__ import annotations

import math
import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream

from ltt_collab.adapters.sandbox.processes import MEMORY_SHARE, KernelProcess, KernelProcesses
from ltt_collab.adapters.sandbox.signing import Message
from ltt_collab.adapters.sandbox.wire import Wire
from ltt_collab.model.errors import KernelBusyError, KernelDiedError, KernelTimeoutError, KernelUnreachableError
from ltt_collab.model.ids import KernelId
from ltt_collab.ports.kernels import (
    Begun,
    Displayed,
    Evaluated,
    Finished,
    KernelInfo,
    KernelOutput,
    KernelState,
    Limits,
    Printed,
    Raised,
)

INTERRUPT_GRACE = 1.5
"""Seconds that code may take to end after an interrupt; then its kernel is killed."""

LATE_OUTPUT = 0.5
"""Seconds to wait for the last outputs after the reply, should the message that ends them be lost in a flood."""

_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_BOUND_MEMORY = (
    "(lambda r, p: r.setrlimit(r.RLIMIT_AS, (p, p)))(__import__('resource'), "
    "{mib} * 1048576 + int(open('/proc/self/statm').read().split()[0]) * __import__('resource').getpagesize())"
)


class SandboxKernel:
    """A kernel in a process of ours.

    Invariants:
        1. One request at a time: a second one is refused as busy, never queued.
        2. Code that does not end in its time is interrupted; code that does not heed that dies with its kernel.
    """

    def __init__(self, process: KernelProcess, processes: KernelProcesses, wire: Wire) -> None:
        self._process = process
        self._processes = processes
        self._wire = wire
        self._busy = False
        self._memory_mib = 0

    @property
    def info(self) -> KernelInfo:
        """The kernel as we know it now."""
        state = KernelState.BUSY if self._busy else KernelState.IDLE
        state = KernelState.DEAD if self._process.ended.is_set() else state
        return KernelInfo(id=KernelId(self._process.name), name="python3", state=state)

    async def bound_memory(self, mib: int) -> None:
        """Let the kernel take so much more memory than it has now; only before any learner's code runs in it."""
        self._memory_mib = mib
        await self.evaluate({"bound": _BOUND_MEMORY.format(mib=int(mib))}, seconds=5)

    async def evaluate(self, expressions: Mapping[str, str], *, seconds: float) -> Mapping[str, Evaluated]:
        """Evaluate expressions silently, in order, in one request.

        Raises:
            KernelBusyError, KernelTimeoutError, KernelDiedError, KernelUnreachableError
        """
        content = _request("", silent=True, expressions=dict(expressions))
        reply: Message = {}
        async with aclosing(self._ask(content, seconds, "an evaluation")) as messages:
            async for message in messages:
                if message["msg_type"] == "execute_reply":
                    reply = message["content"]
        answers = reply.get("user_expressions")
        if not isinstance(answers, dict):
            raise KernelUnreachableError(self._process.name, "its answer has no values")
        return {name: _evaluated(answers.get(name)) for name in expressions}

    async def execute(self, code: str, *, limits: Limits, silent: bool = False) -> AsyncGenerator[KernelOutput, None]:
        """Run code: ``Begun``, what it gives as it comes, ``Finished``.

        Raises:
            KernelBusyError: it did not run.
            KernelTimeoutError, KernelDiedError, KernelUnreachableError
        """
        left = limits.output_bytes
        count: int | None = None
        ok = False
        content = _request(code, silent=silent, expressions={})
        has_begun = False
        async with aclosing(self._ask(content, limits.seconds, "the code")) as messages:
            async for message in messages:
                if not has_begun:
                    has_begun = True
                    yield Begun()
                if message["msg_type"] == "execute_reply":
                    ok = message["content"].get("status") == "ok"
                    count = None if silent else _whole(message["content"].get("execution_count"))
                    continue
                output = _output(message)
                if output is None:
                    continue
                size = _size(output)
                if left <= 0 < size and not isinstance(output, Raised):
                    continue
                if size > left and isinstance(output, Printed):
                    output = Printed(
                        stream=output.stream, text=output.text[:left] + "\n[more was printed, and dropped]"
                    )
                left -= size
                yield output
        yield Finished(execution_count=count, ok=ok)

    async def interrupt(self) -> None:
        """As the stop button does."""
        await self._wire.order("interrupt_request")

    async def restart(self) -> None:
        """A sandbox kernel is thrown away instead.

        Raises:
            KernelUnreachableError: always.
        """
        raise KernelUnreachableError(self._process.name, "a sandbox kernel cannot be restarted: take a new one")

    async def close(self) -> None:
        """End it with all its processes and its folder."""
        self._wire.close()
        await self._processes.kill(self._process)

    async def _ask(self, content: Message, seconds: float, what: str) -> AsyncGenerator[Message, None]:
        """The messages of one request until it is done; see invariants 1 and 2 of the class."""
        if self._busy:
            raise KernelBusyError(self._process.name)
        self._busy = True
        done = False
        try:
            async with self._wire.ask("execute_request", content) as inbox:
                deadline = anyio.current_time() + seconds
                progress = _Progress()
                while not done:
                    message = await self._next(inbox, deadline, progress)
                    if message is None:
                        done = progress.replied
                        if not done:
                            done = True
                            async for late in self._stop(inbox, progress):
                                yield late
                            raise KernelTimeoutError(what, seconds)
                        continue
                    done = progress.note(message)
                    yield message
        finally:
            self._busy = False
            if not done and not self._process.ended.is_set():
                await self._abandon()

    async def _abandon(self) -> None:
        """Nobody waits for the code any more: it must not go on, and its kernel is of no further use."""
        self._wire.close()
        await self._processes.kill(self._process)

    async def _stop(
        self, inbox: MemoryObjectReceiveStream[Message], progress: _Progress
    ) -> AsyncGenerator[Message, None]:
        """Interrupt; what the code still said. A kernel that does not heed is killed (invariant 2)."""
        await self.interrupt()
        deadline = anyio.current_time() + INTERRUPT_GRACE
        while not progress.replied:
            try:
                message = await self._next(inbox, deadline, progress)
            except KernelDiedError:
                return
            if message is None:
                await self._abandon()
                return
            progress.note(message)
            if message["msg_type"] == "error":
                yield message

    async def _next(
        self, inbox: MemoryObjectReceiveStream[Message], deadline: float, progress: _Progress
    ) -> Message | None:
        """The next message; None when the time is up.

        Raises:
            KernelDiedError
        """
        if progress.replied:
            deadline = min(deadline, progress.replied_at + LATE_OUTPUT)
        message: Message | None = None
        died = False

        async def watch() -> None:
            nonlocal died
            await self._process.ended.wait()
            with anyio.move_on_after(0.05):  # what was sent before the end arrives just after the news of it
                await anyio.sleep_forever()
            died = True
            group.cancel_scope.cancel()

        try:
            return inbox.receive_nowait()
        except anyio.WouldBlock:
            pass
        async with anyio.create_task_group() as group:
            group.cancel_scope.deadline = deadline
            group.start_soon(watch, name="sandbox kernel's end")
            message = await inbox.receive()
            group.cancel_scope.cancel()
        if message is None and died:
            raise KernelDiedError(self._process.name, memory=self._out_of_memory())
        return message

    def _out_of_memory(self) -> bool:
        bound = self._memory_mib * MEMORY_SHARE
        return bound > 0 and self._process.peak_mib >= bound


class _Progress:
    """How far one request is: done when its reply and the end of its outputs have come."""

    def __init__(self) -> None:
        self.replied = False
        self.replied_at = math.inf
        self._idle = False

    def note(self, message: Message) -> bool:
        """Take a message in; whether it was the last."""
        if message["msg_type"] == "execute_reply":
            self.replied, self.replied_at = True, anyio.current_time()
        if message["msg_type"] == "status" and message["content"].get("execution_state") == "idle":
            self._idle = True
        return self.replied and self._idle


def _request(code: str, *, silent: bool, expressions: Mapping[str, str]) -> Message:
    return {
        "code": code,
        "silent": silent,
        "store_history": not silent,
        "user_expressions": dict(expressions),
        "allow_stdin": False,
        "stop_on_error": False,
    }


def _evaluated(answer: Any) -> Evaluated:
    if not isinstance(answer, dict):
        return Evaluated(error_name="NoAnswer", error_value="the kernel gave no value")
    if answer.get("status") == "ok":
        return Evaluated(text=str(answer.get("data", {}).get("text/plain", "")))
    return Evaluated(error_name=str(answer.get("ename", "Error")), error_value=str(answer.get("evalue", "")))


def _output(message: Message) -> KernelOutput | None:
    content = message["content"]
    match message["msg_type"]:
        case "stream":
            return Printed(stream=str(content.get("name")), text=str(content.get("text", "")))
        case "display_data" | "execute_result" as kind:
            data = {str(mime): str(value) for mime, value in dict(content.get("data", {})).items()}
            return Displayed(data=data, is_result=kind == "execute_result")
        case "error":
            lines = tuple(_ANSI.sub("", str(line)) for line in content.get("traceback", ()))
            return Raised(name=str(content.get("ename")), value=str(content.get("evalue")), traceback=lines)
        case _:
            return None


def _size(output: KernelOutput) -> int:
    if isinstance(output, Printed):
        return len(output.text)
    return sum(map(len, output.data.values())) if isinstance(output, Displayed) else 0


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) else None
