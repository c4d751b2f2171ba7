"""Exact drivers of change: which slices a metric's change came from, part by part.

Additive (and, at one moment, semi-additive) metrics: the change of each slice. Ratios: a mix part
(a slice's weight changed) and a rate part (its own ratio changed),
mix = Σ (w1 − w0)(r0 − R0), rate = Σ w1 (r1 − r0). A slice that comes or goes is a change of mix.
The parts add up to the change; what no slice holds is a part of its own. Parts say where a change
happened, not why.
"""

from __future__ import annotations

import datetime as dt
import typing
from collections.abc import Iterable

from metrics.storing import insert
from settings import Run

if typing.TYPE_CHECKING:
    import duckdb

SUMS = ("additive", "semi")
RATIOS = ("ratio", "survey")
GRAINS = ("month", "quarter", "year")  # of metric_drivers; `explain` asks for others
REST = "(in no slice)"

TABLE = """
create or replace table metrics.metric_drivers (
    metric_id varchar, grain varchar, period_from date, period_to date, slice_name varchar,
    slice_value varchar, contribution double, kind varchar, is_latest boolean);
"""
# What `PARTS` reads: cells as in metric_values, and which periods of which numbers are compared.
TAKEN = """
create or replace temp table driver_cells (
    metric_id varchar, grain varchar, period_start date, slice_name varchar, slice_value varchar,
    value double, numerator double, denominator double);
create or replace temp table driver_pairs (
    metric_id varchar, grain varchar, period_from date, period_to date, is_ratio boolean,
    is_latest boolean);
"""
# Every total that is complete and known against the one before and that of a year before; for
# years these are one.
EVERY = f"""
insert into driver_pairs
with wholes as (
    select v.metric_id, v.grain, v.period_start, m.additivity in {RATIOS} as is_ratio,
        v.period_start = max(v.period_start) over (partition by v.metric_id, v.grain) as is_latest
    from metrics.metric_values as v
    join metrics.dim_metrics as m on v.metric_id = m.metric_id
    where v.slice_name = 'all' and v.is_complete and v.value is not null
        and v.grain in {GRAINS} and m.additivity in {SUMS + RATIOS}
        and v.period_start + case v.grain when 'month' then interval 1 month
            when 'quarter' then interval 3 month else interval 1 year end
            <= cast(? as date) + interval 1 day
)
select now.metric_id, now.grain, past.period_start, now.period_start, now.is_ratio, now.is_latest
from wholes as now
join wholes as past
    on now.metric_id = past.metric_id and now.grain = past.grain
    and past.period_start in (
        now.period_start - interval 1 year,
        now.period_start - case now.grain when 'month' then interval 1 month
            when 'quarter' then interval 3 month else interval 1 year end);
insert into driver_cells
select metric_id, grain, period_start, slice_name, slice_value,
    case when is_decided then value end, case when is_decided then numerator end,
    case when is_decided then denominator end
from (select *, slice_name = 'all' or is_complete is not false as is_decided
      from metrics.metric_values)
where (metric_id, grain) in (select (metric_id, grain) from driver_pairs);
"""
# A slice without a row in a period added nothing to a sum then; one whose number is unknown or
# still being decided is not nothing, and slices that hold more than the whole overlap: neither has
# exact parts.
PARTS = f"""
with wholes as (
    select
        p.*, a.value as total_from, b.value as total_to,
        a.numerator as above_from, a.denominator as below_from,
        b.numerator as above_to, b.denominator as below_to
    from driver_pairs as p
    join driver_cells as a on p.metric_id = a.metric_id and p.grain = a.grain
        and p.period_from = a.period_start and a.slice_name = 'all'
    join driver_cells as b on p.metric_id = b.metric_id and p.grain = b.grain
        and p.period_to = b.period_start and b.slice_name = 'all'
    where a.value is not null and b.value is not null
),
both_ as (
    select
        p.metric_id, p.grain, p.period_from, p.period_to, c.slice_name, c.slice_value,
        max(case when c.period_start = p.period_from then c.value end) as value_from,
        max(case when c.period_start = p.period_to then c.value end) as value_to,
        max(case when c.period_start = p.period_from then c.numerator end) as above_from,
        max(case when c.period_start = p.period_to then c.numerator end) as above_to,
        max(case when c.period_start = p.period_from then c.denominator end) as below_from,
        max(case when c.period_start = p.period_to then c.denominator end) as below_to,
        count(case when p.is_ratio then case when c.numerator is null or c.denominator is null
            or c.denominator < 0 then 1 end when c.value is null then 1 end) as unknown
    from driver_pairs as p
    join driver_cells as c on p.metric_id = c.metric_id and p.grain = c.grain
        and c.period_start in (p.period_from, p.period_to) and c.slice_name <> 'all'
    group by all
),
slicings as (
    select
        metric_id, grain, period_from, period_to, slice_name, sum(unknown) as unknown,
        coalesce(min(value_from), 0) as least_from, coalesce(min(value_to), 0) as least_to,
        coalesce(fsum(value_from), 0) as sum_from, coalesce(fsum(value_to), 0) as sum_to,
        fsum(coalesce(value_to, 0) - coalesce(value_from, 0)) as changed,
        max(abs(value_to)) as largest,
        coalesce(fsum(case when below_from > 0 then above_from end), 0) as above_from,
        coalesce(fsum(case when below_from > 0 then below_from end), 0) as below_from,
        coalesce(fsum(case when below_to > 0 then above_to end), 0) as above_to,
        coalesce(fsum(case when below_to > 0 then below_to end), 0) as below_to
    from both_
    group by all
),
told as (
    select
        w.*, s.slice_name, s.largest, w.total_to - w.total_from - s.changed as rest,
        w.above_from - s.above_from as rest_above_from, w.above_to - s.above_to as rest_above_to,
        w.below_from - s.below_from as rest_below_from, w.below_to - s.below_to as rest_below_to,
        case when w.is_ratio then
            w.above_from is not null and w.below_from > 0
            and w.above_to is not null and w.below_to > 0
            and s.below_from <= w.below_from * (1 + 1e-9)
            and s.below_to <= w.below_to * (1 + 1e-9)
            -- no weight is left over, but something to be weighed: it is in two slices or none
            and (w.below_from - s.below_from > 1e-9 * w.below_from
                or abs(w.above_from - s.above_from)
                    <= 1e-9 * greatest(abs(w.above_from), w.below_from))
            and (w.below_to - s.below_to > 1e-9 * w.below_to
                or abs(w.above_to - s.above_to) <= 1e-9 * greatest(abs(w.above_to), w.below_to))
        else
            (s.least_from < 0 or s.sum_from <= w.total_from * (1 + 1e-9) + 1e-9)
            and (s.least_to < 0 or s.sum_to <= w.total_to * (1 + 1e-9) + 1e-9)
        end and s.unknown = 0 as is_exact
    from wholes as w
    join slicings as s on w.metric_id = s.metric_id and w.grain = s.grain
        and w.period_from = s.period_from and w.period_to = s.period_to
),
exact as (select * from told where is_exact),
weighed as (  -- slices with something in them, and what they leave of the whole
    select
        b.metric_id, b.grain, b.period_from, b.period_to, b.slice_name, b.slice_value,
        case when b.below_from > 0 then b.above_from end as above_from,
        case when b.below_from > 0 then b.below_from end as below_from,
        case when b.below_to > 0 then b.above_to end as above_to,
        case when b.below_to > 0 then b.below_to end as below_to
    from both_ as b
    where b.below_from > 0 or b.below_to > 0
    union all
    select
        metric_id, grain, period_from, period_to, slice_name, '{REST}',
        case when rest_below_from > 1e-9 * below_from then rest_above_from end,
        case when rest_below_from > 1e-9 * below_from then rest_below_from end,
        case when rest_below_to > 1e-9 * below_to then rest_above_to end,
        case when rest_below_to > 1e-9 * below_to then rest_below_to end
    from exact
    where is_ratio
        and (rest_below_from > 1e-9 * below_from or rest_below_to > 1e-9 * below_to)
),
rated as (
    select
        w.metric_id, w.grain, w.period_from, w.period_to, w.slice_name, w.slice_value,
        e.is_latest, e.above_from / e.below_from as whole_from,
        case when e.above_to <> 0 and e.total_to <> 0
            then e.total_to / (e.above_to / e.below_to) else 1 end as scale,
        coalesce(w.below_from / e.below_from, 0) as weight_from,
        coalesce(w.below_to / e.below_to, 0) as weight_to,
        coalesce(w.above_from / w.below_from, w.above_to / w.below_to) as rate_from,
        coalesce(w.above_to / w.below_to, 0) as rate_to
    from weighed as w
    join exact as e on w.metric_id = e.metric_id and w.grain = e.grain
        and w.period_from = e.period_from and w.period_to = e.period_to
        and w.slice_name = e.slice_name
    where e.is_ratio
)
select
    b.metric_id, b.grain, b.period_from, b.period_to, b.slice_name, b.slice_value,
    coalesce(b.value_to, 0) - coalesce(b.value_from, 0) as contribution, 'change' as kind,
    e.is_latest
from both_ as b
join exact as e on b.metric_id = e.metric_id and b.grain = e.grain
    and b.period_from = e.period_from and b.period_to = e.period_to
    and b.slice_name = e.slice_name
where not e.is_ratio
union all
select
    metric_id, grain, period_from, period_to, slice_name, '{REST}', rest, 'change', is_latest
from exact
where not is_ratio
    and abs(rest) > 1e-9 * greatest(abs(total_from), abs(total_to), coalesce(largest, 0), 1e-12)
union all
select
    metric_id, grain, period_from, period_to, slice_name, slice_value,
    scale * (weight_to - weight_from) * (rate_from - whole_from), 'mix', is_latest
from rated
union all
select
    metric_id, grain, period_from, period_to, slice_name, slice_value,
    scale * weight_to * (rate_to - rate_from), 'rate', is_latest
from rated
order by 1, 2, 4, 3, 5, 6, 8
"""


class Part(typing.NamedTuple):
    slice_value: str
    contribution: float
    kind: str  # change | mix | rate


def decompose(run: Run, connection: duckdb.DuckDBPyConnection) -> None:
    """Write `metrics.metric_drivers`.

    One row per metric with exact parts, grain (month, quarter, year), compared period, slice and
    part: every total that was complete by `run.as_of` (`period_to`: its first day) against the
    period before and the same of the year before (`period_from`). `is_latest`: no later period is
    complete. Contributions are in the metric's unit. A slicing that overlaps (one lead in two
    slices) has no exact parts and is left out.
    """
    connection.execute(TABLE + TAKEN)
    for statement in EVERY.split(";")[:-1]:
        connection.execute(statement, [run.as_of] if "?" in statement else [])
    connection.execute(f"insert into metrics.metric_drivers {PARTS}")
    connection.execute("drop table driver_cells; drop table driver_pairs")


def parts_of(
    connection: duckdb.DuckDBPyConnection,
    metric_id: str,
    additivity: str,
    grain: str,
    periods: tuple[dt.date, dt.date],
    cells: Iterable[tuple],
) -> dict[str, list[Part]]:
    """{slice name: parts} of one number's change from the first of `periods` to the second, of the
    slicings that have exact parts. `cells`: (period's first day, slice name, slice value, value,
    numerator, denominator); those of the number itself are called `all`."""
    connection.execute(TAKEN)
    insert(connection, "driver_pairs",
           [(metric_id, grain, *periods, additivity in RATIOS, True)])  # fmt: skip
    insert(
        connection, "driver_cells",
        [(metric_id, grain, start, name, value,
          *(None if number is None else float(number) for number in numbers))
         for start, name, value, *numbers in cells],
    )  # fmt: skip
    found: dict[str, list[Part]] = {}
    for *_, name, value, contribution, kind, _latest in connection.execute(PARTS).fetchall():
        found.setdefault(name, []).append(Part(value, contribution, kind))
    connection.execute("drop table driver_cells; drop table driver_pairs")
    return found
