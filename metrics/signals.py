"""Signals: weeks in which a metric left its natural process limits (XmR, process behaviour charts).

Centre and limits come from a fixed baseline of 12 to 26 weeks and move only after a recorded cause
(`metrics/causes.yml`, or the file that `[metrics] causes` names, and definition breaks that the
networks announced). Three rules: a point outside the limits; eight in a row on one side; three of
four nearer the same limit than the centre (Wheeler, Understanding Variation; Commoncog, Becoming
data driven). Shares and rates whose denominator changes take Laney's p′ and u′ (Laney 2002,
Quality Engineering 14:531-537).

Limits presume weeks that do not remember each other, and a baseline that is like what follows. That
is judged over all weeks between two causes, one shift of the level taken out, since a shift is what
a signal is for: the lag-1 autocorrelation, the scatter of eight-week means beside what independent
weeks would give (a variance ratio: Cochrane 1988, Journal of Political Economy 96:893-920), and
whether weeks came to differ more than those of the baseline. A series that fails is held against
the same ISO week of the year before, else gets new limits each year, else none, and says why.
"""

from __future__ import annotations

import datetime as dt
import math
import statistics
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
DRIFTED, BLOCK = 2.0, 8  # scatter of means of so many weeks, in what chance gives; AR(0.4) has 2.1
RESTLESS = 1.75  # times that weeks may differ more than in the baseline, by the median
RARE = (
    5  # events a week below which counts are too skewed (Montgomery, Statistical Quality Control)
)
NEAR_NOTHING = 2 / 3  # of the way from the centre to a limit: nought lies within two deviations
BLIND = 2.0  # times as wide as all that was seen; 1.1 to 1.8 are usual
TWICE = 0.9  # share of weeks in which a stock's change is another metric
SILENT = 0.2  # share of weeks without a value above which a series is not one
# False alarms per week of independent data with a baseline of 26, measured; tests hold them.
FALSE_ALARMS = {"outside": 0.008, "run": 0.012, "near": 0.007}
BEGUN = 0.017  # signals that begin by chance per week, whatever the rule and however long they last

Series = Sequence[tuple[dt.date, float]]

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
    restless: str | None  # the part of the refusal that another way of charting may cure


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
    adjustment: str  # none | ratio_to_year_before | difference_to_year_before | limits_of_each_year
    baselines: list[Baseline]
    refusal: str | None
    why: str | None = None  # it is adjusted


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
    series = read_weeks(connection)
    changes = {key: weeks for key, weeks in series.items() if about[key[0]][0] == "additive"}
    for (metric, *cut), weeks in series.items():
        additivity, better = about[metric]
        reasons = sorted(causes.get(metric, {}).items())
        chart = charted(weeks, additivity, [day for day, _ in reasons])
        told_by = same_change(weeks, cut, changes) if additivity == "semi" else None
        if told_by:
            why = f"Its change from week to week is charted as {told_by}."
            chart = Chart(chart.kind, "none", [], why)
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
                (metric, *cut, first, last, baseline is chart.baselines[-1], not refusal,
                 refusal or chart.why,
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
    [(weeks, told, begun, lately, first)] = connection.execute(
        "with newest as (select max(week_start) as week from metrics.metric_signals) "
        "select count(*), count(case when is_signal then 1 end), count(case when is_first then 1 "
        "end), count(case when week_start > week - 28 then 1 end), count(case when is_first and "
        "week_start > week - 28 then 1 end) from metrics.metric_signals, newest"
    ).fetchall()
    rate = sum(FALSE_ALARMS.values())
    return [
        f"signals: {charted_} weekly series charted, {refused} refused; {told} of {weeks} weeks "
        f"signal in {begun} signals, by chance alone some {weeks * rate:.0f} in "
        f"{weeks * BEGUN:.0f}; in the last four weeks {first} began, by chance "
        f"{lately * BEGUN:.1f}."
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
    """{metric: {day: what changed}} of metrics.metric_breaks."""
    found: dict[str, dict[dt.date, str]] = {}
    for name, network, measure, day in connection.execute(
        "select metric_id, network, measure, changed_on from metrics.metric_breaks order by all"
    ).fetchall():
        text = f"{network} changed what it counts as {measure.replace('_', ' ')}."
        found.setdefault(name, {}).setdefault(day, text)
    return found


# --- series --------------------------------------------------------------------------------------


def read_weeks(
    connection: duckdb.DuckDBPyConnection,
) -> dict[tuple[str, str, str], list[Week]]:
    """{(metric, slice name, slice value): complete weeks with a value, oldest first}. The first
    week is left out: what began in its middle is half of one. Where rows are counted and others
    of the week were, each with a slice, a slice that began and has none counts nought."""
    rows = connection.execute(
        "with weeks as (select * from metrics.metric_values where grain = 'week'), "
        "known as (select * from weeks where is_complete and coalesce(trust, '') <> 'stale' "
        "and value is not null), "
        "cut as (select v.metric_id, v.slice_name, v.slice_value, min(v.period_start) as begun "
        "from known as v where exists (select 1 from metrics.dim_goals as g "
        "where g.metric_id = v.metric_id and g.slice = v.slice_name || '=' || v.slice_value) "
        "group by all) "
        "select v.metric_id, v.slice_name, v.slice_value, v.period_start, v.value, v.numerator, "
        "v.denominator from known as v left join cut using (metric_id, slice_name, slice_value) "
        "where v.slice_name = 'all' or cut.begun is not null union all "
        "select cut.metric_id, cut.slice_name, cut.slice_value, total.period_start, 0, null, null "
        "from cut join metrics.dim_metrics as m on m.metric_id = cut.metric_id "
        "and m.additivity = 'additive' and starts_with(m.formula, 'count(rows)') "
        "join known as total on total.metric_id = cut.metric_id and total.slice_name = 'all' "
        "and total.period_start > cut.begun "
        "where not exists (select 1 from weeks as w where w.metric_id = cut.metric_id "
        "and w.slice_name = cut.slice_name and w.slice_value in (cut.slice_value, '(unknown)') "
        "and w.period_start = total.period_start) order by 1, 2, 3, 4"
    ).fetchall()
    found: dict[tuple[str, str, str], list[Week]] = {}
    for metric, name, value, *week in rows:
        found.setdefault((metric, name, value), []).append(Week(*week))
    return {key: weeks[1:] for key, weeks in found.items() if len(weeks) > 1}


def same_change(
    weeks: Sequence[Week], cut: Sequence[str], changes: dict[tuple[str, str, str], list[Week]]
) -> str | None:
    """The metric whose weeks are what a stock changes by: one thing is charted once."""
    _, own = unadjusted(weeks, "semi")
    for (metric, *other), found in changes.items():
        told = {week.start: week.value for week in found}
        both = [(p.value, told[p.start]) for p in own if p.start in told]
        same = sum(math.isclose(a, b, abs_tol=1e-9) for a, b in both)
        if list(cut) == other and len(both) >= SHORTEST and same >= TWICE * len(both):
            return metric
    return None


def charted(weeks: Sequence[Week], additivity: str, causes: Sequence[dt.date]) -> Chart:
    """The chart of a series: as it is when it neither follows the seasons nor remembers itself nor
    drifts, else against the year before, else with limits of each year, else refused with the
    reason."""
    if additivity == "model":
        return Chart("individuals", "none", [], "A modelled number has an interval of its own.")
    kind, plain = unadjusted(weeks, additivity)
    unfit = _unfit(weeks, kind, plain)
    if unfit:
        return Chart(kind, "none", [], unfit)
    found = Chart(kind, "none", baselines(plain, causes), None)
    wanted = "It follows the seasons." if seasonality(plain) > SEASONAL else _restless(found)
    if wanted is None:
        return found
    adjusted, word = against_year_before(plain)
    later = [day + dt.timedelta(weeks=52) for day in causes]  # the year before was before the cause
    retried = Chart(kind, word, baselines(adjusted, sorted({*causes, *later})), None, wanted)
    if _fits(retried):
        return retried
    yearly = Chart(
        kind, "limits_of_each_year", baselines(plain, sorted({*causes, *years_of(plain)})), None,
        wanted,
    )  # fmt: skip
    if seasonality(plain) <= SEASONAL and len(yearly.baselines) > 1 and _fits(yearly):
        return yearly
    if not retried.baselines or retried.baselines[-1].half_width is None:
        why = f"{wanted} There is too little of the year before to hold it against."
        return found._replace(refusal=why)
    return retried._replace(
        refusal=f"{wanted} Against the year before: {retried.baselines[-1].refusal}"
    )


def _fits(chart: Chart) -> bool:
    return bool(chart.baselines) and chart.baselines[-1].refusal is None


def _restless(chart: Chart) -> str | None:
    """Why the newest limits would cry wolf, if they would."""
    return chart.baselines[-1].restless if chart.baselines else None


def _unfit(weeks: Sequence[Week], kind: str, plain: Sequence[Point]) -> str | None:
    """Why limits of a series would say nothing whatever it did."""
    if len(plain) < SHORTEST:
        return f"Fewer than {SHORTEST} complete weeks are known."
    span = (plain[-1].start - plain[0].start).days // 7 + 1
    if span - len(plain) > SILENT * span:
        return f"{span - len(plain)} of {span} weeks have no value, and no value is not nought."
    if len({p.value for p in plain}) <= COARSE:
        return "Too few different values: limits would follow the steps."
    counted = [p.value for p in plain]
    if kind in ("p_prime", "u_prime"):
        counted = [w.above for w in weeks]
        if kind == "p_prime":  # the rarer side of a share
            counted = min(counted, [w.below - w.above for w in weeks], key=math.fsum)
    mean = math.fsum(abs(x) for x in counted) / len(counted)
    if mean < RARE and all(x == int(x) for x in counted):
        return f"{mean:.1f} a week on average: below {RARE}, limits by the week are not to be had."
    return None


def years_of(points: Sequence[Point]) -> list[dt.date]:
    """The first Mondays of the years that have limits of their own: weeks enough to draw them,
    before and after."""
    found = []
    for year in range(points[0].start.year + 1, points[-1].start.year + 1):
        first = dt.date(year, 1, 1)
        monday = first + dt.timedelta(days=-first.weekday() % 7)
        after = sum(p.start >= monday for p in points)
        before = sum((found[-1] if found else dt.date.min) <= p.start < monday for p in points)
        if min(after, before) >= SHORTEST:
            found.append(monday)
    return found


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
    moving range of consecutive weeks. Autocorrelation is the larger of the baseline's and of the
    whole stretch's."""
    size = min(LONGEST, len(points))
    series = [(p.start, p.z) for p in points]
    centre = math.fsum(p.z for p in points[:size]) / size
    ranges = moving_ranges(series[:size])
    mean = math.fsum(ranges) / len(ranges) if ranges else None
    if not mean:
        why = "The weeks of the baseline do not differ, or no two of them are neighbours."
        return Baseline(list(points), size, centre, mean, None, None, why, None)
    half = WIDTH * mean
    calm = calmed(series, half)
    level = without_shift(calm)
    known = [autocorrelation(calm[:size]), autocorrelation(level)]
    r = max((x for x in known if x is not None), default=None)
    restless = _unlike(level, r) or _wilder(series[:size], series[size:])
    return Baseline(
        list(points),
        size,
        centre,
        mean,
        half,
        r,
        restless or _blind(points, centre, half),
        restless,
    )


def _unlike(level: Series, r: float | None) -> str | None:
    """Why weeks are not independent enough for limits."""
    if r is not None and r > REMEMBERED:
        return (
            f"Weeks follow each other (autocorrelation {r:.2f}, {REMEMBERED} is the most): limits "
            "would cry wolf."
        )
    ratio = variance_ratio([z for _, z in level], BLOCK)
    if ratio is not None and ratio > DRIFTED:
        return (
            f"It drifts: means of {BLOCK} weeks scatter {ratio:.1f} times as much as independent "
            f"weeks allow ({DRIFTED:.0f} is the most)."
        )
    return None


def _wilder(baseline: Series, later: Series) -> str | None:
    """Whether weeks differ more than those that limits come of; by medians, since a week that
    signals, and a shift, are no such thing."""
    before, after = moving_ranges(baseline), moving_ranges(later)
    if len(after) < LONGEST:
        return None
    usual, now = statistics.median(before), statistics.median(after)
    if now <= RESTLESS * usual:
        return None
    times = f"{now / usual:.1f} times" if usual else "ever more"
    return f"Weeks came to differ {times} as much as those the limits come of."


def _blind(points: Sequence[Point], centre: float, half_width: float) -> str | None:
    """Why limits would be of no use: nothing could cross them, or nought lies within them."""
    values = [p.value for p in points]
    ends = [(p.at(centre - half_width), p.at(centre + half_width)) for p in points]
    if min(values) >= 0 and max(values) <= 1 and all(a <= 0 and b >= 1 for a, b in ends):
        return "Its limits lie beyond nought and one: no share could cross them."
    plain = not any(p.is_log for p in points) and len({(p.middle, p.scale) for p in points}) == 1
    if plain and min(values) >= 0 and centre < NEAR_NOTHING * half_width:
        return "Its centre lies too near nought: no week could be too low."
    floor = 0.0 if min(values) >= 0 else -math.inf
    wide = statistics.median(high - max(low, floor) for low, high in ends)
    if len(points) >= LONGEST and wide > BLIND * (max(values) - min(values)):
        return "Its limits are twice as wide as all it ever did: nothing could cross them."
    return None


def calmed(series: Series, half_width: float) -> Series:
    """The series less its outbursts: weeks are brought within the limits around the median of the
    quarter they stand in. A burst of a few weeks is a signal and no memory."""
    values = [z for _, z in series]
    found = []
    for k, (day, z) in enumerate(series):
        around = sorted(values[max(0, k - 6) : k + 7])
        middle = around[len(around) // 2]
        found.append((day, min(max(z, middle - half_width), middle + half_width)))
    return found


def without_shift(series: Series) -> Series:
    """The series less the one shift of its level that explains most; weeks at either end that are
    too few to show one (eight) are none."""
    count, total, best = len(series), math.fsum(z for _, z in series), (0.0, 0, 0.0, 0.0)
    before = math.fsum(z for _, z in series[:BLOCK])
    for k in range(BLOCK, count - BLOCK + 1):
        a, b = before / k, (total - before) / (count - k)
        best = max(best, (k * (count - k) / count * (a - b) ** 2, k, a, b))
        before += series[k][1]
    _, at, low, high = best
    return [(day, z - (low if k < at else high)) for k, (day, z) in enumerate(series)]


def variance_ratio(values: Sequence[float], block: int) -> float | None:
    """Variance of the means of `block` values in a row, in those of independent ones: 1 without
    memory. None below three blocks or where nothing moves."""
    count = len(values)
    middle = math.fsum(values) / count
    spread = math.fsum((x - middle) ** 2 for x in values) / count
    if count < 3 * block or spread == 0:
        return None
    means = [math.fsum(values[k : k + block]) / block for k in range(count - block + 1)]
    return block * math.fsum((m - middle) ** 2 for m in means) / len(means) / spread


def moving_ranges(series: Series) -> list[float]:
    """Absolute changes from one week to the next; none across a missing week."""
    return [
        abs(b - a)
        for (day, a), (after, b) in zip(series, series[1:], strict=False)
        if (after - day).days == 7
    ]


def autocorrelation(series: Series) -> float | None:
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
