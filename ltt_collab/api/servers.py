"""Where learners' servers say that they have come up."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Body
from pydantic import BaseModel, ConfigDict, Field

from ltt_collab.api.door import PREFIX, TheDoor, problems
from ltt_collab.model.errors import ForbiddenError
from ltt_collab.model.ids import Username

router = APIRouter(prefix=PREFIX, tags=["servers"])

LONGEST_NAME = 255
"""Characters of a user's or a server's name, as JupyterHub limits them."""


class AnnouncementBody(BaseModel):
    """Which server has come up. There is no address in it: where a server is, only the hub is asked."""

    model_config = ConfigDict(extra="forbid")

    server_name: str = Field("", max_length=LONGEST_NAME, description="A named server's name; empty for the default.")
    username: str | None = Field(
        None, min_length=1, max_length=LONGEST_NAME, description="Whose it is; by default yours."
    )


@router.post(
    "/servers/announce",
    status_code=HTTPStatus.ACCEPTED,
    summary="Say that a learner's server has come up",
    responses=problems(HTTPStatus.FORBIDDEN, HTTPStatus.UNPROCESSABLE_ENTITY),
)
async def announce(door: TheDoor, announced: Annotated[AnnouncementBody, Body()]) -> AnnouncementBody:
    """The hub is asked about it at once; a server that it does not know of is never connected to."""
    who = door.sight.principal
    owner = who.name if announced.username is None else Username(announced.username)
    if owner != who.name and not who.is_service:
        raise ForbiddenError(f"announce a server of {owner}", "that is the owner's or the operator's")
    door.announce(owner, announced.server_name)
    return AnnouncementBody(server_name=announced.server_name, username=owner)
