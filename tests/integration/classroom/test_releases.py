"""A course is published to the running service while learners work: their notebooks get its instructions."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import pytest
import pytest_asyncio

from tests.integration.classroom.conftest import COURSE, Ground
from tests.support.deadlines import eventually
from tests.support.learner import learner_in
from tests.support.service import Service, running_service

pytestmark = [pytest.mark.jupyter, pytest.mark.asyncio(loop_scope="package"), pytest.mark.timeout(120)]

URL = "/api/v1/courses/releases"
NEW = "Read this first: it is *new*."
LETTER, LETTERS = "😀", 20


@pytest_asyncio.fixture(scope="module", loop_scope="package")
async def service(shared: Ground, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Service]:
    home = tmp_path_factory.mktemp("service")
    settings = {"LTT_COURSE": str(copied(home / "course")), "LTT_INTRODUCE": "false", "LTT_CHAT": "off"}
    async with running_service(shared.jupyter, home, settings=settings) as running:
        yield running


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """The demo's course, to be changed."""
    return copied(tmp_path / "course")


def copied(folder: Path) -> Path:
    """The demo's course under another id: what is published here is no matter of other tests."""
    shutil.copytree(COURSE, folder)
    about = folder / "course.yaml"
    about.write_text(about.read_text().replace("id: first-steps", "id: releases"))
    return folder


async def publish(service: Service, source: Path) -> subprocess.CompletedProcess[bytes]:
    """``ltt course publish``, as an author calls it."""
    command = [sys.executable, "-m", "ltt_collab", "course", "publish", str(source), "--service", service.url]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("LTT_")}
    environment["LTT_API_TOKEN"] = service.token
    return await anyio.run_process([*command, "--no-judge", "--json"], env=environment, check=False)


@pytest.mark.proves("course:published-to-a-service", "delivery:task-text-renewed", "delivery:learners-cells-left-alone")
async def test_who_types_in_a_task_sees_its_new_text_and_loses_no_letter(
    ground: Ground, service: Service, source: Path
) -> None:
    path = (await service.http.post(f"{URL}/tasks/strings/start", json={"learner": "ada"})).json()["path"]
    notebook = source / "tasks/strings/notebook.md"
    notebook.write_text(f"{NEW}\n\n```python\nthe_new = 1\n```\n\n{notebook.read_text()}")
    async with learner_in(ground.jupyter, path) as learner:
        await service.room(path)
        before = {cell: learner.source(cell) for cell in learner.ids()}
        work = next(cell for cell in before if "work" in cell)
        typed = 0

        async def type_on() -> None:
            nonlocal typed
            while learner.own_sources()[0] != NEW or typed < LETTERS:
                await learner.type(work, LETTER)
                typed += 1

        with anyio.fail_after(60):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(type_on)
                said = await publish(service, source)
                assert said.returncode == 0, said.stderr.decode()
        published = json.loads(said.stdout)
        assert (published["changed"], published["url"]) == (True, f"{service.url}{URL}")

        kept = [before[cell] if cell != work else before[work] + LETTER * typed for cell in before]
        assert learner.own_sources() == [NEW, "the_new = 1", *kept]
    assert (await service.http.get(f"{URL}/tasks/strings")).json()["text"].startswith("Read this first")


@pytest.mark.proves("delivery:task-text-renewed", "delivery:learners-cells-left-alone")
async def test_a_notebook_that_was_closed_gets_the_new_text_when_it_is_opened(
    ground: Ground, service: Service, source: Path
) -> None:
    """Also in the notebook of who edited a text: that text stays as they have it."""
    path = (await service.http.post(f"{URL}/tasks/lists/start", json={"learner": "ada"})).json()["path"]
    async with learner_in(ground.jupyter, path) as learner:
        await service.room(path)
        texts = [cell for cell in learner.ids() if "text" in cell]
        await learner.type(texts[0], " (I know that.)")
        edited = learner.source(texts[0])
    notebook = source / "tasks/lists/notebook.md"
    notebook.write_text(f"{notebook.read_text().replace('# ', '# All new: ', 1)}\n\nGood luck!\n")
    assert (await publish(service, source)).returncode == 0
    async with learner_in(ground.jupyter, path) as learner:
        await eventually(lambda: learner.own_sources()[-1].endswith("Good luck!"), what="the new text")
        assert learner.own_sources()[0] == edited
