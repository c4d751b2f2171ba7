"""Goals: what is wanted, by whom, why; how it stands, where it will end and how sure that is.

`metrics/goals/<year>.yml` (or the folder that `[metrics] goals` names) says what is wanted;
`evaluate` reads `metrics.metric_values`, `metrics.metric_trust`, `metrics.dim_metrics` and
`marts.dim_owners` and writes `metrics.dim_goals`, `goal_status`, `goal_forecasts`,
`goal_backtests`, `goal_plans` and `goal_leading`. Nothing is remembered between runs: the weekly
readings that decide a colour are computed anew from the same values, so the same input and `as_of`
give the same status.
Arithmetic and its sources: `metrics/pacing.py`.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import difflib
import functools
import math
import typing
from pathlib import Path

from pydantic import Field

from metrics import calibration, catalogue, pacing, workdays
from metrics.calibration import Outlook, Past
from metrics.pacing import Forecast
from metrics.periods import (
    GRAINS,
    Period,
    Point,
    Series,
    comparable_shares,
    elapsed_share,
    last_day,
    last_end,
    level_history,
    ratio_scale,
    rests_at_weekends,
    slid,
    sundays,
    tiles,
)
from metrics.storing import insert
from settings import ROOT, ConfigError, Run, read_yaml, strict, yaml_line

if typing.TYPE_CHECKING:
    import duckdb

Status = typing.Literal[
    "on_track",
    "at_risk",
    "off_track",
    "too_early",
    "data_late",
    "no_source",
    "reached",
    "missed",
]
COLOURS = ("on_track", "at_risk", "off_track")
# Fewer intervals than `share` held, of at least `readings`: the chance is not to be relied on.
DOUBTED = {"readings": 8, "share": 0.6}
OUTCOMES = ("outcome", "impact")
MOST = 12  # names in a message
PROFILES = {
    "cumulative": ("additive",),
    "ratio": ("ratio", "survey"),
    "level": ("semi", "ratio", "percentile", "survey", "distinct", "model", "additive"),
}

TABLES = """
create or replace table metrics.dim_goals (
    goal_id varchar, statement varchar, metric_id varchar, metric_label varchar, unit varchar,
    better varchar, amec varchar, objective varchar, slice varchar, owner_role varchar,
    owner_name varchar, owner_status varchar, period_from date, period_to date, profile varchar,
    baseline double, target double, leading_metrics varchar, why varchar, has_goal_gap boolean,
    gap_reason varchar, source_file varchar);
create or replace table metrics.goal_status (
    goal_id varchar, statement varchar, metric_id varchar, metric_label varchar, unit varchar,
    slice varchar, owner_role varchar, owner_name varchar, owner_status varchar,
    period_from date, period_to date, profile varchar, baseline double, target double,
    as_of date, actual double, expected double, pace double, attainment double,
    forecast double, forecast_low double, forecast_high double, probability double,
    status varchar, status_reason varchar, required_rate double, interval_basis varchar,
    backtest_readings bigint, backtest_covered_share double, trust varchar, trust_reason varchar,
    why varchar);
create or replace table metrics.goal_forecasts (
    goal_id varchar, reading_date date, actual double, expected double, forecast double,
    forecast_low double, forecast_high double, probability double, status varchar);
create or replace table metrics.goal_backtests (
    goal_id varchar, metric_id varchar, period_from date, reading_date date, share_elapsed double,
    forecast double, forecast_low double, forecast_high double, final double,
    error_share double, is_covered boolean, threshold double, probability double,
    is_met boolean);
create or replace table metrics.goal_plans (
    goal_id varchar, metric_id varchar, slice varchar, grain varchar, period_start date,
    plan double, plan_to_date double);
create or replace table metrics.goal_leading (goal_id varchar, metric_id varchar);
"""


Words = typing.Annotated[str, Field(min_length=1)]
Finite = typing.Annotated[float, Field(allow_inf_nan=False)]


@strict
class Goal:
    """One entry of a goals file. `baseline` and `target` are in the metric's unit; `reading` is
    the grain at which a level is read (day for stocks, month for all else). `calendar`: whether
    years are laid over each other by date or by working days; unless told, by what weekends carry.
    """

    name: typing.Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    statement: Words
    metric: Words
    owner: Words
    period: Period
    profile: typing.Literal["cumulative", "level", "ratio"]
    baseline: Finite
    target: Finite
    why: Words
    slice: dict[str, bool | int | str] = dataclasses.field(default_factory=dict)
    leading: tuple[str, ...] = ()
    reading: typing.Literal["day", "week", "month", "quarter"] | None = None
    calendar: typing.Literal["days", "working_days"] | None = None


class Entry(typing.NamedTuple):
    """A goal and where it stands, for messages."""

    goal: Goal
    file: Path
    position: int

    def wrong(self, field: str, text: str) -> ConfigError:
        line = yaml_line(self.file, (self.position, *field.split(".")))
        return ConfigError(f"{self.file}:{line}: goal '{self.goal.name}': {text}")


class Metric(typing.NamedTuple):
    """What `metrics.dim_metrics` and `metrics.metric_trust` say of a metric."""

    metric_id: str
    label: str
    unit: str
    better: str
    additivity: str
    amec: str
    objective: str
    trust: str
    trust_reason: str
    last_event: dt.date | None
    has_source: bool


class Owner(typing.NamedTuple):
    name: str | None
    status: str


class Reading(typing.NamedTuple):
    """How a goal stands on one day; `share` of its period is done (seasonally, if known); `gap`
    says why a level's last value is not one for this day."""

    day: dt.date
    actual: float | None
    expected: float | None
    required: float | None
    share: float
    seasons: int
    forecast: Forecast
    gap: str | None = None


def evaluate(run: Run, connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Write the goal tables for `run.as_of`; gives lines on what a reader must know first.

    One row per goal in dim_goals and goal_status; per goal and week (Sundays and the last day
    read) in goal_forecasts; per goal, earlier period and past reading in goal_backtests; per goal,
    grain (week to year) and period wholly inside the goal's in goal_plans (`plan_to_date`: up to
    `as_of`, null later); per goal and metric that it names as leading in goal_leading. Values
    are in the metric's unit, shares and probabilities 0..1, days are the account's.
    Raises ConfigError for a goal that names what the warehouse does not know.
    """
    entries = read_goals(goals_folder(run))
    metrics = _metrics(connection)
    owners = owners_of(connection)
    check(entries, metrics, owners, _slices(connection))
    gaps = goal_gaps([e.goal for e in entries], metrics)
    defined = catalogue.load().metrics
    rows: dict[str, list[tuple]] = {
        name: []
        for name in (
            "dim_goals", "goal_status", "goal_forecasts", "goal_backtests", "goal_plans",
            "goal_leading",
        )
    }  # fmt: skip
    lines = []
    for entry in entries:
        goal, metric = entry.goal, metrics[entry.goal.metric]
        owner = owners.get(goal.owner, Owner(None, "vacant" if owners else "unverified"))
        series = read_series(connection, entry, metric, run.settings.organization.holidays)
        if goal.slice and goal.metric in defined:
            days = defined[goal.metric].meta.slice_wait(next(iter(goal.slice)))
            series = series._replace(wait=dt.timedelta(days=days))
        past = calibration.past(series, goal.profile == "ratio", metric.unit)
        tested = backtest(goal, metric, past)
        status, readings = standing(goal, metric, past, run.as_of, doubt(tested))
        about = (goal.name, goal.statement, metric.metric_id, metric.label, metric.unit)
        rows["dim_goals"].append(
            (*about, metric.better, metric.amec, metric.objective, slice_text(goal), goal.owner,
             *owner, goal.period.first, goal.period.last, goal.profile, goal.baseline,
             goal.target, ", ".join(goal.leading), goal.why, goal.name in gaps,
             gaps.get(goal.name), _shown(entry))
        )  # fmt: skip
        rows["goal_status"].append(
            (*about, slice_text(goal), goal.owner, *owner, goal.period.first, goal.period.last,
             goal.profile, goal.baseline, goal.target, *status,
             *basis(readings, tested), metric.trust, metric.trust_reason, goal.why)
        )  # fmt: skip
        rows["goal_forecasts"] += [
            (goal.name, r.day, r.actual, r.expected, *r.forecast, shown) for r, shown in readings
        ]
        rows["goal_backtests"] += tested
        rows["goal_plans"] += plans(goal, series, run.as_of - series.wait)
        rows["goal_leading"] += [(goal.name, leading) for leading in goal.leading]
        if owner.status in ("left", "vacant"):
            who = f"{owner.name} left" if owner.name else "nobody holds the role"
            lines.append(f"goal {goal.name}: its owner {goal.owner} is missing ({who}).")
        if goal.name in gaps:
            lines.append(f"goal {goal.name}: {gaps[goal.name]}")
    connection.execute(TABLES)
    for table, found in rows.items():
        insert(connection, f"metrics.{table}", found)
    return lines


# --- reading and checking ------------------------------------------------------------------------


def goals_folder(run: Run) -> Path:
    folder = Path(run.settings.metrics.goals)
    return folder if folder.is_absolute() else ROOT / folder


def read_goals(folder: Path) -> list[Entry]:
    """Every goal of `<folder>/*.yml`, in the order of file and entry. Raises ConfigError."""
    if not folder.is_dir():
        raise ConfigError(
            f"{folder}: no such folder; make it, or name another in [metrics] goals of "
            "plumbline.toml. (An empty folder means: no goals.)"
        )
    entries = []
    for file in sorted(folder.glob("*.yml")):
        goals = read_yaml(file, tuple[Goal, ...])
        entries += [Entry(goal, file, position) for position, goal in enumerate(goals)]
    seen: dict[str, Entry] = {}
    for entry in entries:
        if entry.goal.name in seen:
            other = seen[entry.goal.name]
            raise entry.wrong("name", f"the name is taken by an entry of {other.file.name}.")
        seen[entry.goal.name] = entry
        if entry.goal.period.last <= entry.goal.period.first:
            raise entry.wrong("period.to", "the period ends before it begins.")
        if len(entry.goal.slice) > 1:
            raise entry.wrong("slice", "values are kept for one slice at a time; name one.")
        if entry.goal.reading and entry.goal.profile != "level":
            raise entry.wrong("reading", "only a level has a reading; leave it out.")
        if entry.goal.calendar and entry.goal.profile == "level":
            raise entry.wrong("calendar", "a level is not paced by days; leave it out.")
    return entries


def check(
    entries: list[Entry],
    metrics: dict[str, Metric],
    owners: dict[str, Owner],
    slices: dict[str, dict[str, set[str]]],
) -> None:
    """Refuse goals whose names the warehouse does not know or whose sense is off. Raises
    ConfigError with file, line and the nearest known name.

    Roles are checked once a list of owners is loaded, slices once the metric has values."""
    for entry in entries:
        goal = entry.goal
        for field, name in (("metric", goal.metric), *(("leading", x) for x in goal.leading)):
            if name not in metrics:
                raise entry.wrong(field, f"no metric '{name}'; {nearest(name, metrics)}")
        if owners and goal.owner not in owners:
            raise entry.wrong("owner", f"no role '{goal.owner}'; {nearest(goal.owner, owners)}")
        metric = metrics[goal.metric]
        if metric.additivity not in PROFILES[goal.profile]:
            fits = [p for p, kinds in PROFILES.items() if metric.additivity in kinds]
            raise entry.wrong(
                "profile",
                f"'{goal.metric}' is {metric.additivity} and cannot be {goal.profile}; "
                f"it can be {' or '.join(fits)}.",
            )
        known = slices.get(goal.metric, {})
        for name, value in goal.slice.items():
            if known and name not in known:
                found = set(known) - {"all"}
                raise entry.wrong("slice", f"no slice '{name}'; {nearest(name, found)}")
            values = known.get(name, set())
            if values and _text(value) not in values:
                raise entry.wrong(
                    f"slice.{name}", f"'{name}' is never '{value}'; {nearest(str(value), values)}"
                )
        if metric.better in ("higher", "lower") and goal.profile != "cumulative":
            wanted = goal.target - goal.baseline
            if wanted and (wanted > 0) != (metric.better == "higher"):
                raise entry.wrong(
                    "target", f"it is worse than the baseline: {metric.better} is better."
                )


def nearest(name: str, known: typing.Iterable[str]) -> str:
    """The name that is meant, or those that are known; of more than MOST the nearest."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    if near:
        return f"did you mean '{near[0]}'?"
    rest = len(names) - MOST
    if rest > 0:
        names = difflib.get_close_matches(name, names, n=MOST, cutoff=0.0)
        return f"known: {', '.join(names)}, … and {rest} more."
    return f"known: {', '.join(names) or 'none'}."


def holder(name: str | None, status: str | None) -> str:
    """Who holds a role, and whether they are not there any more."""
    if name is None:
        return "nobody"
    return name if status == "active" else f"{name} ({status or 'unverified'})"


def goal_gaps(goals: list[Goal], metrics: dict[str, Metric]) -> dict[str, str]:
    """Goals that end at what we do: {goal name: reason}. A goal on an input, activity, output or
    outtake reaches an outcome when a goal on an outcome or impact names its metric as leading,
    directly or through other goals (AMEC Barcelona Principles 3.0, principle 2)."""
    linked: set[str] = {g.metric for g in goals if metrics[g.metric].amec in OUTCOMES}
    while True:
        further = {m for g in goals if g.metric in linked for m in g.leading} - linked
        if not further:
            break
        linked |= further
    return {
        g.name: f"{metrics[g.metric].label} is {metrics[g.metric].amec}, and no goal on an "
        "outcome names it as leading: it shows what is done, not what it is for."
        for g in goals
        if g.metric not in linked
    }


def slice_text(goal: Goal) -> str:
    return ", ".join(f"{name}={_text(value)}" for name, value in goal.slice.items()) or "all"


def _shown(entry: Entry) -> str:
    return f"{entry.file.name}:{yaml_line(entry.file, (entry.position,))}"


def _text(value: typing.Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _metrics(connection: duckdb.DuckDBPyConnection) -> dict[str, Metric]:
    rows = connection.execute(
        "select m.metric_id, m.label, m.unit, m.better, m.additivity, m.amec, m.objective, "
        "coalesce(t.trust, 'failed'), coalesce(t.reason, case when t.trust is null "
        "then 'nothing is known of its data' else '' end), t.last_event_date, "
        "coalesce(t.sources <> '', true) "
        "from metrics.dim_metrics m left join metrics.metric_trust t using (metric_id) order by 1"
    ).fetchall()
    return {row[0]: Metric(*row) for row in rows}


def owners_of(connection: duckdb.DuckDBPyConnection) -> dict[str, Owner]:
    """Role to whoever holds it; the latest word on each role counts."""
    rows = connection.execute(
        "select role, display_name, coalesce(owner_status, 'unverified'), is_current "
        "from marts.dim_owners order by role, is_current, valid_from"
    ).fetchall()
    return {
        role: Owner(name, status) if current else Owner(name, "vacant")
        for role, name, status, current in rows
    }


def _slices(connection: duckdb.DuckDBPyConnection) -> dict[str, dict[str, set[str]]]:
    found: dict[str, dict[str, set[str]]] = {}
    for metric, name, value in connection.execute(
        "select distinct metric_id, slice_name, slice_value from metrics.metric_values"
    ).fetchall():
        found.setdefault(metric, {}).setdefault(name, set()).add(str(value))
    return found


def read_series(
    connection: duckdb.DuckDBPyConnection, entry: Entry, metric: Metric, holidays: workdays.Rules
) -> Series:
    """The goal's numbers: of a level at its reading's grain, else at the finest grain that fits
    the period. Raises ConfigError when none does, or a ratio's parts do not add over time."""
    goal = entry.goal
    name, value = next(iter(goal.slice.items()), ("all", None))
    where = "metric_id = ? and slice_name = ? and (? is null or slice_value = ?)"
    given = [goal.metric, name, *([None] * 2 if value is None else [_text(value)] * 2)]
    stored = {
        row[0]
        for row in connection.execute(
            f"select distinct grain from metrics.metric_values where {where}", given
        ).fetchall()
    }
    if goal.profile == "level":
        wanted = goal.reading or ("day" if metric.additivity == "semi" else "month")
        grain = next((g for g in GRAINS[GRAINS.index(wanted) :] if g in stored), wanted)
    else:
        grain = next((g for g in GRAINS if g in stored and tiles(g, goal.period)), None)
        if stored and grain is None:
            finest = min(stored, key=GRAINS.index)
            raise entry.wrong(
                "period",
                f"'{goal.metric}' is known by {finest} at the finest; let the period begin and "
                f"end with a {finest}.",
            )
    grain = grain or "day"
    rows = connection.execute(
        "select period_start, value, numerator, denominator from metrics.metric_values "
        f"where {where} and grain = ? and (grain = 'day' or is_complete is not false) order by 1",
        [*given, grain],
    ).fetchall()
    known = connection.execute(
        "select min(period_start) from metrics.metric_values where metric_id = ? and grain = ? "
        "and value is not null",
        [goal.metric, grain],
    ).fetchone()
    series = Series(grain, [Point(r[0], last_day(r[0], grain), *r[1:]) for r in rows], known[0])
    if goal.profile != "level" and grain == "day":
        rests = goal.calendar or ("working_days" if rests_at_weekends(series) else "days")
        series = series._replace(holidays=holidays if rests == "working_days" else None)
    elif goal.calendar == "working_days":
        raise entry.wrong(
            "calendar", f"'{goal.metric}' is read by {grain} here; working days need days."
        )
    if goal.profile == "ratio":
        whole = connection.execute(
            "select period_start, numerator, denominator from metrics.metric_values "
            f"where {where} and grain = 'year' and is_complete order by 1 desc limit 1",
            given,
        ).fetchone()
        year = whole and (whole[0], last_day(whole[0], "year"))
        if whole and not all(
            total is None or stated is None or math.isclose(total, stated, rel_tol=1e-6)
            for total, stated in zip(
                (series.total(*year, "above"), series.total(*year, "below")), whole[1:], strict=True
            )
        ):
            raise entry.wrong(
                "profile",
                f"the parts of '{goal.metric}' do not add up over {whole[0].year}, so it cannot "
                "be paced as a ratio; make it a level.",
            )
    return series


# --- how a goal stands ---------------------------------------------------------------------------


def standing(
    goal: Goal, metric: Metric, past: Past, as_of: dt.date, doubted: str | None = None
) -> tuple[tuple, list[tuple[Reading, str]]]:
    """(as_of .. required_rate of goal_status, [(reading, shown status)]) of one goal; `doubted`:
    why its chance is not to be relied on (`doubt`).

    Weekly readings stand on Sundays; the last one on `as_of` or the goal's last day. Figures of
    late data are those of the last day that is known, and their status is data_late, also where
    some values are younger than the newest event: nobody knows what is missing between. Where no
    source was ever named nothing is late: no_source. Of a slice that is decided later, a reading
    is of the days that were decided by then."""
    higher = is_higher(goal, metric)
    end = min(as_of, goal.period.last)
    late = metric.trust in ("stale", "failed")
    ended = as_of > goal.period.last
    through = as_of
    if late:
        through = min(metric.last_event or dt.date.min, as_of)
    known = through
    if late and goal.profile != "level":  # a deal that closed later than the last was opened
        counted = (p.last for p in past.series.points if p.value is not None)
        known = min(max(through, *counted, dt.date.min), as_of)
    if not metric.has_source:
        none = Reading(as_of, None, None, None, 0.0, 0, Forecast(None))
        reason = f"Nothing is read for it: {metric.trust_reason.rstrip('.')}."
        return _status_row(goal, none, "no_source", reason, higher), []
    if end < goal.period.first:
        none = Reading(as_of, None, None, None, 0.0, 0, Forecast(None))
        reason = f"Begins on {goal.period.first}."
        return _status_row(goal, none, "too_early", reason, higher), []
    days = sundays(goal.period.first, end)
    if not days or days[-1] != end:
        days.append(end)
    wait = past.series.wait
    decided = [*(min(day, known) - wait for day in days[:-1]), min(end, known - wait)]
    read = [read_on(goal, metric, past, *on) for on in zip(days, decided, strict=True)]
    unborn = last_day(goal.period.first, past.series.grain)  # before it, no value can be there yet
    raw = [
        "data_late"
        if day > through
        or r.gap
        or (r.actual is None and day >= unborn and r.share >= pacing.EARLY)
        else first_colour(r)
        for day, r in zip(days, read, strict=True)
    ]
    shown = steady(raw, weekly=[day.weekday() == 6 for day in days])
    readings = list(zip(read, shown, strict=True))
    last, status = readings[-1]
    if ended and last.actual is not None and goal.period.last <= through - wait and not last.gap:
        met = last.actual >= goal.target if higher else last.actual <= goal.target
        status = "reached" if met else "missed"
        readings[-1] = (last, status)
    reason = _reason(status, raw[-1], last, metric, decided[-1], goal, doubted)
    if wait and decided[-1] < end and last.actual is not None and status != "data_late":
        reason += f" Counted to {decided[-1]}: what came later is still being decided."
    return _status_row(goal, last._replace(day=as_of), status, reason, higher), readings


def read_on(goal: Goal, metric: Metric, known: Past, day: dt.date, through: dt.date) -> Reading:
    """The goal as known on `through` (<= `day`), by the rule of its profile."""
    if through < goal.period.first and goal.profile != "level":
        return Reading(day, None, None, None, 0.0, 0, Forecast(None))
    rule = {"cumulative": _cumulative, "ratio": _ratio, "level": _level}[goal.profile]
    return rule(goal, is_higher(goal, metric), known, day, through)


def _cumulative(goal: Goal, higher: bool, known: Past, day: dt.date, through: dt.date) -> Reading:
    series, last = known.series, last_end(through, known.series.grain)
    seen = calibration.outlook(known, goal.period, last)
    share = seen.done[0]
    if seen.seasons < 2:
        share = elapsed_share(goal.period, last, series.holidays)
    expected = goal.target * share
    if seen.actual is None:
        return Reading(day, None, expected, None, share, seen.seasons, Forecast(None))
    forecast = _forecast(goal, higher, known, seen, last, goal.target)
    required = _over(goal.target - seen.actual, goal.target * (1 - share))
    return Reading(day, seen.actual, expected, required, share, seen.seasons, forecast)


def _ratio(goal: Goal, higher: bool, known: Past, day: dt.date, through: dt.date) -> Reading:
    series, last = known.series, last_end(through, known.series.grain)
    seen = calibration.outlook(known, goal.period, last)
    done = seen.done
    if seen.seasons < 2:
        done = (elapsed_share(goal.period, last, series.holidays),) * 2
    expected = goal.target * done[0] / done[1] if done[1] > 0 else None
    if seen.actual is None:
        return Reading(day, None, expected, None, done[1], seen.seasons, Forecast(None))
    scale = ratio_scale(series)
    actual = scale * seen.actual
    found = _forecast(goal, higher, known, seen, last, goal.target / scale * seen.whole)
    told = (None if x is None else scale * x / seen.whole for x in found[:3])
    forecast = _capped(Forecast(*told, found.probability), series)
    planned = _over(goal.target * (1 - done[0]), 1 - done[1])
    rest = _over(goal.target - actual * done[1], 1 - done[1])
    required = _over(rest, planned) if rest is not None and planned is not None else None
    return Reading(day, actual, expected, required, done[1], seen.seasons, forecast)


def _forecast(
    goal: Goal, higher: bool, known: Past, seen: Outlook, day: dt.date, target: float
) -> Forecast:
    """Where the amount ends: certainly when the period is over, without an interval when there is
    no comparable period or too little to see how its weeks scatter."""
    if seen.rest is None:
        return Forecast(None)
    value = seen.rest.done + seen.rest.rest
    if day >= goal.period.last:
        return pacing.certain(seen.rest.done, target, higher)
    found = calibration.trial(known, goal.period, day, day) if seen.seasons else None
    if found is None:
        return Forecast(value)
    return pacing.by_rest(seen.rest, *found, target, higher)


def _level(goal: Goal, higher: bool, known: Past, day: dt.date, through: dt.date) -> Reading:
    series = known.series
    elapsed = elapsed_share(goal.period, min(day, through))
    history = level_history(series, min(through, goal.period.last))
    if not history:
        return Reading(day, None, None, None, elapsed, 0, Forecast(None))
    at = history[-1][0]
    glide = elapsed_share(goal.period, at)
    expected = goal.baseline + (goal.target - goal.baseline) * glide
    on = min(through, goal.period.last)
    found = calibration.trend(known, goal.period, on)
    wider = calibration.level_width(known, goal.period, on, on)
    forecast = _capped(pacing.by_trend(found, goal.target, higher, wider), series)
    actual = history[-1][1]
    required = None
    if not beyond(actual, goal.target, higher):
        required = _over(goal.target - actual, (goal.target - goal.baseline) * (1 - glide))
    gap = _level_gap(series.grain, [end for end, _ in history], goal.period, through)
    return Reading(day, actual, expected, required, elapsed, found.stretches, forecast, gap)


def _level_gap(grain: str, ends: list[dt.date], period: Period, day: dt.date) -> str | None:
    """Why the newest value does not speak for `day`: it is older than values ever were (half as
    much again), or the period is over and its own last value is missing."""
    if day >= period.last:
        due = period.last - dt.timedelta(days=6) if grain == "day" else last_end(period.last, grain)
        if ends[-1] < due:
            return f"the period is over, and the last value is of {ends[-1]}"
    gaps = [(b - a).days for a, b in zip(ends, ends[1:], strict=False)] or [366]
    if (day - ends[-1]).days > 1.5 * max(gaps) + 7:
        return f"the last value is of {ends[-1]}"
    return None


def first_colour(reading: Reading) -> str:
    """The status that one reading alone would have."""
    chance = reading.forecast.probability
    if reading.share < pacing.EARLY or reading.seasons < 2 or chance is None:
        return "too_early"
    return "on_track" if chance >= 0.7 else "at_risk" if chance >= 0.3 else "off_track"


def steady(raw: list[str], weekly: list[bool]) -> list[str]:
    """Statuses as shown: a colour changes when two weekly readings running lie on the same side
    of it, and then to the nearer of the two. The reading of a day between weeks changes nothing.
    Grey (too early, late) comes and goes at once and remembers the colour before it."""
    shown: list[str] = []
    colour: str | None = None
    before: str | None = None  # the last weekly reading that differed
    for status, is_weekly in zip(raw, weekly, strict=True):
        if status not in COLOURS:
            shown.append(status)
            continue
        if colour is None:
            colour = status
        elif is_weekly and status != colour:
            side = _rank(status) - _rank(colour)
            if before is not None and side * (_rank(before) - _rank(colour)) > 0:
                nearer = min(status, before, key=lambda s: abs(_rank(s) - _rank(colour)))
                before = status if status != nearer else None
                colour = nearer
            else:
                before = status
        elif is_weekly:
            before = None
        shown.append(colour)
    return shown


def _rank(colour: str) -> int:
    return COLOURS.index(colour)


def _status_row(goal: Goal, r: Reading, status: str, reason: str, higher: bool) -> tuple:
    pace = None
    if r.actual is not None and r.expected is not None and r.actual > 0 and r.expected > 0:
        pace = r.actual / r.expected if higher else r.expected / r.actual
    required = None if status in ("reached", "missed") else r.required
    return (
        r.day, r.actual, r.expected, pace, attainment(goal, r.actual, higher), *r.forecast,
        status, reason, required,
    )  # fmt: skip


def attainment(goal: Goal, actual: float | None, higher: bool) -> float | None:
    """Share of the way from baseline to target that is done; of a cumulative goal, of the target.
    None for a level or ratio beyond its target: there is no way left to have a share of."""
    if actual is None:
        return None
    if goal.profile == "cumulative":
        return _over(actual, goal.target)
    if beyond(actual, goal.target, higher):
        return None
    share = _over(actual - goal.baseline, goal.target - goal.baseline)
    return None if share is None else share + 0.0  # no -0.0


def beyond(actual: float, target: float, higher: bool) -> bool:
    return actual > target if higher else actual < target


def basis(
    readings: list[tuple[Reading, str]], tested: list[Backtest]
) -> tuple[str | None, int, float | None]:
    """(interval_basis, backtest_readings, backtest_covered_share) of a goal: whether the interval
    it shows, and the chance with it, was held against past ends, how many, and the share held."""
    held = _held(tested)
    share = sum(held) / len(held) if held else None
    low = readings[-1][0].forecast.low if readings else None
    told = "backtested" if held else "not_backtested"
    return None if low is None else told, len(held), share


def doubt(tested: list[Backtest]) -> str | None:
    """Why the chance of a goal is not to be relied on: too few of its backtested intervals held."""
    held = _held(tested)
    if len(held) < DOUBTED["readings"] or sum(held) / len(held) >= DOUBTED["share"]:
        return None
    return f"not to be relied on: {sum(held)} of {len(held)} backtested intervals held"


def _held(tested: list[Backtest]) -> list[bool]:
    return [row.is_covered for row in tested if row.is_covered is not None]


def _reason(
    status: str, raw: str, r: Reading, metric: Metric, through: dt.date, goal: Goal,
    doubted: str | None,
) -> str:  # fmt: skip
    chance = r.forecast.probability
    if status == "data_late":
        why = metric.trust_reason.rstrip(".") or metric.trust
        if r.gap:
            return f"Data are late: {r.gap}."
        if r.actual is None:
            return f"No value is known for this period: {why}."
        return f"Data are late: {why}. Figures are those of {through}."
    if status == "reached" or status == "missed":
        return f"The period ended on {goal.period.last}; the target was {status}."
    if status == "too_early":
        if r.actual is None:
            return "The period has no value yet."
        if r.seasons < 2:
            of = (
                "stretches of history as long as what remains"
                if goal.profile == "level"
                else ("comparable periods")
            )
            return f"Fewer than two {of}: the pace shown is linear, and no colour is given."
        if r.share < pacing.EARLY:
            share = chance_text(r.share).capitalize()
            return f"{share} of the period is usually done by now; no colour before 10\u202f%."
        return "No forecast can be made from a value that is not positive."
    text = f"{chance_text(chance).capitalize()} chance of meeting the target"
    text += f", {doubted}." if doubted else "."
    if raw in COLOURS and raw != status:
        text += (
            f" This reading alone would be {raw.replace('_', ' ')}; the colour changes when two "
            "weekly readings agree."
        )
    return text


def chance_text(probability: float | None) -> str | None:
    """A probability in words; no forecast is certain, so the ends are open."""
    if probability is None:
        return None
    if probability > 0.99:
        return "over 99\u202f%"
    if probability < 0.01:
        return "under 1\u202f%"
    return f"{100 * probability:.0f}\u202f%"


def is_higher(goal: Goal, metric: Metric) -> bool:
    """Whether more is better: the metric says so, or else the way from baseline to target."""
    if metric.better in ("higher", "lower"):
        return metric.better == "higher"
    return goal.target >= goal.baseline


def _capped(forecast: Forecast, series: Series) -> Forecast:
    """A share of a whole ends at the whole: where no numerator was ever above its denominator,
    no forecast is."""
    parts = [(p.above, p.below) for p in series.points if p.above is not None and p.below]
    if not parts or any(above > below for above, below in parts):
        return forecast
    whole = ratio_scale(series)
    capped = (None if x is None else min(x, whole) for x in forecast[:3])
    return Forecast(*capped, forecast.probability)


def _over(part: float, whole: float) -> float | None:
    return part / whole if abs(whole) > 1e-12 else None


# --- plans ---------------------------------------------------------------------------------------


def plans(goal: Goal, series: Series, as_of: dt.date) -> list[tuple]:
    """Rows of goal_plans: what each period would bring if the goal were met to the point, by the
    seasons of comparable periods where there are two, else evenly."""
    done = functools.lru_cache(maxsize=None)(
        lambda day, part: planned_share(goal, series, day, part)
    )

    def brings(first: dt.date, last: dt.date) -> float | None:
        if goal.profile == "level":
            return goal.baseline + (goal.target - goal.baseline) * elapsed_share(goal.period, last)
        before = first - dt.timedelta(days=1)
        if goal.profile == "cumulative":
            return goal.target * (done(last, "value") - done(before, "value"))
        above, below = (done(last, part) - done(before, part) for part in ("above", "below"))
        return goal.target * above / below if below > 0 else None

    rows = []
    for grain in GRAINS[1:]:
        if not holds(grain, series.grain) or (
            goal.profile == "level" and series.grain not in ("day", grain)
        ):
            continue  # a median of the year is held against no path that is read by the month
        before = goal.period.first - dt.timedelta(days=1)
        first = last_end(before, grain) + dt.timedelta(days=1)
        while (last := last_day(first, grain)) <= goal.period.last:
            known = last if goal.profile == "level" else last_end(min(last, as_of), series.grain)
            if first >= goal.period.first:
                rows.append(
                    (goal.name, goal.metric, slice_text(goal), grain, first, brings(first, last),
                     brings(first, min(known, as_of)) if first <= as_of else None)
                )  # fmt: skip
            first = last + dt.timedelta(days=1)
    return rows


def holds(grain: str, finer: str) -> bool:
    """Whether whole periods of `finer` fill those of `grain`."""
    return finer == "day" or finer == grain or (
        finer != "week" and GRAINS.index(finer) < GRAINS.index(grain)
    )  # fmt: skip


def planned_share(goal: Goal, series: Series, day: dt.date, part: str) -> float:
    """Share of the goal's period that is usually done by the end of `day`; 0 before it begins."""
    if day < goal.period.first:
        return 0.0
    shares = comparable_shares(series, goal.period, day, part)
    if len(shares) >= 2:
        return pacing.mean(shares)
    return elapsed_share(goal.period, day, series.holidays)


# --- backtests -----------------------------------------------------------------------------------


class Backtest(typing.NamedTuple):
    """A row of goal_backtests. `threshold`: what the goal's step from baseline to target would
    have asked of that period; `probability`: the chance then given of meeting it."""

    goal_id: str
    metric_id: str
    period_from: dt.date
    reading_date: dt.date
    share_elapsed: float
    forecast: float
    forecast_low: float | None
    forecast_high: float | None
    final: float
    error_share: float | None
    is_covered: bool | None
    threshold: float | None
    probability: float | None
    is_met: bool | None


def backtest(goal: Goal, metric: Metric, known: Past) -> list[Backtest]:
    """Rows of goal_backtests: what the same rule would have said at the month ends (week ends of
    short ones) of earlier periods of the same length, from what preceded them, against how they
    ended. Periods begin a month apart, of levels a quarter, and overlap."""
    rows, series, higher = [], known.series, is_higher(goal, metric)
    through = series.points[-1].last - series.wait if series.points else dt.date.min
    step = calibration.STEPS[series.grain]
    if goal.profile == "level":
        step = calibration.QUARTER
    for _, earlier in reversed(list(calibration.earlier_periods(series, goal.period, step))):
        if earlier.last > through:
            continue
        asked = _asked_of(goal, metric, known, earlier)
        past = dataclasses.replace(goal, period=earlier)
        if asked is not None:
            past = dataclasses.replace(past, baseline=asked[0], target=asked[1])
        final = read_on(past, metric, known, earlier.last, earlier.last).actual
        if final is None:
            continue
        for day in _past_readings(earlier):
            reading = read_on(past, metric, known, day, day - series.wait)
            if reading.seasons == 0 or reading.forecast.value is None:
                continue
            value, low, high, chance = reading.forecast
            chance = None if asked is None else chance
            met = None
            if chance is not None:
                met = final >= past.target if higher else final <= past.target
            covered = None if low is None or high is None else low <= final <= high
            rows.append(
                Backtest(
                    goal.name, goal.metric, earlier.first, day, elapsed_share(earlier, day),
                    value, low, high, final, _over(value - final, abs(final)), covered,
                    None if chance is None else past.target, chance, met,
                )
            )  # fmt: skip
    return rows


def _asked_of(
    goal: Goal, metric: Metric, known: Past, earlier: Period
) -> tuple[float, float] | None:
    """(baseline, target) that the goal would have had for `earlier`: what was there before, of a
    level its last value, else the same period of the year before, and the goal's own step from it
    (as a share of it; in the metric's unit where it could lie below nothing). None where nothing
    is known of the time before."""
    if goal.profile == "level":
        history = level_history(known.series, earlier.first - dt.timedelta(days=1))
        before = history[-1][1] if history else None
    else:
        years = -(-((earlier.last - earlier.first).days + 1) // 366)
        year = slid(earlier, 12 * years)
        if known.series.known_from is None or year.first < known.series.known_from:
            return None
        same = dataclasses.replace(goal, period=year)
        before = read_on(same, metric, known, year.last, year.last).actual
    if before is None:
        return None
    if known.can_fall or goal.baseline <= 0 or before <= 0:
        return before, before + goal.target - goal.baseline
    return before, before * goal.target / goal.baseline


def _past_readings(period: Period) -> list[dt.date]:
    if (period.last - period.first).days < 100:
        return [day for day in sundays(period.first, period.last) if day < period.last]
    ends, day = [], period.first
    while True:
        end = last_day(day.replace(day=1), "month")
        if end >= period.last:
            return ends
        ends.append(end)
        day = end + dt.timedelta(days=1)
