"""``ltt token issue|list|revoke``: who may come in."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Annotated, Any

import anyio
import typer
from rich.console import Console
from rich.table import Column, Table

from ltt_collab.command_line import AsJson
from ltt_collab.model.identity import Role
from ltt_collab.operating.door import running_service_client

token_app = typer.Typer(
    help="Tokens of learners, instructors and agents (LTT_SERVICE_URL, LTT_API_TOKEN: the operator's).",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


@token_app.command()
def issue(  # noqa: PLR0913, PLR0917 - one an option
    name: Annotated[str, typer.Argument(help="Whose it is: a user name, or a name for an agent.")],
    role: Annotated[Role, typer.Option(help="What they may see and do.")],
    course: Annotated[list[str] | None, typer.Option(help="A course of theirs; again for more; none: all.")] = None,
    learner: Annotated[str | None, typer.Option(help="The one learner that an agent helps.")] = None,
    read_only: Annotated[bool, typer.Option("--read-only", help="They may propose and write nothing.")] = False,
    execute: Annotated[bool, typer.Option("--execute", help="They may run code in a learner's kernel.")] = False,
    days: Annotated[float | None, typer.Option(help="How long it is good; none: until it is revoked.")] = None,
    as_json: AsJson = False,
) -> None:
    """Issue a token and print it, this once: only its digest is kept."""
    asked = {
        "name": name,
        "role": role.value,
        "courses": course or None,
        "learner": learner,
        "may_write": not read_only,
        "may_execute": execute or role in {Role.LEARNER, Role.INSTRUCTOR},
        "days": days,
    }
    issued = anyio.run(_issue, asked)
    typer.echo(json.dumps(issued) if as_json else issued["token"])


@token_app.command(name="list")
def list_tokens(as_json: AsJson = False) -> None:
    """Show every issued token, without the tokens themselves."""
    found = anyio.run(_list)
    if as_json:
        typer.echo(json.dumps(found))
        return
    # Whole however narrow the terminal is: it is what 'ltt token revoke' wants.
    table = Table(Column("id", no_wrap=True, min_width=14), "name", "role", "courses", "learner", "issued", "state")
    for each in found:
        courses = "all" if each["courses"] is None else ", ".join(each["courses"])
        row = (each["id"], each["name"], each["role"], courses, each["learner"] or "", _day(each["at"]), _state(each))
        table.add_row(*row)
    Console().print(table)


@token_app.command()
def revoke(token: Annotated[str, typer.Argument(help="The token's id, as 'ltt token list' shows it.")]) -> None:
    """End a token: it opens nothing new within seconds."""
    anyio.run(_revoke, token)
    typer.echo(f"Token {token} is revoked.")


async def _issue(asked: dict[str, Any]) -> dict[str, Any]:
    async with running_service_client() as client:
        return dict(await client.issue_token(asked))


async def _list() -> list[dict[str, Any]]:
    async with running_service_client() as client:
        return [dict(each) for each in await client.tokens()]


async def _revoke(token: str) -> None:
    async with running_service_client() as client:
        await client.revoke_token(token)


def _day(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d")


def _state(each: dict[str, Any]) -> str:
    if each["revoked"] is not None:
        return "revoked"
    return "good" if each["expires"] is None else f"until {_day(each['expires'])}"
