"""Rows of Python into a table of schema `metrics`, all at once.

DuckDB takes one row of `executemany` in half a millisecond and a whole Arrow table in a few.
"""

from __future__ import annotations

import typing
from collections.abc import Sequence

if typing.TYPE_CHECKING:
    import duckdb


def insert(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    rows: Sequence[tuple],
    columns: Sequence[str] = (),
) -> None:
    """Append `rows`, whose values stand in the order of `columns` (none: all of the table's)."""
    if not rows:
        return
    import pyarrow as pa

    names = [str(k) for k in range(len(rows[0]))]
    told = pa.table([pa.array(column) for column in zip(*rows, strict=True)], names=names)
    connection.register("rows_to_insert", told)
    try:
        named = f" ({', '.join(columns)})" if columns else ""
        connection.execute(f"insert into {table}{named} select * from rows_to_insert")
    finally:
        connection.unregister("rows_to_insert")


def insert_named(
    connection: duckdb.DuckDBPyConnection, table: str, rows: Sequence[dict[str, typing.Any]]
) -> None:
    """Append rows that name their columns; what a row does not name is null in it."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    insert(connection, table, [tuple(row.get(name) for name in columns) for row in rows], columns)
