"""Cards and dashboards: found by what never changes, compared in a plain form, sent if they differ.

What a person changed by hand stays: it is told of, and an apply says that it is withheld (exit
code) only when we want another thing there by now. `--overwrite` takes no such regard. What a
person added to a dashboard stays beside ours. What left the definitions stays, too, unless
`--prune`.
"""

from __future__ import annotations

import typing

from metrics.cards import Card, Dashboard, Tile
from metrics.metabase import shape
from metrics.metabase.access import CARDS, is_restricted
from metrics.metabase.databases import Known
from metrics.metabase.shape import Json, New
from metrics.metabase.transport import ServerError
from metrics.metabase.work import Work, listed

Regard = typing.Literal["same", "send", "keep", "leave"]


def regard(work: Work, ours: Json, theirs: Json, applied: str | None) -> Regard:
    """What becomes of one thing: equal, to be sent, a person's that stays, or one that stands in
    the way of what we want."""
    if ours == theirs:
        return "same"
    if work.overwrite or applied is None or applied == shape.digest(theirs):
        return "send"
    return "keep" if applied == shape.digest(ours) else "leave"


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
        closed = is_restricted(work, board.collection)
        ids[card.key] = _card(work, known, card, live.get(card.key), home, closed)
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


def _card(
    work: Work, known: Known, card: Card, number: int | None, home: Json, closed: bool
) -> Json:
    body = shape.card_body(card, known, home)
    if number is None:
        made = work.create("card", card.title, "/api/card", body)
        _kept(made.get("entity_id"), body["entity_id"], card)
        return made["id"]
    path = f"/api/card/{number}"
    live = work.server.get(path)
    theirs, ours = shape.card_form(live), shape.card_form(body)
    body.pop("entity_id")
    if live.get("archived"):
        body["archived"] = False
        work.change("card", card.title, path, body, verb="restore")
        return number
    if closed and live.get("collection_id") != home:
        moved = [f"collection: {live.get('collection_id')} → {home}; people's figures stay there"]
        work.change("card", card.title, path, {"collection_id": home}, moved)
    del body["collection_id"]  # where a person moved another, it stays
    match regard(work, ours, theirs, shape.applied(live)):
        case "send":
            work.change("card", card.title, path, body, shape.differences(ours, theirs))
        case "keep" | "leave" as verb:
            told = shape.differences(theirs, ours)
            work.note(verb, "card", card.title, ["changed by hand", *told])
    return number


def _kept(theirs: Json, ours: str, card: Card) -> None:
    if theirs != ours:
        raise ServerError(
            f"Metabase: card {card.key} was made with the entity id {theirs}, not {ours}: the "
            "server is older than 0.58 and does not take ids. Update it."
        )


def prune_cards(work: Work, collections: dict[str, Json]) -> None:
    """Archive cards of ours that nothing defines any more. A person's copy of one has an entity
    id of its own and stays."""
    defined = {card.key for board in work.boards for card in board.cards}
    for key, number in collections.items():
        if not key.endswith(f".{CARDS}") or isinstance(number, New):
            continue
        path = f"/api/collection/{number}/items"
        for item in listed(work.server.get(path, models="card")):
            card = work.server.get(f"/api/card/{item['id']}")
            told = shape.applied(card, shape.KEY)
            if not told or told in defined or card.get("entity_id") != shape.entity_id(told):
                continue
            used = (card.get("dashboard_count") or 0) - _our_uses(work, item["id"])
            if used > 0 and not work.overwrite:
                others = [f"{used} dashboards show it; --overwrite archives it all the same"]
                work.note("keep", "card", item["name"], others)
                continue
            path_ = f"/api/card/{item['id']}"
            work.change("card", item["name"], path_, {"archived": True}, verb="archive")


def _our_uses(work: Work, card_id: int) -> int:
    """Dashboards of ours, archived ones too, on which a card is."""
    boards = [work.server.get(f"/api/dashboard/{row['id']}")
              for row in marked_dashboards(work).values()]  # fmt: skip
    return sum(
        any(one.get("card_id") == card_id for one in board.get("dashcards") or [])
        for board in boards
    )


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
            # The mark without a number says: made, not laid out yet.
            body = {
                "name": board.title,
                "description": shape.marked(board.description, board.key),
                "collection_id": collections[board.collection],
            }
            made = work.create("dashboard", board.title, "/api/dashboard", body)
            ids[board.key] = _first(work, board, made["id"])
        else:
            ids[board.key] = found["id"]
        if work.is_applied:
            work.memory.put("dashboards", board.key, ids[board.key])
    filters = {board.key: tuple(one.key for one in board.filters) for board in work.boards}
    for board in shown:
        work.say(f"dashboards: {board.key}")
        home = collections[board.collection]
        Layout(work, board, ids[board.key], card_ids, ids, filters, home).bring()
    if work.prune:
        defined = {board.key for board in work.boards}
        for key, row in live.items():
            if key not in defined and not row.get("archived"):
                path = f"/api/dashboard/{row['id']}"
                work.change("dashboard", row["name"], path, {"archived": True}, verb="archive")
    return ids


def marked_dashboards(work: Work) -> dict[str, dict[str, Json]]:
    """{key: row} of our dashboards wherever they are: the one that we remember, else the one whose
    mark names itself, else the oldest that was made and not laid out. A person's copy carries the
    mark of another and is none of ours."""
    rows = [
        *listed(work.server.get("/api/dashboard")),
        *({**row, "archived": True}
          for row in listed(work.server.get("/api/dashboard", f="archived"))),
    ]  # fmt: skip
    found: dict[str, dict[str, Json]] = {}
    shells: dict[str, dict[str, Json]] = {}
    for row in sorted(rows, key=lambda row: (bool(row.get("archived")), row["id"])):
        mark = shape.mark_of(row.get("description"))
        if mark and mark.number is None:
            shells.setdefault(mark.key, row)
        elif mark and mark.number == row["id"]:
            found.setdefault(mark.key, row)
    by_id = {row["id"]: row for row in rows}
    remembered = {
        board.key: by_id[number]
        for board in work.boards
        if (number := work.memory.get("dashboards", board.key)) in by_id
        and not (shape.mark_of(by_id[number].get("description")) and board.key in found)
    }
    return {**shells, **remembered, **found}


def _first(work: Work, board: Dashboard, number: Json) -> Json:
    """The id to use: where another apply made the same dashboard meanwhile, the older wins."""
    if isinstance(number, New):
        return number
    older = marked_dashboards(work).get(board.key, {}).get("id", number)
    if older != number:
        work.server.put(f"/api/dashboard/{number}", {"archived": True})
    return older


class Layout:
    """Name, text, filters, tabs and tiles of one dashboard, sent in one request if they differ.

    The request replaces whole arrays, so what people added is sent back as it was found.
    """

    def __init__(
        self,
        work: Work,
        board: Dashboard,
        number: Json,
        card_ids: dict[str, Json],
        places: dict[str, Json],
        filters: dict[str, tuple[str, ...]],
        home: Json,
    ) -> None:
        self.work, self.board, self.number, self.home = work, board, number, home
        self.card_ids, self.places, self.filters = card_ids, places, filters
        empty: dict[str, Json] = {"dashcards": [], "tabs": [], "parameters": []}
        self.path = f"/api/dashboard/{number}"
        self.live = empty if isinstance(number, New) else work.server.get(self.path)
        self.dashcards = self.live.get("dashcards") or []
        self.sent: list[str] = []  # what the request changes
        self.told: dict[str, list[str]] = {"keep": [], "leave": []}

    def bring(self) -> None:
        work, title = self.work, self.board.title
        if self.live.get("archived"):  # it takes nothing else before
            work.change("dashboard", title, self.path, {"archived": False}, verb="restore")
        head = self._head()
        tabs = self._tabs()
        tiles = self._tiles()
        for verb, lines in self.told.items():
            if lines:
                work.note(typing.cast("typing.Any", verb), "dashboard", title, lines)
        if isinstance(self.number, New):
            work.note("note", "layout", title, [f"{len(tiles)} tiles"])
        elif self.sent:
            body = {**head, "tabs": tabs, "dashcards": tiles}
            work.change("dashboard", title, self.path, body, self.sent)

    def _regard(self, what: str, ours: Json, theirs: Json, applied: str | None) -> bool:
        """Whether ours is to be sent; notes what is."""
        verdict = regard(self.work, ours, theirs, applied)
        if verdict == "send":
            self.sent += [f"{what}{line}" for line in shape.differences(ours, theirs)]
        elif verdict in ("keep", "leave"):
            lines = shape.differences(theirs, ours)
            self.told[verdict] += [f"{what}changed by hand: {line}" for line in lines]
        return verdict == "send"

    # Name, text, filters.

    def _head(self) -> dict[str, Json]:
        board, live = self.board, self.live
        head: dict[str, Json] = {}
        moved = live.get("name") is not None and live.get("collection_id") != self.home
        if moved and is_restricted(self.work, board.collection):
            told = f"collection: {live.get('collection_id')} → {self.home}"
            self.sent.append(f"{told}; people's figures stay there")
            head["collection_id"] = self.home
        there = live.get("parameters") or []
        ours = [shape.parameter(one, self.work.as_of) for one in board.filters]
        by_id = {one["id"]: one for one in ours}
        gone = {
            shape.parameter_id(key) for keys in self.filters.values() for key in keys
        } - by_id.keys()  # fmt: skip
        pruned = [one for one in there if one["id"] in gone] if self.work.prune else []
        mark = shape.mark_of(live.get("description"))
        text = mark.text if mark else (live.get("description") or "")
        form = shape.dashboard_form(board.title, board.description, ours, "fixed")
        mine = [one for one in there if one["id"] in by_id]
        theirs = shape.dashboard_form(
            live.get("name", ""), text, mine, live.get("width") or "fixed"
        )  # fmt: skip
        applied = mark.applied if mark else None
        is_ours = mark is not None and mark.number == self.number
        send = self._regard("", form, theirs, applied if is_ours else None)
        if not send and not pruned and is_ours:
            return head
        if not send and not is_ours:
            self.sent.append("mark")
        if pruned:
            self.sent.append(f"filters taken away: {', '.join(one['name'] for one in pruned)}")
        known = {one["id"] for one in there}
        kept = [{**one, **by_id.get(one["id"], {})} for one in there if one not in pruned]
        added = [one for one in ours if one["id"] not in known]
        wanted = [*kept, *added] if send else [one for one in there if one not in pruned]
        head["parameters"] = wanted
        if send or not is_ours:
            head["name"] = board.title if send else live["name"]
            words = board.description if send else text
            head["description"] = shape.marked(words, board.key, self.number, form)
            head["width"] = "fixed" if send else live.get("width") or "fixed"
        return head

    # Tabs.

    def _tabs(self) -> list[dict[str, Json]]:
        """Tabs in the server's order, then those of ours that are new. Ours is the one that holds
        most of our tiles of that tab, else the first of its name; a name given by hand stays."""
        there = self.live.get("tabs") or []
        self.tab_ids: dict[str | None, Json] = {}
        taken: set[Json] = set()
        for name in self.board.tabs:
            mine = {tile.key for tile in self.board.tiles if tile.tab == name}
            votes: dict[Json, int] = {}
            for one in self.dashcards:
                if shape.is_ours(one) in mine and one.get("dashboard_tab_id") not in taken:
                    number = one.get("dashboard_tab_id")
                    votes[number] = votes.get(number, 0) + 1
            named = [t["id"] for t in there if t["name"] == name and t["id"] not in taken]
            votes = {number: n for number, n in votes.items() if number is not None}
            # Of two with equally many tiles (a copy of a tab), the older.
            best = min(votes, key=lambda number: (-votes[number], number), default=None)
            self.tab_ids[name] = best if best is not None else (named[0] if named else None)
            taken.add(self.tab_ids[name])
        names = {tab["id"]: tab["name"] for tab in there}
        self.tab_names = {
            number: name for name, number in self.tab_ids.items() if number is not None
        }
        tabs = [{"id": tab["id"], "name": self._tab_name(tab)} for tab in there]
        if self.work.prune:
            tabs = [tab for tab in tabs if not self._is_left_over(tab, names)]
        for place, name in enumerate(self.board.tabs, start=1):
            if self.tab_ids[name] is None:
                self.tab_ids[name] = -place
                tabs.append({"id": -place, "name": name})
                self.sent.append(f"tab {name}: new")
        # A dashboard on which only people made tabs: ours are on its first.
        self.tab_ids[None] = tabs[0]["id"] if tabs else None
        return tabs

    def _tab_name(self, tab: dict[str, Json]) -> str:
        name = self.tab_names.get(tab["id"])
        if name is None or name == tab["name"]:
            return tab["name"]
        before = {
            shape.applied(one, shape.TAB)
            for one in self.dashcards
            if shape.is_ours(one) and one.get("dashboard_tab_id") == tab["id"]
        }
        if tab["name"] in before or self.work.overwrite:
            self.sent.append(f"tab: {tab['name']} → {name}")
            return name
        self.told["keep"].append(f"tab {name} is called {tab['name']} by hand")
        return tab["name"]

    def _is_left_over(self, tab: dict[str, Json], names: dict[Json, str]) -> bool:
        """A tab that was ours and on which nothing will be."""
        on_it = [one for one in self.dashcards if one.get("dashboard_tab_id") == tab["id"]]
        keys = {tile.key for tile in self.board.tiles}
        gone = (
            tab["id"] not in self.tab_names
            and bool(on_it)
            and all(shape.is_ours(one) and shape.is_ours(one) not in keys for one in on_it)
        )
        if gone:
            self.sent.append(f"tab {names[tab['id']]}: taken away")
        return gone

    # Tiles.

    def _tiles(self) -> list[dict[str, Json]]:
        """All dashcards to send: ours, and those of people as they are."""
        there: dict[str, list[dict[str, Json]]] = {}
        for one in self.dashcards:
            there.setdefault(shape.is_ours(one) or "", []).append(one)
        tiles: list[dict[str, Json]] = []
        for place, tile in enumerate(self.board.tiles, start=1):
            if tile.card is not None and tile.card.key not in self.card_ids:
                continue
            copies = there.pop(tile.key, [])
            found = self._original(tile, copies)
            tiles += [_as_found(one) for one in copies if one is not found]
            card_id = self.card_ids[tile.card.key] if tile.card else None
            body = shape.tile_body(tile, self.board, card_id, self.places, self.filters)
            body["dashboard_tab_id"] = self.tab_ids[tile.tab]
            if found is None:
                self.sent.append(f"tile {tile.key}: new")
                tiles.append({"id": -place, **body, "series": []})
            else:
                tiles.append(self._merged(tile, body, found))
        tiles += [_as_found(one) for one in there.pop("", [])]
        for key, left in there.items():
            if self.work.prune:
                self.sent.append(f"tile {key}: taken away")
            else:
                told = [f"tile {key} left the definitions; --prune takes it away"]
                self.work.note("note", "dashboard", self.board.title, told)
                tiles += [_as_found(one) for one in left]
        return tiles

    def _original(self, tile: Tile, copies: list[dict[str, Json]]) -> dict[str, Json] | None:
        """Of several tiles with one key (a person doubled a tile or a tab) the one on our tab that
        is as we sent it, else the oldest."""
        return min(
            copies,
            key=lambda one: (
                one.get("dashboard_tab_id") != self.tab_ids[tile.tab],
                shape.applied(one) != shape.digest(shape.tile_form(one)),
                one["id"],
            ),
            default=None,
        )

    def _merged(self, tile: Tile, body: dict[str, Json], found: dict[str, Json]) -> dict[str, Json]:
        """A tile of ours on the tile that is there: place and content apart, and what people gave
        it beyond both (series) as it is."""
        merged = _as_found(found)
        settings = dict(merged.get("visualization_settings") or {})
        mine = body["visualization_settings"]
        tab = self.tab_names.get(found.get("dashboard_tab_id"), str(found.get("dashboard_tab_id")))
        if found.get("dashboard_tab_id") == self.tab_ids[None] and tile.tab is None:
            tab = None
        what = f"tile {tile.key}: "
        place, here = shape.place_form(body, tile.tab), shape.place_form(found, tab)
        if self._regard(what, place, here, shape.applied(found, shape.PLACE)):
            merged |= {name: body[name] for name in (*shape.SPOT, "dashboard_tab_id")}
            settings |= {name: mine[name] for name in (shape.PLACE, shape.TAB)}
        content, shown = shape.tile_form(body), shape.tile_form(found)
        if self._regard(what, content, shown, shape.applied(found)):
            merged |= {name: body[name] for name in ("card_id", "parameter_mappings")}
            kept = {name: settings.get(name) for name in (shape.PLACE, shape.TAB)}
            settings = {**mine, **kept}
        if shape.applied(found, shape.TAB) != tile.tab and settings.get(shape.TAB) != tile.tab:
            settings[shape.TAB] = tile.tab
        merged["visualization_settings"] = settings
        return merged


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
