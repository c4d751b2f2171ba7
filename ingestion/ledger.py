"""What ingestion keeps book of: loads, quarantine, sources, settings, files and cursors.

`ingest.loads` accounts for every row that was fetched; `ingest.quarantine` holds those that were
not taken. A load's entries are written in one transaction, after dlt committed the rows: a build
killed between the two is made good by the next one, which reads its files and pages again.
"""

from __future__ import annotations

import csv
import dataclasses
import datetime as dt
import json
import typing
from pathlib import Path

import pyarrow as pa

from ingestion.specs import Table, tables

if typing.TYPE_CHECKING:
    import duckdb

    from ingestion.feeding import File

DDL = """
create schema if not exists ingest;
create table if not exists ingest.loads (
    load_id varchar, run_id varchar, source varchar, table_name varchar, status varchar,
    rows_fetched bigint, rows_loaded bigint, rows_new bigint, rows_quarantined bigint,
    error varchar, started_at timestamp, loaded_at timestamp);
create table if not exists ingest.quarantine (
    quarantine_key varchar, source varchar, table_name varchar, file varchar, file_row bigint,
    field varchar, reason varchar, remedy varchar, row_json varchar,
    first_seen_at timestamp, last_seen_at timestamp, load_id varchar, replayed_at timestamp);
alter table ingest.quarantine add column if not exists replayed_at timestamp;
create table if not exists ingest.sources (
    source varchar, table_name varchar, owner varchar, is_configured boolean,
    freshness_days bigint, last_event_date date, last_loaded_at timestamp,
    status varchar, reason varchar);
create table if not exists ingest.settings (key varchar, value varchar);
create table if not exists ingest.files (
    table_name varchar, file varchar, mapping varchar, content varchar, rows_fetched bigint,
    rows_loaded bigint, rows_new bigint, rows_quarantined bigint, load_id varchar,
    loaded_at timestamp);
alter table ingest.files add column if not exists said varchar;
alter table ingest.files add column if not exists told_on date;
alter table ingest.files add column if not exists last_event date;
alter table ingest.files add column if not exists filled_by_name varchar;
create table if not exists ingest.cursors (source varchar, cursors varchar, saved_at timestamp);
create table if not exists ingest.shared_mailboxes (email_hash varchar, mailbox varchar);
create table if not exists ingest.identity_proposals (
    contact_reference varchar, other_reference varchar, match_probability double, agrees varchar);
"""


@dataclasses.dataclass
class Account:
    """What one load did to one table. `fetched` must be `loaded` + `quarantined`; `loaded` rows
    were accepted, `new` ones of them were not there before."""

    table: Table
    fetched: int = 0
    loaded: int = 0
    new: int = 0
    quarantined: int = 0
    status: typing.Literal["loaded", "unchanged", "failed", "not_configured"] = "loaded"
    error: str | None = None
    refused: list[pa.Table] = dataclasses.field(default_factory=list)

    def balance(self) -> None:
        """A row without a record is a failure, not a footnote."""
        if self.fetched != self.loaded + self.quarantined:
            self.fail(
                f"{self.fetched} rows fetched, but {self.loaded} loaded and "
                f"{self.quarantined} quarantined"
            )

    def void(self, error: str) -> None:
        """Nothing of this load stays: it counts no row, and they will be read again."""
        self.fetched = self.loaded = self.new = self.quarantined = 0
        self.refused = []
        self.fail(error)

    def fail(self, error: str) -> None:
        self.status = "failed"
        self.error = f"{self.error}; {error}" if self.error else error


@dataclasses.dataclass
class Load:
    """One load of one source: its id (dlt's, or the run's when nothing went to dlt), when (naive
    UTC), and an account a table."""

    source: str
    load_id: str
    started_at: dt.datetime
    loaded_at: dt.datetime
    accounts: list[Account]
    files: list[File] = dataclasses.field(default_factory=list)
    cursors: dict[str, typing.Any] | None = None


class SchemaError(RuntimeError):
    """The warehouse holds a column in another type than the contract declares."""


def prepare(con: duckdb.DuckDBPyConnection) -> None:
    """Every declared table exists, with every declared column; ours do too.

    A column that a contract gained is added; one that it now hashes or drops is taken out of the
    warehouse, clear values and all. Raises SchemaError where a type changed.
    """
    con.execute(DDL)
    there: dict[tuple[str, str], dict[str, str]] = {}
    for schema, name, column, kind in con.execute(
        "select table_schema, table_name, column_name, lower(data_type) "
        "from information_schema.columns where table_schema like 'raw\\_%' escape '\\'"
    ).fetchall():
        there.setdefault((schema, name), {})[column] = kind.replace(",", ", ")
    con.execute("begin")
    for table in tables():
        columns = there.get((table.schema, table.name))
        if columns is None:
            con.execute(f"create schema if not exists {table.schema}")
            con.execute(table.ddl())
        else:
            _alter(con, table, columns)
    con.execute("commit")


def _alter(con: duckdb.DuckDBPyConnection, table: Table, there: dict[str, str]) -> None:
    name = f"{table.schema}.{table.name}"
    for column, kind in table.sql_columns.items():
        if column not in there:
            con.execute(f'alter table {name} add column "{column}" {kind}')
        elif there[column].split("(")[0] != kind.split("(")[0]:
            raise SchemaError(
                f"{name}.{column} is {there[column]} in the warehouse, but {table.file.name} says "
                f"{kind}. Change the contract back, or build anew (make clean, then make build)."
            )
    for column, spec in table.spec.columns.items():
        if spec.personal != "keep" and column in there:
            con.execute(f'alter table {name} drop column "{column}"')


def write_settings(con: duckdb.DuckDBPyConnection, values: dict[str, str]) -> None:
    """Make `ingest.settings` say exactly `values`."""
    con.execute("begin")
    con.execute("delete from ingest.settings")
    con.executemany("insert into ingest.settings values (?, ?)", list(values.items()))
    con.execute("commit")


def last_at(con: duckdb.DuckDBPyConnection) -> dt.datetime | None:
    """When the latest load was (naive UTC); a new one must not be earlier."""
    return con.execute("select max(loaded_at) from ingest.loads").fetchone()[0]


def cursors(con: duckdb.DuckDBPyConnection, source: str) -> dict[str, typing.Any]:
    """What the last successful load of a source left."""
    row = con.execute("select cursors from ingest.cursors where source = ?", [source]).fetchone()
    return json.loads(row[0]) if row else {}


def known_files(con: duckdb.DuckDBPyConnection) -> set[tuple[str, str, str, str]]:
    """(feed, file, mapping, content) of every file that was taken whole."""
    rows = con.execute("select table_name, file, mapping, content from ingest.files").fetchall()
    return {tuple(row) for row in rows}


def orphans(con: duckdb.DuckDBPyConnection, source: str) -> list[str]:
    """Load ids that dlt committed and nobody kept book of, in their order."""
    schema = f"raw_{source}"
    if not con.execute(
        "select 1 from information_schema.tables "
        "where table_schema = ? and table_name = '_dlt_loads'",
        [schema],
    ).fetchone():
        return []
    rows = con.execute(
        f"select load_id from {schema}._dlt_loads l where not exists "
        "(from ingest.loads b where b.load_id = l.load_id and b.source = ?) order by load_id",
        [source],
    ).fetchall()
    return [load_id for (load_id,) in rows]


def without_doubles(con: duckdb.DuckDBPyConnection, source: str, load_id: str) -> None:
    """Take out versions that one load brought twice: dlt does a job again that was killed after
    its commit, and a merge of whole records then finds its rows staged twice."""
    for table in tables():
        if table.source == source and table.spec.disposition == "scd2":
            same = f"{', '.join(table.stored_key)}, _row_hash"
            con.execute(
                f"delete from {table.schema}.{table.name} where rowid in (select rowid from ("
                f"select rowid, row_number() over (partition by {same} order by rowid) as n "
                f"from {table.schema}.{table.name} where _dlt_load_id = ?) where n > 1)",
                [load_id],
            )


def take_out_unbooked(con: duckdb.DuckDBPyConnection, source: str) -> None:
    """Take out the rows of loads that nobody kept book of; their files will be read again.

    They cannot stay: an older file would then be read as a correction of a newer one.
    """
    con.execute("begin")
    for table in tables():
        if table.source == source:
            con.execute(
                f"delete from {table.schema}.{table.name} where _dlt_load_id not in "
                "(select load_id from ingest.loads where source = ?)",
                [source],
            )
    con.execute("commit")


def count(con: duckdb.DuckDBPyConnection, table: Table, load_id: str) -> int:
    """Rows of a table that a load brought."""
    return con.execute(
        f"select count(*) from {table.schema}.{table.name} where _dlt_load_id = ?", [load_id]
    ).fetchone()[0]


def record(con: duckdb.DuckDBPyConnection, run_id: str, load: Load) -> None:
    """Write a load's accounts, refused rows, files and cursors, in one transaction.

    An account that does not balance is written as failed. Cursors are kept and files count as
    taken only when no account failed; a file that failed will be read again.
    """
    for account in load.accounts:
        account.balance()
    failed = {account.table.name for account in load.accounts if account.status == "failed"}
    con.execute("begin")
    try:
        for account in load.accounts:
            _record_account(con, run_id, load, account)
        for file in load.files:
            if file.error is None:
                _record_file(con, load, file)
                if file.corrects:
                    _mark_replayed(con, file.path, load.loaded_at)
        if load.cursors is not None and not failed:
            con.execute("delete from ingest.cursors where source = ?", [load.source])
            con.execute(
                "insert into ingest.cursors values (?, ?, ?)",
                [load.source, json.dumps(load.cursors, sort_keys=True), load.loaded_at],
            )
        con.execute("commit")
    except BaseException:
        con.execute("rollback")
        raise


def _record_account(
    con: duckdb.DuckDBPyConnection, run_id: str, load: Load, account: Account
) -> None:
    con.execute(
        "insert into ingest.loads values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [load.load_id, run_id, load.source, account.table.name, account.status, account.fetched,
         account.loaded, account.new, account.quarantined, account.error, load.started_at,
         load.loaded_at],
    )  # fmt: skip
    if not account.refused:
        return
    con.register("refusals", pa.concat_tables(account.refused))
    con.execute(
        """
        create or replace temp table refused as
        select md5(concat_ws(chr(31), $source, $table, file, reason, row_json, row_number() over (
            partition by file, reason, row_json order by file_row))) as quarantine_key, *
        from refusals
        """,
        {"source": load.source, "table": account.table.name},
    )
    con.unregister("refusals")
    con.execute(
        "update ingest.quarantine q set last_seen_at = ?, load_id = ?, file_row = r.file_row, "
        "remedy = r.remedy from refused r where q.quarantine_key = r.quarantine_key",
        [load.loaded_at, load.load_id],
    )
    con.execute(
        "insert into ingest.quarantine select quarantine_key, ?, ?, file, file_row, field, reason, "
        "remedy, row_json, ?, ?, ?, null from refused r where not exists "
        "(from ingest.quarantine q where q.quarantine_key = r.quarantine_key)",
        [load.source, account.table.name, load.loaded_at, load.loaded_at, load.load_id],
    )
    con.execute("drop table refused")


def _record_file(con: duckdb.DuckDBPyConnection, load: Load, file: File) -> None:
    mapping = file.mapping
    con.execute(
        "delete from ingest.files where table_name = ? and file = ? and mapping = ?",
        [mapping.table.name, file.label, mapping.fingerprint],
    )
    con.execute(
        "insert into ingest.files values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [mapping.table.name, file.label, mapping.fingerprint, file.content, file.fetched,
         file.taken, file.new, file.quarantined, load.load_id, load.loaded_at, file.said,
         file.told_on, file.last_event,
         json.dumps(sorted(file.plan.own)) if file.plan is not None else None],
    )  # fmt: skip


def _mark_replayed(con: duckdb.DuckDBPyConnection, path: Path, at: dt.datetime) -> None:
    """Mark what a correction replaces in quarantine (see `replaying`)."""
    with path.open(encoding="utf-8", newline="") as file:
        keys = [row["_quarantine_key"] for row in csv.DictReader(file)]
    con.executemany(
        "update ingest.quarantine set replayed_at = ? where quarantine_key = ?",
        [[at, key] for key in keys],
    )


@dataclasses.dataclass
class State:
    """What this run found of a source or feed: named in the settings, and its error if any."""

    is_configured: bool
    owner: str | None = None
    error: str | None = None


def write_sources(
    con: duckdb.DuckDBPyConnection, states: dict[tuple[str, str], State], as_of: dt.date
) -> list[tuple[str, str, str, str | None]]:
    """Rewrite `ingest.sources`, a row a declared table; returns (source, table, status, reason).

    A table is stale when its newest event (or, without an event column, its newest load) is more
    than `freshness_days` before `as_of`. A contract with `freshness_days: null` never is.
    """
    rows = []
    for table in tables():
        state = states.get((table.source, table.name), State(False))
        # What is planned for next year does not say that this year was read.
        event = f'case when "{table.spec.event}"::date <= $day then "{table.spec.event}"::date end'
        last_event, last_loaded = con.execute(
            f"select max({event if table.spec.event else 'null::date'}), max(_loaded_at) "
            f"from {table.schema}.{table.name}",
            {"day": as_of} if table.spec.event else {},
        ).fetchone()
        status, reason = _freshness(table, state, last_event, last_loaded, as_of)
        rows.append(
            [table.source, table.name, state.owner or table.spec.owner, state.is_configured,
             table.spec.freshness_days, last_event, last_loaded, status, reason]
        )  # fmt: skip
    con.execute("begin")
    con.execute("delete from ingest.sources")
    con.executemany("insert into ingest.sources values (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
    con.execute("commit")
    return [(row[0], row[1], row[7], row[8]) for row in rows]


def _freshness(
    table: Table,
    state: State,
    last_event: dt.date | None,
    last_loaded: dt.datetime | None,
    as_of: dt.date,
) -> tuple[str, str | None]:
    if state.error:
        return "failed", state.error
    if not state.is_configured:
        return "not_configured", None
    last = last_event if table.spec.event else last_loaded.date() if last_loaded else None
    if table.spec.freshness_days is None:
        return "fresh", None
    if last is None:
        return "stale", "no row with a date so far"
    days = (as_of - last).days
    if days > table.spec.freshness_days:
        kind = "event" if table.spec.event else "load"
        allowed = table.spec.freshness_days
        return "stale", f"the newest {kind} is {days} days old ({last}); {allowed} are allowed"
    return "fresh", None
