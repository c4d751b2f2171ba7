"""Arrow into the warehouse through dlt: one pipeline a source, every table with declared columns.

A load is all or nothing for its reader: rows are extracted to Parquet below `data/build/dlt`
(identifiers already hashed), then loaded. A build that was killed in between leaves a package;
`recover` finishes it before anything new is read, and never twice (see there).
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import itertools
import os
import shutil
import typing
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pyarrow as pa

from ingestion.specs import Column, Table, tables
from settings import Paths

if typing.TYPE_CHECKING:
    import dlt

# dlt reads these; it has no other place for some of them. Parquet because its default for DuckDB
# costs 136 times the processor; the load id because Arrow comes without one; no telemetry.
DLT = {
    "RUNTIME__DLTHUB_TELEMETRY": "false",
    "RUNTIME__LOG_LEVEL": "CRITICAL",
    "NORMALIZE__PARQUET_NORMALIZER__ADD_DLT_LOAD_ID": "true",
    "EXTRACT__NEXT_ITEM_MODE": "fifo",
    "EXTRACT__WORKERS": "1",
    "NORMALIZE__WORKERS": "1",
    "LOAD__WORKERS": "1",
    "LOAD__TRUNCATE_STAGING_DATASET": "true",
    "LOAD__AUTO_ABORT_ON_TERMINAL_ERROR": "true",
    "LOAD__RAISE_ON_MAX_RETRIES": "1",
    "LOAD__DELETE_COMPLETED_JOBS": "true",
    "RESTORE_FROM_DESTINATION": "false",
    "DATA_WRITER__COMPRESSION": "lz4",
}
GATHER = 10_000  # rows
# Of DuckDB while it loads. It spills what is more, hashed by then; rows say their place themselves.
SETTINGS = {"memory_limit": "500MB", "preserve_insertion_order": False}
HINTS = {
    "text": {"data_type": "text"},
    "integer": {"data_type": "bigint"},
    "number": {"data_type": "double"},
    "money": {"data_type": "decimal", "precision": 18, "scale": 4},
    "date": {"data_type": "date"},
    "timestamp": {"data_type": "timestamp", "timezone": False, "precision": 6},
    "boolean": {"data_type": "bool"},
}


@dataclasses.dataclass
class Context:
    """What a source module is given.

    `base_url` without a slash at its end; `token` from `$<SOURCE>_TOKEN` (empty when unset);
    `start` is the first day wanted, `as_of` the build's day. `cursors` is what the last
    successful load left there (JSON values only): change it in place, it is kept only when the
    load succeeds, so reading again from an old cursor must be harmless. `say` tells progress.
    """

    source: str
    base_url: str
    token: str
    accounts: tuple[str, ...]
    company: str | None
    start: dt.date
    as_of: dt.date
    cursors: dict[str, typing.Any]
    say: Callable[[str], None]


Extract = Callable[[Context], Iterator[tuple[str, list[dict]]]]
"""A source module's `extract`: yields (table name, rows with the spec's column names in clear),
a page at a time, tables in any order."""


class Parquet(typing.Protocol):
    """Rows in a file that has all columns of the raw table, `_loaded_at` and the load id, too."""

    @property
    def path(self) -> Path: ...

    @property
    def num_rows(self) -> int: ...


class Batch(typing.NamedTuple):
    """Accepted rows of one table, in its stored columns (and `_row_key` ... for a feed). With a
    `_loaded_at` of their own they take their place among older versions."""

    table: Table
    rows: pa.Table | Parquet


class Stamp:
    """What rows say of the load that brings them: its id, and a time that is a microsecond later
    for each batch, so that within a load, too, it is known what came last."""

    def __init__(self, load_id: str, at: dt.datetime) -> None:
        self.load_id = load_id
        self._times = (at + dt.timedelta(microseconds=n) for n in itertools.count())

    def __call__(self) -> dt.datetime:
        return next(self._times)


class LoadError(RuntimeError):
    """A load did not come through; the text says why in the destination's own words."""


def pipeline(paths: Paths, source: str) -> dlt.Pipeline:
    """The one pipeline of a source, into `raw_<source>` of the warehouse."""
    os.environ.update(DLT)
    import dlt

    paths.warehouse.parent.mkdir(parents=True, exist_ok=True)
    return dlt.pipeline(
        pipeline_name=source,
        pipelines_dir=str(paths.dlt),
        destination=dlt.destinations.duckdb(
            {"database": str(paths.warehouse), "global_config": SETTINGS}
        ),
        dataset_name=f"raw_{source}",
    )


def recover(paths: Paths, source: str) -> None:
    """Finish what a killed build left of an API source, before anything new is read.

    What was being extracted is thrown away: its source is read again. A whole package is loaded;
    that is harmless however far it had come, because its tables merge by key.
    """
    line = _pending(paths, source)
    if line is None:
        return
    try:
        line.run()
        if line.has_pending_data:
            line.run()
    except Exception as error:
        line.abort_packages()
        raise LoadError(f"an interrupted load could not be finished: {cause(error)}") from error


def abandon(paths: Paths, source: str) -> None:
    """Throw away what a killed build left of a source that appends: it is read again, and what
    of it is in the warehouse is taken out by `ledger.take_out_unbooked`."""
    line = _pending(paths, source)
    if line is not None:
        line.abort_packages()


def _pending(paths: Paths, source: str) -> dlt.Pipeline | None:
    if not (paths.dlt / source).exists():
        return None
    _forget_unfinished(paths.dlt / source)
    line = pipeline(paths, source)
    return line if line.has_pending_data else None


def load(
    paths: Paths, source: str, batches: Callable[[Stamp], Iterable[Batch]], at: dt.datetime
) -> str | None:
    """Load batches as they come; the load id, or None when there was nothing.

    `at` (naive UTC) becomes `_loaded_at`, see Stamp. Raises LoadError, and then nothing of it
    stays but what a later `recover` finishes; a ConfigError or SourceError of the source comes
    through. Below `set_aside` a batch may leave Parquet; it is gone afterwards.
    """
    line = _as_declared(pipeline(paths, source), source)
    import dlt
    from dlt.common.schema.utils import dlt_load_id_column
    from dlt.common.storages.load_package import load_package_state

    hints: dict[str, dict[str, typing.Any]] = {}
    whole: list[Batch] = []

    def items() -> Iterator[typing.Any]:
        stamp = Stamp(load_package_state()["load_id"], at)
        for table, rows in _gathered(batches(stamp), stamp, whole):
            if table.name not in hints:
                hints[table.name] = _hints(table, at)
                declared = dlt.mark.make_hints(**hints[table.name])
                yield dlt.mark.with_hints(rows, declared, create_table_variant=True)
            else:
                yield dlt.mark.with_table_name(rows, table.name)

    def files() -> Iterator[typing.Any]:
        for table, rows in whole:
            told = hints.setdefault(table.name, _hints(table, at))
            told["columns"]["_dlt_load_id"] = dlt_load_id_column()
            # dlt asks the functions below for the table that this last argument names.
            yield dlt.mark.with_file_import(str(rows.path), "parquet", rows.num_rows, table.name)

    contract = {"tables": "evolve", "columns": "evolve", "data_type": "freeze"}
    resources = [
        dlt.resource(items, name=source, schema_contract=contract),
        dlt.resource(
            files, name=f"{source}_files", schema_contract=contract, write_disposition="append",
            table_name=lambda name: name, columns=lambda name: hints[name]["columns"],
        ),
    ]  # fmt: skip
    try:
        line.extract(resources, loader_file_format="parquet")
        if not hints:
            line.abort_packages()
            return None
        pa.default_memory_pool().release_unused()  # the load wants the memory
        line.normalize()
        # dlt opens and closes the file for each table; while it is held, that costs nothing.
        with line.sql_client():
            info = line.load()
    except Exception as error:
        told = _own(error)
        if told is not None:
            raise told from error
        raise LoadError(cause(error)) from error
    finally:
        _forget_unfinished(paths.dlt / source)
        shutil.rmtree(set_aside(paths, source), ignore_errors=True)
    return info.loads_ids[-1]


def _as_declared(line: dlt.Pipeline, source: str) -> dlt.Pipeline:
    """The pipeline, without its memory where that says something else than the contracts do now:
    dlt would bring back a column that is hashed from now on, and refuse one that is wider."""
    if line.default_schema_name is None:
        return line
    for table in tables():
        told = line.default_schema.tables.get(table.name) if table.source == source else None
        for name, column in (told or {}).get("columns", {}).items():
            kept = table.stored.get(name)
            if name not in table.sql_columns or (
                kept is not None
                and _column(name, kept) != {k: column.get(k) for k in _column(name, kept)}
            ):
                return line.drop()
    return line


def set_aside(paths: Paths, source: str) -> Path:
    """Where a source may leave Parquet for its load."""
    return paths.dlt / source / "aside"


def _gathered(
    batches: Iterable[Batch], stamp: Stamp, whole: list[Batch]
) -> Iterator[tuple[Table, pa.Table]]:
    """Batches with `_loaded_at`, small ones of a table put together: each costs dlt 30 ms. Those
    in Parquet go to `whole`."""
    waiting: dict[str, list[pa.Table]] = {}
    tables: dict[str, Table] = {}
    for batch in batches:
        if not isinstance(batch.rows, pa.Table):
            whole.append(batch)
            continue
        name = batch.table.name
        tables[name] = batch.table
        rows = batch.rows
        if "_loaded_at" not in rows.column_names:
            time = pa.scalar(stamp(), pa.timestamp("us"))
            rows = rows.append_column("_loaded_at", pa.repeat(time, rows.num_rows))
        waiting.setdefault(name, []).append(rows)
        if sum(part.num_rows for part in waiting[name]) >= GATHER:
            yield batch.table, pa.concat_tables(waiting.pop(name))
    for name, parts in waiting.items():
        yield tables[name], pa.concat_tables(parts)


def _hints(table: Table, at: dt.datetime) -> dict[str, typing.Any]:
    """dlt's hints of a table: every column declared, and how rows meet those that are there."""
    columns = {name: _column(name, column) for name, column in table.stored.items()}
    kinds = {"varchar": "text", "bigint": "integer", "timestamp": "timestamp"}
    for name, kind in table.system.items():
        if name != "_dlt_load_id":
            columns[name] = {"name": name, "nullable": True, **HINTS[kinds[kind]]}
    hints: dict[str, typing.Any] = {"table_name": table.name, "columns": columns}
    match table.spec.disposition:
        case "versions":
            hints["write_disposition"] = "append"
        case "merge" | "snapshot":
            hints["write_disposition"] = {"disposition": "merge", "strategy": "delete-insert"}
            hints["primary_key"] = list(table.stored_key)
            columns["_loaded_at"]["dedup_sort"] = "desc"
        case "scd2":
            hints["write_disposition"] = {
                "disposition": "merge",
                "strategy": "scd2",
                "validity_column_names": ["_valid_from", "_valid_to"],
                "row_version_column_name": "_row_hash",
                "boundary_timestamp": at.replace(tzinfo=dt.UTC).isoformat(),
            }
    return hints


def _column(name: str, column: Column) -> dict[str, typing.Any]:
    # What is required is our own check's; dlt would stop all tables when a contract changes it.
    return {"name": name, "nullable": True, **HINTS[column.type]}


def cause(error: BaseException) -> str:
    """The first line of what went wrong at the bottom, without dlt's wrapping."""
    while error.__cause__ is not None or error.__context__ is not None:
        error = error.__cause__ or error.__context__  # type: ignore[assignment]
    text = str(error).strip() or type(error).__name__
    return text.splitlines()[0][:500]


def _own(error: BaseException | None) -> Exception | None:
    """The error of ours in the chain that dlt wrapped, if there is one."""
    from settings import ConfigError

    while error is not None:
        if isinstance(error, ConfigError) or type(error).__module__.startswith("ingestion."):
            return error  # type: ignore[return-value]
        error = error.__cause__ or error.__context__
    return None


def _forget_unfinished(folder: Path) -> None:
    """Delete what extractions that were cut off left on disk, and notes of finished loads; whole
    packages that wait stay."""
    left = [each for each in (folder / "normalize").glob("*") if each.name != "extracted"]
    for each in [*left, *(folder / "load" / "loaded").glob("*")]:
        if each.is_dir():
            shutil.rmtree(each)
