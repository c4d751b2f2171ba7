"""HubSpot on loopback: objects by list, search and batch, associations, owners, pipelines.

Shapes and limits: CRM v3 and v4 associations as HubSpot's own client (hubspot-api-client) reads
them. Every property is text or null, as at the vendor's. A list gives at most 100, 50 with
history; a search 200, and never beyond result `SEARCH_CAP`; archived records only come when asked.
"""

from __future__ import annotations

import datetime as dt
import operator
import typing
from collections.abc import Callable

import orjson

from ingestion.sample.vendors.server import Answer, Request, Tables, moment, numbered, text

LIST_LIMIT, HISTORY_LIMIT, SEARCH_LIMIT, BATCH_LIMIT = 100, 50, 200, 100
SEARCH_CAP = 10_000
PRIMARY, UNLABELED = {"typeId": 5, "label": "Primary"}, {"typeId": 341, "label": None}
KINDS = {
    "contacts": (
        "contact_id",
        {
            "email": "email",
            "phone": "phone",
            "social_handle": "handle",
            "associatedcompanyid": "company_id",
            "hubspot_owner_id": "owner_id",
            "lifecyclestage": "lifecycle_stage",
            "hs_lead_status": "lead_status",
            "hs_analytics_source": "analytics_source",
            "hs_analytics_source_data_1": "analytics_source_data_1",
            "hs_analytics_source_data_2": "analytics_source_data_2",
            "how_did_you_hear": "self_reported_source",
            "country": "country",
            "hs_merged_object_ids": "merged_ids",
            "createdate": "created_at",
            "lastmodifieddate": "modified_at",
        },
    ),
    "companies": (
        "company_id",
        {
            "name": "name",
            "domain": "domain",
            "industry": "industry",
            "numberofemployees": "employees",
            "annualrevenue": "annual_revenue",
            "country": "country",
            "hubspot_owner_id": "owner_id",
            "createdate": "created_at",
            "hs_lastmodifieddate": "modified_at",
            "became_customer_on": "became_customer_on",
            "churned_on": "churned_on",
        },
    ),
    "deals": (
        "deal_id",
        {
            "dealname": "name",
            "pipeline": "pipeline_id",
            "dealstage": "stage_id",
            "amount": "amount",
            "deal_currency_code": "currency",
            "createdate": "created_at",
            "closedate": "closed_at",
            "hs_lastmodifieddate": "modified_at",
            "hs_is_closed": "is_closed",
            "hs_is_closed_won": "is_closed_won",
            "hubspot_owner_id": "owner_id",
            "hs_primary_associated_company": "company_id",
            "hs_campaign": "campaign",
            "hs_analytics_source": "analytics_source",
            "closed_lost_reason": "loss_reason",
        },
    ),
}
MOMENTS = {"createdate", "closedate", "lastmodifieddate", "hs_lastmodifieddate"}


class Stored(typing.NamedTuple):
    """One object of the CRM, its properties as the vendor's text."""

    id: int
    archived: bool
    modified: float | None
    properties: dict[str, str | None]
    history: list[dict[str, str]]
    contact: str | None
    company: str | None


def build(tables: Tables) -> Callable[[Request], Answer]:
    """The portal that holds these tables (columns of ingestion/tables/hubspot)."""
    stages: dict[str, list[dict]] = {}
    for row in tables.get("deal_stages", []):
        stages.setdefault(str(row["deal_id"]), []).append(row)
    portal = {kind: _stored(kind, tables.get(kind, []), stages) for kind in KINDS}
    aliases = {"0-1": "contacts", "0-2": "companies", "0-3": "deals"}
    owners = [_owner(place, row) for place, row in enumerate(tables.get("owners", []), start=1)]
    pipelines = _pipelines(tables.get("pipeline_stages", []))
    page = _pager()

    def answer(request: Request) -> Answer:
        if not request.headers.get("Authorization", "").removeprefix("Bearer ").strip():
            return _error(401, "INVALID_AUTHENTICATION", "Authentication credentials not found.")
        parts = request.path.strip("/").split("/")
        match request.method, *parts:
            case "GET", "crm", "v3", "objects", kind:
                kind = aliases.get(kind, kind)
                if kind in portal:
                    return page(request, kind, portal[kind])
            case "POST", "crm", "v3", "objects", kind, "search":
                kind = aliases.get(kind, kind)
                if kind in portal:
                    return _search(request, kind, portal[kind])
            case "POST", "crm", "v3", "objects", kind, "batch", "read":
                kind = aliases.get(kind, kind)
                if kind in portal:
                    return _batch(request, kind, portal[kind])
            case "POST", "crm", "v4", "associations", "deals", to, "batch", "read":
                if to in ("contacts", "companies"):
                    return _associations(request, to, portal["deals"])
            case "GET", "crm", "v3", "owners":
                return _owners(request, owners)
            case "GET", "crm", "v3", "pipelines", "deals":
                return Answer({"results": pipelines})
        return _error(404, "OBJECT_NOT_FOUND", "Unable to infer object type")

    return answer


def _error(status: int, category: str, message: str) -> Answer:
    return Answer(
        {
            "status": "error",
            "message": message,
            "correlationId": "00000000-0000-4000-8000-000000000000",
            "category": category,
        },
        status,
    )


def _stored(kind: str, rows: list[dict], stages: dict[str, list[dict]]) -> dict[int, Stored]:
    key, properties = KINDS[kind]
    numbered(rows, key, f"hubspot.{kind}")
    found = {}
    for row in rows:
        number = str(row[key])
        values = {
            name: moment(row.get(column)) if name in MOMENTS else text(row.get(column))
            for name, column in properties.items()
        }
        values["hs_object_id"] = number
        history = [
            {
                "value": str(stage["stage_id"]),
                "timestamp": moment(stage["entered_at"]) or "",
                "sourceType": stage.get("source_type") or "CRM_UI",
            }
            for stage in stages.get(number, [])
        ]
        history.sort(key=lambda entry: entry["timestamp"], reverse=True)
        found[int(number)] = Stored(
            int(number),
            bool(row.get("is_archived")),
            _number(values[_modified(kind)]),
            values,
            history,
            text(row.get("contact_id")) if kind == "deals" else None,
            text(row.get("company_id")) if kind == "deals" else None,
        )
    return dict(sorted(found.items()))


def _modified(kind: str) -> str:
    return "lastmodifieddate" if kind == "contacts" else "hs_lastmodifieddate"


def _asked(text_list: str | None) -> list[str]:
    return [name for name in (text_list or "").split(",") if name]


def _object(
    kind: str, item: Stored, names: list[str], history: list[str], associations: list[str]
) -> dict[str, typing.Any]:
    values = item.properties
    always = ("createdate", _modified(kind), "hs_object_id")
    # A property that the portal does not have is left out, without a word.
    shown: dict[str, typing.Any] = {
        "id": str(item.id),
        "properties": {name: values[name] for name in (*always, *names) if name in values},
        "createdAt": values["createdate"] or "1970-01-01T00:00:00.000Z",
        "updatedAt": values[_modified(kind)] or "1970-01-01T00:00:00.000Z",
        "archived": item.archived,
    }
    if item.archived:
        shown["archivedAt"] = shown["updatedAt"]
    if history:
        shown["propertiesWithHistory"] = {
            name: item.history if name == "dealstage" else [] for name in history
        }
    links: dict[str, typing.Any] = {}
    if "contacts" in associations and item.contact:
        links["contacts"] = {"results": [{"id": item.contact, "type": "deal_to_contact"}]}
    if "companies" in associations and item.company:
        names_of_link = ("deal_to_company", "deal_to_company_unlabeled")
        links["companies"] = {"results": [{"id": item.company, "type": n} for n in names_of_link]}
    if links:
        shown["associations"] = links
    return shown


def _pager() -> Callable[[Request, str, dict[int, Stored]], Answer]:
    """The list; what it once wrote it keeps as bytes, so that a benchmark measures its client."""
    living: dict[tuple[str, bool], list[Stored]] = {}
    written: dict[tuple, bytes] = {}

    def page(request: Request, kind: str, items: dict[int, Stored]) -> Answer:
        asked = request.query
        history = _asked(asked.get("propertiesWithHistory"))
        limit = int(asked.get("limit") or 10)
        largest = HISTORY_LIMIT if history else LIST_LIMIT
        if not 1 <= limit <= largest:
            message = f"The limit must be between 1 and {largest}"
            return _error(400, "VALIDATION_ERROR", message)
        archived = asked.get("archived") == "true"
        if (kind, archived) not in living:
            living[kind, archived] = [i for i in items.values() if i.archived == archived]
        found = living[kind, archived]
        start = _after(found, int(asked.get("after") or -1))
        names, links = asked.get("properties") or "", asked.get("associations") or ""
        which = (kind, archived, start, limit, names, links, tuple(history))
        if which not in written:
            shown = [
                _object(kind, item, _asked(names), history, _asked(links))
                for item in found[start : start + limit]
            ]
            body: dict[str, typing.Any] = {"results": shown}
            if start + limit < len(found):
                after = shown[-1]["id"]
                link = f"http://{request.headers['Host']}{request.path}?after={after}"
                body["paging"] = {"next": {"after": after, "link": link}}
            written[which] = orjson.dumps(body)
        return Answer(written[which])

    return page


def _after(found: list[Stored], number: int) -> int:
    """Place of the first object with a larger id; they are sorted."""
    low, high = 0, len(found)
    while low < high:
        middle = (low + high) // 2
        if found[middle].id <= number:
            low = middle + 1
        else:
            high = middle
    return low


def _search(request: Request, kind: str, items: dict[int, Stored]) -> Answer:
    asked = request.body or {}
    limit, after = int(asked.get("limit", 10)), int(asked.get("after") or 0)
    if not 1 <= limit <= SEARCH_LIMIT:
        return _error(400, "VALIDATION_ERROR", f"limit must be between 1 and {SEARCH_LIMIT}")
    if after + limit > SEARCH_CAP:
        return _error(400, "VALIDATION_ERROR", f"There are only {SEARCH_CAP} results per query")
    groups = asked.get("filterGroups") or []
    known = {*KINDS[kind][1], "hs_object_id"}
    for condition in (c for group in groups for c in group["filters"]):
        if condition["propertyName"] not in known or condition["operator"] not in OPERATORS:
            return _error(400, "VALIDATION_ERROR", "There was a problem with the request.")
    alternatives = [
        [(c["propertyName"], OPERATORS[c["operator"]], _number(c["value"])) for c in g["filters"]]
        for g in groups
    ] or [[]]
    found = [
        item
        for item in items.values()
        if not item.archived and any(_meets(item, conditions) for conditions in alternatives)
    ]
    for order in reversed(asked.get("sorts") or []):
        name = order["propertyName"] if isinstance(order, dict) else order
        down = isinstance(order, dict) and order.get("direction") == "DESCENDING"
        found.sort(key=lambda item: _held(item, name) or 0, reverse=down)
    shown = found[after : after + limit]
    body: dict[str, typing.Any] = {
        "total": len(found),
        "results": [_object(kind, item, asked.get("properties") or [], [], []) for item in shown],
    }
    if after + limit < len(found):
        body["paging"] = {"next": {"after": str(after + limit)}}
    return Answer(body)


OPERATORS = {
    "EQ": operator.eq,
    "GT": operator.gt,
    "GTE": operator.ge,
    "LT": operator.lt,
    "LTE": operator.le,
}


def _meets(item: Stored, conditions: list[tuple[str, Callable, float | None]]) -> bool:
    for name, compare, wanted in conditions:
        held = _held(item, name)
        if held is None or wanted is None or not compare(held, wanted):
            return False
    return True


def _held(item: Stored, name: str) -> float | None:
    if name == "hs_object_id":
        return item.id
    return item.modified if name.endswith("lastmodifieddate") else _number(item.properties[name])


def _number(value: str | None) -> float | None:
    """Numbers as they are, moments as milliseconds since 1970: how the search compares."""
    if value is None:
        return None
    if value.isdigit():
        return int(value)
    try:
        when = dt.datetime.fromisoformat(value)
    except ValueError:
        return None
    when = when if when.tzinfo else when.replace(tzinfo=dt.UTC)
    return round(when.timestamp() * 1000)


def _batch(request: Request, kind: str, items: dict[int, Stored]) -> Answer:
    asked = request.body or {}
    history = asked.get("propertiesWithHistory") or []
    inputs, largest = asked.get("inputs") or [], HISTORY_LIMIT if history else BATCH_LIMIT
    if len(inputs) > largest:
        return _error(400, "VALIDATION_ERROR", f"No more than {largest} inputs in one request")
    archived = request.query.get("archived") == "true"
    wanted = [items.get(int(entry["id"])) for entry in inputs]
    found = [item for item in wanted if item is not None and item.archived == archived]
    body: dict[str, typing.Any] = {
        "status": "COMPLETE",
        "results": [
            _object(kind, item, asked.get("properties") or [], history, []) for item in found
        ],
        "startedAt": "2026-01-01T00:00:00.000Z",
        "completedAt": "2026-01-01T00:00:00.010Z",
    }
    missing = {str(entry["id"]) for entry in inputs} - {str(item.id) for item in found}
    if not missing:
        return Answer(body)
    problem = {
        "status": "error",
        "category": "OBJECT_NOT_FOUND",
        "message": "Could not get some objects, they may be deleted or not exist.",
        "context": {"ids": sorted(missing)},
    }
    return Answer(body | {"numErrors": 1, "errors": [problem]}, 207)


def _associations(request: Request, to: str, deals: dict[int, Stored]) -> Answer:
    inputs = (request.body or {}).get("inputs") or []
    if len(inputs) > 1000:
        return _error(400, "VALIDATION_ERROR", "No more than 1000 inputs in one request")
    results, missing = [], []
    for entry in inputs:
        deal = deals.get(int(entry["id"]))
        linked = (deal.contact if to == "contacts" else deal.company) if deal else None
        if linked is None:
            missing.append(str(entry["id"]))
            continue
        kinds = [{"typeId": 3, "label": None}] if to == "contacts" else [PRIMARY, UNLABELED]
        types = [{"category": "HUBSPOT_DEFINED"} | kind for kind in kinds]
        results.append(
            {
                "from": {"id": str(entry["id"])},
                "to": [{"toObjectId": int(linked), "associationTypes": types}],
            }
        )
    body: dict[str, typing.Any] = {
        "status": "COMPLETE",
        "results": results,
        "startedAt": "2026-01-01T00:00:00.000Z",
        "completedAt": "2026-01-01T00:00:00.010Z",
    }
    if not missing:
        return Answer(body)
    problem = {
        "status": "error",
        "category": "OBJECT_NOT_FOUND",
        "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND",
        "message": "No associations found",
        "context": {"fromObjectId": missing},
    }
    return Answer(body | {"numErrors": 1, "errors": [problem]}, 207)


def _owner(place: int, row: dict) -> dict[str, typing.Any]:
    shown = {
        "id": str(row["owner_id"]),
        "email": row.get("email"),
        "type": "PERSON",
        "firstName": "",
        "lastName": "",
        "userId": 1000 + place,
        "userIdIncludingInactive": 1000 + place,
        "createdAt": "2020-01-01T00:00:00.000Z",
        "updatedAt": "2020-01-01T00:00:00.000Z",
        "archived": bool(row.get("is_archived")),
    }
    if row.get("team"):
        shown["teams"] = [{"id": "1", "name": row["team"], "primary": True}]
    return shown


def _owners(request: Request, owners: list[dict]) -> Answer:
    limit = int(request.query.get("limit") or 100)
    if not 1 <= limit <= 500:
        return _error(400, "VALIDATION_ERROR", "limit must be between 1 and 500")
    archived = request.query.get("archived") == "true"
    found = [owner for owner in owners if owner["archived"] == archived]
    start = int(request.query.get("after") or 0)
    body: dict[str, typing.Any] = {"results": found[start : start + limit]}
    if start + limit < len(found):
        body["paging"] = {"next": {"after": str(start + limit)}}
    return Answer(body)


def _pipelines(rows: list[dict]) -> list[dict[str, typing.Any]]:
    made = {"createdAt": "2020-01-01T00:00:00.000Z", "updatedAt": "2020-01-01T00:00:00.000Z"}
    pipelines: dict[str, dict[str, typing.Any]] = {}
    for row in rows:
        pipeline = pipelines.setdefault(
            row["pipeline_id"],
            {
                "id": row["pipeline_id"],
                "label": row.get("pipeline_label") or row["pipeline_id"],
                "displayOrder": len(pipelines),
                "stages": [],
                "archived": False,
                **made,
            },
        )
        metadata = {"isClosed": text(row.get("is_closed")) or "false"}
        if row.get("probability") is not None:
            metadata["probability"] = str(row["probability"])
        pipeline["stages"].append(
            {
                "id": row["stage_id"],
                "label": row.get("stage_label") or row["stage_id"],
                "displayOrder": int(row.get("position") or 0),
                "metadata": metadata,
                "archived": False,
                "writePermissions": "CRM_PERMISSIONS_ENFORCEMENT",
                **made,
            }
        )
    return list(pipelines.values())
