"""Who may see what: groups, collections, and the two permission graphs.

Open-source Metabase cannot filter rows or block data. So people's figures are in a database of
their own, in which nobody may ask questions, and their collection is read by HR alone.
"""

from __future__ import annotations

import typing

from metrics.metabase.databases import Known
from metrics.metabase.shape import Json, New, mark_of, marked
from metrics.metabase.transport import ServerError
from metrics.metabase.work import Work, listed

GROUPS = ("Executives", "Analysts", "HR")
ASKS = {"Analysts": "query-builder-and-native"}
"""Who may ask questions of the main database; nobody may of the people's."""
CARDS = "cards"
TEXT = "Dashboards over what was published. Copy one to change it."


def groups(work: Work) -> dict[str, Json]:
    """Ids of our groups, of everybody ('All Users') and of the administrators."""
    live = {row["name"]: row["id"] for row in listed(work.server.get("/api/permissions/group"))}
    for name in GROUPS:
        if name not in live:
            body = {"name": name}
            live[name] = work.create("group", name, "/api/permissions/group", body)["id"]
    return live


def collections(work: Work) -> dict[str, Json]:
    """{key: id} of our collections; `<key>.cards` holds a collection's questions.

    They are known by a mark in their description: one that a person renamed or moved stays so.
    """
    live: dict[str, dict[str, Json]] = {}
    for row in sorted(listed(work.server.get("/api/collection")), key=lambda row: str(row["id"])):
        mark = mark_of(row.get("description"))
        if mark and mark[1] not in live:
            live[mark[1]] = row
        elif mark:
            work.note("leave", "collection", row["name"], [f"a second {mark[1]}: archive one"])
    ids: dict[str, Json] = {}
    for key, collection in work.collections.items():
        parent = ids[collection.parent] if collection.parent else None
        ids[key] = _collection(work, live, key, collection.title, TEXT, parent)
        text = "The questions behind the dashboards. Copy one to change it."
        title = f"{collection.title}: questions"
        ids[f"{key}.{CARDS}"] = _collection(
            work, live, f"{key}.{CARDS}", title, text, ids[key]
        )  # fmt: skip
    return ids


def _collection(
    work: Work, live: dict[str, dict[str, Json]], key: str, title: str, text: str, parent: Json
) -> Json:
    row = live.get(key)
    body = {"name": title, "description": marked(text, key), "parent_id": parent}
    if row is None:
        return work.create("collection", title, "/api/collection", body)["id"]
    if row["name"] != title and not work.overwrite:
        work.note("leave", "collection", row["name"], [f"renamed by hand; it was “{title}”"])
    elif row["name"] != title:
        path = f"/api/collection/{row['id']}"
        work.change("collection", title, path, {"name": title}, [f"name: {row['name']} → {title}"])
    return row["id"]


def permissions(work: Work, groups: dict[str, Json], ids: dict[str, Json], known: Known) -> None:
    """Both graphs, sent only where they differ; a graph that changed meanwhile is read again."""
    _graph(work, "data", "/api/permissions/graph", lambda live: _data(groups, known, live))
    _graph(
        work, "collections", "/api/collection/graph", lambda live: _reading(work, groups, ids, live)
    )


def _graph(
    work: Work, what: str, path: str, wanted: typing.Callable[[dict], dict[str, dict]]
) -> None:
    for last in (False, True):
        graph = work.server.get(path)
        changed = wanted(graph.get("groups") or {})
        if not changed:
            return
        if not last:
            told = [f"group {group}: {len(places)}" for group, places in sorted(changed.items())]
            work.note("change", "permissions", what, told)
        if not work.is_applied:
            return
        try:
            work.server.put(path, {"revision": graph.get("revision"), "groups": changed})
            return
        except ServerError as error:
            if error.status != 409 or last:
                raise


def _data(groups: dict[str, Json], known: Known, live: dict[str, Json]) -> dict[str, dict]:
    """What each group may ask of our databases, where it differs."""
    changed: dict[str, dict] = {}
    for name in ("All Users", *GROUPS):
        for database, number in known.ids.items():
            asks = ASKS.get(name, "no") if database == "main" else "no"
            now = (live.get(str(groups[name])) or {}).get(str(number)) or {}
            if isinstance(groups[name], New) or now.get("create-queries", "no") != asks:
                place = {"view-data": "unrestricted", "create-queries": asks}
                changed.setdefault(str(groups[name]), {})[str(number)] = place
    return changed


def _reading(
    work: Work, groups: dict[str, Json], ids: dict[str, Json], live: dict[str, Json]
) -> dict:
    """Who reads which collection, where it differs. What is left out of an answer is 'none'."""
    changed: dict[str, dict] = {}
    for key, number in ids.items():
        readers = work.collections[key.removesuffix(f".{CARDS}")].groups
        for name in ("All Users", *GROUPS):
            right = "read" if name in readers else "none"
            now = (live.get(str(groups[name])) or {}).get(str(number), "none")
            if now == "write" and right == "read":
                continue  # an analyst who was given more keeps it
            if now != right:
                changed.setdefault(str(groups[name]), {})[str(number)] = right
    return changed
