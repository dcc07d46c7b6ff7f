"""Whatever several people do at once, the events make of the first notebook the last one."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from pycrdt import Array, Map, Text, merge_updates

from tests.unit.edits.session import Browser, Session, code_cell, error, markdown_cell, stream

LETTERS = ["a", "b", "\n", "é", "漢", "😀", "x = 1", "👩‍🚀", "\t"]
STEPS = 60

Act = Callable[[random.Random, Browser], None]


class Crowd:
    """Browsers that act concurrently: what they send reaches the room late, one by one or merged."""

    def __init__(self, session: Session, rng: random.Random) -> None:
        self.session = session
        self.rng = rng
        self.waiting: list[tuple[Browser, bytes]] = []
        for browser in session.browsers:
            browser.send = partial(self._keep, browser)

    def _keep(self, browser: Browser, update: bytes) -> None:
        self.waiting.append((browser, update))

    def deliver(self) -> None:
        """Hand on what waits: each sender's in order, ours checked after each."""
        waiting, self.waiting = self.waiting, []
        if len(waiting) > 1 and self.rng.random() < 0.2:
            merged = merge_updates(*(update for _, update in waiting))
            self.session.relay(None, merged)
            self.session.replica.apply(merged)
            self.session.check()
            return
        for browser, update in waiting:
            self.session.relay(browser, update)
            self.session.check()


def pick_cell(rng: random.Random, browser: Browser) -> tuple[int, Map[Any]] | None:
    """Any cell that is one."""
    if len(browser.cells) == 0:
        return None
    index = rng.randrange(len(browser.cells))
    return index, browser.cells[index]


def boundary(rng: random.Random, text: Text) -> int:
    """A byte offset between two characters."""
    source = str(text)
    return len(source[: rng.randint(0, len(source))].encode())


def edit(rng: random.Random, browser: Browser) -> None:
    """Type or delete in a few places within one transaction."""
    picked = pick_cell(rng, browser)
    if picked is None:
        return
    text = picked[1]["source"]
    with browser.transaction():
        for _ in range(rng.choice([1, 1, 1, 3])):
            start, stop = sorted((boundary(rng, text), boundary(rng, text)))
            if rng.random() < 0.3 and stop > start:
                del text[start:stop]
            else:
                text.insert(start, rng.choice(LETTERS))


def type_on(rng: random.Random, browser: Browser) -> None:
    """Type some letters in a row as JupyterLab sends them, now and then something else in the same transaction."""
    picked = pick_cell(rng, browser)
    if picked is None:
        return
    text = picked[1]["source"]
    at = boundary(rng, text)
    for _ in range(rng.randint(2, 8)):
        letter = rng.choice("abcde (\n") if rng.random() < 0.9 else rng.choice(LETTERS)
        with browser.transaction() as cells:
            text.insert(at, letter)
            at += len(letter.encode())
            browser.state["dirty"] = True
            if rng.random() < 0.1:
                other = cells[rng.randrange(len(cells))]["source"]
                other.insert(boundary(rng, other), "z")
                return
            if rng.random() < 0.1 and at < len(text) and str(text).isascii():
                del text[at : at + 1]


def any_cell(rng: random.Random, cell_id: str, source: str) -> Map[Any]:
    """A cell of either type."""
    return code_cell(cell_id, source) if rng.random() < 0.5 else markdown_cell(cell_id, source)


def add_cell(rng: random.Random, browser: Browser) -> None:
    """Insert one or two cells."""
    with browser.transaction() as cells:
        for _ in range(rng.choice([1, 2])):
            cells.insert(rng.randint(0, len(cells)), any_cell(rng, f"n{rng.getrandbits(40):x}", rng.choice(LETTERS)))


def drop_cell(rng: random.Random, browser: Browser) -> None:
    """Remove a cell."""
    picked = pick_cell(rng, browser)
    if picked is not None:
        with browser.transaction() as cells:
            del cells[picked[0]]


def move_cell(rng: random.Random, browser: Browser) -> None:
    """Move cells as JupyterLab does: delete, insert a clone; sometimes the clone has another type."""
    with browser.transaction() as cells:
        for _ in range(rng.choice([1, 1, 2])):
            picked = pick_cell(rng, browser)
            if picked is None:
                return
            index, cell = picked
            clone = any_cell(rng, str(cell["id"]), str(cell["source"]))
            del cells[index]
            cells.insert(rng.choice([index, rng.randint(0, len(cells))]), clone)


def run(rng: random.Random, browser: Browser) -> None:
    """Begin, feed or end a run."""
    picked = pick_cell(rng, browser)
    if picked is None or picked[1]["cell_type"] != "code":
        return
    cell = picked[1]
    outputs: Array[Any] = cell["outputs"]
    with browser.transaction():
        match rng.randrange(6):
            case 0:
                outputs.clear()
                cell["execution_count"] = None
                cell["execution_state"] = "running"
            case 1:
                outputs.append(rng.choice([stream("0%"), error("E", "v", "\x1b[31mE\x1b[0m")]))
            case 2:
                cell["execution_state"] = "idle"
                cell["execution_count"] = rng.choice([rng.randint(1, 99), None])
            case 3:
                outputs.clear()
                outputs.append(stream("again"))
            case _:
                rewrite_stream(rng, outputs)


def rewrite_stream(rng: random.Random, outputs: Array[Any]) -> None:
    """Let a stream grow, or a progress bar go back."""
    for output in outputs:
        if output["output_type"] == "stream":
            text = output["text"]
            if rng.random() < 0.3:
                text.clear()
            text.insert(len(text), rng.choice(LETTERS))
            return


def tag(rng: random.Random, browser: Browser) -> None:
    """Change metadata."""
    picked = pick_cell(rng, browser)
    if picked is not None:
        with browser.transaction():
            picked[1]["metadata"]["tags"] = rng.sample(["a", "b", "c"], 2)


def write_ours(rng: random.Random, session: Session) -> None:
    """Let our own writer change the notebook."""
    with session.replica.writing() as doc:
        cells: Array[Any] = doc.get("cells", type=Array)
        if rng.random() < 0.5 or len(cells) == 0:
            cells.insert(rng.randint(0, len(cells)), markdown_cell(f"h{rng.getrandbits(40):x}", "hint"))
        else:
            text = cells[rng.randrange(len(cells))]["source"]
            text.insert(boundary(rng, text), rng.choice(LETTERS))
    session.check()


ACTS: list[Act] = [edit, edit, type_on, type_on, type_on, add_cell, drop_cell, move_cell, run, run, run, tag]


@pytest.mark.proves("edits:events-rebuild-the-notebook")
@pytest.mark.parametrize("seed", range(25))
def test_events_of_a_crowd_rebuild_the_notebook(seed: int) -> None:
    rng = random.Random(seed)
    session = Session(code_cell("a", "x = 1\n"), code_cell("b", "é😀x"), markdown_cell("c", "# T"), code_cell("d"))
    crowd = Crowd(session, rng)
    for _ in range(STEPS):
        rng.choice(ACTS)(rng, rng.choice(session.browsers))
        if rng.random() < 0.5:
            crowd.deliver()
        if rng.random() < 0.1:
            write_ours(rng, session)
        if rng.random() < 0.1:
            session.replica.hibernate()
        session.clock += rng.random()
    crowd.deliver()
    assert session.decoder.faults == 0
    assert len(session.events) > STEPS // 3
