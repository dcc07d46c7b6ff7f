"""The stores of one service, opened and closed together."""

from __future__ import annotations

from dataclasses import dataclass

from ltt_collab.ports.hints import HintStore
from ltt_collab.ports.identity import TokenStore
from ltt_collab.ports.learning import (
    CourseStore,
    EnrolmentStore,
    FeedbackStore,
    ProgressStore,
    SubmissionStore,
    ValidationStore,
)
from ltt_collab.ports.privacy import AuditStore, PersonalData
from ltt_collab.ports.steering import SteerStore
from ltt_collab.ports.store import EventStore, RoomStore, StoreUpkeep, SuggestionStore, WishStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Stores:
    """Every store behind ``ports.store``, ``ports.learning`` and ``ports.privacy``, on one database."""

    wishes: WishStore
    suggestions: SuggestionStore
    events: EventStore
    rooms: RoomStore
    courses: CourseStore
    enrolments: EnrolmentStore
    progress: ProgressStore
    submissions: SubmissionStore
    validations: ValidationStore
    feedback: FeedbackStore
    audit: AuditStore
    personal: PersonalData
    tokens: TokenStore
    steers: SteerStore
    hints: HintStore
    upkeep: StoreUpkeep
