"""From a signal to a decision: how long an organization takes to say what it will do, if anything.

A signal is the first of consecutive signalling weeks of a metric as a whole. The first decision on
that metric within 91 days answers it: one that names a week only the signal whose weeks hold it.
"""

from __future__ import annotations

import datetime as dt
import statistics
import typing

from metrics import computed, to_date
from metrics.computed import Row
from metrics.periods import last_day
from settings import Run

if typing.TYPE_CHECKING:
    import duckdb

WINDOW = 91  # days; a decision after a quarter is about something else


class Signal(typing.NamedTuple):
    metric_id: str
    first: dt.date
    last: dt.date
    owner_role: str


class Decision(typing.NamedTuple):
    metric_id: str
    decided: dt.date
    week: dt.date | None


def write(run: Run, connection: duckdb.DuckDBPyConnection) -> None:
    """Lay signal_response_days into metric_values: by quarter and year of the signal, all and by
    the owner's role. n counts the answered; response_rate is answered per signal. Quarters without
    an answered signal have no row; without a decision log there is none at all. The review's
    stretches are added to `metrics.metric_stretches`."""
    signals, decisions = read_signals(connection), read_decisions(connection)
    waits = [(signal, waited(signal, decisions)) for signal in signals]
    rows = []
    for grain, months in (("quarter", 3), ("year", 12)):
        periods: dict[tuple, list[int | None]] = {}
        for signal, days in waits:
            month = (signal.first.month - 1) // months * months + 1
            first = dt.date(signal.first.year, month, 1)
            for cut in (("all", "all"), ("owner_role", signal.owner_role)):
                periods.setdefault((first, *cut), []).append(days)
        for (first, *cut), found in sorted(periods.items()):
            known = [days for days in found if days is not None]
            if known:
                over = last_day(first, grain) + dt.timedelta(days=WINDOW + 6)
                rows.append(
                    Row(grain, first, *cut, statistics.median(known), n=len(known),
                        is_complete=over <= run.as_of, response_rate=len(known) / len(found))
                )  # fmt: skip
    computed.lay(connection, "signal_response_days", rows)

    def between(first: dt.date, last: dt.date) -> float | None:
        known = [days for s, days in waits if days is not None and first <= s.first <= last]
        return statistics.median(known) if known else None

    to_date.add(connection, "signal_response_days", between, ("quarter", "year"))


def waited(signal: Signal, decisions: list[Decision]) -> int | None:
    """Days from the end of the signal's first week to the first decision on it."""
    end = signal.first + dt.timedelta(days=6)
    days = [
        (d.decided - end).days
        for d in decisions
        if d.metric_id == signal.metric_id
        and signal.first <= d.decided <= end + dt.timedelta(days=WINDOW)
        and (d.week is None or signal.first <= d.week <= signal.last)
    ]
    return max(0, min(days)) if days else None


def read_signals(connection: duckdb.DuckDBPyConnection) -> list[Signal]:
    rows = connection.execute(
        """
        with runs as (
            select s.*, sum(case when is_first then 1 else 0 end) over (
                partition by metric_id, baseline_from order by week_start) as run
            from metrics.metric_signals as s where is_signal and slice_name = 'all'
        )
        select r.metric_id, min(r.week_start), max(r.week_start), min(m.owner_role)
        from runs as r join metrics.dim_metrics as m on r.metric_id = m.metric_id
        group by r.metric_id, r.baseline_from, r.run order by 1, 2
        """
    ).fetchall()
    return [Signal(*row) for row in rows]


def read_decisions(connection: duckdb.DuckDBPyConnection) -> list[Decision]:
    [(known,)] = connection.execute(
        "select count(*) from duckdb_tables() where schema_name = 'marts' "
        "and table_name = 'fct_decisions'"
    ).fetchall()
    if not known:
        return []
    rows = connection.execute(
        "select metric_id, decided_date, signal_week_start_date from marts.fct_decisions "
        "where kind = 'signal' and metric_id is not null order by all"
    ).fetchall()
    return [Decision(*row) for row in rows]
