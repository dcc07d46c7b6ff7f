"""What a task's checks expect: the reference runs in a sandbox kernel, away from every learner."""

from __future__ import annotations

import ast
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

import anyio

from ltt_collab.model.courses import Check, Compared, Expected, Task
from ltt_collab.model.errors import BrokenTaskError, InvalidNotebookError, NoAnswerError
from ltt_collab.model.nbformat import read_notebook
from ltt_collab.model.solving import solved
from ltt_collab.ports.kernels import Finished, Kernel, Limits, Sandbox
from ltt_collab.validation import asking
from ltt_collab.validation.asking import Subject, Told
from ltt_collab.validation.queries import Rows, pristine, query_in_cells, rows_of
from ltt_collab.validation.running import run_cells
from ltt_collab.validation.sources import code_cells
from ltt_collab.validation.values import Tree, tree_of

DRAWING_SECONDS: Final = 1.0
"""After which a slow reference draws no more: somebody waits."""

AT_ONCE_SECONDS: Final = 0.25
"""Of work for the reference in one question: it must be far from a task's time limit."""

MOST_INPUTS: Final = 60

NO_SCRIPTS: Final[Sequence[tuple[str, ...]]] = (("",),)
"""What changes the database before a query for which nothing is generated."""

SETUP_SECONDS: Final = 20.0

OURS: Final = "ltt_ask"

_SQL_SIDE: Final = asking.text_of("sql_side")


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One attempt's expectations, by check: what to ask, what it should give; for SQL scripts and rows."""

    inputs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    expected: Mapping[str, tuple[Told, ...]] = field(default_factory=dict)
    rows: Mapping[str, tuple[Rows, ...]] = field(default_factory=dict)


def needs_reference(task: Task) -> bool:
    """Whether any check asks the reference."""
    return any(check.generate or check.expected is Expected.REFERENCE for check in task.checks)


def is_fixed(check: Check) -> bool:
    """Whether a check asks the same on every attempt."""
    return not check.generate


async def install(kernel: Kernel, *, sql: bool = False, name: str = OURS) -> None:
    """Put our side into a fresh kernel.

    Raises:
        KernelError, NoAnswerError
    """
    code = asking.installing(name)
    if sql:
        code += f"\nexec({_SQL_SIDE!r})\nltt_offer_sql(get_ipython())"
    finished = False
    async for output in kernel.execute(code, limits=Limits(seconds=SETUP_SECONDS), silent=True):
        finished = isinstance(output, Finished) and output.ok
    if not finished:
        raise NoAnswerError("our side of it could not be set up")


async def ask(kernel: Kernel, subjects: Sequence[Subject], *, seconds: float, name: str = OURS) -> list[Told]:
    """Ask a kernel in which our side is installed.

    Raises:
        KernelError, NoAnswerError
    """
    nonce = asking.new_nonce()
    answers = await kernel.evaluate({"answer": asking.question(name, nonce, subjects)}, seconds=seconds)
    return asking.read(answers["answer"], nonce, len(subjects))


async def draw_keys(sandbox: Sandbox, task: Task, attempts: int, put: Callable[[Key], None]) -> None:
    """Hand over keys for so many attempts (fewer where the reference is slow), each as soon as it is drawn.

    Raises:
        BrokenTaskError, SandboxUnavailableError, KernelError
    """
    plain = _plain_key(task)
    if plain is not None:
        put(plain)
        return
    files = dict(task.data) | dict(task.private) | pristine(task)
    async with sandbox.kernel(files, memory_mib=task.memory_limit) as kernel:
        await _Author(task, kernel).draw(attempts, put)


def _plain_key(task: Task) -> Key | None:
    """The key where no kernel is needed for it: fixed expressions with literals."""
    inputs: dict[str, tuple[str, ...]] = {}
    expected: dict[str, tuple[Told, ...]] = {}
    for check in task.checks:
        if check.generate or check.expected is Expected.REFERENCE or check.compared is Compared.SQL:
            return None
        if check.compared is Compared.EXPRESSION:
            told = _literal(check)
            if told is None:
                return None
            inputs[check.name], expected[check.name] = (check.subject,), (told,)
    return Key(inputs=inputs, expected=expected)


def _literal(check: Check) -> Told | None:
    if check.expected is Expected.RAISES:
        return raising(check.expect)
    try:
        return Told(value=tree_of(ast.literal_eval(check.expect.strip())))
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        return None


def raising(name: str) -> Told:
    """The expectation of an exception by its name."""
    return Told(classes=(("", name.strip().rpartition(".")[2]),))


class _Author:
    """Works a task's expectations out in a kernel that runs the reference."""

    def __init__(self, task: Task, kernel: Kernel) -> None:
        self._task = task
        self._kernel = kernel
        self._query = ""

    async def draw(self, attempts: int, put: Callable[[Key], None]) -> None:
        sql = any(check.compared is Compared.SQL for check in self._task.checks)
        await install(self._kernel, sql=sql or "%sql" in self._task.notebook)
        if needs_reference(self._task) and self._task.reference:
            await self._run_reference()
        drawn = any(check.generate for check in self._task.checks)
        began = anyio.current_time()
        [first] = await self._keys(1)
        put(first)
        took = max(anyio.current_time() - began, 0.001)
        count = 1
        while drawn and count < attempts and anyio.current_time() - began < DRAWING_SECONDS:
            for key in await self._keys(min(attempts - count, max(1, int(AT_ONCE_SECONDS / took)))):
                put(key)
                count += 1

    async def _run_reference(self) -> None:
        try:
            notebook = read_notebook(solved(self._task), f"the reference of {self._task.id}")
        except (InvalidNotebookError, ValueError) as error:
            raise BrokenTaskError("", str(error)) from error
        cells = code_cells(notebook, self._task)
        run = await run_cells(self._kernel, cells, seconds=self._task.time_limit)
        fault = run.stop.fault if run.stop else run.faults[0] if run.faults else None
        if fault is not None:
            raise BrokenTaskError("", f"cell {fault.cell}: {fault.name or 'it did not end'} {fault.said}"[:300])
        self._query = query_in_cells(cells)

    async def _keys(self, count: int) -> list[Key]:
        """So many keys, for which each check is asked about once: a question costs more than what is in it."""
        inputs: dict[str, list[tuple[str, ...]]] = {}
        expected: dict[str, list[tuple[Told, ...]]] = {}
        rows: dict[str, list[tuple[Rows, ...]]] = {}
        for check in self._task.checks:
            if check.compared is Compared.SQL:
                drawn = await self._inputs(check, count) if check.generate else list(NO_SCRIPTS)
                given = [tuple([await self._rows(check, script) for script in scripts]) for scripts in drawn]
                times = 1 if check.generate else count
                inputs[check.name], rows[check.name] = drawn * times, given * times
            elif check.compared is Compared.EXPRESSION and check.generate:
                drawn = inputs[check.name] = await self._inputs(check, count)
                told = iter(await self._expected(check, [each for attempt in drawn for each in attempt]))
                expected[check.name] = [tuple(islice(told, len(attempt))) for attempt in drawn]
            elif check.compared is Compared.EXPRESSION:
                inputs[check.name] = [(check.subject,)] * count
                expected[check.name] = [await self._expected(check, (check.subject,))] * count
        return [
            Key(
                inputs={name: each[number] for name, each in inputs.items()},
                expected={name: each[number] for name, each in expected.items()},
                rows={name: each[number] for name, each in rows.items()},
            )
            for number in range(count)
        ]

    async def _inputs(self, check: Check, count: int) -> list[tuple[str, ...]]:
        name = check.generate.partition("::")[2]
        seeds = [secrets.randbits(64) for _ in range(count)]
        call = (
            f"[(lambda g: (exec({self._task.generator!r}, g), list(__import__('itertools').islice("
            f"g[{name!r}](__import__('random').Random(seed)), {MOST_INPUTS})))[1])({{'__name__': 'generate'}}) "
            f"for seed in {seeds!r}]"
        )
        [told] = await ask(self._kernel, [(call,)], seconds=SETUP_SECONDS)
        match told.value:
            case ["list", _, attempts]:
                return [self._texts(check, attempt) for attempt in attempts]
            case None:
                raise BrokenTaskError(check.name, f"{check.generate}: {told.error_name}: {told.said}")
            case _:
                raise BrokenTaskError(
                    check.name, f"{check.generate} yields too much; {MOST_INPUTS} short texts will do"
                )

    @staticmethod
    def _texts(check: Check, attempt: Tree) -> tuple[str, ...]:
        match attempt:
            case ["list", _, [_, *_] as items] if all(item[0] == "str" for item in items):
                return tuple(item[1] for item in items)
            case _:
                raise BrokenTaskError(check.name, f"{check.generate} must yield texts, at least one")

    async def _expected(self, check: Check, inputs: Sequence[str]) -> tuple[Told, ...]:
        asks_reference = check.generate or check.expected is Expected.REFERENCE
        if not asks_reference and (literal := _literal(check)) is not None:
            return (literal,)
        asked = inputs if asks_reference else (check.expect,)
        told = tuple(await ask(self._kernel, [(each,) for each in asked], seconds=self._task.time_limit))
        if not asks_reference and told[0].value is None:
            raise BrokenTaskError(check.name, f"expect {check.expect!r}: {told[0].error_name}: {told[0].said}")
        broken = next((each for each in told if each.error_name in {"NameError", "SyntaxError"}), None)
        if broken is not None:
            raise BrokenTaskError(check.name, f"{broken.error_name}: {broken.said}")
        return told

    async def _rows(self, check: Check, script: str) -> Rows:
        if not check.generate and check.expected is Expected.VALUE:
            literal = _literal(check)
            if literal is None or literal.value is None or literal.value[0] != "list":
                raise BrokenTaskError(check.name, f"expect {check.expect!r} is not a list of rows")
            items = [["tuple", None, row[2]] if row[0] == "list" else row for row in literal.value[2]]
            return Rows(rows=["list", None, items])
        query = self._query
        if check.subject:
            [told] = await ask(self._kernel, [(check.subject,)], seconds=check.time_limit)
            query = _text(told.value)
        rows = await rows_of(self._kernel, self._task, check, script, query)
        if rows.error:
            raise BrokenTaskError(check.name, rows.error)
        return rows


def _text(tree: Tree | None) -> str:
    return str(tree[1]) if tree is not None and tree[0] == "str" else ""
