"""One WebSocket to one kernel, shared by everybody here who asks it something."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import anyio

from ltt_collab.adapters.jupyter.channels import SocketChannel
from ltt_collab.adapters.jupyter.kernels_ear import Ear
from ltt_collab.adapters.jupyter.kernels_link import KernelLink
from ltt_collab.adapters.jupyter.kernels_messages import Message, encode, new_id
from ltt_collab.adapters.jupyter.kernels_request import Request
from ltt_collab.adapters.jupyter.kernels_traffic import EXECUTE, INFO, INFO_REPLY, Traffic
from ltt_collab.adapters.jupyter.kernels_turn import Turn
from ltt_collab.model.errors import (
    KernelBusyError,
    KernelDiedError,
    KernelTimeoutError,
    KernelUnreachableError,
)
from ltt_collab.model.ids import KernelId
from ltt_collab.ports.kernels import KernelState
from ltt_collab.ports.rooms import ChannelClosed

IDLE_SECONDS = 30.0
"""A connection is closed after so long without a question: an open one keeps the server from holding back outputs for
a browser that lost its own, and from culling the kernel."""

PROBE_SECONDS = 0.8
"""Between two looks whether a silent kernel still lives; with ``ALIVE_SECONDS`` a death is known within 2 s."""

BEGIN_SECONDS = 5.0
"""An idle kernel takes up a request in milliseconds."""

LOOKS, LOOK_SECONDS = 3, 0.04
"""A server says "busy" for a moment longer than the browser that heard the run end, or for ever (``Traffic``,
invariant 4); the kernel and the server are asked before we believe it."""

LAG_SECONDS = 0.01

INSIST_SECONDS = 0.25
"""Between two interrupts of code of ours: one expression of a batch may swallow the first."""

GRACE_SECONDS = 2.0
"""For code of ours to end once it was interrupted; then nobody waits for it any more, and it is interrupted on."""


class KernelConnection:
    """Sends our requests and hears everybody's.

    Invariants:
        1. At most one request of ours is in the kernel, and none is sent while somebody else's code runs.
        2. An interrupt is sent only while the kernel is known to run a request of ours.
        3. A request that nobody waits for any more is still bound by its time limit.
        4. Whoever waits hears of the kernel's death, and so does the next one who comes.
        5. Nobody waits for their turn longer than their own time lasts, and a run's waiting is part of its time.
        6. After a restart the next run finds a working kernel: no late word of the old process reaches it, and it is
           sent once words of the new one reach us.
    """

    def __init__(self, kernel: KernelId, link: KernelLink) -> None:
        self._kernel, self._link = kernel, link
        self._session = new_id()
        self._traffic = Traffic(self._session)
        self._channel: SocketChannel | None = None
        self._ear: Ear | None = None
        self._current: Request | None = None
        self._turn = Turn(kernel)
        self._restarts = 0
        self._asked_idle = ""
        self._guard: asyncio.TimerHandle | None = None
        self._retire: asyncio.TimerHandle | None = None

    @property
    def state(self) -> KernelState:
        """What the kernel does now, as far as we heard."""
        if self._current is not None and self._current.is_running:
            return KernelState.BUSY
        return self._traffic.state

    @property
    def is_open(self) -> bool:
        """Whether there is a connection just now."""
        return self._channel is not None

    @property
    def is_forgettable(self) -> bool:
        """Whether a new one would do as well."""
        return self._channel is None and not self._turn.is_taken and not self._traffic.has_died

    def close(self) -> None:
        """Let go of the kernel; code of ours that still runs is interrupted first."""
        for timer in (self._guard, self._retire):
            if timer is not None:
                timer.cancel()
        if self._current is not None:
            self._interrupt_own(self._current)
            self._current.fail(KernelUnreachableError(self._kernel, "we are stopping"))
            self._current = None
        self._hang_up()

    @asynccontextmanager
    async def request(self, request: Request, content: Mapping[str, Any]) -> AsyncGenerator[None]:
        """Send; leaving the context early interrupts the request if it runs.

        Raises:
            KernelBusyError, KernelDiedError, KernelUnreachableError
        """
        asked = anyio.current_time()
        async with self._turn.taken(within=request.seconds):  # invariant 5
            if request.is_run:
                request.left = request.seconds - (anyio.current_time() - asked)
            await self._listen()
            if request.is_run:
                await self._be_heard(min(request.left, BEGIN_SECONDS))
            self._send(request, content)
            try:
                yield
            finally:
                if not request.is_overdue and (request.is_running or (request.is_run and request.is_in_kernel)):
                    self._overrun(request)

    async def restart(self) -> None:
        """Restart the kernel; what it had of ours has failed then, and variables are gone.

        Raises:
            KernelDiedError, KernelUnreachableError
        """
        self._restarts += 1
        try:
            await self._link.restart(self._kernel)
        finally:
            self._restarts -= 1
        self._forgotten(KernelDiedError(self._kernel))
        self._hang_up()  # invariant 6
        self._traffic.restarted()

    async def step(self, request: Request) -> None:
        """Return when there is something new about the request.

        Raises:
            KernelBusyError, KernelDiedError, KernelTimeoutError, KernelUnreachableError
        """
        waited = 0.0
        while True:
            with anyio.move_on_after(PROBE_SECONDS) as silence:
                await request.news()
            if request.error is not None:
                raise request.error
            if not silence.cancelled_caught:
                return
            waited += PROBE_SECONDS
            await self._probe(request, waited)

    # What the channel says.

    def _hear(self, message: Message) -> None:
        if message.type == "status" and self._traffic.hear(message):
            self._forgotten(KernelDiedError(self._kernel))
            return
        if message.type == INFO_REPLY and message.parent_id == self._asked_idle:
            self._asked_idle = ""  # if we did not hear it become idle over this, its words do not reach us yet
            return
        current = self._current
        if current is None:
            return
        if message.parent_id == current.id:
            self._heard(current, message)
        elif self._traffic.is_busy and not current.has_begun and not current.is_run:
            current.fail(KernelBusyError(self._kernel))  # somebody was faster: ours stands behind theirs

    def _lost(self, closed: ChannelClosed) -> None:
        """The next question opens another connection."""
        self._hang_up()
        self._forgotten(KernelUnreachableError(self._kernel, closed.reason or f"the connection ended ({closed.code})"))

    # Within.

    def _heard(self, current: Request, message: Message) -> None:
        began = current.has_begun
        current.hear(message)
        if current.has_ended:
            self._over(current)
        elif current.has_begun and not began:
            if current.is_run:
                self._traffic.revived()
            if current.is_overdue:
                self._overrun(current)
            elif not current.is_run:
                self._watch(current, current.seconds)

    def _watch(self, request: Request, seconds: float) -> None:
        if self._guard is not None:
            self._guard.cancel()
        self._guard = asyncio.get_running_loop().call_later(seconds, self._overrun, request)

    def _overrun(self, request: Request) -> None:
        """Invariant 3: needs nobody who waits."""
        if self._current is not request or request.has_ended:
            return
        if request.overdue_at is None:
            request.overdue_at = asyncio.get_running_loop().time()  # a timer calls: it runs in no task
        elif request.is_idle:
            # An interrupt that meets a kernel between the code and the reply takes the reply away: none will come.
            request.end()
            self._over(request)
            return
        self._interrupt_own(request)
        self._watch(request, INSIST_SECONDS)

    def _interrupt_own(self, request: Request) -> None:
        if request.is_running and self._channel is not None:  # invariant 2
            frame = encode("control", "interrupt_request", {}, message_id=new_id(), session=self._session)
            self._channel.send(frame)

    def _over(self, request: Request) -> None:
        if self._guard is not None:
            self._guard.cancel()
        if self._current is request:
            self._current = None

    def _forgotten(self, error: KernelDiedError | KernelUnreachableError) -> None:
        """Whatever the kernel had of ours, it has no more."""
        self._asked_idle = ""
        current = self._current
        if current is not None:
            current.fail(error)
            self._over(current)

    async def _listen(self) -> None:
        """Have a connection and know what the kernel does."""
        if self._channel is None:
            await self._dial()
        for _ in range(LOOKS):
            if not self._traffic.is_busy:
                return
            if not self._traffic.is_unsure:
                await anyio.sleep(LAG_SECONDS)  # the browser may have heard the end of the run before us
                continue
            self._ask_whether_idle()
            await anyio.sleep(LOOK_SECONDS)
            self._traffic.told(await self._link.state(self._kernel))

    async def _be_heard(self, within: float) -> None:
        """Return once words of a process that somebody restarted reach us, or after that time (invariant 6)."""
        until = anyio.current_time() + within
        while self._traffic.is_unheard and not self._traffic.is_busy and anyio.current_time() < until:
            self._ask_whether_idle()
            await anyio.sleep(LOOK_SECONDS)

    def _ask_whether_idle(self) -> None:
        """Once: a kernel that runs code answers after that."""
        if self._channel is not None and not self._asked_idle:
            self._asked_idle = new_id()
            self._channel.send(encode("shell", INFO, {}, message_id=self._asked_idle, session=self._session))

    async def _dial(self) -> None:
        before, ear = self._traffic, Ear(self._hear, self._lost)
        self._session = new_id()  # under the former one the server may have kept words of a former process for us
        self._traffic = Traffic(self._session)
        self._traffic.go_on(before)
        self._ear, self._asked_idle = ear, ""
        channel = await self._link.dial(self._kernel, self._session, ear)
        if ear.deaf:
            channel.close()
            raise KernelUnreachableError(self._kernel, "the connection was closed before it was made")
        self._channel = channel
        self._stay()
        self._traffic.told(await self._link.state(self._kernel))

    def _hang_up(self) -> None:
        channel, self._channel = self._channel, None
        if self._ear is not None:
            self._ear.deaf = True
        if channel is not None:
            channel.close()

    def _send(self, request: Request, content: Mapping[str, Any]) -> None:
        waits = self._current is not None and self._current.is_in_kernel
        # Code that would be sent while the kernel is being restarted might go to either process.
        if self._traffic.is_busy or waits or self._restarts or request.left <= 0:  # invariants 1, 5
            raise KernelBusyError(self._kernel)
        if not self._traffic.takes(is_run=request.is_run):  # invariant 4
            self._ask_whether_idle()  # if a new process answers, the next run may have it
            raise KernelDiedError(self._kernel)
        if self._channel is None:
            raise KernelUnreachableError(self._kernel, "the connection ended at once")
        self._current = request
        if request.is_run:
            self._watch(request, request.left)
        self._channel.send(encode("shell", EXECUTE, content, message_id=request.id, session=self._session))
        self._stay()

    def _stay(self) -> None:
        if self._retire is not None:
            self._retire.cancel()
        self._retire = asyncio.get_running_loop().call_later(IDLE_SECONDS, self._rest)

    def _rest(self) -> None:
        if self._current is None and not self._turn.is_taken:
            self.close()
            self._traffic = Traffic(self._session)  # whatever happens while we do not listen may bring it back to life
        else:
            self._stay()

    async def _probe(self, request: Request, waited: float) -> None:
        """Find out why nothing comes."""
        overdue_at = request.overdue_at
        if overdue_at is not None and anyio.current_time() - overdue_at >= GRACE_SECONDS:
            if request.is_running:
                await self._link.interrupt(self._kernel)  # a kernel that knows no such message
            raise KernelTimeoutError(request.what, request.seconds)
        if not await self._link.is_alive(self._kernel):
            self._traffic.died()
            self._forgotten(KernelDiedError(self._kernel))
            raise KernelDiedError(self._kernel)
        if not request.has_begun and waited >= BEGIN_SECONDS and not self._traffic.is_busy:
            raise KernelUnreachableError(self._kernel, "it does not take up requests")
