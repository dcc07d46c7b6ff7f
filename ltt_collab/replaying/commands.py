"""``ltt replay``: straight on the database, whether a service runs or not."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import anyio
import typer

from ltt_collab.adapters.store.stores import Stores
from ltt_collab.command_line import AsJson
from ltt_collab.command_line.stores import service_stores
from ltt_collab.model.edits import BurstEnded, RoomEvent, RunFinished, RunOutcome
from ltt_collab.model.errors import InvalidSettingError
from ltt_collab.ports.store import RoomRecord
from ltt_collab.web.render.feed import Entry, entry_of
from ltt_collab.web.render.text import plain
from ltt_collab.web.replay.recording import Recording, record_of

LONGEST_PAUSE = 5.0
"""Seconds that the timeline waits at most between two lines: a lunch break tells nothing."""


def replay(
    room: Annotated[str, typer.Argument(help="A room's id, or the path of a recorded notebook.")],
    as_json: AsJson = False,
    speed: Annotated[
        float | None, typer.Option(min=1, max=60, help="Let it pass this many times as fast as it was.")
    ] = None,
    session: Annotated[
        int | None, typer.Option(min=1, help="Which session, 1 for the first; by default the latest.")
    ] = None,
    database: Annotated[str | None, typer.Option("--database", help="The database (LTT_DATABASE_URL).")] = None,
) -> None:
    """Print what happened in a recorded notebook, line by line; its learner may have left long ago."""
    anyio.run(_replay, room, session, database, None if as_json else speed, as_json)


async def _replay(room: str, session: int | None, database: str | None, speed: float | None, as_json: bool) -> None:
    async with service_stores(database) as stores:
        record, number, recording = await _recording(stores, room, session)
    lines = [line for event in recording.events if (line := _line(event)) is not None]
    if as_json:
        typer.echo(json.dumps(_as_wire(record, number, recording, lines)))
        return
    first = recording.session.first_at
    began = datetime.fromtimestamp(first).astimezone()
    typer.echo(f"{plain(record.path, 300)}, session {number}, {began:%Y-%m-%d %H:%M}, {len(recording.events)} events")
    if recording.missing:
        typer.echo(f"ltt: {recording.missing} events are missing from the record", err=True)
    last = first
    for line in lines:
        if speed is not None:
            await anyio.sleep(min(max(line.at - last, 0) / speed, LONGEST_PAUSE))
        last = line.at
        typer.echo(_printed(line, first))


async def _recording(stores: Stores, room: str, session: int | None) -> tuple[RoomRecord, int, Recording]:
    record = await stores.rooms.find(room)
    sessions = [] if record is None else await stores.rooms.sessions(record.room)
    if record is None or not sessions:
        raise InvalidSettingError("ROOM", room, "nothing was recorded under that id or path, or its time has come")
    number = session or len(sessions)
    if number > len(sessions):
        raise InvalidSettingError("--session", number, f"there are {len(sessions)}")
    return record, number, await record_of(stores.events, stores.rooms, sessions[number - 1])


def _line(event: RoomEvent) -> Entry | None:
    """What the page's feed says, and also typing and runs, which the page shows in the notebook itself."""
    match event:
        case BurstEnded(cell_id=cell, source=source):
            return Entry(at=event.at, kind="typed", title="Typed", text=source.strip()[-120:], cell=cell, seq=event.seq)
        case RunFinished(outcome=outcome, cell_id=cell) if outcome is not RunOutcome.ERROR:
            return Entry(at=event.at, kind="run", title=f"A run ended: {outcome.value}", cell=cell, seq=event.seq)
        case _:
            return entry_of(event)


def _printed(line: Entry, first: float) -> str:
    seconds = max(int(line.at - first), 0)
    where = f"  [{plain(line.cell, 12)}]" if line.cell else ""
    told = plain(" ".join(line.text.split()), 160)
    time = f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return f"{time}  {line.kind:8}  {plain(line.title, 120)}{where}{'  ' + told if told else ''}"


def _as_wire(record: RoomRecord, number: int, recording: Recording, lines: Sequence[Entry]) -> dict[str, Any]:
    return {
        "room": record.room,
        "path": record.path,
        "learners": list(record.learners),
        "session": number,
        "first_at": recording.session.first_at,
        "last_at": recording.session.last_at,
        "events": len(recording.events),
        "missing": recording.missing,
        "entries": [line.as_wire() for line in lines],
    }
