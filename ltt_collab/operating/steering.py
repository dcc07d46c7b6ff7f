"""``ltt stop``, ``ltt resume`` and ``ltt welcome``: whether the AI may write."""

from __future__ import annotations

from typing import Annotated

import anyio
import typer

from ltt_collab.command_line import FAILED
from ltt_collab.operating.door import running_service_client

_Course = Annotated[str | None, typer.Option("--course", help="Only in this course.")]
_Learner = Annotated[str | None, typer.Option("--learner", help="Only for this learner.")]


def stop(
    course: _Course = None,
    learner: _Learner = None,
    reason: Annotated[str, typer.Option(help="Why, for the audit.")] = "",
) -> None:
    """End all writing of the AI within seconds: everywhere, in a course, or for a learner."""
    anyio.run(_stop, course, learner, reason)
    typer.echo(f"The AI writes nothing any more {_where(course, learner)}; 'ltt resume' with the same options ends it.")


def resume(course: _Course = None, learner: _Learner = None) -> None:
    """Let the AI write again where 'ltt stop' with the same options ended it."""
    if not anyio.run(_resume, course, learner):
        typer.echo(f"ltt: the AI was not stopped {_where(course, learner)}; give the options of that stop", err=True)
        raise typer.Exit(FAILED)
    typer.echo(f"The AI may write again {_where(course, learner)}.")


def welcome(
    username: Annotated[str, typer.Argument(help="The learner's user name, as GET /api/v1/rooms shows it.")],
) -> None:
    """Let the tutor come back to a learner who sent it away, from the next notebook they open."""
    anyio.run(_welcome, username)
    typer.echo(f"The tutor may come back to {username}, when they open a notebook the next time.")


def _where(course: str | None, learner: str | None) -> str:
    named = [f"in course {course!r}" if course else "", f"for learner {learner!r}" if learner else ""]
    return " ".join(filter(None, named)) or "anywhere"


async def _stop(course: str | None, learner: str | None, reason: str) -> None:
    async with running_service_client() as client:
        await client.stop_ai(course=course, learner=learner, reason=reason)


async def _resume(course: str | None, learner: str | None) -> bool:
    async with running_service_client() as client:
        return await client.resume_ai(course=course, learner=learner)


async def _welcome(username: str) -> None:
    async with running_service_client() as client:
        await client.welcome(username)
