"""Exact drivers of change: which slices a metric's change came from, part by part.

Additive (and, at one moment, semi-additive) metrics: the change of each slice. Ratios: a mix part
(a slice's weight changed) and a rate part (its own ratio changed),
mix = Σ (w1 − w0)(r0 − R0), rate = Σ w1 (r1 − r0). A slice that comes or goes is a change of mix.
The parts add up to the change; what no slice holds is a part of its own. Parts say where a change
happened, not why.
"""

from __future__ import annotations

import datetime as dt
import math
import typing

from metrics.periods import shift
from metrics.storing import insert
from settings import Run

if typing.TYPE_CHECKING:
    import duckdb

SUMS = ("additive", "semi")
RATIOS = ("ratio", "survey")
LEVELS = ("outcome", "impact")  # headline metrics, besides those that goals name
MONTHS = {"month": 1, "quarter": 3}
REST = "(in no slice)"
UNSAID = "(not stated)"

TABLE = """
create or replace table metrics.metric_drivers (
    metric_id varchar, grain varchar, period_from date, period_to date, slice_name varchar,
    slice_value varchar, contribution double, kind varchar);
"""


class Cell(typing.NamedTuple):
    """A value of one slice in one period, with its numerator and denominator for a ratio."""

    value: float | None
    above: float | None
    below: float | None


class Part(typing.NamedTuple):
    slice_value: str
    contribution: float
    kind: str  # change | mix | rate


def decompose(run: Run, connection: duckdb.DuckDBPyConnection) -> None:
    """Write `metrics.metric_drivers`.

    One row per metric, grain (month, quarter), compared period, slice and part, for the metrics
    of goals, what they name as leading, and every outcome and impact. The last complete period
    (`period_to`: its first day) is held against the one before and the same of the year before
    (`period_from`). Contributions are in the metric's unit. A slicing that overlaps (one lead in
    two slices) has no exact parts and is left out.
    """
    metrics = _headlines(connection)
    rows: list[tuple] = []
    for metric_id, additivity in metrics:
        for grain, months in MONTHS.items():
            now = _last_complete(connection, metric_id, grain, run.as_of)
            if now is None:
                continue
            for then in (months_before(now, months), shift(now, -1)):
                rows += [
                    (metric_id, grain, then, now, name, *part)
                    for name, part in _parts(connection, metric_id, additivity, grain, then, now)
                ]
    connection.execute(TABLE)
    insert(connection, "metrics.metric_drivers", rows)


def sum_parts(
    before: dict[str, Cell], after: dict[str, Cell], whole: tuple[Cell, Cell]
) -> list[Part] | None:
    """Parts of a sum's change; a slice without a row in a period added nothing then. None when
    the slices overlap: more in them than in the whole."""
    for cells, total in zip((before, after), whole, strict=True):
        values = [cell.value for cell in cells.values()]
        if min(values, default=0) >= 0 and math.fsum(values) > total.value * (1 + 1e-9) + 1e-9:
            return None
    parts = [
        Part(name, _value(after, name) - _value(before, name), "change")
        for name in sorted({*before, *after})
    ]
    start, end = whole
    rest = (end.value - start.value) - math.fsum(p.contribution for p in parts)
    size = max(abs(start.value), abs(end.value), *(abs(c.value) for c in after.values()), 1e-12)
    return [*parts, Part(REST, rest, "change")] if abs(rest) > 1e-9 * size else parts


def ratio_parts(
    before: dict[str, Cell], after: dict[str, Cell], whole: tuple[Cell, Cell]
) -> list[Part] | None:
    """Mix and rate parts of a ratio's change; None when the slices overlap or a denominator is
    missing."""
    before, after = _with_rest(before, whole[0]), _with_rest(after, whole[1])
    if before is None or after is None:
        return None
    start, end = whole[0].above / whole[0].below, whole[1].above / whole[1].below
    scale = whole[1].value / end if end and whole[1].value else 1.0
    parts = []
    for name in sorted({*before, *after}):
        old, new = before.get(name), after.get(name)
        w0 = old.below / whole[0].below if old else 0.0
        w1 = new.below / whole[1].below if new else 0.0
        r1 = new.above / new.below if new else 0.0
        r0 = old.above / old.below if old else r1
        parts.append(Part(name, scale * (w1 - w0) * (r0 - start), "mix"))
        parts.append(Part(name, scale * w1 * (r1 - r0), "rate"))
    return parts


def months_before(day: dt.date, months: int) -> dt.date:
    """The first of the month `months` before that of `day`."""
    month = day.year * 12 + day.month - 1 - months
    return dt.date(month // 12, month % 12 + 1, 1)


def _with_rest(cells: dict[str, Cell], whole: Cell) -> dict[str, Cell] | None:
    """Slices with something in them and, when they are not the whole, what is missing."""
    if whole.above is None or not whole.below or whole.below < 0:
        return None
    if any(c.above is None or c.below is None or c.below < 0 for c in cells.values()):
        return None
    found = {name: c for name, c in cells.items() if c.below > 0}
    above = whole.above - math.fsum(c.above for c in found.values())
    below = whole.below - math.fsum(c.below for c in found.values())
    if below < -1e-9 * whole.below:
        return None
    if below > 1e-9 * whole.below:
        found[REST] = Cell(None, above, below)
    elif abs(above) > 1e-9 * max(abs(whole.above), whole.below):
        return None
    return found


def _value(cells: dict[str, Cell], name: str) -> float:
    return cells[name].value if name in cells else 0.0


def _headlines(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    named = {
        name
        for metric, leading in connection.execute(
            "select metric_id, leading_metrics from metrics.dim_goals"
        ).fetchall()
        for name in (metric, *leading.split(", "))
    }
    rows = connection.execute(
        "select metric_id, additivity, amec from metrics.dim_metrics order by metric_id"
    ).fetchall()
    return [
        (metric, additivity)
        for metric, additivity, amec in rows
        if additivity in SUMS + RATIOS and (metric in named or amec in LEVELS)
    ]


def _last_complete(
    connection: duckdb.DuckDBPyConnection, metric_id: str, grain: str, as_of: dt.date
) -> dt.date | None:
    return connection.execute(
        "select max(period_start) from metrics.metric_values where metric_id = ? and grain = ? "
        "and slice_name = 'all' and value is not null and is_complete "
        f"and period_start + interval {MONTHS[grain]} month <= ?",
        [metric_id, grain, as_of + dt.timedelta(days=1)],
    ).fetchone()[0]


def _parts(
    connection: duckdb.DuckDBPyConnection,
    metric_id: str,
    additivity: str,
    grain: str,
    then: dt.date,
    now: dt.date,
) -> list[tuple[str, Part]]:
    rows = connection.execute(
        "select slice_name, slice_value, period_start, value, numerator, denominator "
        "from metrics.metric_values where metric_id = ? and grain = ? and period_start in (?, ?) "
        "order by all",
        [metric_id, grain, then, now],
    ).fetchall()
    slices: dict[str, dict[dt.date, dict[str, Cell]]] = {}
    for name, value, start, *cell in rows:
        label = UNSAID if value is None else str(value)
        slices.setdefault(name, {then: {}, now: {}})[start][label] = Cell(*cell)
    totals = slices.pop("all", None)
    if totals is None or not totals[then] or not totals[now]:
        return []
    whole = (next(iter(totals[then].values())), next(iter(totals[now].values())))
    if any(cell.value is None for cell in whole):
        return []
    found: list[tuple[str, Part]] = []
    for name in sorted(slices):
        before, after = slices[name][then], slices[name][now]
        if additivity in RATIOS:
            parts = ratio_parts(before, after, whole)
        elif any(c.value is None for c in (*before.values(), *after.values())):
            parts = None  # an unknown slice is not nothing
        else:
            parts = sum_parts(before, after, whole)
        found += [(name, part) for part in parts or []]
    return found
