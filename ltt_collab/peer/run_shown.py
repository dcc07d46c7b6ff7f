"""One run as a cell of the agent's own shows it: cut to a bearable size, and without a task's solution."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from html import unescape
from typing import Any, assert_never

import anyio

from ltt_collab.model.cells import CellRole, Notebook
from ltt_collab.model.errors import LeakError, NotOursError, UnknownCellError
from ltt_collab.model.ids import CellId, Seq, Username
from ltt_collab.model.pictures import RASTER
from ltt_collab.peer.agent_leaks import Wish
from ltt_collab.peer.editing import page_of
from ltt_collab.peer.page import Page
from ltt_collab.peer.room import RoomPeer
from ltt_collab.ports.kernels import Begun, Displayed, Finished, KernelOutput, Printed, Raised

SHOWN_CHARACTERS = 1_000_000
"""Of one run, pictures in base64: it goes to every browser in the room, and into the file."""

GUARDED_CHARACTERS = 4_000
"""Of text, in a notebook with tasks: to look for a solution takes some 20 ms for each 1,000 characters, three times."""

OTHERS_CHARACTERS = GUARDED_CHARACTERS // 2
"""Of what the agent's other cells show, the last: a solution in pieces is printed by one cell after the other."""

REST = 10
"""Times as long as a look took until the next one: outputs that come meanwhile are shown with the later ones."""

ERROR_CHARACTERS = 500
"""Of an error that is shown beyond the cap."""

HTML = "text/html"
_TAGS = re.compile(r"<style[^<]*</style>|<[^<>]*>")  # takes time as the text is long, whatever is in it

MARK = "\n[more than {most:,} characters of output: the rest is not shown here]\n"

WITHHELD = "[the output of this run was withheld: it gives away the solution of the task]\n"

GOODBYE = 2.0
"""Seconds that the end of a run waits for its room to be up; then ``CutOffRuns`` sees to it once it is."""

LOOK_EVERY = 0.05


class ShownRun:
    """Shows a run; a cell that is gone or taken over shows no more of it.

    Invariants:
        1. No more than ``SHOWN_CHARACTERS`` of a run are shown, then a mark, and an error in short.
        2. In a notebook with tasks no output is shown before its text, together with all that this agent shows there,
           was found to give no solution away; one that does takes all of the run's outputs away.
        3. What came while the room was away is shown once it is back: a connection that was lost takes no output along.
    """

    def __init__(self, peer: RoomPeer, cell: CellId, by: Username) -> None:
        self._peer, self._cell, self._by = peer, cell, by
        self._page: Page | None = None
        self._shown: list[dict[str, Any]] = []
        self._count: int | None = None
        self._is_lost = self._is_full = self._is_guarded = False
        self._left = self._left_of_text = SHOWN_CHARACTERS
        self._waiting: list[dict[str, Any]] = []
        self._text: list[str] = []
        self._next_look = 0.0
        self.has_leaked = False

    async def begin(self) -> None:
        """Clear its outputs and show it as running.

        Raises:
            UnknownCellError, NotOursError
        """
        page = self._page = page_of(self._peer)
        await page.writer.agents.begin_run(self._cell, self._by)
        self._peer.cut_off_runs.hold(self._cell)
        if self._peer.around.checker is not None:
            notebook = page.view.snapshot(Seq(0))
            self._is_guarded = any(cell.task is not None for cell in notebook.cells)
        if self._is_guarded:
            self._left_of_text = GUARDED_CHARACTERS

    async def add(self, output: KernelOutput) -> None:
        """Show an output."""
        if isinstance(output, Finished):
            self._count = output.execution_count or None  # 0: our runs are not counted, the learner's numbers stay
        content = _as_nbformat(output)
        if content is None:
            return
        self._waiting += self._within_cap(content)
        if not self._is_guarded or time.monotonic() >= self._next_look:
            await self._show()

    async def end(self) -> None:
        """Show that it is over, also when cancelled: its cell must not show it as running for ever."""
        clock = self._peer.around.clock
        try:
            with anyio.move_on_after(GOODBYE, shield=True):
                while not await self._show():
                    await clock.sleep(LOOK_EVERY)
                if self._page is not None and not self._is_lost:
                    await self._page.writer.agents.end_run(self._cell, self._by, self._count)
        finally:
            self._peer.cut_off_runs.release(self._cell)

    async def _show(self) -> bool:
        """Show what waits; False while nothing can be shown (invariant 3)."""
        page = self._peer.page
        if page is None or page.provider is None or self._peer.why_unwritable() is not None:
            return False
        if self._is_lost:
            return True
        try:
            await self._show_on(page)
        except (UnknownCellError, NotOursError):
            self._is_lost = page is self._peer.page  # else it was the page that went
        return page is self._peer.page

    async def _show_on(self, page: Page) -> None:
        outputs = [] if self.has_leaked else self._waiting
        is_anew = page is not self._page
        if outputs and self._is_guarded and not await self._is_fit(page, outputs):  # invariant 2
            self.has_leaked = is_anew = True
            self._shown, outputs = [], [{"output_type": "stream", "name": "stderr", "text": WITHHELD}]
        self._shown += outputs
        self._waiting = []
        if is_anew:  # of what an earlier page sent nobody knows how much came
            await page.writer.agents.begin_run(self._cell, self._by)
            self._page, outputs = page, self._shown
        if outputs:
            await page.writer.agents.show_outputs(self._cell, self._by, outputs)

    async def _is_fit(self, page: Page, outputs: list[dict[str, Any]]) -> bool:
        """Whether all that the cell would show gives nothing away."""
        began = time.monotonic()
        self._text += [text for text in map(_text_of, outputs) if text]
        said = "".join(self._text)
        others = self._other_outputs(page)[-OTHERS_CHARACTERS:]
        try:
            for text in dict.fromkeys((said, f"{others}\n{said}" if others else said)):
                wish = Wish(author=self._by, text=text, place=self._cell)
                await self._peer.leaks.look_ahead(self._peer, page, wish)
                self._peer.leaks.expect_none(self._peer, page, wish)
        except LeakError:
            return False
        now = time.monotonic()
        self._next_look = now + REST * (now - began)
        return True

    def _other_outputs(self, page: Page) -> str:
        """What the agent's other cells show."""
        notebook: Notebook = page.view.snapshot(Seq(0))
        texts: list[str] = []
        for cell in notebook.cells:
            mark = cell.ownership
            own = mark is not None and mark.role is CellRole.PROPOSAL and mark.author == self._by
            if own and cell.id != self._cell:
                texts += [output.text for output in cell.outputs]
        return "\n".join(filter(None, texts))

    def _within_cap(self, content: dict[str, Any]) -> list[dict[str, Any]]:
        """As much of an output as may be shown (invariant 1)."""
        if self._is_full:
            return [_short(content)] if content["output_type"] == "error" else []
        text = len(_text_of(content))
        size = _size_of(content)
        if text <= self._left_of_text and size <= self._left:
            self._left_of_text -= text
            self._left -= size
            return [content]
        self._is_full = True
        most = GUARDED_CHARACTERS if self._is_guarded and text > self._left_of_text else SHOWN_CHARACTERS
        mark = {"output_type": "stream", "name": "stderr", "text": MARK.format(most=most)}
        match content["output_type"]:
            case "stream":
                return [{**content, "text": content["text"][: min(self._left, self._left_of_text)]}, mark]
            case "error":
                return [mark, _short(content)]
            case _:
                return [mark]


def _short(error: dict[str, Any]) -> dict[str, Any]:
    return {**error, "evalue": error["evalue"][:ERROR_CHARACTERS], "traceback": []}


def _text_of(content: Mapping[str, Any]) -> str:
    """All that a person could read of an output."""
    match content["output_type"]:
        case "stream":
            return str(content["text"])
        case "error":
            return "\n".join([content["ename"], content["evalue"], *content["traceback"]])
        case _:
            texts = {kind: text for kind, text in content["data"].items() if kind not in RASTER}
            if HTML in texts:
                texts[HTML] = unescape(_TAGS.sub("", texts[HTML]))
            return "\n".join(texts.values())


def _size_of(content: Mapping[str, Any]) -> int:
    """Characters of an output as it travels."""
    return sum(map(len, content["data"].values())) if "data" in content else len(_text_of(content))


def _as_nbformat(output: KernelOutput) -> dict[str, Any] | None:
    match output:
        case Printed(stream=stream, text=text):
            return {"output_type": "stream", "name": stream, "text": text}
        case Displayed(data=data, is_result=True):
            return {"output_type": "execute_result", "data": dict(data), "metadata": {}, "execution_count": None}
        case Displayed(data=data):
            return {"output_type": "display_data", "data": dict(data), "metadata": {}}
        case Raised(name=name, value=value, traceback=traceback):
            return {"output_type": "error", "ename": name, "evalue": value, "traceback": list(traceback)}
        case Begun() | Finished():
            return None
        case _:
            assert_never(output)
