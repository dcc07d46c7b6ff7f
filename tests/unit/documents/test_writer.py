"""What the writer writes, and when it does not."""

from __future__ import annotations

import re

import anyio
import pytest

from ltt_collab.documents.writer_notes import Note, Removal
from ltt_collab.documents.writer_typing import PATIENCE
from ltt_collab.model.cells import CellRole
from ltt_collab.model.errors import CellOccupiedError, ConflictError, NotOursError, UnknownCellError
from ltt_collab.model.ids import CellId, SuggestionId
from ltt_collab.model.presence import Activity, Selection
from ltt_collab.model.text import source_hash
from tests.unit.documents.scenes import FIRST, SECOND, SOURCE, SUGGESTION, TEXT, Scene


@pytest.fixture
def scene() -> Scene:
    return Scene()


def learner_text_stands(scene: Scene) -> bool:
    return scene.learner.view.cell_source(FIRST) == SOURCE == scene.view.cell_source(FIRST)


@pytest.mark.proves("writer:note-live-then-rendered")
async def test_a_note_grows_by_whole_words_and_then_arrives_whole(scene: Scene) -> None:
    scene.watch_frames()
    began = scene.clock.monotonic()
    cell = await scene.writer.write_note(scene.note())
    assert scene.clock.monotonic() - began <= 1.5
    assert scene.view.cell_ids() == [FIRST, cell, SECOND]
    assert scene.view.cell_source(cell) == TEXT
    growing = list(dict.fromkeys(scene.frames))
    assert len(growing) >= 10
    assert all(TEXT.startswith(frame) and TEXT[len(frame) :][:1] in {"", " "} for frame in growing)
    scene.deliver()
    assert scene.learner.sources() == [SOURCE, TEXT, "print(total)"]


@pytest.mark.proves("writer:cursor-where-it-writes")
async def test_the_caret_stands_at_the_end_of_what_is_written_and_leaves(scene: Scene) -> None:
    shown: list[Selection | None] = []

    def look() -> None:
        cell = scene.our_cell()
        caret = scene.view.selection_of(scene.presence.cursors[-1])
        end = len(scene.view.cell_source(cell))
        shown.append(caret)
        assert caret == Selection(cell_id=cell, anchor=end, head=end)

    scene.clock.each_sleep = look
    await scene.writer.write_note(scene.note("Schau 😀 漢字 an: e\u0301 zählt"))
    assert len(shown) >= 5
    assert scene.presence.cursors[-1] == []
    assert scene.presence.activities == [Activity.TYPING, Activity.IDLE]


async def test_our_cell_says_whose_it_is_and_why(scene: Scene) -> None:
    cell = await scene.writer.write_note(scene.note())
    assert re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", cell)
    mark = scene.ownership()
    assert (mark.role, mark.suggestion, mark.about, mark.rung) == (CellRole.HINT, SUGGESTION, FIRST, 1)
    assert mark.author == "tutor"
    assert scene.view.cell(cell).type == "markdown"


@pytest.mark.proves("writer:precondition")
async def test_a_note_about_a_changed_cell_is_a_conflict_and_writes_nothing(scene: Scene) -> None:
    note = scene.note()
    scene.learner.type(FIRST, 3, "x")
    scene.deliver()
    with pytest.raises(ConflictError) as raised:
        await scene.writer.write_note(note)
    assert raised.value.actual_hash == scene.view.cell_hash(FIRST)
    assert scene.sent == []
    assert scene.presence.activities == []


async def test_a_note_about_a_cell_that_is_gone_writes_nothing(scene: Scene) -> None:
    note = scene.note()
    scene.learner.delete_cell(FIRST)
    scene.deliver()
    with pytest.raises(UnknownCellError):
        await scene.writer.write_note(note)
    assert scene.sent == []


@pytest.mark.proves("writer:withdraws-half-notes")
@pytest.mark.parametrize("after", [1, 5, 12])
async def test_deleting_the_learners_cell_takes_the_half_written_note_away(scene: Scene, after: int) -> None:
    scene.act(after, lambda: scene.learner.delete_cell(FIRST))
    with pytest.raises(ConflictError):
        await scene.writer.write_note(scene.note())
    scene.deliver()
    assert scene.learner.sources() == ["print(total)"]
    assert scene.presence.cursors[-1] == []


@pytest.mark.proves("writer:withdraws-half-notes")
async def test_moving_the_learners_cell_takes_the_half_written_note_away(scene: Scene) -> None:
    scene.act(4, lambda: scene.learner.move_cell(FIRST, 2))
    with pytest.raises(ConflictError):
        await scene.writer.write_note(scene.note())
    scene.deliver()
    assert scene.learner.sources() == ["print(total)", SOURCE]


@pytest.mark.proves("writer:withdraws-half-notes")
async def test_cancelling_takes_the_half_written_note_away(scene: Scene) -> None:
    with anyio.CancelScope() as scope:
        scene.act(6, scope.cancel)
        await scene.writer.write_note(scene.note())
    assert scope.cancelled_caught
    scene.deliver()
    assert scene.learner.sources() == [SOURCE, "print(total)"]
    assert scene.presence.cursors[-1] == []
    assert scene.presence.activities[-1] is Activity.IDLE


async def test_a_new_cell_between_and_typing_elsewhere_do_not_disturb_a_note(scene: Scene) -> None:
    scene.act(3, lambda: scene.learner.add_cell(1, CellId("between"), "new"))
    scene.act(3, lambda: scene.learner.type(FIRST, 0, "# mine\n"))
    await scene.writer.write_note(scene.note())
    scene.deliver()
    assert scene.learner.sources() == ["# mine\n" + SOURCE, "new", TEXT, "print(total)"]


@pytest.mark.proves("writer:edited-note-is-theirs")
async def test_a_note_that_a_human_types_into_is_theirs_at_once(scene: Scene) -> None:
    scene.act(5, lambda: scene.learner.type(scene.our_cell(), 4, "MINE"))
    cell = await scene.writer.write_note(scene.note())
    scene.deliver()
    kept = scene.learner.view.cell_source(cell)
    assert kept[4:8] == "MINE"
    assert TEXT.startswith(kept.replace("MINE", ""))
    assert len(kept) < len(TEXT)
    assert scene.own_cells() == []
    assert learner_text_stands(scene)


async def test_a_note_that_a_human_deletes_while_it_grows_stays_deleted(scene: Scene) -> None:
    scene.act(5, lambda: scene.learner.delete_cell(scene.our_cell()))
    cell = await scene.writer.write_note(scene.note())
    scene.deliver()
    assert not scene.view.holds(cell)
    assert scene.learner.sources() == [SOURCE, "print(total)"]


@pytest.mark.proves("writer:never-in-an-occupied-cell")
async def test_typing_waits_while_a_human_has_the_caret_in_the_note(scene: Scene) -> None:
    scene.watch_frames()
    scene.act(5, lambda: scene.presence.enter(scene.our_cell()))
    scene.act(10, scene.presence.leave)
    cell = await scene.writer.write_note(scene.note())
    assert scene.view.cell_source(cell) == TEXT
    assert scene.frames[4:14] == [scene.frames[4]] * 10
    assert scene.own_cells() == [cell]


@pytest.mark.proves("writer:never-in-an-occupied-cell")
async def test_a_note_in_which_a_human_stays_is_left_to_them(scene: Scene) -> None:
    scene.act(5, lambda: scene.presence.enter(scene.our_cell()))
    began = scene.clock.monotonic()
    cell = await scene.writer.write_note(scene.note())
    assert scene.clock.monotonic() - began < PATIENCE + 1
    assert TEXT.startswith(scene.view.cell_source(cell))
    assert scene.own_cells() == []


@pytest.mark.proves("writer:never-in-an-occupied-cell")
async def test_a_finished_note_is_not_swapped_under_a_humans_caret(scene: Scene) -> None:
    before: list[object] = []

    def enter() -> None:
        cell = scene.our_cell()
        if scene.view.cell_source(cell) == TEXT:
            scene.presence.enter(cell)
            before.append(scene.view.cursor(cell, 0, 0)["head"]["type"])

    scene.clock.each_sleep = enter
    cell = await scene.writer.write_note(scene.note())
    assert scene.view.cursor(cell, 0, 0)["head"]["type"] == before[-1]
    assert scene.view.cell_source(cell) == TEXT


async def test_two_notes_are_written_one_after_the_other(scene: Scene) -> None:
    second = Note(
        suggestion=SuggestionId("s2"), about=SECOND, expected_hash=scene.view.cell_hash(SECOND), text="Short."
    )
    most = 0

    def count() -> None:
        nonlocal most
        most = max(most, sum(scene.view.cell_source(cell) not in {TEXT, "Short."} for cell in scene.own_cells()))

    scene.clock.each_sleep = count
    async with anyio.create_task_group() as group:
        group.start_soon(scene.writer.write_note, scene.note())
        group.start_soon(scene.writer.write_note, second)
    assert most == 1
    assert [scene.view.cell_source(cell) for cell in scene.view.cell_ids()] == [SOURCE, TEXT, "print(total)", "Short."]


async def test_a_suggestion_gets_one_note_only(scene: Scene) -> None:
    first = await scene.writer.write_note(scene.note())
    assert await scene.writer.write_note(scene.note()) == first
    assert scene.own_cells() == [first]


async def test_our_own_note_is_nothing_to_write_about(scene: Scene) -> None:
    cell = await scene.writer.write_note(scene.note())
    about_ours = Note(suggestion=SuggestionId("s2"), about=cell, expected_hash=source_hash(TEXT), text="more")
    with pytest.raises(NotOursError):
        await scene.writer.write_note(about_ours)


@pytest.mark.proves("writer:rungs-in-place")
async def test_a_rung_is_added_below_the_text_of_the_same_cell(scene: Scene) -> None:
    cell = await scene.writer.write_note(scene.note())
    scene.watch_frames()
    await scene.writer.extend_note(cell, "A second hint.", 2)
    assert scene.view.cell_source(cell) == TEXT + "\n\nA second hint."
    assert all(frame.startswith(TEXT) for frame in scene.frames)
    assert scene.ownership().rung == 2
    await scene.writer.extend_note(cell, "A third.", 3)
    scene.deliver()
    assert scene.learner.sources() == [SOURCE, TEXT + "\n\nA second hint.\n\nA third.", "print(total)"]
    assert await scene.writer.remove_note(cell, SUGGESTION) is Removal.REMOVED


async def test_a_rung_for_a_cell_that_goes_away_leaves_the_note_as_it_was(scene: Scene) -> None:
    cell = await scene.writer.write_note(scene.note())
    mark = scene.view.mark_of(cell)
    scene.act(2, lambda: scene.learner.delete_cell(FIRST))
    with pytest.raises(ConflictError):
        await scene.writer.extend_note(cell, "A second hint.", 2)
    assert scene.view.cell_source(cell) == TEXT
    assert scene.view.mark_of(cell) == mark


async def test_no_rung_is_added_to_a_note_that_somebody_edited(scene: Scene) -> None:
    cell = await scene.writer.write_note(scene.note())
    scene.deliver()
    scene.learner.type(cell, 0, "mine ")
    scene.deliver()
    with pytest.raises(NotOursError):
        await scene.writer.extend_note(cell, "A second hint.", 2)
    assert scene.view.cell_source(cell) == "mine " + TEXT
    assert scene.own_cells() == []


@pytest.mark.proves("writer:never-in-an-occupied-cell")
async def test_no_rung_is_added_and_nothing_removed_under_a_humans_caret(scene: Scene) -> None:
    cell = await scene.writer.write_note(scene.note())
    scene.presence.enter(cell)
    sent = len(scene.sent)
    with pytest.raises(CellOccupiedError):
        await scene.writer.extend_note(cell, "A second hint.", 2)
    with pytest.raises(CellOccupiedError):
        await scene.writer.remove_note(cell, SUGGESTION)
    assert len(scene.sent) == sent


@pytest.mark.proves("writer:removes-exactly-its-cell")
async def test_removing_a_note_removes_exactly_our_cell(scene: Scene) -> None:
    cell = await scene.writer.write_note(scene.note())
    scene.deliver()
    assert await scene.writer.remove_note(cell, SUGGESTION) is Removal.REMOVED
    scene.deliver()
    assert scene.learner.sources() == [SOURCE, "print(total)"]
    assert await scene.writer.remove_note(cell, SUGGESTION) is Removal.GONE


@pytest.mark.proves("writer:edited-note-is-theirs")
async def test_removing_a_note_that_somebody_edited_leaves_it_to_them(scene: Scene) -> None:
    cell = await scene.writer.write_note(scene.note())
    scene.deliver()
    scene.learner.type(cell, 0, "mine ")
    scene.deliver()
    assert await scene.writer.remove_note(cell, SUGGESTION) is Removal.RELEASED
    scene.deliver()
    assert scene.learner.sources() == [SOURCE, "mine " + TEXT, "print(total)"]
    assert scene.own_cells() == []


@pytest.mark.proves("writer:removes-exactly-its-cell")
async def test_a_learners_cell_and_the_note_of_another_suggestion_are_never_removed(scene: Scene) -> None:
    cell = await scene.writer.write_note(scene.note())
    sent = len(scene.sent)
    for target, suggestion in ((FIRST, SUGGESTION), (cell, SuggestionId("another"))):
        with pytest.raises(NotOursError):
            await scene.writer.remove_note(target, suggestion)
    assert len(scene.sent) == sent


async def test_a_released_note_keeps_every_letter_and_loses_the_mark(scene: Scene) -> None:
    cell = await scene.writer.write_note(scene.note())
    await scene.writer.release_note(cell)
    assert scene.view.cell_source(cell) == TEXT
    assert scene.view.mark_of(cell) == {}
    await scene.writer.release_note(FIRST)
    assert scene.view.cell_source(FIRST) == SOURCE


@pytest.mark.proves("writer:points-without-a-letter")
@pytest.mark.parametrize(
    ("line", "selected"),
    [(1, "total = 0"), (2, "for n in data:"), (3, "total =+ n  # 😀"), (4, ""), (99, ""), (0, "total = 0")],
)
async def test_pointing_selects_the_line_and_changes_no_letter(scene: Scene, line: int, selected: str) -> None:
    await scene.writer.point(FIRST, line, source_hash(SOURCE))
    span = scene.view.selection_of(scene.presence.cursors[-1])
    assert span is not None
    assert SOURCE[span.anchor : span.head] == selected
    assert scene.sent == []
    await scene.writer.rest()
    assert scene.presence.cursors[-1] == []


@pytest.mark.proves("writer:points-without-a-letter")
async def test_the_line_is_selected_again_with_the_last_letter_of_a_note(scene: Scene) -> None:
    await scene.writer.point(FIRST, 3, source_hash(SOURCE))
    before = scene.presence.cursors[-1]
    await scene.writer.write_note(scene.note())
    assert scene.view.selection_of(scene.presence.cursors[-1]) == scene.view.selection_of(before)
    await scene.writer.rest()
    assert scene.presence.cursors[-1] == []


@pytest.mark.proves("writer:precondition")
async def test_pointing_at_a_changed_cell_is_a_conflict(scene: Scene) -> None:
    with pytest.raises(ConflictError):
        await scene.writer.point(FIRST, 1, "0" * 16)
    with pytest.raises(UnknownCellError):
        await scene.writer.point(CellId("nowhere"), 1, "0" * 16)
    assert scene.presence.cursors == []


@pytest.mark.proves("writer:late-letters-are-kept")
async def test_letters_typed_while_the_rendered_note_was_on_its_way_are_kept(scene: Scene) -> None:
    cell = await scene.writer.write_note(scene.note())
    swap = [scene.sent.pop(), scene.sent.pop()][::-1]
    scene.deliver()
    for letter in "HEY":
        scene.learner.type(cell, 5 + "HEY".index(letter), letter)
    scene.sent += swap
    scene.deliver()
    assert scene.learner.sources() == [SOURCE, TEXT[:5] + "HEY" + TEXT[5:], "print(total)"]
    assert await scene.writer.remove_note(cell, SUGGESTION) is Removal.RELEASED


@pytest.mark.proves("writer:late-letters-are-kept")
async def test_letters_typed_while_the_removal_was_on_its_way_are_kept(scene: Scene) -> None:
    cell = await scene.writer.write_note(scene.note())
    scene.deliver()
    await scene.writer.remove_note(cell, SUGGESTION)
    for letter in "HEY":
        scene.learner.type(cell, len(TEXT) + "HEY".index(letter), letter)
    scene.deliver()
    assert scene.learner.sources() == [SOURCE, "HEY", "print(total)"]
    assert scene.own_cells() == []


@pytest.mark.proves("writer:late-letters-are-kept")
async def test_late_letters_are_kept_also_when_somebody_passes_our_deletion_on_first(scene: Scene) -> None:
    """A server repeats deletions in its own updates; a shared type read after that would end the process."""
    cell = await scene.writer.write_note(scene.note())
    scene.deliver()
    await scene.writer.remove_note(cell, SUGGESTION)
    scene.learner.type(cell, 0, "HEY")
    scene.replica.apply(scene.replica.diff(scene.replica.state()))
    scene.deliver()
    assert scene.learner.sources() == [SOURCE, "HEY", "print(total)"]


async def test_nobody_is_watched_for_late_letters_for_long(scene: Scene) -> None:
    cell = await scene.writer.write_note(scene.note())
    swap = [scene.sent.pop(), scene.sent.pop()][::-1]
    scene.deliver()
    scene.clock.time += 60
    scene.learner.type(cell, 0, "x")
    scene.sent += swap
    scene.deliver()
    assert scene.learner.sources() == [SOURCE, TEXT, "print(total)"]


@pytest.mark.proves("writer:rewrites-in-place")
async def test_a_note_is_rewritten_in_place_from_the_first_line_that_differs(scene: Scene) -> None:
    cell = await scene.writer.write_note(scene.note("**1 of 2 checks pass**\n\n- ✓ one\n- ✗ two"))
    scene.watch_frames()
    await scene.writer.rewrite_note(cell, "**1 of 2 checks pass**\n\n- ✗ one\n- ✓ two 😀")
    assert scene.view.cell_ids() == [FIRST, cell, SECOND]
    assert scene.view.cell_source(cell) == "**1 of 2 checks pass**\n\n- ✗ one\n- ✓ two 😀"
    assert all(frame.startswith("**1 of 2 checks pass**\n\n") for frame in scene.frames if frame)
    scene.deliver()
    assert learner_text_stands(scene)


async def test_the_same_text_again_changes_nothing(scene: Scene) -> None:
    cell = await scene.writer.write_note(scene.note())
    before = len(scene.sent)
    await scene.writer.rewrite_note(cell, TEXT)
    assert len(scene.sent) == before


@pytest.mark.proves("writer:rewrites-in-place")
async def test_a_note_that_a_learner_edited_is_not_rewritten_but_released(scene: Scene) -> None:
    cell = await scene.writer.write_note(scene.note())
    scene.deliver()
    scene.learner.type(cell, 0, "mine: ")
    scene.deliver()
    with pytest.raises(NotOursError):
        await scene.writer.rewrite_note(cell, "new")
    assert scene.view.cell_source(cell) == "mine: " + TEXT


async def test_a_rewriting_that_is_cut_off_leaves_the_note_as_it_was(scene: Scene) -> None:
    cell = await scene.writer.write_note(scene.note())
    with anyio.CancelScope() as scope:
        scene.clock.events.extend([lambda: None, scope.cancel])
        await scene.writer.rewrite_note(cell, "something else that takes several frames to be typed")
    assert scene.view.cell_source(cell) == TEXT
