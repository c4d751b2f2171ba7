"""Files into DuckDB, cell for cell: nothing is interpreted here.

A CSV, a sheet or JSON lines become text; Parquet keeps its types. Nothing leaves memory: the
connection may not spill, and a file in an encoding that DuckDB does not read is decoded into
memory, never into a temporary file, because its cells are personal data in clear.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import itertools
import typing
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from ingestion import grids, layouts, vocabulary
from ingestion import mapping as maps
from ingestion.layouts import Assumption
from ingestion.mapping import Entry, Mapping, MappingError

if typing.TYPE_CHECKING:
    import duckdb

TEXT = "text"
"""A cell as somebody wrote it: the mapping's marks and formats apply."""
PLAIN = "plain"
"""A value that had a type, written plainly (1234.5, 2026-09-30): the mapping's marks do not."""

_NATIVE = {"utf-8": "utf-8", "iso8859-1": "latin-1", "utf-16": "utf-16"}
_DELIMITERS = ",;\t|"
_ONE_COLUMN = "\x01"
_LONGEST_LINE = 2_000_000
_names = itertools.count()


class Opened(typing.NamedTuple):
    """A file ready to be queried.

    `sql` selects one row a row of the file: `_n` (1 for the first) and `c0, c1, ...` in the order
    of `headings`; `kinds` says of each whether it is TEXT, PLAIN or an SQL type. `first` is the
    number of rows before the first one (headings). Reading notes in the table `rejects`, or in
    `refused`, the lines that are no rows; `skips` says that `_n` counts neither those nor the
    lines `blank`.
    `assumptions` is what was told by the file itself, and by what. `made` is gone after `close`.
    """

    sql: str
    headings: tuple[str, ...]
    kinds: dict[str, str]
    first: int
    rejects: str = ""
    skips: bool = False
    refused: list[tuple[int, str]] | None = None
    assumptions: tuple[Assumption, ...] = ()
    made: str = ""
    blank: tuple[int, ...] = ()

    def column(self, heading: str) -> str:
        return f"c{self.headings.index(heading)}"


def connect() -> duckdb.DuckDBPyConnection:
    """A connection in memory that never writes to disk. Naive times are UTC."""
    import duckdb

    con = duckdb.connect(":memory:", config={"temp_directory": ""})
    con.execute("set TimeZone = 'UTC'")
    return con


def open_file(con: duckdb.DuckDBPyConnection, mapping: Mapping, path: Path) -> Opened:
    """Open a file as its mapping says. Raises MappingError when it cannot be read."""
    if mapping.entry.layout == "detect" and not _is_parquet(path):
        return _detected(con, mapping, path)
    readers = {"csv": _csv, "xlsx": _sheet, "jsonl": _lines, "parquet": _parquet}
    return readers[mapping.format(path)](con, mapping.entry, path)


def rejected(con: duckdb.DuckDBPyConnection, opened: Opened) -> list[tuple[int, str]]:
    """The lines that are no rows, with the reason; known after the file was read."""
    import duckdb

    if opened.refused is not None:
        return opened.refused
    if not opened.rejects:
        return []
    try:
        bad = con.execute(
            f"select line, min(error_type::varchar) from {opened.rejects} "
            "group by line order by line"
        ).fetchall()
    except duckdb.CatalogException:
        return []  # DuckDB makes the table for the first line that is no row
    return [(int(line), _why(kind)) for line, kind in bad]


def _why(kind: str) -> str:
    if kind in ("TOO MANY COLUMNS", "MISSING COLUMNS"):
        return "another number of fields than there are headings"
    if kind == "NO OBJECT":
        return grids.NO_OBJECT
    if kind == "KEY TWICE":
        return grids.KEY_TWICE
    if kind == "INVALID ENCODING":
        return "not in the file's encoding"
    return f"not a line of a CSV ({kind.lower()})"


def _csv(con: duckdb.DuckDBPyConnection, entry: Entry, path: Path) -> Opened:
    encoding = _encoding(entry, path)
    delimiter, headings, skipped = _head(entry, path, encoding)
    blank = _blank(path, encoding, skipped)
    source = str(path)
    if encoding not in _NATIVE:
        source = _in_memory(con, path, encoding)
    name = f"rejects_{next(_names)}"
    columns = ", ".join(f"'c{number}': 'VARCHAR'" for number in range(len(headings)))
    options = (
        f"{_quoted(source)}, auto_detect=false, columns={{{columns}}}, "
        f"delim={_quoted(delimiter)}, quote='\"', escape='\"', header=false, skip={skipped}, "
        f"encoding='{_NATIVE.get(encoding, 'utf-8')}', max_line_size={_LONGEST_LINE}"
    )
    some = f"coalesce({', '.join(f'c{number}' for number in range(len(headings)))}) is not null"

    options += f", store_rejects=true, rejects_table='{name}', rejects_scan='{name}_scan'"
    read = f"select row_number() over () as _n, * from read_csv({options})"
    sql = _without_footer(f"select * from ({read}) where {some}", entry)
    return Opened(
        sql, headings, dict.fromkeys(headings, TEXT), skipped, name, True, blank=blank
    )  # fmt: skip


def _blank(path: Path, encoding: str, skipped: int) -> tuple[int, ...]:
    """The numbers of the blank lines below the headings, a record of several lines counting one:
    DuckDB's reader passes over them. Raises MappingError where a second file was put behind."""
    import numpy as np

    last, some = b"", encoding not in _NATIVE or encoding == "utf-16"
    for chunk in grids.chunks(path):
        for part in (last + chunk[:3], chunk):
            # Two line ends with nothing between, or one byte, which may be CR.
            ends = np.flatnonzero(np.frombuffer(part, np.uint8) == 10)
            some = some or bool((np.diff(ends) <= 2).any()) or (b"\r" in part and b"\r\r" in part)
            if b"\xef" in part and b"\n\xef\xbb\xbf" in part:
                raise MappingError(
                    f"{path.name}: a byte order mark stands inside: files were put one behind the "
                    "other. Send them one by one."
                )
        last = chunk[-3:]
    if not some:
        return ()
    found, number, is_open = [], 0, False
    with _text(path, encoding) as file:
        for line in itertools.islice(file, skipped, None):
            number += not is_open
            if not is_open and not line.strip("\r\n"):
                found.append(skipped + number)
            is_open ^= line.count('"') % 2 == 1
    return tuple(found)


def _is_parquet(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"PAR1"


def _detected(con: duckdb.DuckDBPyConnection, mapping: Mapping, path: Path) -> Opened:
    entry = mapping.entry
    wanted = layouts.wanted_of(entry)
    found = layouts.detected(path, entry, wanted, vocabulary.known)
    table = layouts.chosen(found, entry, wanted, path.name)
    down = _down(mapping, table, path.name)
    if table.plain is not None and entry.ragged == "refuse" and not down:
        return _plain(table, table.plain, path)
    return of_table(con, table, mapping, down)


def _down(mapping: Mapping, table: layouts.Table, file: str) -> tuple[int, ...]:
    """The columns whose empty cells say what stands above them. Raises MappingError for one of the
    key whose first rows look so while the mapping does not say it."""
    headings, spec = table.layout.headings, mapping.table.spec
    columns = {
        name: source for name, source in maps.plan(mapping, headings, file).columns.items()
        if source.how.heading and source.headings[0] in headings
    }  # fmt: skip
    sample: list[list[grids.Cell]] = []
    for block in layouts.body(table, mapping.entry):
        if isinstance(block, grids.Clean):
            sample += block.cells
        else:
            sample += [row.cells for row in block if isinstance(row, grids.Row)]
        if len(sample) >= layouts.SAMPLE_LINES:
            break
    for name, source in columns.items():
        place = headings.index(source.headings[0])
        is_label = name in spec.key and spec.columns[name].type == "text"
        if not is_label or source.how.blank is not None:
            continue
        if layouts.is_outline([cells[place] for cells in sample], groups=2):
            raise MappingError(
                f"{file}: '{source.headings[0]}' ({name}) stands in the first row of each group "
                "only. Say 'blank: above' for the column in the mapping if the rows below are of "
                "that group, 'blank: keep' if nobody knows."
            )
    return tuple(
        headings.index(source.headings[0]) for source in columns.values()
        if source.how.blank == "above"
    )  # fmt: skip


def _filled_down(blocks: Iterator[grids.Block], down: tuple[int, ...]) -> Iterator[grids.Block]:
    """The rows with the last label above where these columns have none."""
    last: dict[int, grids.Cell] = dict.fromkeys(down)
    for block in blocks:
        clean = isinstance(block, grids.Clean)
        rows = [
            grids.Row(number, cells) for number, cells in enumerate(block.cells, block.first)
        ] if clean else block  # fmt: skip
        for row in rows:
            if not isinstance(row, grids.Row):
                continue
            for place in down:
                cell = row.cells[place]
                if cell is None or not str(cell).strip():
                    row.cells[place] = last[place]
                else:
                    last[place] = cell
        yield rows


def _plain(table: layouts.Table, one: grids.Dialect, path: Path) -> Opened:
    """A large file in which a line is a row in any reader, by the fastest."""
    layout, name = table.layout, f"rejects_{next(_names)}"
    columns = ", ".join(f"'c{number}': 'VARCHAR'" for number in range(layout.width))
    options = (
        f"{_quoted(str(path))}, auto_detect=false, columns={{{columns}}}, "
        f"delim={_quoted(one.delimiter)}, quote='{one.quote}', escape='{one.quote}', header=false, "
        f"skip={layout.header[0]}, max_line_size={_LONGEST_LINE}, "
        f"store_rejects=true, rejects_table='{name}', rejects_scan='{name}_scan'"
    )
    return Opened(
        f"select row_number() over () as _n, * from read_csv({options})",
        layout.headings, dict.fromkeys(layout.headings, TEXT), layout.header[0], name, True,
        assumptions=table.assumptions,
    )  # fmt: skip


def of_table(
    con: duckdb.DuckDBPyConnection, table: layouts.Table, mapping: Mapping,
    down: tuple[int, ...] = (),
) -> Opened:  # fmt: skip
    """A detected table as rows to query, once: it is read while it is queried. `down` are columns
    whose empty cells say what stands above them."""
    headings, entry = table.layout.headings, mapping.entry
    if entry.merged != "each" and any(isinstance(c, grids.Shared) for c in _cells(table)):
        table = table._replace(rows=_apart(table, maps.measures(mapping, headings), entry.merged))
    refused: list[tuple[int, str]] = []
    schema = pa.schema(
        [("_n", pa.int64()), *((f"c{n}", pa.string()) for n in range(len(headings)))]
    )
    marks = [_decimal_of(heading, entry) for heading in headings]

    def batches() -> Iterator[pa.RecordBatch]:
        waiting: list[grids.Row] = []
        blocks = layouts.body(table, entry)
        for block in _filled_down(blocks, down) if down else blocks:
            if isinstance(block, grids.Clean):
                if waiting:
                    yield _batch(waiting, marks, table.decimal_is_typed, schema)
                    waiting = []
                yield _as_they_are(block, schema)
                continue
            for row in block:
                if isinstance(row, grids.Bad):
                    refused.append((row.number, row.reason))
                else:
                    waiting.append(row)
            if len(waiting) >= grids.BLOCK:
                yield _batch(waiting, marks, table.decimal_is_typed, schema)
                waiting = []
        if waiting:
            yield _batch(waiting, marks, table.decimal_is_typed, schema)

    name = f"detected_{next(_names)}"
    con.register(name, pa.RecordBatchReader.from_batches(schema, batches()))
    kinds = dict.fromkeys(headings, TEXT)
    return Opened(
        f"select * from {name}", headings, kinds, 0, refused=refused,
        assumptions=table.assumptions, made=name,
    )  # fmt: skip


def _cells(table: layouts.Table) -> Iterator[grids.Cell]:
    if not table.decimal_is_typed:
        return
    for block in table.rows():
        for row in block:
            if isinstance(row, grids.Row):
                yield from row.cells


def _apart(
    table: layouts.Table, measures: set[str], merged: str
) -> typing.Callable[[], Iterator[grids.Block]]:
    """The rows with an amount of several merged cells in the first one, or in none."""
    places = [n for n, heading in enumerate(table.layout.headings) if heading in measures]

    def rows() -> Iterator[grids.Block]:
        for block in table.rows():
            found: list[grids.Row | grids.Bad] = []
            for row in block:
                if isinstance(row, grids.Row) and row.number >= table.layout.first:
                    cells = list(row.cells)
                    for place in places:
                        cell = cells[place] if place < len(cells) else None
                        if isinstance(cell, grids.Shared):
                            kept = cell if cell.is_first else None
                            told = grids.Error(f"#MERGED {grids.text_of(cell)}")
                            cells[place] = kept if merged == "first" else told
                    row = grids.Row(row.number, cells)
                found.append(row)
            yield found

    return rows


def _decimal_of(heading: str, entry: Entry) -> str:
    """The mark that the column's numbers are read with, so that typed ones are written so."""
    for said in entry.columns.values():
        if not isinstance(said, str) and said.heading == heading and said.decimal:
            return said.decimal
    return entry.decimal


def _as_they_are(block: grids.Clean, schema: pa.Schema) -> pa.RecordBatch:
    numbers = pa.array(range(block.first, block.first + len(block.cells)), pa.int64())
    columns = (pa.array(column, pa.string()) for column in zip(*block.cells, strict=True))
    return pa.RecordBatch.from_arrays([numbers, *columns], schema=schema)


def _batch(
    rows: list[grids.Row], marks: list[str], typed: bool, schema: pa.Schema
) -> pa.RecordBatch:
    numbers, cells = zip(*rows, strict=True)
    columns = zip(*cells, strict=True)
    if typed:
        made = [
            [grids.text_of(cell, mark) for cell in column]
            for column, mark in zip(columns, marks, strict=True)
        ]
    else:
        made = list(columns)
    arrays = [pa.array(numbers, pa.int64()), *(pa.array(column, pa.string()) for column in made)]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _without_footer(sql: str, entry: Entry) -> str:
    if not entry.skip_footer:
        return sql
    # The last rows are those after which at most `skip_footer` come.
    return f"select * from ({sql}) where _n <= (select max(_n) from ({sql})) - {entry.skip_footer}"


def _encoding(entry: Entry, path: Path) -> str:
    if entry.encoding is not None:
        grids.hold_against(path, entry.encoding)
    return codecs.lookup(entry.encoding or "utf-8").name


def _text(path: Path, encoding: str) -> typing.TextIO:
    encoding = "utf-8-sig" if encoding == "utf-8" else encoding
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding=encoding, newline="")
    return path.open(encoding=encoding, newline="")


def _head(entry: Entry, path: Path, encoding: str) -> tuple[str, tuple[str, ...], int]:
    """Delimiter, headings and the number of lines up to them."""
    at = _header_row(entry)
    try:
        with _text(path, encoding) as file:
            lines = list(itertools.islice(file, at + 20))
    except UnicodeDecodeError:
        raise MappingError(
            f"{path.name}: not in {encoding}. Add its encoding to the mapping "
            "(cp1252 and utf-16 are usual in exports)."
        ) from None
    if len(lines) < at:
        raise MappingError(f"{path.name}: the file ends before header_row {at}.")
    line = lines[at - 1]
    delimiter = entry.delimiter or max(_DELIMITERS, key=line.count)
    reader = csv.reader(lines[at - 1 :], delimiter=delimiter)
    headings = _distinct(next(reader))
    return delimiter, headings, at - 1 + reader.line_num


def _header_row(entry: Entry) -> int:
    return 1 if entry.header_row is None else entry.header_row


def _distinct(cells: list[str]) -> tuple[str, ...]:
    """Headings, trimmed; an empty one is named after its place, a repeated one is numbered."""
    found: list[str] = []
    for number, cell in enumerate(cells, start=1):
        name = " ".join(cell.split()) or f"column {number}"
        again = sum(other == name or other.startswith(f"{name} (") for other in found)
        found.append(f"{name} ({again + 1})" if again else name)
    return tuple(found)


def _in_memory(con: duckdb.DuckDBPyConnection, path: Path, encoding: str) -> str:
    from fsspec.implementations.memory import MemoryFileSystem

    files = MemoryFileSystem()
    if not con.filesystem_is_registered("memory"):
        con.register_filesystem(files)
    name = f"/{next(_names)}.csv"
    try:
        with _text(path, encoding) as file:
            files.pipe(name, file.read().encode())
    except UnicodeDecodeError as error:
        raise MappingError(
            f"{path.name}: not in {encoding} (at byte {error.start}). "
            "Correct 'encoding' in the mapping."
        ) from None
    return f"memory://{name}"


def close(con: duckdb.DuckDBPyConnection, opened: Opened) -> None:
    """Forget what was decoded into memory for this file."""
    if opened.made:
        con.unregister(opened.made)
    from fsspec.implementations.memory import MemoryFileSystem

    for name in list(MemoryFileSystem.store):
        if f"memory://{name}'" in opened.sql:
            del MemoryFileSystem.store[name]


def _sheet(con: duckdb.DuckDBPyConnection, entry: Entry, path: Path) -> Opened:
    import python_calamine

    try:
        book = python_calamine.load_workbook(str(path))
    except (python_calamine.CalamineError, OSError) as error:
        raise MappingError(f"{path.name}: not a workbook that can be read ({error}).") from None
    if entry.sheet is not None and entry.sheet not in book.sheet_names:
        raise MappingError(
            f"{path.name}: no sheet '{entry.sheet}'; it has {', '.join(book.sheet_names)}. "
            "Correct 'sheet' in the mapping."
        )
    sheet = book.get_sheet_by_name(entry.sheet or book.sheet_names[0])
    rows = sheet.to_python(skip_empty_area=False)
    at = _header_row(entry)
    if len(rows) < at:
        raise MappingError(f"{path.name}: the sheet ends before header_row {at}.")
    head = [grids.text_of(value, ".") or "" for value in rows[at - 1]]
    while head and not head[-1].strip():
        head.pop()
    headings = _distinct(head)
    body = [
        (number, [grids.text_of(value, entry.decimal) for value in row[: len(headings)]])
        for number, row in enumerate(rows[at:], start=1)
    ]
    body = [(number, row) for number, row in body if any(cell is not None for cell in row)]
    body = body[: len(body) - entry.skip_footer]
    columns = {"_n": pa.array([number for number, _ in body], pa.int64())}
    for place in range(len(headings)):
        columns[f"c{place}"] = pa.array([row[place] for _, row in body], pa.string())
    name = f"sheet_{next(_names)}"
    con.register(name, pa.table(columns))
    kinds = dict.fromkeys(headings, TEXT)
    sql = f"select * from {name}"
    return Opened(sql, headings, kinds, at)


def _lines(con: duckdb.DuckDBPyConnection, entry: Entry, path: Path) -> Opened:
    """JSON lines, one object a line; what is nested stays JSON text."""
    encoding = _encoding(entry, path)
    source = str(path) if encoding in _NATIVE else _in_memory(con, path, encoding)
    read = (
        f"select * from (select row_number() over () as _n, line from read_csv({_quoted(source)}, "
        f"auto_detect=false, columns={{'line': 'VARCHAR'}}, delim={_quoted(_ONE_COLUMN)}, "
        f"quote='', escape='', header=false, max_line_size={_LONGEST_LINE}, "
        f"encoding='{_NATIVE.get(encoding, 'utf-8')}')) where trim(line) <> ''"
    )
    fault = (
        "case when not json_valid(line) or json_type(line) <> 'OBJECT' then 'NO OBJECT' "
        "when len(json_keys(line)) > len(list_distinct(json_keys(line))) then 'KEY TWICE' end"
    )
    good = f"select * from ({read}) where {fault} is null"
    found = con.execute(
        f"select key from (select unnest(json_keys(line)) as key, _n from ({good})) "
        "group by key order by min(_n), key"
    ).fetchall()
    headings = tuple(key for (key,) in found)
    if not headings:
        raise MappingError(f"{path.name}: no line is a JSON object; the format is JSON lines.")
    keys = ", ".join(_quoted('$."' + heading.replace('"', '\\"') + '"') for heading in headings)
    values = f"json_extract_string(line, [{keys}])"
    sql = f"select _n, {values} as v, json_type(line, [{keys}]) as t from ({good})"
    cells = ", ".join(
        f"{_json_cell(number, entry.decimal)} as c{number - 1}"
        for number in range(1, len(headings) + 1)
    )
    bad = f"lines_{next(_names)}"
    con.execute(
        f"create table {bad} as select _n as line, {fault} as error_type "
        f"from ({read}) where {fault} is not null"
    )
    kinds = dict.fromkeys(headings, TEXT)
    sql = f"select _n, {cells} from ({sql})"
    return Opened(sql, headings, kinds, 0, bad)


def _json_cell(number: int, decimal: str) -> str:
    if decimal == ".":
        return f"v[{number}]"
    numeric = "('DOUBLE', 'BIGINT', 'UBIGINT', 'HUGEINT')"
    marked = f"replace(v[{number}], '.', {_quoted(decimal)})"
    return f"case when t[{number}] in {numeric} then {marked} else v[{number}] end"


def _parquet(con: duckdb.DuckDBPyConnection, entry: Entry, path: Path) -> Opened:
    import duckdb

    try:
        described = con.execute(f"describe select * from read_parquet({_quoted(str(path))})")
        types = {row[0]: row[1] for row in described.fetchall()}
    except duckdb.Error as error:
        raise MappingError(f"{path.name}: not Parquet that can be read ({error}).") from None
    headings = tuple(types)
    cells, kinds = [], {}
    for number, (heading, kind) in enumerate(types.items()):
        quoted = '"' + heading.replace('"', '""') + '"'
        nested = kind.endswith("]") or kind.startswith(("STRUCT", "MAP", "UNION", "ENUM", "BLOB"))
        cells.append(f"{quoted}::varchar as c{number}" if nested else f"{quoted} as c{number}")
        kinds[heading] = PLAIN if nested else TEXT if kind == "VARCHAR" else kind
    read = f"read_parquet({_quoted(str(path))}, file_row_number=true)"
    sql = f"select file_row_number + 1 as _n, {', '.join(cells)} from {read}"
    sql = _without_footer(sql, entry)
    return Opened(sql, headings, kinds, 0)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def rows_of(reader: pa.RecordBatchReader, at_least: int) -> Iterator[pa.Table]:
    """Batches of a reader joined to tables of at least so many rows (the last may be smaller)."""
    waiting: list[pa.RecordBatch] = []
    size = 0
    for batch in reader:
        waiting.append(batch)
        size += batch.num_rows
        if size >= at_least:
            yield pa.Table.from_batches(waiting)
            waiting, size = [], 0
    if size:
        yield pa.Table.from_batches(waiting)
