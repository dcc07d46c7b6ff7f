"""The parts of one room, and who of them hears what."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ltt_collab.model.edits import BurstEnded, DocumentRenamed, MessagePosted, RoomEvent
from ltt_collab.model.ids import ServerId
from ltt_collab.peer.acts import Acts
from ltt_collab.peer.alarms import Alarms
from ltt_collab.peer.company import Company
from ltt_collab.peer.cut_off_runs import CutOffRuns
from ltt_collab.peer.doing import Doing
from ltt_collab.peer.greeting import Greeting
from ltt_collab.peer.log import RoomLog
from ltt_collab.peer.mind import Wish
from ltt_collab.peer.notices import Notices
from ltt_collab.peer.permission import Permission
from ltt_collab.peer.proposing import Proposing
from ltt_collab.peer.recollection import Recollection
from ltt_collab.peer.saving import Saving
from ltt_collab.peer.scene import Scene
from ltt_collab.peer.stay import Stay
from ltt_collab.peer.turns import Turns
from ltt_collab.peer.whereabouts import Whereabouts


class Household:
    """All parts of one room.

    Invariants:
        1. An event is logged before anybody learns of it, and every part has learnt of it before the mind decides.
        2. What the mind wishes is handed to the part that fulfils it, in the order of the wishes.
        3. After ``end`` no part waits for anything, and no timer of the room is left.
    """

    def __init__(
        self,
        scene: Scene,
        server: ServerId,
        *,
        log: RoomLog,
        permission: Permission,
        moved: Callable[[str], None],
    ) -> None:
        """``moved`` is told the file's new path."""
        self._scene, self._log, self._moved = scene, log, moved
        self.permission = permission
        self.turns = Turns(self._take, self.carry_out)
        self.recollection = Recollection(scene.around, scene.stamp.room)
        self.acts = Acts(scene)
        self.proposing = Proposing(scene, self.acts.keeping)
        self.whereabouts = Whereabouts()
        self.greeting = Greeting(scene, server, self.acts)
        self.stay = Stay(scene)
        self.company = Company(scene, self.stay, self.greeting)
        self.notices = Notices(scene, self.acts)
        self.saving = Saving(scene, self.notices, self.acts)
        self.cut_off_runs = CutOffRuns(scene)
        self._alarms = Alarms(scene.around.timers, self._elapse)
        self.doing = Doing(scene, self.acts, self.greeting, self._alarms)

    def carry_out(self, wish: Wish) -> None:
        """Have a wish fulfilled (invariant 2)."""
        if isinstance(wish, BurstEnded):
            self.turns.hear(wish)
        else:
            self.doing.do(wish, self.turns.hear)

    def end(self) -> None:
        """The room is over (invariant 3)."""
        self.stay.end()
        self.acts.end()
        self.doing.end()
        self._alarms.cancel()
        self.company.end()
        self.notices.end()
        self.saving.end()
        self.cut_off_runs.end()

    def _take(self, event: RoomEvent) -> Iterable[Wish]:
        """Log an event and let every part see it; what follows from it."""
        self._log.append(event)  # invariant 1
        self.stay.touch()
        if isinstance(event, DocumentRenamed):
            self._moved(event.path)
        self.proposing.handle(event)
        self.acts.handle(event)
        self.doing.handle(event)
        self.whereabouts.handle(event)
        wishes = self._scene.mind.handle(event)
        if isinstance(event, MessagePosted):
            return self.proposing.speaking.acknowledge(event, tuple(wishes))
        return wishes

    def _elapse(self, now: float) -> None:
        self.turns.follow(self._scene.mind.elapse(now))
