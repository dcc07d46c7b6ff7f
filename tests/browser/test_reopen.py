"""A notebook that is opened again and again keeps every letter, for the learner, on disk and for a peer."""

from __future__ import annotations

import json
import re
import signal
import time
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext

from tests.support.deadlines import eventually
from tests.support.jupyter import Jupyter, code_cell, running_jupyter
from tests.support.lab import LabNotebook, open_notebook
from tests.support.plain_peer import PlainPeer, plain_peer

CYCLES = 6
"""The stock store was seen to lose text from the third or fourth opening."""

EXIT_LIMIT = 5.0
"""Seconds from SIGTERM to the end of a server with an open page, its kernel included."""

LOOKS = 25
"""Looks that find the same before the history counts as settled: half a second, as `eventually` looks."""

EVICT_SOON = "--YDocExtension.document_cleanup_delay=0.2"

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


def saved(jupyter: Jupyter) -> list[str]:
    """The cells on disk; none while the server is writing the file (it truncates it in place)."""
    with suppress(json.JSONDecodeError):
        return jupyter.read_sources("a.ipynb")
    return []


class TextLostError(AssertionError):
    """Somebody who looks at the notebook sees less than was typed."""


async def type_into_each_opening(context: BrowserContext, jupyter: Jupyter, openings: int = CYCLES) -> None:
    """Open, type, compare, close and wait for the room's end, so many times.

    Raises:
        TextLostError: the texts differ, or the page holds operations that it cannot show.
    """
    jupyter.write_notebook("a.ipynb", code_cell("start = 0", "c1"), code_cell("# é😀\n", "c2"))
    typed = ["start = 0", "# é😀\n"]
    for cycle in range(openings):
        notebook = await open_notebook(context, jupyter, "a.ipynb")
        for index in (0, 1):
            addition = f" o{cycle}"
            await notebook.click_into(index)
            await notebook.page.keyboard.press("Control+End")
            await notebook.type(addition, delay=10)
            typed[index] += addition
        await compare(notebook, jupyter, typed, cycle)
        await notebook.close()
        await eventually(partial(room_has_ended, jupyter, cycle), within=20, what="the room's end")
    assert saved(jupyter) == typed


async def compare(notebook: LabNotebook, jupyter: Jupyter, typed: list[str], cycle: int) -> None:
    """Look at all four places where the text must be."""
    model = await notebook.model()
    if model["pending"]:
        raise TextLostError(f"opening {cycle}: the page parks {model['pending']}")
    if await notebook.sources() != typed:
        raise TextLostError(f"opening {cycle}: the page has {await notebook.sources()}, typed was {typed}")
    try:
        await eventually(lambda: saved(jupyter) == typed)
    except AssertionError as error:
        raise TextLostError(f"opening {cycle}: the disk has {saved(jupyter)}, typed was {typed}") from error
    async with plain_peer(jupyter, "a.ipynb") as peer:
        if peer.sources() != typed or peer.holes():
            raise TextLostError(f"opening {cycle}: a peer has {peer.sources()}, holes of {peer.holes()}")


def room_has_ended(jupyter: Jupyter, cycle: int) -> bool:
    """Whether the server has evicted that opening's room, by its log."""
    return len(re.findall(r"Room json:notebook:\S+ deleted", jupyter.log.read_text())) > cycle


@pytest.mark.proves("learner:reopened-text-whole")
@pytest.mark.parametrize("openings", [3, pytest.param(CYCLES, marks=pytest.mark.soak)])
async def test_text_typed_in_each_of_several_openings_is_whole_everywhere(
    tmp_path: Path, learner_context: BrowserContext, openings: int
) -> None:
    async with running_jupyter(tmp_path, options=[EVICT_SOON]) as jupyter:
        await type_into_each_opening(learner_context, jupyter, openings)


@pytest.mark.soak
@pytest.mark.xfail(
    strict=True,
    raises=TextLostError,
    reason="jupyter-collaboration 5.0.4 keeps a history with a hole (its family: jupyter-collaboration #601,"
    " y-crdt #632); once this passes, upstream has fixed it and our store is no longer needed for it",
)
async def test_the_stock_store_loses_text_in_the_same_openings(tmp_path: Path, learner_context: BrowserContext) -> None:
    async with running_jupyter(tmp_path, stock=True, options=[EVICT_SOON]) as jupyter:
        await type_into_each_opening(learner_context, jupyter)


@pytest.mark.proves("learner:killed-server-recovered", "learner:clean-stop")
@pytest.mark.parametrize("stop_with", [signal.SIGKILL, pytest.param(signal.SIGTERM, marks=pytest.mark.soak)])
async def test_an_open_page_keeps_its_last_letters_over_the_server_s_end(
    tmp_path: Path, learner_context: BrowserContext, stop_with: signal.Signals
) -> None:
    # A save delay that the test cannot reach: all that is typed is unsaved when the server ends.
    async with running_jupyter(tmp_path, options=["--YDocExtension.document_save_delay=60"]) as jupyter:
        jupyter.write_notebook("a.ipynb", code_cell("x = 1", "c1"))
        notebook = await open_notebook(learner_context, jupyter, "a.ipynb")
        async with plain_peer(jupyter, "a.ipynb") as peer:
            await notebook.click_into(0)
            await notebook.page.keyboard.press("Control+End")
            await notebook.type("  # é😀 typed, not saved")
            typed = ["x = 1  # é😀 typed, not saved"]
            await eventually(lambda: peer.sources() == typed)
            # Others see a letter before it is in the history; what is promised is what is in there.
            await eventually(Settled(jupyter), what="the last letter in the server's history")
        assert saved(jupyter) == ["x = 1"]

        began = time.monotonic()
        await jupyter.stop(stop_with)
        assert jupyter.process.returncode == (0 if stop_with == signal.SIGTERM else -signal.SIGKILL)
        assert time.monotonic() - began < EXIT_LIMIT
        await jupyter.restart()

        assert saved(jupyter) == typed
        async with plain_peer(jupyter, "a.ipynb") as peer:
            await eventually(partial(has_rejoined, peer), within=60, what="the page, back in the room")
            assert peer.sources() == typed
        assert await notebook.sources() == typed
        assert (await notebook.model())["pending"] == []
        await notebook.close()


async def stored(jupyter: Jupyter) -> int:
    """How many updates the server has put into its history: what is there survives its death."""
    said = (await jupyter.http.get("api/ltt/learner")).json()["ystore"]
    return int(said["appended"] + said["snapshots"])


class Settled:
    """Whether the server's history has not grown since it was asked for the last time, some letters' time ago."""

    def __init__(self, jupyter: Jupyter) -> None:
        self._jupyter = jupyter
        self._counts: list[int] = []

    async def __call__(self) -> bool:
        self._counts.append(await stored(self._jupyter))
        return len(self._counts) > LOOKS and len(set(self._counts[-LOOKS:])) == 1


def has_rejoined(peer: PlainPeer) -> bool:
    """Whether a page shows itself in the room."""
    return peer.others > 0
