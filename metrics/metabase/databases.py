"""Connections of the server to a publication: made or repaired, synchronised, described.

Two roads: PostgreSQL, which Metabase supports itself and which `make build` replaces in one
transaction; or the served DuckDB file through the community driver. A DuckDB file is named by its
publication's real path, so that a new publication is a changed detail, on which Metabase opens its
connections anew; behind a link it would go on reading the old file.
"""

from __future__ import annotations

import dataclasses
import os
import re
from pathlib import Path

from metrics.metabase.shape import Json, New, differences
from metrics.metabase.transport import ServerError, patiently
from metrics.metabase.work import Work, listed
from settings import ConfigError

NAMES = {"main": "Plumbline", "people": "Plumbline people"}
FILES = {"main": "plumbline.duckdb", "people": "people.duckdb"}
SHOWN = ("dashboards", "metrics", "marts", "main")
"""Schemas that people who ask their own questions see; `ops`, `quality`, `ingest` are hidden."""
SYNC = 180.0  # seconds until the server must know the columns
SECRET = "**MetabasePass**"
DUCKDB = {"read_only": True, "old_implicit_casting": True}

Columns = dict[tuple[str, str], dict[str, str | None]]


@dataclasses.dataclass
class Known:
    """What the server knows: ids of databases, and tables and fields as it lists them."""

    ids: dict[str, Json] = dataclasses.field(default_factory=dict)
    tables: dict[tuple[str, str, str], dict[str, Json]] = dataclasses.field(default_factory=dict)

    def database(self, name: str) -> Json:
        return self.ids[name]

    def field(self, database: str, schema: str, table: str, column: str) -> Json:
        found = self.tables.get((database, schema, table), {}).get("fields", {}).get(column)
        return found["id"] if found else New(f"{schema}.{table}.{column}")


def connect(work: Work) -> Known:
    """Connections, tables and fields as they should be; raises ServerError when the server does
    not know the published columns in time."""
    known = Known()
    live = {row["name"]: row for row in listed(work.server.get("/api/database"))}
    for name, wanted in _wanted(work).items():
        title = NAMES[name]
        row = live.get(title)
        body = {"name": title, **wanted}
        is_new = row is None
        if row is None:
            row = work.create("database", title, "/api/database", body)
        else:
            full = work.server.get(f"/api/database/{row['id']}")
            changed = _changed(full, body)
            if changed:
                details = {**(full.get("details") or {}), **wanted["details"]}
                path = f"/api/database/{row['id']}"
                work.change("database", title, path, {**body, "details": details}, changed)
                is_new = any(detail.startswith("details.") for detail in changed)
        known.ids[name] = row["id"]
        _read(work, known, name, row["id"], is_new)
    return known


def _wanted(work: Work) -> dict[str, dict[str, Json]]:
    """Engine and details of each connection that can be made."""
    settings = work.settings
    found: dict[str, dict[str, Json]] = {}
    if settings.connection == "postgres":
        found["main"] = {"engine": "postgres", "details": _postgres(settings.postgres_host)}
    folder = settings.publications
    if settings.connection == "duckdb" or folder:
        seen = f"{folder.rstrip('/')}/{work.served.name}" if folder else str(work.served)
        for name in ("main", "people"):
            details = {"database_file": f"{seen}/{FILES[name]}", **DUCKDB}
            found.setdefault(name, {"engine": "duckdb", "details": details})
    else:
        work.note(
            "note", "database", NAMES["people"],
            ["not connected: people's figures are not in PostgreSQL; set [metabase] publications "
             "to show them through the DuckDB driver"],
        )  # fmt: skip
    return found


def _postgres(host: str | None) -> dict[str, Json]:
    dsn = os.environ.get("PLUMBLINE_POSTGRES_DSN")
    if not dsn:
        raise ConfigError(
            '[metabase] connection = "postgres" and PLUMBLINE_POSTGRES_DSN is not set: set it to '
            "the data source name that `make build` publishes to."
        )
    import psycopg2.extensions

    parts = psycopg2.extensions.parse_dsn(dsn)
    details = {
        "host": host or parts.get("host", "localhost"),
        "port": int(parts.get("port", 5432)),
        "dbname": parts.get("dbname", "plumbline"),
        "user": os.environ.get("PLUMBLINE_METABASE_DB_USER") or parts.get("user", "plumbline"),
        "ssl": parts.get("sslmode", "prefer") in ("require", "verify-ca", "verify-full"),
    }
    password = os.environ.get("PLUMBLINE_METABASE_DB_PASSWORD") or parts.get("password")
    return {**details, "password": password} if password else details


def _changed(live: dict[str, Json], wanted: dict[str, Json]) -> list[str]:
    """Differences that matter; a secret reads back as stars and is never compared."""
    theirs = live.get("details") or {}
    secret = {key for key, value in theirs.items() if value == SECRET} | {"password"}
    ours = {key: value for key, value in wanted["details"].items() if key not in secret}
    ours_ = {"engine": wanted["engine"], "details": ours}
    theirs_ = {"engine": live.get("engine"), "details": {key: theirs.get(key) for key in ours}}
    return differences(ours_, theirs_)


# --- tables and columns --------------------------------------------------------------------------


def _read(work: Work, known: Known, name: str, number: Json, is_new: bool) -> None:
    """Wait until the server knows every published column, then carry the descriptions over."""
    if isinstance(number, New):
        return
    wanted = published(work.served / FILES[name])
    missing = _missing(work, known, name, number, wanted)
    if is_new or missing:
        if work.is_applied:
            work.server.post(f"/api/database/{number}/sync_schema", {})
            for _ in patiently(SYNC):
                missing = _missing(work, known, name, number, wanted)
                if not missing:
                    break
            else:
                raise ServerError(
                    f"Metabase: {NAMES[name]} still lacks {missing[0]} and {len(missing) - 1} more "
                    f"columns {SYNC:.0f} s after a sync; look at the sync log of the server and at "
                    "the rights of its database user, then apply again."
                )
        elif missing:
            work.note("change", "database", NAMES[name], [f"sync: {len(missing)} columns unknown"])
    _describe(work, known, name, wanted)


def _missing(
    work: Work, known: Known, name: str, number: int, wanted: dict[tuple[str, str], Json]
) -> list[str]:
    answer = work.server.get(f"/api/database/{number}/metadata", include_hidden="true")
    for table in answer.get("tables") or []:
        fields = {field["name"]: field for field in table.get("fields") or []}
        place = (name, table.get("schema") or "", table["name"])
        known.tables[place] = {**table, "fields": fields}
    return [
        f"{schema}.{table}.{column}"
        for (schema, table), (_, columns) in wanted.items()
        for column in columns
        if column not in known.tables.get((name, schema, table), {}).get("fields", {})
    ]


def published(file: Path) -> dict[tuple[str, str], tuple[str | None, dict[str, str | None]]]:
    """{(schema, table): (description, {column: description})} of a published file, from dbt."""
    import duckdb

    found: dict[tuple[str, str], tuple[str | None, dict[str, str | None]]] = {}
    with duckdb.connect(str(file), read_only=True) as connection:
        for schema, table, comment in connection.execute(
            "select schema_name, table_name, comment from duckdb_tables() "
            "where database_name = current_database() order by 1, 2"
        ).fetchall():
            found[schema, table] = (_one_line(comment), {})
        for schema, table, column, comment in connection.execute(
            "select schema_name, table_name, column_name, comment from duckdb_columns() "
            "where database_name = current_database() order by 1, 2, column_index"
        ).fetchall():
            if (schema, table) in found:
                found[schema, table][1][column] = _one_line(comment)
    return found


def _one_line(comment: str | None) -> str | None:
    return " ".join(comment.split()) or None if comment else None


def _describe(work: Work, known: Known, name: str, wanted: dict) -> None:
    """Descriptions, kinds and visibility of tables and columns; what people wrote stays."""
    lists = {
        (tag.schema, tag.table, tag.column)
        for board in work.boards
        for card in board.cards
        for tag in card.tags
        if card.database == name and tag.filter != "period"
    }
    changed = {"table": 0, "field": 0}
    for (schema, table), (comment, columns) in wanted.items():
        live = known.tables.get((name, schema, table))
        if live is None:
            continue
        shown = None if schema in SHOWN else "hidden"
        body = {}
        if live.get("visibility_type") != shown:
            body["visibility_type"] = shown
        if comment and not live.get("description"):
            body["description"] = comment
        if body:
            changed["table"] += 1
            if work.is_applied:
                work.server.put(f"/api/table/{live['id']}", body)
        if shown == "hidden":
            continue
        for column, told in columns.items():
            field = live["fields"].get(column)
            if field is None:
                continue
            body = {}
            if told and not field.get("description"):
                body["description"] = told
            kind = _kind(table, column)
            if kind and not field.get("semantic_type"):
                body["semantic_type"] = kind
            if (schema, table, column) in lists and field.get("has_field_values") != "list":
                body["has_field_values"] = "list"
            if body:
                changed["field"] += 1
                if work.is_applied:
                    work.server.put(f"/api/field/{field['id']}", body)
    for kind, count in changed.items():
        if count:
            work.note("change", "database", NAMES[name], [f"{count} {kind}s described"])


def _kind(table: str, column: str) -> str | None:
    """Metabase's semantic type, where our names say it."""
    if column == f"{re.sub('^(fct|dim|bridge)_', '', table).rstrip('s')}_key":
        return "type/PK"
    if column in ("channel_id", "network", "geography", "slice_value", "status", "trust"):
        return "type/Category"
    return None
