"""Marks what the checks of an examination were told; patterns and queries in a kernel that ran no learner's code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ltt_collab.model.courses import Check, Compared
from ltt_collab.model.errors import KernelTimeoutError
from ltt_collab.ports.kernels import Kernel, Sandbox
from ltt_collab.validation.asking import Told
from ltt_collab.validation.examination import Examination
from ltt_collab.validation.expectations import ask, install
from ltt_collab.validation.marking import Mark, error_text, mark_rows, mark_values, result
from ltt_collab.validation.queries import pristine, query_in_cells, rows_of
from ltt_collab.validation.sources import usage_fault
from ltt_collab.validation.values import shown

SEARCHED: Final = 100_000
"""Characters of an output that a pattern is searched in, from the end."""

PATTERN_SECONDS: Final = 3.0


async def assess(examination: Examination, sandbox: Sandbox) -> None:
    """Give every check a result that has none and was told what it asked.

    Raises:
        SandboxUnavailableError, KernelError, NoAnswerError
    """
    task = examination.task
    todo = [check for check in task.checks if examination.is_open(check) and _is_told(examination, check)]
    outside = [check for check in todo if _needs_kernel(check)]
    if not outside:
        for check in todo:
            await _assess_one(examination, check, None)
        return
    files = dict(task.data) | dict(task.private) | pristine(task)
    async with sandbox.kernel(files, memory_mib=task.memory_limit) as kernel:
        await install(kernel, sql=any(check.compared is Compared.SQL for check in outside))
        for check in todo:
            await _assess_one(examination, check, kernel)


def _is_told(examination: Examination, check: Check) -> bool:
    return not examination.questions(check) or check.name in examination.told


def _needs_kernel(check: Check) -> bool:
    return check.compared is Compared.SQL or bool(check.compared in {Compared.OUTPUT, Compared.FILE} and check.pattern)


async def _assess_one(examination: Examination, check: Check, kernel: Kernel | None) -> None:
    mark = await _mark(examination, check, kernel)
    examination.marks[check.name] = mark
    examination.results[check.name] = result(check, mark)


async def _mark(examination: Examination, check: Check, kernel: Kernel | None) -> Mark:
    told = examination.told.get(check.name, ())
    match check.compared:
        case Compared.EXPRESSION:
            key = examination.key
            return mark_values(check, key.inputs[check.name], key.expected[check.name], told)
        case Compared.SOURCE:
            return Mark(fault=usage_fault(check, examination.cells))
        case Compared.OUTPUT:
            seen = [examination.run.printed]
            if examination.task.reads_terminal:
                seen.append(examination.terminals)
            return await _mark_pattern(check, "\n".join(seen), kernel, "the output")
        case Compared.FILE:
            return await _mark_file(check, told[0], kernel)
        case Compared.SQL:
            return await _mark_query(examination, check, told, kernel)


async def _mark_file(check: Check, told: Told, kernel: Kernel | None) -> Mark:
    if told.value is None:
        if told.error_name == "FileNotFoundError":
            return Mark(fault=f"the file '{check.subject}' is missing", got="no such file")
        return Mark(fault=f"the file '{check.subject}' cannot be read: {error_text(told)}")
    text = str(told.value[1]) if told.value[0] == "str" else ""
    return await _mark_pattern(check, text, kernel, f"the file '{check.subject}'")


async def _mark_pattern(check: Check, text: str, kernel: Kernel | None, where: str) -> Mark:
    """Search for the check's pattern; outside of our own process, where a pattern could take for ever."""
    if not check.pattern:
        return Mark()
    assert kernel is not None
    text = text[-SEARCHED:]
    subject = f"__import__('re').search({check.pattern!r}, {text!r}, __import__('re').MULTILINE) is not None"
    try:
        [found] = await ask(kernel, [(subject,)], seconds=PATTERN_SECONDS)
    except KernelTimeoutError:
        return Mark(fault=f"{where} could not be searched in {PATTERN_SECONDS:g} s")
    if found.value == ["bool", True]:
        return Mark()
    if found.value is None:
        return Mark(fault=f"the pattern of this check does not work ({found.said}); tell your instructor")
    got = shown(["str", text.strip()[-200:]])
    return Mark(fault=f"{where} is not as it should be", expected=f"text that fits {check.pattern}", got=got)


async def _mark_query(examination: Examination, check: Check, told: Sequence[Told], kernel: Kernel | None) -> Mark:
    assert kernel is not None
    query = query_in_cells(examination.cells)
    if check.subject:
        value = told[0].value
        if value is None:
            return Mark(fault=f"{check.subject} gives no query: {error_text(told[0])}", raised=told[0])
        if value[0] != "str":
            return Mark(fault=f"{check.subject} should be a text with a query, and is {shown(value)}")
        query = str(value[1])
    rows = []
    for script in examination.key.inputs[check.name]:
        try:
            rows.append(await rows_of(kernel, examination.task, check, script, query))
        except KernelTimeoutError:
            return Mark(fault="the query did not end in time; look for a join without a condition")
    return mark_rows(check, examination.key.rows[check.name], rows)
