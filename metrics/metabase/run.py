"""plan, apply, verify, export, destroy: what a person or a job asks for, with exit codes.

plan: 0 nothing to do, 4 something to do. apply: 0 done, 3 done but for what people changed by
hand. verify: 0 every card answers as the served copy does. 1 is always an error, 2 a wrong word on
the command line.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import decimal
import fcntl
import re
import typing
from collections.abc import Callable, Iterator
from pathlib import Path

import yaml

from metrics.cards import Card, Dashboard
from metrics.metabase import access, content, databases, mail, shape
from metrics.metabase.setup import STARTING, open_server
from metrics.metabase.shape import Json
from metrics.metabase.transport import Server, ServerError
from metrics.metabase.work import Change, Work, listed
from settings import ConfigError, Paths, Settings

NOTHING, LEFT, CHANGES = 0, 3, 4
MOST = 2_000
"""Rows that Metabase answers a card with, and no more."""


def work_on(
    settings: Settings,
    paths: Paths,
    boards: tuple[Dashboard, ...],
    collections: dict[str, typing.Any],
    *,
    is_applied: bool = False,
    prune: bool = False,
    overwrite: bool = False,
    say: Callable[[str], None] = lambda text: None,
    server: Server | None = None,
    patience: float = STARTING,
) -> Work:
    """A piece of work on the configured server. Raises ConfigError where none is configured or
    nothing is published."""
    if settings.metabase is None:
        raise ConfigError('The settings name no server: add [metabase] with url = "https://…".')
    if not paths.served.exists():
        raise ConfigError(f"{paths.served}: nothing is published yet; run make build first.")
    server = server or open_server(
        settings.metabase, paths, settings.organization.name, is_applied, patience
    )
    work = Work(
        server, settings.metabase, paths, boards, collections, is_applied, prune, overwrite, say
    )
    work.me = server.get("/api/user/current").get("id")
    return work


def refuse_broken(paths: Paths, boards: tuple[Dashboard, ...]) -> None:
    """A dashboard that would not draw is not sent. Cards for which this organization has no data
    (yet) do draw: they say that there is nothing."""
    from metrics.board_lint import lint

    served = paths.served.resolve()
    findings = [
        finding
        for finding in lint(boards, served / "plumbline.duckdb", served / "people.duckdb")
        if not finding.is_data
    ]
    if findings:
        told = "\n".join(f"  {finding}" for finding in findings)
        raise ConfigError(f"The dashboards would not draw; nothing was sent.\n{told}")


def plan(work: Work) -> int:
    """Find what an apply would do; writes nothing."""
    _reconcile(work)
    return CHANGES if work.writes else NOTHING


def apply(work: Work) -> int:
    """Bring the server to the definitions. One apply at a time on a data folder; on two machines
    the older of two equal things stays."""
    with _alone(work.paths):
        _reconcile(work)
    return LEFT if work.left else NOTHING


def _reconcile(work: Work) -> None:
    try:
        groups = access.groups(work)
        known = databases.connect(work, lambda found: access.data(work, groups, found))
        access.data(work, groups, known)
        collections = access.collections(work)
        access.reading(work, groups, collections)
        cards = content.cards(work, known, collections)
        ids = content.dashboards(work, collections, cards)
        if work.prune:
            content.prune_cards(work, collections)
        mail.subscriptions(work, ids)
        mail.alerts(work, cards)
        mail.home(work, ids)
    finally:
        if work.is_applied:
            work.memory.save()


@contextlib.contextmanager
def _alone(paths: Paths) -> Iterator[None]:
    paths.data.mkdir(parents=True, exist_ok=True)
    with (paths.data / ".dashboards.lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigError(
                f"{handle.name}: another apply is at work on this folder; wait for it."
            ) from None
        yield


# --- verify --------------------------------------------------------------------------------------


def verify(work: Work) -> list[str]:
    """What is wrong: cards that fail or answer otherwise than the served copy, a server that
    reads another publication, or whose DuckDB connection reaches other files. Runs every card as
    its dashboard does, filters at their defaults (as days, because the server's clock is another).
    """
    rows = {row["name"]: row for row in listed(work.server.get("/api/database"))}
    there = {name for name, title in databases.NAMES.items() if title in rows}
    wrong: list[str] = []
    for name, title in databases.NAMES.items():
        if name in there:
            wrong += _publication(work, title, rows[title])
        elif name == "main":
            wrong.append(f"The connection {title} is not on the server; run make dashboards.")
    live = content.marked_dashboards(work)
    ids = content.card_ids(work, [card.key for board in work.boards for card in board.cards])
    for board in work.boards:
        if not any(card.database in there for card in board.cards):
            continue
        row = live.get(board.key)
        if row is None or row.get("archived"):
            wrong.append(f"{board.title}: not on the server; run make dashboards.")
            continue
        tiles = {
            shape.is_ours(one): one
            for one in work.server.get(f"/api/dashboard/{row['id']}").get("dashcards") or []
        }
        for tile in board.tiles:
            if tile.card is None or tile.card.database not in there:
                continue
            found = tiles.get(tile.key)
            if found is None or tile.card.key not in ids:
                wrong.append(f"{board.title}: card “{tile.card.title}” is missing.")
                continue
            work.say(f"verify: {tile.card.key}")
            told = _answer(work, board, tile.card, row["id"], found)
            if told:
                wrong.append(f"{board.title}: card “{tile.card.title}”: {told}")
    return wrong


def _publication(work: Work, title: str, row: dict[str, Json]) -> list[str]:
    answer = _ask(work, row["id"], "select run_id from ops.publication")
    if answer.get("status") != "completed":
        return [f"{title}: {answer.get('error') or 'no answer'}; run make dashboards."]
    wrong = []
    found = answer["data"]["rows"]
    there, served = found[0][0] if found else None, work.served.name
    if there != served:
        wrong.append(f"{title} reads publication {there}, served is {served}; run make dashboards.")
    if row.get("engine") == "duckdb":
        beyond = _ask(work, row["id"], "select count(*) from glob('/*')")
        if beyond.get("status") == "completed":
            wrong.append(
                f"{title}: SQL on the server may read other files; the driver did not run the "
                "connection's init_sql. Update the driver, and let Analysts ask without SQL."
            )
    return wrong


def _ask(work: Work, database: int, sql: str) -> dict[str, Json]:
    body = {"database": database, "type": "native", "native": {"query": sql}}
    return work.server.post("/api/dataset", body, reads=True) or {}


def _answer(
    work: Work, board: Dashboard, card: Card, number: Json, tile: dict[str, Json]
) -> str | None:
    as_of = _as_of(work, card)
    defaults = {
        one.key: shape.as_days(one.default, as_of)
        if one.default and one.kind.startswith("date")
        else one.default
        for one in board.filters
    }
    parameters = [
        {
            "id": shape.parameter_id(tag.filter),
            "type": "date/all-options" if tag.filter == "period" else "string/=",
            "value": defaults[tag.filter],
            "target": ["dimension", ["template-tag", tag.name]],
        }
        for tag in card.tags
        if defaults.get(tag.filter) is not None
    ]
    path = f"/api/dashboard/{number}/dashcard/{tile['id']}/card/{tile['card_id']}/query"
    try:
        answer = work.server.post(path, {"parameters": parameters}, reads=True) or {}
    except ServerError as error:
        return str(error)
    if answer.get("status") != "completed":
        return str(answer.get("error") or "no result")[:300]
    theirs = sorted(tuple(_plain(cell) for cell in row) for row in answer["data"]["rows"])
    ours = sorted(
        tuple(_plain(cell) for cell in row) for row in _served(work, card, defaults, as_of)
    )
    if len(ours) > MOST == len(theirs):
        strange = next((row for row in theirs if row not in set(ours)), None)
        return f"{strange} is not in the served copy" if strange else None
    if len(theirs) != len(ours):
        return f"{len(theirs)} rows there, {len(ours)} in the served copy"
    odd = next((pair for pair in zip(theirs, ours, strict=True) if pair[0] != pair[1]), None)
    return f"{odd[0]} there, {odd[1]} in the served copy" if odd else None


def _as_of(work: Work, card: Card) -> dt.date:
    [(day,)] = _rows(work, card, "select as_of from ops.publication")
    return day


def _served(work: Work, card: Card, filters: dict[str, str | None], as_of: dt.date) -> list[tuple]:
    from metrics.boards import run_sql

    return _rows(work, card, run_sql(card, {k: v for k, v in filters.items() if v}, as_of))


def _rows(work: Work, card: Card, sql: str) -> list[tuple]:
    import duckdb

    file = work.served / databases.FILES[card.database]
    with duckdb.connect(str(file), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def _plain(cell: typing.Any) -> str:
    """A cell as text that both sides write alike: numbers to nine digits, days and times without
    a zone, because the server adds that of its reports."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, (int, float, decimal.Decimal)):
        return f"{float(cell):.9g}"
    text = str(cell)
    if re.match(r"\d{4}-\d{2}-\d{2}([T ]|$)", text):
        with contextlib.suppress(ValueError):
            moment = dt.datetime.fromisoformat(text).replace(tzinfo=None, microsecond=0)
            return str(moment).removesuffix(" 00:00:00")
    return text


# --- export and destroy --------------------------------------------------------------------------


def export(work: Work, folder: Path) -> list[Path]:
    """Write what people changed or added by hand as YAML, a file a dashboard, to be reviewed and
    taken into the definitions; nothing is written for a dashboard that is as we left it."""
    folder.mkdir(parents=True, exist_ok=True)
    live = content.marked_dashboards(work)
    ids = content.card_ids(work, [card.key for board in work.boards for card in board.cards])
    written = []
    for board in work.boards:
        row = live.get(board.key)
        if row is None:
            continue
        found = _by_hand(work, board, work.server.get(f"/api/dashboard/{row['id']}"), ids)
        if found:
            file = folder / f"{board.key}.yml"
            text = yaml.safe_dump(found, sort_keys=False, allow_unicode=True, width=100)
            file.write_text(f"# Changed on {work.server.url} by hand.\n{text}", encoding="utf-8")
            written.append(file)
    return written


def _by_hand(
    work: Work, board: Dashboard, live: dict[str, Json], ids: dict[str, int]
) -> dict[str, Json]:
    mark = shape.mark_of(live.get("description"))
    ours = [shape.parameter(one, work.as_of) for one in board.filters]
    numbers = {one["id"] for one in ours}
    there = live.get("parameters") or []
    text = mark.text if mark else live.get("description") or ""
    mine = [one for one in there if one["id"] in numbers]
    form = shape.dashboard_form(board.title, board.description, ours, "fixed")
    theirs = shape.dashboard_form(live["name"], text, mine, live.get("width") or "fixed")
    found: dict[str, Json] = {}
    if mark is None or mark.applied != shape.digest(theirs):
        found["head"] = shape.differences(theirs, form)
    if strange := [one for one in there if one["id"] not in numbers]:
        found["filters_added"] = [{k: one.get(k) for k in ("name", "type")} for one in strange]
    tabs = {tab["id"]: tab["name"] for tab in live.get("tabs") or []}
    if more := [name for name in tabs.values() if name not in board.tabs]:
        found["tabs_added_or_renamed"] = more
    tiles = {tile.key: tile for tile in board.tiles}
    cards = {card.key for card in board.cards if card.key in ids}
    changed, added, seen = [], [], set()
    for one in live.get("dashcards") or []:
        key = shape.is_ours(one)
        at = [one["col"], one["row"], one["size_x"], one["size_y"]]
        place = {"tab": tabs.get(one.get("dashboard_tab_id")), "at": at}
        if key is None or key in seen:
            added.append({**place, **_added(work, one)})
            continue
        seen.add(key)
        tile = tiles.get(key)
        entry: dict[str, Json] = {}
        if tile is not None:
            was = {"tab": tile.tab, "at": [tile.column, tile.row, tile.width, tile.height]}
            entry = {"was": was, "is": place} if was != place else {}
        if shape.applied(one) != shape.digest(shape.tile_form(one)):
            entry["settings"] = shape.tile_form(one)["settings"]
        if entry:
            changed.append({"tile": key, **entry})
    missing = [
        tile.key for tile in board.tiles
        if tile.key not in seen and (tile.card is None or tile.card.key in cards)
    ]  # fmt: skip
    for card in board.cards:
        if card.key not in ids:
            continue
        answer = work.server.get(f"/api/card/{ids[card.key]}")
        form = shape.card_form(answer)
        if shape.applied(answer) != shape.digest(form):
            body = {key: form[key] for key in ("name", "display", "description", "settings")}
            sql = {"sql": form["sql"]} if form["sql"] != card.sql else {}
            changed.append({"card": card.key, **body, **sql})
    for name, value in (("changed", changed), ("taken_away", missing), ("added", added)):
        if value:
            found[name] = value
    return {"dashboard": board.key, **found} if found else {}


def _added(work: Work, one: dict[str, Json]) -> dict[str, Json]:
    if not one.get("card_id"):
        return {"text": (one.get("visualization_settings") or {}).get("text", "")}
    form = shape.card_form(work.server.get(f"/api/card/{one['card_id']}"))
    keys = ("name", "display", "description", "sql", "settings")
    return {key: form[key] for key in keys if form[key]}


def destroy(work: Work) -> int:
    """Archive what is ours: dashboards, questions, then collections in which nothing else is; end
    our subscriptions and alerts. The connections stay, because people's questions may use them."""
    live = content.marked_dashboards(work)
    ids = content.card_ids(work, [card.key for board in work.boards for card in board.cards])
    numbers = set(ids.values())
    for row in listed(work.server.get("/api/notification")):
        card = (row.get("payload") or {}).get("card_id")
        if mail.is_mine(work, row) and card in numbers and row.get("active", True):
            path = f"/api/notification/{row['id']}"
            work.change("alert", str(row["id"]), path, {**row, "active": False}, verb="archive")
    for row in listed(work.server.get("/api/pulse")):
        if mail.is_mine(work, row) and row["name"].startswith(mail.PREFIX):
            _archive(work, "subscription", row["name"], f"/api/pulse/{row['id']}")
    for row in live.values():
        if not row.get("archived"):
            _archive(work, "dashboard", row["name"], f"/api/dashboard/{row['id']}")
    for key, number in ids.items():
        if not work.server.get(f"/api/card/{number}").get("archived"):
            _archive(work, "card", key, f"/api/card/{number}")
    ours = {*numbers, *(row["id"] for row in live.values())}
    rows = listed(work.server.get("/api/collection"))
    for row in sorted(rows, key=lambda row: -len(str(row.get("location") or ""))):
        if shape.mark_of(row.get("description")) and not row.get("archived"):
            items = listed(work.server.get(f"/api/collection/{row['id']}/items"))
            others = [
                item["name"] for item in items
                if (item.get("model"), item["id"]) not in {("collection", n) for n in ours}
                and item["id"] not in ours
            ]  # fmt: skip
            if others:
                told = [f"holds what people made: {', '.join(others[:3])}"]
                work.note("keep", "collection", row["name"], told)
            else:
                _archive(work, "collection", row["name"], f"/api/collection/{row['id']}")
                ours.add(row["id"])
    if work.server.get("/api/setting/custom-homepage-dashboard") in {
        row["id"] for row in live.values()
    }:
        path = "/api/setting/custom-homepage"
        work.change("setting", "custom-homepage", path, {"value": False})
    return NOTHING


def _archive(work: Work, kind: str, name: str, path: str) -> None:
    work.change(kind, name, path, {"archived": True}, verb="archive")


DONE = {
    "create": "created", "change": "changed", "restore": "restored", "archive": "archived",
    "leave": "withheld for what people changed", "keep": "kept as people made them",
}  # fmt: skip
MEANT = {**DONE, "create": "to create", "change": "to change", "restore": "to restore",
         "archive": "to archive"}  # fmt: skip


def told(changes: list[Change], is_applied: bool = False) -> Iterator[str]:
    """Lines for a person: what is done or would be, then how much of it."""
    for change in changes:
        yield str(change)
    counts: dict[str, int] = {}
    for change in changes:
        counts[change.verb] = counts.get(change.verb, 0) + 1
    words = DONE if is_applied else MEANT
    parts = [f"{counts[verb]} {word}" for verb, word in words.items() if counts.get(verb)]
    is_quiet = not any(counts.get(verb) for verb in words if verb != "keep")
    quiet = ["Nothing to do: the server is as defined"] if is_quiet else []
    yield ", ".join([*quiet, *parts]) + "."
