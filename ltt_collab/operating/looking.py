"""``ltt why``: what the running service decided, and the reason."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import anyio
import typer

from ltt_collab.command_line import AsJson
from ltt_collab.operating.door import running_service_client

if TYPE_CHECKING:
    from ltt_collab.ports.directory import Decision


def why(
    room: Annotated[str, typer.Argument(help="A room's id, or the path of a notebook that is open.")],
    as_json: AsJson = False,
) -> None:
    """Say why help was or was not given in a room of the running service (LTT_SERVICE_URL, LTT_API_TOKEN)."""
    decisions = anyio.run(_decisions, room)
    if as_json:
        typer.echo(json.dumps({"decisions": [asdict(decision) for decision in decisions]}))
        return
    for decision in decisions:
        where = f"cell {decision.about}" if decision.about else "the room"
        typer.echo(f"{decision.at:.1f}  {where}: {decision.decision}, because {decision.because}")


async def _decisions(room: str) -> list[Decision]:
    async with running_service_client() as client:
        return list(await (await client.room(room)).decisions())
