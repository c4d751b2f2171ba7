"""The goals' own metrics: attainment, pacing, forecast by goal and week, and how many goals can be
measured at all. From `metrics.goal_forecasts` and `dim_goals`; declared in `metrics/computed`."""

from __future__ import annotations

import datetime as dt
import typing

from metrics import computed
from metrics.computed import Row
from metrics.goals import beyond
from metrics.periods import last_day
from settings import Run

if typing.TYPE_CHECKING:
    import duckdb


def write(run: Run, connection: duckdb.DuckDBPyConnection) -> None:
    """Lay the goals' metrics into metric_values: by goal and ISO week, the last reading of each
    (`is_complete`: read on its Sunday), and the share of measurable goals of the quarter that
    `as_of` lies in. A reading whose data is late says so and keeps the last figure that is known.
    """
    readings = connection.execute(
        """
        with ordered as (
            select f.*, date_trunc('week', f.reading_date) as week, row_number() over (
                partition by f.goal_id, date_trunc('week', f.reading_date)
                order by f.reading_date desc) as place
            from metrics.goal_forecasts as f
        )
        select
            o.goal_id, cast(o.week as date), o.reading_date, o.actual, o.expected, o.forecast,
            o.forecast_low, o.forecast_high, o.status, d.target,
            case when d.profile = 'cumulative' then 0 else d.baseline end,
            case when d.better in ('higher', 'lower') then d.better = 'higher'
                else d.target >= d.baseline end,
            s.trust, s.trust_reason, d.profile
        from ordered as o
        join metrics.dim_goals as d on o.goal_id = d.goal_id
        join metrics.goal_status as s on o.goal_id = s.goal_id
        where o.place = 1
        order by 1, 2
        """
    ).fetchall()
    rows: dict[str, list[Row]] = {
        name: [] for name in ("goal_attainment", "pacing_index", "forecast_at_completion")
    }
    for goal, week, day, actual, expected, forecast, low, high, status, *rest in readings:
        target, start, is_higher, trust, reason, profile = rest
        if actual is None:
            continue
        # Only the newest readings rest on late data; those before it came in time.
        told = (trust, reason) if status == "data_late" or trust == "degraded" else ("fresh", None)
        about = {"is_complete": day.weekday() == 6, "trust": told[0], "trust_reason": told[1]}
        key = ("week", week, "goal_id", goal)
        above, below = actual - start, target - start
        is_past = profile != "cumulative" and beyond(actual, target, is_higher)
        if below and not is_past:
            rows["goal_attainment"].append(Row(*key, above / below + 0.0, above, below, **about))
        if expected is not None and actual > 0 and expected > 0:
            pair = (actual, expected) if is_higher else (expected, actual)
            rows["pacing_index"].append(Row(*key, pair[0] / pair[1], *pair, **about))
        if forecast is not None:
            rows["forecast_at_completion"].append(Row(*key, forecast, low=low, high=high, **about))
    for name, found in rows.items():
        computed.lay(connection, name, found)
    computed.lay(connection, "goals_measurable_share", _measurable(run, connection))


def _measurable(run: Run, connection: duckdb.DuckDBPyConnection) -> list[Row]:
    first = dt.date(run.as_of.year, (run.as_of.month - 1) // 3 * 3 + 1, 1)
    last = last_day(first, "quarter")
    [(goals, whole)] = connection.execute(
        "select count(*), count(case when owner_status = 'active' and actual is not null "
        "and baseline is not null and target is not null then 1 end) "
        "from metrics.goal_status where period_from <= ? and period_to >= ?",
        [last, first],
    ).fetchall()
    if not goals:
        return []
    return [
        Row("quarter", first, "all", "all", whole / goals, whole, goals,
            is_complete=last <= run.as_of)
    ]  # fmt: skip
