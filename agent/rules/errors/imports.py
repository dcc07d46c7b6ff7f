"""ModuleNotFoundError, ImportError, missing files and data base errors: things that are not where one looks."""

from __future__ import annotations

import re

from agent.rules.case import Case
from agent.rules.errors.attributes import members
from agent.rules.infer import literal_strings
from agent.rules.kinds import Kind
from agent.rules.known import INSTALLED_AS, PACKAGES, STDLIB
from agent.rules.similar import closest
from agent.rules.wording import Explanation, at, code

_MODULE = re.compile(r"No module named '([^']+)'")


def module_not_found(case: Case) -> Explanation | None:
    """A module that is misspelt or not installed."""
    found = _MODULE.search(case.message)
    if found is None:
        return None
    full = found.group(1)
    name = full.split(".")[0] if "is not a package" not in case.message else full
    root = name.split(".")[0]
    meant = INSTALLED_AS.get(root.lower()) if root not in PACKAGES else None
    if meant is None and root not in PACKAGES and root not in STDLIB:
        meant = closest(root, (*PACKAGES, *STDLIB))
    if meant and meant != root:
        return Explanation(
            kind=Kind.MISSPELT_MODULE,
            where=f"{at(case.line)} imports {code(root)}. Look at how the module's name is spelled.{case.elsewhere}",
            what=f"There is no module {code(root)} here. Did you mean {code(meant)}? Capitals count." + case.elsewhere,
            how="A module's name is fixed: `import calendar` works, `import Calender` does not.",
        )
    if "." in full:
        why = f"Python has no {code(full)}: the part before the dot or the part after it does not exist here."
    elif root in PACKAGES:
        why = (
            f"{code(root)} is spelled right. It is a package that does not come with Python, and it is not "
            "installed for this kernel."
        )
    else:
        why = (
            f"There is no module {code(root)} among those that come with Python or are installed here. It may be "
            "spelled otherwise, or it must be installed first."
        )
    return Explanation(
        kind=Kind.MODULE_NOT_FOUND,
        where=(
            f"{at(case.line)} imports {code(full)}, and Python finds no such module. Look at the "
            f"spelling.{case.elsewhere}"
        ),
        what=why + case.elsewhere,
        how=(
            "What comes with Python needs no installation: `import calendar`. Other packages are installed once, "
            "for example with `%pip install tabulate` in a cell of its own. In a course, ask your teacher first."
        ),
    )


def import_name(case: Case) -> Explanation | None:
    """``from module import name`` with a name that the module does not have."""
    found = re.search(r"cannot import name '(\w+)' from (?:partially initialized module )?'([\w.]+)'", case.message)
    if found is None:
        return None
    name, module = found.groups()
    meant = closest(name, members(module))
    hint = f" Did you mean {code(meant)}?" if meant else ""
    return Explanation(
        kind=Kind.IMPORT_NAME,
        where=(
            f"{at(case.line)} takes {code(name)} from the module {code(module)}. Look at the spelling of "
            f"both.{case.elsewhere}"
        ),
        what=f"The module {code(module)} exists, and it has nothing called {code(name)}.{hint}" + case.elsewhere,
        how=(
            "`import calendar` and then `dir(calendar)` lists what a module has. `from calendar import isleap` "
            "takes one thing from it."
        ),
    )


def file_not_found(case: Case) -> Explanation | None:
    """A file that is not there."""
    if case.error not in {"FileNotFoundError", "NotADirectoryError", "IsADirectoryError"}:
        return None
    found = re.search(r"(?:directory|file)[^:]*: ['\"](.+?)['\"]", case.message)
    name = found.group(1) if found else ""
    meant = closest(name, [s for s in literal_strings(case.book) if "." in s]) if name else None
    hint = f" The notebook also names a file {code(meant)}." if meant else ""
    if case.error == "IsADirectoryError":
        what = f"{code(name) if name else 'That'} is a folder, and only a file can be opened."
    else:
        what = (
            f"Python looked for {code(name) if name else 'the file'} and did not find it. A name without a "
            f"folder is looked for in the folder of the notebook.{hint}"
        )
    return Explanation(
        kind=Kind.FILE_NOT_FOUND,
        where=f"{at(case.line)} opens a file. Look at its name: spelling, ending, folder.{case.elsewhere}",
        what=what + case.elsewhere,
        how=(
            "`import os` and then `os.listdir()` shows the files beside the notebook. A file in a folder needs "
            'the folder\'s name too: `open("data/songs.txt")`.'
        ),
    )


def sql_error(case: Case) -> Explanation | None:
    """A data base that does not know a table or a column, or cannot read the query."""
    table = re.search(
        r"no such table: ([\w.]+)|relation \"([\w.]+)\" does not exist|Table with name ([\w.]+) does not exist",
        case.message,
    )
    column = re.search(
        r"no such column: ([\w.]+)|column \"?([\w.]+)\"? does not exist|has no column named (\w+)", case.message
    )
    wrong = re.search(r"near \"(.+?)\": syntax error|incomplete input|syntax error at or near \"(.+?)\"", case.message)
    words = _sql_words(case)
    if table or column:
        groups = table.groups() if table else column.groups() if column else ()
        name = next(group for group in groups if group)
        meant = closest(name.rsplit(".", 1)[-1], [w for w in words if w.lower() != name.lower()])
        thing = "table" if table else "column"
        hint = f" Did you mean {code(meant)}?" if meant else ""
        return Explanation(
            kind=Kind.SQL_UNKNOWN_TABLE if table else Kind.SQL_UNKNOWN_COLUMN,
            where=f"Look at the query in **line {case.line}**, at the {thing} {code(name)}.{case.elsewhere}",
            what=f"The data base has no {thing} named {code(name)}.{hint}" + case.elsewhere,
            how=(
                "`SELECT name FROM sqlite_master` lists the tables, and `PRAGMA table_info(songs)` the columns "
                "of one (in SQLite)."
            ),
        )
    if wrong:
        near = wrong.group(1) or wrong.group(2) or ""
        return Explanation(
            kind=Kind.SQL_SYNTAX,
            where=f"Look at the query in **line {case.line}**{', near ' + code(near) if near else ''}.{case.elsewhere}",
            what=(
                "The data base cannot read the query. It stopped "
                f"{'at ' + code(near) if near else 'at its end'}; look at that word and at the one before it."
            )
            + case.elsewhere,
            how=(
                "The parts of a query have a fixed order: `SELECT title FROM songs WHERE year > 2000 ORDER BY "
                "title`. Names in a list are set apart by commas."
            ),
        )
    return None


def _sql_words(case: Case) -> list[str]:
    """Words of every text in the notebook that makes or fills a table."""
    words: dict[str, None] = {}
    for page in case.book.pages:
        for statement in re.findall(r"(?is)\b(?:create\s+table|insert\s+into)\b.{0,800}", page.cell.source[:20_000])[
            :20
        ]:
            words.update(dict.fromkeys(re.findall(r"[A-Za-z_]\w+", statement)[:200]))
    skip = {
        "create",
        "table",
        "insert",
        "into",
        "values",
        "integer",
        "text",
        "real",
        "primary",
        "key",
        "not",
        "null",
        "exists",
        "if",
    }
    return [word for word in words if word.lower() not in skip]


IMPORT_RULES = (module_not_found, import_name)
FILE_RULES = (file_not_found,)
SQL_RULES = (sql_error,)
