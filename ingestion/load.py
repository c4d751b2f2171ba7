"""Arrow into the warehouse through dlt: one pipeline a source, every table with declared columns.

A load is all or nothing for its reader: rows are extracted to Parquet below `data/build/dlt`
(identifiers already hashed), then loaded. A build that was killed in between leaves a package;
`recover` finishes it before anything new is read, and never twice (see there).
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import os
import typing
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pyarrow as pa

from ingestion.specs import Table
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
    "RESTORE_FROM_DESTINATION": "false",
}
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
