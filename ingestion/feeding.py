"""Files people drop, taken into the log of versions: read, parsed, checked, compared, streamed.

A file is read twice, both times by DuckDB as a stream: once for its keys, once for its rows. So a
file larger than memory goes through, a repeated key keeps its last row, and a row that says what
the warehouse already says adds nothing.
"""

from __future__ import annotations

import dataclasses
import hashlib
import typing
import warnings
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from ingestion import mapping as maps
from ingestion import reading, values
from ingestion.mapping import From, Mapping, MappingError, Plan
from ingestion.reading import PLAIN, TEXT, Opened
from ingestion.rows import MISSING, NOT, remedy
from ingestion.specs import SQL, stored_name

if typing.TYPE_CHECKING:
    import duckdb

BATCH = 50_000
SMALL = 8_000_000  # bytes; a file below is not worth a streamed result
OUT = "out:"
EXCLUDED = "excluded by mapping"
EXCLUDED_REMEDY = "Nothing: the mapping leaves such rows out on purpose ('exclude')."
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
    plan: Plan | None = None
    fetched: int = 0
    taken: int = 0
    new: int = 0
    refused: list[pa.Table] = dataclasses.field(default_factory=list)
    error: str | None = None

    @property
    def quarantined(self) -> int:
        return sum(table.num_rows for table in self.refused)


class Versions:
    """What the log says now: the warehouse (read-only) and earlier files of this run. Holds keys
    and hashes of the file at hand, nothing else. The connection must be closed before a load."""

    def __init__(self, con: duckdb.DuckDBPyConnection, warehouse: Path | None) -> None:
        self.con = con
        self.aside = con.cursor()  # `con` is streaming while rows are said
        self.kept: set[str] = set()
        self.filled: set[str] = set()
        if warehouse and warehouse.exists():
            con.execute(f"attach {values.quoted(str(warehouse))} as warehouse (read_only)")
            for (name,) in con.execute(
                "select table_name from duckdb_tables() where database_name = 'warehouse' "
                "and schema_name = 'raw_feeds' and estimated_size > 0"
            ).fetchall():
                self.filled.add(name)

    def keep(self, table: str) -> None:
        """Remember this run's own statements for a table: another file of it follows."""
        if table not in self.kept:
            self.con.execute(f"create table said_{table} (k varchar, h bigint, n bigint)")
            self.kept.add(table)

    def now(self, file: File) -> bool:
        """Fill `current` (k, h) with what counts as said already of the keys in `keys`: a key's
        version now and, for a file that is read again, those before it that another file
        corrected. False when there are none."""
        con, table = self.con, file.mapping.table
        name = table.name
        if name not in self.kept | self.filled:
            return False
        con.execute("create or replace table current (k varchar, h bigint)")
        if name in self.filled:
            con.execute(
                "create or replace table versions as select _row_key as k, _row_hash as h, "
                "_file as f, (_loaded_at, _dlt_load_id, _file_row) as n "
                f"from warehouse.raw_feeds.{name} "
                f"semi join keys on k = {values.key_number(table.stored_key)}"
            )
            con.execute("insert into current select k, arg_max(h, n) from versions group by 1")
        if name in self.kept:
            con.execute(
                "create or replace table current as "
                "select coalesce(s.k, c.k) as k, coalesce(s.h, c.h) as h from current c full join "
                f"(select k, arg_max(h, n) as h from said_{name} group by k) s on s.k = c.k"
            )
        if name in self.filled and file.is_again:
            con.execute(
                "insert into current select distinct v.k, v.h from versions v "
                "join (select k, arg_max(f, n) as f from versions group by 1) l using (k) "
                "where l.f <> ? and not exists (from current c where c.k = v.k and c.h = v.h)",
                [file.label],
            )
        return bool(con.execute("select count(*) from current").fetchall()[0][0])

    def say(self, table: str, rows: pa.Table) -> None:
        if table in self.kept and rows.num_rows:
            self.aside.register("saying", rows.select(["_row_key", "_row_hash"]))
            self.aside.execute(
                f"insert into said_{table} select _row_key, _row_hash, "
                f"(select count(*) from said_{table}) from saying"
            )
            self.aside.unregister("saying")


def content(path: Path) -> str:
    """A fingerprint of the file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "blake2b").hexdigest()[:32]


def take(con: duckdb.DuckDBPyConnection, file: File, versions: Versions) -> Iterator[pa.Table]:
    """The new rows of a file, typed, hashed and keyed, in batches; fills in `file` on the way.

    Columns: the stored ones of the table, `_row_key`, `_row_hash`, `_file`, `_file_row`.
    Raises MappingError when the file does not fit its mapping, or when rows got lost.
    """
    opened = reading.open_file(con, file.mapping, file.path)
    try:
        file.plan = maps.plan(file.mapping, opened.headings, file.path.name)
        yield from _stream(con, file, versions, opened, file.plan)
    finally:
        reading.close(opened)


def _stream(
    con: duckdb.DuckDBPyConnection, file: File, versions: Versions, opened: Opened, plan: Plan
) -> Iterator[pa.Table]:
    table = file.mapping.table
    sql = Statement(file, plan, opened)
    con.execute(
        "create or replace table keys as select k, count(*) as times "
        f"from ({sql.keys()}) group by k"
    )
    rows, repeated = con.execute(
        "select coalesce(sum(times), 0)::bigint, count(*) filter (times > 1) from keys"
    ).fetchall()[0]
    rejected = reading.rejected(con, opened)
    file.fetched = rows + len(rejected)
    if rejected:
        file.refused.append(_lines_refused(file.label, rejected))
    known = versions.now(file)
    con.execute("delete from keys where times = 1")
    for query in sql.rows(bool(repeated), known):
        for batch in _batches(con, query, file.path.stat().st_size):
            good, new = _sorted_out(batch, file, sql, rejected)
            file.taken += good
            file.new += new.num_rows
            if new.num_rows:
                versions.say(table.name, new)
                yield new
    if file.taken + file.quarantined != file.fetched:
        raise MappingError(
            f"{file.path.name}: {file.fetched} rows were read, but {file.taken} taken and "
            f"{file.quarantined} quarantined. The file changed while it was read; build again."
        )


def _batches(con: duckdb.DuckDBPyConnection, query: str, size: int) -> Iterator[pa.Table]:
    """A query's rows as Arrow: streamed, or at once where planning would cost more than copying."""
    if size > SMALL:
        yield from reading.rows_of(con.sql(query).to_arrow_reader(BATCH), BATCH)
        return
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Arrow output on a DB-API result", UserWarning)
        yield con.execute(query).to_arrow_table()


def _sorted_out(
    batch: pa.Table, file: File, sql: Statement, rejected: list[tuple[int, str]]
) -> tuple[int, pa.Table]:
    """How many rows of the batch are good, and the new ones among them with their place."""
    if rejected and sql.opened.skips:
        place = batch.schema.get_field_index("_file_row")
        batch = batch.set_column(place, "_file_row", _place(batch["_file_row"], rejected))
    fault = batch["_fault"]
    if fault.null_count < len(fault):
        file.refused.append(sql.refusals(batch.filter(pc.is_valid(fault))))
        batch = batch.filter(pc.is_null(fault))
    new = batch if pc.all(batch["_is_new"]).as_py() else batch.filter(batch["_is_new"])
    stored = [*file.mapping.table.stored, "_row_key", "_row_hash", "_file", "_file_row"]
    return batch.num_rows, new.select(stored)


def _place(places: pa.ChunkedArray, rejected: list[tuple[int, str]]) -> pa.ChunkedArray:
    """The row of the file as a spreadsheet counts it: refused lines count, too."""
    for line, _ in rejected[:1000]:
        places = pc.add(places, pc.greater_equal(places, line).cast(pa.int64()))
    return places


def _lines_refused(label: str, rejected: list[tuple[int, str]]) -> pa.Table:
    size = len(rejected)
    return pa.Table.from_arrays(
        [
            pa.array([label] * size),
            pa.array([line for line, _ in rejected], pa.int64()),
            pa.nulls(size, pa.string()),
            pa.array([why for _, why in rejected]),
            pa.array(["Correct the line (quotes around a field with a delimiter)."] * size),
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

    def keys(self) -> str:
        """Only the rows' keys, as numbers: one `k` a row. Notes the lines that are no rows."""
        names = self.table.spec.key
        texts = [f"{self._raw(name)} as t_{name}" for name in names]
        typed = [f"{self._value(name)} as v_{name}" for name in names]
        inner = f"select _n, _g, {', '.join(texts)} from ({self.source(self.opened.noting)})"
        key = values.key_number(f"v_{name}" for name in names)
        return f"select {key} as k from (select {', '.join(typed)} from ({inner}))"

    def rows(self, repeated: bool, known: bool) -> Iterator[str]:
        """One query for the rows whose key stands once, one for the others (the last counts).

        Which stand once is told by a number of 64 bits; two keys that share it are only looked at
        more closely."""
        is_new = "c.h is null" if known else "true"
        join = "left join current c on c.k = r._row_key and c.h = r._row_hash" if known else ""
        once = "where r._k not in (select k from keys)" if repeated else ""
        columns = ", ".join(f"r.{name}" for name in self._columns())
        yield f"select {columns}, {is_new} as _is_new from ({self._full()}) r {join} {once}"
        if repeated:
            last = (
                "row_number() over (partition by r._row_key, r._fault is null "
                "order by r._n desc, r._g desc) = 1"
            )
            twice = "where r._k in (select k from keys)"
            yield (
                f"select {columns}, {last} and {is_new} as _is_new "
                f"from ({self._full()}) r {join} {twice} order by r._n, r._g"
            )

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
        return [*(f'"{name}"' for name in self.table.stored), *system]

    def _full(self) -> str:
        """Cells, then texts, then values, then what is wrong with them, then keys and hashes."""
        stored = {name: c for name, c in self.table.spec.columns.items() if c.personal != "drop"}
        filled = [name for name in stored if name in self.plan.columns]
        texts = ", ".join(f"{self._raw(name)} as t_{name}" for name in filled)
        typed = ", ".join(f"{self._value(name)} as v_{name}" for name in stored)
        outputs = ", ".join(f'v_{name} as "{stored_name(name, c)}"' for name, c in stored.items())
        # Versions are told apart within a key, so the key's own columns need no place in it.
        told = [name for name in filled if name not in self.table.spec.key]
        hash_ = values.row_number({stored_name(n, stored[n]): f"v_{n}" for n in told})
        names = [f"v_{name}" for name in self.table.spec.key]
        said = ", ".join(
            f"{values.quoted(stored_name(name, stored[name]))}, {self._shown(name)}"
            for name in filled
        )
        source = self.source(self.opened.sql)
        as_text = f"select _n, _g, {self._left_out()} as _out, {texts} from ({source})"
        as_value = f"select *, {typed} from ({as_text})"
        judged = f"select *, {self._fault()} as _fault from ({as_value})"
        return (
            f"select {outputs}, _n, _g, _n + {self.opened.first} as _file_row, "
            f"{values.quoted(self.file.label)} as _file, {values.key_number(names)} as _k, "
            f"{values.row_key(names)} as _row_key, {hash_} as _row_hash, _fault, "
            f"case when _fault is not null then json_object({said})::varchar end as _row_json "
            f"from ({judged})"
        )

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
            **scale,
        )

    def _cleaned(self, heading: str, how: From) -> str:
        if heading == maps.ROW_NUMBER and heading not in self.cells:
            return "_n::varchar"
        cell, kind = self.cells[heading], self.kinds[heading]
        text = cell if kind in (TEXT, PLAIN) else values.plainly(cell, kind)
        missing = (*maps.texts(self.mapping.entry.missing), *maps.texts(how.missing))
        return values.cleaned(text, missing)

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
            found += [(test, name, reason, remedy(reason, column)) for test, reason in tests]
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
        self.cells[wide.name], self.kinds[wide.name] = "w0", PLAIN
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
