"""Carries out clean validations, one after the other, whoever asked for them and before which restart."""

from __future__ import annotations

import secrets
from typing import Protocol

import anyio
import structlog

from ltt_collab.classroom.catalogue import Catalogue
from ltt_collab.model.cells import Notebook
from ltt_collab.model.courses import Task
from ltt_collab.model.errors import LttError, StaleClaimError, StoreUnavailableError
from ltt_collab.model.ids import SubmissionId
from ltt_collab.model.nbformat import read_notebook
from ltt_collab.model.validations import Outcome, ValidationMode, Verdict
from ltt_collab.ports.classroom import TaskAt
from ltt_collab.ports.clock import Clock
from ltt_collab.ports.learning import Claim, SubmissionStore, ValidationStore
from ltt_collab.telemetry import metrics

log = structlog.get_logger(__name__)

LEASE = 90.0
"""Seconds that one validation may take before another worker may take it over: more than the judge's own 60."""

LOOK_EVERY = 5.0
"""Seconds between two looks for validations that another service took on and left, or that came by the database."""


class CleanJudge(Protocol):
    """Checks a notebook from the top in a fresh kernel."""

    async def check_clean(self, task: Task, notebook: Notebook) -> Verdict:
        """The verdict on a notebook; every fault has one, within 60 s."""
        ...


class Examiner:
    """Works off the queue of clean validations.

    Invariants:
        1. A validation is never lost: one whose worker died is claimed again when its lease has run out.
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

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            self._news = anyio.Event()
            while await self._examine_one():
                pass
            with anyio.move_on_after(LOOK_EVERY):
                await self._news.wait()

    async def _examine_one(self) -> bool:
        """Whether there was one to examine."""
        try:
            claim = await self._validations.claim(self._name, now=self._clock.now(), lease=LEASE)
            if claim is None:
                return False
            verdict = await self._verdict(claim)
            await self._validations.finish(claim, verdict, self._clock.now())
            metrics.VALIDATIONS.labels(verdict.mode.value, verdict.outcome.value).inc()
            log.info("validated", validation=claim.record.id, outcome=verdict.outcome.value)
        except StaleClaimError as error:  # invariant 2
            log.info("validation was done by another", reason=str(error))
        except StoreUnavailableError as error:
            log.warning("validations wait for the store", reason=str(error))
            return False
        return True

    async def _verdict(self, claim: Claim) -> Verdict:
        record = claim.record
        task = self._catalogue.find(TaskAt(course=record.course, task=record.task))
        submission = await self._submissions.get(SubmissionId(record.id))
        if task is None or submission is None:
            what = "the task is no longer taught" if task is None else "what was handed in is no longer kept"
            return _no_verdict(claim, what)
        try:
            return await self._judge.check_clean(task, read_notebook(submission.notebook, f"{task.id}.ipynb"))
        except LttError as error:
            log.warning("validation failed", validation=record.id, reason=str(error))
            return _no_verdict(claim, f"it could not be checked: {error}")


def _no_verdict(claim: Claim, why: str) -> Verdict:
    return Verdict(
        task=claim.record.task,
        mode=ValidationMode.CLEAN,
        outcome=Outcome.ERROR,
        passed=False,
        score=0.0,
        max_score=0.0,
        first_cause=why,
        checks=(),
        duration_ms=0.0,
    )
