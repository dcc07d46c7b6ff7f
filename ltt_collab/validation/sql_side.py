"""What runs inside a kernel for SQL: the rows of a query on a fresh copy, and ``%sql`` with or without jupysql.

Sent as text, like ``kernel_side``. Queries run in a kernel that no learner's Python has run in.
"""

# mypy: ignore-errors
from __future__ import annotations

MOST_ROWS, QUERY_SECONDS = 5000, 4.0


def ltt_rows(database, script, query):
    """``("rows", [columns], [rows])`` or ``("error", message, {table: [columns]})``; the database itself stays."""
    import sqlite3  # noqa: PLC0415
    import time  # noqa: PLC0415

    copy = sqlite3.connect(":memory:")
    if database.endswith(".sql"):
        with open(database, encoding="utf-8") as file:  # noqa: PTH123
            copy.executescript(file.read())
    elif database:
        original = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
        original.backup(copy)
        original.close()
    if script:
        copy.executescript(script)
    tables = {}
    for (name,) in copy.execute("select name from sqlite_master where type in ('table', 'view')").fetchall():
        tables[name] = [column[1] for column in copy.execute("select * from pragma_table_info(?)", (name,))]
    forbidden = {sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH}
    copy.set_authorizer(lambda act, *_: sqlite3.SQLITE_DENY if act in forbidden else sqlite3.SQLITE_OK)
    end = time.monotonic() + QUERY_SECONDS
    copy.set_progress_handler(lambda: time.monotonic() > end, 10_000)
    try:
        cursor = copy.execute(query.strip().rstrip(";").strip())
        rows = cursor.fetchmany(MOST_ROWS + 1)
    except (sqlite3.Error, sqlite3.Warning, ValueError, OverflowError) as error:
        return ("error", str(error), tables)
    finally:
        copy.set_progress_handler(None, 0)
    if cursor.description is None:
        return ("error", "it gives no rows: it is no SELECT", tables)
    return ("rows", [column[0] for column in cursor.description], [tuple(row) for row in rows])


def ltt_offer_sql(shell):
    """Let ``%sql`` and ``%%sql`` work before ``%load_ext sql``; without jupysql on SQLite: the rows as tuples."""
    import importlib.util  # noqa: PLC0415

    if importlib.util.find_spec("sql") is None:
        ltt_stand_in(shell)
    elif shell.find_line_magic("sql") is None:

        def load_first(line, cell=None):  # jupysql takes a second to import: only who uses it waits for that
            shell.run_line_magic("load_ext", "sql")
            return shell.run_line_magic("sql", line) if cell is None else shell.run_cell_magic("sql", line, cell)

        shell.register_magic_function(load_first, "line_cell", "sql")


def ltt_stand_in(shell):
    """Put a small ``%sql`` of our own in the place of jupysql."""
    import sqlite3  # noqa: PLC0415
    import sys  # noqa: PLC0415
    import types  # noqa: PLC0415

    state = {"connection": None}

    def run(line, cell=None):
        text = (line if cell is None else line + "\n" + cell).strip()
        words = text.split(None, 1)
        if words and words[0].startswith("sqlite://"):
            path = words[0].removeprefix("sqlite://").removeprefix("/") or ":memory:"
            state["connection"] = sqlite3.connect(path)
            text = words[1] if len(words) > 1 else ""
        if text.startswith("--"):
            text = "\n".join(row for row in text.splitlines() if not row.startswith("--"))
        target = None
        head = text.split("<<", 1)
        if len(head) == 2 and head[0].strip().isidentifier():
            target, text = head[0].strip(), head[1].strip()
        if not text.strip():
            return None
        if state["connection"] is None:
            raise RuntimeError("no database: begin with %sql sqlite:///name.db")
        rows = state["connection"].execute(text.strip().rstrip(";")).fetchall()
        state["connection"].commit()
        if target:
            shell.user_ns[target] = rows
            return None
        return rows

    def load_ipython_extension(shell):
        shell.register_magic_function(run, "line_cell", "sql")

    module = types.ModuleType("sql")
    module.load_ipython_extension = load_ipython_extension
    sys.modules["sql"] = module
    load_ipython_extension(shell)
