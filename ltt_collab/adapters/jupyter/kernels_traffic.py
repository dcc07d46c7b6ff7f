"""Who runs code in a kernel, as its status messages tell every client; no I/O."""

from __future__ import annotations

from ltt_collab.adapters.jupyter.kernels_messages import Message
from ltt_collab.ports.kernels import KernelState

EXECUTE = "execute_request"

INFO, INFO_REPLY = "kernel_info_request", "kernel_info_reply"
"""A question that a kernel answers as soon as no code runs in it."""

STATES = {state.value: state for state in KernelState}

_NEW_PROCESS = frozenset({"starting", "restarting", "dead"})


class Traffic:
    """What a kernel does for others, seen from one connection.

    Invariants:
        1. It is busy from the first word of somebody's code to the idle that names the same request.
        2. After its process was replaced it counts as dead until somebody runs code in the successor: whoever asks for
           its variables must hear of it, however fast the server replaced the process.
        3. A successor takes code of ours once somebody restarted the kernel: they know that the variables are gone. One
           that the server started by itself after a death takes none. The server says when it does that; the first word
           of a process that somebody wished for may not reach us, but its answer does.
        4. What the server says of the time before we listened counts until the kernel has answered us: of one that was
           restarted while it ran code a server may say "busy" until somebody runs code again.
    """

    def __init__(self, session: str) -> None:
        self._session = session
        self._running: set[str] = set()
        self._is_unsure = False
        self._has_answered = False
        self._saw_death = self._was_replaced = False
        self._awaits_start = False
        self.has_died = False
        self.was_restarted = False
        self._state = KernelState.STARTING

    @property
    def is_busy(self) -> bool:
        """Whether somebody else's code runs."""
        return bool(self._running) or self._is_unsure

    @property
    def is_unsure(self) -> bool:
        """Whether that is only what the server said of the time before we listened."""
        return self._is_unsure and not self._running

    @property
    def is_unheard(self) -> bool:
        """Whether a new process may still talk past us: what it said of a run now would be lost, its end too."""
        return self.was_restarted and not self._has_answered

    @property
    def state(self) -> KernelState:
        """What the kernel does, our own requests left out."""
        return KernelState.BUSY if self.is_busy else self._state

    def takes(self, *, is_run: bool) -> bool:
        """Whether a request of ours may reach the kernel's process (invariants 2, 3)."""
        return not self.has_died or (is_run and self.was_restarted)

    def died(self, *, was_restarted: bool = False) -> None:
        """The process is gone, and all that it knew; ``was_restarted``: somebody wished it."""
        self._running.clear()
        self._is_unsure = False
        self.has_died, self.was_restarted = True, was_restarted
        self._saw_death, self._was_replaced = True, self._was_replaced and not was_restarted

    def restarted(self) -> None:
        """We restarted it. A server may say so before the new process says its first word, which is no news then."""
        self.died(was_restarted=True)
        self._awaits_start = True

    def revived(self) -> None:
        """Somebody runs code in the process that is there now."""
        self.has_died = self.was_restarted = self._awaits_start = self._saw_death = self._was_replaced = False

    def go_on(self, before: Traffic) -> None:
        """Know of the process what another connection to it heard."""
        self.has_died, self.was_restarted = before.has_died, before.was_restarted
        self._awaits_start = before._awaits_start

    def told(self, state: str) -> None:
        """Take over what the server says of a kernel that we have not heard ourselves."""
        self._is_unsure = state == "busy" and not self._has_answered  # invariant 4
        if state == "dead":
            self.died()
        self._state = KernelState.IDLE if self._is_unsure else STATES.get(state, KernelState.IDLE)

    def hear(self, message: Message) -> bool:
        """Note a status message; whether it tells of a new process, which forgot everything."""
        state = message.state
        if state == "starting" and (self._awaits_start or self._state is KernelState.STARTING):
            self._awaits_start = False
            return False  # its first life, or the one that we wished for
        if state in _NEW_PROCESS:
            # The server says "restarting" before it replaces a process that died, and not when somebody restarts it.
            self.died(was_restarted=state == "starting" and self._state is not KernelState.RESTARTING)
            self._state = KernelState(state)
            self._was_replaced |= state == "restarting"
            return True
        if self._state in (KernelState.STARTING, KernelState.RESTARTING):
            self._state = KernelState.IDLE
        if state == "idle" and message.parent_type == INFO and message.parent_session == self._session:
            self._has_answered, self._is_unsure = True, False
            self.was_restarted |= self._saw_death and not self._was_replaced  # invariant 3
        if message.parent_type != EXECUTE or message.parent_session == self._session:
            return False
        if state == "busy":
            self._running.add(message.parent_id)
            self.revived()
        elif state == "idle":
            self._running.discard(message.parent_id)  # invariant 1
            self._is_unsure = False
        return False
