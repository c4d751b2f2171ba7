"""What we send, and what of an answer is ours to compare: bodies of cards, dashboards, tiles.

Metabase answers in other shapes than it takes (queries become MBQL 5, tags a list, ids real), so
both sides are brought to one plain form and that is compared. A hash of that form travels with
what we send, in a setting of our own: what differs from its own hash was changed by hand. A tile
carries two, because its place is what people change most and its content what we do.
"""

from __future__ import annotations

import base64
import dataclasses
import datetime as dt
import hashlib
import json
import re
import typing

from metrics.cards import Card, Click, Dashboard, Filter, Tile

APPLIED = "plumbline.applied"
KEY = "plumbline.key"
TILE = "plumbline.tile"
TAB = "plumbline.tab"
PLACE = "plumbline.place"
OURS = (APPLIED, KEY, TILE, TAB, PLACE)
MARK = "Kept by Plumbline: "
DAY = {"date_style": "D MMMM, YYYY", "date_abbreviate": True}
"""Metabase knows six styles of a date, passes over any other, and shortens one to the month or
quarter that it finds in the data by itself."""

Json = typing.Any


def entity_id(key: str) -> str:
    """The 21 characters that name a card on every server, from our stable key."""
    digest = hashlib.sha256(f"plumbline/{key}".encode()).digest()
    return base64.urlsafe_b64encode(digest).decode()[:21]


def parameter_id(filter_key: str) -> str:
    """The same on every dashboard, so that a click carries a filter on."""
    return hashlib.sha256(f"plumbline/{filter_key}".encode()).hexdigest()[:8]


def digest(form: Json) -> str:
    text = json.dumps(form, sort_keys=True, default=str, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


class Mark(typing.NamedTuple):
    """What our mark in a description says. `number` is the dashboard's own id: a copy's mark
    names the one that it was copied from. `applied` is None until the first layout."""

    text: str
    key: str
    number: int | None
    applied: str | None


def marked(text: str, key: str, number: Json = None, form: Json = None) -> str:
    """A description with our mark."""
    tail = f"@{number}#{digest(form)}" if form is not None else ""
    return f"{text}\n\n{MARK}{key}{tail}".strip()


def mark_of(description: str | None) -> Mark | None:
    """Our mark, wherever people wrote around it."""
    text = description or ""
    found = re.search(rf"\s*{re.escape(MARK)}([\w.-]+)(?:@(\d+)#(\w+))?", text)
    if not found:
        return None
    rest = f"{text[: found.start()]}{text[found.end() :]}".strip()
    number = int(found.group(2)) if found.group(2) else None
    return Mark(rest, found.group(1), number, found.group(3))


# --- cards ---------------------------------------------------------------------------------------


class Fields(typing.Protocol):
    """Ids of databases and fields on the server."""

    def database(self, name: str) -> int: ...
    def field(self, database: str, schema: str, table: str, column: str) -> int: ...


def card_body(card: Card, fields: Fields, collection_id: Json) -> dict[str, Json]:
    """The body of POST and PUT /api/card. The legacy form of a query is taken by 0.58 to 0.63."""
    tags = {
        tag.name: {
            "id": _uuid(card.key, tag.name),
            "name": tag.name,
            "display-name": tag.name.replace("_", " ").capitalize(),
            "type": "dimension",
            "dimension": [
                "field",
                fields.field(card.database, tag.schema, tag.table, tag.column),
                None,
            ],
            "widget-type": "date/all-options" if tag.filter == "period" else "string/=",
            "default": None,
        }
        for tag in card.tags
    }
    body = {
        "name": card.title,
        "type": "question",
        "display": card.display,
        "description": card.description or None,
        "collection_id": collection_id,
        "dataset_query": {
            "type": "native",
            "database": fields.database(card.database),
            "native": {"query": card.sql, "template-tags": tags},
        },
        "visualization_settings": _dated(card.settings),
        "entity_id": entity_id(card.key),
    }
    body["visualization_settings"] |= {KEY: card.key, APPLIED: digest(card_form(body))}
    return body


def _dated(settings: dict[str, Json]) -> dict[str, Json]:
    """Settings with dates in Metabase's words."""
    told = settings.get("column_settings") or {}
    columns = {
        key: {**form, **DAY} if "date_style" in form else form for key, form in told.items()
    }  # fmt: skip
    return {**settings, **({"column_settings": columns} if columns else {})}


def card_form(card: dict[str, Json]) -> dict[str, Json]:
    """What of a card is ours to compare, from what we send or from an answer."""
    sql, tags = _query(card.get("dataset_query") or {})
    return {
        "name": card.get("name"),
        "display": card.get("display"),
        "description": card.get("description") or None,
        "sql": sql,
        "database": (card.get("dataset_query") or {}).get("database"),
        "tags": {name: _tag(tag) for name, tag in sorted(tags.items())},
        "settings": _without_ours(card),
    }


def _without_ours(one: dict[str, Json]) -> dict[str, Json]:
    settings = one.get("visualization_settings") or {}
    return {key: value for key, value in settings.items() if key not in OURS}


def _query(query: dict[str, Json]) -> tuple[str | None, dict[str, Json]]:
    """SQL and tags of a native query in the legacy form or in MBQL 5, tags a map or a list."""
    if "stages" in query:
        stage = (query.get("stages") or [{}])[0]
        sql, tags = stage.get("native"), stage.get("template-tags") or {}
    else:
        native = query.get("native") or {}
        sql, tags = native.get("query"), native.get("template-tags") or {}
    if isinstance(tags, list):
        tags = {tag["name"]: tag for tag in tags}
    return sql, tags


def _tag(tag: dict[str, Json]) -> dict[str, Json]:
    dimension = tag.get("dimension") or []
    number = next((part for part in dimension[1:] if isinstance(part, int)), None)
    return {
        "type": tag.get("type"),
        "field": number if number is not None else [p for p in dimension[1:] if p],
        "widget": tag.get("widget-type"),
        "default": tag.get("default"),
    }


def _uuid(*parts: str) -> str:
    text = hashlib.sha256("/".join(("plumbline", *parts)).encode()).hexdigest()
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-8{text[17:20]}-{text[20:32]}"


# --- dashboards ----------------------------------------------------------------------------------


def parameter(one: Filter, as_of: dt.date) -> dict[str, Json]:
    """A relative default is written as days, because the server counts from its own day and not
    from the publication's."""
    body: dict[str, Json] = {
        "id": parameter_id(one.key),
        "name": one.label,
        "slug": one.key,
        "type": one.kind,
        "sectionId": "date" if one.kind.startswith("date") else "string",
    }
    if one.default is not None:
        is_date = one.kind.startswith("date")
        body["default"] = as_days(one.default, as_of) if is_date else [one.default]
    if one.values:
        body["values_source_type"] = "static-list"
        body["values_source_config"] = {"values": list(one.values)}
    return body


def as_days(period_: str, as_of: dt.date) -> str:
    """A period in Metabase's words as its first and last day."""
    from metrics.boards import period

    first, last = period(period_, as_of)
    return f"{first or dt.date(1900, 1, 1)}~{last or dt.date(2199, 12, 31)}"


def tile_body(
    tile: Tile,
    dashboard: Dashboard,
    card_id: Json,
    places: dict[str, Json],
    filters: dict[str, tuple[str, ...]],
) -> dict[str, Json]:
    """One dashcard but for its id and its tab's. `places` are the ids of all dashboards, `filters`
    the filter keys of each."""
    settings: dict[str, Json] = {}
    mappings: list[dict[str, Json]] = []
    if tile.card is None:
        words = tile.heading if tile.heading is not None else linked(tile.text or "", places)
        settings |= {
            "virtual_card": {
                "name": None,
                "display": "heading" if tile.heading is not None else "text",
                "visualization_settings": {},
                "dataset_query": {},
                "archived": False,
            },
            "text": words,
            "dashcard.background": False,
        }
    else:
        known = {one.key for one in dashboard.filters}
        mappings = [
            {
                "parameter_id": parameter_id(tag.filter),
                "card_id": card_id,
                "target": ["dimension", ["template-tag", tag.name]],
            }
            for tag in tile.card.tags
            if tag.filter in known
        ]
        if tile.click is not None:
            _clickable(settings, tile.click, places, filters)
    body = {
        "card_id": card_id,
        "row": tile.row,
        "col": tile.column,
        "size_x": tile.width,
        "size_y": tile.height,
        "parameter_mappings": mappings,
        "visualization_settings": settings,
    }
    settings |= {
        TILE: tile.key,
        TAB: tile.tab,
        PLACE: digest(place_form(body, tile.tab)),
        APPLIED: digest(tile_form(body)),
    }
    return body


def _clickable(
    settings: dict[str, Json],
    click: Click,
    places: dict[str, Json],
    filters: dict[str, tuple[str, ...]],
) -> None:
    mapping = {}
    for key, column in sorted(click.passes.items()):
        if key not in filters.get(click.to, ()):
            continue
        number = parameter_id(key)
        source = (
            {"type": "column", "id": column, "name": column}
            if column
            else {"type": "parameter", "id": number, "name": key}
        )
        target = {"type": "parameter", "id": number}
        mapping[number] = {"id": number, "source": source, "target": target}
    behavior = {
        "type": "link",
        "linkType": "dashboard",
        "targetId": places.get(click.to),
        "parameterMapping": mapping,
    }
    if click.column is None:
        settings["click_behavior"] = behavior
    else:
        name = json.dumps(["name", click.column], separators=(",", ":"))
        settings["column_settings"] = {name: {"click_behavior": behavior}}


def linked(text: str, places: dict[str, Json]) -> str:
    """`{dashboard:trust}` becomes the address of that dashboard."""
    return re.sub(
        r"\{dashboard:([\w-]+)\}",
        lambda found: f"/dashboard/{places.get(found.group(1), '')}",
        text,
    )


SPOT = ("row", "col", "size_x", "size_y")


def place_form(tile: dict[str, Json], tab: str | None) -> dict[str, Json]:
    """Where a tile is, `tab` being our name of the tab on which it is."""
    return {"tab": tab, **{name: tile.get(name) for name in SPOT}}


def tile_form(tile: dict[str, Json]) -> dict[str, Json]:
    """What a tile shows, and how clicks and our filters reach it."""
    return {
        "card_id": tile.get("card_id"),
        "mappings": sorted(
            (m["parameter_id"], str(m.get("card_id")), json.dumps(m["target"]))
            for m in tile.get("parameter_mappings") or []
        ),
        "settings": _without_ours(tile),
    }


def dashboard_form(name: str, text: str, parameters: list, width: str) -> dict[str, Json]:
    return {
        "name": name,
        "text": text.strip(),
        "filters": {one.get("slug") or one["id"]: _parameter_form(one) for one in parameters},
        "width": width,
    }


def _parameter_form(one: dict[str, Json]) -> dict[str, Json]:
    keys = ("id", "name", "slug", "type", "default", "values_source_type", "values_source_config")
    return {key: one[key] for key in keys if one.get(key)}


def differences(ours: Json, theirs: Json, prefix: str = "") -> list[str]:
    """Where two plain forms differ, a line each: `name: theirs → ours`."""
    if ours == theirs:
        return []
    if isinstance(ours, dict) and isinstance(theirs, dict):
        found = []
        for key in sorted({*ours, *theirs}, key=str):
            found += differences(ours.get(key), theirs.get(key), f"{prefix}{key}.")
        return found
    return [f"{prefix.rstrip('.')}: {_short(theirs)} → {_short(ours)}"]


def _short(value: Json) -> str:
    text = value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)
    text = " ".join(text.split())
    return text if len(text) <= 60 else f"{text[:57]}…"


def is_ours(tile: dict[str, Json]) -> str | None:
    """The key of our tile that a dashcard is, or None where a person added it."""
    return (tile.get("visualization_settings") or {}).get(TILE)


def applied(one: dict[str, Json], name: str = APPLIED) -> str | None:
    """The hash of what we sent last."""
    return (one.get("visualization_settings") or {}).get(name)


@dataclasses.dataclass(frozen=True)
class New:
    """Stands for an id that a plan cannot know yet."""

    name: str

    def __str__(self) -> str:
        return f"({self.name}, new)"
