"""A notebook and somebody who types in it, made once and sent to every room."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

from pycrdt import Array, Doc, Map, Text, TransactionEvent

LEARNER_CLIENT = 101
SERVER_CLIENT = 55

SEED = 20
"""The same notebook and the same keystrokes in every run."""

PHRASE = 30
"""Keystrokes in a row in one place, as people type; then another cell."""

SOURCE = "".join(f"value_{line} = compute({line}, scale=0.5)  # step {line}\n" for line in range(6))
"""A cell of 290 characters: 50 of them make a state of 21 KB, as a course's notebook has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Typing:
    """``state``: the notebook as an update; ``updates``: one keystroke each, to be applied in order."""

    state: bytes
    updates: tuple[bytes, ...]


def make_typing(cells: int, keystrokes: int) -> Typing:
    """A notebook of so many cells and so many keystrokes in it, one in ten a Backspace.

    Each update is what JupyterLab 4.6 sends: the letter, and the document's dirty mark.
    """
    doc: Doc[Any] = Doc(client_id=SERVER_CLIENT)
    shared: Array[Any] = doc.get("cells", type=Array)
    status: Map[Any] = doc.get("state", type=Map)
    with doc.transaction():
        status["path"] = "course.ipynb"
        shared.extend([_cell(index) for index in range(cells)])
    state = doc.get_update()
    learner: Doc[Any] = Doc(client_id=LEARNER_CLIENT)
    learner.apply_update(state)
    updates: list[bytes] = []

    def keep(event: TransactionEvent) -> None:
        updates.append(event.update)

    subscription = learner.observe(keep)
    _type(learner, keystrokes)
    learner.unobserve(subscription)
    return Typing(state=state, updates=tuple(updates))


def _type(doc: Doc[Any], keystrokes: int) -> None:
    rng = random.Random(SEED)
    cells: Array[Any] = doc.get("cells", type=Array)
    status: Map[Any] = doc.get("state", type=Map)
    text: Text = cells[0]["source"]
    at = 0
    for stroke in range(keystrokes):
        if stroke % PHRASE == 0:
            text = cells[rng.randrange(len(cells))]["source"]
            at = rng.randint(0, len(text))
        with doc.transaction():
            if at > 0 and rng.random() < 0.1:
                at -= 1
                del text[at : at + 1]
            else:
                text.insert(at, rng.choice("abcdefgh =()\n"))
                at += 1
            status["dirty"] = True


def _cell(index: int) -> Map[Any]:
    fields: dict[str, Any] = {
        "id": f"5deb7561-d770-4dfe-8b6a-{index:012d}",
        "cell_type": "code",
        "source": Text(SOURCE),
        "metadata": Map({"trusted": True}),
        "execution_state": "idle",
        "execution_count": None,
        "outputs": Array([]),
    }
    return Map(fields)
