"""Metrics computed from other metrics' results: declared once, laid beside the others, trusted."""

import csv
import datetime as dt
import types

import duckdb
import pytest
from small_warehouse import AS_OF, add_metric, add_owner, days, prepare

from metrics import catalogue, computed, goal_metrics, goals
from metrics.computed import Row
from settings import ROOT, ConfigError

REFERENCE = ROOT.parent / "shared" / "reference" / "metric_catalogue.csv"

GOALS = """
- name: leads_2026
  statement: More leads.
  metric: leads
  owner: demand_lead
  period: {from: 2026-01-01, to: 2026-12-31}
  profile: cumulative
  baseline: 365
  target: 400
  why: Sales needs them.
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


@pytest.fixture
def measured(tmp_path):
    """Two goals, evaluated; gives the connection and `run`."""
    connection = prepare(duckdb.connect())
    connection.execute("alter table metrics.metric_values add column response_rate double")
    add_owner(connection, "demand_lead", "Ida Holm")
    add_owner(connection, "care_lead", "Max Weber", status="left")
    add_metric(connection, "leads")
    first = dt.date(2024, 1, 1)
    for metric, values in (
        ("leads", days(first, AS_OF, lambda day: 1.2 if day.year == 2026 else 1.0)),
    ):
        rows = [(metric, "day", day, "all", "all", v, *[None] * 5, True, "fresh", "", None)
                for day, v in values.items()]  # fmt: skip
        computed.insert(connection, "metrics.metric_values", rows)
    add_metric(connection, "minutes", better="lower", additivity="percentile", unit="minutes")
    months = [dt.date(y, m, 1) for y in (2024, 2025, 2026) for m in range(1, 13)][:33]
    computed.insert(
        connection, "metrics.metric_values",
        [("minutes", "month", month, "all", "all", 140.0 - k, *[None] * 5, True, "fresh", "", None)
         for k, month in enumerate(months)],
    )  # fmt: skip
    for row in computed.describe(computed.load()):
        connection.execute("insert into metrics.dim_metrics values (" + "?, " * 10
                           + "null, 'active', ?, ?, ?)", list(row))  # fmt: skip
    folder = tmp_path / "goals"
    folder.mkdir()
    (folder / "2026.yml").write_text(GOALS)
    settings = types.SimpleNamespace(
        metrics=types.SimpleNamespace(goals=str(folder)),
        organization=types.SimpleNamespace(holidays=()),
    )
    run = types.SimpleNamespace(settings=settings, as_of=AS_OF)
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
    leads, minutes = rows(connection, "goal_attainment", last)
    assert leads[:2] == ("leads_2026", week) and leads[2] == pytest.approx(273 * 1.2 / 400)
    assert leads[3:5] == (pytest.approx(273 * 1.2), 400) and leads[7] is False  # a Wednesday
    assert minutes[2:5] == (pytest.approx((108 - 140) / (120 - 140)), -32, -20)
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


def test_a_number_is_defined_once_and_refused_numbers_stay_refused(tmp_path):
    shipped = computed.load()
    assert {"goal_attainment", "pacing_index", "forecast_at_completion",
            "goals_measurable_share"} <= shipped.keys()  # fmt: skip
    known = catalogue.load()
    computed.check(known, shipped)
    with pytest.raises(ConfigError, match="'win_rate' is also in metrics/definitions"):
        computed.check(known, {"win_rate": shipped["pacing_index"]})
    text = (computed.FOLDER / "goals.yml").read_text()
    (tmp_path / "a.yml").write_text(text.replace("pacing_index", "social_success_score"))
    with pytest.raises(ConfigError, match=r"a\.yml:\d+: metric 'social_success_score' is refused"):
        computed.load(tmp_path)
    (tmp_path / "a.yml").write_text(text.replace("pacing_index", "goal_attainment"))
    with pytest.raises(ConfigError, match="'goal_attainment' stands twice"):
        computed.load.cache_clear()
        computed.load(tmp_path)
    computed.load.cache_clear()
