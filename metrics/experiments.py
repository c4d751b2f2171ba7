"""Experiments estimated by ourselves: what happened in the treated places, against what would have.

Places: simplex synthetic control on series from which each place's own mean before the test is
taken (augmented synthetic control without ridge, fixed effects on: Ben-Michael, Feller and
Rothstein 2021, JASA 116:1789; GeoLift's `model = "none"`). Without the means the answer is another
one. Interval and p come from placebo tests (Abadie, Diamond and Hainmueller 2010, JASA 105:493):
the same test pretended in windows of its length before it began, and in places never treated.

People: the difference of two rates, its interval by Newcombe (1998, Stat Med 17:873, method 10).

What was assigned by lot is an experiment; the same arithmetic on an event that nobody drew is a
quasi-experiment. What cannot be estimated is refused in words, never filled in.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import itertools
import json
import math
import typing

import numpy as np

from metrics.storing import insert_named
from settings import Run

if typing.TYPE_CHECKING:
    import duckdb

CONFIDENCE = 0.90
FEWEST_CONTROLS = 3  # below it the weights are a choice, not a fit
FEWEST_PERIODS = 20  # before the test
PERIODS_PER_TEST = 2.0  # periods before it, per period of the test: else no window to pretend in
WORST_FIT = 0.25  # mean error of a pretended test, per expected outcome
MOST_PLACEBOS = 400
MOST_MISSTATED = 1.1  # times the effect, up or down, that other money may make of the estimate
OUTCOMES = ("leads_created", "leads_qualified", "orders", "revenue_reporting")
"""Columns of fct_outcome_days."""

# One row per experiment and outcome of the register, estimated or refused. Counts are outcomes in
# all treated places over the test, `att` is the mean per place and period. Shares are fractions.
# low and high are 90 %. weights, treated and controls are JSON. misstated: the least and most that
# the estimate may be of the effect, as spend by place tells; null where it does not. verdict: what
# an estimate is worth as evidence, STANDS, UNCHECKED or CONTAMINATED; NOT_ESTIMATED where we have
# none, so that the report of its tool cannot be checked.
TABLES = """
create schema if not exists metrics;
create or replace table metrics.experiment_estimates (
    experiment_id varchar, channel_id varchar, kind varchar, design varchar, outcome varchar,
    starts_on date, ends_on date, registered varchar, method varchar, status varchar,
    reason varchar, incremental double, incremental_low double, incremental_high double,
    confidence double, att double, lift double, lift_low double, lift_high double,
    p_value double, p_time double, p_units double, placebo_windows bigint, placebo_places bigint,
    period_days bigint, pre_periods bigint, test_periods bigint, l2 double, l2_scaled double,
    pre_mape double, window_mape double, detectable_lift double, treated varchar, controls varchar,
    weights varchar, contamination varchar, misstated_low double, misstated_high double,
    verdict varchar, reported_incremental double,
    reported_low double, reported_high double, spend_reporting double, run_id varchar);
create or replace table metrics.experiment_periods (
    experiment_id varchar, outcome varchar, period_start date, is_test boolean, observed double,
    expected double, run_id varchar);
"""
STANDS, UNCHECKED = "stands", "stands, contamination not known"
CONTAMINATED = "unknown: contaminated"
NOT_ESTIMATED = "unknown: not checked"
BEFORE = """
create table if not exists metrics.experiment_estimates (experiment_id varchar);
create or replace temp table estimates_before as select * from metrics.experiment_estimates;
"""


class Refused(ValueError):
    """An experiment that these data cannot answer; the text says why and what would help."""


@dataclasses.dataclass(frozen=True)
class Fit:
    """`expected`: what the mean treated place would have had, every period. `weights`: one a
    control, at least 0, together 1."""

    weights: np.ndarray
    expected: np.ndarray


@dataclasses.dataclass(frozen=True)
class Estimate:
    """A test of places. `att` is per place and period, `incremental` all of them; intervals are
    CONFIDENCE; p_time and p_units by placebos; `detectable_lift` is found in 80 of 100 tests."""

    fit: Fit
    att: float
    incremental: float
    low: float
    high: float
    lift: float
    lift_low: float
    lift_high: float
    p_time: float
    p_units: float | None
    placebo_windows: int
    placebo_places: int
    l2: float
    l2_scaled: float
    pre_mape: float
    window_mape: float
    detectable_lift: float


def evaluate(run: Run, connection: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
    """Rewrite experiment_estimates and experiment_periods from marts.fct_experiments,
    fct_outcome_days and fct_channel_days; gives a sentence with the counts. An estimate that is
    what it was keeps the run that made it: the same input gives the same tables."""
    connection.execute("create schema if not exists metrics")
    connection.execute(BEFORE)
    connection.execute(TABLES)
    register = connection.execute(
        "select * from marts.fct_experiments where starts_on is not null and ends_on is not null "
        "order by experiment_id, outcome"
    ).fetchall()
    names = [column[0] for column in connection.description]
    tests = [dict(zip(names, row, strict=True)) for row in register]
    estimated = 0
    for test in tests:
        told: dict[str, typing.Any] = {"status": "estimated", "confidence": CONFIDENCE}
        periods: list[tuple] = []
        try:
            if test["ends_on"] > run.as_of:
                raise Refused(f"it is not over: it ends on {test['ends_on']}.")
            if test["design"] == "audience_holdout":
                told |= _people(test)
            else:
                found, periods = _of_places(test, connection)
                told |= found
            estimated += 1
        except Refused as why:
            told |= {
                "status": "refused", "reason": str(why), "confidence": None,
                "verdict": NOT_ESTIMATED,
            }  # fmt: skip
        insert_named(connection, "metrics.experiment_estimates", [_said(test, told, run)])
        if periods:
            connection.executemany(
                "insert into metrics.experiment_periods values (?, ?, ?, ?, ?, ?, ?)",
                [(test["experiment_id"], test["outcome"], *row, run.run_id) for row in periods],
            )
    _keep_runs(connection)
    if not tests:
        return ()
    return (f"{estimated} of {len(tests)} experiments estimated from our own series",)


def _keep_runs(connection: duckdb.DuckDBPyConnection) -> None:
    described = connection.execute("describe metrics.experiment_estimates").fetchall()
    known = {row[0] for row in connection.execute("describe estimates_before").fetchall()}
    names = [row[0] for row in described if row[0] != "run_id"]
    if {*names, "run_id"} <= known:
        same = " and ".join(f"now.{name} is not distinct from told.{name}" for name in names)
        connection.execute(
            "update metrics.experiment_estimates as now set run_id = told.run_id "
            f"from estimates_before as told where {same}"
        )
        connection.execute(
            "update metrics.experiment_periods as period set run_id = told.run_id "
            "from metrics.experiment_estimates as told where period.outcome = told.outcome "
            "and period.experiment_id = told.experiment_id"
        )
    connection.execute("drop table estimates_before")


def _said(
    test: dict[str, typing.Any], told: dict[str, typing.Any], run: Run
) -> dict[str, typing.Any]:
    same = ("experiment_id", "channel_id", "kind", "design", "outcome", "starts_on", "ends_on",
            "spend_reporting")  # fmt: skip
    return {
        **{name: test[name] for name in same},
        "registered": test["registration"],
        "reported_incremental": test["incremental"],
        "reported_low": test["incremental_low"],
        "reported_high": test["incremental_high"],
        "run_id": run.run_id,
        **told,
    }


def _people(test: dict[str, typing.Any]) -> dict[str, typing.Any]:
    counts = [
        test[name]
        for name in ("treated_outcomes", "treated_people", "control_outcomes", "control_people")
    ]
    if None in counts:
        raise Refused(
            "an audience hold-out divides people and the warehouse counts outcomes by place; fill "
            "treated_people, treated_outcomes, control_people and control_outcomes in the register."
        )
    incremental, low, high, lift, p = rate_difference(*counts)
    expected = incremental / lift if lift else counts[2] / counts[3] * counts[1]
    return {
        "method": "difference of rates", "incremental": incremental, "incremental_low": low,
        "incremental_high": high, "lift": lift, "lift_low": low / expected,
        "lift_high": high / expected, "p_value": p, "verdict": UNCHECKED,
        "contamination": "Not known: whether held-out people saw the channel elsewhere.",
    }  # fmt: skip


def _of_places(
    test: dict[str, typing.Any], connection: duckdb.DuckDBPyConnection
) -> tuple[dict[str, typing.Any], list[tuple]]:
    if test["design"] == "switchback":
        raise Refused("a switchback has no one stretch of time; evaluate it with its own tool.")
    if test["outcome"] not in OUTCOMES:
        raise Refused(
            f"no series by place and day for '{test['outcome']}'; known are {', '.join(OUTCOMES)}."
        )
    rows = connection.execute(
        f"select geography, date_day, cast({test['outcome']} as double) "
        "from marts.fct_outcome_days where date_day <= ? and geography is not null order by 1, 2",
        [test["ends_on"]],
    ).fetchall()
    places = sorted({row[0] for row in rows})
    treated = _named(test["treated"], places, "treated")
    controls = _named(test["controls"], places, "controls") if test["controls"] else [
        place for place in places if place not in treated
    ]  # fmt: skip
    if set(treated) & set(controls):
        raise Refused("a place is named as treated and as control; correct the register.")
    days = (test["ends_on"] - test["starts_on"]).days + 1
    step = 7 if days % 7 == 0 else 1
    outcomes, first = _periods(rows, [*treated, *controls], test, step)
    mask = np.arange(len(outcomes)) >= first
    found = estimate(outcomes, range(len(treated)), mask)
    shown = {
        "method": "synthetic control", "p_value": found.p_time, "period_days": step,
        "pre_periods": first, "test_periods": days // step, "treated": json.dumps(treated),
        "controls": json.dumps(controls), "incremental_low": found.low,
        "incremental_high": found.high,
        "weights": json.dumps(
            {p: round(float(w), 4) for p, w in zip(controls, found.fit.weights, strict=True)}
        ),
        **_contamination(test, first * step, dict.fromkeys(treated, 1 / len(treated)),
                         dict(zip(controls, found.fit.weights, strict=True)), connection),
        **{
            name: getattr(found, name)
            for name in ("incremental", "att", "lift", "lift_low", "lift_high", "p_time",
                         "p_units", "placebo_windows", "placebo_places", "l2", "l2_scaled",
                         "pre_mape", "window_mape", "detectable_lift")
        },
    }  # fmt: skip
    periods = [
        (
            test["starts_on"] + dt.timedelta(days=(number - first) * step), bool(mask[number]),
            float(outcomes[number, : len(treated)].sum()),
            float(found.fit.expected[number] * len(treated)),
        )
        for number in range(len(outcomes))
    ]  # fmt: skip
    return shown, periods


def _named(text: str | None, places: list[str], field: str) -> list[str]:
    wanted = [part.strip() for part in (text or "").split(";") if part.strip()]
    strange = [place for place in wanted if place not in places]
    if strange:
        raise Refused(
            f"{field} names {', '.join(strange)}, of which no outcomes are known; places are "
            f"{', '.join(places)}."
        )
    return list(dict.fromkeys(wanted))


def _periods(
    rows: list[tuple], places: list[str], test: dict[str, typing.Any], step: int
) -> tuple[np.ndarray, int]:
    """Outcomes by period of `step` days, counted from the test's first day, and place, from the
    first period after which everything is known; and the number of periods before the test."""
    start = min((row[1] for row in rows), default=test["starts_on"])
    before = (test["starts_on"] - start).days // step
    during = ((test["ends_on"] - test["starts_on"]).days + 1) // step
    days = np.full(((before + during) * step, len(places)), np.nan)
    zero = test["starts_on"] - dt.timedelta(days=before * step)
    column = {place: number for number, place in enumerate(places)}
    for place, day, value in rows:
        number = (day - zero).days
        if place in column and 0 <= number < len(days) and value is not None:
            days[number, column[place]] = value
    summed = days.reshape(before + during, step, len(places)).sum(axis=1)
    unknown = np.flatnonzero(~np.isfinite(summed[:before]).all(axis=1))
    cut = int(unknown[-1]) + 1 if len(unknown) else 0
    return summed[cut:], before - cut


def _contamination(
    test: dict[str, typing.Any], days_before: int, treated: dict[str, float],
    controls: dict[str, float], connection: duckdb.DuckDBPyConnection,
) -> dict[str, typing.Any]:  # fmt: skip
    """What would make the answer wrong, as far as spend by place tells: the columns contamination,
    misstated_low, misstated_high and verdict. `treated` and `controls` are weights, each together
    1; a day without a row is a day without spend, a row without an amount spent what others did."""
    places = treated | {place: -weight for place, weight in controls.items()}
    spent = connection.execute(
        """
        select channel_id, geography, date_day >= $start as is_during,
            sum(spend_reporting) / count(spend_reporting) * count(*) as spend
        from marts.fct_channel_days
        where list_contains($places, geography) and date_day between $first and $last
        group by all order by all""",
        {"start": test["starts_on"], "last": test["ends_on"], "places": list(places),
         "first": test["starts_on"] - dt.timedelta(days=days_before)},
    ).fetchall()  # fmt: skip
    length = {True: (test["ends_on"] - test["starts_on"]).days + 1, False: days_before}
    known = {channel for channel, *_, spend in spent if spend is not None}
    unknown = {channel for channel, *_, spend in spent if spend is None} & known
    a_day = {
        (channel, place, during): float(spend) / length[during]
        for channel, place, during, spend in spent
        if channel in known - unknown
    }

    def change(channel: str, weights: dict[str, float]) -> float:
        return sum(
            weight * (a_day.get((channel, place, True), 0) - a_day.get((channel, place, False), 0))
            for place, weight in weights.items()
        )

    mine = test["channel_id"]
    given = sum(weight * a_day.get((mine, place, True), 0) for place, weight in treated.items())
    dose = given if change(mine, treated) >= 0 else change(mine, treated)
    if mine in unknown or not dose:
        words = "What the channel spent by place in the test is not known."
        return {"contamination": words, "verdict": UNCHECKED}
    others = {channel: change(channel, places) / dose for channel in sorted(known - {mine})}
    low, high = misstated(change(mine, places) / dose, list(others.values()))
    spilled = [sum(a_day.get((mine, place, True), 0) for place in side)
               for side in (controls, [*treated, *controls])]  # fmt: skip
    words = (
        f"{100 * spilled[0] / spilled[1]:.0f} % of the channel's spend in the test fell on "
        "the places that show what would have been. " if spilled[1] else ""
    )  # fmt: skip
    most = sorted(others, key=lambda channel: -abs(others[channel]))[:2]
    named = ", ".join(f"{name} {100 * others[name]:+.0f} %" for name in most if others[name])
    if named:
        words += (
            "Other channels changed in the treated places against those, per money of the test: "
            f"{named}. "
        )
    words += f"If money works alike, the estimate is {low:.2f} to {high:.2f} times the effect."
    if unknown:
        names = ", ".join(sorted(unknown))
        words += f" What {names} spent is not known."
    clean = low >= 1 / MOST_MISSTATED and high <= MOST_MISSTATED
    verdict = CONTAMINATED if not clean else UNCHECKED if unknown else STANDS
    return {"contamination": words, "misstated_low": low, "misstated_high": high,
            "verdict": verdict}  # fmt: skip


def misstated(own: float, others: typing.Sequence[float]) -> tuple[float, float]:
    """The least and most that an estimate may be of the effect. `own`: what the tested channel
    changed in the treated places less its change in those that show what would have been, per
    money of the test: below 1 it spilled over. `others`: the same of every other channel. Their
    money is taken to work as this channel's does; since some work less, what rose and what fell do
    not cancel."""
    return own + sum(min(x, 0.0) for x in others), own + sum(max(x, 0.0) for x in others)


def simplex_weights(controls: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The weights (J,), none negative, together 1, with the least sum of squares between
    `controls` (T, J) @ weights and `target` (T,).

    Exact: with weights that sum to s the stacked system below costs s^2 q + (1 - s)^2, least where
    q is, so Lawson and Hanson's non-negative least squares finds the direction."""
    from scipy.optimize import nnls

    gaps = controls - target[:, None]
    scale = np.abs(gaps).max() or 1.0
    stacked = np.vstack([gaps / scale, np.ones(controls.shape[1])])
    found, _ = nnls(stacked, np.append(np.zeros(len(target)), 1.0))
    return found / found.sum()


def synthetic_control(
    target: np.ndarray, controls: np.ndarray, before: np.ndarray, own_means: bool = True
) -> Fit:
    """Fit `controls` (T, J) to `target` (T,) in the periods of the mask `before` (T,). Without
    `own_means` it is Abadie's plain synthetic control: kept to show that the answer differs."""
    level = target[before].mean() if own_means else 0.0
    levels = controls[before].mean(axis=0) if own_means else np.zeros(controls.shape[1])
    weights = simplex_weights(controls[before] - levels, target[before] - level)
    return Fit(weights, level + (controls - levels) @ weights)


def estimate(outcomes: np.ndarray, treated: typing.Sequence[int], test: np.ndarray) -> Estimate:
    """Estimate a test on `outcomes` (periods, places): places number `treated`, periods of the
    mask `test` (one stretch, nothing after it is read). The windows overlap, so the interval takes
    Student's t with as many degrees of freedom as whole tests fit before it. Raises Refused in
    words."""
    outcomes = np.asarray(outcomes, dtype=float)
    first = int(np.argmax(test))
    length = int(test.sum())
    others = [n for n in range(outcomes.shape[1]) if n not in set(treated)]
    _refuse_thin(outcomes, treated, others, first, length)
    outcomes, test = outcomes[: first + length], test[: first + length]
    target, controls, before = outcomes[:, list(treated)].mean(axis=1), outcomes[:, others], ~test
    fit = synthetic_control(target, controls, before)
    gap = target - fit.expected
    att, expected = gap[test].mean(), fit.expected[test].sum()
    windows = _windows(target, controls, first, length)
    usual = np.abs(windows[:, 1]).mean()
    window_mape = float(np.abs(windows[:, 0]).mean() / usual) if usual else math.inf
    if not expected > 0 or window_mape > WORST_FIT:
        raise Refused(
            f"the places do not move together: in windows as long as the test, before it, the "
            f"synthetic control was off by {100 * window_mape:.0f} % on average (at most "
            f"{100 * WORST_FIT:.0f} %); test longer, in larger places, or a more frequent outcome."
        )
    spread, freedom = math.sqrt((windows[:, 0] ** 2).mean()), max(first // length, 1)
    half = _t(0.5 + CONFIDENCE / 2, freedom) * spread
    found = _t(0.5 + CONFIDENCE / 2, freedom) + _t(0.8, freedom)
    p_units, places = _places(outcomes, others, len(treated), test, gap)
    spread_of = math.sqrt((gap[before] ** 2).sum())
    even = target - target[before].mean() - (controls - controls[before].mean(axis=0)).mean(axis=1)
    many, mean_expected = len(treated) * length, fit.expected[test].mean()
    known = target[before] != 0
    return Estimate(
        fit, float(att), float(att * many), float((att - half) * many),
        float((att + half) * many), float(att / mean_expected),
        float((att - half) / mean_expected), float((att + half) / mean_expected),
        float((1 + (np.abs(windows[:, 0]) >= abs(att)).sum()) / (1 + len(windows))), p_units,
        len(windows), places, spread_of, spread_of / (math.sqrt((even[before] ** 2).sum()) or 1.0),
        float(np.abs(gap[before][known] / target[before][known]).mean()), window_mape,
        float(found * spread / mean_expected),
    )  # fmt: skip


def rate_difference(
    treated: int, treated_people: int, control: int, control_people: int
) -> tuple[float, float, float, float, float]:
    """(incremental, low, high, lift, p) of an audience hold-out: outcomes among the treated beyond
    what the held-out people's rate gives; interval CONFIDENCE by Newcombe's method 10, p by
    Fisher's exact test. Raises Refused without people or outcomes to compare."""
    from scipy.stats import fisher_exact, norm

    if min(treated_people, control_people) <= 0 or not (
        0 <= treated <= treated_people and 0 < control <= control_people
    ):
        raise Refused(
            f"{treated} of {treated_people} treated and {control} of {control_people} held-out "
            "people cannot be compared; both groups need people, and the held-out an outcome."
        )
    z = norm.ppf(0.5 + CONFIDENCE / 2)
    rates, ends = [], []
    for hits, people in ((treated, treated_people), (control, control_people)):
        rate = hits / people
        middle = (rate + z**2 / 2 / people) / (1 + z**2 / people)
        half = z * math.sqrt(rate * (1 - rate) / people + z**2 / 4 / people**2)
        half /= 1 + z**2 / people
        rates.append(rate)
        ends.append((middle - half, middle + half))
    difference = rates[0] - rates[1]
    below = math.hypot(rates[0] - ends[0][0], ends[1][1] - rates[1])
    above = math.hypot(ends[0][1] - rates[0], rates[1] - ends[1][0])
    table = [[treated, treated_people - treated], [control, control_people - control]]
    return (
        difference * treated_people, (difference - below) * treated_people,
        (difference + above) * treated_people, difference / rates[1],
        float(fisher_exact(table).pvalue),
    )  # fmt: skip


def _refuse_thin(
    outcomes: np.ndarray, treated: typing.Sequence[int], others: list[int], first: int, length: int
) -> None:
    if not treated or not length:
        raise Refused("no treated place or no test period with outcomes; name places and dates.")
    if len(others) < FEWEST_CONTROLS:
        raise Refused(
            f"{len(others) or 'no'} places without treatment, at least {FEWEST_CONTROLS} are "
            "needed: too little is left that shows what would have been."
        )
    needed = max(FEWEST_PERIODS, math.ceil(PERIODS_PER_TEST * length))
    if first < needed:
        raise Refused(
            f"{first} periods before the test, at least {needed} are needed for a test of "
            f"{length}; wait, or load earlier outcomes."
        )
    if not np.isfinite(outcomes[: first + length]).all():
        raise Refused("outcomes are unknown in some place and period; load them or leave it out.")


def _windows(target: np.ndarray, controls: np.ndarray, first: int, length: int) -> np.ndarray:
    """Tests pretended before the test: (effect per period, expected per period) of each window,
    its own periods left out of the fit. (windows, 2)"""
    found = []
    starts = np.arange(first - length + 1)
    for start in starts[:: math.ceil(len(starts) / MOST_PLACEBOS)]:
        inside = slice(start, start + length)
        before = np.arange(len(target)) < first
        before[inside] = False
        expected = synthetic_control(target, controls, before).expected[inside]
        found.append((target[inside].mean() - expected.mean(), expected.mean()))
    return np.array(found)


def _places(
    outcomes: np.ndarray, others: list[int], size: int, test: np.ndarray, gap: np.ndarray
) -> tuple[float | None, int]:
    """p of the test among tests pretended in as many untreated places, by the effect per error
    before it; and how many there were. None where nothing can be pretended."""

    def ratio(gaps: np.ndarray) -> float:
        return abs(gaps[test].mean()) / (math.sqrt((gaps[~test] ** 2).mean()) or math.inf)

    found = []
    sets = itertools.combinations(others, size) if len(others) - size >= 2 else ()
    many = math.comb(len(others), size)
    for chosen in itertools.islice(sets, 0, None, math.ceil(many / MOST_PLACEBOS)):
        target = outcomes[:, list(chosen)].mean(axis=1)
        rest = outcomes[:, [n for n in others if n not in chosen]]
        found.append(ratio(target - synthetic_control(target, rest, ~test).expected))
    if not found:
        return None, 0
    return (1 + sum(other >= ratio(gap) for other in found)) / (1 + len(found)), len(found)


def _t(share: float, freedom: int) -> float:
    from scipy.stats import t

    return float(t.ppf(share, freedom))
