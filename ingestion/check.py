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

from ingestion import feeding, load, mapping, privacy, reading, specs
from ingestion.feeding import File, Part, Versions
from ingestion.mapping import Mapping, MappingError
from settings import ConfigError, Paths, Settings, privacy_key

if typing.TYPE_CHECKING:
    import duckdb

EXAMPLES = 3


def check(paths: list[Path], settings: Settings, data: Paths, say=print) -> bool:
    """Explain each file; true when every row of every file would be loaded.

    Mappings are those of the settings, of the sample's folder and of a mapping.yml in a folder
    above the file. Raises ConfigError when a mapping is wrong.
    """
    sample = data.sample / "files"
    extra = [sample] if settings.sample and (sample / "mapping.yml").exists() else []
    mappings = mapping.read_mappings(settings, extra)
    whole = True
    for path in paths:
        if not path.is_file():
            say(f"{path}: no such file.")
            whole = False
            continue
        near = _beside(path, settings, extra)
        whole = _explain(path.resolve(), [*mappings, *near], settings, data, say) and whole
    return whole


def _beside(path: Path, settings: Settings, known: list[Path]) -> list[Mapping]:
    """Mappings of the nearest mapping.yml above the file, unless the settings name its folder."""
    for folder in path.resolve().parents:
        if (folder / "mapping.yml").exists():
            taken = {each.folder for each in mapping.read_mappings(settings, known)}
            return [] if folder in taken else mapping.read_folder(folder)
    return []


def _explain(
    path: Path,
    mappings: list[Mapping],
    settings: Settings,
    data: Paths,
    say: typing.Callable[[str], None],
) -> bool:
    import duckdb

    fitting = [each for each in mappings if path in {file.resolve() for file in each.files()}]
    if not fitting:
        say(f"{path.name}: no mapping names this file.")
        for line in how_to_map(path):
            say(f"  {line}")
        return False
    whole = True
    for each in fitting:
        file = File(each, path, each.label(path), "", state=feeding.state(path))
        say(f"{path.name} as feed '{each.table.name}' ({each.told_in})")
        with _connected(settings) as con, _aside(data) as folder:
            try:
                examples = _examples(_taken(con, file, data, folder))
            except (MappingError, OSError, UnicodeError, duckdb.Error) as error:
                told = error if isinstance(error, MappingError) else load.cause(error)
                say(f"  would not be loaded: {told}")
                whole = False
                continue
        assert file.plan is not None
        for name, source in file.plan.columns.items():
            say(f"  {name} <- {_said(source)}")
        open_ = [name for name in each.table.spec.columns if name not in file.plan.columns]
        if open_:
            say(f"  not filled: {', '.join(open_)}")
        for heading in file.plan.unused:
            why = file.plan.refused.get(heading)
            say(f"  unused: {heading}" + (f" (refused: {why})" if why else ""))
        say(
            f"  {file.fetched:,} rows: {file.new:,} new, {file.taken - file.new:,} known already, "
            f"{file.quarantined:,} quarantined"
        )
        for example in examples:
            say(f"  new row: {example}")
        for line in _refusals(file):
            say(f"  {line}")
        # What the mapping leaves out on purpose is not in the way.
        meant = sum(
            table.column("reason").to_pylist().count(feeding.EXCLUDED) for table in file.refused
        )
        whole = whole and file.quarantined == meant
    return whole


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
    counted = table.group_by(["reason", "remedy"]).aggregate([("file_row", "count")])
    rows = sorted(counted.to_pylist(), key=lambda row: (-row["file_row_count"], row["reason"]))
    for row in rows:
        yield f"quarantined: {row['file_row_count']:,} x {row['reason']}. {row['remedy']}"
        same = [each for each in table.to_pylist() if each["reason"] == row["reason"]][:EXAMPLES]
        for each in same:
            yield f"    row {each['file_row']}: {each['row_json']}"


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


def how_to_map(path: Path) -> Iterator[str]:
    """A mapping to start from, for a file that has none: the feed whose columns it fits best."""
    try:
        headings = _headings(path)
    except (MappingError, ConfigError, OSError, UnicodeError) as error:
        yield str(error)
        headings = ()
    feeds = mapping.feeds()
    known = {mapping.normal(heading) for heading in headings}
    fit = {name: len(known & set(table.spec.columns)) for name, table in feeds.items()}
    best = max(fit, key=lambda name: fit[name])
    feed = best if fit[best] else "<feed>"
    yield "Write a mapping.yml in its folder and name the folder in [feeds] folders, for example:"
    yield f"- feed: {feed}"
    yield f"  files: '{path.name}'"
    if fit[best]:
        required = [name for name, c in feeds[best].spec.columns.items() if c.required]
        lacking = [name for name in required if name not in known]
        if lacking:
            yield "  columns: {" + ", ".join(f"{name}: <heading>" for name in lacking) + "}"
    if headings:
        yield f"The file's headings: {', '.join(headings)}"
    yield f"Feeds: {', '.join(feeds)} (their columns: ingestion/feeds/<feed>.yml)"


def _headings(path: Path) -> tuple[str, ...]:
    any_feed = next(each for each in specs.tables() if each.source == "feeds")
    entry = mapping.Entry(feed=any_feed.name, files=path.name)
    con = reading.connect()
    try:
        return reading.open_file(
            con, Mapping(entry, any_feed, "a mapping", path.parent), path
        ).headings
    finally:
        con.close()
