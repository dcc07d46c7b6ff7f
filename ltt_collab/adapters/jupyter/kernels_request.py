"""One request of ours to a kernel, from sending to its end; no I/O."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any

import anyio

from ltt_collab.adapters.jupyter.kernels_messages import Message, new_id, read_output
from ltt_collab.model.errors import KernelError
from ltt_collab.ports.kernels import Displayed, KernelOutput, Printed, Raised

CUT = "\n[more than {bytes} bytes of output: the rest was dropped]\n"


class Request:
    """What is known of one execute request.

    Invariants:
        1. It is over once: by an error, or by the reply together with the idle that ends its outputs.
        2. No more than ``output_bytes`` of output wait, and one sentence that says what was dropped.
    """

    def __init__(self, what: str, *, seconds: float, output_bytes: int, is_run: bool = False) -> None:
        """``what``: what an error message calls it. ``is_run``: code that may do anything, no question of ours."""
        self.id = new_id()
        self.what = what
        self.seconds = seconds
        self.left = seconds
        self.is_run = is_run
        self.outputs: deque[KernelOutput] = deque()
        self.reply: Mapping[str, Any] | None = None
        self.error: KernelError | None = None
        self.has_begun = False
        self.has_ended = False
        self.overdue_at: float | None = None
        self.is_idle = False
        self._output_bytes = output_bytes
        self._taken = 0
        self._news = anyio.Event()

    @property
    def is_over(self) -> bool:
        """Whether a caller need not wait any longer."""
        return self.error is not None or self.has_ended

    @property
    def is_overdue(self) -> bool:
        """Whether it was interrupted by us."""
        return self.overdue_at is not None

    @property
    def is_in_kernel(self) -> bool:
        """Whether the kernel may still have it, queued or running."""
        return self.reply is None and not self.has_ended

    @property
    def is_running(self) -> bool:
        """Whether the kernel runs it now, as far as we heard."""
        return self.has_begun and self.is_in_kernel and not self.is_idle

    def hear(self, message: Message) -> None:
        """Take in a message about this request."""
        if message.type == "status":
            state = message.state
            self.has_begun = self.has_begun or state == "busy"
            self.is_idle = self.is_idle or state == "idle"
        elif message.type == "execute_reply":
            self.reply = message.content
        else:
            self._keep(message)
        self.has_ended = self.reply is not None and self.is_idle  # invariant 1
        self._news.set()

    def fail(self, error: KernelError) -> None:
        """End it for whoever waits; the kernel may still be at it."""
        if not self.is_over:
            self.error = error
        self._news.set()

    def end(self) -> None:
        """It is no longer in the kernel, whatever was heard of it."""
        self.has_ended = True
        self._news.set()

    async def news(self) -> None:
        """Return when something new is known."""
        await self._news.wait()
        self._news = anyio.Event()

    def _keep(self, message: Message) -> None:
        if self._taken > self._output_bytes:
            return
        self._taken += len(message.raw_content)
        output = read_output(message)
        if self._taken > self._output_bytes:  # invariant 2
            if isinstance(output, Raised):
                self.outputs.append(Raised(name=output.name, value=output.value[: self._output_bytes]))
            elif isinstance(output, Printed | Displayed):
                self.outputs.append(Printed(stream="stderr", text=CUT.format(bytes=self._output_bytes)))
        elif output is not None:
            self.outputs.append(output)
