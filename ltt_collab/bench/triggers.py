"""``ltt bench triggers``: sessions of learners, labelled stuck or not, replayed through the policy.

*A claim* that a learner is stuck is a request for unasked help other than the first word on a new error, on a first
failed check, on an opened or finished task: those say what happened, not that somebody is stuck. It is right within
5 s before and any time after the second from which the session's label says "stuck". A stuck learner is found if a
right claim comes within 60 s of that second.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import anyio.to_thread

from ltt_collab.bench.measures import Machine
from ltt_collab.bench.replay import Played, Replay, Request
from ltt_collab.bench.streams import reading
from ltt_collab.bench.streams.made import BRISK, SLOW, make_streams
from ltt_collab.bench.streams.reading import Stream, read_streams
from ltt_collab.model.edits import HelpCause

EARLY, LATE = 5.0, 60.0
"""Seconds around the label within which a claim finds a stuck learner."""

TUNING_SEED, HELD_OUT_SEED = 1, 7_301

_FIRST_WORDS = frozenset({HelpCause.ERROR_RAISED, HelpCause.ALL_PASSED, HelpCause.TASK_OPENED, HelpCause.ASKED})


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggersOptions:
    """``each``: sessions drawn of each shape, in each half."""

    each: int = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggersReport:
    """``stuck_*``: of the half that the policy was tuned on; ``held_out_*``: of the half that it was not.

    ``first_words``: requests that are no claim. ``interruptions_while_typing``: unasked requests within 1.5 s after a
    keystroke of their learner, with no run in between. ``beside_another``: unasked requests while another was at the
    tutor. ``false_claims`` and ``missed``: by the session's name.
    """

    machine: Machine
    streams: int
    stuck_precision: float
    stuck_recall: float
    held_out_streams: int
    held_out_precision: float
    held_out_recall: float
    claims: int
    first_words: int
    interruptions_while_typing: int
    over_budget: int
    beside_another: int
    ms_per_stream: float
    events_per_second: float
    false_claims: tuple[str, ...]
    missed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Scored:
    """A session and what came of it."""

    stream: Stream
    played: Played

    @property
    def claims(self) -> list[Request]:
        """Requests that say somebody is stuck."""
        return [request for request in self.played.requests if is_claim(request)]

    @property
    def right(self) -> list[Request]:
        """Claims that the label agrees with."""
        stuck = self.stream.stuck
        return [] if stuck is None else [claim for claim in self.claims if claim.at >= stuck - EARLY]

    @property
    def is_found(self) -> bool:
        """Whether a stuck learner was found in time."""
        stuck = self.stream.stuck
        return stuck is not None and any(claim.at <= stuck + LATE for claim in self.right)


def is_claim(request: Request) -> bool:
    """Whether a request says that its learner is stuck."""
    cause = request.ask.cause
    return cause not in _FIRST_WORDS and (cause is not HelpCause.CHECK_FAILED or request.again)


def tuning_streams(each: int) -> list[Stream]:
    """The half that the policy may be tuned on."""
    return [*_written("tuning.txt"), *make_streams(TUNING_SEED, BRISK, each)]


def held_out_streams(each: int) -> list[Stream]:
    """The other half: written apart, and drawn with another seed for people of another pace."""
    return [*_written("held_out.txt"), *make_streams(HELD_OUT_SEED, SLOW, each)]


def score(streams: Sequence[Stream]) -> list[Scored]:
    """Replay sessions."""
    return [Scored(stream, Replay(stream).play()) for stream in streams]


def precision(scored: Sequence[Scored]) -> float:
    """The share of claims that are right."""
    claims = sum(len(each.claims) for each in scored)
    return round(sum(len(each.right) for each in scored) / claims, 4) if claims else 0.0


def recall(scored: Sequence[Scored]) -> float:
    """The share of stuck learners that are found."""
    stuck = [each for each in scored if each.stream.stuck is not None]
    return round(sum(each.is_found for each in stuck) / len(stuck), 4) if stuck else 0.0


async def bench_triggers(options: TriggersOptions) -> TriggersReport:
    """Replay both halves."""
    machine = Machine.now()
    tuning = await anyio.to_thread.run_sync(tuning_streams, options.each)
    held_out = await anyio.to_thread.run_sync(held_out_streams, options.each)
    started = time.perf_counter()
    tuned, kept = score(tuning), score(held_out)
    seconds = time.perf_counter() - started
    every = [*tuned, *kept]
    requests = [request for each in every for request in each.played.requests]
    return TriggersReport(
        machine=machine,
        streams=len(every),
        stuck_precision=precision(tuned),
        stuck_recall=recall(tuned),
        held_out_streams=len(kept),
        held_out_precision=precision(kept),
        held_out_recall=recall(kept),
        claims=sum(is_claim(request) for request in requests),
        first_words=sum(not is_claim(request) for request in requests),
        interruptions_while_typing=sum(request.typing for request in requests),
        over_budget=sum(request.over_budget for request in requests),
        beside_another=sum(request.beside for request in requests),
        ms_per_stream=round(seconds * 1000 / len(every), 3),
        events_per_second=round(sum(each.played.events for each in every) / seconds),
        false_claims=tuple(_false(every)),
        missed=tuple(each.stream.name for each in every if each.stream.stuck is not None and not each.is_found),
    )


def _false(every: Sequence[Scored]) -> Iterator[str]:
    for each in every:
        right = each.right
        for claim in each.claims:
            if claim not in right:
                yield f"{each.stream.name}: {claim.ask.cause} at {claim.at:.0f} s"


def _written(name: str) -> list[Stream]:
    return read_streams(Path(reading.__file__).with_name(name).read_text(encoding="utf-8"))
