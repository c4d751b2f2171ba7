"""From a signal to a decision: the first one on it, no action included; chance is not hidden."""

import datetime as dt
import types

import duckdb
import pytest
from small_warehouse import AS_OF, add_metric, prepare

from metrics import responses, signals, to_date
from metrics.responses import Decision, Signal

MONDAY = dt.date(2026, 2, 9)
SUNDAY = dt.date(2026, 2, 15)
SIGNAL = Signal("minutes", MONDAY, MONDAY + dt.timedelta(weeks=3), "care_lead")


def day(number):
    return SUNDAY + dt.timedelta(days=number)


@pytest.mark.parametrize(
    ("decisions", "days"),
    [
        ([Decision("minutes", day(4), None)], 4),
        ([Decision("minutes", day(9), None), Decision("minutes", day(4), None)], 4),
        ([Decision("minutes", day(9), MONDAY + dt.timedelta(weeks=2))], 9),  # a later week of it
        ([Decision("minutes", day(9), MONDAY + dt.timedelta(weeks=9))], None),  # another signal
        ([Decision("minutes", day(-3), None)], 0),  # decided before the week was over
        ([Decision("minutes", day(-8), None)], None),  # before it signalled
        ([Decision("minutes", day(92), None)], None),  # a quarter later
        ([Decision("leads", day(4), None)], None),
        ([], None),
    ],
)
def test_the_first_decision_on_a_signal_answers_it(decisions, days):
    assert responses.waited(SIGNAL, decisions) == days


@pytest.fixture
def warehouse():
    """Three signals of minutes and one of leads; the log answers two of the first."""
    connection = prepare(duckdb.connect())
    connection.execute(signals.TABLES + to_date.TABLES)
    connection.execute(
        "insert into metrics.stretches values ('year', '2026-01-01', '2026-09-30', '2025-01-01', "
        "'2025-09-30', false, true)"
    )
    add_metric(connection, "minutes", owner="care_lead")
    add_metric(connection, "leads")
    for metric, start, weeks in (("minutes", MONDAY, 2), ("minutes", dt.date(2026, 3, 9), 1),
                                 ("minutes", dt.date(2026, 7, 6), 1),
                                 ("leads", dt.date(2026, 3, 2), 3)):  # fmt: skip
        for k in range(weeks):
            connection.execute(
                "insert into metrics.metric_signals (metric_id, slice_name, slice_value, "
                "week_start, is_signal, is_first, baseline_from) values "
                "(?, 'all', 'all', ?, true, ?, '2025-01-06')",
                [metric, start + dt.timedelta(weeks=k), k == 0],
            )
    connection.execute(
        "create table marts.fct_decisions as from (values "
        "('signal', 'minutes', date '2026-02-18', date '2026-02-09'), "
        "('signal', 'minutes', date '2026-03-22', null), "
        "('budget', 'leads', date '2026-03-10', null)) "
        "as t(kind, metric_id, decided_date, signal_week_start_date)"
    )
    return connection


def told(connection, as_of=AS_OF):
    responses.write(types.SimpleNamespace(as_of=as_of), connection)
    return connection.execute(
        "select grain, period_start, slice_value, value, n, round(response_rate, 3), is_complete "
        "from metrics.metric_values where metric_id = 'signal_response_days' order by all"
    ).fetchall()


def test_the_median_stands_with_how_many_were_answered(warehouse):
    quarter, year = dt.date(2026, 1, 1), dt.date(2026, 1, 1)
    assert told(warehouse) == [
        ("quarter", quarter, "all", 5.0, 2, 0.667, True),  # 3 and 7 days, leads unanswered
        ("quarter", quarter, "care_lead", 5.0, 2, 1.0, True),
        ("year", year, "all", 5.0, 2, 0.5, False),
        ("year", year, "care_lead", 5.0, 2, 0.667, False),
    ]


def test_the_year_before_up_to_the_same_day_is_told_for_the_review(warehouse):
    told(warehouse)  # all signals are of 2026
    assert warehouse.execute("from metrics.metric_stretches").fetchall() == []
    days = (dt.date(2026, 1, 1), dt.date(2026, 3, 31))
    warehouse.execute("update metrics.stretches set first_before = ?, last_before = ?", list(days))
    told(warehouse)
    assert warehouse.execute("from metrics.metric_stretches").fetchall() == [
        ("signal_response_days", "year", False, *days, 5.0)
    ]


def test_a_quarter_is_complete_once_its_last_signal_can_no_longer_be_answered(warehouse):
    assert not told(warehouse, dt.date(2026, 7, 5))[0][-1]
    assert told(warehouse, dt.date(2026, 7, 6))[0][-1]


def test_without_a_log_or_an_answer_there_is_no_number(warehouse):
    warehouse.execute("delete from marts.fct_decisions where kind = 'signal'")
    assert told(warehouse) == []
    warehouse.execute("drop table marts.fct_decisions")
    assert told(warehouse) == []
