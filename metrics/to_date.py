"""The weekly review's stretches: month, fiscal quarter and fiscal year to date, and the same of the
year before.

A part of a period is none of metric_values, and what is no sum (a share, a median, distinct people,
a survey) cannot be made of days. So each stretch is asked of MetricFlow from its first to its last
day, as every other number is.
"""

from __future__ import annotations

import datetime as dt
import typing

from metrics.catalogue import GRAINS, Catalogue
from metrics.periods import last_end
from metrics.queries import Query
from metrics.storing import insert
from metrics.values import number
from settings import ConfigError, Run

if typing.TYPE_CHECKING:
    import duckdb

TABLES = """
create or replace table metrics.stretches (
    grain varchar, first_day date, last_day date, first_before date, last_before date,
    is_over boolean, is_calendar boolean);
create or replace table metrics.metric_stretches (
    metric_id varchar, grain varchar, is_now boolean, first_day date, last_day date, value double);
"""
# The quarter and the year are fiscal ones. The same stretch of the year before: to the same day of
# its calendar, or as many days of a fiscal year of weeks.
STRETCHES = """
insert into metrics.stretches
with fiscal as (
    select
        d.date_day as as_of, n.date_day is null
            or n.fiscal_quarter_start_date > d.fiscal_quarter_start_date as is_quarter_over,
        n.date_day is null or n.fiscal_year_start_date > d.fiscal_year_start_date as is_year_over,
        d.fiscal_quarter_start_date as quarter_start, d.fiscal_year_start_date as year_start,
        min(b.fiscal_year_start_date) as year_start_before,
        min(case when b.fiscal_quarter = d.fiscal_quarter then b.fiscal_quarter_start_date end)
            as quarter_start_before
    from marts.dim_dates as d
    left join marts.dim_dates as n on n.date_day = d.date_day + 1
    left join marts.dim_dates as b
        on b.fiscal_year = d.fiscal_year - 1 and b.date_day >= b.fiscal_year_start_date
    where d.date_day = cast($as_of as date)
    group by all
),
starts as (
    select
        'month' as grain, cast(date_trunc('month', cast($as_of as date)) as date) as first_day,
        cast(date_trunc('month', cast($as_of as date)) - interval 1 year as date) as first_before,
        date_trunc('month', cast($as_of as date) + 1)
            > date_trunc('month', cast($as_of as date)) as is_over,
        cast($as_of as date) as as_of
    union all
    select 'quarter', quarter_start, quarter_start_before, is_quarter_over, as_of from fiscal
    union all
    select 'year', year_start, year_start_before, is_year_over, as_of from fiscal
)
select
    grain, first_day, as_of, first_before,
    case when day(first_day) = 1 and day(first_before) = 1
        then cast(as_of - interval 1 year as date)
        else first_before + cast(as_of - first_day as integer) end,
    is_over, first_day = date_trunc(grain, first_day)
from starts
"""


def write(
    run: Run,
    connection: duckdb.DuckDBPyConnection,
    catalogue: Catalogue,
    asked: list[Query],
    private: typing.Collection[str],
) -> None:
    """Write `metrics.stretches` (one row per grain) and `metrics.metric_stretches` (one row per
    metric, grain and stretch that metric_values does not hold: of the year before unless it was a
    whole calendar period, of this year where the fiscal period is no calendar one).

    A metric whose rows are months or weeks is told of stretches that begin and end with one; one of
    `private` (about people) of whole periods that are published anyway. Unknown is no row. Raises
    ConfigError naming the metrics whose SQL does not run."""
    import duckdb

    connection.execute(TABLES)
    connection.execute(STRETCHES, {"as_of": run.as_of})
    for grain, is_now, first, last in _missing(connection):
        connection.execute(f"set variable since = date '{first}'")
        connection.execute(f"set variable as_of = date '{last}'")
        for query in asked:
            told = []
            for name in query.wanted:
                metric = catalogue.metrics[name]
                rows = catalogue.grain_of(name)
                if name in private:
                    rows = min(metric.meta.grains, key=GRAINS.index)
                if grain in metric.meta.grains and fits(rows, first, last):
                    told.append(metric)
            if not told:
                continue
            values = " union all ".join(
                f"select '{metric.name}' as metric_id, {number(metric)} as value from answer"
                for metric in told
            )
            try:
                connection.execute(
                    "insert into metrics.metric_stretches "
                    f"with answer as materialized ({query.sql}) "
                    "select metric_id, ?, ?, ?, ?, value "
                    f"from ({values}) where value is not null",
                    [grain, is_now, first, last],
                )
            except duckdb.Error as error:
                names = ", ".join(metric.name for metric in told)
                raise ConfigError(
                    f"{told[0].file}: {names} from {first} to {last} cannot be computed; correct "
                    f"the definition or build the marts first: {error}"
                ) from error
    connection.execute(f"set variable as_of = date '{run.as_of}'")


def fits(rows: str, first: dt.date, last: dt.date) -> bool:
    """Whether periods of `rows` begin on `first` and end on `last`."""
    before = first - dt.timedelta(days=1)
    return last_end(before, rows) == before and last_end(last, rows) == last


def add(
    connection: duckdb.DuckDBPyConnection,
    metric_id: str,
    value: typing.Callable[[dt.date, dt.date], float | None],
    grains: typing.Collection[str],
) -> None:
    """The same stretches of a computed metric, from what it says of two days and all between."""
    found = [
        (metric_id, *stretch, value(*stretch[2:]))
        for stretch in _missing(connection)
        if stretch[0] in grains
    ]
    insert(connection, "metrics.metric_stretches", [row for row in found if row[-1] is not None])


def _missing(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, bool, dt.date, dt.date]]:
    """(grain, whether this year, first day, last day) of what metric_values does not hold."""
    return connection.execute(
        """
        select grain, false, first_before, last_before from metrics.stretches
        where not (is_over and is_calendar) and first_before is not null
        union all
        select grain, true, first_day, last_day from metrics.stretches where not is_calendar
        order by 1, 2
        """
    ).fetchall()
