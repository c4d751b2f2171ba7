"""Trust: what is wrong with a source or a table reaches every number that comes from it."""

import copy
import dataclasses
import datetime as dt

import duckdb
import pytest

from metrics import catalogue as definitions
from metrics import trust, values
from metrics.queries import Manifests, Query
from settings import ConfigError, Organization, Paths, Run, Settings

DAY = dt.date(2026, 9, 30)

DEFINITIONS = """
semantic_models:
  - name: clicks
    description: One row per click.
    model: ref('fct_clicks')
    defaults: {agg_time_dimension: date_day}
    primary_entity: click
    dimensions:
      - {name: date_day, type: time, type_params: {time_granularity: day}}
    measures:
      - {name: clicks_made, description: Clicks, agg: sum, expr: clicks}
      - {name: money_spent, description: Spend, agg: sum, expr: spend_reporting}
metrics:
"""
METRIC = """
  - name: {name}
    label: {name}
    description: Clicks.
    type: simple
    type_params: {{measure: {measure}}}
    config:
      meta:
        unit: count
        better: higher
        additivity: additive
        amec: outtake
        objective: brand_health
        domain: social
        owner: social_lead
        source: IAB
        caveat: None known.
        slices: []
        grains: [day, month]
"""


def node(schema, name):
    return {"schema": schema, "name": name, "alias": name}


# metric clicks <- fct_clicks <- stg_feeds__clicks <- raw_feeds.clicks
#                             <- stg_ads__clicks   <- raw_ads.clicks
# metric calls  <- fct_calls  <- raw_phone.calls
GRAPH = {
    "nodes": {
        "model.p.fct_clicks": node("marts", "fct_clicks"),
        "model.p.stg_feeds__clicks": node("staging", "stg_feeds__clicks"),
        "model.p.stg_ads__clicks": node("staging", "stg_ads__clicks"),
        "model.p.fct_calls": node("marts", "fct_calls"),
    },
    "sources": {
        "source.p.feeds.clicks": {"schema": "raw_feeds", "name": "clicks"},
        "source.p.ads.clicks": {"schema": "raw_ads", "name": "clicks"},
        "source.p.phone.calls": {"schema": "raw_phone", "name": "calls"},
    },
    "parent_map": {
        "metric.p.clicks": ["semantic_model.p.clicks"],
        "metric.p.click_spend": ["semantic_model.p.clicks"],
        "semantic_model.p.clicks": ["model.p.fct_clicks"],
        "model.p.fct_clicks": ["model.p.stg_feeds__clicks", "model.p.stg_ads__clicks"],
        "model.p.stg_feeds__clicks": ["source.p.feeds.clicks"],
        "model.p.stg_ads__clicks": ["source.p.ads.clicks"],
        "metric.p.calls": ["model.p.fct_calls"],
        "model.p.fct_calls": ["source.p.phone.calls"],
    },
}
SEMANTIC = {
    "semantic_models": [
        {"name": "clicks", "node_relation": {"schema_name": "marts", "alias": "fct_clicks"}}
    ]
}

TABLES = """
create schema ingest; create schema quality; create schema marts;
create table ingest.sources (
    source varchar, table_name varchar, owner varchar, is_configured boolean,
    freshness_days bigint, last_event_date date, last_loaded_at timestamp, status varchar,
    reason varchar);
create table quality.results (
    run_id varchar, gate varchar, schema_name varchar, table_name varchar, column_name varchar,
    expectation_type varchar, severity varchar, success boolean, unexpected_count bigint,
    element_count bigint, observed_value varchar, why varchar, checked_at timestamp);
create table marts.fct_clicks (date_day date, clicks bigint, spend decimal(18, 4),
    spend_reporting decimal(18, 4));
"""


def source(name, status="fresh", last="2026-09-30", configured=True, reason=None, freshness=3):
    system, table = name.split(".")
    loaded = "2026-09-30 06:00" if last else None
    return (system, table, "data_lead", configured, freshness, last, loaded, status, reason)


@pytest.fixture
def world(tmp_path):
    """A warehouse in which the metrics `clicks` and `click_spend` have a value on two days."""
    folder = tmp_path / "definitions"
    folder.mkdir()
    (folder / "clicks.yml").write_text(
        DEFINITIONS
        + METRIC.format(name="clicks", measure="clicks_made")
        + METRIC.format(name="click_spend", measure="money_spent"),
        encoding="utf-8",
    )
    settings = Settings(Organization("Plumb & Sons"))
    started = dt.datetime.fromisoformat("2026-09-30 06:00")
    run = Run(settings, Paths(tmp_path), "run-2", DAY, started)
    connection = duckdb.connect()
    connection.execute(TABLES + values.TABLE)
    for metric in ("clicks", "click_spend"):
        for grain, start in (("day", "2026-09-10"), ("day", "2026-09-29"), ("month", "2026-09-01")):
            connection.execute(
                "insert into metrics.metric_values (metric_id, grain, period_start, slice_name, "
                "slice_value, value) values (?, ?, ?, 'all', 'all', 1)",
                [metric, grain, start],
            )
    catalogue = definitions.load(folder)

    def judge(*sources, run_id="run-2", asked=(), graph=GRAPH):
        marks = ", ".join("?" * 9)
        connection.executemany(f"insert into ingest.sources values ({marks})", list(sources))
        mine = dataclasses.replace(run, run_id=run_id)
        trust.write(mine, connection, catalogue, Manifests(SEMANTIC, graph), list(asked))
        names = ("trust", "reason", "sources", "last")
        rows = connection.execute("select * from metrics.metric_trust").fetchall()
        return {row[0]: dict(zip(names, row[1:], strict=True)) for row in rows}

    judge.connection = connection
    yield judge
    connection.close()


def told(world, metric="clicks"):
    return dict(
        world.connection.execute(
            "select grain || ' ' || period_start::varchar, (trust, trust_reason) "
            "from metrics.metric_values where metric_id = ?",
            [metric],
        ).fetchall()
    )


def check(world, table, severity="warning", run_id="run-2", gate="raw", success=False):
    schema, name = table.split(".")
    world.connection.execute(
        "insert into quality.results values (?, ?, ?, ?, 'clicks', 'expect_x', ?, ?, 3, 90, '', "
        "'Clicks are never negative.', timestamp '2026-09-30 05:00')",
        [run_id, gate, schema, name, severity, success],
    )


def test_lineage_goes_back_to_the_raw_tables():
    assert trust.lineage("clicks", Manifests(SEMANTIC, GRAPH)) == {
        ("marts", "fct_clicks"), ("staging", "stg_feeds__clicks"), ("staging", "stg_ads__clicks"),
        ("raw_feeds", "clicks"), ("raw_ads", "clicks"),
    }  # fmt: skip


def test_all_is_fresh_when_nothing_is_wrong(world):
    found = world(source("feeds.clicks"), source("ads.clicks", last="2026-09-28"))
    assert found["clicks"] == {
        "trust": "fresh", "reason": "", "sources": "ads.clicks, feeds.clicks",
        "last": dt.date(2026, 9, 28),
    }  # fmt: skip
    assert set(told(world).values()) == {("fresh", None)}


def test_a_late_source_is_named_and_days_before_it_stay_fresh(world):
    found = world(
        source("feeds.clicks"),
        source("ads.clicks", "stale", "2026-09-12", reason="last row of 2026-09-12, 18 days ago"),
        source("phone.calls", "stale", "2026-01-01"),
    )
    assert found["clicks"]["trust"] == "stale"
    assert found["clicks"]["reason"] == "ads.clicks: last row of 2026-09-12, 18 days ago."
    assert found["clicks"]["last"] == dt.date(2026, 9, 12)
    rows = told(world)
    assert rows["day 2026-09-10"] == ("fresh", None)
    assert rows["day 2026-09-29"][0] == "stale" and "ads.clicks" in rows["day 2026-09-29"][1]
    assert rows["month 2026-09-01"][0] == "stale"


def test_sources_nobody_configured_do_not_count(world):
    found = world(
        source("feeds.clicks"), source("ads.clicks", "not_configured", None, configured=False)
    )
    assert found["clicks"]["trust"] == "fresh"
    assert found["clicks"]["sources"] == "feeds.clicks"


def test_without_any_configured_source_the_reason_says_so(world):
    found = world(
        source("feeds.clicks", "not_configured", None, configured=False),
        source("ads.clicks", "not_configured", None, configured=False),
    )
    assert found["clicks"]["trust"] == "failed"
    assert found["clicks"]["reason"] == "no source configured (ads.clicks, feeds.clicks)."


def test_a_source_that_failed_keeps_its_last_good_rows_as_stale(world):
    found = world(
        source("feeds.clicks"), source("ads.clicks", "failed", "2026-09-20", reason="HTTP 500")
    )
    assert (found["clicks"]["trust"], found["clicks"]["reason"]) == (
        "stale", "ads.clicks: HTTP 500."
    )  # fmt: skip


def test_a_source_that_never_loaded_fails_the_number(world):
    found = world(source("feeds.clicks"), source("ads.clicks", "failed", None, reason="HTTP 401"))
    assert found["clicks"]["trust"] == "failed"
    assert set(told(world)) and {t for t, _ in told(world).values()} == {"failed"}


@pytest.mark.parametrize(
    "severity, expected", [("critical", "failed"), ("warning", "degraded"), ("info", "fresh")]
)
def test_a_check_that_failed_on_the_way_marks_the_number(world, severity, expected):
    check(world, "raw_ads.clicks", severity)
    check(world, "marts.fct_calls", "critical")
    found = world(source("feeds.clicks"), source("ads.clicks"))
    assert found["clicks"]["trust"] == expected
    if severity != "info":
        assert found["clicks"]["reason"] == (
            "raw_ads.clicks.clicks: Clicks are never negative (3 of 90 rows, "
            "checked on 2026-09-30)."
        )


def test_the_marts_gate_of_another_run_says_nothing_of_this_one(world):
    check(world, "marts.fct_clicks", run_id="run-1", gate="marts")
    found = world(source("feeds.clicks"), source("ads.clicks"))
    assert found["clicks"]["trust"] == "fresh"
    check(world, "marts.fct_clicks", run_id="run-2", gate="marts")
    assert world(source("feeds.clicks"))["clicks"]["trust"] == "degraded"


def test_the_raw_gate_speaks_until_it_speaks_again(world):
    check(world, "raw_feeds.clicks", run_id="run-1")
    assert world(source("feeds.clicks"))["clicks"]["trust"] == "degraded"


def test_the_worst_wins_and_every_reason_is_said(world):
    check(world, "raw_feeds.clicks", "warning")
    found = world(source("feeds.clicks"), source("ads.clicks", "stale", "2026-09-12"))
    assert found["clicks"]["trust"] == "stale"
    assert found["clicks"]["reason"] == (
        "ads.clicks: last row of 2026-09-12, expected every 3 days; "
        "raw_feeds.clicks.clicks: Clicks are never negative (3 of 90 rows, checked on 2026-09-30)."
    )


def test_amounts_without_an_exchange_rate_are_said_beside_the_sum(world):
    world.connection.execute(
        "insert into marts.fct_clicks values ('2026-09-10', 1, 10, 10), ('2026-09-10', 1, 5, null),"
        " ('2026-09-08', 1, 7, null), ('2026-09-11', 1, null, null)"
    )
    found = world(source("feeds.clicks"), source("ads.clicks"))
    assert found["click_spend"]["trust"] == "degraded"
    assert (
        "rows with spend but no exchange rate, not in the sum: 2 of 2026-09-08 to 2026-09-10"
        in found["click_spend"]["reason"]
    )
    assert found["clicks"]["trust"] == "fresh"


def test_a_late_table_that_feeds_other_rows_of_the_mart_says_nothing(world):
    """The mart says where a row comes from: clicks come from feeds.clicks alone."""
    graph = copy.deepcopy(GRAPH)
    graph["sources"]["source.p.ads.clicks"]["name"] = "press"
    world.connection.execute("alter table marts.fct_clicks add column source_table varchar")
    world.connection.execute(
        "insert into marts.fct_clicks values ('2026-09-10', 5, null, null, 'clicks'), "
        "('2026-09-10', null, 9, 9, 'press')"
    )
    origins = Query(
        "year", "click__source_table", ("clicks", "click_spend"), ("clicks", "click_spend"),
        "select date '2026-01-01' as metric_time__year, source_table as click__source_table, "
        "sum(clicks) as clicks, sum(spend_reporting) as click_spend from marts.fct_clicks "
        "where date_day <= getvariable('as_of') group by 1, 2",
    )  # fmt: skip
    late = source("ads.press", "stale", "2026-09-12")
    found = world(source("feeds.clicks"), late, asked=[origins], graph=graph)
    assert found["clicks"]["trust"] == "fresh"
    assert found["clicks"]["sources"] == "feeds.clicks"
    assert found["click_spend"]["trust"] == "stale"
    assert found["click_spend"]["sources"] == "ads.press"


def test_a_metric_without_a_value_is_not_trusted(world):
    world.connection.execute("delete from metrics.metric_values where metric_id = 'clicks'")
    found = world(source("feeds.clicks"), source("ads.clicks"))
    assert found["clicks"]["trust"] == "failed"
    assert found["clicks"]["reason"].startswith("no value:")


def test_what_is_withheld_stays_said_when_trust_is_written(world):
    world.connection.execute(
        "update metrics.metric_values set value = null, trust_reason = ? where grain = 'month'",
        [values.WITHHELD],
    )
    for _ in range(2):
        world(source("feeds.clicks"), source("ads.clicks", "stale", "2026-09-12"))
        trust_, reason = told(world)["month 2026-09-01"]
        assert trust_ == "stale"
        assert reason.startswith(values.WITHHELD + " ads.clicks: last row")
        world.connection.execute("delete from ingest.sources")


def test_what_a_model_tells_as_unknown_is_not_believed_and_the_rest_is(world):
    world.connection.execute(
        "update metrics.metric_values set trust_reason = 'unknown: prior.', slice_value = 'tv' "
        "where grain = 'month' and metric_id = 'clicks'"
    )
    for _ in range(2):
        found = world(source("feeds.clicks"), source("ads.clicks"))
        assert found["clicks"]["trust"] == "degraded"
        assert found["clicks"]["reason"] == "unknown: prior (tv)."
        assert found["click_spend"]["trust"] == "fresh"
        said = told(world)
        assert said["month 2026-09-01"] == ("failed", "unknown: prior.")
        assert said["day 2026-09-29"] == ("fresh", None)
        world.connection.execute("delete from ingest.sources")


def test_what_is_partial_is_not_fresh_nor_is_a_metric_whose_newest_number_is(world):
    partial = values.PARTIAL + " 3 of 4 rows are known."
    world.connection.execute(
        "update metrics.metric_values set is_complete = true, trust_reason = case when grain = "
        "'month' and metric_id = 'clicks' then ? end", [partial],
    )  # fmt: skip
    found = world(source("feeds.clicks"), source("ads.clicks"))
    assert told(world)["month 2026-09-01"] == ("degraded", partial)
    assert told(world)["day 2026-09-29"][0] == "fresh"
    assert found["clicks"]["trust"] == "fresh"  # its newest day is whole
    world.connection.execute(
        "update metrics.metric_values set trust_reason = ? where metric_id = 'clicks'", [partial]
    )
    world.connection.execute("delete from ingest.sources")
    found = world(source("feeds.clicks"), source("ads.clicks"))
    assert (found["clicks"]["trust"], found["clicks"]["reason"]) == ("degraded", partial)
    assert found["click_spend"]["trust"] == "fresh"


def test_without_ingestion_the_step_says_what_to_run(world):
    world.connection.execute("drop table ingest.sources")
    world.connection.execute("create table ingest.loads (x int)")
    with pytest.raises(ConfigError, match="run `make ingest` first"):
        trust.write(
            Run(Settings(Organization("x")), Paths(None), "r", DAY, None), world.connection,
            definitions.Catalogue({}, {}, {}, {}), Manifests(SEMANTIC, GRAPH), [],
        )  # fmt: skip


def test_what_ingestion_knows_of_itself_has_no_source_that_could_be_late():
    own = {("marts", "fct_source_freshness"), ("ingest", "sources")}
    assert trust.judged(True, own, {}, {}, [])[:3] == ("fresh", "", "ingest")
    said = {("marts", "fct_source_freshness"): [trust.Finding("degraded", "odd")]}
    assert trust.judged(True, own, {}, said, [])[0] == "degraded"
    assert trust.judged(False, own, {}, {}, [])[0] == "failed"
    assert trust.judged(True, {("marts", "fct_leads")}, {}, {}, [])[0] == "failed"
