"""Who may see what: groups, collections, and the two permission graphs.

Open-source Metabase cannot filter rows or block data. So people's figures are in a database of
their own, in which nobody may ask questions, and their collection is read by HR alone: every other
group of the server is told 'no', also those that we did not make.
"""

from __future__ import annotations

import typing

from metrics.metabase.databases import Known
from metrics.metabase.shape import Json, New, mark_of, marked
from metrics.metabase.transport import ServerError
from metrics.metabase.work import Work, listed

GROUPS = ("Executives", "Analysts", "HR")
EVERYBODY = "All Users"
ASKS = {"Analysts": "query-builder-and-native"}
"""Who may ask questions of the main database; nobody may of the people's."""
CARDS = "cards"
TEXT = "Dashboards over what was published. Copy one to change it."
QUESTIONS = "The questions behind the dashboards. Copy one to change it."


class Groups(typing.NamedTuple):
    """Ids of our groups and of everybody by name; of all other groups but administrators."""

    ours: dict[str, Json]
    others: list[int]


def groups(work: Work) -> Groups:
    rows = listed(work.server.get("/api/permissions/group"))
    live = {row["name"].lower(): row["id"] for row in rows}
    ours: dict[str, Json] = {}
    for row in rows:
        if row.get("magic_group_type") == "all-internal-users":
            ours[EVERYBODY] = row["id"]
    ours.setdefault(EVERYBODY, live.get(EVERYBODY.lower(), 1))
    for name in GROUPS:
        if name.lower() in live:
            ours[name] = live[name.lower()]
        else:
            body = {"name": name}
            ours[name] = work.create("group", name, "/api/permissions/group", body)["id"]
    admins = {
        row["id"] for row in rows
        if row.get("magic_group_type") == "admin" or row["name"] == "Administrators"
    }  # fmt: skip
    known = {*admins, *ours.values()}
    return Groups(ours, [row["id"] for row in rows if row["id"] not in known])


def is_restricted(work: Work, key: str) -> bool:
    """Whether a collection is kept from everybody but some of us."""
    return not {"Executives", "Analysts"} & set(work.collections[key.split(".")[0]].groups)


# --- collections ---------------------------------------------------------------------------------


def collections(work: Work) -> dict[str, Json]:
    """{key: id} of our collections; `<key>.cards` holds a collection's questions.

    They are known by what we remember and by a mark in their description: one that a person
    renamed or moved stays so, and one that was archived comes back.
    """
    rows = [
        *listed(work.server.get("/api/collection")),
        *({**row, "archived": True}
          for row in listed(work.server.get("/api/collection", archived="true"))),
    ]  # fmt: skip
    rows = [row for row in rows if isinstance(row["id"], int)]
    live: dict[str, dict[str, Json]] = {}
    for row in sorted(rows, key=lambda row: (bool(row.get("archived")), row["id"])):
        mark = mark_of(row.get("description"))
        if mark is None:
            continue
        if mark.key not in live:
            live[mark.key] = row
        elif not row.get("archived"):
            told = [f"a second {mark.key}, number {row['id']}: archive one of them"]
            work.note("leave", "collection", row["name"], told)
    by_id = {row["id"]: row for row in rows}
    ids: dict[str, Json] = {}
    for key, collection in work.collections.items():
        parent = ids[collection.parent] if collection.parent else None
        ids[key] = _collection(work, live, by_id, key, collection.title, TEXT, parent)
        title = f"{collection.title}: questions"
        below = f"{key}.{CARDS}"
        ids[below] = _collection(work, live, by_id, below, title, QUESTIONS, ids[key])
    return ids


def _collection(
    work: Work,
    live: dict[str, dict[str, Json]],
    by_id: dict[int, dict[str, Json]],
    key: str,
    title: str,
    text: str,
    parent: Json,
) -> Json:
    row = live.get(key) or by_id.get(work.memory.get("collections", key))
    body = {"name": title, "description": marked(text, key), "parent_id": parent}
    if row is None:
        made = work.create("collection", title, "/api/collection", body)["id"]
        if work.is_applied:
            work.memory.put("collections", key, made)
        return made
    path = f"/api/collection/{row['id']}"
    if row.get("archived"):
        work.change("collection", title, path, {"archived": False}, verb="restore")
    if row["name"] != title and not work.overwrite:
        work.note("keep", "collection", row["name"], [f"renamed by hand; it was “{title}”"])
    elif row["name"] != title:
        work.change("collection", title, path, {"name": title}, [f"name: {row['name']} → {title}"])
    if work.is_applied:
        work.memory.put("collections", key, row["id"])
    return row["id"]


# --- permissions ---------------------------------------------------------------------------------


def data(work: Work, found: Groups, known: Known) -> None:
    """Who may ask questions of our databases."""
    _graph(work, "data", "/api/permissions/graph", lambda live: _data(found, known, live))


def reading(work: Work, found: Groups, ids: dict[str, Json]) -> None:
    """Who reads our collections."""
    path = "/api/collection/graph"
    _graph(work, "collections", path, lambda live: _reading(work, found, ids, live))


def _graph(
    work: Work, what: str, path: str, wanted: typing.Callable[[dict], dict[str, dict]]
) -> None:
    """Sent only where it differs; a graph that changed meanwhile is read again."""
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


def _data(found: Groups, known: Known, live: dict[str, Json]) -> dict[str, dict]:
    """What each group may ask of our databases, where it differs. A Pro server's `view-data` is
    not ours to change."""
    changed: dict[str, dict] = {}
    for database, number in known.ids.items():
        names: list[tuple[str | None, Json]] = list(found.ours.items())
        if database == "people":
            names += [(None, group) for group in found.others]
        for name, group in names:
            asks = ASKS.get(name or "", "no") if database == "main" else "no"
            now = (live.get(str(group)) or {}).get(str(number)) or {}
            if isinstance(group, New) or now.get("create-queries", "no") != asks:
                place = {"view-data": now.get("view-data", "unrestricted"), "create-queries": asks}
                changed.setdefault(str(group), {})[str(number)] = place
    return changed


def _reading(work: Work, found: Groups, ids: dict[str, Json], live: dict[str, Json]) -> dict:
    """Who reads which collection, where it differs. What is left out of an answer is 'none'."""
    changed: dict[str, dict] = {}
    for key, number in ids.items():
        readers = work.collections[key.removesuffix(f".{CARDS}")].groups
        names: list[tuple[str | None, Json]] = list(found.ours.items())
        closed = is_restricted(work, key)
        if closed:
            names += [(None, group) for group in found.others]
        for name, group in names:
            right = "read" if name in readers else "none"
            now = (live.get(str(group)) or {}).get(str(number), "none")
            if now == "write" and right == "read" and not closed:
                continue  # an analyst who was given more keeps it
            if now != right:
                changed.setdefault(str(group), {})[str(number)] = right
    return changed
