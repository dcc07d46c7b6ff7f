"""``%sql`` in a judge's kernel, with jupysql and without."""

from __future__ import annotations

import importlib.util
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from ltt_collab.validation import sql_side


class Shell:
    """The part of IPython's shell that is used."""

    def __init__(self) -> None:
        self.user_ns: dict[str, Any] = {}
        self.magics: dict[str, Callable[..., Any]] = {}
        self.ran: list[tuple[str, ...]] = []

    def find_line_magic(self, name: str) -> Callable[..., Any] | None:
        return self.magics.get(name)

    def register_magic_function(self, magic: Callable[..., Any], kind: str, name: str) -> None:
        assert kind == "line_cell"
        self.magics[name] = magic

    def run_line_magic(self, name: str, line: str) -> str:
        self.ran.append((name, line))
        return "a line's"

    def run_cell_magic(self, name: str, line: str, cell: str) -> str:
        self.ran.append((name, line, cell))
        return "a cell's"


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Shell:
    """A shell in whose environment jupysql is, or is not."""
    found = object() if request.param else None
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: found if name == "sql" else None)
    monkeypatch.delitem(sys.modules, "sql", raising=False)
    made = Shell()
    sql_side.ltt_offer_sql(made)  # type: ignore[no-untyped-call] # it is sent to kernels as text
    monkeypatch.delitem(sys.modules, "sql", raising=False)
    return made


@pytest.mark.parametrize("shell", [False], indirect=True)
def test_without_jupysql_queries_run_on_sqlite_and_go_into_variables(shell: Shell, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "a.db")) as made, made:
        made.execute("create table t (n)")
    sql = shell.magics["sql"]
    with pytest.raises(RuntimeError, match="begin with %sql sqlite:"):
        sql("select 1")
    assert sql(f"sqlite:///{tmp_path / 'a.db'}") is None
    sql("", "insert into t values (7), (8);")
    assert sql("select n from t") == [(7,), (8,)]
    assert sql("", "-- a remark\nselect count(*) from t") == [(2,)]
    assert sql("rows <<", "select n from t where n > 7") is None
    assert shell.user_ns == {"rows": [(8,)]}


@pytest.mark.parametrize("shell", [True], indirect=True)
def test_jupysql_is_loaded_by_the_first_query_that_needs_it(shell: Shell) -> None:
    assert shell.magics["sql"]("", "select 1") == "a cell's"
    assert shell.magics["sql"]("select 2") == "a line's"
    assert shell.ran == [("load_ext", "sql"), ("sql", "", "select 1"), ("load_ext", "sql"), ("sql", "select 2")]
