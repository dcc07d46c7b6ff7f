"""The people of one chat: who wants us gone, and what they think of an answer."""

from __future__ import annotations

from collections.abc import Callable

import structlog
from anyio.abc import TaskGroup

from ltt_collab.model.errors import StoreUnavailableError
from ltt_collab.model.ids import RoomId, ServerId, SuggestionId, Username
from ltt_collab.peer.surroundings import Surroundings
from ltt_collab.ports.learning import Feedback, FeedbackStore
from ltt_collab.telemetry import metrics

log = structlog.get_logger(__name__)

ASK_AGAIN = 5.0
"""Seconds until a store that could not be read is asked again whether a learner wants us gone."""


class ChatGuests:
    """Looks up each learner once.

    Invariants:
        1. While it is not known whether somebody here wants us gone, ``are_known`` is false.
    """

    def __init__(
        self,
        around: Surroundings,
        server: ServerId,
        room: RoomId,
        *,
        leave: Callable[[str], None],
        known: Callable[[], None],
    ) -> None:
        """``leave``: called when somebody wants us gone. ``known``: when it is known that one more does not."""
        self._around, self._server, self._room = around, server, room
        self._leave, self._known = leave, known
        self._unknown: set[Username] = set()
        self._met: set[Username] = set()
        self._tasks: TaskGroup | None = None

    @property
    def are_known(self) -> bool:
        """Whether nobody here, as far as we know of them, wants us gone."""
        return not self._unknown

    def begin(self, tasks: TaskGroup) -> None:
        """Look people up in these tasks."""
        self._tasks = tasks

    def end(self) -> None:
        """We left."""
        self._tasks = None

    def meet(self, username: Username) -> None:
        """Somebody is here."""
        if username not in self._met and self._tasks is not None:
            self._met.add(username)
            self._unknown.add(username)
            self._tasks.start_soon(self._look_up, username, name=f"wish of a learner in {self._room}")

    def rate(self, suggestion: SuggestionId, learner: Username, *, helpful: bool) -> None:
        """Remember what a learner thought of an answer."""
        store = self._around.feedback
        if store is not None and self._tasks is not None:
            said = Feedback(suggestion=suggestion, learner=learner, helpful=helpful, at=self._around.clock.now())
            self._tasks.start_soon(self._rate, store, said, name=f"feedback in {self._room}")

    async def _rate(self, store: FeedbackStore, feedback: Feedback) -> None:
        try:
            await store.save(feedback)
            metrics.FEEDBACK.labels("yes" if feedback.helpful else "no").inc()
        except StoreUnavailableError as error:
            log.warning("feedback not remembered", room=self._room, reason=str(error))

    async def _look_up(self, username: Username) -> None:
        while True:
            try:
                is_away = await self._around.wishes.is_kept_away(self._server, username)
                break
            except StoreUnavailableError as error:
                log.warning("learner's wish not known", room=self._room, reason=str(error))
                await self._around.clock.sleep(ASK_AGAIN)
        if is_away:
            self._leave("a learner here asked the tutor to stay away")
            return
        self._unknown.discard(username)
        self._known()
