"""Puts a service's classroom together: its courses, its judges, what doors and rooms ask of it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import anyio.to_thread
import structlog

from ltt_collab.access.gatekeeper import Gatekeeper
from ltt_collab.access.school import School
from ltt_collab.adapters.clock import SystemClock
from ltt_collab.adapters.store.stores import Stores
from ltt_collab.classroom.catalogue import Catalogue
from ltt_collab.classroom.clean import CleanChecks, Home
from ltt_collab.classroom.examiner import Examiner
from ltt_collab.classroom.kept_hints import KeptHints
from ltt_collab.classroom.live import KernelLiveJudge, TaskGround
from ltt_collab.classroom.publishing import Publishing
from ltt_collab.classroom.releases import TaughtReleases
from ltt_collab.classroom.teaching import Premises, Records, Teaching
from ltt_collab.curriculum.loader import load_course
from ltt_collab.model.errors import StoreUnavailableError, UnknownRoomError
from ltt_collab.model.ids import RoomId
from ltt_collab.peer.registry import Registry
from ltt_collab.ports.classroom import Classroom, CoursePublishing, TaskAt
from ltt_collab.ports.learning import CourseStore
from ltt_collab.servers import Servers
from ltt_collab.settings import Settings
from ltt_collab.validation.judge import Judge

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Schooling:
    """The parts of a classroom that a service hands on."""

    releases: TaughtReleases
    teaching: Teaching
    publishing: Publishing
    examiner: Examiner
    ground: TaskGround
    kept: KeptHints


async def open_school(
    settings: Settings, stores: Stores, registry: Registry, judge: Judge, servers: Servers
) -> Schooling:
    """The classroom, with every course that was published or is named in the settings.

    Raises:
        CourseError, StoreUnavailableError
    """
    clock = SystemClock()
    for folder in filter(None, settings.course.split(os.pathsep)):
        await take_in(Path(folder), stores.courses, clock.now())
    catalogue = Catalogue(await stores.courses.latest())
    clean = CleanChecks(judge, servers, partial(_home, registry, stores), place=settings.clean_checks)
    examiner = Examiner(catalogue, clean, stores.validations, stores.submissions, clock)
    kept = KeptHints(stores.hints, stores.audit, clock, lambda at: _ladder(catalogue, at))
    await kept.recall()
    premises = Premises(
        directory=registry,
        judge=KernelLiveJudge(judge, servers.kernels, servers.terminals),
        records=Records(validations=stores.validations, progress=stores.progress, submissions=stores.submissions),
        files=servers.files,
        server_of=servers.server_of,
        clock=clock,
        submitted=examiner.hurry,
        ladder=kept.ladder,
        visited=lambda learner: {peer.stamp.room for peer in registry.visited_by(learner)},
    )
    return Schooling(
        releases=TaughtReleases(catalogue, judge.prepare),
        teaching=Teaching(catalogue, premises),
        publishing=Publishing(catalogue, stores.courses, clock, registry.released),
        examiner=examiner,
        ground=TaskGround(catalogue, judge),
        kept=kept,
    )


def _ladder(catalogue: Catalogue, at: TaskAt) -> tuple[str, ...]:
    task = catalogue.find(at)
    return () if task is None else task.hints


def school_door(classroom: Classroom, publishing: CoursePublishing, stores: Stores, gatekeeper: Gatekeeper) -> School:
    """The classroom and its records, for doors."""
    return School(
        classroom=classroom,
        publishing=publishing,
        enrolments=stores.enrolments,
        progress=stores.progress,
        submissions=stores.submissions,
        validations=stores.validations,
        suggestions=stores.suggestions,
        events=stores.events,
        rooms=stores.rooms,
        feedback=stores.feedback,
        audit=stores.audit,
        personal=stores.personal,
        tokens=stores.tokens,
        gatekeeper=gatekeeper,
        clock=SystemClock(),
    )


async def take_in(folder: Path, courses: CourseStore, now: float) -> None:
    """Publish the folder's version, unless a later one was published to the service since the folder last changed."""
    course = await anyio.to_thread.run_sync(load_course, folder)
    published = await courses.published_at(course.id)
    is_known = await courses.version(course.id, course.version) is not None
    if is_known and published is not None and await anyio.to_thread.run_sync(_changed_at, folder) <= published:
        log.info("the course's folder has not changed since it was last published", course=course.id, path=str(folder))
        return
    await courses.publish(course, now)


def _changed_at(path: Path) -> float:
    """When the folder, a link to it, or anything in it was last changed (Unix time in seconds)."""
    folder = path.parent if path.is_file() else path
    return max(each.lstat().st_mtime for each in _within(path, folder))


def _within(path: Path, folder: Path) -> Iterator[Path]:
    yield from (path, folder.resolve())
    yield from folder.resolve().rglob("*")


async def _home(registry: Registry, stores: Stores, room: RoomId) -> Home | None:
    """Where a room's notebook is; where it was, once the room is left."""
    with suppress(UnknownRoomError):
        found = registry.find(room)
        return Home(server=found.server, path=found.path)
    with suppress(StoreUnavailableError):
        record = await stores.rooms.find(room)
        return None if record is None else Home(server=record.server, path=record.path)
    return None
