"""What goes through the graph, and what of it is remembered."""

from __future__ import annotations

from typing import TypedDict

from ltt_collab.model.causes import learner_key
from ltt_collab.model.edits import HelpRequested

MEMORIES = 12
"""Things said that are remembered of one learner and task: more than anybody needs to be told of one task."""

MAX_SAID = 400
"""Characters remembered of each."""


class Memory(TypedDict):
    """One thing that was said. ``helped``: None while it is not known; the cell without its error means yes."""

    cause: str
    error: str
    cell: str
    rung: int
    said: str
    asked: str
    hash: str
    helped: bool | None


class HelpState(TypedDict, total=False):
    """``memory`` outlives the request; the rest is of one request.

    ``route``: where to go next. ``rung``: the rung that is drafted (lower than asked for after a leak). ``hint`` and
    ``line``: what would be said. ``change``: the model's own idea of the mended cell, to test the hint by, never shown.
    ``problems``: what the review found. ``tries``: drafts of this request. ``by``: ``rules``, ``model`` or ``cache``.
    ``spoken``: it was said already, sentence by sentence.
    """

    memory: list[Memory]
    route: str
    rung: int
    hint: str
    line: int | None
    change: str
    problems: list[str]
    tries: int
    conflicts: int
    by: str
    outcome: str
    spoken: bool


def fresh(event: HelpRequested) -> HelpState:
    """The state that a request begins with; what is remembered stays."""
    return HelpState(
        route="",
        rung=event.rung,
        hint="",
        line=None,
        change="",
        problems=[],
        tries=0,
        conflicts=0,
        by="",
        outcome="",
        spoken=False,
    )


def remembered(memory: list[Memory], event: HelpRequested, *, said: str, asked: str, rung: int) -> list[Memory]:
    """The memory with one thing more; the oldest is forgotten beyond ``MEMORIES``."""
    entry = Memory(
        cause=event.cause.value,
        error=event.error.name if event.error else "",
        cell=event.cell_id,
        rung=rung,
        said=said[:MAX_SAID],
        asked=asked[:MAX_SAID],
        hash=event.expected_hash,
        helped=None,
    )
    return [*memory, entry][-MEMORIES:]


def thread_of(event: HelpRequested) -> str:
    """Whose memory of what: one learner's of one task, or of one notebook where there is no task."""
    return f"{learner_key(event.author)}\n{event.task or event.room}"
