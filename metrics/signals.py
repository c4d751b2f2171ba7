"""Signals: weeks in which a metric left its natural process limits (XmR, process behaviour charts).

Centre and limits come from a fixed baseline of 12 to 26 weeks and move only after a recorded cause
(`metrics/causes.yml`, or the file that `[metrics] causes` names, and definition breaks that the
networks announced). Three rules: a point outside the limits; eight in a row on one side; three of
four nearer the same limit than the centre (Wheeler, Understanding Variation; Commoncog, Becoming
data driven). Shares and rates whose denominator changes take Laney's p′ and u′ (Laney 2002,
Quality Engineering 14:531-537). Limits presume weeks that do not remember each other: where the
lag-1 autocorrelation of the baseline is above 0.4 a series is held against the same ISO week of the
year before, and refused when that does not cure it.
"""

from __future__ import annotations

import datetime as dt
import math
import re
import typing
from collections.abc import Sequence
from pathlib import Path

from pydantic import Field

from metrics.goals import nearest
from metrics.storing import insert
from settings import ROOT, ConfigError, Run, read_yaml, strict, yaml_line

if typing.TYPE_CHECKING:
    import duckdb

WIDTH = 3 / 1.128  # of mean moving ranges (d2 of two); 2.66 is this, rounded (NIST prints both)
LONGEST, SHORTEST = 26, 12  # weeks of a baseline; below the longest its limits are provisional
REMEMBERED = 0.4  # lag-1 autocorrelation above which limits are refused
SEASONAL, PAIRS = 0.4, 40  # correlation with the year before that calls for adjustment, and its n
COARSE = 4  # so few different values make limits of steps (Wheeler: inadequate measurement units)
SILENT = 0.2  # share of weeks without a value above which a series is not one
# False alarms per week of independent data with a baseline of 26, measured; tests hold them.
FALSE_ALARMS = {"outside": 0.008, "run": 0.012, "near": 0.007}

TABLES = """
create or replace table metrics.metric_signal_charts (
    metric_id varchar, slice_name varchar, slice_value varchar, baseline_from date,
    baseline_to date, is_current boolean, is_charted boolean, reason varchar, cause varchar,
    chart varchar, adjustment varchar, baseline_weeks integer, is_provisional boolean,
    centre double, half_width double, mean_moving_range double, autocorrelation double,
    weeks_judged integer, weeks_signalled integer, expected_false double);
create or replace table metrics.metric_signals (
    metric_id varchar, slice_name varchar, slice_value varchar, week_start date, value double,
    centre double, lower_limit double, upper_limit double, is_outside boolean, is_run boolean,
    is_near_limit boolean, is_signal boolean, is_first boolean, side varchar, verdict varchar,
    in_baseline boolean, baseline_from date);
"""


@strict
class Cause:
    """Something that changed the process or how it is measured, on purpose or not: limits are
    drawn anew from the week after it. `metrics` is a list of names, or all."""

    date: dt.date
    metrics: tuple[str, ...] | typing.Literal["all"]
    cause: typing.Annotated[str, Field(min_length=1)]
    owner: typing.Annotated[str, Field(min_length=1)]


class Week(typing.NamedTuple):
    """A complete week of a series: its Monday, value, numerator, denominator."""

    start: dt.date
    value: float
    above: float | None
    below: float | None


class Point(typing.NamedTuple):
    """A week as charted: `z` is judged; value = middle + scale * z, or exp of it times middle."""

    start: dt.date
    value: float
    z: float
    middle: float
    scale: float
    is_log: bool = False

    def at(self, z: float) -> float:
        return self.middle * math.exp(z) if self.is_log else self.middle + self.scale * z


class Baseline(typing.NamedTuple):
    """Limits fixed from the first weeks after a cause; half_width is None where there are none."""

    points: list[Point]
    size: int
    centre: float
    moving_range: float | None
    half_width: float | None
    autocorrelation: float | None
    refusal: str | None


class Judged(typing.NamedTuple):
    outside: bool
    run: bool
    near: bool

    @property
    def is_signal(self) -> bool:
        return self.outside or self.run or self.near


class Chart(typing.NamedTuple):
    """What became of a series: the kind of chart, its adjustment and its baselines in time."""

    kind: str  # individuals | net_change | p_prime | u_prime
    adjustment: str  # none | ratio_to_year_before | difference_to_year_before
    baselines: list[Baseline]
    refusal: str | None


def write(run: Run, connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Write `metrics.metric_signal_charts` and `metrics.metric_signals`; gives one line: how many
    weeks signalled lately and how many would by chance.

    Rows: one per metric, slice and baseline (a refused series has one, with the reason); one per
    metric, slice and judged week. Series are all metrics with weekly values for everything
    together, and the slices that goals name. Limits are in the metric's unit; those of a series
    that is adjusted move with the year before. Raises ConfigError for a cause on an unknown metric.
    """
    about = {
        row[0]: row[1:]
        for row in connection.execute(
            "select metric_id, additivity, better from metrics.dim_metrics"
        ).fetchall()
    }
    causes = causes_of(run, connection, about)
    charts, judged = [], []
    for (metric, *cut), weeks in read_weeks(connection).items():
        additivity, better = about[metric]
        reasons = sorted(causes.get(metric, {}).items())
        chart = charted(weeks, additivity, [day for day, _ in reasons])
        if not chart.baselines:
            charts.append((metric, *cut, None, None, True, False, chart.refusal, None, chart.kind,
                           chart.adjustment, None, None, *[None] * 4, 0, 0, 0.0))  # fmt: skip
        for baseline in chart.baselines:
            first, last = baseline.points[0].start, baseline.points[baseline.size - 1].start
            found = judge([p.z for p in baseline.points], baseline.centre, baseline.half_width)
            since = [text for day, text in reasons if day <= first + dt.timedelta(days=6)]
            refusal = chart.refusal or baseline.refusal
            bounds = possible([p.value for p in baseline.points], chart.kind)
            rows = [] if refusal else list(_rows(baseline, found, better, bounds))
            judged += [(metric, *cut, *row, first) for row in rows]
            charts.append(
                (metric, *cut, first, last, baseline is chart.baselines[-1], not refusal, refusal,
                 since[-1] if since else None, chart.kind, chart.adjustment, baseline.size,
                 baseline.size < LONGEST, baseline.centre, baseline.half_width,
                 baseline.moving_range, baseline.autocorrelation, len(rows),
                 sum(j.is_signal for j in found) if rows else 0,
                 len(rows) * sum(FALSE_ALARMS.values()))
            )  # fmt: skip
    connection.execute(TABLES)
    insert(connection, "metrics.metric_signal_charts", charts)
    insert(connection, "metrics.metric_signals", judged)
    return _line(connection)


def _line(connection: duckdb.DuckDBPyConnection) -> list[str]:
    [(charted_, refused)] = connection.execute(
        "select count(case when is_charted then 1 end), count(case when not is_charted then 1 end) "
        "from metrics.metric_signal_charts where is_current"
    ).fetchall()
    if not charted_ + refused:
        return []
    [(weeks, first)] = connection.execute(
        "with newest as (select max(week_start) as week from metrics.metric_signals) "
        "select count(*), count(case when is_first then 1 end) from metrics.metric_signals, newest "
        "where week_start > week - 28"
    ).fetchall()
    rate = sum(FALSE_ALARMS.values())
    return [
        f"signals: {charted_} weekly series charted, {refused} refused; in the last four weeks "
        f"{first} new; by chance alone some {weeks * rate:.1f} of {weeks} weeks would signal, "
        f"{charted_ * 52 * rate:.0f} in a year."
    ]


# --- causes --------------------------------------------------------------------------------------


def causes_file(run: Run) -> Path:
    file = Path(run.settings.metrics.causes)
    return file if file.is_absolute() else ROOT / file


def causes_of(
    run: Run, connection: duckdb.DuckDBPyConnection, about: dict[str, tuple]
) -> dict[str, dict[dt.date, str]]:
    """{metric: {day: cause}}: what people recorded, and the breaks that networks announced for
    what a metric's formula counts. Raises ConfigError with file, line and the nearest name."""
    file = causes_file(run)
    found: dict[str, dict[dt.date, str]] = {}
    for k, cause in enumerate(read_yaml(file, tuple[Cause, ...]) or ()):
        for name in about if cause.metrics == "all" else cause.metrics:
            if name not in about:
                raise ConfigError(
                    f"{file}:{yaml_line(file, (k, 'metrics'))}: cause of {cause.date}: no metric "
                    f"'{name}'; {nearest(name, about)}"
                )
            found.setdefault(name, {})[cause.date] = cause.cause
    for name, days in definition_breaks(connection).items():
        for day, text in days.items():
            found.setdefault(name, {}).setdefault(day, text)
    return found


def definition_breaks(
    connection: duckdb.DuckDBPyConnection,
) -> dict[str, dict[dt.date, str]]:
    """{metric: {day: what changed}}: days on which a network began to count otherwise what the
    formula of a metric of networks holds."""
    [(known,)] = connection.execute(
        "select count(*) from duckdb_tables() where schema_name = 'marts' "
        "and table_name = 'metric_availability'"
    ).fetchall()
    if not known:
        return {}
    formulas = connection.execute(
        "select metric_id, formula from metrics.dim_metrics where metric_id in "
        "(select metric_id from metrics.metric_values where slice_name = 'network')"
    ).fetchall()
    found: dict[str, dict[dt.date, str]] = {}
    for network, measure, day in connection.execute(
        "select network, metric, available_from from marts.metric_availability where is_break "
        "order by all"
    ).fetchall():
        for name, formula in formulas:
            if re.search(rf"\b{re.escape(measure)}\b", formula or ""):
                text = f"{network} changed what it counts as {measure.replace('_', ' ')}."
                found.setdefault(name, {}).setdefault(day, text)
    return found


# --- series --------------------------------------------------------------------------------------


def read_weeks(
    connection: duckdb.DuckDBPyConnection,
) -> dict[tuple[str, str, str], list[Week]]:
    """{(metric, slice name, slice value): complete weeks with a value, oldest first}. The first
    week is left out: what began in its middle is half of one."""
    rows = connection.execute(
        "select v.metric_id, v.slice_name, v.slice_value, v.period_start, v.value, v.numerator, "
        "v.denominator from metrics.metric_values as v "
        "where v.grain = 'week' and v.is_complete and coalesce(v.trust, '') <> 'stale' "
        "and v.value is not null and (v.slice_name = 'all' or exists (select 1 from "
        "metrics.dim_goals as g where g.metric_id = v.metric_id "
        "and g.slice = v.slice_name || '=' || v.slice_value)) order by 1, 2, 3, 4"
    ).fetchall()
    found: dict[tuple[str, str, str], list[Week]] = {}
    for metric, name, value, *week in rows:
        found.setdefault((metric, name, value), []).append(Week(*week))
    return {key: weeks[1:] for key, weeks in found.items() if len(weeks) > 1}


def charted(weeks: Sequence[Week], additivity: str, causes: Sequence[dt.date]) -> Chart:
    """The chart of a series: as it is when it neither follows the seasons nor remembers itself,
    else against the year before, else refused with the reason."""
    if additivity == "model":
        return Chart("individuals", "none", [], "A modelled number has an interval of its own.")
    kind, plain = unadjusted(weeks, additivity)
    if len(plain) < SHORTEST:
        return Chart(kind, "none", [], f"Fewer than {SHORTEST} complete weeks are known.")
    span = (plain[-1].start - plain[0].start).days // 7 + 1
    if span - len(plain) > SILENT * span:
        return Chart(
            kind, "none", [],
            f"{span - len(plain)} of {span} weeks have no value, and no value is not nought.",
        )  # fmt: skip
    if len({p.value for p in plain}) <= COARSE:
        return Chart(kind, "none", [], "Too few different values: limits would follow the steps.")
    found = Chart(kind, "none", baselines(plain, causes), None)
    adjusted, word = against_year_before(plain)
    wanted = None
    if seasonality(plain) > SEASONAL:
        wanted = "It follows the seasons"
    elif _remembers(found):
        wanted = "Weeks follow each other"
    if wanted is None:
        return found
    later = [day + dt.timedelta(weeks=52) for day in causes]  # the year before was before the cause
    retried = Chart(kind, word, baselines(adjusted, sorted({*causes, *later})), None)
    if not retried.baselines or retried.baselines[-1].half_width is None:
        why = f"{wanted}, and there is too little of the year before to hold it against."
        return found._replace(refusal=why)
    if _remembers(retried):
        r = retried.baselines[-1].autocorrelation
        return retried._replace(
            refusal=f"{wanted}, and against the year before weeks still follow each other "
            f"(autocorrelation {r:.2f}, {REMEMBERED} is the most)."
        )
    return retried


def _remembers(chart: Chart) -> bool:
    r = chart.baselines[-1].autocorrelation if chart.baselines else None
    return r is not None and r > REMEMBERED


def unadjusted(weeks: Sequence[Week], additivity: str) -> tuple[str, list[Point]]:
    """(kind of chart, its points). Stocks are charted by their net change; shares of counts by
    p′, rates of counts by u′, all else as it is."""
    if additivity == "semi":
        return "net_change", [
            Point(b.start, b.value - a.value, b.value - a.value, 0.0, 1.0)
            for a, b in zip(weeks, weeks[1:], strict=False)
            if (b.start - a.start).days == 7
        ]
    parts = [(w.above, w.below) for w in weeks]
    counts = all(
        above is not None and below and above >= 0 and below > 0
        and above == int(above) and below == int(below)
        for above, below in parts
    )  # fmt: skip
    if additivity not in ("ratio", "survey") or not counts:
        return "individuals", [Point(w.start, w.value, w.value, 0.0, 1.0) for w in weeks]
    kind = "p_prime" if all(above <= below for above, below in parts) else "u_prime"
    middle = math.fsum(a for a, _ in parts[:LONGEST]) / math.fsum(b for _, b in parts[:LONGEST])
    return kind, [standardized(w, middle, kind) for w in weeks]


def standardized(week: Week, middle: float, kind: str) -> Point:
    """A week in standard deviations that its denominator alone would allow: sqrt(p(1 - p) / n) of
    a share, sqrt(u / n) of a rate (Laney 2002)."""
    spread = middle * (1 - middle) if kind == "p_prime" else middle
    share = week.above / week.below
    unit = week.value / share if share else 1.0
    scale = math.sqrt(spread / week.below)
    z = (share - middle) / scale if scale else 0.0
    return Point(week.start, week.value, z, middle * unit, scale * unit)


def against_year_before(points: Sequence[Point]) -> tuple[list[Point], str]:
    """(points held against the same ISO week of the year before, word for it): by the logarithm
    of the ratio where all is positive, else by difference. A week 53 that the year before did not
    have, and a week without a value then, have no point."""
    by_week = {p.start.isocalendar()[:2]: p.value for p in points}
    is_log = all(p.value > 0 for p in points)
    found = []
    for p in points:
        year, week, _ = p.start.isocalendar()
        before = by_week.get((year - 1, week))
        if before is None:
            continue
        z = math.log(p.value / before) if is_log else p.value - before
        found.append(Point(p.start, p.value, z, before, 1.0, is_log))
    return found, "ratio_to_year_before" if is_log else "difference_to_year_before"


def seasonality(points: Sequence[Point]) -> float:
    """Correlation of weeks with the same ISO week of the year before; 0 below 40 pairs."""
    by_week = {p.start.isocalendar()[:2]: p.value for p in points}
    pairs = [
        (by_week[year - 1, week], value)
        for (year, week), value in by_week.items()
        if (year - 1, week) in by_week
    ]
    return correlation(pairs) if len(pairs) >= PAIRS else 0.0


def correlation(pairs: Sequence[tuple[float, float]]) -> float:
    """Pearson's r; 0 where one side does not move."""
    count = len(pairs)
    a, b = (math.fsum(p[k] for p in pairs) / count for k in (0, 1))
    across = math.fsum((x - a) * (y - b) for x, y in pairs)
    sizes = math.fsum((x - a) ** 2 for x, _ in pairs) * math.fsum((y - b) ** 2 for _, y in pairs)
    return across / math.sqrt(sizes) if sizes > 0 else 0.0


# --- limits and rules ----------------------------------------------------------------------------


def baselines(points: Sequence[Point], causes: Sequence[dt.date]) -> list[Baseline]:
    """One baseline for the beginning and one after every cause; weeks that a cause lies in, and
    stretches below 12 weeks, have none."""
    mondays = [day - dt.timedelta(days=day.weekday()) for day in causes]
    nexts = [day if day.weekday() == 0 else day + dt.timedelta(days=7 - day.weekday())
             for day in causes]  # fmt: skip
    starts, ends = [dt.date.min, *nexts], [*mondays, dt.date.max]
    found = []
    for start, end in zip(starts, ends, strict=True):
        stretch = [p for p in points if start <= p.start < end]
        if len(stretch) >= SHORTEST:
            found.append(limits(stretch))
    return found


def limits(points: Sequence[Point]) -> Baseline:
    """Natural process limits from the first weeks of a stretch: centre ± 3 / 1.128 x the mean
    moving range of consecutive weeks."""
    size = min(LONGEST, len(points))
    chosen = list(points[:size])
    centre = math.fsum(p.z for p in chosen) / size
    ranges = moving_ranges([(p.start, p.z) for p in chosen])
    r = autocorrelation([(p.start, p.z) for p in chosen])
    mean = math.fsum(ranges) / len(ranges) if ranges else None
    refusal = None
    if not mean:
        refusal = "The weeks of the baseline do not differ, or no two of them are neighbours."
    elif r is not None and r > REMEMBERED:
        refusal = (
            f"Weeks follow each other (autocorrelation {r:.2f}, {REMEMBERED} is the most): limits "
            "would cry wolf."
        )
    return Baseline(list(points), size, centre, mean, WIDTH * mean if mean else None, r, refusal)


def moving_ranges(series: Sequence[tuple[dt.date, float]]) -> list[float]:
    """Absolute changes from one week to the next; none across a missing week."""
    return [
        abs(b - a)
        for (day, a), (after, b) in zip(series, series[1:], strict=False)
        if (after - day).days == 7
    ]


def autocorrelation(series: Sequence[tuple[dt.date, float]]) -> float | None:
    """Lag-1 autocorrelation over neighbouring weeks; None where nothing moves."""
    middle = math.fsum(x for _, x in series) / len(series)
    size = math.fsum((x - middle) ** 2 for _, x in series)
    if size == 0:
        return None
    together = math.fsum(
        (a - middle) * (b - middle)
        for (day, a), (after, b) in zip(series, series[1:], strict=False)
        if (after - day).days == 7
    )
    return together / size


def judge(values: Sequence[float], centre: float, half_width: float | None) -> list[Judged]:
    """The three rules at every point; a run counts from its eighth point, three of four from the
    fourth window that holds them."""
    if half_width is None:
        return [Judged(False, False, False) for _ in values]
    sides = [(x > centre) - (x < centre) for x in values]
    near = [(x - centre > half_width / 2) - (x - centre < -half_width / 2) for x in values]
    found = []
    for k, x in enumerate(values):
        last8, last4 = sides[max(0, k - 7) : k + 1], near[max(0, k - 3) : k + 1]
        found.append(
            Judged(
                abs(x - centre) > half_width,
                abs(sum(last8)) == 8,
                last4.count(1) >= 3 or last4.count(-1) >= 3,
            )
        )
    return found


def possible(values: Sequence[float], kind: str) -> tuple[float, float]:
    """Between what a series can lie: limits beyond are drawn there, since nothing crosses them."""
    low = 0.0 if min(values) >= 0 else -math.inf
    return low, 1.0 if kind == "p_prime" and max(values) <= 1 else math.inf


def _rows(
    baseline: Baseline, found: list[Judged], better: str, bounds: tuple[float, float]
) -> typing.Iterator[tuple]:
    """Rows of metric_signals without their key."""
    low, high = bounds
    before = False
    for k, (point, told) in enumerate(zip(baseline.points, found, strict=True)):
        above = point.z > baseline.centre
        verdict = None
        if told.is_signal and better in ("higher", "lower"):
            verdict = "better" if above == (better == "higher") else "worse"
        yield (
            point.start, point.value, point.at(baseline.centre),
            max(low, point.at(baseline.centre - baseline.half_width)),
            min(high, point.at(baseline.centre + baseline.half_width)), *told, told.is_signal,
            told.is_signal and not before, "above" if above else "below", verdict,
            k < baseline.size,
        )  # fmt: skip
        before = told.is_signal
