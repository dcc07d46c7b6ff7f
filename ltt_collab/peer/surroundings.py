"""What all rooms of one service share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from ltt_collab.model.ids import ServerId, Username
from ltt_collab.model.presence import User
from ltt_collab.model.reporting import ChatScope
from ltt_collab.model.rollout import Rollout
from ltt_collab.peer.approvals import HeldDrafts
from ltt_collab.peer.chats import Chats
from ltt_collab.peer.log import EventLog
from ltt_collab.peer.timers import Timers
from ltt_collab.ports.classroom import Checker, Releases
from ltt_collab.ports.clock import Clock
from ltt_collab.ports.files import LearnerFiles
from ltt_collab.ports.kernels import KernelServer
from ltt_collab.ports.learning import FeedbackStore
from ltt_collab.ports.rooms import RoomServer
from ltt_collab.ports.steering import NoOrders, Steering
from ltt_collab.ports.store import RoomStore, SuggestionStore, WishStore
from ltt_collab.rooms.heartbeat import Heartbeat
from ltt_collab.rooms.keeper import Membership
from ltt_collab.rooms.protocol import DEFAULT_FRAME_CAP
from ltt_collab.tutoring.budget import Budget

EVERYBODY = Rollout(shares={})


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """How the tutor behaves; times in seconds.

    ``leave_grace``: without a human before it leaves. ``hibernate_after``: without an edit before a document sleeps.
    ``hints_per_hour``: per learner. ``introduce``: whether it says once to each learner who reads what. ``chat``: which
    chats it makes.
    """

    leave_grace: float = 60.0
    hibernate_after: float = 300.0
    hints_per_hour: int = 12
    introduce: bool = True
    chat: ChatScope = ChatScope.OFF


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What all rooms of one service share. ``budget`` is one for all rooms: a learner has one, however many tabs.

    ``checker``: the course's judge, None without a course. ``kernels``: the kernels of a server, None where they cannot
    be reached. ``frame_cap``: bytes of the largest message taken from a room. ``chats``: the open chats of all servers.
    ``feedback``: where it is kept what learners thought of the help, None: nowhere.
    ``files``: new files on a server, None where there can be none. ``owner``: whose server it is, where that is known
    (behind a hub): what anybody calls themselves there counts for nothing.
    ``rollout``: who has the AI. ``rooms``: who was in which room before.
    ``releases``: the tasks as learners get them now, None without a course.
    """

    user: User
    habits: Habits
    clock: Clock
    timers: Timers
    heartbeat: Heartbeat
    log: EventLog
    wishes: WishStore
    suggestions: SuggestionStore
    budget: Budget
    random: Callable[[], float]
    checker: Checker | None = None
    kernels: Callable[[ServerId], KernelServer | None] = lambda _server: None
    frame_cap: int = DEFAULT_FRAME_CAP
    chats: Chats = field(default_factory=Chats)
    feedback: FeedbackStore | None = None
    files: Callable[[ServerId], LearnerFiles | None] = lambda _server: None
    steering: Steering = field(default_factory=NoOrders)
    rollout: Rollout = EVERYBODY
    held: HeldDrafts | None = None
    owner: Username | None = None
    rooms: RoomStore | None = None
    releases: Releases | None = None

    def membership(self, server: RoomServer, *, read_only: bool) -> Membership:
        """How we join a document's room on that server."""
        return Membership(
            server=server,
            user=self.user,
            clock=self.clock,
            heartbeat=self.heartbeat,
            random=self.random,
            read_only=read_only,
            frame_cap=self.frame_cap,
            owner=self.owner,
        )
