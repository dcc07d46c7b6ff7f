"""Cells that instructors offer to a class: shown as a note first, put in when the learner takes them."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable, Sequence

import structlog

from ltt_collab.model.errors import LttError, RoomReadOnlyError, UnknownRoomError, UnknownSuggestionError
from ltt_collab.model.ids import RoomId, SuggestionId, Username
from ltt_collab.model.suggestions import Shown
from ltt_collab.peer.auditing import Auditing
from ltt_collab.peer.page import Page
from ltt_collab.peer.room import RoomPeer
from ltt_collab.ports.clock import Clock
from ltt_collab.ports.directory import RoomInfo
from ltt_collab.ports.offering import Offer
from ltt_collab.ports.privacy import AuditStore
from ltt_collab.ports.steering import Extent

log = structlog.get_logger(__name__)

MOST = 2_000
"""Offers that may wait; the oldest is forgotten first, and its note stays until its learner deletes it."""

PREVIEW = "offers you this cell. Take it or leave it in your workspace; deleting this note leaves it too."


class Offers:
    """Implements ``ports.offering.Offering`` over the peers that are in rooms now.

    Invariants:
        1. Nothing becomes part of a learner's work before that learner has said so.
        2. An offer is decided once, by its own learner.
    """

    def __init__(
        self,
        peer_of: Callable[[RoomId], RoomPeer],
        rooms: Callable[[], Sequence[RoomInfo]],
        audit: AuditStore,
        clock: Clock,
    ) -> None:
        self._peer_of, self._rooms, self._clock = peer_of, rooms, clock
        self._auditing = Auditing(audit, clock)
        self._waiting: OrderedDict[SuggestionId, Offer] = OrderedDict()

    async def offer(self, extent: Extent, source: str, *, by: Username) -> int:
        """Offer a cell to everybody whom it is about and who is there now; how many got it."""
        reached = 0
        for info in self._rooms():
            try:
                peer = self._peer_of(info.id)
                if any(extent.covers(*each) for each in peer.presences()):
                    reached += await self._offer_in(peer, source, by)
            except LttError as error:
                log.info("cell not offered in a room", room=info.id, reason=str(error))
        return reached

    async def of_learner(self, learner: Username) -> Sequence[Offer]:
        """What waits for them, oldest first."""
        found = []
        for offer in [each for each in self._waiting.values() if each.learner == learner]:
            if self._is_shown(offer):
                found.append(offer)
            elif self._waiting.pop(offer.suggestion, None) is not None:
                await self._auditing.note("cell.dismissed", offer.by, by=learner, detail="its note was deleted")
        return found

    async def accept(self, suggestion: SuggestionId, *, by: Username) -> None:
        """Put the cell into the notebook, where its preview stands.

        Raises:
            UnknownSuggestionError, UnknownRoomError, RoomReadOnlyError, CellOccupiedError
        """
        offer = self._expect(suggestion, by)
        await self._page(offer).writer.offers.accept(suggestion, offer.source)
        await self._decided(offer, "cell.accepted")

    async def dismiss(self, suggestion: SuggestionId, *, by: Username) -> None:
        """Take the preview away.

        Raises:
            UnknownSuggestionError, UnknownRoomError, RoomReadOnlyError, CellOccupiedError
        """
        offer = self._expect(suggestion, by)
        await self._page(offer).writer.offers.dismiss(suggestion)
        await self._decided(offer, "cell.dismissed")

    async def _offer_in(self, peer: RoomPeer, source: str, by: Username) -> bool:
        learner = peer.info.learner
        answer = await peer.whisper(None, _preview(source), by)
        if not isinstance(answer, Shown) or learner is None:
            return False
        now, room = self._clock.now(), peer.info.id
        self._waiting[answer.suggestion] = Offer(
            suggestion=answer.suggestion, room=room, learner=learner, source=source, by=by, at=now
        )
        while len(self._waiting) > MOST:
            self._waiting.popitem(last=False)
        await self._auditing.note("cell.offered", learner, by=by)
        return True

    def _expect(self, suggestion: SuggestionId, learner: Username) -> Offer:
        offer = self._waiting.get(suggestion)
        if offer is None or offer.learner != learner:  # invariant 2
            raise UnknownSuggestionError(suggestion)
        return offer

    def _page(self, offer: Offer) -> Page:
        peer = self._peer_of(offer.room)
        silent, page = peer.why_unwritable(), peer.page
        if silent is not None or page is None:
            raise RoomReadOnlyError(silent or "it is not joined yet; try again when its state is live")
        return page

    async def _decided(self, offer: Offer, action: str) -> None:
        if self._waiting.pop(offer.suggestion, None) is not None:
            await self._auditing.note(action, offer.by, by=offer.learner)

    def _is_shown(self, offer: Offer) -> bool:
        try:
            page = self._peer_of(offer.room).page
        except UnknownRoomError:
            return True  # the notebook is closed; whether its note stands is known when it is open again
        return page is None or page.writer.find_note(offer.suggestion) is not None


def _preview(source: str) -> str:
    longest = max((len(run) for run in re.findall(r"`+", source)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{PREVIEW}\n\n{fence}python\n{source}\n{fence}"
