"""Connections of the server to a publication: made or repaired, synchronised, described.

Two roads: PostgreSQL, which Metabase supports itself and which `make build` replaces in one
transaction; or the served DuckDB file through the community driver. A DuckDB file is named by its
publication's real path, so that a new publication is a changed detail, on which Metabase opens its
connections anew; behind a link it would go on reading the old file.
"""

from __future__ import annotations

import dataclasses
import hashlib
import os
import re
import secrets
from collections.abc import Callable
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
DUCKDB = {
    "read_only": True,
    "old_implicit_casting": True,
    # Who may write SQL must not read or write other files with it: the people's is beside.
    "init_sql": "set enable_external_access = false; set lock_configuration = true",
}

Columns = dict[tuple[str, str], dict[str, str | None]]


@dataclasses.dataclass
class Known:
    """What the server knows: ids of databases, and tables and fields as it lists them."""

    is_applied: bool = False
    ids: dict[str, Json] = dataclasses.field(default_factory=dict)
    tables: dict[tuple[str, str, str], dict[str, Json]] = dataclasses.field(default_factory=dict)

    def database(self, name: str) -> Json:
        return self.ids[name]

    def field(self, database: str, schema: str, table: str, column: str) -> Json:
        found = self.tables.get((database, schema, table), {}).get("fields", {}).get(column)
        if found is None and self.is_applied:
            raise ServerError(
                f"Metabase: {NAMES[database]} has no {schema}.{table}.{column}, which a dashboard "
                "wants; run make build, and python -m metrics dashboards lint."
            )
        return found["id"] if found else New(f"{schema}.{table}.{column}")


def connect(work: Work, made: Callable[[Known], None]) -> Known:
    """Connections, tables and fields as they should be. `made` is called when one is new, before
    anything of it is read: everybody may ask questions of a new one. Raises ServerError when the
    server does not know the published columns in time."""
    known = Known(is_applied=work.is_applied)
    live = {row["name"]: row for row in listed(work.server.get("/api/database"))}
    there = {name for name, title in NAMES.items() if title in live}
    for name, wanted in _wanted(work).items():
        title = NAMES[name]
        row = live.get(title)
        body = {"name": title, **wanted}
        is_new = row is None
        if row is None:
            row = work.create("database", title, "/api/database", body)
        else:
            full = work.server.get(f"/api/database/{row['id']}")
            changed = _changed(full, body) + _new_password(work, name, body)
            if changed:
                details = {**(full.get("details") or {}), **wanted["details"]}
                path = f"/api/database/{row['id']}"
                work.change("database", title, path, {**body, "details": details}, changed)
                is_new = any(detail.startswith("details.") for detail in changed)
        if password := wanted["details"].get("password"):
            work.memory.put("passwords", name, _sealed(work, password))
        known.ids[name] = row["id"]
        if name not in there:
            made(known)
        _read(work, known, name, row["id"], is_new)
    return known


def _wanted(work: Work) -> dict[str, dict[str, Json]]:
    """Engine and details of each connection that can be made."""
    settings = work.settings
    properties = work.server.get("/api/session/properties") or {}
    has_driver = "duckdb" in (properties.get("engines") or {"duckdb": {}})
    found: dict[str, dict[str, Json]] = {}
    if settings.connection == "postgres":
        found["main"] = {"engine": "postgres", "details": _postgres(work)}
    elif not has_driver:
        raise ConfigError(
            f"{settings.url} has no DuckDB driver: put the jar of the community driver into its "
            'plugins folder, or set [metabase] connection = "postgres". → docs/dashboards.md'
        )
    folder = settings.publications
    if has_driver and (settings.connection == "duckdb" or folder):
        seen = f"{folder.rstrip('/')}/{work.served.name}" if folder else str(work.served)
        for name in ("main", "people"):
            details = {"database_file": f"{seen}/{FILES[name]}", **DUCKDB}
            found.setdefault(name, {"engine": "duckdb", "details": details})
    else:
        work.note(
            "note", "database", NAMES["people"],
            ["not connected: people's figures are not in PostgreSQL; they want the DuckDB driver "
             "and [metabase] publications"],
        )  # fmt: skip
    return found


def _postgres(work: Work) -> dict[str, Json]:
    dsn = os.environ.get("PLUMBLINE_POSTGRES_DSN")
    if not dsn:
        raise ConfigError(
            '[metabase] connection = "postgres" and PLUMBLINE_POSTGRES_DSN is not set: set it to '
            "the data source name that `make build` publishes to."
        )
    import psycopg2.extensions

    parts = psycopg2.extensions.parse_dsn(dsn)
    reader = os.environ.get("PLUMBLINE_METABASE_DB_USER")
    if not reader:
        told = ["reads as the user that publishes; set $PLUMBLINE_METABASE_DB_USER to one that "
                "may only read"]  # fmt: skip
        work.note("note", "database", NAMES["main"], told)
    details = {
        "host": work.settings.postgres_host or parts.get("host", "localhost"),
        "port": int(parts.get("port", 5432)),
        "dbname": parts.get("dbname", "plumbline"),
        "user": reader or parts.get("user", "plumbline"),
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


def _new_password(work: Work, name: str, body: dict[str, Json]) -> list[str]:
    password, before = body["details"].get("password"), work.memory.get("passwords", name)
    is_new = password and before and before != _sealed(work, password)
    return ["details.password: changed"] if is_new else []


def _sealed(work: Work, password: str) -> str:
    salt = work.memory.get("passwords", "salt") or secrets.token_hex(16)
    work.memory.put("passwords", "salt", salt)
    return hashlib.scrypt(password.encode(), salt=salt.encode(), n=2**14, r=8, p=1).hex()[:32]


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
    """Descriptions, kinds and visibility of tables and columns; what people changed stays."""
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
        wish = {"visibility_type": shown} | ({"description": comment} if comment else {})
        if _sent(work, "table", live, wish):
            changed["table"] += 1
        if shown == "hidden":
            continue
        for column, told in columns.items():
            field = live["fields"].get(column)
            if field is None:
                continue
            wish = {"description": told} if told else {}
            if kind := _kind(table, column):
                wish["semantic_type"] = kind
            if (schema, table, column) in lists:
                wish["has_field_values"] = "list"
            if _sent(work, "field", field, wish):
                changed["field"] += 1
    for kind, count in changed.items():
        if count:
            work.note("change", "database", NAMES[name], [f"{count} {kind}s described"])


def _sent(work: Work, kind: str, live: dict[str, Json], wish: dict[str, Json]) -> bool:
    """Send what differs and is not a person's: what we sent last, or never, and still stands."""
    before = work.memory.get(kind, live["id"])
    body = {}
    for key, value in wish.items():
        now = live.get(key)
        untouched = now == before.get(key) if before else key != "description" or not now
        if now != value and untouched:
            body[key] = value
    if work.is_applied and wish:
        if body:
            work.server.put(f"/api/{kind}/{live['id']}", body)
        work.memory.put(kind, live["id"], {**(before or {}), **wish})
    return bool(body)


def _kind(table: str, column: str) -> str | None:
    """Metabase's semantic type, where our names say it."""
    if column == f"{re.sub('^(fct|dim|bridge)_', '', table).rstrip('s')}_key":
        return "type/PK"
    if column in ("channel_id", "network", "geography", "slice_value", "status", "trust"):
        return "type/Category"
    return None
