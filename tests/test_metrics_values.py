"""Values as MetricFlow tells them: laws over every definition, numbers that fit in the head."""

import csv
import dataclasses
import datetime as dt
import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import filled_marts
import metricflow_answers
import pytest

from metrics import catalogue as definitions
from metrics import laws, measure, queries, trust, values
from settings import ROOT, ConfigError, Metrics, Organization, Paths, Run, Settings

AS_OF = dt.date(2026, 6, 10)


@pytest.fixture(scope="module")
def catalogue():
    return definitions.load()


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A copy of the dbt project beside the definitions, so that its target is our own."""
    folder = tmp_path_factory.mktemp("metrics")
    shutil.copytree(
        ROOT / "dbt_project", folder / "dbt_project",
        ignore=shutil.ignore_patterns("target", "logs", "dbt_packages"),
    )  # fmt: skip
    (folder / "metrics").symlink_to(ROOT / "metrics")
    return folder / "dbt_project"


@pytest.fixture(scope="module")
def run(project, tmp_path_factory):
    data = project.parent / "data"
    (data / "build").mkdir(parents=True)
    none = str(tmp_path_factory.mktemp("none"))  # made-up rows obey no tree
    settings = Settings(Organization("Plumb & Sons"), metrics=Metrics(goals=none, trees=none))
    return Run(settings, Paths(data), "run-1", AS_OF, dt.datetime.fromisoformat("2026-06-10 06:00"))


@pytest.fixture(scope="module")
def found(run, catalogue, project):
    manifests = queries.manifests(run, catalogue, project)
    queries.check(catalogue, manifests)
    return manifests


@pytest.fixture(scope="module")
def asked(run, catalogue, found):
    return queries.compiled(catalogue, found, queries.sql_cache(run))


@pytest.fixture(scope="module")
def filled(run, catalogue, found, asked):
    """A warehouse with made-up rows in every mart, measured."""
    with duckdb.connect(str(run.paths.warehouse)) as connection:
        filled_marts.fill(connection, filled_marts.columns_of(found.graph), catalogue)
        connection.execute(filled_marts.INGEST)
        connection.execute(filled_marts.AVAILABILITY)
        connection.executemany(
            "insert into ingest.sources values "
            "(?, ?, 'data_lead', true, 3, '2026-06-10', '2026-06-10 06:00', 'fresh', null)",
            [
                (node["schema"].removeprefix("raw_"), node["name"])
                for node in found.graph["sources"].values()
                if node["schema"].startswith("raw_")
            ],
        )
        values.write(run, connection, catalogue, asked)
        yield connection


@pytest.fixture
def small(run, catalogue, found, asked, tmp_path):
    """Empty marts to be filled by hand and measured: small(metric, ..., table=[rows])."""
    connection = duckdb.connect(str(tmp_path / "plumbline.duckdb"))
    columns = filled_marts.columns_of(found.graph)

    def measured(*metrics, as_of=AS_OF, **tables):
        mine = [query for query in asked if {*metrics} & {*query.wanted}]
        parts = {name for query in mine for name in query.columns}
        needed = {model.table for name in parts for model, _ in catalogue.measures_of(name)}
        built = {name for (name,) in connection.execute(
            "select table_name from duckdb_tables()").fetchall()}  # fmt: skip
        wanted = {key: columns[key] for key in columns if key[1] in (needed | {*tables}) - built}
        filled_marts.fill(connection, wanted, catalogue, rows=0)
        for schema, table in columns:
            for row in tables.get(table, ()):
                marks = ", ".join("?" * len(row))
                connection.execute(
                    f"insert into {schema}.{table} ({', '.join(row)}) values ({marks})",
                    list(row.values()),
                )
        values.write(dataclasses.replace(run, as_of=as_of), connection, catalogue, mine)
        return connection

    yield measured
    connection.close()


def value(connection, metric, grain, start, slice_="all", slice_value="all"):
    rows = connection.execute(
        "select value, numerator, denominator, n, low, high, is_complete, response_rate, "
        "trust_reason from metrics.metric_values where metric_id = ? and grain = ? "
        "and period_start = ? and slice_name = ? and slice_value = ?",
        [metric, grain, start, slice_, slice_value],
    ).fetchall()
    assert len(rows) <= 1
    names = ("value", "numerator", "denominator", "n", "low", "high", "is_complete",
             "response_rate", "reason")  # fmt: skip
    return dict(zip(names, rows[0], strict=True)) if rows else None


# --- over everything the folder holds ------------------------------------------------------------


def test_every_law_holds_for_every_definition(filled, catalogue):
    assert laws.broken(filled, catalogue) == []


def test_no_sum_is_of_floats_whose_order_would_show(filled, catalogue):
    """Decimals and whole numbers add up to the same in any order of rows and threads."""
    floats = []
    for model in catalogue.models.values():
        [(schema,)] = filled.execute(
            "select schema_name from duckdb_tables() where table_name = ? "
            "and schema_name in ('marts', 'people')", [model.table]
        ).fetchall()  # fmt: skip
        for each in model.measures:
            if each.agg == "sum":
                [(kind, *_)] = filled.execute(
                    f"select column_type from (describe select {each.expr or each.name} "
                    f"from {schema}.{model.table})"
                ).fetchall()
                if kind in ("DOUBLE", "FLOAT"):
                    floats.append(each.name)
    assert not floats, f"cast what {', '.join(floats)} add up to decimal"


def test_every_metric_has_values_at_each_grain_and_slice_it_declares(filled, catalogue):
    stored = set(
        filled.execute(
            "select distinct metric_id, grain, slice_name from metrics.metric_values"
        ).fetchall()
    )
    for name, metric in catalogue.metrics.items():
        slices = [definitions.slice_name(s) for s in metric.meta.slices]
        for grain in metric.meta.grains:
            for slice_ in [*slices, *(["all"] if metric.meta.total else [])]:
                assert (name, grain, slice_) in stored
    assert {row[0] for row in stored} == catalogue.metrics.keys()
    without_total = {name for name, m in catalogue.metrics.items() if not m.meta.total}
    assert not {row[0] for row in stored if row[2] == "all"} & without_total


SPOILED = {
    "slices add up to the total": "update {} set value = value + 1 where "
    "metric_id = 'social_impressions' and slice_name = 'all' and grain = 'week'",
    "numerators and denominators of slices add up": "update {} set numerator = numerator + 1, "
    "value = (numerator + 1) / denominator where metric_id = 'share_of_voice' "
    "and slice_name = 'all'",
    "a stock is its last value, never a sum over time": "update {} set value = value * 2 where "
    "metric_id = 'customers_active' and grain = 'month'",
    "a ratio is its numerator over its denominator": "update {} set value = value / 2 where "
    "metric_id = 'gross_margin'",
    "a longer period is the sum of its shorter ones": "update {} set value = value + 1 where "
    "metric_id = 'earned_media_items' and grain = 'year'",
    "different people are at least the most of a slice and at most the sum": "update {} set value "
    "= 0 where metric_id = 'event_attended_contacts' and slice_name = 'all'",
    "a value lies inside its interval": "update {} set low = value + 1 where metric_id = 'nps'",
    "a survey says how many answered": "update {} set n = null where metric_id = 'csat'",
    "a key stands once": "insert into {} select * from {} where metric_id = 'grps' limit 1",
    "no value is not a number": "update {} set value = 'nan'::double where metric_id = 'grps'",
}


@pytest.mark.parametrize("law", laws.LAWS)
def test_every_law_catches_what_breaks_it(filled, catalogue, law):
    filled.execute("begin")
    filled.execute(SPOILED[law].replace("{}", "metrics.metric_values"))
    said = laws.broken(filled, catalogue)
    filled.execute("rollback")
    assert any(f"breaks '{law}'" in sentence for sentence in said), said
    assert all(".yml: metric '" in sentence for sentence in said)


def test_metric_values_are_what_metricflow_answers_for_every_metric_grain_and_slice(
    filled, catalogue, found, asked
):
    """Our engines hold a few models each and are asked for parts; `mf query` holds all models and
    is asked for the metric itself. Both say the same numbers, and the same bounds."""
    whole = queries.engine(found.semantic, None, catalogue)
    checked = set()
    for query in [query for query in asked if query.slice_name != queries.ORIGIN]:
        differ = metricflow_answers.differences(filled, catalogue, whole, query)
        assert differ == [], (query.grain, query.slice, differ)
        checked |= {(name, query.grain, query.slice_name) for name in query.wanted}
    assert checked == metricflow_answers.asked_for(catalogue, definitions.GRAINS)


def test_mf_query_on_the_command_line_gives_the_same(run, project, filled, found, tmp_path):
    target = project / "target"
    target.mkdir(exist_ok=True)
    shutil.copy(run.paths.target / "semantic_manifest.json", target)
    wanted = ["social_impressions", "engagement_rate_impressions", "win_rate"]
    expected = filled.execute(
        f"select period_start::varchar, {', '.join(wanted)} from (pivot (select metric_id, "
        "period_start, value from metrics.metric_values where grain = 'month' and "
        "slice_name = 'all') on metric_id using first(value) group by period_start) "
        f"where {' is not null or '.join(wanted)} is not null order by 1"
    ).fetchall()
    copy = tmp_path / "build" / "plumbline.duckdb"
    copy.parent.mkdir()
    filled.execute("checkpoint")
    filled.execute(f"attach '{copy}' as other; copy from database plumbline to other; detach other")
    out = tmp_path / "answer.csv"
    done = subprocess.run(
        [str(Path(sys.executable).with_name("mf")), "query", "--metrics", ",".join(wanted),
         "--group-by", "metric_time__month", "--order", "metric_time__month",
         "--where", "{{ TimeDimension('metric_time', 'day') }} <= '2026-06-10'",
         "--csv", str(out), "--quiet"],
        cwd=project, capture_output=True, text=True, timeout=180, check=False,
        env={**os.environ, "PLUMBLINE_DATA": str(tmp_path), "DO_NOT_TRACK": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    with out.open(encoding="utf-8") as lines:
        answer = list(csv.reader(lines))[1:]
    assert [row[0][:10] for row in answer] == [row[0] for row in expected]
    for row, known in zip(answer, expected, strict=True):
        for text, number in zip(row[1:], known[1:], strict=True):
            assert (text == "") == (number is None)
            assert not text or float(text) == pytest.approx(number, rel=1e-6)


# --- numbers that fit in the head ----------------------------------------------------------------


def post(day, network="linkedin", impressions=None, engagements=None, clicks=None):
    return {
        "date_day": day, "network": network, "account_id": f"{network}/one", "ownership": "brand",
        "impressions": impressions, "engagements": engagements, "link_clicks": clicks,
    }  # fmt: skip


def acted(day, kind, actions, network="linkedin"):
    return {
        "engagement_day_key": f"{day}{kind}{network}", "date_day": day, "network": network,
        "account_id": f"{network}/one", "ownership": "brand", "engagement_type": kind,
        "actions": actions,
    }  # fmt: skip


def test_engagements_by_type_are_all_engagements_and_an_untold_type_is_none(small):
    """LinkedIn tells no saves: it has none of that type, which is not nought."""
    db = small(
        "social_engagements",
        fct_engagement_days=[
            acted("2026-05-03", "reaction", 40), acted("2026-05-04", "reaction", 2),
            acted("2026-05-03", "share", 0), acted("2026-05-03", "reaction", 7, "mastodon"),
            acted("2026-05-03", "save", 5, "instagram"),
        ],
    )  # fmt: skip
    told = dict(db.execute(
        "select slice_value, value from metrics.metric_values where grain = 'month' "
        "and metric_id = 'social_engagements' and slice_name = 'engagement_type'"
    ).fetchall())  # fmt: skip
    assert told == {"reaction": 49, "share": 0, "save": 5}
    assert value(db, "social_engagements", "month", "2026-05-01")["value"] == 54
    linkedin = value(db, "social_engagements", "month", "2026-05-01", "network", "linkedin")
    assert linkedin["value"] == 42


def test_a_ratio_is_of_sums_and_only_where_both_sides_are_known(small):
    db = small(
        "engagement_rate_impressions",
        "social_impressions",
        fct_post_days=[
            post("2026-05-03", impressions=100, engagements=5),
            post("2026-05-04", impressions=900, engagements=5),
            post("2026-05-04", "mastodon", engagements=70),
        ],
    )
    rate = value(db, "engagement_rate_impressions", "month", "2026-05-01")
    assert (rate["numerator"], rate["denominator"]) == (10, 1000)
    assert rate["value"] == pytest.approx(0.01)  # the mean of the post rates would be 0.028
    assert value(db, "social_impressions", "month", "2026-05-01")["value"] == 1000


def test_what_is_not_known_has_no_row_and_is_never_zero(small):
    db = small(
        "social_impressions",
        "engagement_rate_impressions",
        "social_engagements",
        fct_post_days=[post("2026-05-03", "mastodon", engagements=7)],
        fct_engagement_days=[acted("2026-05-03", "reaction", 7, "mastodon")],
    )
    assert value(db, "social_impressions", "day", "2026-05-03") is None
    assert value(db, "social_impressions", "month", "2026-05-01", "network", "mastodon") is None
    assert value(db, "engagement_rate_impressions", "month", "2026-05-01") is None
    assert value(db, "social_engagements", "day", "2026-05-04") is None
    assert value(db, "social_engagements", "day", "2026-05-03")["value"] == 7


def test_nothing_after_the_clock_counts_and_only_ended_periods_are_complete(small):
    db = small(
        "social_impressions",
        fct_post_days=[
            post("2026-05-31", impressions=1),
            post("2026-06-10", impressions=10),
            post("2026-06-11", impressions=100),
        ],
    )
    june = value(db, "social_impressions", "month", "2026-06-01")
    assert (june["value"], june["is_complete"]) == (10, False)
    assert value(db, "social_impressions", "month", "2026-05-01")["is_complete"] is True
    assert value(db, "social_impressions", "day", "2026-06-10")["is_complete"] is True
    assert value(db, "social_impressions", "day", "2026-06-11") is None
    assert value(db, "social_impressions", "year", "2026-01-01")["value"] == 11
    later = small("social_impressions", as_of=dt.date(2026, 6, 30))
    assert value(later, "social_impressions", "month", "2026-06-01") == {
        **june, "value": 110, "is_complete": True,
    }  # fmt: skip


def test_an_iso_week_belongs_to_its_monday(small):
    db = small(
        "social_impressions",
        fct_post_days=[post("2025-12-29", impressions=1), post("2026-01-04", impressions=2)],
    )
    assert value(db, "social_impressions", "week", "2025-12-29")["value"] == 3
    assert value(db, "social_impressions", "year", "2026-01-01")["value"] == 2


def test_followers_take_the_last_value_and_add_over_accounts(small):
    def read(day, account, followers, change=None):
        return {"date_day": day, "account_id": account, "network": account.split("/")[0],
                "followers": followers, "followers_net_change": change}  # fmt: skip

    db = small(
        "social_followers",
        "net_follower_change",
        fct_account_days=[
            read("2026-05-01", "linkedin/one", 100),
            read("2026-05-30", "linkedin/one", 110, 10),
            read("2026-05-31", "mastodon/one", 7),
        ],
    )
    assert value(db, "social_followers", "month", "2026-05-01")["value"] == 117
    assert value(db, "social_followers", "year", "2026-01-01")["value"] == 117
    assert value(db, "social_followers", "day", "2026-05-01")["value"] == 100
    by = value(db, "social_followers", "month", "2026-05-01", "network", "linkedin")
    assert by["value"] == 110
    assert value(db, "net_follower_change", "month", "2026-05-01")["value"] == 10


def test_revenue_is_nought_where_all_was_lost_and_unknown_where_no_amount_is(small):
    def deal(day, won=None, amount=None, pipeline="Direct"):
        return {"closed_date": day, "is_closed": won is not None, "is_won": won,
                "amount_reporting": amount, "pipeline": pipeline}  # fmt: skip

    db = small(
        "revenue_booked",
        "win_rate",
        "average_deal_value",
        fct_deals=[
            *(deal(f"2026-04-0{day}", False, 900.0) for day in (6, 7, 8)),  # lost
            deal("2026-04-13", True, None, "Dealer"),  # won, no rate of its currency
            deal("2026-04-13", False, 500.0),
            deal("2026-04-20", True, 70.0),
            deal("2026-04-21", True, None),
            deal("2026-04-27"),  # open
        ],
    )

    def told(start, *cut, metric="revenue_booked"):
        found = value(db, metric, "week", start, *cut)
        return found and found["value"]

    assert told("2026-04-06") == 0
    assert told("2026-04-06", metric="win_rate") == 0
    assert told("2026-04-06", metric="average_deal_value") is None
    assert told("2026-04-13") is None
    assert told("2026-04-13", "pipeline", "Dealer") is None
    assert told("2026-04-13", "pipeline", "Direct") == 0
    assert told("2026-04-20") == 70
    assert told("2026-04-27") is None
    assert value(db, "revenue_booked", "day", "2026-04-08")["value"] == 0
    assert value(db, "revenue_booked", "month", "2026-04-01")["value"] == 70
    assert laws.broken(db, definitions.load()) == []


def answer(kind, day="2026-05-05", **more):
    return {"kind": kind, "sent_date": day, "channel": "email", **more}


def test_nps_has_the_margin_of_the_reference(small):
    """312 answers, 42 % promoters and 18 % detractors give 24 plus or minus 8."""
    promoters, detractors, silent = 131, 56, 88
    rows = [answer("nps", is_promoter=i < promoters, is_detractor=i >= 312 - detractors)
            for i in range(312)]  # fmt: skip
    db = small("nps", fct_satisfaction=rows + [answer("nps") for _ in range(silent)])
    nps = value(db, "nps", "quarter", "2026-04-01")
    assert nps["value"] == pytest.approx(24.04, abs=0.01)
    assert nps["high"] - nps["value"] == pytest.approx(8.2, abs=0.05)
    assert nps["value"] - nps["low"] == pytest.approx(8.2, abs=0.05)
    assert nps["n"] == 312
    assert nps["response_rate"] == pytest.approx(0.78)


def test_a_share_has_wilsons_interval(small):
    """8 of 10: Wilson gives 0.490 to 0.943 (the plain interval would pass 1)."""
    rows = [answer("csat", is_favourable=i < 8) for i in range(10)]
    csat = value(small("csat", fct_satisfaction=rows), "csat", "month", "2026-05-01")
    assert csat["value"] == pytest.approx(0.8)
    assert (csat["low"], csat["high"]) == (
        pytest.approx(0.4902, abs=1e-4), pytest.approx(0.9433, abs=1e-4)
    )  # fmt: skip


def test_a_month_without_answers_has_no_satisfaction(small):
    db = small("csat", fct_satisfaction=[answer("csat"), answer("nps", is_promoter=True)])
    assert value(db, "csat", "month", "2026-05-01") is None


def test_medians_come_from_rows_and_say_how_many(small):
    def talk(day, minutes):
        return {"received_date": day, "channel": "mastodon", "first_response_minutes": minutes}

    db = small(
        "first_response_time",
        fct_conversations=[
            talk("2026-04-10", 10), talk("2026-04-11", 10), talk("2026-04-12", 10),
            talk("2026-05-10", 100), talk("2026-05-11", None),
        ]
    )  # fmt: skip
    quarter = value(db, "first_response_time", "quarter", "2026-04-01")
    assert (quarter["value"], quarter["n"]) == (10, 4)  # the mean of the medians would be 55
    assert value(db, "first_response_time", "month", "2026-05-01")["n"] == 1


def test_people_met_are_counted_anew_for_every_period(small):
    def met(day, contact, event):
        return {"occurred_date": day, "kind": "attended", "contact_id": contact, "event_id": event}

    db = small(
        "event_attended_contacts",
        fct_touchpoints=[
            met("2026-04-10", "c1", "fair"), met("2026-05-10", "c1", "open day"),
            met("2026-05-10", "c2", "open day"),
            {"occurred_date": "2026-05-10", "kind": "click", "contact_id": "c3"},
        ]
    )  # fmt: skip
    months = [value(db, "event_attended_contacts", "month", f"2026-0{m}-01") for m in (4, 5)]
    assert [m["value"] for m in months] == [1, 2]
    assert value(db, "event_attended_contacts", "quarter", "2026-04-01")["value"] == 2


def test_models_of_attribution_are_never_added(small):
    def credit(model, channel, revenue):
        return {"model": model, "channel_id": channel, "converted_date": "2026-05-05",
                "conversion_kind": "deal_won", "revenue_reporting": revenue}  # fmt: skip

    db = small(
        "attributed_revenue", "attribution_coverage",
        fct_credit_days=[
            credit("last", "tv", 60), credit("last", "unattributed", 40),
            credit("first", "email", 60), credit("first", "unattributed", 40),
            credit("first", "radio", None) | {"conversion_kind": "lead_qualified"},
        ]
    )  # fmt: skip
    assert value(db, "attributed_revenue", "month", "2026-05-01") is None
    by = value(db, "attributed_revenue", "month", "2026-05-01", "model", "first")
    assert by["value"] == 60
    assert value(db, "attribution_coverage", "month", "2026-05-01")["value"] == 0.6


def test_the_gap_is_what_is_said_less_what_paths_show(small):
    """Three of five name tv, a tenth of the paths' credit; both shares are over the whole month."""

    def day(date, channel, naming, valid, credited, converted):
        return {"date_day": date, "channel_id": channel, "answers_naming": naming,
                "answers_valid": valid, "leads_credited": credited,
                "leads_converted": converted}  # fmt: skip

    db = small(
        "attribution_gap",
        fct_source_shares=[
            day("2026-05-01", "tv", 1, 1, 0.5, 4), day("2026-05-02", "tv", 2, 4, 0.5, 6),
            day("2026-05-01", "phone", 0, 1, 3.5, 4), day("2026-05-02", "phone", 0, 4, 0, 6),
            day("2026-06-01", "tv", 0, 0, 1, 2),
        ]
    )  # fmt: skip
    gap = [value(db, "attribution_gap", "month", "2026-05-01", "channel_id", channel)["value"]
           for channel in ("tv", "phone")]  # fmt: skip
    assert gap == [pytest.approx(50), pytest.approx(-35)]
    nobody_asked = value(db, "attribution_gap", "month", "2026-06-01", "channel_id", "tv")
    assert nobody_asked is None or nobody_asked["value"] is None


def test_a_slice_that_is_decided_later_is_complete_later_and_the_others_are_not(small):
    def lead(day, qualified):
        return {"created_date": day, "is_qualified": qualified, "channel_id": "tv"}

    db = small(
        "leads_created", as_of=dt.date(2026, 9, 30),
        fct_leads=[lead("2026-09-08", True), lead("2026-09-16", True), lead("2026-09-17", None)],
    )  # fmt: skip
    told = db.execute(
        "select slice_name, slice_value, period_start, is_complete from metrics.metric_values "
        "where grain = 'day' and slice_name in ('is_qualified', 'channel_id') order by all"
    ).fetchall()
    assert [(*row[:2], row[2].day, row[3]) for row in told] == [
        ("channel_id", "tv", 8, True), ("channel_id", "tv", 16, True),
        ("channel_id", "tv", 17, True),
        ("is_qualified", "(unknown)", 17, False),
        ("is_qualified", "true", 8, True), ("is_qualified", "true", 16, True),
    ]  # fmt: skip
    weeks = db.execute(
        "select period_start, is_complete from metrics.metric_values where grain = 'week' "
        "and slice_value = 'true' order by 1"
    ).fetchall()
    assert weeks == [(dt.date(2026, 9, 7), True), (dt.date(2026, 9, 14), False)]


def test_a_cohort_is_complete_when_it_had_its_days(small):
    def lead(day, matured, won):
        return {"created_date": day, "is_matured_90d": matured, "has_opportunity_90d": won}

    db = small(
        "lead_to_opportunity_rate", "leads_created",
        fct_leads=[
            lead("2026-02-10", True, True), lead("2026-02-11", True, False),
            lead("2026-03-05", True, True), lead("2026-05-05", False, False),
        ]
    )  # fmt: skip
    february = value(db, "lead_to_opportunity_rate", "month", "2026-02-01")
    assert (february["value"], february["is_complete"]) == (0.5, True)
    assert value(db, "lead_to_opportunity_rate", "month", "2026-03-01")["is_complete"] is False
    assert value(db, "lead_to_opportunity_rate", "month", "2026-05-01") is None
    assert value(db, "leads_created", "month", "2026-05-01")["value"] == 1


def test_a_withheld_figure_about_people_is_empty_and_says_so(small):
    def left(quarter, people, since=None):
        return {"period_start": quarter, "kind": "leave", "people": people,
                "counts_from": since or quarter, "is_suppressed": people is None,
                "average_headcount": 100}  # fmt: skip

    db = small(
        "turnover_rate", fct_moves=[left("2025-10-01", None), left("2026-01-01", 6, "2025-10-01")]
    )
    withheld = value(db, "turnover_rate", "quarter", "2025-10-01")
    assert withheld["value"] is None and withheld["numerator"] is None
    assert withheld["reason"] == values.WITHHELD
    told = value(db, "turnover_rate", "quarter", "2026-01-01")
    assert told["value"] == pytest.approx(6 / (100 * 0.5))  # two quarters of a hundred people


def test_figures_about_people_are_of_the_whole_organization_only(filled, found, catalogue):
    private = {
        m["name"] for m in found.semantic["semantic_models"]
        if m["node_relation"]["schema_name"] == "people"
    }  # fmt: skip
    about = {
        name for name in catalogue.metrics
        if private & {model.name for model, _ in catalogue.measures_of(name)}
    }  # fmt: skip
    assert len(about) >= 8
    rows = filled.execute(
        "select distinct metric_id, grain, slice_name from metrics.metric_values"
    ).fetchall()
    told = [row for row in rows if row[0] in about]
    assert told
    assert {row[2] for row in told} == {"all"}
    assert {row[1] for row in told} <= {"month", "quarter", "year"}


def test_slices_of_people_are_refused(catalogue, found):
    name = "absence_rate"
    metric = catalogue.metrics[name]
    meta = dataclasses.replace(metric.meta, grains=("week", "month"))
    worse = {**catalogue.metrics, name: metric._replace(meta=meta)}
    with pytest.raises(
        ConfigError, match=r"people\.yml:\d+: metric 'absence_rate' is about people"
    ):
        queries.check(catalogue._replace(metrics=worse), found)


def test_reach_over_channels_is_two_bounds_and_a_number_only_where_they_meet(small):
    window = {"window_days": 28, "window_end_date": "2026-05-03"}
    rows = [
        {**window, "campaign_id": "wide", "reach_at_least": 80, "reach_at_most": 120},
        {**window, "campaign_id": "one channel", "reach_at_least": 60, "reach_at_most": 60},
    ]
    connection = small("cross_channel_reach_interval", fct_campaign_reach=rows)
    name, slice_ = "cross_channel_reach_interval", "campaign_window"
    wide = value(connection, name, "day", "2026-05-03", slice_, "wide 28 d")
    assert (wide["value"], wide["low"], wide["high"]) == (None, 80, 120)
    one = value(connection, name, "day", "2026-05-03", slice_, "one channel 28 d")
    assert (one["value"], one["low"], one["high"]) == (60, 60, 60)
    assert value(connection, name, "day", "2026-05-03") is None


def test_the_return_on_people_is_the_published_formula(small):
    """(revenue - (operating cost - pay)) / pay - 1: (100 - (90 - 40)) / 40 - 1 = 0.25."""
    books = {
        "ledger": "a", "revenue_reporting": 100, "operating_expenses_reporting": 90,
        "workforce_cost_reporting": 40,
    }  # fmt: skip
    rows = [
        {**books, "month_start_date": "2026-01-01"},
        {**books, "month_start_date": "2026-02-01", "revenue_reporting": None},
    ]
    connection = small("human_capital_roi", fct_finance_months=rows)
    told = value(connection, "human_capital_roi", "quarter", "2026-01-01")
    assert told["value"] == pytest.approx((100 - (90 - 40)) / 40 - 1)
    assert told["denominator"] == 40, "a month without revenue is in neither side"


def test_retention_is_that_of_the_last_month_and_of_its_own_cohort(small):
    rows = [
        {"month_start_date": "2026-01-01", "opening_revenue_reporting": 100,
         "closing_revenue_reporting": 130},
        {"month_start_date": "2026-02-01", "opening_revenue_reporting": 200,
         "closing_revenue_reporting": 190},
    ]  # fmt: skip
    connection = small("net_revenue_retention", fct_retention_months=rows)
    assert value(connection, "net_revenue_retention", "quarter", "2026-01-01")["value"] == 0.95
    assert value(connection, "net_revenue_retention", "month", "2026-01-01")["value"] == 1.3


def test_months_of_an_internal_platform_are_read_and_never_added(small):
    reading = {"platform": "intranet", "department_group": "All", "headcount": 40}
    rows = [
        {**reading, "date_day": "2026-05-15", "active_people": 10, "is_month_reading": False},
        {**reading, "date_day": "2026-05-31", "active_people": 20, "is_month_reading": True},
        {**reading, "date_day": "2026-05-31", "active_people": 18, "is_month_reading": True,
         "department_group": "Sales"},
    ]  # fmt: skip
    connection = small("internal_platform_active_rate", fct_internal_comms_days=rows)
    assert value(connection, "internal_platform_active_rate", "month", "2026-05-01")["value"] == 0.5
    grains = connection.execute(
        "select distinct grain from metrics.metric_values where metric_id = "
        "'internal_platform_active_rate'"
    ).fetchall()
    assert grains == [("month",)]


# --- the step ------------------------------------------------------------------------------------


def test_compiled_sql_is_kept_until_a_definition_changes(
    run, catalogue, found, asked, monkeypatch, tmp_path
):
    def explain(engine, request):
        raise AssertionError("compiled again")

    monkeypatch.setattr(queries, "_explain", explain)
    assert queries.compiled(catalogue, found, queries.sql_cache(run)) == asked
    changed = found._replace(semantic={**found.semantic, "changed": True})
    with pytest.raises(AssertionError, match="compiled again"):
        queries.compiled(catalogue, changed, queries.sql_cache(run))
    broken = tmp_path / "cache.json"
    broken.write_text("{half", encoding="utf-8")
    with pytest.raises(AssertionError, match="compiled again"):
        queries.compiled(catalogue, found, broken)


def test_manifests_are_parsed_anew_when_a_definition_is_younger(
    run, catalogue, found, monkeypatch, project
):
    parsed = []
    monkeypatch.setattr(queries, "_parse", lambda run, project: parsed.append(project))
    queries.manifests(run, catalogue, project)
    assert parsed == []
    fewer = dict(catalogue.files)
    fewer.pop("share_of_voice")
    queries.manifests(run, catalogue._replace(files=fewer), project)
    assert parsed == [project]


def test_sql_that_does_not_run_names_metric_file_and_remedy(small, run, catalogue, asked):
    db = small("earned_media_items")
    db.execute("alter table marts.fct_media_clips drop column published_date")
    with pytest.raises(
        ConfigError, match=r"listening\.yml: .*earned_media_items.*correct the defin"
    ):
        values.write(run, db, catalogue, [q for q in asked if "earned_media_items" in q.wanted])


@pytest.fixture
def warehouse(run, filled, found, asked, monkeypatch):
    """The step on the filled marts: manifests are those of the copy, and quarters will do."""
    quarters = [query for query in asked if query.grain == "quarter"]
    monkeypatch.setattr(queries, "compiled", lambda catalogue, found, cache: quarters)
    monkeypatch.setattr(queries, "manifests", lambda run, catalogue: found)
    monkeypatch.setattr(trust, "manifests", lambda run, catalogue: found)
    filled.execute("drop schema if exists metrics cascade")
    return run


def test_the_step_writes_all_of_its_schema(warehouse, filled):
    outcome = measure.measure(warehouse)
    assert outcome.status == "passed", outcome.lines
    tables = {
        row[0] for row in filled.execute(
            "select table_name from information_schema.tables where table_schema = 'metrics'"
        ).fetchall()
    }  # fmt: skip
    assert {
        "metric_values",
        "metric_trust",
        "metric_breaks",
        "dim_metrics",
        "goal_status",
        "metric_drivers",
        "metric_signals",
        "metric_tree_changes",
    } <= tables
    count = filled.execute("select count(*) from metrics.metric_values").fetchall()[0][0]
    assert outcome.rows == count > 1000
    before = filled.execute("select * from metrics.metric_values").fetchall()
    measure.measure(warehouse)
    assert filled.execute("select * from metrics.metric_values").fetchall() == before


def test_a_changed_definition_is_one_of_the_metrics_that_count_it(catalogue):
    """Of networks on which there is an account, and of none that counts contacts of its own."""
    with duckdb.connect() as connection:
        connection.execute(
            "create schema marts; create schema metrics; "
            "create table marts.fct_post_days (network varchar); "
            "create table marts.fct_channel_days (channel_id varchar); "
            "create table marts.dim_accounts as select 'facebook' as network"
        )
        connection.execute(filled_marts.AVAILABILITY)
        measure.write_breaks(connection, catalogue)
        rows = connection.execute("from metrics.metric_breaks").fetchall()
    assert {row[1:] for row in rows} == {
        ("facebook", "impressions", dt.date(2025, 11, 15), "Withdrawn")
    }
    assert {row[0] for row in rows} == {
        "social_impressions", "engagement_rate_impressions", "social_ctr",
    }  # fmt: skip


def test_a_step_that_fails_leaves_the_numbers_of_the_one_before(warehouse, filled, monkeypatch):
    measure.measure(warehouse)
    before = filled.execute("select * from metrics.metric_values").fetchall()
    late = dataclasses.replace(warehouse, as_of=dt.date(2026, 1, 1))

    def evaluate(run, connection):
        raise ConfigError("goals/2026.yml:3: no metric 'x'")

    monkeypatch.setattr("metrics.goals.evaluate", evaluate)
    with pytest.raises(ConfigError, match="no metric 'x'"):
        measure.measure(late)
    assert filled.execute("select * from metrics.metric_values").fetchall() == before


def test_a_broken_law_fails_the_step_and_keeps_nothing_of_it(warehouse, filled, monkeypatch):
    monkeypatch.setattr(laws, "broken", lambda connection, catalogue: ["x.yml: metric 'x' breaks"])
    outcome = measure.measure(warehouse)
    assert (outcome.status, outcome.lines) == ("failed", ("x.yml: metric 'x' breaks",))
    assert filled.execute(
        "select count(*) from information_schema.tables where table_schema = 'metrics'"
    ).fetchall() == [(0,)]


def test_what_the_marts_gate_says_later_reaches_values_and_trust(warehouse, filled):
    measure.measure(warehouse)
    assert _trust(filled, "earned_media_items") == ("fresh", "fresh", "")
    filled.execute(
        """
        create schema if not exists quality;
        create or replace table quality.results as select 'run-1' as run_id, 'marts' as gate,
            'marts' as schema_name, 'fct_media_clips' as table_name, 'circulation' as column_name,
            'expect_x' as expectation_type, 'warning' as severity, false as success,
            7 as unexpected_count, 700 as element_count, '' as observed_value, 'Odd.' as why,
            timestamp '2026-06-10 07:00' as checked_at
        """
    )
    trust.refresh(warehouse)
    assert _trust(filled, "earned_media_items") == (
        "degraded", "degraded",
        "marts.fct_media_clips.circulation: Odd (7 of 700 rows, checked on 2026-06-10).",
    )  # fmt: skip
    assert _trust(filled, "win_rate")[0] == "fresh"
    filled.execute("drop table quality.results")


def _trust(connection, metric):
    return connection.execute(
        "select any_value(v.trust), any_value(t.trust), any_value(t.reason) from "
        "metrics.metric_values v join metrics.metric_trust t using (metric_id) "
        "where metric_id = ? and grain = 'quarter'",
        [metric],
    ).fetchall()[0]


def covered(connection, metric):
    return connection.execute(
        "select grain, is_complete, round(covered_share, 3), trust_reason from "
        "metrics.metric_values where metric_id = ? order by grain, period_start", [metric],
    ).fetchall()  # fmt: skip


def test_a_year_that_lacks_months_of_cost_is_partial_and_not_complete(small):
    """Of 2025 two months have no cost: ten of twelve, and the quarter of the two one of three."""
    rows = [
        {"acquisition_month_key": f"{m}", "month_start_date": dt.date(2025, m, 1),
         "new_customers": 2, "sales_marketing_cost_reporting": None if m in (5, 6) else 100}
        for m in range(1, 13)
    ]  # fmt: skip
    connection = small("customer_acquisition_cost", fct_acquisition_months=rows)
    assert covered(connection, "customer_acquisition_cost") == [
        ("quarter", True, 1.0, None),
        ("quarter", False, 0.333, "Partial: 1 of 3 months are known."),
        ("quarter", True, 1.0, None),
        ("quarter", True, 1.0, None),
        ("year", False, 0.833, "Partial: 10 of 12 months are known."),
    ]
    told = value(connection, "customer_acquisition_cost", "year", "2025-01-01")
    assert (told["numerator"], told["denominator"]) == (1000, 20)  # left out of both sides


def test_a_month_without_any_row_is_missed_and_one_that_is_not_due_is_not(small):
    rows = [
        {"finance_month_key": f"{m}", "ledger": "main", "month_start_date": dt.date(2026, m, 1),
         "revenue_reporting": 100, "operating_expenses_reporting": 90,
         "workforce_cost_reporting": 40}
        for m in (1, 3, 4)
    ]  # fmt: skip
    connection = small("human_capital_roi", fct_finance_months=rows, as_of=dt.date(2026, 6, 10))
    assert covered(connection, "human_capital_roi") == [
        ("quarter", False, 0.667, "Partial: 2 of 3 months are known."),
        ("quarter", False, 1.0, None),  # in June nobody has closed May's books yet
        ("year", False, 0.75, "Partial: 3 of 4 months are known."),
    ]


def test_weeks_that_are_withheld_make_a_number_partial(small):
    rows = [
        {"workload_week_key": f"{k}", "week_start_date": dt.date(2026, 3, 2) + k * dt.timedelta(7),
         "team": "care", "needing_reply": None if k == 1 else 50,
         "agent_hours": None if k == 1 else 400, "is_suppressed": k == 1}
        for k in range(4)
    ]  # fmt: skip
    connection = small("inbound_per_agent_hour", fct_workload_weeks=rows)
    assert covered(connection, "inbound_per_agent_hour")[0] == (
        "month", True, 0.75, "Partial: 3 of 4 rows are known.",
    )  # fmt: skip
    # Where nobody says how many there should be, that something is left out is said all the same.
    rows = [
        {"absence_month_key": f"{k}", "month_start_date": dt.date(2026, 3, 1),
         "department_group": f"{k}", "absent_days": None if k else 5,
         "contracted_days": None if k else 100, "is_suppressed": bool(k)}
        for k in range(2)
    ]  # fmt: skip
    connection = small("absence_rate", fct_absence_months=rows)
    assert covered(connection, "absence_rate")[0][1:] == (
        True, None, values.PARTIAL + " what would describe fewer than five people is left out.",
    )  # fmt: skip


def test_owners_of_metrics_come_from_the_list_of_roles(small, catalogue):
    db = small(
        dim_owners=[
            {"role": "social_lead", "display_name": "Ida Holm", "is_current": True,
             "owner_status": "active"},
            {"role": "social_lead", "display_name": "Bo Lund", "is_current": False,
             "owner_status": "left"},
        ]
    )  # fmt: skip
    measure.write_metrics(db, catalogue)
    rows = dict(
        db.execute(
            "select metric_id, (owner_name, owner_status) from metrics.dim_metrics "
            "where metric_id in ('social_impressions', 'win_rate')"
        ).fetchall()
    )
    assert rows == {"social_impressions": ("Ida Holm", "active"), "win_rate": (None, "vacant")}
