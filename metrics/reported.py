"""What was reported when: `ops.reported_values`, a log of published values, and the question
`python -m metrics reported METRIC --on 2026-05-01`.

Every publication notes the values that differ from the one before: of months, quarters and years
for every slice, of weeks for the whole. What has none of these (the reach of a window of days, a
goal by its week) is noted as it is published, so that no metric is left out; the days and weeks of
all others would be seven times the log. A build that published nothing leaves no trace. Raw rows of
feeds are a log too (`marts.fct_restatements` has every corrected figure), but those of API sources
are merged, so that a metric recomputed "as known on a day" would be a guess; what was published is
exact.
"""

from __future__ import annotations

import datetime as dt
import typing
import zoneinfo
from pathlib import Path

from metrics.catalogue import unknown
from metrics.periods import last_day
from settings import ConfigError, Run

if typing.TYPE_CHECKING:
    import duckdb

TABLE = """
create table if not exists ops.reported_values (
    run_id varchar, reported_at timestamp, as_of date, metric_id varchar, grain varchar,
    period_start date, slice_name varchar, slice_value varchar, value double, is_complete boolean);
"""
KEY = ("metric_id", "grain", "period_start", "slice_name", "slice_value")
# What of metric_values goes into the log; of a slicing with none of these, its coarsest grain.
NOTED = """
    select * from metrics.metric_values as v
    where grain in ('month', 'quarter', 'year') or (grain = 'week' and slice_name = 'all')
        or (grain = 'week' and (metric_id, slice_name) not in (
            select (metric_id, slice_name) from metrics.metric_values
            where grain in ('month', 'quarter', 'year')))
        or (grain = 'day' and (metric_id, slice_name) not in (
            select (metric_id, slice_name) from metrics.metric_values where grain <> 'day'))
"""
GRAINS = ("month", "quarter", "year", "week", "day")  # the first that is noted, unless one is asked


class Report(typing.NamedTuple):
    """What a publication said of one value; `value` None: it had none."""

    run_id: str
    reported_at: dt.datetime
    as_of: dt.date
    value: float | None
    is_complete: bool | None


def note(run: Run, published: typing.Collection[str] = ()) -> int:
    """Add to `ops.reported_values` of the build what `metrics.metric_values` says otherwise than
    the last publication did; a value that is gone is a row without value. Gives the number of rows.

    What runs noted that then published nothing is taken out; `published` are run ids of
    publications that are there, whatever became of the run after. A warehouse that was built anew
    takes the log over from the publication that is served."""
    import duckdb

    key = ", ".join(KEY)
    same = " and ".join(f"last.{name} = now.{name}" for name in KEY)
    with duckdb.connect(str(run.paths.warehouse)) as connection:
        connection.begin()
        connection.execute("create schema if not exists ops")
        connection.execute(TABLE)
        if not connection.execute("select 1 from ops.reported_values limit 1").fetchall():
            _take_over(connection, run.paths.served / "plumbline.duckdb")
        elif _holds(connection, "runs"):
            connection.execute(
                "delete from ops.reported_values where run_id in (select run_id from ops.runs "
                "where status not in ('passed', 'degraded')) and run_id not in (select unnest(?))",
                [list(published)],
            )
        [(rows,)] = connection.execute(
            f"""
            insert into ops.reported_values
            with last as (
                select * exclude (place) from (
                    select *, row_number() over (
                        partition by {key} order by reported_at desc, run_id desc) as place
                    from ops.reported_values)
                where place = 1 and value is not null
            ),
            now as (
                select {key}, value, is_complete from ({NOTED}) where value is not null
            )
            select
                ?, ?, ?, {", ".join(f"coalesce(now.{name}, last.{name})" for name in KEY)},
                now.value, now.is_complete
            from now full join last on {same}
            where now.value is distinct from last.value
                or now.is_complete is distinct from last.is_complete
            order by all
            """,
            [run.run_id, run.started_at, run.as_of],
        ).fetchall()
        connection.commit()
    return rows


def forget(run: Run) -> None:
    """Take out what a run noted that published nothing."""
    import duckdb

    with duckdb.connect(str(run.paths.warehouse)) as connection:
        if _holds(connection, "reported_values"):
            connection.execute("delete from ops.reported_values where run_id = ?", [run.run_id])


def _holds(connection: duckdb.DuckDBPyConnection, table: str) -> bool:
    found = "select 1 from duckdb_tables() where schema_name = 'ops' and table_name = ?"
    return bool(connection.execute(found, [table]).fetchall())


def _take_over(connection: duckdb.DuckDBPyConnection, served: Path) -> None:
    import duckdb

    if not served.exists():
        return
    with duckdb.connect(str(served), read_only=True) as published:
        if not _holds(published, "reported_values"):
            return
        kept = published.sql("from ops.reported_values").to_arrow_table()
    connection.register("kept", kept)
    connection.execute("insert into ops.reported_values from kept")
    connection.unregister("kept")


def reported(
    served: Path,
    metric: str,
    on: dt.date,
    today: dt.date,
    grain: str | None = None,
    period: dt.date | None = None,
    slice_: str = "all",
) -> tuple[str, dt.date, Report | None, Report]:
    """(grain, first day of the period, what the last publication of `on` or before said, what is
    said now).

    `on` ends with the organization's day and is not after `today` and the last publication. `grain`
    None is the first of GRAINS that is noted. `period` is any day in it; None is the last one that
    was complete on `on`. `slice_` is `all` or name=value. Raises ConfigError when the metric is
    refused or unknown, or when the slice or the period is not in the log, naming what is.
    """
    import duckdb

    if not served.exists():
        raise ConfigError(f"{served}: nothing is published yet; run make build first.")
    slice_name, _, slice_value = slice_.partition("=") if "=" in slice_ else (slice_, "", slice_)
    with duckdb.connect(str(served), read_only=True) as connection:
        if not _holds(connection, "reported_values"):
            raise ConfigError(f"{served} was published before reports were noted; build again.")
        labels = dict(
            connection.execute("select metric_id, label from metrics.dim_metrics").fetchall()
        )
        log = connection.execute(
            "select period_start, run_id, reported_at, as_of, value, is_complete, grain, "
            "slice_name, slice_value from ops.reported_values where metric_id = ? "
            "order by period_start, reported_at, run_id",
            [metric],
        ).fetchall()
        [(zone, newest)] = connection.execute(
            "select time_zone, (select max(reported_at) from ops.reported_values) "
            "from ops.publication"
        ).fetchall()
    if not log:
        if metric not in labels:
            raise ConfigError(unknown(metric, labels))
        raise ConfigError(f"{metric}: no value of it was ever published.")
    ours = zoneinfo.ZoneInfo(zone)
    last = max(today, newest.replace(tzinfo=dt.UTC).astimezone(ours).date())
    if on > last:
        raise ConfigError(
            f"{on} is yet to come: what was reported is known up to {last}; ask for that day or "
            "one before."
        )
    end = dt.datetime.combine(on + dt.timedelta(days=1), dt.time(), ours)
    cut = end.astimezone(dt.UTC).replace(tzinfo=None)
    mine = [row[:7] for row in log if row[7:] == (slice_name, slice_value)]
    grains = [g for g in GRAINS if g in {row[6] for row in mine}]
    if not mine:
        raise ConfigError(f"{metric}: nothing of slice {slice_} was reported; {_slices(log)}")
    grain = grain or grains[0]
    if grain not in grains:
        raise ConfigError(
            f"{metric}: no {grain} of slice {slice_} was reported; it is told by "
            f"{', '.join(grains)}."
        )
    said = [row[:6] for row in mine if row[6] == grain]
    if period is None:
        ended = [row[0] for row in said if row[2] < cut and row[5]] or [row[0] for row in said]
        period = max(ended)
    starts = sorted({row[0] for row in said if row[0] <= period})
    if not starts or period > last_day(starts[-1], grain):
        raise ConfigError(
            f"{metric}: {period} is in no {grain} that was reported; the first is {said[0][0]}, "
            f"the last {said[-1][0]}."
        )
    versions = [Report(*row[1:]) for row in said if row[0] == starts[-1]]
    then = [version for version in versions if version.reported_at < cut]
    return grain, starts[-1], then[-1] if then else None, versions[-1]


def _slices(log: list[tuple]) -> str:
    """The slices there are, the first value of each."""
    first: dict[str, str] = {}
    for *_, name, value in log:
        first[name] = min(value, first.get(name, value))
    return "there are " + ", ".join(
        name if name == value else f"{name}={value}" for name, value in sorted(first.items())
    )


def told(metric: str, on: dt.date, answer: tuple) -> str:
    """The answer as sentences."""
    grain, period, then, now = answer

    def value(report: Report) -> str:
        number = "no value" if report.value is None else f"{report.value:,.6g}"
        return f"{number}{'' if report.is_complete else ' (period not complete)'}"

    head = f"{metric}, {grain} of {period}"
    if then is None:
        return (
            f"{head}: nothing was reported by {on}. First reported later or before the log began; "
            f"now {value(now)} (run {now.run_id})."
        )
    lines = [
        f"{head}: reported on {on}: {value(then)}",
        f"  published {then.reported_at:%Y-%m-%d %H:%M} UTC, run {then.run_id}, as of {then.as_of}",
        f"  now: {value(now)}",
    ]
    if now.run_id != then.run_id:
        lines[-1] += f" (since run {now.run_id}, as of {now.as_of})"
        if then.value is not None and now.value is not None:
            lines.append(f"  difference: {now.value - then.value:+,.6g}")
    return "\n".join(lines)
