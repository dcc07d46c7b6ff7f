"""The rules-only tutor as a conversation: a request, at most one note."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence

import pytest

from agent.subscriber import create
from ltt_collab.model.cells import Cell, Notebook
from ltt_collab.model.edits import HelpCause, HelpRequested, RunError
from ltt_collab.model.ids import CellId, RoomId, Seq, SuggestionId
from ltt_collab.model.presence import UNKNOWN
from ltt_collab.model.suggestions import Answer, Placement, Rejected, RejectionReason, Shown
from ltt_collab.ports.tutor import TutorConfig
from tests.support.agent_room import AgentRoom
from tests.unit.agent.notebooks import code_cell, notebook_of, raised

_WRONG = raised("total = 3\nprint(totl)", "NameError", "name 'totl' is not defined", 2)
_SHOWN = Shown(suggestion=SuggestionId("s"))
_CONFLICT = Rejected(reason=RejectionReason.CONFLICT, detail="changed", current_source="x")


class _Room(AgentRoom):
    """A room that is another with each look."""

    def __init__(self, notebooks: Sequence[Notebook], answers: Sequence[Answer]) -> None:
        super().__init__(notebooks[0], *answers)
        self._notebooks = list(notebooks)

    async def snapshot(self) -> Notebook:
        return self._notebooks.pop(0) if len(self._notebooks) > 1 else self._notebooks[0]


def _request(cell: Cell, rung: int = 1, *, error: RunError | None = None) -> HelpRequested:
    output = cell.error
    if error is None and output is not None:
        error = RunError(name=output.error_name, value=output.error_value, traceback=tuple(output.text.split("\n")))
    return HelpRequested(
        room=RoomId("room"), seq=Seq(9), at=0.0, author=UNKNOWN, cell_id=cell.id, cause=HelpCause.ERROR_RAISED,
        cause_key="c0/NameError", rung=rung, error=error, expected_hash=cell.hash,
    )  # fmt: skip


@pytest.mark.proves("tutor:one-note-for-one-request")
async def test_a_request_is_answered_with_one_note_of_that_rung() -> None:
    tutor, room = create(TutorConfig()), _Room([notebook_of(_WRONG)], [_SHOWN])

    await tutor.handle(_request(_WRONG), room)

    (draft,) = room.drafts
    assert (draft.placement, draft.rung, draft.line, draft.cell_id) == (Placement.NOTE, 1, 2, "c0")
    assert (draft.cause_key, draft.expected_hash, draft.author) == ("c0/NameError", _WRONG.hash, "tutor")
    assert "totl" in draft.text
    assert "total" not in draft.text, "the first rung points, it does not tell"


async def test_each_rung_has_its_own_text_and_key_and_a_retry_the_same() -> None:
    tutor, room = create(TutorConfig()), _Room([notebook_of(_WRONG)], [_SHOWN])

    for rung in (1, 2, 3, 2):
        await tutor.handle(_request(_WRONG, rung), room)

    assert len({draft.text for draft in room.drafts}) == 3
    assert "`total`" in room.drafts[1].text
    assert len({draft.idempotency_key for draft in room.drafts}) == 3
    assert room.drafts[1].idempotency_key == room.drafts[3].idempotency_key


@pytest.mark.parametrize(
    ("notebook", "request_"),
    [
        (notebook_of("x = 1"), _request(code_cell(5, "gone"), error=RunError(name="NameError", value="x"))),
        (notebook_of(_WRONG), _request(code_cell(0, "x"))),
        (notebook_of(_WRONG), _request(_WRONG, error=RunError(name="KeyboardInterrupt", value=""))),
        (notebook_of(_WRONG, language="julia"), _request(_WRONG)),
    ],
    ids=["cell gone", "no error", "interrupted", "other language"],
)
async def test_where_there_is_nothing_to_say_nothing_is_proposed(notebook: Notebook, request_: HelpRequested) -> None:
    tutor, room = create(TutorConfig()), _Room([notebook], [_SHOWN])

    await tutor.handle(request_, room)

    assert room.drafts == []


@pytest.mark.proves("tutor:decides-again-after-a-conflict")
async def test_a_conflict_is_decided_again_once_on_the_new_source() -> None:
    edited = raised("total = 3\n\nprint(totl)", "NameError", "name 'totl' is not defined", 3)
    tutor, room = create(TutorConfig()), _Room([notebook_of(_WRONG), notebook_of(edited)], [_CONFLICT, _CONFLICT])

    await tutor.handle(_request(_WRONG), room)

    assert [draft.expected_hash for draft in room.drafts] == [_WRONG.hash, edited.hash]


async def test_a_conflict_because_of_the_fix_ends_the_matter() -> None:
    fixed = code_cell(0, "total = 3\nprint(total)")
    tutor, room = create(TutorConfig()), _Room([notebook_of(_WRONG), notebook_of(fixed)], [_CONFLICT])

    await tutor.handle(_request(_WRONG), room)

    assert len(room.drafts) == 1


@pytest.mark.parametrize("reason", [r for r in RejectionReason if r is not RejectionReason.CONFLICT])
async def test_any_other_refusal_is_accepted(reason: RejectionReason) -> None:
    tutor, room = create(TutorConfig()), _Room([notebook_of(_WRONG)], [Rejected(reason=reason, detail="no")])

    await tutor.handle(_request(_WRONG), room)

    assert len(room.drafts) == 1


@pytest.mark.proves("tutor:no-model-no-wait")
def test_without_a_model_nothing_of_it_is_imported() -> None:
    code = (
        "import sys, ltt_collab.service; from ltt_collab.client.installed import load_tutors; "
        "from ltt_collab.ports.tutor import TutorConfig; load_tutors(TutorConfig()); "
        "print([name for name in ('langgraph', 'langchain', 'langchain_core', 'openai') if name in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert ran.stdout.strip() == "[]"


def test_explain_needs_no_room() -> None:
    (found,) = create(TutorConfig()).explain(notebook_of(_WRONG))

    assert found.cell_id == CellId("c0")
