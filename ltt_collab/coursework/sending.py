"""Sends a course to a running service."""

from __future__ import annotations

from collections.abc import Mapping

from ltt_collab.client import HttpClient
from ltt_collab.coursework.publishing import Published
from ltt_collab.model.courses import Course
from ltt_collab.settings import Settings


async def send(course: Course, files: Mapping[str, bytes], service: str) -> Published:
    """Have the service at that URL teach the course from now on, with the token of the settings.

    Raises:
        CourseError, InvalidSettingError, NotAuthorizedError, ForbiddenError, ServiceError
    """
    settings = Settings.read()
    async with HttpClient(service, settings.api_token) as client:
        said = await client.publish_course(course.id, files)
    where = f"{service.rstrip('/')}/api/v1/courses/{course.id}"
    return Published(where=where, version=str(said["version"]), changed=bool(said["changed"]))
