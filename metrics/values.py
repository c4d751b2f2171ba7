"""`metrics.metric_values`: every metric by day, week, month, quarter, year and declared slice.

`metrics.metric_fiscal_values`: the same by fiscal quarter and year. It is a table of its own, so
that goals, signals and cards have one calendar.

MetricFlow's SQL runs once a query and is told as rows; intervals and completeness are added in the
same statement. What is not known has no row: nothing is filled, nothing is zero for want of data.
A ratio whose denominator is zero has a row with its parts and no value.
"""

from __future__ import annotations

import typing

from metrics.catalogue import MONTHS, Catalogue, Metric
from metrics.queries import FISCAL, ORIGIN, SPINES, Query
from settings import ConfigError, Run

if typing.TYPE_CHECKING:
    import duckdb

Z = 1.959963984540054  # 95 %, two-sided
NO_SLICE_VALUE = "(unknown)"
PARTIAL = "Partial:"
WITHHELD = "Withheld: it would describe fewer than five people, or fewer than ten answers."

# One row per metric, grain, period and slice value. Shares are fractions (unit percent: 0.034 is
# 3.4 %), points are -100..100, money is in the reporting currency. Periods are calendar periods,
# weeks are ISO weeks. numerator and denominator for ratios; how sure low and high are stands in
# dim_metrics.interval_level; n counts the observations; response_rate is n per questionnaire sent.
# model_run_id is the build that estimated a modelled metric. covered_share is what is known of what
# the number should rest on (rows, or months of the period), null where nobody says what that is.
TABLE = """
create schema if not exists metrics;
create or replace table metrics.metric_values (
    metric_id varchar, grain varchar, period_start date, slice_name varchar, slice_value varchar,
    value double, numerator double, denominator double, n bigint, low double, high double,
    is_complete boolean, trust varchar, trust_reason varchar, response_rate double,
    model_run_id varchar, covered_share double);
"""

# One row per metric, fiscal period and slice value, as in metric_values; none where the fiscal year
# is the calendar year. The year is named after the calendar year in which it ends; fiscal_quarter
# is null for a year; period_end is the last day.
FISCAL_TABLE = """
create or replace table metrics.metric_fiscal_values as
select told.*, p.fiscal_year, p.fiscal_quarter, p.period_end
from told join fiscal_periods as p on told.grain = p.grain and told.period_start = p.period_start
order by told.metric_id, told.grain, told.slice_name, told.slice_value, told.period_start
"""
FISCAL_PERIODS = """
create or replace temp table fiscal_periods as
select 'fiscal_quarter' as grain, fiscal_quarter_start_date as period_start, fiscal_year,
    fiscal_quarter, max(date_day) as period_end
from marts.dim_dates group by all
union all
select 'fiscal_year', fiscal_year_start_date, fiscal_year, null, max(date_day)
from marts.dim_dates group by all
"""


def write(
    run: Run, connection: duckdb.DuckDBPyConnection, catalogue: Catalogue, queries: list[Query]
) -> int:
    """Rewrite metric_values from the marts, without trust; gives the number of rows.

    A period is complete when it ended, and had its days to mature, by `run.as_of`, and no month is
    missing that its number should rest on. Raises
    ConfigError naming the metrics whose SQL does not run on this warehouse."""
    _tell(run, connection, catalogue, queries)
    connection.execute(TABLE)
    connection.execute(
        "insert into metrics.metric_values select * from told "
        "order by metric_id, grain, slice_name, slice_value, period_start"
    )
    connection.execute("drop table told")
    return connection.execute("select count(*) from metrics.metric_values").fetchall()[0][0]


def write_fiscal(
    run: Run, connection: duckdb.DuckDBPyConnection, catalogue: Catalogue, queries: list[Query]
) -> list[str]:
    """Rewrite metric_fiscal_values from the marts, without trust, from `queries.compiled_fiscal`;
    gives one sentence for each kind of metric that has no fiscal figure, and why."""
    connection.execute("create schema if not exists metrics")
    connection.execute(FISCAL_PERIODS)
    _tell(run, connection, catalogue, queries)
    connection.execute(FISCAL_TABLE)
    untold = _untold(connection, catalogue) if queries else {}
    connection.execute("drop table told; drop table fiscal_periods")
    return [
        f"no {period.replace('_', ' ')} of {len(names)} metrics told by {rows}, of which it is "
        f"not made: {', '.join(sorted(names))}"
        for (period, rows), names in untold.items()
    ]


def _untold(
    connection: duckdb.DuckDBPyConnection, catalogue: Catalogue
) -> dict[tuple[str, str], list[str]]:
    """{(fiscal period, grain of rows): metrics that it cannot be told from}."""
    found: dict[tuple[str, str], list[str]] = {}
    for period in FISCAL:
        for rows, spine in SPINES.items():
            [(cut,)] = connection.execute(
                f"select count(*) from marts.dim_{spine} where {period}_start_date is null"
            ).fetchall()
            names = [
                name
                for name, metric in catalogue.metrics.items()
                if catalogue.grain_of(name) == rows
                and period.removeprefix("fiscal_") in metric.meta.grains
            ]
            if cut and names:
                found[period, rows] = names
    return found


def _tell(
    run: Run, connection: duckdb.DuckDBPyConnection, catalogue: Catalogue, queries: list[Query]
) -> None:
    """Lay what the queries answer into the temporary table `told`."""
    import duckdb

    connection.execute(f"set variable as_of = date '{run.as_of.isoformat()}'")
    connection.execute("create or replace temp table told as " + _told_as())
    for query in queries:
        if query.slice_name == ORIGIN:
            continue
        wanted = [catalogue.metrics[name] for name in query.wanted]
        try:
            connection.execute(f"insert into told {_rows(query, wanted)}")
        except duckdb.Error as error:
            names = ", ".join(metric.name for metric in wanted)
            files = sorted({str(metric.file) for metric in wanted})
            raise ConfigError(
                f"{', '.join(files)}: {names} by {query.grain} and {query.slice_name} cannot be "
                f"computed; correct the definition or build the marts first: {error}"
            ) from error


def _told_as() -> str:
    columns = TABLE.split("(", 1)[1].rsplit(")", 1)[0].split(",")
    typed = (column.split() for column in columns)
    return "select " + ", ".join(f"null::{t} as {name}" for name, t in typed) + " where false"


def _rows(query: Query, wanted: list[Metric]) -> str:
    told = " union all ".join(_row(query, metric) for metric in wanted)
    return f"with answer as materialized ({query.sql}) {told}"


def _row(query: Query, metric: Metric) -> str:
    meta, parts = metric.meta, metric.parts
    start = f"cast(metric_time__{query.grain} as date)"
    top, bottom = (_part(parts, role) for role in ("numerator", "denominator"))
    value, count = number(metric), _part(parts, "n")
    if meta.interval in ("wilson", "mean") and "n" not in parts:
        count = bottom
    low = high = "null"
    if meta.interval == "wilson":
        low, high = wilson(value, count)
    if meta.interval == "mean":
        low, high = mean_interval(value, count, _part(parts, "squares"))
    if meta.interval == "bounds":  # a row says both, also where they are not one number
        low, high = _part(parts, "low"), _part(parts, "high")
    answered = f"{count} / nullif({_part(parts, 'asked')}, 0)" if "asked" in parts else "null"
    withheld = "false"
    if "suppressed" in parts:
        withheld = f"({value} is null and coalesce({parts['suppressed']}, 0) > 0)"
    sliced = f"coalesce(cast({query.slice} as varchar), '{NO_SLICE_VALUE}')"
    both = f" or ({top} is not null and {bottom} is not null)" if "numerator" in parts else ""
    if meta.interval == "bounds":
        both = f" or ({low} is not null and {high} is not null)"
    known = [
        f"case when not {withheld} then {text} end"
        for text in (value, top, bottom, f"cast({count} as bigint)", low, high)
    ]
    wait = max(meta.matures_after_days, meta.slice_wait(query.slice_name))
    ended = f"{_over(query)} + interval {wait} day <= getvariable('as_of') + interval 1 day"
    covered, partial = _covered(query, metric)
    if meta.due == MONTHS:
        ended = f"({ended} and coalesce({covered} >= 1, true))"
    return (
        f"select '{metric.name}', '{query.period}', {start}, '{query.slice_name}', "
        f"{sliced if query.slice else repr('all')}, {', '.join(known)}, {ended}, null, "
        f"case when {withheld} then '{WITHHELD}' else {partial} end, "
        f"case when not {withheld} then {answered} end, null, {covered} "
        f"from answer where {start} is not null and ({value} is not null or {withheld}{both})"
    )


def _over(query: Query) -> str:
    """SQL for the day after the period."""
    start = f"cast(metric_time__{query.grain} as date)"
    if query.period not in FISCAL:
        return f"{start} + interval 1 {query.grain}"
    return (
        "(select max(p.period_end) + interval 1 day from fiscal_periods as p "
        f"where p.grain = '{query.period}' and p.period_start = {start})"
    )


def number(metric: Metric) -> str:
    """SQL for a metric's value from the columns of `queries.columns_of`."""
    if metric.spec.type == "ratio":  # as MetricFlow divides, which a test holds
        top, bottom = (_part(metric.parts, role) for role in ("numerator", "denominator"))
        return f"({top} / nullif({bottom}, 0))"
    return f"cast({metric.name} as double)"


def _covered(query: Query, metric: Metric) -> tuple[str, str]:
    """SQL for the share that is known of what the number should rest on, and for what to say where
    that is not all of it."""
    parts, meta = metric.parts, metric.meta
    if "known" not in parts:
        if "suppressed" not in parts:
            return "null", "null"
        told = f"'{PARTIAL} what would describe fewer than five people is left out.'"
        return "null", f"case when coalesce({parts['suppressed']}, 0) > 0 then {told} end"
    known, what = f"coalesce({parts['known']}, 0)", "rows"
    due = parts.get("due")
    if meta.due == MONTHS:
        what = "months"
        start = f"cast(metric_time__{query.grain} as date)"
        over = f"cast(getvariable('as_of') as date) + 1 - {meta.matures_after_days}"
        due = f"date_diff('month', {start}, least({_over(query)}, date_trunc('month', {over})))"
    share = f"least(1, cast({known} as double) / nullif(greatest({due}, 0), 0))"
    told = f"'{PARTIAL} ' || cast({known} as bigint) || ' of ' || cast({due} as bigint)"
    return share, f"case when {share} < 1 then {told} || ' {what} are known.' end"


def _part(parts: dict[str, str], role: str) -> str:
    return f"cast({parts[role]} as double)" if role in parts else "null"


def wilson(share: str, n: str) -> tuple[str, str]:
    """SQL for the 95 % score interval of a share of n (Wilson 1927, JASA 22:209-212)."""
    middle = f"({share} + {Z**2 / 2} / {n}) / (1 + {Z**2} / {n})"
    half = (
        f"{Z} / (1 + {Z**2} / {n}) * sqrt(greatest({share} * (1 - {share}), 0) / {n} "
        f"+ {Z**2 / 4} / ({n} * {n}))"
    )
    low, high = f"greatest(0, {middle} - {half})", f"least(1, {middle} + {half})"
    known = f"{n} > 0 and {share} between 0 and 1"
    return f"case when {known} then {low} end", f"case when {known} then {high} end"


def mean_interval(mean: str, n: str, squares: str) -> tuple[str, str]:
    """SQL for the 95 % interval of a mean of n from its sum of squares. With answers of -100, 0
    and 100 it is the margin of NPS: 1.96 * sqrt((p + d - (p - d)^2) / n), in points."""
    half = f"{Z} * sqrt(greatest({squares} / {n} - {mean} * {mean}, 0) / {n})"
    return tuple(f"case when {n} > 0 then {mean} {sign} {half} end" for sign in "-+")
