"""Who runs code in a kernel, as its status messages tell every client; no I/O."""

from __future__ import annotations

from ltt_collab.adapters.jupyter.kernels_messages import Message
from ltt_collab.ports.kernels import KernelState

EXECUTE = "execute_request"

STATES = {state.value: state for state in KernelState}

_NEW_PROCESS = frozenset({"starting", "restarting", "dead"})


class Traffic:
    """What a kernel does for others, seen from one connection.

    Invariants:
        1. It is busy from the first word of somebody's code to the idle that names the same request.
        2. After a death it counts as dead until somebody else runs code in its successor: whoever remembers its
           variables must hear of it, however fast the server replaced the process.
    """

    def __init__(self, session: str) -> None:
        self._session = session
        self._running: set[str] = set()
        self._is_unsure = False
        self.has_died = False
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
    def state(self) -> KernelState:
        """What the kernel does, our own requests left out."""
        return KernelState.BUSY if self.is_busy else self._state

    def told(self, state: str) -> None:
        """Take over what the server says of a kernel that we have not heard ourselves."""
        self._is_unsure = state == "busy"
        self.has_died = self.has_died or state == "dead"
        self._state = KernelState.IDLE if self._is_unsure else STATES.get(state, KernelState.IDLE)

    def hear(self, message: Message) -> bool:
        """Note a status message; whether it tells of a new process, which forgot everything."""
        state = message.state
        if state == "starting" and self._state is KernelState.STARTING:
            return False  # its first life
        if state in _NEW_PROCESS:
            self._running.clear()
            self._is_unsure = False
            self._state = KernelState(state)
            self.has_died = True  # invariant 2
            return True
        if self._state in (KernelState.STARTING, KernelState.RESTARTING):
            self._state = KernelState.IDLE
        if message.parent_type != EXECUTE or message.parent_session == self._session:
            return False
        if state == "busy":
            self._running.add(message.parent_id)
            self.has_died = False
        elif state == "idle":
            self._running.discard(message.parent_id)  # invariant 1
            self._is_unsure = False
        return False
