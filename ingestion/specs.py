"""The declared schema of every raw table; one file a table, and all else is made from it.

`feeds/<feed>.yml` is at once the input contract of a feed and the schema of `raw_feeds.<feed>`;
`tables/<source>/<table>.yml` is the schema of `raw_<source>.<table>`. From a `Table` come the
Arrow schema, dlt's columns, the row validator and the DDL; dbt's sources are tested against it.
"""

from __future__ import annotations

import functools
import re
import typing
from pathlib import Path

import pyarrow as pa

from settings import ConfigError, read_yaml, strict

HERE = Path(__file__).parent
ARROW = {
    "text": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "money": pa.decimal128(18, 4),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
    "boolean": pa.bool_(),
}
SQL = {
    "text": "varchar",
    "integer": "bigint",
    "number": "double",
    "money": "decimal(18, 4)",
    "date": "date",
    "timestamp": "timestamp",
    "boolean": "boolean",
}


@strict
class Column:
    """One column. `personal: hash` is stored keyed-hashed as `<name>_hash`; `drop` never is."""

    type: typing.Literal["text", "integer", "number", "money", "date", "timestamp", "boolean"]
    about: str
    required: bool = False
    personal: typing.Literal["hash", "drop", "keep"] = "keep"
    minimum: float | None = None
    maximum: float | None = None
    words: tuple[str, ...] = ()
    unit: str | None = None


@strict
class TableFile:
    """What a table's YAML says."""

    description: str
    grain: str
    key: tuple[str, ...]
    owner: str
    columns: dict[str, Column]
    event: str | None = None
    freshness_days: int | None = None
    disposition: typing.Literal["versions", "merge", "snapshot", "scd2"] = "versions"
    window_days: int | None = None
    adds: tuple[str, ...] = ()
    """Measures that add up over rows finer than the grain (a mapping's `repeated: sum`)."""
    finer: tuple[str, ...] = ()
    """Columns in which such rows may differ; the sum says nothing there."""


class Table(typing.NamedTuple):
    """A raw table: `<schema>.<name>`, `source` it comes from, and its file's content."""

    source: str
    name: str
    file: Path
    spec: TableFile

    @property
    def schema(self) -> str:
        return f"raw_{self.source}"

    @property
    def stored(self) -> dict[str, Column]:
        """Columns as they stand in the warehouse, in order: hashed ones renamed, dropped gone."""
        return {
            stored_name(name, column): column
            for name, column in self.spec.columns.items()
            if column.personal != "drop"
        }

    @property
    def stored_key(self) -> tuple[str, ...]:
        return tuple(stored_name(name, self.spec.columns[name]) for name in self.spec.key)

    @property
    def system(self) -> dict[str, str]:
        """Columns that ingestion adds, with SQL types. A feed's row says where it came from."""
        feed = {
            "_row_key": "varchar",
            "_row_hash": "bigint",
            "_file": "varchar",
            "_file_row": "bigint",
        }
        versions = {"_valid_from": "timestamp", "_valid_to": "timestamp", "_row_hash": "varchar"}
        return {
            **(feed if self.spec.disposition == "versions" else {}),
            **(versions if self.spec.disposition == "scd2" else {}),
            "_loaded_at": "timestamp",
            "_dlt_load_id": "varchar",
        }

    def arrow(self) -> pa.Schema:
        """Arrow schema of the stored columns (without the system's)."""
        return pa.schema(
            [pa.field(n, ARROW[c.type], nullable=not c.required) for n, c in self.stored.items()]
        )

    @property
    def sql_columns(self) -> dict[str, str]:
        """Every column of the table in the warehouse, in order, with its SQL type."""
        return {name: SQL[column.type] for name, column in self.stored.items()} | self.system

    def ddl(self) -> str:
        """`create table if not exists`, so that dbt has its sources before any source answered."""
        body = ", ".join(f'"{name}" {kind}' for name, kind in self.sql_columns.items())
        return f"create table if not exists {self.schema}.{self.name} ({body})"


def stored_name(name: str, column: Column) -> str:
    return f"{name}_hash" if column.personal == "hash" else name


@functools.cache
def tables() -> tuple[Table, ...]:
    """Every declared raw table, feeds first, each folder in the order of names.

    Raises ConfigError for a key or event that is not a column, or a name that is not snake_case.
    """
    found = [Table("feeds", p.stem, p, _read(p)) for p in sorted((HERE / "feeds").glob("*.yml"))]
    found += [
        Table(p.parent.name, p.stem, p, _read(p)) for p in sorted((HERE / "tables").glob("*/*.yml"))
    ]
    return tuple(found)


def table(source: str, name: str) -> Table:
    """The table `raw_<source>.<name>`. Raises ConfigError when there is none."""
    for found in tables():
        if (found.source, found.name) == (source, name):
            return found
    raise ConfigError(f"raw_{source}.{name} is not declared in ingestion/feeds or tables.")


def _read(path: Path) -> TableFile:
    spec = read_yaml(path, TableFile)
    for name in (*spec.key, *([spec.event] if spec.event else []), *spec.adds, *spec.finer):
        if name not in spec.columns:
            raise ConfigError(f"{path}: '{name}' is named but is not a column.")
    for name in (*spec.adds, *spec.finer):
        if name in spec.key or spec.columns[name].personal != "keep":
            raise ConfigError(
                f"{path}: '{name}' adds up or is finer, so it is no key nor personal."
            )
    for name in (path.stem, *spec.columns):
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
            raise ConfigError(f"{path}: '{name}' is not snake_case.")
    return spec
