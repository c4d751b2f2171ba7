"""HubSpot: contacts, companies, deals with the history of their stages, owners, pipelines.

Endpoints (CRM v3, https://developers.hubspot.com/docs/api-reference/crm): the first load, and
every `FULL_DAYS` again, reads each object whole by cursor. Loads between ask the search for what
changed since the last one. Search is eventually consistent, so `LAG` is read twice. It is asked
page by page from the last id on, never by offset: a query gives no more than 10,000 results, and
records that change while it is paged would push others across a page's edge. Search knows neither
archived records, nor history, nor associations; those have calls of their own.

A record that is deleted is flagged `is_archived`: HubSpot lists it for 90 days with its values.
One that is gone without that (purged for privacy, merged into another) keeps only id and flag.
"""

from __future__ import annotations

import base64
import datetime as dt
import operator
import typing
import zlib
from collections.abc import Iterable, Iterator
from urllib.parse import urlencode

import orjson

from ingestion.specs import table

if typing.TYPE_CHECKING:
    from ingestion.load import Context

Objects = list[dict[str, typing.Any]]

PAGE = 100  # the largest of a list, a batch and the owners
PAGE_WITH_HISTORY = 50
SEARCH_PAGE = 200
LAG = dt.timedelta(days=1)
FULL_DAYS = 30
PROPERTIES = {
    "contacts": {
        "email": "email",
        "phone": "phone",
        "handle": "social_handle",  # custom
        "company_id": "associatedcompanyid",
        "owner_id": "hubspot_owner_id",
        "lifecycle_stage": "lifecyclestage",
        "lead_status": "hs_lead_status",
        "analytics_source": "hs_analytics_source",
        "analytics_source_data_1": "hs_analytics_source_data_1",
        "analytics_source_data_2": "hs_analytics_source_data_2",
        "self_reported_source": "how_did_you_hear",  # custom
        "country": "country",
        "merged_ids": "hs_merged_object_ids",
        "created_at": "createdate",
        "modified_at": "lastmodifieddate",
    },
    "companies": {
        "name": "name",
        "domain": "domain",
        "industry": "industry",
        "employees": "numberofemployees",
        "annual_revenue": "annualrevenue",
        "country": "country",
        "owner_id": "hubspot_owner_id",
        "created_at": "createdate",
        "modified_at": "hs_lastmodifieddate",
        "became_customer_on": "became_customer_on",  # custom
        "churned_on": "churned_on",  # custom
    },
    "deals": {
        "name": "dealname",
        "pipeline_id": "pipeline",
        "stage_id": "dealstage",
        "amount": "amount",
        "currency": "deal_currency_code",
        "created_at": "createdate",
        "closed_at": "closedate",
        "modified_at": "hs_lastmodifieddate",
        "is_closed": "hs_is_closed",
        "is_closed_won": "hs_is_closed_won",
        "owner_id": "hubspot_owner_id",
        "company_id": "hs_primary_associated_company",
        "campaign": "hs_campaign",
        "analytics_source": "hs_analytics_source",
        "loss_reason": "closed_lost_reason",
    },
}
"""Our columns and HubSpot's properties. A property that a portal lacks is null, not an error."""


def extract(context: Context) -> Iterator[tuple[str, list[dict[str, typing.Any]]]]:
    """Rows of all tables of `ingestion/tables/hubspot`; times are UTC, values as HubSpot's text.

    Keeps `context.cursors[<object>]`: `modified` (the latest change seen), `full_on`, and `known`
    (the ids that were alive, packed). Raises SourceError when HubSpot cannot be read.
    """
    from ingestion.session import connect

    client = connect(
        context,
        headers={"Authorization": f"Bearer {context.token}"},
        # A locked record, and a portal that is being moved to another data centre.
        throttled=lambda status, body: status in (423, 477),
    )
    if stages := _pipeline_stages(client):
        yield "pipeline_stages", stages
    yield from _owners(client, context)
    for kind in PROPERTIES:
        yield from _objects(client, context, kind)


def _objects(
    client: typing.Any, context: Context, kind: str
) -> Iterator[tuple[str, list[dict[str, typing.Any]]]]:
    cursor = context.cursors.setdefault(kind, {})
    key = table("hubspot", kind).spec.key[0]
    latest = cursor.get("modified", "")
    due = "full_on" not in cursor or (
        context.as_of - dt.date.fromisoformat(cursor["full_on"]) >= dt.timedelta(days=FULL_DAYS)
    )
    # Before the living, so that one restored meanwhile ends as alive; few, they stay 90 days.
    archived = {
        item["id"]: item for page in _listed(client, context, kind, archived=True) for item in page
    }
    alive: set[str] = set()
    found = _listed(client, context, kind) if due else _changed(client, context, kind, latest)
    for page in found:
        rows = _rows(kind, key, page)
        alive.update(row[key] for row in rows)
        latest = max(latest, *(row["modified_at"] or "" for row in rows), "")
        yield from _tables(kind, rows, page)
    gone = [item for number, item in archived.items() if number not in alive]
    if gone:
        yield from _tables(kind, _rows(kind, key, gone), gone)
    known = _unpacked(cursor.get("known", ""))
    if due:
        vanished = known - alive - archived.keys()
        if vanished:
            context.say(f"{context.source}: {len(vanished)} {kind} are gone; flagged as archived")
            blank = dict.fromkeys(table("hubspot", kind).spec.columns)
            yield kind, [blank | {key: n, "is_archived": True} for n in sorted(vanished)]
        cursor["full_on"] = context.as_of.isoformat()
        known = alive
    cursor["modified"] = latest
    cursor["known"] = _packed((known | alive) - {item["id"] for item in gone})


def _listed(
    client: typing.Any, context: Context, kind: str, archived: bool = False
) -> Iterator[Objects]:
    from dlt.sources.helpers.rest_client.paginators import JSONResponseCursorPaginator

    from ingestion.session import pages

    params = {
        "limit": PAGE,
        "archived": "true" if archived else "false",
        "properties": ",".join(PROPERTIES[kind].values()),
    }
    if kind == "deals":
        params |= {
            "limit": PAGE_WITH_HISTORY,
            "propertiesWithHistory": "dealstage",
            "associations": "contacts",
        }
    # What is the same for all pages is written once.
    path = f"crm/v3/objects/{kind}?{urlencode(params, safe=',')}"
    paginator = JSONResponseCursorPaginator("paging.next.after", cursor_param="after")
    yield from pages(client, context.source, path, paginator, selector="results")


def _changed(client: typing.Any, context: Context, kind: str, latest: str) -> Iterator[Objects]:
    """Living objects changed since `latest`, less the lag; deals with history and contacts."""
    from ingestion.session import SAME_PAGE, SourceError

    modified = PROPERTIES[kind]["modified_at"]
    since = dt.datetime.fromisoformat(latest or context.start.isoformat()).replace(tzinfo=dt.UTC)
    milliseconds = str(int((since - LAG).timestamp() * 1000))
    last, stuck = 0, 0
    while True:
        body = {
            "filterGroups": [
                {
                    "filters": [
                        {"propertyName": modified, "operator": "GTE", "value": milliseconds},
                        {"propertyName": "hs_object_id", "operator": "GT", "value": str(last)},
                    ]
                }
            ],
            "sorts": [{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
            "properties": [modified] if kind == "deals" else list(PROPERTIES[kind].values()),
            "limit": SEARCH_PAGE,
        }
        answer = client.post(f"crm/v3/objects/{kind}/search", json=body).json()
        found = answer["results"]
        if found:
            yield _whole_deals(client, found) if kind == "deals" else found
            reached = int(found[-1]["id"])
            stuck = stuck + 1 if reached <= last else 0
            last = reached
        if answer["total"] <= len(found):
            return
        if stuck > SAME_PAGE or not found:
            raise SourceError(
                f"{context.source}: /crm/v3/objects/{kind}/search says {answer['total']} results "
                "and does not give them; run again later."
            )


def _whole_deals(client: typing.Any, found: Objects) -> Objects:
    """The deals of a search page as the list would give them: with history and contacts."""
    numbers = [item["id"] for item in found]
    body = {"inputs": [{"id": number} for number in numbers]}
    answer = client.post("crm/v4/associations/deals/contacts/batch/read", json=body).json()
    contacts = {
        str(link["from"]["id"]): [{"id": str(to["toObjectId"])} for to in link["to"]]
        for link in answer["results"]
    }
    deals: Objects = []
    for start in range(0, len(numbers), PAGE_WITH_HISTORY):
        body = {
            "inputs": [{"id": n} for n in numbers[start : start + PAGE_WITH_HISTORY]],
            "properties": list(PROPERTIES["deals"].values()),
            "propertiesWithHistory": ["dealstage"],
        }
        # One deleted since the search is missing from `results`; the archived list will have it.
        deals += client.post("crm/v3/objects/deals/batch/read", json=body).json()["results"]
    for deal in deals:
        deal["associations"] = {"contacts": {"results": contacts.get(deal["id"], [])}}
    return deals


def _tables(
    kind: str, rows: list[dict[str, typing.Any]], page: Objects
) -> Iterator[tuple[str, list[dict[str, typing.Any]]]]:
    if not rows:
        return
    yield kind, rows
    if kind == "deals":
        stages = [stage for deal in page for stage in _stages(deal)]
        if stages:
            yield "deal_stages", stages


def _rows(kind: str, key: str, page: Objects) -> list[dict[str, typing.Any]]:
    columns = table("hubspot", kind).spec.columns
    names, properties = list(PROPERTIES[kind]), list(PROPERTIES[kind].values())
    moments = [name for name in PROPERTIES[kind] if columns[name].type == "timestamp"]
    whole = operator.itemgetter(*properties)
    rows = []
    for item in page:
        # The loader takes text into types; an emptied property is "" or null, and null there.
        try:
            found = whole(item["properties"])
        except KeyError:  # the portal lacks one
            found = map(item["properties"].get, properties)
        row = dict(zip(names, found, strict=True))
        row[key] = item["id"]
        row["is_archived"] = item.get("archived", False)
        for name in moments:
            if row[name] and row[name].isdigit():
                row[name] = _moment(row[name])
        if not row["modified_at"]:
            row["modified_at"] = item.get("updatedAt")
        if kind == "deals":
            row["contact_id"] = _first(item)
        rows.append(row)
    return rows


def _moment(value: str) -> str:
    """ISO text; older properties and their history come as milliseconds since 1970."""
    if not value.isdigit():
        return value
    moment = dt.datetime.fromtimestamp(int(value) / 1000, dt.UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _first(deal: dict[str, typing.Any]) -> str | None:
    """HubSpot ranks no contact of a deal: the one longest in the CRM, in every kind of load."""
    contacts = (deal.get("associations") or {}).get("contacts", {}).get("results") or ()
    return min((link["id"] for link in contacts), key=int, default=None)


def _stages(deal: dict[str, typing.Any]) -> Iterable[dict[str, typing.Any]]:
    history = (deal.get("propertiesWithHistory") or {}).get("dealstage") or ()
    return [
        {
            "deal_id": deal["id"],
            "stage_id": entry["value"],
            "entered_at": _moment(entry["timestamp"]),
            "source_type": entry.get("sourceType"),
        }
        for entry in history
        if entry["value"]  # emptied: the deal left a stage and entered none
    ]


def _owners(
    client: typing.Any, context: Context
) -> Iterator[tuple[str, list[dict[str, typing.Any]]]]:
    from dlt.sources.helpers.rest_client.paginators import JSONResponseCursorPaginator

    from ingestion.session import pages

    seen: set[str] = set()
    for archived in ("false", "true"):
        paginator = JSONResponseCursorPaginator("paging.next.after", cursor_param="after")
        params = {"limit": PAGE, "archived": archived}
        for page in pages(
            client,
            context.source,
            "crm/v3/owners",
            paginator,
            params=params,
            selector="results",
        ):
            fresh = [owner for owner in page if owner["id"] not in seen]
            seen.update(owner["id"] for owner in fresh)
            rows = [
                {
                    "owner_id": owner["id"],
                    "email": owner.get("email") or None,
                    "team": next(
                        (t["name"] for t in owner.get("teams") or () if t.get("primary")), None
                    ),
                    "is_archived": owner.get("archived", False),
                }
                for owner in fresh
            ]
            if rows:
                yield "owners", rows


def _pipeline_stages(client: typing.Any) -> list[dict[str, typing.Any]]:
    answer = client.get("crm/v3/pipelines/deals").json()
    return [
        {
            "pipeline_id": pipeline["id"],
            "pipeline_label": pipeline["label"],
            "stage_id": stage["id"],
            "stage_label": stage["label"],
            "position": stage["displayOrder"],
            "probability": stage.get("metadata", {}).get("probability"),
            "is_closed": stage.get("metadata", {}).get("isClosed"),
        }
        for pipeline in answer["results"]
        for stage in pipeline["stages"]
    ]


def _packed(numbers: Iterable[str]) -> str:
    """Ids as text for the cursor: sorted, differences, deflated; about 2 bytes an id."""
    ordered = sorted(map(int, numbers))
    steps = [now - before for before, now in zip([0, *ordered], ordered, strict=False)]
    return base64.b64encode(zlib.compress(orjson.dumps(steps))).decode()


def _unpacked(text: str) -> set[str]:
    numbers, last = set(), 0
    for step in orjson.loads(zlib.decompress(base64.b64decode(text))) if text else ():
        last += step
        numbers.add(str(last))
    return numbers
