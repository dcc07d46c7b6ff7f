"""Any text of Python in a text column of any database."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import String
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

# PostgreSQL refuses U+0000, and neither database takes half of a surrogate pair; names from browsers may hold both.
_REFUSED = re.compile(r"[\x00\ud800-\udfff]|\\(?=u[0-9a-f]{4})")
_ESCAPED = re.compile(r"\\u([0-9a-f]{4})")


class AnyText(TypeDecorator[str]):
    """A string; what a database refuses is written as an escape, everything else as it is.

    Migrations use it too: what it makes of a column may not change.
    """

    impl = String
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """In PostgreSQL ordered by code point whatever the database's locale is, as SQLite does and Python."""
        return dialect.type_descriptor(String(collation="C") if dialect.name == "postgresql" else String())

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 # SQLAlchemy's
        """The text as the database takes it."""
        return None if value is None else _REFUSED.sub(lambda found: f"\\u{ord(found[0]):04x}", value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """The text as it was."""
        return None if value is None else _ESCAPED.sub(lambda found: chr(int(found[1], 16)), value)
