"""Files people drop, taken into the log of versions: read, parsed, checked, compared, streamed.

A file's rows are read by DuckDB as one stream. What they say is set aside, typed and hashed: in
memory, or for a large file as Parquet beside the load, which then takes that as it is. There rows
of one key become one (see `_Said`), a row that says what the warehouse already says adds nothing,
and one that says more or something else keeps what its mapping does not speak of.
The file itself may be larger than memory; keys and hashes of its rows (16 bytes each) are held.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import json
import os
import shutil
import typing
import uuid
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ingestion import drift, layouts, precedence, reading, values
from ingestion import mapping as maps
from ingestion.mapping import From, Mapping, MappingError, Plan
from ingestion.reading import PLAIN, TEXT, Opened
from ingestion.rows import MISSING, NOT, remedy
from ingestion.specs import SQL, stored_name

if typing.TYPE_CHECKING:
    import duckdb

BATCH = 120_000
SMALL = 8_000_000  # bytes; a file below is held in memory
UNIQUE = ("_row_key", "_row_hash", "_file_row")  # a dictionary of these is in vain
OUT = "out:"
EXCLUDED = "excluded by mapping"
SAME_KEY = "a later row of the file has the same key and says something else"
EXCLUDED_REMEDY = "Nothing: the mapping leaves such rows out on purpose ('exclude')."
CORRECT_THE_LINE = "Correct the line (quotes around a field with a delimiter)."
LONGER = "the row covers other days than its period"
REMEDIES = values.LOST | {
    LONGER: "Ask for the report by day; a week's rows want 'period: week' under 'constants'."
}
LINES = {
    layouts.A_TOTAL: "Nothing, if it is one; if it is a row, say 'totals: keep' in the mapping.",
    layouts.MAY_BE_TOTAL: "Say 'totals: drop' in the mapping if it is a total, 'totals: keep' if "
    "it is a row.",
    layouts.MAY_BE_SUM: "Say 'totals: drop' in the mapping if it is no row, 'totals: keep' if it "
    "is one.",
    layouts.EXPLAINS: "Nothing; if it is a row, say in 'header_row' where the headings are.",
    layouts.AGAIN: "Nothing.",
    layouts.AFTER: "Nothing, if it is a note; if it is a row, fill in its cells.",
    layouts.ANOTHER: "Nothing, or give it an entry of its own ('report').",
    layouts.OTHER_HEADINGS: "Send the tables as files of their own.",
    layouts.BELOW_OTHERS: "Send the tables as files of their own.",
    layouts.TOO_FEW: "Correct the line, or say 'ragged: pad' in the mapping if cells at the end of "
    "a line are left out where they are empty.",
}
"""Remedies for what is no row of a detected table."""
REFUSALS = pa.schema(
    [
        ("file", pa.string()),
        ("file_row", pa.int64()),
        ("field", pa.string()),
        ("reason", pa.string()),
        ("remedy", pa.string()),
        ("row_json", pa.string()),
    ]
)
"""Rows that are not taken: where they stood, why, what to do, what they said (no clear name)."""


@dataclasses.dataclass
class File:
    """One file under one mapping, and what became of it. `error` says why it was not taken."""

    mapping: Mapping
    path: Path
    label: str
    content: str
    is_again: bool = False
    """It was taken before, with other content or under another mapping."""
    state: tuple[int, ...] = ()
    """What the disk said of it when `content` was taken; None of it is asked where it is empty."""
    corrects: bool = False
    """It holds rows that were in quarantine."""
    plan: Plan | None = None
    assumptions: tuple[layouts.Assumption, ...] = ()
    noted: tuple[layouts.Assumption, ...] = ()
    """What only all its rows tell."""
    repeated: int = 0
    """Rows taken that are one with another row of their key: said twice, added up, or followed by
    the row that counts, as the mapping's `repeated` says."""
    fetched: int = 0
    taken: int = 0
    new: int = 0
    refused: list[pa.Table] = dataclasses.field(default_factory=list)
    notes: list[str] = dataclasses.field(default_factory=list)
    """What became of rows that other files spoke of before (see `precedence`)."""
    said: str | None = None
    told_on: dt.date | None = None
    last_event: dt.date | None = None
    """What its rows say, in one mark; the day in its name; the last event in its rows."""
    error: str | None = None

    @property
    def quarantined(self) -> int:
        return sum(table.num_rows for table in self.refused)

    @property
    def told(self) -> list[str]:
        """Stored columns beside the key that the mapping fills, in their order: what a row says.
        Versions are told apart within a key, so the key's own columns need no place in it."""
        assert self.plan is not None
        spec = self.mapping.table.spec
        return [
            stored_name(name, column)
            for name, column in spec.columns.items()
            if name in self.plan.columns and name not in spec.key and column.personal != "drop"
        ]

    @property
    def differing(self) -> list[int]:
        """Rows of the file that are refused because a later row of their key differs."""
        return [
            row["file_row"]
            for table in self.refused
            for row in table.select(["file_row", "reason"]).to_pylist()
            if row["reason"] == SAME_KEY
        ]


class Part(typing.NamedTuple):
    """New rows of a large file as Parquet, with all columns of the raw table."""

    path: Path
    num_rows: int


@dataclasses.dataclass
class Aside:
    """Where the rows of a large file go until they are loaded, and what each says of its load."""

    folder: Path
    load_id: str
    stamp: Callable[[], dt.datetime]


class Held(typing.NamedTuple):
    """A run's own rows of one table: small files in memory, else Parquet; with their order."""

    tables: list[pa.Table]
    paths: list[tuple[Path, int]]
    filled: set[str]


class Versions:
    """What the log says now: the warehouse (read-only) and earlier files of this run. Holds keys
    and hashes of the file at hand, and the small files of this run that another one of their
    table follows. The connection must be closed before a load, `close` called after it."""

    def __init__(self, con: duckdb.DuckDBPyConnection, warehouse: Path | None) -> None:
        self.con = con
        self.kept: dict[str, Held] = {}
        self.filled: set[str] = set()
        self.known: dict[str, set[str]] = {}
        self.own: dict[str, tuple[str, set[str]]] = {}
        self.files = 0
        if warehouse and warehouse.exists():
            con.execute(f"attach {values.quoted(str(warehouse))} as warehouse (read_only)")
            for (name,) in con.execute(
                "select table_name from duckdb_tables() where database_name = 'warehouse' "
                "and schema_name = 'raw_feeds' and estimated_size > 0"
            ).fetchall():
                self.filled.add(name)

    def has(self, table: str) -> bool:
        """Whether anything was said for the table before."""
        return table in self.filled or bool(self._held(table))

    def hold_to_key(self, file: File) -> None:
        """Raises MappingError where headings that no mapping names would make the rows' key another
        one than in the mapping's file before; notes other columns that are new so."""
        before, plan = self._own_before(file), file.plan
        assert plan is not None
        if before is None or file.corrects:
            return
        label, filled = before
        table, told_in = file.mapping.table, file.mapping.told_in
        for name in table.spec.key:
            if (name in filled) == (name in plan.own):
                continue
            is_new = name in plan.own
            raise MappingError(
                f"{file.path.name}: "
                + (f"'{plan.own[name]}' is new since {label} and would fill '{name}' by its name"
                   if is_new else f"no heading fills '{name}', as one in {label} did by its name")
                + f"; it is part of the key of feed '{table.name}', so rows that are known would "
                "come a second time. "
                + (f"Say 'headings: named' in {told_in} to leave it out, or name it under 'columns'"
                   " if all files of the entry have it." if is_new
                   else f"Ask for the column again, or give the file an entry of its own in "
                   f"{told_in}.")
            )  # fmt: skip
        for name in (each for each in plan.own if each not in filled):
            file.notes.append(
                f"'{plan.own[name]}' is new since {label} and fills '{name}', as it is called so "
                "('headings: named' uses only what the mapping names)"
            )

    def _own_before(self, file: File) -> tuple[str, set[str]] | None:
        """The mapping's file before, and the columns that headings filled by their names there."""
        if file.mapping.names_all:
            return None
        if (found := self.own.get(file.mapping.fingerprint)) is not None:
            return found
        row = precedence.filled_by_name(self.con, file)
        return row and (row[0], set(json.loads(row[1])))

    def keep(self, table: str) -> None:
        """Remember this run's own statements for a table: another file of it follows."""
        self.kept.setdefault(table, Held([], [], set()))

    def close(self) -> None:
        for held in self.kept.values():
            for path, _ in held.paths:
                path.unlink(missing_ok=True)

    def beyond(self, file: File) -> list[str]:
        """Columns that were said something in and that the file's mapping does not speak of."""
        table, told = file.mapping.table, set(file.told)
        open_ = [name for name in table.stored if name not in told | set(table.stored_key)]
        if table.name in self.filled and table.name not in self.known:
            counts = ", ".join(f'count("{name}")' for name in table.stored)
            found = self.con.execute(f"select {counts} from warehouse.raw_feeds.{table.name}")
            counted = zip(table.stored, found.fetchall()[0], strict=True)
            self.known[table.name] = {name for name, count in counted if count}
        said = self.known.get(table.name, set())
        if table.name in self.kept:
            said = said | self.kept[table.name].filled
        return [name for name in open_ if name in said]

    def now(self, file: File, beyond: list[str]) -> bool:
        """Fill `current` (k, h) with what counts as said already of the keys in the table `keys`:
        a key's version now and, for a file that is read again, those before it that another file
        corrected; `h` is of the columns that the file's mapping fills. `carried` (k, s) holds what
        the version now says in `beyond`, the others. False when there are none."""
        con, name = self.con, file.mapping.table.name
        # What is unknown leaves no trace in a hash: where nothing is beyond, it is the row's own.
        told = {each: f'"{each}"' for each in file.told}
        hash_ = values.row_number(told) if beyond else "_row_hash"
        rest = "{" + ", ".join(f"'{each}': \"{each}\"" for each in beyond) + "}"
        rest = rest if beyond else "null"
        con.execute("create or replace table current (k varchar, h bigint)")
        latest = []
        if name in self.filled:
            con.execute(
                f"create or replace table versions as select _row_key as k, {hash_} as h, "
                f"{rest} as s, _file as f, (_loaded_at, _dlt_load_id, _file_row) as n "
                f"from warehouse.raw_feeds.{name} "
                "semi join keys on k = hash(_row_key)"
            )
            latest.append("select k, h, s, n, 0 as own from versions")
        if held := self._held(name):
            con.execute(
                f"create or replace table own as select _row_key as k, {hash_} as h, {rest} as s, "
                f"_n as n from ({held}) semi join keys on k = hash(_row_key)"
            )
            if con.execute("select 1 from own limit 1").fetchall():
                latest.append("select k, h, s, (timestamp '9999-01-01', '', n), 1 from own")
        if latest:
            con.execute(
                "create or replace table carried as select k, arg_max({'h': h, 's': s}, (own, n)) "
                f"as v from ({' union all '.join(latest)}) as t (k, h, s, n, own) group by 1"
            )
            con.execute("insert into current select k, v.h from carried")
        if name in self.filled and file.is_again:
            con.execute(
                "insert into current select distinct v.k, v.h from versions v "
                "join (select k, arg_max(f, n) as f from versions group by 1) l using (k) "
                "where l.f <> ? and not exists (from current c where c.k = v.k and c.h = v.h)",
                [file.label],
            )
        return bool(con.execute("select count(*) from current").fetchall()[0][0])

    def say(self, file: File, rows: pa.Table | Part, aside: Aside) -> None:
        """Remember new rows of a file where another one of its table follows."""
        held = self.kept.get(file.mapping.table.name)
        if held is None:
            return
        self.files += 1
        held.filled.update(file.told, self.beyond(file))
        if isinstance(rows, Part):
            path = aside.folder / f"{uuid.uuid4().hex}.parquet"
            try:  # the load takes the other name away
                os.link(rows.path, path)
            except OSError:
                shutil.copyfile(rows.path, path)
            held.paths.append((path, self.files))
            return
        number = pa.array([self.files] * rows.num_rows, pa.int64())
        held.tables.append(rows.append_column("_n", number))
        if sum(table.nbytes for table in held.tables) > 8 * SMALL:
            aside.folder.mkdir(parents=True, exist_ok=True)
            path = aside.folder / f"{uuid.uuid4().hex}.parquet"
            pq.write_table(pa.concat_tables(held.tables), path, compression="lz4")
            held.tables.clear()
            held.paths.append((path, 0))

    def _held(self, name: str) -> str | None:
        """SQL of this run's own rows of a table, `_n` the number of their file; None if none."""
        held = self.kept.get(name)
        if held is None:
            return None
        parts = [
            f"select * {f', {number} as _n' if number else ''} from "
            f"read_parquet({values.quoted(str(path))})"
            for path, number in held.paths
        ]
        if held.tables:
            self.con.register("held", pa.concat_tables(held.tables))
            parts.append("select * from held")
        return " union all by name ".join(parts) or None


def parquet(path: Path) -> str:
    return f"read_parquet({values.quoted(str(path))}, file_row_number=true)"


def state(path: Path) -> tuple[int, ...]:
    """What changes when a file is written or replaced."""
    told = path.stat()
    return told.st_ino, told.st_size, told.st_mtime_ns


def content(path: Path) -> str:
    """A fingerprint of the file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "blake2b").hexdigest()[:32]


def take(
    con: duckdb.DuckDBPyConnection, file: File, versions: Versions, aside: Aside
) -> Iterator[pa.Table | Part]:
    """The new rows of a file, typed, hashed and keyed; fills in `file` on the way.

    Columns: the stored ones of the table, `_row_key`, `_row_hash`, `_file`, `_file_row`; those of
    a Part `_loaded_at` and `_dlt_load_id`, too. Rows that become older versions come last, with
    the `_loaded_at` that puts them there.
    Raises MappingError when the file does not fit its mapping, or changed while it was read.
    """
    maps.hold(file.mapping, file.path.name, file.content)
    opened = reading.open_file(con, file.mapping, file.path)
    try:
        file.plan = maps.plan(file.mapping, opened.headings, file.path.name)
        file.assumptions = opened.assumptions + tuple(
            layouts.Assumption(f"'{now}' is '{before}'", f"{file.mapping.entry.export} has both")
            for before, now in file.plan.respelled.items()
        )
        versions.hold_to_key(file)
        yield from _stream(con, file, versions, opened, file.plan, aside)
        versions.own[file.mapping.fingerprint] = (file.label, set(file.plan.own))
    finally:
        reading.close(con, opened)


def _stream(
    con: duckdb.DuckDBPyConnection,
    file: File,
    versions: Versions,
    opened: Opened,
    plan: Plan,
    aside: Aside,
) -> Iterator[pa.Table | Part]:
    size = file.path.stat().st_size
    sql = Statement(file, plan, opened)
    with _Said(con, file, aside if size > SMALL else None) as said:
        for batch in _batches(con, sql.rows(said.of_load), size):
            file.fetched += batch.num_rows
            said.add(_good(batch, file, sql))
        file.noted = tuple(layouts.Assumption(*each) for each in sql.witnesses.settle())
        rejected = reading.rejected(con, opened)
        passed = sorted({*(line for line, _ in rejected), *opened.blank}) if opened.skips else []
        if passed:
            said.place(passed)
            file.refused = [_placed(table, "file_row", passed) for table in file.refused]
        if rejected:
            file.fetched += len(rejected)
            file.refused.append(_lines_refused(file.label, rejected))
        if file.state and file.state != state(file.path):
            raise MappingError(
                f"{file.path.name}: the file changed while it was read; build again."
            )
        file.taken = said.num_rows
        if not said.num_rows:
            return
        if differing := said.one_a_key():
            file.taken -= differing
            file.refused.append(_differing(con, file, passed))
        if said.is_copy():
            return
        new = said.new(versions)
        file.new = new.num_rows
        if new.num_rows:
            versions.say(file, new, aside)
            said.hand_over()
            yield new
        if said.older is not None:
            file.new += said.older.num_rows
            yield said.older


def _differing(con: duckdb.DuckDBPyConnection, file: File, passed: list[int]) -> pa.Table:
    """The rows in the table `differing`, as their file says them: it is read once more."""
    assert file.plan is not None
    opened = reading.open_file(con, file.mapping, file.path)
    try:
        rows = Statement(file, file.plan, opened).rows({}, "true")
        found = _table(
            con,
            f"select r._file as file, r._file_row as file_row, "
            f"{values.quoted(', '.join(file.mapping.table.spec.key))} as field, "
            f"{values.quoted(SAME_KEY)} as reason, 'Row ' || d.place || ' counts. Say ''repeated: "
            "sum'' in the mapping if such rows add up, ''repeated: last'' if the last one corrects "
            "those before it.' as remedy, r._row_json as row_json "
            f"from (select *, {_signature(file)} as _sign from ({rows})) r join differing d "
            "on d.k = r._row_key where r._fault is null and r._sign <> d.s order by 2",
        )
    finally:
        reading.close(con, opened)
    return _placed(found.cast(REFUSALS), "file_row", passed)


def _signature(file: File) -> str:
    """What rows of one key must agree in to be one row: all they say, or with `repeated: sum` all
    but the measures that add up and what is finer than the grain."""
    if file.mapping.entry.repeated != "sum":
        return "_row_hash"
    spec = file.mapping.table.spec
    apart = {*spec.adds, *spec.finer}
    return values.row_number({name: f'"{name}"' for name in file.told if name not in apart})


class _Said:
    """The good rows of a file, set aside until it is known which of them are new: in memory, or
    as Parquet below an Aside."""

    def __init__(self, con: duckdb.DuckDBPyConnection, file: File, aside: Aside | None) -> None:
        self.con, self.file, self.aside = con, file, aside
        self.num_rows = 0
        self.tables: list[pa.Table] = []
        self.registered: list[pa.Table] | None = None
        self.paths: list[Path] = []
        self.writer: pq.ParquetWriter | None = None
        self.older: pa.Table | None = None
        self.of_load: dict[str, str] = {}
        self.more = 0
        self.columns = [*file.mapping.table.stored, "_row_key", "_row_hash", "_file", "_file_row"]
        if aside is not None:
            aside.folder.mkdir(parents=True, exist_ok=True)
            self.path = self._another()
            self.of_load = {
                "_loaded_at": f"timestamp '{aside.stamp()}'",
                "_dlt_load_id": values.quoted(aside.load_id),
            }
            self.columns += self.of_load

    def __enter__(self) -> _Said:
        return self

    def __exit__(self, *_: object) -> None:
        """A file that fails leaves no Parquet: the disk is wanted by those after it."""
        self.con.unregister("said")
        if self.aside is not None:
            self._close()
            for path in self.paths:
                path.unlink(missing_ok=True)

    def hand_over(self) -> None:
        """From now on the Parquet is the load's."""
        self.paths.clear()

    def _another(self) -> Path:
        path = self.aside.folder / f"{uuid.uuid4().hex}.parquet"
        self.paths.append(path)
        return path

    def add(self, rows: pa.Table) -> None:
        self.num_rows += rows.num_rows
        rows = rows.select(self.columns)
        if self.aside is None:
            self.tables = [*self.tables, rows]
            return
        # dlt takes the file as it is only when it agrees with the declared columns in all.
        fields = [field.with_nullable(field.name != "_dlt_load_id") for field in rows.schema]
        rows = pa.Table.from_arrays(rows.columns, schema=pa.schema(fields))
        if self.writer is None:
            alike = [name for name in self.columns if name not in UNIQUE]
            self.writer = pq.ParquetWriter(
                self.path, rows.schema, compression="lz4", use_dictionary=alike
            )
        self.writer.write_table(rows)

    def place(self, passed: list[int]) -> None:
        """Count the lines that are no rows in `_file_row`, as a spreadsheet does."""
        if self.aside is None:
            self.tables = [_placed(table, "_file_row", passed) for table in self.tables]
            return
        if not self.num_rows:
            return
        self._close()
        batches = pq.ParquetFile(self.path).iter_batches(BATCH)
        tables = (pa.Table.from_batches([batch]) for batch in batches)
        self._replace(_placed(table, "_file_row", passed) for table in tables)

    def one_a_key(self) -> int:
        """Rows of one key that differ leave for the table `differing` (k, s, place), all but what
        the last says, or with `repeated: sum` are added up; how many left. Those that say the same
        stay: see `_query`."""
        entry, relation = self.file.mapping.entry, self._relation()
        before = self.num_rows
        self.more = self._repeated(relation)
        if entry.repeated == "last" or not self.more:
            return 0
        sign = _signature(self.file)
        again = f"from {relation} where hash(_row_key) in (select k from repeated)"
        self.con.execute(
            f"create or replace table differing as select _row_key as k, s, place from (select "
            f"_row_key, arg_max(sign, n) as s, arg_max(_file_row, n) as place, "
            "count(distinct sign) as several from (select _row_key, _file_row, "
            f"file_row_number as n, {sign} as sign {again}) group by 1) where several > 1"
        )
        found = f"{again} and exists (from differing d where d.k = _row_key and d.s <> {sign})"
        differing = self.con.execute(f"select count(*) {found}").fetchall()[0][0]
        if not differing and entry.repeated != "sum":
            return 0
        columns = ", ".join(f'"{name}"' for name in self.columns)
        query = (
            f"select {columns}, file_row_number from {relation} where not (hash(_row_key) in "
            "(select k from repeated) and exists "
            f"(from differing d where d.k = _row_key and d.s <> {sign}))"
        )
        if entry.repeated == "sum":
            query = self._summed(query)
        order = "order by file_row_number" if self.aside is None else ""
        self._set(f"select {columns} from ({query}) {order}")
        self.more = self._repeated(self._relation())
        if entry.repeated == "sum":
            self.file.repeated = before - differing - self.num_rows
        return differing

    def _summed(self, query: str) -> str:
        """Rows of one key added up; the first one's place is theirs."""
        spec, stored = self.file.mapping.table.spec, self.file.mapping.table.stored
        sums = {name: f'sum("{name}")::{SQL[stored[name].type]}' for name in spec.adds}
        sums |= {
            name: f'case when min("{name}") = max("{name}") and count("{name}") = count(*) '
            f'then min("{name}") end'
            for name in spec.finer
        }
        hash_ = values.row_number({name: f'"{name}"' for name in self.file.told})
        columns = ", ".join(
            f'{sums.get(name, f"""min("{name}")""")} as "{name}"'
            for name in (*self.columns, "file_row_number")
            if name not in ("_row_key", "_row_hash")
        )
        return (
            f"with said_rows as ({query}), added as (select _row_key, {columns} from said_rows "
            "where hash(_row_key) in (select k from repeated) group by 1) "
            "select * from said_rows where hash(_row_key) not in (select k from repeated) "
            f"union all by name select *, {hash_} as _row_hash from added"
        )

    def _set(self, query: str) -> None:
        """What the query says takes the place of the rows."""
        if self.aside is None:
            self.tables = [_table(self.con, query)]
            self.num_rows = self.tables[0].num_rows
        else:
            self._replace(_batches(self.con, query, SMALL + 1))

    def _relation(self) -> str:
        if self.aside is None:
            if self.registered is not self.tables:
                self.con.register("said", pa.concat_tables(self.tables))
                self.registered = self.tables
            return "(select *, row_number() over () as file_row_number from said)"
        self._close()
        return parquet(self.path)

    def _repeated(self, relation: str) -> int:
        """Fill `repeated` (k, more); the rows beyond the first of their key. Which keys are
        repeated or known is told by 64 bits; two keys that share them are only looked at more
        closely."""
        self.con.execute(
            f"create or replace table repeated as select k, count(*) - 1 as more from (select "
            f"hash(_row_key) as k from {relation}) group by k having count(*) > 1"
        )
        return int(self.con.execute("select sum(more) from repeated").fetchall()[0][0] or 0)

    def is_copy(self) -> bool:
        """Whether another file said exactly this. A copy of the bytes has the original's rows in
        quarantine: they stay one."""
        precedence.weigh(self.con, self.file, self._relation())
        found = precedence.copied(self.con, self.file)
        if found is not None and found[1]:
            label = pa.scalar(found[0])
            self.file.refused = [
                table.set_column(0, "file", pa.repeat(label, table.num_rows))
                for table in self.file.refused
            ]
        return found is not None

    def new(self, versions: Versions) -> pa.Table | Part:
        """The rows that are new: of a repeated key the last, and what is not said already. They
        keep what the version before says beyond what their mapping fills. Those that become older
        versions go to `older`."""
        query = self._query(self._relation(), versions)
        if self.aside is None:
            return _table(self.con, query) if query else pa.concat_tables(self.tables)
        if query is not None:
            self._replace(_batches(self.con, query, SMALL + 1))
        return Part(self.path, self.num_rows)

    def _query(self, relation: str, versions: Versions) -> str | None:
        """SQL of the new rows; None when all are."""
        key = "hash(_row_key)"
        is_repeated = self.more
        self.file.repeated += is_repeated
        is_known = versions.has(self.file.mapping.table.name)
        beyond = versions.beyond(self.file) if is_known else []
        if is_known:
            self.con.execute(f"create or replace table keys as select {key} as k from {relation}")
            is_known = versions.now(self.file, beyond)
            self.con.execute("drop table keys")
        is_behind = (
            is_known
            and self.file.mapping.table.name in versions.filled
            and precedence.judge(self.con, self.file, relation)
        )
        if not is_repeated and not is_known:
            return None
        joins, tests = "", []
        columns = {name: f'r."{name}"' for name in self.columns}
        if is_repeated:
            joins += (
                " left join (select _row_key, max(file_row_number) as last "
                f"from {relation} where {key} in (select k from repeated) group by 1) l "
                "on l._row_key = r._row_key"
            )
            tests.append("coalesce(l.last = r.file_row_number, true)")
        if is_known:
            joins += " left join current c on c.k = r._row_key and c.h = r._row_hash"
            tests.append("c.h is null")
        if is_behind:
            self._set_older(relation, joins, tests)
            joins += " left join behind b on b.k = r._row_key and b.h = r._row_hash"
            tests.append("b.k is null")
        if is_known and beyond:
            joins += " left join carried m on m.k = r._row_key"
            columns |= {name: f'm.v.s."{name}"' for name in beyond}
            said = {*self.file.told, *beyond}
            merged = {
                name: columns[name] for name in self.file.mapping.table.stored if name in said
            }
            columns["_row_hash"] = (
                f"case when m.k is null then r._row_hash else {values.row_number(merged)} end"
            )
        told = ", ".join(f'{sql} as "{name}"' for name, sql in columns.items())
        order = "order by r.file_row_number" if self.aside is None else ""
        return f"select {told} from {relation} r{joins} where {' and '.join(tests)} {order}"

    def _set_older(self, relation: str, joins: str, tests: list[str]) -> None:
        columns = ", ".join(f'r."{name}"' for name in self.columns if name not in self.of_load)
        found = _table(
            self.con,
            f"select {columns}, b.said_at as _loaded_at "
            f"from {relation} r{joins} join behind b on b.k = r._row_key and b.h = r._row_hash "
            f"where b.said_at is not null and {' and '.join(tests)} order by r.file_row_number",
        )
        self.older = found if found.num_rows else None

    def _replace(self, tables: Iterator[pa.Table]) -> None:
        before, self.path, self.num_rows = self.path, self._another(), 0
        for table in tables:
            self.add(table)
        self._close()
        before.unlink()

    def _close(self) -> None:
        if self.writer is not None:
            self.writer.close()
            self.writer = None


def _batches(con: duckdb.DuckDBPyConnection, query: str, size: int) -> Iterator[pa.Table]:
    """A query's rows as Arrow: streamed, or at once where planning would cost more than copying."""
    if size > SMALL:
        yield from reading.rows_of(con.sql(query).to_arrow_reader(BATCH), BATCH)
    else:
        yield _table(con, query)


def _table(con: duckdb.DuckDBPyConnection, query: str) -> pa.Table:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Arrow output on a DB-API result", UserWarning)
        return con.execute(query).to_arrow_table()


def _good(batch: pa.Table, file: File, sql: Statement) -> pa.Table:
    """The batch without the rows that have a fault; these are refused. Raises MappingError where
    one shows that the file is written otherwise than its mapping says."""
    fault = batch["_fault"]
    if fault.null_count == len(fault):
        sql.witnesses.look(batch)
        return batch
    bad, good = batch.filter(pc.is_valid(fault)), batch.filter(pc.is_null(fault))
    sql.witnesses.doubt(bad, sql.unreadable(bad))
    sql.witnesses.look(good)
    file.refused.append(sql.refusals(bad))
    return good


def _placed(rows: pa.Table, column: str, passed: list[int]) -> pa.Table:
    """The row of the file as a spreadsheet counts it: lines that are no rows (`passed`, in their
    order) count, too."""
    import numpy as np

    reached = np.asarray(passed, dtype=np.int64) - np.arange(len(passed))
    counted = rows[column].to_numpy()
    places = pa.array(counted + np.searchsorted(reached, counted, side="right"))
    return rows.set_column(rows.schema.get_field_index(column), rows.field(column), [places])


def _lines_refused(label: str, rejected: list[tuple[int, str]]) -> pa.Table:
    size = len(rejected)
    return pa.Table.from_arrays(
        [
            pa.array([label] * size),
            pa.array([line for line, _ in rejected], pa.int64()),
            pa.nulls(size, pa.string()),
            pa.array([why for _, why in rejected]),
            pa.array([LINES.get(why, CORRECT_THE_LINE) for _, why in rejected]),
            pa.array(["{}"] * size),
        ],
        schema=REFUSALS,
    )


class Statement:
    """The SQL that turns an opened file into rows of its table."""

    def __init__(self, file: File, plan: Plan, opened: Opened) -> None:
        self.mapping, self.table = file.mapping, file.mapping.table
        self.file, self.plan, self.opened = file, plan, opened
        self.cells = {heading: opened.column(heading) for heading in opened.headings}
        self.kinds = dict(opened.kinds)
        self.groups = maps.groups(self.mapping, opened.headings, file.path.name)
        self._widths()
        self.faults = self._faults()
        self.witnesses = drift.Witnesses(self.mapping, file.path.name, self._watched())

    def source(self, sql: str) -> str:
        """The file's rows, `_n`, `_g` (place within a wide row) and cells."""
        if not self.groups:
            return f"select *, 0 as _g from ({sql})"
        wide = self.mapping.entry.unpivot
        structs = []
        for number, (name, cells) in enumerate(self.groups.items()):
            fields = [f"'_g': {number}", f"'w0': {values.quoted(name)}"]
            for place, virtual in enumerate(self.virtual, start=1):
                heading = cells.get(virtual)
                value = self._as_wide(heading, virtual) if heading else "null"
                fields.append(f"'w{place}': {value}")
            structs.append("{" + ", ".join(fields) + "}")
        entry = self.mapping.entry
        known = ", ".join(
            values.cleaned(f"g.w{place}::varchar", maps.texts(entry.missing))
            for place in range(1, len(self.virtual) + 1)
        )
        assert wide is not None
        inner = f"select *, unnest([{', '.join(structs)}]) as g from ({sql})"
        return f"select * exclude (g), g.* from ({inner}) where coalesce({known}) is not null"

    def rows(self, of_load: dict[str, str], shown: str = "_fault is not null") -> str:
        """All rows of the file: the stored columns, what the system says of them (and of their
        load: column -> SQL), `_fault` and, where `shown`, `_row_json`."""
        columns = ", ".join(f"r.{name}" for name in self._columns())
        load = "".join(f", {sql} as {name}" for name, sql in of_load.items())
        return f"select {columns}{load} from ({self._full(shown)}) r"

    def refusals(self, rows: pa.Table) -> pa.Table:
        """Rows with a `_fault` as REFUSALS: the fault's numbers become words."""
        faults = rows["_fault"].combine_chunks().dictionary_encode()
        told = [self._in_words(fault) for fault in faults.dictionary.to_pylist()]
        words = [
            pa.array([each[place] for each in told], pa.string()).take(faults.indices)
            for place in range(3)
        ]
        return pa.Table.from_arrays(
            [rows["_file"], rows["_file_row"], *words, rows["_row_json"]], schema=REFUSALS
        )

    def unreadable(self, rows: pa.Table) -> Iterator[tuple[str, dict]]:
        """Of rows with a `_fault`: each column whose cell cannot be read, and what the row says."""
        unread = {
            str(number): name for number, (_, name, reason, _) in enumerate(self.faults)
            if reason in NOT.values() and name in self.witnesses.watched
        }  # fmt: skip
        if not unread:
            return
        for fault, told in zip(
            rows["_fault"].to_pylist(), rows["_row_json"].to_pylist(), strict=True
        ):
            names = [unread[n] for n in fault.split(",") if n in unread]
            if names:
                said = json.loads(told)
                yield from ((name, said) for name in names)

    def _watched(self) -> dict[str, drift.Watched]:
        """The columns of a detected file whose cells people wrote."""
        if self.mapping.entry.layout != "detect":
            return {}
        found = {}
        for name, source in self.plan.columns.items():
            column = self.table.spec.columns[name]
            if source.constant is not None or source.how.template is not None:
                continue
            heading = source.headings[0]
            personal = column.personal != "keep" or name in self.mapping.entry.hash
            if personal or self.kinds.get(heading) != TEXT:
                continue
            told = stored_name(name, column)
            found[name] = drift.Watched(column, source.how, self._marks(name), heading, told)
        return found

    def _in_words(self, fault: str) -> tuple[str, str, str]:
        if fault.startswith(OUT):
            return fault.removeprefix(OUT), EXCLUDED, EXCLUDED_REMEDY
        found = [self.faults[int(number)] for number in fault.split(",")]
        return (
            ", ".join(dict.fromkeys(name for _, name, _, _ in found)),
            "; ".join(f"{name}: {why}" for _, name, why, _ in found),
            " ".join(dict.fromkeys(cure for *_, cure in found)),
        )

    def _columns(self) -> list[str]:
        system = ["_row_key", "_row_hash", "_file", "_file_row", "_fault", "_row_json"]
        shown = self.witnesses.columns()
        return [*(f'"{name}"' for name in self.table.stored), *system, *shown]

    def _full(self, shown: str) -> str:
        """Cells, then texts, then values, then what is wrong with them, then keys and hashes."""
        stored = {name: c for name, c in self.table.spec.columns.items() if c.personal != "drop"}
        filled = [name for name in stored if name in self.plan.columns]
        texts = ", ".join(f"{self._raw(name)} as t_{name}" for name in filled)
        typed = ", ".join(f"{self._value(name)} as v_{name}" for name in stored)
        outputs = ", ".join(f'v_{name} as "{stored_name(name, c)}"' for name, c in stored.items())
        sources = {stored_name(name, column): f"v_{name}" for name, column in stored.items()}
        hash_ = values.row_number({name: sources[name] for name in self.file.told})
        names = [f"v_{name}" for name in self.table.spec.key]
        said = ", ".join(
            f"{values.quoted(stored_name(name, stored[name]))}, {self._shown(name)}"
            for name in filled
        )
        source = self.source(self.opened.sql)
        texts += "".join(f", {sql} as u_{name}" for name, sql in self._untils().items())
        as_text = f"select _n, _g, {self._left_out()} as _out, {texts} from ({source})"
        as_value = f"select *, {typed} from ({as_text})"
        judged = f"select *, {self._fault()} as _fault from ({as_value})"
        seen = "".join(f", {sql} as {name}" for name, sql in self.witnesses.columns().items())
        return (
            f"select {outputs}{seen}, _n + {self.opened.first} as _file_row, "
            f"{values.quoted(self.file.label)} as _file, "
            f"{values.row_key(names)} as _row_key, {hash_} as _row_hash, _fault, "
            f"case when {shown} then json_object({said})::varchar end as _row_json "
            f"from ({judged})"
        )

    def _untils(self) -> dict[str, str]:
        """Column -> SQL of the cell that says the last day its row covers."""
        found = {}
        for name, source in self.plan.columns.items():
            if source.how.until is not None:
                there = tuple(self.cells)
                heading = maps.find(source.how.until, there, self.file.path.name, name)
                found[name] = self._cleaned(heading, source.how)
        return found

    def _raw(self, name: str) -> str:
        """The cell behind a column, cleaned and reworded, or typed where it came with a type."""
        source = self.plan.columns.get(name)
        if source is None:
            return "null::varchar"
        if source.constant is not None:
            return values.quoted(source.constant)
        how = source.how
        if how.template is not None:
            return values.reworded(self._filled(how, source.headings), how.words)
        if self._native(name) is not None:
            return self.cells[source.headings[0]]
        return values.reworded(self._cleaned(source.headings[0], how), how.words)

    def _value(self, name: str) -> str:
        """The column's value from `t_<name>`."""
        column = self.table.spec.columns[name]
        source = self.plan.columns.get(name)
        if source is None:
            return f"null::{SQL[column.type]}"
        native = self._native(name)
        if native is not None:
            return native
        value = values.typed(f"t_{name}", column, self._marks(name))
        if source.how.hashed:
            return value
        if column.personal == "hash" or name in self.mapping.entry.hash:
            return values.hashed(f"({value})")
        return value

    def _native(self, name: str) -> str | None:
        source = self.plan.columns[name]
        if source.constant is not None or source.how.template is not None or source.how.words:
            return None
        kind = self.kinds[source.headings[0]]
        if kind in (TEXT, PLAIN):
            return None
        column = self.table.spec.columns[name]
        return values.native(f"t_{name}", kind, column, self._marks(name))

    def _marks(self, name: str) -> values.Marks:
        source, entry = self.plan.columns[name], self.mapping.entry
        how = source.how
        zone = how.time_zone or entry.time_zone
        scale = {"multiply": how.multiply, "round": how.round, "percent": how.percent}
        plain = source.constant is not None or (
            how.template is None and self.kinds[source.headings[0]] != TEXT
        )
        if plain:
            return values.Marks(time_zone="UTC" if source.constant else zone, **scale)
        return values.Marks(
            decimal=how.decimal or entry.decimal,
            thousands=entry.thousands if how.thousands is None else how.thousands,
            dates=maps.texts(how.dates) or maps.texts(entry.dates),
            time_zone=zone,
            strip=how.strip,
            negative=how.negative,
            duration=how.duration,
            language=how.language or entry.language,
            own_decimal=how.decimal is not None,
            **scale,
        )

    def _cleaned(self, heading: str, how: From) -> str:
        if heading == maps.ROW_NUMBER and heading not in self.cells:
            return "_n::varchar"
        if heading == maps.CONTENT_KEY and heading not in self.cells:
            return self._content_key()
        if heading == maps.FILE_DATE and heading not in self.cells:
            return values.quoted(str(maps.date_in_name(self.file.path.name)))
        cell, kind = self.cells[heading], self.kinds[heading]
        text = cell if kind in (TEXT, PLAIN) else values.plainly(cell, kind)
        missing = (*maps.texts(self.mapping.entry.missing), *maps.texts(how.missing))
        return values.cleaned(text, missing)

    def _content_key(self) -> str:
        """What a row says in the columns that tell which it is, whatever their order; of rows that
        say the same there, which. Another number or a column that is not used changes no key."""
        columns = {name: source.headings for name, source in self.plan.columns.items()}
        taken = maps.identifying(self.table, columns)
        cells = [self.cells[heading] for heading in taken if heading in self.cells]
        if not cells:
            raise MappingError(
                f"{self.file.path.name}: nothing for '{{content_key}}' to be made of: no day, "
                f"text, link or name is mapped in {self.mapping.told_in}. Export it with its ids."
            )
        # Readers differ in what an empty cell is: nothing, no text or blanks.
        told = ", ".join(f"coalesce(nullif(trim({cell}::varchar), ''), chr(0))" for cell in cells)
        content = values.hashed(f"concat_ws(chr(31), {told})")  # it may hold an e-mail address
        return f"{content} || '-' || row_number() over (partition by {content} order by _n, _g)"

    def _filled(self, how: From, headings: tuple[str, ...]) -> str:
        """A template with its cells; null when every cell is."""
        parts, cells = [], iter(headings)
        for literal, slot in maps.pieces(how.template or ""):
            if literal:
                parts.append(values.quoted(literal))
            if slot is not None:
                text = self._cleaned(next(cells), how)
                if slot:
                    text = f"lpad({text}, greatest({slot}, length({text}))::integer, '0')"
                parts.append(f"coalesce({text}, '')")
        whole = " || ".join(parts) or "''"
        texts = ", ".join(self._cleaned(heading, how) for heading in headings)
        return f"case when coalesce({texts}, null) is not null then {whole} end" if texts else whole

    def _left_out(self) -> str:
        tests = []
        for heading, said in self.mapping.entry.exclude.items():
            words = said if isinstance(said, tuple) else (said,)
            found = maps.find(heading, tuple(self.cells), self.mapping.told_in, "exclude")
            listed = ", ".join(values.quoted(maps.text_of(word).strip().lower()) for word in words)
            tests.append(
                f"case when coalesce(lower({self._cleaned(found, From())}), '') in ({listed}) "
                f"then {values.quoted(heading)} end"
            )
        return f"coalesce({', '.join(tests)})" if tests else "null::varchar"

    def _faults(self) -> list[tuple[str, str, str, str]]:
        """What can be wrong with a row: (condition, column, reason, remedy)."""
        found: list[tuple[str, str, str, str]] = []
        for name, column in self.table.spec.columns.items():
            filled, value = name in self.plan.columns, f"v_{name}"
            if column.personal == "drop":
                continue
            tests = []
            if column.required:
                tests.append((f"t_{name} is null" if filled else "true", MISSING))
            if filled and column.type != "text":
                tests.append((f"(t_{name} is not null and {value} is null)", NOT[column.type]))
            if filled:
                tests += values.outside(value, column)
            if filled and column.type == "text" and self.mapping.entry.layout == "detect":
                tests += values.damaged(f"t_{name}", name)
            if filled and self.plan.columns[name].how.until is not None:
                last = values.typed(f"u_{name}", column, self._marks(name))
                week = "v_period = 'week'" if "period" in self.plan.columns else "false"
                tests.append((
                    f"u_{name} is not null and {last} is distinct from "
                    f"{value} + case when {week} then 6 else 0 end", LONGER,
                ))  # fmt: skip
            found += [
                (test, name, reason, REMEDIES.get(reason) or remedy(reason, column))
                for test, reason in tests
            ]
        return found

    def _fault(self) -> str:
        """The numbers of a row's faults with commas between, or why it is left out, or null."""
        anything = " or ".join(f"coalesce({test}, false)" for test, *_ in self.faults) or "false"
        cases = ", ".join(
            f"case when {test} then '{number}' end" for number, (test, *_) in enumerate(self.faults)
        )
        numbers = f"case when {anything} then concat_ws(',', {cases or 'null'}) end"
        return f"case when _out is not null then '{OUT}' || _out else {numbers} end"

    def _shown(self, name: str) -> str:
        column = self.table.spec.columns[name]
        personal = column.personal == "hash" or name in self.mapping.entry.hash
        return f"v_{name}" if personal else f"t_{name}::varchar"

    def _widths(self) -> None:
        """Give the virtual headings of a wide file their cells: `w0` the name, then the values."""
        wide = self.mapping.entry.unpivot
        self.virtual: tuple[str, ...] = ()
        if wide is None:
            return
        self.virtual = tuple(sorted({cell for cells in self.groups.values() for cell in cells}))
        self.cells[wide.name], self.kinds[wide.name] = "w0", TEXT
        for place, virtual in enumerate(self.virtual, start=1):
            kinds = {
                self.opened.kinds[cells[virtual]]
                for cells in self.groups.values()
                if virtual in cells
            }
            self.cells[virtual] = f"w{place}"
            self.kinds[virtual] = kinds.pop() if len(kinds) == 1 else PLAIN

    def _as_wide(self, heading: str, virtual: str) -> str:
        cell, kind = self.opened.column(heading), self.opened.kinds[heading]
        if self.kinds[virtual] != PLAIN or kind in (TEXT, PLAIN):
            return cell
        return values.plainly(cell, kind)
