"""Cards and dashboards: found by what never changes, compared in a plain form, sent if they differ.

What a person changed by hand stays and is told of, unless `--overwrite`. What a person added to a
dashboard stays beside ours. What left the definitions stays, too, unless `--prune`.
"""

from __future__ import annotations

import typing

from metrics.cards import Card, Dashboard, Tile
from metrics.metabase import shape
from metrics.metabase.access import CARDS
from metrics.metabase.databases import Known
from metrics.metabase.shape import Json, New
from metrics.metabase.transport import ServerError
from metrics.metabase.work import Work, listed

# --- cards ---------------------------------------------------------------------------------------


def cards(work: Work, known: Known, collections: dict[str, Json]) -> dict[str, Json]:
    """{card key: id}, cards whose database is not connected left out."""
    wanted = {
        card.key: (board, card)
        for board in work.boards
        for card in board.cards
        if card.database in known.ids
    }
    live = card_ids(work, wanted)
    ids: dict[str, Json] = {}
    for board, card in wanted.values():
        home = collections[f"{board.collection}.{CARDS}"]
        work.say(f"dashboards: {card.key}")
        ids[card.key] = _card(work, known, card, live.get(card.key), home)
    if work.prune:
        _prune_cards(work, collections, set(ids.values()))
    return ids


def card_ids(work: Work, keys: typing.Iterable[str]) -> dict[str, int]:
    """{card key: id} of those that are on the server, archived or not."""
    by_entity = {shape.entity_id(key): key for key in keys}
    if not by_entity:
        return {}
    body = {"entity_ids": {"card": list(by_entity)}}
    answer = work.server.post("/api/eid-translation/translate", body, reads=True)
    found = answer.get("entity_ids") or {}
    found = found.get("card", found) if "card" in found else found
    return {
        by_entity[entity]: one["id"]
        for entity, one in found.items()
        if entity in by_entity and one.get("status", "ok") == "ok" and one.get("id")
    }


def _card(work: Work, known: Known, card: Card, number: int | None, home: Json) -> Json:
    body = shape.card_body(card, known, home)
    if number is None:
        made = work.create("card", card.title, "/api/card", body)
        _kept(made.get("entity_id"), body["entity_id"], card)
        return made["id"]
    live = work.server.get(f"/api/card/{number}")
    path = f"/api/card/{number}"
    theirs, ours = shape.card_form(live), shape.card_form(body)
    body.pop("entity_id")
    if live.get("archived"):
        body["archived"] = False
        work.change("card", card.title, path, body, verb="restore")
    elif theirs != ours:
        if shape.was_touched(theirs, live.get("visualization_settings")) and not work.overwrite:
            work.note("leave", "card", card.title, ["changed by hand", *_turned(ours, theirs)])
        else:
            del body["collection_id"]  # where a person moved it, it stays
            work.change("card", card.title, path, body, shape.differences(ours, theirs))
    return number


def _kept(theirs: Json, ours: str, card: Card) -> None:
    if theirs != ours:
        raise ServerError(
            f"Metabase: card {card.key} was made with the entity id {theirs}, not {ours}: the "
            "server is older than 0.58 and does not take ids. Update it."
        )


def _turned(ours: Json, theirs: Json) -> list[str]:
    """What a person changed: ours → theirs."""
    return shape.differences(theirs, ours)


def _prune_cards(work: Work, collections: dict[str, Json], kept: set[Json]) -> None:
    for key, number in collections.items():
        if not key.endswith(f".{CARDS}") or isinstance(number, New):
            continue
        path = f"/api/collection/{number}/items"
        for item in listed(work.server.get(path, models="card")):
            if item["id"] in kept:
                continue
            card = work.server.get(f"/api/card/{item['id']}")
            if shape.APPLIED in (card.get("visualization_settings") or {}):
                path = f"/api/card/{item['id']}"
                work.change("card", item["name"], path, {"archived": True}, verb="archive")


# --- dashboards ----------------------------------------------------------------------------------


def dashboards(
    work: Work, collections: dict[str, Json], card_ids: dict[str, Json]
) -> dict[str, Json]:
    """{dashboard key: id}: first all shells, because they link to each other, then layouts."""
    live = marked_dashboards(work)
    shown = [board for board in work.boards if any(c.key in card_ids for c in board.cards)]
    ids: dict[str, Json] = {}
    for board in shown:
        found = live.get(board.key)
        if found is None:
            # The mark without a hash says: made, not laid out yet.
            body = {
                "name": board.title,
                "description": shape.marked(board.description, board.key),
                "collection_id": collections[board.collection],
            }
            made = work.create("dashboard", board.title, "/api/dashboard", body)
            ids[board.key] = _first(work, board, made["id"])
        else:
            ids[board.key] = found["id"]
    filters = {board.key: tuple(one.key for one in board.filters) for board in work.boards}
    for board in shown:
        work.say(f"dashboards: {board.key}")
        _layout(work, board, ids[board.key], card_ids, ids, filters)
    if work.prune:
        for key, row in live.items():
            if key not in ids and not row.get("archived"):
                path = f"/api/dashboard/{row['id']}"
                work.change("dashboard", row["name"], path, {"archived": True}, verb="archive")
    return ids


def marked_dashboards(work: Work) -> dict[str, dict[str, Json]]:
    """{key: row} of our dashboards wherever they are; of two with one mark the older is ours."""
    rows = [*listed(work.server.get("/api/dashboard")), *_archived(work)]
    found: dict[str, dict[str, Json]] = {}
    for row in sorted(rows, key=lambda row: (bool(row.get("archived")), row["id"])):
        mark = shape.mark_of(row.get("description"))
        if mark is None:
            continue
        if mark[1] not in found:
            found[mark[1]] = row
        elif found[mark[1]]["id"] != row["id"] and not row.get("archived"):
            told = [f"a second {mark[1]}, number {row['id']}: archive one of them"]
            work.note("leave", "dashboard", row["name"], told)
    return found


def _archived(work: Work) -> list[dict[str, Json]]:
    return [
        {**row, "archived": True} for row in listed(work.server.get("/api/dashboard", f="archived"))
    ]


def _first(work: Work, board: Dashboard, number: Json) -> Json:
    """The id to use: where another apply made the same dashboard meanwhile, the older wins."""
    if isinstance(number, New):
        return number
    older = marked_dashboards(work).get(board.key, {}).get("id", number)
    if older != number:
        work.server.put(f"/api/dashboard/{number}", {"archived": True})
    return older


def _layout(
    work: Work,
    board: Dashboard,
    number: Json,
    card_ids: dict[str, Json],
    places: dict[str, Json],
    filters: dict[str, tuple[str, ...]],
) -> None:
    """Name, text, filters, tabs and tiles of one dashboard, in one request when they differ.

    The request replaces whole arrays, so what people added is sent back as it was found.
    """
    empty: dict[str, Json] = {"dashcards": [], "tabs": [], "parameters": []}
    live = empty if isinstance(number, New) else work.server.get(f"/api/dashboard/{number}")
    if live.get("archived"):  # it takes nothing else before
        path = f"/api/dashboard/{number}"
        work.change("dashboard", board.title, path, {"archived": False}, verb="restore")
    details: list[str] = []
    left: list[str] = []
    tabs, tab_ids = _tabs(board, live)
    tiles = _tiles(work, board, live, tab_ids, card_ids, places, filters, details, left)
    ours = [shape.parameter(one) for one in board.filters]
    mine = {one["id"] for one in ours}
    theirs = [one for one in live.get("parameters") or [] if one["id"] not in mine]
    form = shape.dashboard_form(board.title, board.description, ours, "fixed")
    text, _, applied = shape.mark_of(live.get("description")) or ("", "", None)
    kept = [one for one in live.get("parameters") or [] if one["id"] in mine]
    found = shape.dashboard_form(
        live.get("name", ""), text, kept, live.get("width") or "fixed"
    )  # fmt: skip
    head = {
        "name": board.title,
        "description": shape.marked(board.description, board.key, form),
        "parameters": [*ours, *theirs],
        "width": "fixed",
    }
    if found != form or applied is None:
        if applied not in (None, shape.digest(found)) and not work.overwrite:
            left += [f"changed by hand: {line}" for line in _turned(form, found)]
            head = {}
        else:
            details += shape.differences(form, found)
    wanted = [tab["name"] for tab in tabs]
    if [tab["name"] for tab in live.get("tabs") or []] != wanted:
        details.append(f"tabs: {', '.join(wanted)}")
    if left:
        work.note("leave", "dashboard", board.title, left)
    if not details:
        return
    body = {**head, "tabs": tabs, "dashcards": tiles}
    if isinstance(number, New):
        work.note("note", "layout", board.title, [f"{len(tiles)} tiles"])
    else:
        work.change("dashboard", board.title, f"/api/dashboard/{number}", body, details)


def _tabs(board: Dashboard, live: dict[str, Json]) -> tuple[list[dict], dict[str | None, Json]]:
    """Our tabs in their order, then those that people added; {our tab: id}."""
    there = {tab["name"]: tab["id"] for tab in live.get("tabs") or []}
    ids: dict[str | None, Json] = {None: None}
    for number, name in enumerate(board.tabs, start=1):
        ids[name] = there.get(name, -number)
    tabs = [{"id": ids[name], "name": name} for name in board.tabs]
    tabs += [
        {"id": tab["id"], "name": tab["name"]}
        for tab in live.get("tabs") or []
        if tab["name"] not in ids
    ]
    return tabs, ids


def _tiles(
    work: Work,
    board: Dashboard,
    live: dict[str, Json],
    tab_ids: dict[str | None, Json],
    card_ids: dict[str, Json],
    places: dict[str, Json],
    filters: dict[str, tuple[str, ...]],
    details: list[str],
    left: list[str],
) -> list[dict[str, Json]]:
    """All dashcards to send: ours, ours that a person changed as they are, and other people's."""
    there = {shape.is_ours(one): one for one in live.get("dashcards") or [] if shape.is_ours(one)}
    sent: list[dict[str, Json]] = []
    for place, tile in enumerate(board.tiles, start=1):
        if tile.card is not None and tile.card.key not in card_ids:
            continue
        found = there.pop(tile.key, None)
        number = found["id"] if found else -place
        card_id = card_ids[tile.card.key] if tile.card else None
        tab = tab_ids[tile.tab]
        body = shape.tile_body(tile, board, number, card_id, tab, places, filters)
        if found is None:
            details.append(f"tile {tile.key}: new")
            sent.append(body)
            continue
        sent.append(_tile(work, tile, body, found, details, left))
    for key, found in there.items():
        if work.prune:
            details.append(f"tile {key}: taken away")
        else:
            told = [f"tile {key} left the definitions; --prune takes it away"]
            work.note("note", "dashboard", board.title, told)
            sent.append(_as_found(found))
    sent += [_as_found(one) for one in live.get("dashcards") or [] if not shape.is_ours(one)]
    return sent


def _tile(
    work: Work,
    tile: Tile,
    body: dict[str, Json],
    found: dict[str, Json],
    details: list[str],
    left: list[str],
) -> dict[str, Json]:
    ours, theirs = shape.tile_form(body), shape.tile_form(found)
    moved = found.get("dashboard_tab_id") != body["dashboard_tab_id"]
    if ours == theirs and not moved:
        return body
    touched = shape.was_touched(theirs, found.get("visualization_settings"))
    if touched and not work.overwrite:
        changed = _turned(ours, theirs)
        left += [f"tile {tile.key} changed by hand: {line}" for line in changed]
        return _as_found(found)
    changed = shape.differences(ours, theirs) or ["tab"]
    details += [f"tile {tile.key}: {line}" for line in changed]
    return body


def _as_found(one: dict[str, Json]) -> dict[str, Json]:
    """A dashcard as it came, in the form in which it goes back. Without its card_id it would
    become an empty one."""
    keys = (
        "id", "card_id", "row", "col", "size_x", "size_y", "dashboard_tab_id", "action_id",
        "parameter_mappings", "visualization_settings", "inline_parameters",
    )  # fmt: skip
    body = {key: one[key] for key in keys if key in one and one[key] is not None}
    body.setdefault("card_id", None)
    body["series"] = [{"id": each["id"]} for each in one.get("series") or []]
    return body
