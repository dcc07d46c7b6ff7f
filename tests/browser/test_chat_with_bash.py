"""A Bash notebook: its runs are seen, the tutor points and talks there, and the rules of Python keep still."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import BrowserContext

from tests.browser.test_chat_in_lab import SETTINGS, open_chat, tutor_in_chat
from tests.support.deadlines import eventually
from tests.support.jupyter import Jupyter, code_cell, notebook_json
from tests.support.lab import open_notebook
from tests.support.service import Service, running_service

pytestmark = [pytest.mark.browser, pytest.mark.jupyter]

SOURCE = "name=world\nnosuchcommand $name\nfalse"
LINE = 2


def install_bash(home: Path) -> None:
    """Offer the Bash kernel on the server that keeps its data there."""
    spec = home / "data" / "kernels" / "bash"
    spec.mkdir(parents=True)
    command = [sys.executable, "-m", "bash_kernel", "-f", "{connection_file}"]
    (spec / "kernel.json").write_text(json.dumps({"argv": command, "display_name": "Bash", "language": "bash"}))


def bash_notebook(*cells: dict[str, Any]) -> str:
    notebook: dict[str, Any] = json.loads(notebook_json(cells))
    notebook["metadata"] = {
        "kernelspec": {"display_name": "Bash", "language": "bash", "name": "bash"},
        "language_info": {"name": "bash"},
    }
    return json.dumps(notebook)


async def failed_run(service: Service, room: str) -> dict[str, Any]:
    """The first cell as the service has it, once its run has failed."""

    async def failed() -> dict[str, Any] | None:
        cells: list[dict[str, Any]] = (await service.http.get(f"/api/v1/rooms/{room}")).json()["cells"]
        has_error = any(output["type"] == "error" for output in cells[0]["outputs"])
        return dict(cells[0]) if has_error and not cells[0]["running"] else None

    cell = await eventually(failed, within=15, what="the failed run")
    assert cell is not None
    return dict(cell)


@pytest.mark.proves("chat:other-languages")
@pytest.mark.soak
async def test_in_a_bash_notebook_runs_pointing_and_chat_work_and_python_rules_keep_still(
    jupyter: Jupyter, learner_context: BrowserContext, tmp_path: Path
) -> None:
    install_bash(tmp_path)
    (jupyter.root / "lesson.ipynb").write_text(bash_notebook(code_cell(SOURCE, "first"), code_cell("", "second")))
    (jupyter.root / "lesson.chat").write_text("")
    async with running_service(jupyter, tmp_path / "service", settings=SETTINGS) as service:
        lab = await open_notebook(learner_context, jupyter, "lesson.ipynb")
        room = (await service.room("lesson.ipynb"))["id"]
        await lab.click_into(0)
        await lab.run()
        cell = await failed_run(service, room)
        assert "nosuchcommand" in json.dumps(cell["outputs"])
        assert (await service.http.get(f"/api/v1/rooms/{room}")).json()["language"] == "bash"

        draft = {"cell_id": "first", "expected_hash": cell["hash"], "placement": "pointer", "text": "", "rung": 1}
        draft |= {"line": LINE, "idempotency_key": "line 2"}
        answer = await service.http.post(f"/api/v1/rooms/{room}/suggestions", json=draft)
        assert answer.json().get("status") == "shown" or answer.status_code < 300, answer.text
        await lab.page.locator(".jp-remote-selection").first.wait_for(timeout=5_000)

        chat = await open_chat(lab, "lesson.chat")
        await tutor_in_chat(lab)
        await chat.send("Why does this fail?")
        assert "Python" not in await chat.answer(after=1)
        assert await lab.owned_cells() == []
        assert (await lab.sources())[0] == SOURCE
