"""Which of the mappings that name a file takes it, where not its name but its headings tell.

A file's name is often the vendor's: two exports of Meta are called alike, and so is every export of
a page that is always `Content.csv`. Entries with `taken_by: headings`, or with the `content` of one
file, share the files that they name with the entries beside them: the one that fits takes it. A
file that fits none is tried under each of them and fails by name, so that nothing is passed over.
"""

from __future__ import annotations

import typing
from pathlib import Path

from ingestion import load, reading
from ingestion import mapping as maps
from ingestion.mapping import Mapping, MappingError, Plan

if typing.TYPE_CHECKING:
    import duckdb


def takers(
    con: duckdb.DuckDBPyConnection, path: Path, content: str, named: list[Mapping]
) -> dict[int, str | None]:
    """Place in `named` -> why that mapping leaves the file to another one of them, None where it
    takes it. `content` is the file's fingerprint."""
    found: dict[int, str | None] = dict.fromkeys(range(len(named)))
    if len(named) < 2 or not any(map(_shares, named)):
        return found
    plans = [fitting(con, path, content, each) for each in named]
    if all(isinstance(each, str) for each in plans):
        return found
    for place, plan in enumerate(plans):
        found[place] = plan if isinstance(plan, str) else _outdone(place, named, plans)
    return found


def fitting(
    con: duckdb.DuckDBPyConnection, path: Path, content: str, mapping: Mapping
) -> Plan | str:
    """How a file's headings fill a mapping's columns, or why they do not."""
    import duckdb

    try:
        maps.hold(mapping, path.name, content)
        opened = reading.open_file(con, mapping, path)
        try:
            return maps.plan(mapping, opened.headings, path.name)
        finally:
            reading.close(con, opened)
    except (MappingError, OSError, UnicodeError) as error:
        return str(error)
    except duckdb.Error as error:
        return load.cause(error)


def _shares(mapping: Mapping) -> bool:
    return mapping.entry.taken_by == "headings" or mapping.entry.content is not None


def _outdone(place: int, named: list[Mapping], plans: list[Plan | str]) -> str | None:
    """Why another entry of the feed knows a file better: it is of this very file, or reads all the
    headings that this one reads, and more."""
    own, mine = named[place], plans[place]
    if own.entry.content is not None:
        return None
    for other, plan in zip(named, plans, strict=True):
        if other.table.name != own.table.name or isinstance(plan, str) or isinstance(mine, str):
            continue
        if other.entry.content is not None:
            return f"{other.told_in} is of this very file"
        if "headings" in (own.entry.taken_by, other.entry.taken_by) and _read(mine) < _read(plan):
            return f"{other.told_in} reads more of its headings"
    return None


def _read(plan: Plan) -> set[str]:
    return {heading for source in plan.columns.values() for heading in source.headings}
