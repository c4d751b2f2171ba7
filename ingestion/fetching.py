"""An API source into batches: pages of dicts are gathered, typed, hashed and checked.

Source modules (`ingestion/sources/<vendor>.py`) only talk to their vendor; everything that is the
same for all of them is here.
"""

from __future__ import annotations

import importlib
import typing
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa

from ingestion import privacy, values
from ingestion import rows as typing_of_rows
from ingestion.feeding import REFUSALS
from ingestion.ledger import Account
from ingestion.load import Batch, Context, Extract
from ingestion.rows import Refused
from ingestion.specs import Table, tables
from settings import ConfigError

if typing.TYPE_CHECKING:
    import duckdb

HERE = Path(__file__).parent / "sources"
BATCH = 20_000


def vendors() -> list[str]:
    """The API sources there are: one module each in `ingestion/sources`."""
    return sorted(path.stem for path in HERE.glob("*.py") if not path.stem.startswith("_"))


def extractor(vendor: str) -> Extract:
    """The vendor's `extract`. Raises ConfigError when there is no such module."""
    if vendor not in vendors():
        raise ConfigError(
            f"[sources.{vendor}]: no module ingestion/sources/{vendor}.py; "
            f"there are {', '.join(vendors())}."
        )
    return importlib.import_module(f"ingestion.sources.{vendor}").extract


def tables_of(source: str) -> dict[str, Table]:
    return {table.name: table for table in tables() if table.source == source}


class Intake:
    """Gathers the pages of one source and keeps account of every row."""

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        source: str,
        hashed: Callable[[str], str],
        warehouse: Path,
    ) -> None:
        self.con, self.hashed, self.warehouse = con, hashed, warehouse
        self.tables = tables_of(source)
        self.accounts = {name: Account(table) for name, table in self.tables.items()}
        con.execute("create or replace table seen (name varchar, key uhugeint)")

    def batches(self, extract: Extract, context: Context) -> Iterator[Batch]:
        """Batches of at least 20,000 rows a table (the last is smaller); tables that keep
        versions of whole records (scd2) come as one, because what is absent is retired."""
        waiting: dict[str, dict[str, list]] = {}
        whole: dict[str, list[pa.Table]] = {}
        for name, page in extract(context):
            if name not in self.tables:
                raise ValueError(
                    f"ingestion/sources/{context.source}.py yields '{name}', which is not declared "
                    f"in ingestion/tables/{context.source}; there are {', '.join(self.tables)}"
                )
            columns = typing_of_rows.turned(self.tables[name], page)
            if name in waiting:
                for gathered, more in zip(waiting[name].values(), columns.values(), strict=False):
                    gathered.extend(more)
            elif columns:
                waiting[name] = columns
            if name in waiting and _size(waiting[name]) >= BATCH:
                yield from self._taken(name, waiting.pop(name), whole)
        for name, columns in waiting.items():
            yield from self._taken(name, columns, whole)
        for name, parts in whole.items():
            table = self.tables[name]
            yield Batch(table, self._versioned(table, pa.concat_tables(parts)))

    def distinct(self, name: str) -> int:
        """Distinct keys of a table among the rows taken: what the load must have brought."""
        return self.con.execute(
            "select count(distinct key) from seen where name = ?", [name]
        ).fetchone()[0]

    def _taken(
        self, name: str, columns: dict[str, list], whole: dict[str, list[pa.Table]]
    ) -> Iterator[Batch]:
        table, account = self.tables[name], self.accounts[name]
        good, refused = typing_of_rows.to_arrow(
            table, columns, self.hashed, account.fetched, self._column_hashed
        )
        account.fetched += _size(columns)
        account.loaded += good.num_rows
        account.quarantined += len(refused)
        if refused:
            account.refused.append(_refusals(refused))
        good = self._last_of_each(table, good)
        if not good.num_rows:
            return
        if table.spec.disposition == "scd2":
            whole.setdefault(name, []).append(good)
        else:
            yield Batch(table, good)

    def _column_hashed(self, texts: pa.Array) -> pa.Array:
        """Keyed hashes of a column at once: in SQL it takes a quarter of the time."""
        # In halves: DuckDB hashes the record batches of an Arrow table side by side.
        halves = pa.table({"text": texts}).to_batches(max_chunksize=max(1, -(-len(texts) // 2)))
        self.con.register("clear", pa.Table.from_batches(halves))
        hashed = self.con.sql(f"select {privacy.sql_digest('text')} as h from clear")
        found = hashed.to_arrow_table()["h"].combine_chunks()
        self.con.unregister("clear")
        return found

    def _last_of_each(self, table: Table, rows: pa.Table) -> pa.Table:
        """The last row of each key; remembers the keys."""
        numbered = rows.append_column("_n", pa.array(range(rows.num_rows), pa.int64()))
        self.con.register("batch", numbered)
        self.con.execute(
            f"insert into seen select ?, md5_number({_key(table)}) from batch", [table.name]
        )
        last = self.con.sql(
            f"select max(_n) as n from batch group by {_key(table)} order by n"
        ).to_arrow_table()
        self.con.unregister("batch")
        return rows.take(last["n"]) if last.num_rows < rows.num_rows else rows

    def _versioned(self, table: Table, rows: pa.Table) -> pa.Table:
        """Whole records with `_row_hash`. A record that was refused today keeps its last good
        version: refused is not gone."""
        rows = self._last_of_each(table, rows)
        columns = {name: f'"{name}"' for name in table.stored}
        self.con.register("batch", rows)
        hashed = self.con.sql(
            f"select *, {values.row_hash(columns)} as _row_hash from batch"
        ).to_arrow_table()
        self.con.unregister("batch")
        hashed = hashed.cast(rows.schema.append(pa.field("_row_hash", pa.string())))
        kept = self._kept(table)
        return pa.concat_tables([hashed, kept.cast(hashed.schema)]) if kept is not None else hashed

    def _kept(self, table: Table) -> pa.Table | None:
        refused = self.accounts[table.name].refused
        if not refused or not self.warehouse.exists():
            return None
        con = self.con
        con.register("refusals", pa.concat_tables(refused))
        told = ", ".join(f"coalesce(row_json->>'$.{name}', '')" for name in table.stored_key)
        columns = ", ".join(f'"{name}"' for name in table.stored)
        con.execute(f"attach {values.quoted(str(self.warehouse))} as warehouse (read_only)")
        try:
            con.execute(
                f"create or replace table kept as select {columns}, _row_hash "
                f"from warehouse.{table.schema}.{table.name} where _valid_to is null "
                f"and md5_number({_key(table)}) in "
                f"(select md5_number(concat_ws(chr(31), {told})) from refusals) "
                f"and md5_number({_key(table)}) not in (select key from seen where name = ?)",
                [table.name],
            )
        finally:
            con.execute("detach warehouse")
            con.unregister("refusals")
        con.execute(f"insert into seen select ?, md5_number({_key(table)}) from kept", [table.name])
        return con.sql("from kept").to_arrow_table()


def _size(columns: dict[str, list]) -> int:
    return len(next(iter(columns.values())))


def _key(table: Table) -> str:
    parts = ", ".join(f"coalesce(\"{name}\"::varchar, '')" for name in table.stored_key)
    return f"concat_ws(chr(31), {parts})"


def _refusals(refused: list[Refused]) -> pa.Table:
    size = len(refused)
    return pa.Table.from_arrays(
        [
            pa.nulls(size, pa.string()),
            pa.nulls(size, pa.int64()),
            pa.array([each.field for each in refused], pa.string()),
            pa.array([each.reason for each in refused], pa.string()),
            pa.array([each.remedy for each in refused], pa.string()),
            pa.array([each.row_json for each in refused], pa.string()),
        ],
        schema=REFUSALS,
    )
