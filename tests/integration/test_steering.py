"""People steer the AI in a real notebook: the operator's stop, approval, and their own words."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path

import anyio
import pytest
import pytest_asyncio

from tests.support.deadlines import eventually
from tests.support.jupyter import Jupyter, code_cell, running_jupyter
from tests.support.learner import Learner, learner_in
from tests.support.service import Service, running_service

pytestmark = [pytest.mark.jupyter, pytest.mark.asyncio(loop_scope="module")]

QUIET = {"LTT_INTRODUCE": "false"}
WRONG = "total = 10\nprint(totl)"

_numbers = count(1)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def jupyter(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Jupyter]:
    async with running_jupyter(tmp_path_factory.mktemp("jupyter")) as server:
        yield server


@pytest.fixture
def path(jupyter: Jupyter) -> str:
    """A notebook that no other test knows."""
    name = f"steered-{next(_numbers)}.ipynb"
    jupyter.write_notebook(name, code_cell("", "first"), code_cell("print(2)", "second"))
    return name


async def ltt(service: Service, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command line against the running service."""
    environment = {**os.environ, "LTT_SERVICE_URL": service.url, "LTT_API_TOKEN": service.token}
    command = [sys.executable, "-m", "ltt_collab", *arguments]
    done = await anyio.run_process(command, check=False, env=environment)
    return subprocess.CompletedProcess(command, done.returncode, done.stdout.decode(), done.stderr.decode())


async def errs(ada: Learner, cell: str = "first") -> None:
    await ada.replace(cell, WRONG)
    await ada.run(cell)


def whispers(ada: Learner) -> list[str]:
    return [str(note["source"]) for note in ada.notes("whisper")]


async def decided(service: Service, room: str, words: str) -> bool:
    decisions = (await service.http.get(f"/api/v1/rooms/{room}/decisions")).json()
    return any(words in each["because"] or words in each["decision"] for each in decisions)


@pytest.mark.proves("steering:one-command-stops")
async def test_one_command_ends_all_writing_over_a_restart_and_one_lets_it_write_again(
    jupyter: Jupyter, path: str, tmp_path: Path
) -> None:
    async with learner_in(jupyter, path) as ada:
        async with running_service(jupyter, tmp_path, settings=QUIET) as service:
            room = (await service.room(path))["id"]
            assert (await ltt(service, "stop", "--reason", "exam")).returncode == 0
            await errs(ada)
            await eventually(lambda: decided(service, room, "the AI was paused here"), what="the pause recorded")
        async with running_service(jupyter, tmp_path, settings=QUIET) as service:
            room = (await service.room(path))["id"]
            await errs(ada)
            await eventually(lambda: decided(service, room, "the AI was paused here"), what="the pause kept")
            assert ada.notes() == []
            wrong = await ltt(service, "resume", "--course", "basics")
            assert (wrong.returncode, "was not stopped" in wrong.stderr) == (1, True)
            assert (await ltt(service, "resume")).returncode == 0
            await errs(ada)
            await ada.sees_note(about="first")


@pytest.mark.proves("steering:one-command-stops")
async def test_a_paused_ai_still_takes_away_what_is_no_longer_true(jupyter: Jupyter, path: str, tmp_path: Path) -> None:
    async with running_service(jupyter, tmp_path, settings=QUIET) as service, learner_in(jupyter, path) as ada:
        await service.room(path)
        await errs(ada)
        await ada.sees_note(about="first")
        assert (await service.http.post("/api/v1/steering/orders", json={"order": "pause"})).status_code == 200
        await ada.replace("first", "print(1)")
        await ada.run("first")
        await ada.sees_no_note()


@pytest.mark.proves("steering:approve")
async def test_a_hint_waits_for_its_approval_and_goes_when_the_cell_changes(
    jupyter: Jupyter, path: str, tmp_path: Path
) -> None:
    async with running_service(jupyter, tmp_path, settings=QUIET) as service, learner_in(jupyter, path) as ada:
        await service.room(path)
        order = {"order": "approve"}
        assert (await service.http.post("/api/v1/steering/orders", json=order)).status_code == 200

        async def held() -> list[dict[str, str]]:
            return list((await service.http.get("/api/v1/steering/held")).json())

        await errs(ada)
        await eventually(held, what="a hint held")
        assert ada.notes() == []
        await ada.type("first", "\n# thinking")

        async def none_held() -> bool:
            return await held() == []

        await eventually(none_held, what="the hint about other code gone")
        await ada.run("first")
        waiting = (await eventually(held, what="a hint held anew"))[0]
        url = f"/api/v1/steering/held/{waiting['suggestion']}/approve"
        assert (await service.http.post(url, json={"text": "Compare both names."})).json()["answer"] == "shown"
        note = await ada.sees_note(about="first")
        assert "Compare both names." in note["source"]


@pytest.mark.proves("steering:whisper")
async def test_an_instructors_words_stand_below_the_cell_with_their_name_and_stay(
    jupyter: Jupyter, path: str, tmp_path: Path
) -> None:
    async with running_service(jupyter, tmp_path, settings=QUIET) as service, learner_in(jupyter, path) as ada:
        room = (await service.room(path))["id"]
        asked = {"name": "Prof. Noether", "role": "instructor"}
        token = (await service.http.post("/api/v1/tokens", json=asked)).json()["token"]
        said = await service.http.post(
            f"/api/v1/rooms/{room}/whispers",
            json={"text": "You are close.", "cell_id": "first"},
            headers={"authorization": f"Bearer {token}"},
        )
        assert said.json()["answer"] == "shown"
        await eventually(lambda: "**Prof. Noether:** You are close." in whispers(ada), what="the whisper")
        await ada.replace("first", "print(1)")
        await ada.run("first")
        await ada.replace("first", "print(2)")
        await ada.run("first")
        assert "**Prof. Noether:** You are close." in whispers(ada)


@pytest.mark.proves("access:issued-tokens")
async def test_an_operator_issues_lists_and_revokes_a_token_from_the_command_line(
    jupyter: Jupyter, path: str, tmp_path: Path
) -> None:
    async with running_service(jupyter, tmp_path, settings=QUIET) as service, learner_in(jupyter, path) as ada:
        await service.room(path)
        issued = await ltt(service, "token", "issue", ada.username, "--role", "learner", "--json")
        token = json.loads(issued.stdout)
        mine = {"authorization": f"Bearer {token['token']}"}
        rooms = (await service.http.get("/api/v1/rooms", headers=mine)).json()
        assert [room["path"] for room in rooms] == [path]
        listed = await ltt(service, "token", "list")
        assert token["id"] in listed.stdout
        assert token["token"] not in listed.stdout + service.log.read_text()
        assert (await ltt(service, "token", "revoke", token["id"])).returncode == 0
        twice = await ltt(service, "token", "revoke", token["id"])
        assert (twice.returncode, "ltt token list" in twice.stderr or "no token" in twice.stderr) == (1, True)
        assert (await service.http.get("/api/v1/rooms", headers=mine)).status_code == 401


@pytest.mark.proves("rollout:a-share-of-a-course")
async def test_who_is_not_in_the_rollout_yet_gets_nothing_and_gets_help_once_they_are(
    jupyter: Jupyter, path: str, tmp_path: Path
) -> None:
    async with learner_in(jupyter, path) as ada:
        async with running_service(jupyter, tmp_path, settings=QUIET | {"LTT_ROLLOUT": "python=1, *=0"}) as service:
            room = (await service.room(path))["id"]
            await errs(ada)
            await eventually(
                lambda: decided(service, room, "has not come to this learner"), what="the silence recorded"
            )
            assert ada.notes() == []
        async with running_service(jupyter, tmp_path, settings=QUIET | {"LTT_ROLLOUT": "*=1"}) as service:
            await service.room(path)
            await errs(ada)
            await ada.sees_note(about="first")
