"""One engine, its errors told as ours."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING

from sqlalchemy import Table
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ltt_collab.model.errors import StoreUnavailableError

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql

    Insert = postgresql.Insert | sqlite.Insert

_bare: set[type[BaseException]] = {SQLAlchemyError, sqlite3.Error, OSError}
"""What a database's driver raises, with SQLAlchemy's error around it or without; OSError: the disk or the network."""


class Database:
    """One engine, its errors told as ours."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    @property
    def is_postgresql(self) -> bool:
        """Whether it is a PostgreSQL; otherwise it is an SQLite."""
        return self._engine.dialect.name == "postgresql"

    @asynccontextmanager
    async def reading(self, what: str) -> AsyncIterator[AsyncConnection]:
        """A connection for one read; ``what`` completes 'the store cannot …'.

        Raises:
            StoreUnavailableError
        """
        with translated(what):
            async with self._engine.connect() as connection:
                yield connection

    @asynccontextmanager
    async def writing(self, what: str) -> AsyncIterator[AsyncConnection]:
        """A connection for one write, committed at the end, undone by an error.

        Raises:
            StoreUnavailableError
        """
        with translated(what):
            async with self._engine.begin() as connection:
                yield connection


def insert(connection: AsyncConnection, table: Table) -> Insert:
    """An INSERT that can say what to do on a conflict."""
    if connection.dialect.name != "postgresql":
        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql  # noqa: PLC0415 - its engine has loaded it; others need not

    return postgresql.insert(table)


def expect_bare(*errors: type[BaseException]) -> None:
    """Have these of a driver told as ours, too: they come out bare when a connection cannot be set up."""
    _bare.update(errors)


@contextmanager
def translated(what: str) -> Iterator[None]:
    """Raise every error of the database as ``StoreUnavailableError``; ``what`` completes 'the store cannot …'."""
    try:
        yield
    except tuple(_bare) as error:
        raise StoreUnavailableError(what, _reason(error)) from error


def is_refusal(error: StoreUnavailableError) -> bool:
    """Whether the database is there and will never take this: trying again would not help."""
    return isinstance(error.__cause__, (IntegrityError, DataError))


def _reason(error: BaseException) -> str:
    """One line, without SQLAlchemy's statement and parameters: these hold what learners wrote."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    # The driver's message is that of its cause with the class before it: "<class 'asyncpg…'>: …".
    return str(cause.__cause__ or cause).partition("\n")[0] or type(cause).__name__
