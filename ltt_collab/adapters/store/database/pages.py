"""A page of records in the order of ``(at, id)``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Select, Table, select, tuple_


def page(table: Table, selected: Mapping[str, Any], *, after: str | None, limit: int) -> Select[Any]:
    """The rows whose columns have the given values (None: any), behind the row with id ``after``."""
    query = select(table).where(*(table.c[name] == value for name, value in selected.items() if value is not None))
    if after is not None:
        position = select(table.c.at, table.c.id).where(table.c.id == after).subquery()
        query = query.where(tuple_(table.c.at, table.c.id) > select(position.c.at, position.c.id).scalar_subquery())
    return query.order_by(table.c.at, table.c.id).limit(limit)
