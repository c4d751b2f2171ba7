"""Write-audit-publish: a new folder for every publication, one atomic switch of `data/served`.

`data/publications/<run id>/` holds `plumbline.duckdb` (marts, metrics, quality, ops, what ingest
counted, and the views for dashboards), `people.duckdb` (the restricted schema), `scorecard.html`,
`data_docs/` and `publication.json`. It is written under another name, audited, synced, renamed and
never written again; `data/served` is a relative link that one rename moves. Readers open the real
path behind the link, so a reader keeps what it opened. Database files have DuckDB's storage
version v1.4.0, which older readers can open.
"""

from __future__ import annotations

import contextlib
import difflib
import json
import os
import shutil
import stat
import typing
from pathlib import Path

from metrics import reported
from metrics.views import make_views
from settings import ConfigError, Outcome, Paths, Run

if typing.TYPE_CHECKING:
    import duckdb

STORAGE = "v1.4.0"
# Schema of the build: schema of the published file. In people.duckdb the catalog is called
# `people`, and a schema of that name would make `people.fct_moves` ambiguous.
MAIN = {name: name for name in ("marts", "metrics", "quality", "ops")}
PEOPLE = {"people": "main"}
FILES = ("plumbline.duckdb", "people.duckdb", "scorecard.html", "publication.json")
DRAFT = ".draft-"

# Raw rows stay in the build file. A reason may quote the value that was refused: values go.
INGEST = {
    "loads": "select * from build.ingest.loads",
    "sources": "select * from build.ingest.sources",
    "quarantine_counts": """
        select
            source, table_name, field,
            regexp_replace(reason, '''[^'']*''|"[^"]*"', '…', 'g') as reason,
            count(*) as rows_quarantined,
            min(first_seen_at) as first_seen_at, max(last_seen_at) as last_seen_at
        from build.ingest.quarantine
        where replayed_at is null
        group by all order by all""",
}
PUBLICATION = """
    create table published.ops.publication as
    select
        ?::varchar as run_id, ?::varchar as previous_run_id, ?::varchar as organization_name,
        ?::varchar as reporting_currency, ?::varchar as time_zone,
        ?::integer as fiscal_year_start_month, ?::date as as_of, ?::timestamp as started_at;
"""


class PublishError(ConfigError):
    """A publication that cannot be made or served; nothing that is served was touched."""


def publish(run: Run) -> Outcome:
    """Publish the build warehouse as `run.run_id` and serve it. Gives an Outcome with the rows.

    Raises PublishError when the copy is not the build, ConfigError when Postgres is asked for
    and not reachable; `data/served` then names what it named before.
    """
    paths, final = run.paths, run.paths.publications / run.run_id
    if final.exists():
        raise PublishError(f"{run.run_id} is published; a publication is never written again.")
    paths.publications.mkdir(parents=True, exist_ok=True)
    sweep(paths)
    previous = served_name(paths)
    draft = paths.publications / f"{DRAFT}{run.run_id}"
    try:
        draft.mkdir()
        reported.note(run, publications(paths))
        counts = write(run, draft, previous)
        seal(draft)
        os.rename(draft, final)
        sync(paths.publications)
        if run.settings.publish.postgres:
            run.say("publish: Postgres")
            from metrics.postgres import load

            load(final / "plumbline.duckdb", run.run_id)
        switch(paths, run.run_id)
    except BaseException:
        for folder in (draft, final):
            if folder.exists() and served_name(paths) != folder.name:
                remove(folder)
        if served_name(paths) != run.run_id:
            with contextlib.suppress(Exception):  # the next publication does it otherwise
                reported.forget(run)
        raise
    rows = sum(counts.values())
    lines = [f"{len(counts)} tables, {rows:,} rows; serving {run.run_id}"]
    try:
        dropped = prune(paths, run.settings.publish.keep)
        lines += [f"dropped, being old: {', '.join(dropped)}"] if dropped else []
    except OSError as error:  # what is served is whole; only room was not made
        lines.append(f"old publications could not be dropped: {error}")
    return Outcome("passed", tuple(lines), rows=rows)


def rollback(paths: Paths, to: str | None = None) -> str:
    """Serve the publication before the served one, or the one named `to`; gives a sentence.

    'Before' is what was served when the served one was published, so that a publication that was
    rolled back is not rolled back to. Raises PublishError when there is none.
    """
    now = served_name(paths)
    if now is None:
        raise PublishError(f"{paths.served}: nothing is published yet, so nothing to roll back.")
    kept = [name for name in publications(paths) if name != now]
    if to is None:
        to = about(paths, now)["previous"]
        if to is None or to not in kept:
            others = f"Kept are {', '.join(kept)}: name one." if kept else "No other is kept."
            raise PublishError(f"{now} is served and the publication before it is gone. {others}")
    elif to == now:
        raise PublishError(f"{to} is served already.")
    elif to not in kept:
        near = difflib.get_close_matches(to, kept, n=1, cutoff=0.4)
        hint = f"did you mean {near[0]}?" if near else f"kept: {', '.join(kept) or 'no other'}."
        raise PublishError(f"{to} is no publication in {paths.publications}; {hint}")
    missing = [name for name in FILES if not (paths.publications / to / name).exists()]
    if missing:
        raise PublishError(f"{to} lacks {', '.join(missing)}; it was tampered with. Name another.")
    if about(paths, now)["postgres"]:
        from metrics.postgres import load

        load(paths.publications / to / "plumbline.duckdb", to)
    switch(paths, to)
    return f"serving {to} (as of {about(paths, to)['as_of']}); before: {now}."


# --- writing and auditing ------------------------------------------------------------------------


def write(run: Run, folder: Path, previous: str | None) -> dict[str, int]:
    """Write everything into `folder`; gives {schema.table: rows} of both databases, audited."""
    run.say("publish: copying")
    settings = run.settings.organization
    facts = [run.run_id, previous, settings.name, settings.currency, settings.time_zone,
             settings.fiscal_year_start_month, run.as_of, run.started_at]  # fmt: skip
    counts = copy_database(run.paths.warehouse, folder / "plumbline.duckdb", MAIN, INGEST, facts)
    people = copy_database(run.paths.warehouse, folder / "people.duckdb", PEOPLE, {}, facts)
    counts |= {name.replace("main.", "people."): rows for name, rows in people.items()}
    run.say("publish: views for dashboards")
    counts |= make_views(folder / "plumbline.duckdb")
    hidden = make_views(folder / "people.duckdb", "people")
    counts |= {name.replace("dashboards.", "people.dashboards."): n for name, n in hidden.items()}
    run.say("publish: scorecard")
    from metrics import boards
    from metrics.scorecard import render

    shown = boards.load(currency=settings.currency)
    render(shown, folder / "plumbline.duckdb", None, folder / "scorecard.html")
    if run.paths.docs.is_dir():
        shutil.copytree(run.paths.docs, folder / "data_docs")
    (folder / "publication.json").write_text(
        json.dumps(
            {
                "run_id": run.run_id, "previous": previous, "organization": settings.name,
                "as_of": str(run.as_of), "started_at": str(run.started_at),
                "postgres": run.settings.publish.postgres, "rows": counts,
            },
            indent=1,
        ),
        encoding="utf-8",
    )  # fmt: skip
    return counts


def copy_database(
    source: Path, target: Path, schemas: dict[str, str], selects: dict[str, str], facts: list
) -> dict[str, int]:
    """Copy the schemas' tables with their comments, and `ingest.<name>` of each select.

    Gives {schema.table: rows} as counted in the file once written and opened again. Raises
    PublishError when a count is not the build's or a schema is empty.
    """
    import duckdb

    with duckdb.connect() as connection:
        connection.execute(f"attach {quoted(source)} as build (read_only)")
        connection.execute(f"attach {quoted(target)} as published (storage_version '{STORAGE}')")
        connection.execute("begin")
        expected: dict[str, int] = {}
        for schema, to in schemas.items():
            connection.execute(f"create schema if not exists published.{to}")
            tables = connection.execute(
                "select table_name from duckdb_tables() where database_name = 'build' "
                "and schema_name = ? order by 1",
                [schema],
            ).fetchall()
            if not tables:
                raise PublishError(f"the build has no table in {schema}; run the steps before.")
            for (table,) in tables:
                name = f'build.{schema}."{table}"'
                connection.execute(f'create table published.{to}."{table}" as from {name}')
                expected[f"{to}.{table}"] = _count(connection, name)
            _copy_comments(connection, schema, to)
        if selects:
            connection.execute("create schema published.ingest")
        for table, select in selects.items():
            connection.execute(f"create table published.ingest.{table} as {select}")
            expected[f"ingest.{table}"] = _count(connection, f"({select})")
        connection.execute("create schema if not exists published.ops")
        connection.execute(PUBLICATION, facts)
        expected["ops.publication"] = 1
        connection.execute("commit")
        connection.execute("detach published")
    if Path(f"{target}.wal").exists():
        raise PublishError(f"{target.name} was left with a log beside it; nothing is published.")
    with duckdb.connect(str(target), read_only=True) as connection:
        found = {
            f"{schema}.{table}": _count(connection, f'{schema}."{table}"')
            for schema, table in connection.execute(
                "select schema_name, table_name from duckdb_tables() order by 1, 2"
            ).fetchall()
        }
    wrong = {
        name: (expected.get(name), found.get(name))
        for name in sorted(expected.keys() | found.keys())
        if expected.get(name) != found.get(name)
    }
    if wrong:
        told = ", ".join(f"{name} {a} in the build, {b} copied" for name, (a, b) in wrong.items())
        raise PublishError(f"{target.name} is not the build: {told}. Nothing is published.")
    return found


def _count(connection: duckdb.DuckDBPyConnection, relation: str) -> int:
    return connection.execute(f"select count(*) from {relation} as t").fetchone()[0]


def _copy_comments(connection: duckdb.DuckDBPyConnection, schema: str, to: str) -> None:
    """Descriptions of tables and columns, which `create table as` leaves behind."""
    for kind, source, column in (
        ("table", "duckdb_tables()", "''"),
        ("column", "duckdb_columns()", "'.\"' || column_name || '\"'"),
    ):
        comments = connection.execute(
            f"select '\"' || table_name || '\"' || {column}, comment from {source} "
            "where database_name = 'build' and schema_name = ? and comment is not null",
            [schema],
        ).fetchall()
        for name, comment in comments:
            connection.execute(f"comment on {kind} published.{to}.{name} is {quoted(comment)}")


def quoted(text: typing.Any) -> str:
    """A SQL literal."""
    return "'" + str(text).replace("'", "''") + "'"


# --- folders and the link ------------------------------------------------------------------------


def served_name(paths: Paths) -> str | None:
    """The run id that `data/served` names, or None."""
    if not paths.served.is_symlink():
        if paths.served.exists():
            raise PublishError(f"{paths.served} is not a link of ours; move it away.")
        return None
    return Path(os.readlink(paths.served)).name


def publications(paths: Paths) -> list[str]:
    """Run ids of whole publications, oldest first."""
    if not paths.publications.is_dir():
        return []
    names = [
        folder.name
        for folder in paths.publications.iterdir()
        if not folder.name.startswith(".") and (folder / "publication.json").exists()
    ]
    return sorted(names, key=lambda name: (about(paths, name)["started_at"], name))


def about(paths: Paths, name: str) -> dict:
    """What publication.json says: run_id, previous, organization, as_of, started_at, postgres."""
    file = paths.publications / name / "publication.json"
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError) as error:
        raise PublishError(f"{file} cannot be read ({error}); it was tampered with.") from None


def switch(paths: Paths, name: str) -> None:
    """Make `data/served` name the publication, in one step: before or after, never between."""
    link = paths.served.with_name(f".served-{name}")
    link.unlink(missing_ok=True)
    link.symlink_to(Path(paths.publications.name) / name)
    os.replace(link, paths.served)
    sync(paths.served.parent)


def prune(paths: Paths, keep: int) -> list[str]:
    """Drop all but the newest `keep` publications; the served one and the one before it stay."""
    served = served_name(paths)
    safe = {served, about(paths, served)["previous"] if served else None}
    names = publications(paths)
    old = [name for name in names[: max(0, len(names) - keep)] if name not in safe]
    for name in old:
        remove(paths.publications / name)
    return old


def sweep(paths: Paths) -> None:
    """Drop what killed builds left half-written; the caller holds the build's lock."""
    for folder in paths.publications.glob(f"{DRAFT}*"):
        remove(folder)
    for link in paths.served.parent.glob(".served-*"):
        link.unlink()


def remove(folder: Path) -> None:
    """A publication under its name is whole: it loses its name before its first file."""
    doomed = folder.with_name(f"{DRAFT}{folder.name.removeprefix(DRAFT)}")
    if doomed != folder:
        os.rename(folder, doomed)
    shutil.rmtree(doomed)


def seal(folder: Path) -> None:
    """Bring every file to the disk and take the right to write it."""
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_file():
            path.chmod(stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH)
        sync(path)
    sync(folder)


def sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
