"""Which of two statements is newer, where files do not arrive in the order they were made in.

A feed is a log of versions, and the one loaded last counts. That is wrong for a file that is sent
again, for an older export that is found later, and for a quarantined row that comes back corrected
after a later file spoke of it. The rules, in this order:

1. A file with the bytes, or with exactly the rows, of another one that was loaded says nothing,
   unless the day in its name is another one.
2. A corrected row stands where the row in quarantine stood: what was loaded since is newer.
3. A row that says again what an older version of its key said is no statement if its file is older
   than that of the version now: by the days in their names or, where one has none, by the last
   event that each holds.
4. Of a contract without a day in its key a file is a picture of its day. A row of one that is older
   by the days in the names becomes an older version.

Where nothing tells, the later file counts, and the preview says how many rows go back.
"""

from __future__ import annotations

import csv
import datetime as dt
import re
import typing
from pathlib import Path

from ingestion import mapping, values

if typing.TYPE_CHECKING:
    import duckdb

    from ingestion.feeding import File

BOOK = "warehouse.ingest.files"
_MONTH = r"(?<!\d)(20\d\d)[-_.]?(0[1-9]|1[0-2])(?!\d)"


def day_of(name: str) -> dt.date | None:
    """The day that a file's name tells: the last one in it, or the last of a month (2026-09)."""
    day = mapping.date_in_name(name)
    found = re.findall(_MONTH, name) if day is None else []
    if not found:
        return day
    year, month = max((int(year), int(month)) for year, month in found)
    return dt.date(year + month // 12, month % 12 + 1, 1) - dt.timedelta(days=1)


def has_book(con: duckdb.DuckDBPyConnection) -> bool:
    """Whether the warehouse is attached and keeps what files said. Asked of every file, and the
    catalogue's own tables take a hundred times as long to read."""
    import duckdb

    try:
        con.execute(f"select told_on from {BOOK} limit 0")
    except (duckdb.CatalogException, duckdb.BinderException):
        return False
    return True


def filled_by_name(con: duckdb.DuckDBPyConnection, file: File) -> tuple[str, str] | None:
    """(file, JSON list of the columns that headings of their own name filled) of what was loaded
    last under the file's mapping; None where nothing was, or the book did not keep it yet."""
    import duckdb

    try:
        found = con.execute(
            f"select file, filled_by_name from {BOOK} where table_name = ? and mapping = ? "
            "and filled_by_name is not null order by loaded_at desc, file desc limit 1",
            [file.mapping.table.name, file.mapping.fingerprint],
        ).fetchall()
    except (duckdb.CatalogException, duckdb.BinderException):
        return None
    return found[0] if found else None


def weigh(con: duckdb.DuckDBPyConnection, file: File, relation: str) -> None:
    """Note in the file what its rows (`_row_key`, `_row_hash`, in any order) and its name tell."""
    event = file.mapping.table.spec.event
    last = f'max("{event}"::date)' if event else "null::date"
    file.said, file.last_event = con.execute(
        "select count(*) || '-' || coalesce(sum(hash(_row_key, _row_hash)::hugeint), 0), "
        f"{last} from {relation}"
    ).fetchall()[0]
    file.told_on = day_of(file.path.name)


def copied(con: duckdb.DuckDBPyConnection, file: File) -> tuple[str, bool] | None:
    """(the file of which this one is a copy, whether byte by byte); notes it in the file."""
    if not has_book(con):
        return None
    found = con.execute(
        f"select file, content = ? and mapping = ? as is_same, loaded_at from {BOOK} "
        "where table_name = ? and file <> ? and told_on is not distinct from ?::date "
        "and (said = ? or (content = ? and mapping = ?)) order by is_same desc, loaded_at limit 1",
        [file.content, file.mapping.fingerprint, file.mapping.table.name, file.label,
         file.told_on, file.said, file.content, file.mapping.fingerprint],
    ).fetchall()  # fmt: skip
    if not found:
        return None
    ((label, is_same, at),) = found
    what = "same content as" if is_same else "same rows as"
    file.notes.append(f"{what} {label}, loaded {at:%Y-%m-%d}; it adds nothing")
    return label, is_same


def judge(con: duckdb.DuckDBPyConnection, file: File, relation: str) -> bool:
    """Fill `behind` (k, h, said_at) with the file's rows that are not newer than the version now
    of their key: `said_at` is when they were said, null where they add nothing. False for none.

    Wants `versions` (k, h, f, n) and `current` (k, h) of the keys of `relation`, see
    `feeding.Versions.now`; notes in the file what becomes of which rows.
    """
    if not has_book(con):
        return False
    if file.corrects:
        _corrections(con, file, relation)
    else:
        _older(con, file, relation)
    return bool(con.execute("select 1 from behind limit 1").fetchall())


def _older(con: duckdb.DuckDBPyConnection, file: File, relation: str) -> None:
    spec = file.mapping.table.spec
    # Of the columns that this mapping fills, a version of another export says nothing.
    nothing = values.row_number(dict.fromkeys(file.told, "null::varchar"))
    is_picture = not any(spec.columns[name].type in ("date", "timestamp") for name in spec.key)
    told = {
        "table": file.mapping.table.name,
        "label": file.label,
        "day": file.told_on,
        "last": file.last_event,
        "picture": is_picture,
        "nothing": con.execute(f"select {nothing}").fetchall()[0][0],
    }
    # Few rows differ from what is known, so only their keys are put in order.
    con.execute(
        "create or replace temp table changed as select distinct _row_key as k, _row_hash as h "
        f"from {relation} r where exists (from versions v where v.k = r._row_key) "
        "and not exists (from current c where c.k = r._row_key and c.h = r._row_hash)"
    )
    con.execute(
        f"""
        create or replace temp table judged as
        with told as (
            select file, arg_max(told_on, loaded_at) as day, arg_max(last_event, loaded_at) as last
            from {BOOK} where table_name = $table group by 1
        ),
        before as (from versions v semi join changed c on c.k = v.k),
        latest as (select k, arg_max({{'h': h, 'f': f}}, n) as v from before group by 1),
        rows as (
            select
                r.k, r.h, l.v.f as f,
                r.h <> $nothing and exists (from before s where s.k = r.k and s.h = r.h) as is_said,
                coalesce($day::date < o.day, false) as is_older,
                coalesce(($day::date is null or o.day is null) and $last::date < o.last, false)
                    as is_shorter
            from changed r
            join latest l on l.k = r.k and l.v.h <> r.h and l.v.f <> $label
            left join told o on o.file = l.v.f
        )
        select
            k, h, f, is_said, is_older,
            case
                when is_said then is_older or is_shorter
                else $picture and is_older
            end as is_behind,
            case when not is_said then (
                select min(v.n[1]) from before v join told t on t.file = v.f
                where v.k = rows.k and t.day > $day::date
            ) end as newer_at
        from rows
        """,
        told,
    )
    con.execute(
        "create or replace temp table behind as select distinct k, h, "
        "newer_at - interval 1 microsecond as said_at from judged where is_behind"
    )
    _note(con, file, "is_said and is_behind",
          "{} rows say again what {} said otherwise since, and the file is not newer: they add "
          "nothing")  # fmt: skip
    _note(con, file, "not is_said and is_behind",
          "{} rows are older than what {} says, by the days in the names: they become older "
          "versions")  # fmt: skip
    _note(con, file, "is_said and not is_behind",
          "{} rows go back to what was said before {}: nothing tells that the file is older (a day "
          "in its name would)")  # fmt: skip
    _note(con, file, "not is_said and is_older and not is_behind",
          "{} rows correct {}, although the day in its name is later")  # fmt: skip


def _note(con: duckdb.DuckDBPyConnection, file: File, test: str, text: str) -> None:
    count, by = con.execute(f"select count(*), max(f) from judged where {test}").fetchall()[0]
    if count:
        file.notes.append(text.format(f"{count:,}", by))


def _corrections(con: duckdb.DuckDBPyConnection, file: File, relation: str) -> None:
    con.execute(
        "create or replace temp table stood "
        "(place bigint, said_at timestamp, f varchar, source_row bigint)"
    )
    stood = _stood(con, file.path)
    if stood:
        con.executemany("insert into stood values (?, ?, ?, ?)", stood)
    # Within the load of the row in quarantine the order of the files and of their rows tells.
    con.execute(
        f"""
        create or replace temp table behind as
        select r._row_key as k, r._row_hash as h, min(s.said_at) as said_at, max(v.f) as f,
            min(r._file_row) as place
        from {relation} r
        join stood s on s.place = r._file_row
        join versions v on v.k = r._row_key and (
            v.n[1] >= s.said_at + interval 1 second
            or (v.n[1] >= s.said_at and (v.f, v.n[3]) > (s.f, s.source_row))
        )
        where not exists (from versions w where w.k = r._row_key and w.h = r._row_hash)
        group by 1, 2
        """
    )
    rows = con.execute("select place, f from behind order by 1").fetchall()
    if rows:
        places = ", ".join(str(place) for place, _ in rows[:5])
        more = " and others" if len(rows) > 5 else ""
        file.notes.append(
            f"{len(rows):,} corrected rows (row {places}{more}): their key was loaded since, by "
            f"{rows[0][1]}. They become older versions, not the newest"
        )


def _stood(con: duckdb.DuckDBPyConnection, path: Path) -> list[tuple[int, dt.datetime, str, int]]:
    """(row of the correction, when its original came into quarantine, its file, its row). What was
    corrected more than once stands where the first one did."""
    quarantine = {
        key: (at, file, row)
        for key, at, file, row in con.execute(
            "select quarantine_key, first_seen_at, file, file_row from warehouse.ingest.quarantine "
            "where source = 'feeds'"
        ).fetchall()
    }
    found = []
    for place, key in enumerate(_keys(path), start=2):
        at_once: set[str] = set()
        while key in quarantine and key not in at_once:
            at_once.add(key)
            at, label, row = quarantine[key]
            before = path.parent / label
            keys = _keys(before) if before.parent == path.parent and before.is_file() else []
            if not 0 <= row - 2 < len(keys):
                found.append((place, at, label, row))
                break
            key = keys[row - 2]
    return found


def _keys(path: Path) -> list[str]:
    with path.open(encoding="utf-8", newline="") as file:
        return [row["_quarantine_key"] for row in csv.DictReader(file)]
