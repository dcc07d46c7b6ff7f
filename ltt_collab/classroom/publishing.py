"""Takes another version of a course into a running classroom."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from ltt_collab.classroom.catalogue import Catalogue
from ltt_collab.model.courses import Course
from ltt_collab.ports.clock import Clock
from ltt_collab.ports.learning import CourseStore

log = structlog.get_logger(__name__)


class Publishing:
    """Implements ``ports.classroom.CoursePublishing``.

    Invariants:
        1. What is taught is kept first: a restart teaches no older version than learners have seen.
    """

    def __init__(self, catalogue: Catalogue, courses: CourseStore, clock: Clock, released: Callable[[], None]) -> None:
        """``released``: called when something else is taught than before."""
        self._catalogue, self._courses, self._clock, self._released = catalogue, courses, clock, released

    async def publish(self, course: Course) -> bool:
        """Teach this version from now on; False when it was taught already.

        Raises:
            StoreUnavailableError
        """
        changed = await self._courses.publish(course, self._clock.now())  # invariant 1
        self._catalogue.publish(course)
        if changed:
            log.info("course published", course=course.id, version=course.version[:16], tasks=len(course.tasks))
        self._released()
        return changed
