"""HubSpot is read whole once, then by what changed, and nothing that vanishes does so silently."""

import datetime as dt

import pytest
from api_sources import AS_OF, by, context, extract

from ingestion import session
from ingestion.sample.vendors import hubspot
from ingestion.sample.vendors.server import running
from ingestion.sources import hubspot as source
from ingestion.specs import table

NAMES = ("contacts", "companies", "deals", "deal_stages", "owners", "pipeline_stages")
COLUMNS = {name: set(table("hubspot", name).spec.columns) for name in NAMES}
OLD, NEW = "2026-03-01T08:00:00.000Z", "2026-09-30T18:00:00.000Z"


def contact(number, modified=OLD, **given):
    return {
        "contact_id": str(number), "email": f"person{number}@example.org", "phone": "+49 30 1234",
        "handle": None, "company_id": "70", "owner_id": "1", "lifecycle_stage": "lead",
        "country": "DE", "created_at": "2025-01-01T08:00:00.000Z", "modified_at": modified,
        "is_archived": False, **given,
    }  # fmt: skip


def deal(number, stage="offer", modified=OLD, **given):
    return {
        "deal_id": str(number), "name": f"Gauges {number}", "pipeline_id": "sales",
        "stage_id": stage, "amount": 1250.5, "currency": "EUR",
        "created_at": "2025-06-01T08:00:00.000Z", "closed_at": "2026-12-31T00:00:00.000Z",
        "modified_at": modified, "is_closed": False, "is_closed_won": False, "owner_id": "1",
        "company_id": "70", "contact_id": "105", "is_archived": False, **given,
    }  # fmt: skip


def stages(number, *names):
    return [
        {"deal_id": str(number), "stage_id": name, "entered_at": f"2026-0{month}-01T08:00:00.000Z",
         "source_type": "CRM_UI"}
        for month, name in enumerate(names, start=1)
    ]  # fmt: skip


def portal():
    """230 contacts, 2 companies, 120 deals with two stages each, 2 owners, 3 stages."""
    pipeline = {"pipeline_id": "sales", "pipeline_label": "Sales"}
    return {
        "contacts": [contact(n) for n in range(101, 331)],
        "companies": [
            {"company_id": "70", "name": "Kraus GmbH", "employees": 48, "annual_revenue": 1.5e6,
             "created_at": OLD, "modified_at": OLD, "became_customer_on": "2025-02-03"},
            {"company_id": "71", "name": "Nordlys", "created_at": OLD, "modified_at": OLD},
        ],
        "deals": [deal(n) for n in range(501, 621)],
        "deal_stages": [s for n in range(501, 621) for s in stages(n, "lead", "offer")],
        "owners": [
            {"owner_id": "1", "email": "ann@harbour.example", "team": "Sales"},
            {"owner_id": "2", "email": "bo@harbour.example", "team": None, "is_archived": True},
        ],
        "pipeline_stages": [
            {**pipeline, "stage_id": "lead", "stage_label": "Lead", "position": 0,
             "probability": 0.1, "is_closed": False},
            {**pipeline, "stage_id": "offer", "stage_label": "Offer", "position": 1,
             "probability": 0.4, "is_closed": False},
            {**pipeline, "stage_id": "won", "stage_label": "Won", "position": 2,
             "probability": 1.0, "is_closed": True},
        ],
    }  # fmt: skip


@pytest.fixture
def vendor(monkeypatch):
    monkeypatch.setattr(session, "pause", lambda seconds: None)
    with running(hubspot.build, portal()) as server:
        yield server


@pytest.fixture
def loaded(vendor):
    """A context whose first load is done."""
    asked = context("hubspot", vendor.base_url)
    extract(asked)
    vendor.requests.clear()
    return asked


def changed(change):
    """The portal with `change` made to it."""
    held = portal()
    change(held)
    return held


def replace(rows, key, row):
    place = next(i for i, held in enumerate(rows) if held[key] == row[key])
    rows[place] = row


def test_the_first_load_brings_every_row_once_over_many_pages(vendor):
    found = extract(context("hubspot", vendor.base_url))
    assert {name: len(rows) for name, rows in found.items()} == {
        "contacts": 230, "companies": 2, "deals": 120, "deal_stages": 240, "owners": 2,
        "pipeline_stages": 3,
    }  # fmt: skip
    by(found["contacts"], "contact_id")
    by(found["deal_stages"], "deal_id", "stage_id", "entered_at")
    assert not any("search" in path for _, path in vendor.requests)


def test_rows_have_the_declared_columns_and_the_vendors_values(vendor):
    found = extract(context("hubspot", vendor.base_url))
    for name, rows in found.items():
        assert all(row.keys() == COLUMNS[name] for row in rows), name
    row = by(found["deals"], "deal_id")["501"]
    assert row["amount"] == "1250.5" and row["closed_at"] == "2026-12-31T00:00:00.000Z"
    assert row["company_id"] == "70" and row["contact_id"] == "105"
    assert row["loss_reason"] is None and row["is_closed"] == "false"
    row = by(found["companies"], "company_id")["70"]
    assert (row["employees"], row["became_customer_on"], row["industry"]) == (
        "48", "2025-02-03", None,
    )  # fmt: skip
    owners = by(found["owners"], "owner_id")
    assert (owners["1"]["team"], owners["1"]["is_archived"]) == ("Sales", False)
    assert (owners["2"]["team"], owners["2"]["is_archived"]) == (None, True)
    stage = by(found["pipeline_stages"], "stage_id")["won"]
    assert (stage["position"], stage["probability"], stage["is_closed"]) == (2, "1.0", "true")


def test_a_load_with_nothing_new_asks_only_for_what_changed(vendor, loaded):
    found = extract(loaded)
    # The lag reads the last day again; all here were modified in the same moment.
    listed = [path for _, path in vendor.requests if path == "/crm/v3/objects/contacts"]
    assert len(listed) == 1  # the archived ones
    assert len(by(found["contacts"], "contact_id")) == 230


def test_a_later_load_brings_only_what_changed_with_its_whole_history(vendor, loaded):
    def change(held):
        for row in [*held["contacts"], *held["deals"]]:
            row["modified_at"] = OLD
        replace(held["contacts"], "contact_id", contact(333 - 100, NEW, lifecycle_stage="customer"))
        replace(held["deals"], "deal_id", deal(577, "won", NEW, is_closed=True))
        held["deal_stages"] += stages(577, "-", "-", "won")[2:]

    loaded.cursors["contacts"]["modified"] = loaded.cursors["deals"]["modified"] = (
        "2026-09-01T00:00:00.000Z"
    )
    vendor.load(changed(change))
    found = extract(loaded)
    (row,) = found["contacts"]
    assert (row["contact_id"], row["lifecycle_stage"]) == ("233", "customer")
    assert row["company_id"] == "70"
    (row,) = found["deals"]
    assert (row["deal_id"], row["stage_id"], row["contact_id"]) == ("577", "won", "105")
    assert row.keys() == COLUMNS["deals"]
    assert [stage["stage_id"] for stage in found["deal_stages"]] == ["won", "offer", "lead"]
    assert {stage["deal_id"] for stage in found["deal_stages"]} == {"577"}
    assert loaded.cursors["deals"]["modified"] == NEW


def test_more_changes_than_one_search_may_give_all_arrive(vendor, loaded, monkeypatch):
    monkeypatch.setattr(hubspot, "SEARCH_CAP", 40)
    monkeypatch.setattr(source, "SEARCH_PAGE", 20)
    found = extract(loaded)
    # 230 in one and the same moment: no window of time could be small enough.
    assert len(by(found["contacts"], "contact_id")) == 230
    assert len(by(found["deals"], "deal_id")) == 120
    assert len(by(found["deal_stages"], "deal_id", "stage_id", "entered_at")) == 240


def test_the_cap_that_this_avoids_is_there(vendor, loaded, monkeypatch):
    monkeypatch.setattr(hubspot, "SEARCH_CAP", 40)
    client = session.connect(loaded, headers={"Authorization": f"Bearer {loaded.token}"})
    with pytest.raises(session.SourceError, match="answered 400"):
        client.post("crm/v3/objects/contacts/search", json={"limit": 20, "after": "40"})


def test_a_record_that_changes_while_it_is_paged_pushes_no_other_away(vendor, loaded, monkeypatch):
    monkeypatch.setattr(source, "SEARCH_PAGE", 20)
    cursor = loaded.cursors["contacts"]
    late = {**portal(), "contacts": [contact(n) for n in range(111, 331)]}
    found, pages = [], source._changed(_client(loaded), loaded, "contacts", cursor["modified"])
    found += next(pages)
    vendor.load(late)  # the first ten leave the results; an offset would now skip ten others
    for page in pages:
        found += page
    assert {item["id"] for item in found} == {str(n) for n in range(101, 331)}


def _client(asked):
    return session.connect(asked, headers={"Authorization": f"Bearer {asked.token}"})


def test_the_search_index_may_lag_a_day_behind(vendor, loaded):
    loaded.cursors["contacts"]["modified"] = "2026-03-02T07:59:00.000Z"
    assert len(extract(loaded)["contacts"]) == 230
    loaded.cursors["contacts"]["modified"] = "2026-03-02T08:01:00.000Z"
    assert "contacts" not in extract(loaded)


def test_an_archived_record_keeps_its_values_and_gets_the_flag(vendor, loaded):
    def change(held):
        replace(held["contacts"], "contact_id", contact(150, is_archived=True))
        replace(held["deals"], "deal_id", deal(520, is_archived=True))

    vendor.load(changed(change))
    found = extract(loaded)
    contacts, deals = by(found["contacts"], "contact_id"), by(found["deals"], "deal_id")
    assert contacts["150"]["is_archived"] is True
    assert contacts["150"]["email"] == "person150@example.org"
    assert deals["520"]["is_archived"] is True and deals["520"]["amount"] == "1250.5"
    assert len([s for s in found["deal_stages"] if s["deal_id"] == "520"]) == 2
    assert sum(row["is_archived"] for row in contacts.values()) == 1


def test_a_restored_record_loses_the_flag(vendor, loaded):
    vendor.load(changed(lambda held: replace(
        held["contacts"], "contact_id", contact(150, is_archived=True)
    )))  # fmt: skip
    extract(loaded)
    vendor.load(changed(lambda held: replace(held["contacts"], "contact_id", contact(150, NEW))))
    assert by(extract(loaded)["contacts"], "contact_id")["150"]["is_archived"] is False


def test_a_record_that_is_gone_without_trace_is_flagged_at_the_next_full_load(vendor, loaded):
    def purge(held):
        held["contacts"] = [row for row in held["contacts"] if row["contact_id"] != "150"]

    said = []
    loaded.say = said.append
    vendor.load(changed(purge))
    assert "150" not in by(extract(loaded)["contacts"], "contact_id")
    loaded.as_of = AS_OF + dt.timedelta(days=source.FULL_DAYS)
    found = by(extract(loaded)["contacts"], "contact_id")
    assert found["150"]["is_archived"] is True
    assert {k for k, v in found["150"].items() if v is not None} == {"contact_id", "is_archived"}
    assert len(found) == 230
    assert said == ["hubspot: 1 contacts are gone; flagged as archived"]
    extract(loaded)
    assert len(said) == 1  # once


def test_what_hubspot_forgets_after_archiving_it_is_not_emptied(vendor, loaded):
    vendor.load(changed(lambda held: replace(
        held["contacts"], "contact_id", contact(150, is_archived=True)
    )))  # fmt: skip
    extract(loaded)

    def forget(held):
        held["contacts"] = [row for row in held["contacts"] if row["contact_id"] != "150"]

    vendor.load(changed(forget))
    loaded.as_of = AS_OF + dt.timedelta(days=source.FULL_DAYS)
    assert "150" not in by(extract(loaded)["contacts"], "contact_id")


def test_a_deal_that_is_deleted_between_search_and_batch_fails_nothing(vendor, loaded):
    """The vendor answers 207 with what it has."""
    found = source._whole_deals(_client(loaded), [{"id": "501"}, {"id": "999"}, {"id": "502"}])
    assert [item["id"] for item in found] == ["501", "502"]


def test_a_deal_without_a_contact_has_none(vendor, loaded):
    vendor.load(changed(lambda held: replace(
        held["deals"], "deal_id", deal(501, contact_id=None, company_id=None)
    )))  # fmt: skip
    row = by(extract(loaded)["deals"], "deal_id")["501"]
    assert row["contact_id"] is None and row["company_id"] is None


def test_milliseconds_and_iso_are_the_same_moment():
    assert source._moment("1767225600000") == "2026-01-01T00:00:00.000Z"
    assert source._moment("2026-01-01T00:00:00.000Z") == "2026-01-01T00:00:00.000Z"


def test_known_ids_survive_packing():
    ids = {"1", "17", "18", "44002299117"}
    assert source._unpacked(source._packed(ids)) == ids
    assert source._unpacked("") == set() == source._unpacked(source._packed([]))
    many = source._packed(str(10_000_000_000 + 17 * n) for n in range(5000))
    assert len(many) < 5000


@pytest.mark.parametrize("fault", ["ratelimit", "malformed", "truncated", "drop", "status"])
def test_faults_on_the_way_lose_nothing(vendor, loaded, fault):
    loaded.cursors.clear()
    vendor.fault(fault, path_regex="contacts$", skip=1, count=2)
    vendor.fault(fault, path_regex="deals$", skip=2, count=2)
    found = extract(loaded)
    assert len(by(found["contacts"], "contact_id")) == 230
    assert len(by(found["deal_stages"], "deal_id", "stage_id", "entered_at")) == 240


@pytest.mark.parametrize("fault", ["ratelimit", "malformed", "truncated", "drop", "status"])
def test_faults_of_a_later_load_lose_nothing(vendor, loaded, fault):
    for path in ("contacts/search", "deals/batch/read", "associations"):
        vendor.fault(fault, path_regex=path, count=2)
    found = extract(loaded)
    assert len(by(found["contacts"], "contact_id")) == 230
    assert len(by(found["deals"], "deal_id")) == 120


def test_a_page_that_comes_twice_changes_nothing(vendor, loaded):
    whole = {row["contact_id"]: row for row in extract(loaded)["contacts"]}
    vendor.fault("duplicate", path_regex="contacts/search", skip=1, count=1)
    again = extract(loaded)["contacts"]
    loaded.cursors.clear()
    vendor.fault("duplicate", path_regex="contacts$", skip=2, count=1)
    listed = extract(loaded)["contacts"]
    for rows in (again, listed):
        assert len(rows) > 230
        assert {row["contact_id"]: row for row in rows} == whole


def test_a_refused_token_is_named_with_the_remedy(vendor):
    with pytest.raises(session.SourceError, match=r"hubspot: GET /crm/v3/pipelines/deals: answ"
                       r"ered 401 .*set \$HUBSPOT_TOKEN"):  # fmt: skip
        extract(context("hubspot", vendor.base_url, token=""))


def test_a_missing_scope_is_named(vendor):
    body = {"status": "error", "category": "MISSING_SCOPES", "message": "crm.objects.deals.read"}
    vendor.fault("status", path_regex="deals$", skip=1, status=403, body=body)
    with pytest.raises(session.SourceError, match=r"403 \(crm.objects.deals.read\); give the tok"):
        extract(context("hubspot", vendor.base_url))
