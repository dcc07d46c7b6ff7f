"""A course is published to the running service by who teaches it, and whole or not at all."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from anyio import to_thread
from pydantic import SecretStr

from ltt_collab.adapters.clock import SystemClock
from ltt_collab.adapters.store.memory import memory_stores
from ltt_collab.api.middleware import BODY_LIMIT, COURSE_LIMIT
from ltt_collab.client import HttpClient
from ltt_collab.curriculum.folder import Folder
from ltt_collab.curriculum.loader import load_course
from ltt_collab.model.errors import CourseError, ForbiddenError, NotAuthorizedError
from ltt_collab.model.identity import Principal, Role
from ltt_collab.model.ids import CourseId, Username
from ltt_collab.ports.privacy import AuditEntry
from ltt_collab.schooling import take_in
from tests.support.courses import NOTEBOOK, TASK_YAML, write_course
from tests.support.directory import MemoryDirectory
from tests.support.door import TOKEN, RunningService, running_service
from tests.unit.api.school import HandSchool
from tests.unit.api.test_access import Tokens, bearer

URL = "/api/v1/courses/basics"
BASICS = CourseId("basics")
PEOPLE = Tokens(
    Principal(name=Username("ada"), role=Role.LEARNER),
    Principal(name=Username("prof"), role=Role.INSTRUCTOR, courses=frozenset({BASICS})),
    Principal(name=Username("other"), role=Role.INSTRUCTOR, courses=frozenset({CourseId("sql")})),
    Principal(name=Username("reader"), role=Role.INSTRUCTOR, courses=frozenset({BASICS}), may_write=False),
)


@pytest.fixture
def school() -> HandSchool:
    return HandSchool(MemoryDirectory())


@pytest.fixture
def files(tmp_path: Path) -> dict[str, bytes]:
    """A course's files."""
    return dict(Folder(write_course(tmp_path / "source")).files)


def body(files: Mapping[str, bytes]) -> dict[str, Any]:
    return {"files": {path: base64.b64encode(content).decode() for path, content in files.items()}}


async def entries(school: HandSchool) -> list[AuditEntry]:
    return [each for each in await school.stores.audit.select() if each.action == "course.published"]


@pytest.mark.proves("course:published-to-a-service")
async def test_the_next_answer_is_the_new_version_and_rooms_are_told(
    school: HandSchool, files: dict[str, bytes]
) -> None:
    text = NOTEBOOK.replace("Write a function", "Please write a function").encode()
    async with (
        running_service(school.directory, others=[PEOPLE], school=school.open) as service,
        HttpClient(service.url, SecretStr(TOKEN)) as client,
    ):
        said = await client.publish_course("basics", files)
        again = await client.publish_course("basics", files)
        later = await client.publish_course("basics", {**files, "tasks/mean/notebook.md": text})
        task = (await service.http.get(f"{URL}/tasks/mean")).json()
        course = (await service.http.get(URL)).json()

    assert (said["changed"], again["changed"], later["changed"]) == (True, False, True)
    assert "Please write a function" in task["text"]
    assert course["version"] == later["version"] != said["version"]
    assert [each.version for each in await school.stores.courses.latest()] == [later["version"]]
    assert len(school.released) == 3
    assert [each.actor for each in await entries(school)] == ["service", "service"]


@pytest.mark.proves("course:published-to-a-service")
async def test_only_who_teaches_the_course_publishes_it(school: HandSchool, files: dict[str, bytes]) -> None:
    async with running_service(school.directory, others=[PEOPLE], school=school.open) as service:
        answers = {
            name: (await service.http.put(URL, json=body(files), headers=bearer(name))).status_code
            for name in ("ada", "other", "reader", "nobody", "prof")
        }
    assert answers == {"ada": 403, "other": 403, "reader": 403, "nobody": 401, "prof": 200}
    assert [each.actor for each in await entries(school)] == ["prof"]


BROKEN = {
    "an unknown key": ({"tasks/mean/task.yaml": (TASK_YAML + "pionts: 3\n").encode()}, "task.yaml:17", "pionts"),
    "another course's id": (
        {"course.yaml": b"id: sql\ntitle: SQL\ntasks: [mean]\n"},
        "course.yaml",
        "sent as 'basics'",
    ),
    "a path out of the folder": ({"../../etc/passwd": b"x"}, "../../etc/passwd", "leads out"),
    "a path in disguise": ({"tasks//mean/x.csv": b"x"}, "tasks//mean/x.csv", "as it is written"),
    "a file of bytes": ({"tasks/mean/reference.py": b"\xff\xfe"}, "reference.py", "UTF-8"),
}


@pytest.mark.proves("course:published-to-a-service", "course:nothing-outside-is-read")
@pytest.mark.parametrize("fault", BROKEN)
async def test_a_broken_course_changes_nothing_and_the_refusal_names_the_file(
    school: HandSchool, files: dict[str, bytes], fault: str
) -> None:
    damage, file, reason = BROKEN[fault]
    async with (
        running_service(school.directory, school=school.open) as service,
        HttpClient(service.url, SecretStr(TOKEN)) as client,
    ):
        before = (await service.http.get(URL)).json()
        with pytest.raises(CourseError) as refused:
            await client.publish_course("basics", {**files, **damage})
        assert (await service.http.get(URL)).json() == before
    assert file in str(refused.value)
    assert reason in str(refused.value)
    assert await school.stores.courses.latest() == []


async def sent(service: RunningService, name: str, size: int) -> int:
    content = b'{"files": {"a": "' + b"A" * size + b'"}}'
    headers = {**bearer(name), "content-type": "application/json"}
    return (await service.http.put(URL, content=content, headers=headers)).status_code


async def test_a_course_may_be_larger_than_other_bodies_but_only_of_who_may_publish(school: HandSchool) -> None:
    async with running_service(school.directory, others=[PEOPLE], school=school.open) as service:
        answers = [await sent(service, "ada", BODY_LIMIT), await sent(service, "prof", BODY_LIMIT)]
        assert answers == [413, 400], "the instructor's is read, and then is no course"
        told = {"content-length": str(COURSE_LIMIT + 1), **bearer("prof")}
        async with httpx.AsyncClient(transport=httpx.ASGITransport(service.app), base_url="http://here") as direct:
            assert (await direct.put(URL, content=b"", headers=told)).status_code == 413


async def test_the_clients_errors_are_those_of_the_service(school: HandSchool, files: dict[str, bytes]) -> None:
    async with running_service(school.directory, others=[PEOPLE], school=school.open) as service:
        async with HttpClient(service.url, SecretStr("wrong")) as client:
            with pytest.raises(NotAuthorizedError):
                await client.publish_course("basics", files)
        async with HttpClient(service.url, SecretStr("token-of-other")) as client:
            with pytest.raises(ForbiddenError, match="you do not teach it"):
                await client.publish_course("basics", files)


@pytest.mark.proves("course:folder-does-not-undo")
async def test_a_restart_takes_the_folders_version_only_if_it_changed_since(tmp_path: Path) -> None:
    source, clock = write_course(tmp_path / "source"), SystemClock()
    courses = memory_stores().courses
    old = await to_thread.run_sync(load_course, source)
    await take_in(source, courses, clock.now())
    (source / "tasks/mean/task.yaml").write_text(TASK_YAML.replace("The mean", "Averages"))
    new = await to_thread.run_sync(load_course, source)
    (source / "tasks/mean/task.yaml").write_text(TASK_YAML)
    await courses.publish(new, clock.now() + 60)
    await take_in(source, courses, clock.now() + 120)
    assert [each.version for each in await courses.latest()] == [new.version]

    await courses.publish(new, 0.0)
    await courses.publish(old, 0.0)
    await courses.publish(new, 1.0)
    await take_in(source, courses, clock.now())
    assert [each.version for each in await courses.latest()] == [old.version], "the folder is the later one"
