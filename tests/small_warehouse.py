"""A warehouse small enough to check in the head, with the tables that metrics read."""

import datetime as dt
import types

DAY = dt.timedelta(days=1)
AS_OF = dt.date(2026, 9, 30)

METRICS = """
create schema if not exists metrics; create schema if not exists marts;
create table metrics.metric_values (
    metric_id varchar, grain varchar, period_start date, slice_name varchar, slice_value varchar,
    value double, numerator double, denominator double, n bigint, low double, high double,
    is_complete boolean, trust varchar, trust_reason varchar);
create table metrics.dim_metrics (
    metric_id varchar, label varchar, description varchar, unit varchar, better varchar,
    additivity varchar, amec varchar, objective varchar, domain varchar, owner_role varchar,
    owner_name varchar, owner_status varchar, definition_source varchar, caveat varchar,
    formula varchar);
create table metrics.metric_trust (
    metric_id varchar, trust varchar, reason varchar, sources varchar, last_event_date date);
create table marts.dim_owners (
    owner_key varchar, role varchar, owner_label varchar, display_name varchar,
    department varchar, valid_from date, valid_to date, is_current boolean, owner_status varchar);
"""


def prepare(connection):
    connection.execute(METRICS)
    return connection


def add_metric(
    connection, metric_id, *, better="higher", additivity="additive", amec="outcome",
    unit="count", trust="fresh", reason="", last_event=AS_OF, domain="crm", owner="demand_lead",
):  # fmt: skip
    label = metric_id.replace("_", " ").capitalize()
    connection.execute(
        "insert into metrics.dim_metrics values (?, ?, ?, ?, ?, ?, ?, 'revenue_generation', ?, ?, "
        "'Ida Holm', 'active', 'practice', 'Counts what the CRM says.', 'count(*)')",
        [metric_id, label, f"{label}, as counted.", unit, better, additivity, amec, domain, owner],
    )
    connection.execute(
        "insert into metrics.metric_trust values (?, ?, ?, 'feeds', ?)",
        [metric_id, trust, reason, last_event],
    )


def add_owner(connection, role, name, status="active", is_current=True):
    connection.execute(
        "insert into marts.dim_owners values (?, ?, ?, ?, 'Marketing', '2024-01-01', null, ?, ?)",
        [role, role, role.replace("_", " ").capitalize(), name, is_current, status],
    )


def add_values(connection, metric_id, rows, *, grain="day", slice_=("all", "all")):
    """`rows`: {first day: value} or {first day: (numerator, denominator)}."""
    connection.executemany(
        "insert into metrics.metric_values values (?, ?, ?, ?, ?, ?, ?, ?, null, null, null, "
        "true, 'fresh', '')",
        [
            (metric_id, grain, day, *slice_, v[0] / v[1], *v)
            if isinstance(v, tuple)
            else (metric_id, grain, day, *slice_, v, None, None)
            for day, v in rows.items()
        ],
    )


def days(first, last, value):
    """{day: value(day)} for every day of [first, last]."""
    count = (last - first).days + 1
    return {first + DAY * k: value(first + DAY * k) for k in range(count)}


def settings_with_goals(folder):
    return types.SimpleNamespace(metrics=types.SimpleNamespace(goals=str(folder)))
