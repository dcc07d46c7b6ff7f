"""Learners' wishes, as an operator may take them back on a learner's behalf."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field

from ltt_collab.api.door import PREFIX, TheDoor, problems
from ltt_collab.model.errors import ForbiddenError
from ltt_collab.model.ids import Username

router = APIRouter(prefix=PREFIX, tags=["learners"])

LONGEST_NAME = 200
"""Characters of a user name; JupyterHub's own limit is 255 bytes, anonymous ones have 32."""


class WelcomeBody(BaseModel):
    """Who may be helped again."""

    username: str = Field(description="The learner.")


@router.post(
    "/learners/{username:path}/welcome",
    summary="Let the tutor come back to a learner who sent it away",
    responses=problems(HTTPStatus.FORBIDDEN, HTTPStatus.UNPROCESSABLE_ENTITY),
)
async def welcome(door: TheDoor, username: Annotated[str, Path(min_length=1, max_length=LONGEST_NAME)]) -> WelcomeBody:
    """Takes effect when the learner opens a notebook the next time. Does nothing for one who did not send it away."""
    if not door.sight.sees(Username(username)):
        raise ForbiddenError(
            f"call the tutor back for {username}", "neither are you that learner nor do you teach them"
        )
    await door.welcome(Username(username))
    return WelcomeBody(username=username)
