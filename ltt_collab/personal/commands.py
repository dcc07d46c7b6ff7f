"""``ltt data export`` and ``ltt data delete``: straight on the database, whether a service runs or not."""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Annotated

import anyio
import typer

from ltt_collab.command_line import WRONG_USE, AsJson
from ltt_collab.command_line.stores import service_stores
from ltt_collab.model.errors import InvalidSettingError
from ltt_collab.model.ids import Username

ACTOR = "command line"
"""Who did it, as the audit says: whoever may run commands where the database is."""

data_app = typer.Typer(help="Export or delete everything that is kept of one learner.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The learner's user name, as GET /api/v1/rooms shows it.")]
Database = Annotated[str | None, typer.Option("--database", help="The database (LTT_DATABASE_URL).")]


@data_app.command("export")
def export_command(
    username: Name,
    to: Annotated[Path | None, typer.Option("--to", help="Write to this new file instead of stdout.")] = None,
    database: Database = None,
) -> None:
    """Write everything under a learner's name as one JSON object: kind to records."""
    if to is None:
        anyio.run(_export, username, database, _print)
        return
    try:
        # For its owner only, and never over something else.
        to.touch(mode=0o600, exist_ok=False)
    except OSError as error:
        raise InvalidSettingError("--to", str(to), f"name a new file ({error.strerror})") from error
    anyio.run(_export_to, username, database, to)
    typer.echo(f"Everything that is kept of {username} is in {to}.", err=True)


@data_app.command("delete")
def delete_command(
    username: Name,
    yes: Annotated[bool, typer.Option("--yes", help="Really; it cannot be undone.")] = False,
    as_json: AsJson = False,
    database: Database = None,
) -> None:
    """Delete everything under a learner's name for good; their notebooks are not ours and stay.

    The recorded events of a room go whole, also where somebody else worked in it. The audit keeps that it happened.
    """
    if not yes:
        typer.echo(
            "ltt: this cannot be undone, nothing was deleted; export first if in doubt, then add --yes", err=True
        )
        raise typer.Exit(WRONG_USE)
    counts = anyio.run(_delete, username, database)
    if as_json:
        typer.echo(json.dumps({"username": username, "deleted": counts}))
    elif not counts:
        typer.echo(f"Nothing is kept of {username}; is the name right?")
    else:
        told = ", ".join(f"{number} {kind.replace('_', ' ')}" for kind, number in counts.items())
        typer.echo(f"Deleted of {username}: {told}.")


async def _print(text: str) -> None:
    typer.echo(text)


async def _export_to(username: str, database: str | None, to: Path) -> None:
    async with await anyio.open_file(to, "w") as file:

        async def write(text: str) -> None:
            await file.write(text + "\n")

        await _export(username, database, write)


async def _export(username: str, database: str | None, write: Callable[[str], Awaitable[None]]) -> None:
    """Write as it is read: a learner's months do not have to fit into memory."""
    async with service_stores(database) as stores:
        kind = ""
        await write("{" + json.dumps("username") + ": " + json.dumps(username))
        async for found, record in stores.personal.export(Username(username), actor=ACTOR, at=time.time()):
            if found == kind:
                await write(", " + json.dumps(record))
            else:
                await write(("], " if kind else ", ") + json.dumps(found) + ": [" + json.dumps(record))
            kind = found
        await write("]}" if kind else "}")


async def _delete(username: str, database: str | None) -> Mapping[str, int]:
    async with service_stores(database) as stores:
        return await stores.personal.delete(Username(username), actor=ACTOR, at=time.time())
