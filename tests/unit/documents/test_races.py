"""A Yjs learner edits while the writer writes, over wires that deliver late: nothing the learner typed is lost."""

from __future__ import annotations

import random

import anyio
import pytest

from ltt_collab.documents.notebook import NotebookView
from ltt_collab.documents.replica import Replica
from ltt_collab.documents.writer import Writer
from ltt_collab.documents.writer_notes import Note
from ltt_collab.model.errors import LttError
from ltt_collab.model.ids import CellId, RoomId, SuggestionId, Username
from ltt_collab.model.text import source_hash, utf16_length
from tests.support.yjs_peers import YjsPeer, YjsPeers
from tests.unit.documents.scenes import RecordingPresence, SteppedClock

WORDS = ("x = 1\n", "for i in 漢字:", " 😀", "é", "# e\u0301\n", "print(n)", "\n")
TEXT = "Look at line 3: what does `=+` do to **total** 😀, and what did you want it to do?"


class Race:
    """The writer and a Yjs learner; each side's updates stay in order and arrive when the dice say so."""

    def __init__(self, dice: random.Random, learner: YjsPeer) -> None:
        self.dice = dice
        self.learner = learner
        self.to_learner: list[bytes] = []
        self.to_us: list[bytes] = []
        self.replica = Replica(on_local_update=self.to_learner.append)
        self.view = NotebookView(self.replica, RoomId("race"))
        self.clock = SteppedClock()
        self.presence = RecordingPresence()
        self.writer = Writer(
            self.replica, self.view, presence=self.presence, clock=self.clock, author=Username("tutor")
        )
        self.typed = {"a": "total = 0\n", "b": "print('漢字')"}
        self.tokens: list[str] = []
        for index, (cell, source) in enumerate(self.typed.items()):
            learner.ask("addCell", index=index, cell=cell, source=source)
        self.deliver(1.0)
        self.clock.each_sleep = self.step

    def deliver(self, chance: float) -> None:
        self.to_us += self.learner.take_outbox()
        while self.to_us and self.dice.random() <= chance:
            self.replica.apply(self.to_us.pop(0))
        while self.to_learner and self.dice.random() <= chance:
            self.learner.apply(self.to_learner.pop(0))

    def step(self) -> None:
        for _ in range(self.dice.randint(0, 2)):
            self.edit()
        self.deliver(self.dice.choice((0.0, 0.4, 0.8)))

    def edit(self) -> None:
        """The learner does something; what must stand in the end is written down."""
        notes = [cell for cell in self.learner.sources() if cell not in self.typed]
        if notes and self.dice.random() < 0.04:
            cell, token = self.dice.choice(notes), f"<{len(self.tokens)}>"
            self.tokens.append(token)
            end = utf16_length(self.learner.sources()[cell])
            self.learner.ask("insert", cell=cell, index=end, text=token)
            return
        cell = self.dice.choice(list(self.typed))
        text = self.typed[cell]
        at = self.dice.randint(0, len(text))
        if self.dice.random() < 0.3 and at < len(text):
            self.typed[cell] = text[:at] + text[at + 1 :]
            self.learner.ask("erase", cell=cell, index=utf16_length(text[:at]), length=utf16_length(text[at]))
            return
        word = self.dice.choice(WORDS)
        self.typed[cell] = text[:at] + word + text[at:]
        self.learner.ask("insert", cell=cell, index=utf16_length(text[:at]), text=word)

    async def help(self, number: int) -> None:
        """One suggestion from note to removal, perhaps cut short; errors are the writer's right to give up."""
        about = CellId(self.dice.choice(list(self.typed)))
        suggestion = SuggestionId(f"s{number}")
        note = Note(
            suggestion=suggestion, about=about, expected_hash=source_hash(self.view.cell_source(about)), text=TEXT
        )
        with anyio.CancelScope() as scope:
            if self.dice.random() < 0.2:
                self.clock.events.extend([lambda: None] * self.dice.randint(0, 12))
                self.clock.events.append(scope.cancel)
            try:
                cell = await self.writer.write_note(note)
                if self.dice.random() < 0.5:
                    await self.writer.extend_note(cell, "And then 漢字?", 2)
                await self.writer.remove_note(cell, suggestion)
            except LttError:
                pass
        self.clock.events.clear()
        self.step()


@pytest.mark.proves("writer:learner-text-is-sacred")
@pytest.mark.parametrize("seed", range(8))
async def test_the_learners_text_stands_letter_for_letter_whatever_the_writer_did(yjs: YjsPeers, seed: int) -> None:
    dice = random.Random(seed)
    race = Race(dice, yjs.open(f"race-{seed}", dice.randrange(1, 1 << 31)))
    for number in range(6):
        await race.help(number)
    while race.learner.outbox or race.to_us or race.to_learner:
        race.deliver(1.0)
    assert not race.learner.ask("pending")
    theirs = race.learner.sources()
    assert {cell: theirs[cell] for cell in race.typed} == race.typed
    assert theirs == {cell: race.view.cell_source(cell) for cell in race.view.cell_ids()}
    everything = "\n".join(theirs.values())
    assert [token for token in race.tokens if everything.count(token) != 1] == []
    # A note that nobody touched is gone, one that somebody touched is theirs.
    assert [cell for cell in race.view.cell_ids() if race.view.ownership(cell)] == [] or race.tokens
