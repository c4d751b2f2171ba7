"""The first step of a build: every source that the settings name, then the feeds, into raw.

A source or a file that fails is named and the others go on; what it brought before stays. Only a
wrong configuration stops the build (ConfigError).
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import shutil
import typing
from collections.abc import Iterator
from pathlib import Path

from ingestion import (
    choosing,
    feeding,
    fetching,
    identity,
    ledger,
    load,
    mapping,
    precedence,
    privacy,
    reading,
)
from ingestion.feeding import File, Versions
from ingestion.ledger import Account, Load, State
from ingestion.load import Batch, Context
from ingestion.mapping import Mapping, MappingError
from ingestion.rows import hasher
from settings import ConfigError, Outcome, Run, Source, privacy_key

if typing.TYPE_CHECKING:
    import duckdb

DAY_ONE = dt.timedelta(days=3 * 366)
States = dict[tuple[str, str], State]


def ingest(run: Run) -> Outcome:
    """Read everything that is configured into `raw_*` and `ingest` of the warehouse.

    Passed, or degraded when a source failed or is stale; failed when the warehouse cannot be
    written. Raises ConfigError for settings, mappings or contracts that are wrong.
    """
    key = privacy_key(run.settings)
    shutil.rmtree(run.paths.checked, ignore_errors=True)
    with _organization(run) as (addresses, folders):
        if (run.paths.corrections / "mapping.yml").exists():
            folders = [*folders, run.paths.corrections]
        mappings = mapping.read_mappings(run.settings, folders)
        for vendor in run.settings.sources:
            fetching.extractor(vendor)
        try:
            at = _open(run)
        except (ledger.SchemaError, OSError, _duckdb_error()) as error:
            return Outcome("failed", (f"{run.paths.warehouse}: {load.cause(error)}",))
        states: States = {}
        loads: list[Load] = []
        for vendor, source in run.settings.sources.items():
            run.say(f"{vendor}: reading")
            loads.append(_source(run, vendor, source, addresses.get(vendor), key, at, states))
        loads.append(_feeds(run, mappings, key, at, states))
        with warehouse(run) as con:
            table_states = ledger.write_sources(con, states, run.as_of)
            identity.write(con, run.settings.identity, key)
    return _outcome(loads, table_states, mapping.unmapped(run.settings, mappings, folders))


@contextlib.contextmanager
def warehouse(run: Run) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse, opened to write; one writer at a time."""
    import duckdb

    con = duckdb.connect(str(run.paths.warehouse))
    try:
        yield con
    finally:
        con.close()


def _duckdb_error() -> type[Exception]:
    import duckdb

    return duckdb.Error


@contextlib.contextmanager
def _organization(run: Run) -> Iterator[tuple[dict[str, str], list]]:
    """Addresses of the API sources and extra feeds folders: the sample's own, or none."""
    if run.settings.sample is None:
        yield {}, []
        return
    from ingestion.sample import started

    with started(run) as addresses:
        yield addresses, [run.paths.sample / "files"]


def _open(run: Run) -> dt.datetime:
    """Make the warehouse ready; the instant of this run's loads, later than any before."""
    run.paths.warehouse.parent.mkdir(parents=True, exist_ok=True)
    with warehouse(run) as con:
        ledger.prepare(con)
        known = con.execute("select value from ingest.settings where key = 'as_of'").fetchall()
        if known and known[0][0] > run.as_of.isoformat():
            raise ConfigError(
                f"as_of {run.as_of} is earlier than {known[0][0]}, to which {run.paths.data} was "
                "already loaded: later rows would look like errors, and their absence like "
                "corrections. Build an earlier day in a folder of its own (PLUMBLINE_DATA=...)."
            )
        ledger.write_settings(
            con,
            {
                "as_of": run.as_of.isoformat(),
                **run.settings.organization.rows(),
                **run.settings.identity.rows(),
                **run.settings.attribution.rows(),
            },
        )
        last = ledger.last_at(con)
    started = run.started_at.replace(tzinfo=None)
    return max(started, last + dt.timedelta(seconds=1)) if last else started


def _recovered(run: Run, source: str, at: dt.datetime) -> dict[str, typing.Any]:
    """Finish and book what a killed build left of an API source; the cursors of the last load
    that was booked."""
    load.recover(run.paths, source)
    with warehouse(run) as con:
        for load_id in ledger.orphans(con, source):
            ledger.without_doubles(con, source, load_id)
            accounts = []
            for table in fetching.tables_of(source).values():
                rows = ledger.count(con, table, load_id)
                if rows:
                    told = "brought by a build that was interrupted before it kept book"
                    accounts.append(Account(table, rows, rows, rows, error=told))
            ledger.record(con, run.run_id, Load(source, load_id, at, at, accounts))
        return ledger.cursors(con, source)


def _source(
    run: Run,
    vendor: str,
    source: Source,
    address: str | None,
    key: bytes,
    at: dt.datetime,
    states: States,
) -> Load:
    """Load one API source and keep book of it; its failure is in the accounts."""
    con = reading.connect()
    privacy.arm(con, key)
    intake = fetching.Intake(con, vendor, hasher(key), run.paths.warehouse)
    accounts = list(intake.accounts.values())
    done = Load(vendor, f"{run.run_id}.{vendor}", _now(), at, accounts)
    try:
        cursors = _recovered(run, vendor, at)
        context = _context(run, vendor, source, address, cursors)
        before = _rows_there(run, accounts)
        extract = fetching.extractor(vendor)
        load_id = load.load(run.paths, vendor, lambda _: intake.batches(extract, context), at)
        if load_id:
            done.load_id = load_id
            _reconcile(run, intake, load_id, before)
        done.cursors = context.cursors
    except ConfigError:
        raise
    except Exception as error:
        for account in accounts:
            account.void(_told(error))
    finally:
        con.close()
    for account in accounts:
        if account.status == "loaded" and not account.fetched:
            account.status = "unchanged"
        states[vendor, account.table.name] = State(True, error=account.error)
    with warehouse(run) as book:
        ledger.record(book, run.run_id, done)
    return done


def _told(error: Exception) -> str:
    """An error as it may stand in the warehouse: short, and of an unknown kind with its name."""
    ours = type(error).__module__.startswith(("ingestion.", "settings"))
    text = load.cause(error) if not ours else str(error).strip().splitlines()[0][:500]
    return text if ours else f"{type(error).__name__}: {text}"


def _context(
    run: Run, vendor: str, source: Source, address: str | None, cursors: dict[str, typing.Any]
) -> Context:
    base_url = address if source.base_url == "sample" else source.base_url
    if not base_url:
        raise ConfigError(
            f'[sources.{vendor}] base_url = "sample" wants a [sample] in the settings that '
            f"serves {vendor}; write the vendor's address instead."
        )
    return Context(
        source=vendor,
        base_url=base_url.rstrip("/"),
        token=os.environ.get(f"{vendor.upper()}_TOKEN", "sample" if address else ""),
        accounts=source.accounts,
        company=source.company,
        start=source.start or run.as_of - DAY_ONE,
        as_of=run.as_of,
        cursors=cursors,
        say=run.say,
    )


def _rows_there(run: Run, accounts: list[Account]) -> dict[str, int]:
    with warehouse(run) as con:
        return {account.table.name: _rows(con, account) for account in accounts}


def _rows(con: duckdb.DuckDBPyConnection, account: Account) -> int:
    table = account.table
    return con.execute(f"select count(*) from {table.schema}.{table.name}").fetchone()[0]


def _reconcile(run: Run, intake: fetching.Intake, load_id: str, before: dict[str, int]) -> None:
    """Count in the warehouse what a load brought: every key taken must be there, once."""
    with warehouse(run) as con:
        for name, account in intake.accounts.items():
            if not account.loaded:
                continue
            table = account.table
            account.new = _rows(con, account) - before[name]
            if table.spec.disposition == "scd2":
                current = "_valid_to is null"
                found = con.execute(
                    f"select count(*) from {table.schema}.{table.name} where {current}"
                ).fetchone()[0]
            else:
                found = ledger.count(con, table, load_id)
            taken = intake.distinct(name)
            if found != taken:
                account.fail(f"{taken} keys were taken, but {found} rows are in the warehouse")


def _feeds(run: Run, mappings: list[Mapping], key: bytes, at: dt.datetime, states: States) -> Load:
    """Load the files that are new or changed, all feeds in one dlt run, and keep book of it."""
    con = reading.connect()
    privacy.arm(con, key)
    done = Load("feeds", f"{run.run_id}.feeds", _now(), at, [])
    accounts: dict[str, Account] = {}
    failed: str | None = None
    expected: dict[str, int] = {}
    try:
        load.abandon(run.paths, "feeds")
        with warehouse(run) as book:
            ledger.take_out_unbooked(book, "feeds")
        files, there = _files(run, con, mappings)
        for name in there:
            accounts[name] = Account(mapping.feeds()[name], status="unchanged")

        def batches(stamp: load.Stamp) -> Iterator[Batch]:
            return _batches(run, con, files, expected, stamp)

        load_id = load.load(run.paths, "feeds", batches, at)
        done.load_id = load_id or done.load_id
        done.files = files
    except ConfigError:
        raise
    except Exception as error:
        failed = _told(error)
        load_id = None
    finally:
        con.close()
    for file in done.files:
        _add(accounts[file.mapping.table.name], file)
    with warehouse(run) as book:
        for name, count in expected.items() if load_id else ():
            found = ledger.count(book, accounts[name].table, load_id)
            if found != count:
                told = f"{count} rows were loaded, but {found} are in the warehouse"
                accounts[name].fail(told)
                for file in done.files:
                    if file.mapping.table.name == name:
                        file.error = file.error or told
        if failed:
            for name in {each.table.name for each in mappings}:
                accounts.setdefault(name, Account(mapping.feeds()[name])).void(failed)
        done.accounts = list(accounts.values())
        ledger.record(book, run.run_id, done)
    for name, account in accounts.items():
        states["feeds", name] = State(True, error=account.error)
    return done


def _add(account: Account, file: File) -> None:
    account.status = "loaded" if account.status == "unchanged" else account.status
    if file.error is not None:
        account.fail(file.error)
        return
    account.fetched += file.fetched
    account.loaded += file.taken
    account.new += file.new
    account.quarantined += file.quarantined
    account.refused += file.refused


def _files(
    run: Run, con: duckdb.DuckDBPyConnection, mappings: list[Mapping]
) -> tuple[list[File], list[str]]:
    """Files that were not taken whole before under their mapping, those that are new last (what
    came later counts), else by the days in their names where all of a feed have one, else in their
    order; and every feed that has a file at all."""
    with warehouse(run) as book:
        known = ledger.known_files(book)
    before = {(table, label) for table, label, *_ in known}
    read: dict[Path, tuple[tuple[int, ...], str]] = {}
    wanted: list[File] = []
    named: dict[Path, list[Mapping]] = {}
    there: dict[str, None] = {}
    for each in mappings:
        for path in each.files():
            there[each.table.name] = None
            state, content = read.get(path) or (feeding.state(path), feeding.content(path))
            read[path] = state, content
            named.setdefault(path, []).append(each)
            label = each.label(path)
            file = File(each, path, label, content, (each.table.name, label) in before, state)
            file.corrects = each.folder == run.paths.corrections
            if (each.table.name, file.label, each.fingerprint, content) not in known:
                wanted.append(file)
    for path in {file.path for file in wanted if len(named[file.path]) > 1}:
        taken = choosing.takers(con, path, read[path][1], named[path])
        left = [each for place, each in enumerate(named[path]) if taken[place] is not None]
        wanted = [file for file in wanted if file.path != path or file.mapping not in left]
    days = {id(file): precedence.day_of(file.path.name) for file in wanted}
    open_ = {file.mapping.table.name for file in wanted if days[id(file)] is None}

    def order(file: File) -> tuple[bool, dt.date]:
        day = dt.date.min if file.mapping.table.name in open_ else days[id(file)]
        return not file.is_again, day or dt.date.min

    return sorted(wanted, key=order), list(there)


def _batches(
    run: Run,
    con: duckdb.DuckDBPyConnection,
    files: list[File],
    expected: dict[str, int],
    stamp: load.Stamp,
) -> Iterator[Batch]:
    """New rows of all files, a file after the other; a file that cannot be taken is named in
    itself and the next one goes on."""
    versions = Versions(con, run.paths.warehouse)
    aside = feeding.Aside(load.set_aside(run.paths, "feeds"), stamp.load_id, stamp)
    waiting = [file.mapping.table.name for file in files]
    for file in files:
        waiting.pop(0)
        table = file.mapping.table
        if table.name in waiting:
            versions.keep(table.name)
        run.say(f"feeds: {file.label}")
        try:
            for rows in feeding.take(con, file, versions, aside):
                expected[table.name] = expected.get(table.name, 0) + rows.num_rows
                yield Batch(table, rows)
        except (MappingError, OSError, UnicodeError, _duckdb_error()) as error:
            file.error = _of_file(file, error)
    versions.close()
    con.close()  # its memory is wanted by the load that follows


def _of_file(file: File, error: Exception) -> str:
    text = str(error) if isinstance(error, MappingError) else load.cause(error)
    return text if file.path.name in text else f"{file.path.name}: {text}"


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC).replace(tzinfo=None)


def _outcome(
    loads: list[Load], table_states: list[tuple[str, str, str, str | None]], strays: list
) -> Outcome:
    """What the terminal shows: a line a source, and one for everything that is not right."""
    lines: list[str] = []
    total = 0
    for done in loads:
        counts = {
            name: sum(getattr(account, name) for account in done.accounts)
            for name in ("fetched", "loaded", "new", "quarantined")
        }
        total += counts["loaded"]
        line = f"{done.source}: {counts['fetched']:,} rows read, {counts['new']:,} new"
        if counts["quarantined"]:
            line += f", {counts['quarantined']:,} quarantined (see ingest.quarantine)"
        lines.append(line)
        lines += [f"{file.label}: {note}" for file in done.files for note in file.notes]
    bad = [row for row in table_states if row[2] in ("failed", "stale")]
    lines += [f"{source}.{name} is {status}: {reason}" for source, name, status, reason in bad]
    if strays:
        named = ", ".join(path.name for path in strays[:5])
        more = f" and {len(strays) - 5} more" if len(strays) > 5 else ""
        lines.append(f"feeds: no mapping names {named}{more}")
    return Outcome("degraded" if bad else "passed", tuple(lines), rows=total)
