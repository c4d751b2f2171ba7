"""What would be loaded from a file and why not, without loading anything."""

from __future__ import annotations

import contextlib
import datetime as dt
import shutil
import typing
import uuid
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ingestion import choosing, feeding, layouts, load, mapping, privacy, reading
from ingestion.feeding import File, Part, Versions
from ingestion.mapping import Mapping, MappingError
from settings import Paths, Settings, privacy_key

if typing.TYPE_CHECKING:
    import duckdb

EXAMPLES = 3
_REPEATED = {
    "sum": "are added to another one of their key (repeated: sum)",
    "last": "repeat a key that stands before in the file; the last counts (repeated: last)",
    None: "say the same as another one of the file",
}


def check(paths: list[Path], settings: Settings, data: Paths, say=print) -> bool:
    """Explain each file; true when every row of every file would be loaded.

    Mappings are those of the settings, of the sample's folder and of a mapping.yml in a folder
    above the file. Raises ConfigError when a mapping is wrong.
    """
    whole = True
    for path in paths:
        if not path.is_file():
            say(f"{path}: no such file.")
            whole = False
            continue
        found = fitting(path, settings, data)
        if not found:
            say(f"{path.name}: no mapping names this file.")
            say(f"  Let one be proposed: make feed FILE={path}")
            whole = False
        left = passed_over(path, found, settings)
        for place, each in enumerate(found):
            if (why := left[place]) is not None:
                say(f"{path.name}: not as feed '{each.table.name}' ({each.told_in}): {why}")
                continue
            say(f"{path.name} as feed '{each.table.name}' ({each.told_in})")
            if each.entry.export is not None:
                say(f"  recognised as: {each.entry.export}")
            file = preview(path.resolve(), each, settings, data, say)
            whole = file is not None and is_whole(file) and whole
    return whole


def fitting(path: Path, settings: Settings, data: Paths) -> list[Mapping]:
    """The mappings that name a file."""
    sample = data.sample / "files"
    extra = [sample] if settings.sample and (sample / "mapping.yml").exists() else []
    mappings = mapping.read_mappings(settings, extra)
    there = path.resolve()
    near = _beside(path, settings, extra)
    return [m for m in [*mappings, *near] if there in {file.resolve() for file in m.files()}]


def passed_over(path: Path, named: list[Mapping], settings: Settings) -> dict[int, str | None]:
    """Of the mappings that name a file: place -> why it is left to another one, None where not."""
    with _connected(settings) as con:
        return choosing.takers(con, path.resolve(), feeding.content(path), named)


def takes(path: Path, named: list[Mapping], settings: Settings) -> bool:
    """Whether the headings of a file fit one of the mappings that name it."""
    with _connected(settings) as con:
        content = feeding.content(path)
        plans = [choosing.fitting(con, path.resolve(), content, each) for each in named]
    return not all(isinstance(each, str) for each in plans)


def _beside(path: Path, settings: Settings, known: list[Path]) -> list[Mapping]:
    """Mappings of the nearest mapping.yml above the file, unless the settings name its folder."""
    for folder in path.resolve().parents:
        if (folder / "mapping.yml").exists():
            taken = {each.folder for each in mapping.read_mappings(settings, known)}
            return [] if folder in taken else mapping.read_folder(folder)
    return []


def preview(
    path: Path, each: Mapping, settings: Settings, data: Paths, say: typing.Callable[[str], None],
    reasons: bool = True, asks: bool = False,
) -> File | None:  # fmt: skip
    """Say what a file would load under a mapping, what not, and why (`reasons`: with the columns
    and what was assumed; `asks`: rows of one key that differ are a question); the file as it was
    taken, None when it would not be."""
    import duckdb

    file = File(each, path, each.label(path), feeding.content(path), state=feeding.state(path))
    file.corrects = each.folder == data.corrections
    with _connected(settings) as con, _aside(data) as folder:
        try:
            examples = _examples(_taken(con, file, data, folder))
        except (MappingError, OSError, UnicodeError, duckdb.Error) as error:
            told = error if isinstance(error, MappingError) else load.cause(error)
            say(f"  would not be loaded: {told}")
            return None
    assert file.plan is not None
    if reasons:
        _columns(file, say)
    say(
        f"  {file.fetched:,} rows: {file.new:,} new, "
        f"{file.taken - file.new - file.repeated:,} known already, "
        f"{file.quarantined:,} quarantined"
    )
    if file.repeated:
        say(f"  {file.repeated:,} rows {_REPEATED[each.entry.repeated]}")
    for note in file.noted:
        say(f"  assumed: {note.what} ({note.why})")
    for text in file.notes:
        say(f"  {text}")
    for example in examples:
        say(f"  new row: {example}")
    for line in _refusals(file):
        say(f"  {line}")
    if asks and (differing := file.differing):
        rows = ", ".join(map(str, differing[:10]))
        more = " and others" if len(differing) > 10 else ""
        say(
            f"  open: row {rows}{more} and a later row each have one key "
            f"({', '.join(each.table.spec.key)}) and differ. Say --set repeated=sum if such rows "
            "add up, or --set repeated=last if the last one corrects those before it."
        )
        return None
    return file


def is_whole(file: File) -> bool:
    """Whether all of it was taken. What the mapping leaves out on purpose is not in the way, nor is
    what never was a row."""
    meant = sum(
        reason == feeding.EXCLUDED or reason in layouts.NO_ROWS
        for table in file.refused
        for reason in table.column("reason").to_pylist()
    )
    return file.quarantined == meant


def _columns(file: File, say: typing.Callable[[str], None]) -> None:
    assert file.plan is not None
    for name, source in file.plan.columns.items():
        say(f"  {name} <- {_said(source)}")
    open_ = [name for name in file.mapping.table.spec.columns if name not in file.plan.columns]
    if open_:
        say(f"  not filled: {', '.join(open_)}")
    for heading in file.plan.unused:
        why = file.plan.refused.get(heading)
        say(f"  unused: {heading}" + (f" (refused: {why})" if why else ""))
    for assumption in file.assumptions:
        say(f"  assumed: {assumption.what} ({assumption.why})")


@contextlib.contextmanager
def _aside(data: Paths) -> Iterator[Path]:
    """A folder below data/build for a large file, gone afterwards with what was made for it. What
    a check that is killed leaves there, the next build removes."""
    folder = data.checked / uuid.uuid4().hex
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        for each in (data.checked, data.checked.parent, data.data):
            with contextlib.suppress(OSError):  # it is not empty, or was never made
                each.rmdir()


@contextlib.contextmanager
def _connected(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    con = reading.connect()
    try:
        privacy.arm(con, privacy_key(settings))
        yield con
    finally:
        con.close()


def _taken(
    con: duckdb.DuckDBPyConnection, file: File, data: Paths, folder: Path
) -> Iterator[pa.Table | Part]:
    import duckdb

    try:
        versions = Versions(con, data.warehouse)
    except duckdb.IOException as error:
        raise MappingError(
            f"the warehouse is in use, so what is new cannot be told ({load.cause(error)})"
        ) from error
    stamp = load.Stamp("", dt.datetime.now(dt.UTC).replace(tzinfo=None))
    return feeding.take(con, file, versions, feeding.Aside(folder, stamp.load_id, stamp))


def _examples(batches: Iterator[pa.Table | Part]) -> list[str]:
    """The first new rows, identifiers hashed; the rest is only counted."""
    found: list[str] = []
    for batch in batches:
        if isinstance(batch, Part):
            batch = pa.Table.from_batches([next(pq.ParquetFile(batch.path).iter_batches(EXAMPLES))])
        for row in batch.slice(0, EXAMPLES - len(found)).to_pylist():
            known = {k: v for k, v in row.items() if v is not None and not k.startswith("_")}
            found.append(", ".join(f"{name}={value}" for name, value in known.items()))
    return found


def _refusals(file: File) -> Iterator[str]:
    if not file.refused:
        return
    table = pa.concat_tables(file.refused)
    counted = table.group_by(["reason"]).aggregate([("file_row", "count"), ("remedy", "min")])
    rows = sorted(counted.to_pylist(), key=lambda row: (-row["file_row_count"], row["reason"]))
    for row in rows:
        yield f"quarantined: {row['file_row_count']:,} x {row['reason']}. {row['remedy_min']}"
        same = [each for each in table.to_pylist() if each["reason"] == row["reason"]][:EXAMPLES]
        for each in same:
            told = "no row" if each["row_json"] == "{}" else each["row_json"]
            yield f"    row {each['file_row']}: {told}"


def _said(source: mapping.Source) -> str:
    if source.constant is not None:
        return f"always '{source.constant}'"
    if source.how.template is not None:
        return f"'{source.how.template}'"
    extra = [
        f"{name} {value}"
        for name, value in vars(source.how).items()
        if name not in ("heading", "template", "words") and value not in (None, "", (), False)
    ]
    if source.how.words:
        extra.append(f"{len(source.how.words)} words")
    return f"'{source.headings[0]}'" + (f" ({', '.join(extra)})" if extra else "")
