"""A learner's disk is full: they are told, nothing is lost, and it is saved as soon as there is room."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from ltt_collab.model.text import text_fingerprint
from tests.support.deadlines import eventually
from tests.support.jupyter import Jupyter, code_cell
from tests.support.learner import Learner, learner_in
from tests.support.service import running_service

pytestmark = pytest.mark.jupyter

ROOM_ON_DISK = 256 * 1024
"""Bytes that a file of the server may grow to while its disk is "full"; the kernel refuses what is beyond."""

LONG = "# so much data\n" * 20_000
"""More than fits."""


@contextmanager
def full_disk(jupyter: Jupyter) -> Iterator[None]:
    """While it lasts, the server's writes beyond ``ROOM_ON_DISK`` fail, as on a disk or a quota that is used up."""
    server = psutil.Process(jupyter.process.pid)
    endless = resource.RLIM_INFINITY
    server.rlimit(psutil.RLIMIT_FSIZE, (ROOM_ON_DISK, endless))
    try:
        yield
    finally:
        server.rlimit(psutil.RLIMIT_FSIZE, (endless, endless))


def notice_of(ada: Learner) -> str:
    """What the tutor says of saving, '' where it says nothing."""
    said = (note["source"] for note in ada.notes("status"))
    return next((text for text in said if "not being saved" in text), "")


async def told_of(jupyter: Jupyter, ada: Learner) -> bool:
    """Whether the server tells of her text what the canary makes of it here."""
    told = (await jupyter.http.get("api/ltt/texts")).json()["texts"]
    return bool(told == {"a.ipynb": text_fingerprint([("one", ada.source("one"))])})


@pytest.mark.proves("learner-text:unsaved-is-said", "learner-text:canary")
async def test_a_full_disk_is_said_nothing_is_lost_and_all_is_saved_once_there_is_room(
    jupyter: Jupyter, tmp_path: Path
) -> None:
    jupyter.write_notebook("a.ipynb", code_cell("x = 1", "one"))
    quiet = {"LTT_INTRODUCE": "false"}
    async with (
        running_service(jupyter, tmp_path / "service", settings=quiet) as service,
        learner_in(jupyter, "a.ipynb") as ada,
    ):
        await service.room("a.ipynb")
        with full_disk(jupyter):
            ada.paste("one", LONG)
            await eventually(lambda: "disk of your server is full" in notice_of(ada), within=30, what="the notice")
            await ada.type("one", "y = 2")
            assert jupyter.read_sources("a.ipynb") == ["x = 1"], "what was saved before still stands"
            assert ada.source("one") == "x = 1" + LONG + "y = 2"
            await eventually(lambda: told_of(jupyter, ada), what="her letters told, and not the notice among them")

        def saved() -> bool:
            return "x = 1" + LONG + "y = 2" in jupyter.read_sources("a.ipynb")

        await eventually(saved, within=40, what="everything saved, without another letter")
        await eventually(lambda: notice_of(ada) == "", within=10, what="the notice gone")
        assert ada.source("one") == "x = 1" + LONG + "y = 2"
