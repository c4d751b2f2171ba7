"""A person who becomes known later is found in touchpoints of long ago, and only there."""

import datetime as dt

import dbt_warehouse
import duckdb
import pytest
from test_incremental import SETTINGS, Warehouse

from ingestion import ledger
from settings import Paths

SEEDS = (
    "channels", "shared_domains", "identity_evidence", "utm_channels", "referrer_channels",
    "vanity_addresses",
)  # fmt: skip
MODELS = ("+int_touchpoints_matched", "fct_touchpoints")
AGAIN = ("+fct_touchpoints,config.materialized:table", "fct_touchpoints")


@pytest.fixture
def warehouse(tmp_path, monkeypatch):
    made = Warehouse(Paths(tmp_path))
    monkeypatch.setenv("PLUMBLINE_DATA", str(tmp_path))
    made.paths.warehouse.parent.mkdir(parents=True)
    with duckdb.connect(str(made.paths.warehouse)) as connection:
        ledger.prepare(connection)
        ledger.write_settings(connection, SETTINGS)
    return made


def facts(warehouse: Warehouse) -> dict:
    """By touchpoint: day, contact, key, and where the row lies."""
    rows = warehouse.execute(
        "select touchpoint_id, occurred_date, contact_id, match_key, rowid"
        " from marts.fct_touchpoints"
    )
    return {row[0]: row[1:] for row in rows}


def test_a_contact_who_comes_later_changes_only_the_days_they_were_met(warehouse):
    for number, day, mail in (("1", 5, "e1"), ("2", 5, "e2"), ("3", 6, "e2")):
        warehouse.say(
            "touchpoints", system="web", touchpoint_id=number, channel="email",
            occurred_at=f"2026-01-{day:02d} 12:00:00", contact_email_hash=mail,
        )  # fmt: skip
    warehouse.say("contacts", system="crm", contact_id="2", email_hash="e2")
    warehouse.dbt("seed", "--select", *SEEDS)
    warehouse.dbt("run", "--select", *MODELS)
    before = facts(warehouse)
    assert {key: row[1:3] for key, row in before.items()} == {
        "web:1": (None, None),
        "web:2": ("crm:2", "email"),
        "web:3": ("crm:2", "email"),
    }

    warehouse.say("contacts", system="crm", contact_id="1", email_hash="e1")
    warehouse.dbt("run", "--select", *AGAIN)
    after = facts(warehouse)
    assert after["web:1"][:3] == (dt.date(2026, 1, 5), "crm:1", "email")
    assert after["web:3"] == before["web:3"], "another day was rebuilt"

    warehouse.execute("delete from raw_feeds.touchpoints where touchpoint_id = '3'")
    warehouse.dbt("run", "--select", *AGAIN)
    assert sorted(facts(warehouse)) == ["web:1", "web:2"], "a row that is gone upstream stayed"


def test_a_touch_without_a_channel_is_read_from_its_tag_and_counted_where_it_cannot_be(warehouse):
    for number, row in enumerate(
        (
            {"channel": "tv"},
            {"utm_source": "google", "utm_medium": "cpc"},
            {"referrer": "https://www.google.de/search?q=gauge"},
            {"utm_source": "x", "utm_medium": "cmpaign", "referrer": "google.de"},
            {"kind": "visit"},
        )
    ):
        warehouse.say(
            "touchpoints", system="web", touchpoint_id=str(number),
            occurred_at="2026-01-05 12:00:00", **row,
        )  # fmt: skip
    warehouse.dbt("seed", "--select", *SEEDS)
    warehouse.dbt("run", "--select", *MODELS)
    assert warehouse.execute(
        "select channel_id, channel_rule from marts.fct_touchpoints order by touchpoint_id"
    ) == [
        ("tv", "reported"),
        ("paid_search", "utm"),
        ("organic_search", "referrer"),
        ("unknown", "none"),
        ("website", "direct"),
    ]


def test_a_vanity_address_that_no_visit_would_match_is_refused(tmp_path, monkeypatch):
    made = dbt_warehouse.Warehouse(Paths(tmp_path))
    monkeypatch.setenv("PLUMBLINE_DATA", str(tmp_path))
    made.paths.warehouse.parent.mkdir(parents=True)
    wrong = [
        "https://gauge.example/tv", "//gauge.example/tv", "www.gauge.example/tv",
        "m.gauge.example/tv", "gauge.example/tv/", "Gauge.example/tv", "gauge.example:443/tv",
        "gauge.example/tv?x=1", "gauge.example/tv#x", "gauge.example/tv/index.html",
        " gauge.example/tv",
    ]  # fmt: skip
    made.execute(
        "create schema staging; create table staging.vanity_addresses as "
        "select unnest(?) as address", [*wrong, "gauge.example/tv", "m.example/tv"],
    )  # fmt: skip
    name = "vanity_addresses_are_spelt_as_they_are_looked_for"
    assert made.dbt("test", "--select", name) == [(name, "fail")]
    [compiled] = made.paths.target.glob(f"compiled/**/{name}.sql")
    found = made.execute(compiled.read_text(encoding="utf-8"))
    assert sorted(address for (address,) in found) == sorted(wrong)
