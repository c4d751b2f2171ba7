"""plan, apply, verify, export, destroy: what a person or a job asks for, with exit codes.

plan: 0 nothing to do, 2 something to do. apply: 0 done, 3 done but for what people changed by
hand. verify: 0 every card answers as the served copy does. 1 is always an error.
"""

from __future__ import annotations

import contextlib
import fcntl
import math
import typing
from collections.abc import Callable, Iterator
from pathlib import Path

import yaml

from metrics.cards import Card, Dashboard
from metrics.metabase import access, content, databases, mail, shape
from metrics.metabase.setup import open_server
from metrics.metabase.shape import Json
from metrics.metabase.transport import Server, ServerError
from metrics.metabase.work import Change, Work, listed
from settings import ConfigError, Paths, Settings

NOTHING, ERROR, CHANGES, LEFT = 0, 1, 2, 3
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
) -> Work:
    """A piece of work on the configured server. Raises ConfigError where none is configured or
    nothing is published."""
    if settings.metabase is None:
        raise ConfigError('The settings name no server: add [metabase] with url = "https://…".')
    if not paths.served.exists():
        raise ConfigError(f"{paths.served}: nothing is published yet; run make build first.")
    server = server or open_server(settings.metabase, paths, settings.organization.name)
    return Work(
        server, settings.metabase, paths, boards, collections, is_applied, prune, overwrite, say
    )


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
    known = databases.connect(work)
    groups = access.groups(work)
    collections = access.collections(work)
    access.permissions(work, groups, collections, known)
    cards = content.cards(work, known, collections)
    ids = content.dashboards(work, collections, cards)
    mail.subscriptions(work, ids)
    mail.alerts(work, cards)
    mail.home(work, ids)


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
    reads another publication. Runs every card as its dashboard does, filters at their defaults.
    """
    wrong = _publication(work)
    live = content.marked_dashboards(work)
    ids = content.card_ids(work, [card.key for board in work.boards for card in board.cards])
    for board in work.boards:
        row = live.get(board.key)
        if row is None or row.get("archived"):
            wrong.append(f"{board.title}: not on the server; run make dashboards.")
            continue
        tiles = {
            shape.is_ours(one): one
            for one in work.server.get(f"/api/dashboard/{row['id']}").get("dashcards") or []
        }
        for tile in board.tiles:
            if tile.card is None:
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


def _publication(work: Work) -> list[str]:
    rows = {row["name"]: row for row in listed(work.server.get("/api/database"))}
    row = rows.get(databases.NAMES["main"])
    if row is None:
        return [f"The connection {databases.NAMES['main']} is not on the server."]
    body = {
        "database": row["id"],
        "type": "native",
        "native": {"query": "select run_id from ops.publication"},
    }
    answer = work.server.post("/api/dataset", body, reads=True)
    there = (((answer or {}).get("data") or {}).get("rows") or [[None]])[0][0]
    served = work.served.name
    if there != served:
        return [f"Metabase reads publication {there}, served is {served}; run make dashboards."]
    return []


def _answer(
    work: Work, board: Dashboard, card: Card, number: Json, tile: dict[str, Json]
) -> str | None:
    defaults = {one.key: one.default for one in board.filters}
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
        answer = work.server.post(path, {"parameters": parameters}, reads=True)
    except ServerError as error:
        return str(error)
    if (answer or {}).get("status") != "completed":
        return str((answer or {}).get("error") or "no result")[:300]
    theirs = [tuple(_plain(cell) for cell in row) for row in answer["data"]["rows"]]
    ours = [tuple(_plain(cell) for cell in row) for row in _served(work, card, defaults)]
    if len(ours) > MOST == len(theirs):
        return None
    if len(theirs) != len(ours):
        return f"{len(theirs)} rows there, {len(ours)} in the served copy"
    odd = next((pair for pair in zip(sorted(theirs), sorted(ours), strict=True)
                if pair[0] != pair[1]), None)  # fmt: skip
    return f"{odd[0]} there, {odd[1]} in the served copy" if odd else None


def _served(work: Work, card: Card, filters: dict[str, str | None]) -> list[tuple]:
    import duckdb

    from metrics.boards import run_sql

    file = work.served / databases.FILES[card.database]
    with duckdb.connect(str(file), read_only=True) as connection:
        as_of = connection.execute("select as_of from ops.publication").fetchone()[0]
        sql = run_sql(card, {k: v for k, v in filters.items() if v}, as_of)
        return connection.execute(sql).fetchall()


def _plain(cell: typing.Any) -> str:
    """A cell as text that both sides write alike."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return str(cell).lower()
    text = str(cell)
    with contextlib.suppress(ValueError):
        number = float(text)
        return f"{number:.9g}" if math.isfinite(number) else text
    return text.replace("T", " ").removesuffix("Z").removesuffix(" 00:00:00")[:19]


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
    text, _, applied = shape.mark_of(live.get("description")) or ("", "", None)
    ours = {shape.parameter_id(one.key) for one in board.filters}
    kept = [one for one in live.get("parameters") or [] if one["id"] in ours]
    form = shape.dashboard_form(live["name"], text, kept, live.get("width") or "fixed")
    found: dict[str, Json] = {}
    if applied not in (None, shape.digest(form)):
        found |= {"title": live["name"], "description": text}
    tabs = {tab["id"]: tab["name"] for tab in live.get("tabs") or []}
    tiles = {tile.key: tile for tile in board.tiles}
    changed, added = [], []
    for one in live.get("dashcards") or []:
        key = shape.is_ours(one)
        at = [one["col"], one["row"], one["size_x"], one["size_y"]]
        place = {"tab": tabs.get(one.get("dashboard_tab_id")), "at": at}
        card = one.get("card") or {}
        if key is None:
            added.append({**place, **_added(work, one, card)})
        elif shape.was_touched(shape.tile_form(one), one.get("visualization_settings")):
            was = tiles.get(key)
            before = [was.column, was.row, was.width, was.height] if was else None
            changed.append({"tile": key, "was_at": before, **place})
    for card in board.cards:
        if card.key not in ids:
            continue
        there = work.server.get(f"/api/card/{ids[card.key]}")
        form = shape.card_form(there)
        if shape.was_touched(form, there.get("visualization_settings")):
            body = {key: form[key] for key in ("name", "display", "description", "settings")}
            sql = {"sql": form["sql"]} if form["sql"] != card.sql else {}
            changed.append({"card": card.key, **body, **sql})
    if changed:
        found["changed"] = changed
    if added:
        found["added"] = added
    return {"dashboard": board.key, **found} if found else {}


def _added(work: Work, one: dict[str, Json], card: dict[str, Json]) -> dict[str, Json]:
    if not one.get("card_id"):
        return {"text": (one.get("visualization_settings") or {}).get("text", "")}
    card = work.server.get(f"/api/card/{one['card_id']}")
    form = shape.card_form(card)
    keys = ("name", "display", "description", "sql", "settings")
    return {key: form[key] for key in keys if form[key]}


def destroy(work: Work) -> int:
    """Archive what is ours: dashboards, questions, collections; end subscriptions and alerts. The
    connections stay, because people's own questions may use them."""
    live = content.marked_dashboards(work)
    ids = content.card_ids(work, [card.key for board in work.boards for card in board.cards])
    numbers = set(ids.values())
    for row in listed(work.server.get("/api/notification")):
        if (row.get("payload") or {}).get("card_id") in numbers and row.get("active", True):
            body = {**row, "active": False}
            work.change("alert", str(row["id"]), f"/api/notification/{row['id']}", body,
                        verb="archive")  # fmt: skip
    for row in listed(work.server.get("/api/pulse")):
        if row["name"].startswith(mail.PREFIX) and not row.get("archived"):
            work.change("subscription", row["name"], f"/api/pulse/{row['id']}",
                        {"archived": True}, verb="archive")  # fmt: skip
    for row in live.values():
        if not row.get("archived"):
            work.change("dashboard", row["name"], f"/api/dashboard/{row['id']}",
                        {"archived": True}, verb="archive")  # fmt: skip
    for key, number in ids.items():
        card = work.server.get(f"/api/card/{number}")
        if not card.get("archived"):
            work.change("card", key, f"/api/card/{number}", {"archived": True}, verb="archive")
    rows = listed(work.server.get("/api/collection"))
    for row in sorted(rows, key=lambda row: -len(str(row.get("location") or ""))):
        if shape.mark_of(row.get("description")) and not row.get("archived"):
            work.change("collection", row["name"], f"/api/collection/{row['id']}",
                        {"archived": True}, verb="archive")  # fmt: skip
    home = work.server.get("/api/setting/custom-homepage-dashboard")
    if home in {row["id"] for row in live.values()}:
        work.change("setting", "custom-homepage", "/api/setting/custom-homepage",
                    {"value": False})  # fmt: skip
    return NOTHING


def told(changes: list[Change]) -> Iterator[str]:
    """Lines for a person: what is done, then how much of it."""
    for change in changes:
        yield str(change)
    counts: dict[str, int] = {}
    for change in changes:
        counts[change.verb] = counts.get(change.verb, 0) + 1
    words = {"create": "to create", "change": "to change", "restore": "to restore",
             "archive": "to archive", "leave": "left as people made them"}  # fmt: skip
    parts = [f"{counts[verb]} {word}" for verb, word in words.items() if counts.get(verb)]
    yield ", ".join(parts) + "." if parts else "Nothing to do: the server is as defined."
