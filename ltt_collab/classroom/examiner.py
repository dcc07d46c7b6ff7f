"""Carries out clean validations, one after the other, whoever asked for them and before which restart."""

from __future__ import annotations

import secrets
import time
from contextlib import suppress
from typing import Protocol

import anyio
import structlog

from ltt_collab.classroom.catalogue import Catalogue
from ltt_collab.classroom.verdicts import unjudged
from ltt_collab.model.courses import Task, TaskKind
from ltt_collab.model.errors import LttError, StaleClaimError, StoreUnavailableError
from ltt_collab.model.ids import SubmissionId
from ltt_collab.model.validations import Outcome, ValidationMode, Verdict
from ltt_collab.ports.classroom import TaskAt, ValidationRecord
from ltt_collab.ports.clock import Clock
from ltt_collab.ports.learning import Claim, SubmissionRecord, SubmissionStore, ValidationStore
from ltt_collab.telemetry import metrics

log = structlog.get_logger(__name__)

LEASE = 20.0
"""Seconds after which another worker may take over a validation whose worker no longer says that it is at it."""

RENEW_EVERY = 5.0
"""Seconds between two times of saying so."""

AT_ONCE = 2
"""Validations at the same time: one that runs into its limit holds up no whole class."""

LOOK_EVERY = 5.0
"""Seconds between two looks for validations that another service took on and left, or that came by the database."""

GOODBYE = 2.0
"""Seconds for giving a claim back when the service ends."""


class CleanJudge(Protocol):
    """Checks what was handed in from the top in a fresh kernel."""

    async def check_clean(self, task: Task, handed: SubmissionRecord) -> Verdict:
        """The verdict; every fault of the learner's code has one, within 60 s.

        Raises:
            LttError
        """
        ...


class Examiner:
    """Works off the queue of clean validations.

    Invariants:
        1. A validation is never lost: one whose worker ended is given back at once, one whose worker died is claimed
           again when its lease has run out.
        2. A verdict counts once, whoever else worked on it (the store's fence).
    """

    def __init__(
        self,
        catalogue: Catalogue,
        judge: CleanJudge,
        validations: ValidationStore,
        submissions: SubmissionStore,
        clock: Clock,
    ) -> None:
        self._catalogue, self._judge = catalogue, judge
        self._validations, self._submissions, self._clock = validations, submissions, clock
        self._name = f"examiner-{secrets.token_hex(4)}"
        self._news = anyio.Event()

    def hurry(self) -> None:
        """There is a new one."""
        self._news.set()
        self._news = anyio.Event()

    async def run(self) -> None:
        """Work until cancelled."""
        async with anyio.create_task_group() as tasks:
            for number in range(AT_ONCE):
                tasks.start_soon(self._work, name=f"examiner {number}")

    async def _work(self) -> None:
        while True:
            news = self._news
            while await self._examine_one():
                pass
            with anyio.move_on_after(LOOK_EVERY):
                await news.wait()

    async def _examine_one(self) -> bool:
        """Whether there was one to examine."""
        try:
            claim = await self._validations.claim(self._name, now=self._clock.now(), lease=LEASE)
            if claim is None:
                return False
            log.debug("examining", validation=claim.record.id)
            verdict = await self._held(claim)
            await self._validations.finish(claim, verdict, self._clock.now())
            metrics.VALIDATIONS.labels(verdict.mode.value, verdict.outcome.value).inc()
            log.info("validated", validation=claim.record.id, outcome=verdict.outcome.value)
        except StaleClaimError as error:  # invariant 2
            log.info("validation was done by another", reason=str(error))
        except StoreUnavailableError as error:
            log.warning("validations wait for the store", reason=str(error))
            return False
        return True

    async def _held(self, claim: Claim) -> Verdict:
        """The verdict, with the claim held for as long as that takes, and given back if we end before (invariant 1)."""
        submission = await self._submissions.get(SubmissionId(claim.record.id))
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._hold, claim, name=f"holding {claim.record.id}")
                verdict = await self._verdict(claim.record, submission)
                tasks.cancel_scope.cancel()
        except anyio.get_cancelled_exc_class():
            with anyio.move_on_after(GOODBYE, shield=True), suppress(StaleClaimError, StoreUnavailableError):
                await self._validations.renew(claim, self._clock.now())
            raise
        return verdict

    async def _hold(self, claim: Claim) -> None:
        while True:
            await anyio.sleep(RENEW_EVERY)
            with suppress(StaleClaimError, StoreUnavailableError):  # ``finish`` finds out
                await self._validations.renew(claim, self._clock.now() + LEASE)

    async def _verdict(self, record: ValidationRecord, submission: SubmissionRecord | None) -> Verdict:
        began = time.monotonic()
        task = self._catalogue.find(TaskAt(course=record.course, task=record.task))
        if task is None:
            gone = Task(id=record.task, title="", kind=TaskKind.PYTHON, checks=(), notebook="")
            return _error(gone, "the task is no longer taught", began)
        if submission is None:
            return _error(task, "what was handed in is no longer kept", began)
        try:
            return await self._judge.check_clean(task, submission)
        except LttError as error:
            log.warning("validation failed", validation=record.id, reason=str(error))
            return _error(task, f"it could not be checked: {error}", began)


def _error(task: Task, why: str, began: float) -> Verdict:
    return unjudged(task, ValidationMode.CLEAN, Outcome.ERROR, why, began)
