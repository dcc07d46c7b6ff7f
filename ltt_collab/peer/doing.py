"""Has done what the pure parts of one room wish."""

from __future__ import annotations

from collections.abc import Callable
from typing import assert_never

import structlog

from ltt_collab.model.commands import (
    AskTutor,
    CheckTask,
    ClearPointer,
    Command,
    ControlKernel,
    EndSuggestion,
    LeaveLearner,
    MuteLearner,
    RecordDecision,
    ReleaseCell,
    WakeAt,
    WelcomeLearner,
)
from ltt_collab.model.edits import HelpRequested, RoomEvent
from ltt_collab.model.errors import KernelError
from ltt_collab.model.presence import Activity
from ltt_collab.peer.acts import Acts
from ltt_collab.peer.alarms import Alarms
from ltt_collab.peer.checking import Checking
from ltt_collab.peer.greeting import Greeting
from ltt_collab.peer.renewing import Renewing
from ltt_collab.peer.scene import Scene

log = structlog.get_logger(__name__)


class Doing:
    """Hands each wish to the part of the room that fulfils it.

    Invariants:
        1. Nothing here waits: what takes time is an act, a check or an alarm.
    """

    def __init__(self, scene: Scene, acts: Acts, greeting: Greeting, alarms: Alarms) -> None:
        self._scene, self._acts, self._greeting, self._alarms = scene, acts, greeting, alarms
        self.checking = Checking(scene, acts)
        self.renewing = Renewing(scene, acts)

    def handle(self, event: RoomEvent) -> None:
        """Let those parts know that follow what happens."""
        self.checking.handle(event)
        self.renewing.handle(event)

    def end(self) -> None:
        """The room is over."""
        self.checking.end()
        self.renewing.end()

    def do(self, wish: Command, happen: Callable[[RoomEvent], None]) -> None:
        """Fulfil it; ``happen`` takes an event that comes of it, to be decided on after what is decided now."""
        match wish:
            case WakeAt(when=when):
                self._alarms.wake_at(when)
            case AskTutor():
                self._ask(wish, happen)
            case CheckTask():
                self.checking.check(wish)
            case ControlKernel():
                self._acts.add(lambda: self._control(wish))
            case RecordDecision(about=about, decision=decision, because=because):
                self._scene.decide(about, decision, because)
            case EndSuggestion() | ClearPointer() | ReleaseCell():
                self._tidy(wish)
            case LeaveLearner() | WelcomeLearner() | MuteLearner():
                self._obey(wish)
            case _:
                assert_never(wish)

    def _tidy(self, wish: EndSuggestion | ClearPointer | ReleaseCell) -> None:
        match wish:
            case EndSuggestion():
                self._acts.end_suggestion(wish)
            case ClearPointer():
                self._acts.rest()
            case ReleaseCell(cell_id=cell):
                self._acts.release(cell)

    def _obey(self, wish: LeaveLearner | WelcomeLearner | MuteLearner) -> None:
        match wish:
            case LeaveLearner(username=username):
                self._greeting.keep_away(username)
            case WelcomeLearner(username=username):
                self._greeting.welcome(username)
            case MuteLearner(username=username, muted=muted):
                self._greeting.mute(username, muted=muted)

    def _ask(self, ask: AskTutor, happen: Callable[[RoomEvent], None]) -> None:
        scene = self._scene
        looked_up = self._greeting.why_silent()
        if looked_up is not None:  # soon known; who erred meanwhile is to be helped all the same
            scene.decide(ask.cell_id, "waiting", looked_up)
            self._greeting.when_known(lambda: self._reconsider(ask))
            return
        silent = scene.why_silent()
        if silent is not None:
            scene.decide(ask.cell_id, "did not help", silent)
            return
        if scene.page is not None and scene.page.provider is not None:
            scene.page.provider.presence.show_activity(Activity.READING)  # presence before text
        happen(
            HelpRequested(
                **scene.head(ask.learner),
                cell_id=ask.cell_id,
                cause=ask.cause,
                cause_key=ask.cause_key,
                rung=ask.rung,
                error=ask.error,
                expected_hash=ask.expected_hash,
                question=ask.question,
                chat=ask.chat,
                reply_to=ask.reply_to,
                task=ask.task,
            )
        )

    def _reconsider(self, ask: AskTutor) -> None:
        """Ask after all, unless one of those who are here turned out to want no unasked help."""
        scene = self._scene
        for wish in scene.mind.reconsider(ask, scene.stamp.now()):
            self.do(wish, scene.happen)

    async def _control(self, wish: ControlKernel) -> None:
        """Do to the kernel what the learner said yes to."""
        scene = self._scene
        what = "restart the kernel" if wish.restart else "interrupt the kernel"
        kernels = scene.around.kernels(scene.server_id)
        try:
            found = await kernels.kernel_of(scene.path) if kernels is not None else None
            if kernels is None or found is None:
                scene.decide(wish.cell_id, f"did not {what}", "no kernel of this notebook can be reached")
                return
            kernel = await kernels.connect(found.id)
            await (kernel.restart() if wish.restart else kernel.interrupt())
        except KernelError as error:
            scene.decide(wish.cell_id, f"did not {what}", str(error))
        else:
            scene.decide(wish.cell_id, what, "the learner said yes to it")
