"""Names that the notebook never makes, and cells that were run in an order that a restart would not survive."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

from pyflakes.checker import Checker  # type: ignore[import-untyped]
from pyflakes.messages import UndefinedName  # type: ignore[import-untyped]

from agent.rules.book import Book, Page
from agent.rules.kinds import Kind
from agent.rules.known import BUILTINS, IPYTHON
from agent.rules.similar import closest
from agent.rules.wording import Explanation, at, code, which_cell

_DEEP = (RecursionError, MemoryError, AttributeError, KeyError, TypeError, ValueError, AssertionError)
"""What pyflakes may raise over a tree nested beyond reason, or over syntax newer than itself."""


def undefined_names(book: Book, page: Page) -> Iterator[Explanation]:
    """Names read in a cell that ran well (inside a function that was not called, mostly) and made nowhere."""
    if page.cell.execution_count is not None:
        yield from names_never_made(book, page)


def names_never_made(book: Book, page: Page) -> Iterator[Explanation]:
    """Names read in a cell and made by no cell of the notebook, whether or not it ran."""
    if page.code.tree is None or book.dynamic:
        return
    known = {*book.global_names, *IPYTHON}
    for name, line in _unknown(page):
        if name in known or name in BUILTINS or name.startswith("_"):
            continue
        meant = closest(name, [*dict.fromkeys(b.name for b in page.names.made), *book.global_names, *BUILTINS])
        hint = f" Did you mean {code(meant)}?" if meant else ""
        function = page.function_at(line)
        when = f"{code(function.name)} is called" if function is not None else "it is reached"
        yield Explanation(
            kind=Kind.MISSPELT_NAME if meant else Kind.UNDEFINED_NAME,
            line=line,
            where=f"{at(line)} uses {code(name)}, and no cell makes that name. Look at how it is spelled.",
            what=(
                f"Nothing was raised yet, as this line has not run. Once {when}, Python will not know "
                f"{code(name)}.{hint}"
            ),
            how=(
                "A name must be written the same way each time. After `apples = 3`, neither `aples` nor `Apples` "
                "is known."
            ),
        )


def _unknown(page: Page) -> list[tuple[str, int]]:
    assert page.code.tree is not None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            messages = Checker(page.code.tree).messages
    except _DEEP:
        return []
    found = [(str(m.message_args[0]), int(m.lineno)) for m in messages if isinstance(m, UndefinedName)]
    return sorted(found, key=lambda pair: pair[1])


def run_order(book: Book, page: Page) -> Iterator[Explanation]:
    """A cell that ran well only because cells further down, or later, were run at another time."""
    run = page.cell.execution_count
    if run is None:
        return
    own = {binding.name for binding in page.names.made}
    for name, line, scope in page.names.read:
        if scope is not None or name in own or name in BUILTINS or name in IPYTHON or name not in book.global_names:
            continue
        makers = [(p, b) for p, b in book.global_names[name] if b.kind != "delete"]
        if not makers or any(p.cell.execution_count is None for p, _ in makers):
            continue
        if all(p.index > page.index and (p.cell.execution_count or 0) < run for p, _ in makers):
            maker, binding = makers[0]
            yield _order(
                line,
                name,
                (
                    f"{which_cell(maker.cell)} makes {code(name)} (line {binding.line}) and stands below this "
                    "one. It works now because that cell was run first. After a restart, run from the top, it "
                    "will fail here."
                ),
            )
        elif all(p.index < page.index and (p.cell.execution_count or 0) > run for p, _ in makers):
            maker, binding = makers[-1]
            yield _order(
                line,
                name,
                (
                    f"{which_cell(maker.cell)} makes {code(name)} and was run again after this cell. So what "
                    f"this cell shows may rest on an older value of {code(name)}."
                ),
            )


def _order(line: int, name: str, story: str) -> Explanation:
    return Explanation(
        kind=Kind.RUN_ORDER,
        line=line,
        where=(
            f"{at(line)} uses {code(name)}. Compare the run numbers in the brackets left of the cells: in which "
            "order were they run?"
        ),
        what=story[0].upper() + story[1:],
        how=(
            "Cells should work from top to bottom: the one that makes a value above the ones that use it. "
            "*Restart Kernel and Run All Cells* in the *Kernel* menu shows whether they do."
        ),
    )
