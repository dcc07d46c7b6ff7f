"""Handing in, through the whole service: from the learner's room to the verdict, progress and the table of it."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest
import pytest_asyncio

from ltt_collab.classroom.examiner import LEASE
from ltt_collab.demo.kernel import running_kernel
from tests.integration.classroom.conftest import COURSE, Ground
from tests.support.deadlines import eventually
from tests.support.learner import Learner, learner_in
from tests.support.service import Service, running_service

pytestmark = [pytest.mark.jupyter, pytest.mark.asyncio(loop_scope="package"), pytest.mark.timeout(120)]

SETTINGS = {"LTT_COURSE": str(COURSE), "LTT_INTRODUCE": "false", "LTT_CHAT": "off"}
COURSE_URL = "/api/v1/courses/first-steps"
SOLVED = "def initials(name):\n    return ''.join(word[0].upper() for word in name.split())"
FRUIT = 'apples = 3\npears = 4\nprint("Pieces of fruit:", apples + pears)'
ONLY_TWO = "def initials(name):\n    return name[0] + name.split()[1][0]"


@pytest_asyncio.fixture(scope="module", loop_scope="package")
async def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("service")


@pytest_asyncio.fixture(scope="module", loop_scope="package")
async def service(shared: Ground, home: Path) -> AsyncIterator[Service]:
    """One for all tests here: a room has one tutor."""
    async with running_service(shared.jupyter, home, settings=SETTINGS) as running:
        yield running


@asynccontextmanager
async def at_work(ground: Ground, service: Service, task: str) -> AsyncIterator[tuple[Learner, str]]:
    """A learner in a task that was started over the API; they, and their name."""
    started = await service.http.post(f"{COURSE_URL}/tasks/{task}/start", json={"learner": "ada"})
    assert started.status_code == 200, started.text
    path = started.json()["path"]
    async with learner_in(ground.jupyter, path) as learner:
        room = await service.room(path)

        async def known() -> bool:
            return bool((await service.http.get(f"/api/v1/rooms/{room['id']}")).json().get("cells"))

        await eventually(known)
        yield learner, learner.username


async def ask(service: Service, task: str, what: str, learner: str, key: str, **more: str) -> dict[str, Any]:
    """Ask for a submission or a validation, as soon as the service knows who is in the room."""

    async def accepted() -> dict[str, Any] | None:
        body = {"learner": learner, "idempotency_key": key, **more}
        answer = await service.http.post(f"{COURSE_URL}/tasks/{task}/{what}", json=body)
        return dict(answer.json()) if answer.is_success else None

    record = await eventually(accepted, what=f"{what} of {task}")
    assert record is not None
    return dict(record)


async def done(service: Service, validation: str) -> dict[str, Any]:
    """The verdict, waited for."""

    async def look() -> dict[str, Any] | None:
        found = (await service.http.get(f"/api/v1/validations/{validation}")).json()
        return dict(found["verdict"]) if found["state"] == "done" else None

    verdict = await eventually(look, within=40, what=f"the verdict {validation}")
    assert verdict is not None
    return dict(verdict)


async def by_command(notebook: Path, task: str) -> dict[str, Any]:
    """What ``ltt validate`` says about the file."""
    command = [sys.executable, "-m", "ltt_collab", "validate", str(notebook), "--course", str(COURSE)]
    ended = await anyio.run_process([*command, "--task", task, "--json"], check=False)
    assert ended.stdout, ended.stderr.decode()[-2000:]
    return dict(json.loads(ended.stdout))


@pytest.mark.proves("submission:verdict-as-by-command", "submission:progress-and-table")
async def test_a_submission_is_judged_as_by_the_command_and_progress_tells(
    ground: Ground, service: Service, tmp_path: Path
) -> None:
    verdicts = []
    async with at_work(ground, service, "strings") as (learner, name):
        for number, source in enumerate((ONLY_TWO, SOLVED)):
            await learner.replace("strings-work-1", source)
            await seen(service, source)
            handed = await ask(service, "strings", "submissions", name, f"try {number}")
            again = await ask(service, "strings", "submissions", name, f"try {number}")
            assert again["id"] == handed["id"], "a retry is the same submission"
            verdicts.append(await done(service, handed["id"]))
    kept = (await service.http.get(f"/api/v1/submissions/{handed['id']}")).json()["notebook"]
    (tmp_path / "kept.ipynb").write_text(kept)
    told = await by_command(tmp_path / "kept.ipynb", "strings")
    progress = (await service.http.get(f"{COURSE_URL}/progress")).json()
    table = list(csv.DictReader(io.StringIO((await service.http.get(f"{COURSE_URL}/progress.csv")).text)))

    wrong, right = verdicts
    assert (wrong["passed"], wrong["outcome"]) == (False, "failed")
    for key in ("outcome", "passed", "score", "max_score", "first_cause"):
        assert right[key] == told[key]
    assert [(each["name"], each["passed"]) for each in right["checks"]] == [
        (each["name"], each["passed"]) for each in told["checks"]
    ]
    whole = next(each for each in progress if each["learner"] == name and each["check"] == "")
    assert (whole["attempts"], whole["last_passed"], whole["best_score"]) == (2, True, 5.0)
    rows = {row["check"]: row for row in table if row["learner"] == name}
    assert rows[""]["passed"] == "True"
    assert set(rows) == {"", *(each["name"] for each in right["checks"])}


@pytest.mark.proves("submission:by-each-author")
async def test_two_who_share_a_notebook_hand_it_in_each_for_themselves(ground: Ground, service: Service) -> None:
    path = "first-steps/strings/strings.ipynb"
    async with at_work(ground, service, "strings") as (first, ada), learner_in(ground.jupyter, path, "Bob") as second:
        bob = second.username
        assert ada != bob
        await first.replace("strings-work-1", ONLY_TWO)
        await seen(service, ONLY_TWO)
        early = await ask(service, "strings", "submissions", ada, "both 1")
        await done(service, early["id"])
        await second.replace("strings-work-1", SOLVED)
        await seen(service, SOLVED)
        late = await ask(service, "strings", "submissions", bob, "both 1")
        verdict = await done(service, late["id"])
    progress = (await service.http.get(f"{COURSE_URL}/progress?task=strings")).json()
    whole = {each["learner"]: each for each in progress if each["check"] == ""}

    assert late["id"] != early["id"]
    assert (verdict["passed"], whole[ada]["last_passed"], whole[bob]["last_passed"]) == (True, False, True)
    assert (whole[bob]["attempts"], whole[bob]["best_score"]) == (1, 5.0)


async def seen(service: Service, source: str) -> None:
    """Return once a cell of an open notebook reads so at the service."""

    async def look() -> bool:
        answers = [await service.http.get(f"/api/v1/rooms/{room['id']}") for room in await service.rooms()]
        return any(cell["source"] == source for answer in answers for cell in answer.json()["cells"])

    await eventually(look, what="the source at the service")


@pytest.mark.proves("classroom:terminal-task")
async def test_a_terminal_task_is_checked_by_what_a_real_terminal_left(ground: Ground, service: Service) -> None:
    async with (
        at_work(ground, service, "packing") as (_, name),
        running_kernel(ground.address, ground.rest, "first-steps/packing/packing.ipynb"),
    ):
        before = await ask(service, "packing", "validations", name, "before", mode="live")
        terminal = await ground.own_terminals.create()
        folder = ground.jupyter.root / "first-steps" / "packing"
        lines = [f"cd {folder}", "mkdir trip", "cd trip", "printf 'tent\\nlamp\\nsoap\\n' > packing.txt"]
        for line in [*lines, "cp packing.txt copy.txt", "wc -l packing.txt > count.txt"]:
            await ground.own_terminals.write(terminal, f"{line}\r")
        await eventually((folder / "trip" / "count.txt").exists, what="the last command done")
        after = await ask(service, "packing", "validations", name, "after", mode="live")
        handed = await ask(service, "packing", "submissions", name, "handed in")
        verdict = await done(service, handed["id"])
        await ground.own_terminals.close(terminal)

    assert "trip/packing.txt" in before["verdict"]["first_cause"]
    assert after["verdict"]["passed"], after["verdict"]["first_cause"]
    assert (verdict["passed"], [each["skipped"] for each in verdict["checks"]]) == (True, [False] * 4)


@pytest.mark.proves("classroom:plots-and-queries-live")
@pytest.mark.parametrize("task", ["plots", "library"])
async def test_a_plot_and_a_query_are_checked_in_the_learners_own_kernel(
    ground: Ground, service: Service, task: str
) -> None:
    known = next(each for each in ground.course.tasks if each.id == task)
    cells = json.loads(known.notebook)["cells"]
    work = f"{task}-work-1"
    solution = known.reference if task == "plots" else f'query = """\n{known.reference}\n"""\nask(query)'
    path = f"first-steps/{task}/{task}.ipynb"
    async with (
        at_work(ground, service, task) as (learner, name),
        running_kernel(ground.address, ground.rest, path) as kernel,
    ):
        verdicts = []
        for source in ("", solution):
            learner.cell(work)["source"].clear()
            if source:
                learner.cell(work)["source"].insert(0, source)
                await seen(service, solution)
            for cell in cells:
                if cell["cell_type"] == "code":
                    ran = source if cell["id"] == work else cell["source"]
                    _ = [message async for message in kernel.run(ran)]
            asked = await ask(service, task, "validations", name, f"with {source!r}"[:100], mode="live")
            verdicts.append(asked["verdict"])
    assert [verdict["passed"] for verdict in verdicts] == [False, True], verdicts


@pytest.mark.proves("submission:survives-a-restart")
async def test_a_service_that_ends_in_the_midst_of_an_examination_leaves_it_to_the_next(
    ground: Ground, service: Service, home: Path
) -> None:
    slow = f"import time\ntime.sleep(4)\n{FRUIT}"
    kernels = await ground.count_kernels()
    async with at_work(ground, service, "welcome") as (learner, name):
        await learner.replace("welcome-typo", slow)
        await seen(service, slow)
        handed = await ask(service, "welcome", "submissions", name, "slow")

        def under_way() -> bool:
            lines = service.log.read_text().splitlines()
            return any(handed["id"] in line and "examining" in line for line in lines)

        await eventually(under_way, what="the examination under way")

        async def on_the_server() -> bool:
            return await ground.count_kernels() == kernels + 1

        await eventually(on_the_server, what="its kernel on the learner's server")
        assert (await service.http.get(f"/api/v1/validations/{handed['id']}")).json()["state"] == "waiting"
        await service.stop()
        assert await ground.count_kernels() == kernels, "its kernel went with it"
    async with running_service(ground.jupyter, home, settings=SETTINGS) as next_one:
        began = anyio.current_time()
        verdict = await done(next_one, handed["id"])
        took = anyio.current_time() - began
    assert (verdict["passed"], verdict["score"]) == (True, 2.0), verdict
    assert await ground.count_kernels() == kernels
    assert took < LEASE, "it was given back: nobody waited for the lease"
