"""The classroom and its records, as every door reaches them."""

from __future__ import annotations

from dataclasses import dataclass

from ltt_collab.access.gatekeeper import Gatekeeper
from ltt_collab.ports.classroom import Classroom, CoursePublishing
from ltt_collab.ports.clock import Clock
from ltt_collab.ports.identity import TokenStore
from ltt_collab.ports.learning import EnrolmentStore, FeedbackStore, ProgressStore, SubmissionStore, ValidationStore
from ltt_collab.ports.privacy import AuditStore, PersonalData
from ltt_collab.ports.store import EventStore, RoomStore, SuggestionStore


@dataclass(frozen=True, slots=True, kw_only=True)
class School:
    """The classroom and what it keeps; ``gatekeeper``: to be told when who may see whom has changed."""

    classroom: Classroom
    publishing: CoursePublishing
    enrolments: EnrolmentStore
    progress: ProgressStore
    submissions: SubmissionStore
    validations: ValidationStore
    suggestions: SuggestionStore
    events: EventStore
    rooms: RoomStore
    feedback: FeedbackStore
    audit: AuditStore
    personal: PersonalData
    tokens: TokenStore
    gatekeeper: Gatekeeper
    clock: Clock
