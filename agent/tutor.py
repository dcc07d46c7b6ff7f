"""The tutor with a model: every request goes through the graph, with what is remembered of learner and task."""

from __future__ import annotations

import asyncio
import hashlib
import sqlite3
import time
from collections.abc import Coroutine, Sequence
from typing import Any
from weakref import WeakValueDictionary

import anyio
import structlog
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import BaseCheckpointSaver
from langsmith import tracing_context

from agent.checkpoints import Checkpoints
from agent.graph import STEPS_AT_MOST, compiled
from agent.metrics import SECONDS
from agent.models import ChatModel, check_model_name
from agent.prompts import Seal
from agent.rules.finder import find
from agent.spending import Spending
from agent.state import HelpState, fresh, thread_of
from agent.work import Desk, Work
from ltt_collab.model.cells import Notebook
from ltt_collab.model.edits import HelpRequested
from ltt_collab.model.findings import Finding
from ltt_collab.ports.tutor import TutorConfig, TutorContext

log = structlog.get_logger(__name__)

RUNS_KEPT = 20
"""Checkpoints of one thread before all but the memory is dropped: LangGraph keeps every one for ever."""

ENDING_SECONDS = 5.0
"""For a run that is called off: it closes its connections."""


class GraphTutor:
    """Answers each request by the graph.

    Invariants:
        1. Requests of one learner about one task go one after the other: each knows what the one before said.
        2. A request that is called off leaves the memory as it was before: it is written once, at the end.
        3. A store that does not work costs the memory over restarts, never the help.
    """

    def __init__(self, desk: Desk, checkpoints: Checkpoints) -> None:
        self._desk, self._checkpoints = desk, checkpoints
        self._locks: WeakValueDictionary[str, anyio.Lock] = WeakValueDictionary()

    @classmethod
    def create(cls, config: TutorConfig) -> GraphTutor:
        """The tutor as configured.

        Raises:
            InvalidSettingError
        """
        check_model_name(config.model)
        spending = Spending(config.tokens_per_learner_hour, config.tokens_per_course_day, time.monotonic)
        desk = Desk(model=ChatModel(config.model, config.model_seconds), spending=spending)
        return cls(desk, Checkpoints(config.checkpoint_url))

    def explain(self, notebook: Notebook) -> Sequence[Finding]:
        """Findings of an executed notebook, offline, at most one a cell; the model has no part in it."""
        return find(notebook)

    async def handle(self, event: HelpRequested, context: TutorContext) -> None:
        """Help, or do nothing."""
        # No user name in the store's keys: whose memory it is, only who asks for it can tell.
        thread = hashlib.blake2b(thread_of(event).encode(), digest_size=16).hexdigest()
        name = event.author.username
        work = Work(event=event, context=context, desk=self._desk, seal=Seal(names=(name,) if name else ()))
        began = time.monotonic()
        lock = self._locks.setdefault(thread, anyio.Lock())
        async with lock:  # invariant 1
            by = await self._through(thread, work)
        SECONDS.labels(by).observe(time.monotonic() - began)

    async def _through(self, thread: str, work: Work) -> str:
        try:
            async with self._checkpoints.open() as saver:
                return await _run(saver, thread, work)
        except _store_errors() as error:
            log.warning("memory not available, going on without", kind=type(error).__name__)  # invariant 3
        return await _run(self._checkpoints.in_memory(), thread, work)


async def _run(saver: BaseCheckpointSaver[str], thread: str, work: Work) -> str:
    graph = compiled(saver)
    config = RunnableConfig(configurable={"thread_id": thread}, recursion_limit=STEPS_AT_MOST)
    # No learner's text goes to a tracing service, whatever LANGSMITH_TRACING says.
    with tracing_context(enabled=False):
        run = graph.ainvoke(fresh(work.event), config, context=work, durability="exit")
        ended = await _apart(run)
        await _forget_old(saver, thread, ended)
    return str(ended.get("by", "")) or "nobody"


async def _apart(run: Coroutine[Any, Any, Any]) -> HelpState:
    """Await a run in a task of its own, which ends with us.

    LangGraph wraps a cancellation in another one as it ends, by which anyio would not know its own any more; and anyio
    cancels again and again until a task has ended, which LangGraph's way of ending does not bear.
    """
    task = asyncio.get_running_loop().create_task(run, name="graph")
    try:
        await asyncio.wait({task})
    finally:
        if not task.done():
            task.cancel()
            with anyio.move_on_after(ENDING_SECONDS, shield=True):
                await asyncio.wait({task})
    ended: HelpState = task.result()
    return ended


async def _forget_old(saver: BaseCheckpointSaver[str], thread: str, ended: HelpState) -> None:
    """Keep what is remembered, and not every state on the way to it."""
    config = RunnableConfig(configurable={"thread_id": thread})
    count = 0
    async for _ in saver.alist(config, limit=RUNS_KEPT):
        count += 1
    if count >= RUNS_KEPT:
        kept = HelpState(memory=ended.get("memory", []), route="over")
        with anyio.CancelScope(shield=True):  # between the two nothing would be remembered
            await saver.adelete_thread(thread)
            await compiled(saver).aupdate_state(config, dict(kept), as_node="act")


def _store_errors() -> tuple[type[Exception], ...]:
    try:
        import psycopg  # noqa: PLC0415 - not everybody has PostgreSQL's client
    except ImportError:
        return (sqlite3.Error,)
    return (sqlite3.Error, psycopg.Error)
