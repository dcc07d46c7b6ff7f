"""What the operator does: tokens, the audit, a learner's data; and what everybody may ask of help that was given."""

from __future__ import annotations

import dataclasses
import json
import secrets
from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Body, Path, Query
from starlette.responses import Response, StreamingResponse

from ltt_collab.access.gatekeeper import digest_of
from ltt_collab.api.door import PREFIX, TheDoor, expect_operator, problems
from ltt_collab.api.people_schemas import (
    AuditBody,
    DeletedBody,
    IssuedBody,
    SuggestionRecordBody,
    TokenBody,
    TokenRequestBody,
)
from ltt_collab.api.school import Limit, TheSchool, learner_meant
from ltt_collab.model.errors import UnknownTokenError
from ltt_collab.model.identity import Principal
from ltt_collab.model.ids import CourseId, Username
from ltt_collab.ports.identity import TokenRecord
from ltt_collab.ports.privacy import AuditEntry

router = APIRouter(prefix=PREFIX, tags=["operations"])

_OPERATOR = problems(HTTPStatus.FORBIDDEN, HTTPStatus.UNPROCESSABLE_ENTITY)
_GONE = problems(HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND)

DAY = 86_400.0
TOKEN_BYTES = 24

Id = Annotated[str, Path(min_length=1, max_length=200)]


@router.post("/tokens", summary="Issue a token", responses=_OPERATOR)
async def issue_token(door: TheDoor, school: TheSchool, asked: Annotated[TokenRequestBody, Body()]) -> IssuedBody:
    """The answer holds the token, this once: only its digest is kept."""
    expect_operator(door, "issue tokens")
    token, now = secrets.token_urlsafe(TOKEN_BYTES), school.clock.now()
    principal = Principal(
        name=Username(asked.name),
        role=asked.role,
        courses=None if asked.courses is None else frozenset(CourseId(course) for course in asked.courses),
        learner=None if asked.learner is None else Username(asked.learner),
        may_write=asked.may_write,
        may_execute=asked.may_execute,
    )
    record = TokenRecord(
        id=f"k-{secrets.token_hex(6)}",
        digest=digest_of(token),
        principal=principal,
        at=now,
        expires=None if asked.days is None else now + asked.days * DAY,
        note=asked.note,
    )
    await school.tokens.save(record)
    await _note(school, "token.issued", asked.name, f"{asked.role} {record.id}")
    return IssuedBody(**_told(record).model_dump(), token=token)


@router.get("/tokens", summary="List issued tokens", responses=_OPERATOR)
async def list_tokens(door: TheDoor, school: TheSchool) -> list[TokenBody]:
    """Oldest first, revoked ones too."""
    expect_operator(door, "list tokens")
    return [_told(record) for record in await school.tokens.select()]


@router.delete("/tokens/{token_id}", summary="Revoke a token", responses=_GONE)
async def revoke_token(door: TheDoor, school: TheSchool, token_id: Id) -> None:
    """It opens nothing new within seconds."""
    expect_operator(door, "revoke tokens")
    if not await school.tokens.revoke(token_id, school.clock.now()):
        raise UnknownTokenError(token_id)
    school.gatekeeper.forget()
    await _note(school, "token.revoked", token_id, "")


@router.get("/audit", summary="Read the audit", responses=_OPERATOR)
async def read_audit(
    door: TheDoor,
    school: TheSchool,
    subject: Annotated[str | None, Query(description="Only acts on this one.")] = None,
    actor: Annotated[str | None, Query(description="Only acts by this one.")] = None,
    after: Annotated[str | None, Query(description="Go on after this entry.")] = None,
    limit: Limit = 100,
) -> list[AuditBody]:
    """Oldest first."""
    expect_operator(door, "read the audit")
    found = await school.audit.select(subject=subject, actor=actor, after=after, limit=limit)
    return [AuditBody(**dataclasses.asdict(entry)) for entry in found]


@router.get(
    "/learners/{username:path}/data",
    summary="Export everything about a learner",
    response_class=Response,
    responses={
        200: {
            "description": "One JSON object a line: `kind` and `record`.",
            "content": {"application/x-ndjson": {"schema": {"type": "string"}}},
        },
        **_OPERATOR,
    },
)
async def export_data(door: TheDoor, school: TheSchool, username: Id) -> Response:
    """Everything that is kept under that name; the audit notes it."""
    expect_operator(door, "export a learner's data")
    records = school.personal.export(Username(username), actor=door.sight.principal.name, at=school.clock.now())

    async def lines() -> AsyncIterator[bytes]:
        async for kind, record in records:
            yield json.dumps({"kind": kind, "record": record}).encode() + b"\n"

    return StreamingResponse(lines(), media_type="application/x-ndjson")


@router.delete("/learners/{username:path}/data", summary="Delete everything about a learner", responses=_OPERATOR)
async def delete_data(door: TheDoor, school: TheSchool, username: Id) -> DeletedBody:
    """For good; the audit keeps that it happened. Notebooks on the learner's server are not ours and stay."""
    expect_operator(door, "delete a learner's data")
    deleted = await school.personal.delete(Username(username), actor=door.sight.principal.name, at=school.clock.now())
    return DeletedBody(deleted=dict(deleted))


@router.get("/learners/{username:path}/suggestions", summary="What help a learner had", responses=_OPERATOR)
async def list_suggestions(door: TheDoor, school: TheSchool, username: Id) -> list[SuggestionRecordBody]:
    """Oldest first, with what became of each."""
    learner = learner_meant(door, username)
    names = SuggestionRecordBody.model_fields
    return [
        SuggestionRecordBody(**{name: value for name, value in dataclasses.asdict(record).items() if name in names})
        for record in await school.suggestions.of_learner(learner)
    ]


async def _note(school: TheSchool, action: str, subject: str, detail: str) -> None:
    await school.audit.append(
        AuditEntry(
            id=secrets.token_hex(8),
            at=school.clock.now(),
            actor="service",
            action=action,
            subject=subject,
            detail=detail,
        )
    )


def _told(record: TokenRecord) -> TokenBody:
    principal = record.principal
    return TokenBody(
        id=record.id,
        name=principal.name,
        role=principal.role,
        courses=None if principal.courses is None else sorted(principal.courses),
        learner=principal.learner,
        may_write=principal.may_write,
        may_execute=principal.may_execute,
        at=record.at,
        expires=record.expires,
        revoked=record.revoked,
        note=record.note,
    )
