"""Quarantined rows out to a file that people correct, and back in.

`export` writes a CSV a file of origin, in its own notation, with reason and remedy beside each row.
`replay` takes it back: corrected rows become a file of `data/corrections`, read by the same values
of the mapping as the first time; the build loads it, and what it replaces in quarantine is marked.
"""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import os
import re
import typing
from collections.abc import Callable
from pathlib import Path

import yaml

import settings as house
from ingestion import check, encodings, mapping
from ingestion.mapping import Entry, From, Mapping
from ingestion.specs import stored_name
from settings import ConfigError, Paths, Settings

if typing.TYPE_CHECKING:
    import duckdb

KEY, FILE = "_quarantine_key", "_file"
SAID = (KEY, FILE, "_row", "_field", "_reason", "_remedy")
_VALUES = ("decimal", "thousands", "dates", "missing", "time_zone", "currency")


def export(settings: Settings, data: Paths, say: Callable[[str], None] = print) -> bool:
    """Write what is in quarantine and was not replayed, a CSV a feed and file; true when some is.

    Rows that were no rows (a broken line) hold nothing to correct: they are named with their
    place. Rows that a mapping leaves out on purpose stay out. Raises ConfigError without a build.
    """
    with _warehouse(data) as con:
        rows = con.execute(
            "select table_name, file, quarantine_key, file_row, field, reason, remedy, row_json "
            "from ingest.quarantine where source = 'feeds' and replayed_at is null "
            "and reason <> 'excluded by mapping' order by table_name, file, file_row"
        ).fetchall()
    groups: dict[tuple[str, str], list[tuple]] = {}
    for row in rows:
        groups.setdefault((row[0], row[1]), []).append(row[2:])
    for (feed, file), found in groups.items():
        whole = [row for row in found if row[5] not in (None, "{}")]
        broken = [row for row in found if row[5] in (None, "{}")]
        for _, place, _, reason, remedy, _ in broken[:5]:
            say(f"{file} row {place}: {reason}. {remedy}")
        if len(broken) > 5:
            say(f"{file}: {len(broken) - 5} more lines that are no rows; correct the file itself")
        if not whole:
            continue
        folder = data.quarantine
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{feed}--{re.sub(r'[^A-Za-z0-9._-]+', '_', file)}.csv"
        _write(path, feed, file, whole)
        say(f"{path}: {len(whole)} rows to correct; then: python -m ingestion replay {path}")
    if not groups:
        say("quarantine holds nothing to correct.")
    return bool(groups)


def _write(path: Path, feed: str, file: str, rows: list[tuple]) -> None:
    spec = mapping.feeds()[feed].spec
    stored = [stored_name(n, c) for n, c in spec.columns.items() if c.personal != "drop"]
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow([*SAID, *stored])
        for key, place, field, reason, remedy, row_json in rows:
            said = json.loads(row_json)
            cells = ["" if said.get(name) is None else said[name] for name in stored]
            writer.writerow([key, file, place, field, reason, remedy, *cells])


def replay(
    paths: list[Path],
    settings: Settings,
    data: Paths,
    ask: Callable[[str], bool] = lambda question: False,
    say: Callable[[str], None] = print,
) -> bool:
    """Take corrected files back, after a preview and a yes of `ask`; true when all are taken.

    Rows that nobody changed stay where they are. Raises ConfigError for a file that `export` did
    not write, one with a row of more or fewer cells than headings, or whose mapping is gone.
    """
    taken = [_replay(path, settings, data, ask, say) for path in paths]
    return all(taken)


def _replay(
    path: Path,
    settings: Settings,
    data: Paths,
    ask: Callable[[str], bool],
    say: Callable[[str], None],
) -> bool:
    rows = _read(path)
    with _warehouse(data) as con:
        there = {
            key: (feed, file, json.loads(row_json))
            for key, feed, file, row_json in con.execute(
                "select quarantine_key, table_name, file, row_json from ingest.quarantine "
                "where replayed_at is null"
            ).fetchall()
        }
    known = [row for row in rows if row[KEY] in there]
    changed = [row for row in known if _is_changed(row, there[row[KEY]][2])]
    say(
        f"{path.name}: {len(changed)} corrected, {len(known) - len(changed)} as before (they stay "
        f"in quarantine), {len(rows) - len(known)} no longer there"
    )
    if not changed:
        return False
    feed, label, _ = there[changed[0][KEY]]
    entry = _entry(_origin(feed, label, settings, data), changed[0])
    folder = data.corrections
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{path.stem}--{len(list(folder.glob('*.csv'))) + 1}.csv"
    entry["files"] = target.name
    with target.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, list(changed[0]))
        writer.writeheader()
        writer.writerows(changed)
    made = mapping.made(house.checked(entry, Entry, target), folder, "the correction")
    taken = check.preview(target, made, settings, data, say, False)
    if taken is None or not ask(f"Load {len(changed)} corrected rows with the next build?"):
        target.unlink()
        return False
    book = folder / "mapping.yml"
    before = book.read_text(encoding="utf-8") if book.exists() else ""
    beside = book.with_suffix(".yml.new")
    text = yaml.safe_dump([entry], allow_unicode=True, sort_keys=False)
    beside.write_text(before + text, encoding="utf-8")
    os.replace(beside, book)
    say(f"{target}: the next build loads it")
    return True


def _read(path: Path) -> list[dict[str, str]]:
    """The rows as a spreadsheet saved them, with its own encoding and delimiter: the first heading
    is known. Raises ConfigError."""
    try:
        text = path.read_bytes().decode(encodings.detect([path.read_bytes()]).name)
    except (encodings.Undecided, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: {error} Save it as CSV UTF-8.") from None
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}.") from None
    lines = text.removeprefix("\ufeff").splitlines(keepends=True)
    if lines and lines[0].lower().startswith("sep="):
        lines.pop(0)
    for delimiter in ",;\t|":
        if lines and KEY in next(csv.reader(lines[:1], delimiter=delimiter)):
            rows = csv.DictReader(io.StringIO("".join(lines), ""), delimiter=delimiter)
            return [_whole(row, path, rows.line_num, delimiter) for row in rows]
    raise ConfigError(f"{path}: no column '{KEY}'; correct a file that `replay` wrote.")


def _whole(row: dict, path: Path, line: int, delimiter: str) -> dict[str, str]:
    """The row, if its cells are as many as the headings: else each may stand under another one."""
    surplus = [*(row.get(None) or ()), *filter(None, [row.get("")])]
    short = [name for name, value in row.items() if value is None]
    if not surplus and not short:
        return row
    what = f"{len(surplus)} cells more" if surplus else f"{len(short)} cells fewer"
    raise ConfigError(
        f"{path} line {line} (row {row.get('_row')} of {row.get(FILE)}): {what} than headings, so "
        f"they may stand in other columns than they are meant for. Put quotes around a value that "
        f"holds a '{delimiter}' (\"7{delimiter}000\"), and keep the cells that are empty."
    )


def _is_changed(row: dict[str, str], said: dict[str, typing.Any]) -> bool:
    cells = {name: value or "" for name, value in row.items() if name not in SAID}
    return any(value != (said.get(name) or "") for name, value in cells.items())


def _origin(feed: str, label: str, settings: Settings, data: Paths) -> Mapping:
    """The mapping under which a file was read."""
    sample = data.sample / "files"
    extra = [sample] if settings.sample and (sample / "mapping.yml").exists() else []
    extra += [data.corrections] if (data.corrections / "mapping.yml").exists() else []
    named = [
        (each, path) for each in mapping.read_mappings(settings, extra)
        if each.table.name == feed for path in each.files() if each.label(path) == label
    ]  # fmt: skip
    if named:
        mappings = [each for each, _ in named]
        left = check.passed_over(named[0][1], mappings, settings)
        return next(each for place, each in enumerate(mappings) if left[place] is None)
    raise ConfigError(f"{label}: no mapping names it any more, so how it is written is not known.")


def _entry(origin: Mapping, row: dict[str, str]) -> dict[str, typing.Any]:
    """An entry that reads canonical columns by the values of the first mapping."""
    entry: dict[str, typing.Any] = {"feed": origin.table.name, "files": "", "delimiter": ","}
    for key in (*_VALUES, "language"):
        value = getattr(origin.entry, key)
        if value not in (None, "", ()):
            entry[key] = list(value) if isinstance(value, tuple) else value
    columns: dict[str, typing.Any] = {}
    for name, column in origin.table.spec.columns.items():
        stored = stored_name(name, column)
        if column.personal == "drop" or stored not in row:
            continue
        how = origin.entry.columns.get(name)
        own: dict[str, typing.Any] = {"from": stored}
        if isinstance(how, From):
            told = dataclasses.asdict(how)
            left = ("heading", "template", "words", "hashed", "until")
            own |= {
                key: list(value) if isinstance(value, tuple) else value
                for key, value in told.items()
                if key not in left and value not in (None, "", (), False)
            }
        if column.personal == "hash":
            own["hashed"] = True
        columns[name] = own
    entry["columns"] = columns
    return entry


def _warehouse(data: Paths) -> duckdb.DuckDBPyConnection:
    import duckdb

    if not data.warehouse.exists():
        raise ConfigError(f"{data.warehouse}: nothing was built there yet; make build first.")
    return duckdb.connect(str(data.warehouse), read_only=True)
