"""Metrics computed from other metrics' results: declared once, laid beside the others, trusted."""

import csv
import datetime as dt
import importlib
import types

import duckdb
import pytest
from small_warehouse import (
    AS_OF,
    LEADS_GOAL,
    add_leads,
    add_metric,
    add_owner,
    add_values,
    prepare,
    settings_with_goals,
)  # fmt: skip

from metrics import catalogue, computed, goal_metrics, goals, signals, values
from metrics.computed import Row
from settings import ROOT, ConfigError

REFERENCE = ROOT.parent / "shared" / "reference" / "metric_catalogue.csv"

RUN = types.SimpleNamespace(as_of=AS_OF)
GOALS = (
    LEADS_GOAL
    + """
- name: minutes_2026
  statement: Answer sooner.
  metric: minutes
  owner: care_lead
  period: {from: 2026-01-01, to: 2026-12-31}
  profile: level
  baseline: 140
  target: 120
  why: Who waits writes again.
"""
)


@pytest.fixture
def measured(tmp_path):
    """Two goals, evaluated; gives the connection and `run`."""
    connection = prepare(duckdb.connect())
    connection.execute(signals.TABLES)
    add_owner(connection, "demand_lead", "Ida Holm")
    add_owner(connection, "care_lead", "Max Weber", status="left")
    add_leads(connection, "leads", 1.2)
    add_metric(connection, "minutes", better="lower", additivity="percentile", unit="minutes")
    months = [dt.date(y, m, 1) for y in (2024, 2025, 2026) for m in range(1, 13)][:33]
    add_values(connection, "minutes", {m: 140.0 - k for k, m in enumerate(months)}, grain="month")
    for row in computed.describe(computed.load()):
        connection.execute("insert into metrics.dim_metrics values (" + "?, " * 10
                           + "null, 'active', ?, ?, ?, ?)", list(row))  # fmt: skip
    folder = tmp_path / "goals"
    folder.mkdir()
    (folder / "2026.yml").write_text(GOALS)
    run = types.SimpleNamespace(settings=settings_with_goals(folder), as_of=AS_OF)
    goals.evaluate(run, connection)
    return connection, run


def rows(connection, metric, where="true"):
    return connection.execute(
        "select slice_value, period_start, value, numerator, denominator, low, high, is_complete, "
        f"trust from metrics.metric_values where metric_id = ? and {where} order by 1, 2", [metric],
    ).fetchall()  # fmt: skip


def test_attainment_pace_and_forecast_stand_by_goal_and_week(measured):
    connection, run = measured
    goal_metrics.write(run, connection)
    week = dt.date(2026, 9, 28)
    last = f"period_start = '{week}'"
    [leads] = rows(connection, "goal_attainment", last)
    # Minutes have been beyond their target all year: no way is left to have a share of.
    assert {row[0] for row in rows(connection, "goal_attainment")} == {"leads_2026"}
    assert leads[:2] == ("leads_2026", week) and leads[2] == pytest.approx(273 * 1.2 / 400)
    assert leads[3:5] == (pytest.approx(273 * 1.2), 400) and leads[7] is False  # a Wednesday
    leads, minutes = rows(connection, "pacing_index", last)
    assert leads[2] == pytest.approx(1.2 * 365 / 400, rel=5e-3)
    assert minutes[2] > 1 and minutes[4] == 108  # lower is better: expected over actual
    leads, minutes = rows(connection, "forecast_at_completion", last)
    assert leads[2] == pytest.approx(1.2 * 365, rel=5e-3) and leads[5] <= leads[2] <= leads[6]
    sundays = rows(connection, "goal_attainment", "is_complete and slice_value = 'leads_2026'")
    assert len(sundays) == 39 and {row[1].weekday() for row in sundays} == {0}


def test_a_goal_whose_owner_left_cannot_be_measured(measured):
    connection, run = measured
    goal_metrics.write(run, connection)
    assert rows(connection, "goals_measurable_share") == [
        ("all", dt.date(2026, 7, 1), 0.5, 1, 2, None, None, True, "fresh")
    ]
    connection.execute("update metrics.goal_status set owner_status = 'active', actual = null "
                       "where goal_id = 'leads_2026'")  # fmt: skip
    goal_metrics.write(run, connection)
    assert rows(connection, "goals_measurable_share")[0][2:5] == (0.0, 0, 2)
    connection.execute("delete from metrics.goal_status")
    goal_metrics.write(run, connection)
    assert rows(connection, "goals_measurable_share") == []


def test_late_data_reach_the_goals_metrics_and_their_trust(measured):
    connection, run = measured
    connection.execute("update metrics.metric_trust set trust = 'stale', reason = 'CRM is silent',"
                       " last_event_date = '2026-09-10' where metric_id = 'leads'")  # fmt: skip
    goals.evaluate(run, connection)
    goal_metrics.write(run, connection)
    computed.judge(connection)
    found = rows(connection, "pacing_index", "slice_value = 'leads_2026'")
    assert {row[8] for row in found if row[1] < dt.date(2026, 9, 7)} == {"fresh"}
    assert {row[8] for row in found if row[1] >= dt.date(2026, 9, 14)} == {"stale"}
    told = connection.execute(
        "select trust, reason from metrics.metric_trust where metric_id = 'pacing_index'"
    ).fetchall()
    assert told == [("degraded", "1 of 2 rest on data that are late or doubtful.")]
    # Sources, and the day up to which all have rows, are those of the goals' metrics.
    assert (
        connection.execute(
            "select sources, last_event_date from metrics.metric_trust where metric_id in "
            "('pacing_index', 'goals_measurable_share')"
        ).fetchall()
        == [("feeds", dt.date(2026, 9, 10))] * 2
    )
    assert connection.execute(  # no metric signals
        "select sources, last_event_date from metrics.metric_trust "
        "where metric_id = 'signal_response_days'"
    ).fetchall() == [("", None)]


def test_every_function_that_a_computed_metric_names_is_there_and_says_what_it_does():
    named = [one.spec.by for one in computed.load().values() if one.spec.by]
    assert named
    for file, function in (text.split(":") for text in named):
        module = importlib.import_module(file.removesuffix(".py").replace("/", "."))
        assert len(getattr(module, function).__doc__) > 40


def test_without_goals_the_numbers_are_unknown_and_say_so(measured):
    connection, run = measured
    for table in ("goal_forecasts", "goal_status", "dim_goals"):
        connection.execute(f"delete from metrics.{table}")
    goal_metrics.write(run, connection)
    computed.judge(connection)
    assert rows(connection, "goal_attainment") == []
    assert connection.execute(
        "select trust, reason from metrics.metric_trust where metric_id = 'goal_attainment'"
    ).fetchall() == [("failed", "no value: what it is computed from has none")]


def test_rows_that_the_definition_does_not_name_are_refused(measured):
    connection, _ = measured
    with pytest.raises(ConfigError, match="has a row by month and goal_id; name them"):
        computed.lay(connection, "pacing_index", [Row("month", AS_OF, "goal_id", "x", 1.0)])
    with pytest.raises(ConfigError, match="has a row by week and all"):
        computed.lay(connection, "pacing_index", [Row("week", AS_OF, "all", "all", 1.0)])


def test_the_computed_metrics_are_those_of_the_shared_catalogue():
    if not REFERENCE.exists():
        pytest.skip("the shared metric catalogue is not here")
    with REFERENCE.open(encoding="utf-8") as lines:
        told = {row["id"]: row for row in csv.DictReader(lines)}
    for name, found in computed.load().items():
        row, meta = told[name], found.meta
        better = {"up": "higher", "down": "lower"}[row["direction"]]
        assert (row["amec_level"], row["domain"], row["additivity"].split()[0], better) == (
            meta.amec, meta.domain, meta.additivity, meta.better,
        ), name  # fmt: skip


def test_a_number_is_defined_once():
    known, shipped = catalogue.load(), computed.load()
    computed.check(known, shipped)
    with pytest.raises(ConfigError, match="'pacing_index' is also in metrics/definitions"):
        computed.check(known._replace(files={"pacing_index": None}), shipped)


# --- on paper -------------------------------------------------------------------------------------

ENTRY = """
metrics:
  - name: {name}
    label: Uplift
    description: What it caused.
    formula: with it - without
    {how}
    config:
      meta: {{unit: ratio, better: higher, additivity: {additivity}, amec: impact,
        objective: marketing_optimization, domain: crm, owner: analytics_lead, source: x,
        caveat: y, slices: [channel_id], grains: [quarter], total: {total}{level}}}
"""
ROWS = (
    "select 'quarter' as grain, date '2026-01-01' as period_start, 'channel_id' as "
    "slice_name, 'tv' as slice_value, 2.0 as value, 1.0 as low, 3.0 as high, 9 as n, true as "
    "is_complete, null as doubt, 'r1' as model_run_id from metrics.guess"
)
UPSTREAM = "upstream: [mmm_weeks]\n    "
GOOD = {"name": "uplift", "additivity": "model", "total": "false", "level": ", level: 0.9",
        "how": UPSTREAM + f'rows: "{ROWS}"'}  # fmt: skip


def declared(folder, again=False, **changes):
    text = ENTRY.format(**GOOD | changes)
    folder.mkdir(exist_ok=True)
    (folder / "m.yml").write_text(text, encoding="utf-8")
    if again:
        (folder / "n.yml").write_text(text, encoding="utf-8")
    computed.load.cache_clear()
    return computed.load(folder)


@pytest.mark.parametrize(
    ("changes", "word"),
    [({"again": True}, r"n\.yml:3: metric 'uplift' stands twice"),
     ({"additivity": "ratio"}, "additivity is model"),
     ({"level": ""}, "how sure its interval is"),
     ({"level": ", level: 0.9, interval: wilson"}, "leave `interval` out"),
     ({"total": "true"}, "say total: false"),
     ({"total": "true", "how": "by: metrics/x.py:lay"}, "say total: false"),
     ({"name": "social_success_score"}, "'social_success_score' is refused: "),
     ({"how": UPSTREAM + "rows: select 1 from marts.fct_leads"}, "only from metrics"),
     ({"how": f'rows: "{ROWS}"'}, "name its marts under upstream"),
     ({"how": UPSTREAM.strip()}, "name `by` or `rows`, and not both"),
     ({"how": GOOD["how"] + "\n    by: metrics/x.py:lay"}, "name `by` or `rows`, and not both")],
)  # fmt: skip
def test_what_is_wrong_on_paper_is_refused_with_its_place(tmp_path, changes, word):
    with pytest.raises(ConfigError, match=word) as error:
        declared(tmp_path / "d", **changes)
    assert ".yml:3" in str(error.value)


def test_a_level_is_a_share(tmp_path):
    with pytest.raises(ConfigError, match=r"m\.yml:\d+: .*level': Input should be less than 1"):
        declared(tmp_path / "d", level=", level: 90")


def test_a_mart_that_nobody_makes_is_no_lineage(tmp_path):
    known = declared(tmp_path / "d")
    computed.check(catalogue.load(), known, {"model.plumbline.mmm_weeks"})
    with pytest.raises(ConfigError, match="'mmm_weeks', and dbt has no such model"):
        computed.check(catalogue.load(), known, set())


# --- rows that a select gives ---------------------------------------------------------------------


@pytest.fixture
def empty():
    with duckdb.connect() as connection:
        connection.execute("create schema metrics; create table metrics.guess as select 1 as x")
        connection.execute(values.TABLE)
        yield connection


def test_an_estimate_lands_with_interval_and_run(tmp_path, empty):
    assert computed.select(RUN, empty, declared(tmp_path / "d")) == 1
    assert empty.execute(
        "select metric_id, slice_value, value, low, high, n, model_run_id, trust "
        "from metrics.metric_values"
    ).fetchall() == [("uplift", "tv", 2.0, 1.0, 3.0, 9, "r1", None)]


def test_a_doubt_of_an_estimate_is_its_reason(tmp_path, empty):
    how = GOOD["how"].replace("null as doubt", "'unknown: prior' as doubt")
    computed.select(RUN, empty, declared(tmp_path / "d", how=how))
    told = empty.execute("select trust, trust_reason from metrics.metric_values").fetchall()
    assert told == [(None, "unknown: prior.")]


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [("3.0 as high", "null::double as high", "no value inside an interval"),
     ("1.0 as low", "2.5 as low", "no value inside an interval"),
     ("'r1' as model_run_id", "null::varchar as model_run_id", "no value inside"),
     ("null as doubt", "'late' as doubt", "a doubt that is none"),
     ("null as doubt", "'unknown: a. b' as doubt", "a doubt that is none"),
     ("2026-01-01", "2026-10-01", "lies ahead"),
     ("'quarter' as grain", "'week' as grain", "has a row by week and channel_id"),
     ("9 as n, ", "", "rows gives"), ("metrics.guess", "metrics.gone", "correct `rows`")],
)  # fmt: skip
def test_rows_without_an_interval_run_or_known_grain_are_refused(tmp_path, empty, old, new, word):
    known = declared(tmp_path / "d", how=GOOD["how"].replace(old, new))
    with pytest.raises(ConfigError, match=word):
        computed.select(RUN, empty, known)


def test_a_build_tells_them_with_owner_and_trust(built):
    with duckdb.connect(str((built.served / "plumbline.duckdb").resolve()), read_only=True) as db:
        rows = db.execute(
            "select metric_id, count(*), count(model_run_id), count(low), bool_and(trust is not "
            "null), any_value(d.owner_name) is not null from metrics.metric_values v "
            "join metrics.dim_metrics d using (metric_id) where additivity = 'model' "
            "and model_run_id is not null group by metric_id"
        ).fetchall()
        trusted = db.execute(
            "select trust, sources from metrics.metric_trust where metric_id = 'mmm_roi'"
        ).fetchall()
    assert {row[0] for row in rows} == {"incremental_conversions", "mmm_roi", "marginal_roi"}
    for _, count, runs, intervals, has_trust, has_owner in rows:
        assert count == runs == intervals > 0 and has_trust and has_owner
    # Press clips are a control of the model, and they are late.
    assert trusted[0][0] == "stale" and "feeds.channel_days" in trusted[0][1]
