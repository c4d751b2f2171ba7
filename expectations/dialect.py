"""`duckdb+buffered://`: DuckDB for Great Expectations, which fetches after it has closed.

GX 1.24 reads its results after SQLAlchemy gave the connection back; in DuckDB the cursor is the
connection, so the rows are gone by then (GX issue 10738: "list index out of range"). Here every
statement's rows are fetched at once and kept by the cursor. One connection, read-only where
nobody in this process holds the file for writing, with the temporary views a gate wants.
"""

from __future__ import annotations

import contextlib
import contextvars
import typing
from collections.abc import Iterator, Sequence
from pathlib import Path

import duckdb
from duckdb_engine import Dialect
from sqlalchemy import text, types
from sqlalchemy.dialects import registry
from sqlalchemy.pool import StaticPool

NAME = "duckdb.buffered"
TYPES = {
    "BIGINT": types.BigInteger,
    "BOOLEAN": types.Boolean,
    "DATE": types.Date,
    "DECIMAL": types.Numeric,
    "DOUBLE": types.Float,
    "INTEGER": types.Integer,
    "TIMESTAMP": types.DateTime,
    "VARCHAR": types.String,
}
_FIRST: contextvars.ContextVar[tuple[str, ...]] = contextvars.ContextVar("first", default=())


def connection_string(database: Path) -> str:
    """The address GX is given for a DuckDB file."""
    registry.register(NAME, __name__, "BufferedDialect")
    return f"duckdb+buffered:///{database}"


def connect(database: Path | str) -> duckdb.DuckDBPyConnection:
    """Open for reading; beside an open writer of this process as it is open there.

    DuckDB refuses a second connection of one process to one file in another mode, so the mode
    of the first is taken; a writer in another process is an error, as it must be.
    """
    try:
        return duckdb.connect(str(database), read_only=True)
    except duckdb.ConnectionException as error:
        if "different configuration" not in str(error):
            raise
        return duckdb.connect(str(database))


@contextlib.contextmanager
def running_first(statements: Sequence[str]) -> Iterator[None]:
    """Every connection opened inside runs these first; not in `connect_args`, for GX writes its
    whole configuration down again whenever a table is added."""
    token = _FIRST.set(tuple(statements))
    try:
        yield
    finally:
        _FIRST.reset(token)


class BufferedCursor:
    """A cursor whose rows outlive the statement; what PEP 249 asks for and no more."""

    arraysize = 1

    def __init__(self, wrapper: BufferedConnection) -> None:
        self.connection = wrapper
        self.description: list[tuple] | None = None
        self.rowcount = -1
        self._rows: list[tuple] = []

    def execute(self, statement: str, parameters: Sequence | None = None) -> None:
        native = self.connection.native
        result = native.execute(statement, parameters) if parameters else native.execute(statement)
        self.description = result.description
        self._rows = result.fetchall() if result.description else []

    def executemany(self, statement: str, parameters: Sequence[Sequence]) -> None:
        self.connection.native.executemany(statement, list(parameters))
        self.description, self._rows = None, []

    def fetchone(self) -> tuple | None:
        return self._rows.pop(0) if self._rows else None

    def fetchmany(self, size: int | None = None) -> list[tuple]:
        wanted = self.arraysize if size is None else size
        taken, self._rows = self._rows[:wanted], self._rows[wanted:]
        return taken

    def fetchall(self) -> list[tuple]:
        taken, self._rows = self._rows, []
        return taken

    def close(self) -> None:
        """The rows stay: that is the point."""


class BufferedConnection:
    """A DuckDB connection in the shape SQLAlchemy's psycopg2 dialect expects."""

    def __init__(self, native: duckdb.DuckDBPyConnection) -> None:
        self.native = native
        self.notices: list[str] = []

    def cursor(self) -> BufferedCursor:
        return BufferedCursor(self)

    def commit(self) -> None:
        """Nothing is written here, so there is nothing to end."""

    def rollback(self) -> None:
        """See commit."""

    def close(self) -> None:
        self.native.close()


class BufferedDialect(Dialect):
    """`duckdb_engine` with buffered cursors, one connection and plain reflection."""

    driver = "buffered"
    supports_statement_cache = False

    @classmethod
    def get_pool_class(cls, url: typing.Any) -> type[StaticPool]:
        return StaticPool

    def connect(self, *args: typing.Any, **parameters: typing.Any) -> BufferedConnection:
        native = connect(parameters["database"])
        for statement in _FIRST.get():
            native.execute(statement)
        return BufferedConnection(native)

    def do_begin(self, connection: BufferedConnection) -> None:
        """DuckDB reads in autocommit."""

    def get_columns(
        self,
        connection: typing.Any,
        table_name: str,
        schema: str | None = None,
        **settings: typing.Any,
    ) -> list[dict[str, typing.Any]]:
        """Names and types from DuckDB's own catalogue: through Postgres' it takes 60 ms a table."""
        name = f"{schema}.{table_name}" if schema else table_name
        rows = connection.execute(
            text("select name, type from pragma_table_info(:name)"), {"name": name}
        ).fetchall()
        return [
            {
                "name": name,
                "type": TYPES.get(kind.split("(")[0], types.NullType)(),
                "nullable": True,
                "default": None,
            }
            for name, kind in rows
        ]

    def get_pk_constraint(
        self, connection: typing.Any, table_name: str, schema: str | None = None, **k: typing.Any
    ) -> dict[str, typing.Any]:
        """Keys are dbt's; nothing here asks for them."""
        return {"constrained_columns": [], "name": None}
