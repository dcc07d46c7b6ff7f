"""`ltt demo`: everything starts, is described, and ends without a trace."""

from __future__ import annotations

import re
import shlex
import signal
import socket
import sys
import time
from pathlib import Path

import httpx
import pytest

from ltt_collab.lab import server
from ltt_collab.lab.errors import LabError
from tests.support.deadlines import eventually
from tests.support.demo import Demo, started_demo

pytestmark = pytest.mark.jupyter

TASKS = (
    "welcome", "strings", "lists", "dictionaries", "loops", "functions", "tables", "plots", "library", "packing",
)  # fmt: skip
COURSE = [f"first-steps/{task}/{task}.ipynb" for task in TASKS]
"""Where a task lies that is started over the API, too."""
KEYS = {"jupyter_url", "token", "service_url", "api_token", "root", "notebooks", "pid", "wall_url", "learn_url"}


@pytest.mark.proves("demo:one-line-when-ready", "demo:nothing-left")
async def test_it_says_in_one_line_what_runs_and_an_interrupt_leaves_nothing(tmp_path: Path) -> None:
    with started_demo(tmp_path, "--json", "--no-browser") as demo:
        ready = await demo.ready()
        assert set(ready) == KEYS
        assert ready["notebooks"] == COURSE
        assert ready["pid"] == demo.process.pid
        assert all((Path(ready["root"]) / name).is_file() for name in ready["notebooks"])

        jupyter = httpx.AsyncClient(
            base_url=ready["jupyter_url"], headers={"Authorization": f"token {ready['token']}"}, timeout=20
        )
        service = httpx.AsyncClient(
            base_url=ready["service_url"], headers={"Authorization": f"Bearer {ready['api_token']}"}
        )
        async with jupyter, service:
            assert (await service.get("api/v1/ready")).status_code == httpx.codes.OK
            assert (await service.get("api/v1/rooms")).json() == []
            for name in COURSE[:2]:
                body = {"path": name, "name": name, "type": "notebook", "kernel": {"name": "python3"}}
                assert (await jupyter.post("api/sessions", json=body)).status_code == httpx.codes.CREATED
            assert (await jupyter.post("api/terminals")).is_success
        await eventually(lambda: sum("ipykernel" in found for found in demo.processes()) == 2, what="two kernels")

        assert await demo.interrupted() == 0
        assert demo.leftovers() == []
        assert len(demo.out.splitlines()) == 1
        assert "Traceback" not in demo.err


@pytest.mark.proves("demo:nothing-left")
async def test_a_ctrl_c_before_it_is_ready_leaves_nothing_either(tmp_path: Path) -> None:
    with started_demo(tmp_path, "--json", "--no-browser") as demo:
        await eventually(lambda: any("jupyterlab" in found for found in demo.processes()), within=30)
        assert await demo.interrupted() == 130
        assert demo.leftovers() == []
        assert demo.out == ""
        assert "Traceback" not in demo.err


@pytest.mark.proves("demo:root-kept")
@pytest.mark.soak
async def test_a_root_is_kept_and_none_of_its_files_is_overwritten(tmp_path: Path) -> None:
    root, seen = tmp_path / "mine", tmp_path / "seen"
    (root / COURSE[1]).parent.mkdir(parents=True)
    (root / COURSE[1]).write_text("my own")
    program = f"import pathlib, sys; pathlib.Path({str(seen)!r}).write_text(sys.argv[1])"
    browser = f"{shlex.quote(sys.executable)} -c {shlex.quote(program)} %s"
    with started_demo(tmp_path, "--json", "--root", str(root), environment={"DISPLAY": ":9", "BROWSER": browser}) as it:
        ready = await it.ready()
        assert ready["root"] == str(root)
        opened = f"{ready['jupyter_url']}lab/tree/{COURSE[0]}?token={ready['token']}"
        await eventually(lambda: seen.exists() and seen.read_text() == opened, what="the welcome in the browser")
        assert await it.interrupted(signal.SIGTERM) == 0
        assert it.leftovers() == []
    assert (root / COURSE[1]).read_text() == "my own"
    assert sorted(str(path.relative_to(root)) for path in root.rglob("*.ipynb")) == sorted(COURSE)


async def test_a_port_in_use_is_said_before_anything_starts(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with started_demo(tmp_path, "--json", "--no-browser", "--port", str(port)) as demo:
            assert await demo.ended(within=30) == 2
    assert f"--port={port}" in demo.err
    assert "in use" in demo.err
    assert "Traceback" not in demo.err
    assert demo.out == ""
    assert demo.leftovers() == []


async def test_a_jupyterlab_that_dies_ends_the_demo_with_the_reason(tmp_path: Path) -> None:
    with started_demo(tmp_path, "--json", "--no-browser") as demo:
        await demo.ready()
        demo.end_jupyterlab()
        assert await demo.ended() == 1
        assert "JupyterLab ended with exit code -9" in demo.err
        assert "Traceback" not in demo.err
        assert demo.leftovers() == []


async def the_wall_shows(words: str, demo: Demo) -> None:
    """Come in by the printed link, and wait until a learner's card says that: a hint, as it is shown."""

    def link() -> str:
        found = re.search(r"The instructor's wall \(works once\): (\S+)", demo.out)
        return found.group(1) if found else ""

    address = httpx.URL(str(await eventually(link, within=40, what="the link to the wall")))
    async with httpx.AsyncClient(follow_redirects=True, timeout=10) as http:
        await http.get(address)

        async def shown() -> bool:
            return words in (await http.get(address.join("/wall"))).text

        await eventually(shown, within=40, what=f"{words} on the wall")


@pytest.mark.proves("demo:scripted-story", "demo:story-on-the-wall")
@pytest.mark.alone
async def test_the_story_is_told_within_forty_seconds(tmp_path: Path) -> None:
    began = time.monotonic()
    with started_demo(tmp_path, "--scripted") as demo:
        await the_wall_shows("1 shown", demo)
        assert await demo.ended(within=60) == 0, demo.err
        took = time.monotonic() - began
        assert demo.leftovers() == []
    steps = ["Ada     runs it", "NameError", "Tutor   marks line 3", "Tutor   is done", "**Line 3**", "puts it right"]
    steps += ["kernel  Total: 12", "Tutor   takes its note away", "disk    holds Ada's cell"]
    places = [demo.out.find(step) for step in steps]
    assert -1 not in places, demo.out
    assert places == sorted(places)
    assert took < 40


@pytest.mark.proves("demo:scripted-story")
@pytest.mark.soak
async def test_a_story_whose_help_does_not_come_fails_and_says_at_which_step(tmp_path: Path) -> None:
    with started_demo(tmp_path, "--scripted", environment={"LTT_HINTS_PER_HOUR": "0"}) as demo:
        assert await demo.ended(within=60) == 1
        assert demo.leftovers() == []
    assert "'the tutor points at the line' did not happen within" in demo.err
    assert "Traceback" not in demo.err


def test_a_missing_jupyterlab_is_named_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "find_spec", lambda module: None if module == "jupyter_server_ydoc" else object())
    with pytest.raises(LabError, match=r"jupyter-collaboration .*pip install 'ltt-collab\[demo\]'"):
        server.require_packages()
