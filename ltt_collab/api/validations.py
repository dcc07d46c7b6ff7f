"""Validations and submissions, as they are remembered."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Query

from ltt_collab.api.door import PREFIX, TheDoor, problems
from ltt_collab.api.school import Limit, Selection, TheSchool
from ltt_collab.api.school_schemas import SubmissionBody, SubmissionLineBody, ValidationBody
from ltt_collab.model.errors import UnknownSubmissionError, UnknownValidationError
from ltt_collab.model.ids import SubmissionId, ValidationId
from ltt_collab.model.validations import ValidationMode

router = APIRouter(prefix=PREFIX, tags=["validations"])

_LIST = problems(HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY)
_ONE = problems(HTTPStatus.NOT_FOUND)

Id = Annotated[str, Path(min_length=1, max_length=200)]


@router.get("/validations", summary="List validations", responses=_LIST)
async def list_validations(
    school: TheSchool,
    selected: Selection,
    mode: Annotated[ValidationMode | None, Query(description="Only of this mode.")] = None,
    after: Annotated[str | None, Query(description="Go on after this validation.")] = None,
    limit: Limit = 100,
) -> list[ValidationBody]:
    """Oldest first. A learner sees their own; who teaches a course names it to see everybody's."""
    found = await school.validations.select(
        selected, mode=mode, after=None if after is None else ValidationId(after), limit=limit
    )
    return [ValidationBody.of(record) for record in found]


@router.get("/validations/{validation_id}", summary="Read a validation", responses=_ONE)
async def read_validation(door: TheDoor, school: TheSchool, validation_id: Id) -> ValidationBody:
    """`state` is `done` once there is a verdict."""
    record = await school.classroom.validation(ValidationId(validation_id))
    if not door.sight.sees(record.learner):
        raise UnknownValidationError(validation_id)
    return ValidationBody.of(record)


@router.get("/submissions", summary="List submissions", responses=_LIST)
async def list_submissions(
    school: TheSchool,
    selected: Selection,
    after: Annotated[str | None, Query(description="Go on after this submission.")] = None,
    limit: Limit = 100,
) -> list[SubmissionLineBody]:
    """Oldest first, without their notebooks."""
    found = await school.submissions.select(selected, after=None if after is None else SubmissionId(after), limit=limit)
    return [SubmissionLineBody.of(record) for record in found]


@router.get("/submissions/{submission_id}", summary="Read a submission", responses=_ONE)
async def read_submission(door: TheDoor, school: TheSchool, submission_id: Id) -> SubmissionBody:
    """With its notebook."""
    record = await school.submissions.get(SubmissionId(submission_id))
    if record is None or not door.sight.sees(record.learner):
        raise UnknownSubmissionError(submission_id)
    return SubmissionBody(**SubmissionLineBody.of(record).model_dump(), notebook=record.notebook)
