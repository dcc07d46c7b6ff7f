"""Which requests are open, and which come too late."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from ltt_collab.model.commands import AskTutor, CancelRequest
from ltt_collab.model.edits import HelpCause
from ltt_collab.model.ids import CellId
from ltt_collab.tutoring.requests import Requests
from tests.support.conversation import ADA, NAME_ERROR, A, B, Events


def ask(key: str, cell: CellId = A) -> AskTutor:
    return AskTutor(
        cell_id=cell,
        learner=ADA,
        cause=HelpCause.ERROR_RAISED,
        cause_key=key,
        rung=1,
        error=NAME_ERROR,
        expected_hash="0",
    )


def keys(cancelled: Iterable[CancelRequest]) -> list[str]:
    return [one.cause_key for one in cancelled]


def test_a_second_request_for_a_cause_cancels_the_first() -> None:
    requests = Requests()
    assert keys(requests.open(ask("k"))) == []
    assert list(requests.open(ask("k"))) == [CancelRequest(cause_key="k", because="it is asked again")]
    assert len(requests) == 1


@pytest.mark.proves("tutor:stale-requests-are-cancelled")
def test_a_request_is_cancelled_once_when_its_cell_changes() -> None:
    requests, events = Requests(), Events()
    requests.open(ask("k", A))
    requests.open(ask("other", B))
    assert [(one.cause_key, one.because) for one in requests.handle(events.edited(A))] == [
        ("k", "the cell's text changed in the meantime")
    ]
    assert keys(requests.handle(events.edited(A))) == []
    assert len(requests) == 1


def test_a_request_that_was_answered_is_not_cancelled() -> None:
    requests, events = Requests(), Events()
    requests.open(ask("k"))
    requests.close("k")
    requests.close("never opened")
    assert keys(requests.handle(events.edited(A))) == []


def test_over_the_bound_the_oldest_request_is_cancelled() -> None:
    requests = Requests(bound=2)
    requests.open(ask("1"))
    requests.open(ask("2"))
    assert keys(requests.open(ask("3"))) == ["1"]
    assert len(requests) == 2
