"""The published tables in Postgres, for readers that cannot open a DuckDB file.

Rows are copied into `<schema>_next`, committed, and put in place by one short transaction that
drops the old schemas and renames the new: a reader sees the publication before or this one, and
a publisher killed on the way leaves the one before. The people schema is not sent. Whoever could
read the old schemas can read the new ones; views that others built on them are dropped with them.
"""

from __future__ import annotations

import itertools
import os
import re
import tempfile
import time
import typing
from pathlib import Path

from settings import ConfigError

SCHEMAS = ("marts", "metrics", "quality", "ops", "ingest", "dashboards")
PATIENCE = 120.0  # seconds
# All shorter than PostgreSQL's deadlock_timeout (1 s): a reader who holds one of our tables and
# wants another is never the one that the server ends. Short ones first, because then we waited for
# each other; long ones for readers that take their time.
LOCK_TIMEOUTS = (100, 200, 400, 800)  # milliseconds
TYPES = {
    "VARCHAR": "text",
    "BIGINT": "bigint",
    "INTEGER": "integer",
    "SMALLINT": "smallint",
    "HUGEINT": "numeric(38, 0)",
    "DOUBLE": "double precision",
    "FLOAT": "real",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "TIMESTAMP": "timestamp",
    "JSON": "text",
}


def load(database: Path, run_id: str, dsn: str | None = None) -> int:
    """Replace the schemas in Postgres by those of a published file; gives the number of rows.

    The data source name is `$PLUMBLINE_POSTGRES_DSN` unless given. `ops.publication` holds the
    run id there too. Raises ConfigError without a name, a driver or a server, or when the old
    schemas stay locked by readers for all tries.
    """
    dsn = dsn or os.environ.get("PLUMBLINE_POSTGRES_DSN")
    if not dsn:
        raise ConfigError(
            "[publish] postgres is on and PLUMBLINE_POSTGRES_DSN is not set: set it to a data "
            "source name, for example 'host=db dbname=plumbline user=plumbline'."
        )
    try:
        import psycopg2
    except ImportError:
        raise ConfigError(
            "[publish] postgres is on and psycopg2 is not installed: install the extra 'postgres'."
        ) from None
    import duckdb

    try:
        server = psycopg2.connect(dsn)
    except psycopg2.OperationalError as error:
        raise ConfigError(f"Postgres does not answer: {str(error).strip()}") from None
    try:
        with duckdb.connect(str(database), read_only=True) as published:
            rows = _copy(published, server)
        _swap(server, run_id)
    finally:
        server.close()
    return rows


def _copy(published: typing.Any, server: typing.Any) -> int:
    tables = published.execute(
        "select schema_name, table_name, comment from duckdb_tables() order by 1, 2"
    ).fetchall()
    total = 0
    with server, server.cursor() as cursor, tempfile.TemporaryDirectory() as folder:
        for schema in SCHEMAS:
            cursor.execute(f"drop schema if exists {schema}_next cascade")
            cursor.execute(f"create schema {schema}_next")
        for schema, table, comment in tables:
            columns = published.execute(
                "select column_name, data_type, comment from duckdb_columns() where "
                "schema_name = ? and table_name = ? order by column_index",
                [schema, table],
            ).fetchall()
            name = f'{schema}_next."{table}"'
            body = ", ".join(f'"{column}" {_type(kind)}' for column, kind, _ in columns)
            cursor.execute(f"create table {name} ({body})")
            file = Path(folder) / "rows.csv"
            published.execute(
                f"copy {schema}.\"{table}\" to '{file}' (format csv, header false, "
                "nullstr '\\N', force_quote *)"
            )
            with file.open("rb") as stream:
                cursor.copy_expert(f"copy {name} from stdin (format csv, null '\\N')", stream)
            total += cursor.rowcount
            for what, text in (
                (f"table {name}", comment),
                *((f'column {name}."{column}"', told) for column, _, told in columns),
            ):
                if text:
                    cursor.execute(f"comment on {what} is %s", [text])
    return total


def _swap(server: typing.Any, run_id: str) -> None:
    """Put `<schema>_next` in place in one transaction; retried while readers hold locks."""
    from psycopg2 import errors

    end = time.monotonic() + PATIENCE
    for timeout in itertools.cycle(LOCK_TIMEOUTS):
        try:
            with server, server.cursor() as cursor:
                _lock(cursor, timeout)
                cursor.execute(
                    "select n.nspname, r.rolname from pg_namespace n, aclexplode(n.nspacl) a, "
                    "pg_roles r where r.oid = a.grantee and a.privilege_type = 'USAGE' "
                    "and n.nspname = any(%s) and a.grantee <> n.nspowner",
                    [list(SCHEMAS)],
                )
                readers = cursor.fetchall()
                for schema in SCHEMAS:
                    cursor.execute(f"drop schema if exists {schema} cascade")
                    cursor.execute(f"alter schema {schema}_next rename to {schema}")
                for schema, reader in readers:
                    cursor.execute(f'grant usage on schema {schema} to "{reader}"')
                    cursor.execute(f'grant select on all tables in schema {schema} to "{reader}"')
            return
        except (errors.QueryCanceled, errors.DeadlockDetected):
            if time.monotonic() > end:
                break
            time.sleep(timeout / 2000)
    raise ConfigError(
        f"Postgres: readers held the old tables for {PATIENCE:.0f} s; run {run_id} is copied and "
        "not in place. End long queries and publish again."
    )


def _lock(cursor: typing.Any, timeout: int) -> None:
    """Take every published table at once, or nothing within the time limit."""
    cursor.execute(
        "select quote_ident(schemaname) || '.' || quote_ident(tablename) from pg_tables "
        "where schemaname = any(%s) order by 1",
        [list(SCHEMAS)],
    )
    names = ", ".join(name for (name,) in cursor.fetchall())
    if names:
        cursor.execute(f"set local statement_timeout = {timeout}")
        cursor.execute(f"lock table {names} in access exclusive mode")
        cursor.execute("set local statement_timeout = 0")


def _type(kind: str) -> str:
    decimal = re.fullmatch(r"DECIMAL\((\d+),\s*(\d+)\)", kind)
    if decimal:
        return f"numeric({decimal[1]}, {decimal[2]})"
    if kind not in TYPES:
        raise ConfigError(
            f"Postgres has no type for DuckDB's {kind}; add it to metrics/postgres.py."
        )
    return TYPES[kind]
