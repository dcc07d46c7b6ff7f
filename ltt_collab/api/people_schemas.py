"""The bodies of the routes about people: enrolments, tokens, the audit, what is kept of a learner."""

from __future__ import annotations

from pydantic import Field

from ltt_collab.api.school import Key
from ltt_collab.api.school_schemas import Body
from ltt_collab.model.identity import Role
from ltt_collab.ports.learning import CourseRole


class EnrolmentBody(Body):
    """Somebody in a course."""

    username: str
    role: CourseRole
    at: float


class EnrolBody(Body):
    """What somebody is to be in a course."""

    role: CourseRole = CourseRole.LEARNER


class TokenRequestBody(Body):
    """Whom a token is for, and what it may do."""

    name: Key
    role: Role
    courses: list[Key] | None = Field(None, description="Of an instructor or agent; none: all courses.")
    learner: Key | None = Field(None, description="The one learner of an agent; none: all of its courses.")
    may_write: bool = True
    may_execute: bool = False
    days: float | None = Field(None, gt=0, description="How long it is good; none: until it is revoked.")
    note: str = Field("", max_length=200)


class TokenBody(Body):
    """An issued token, without the token itself."""

    id: str
    name: str
    role: Role
    courses: list[str] | None
    learner: str | None
    may_write: bool
    may_execute: bool
    at: float
    expires: float | None
    revoked: float | None
    note: str


class IssuedBody(TokenBody):
    """A new token; `token` is shown this once."""

    token: str


class AuditBody(Body):
    """One act that somebody may have to answer for."""

    id: str
    at: float
    actor: str
    action: str
    subject: str
    detail: str


class DeletedBody(Body):
    """How many records of each kind went."""

    deleted: dict[str, int]


class SuggestionRecordBody(Body):
    """A suggestion and what became of it; `ended` is none while it lives."""

    suggestion: str
    room: str
    about: str
    cause_key: str
    rung: int
    at: float
    ended: str | None
    ended_at: float | None
    learner: str
    placement: str
    text: str
