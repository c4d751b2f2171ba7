"""Signals: NIST to the digit, false alarms as measured, no limits where limits do not hold."""

import datetime as dt
import itertools
import json
import math
import random
import types

import duckdb
import pytest
from small_warehouse import AS_OF, DAY, add_metric, add_values, prepare

from bench import goals as bench
from bench.marked import differing, within
from metrics import signals
from metrics.signals import Point, Week
from settings import ROOT, ConfigError

MONDAY = dt.date(2024, 1, 1)
NIST = ROOT.parent / "shared" / "reference" / "refdata" / "spc" / "nist_imr.json"
# NIST/SEMATECH e-Handbook of Statistical Methods, 6.3.2.2 (public domain).
FLOW = [49.6, 47.6, 49.9, 51.3, 47.8, 51.2, 52.6, 52.4, 53.6, 52.1]


def points(values, start=MONDAY):
    return [Point(start + dt.timedelta(weeks=k), v, v, 0.0, 1.0) for k, v in enumerate(values)]


def weeks(values, start=MONDAY):
    """Values, or (numerator, denominator)."""
    return [
        Week(start + dt.timedelta(weeks=k), v[0] / v[1], *v) if isinstance(v, tuple)
        else Week(start + dt.timedelta(weeks=k), float(v), None, None)
        for k, v in enumerate(values)
    ]  # fmt: skip


def test_the_limits_of_nist_to_the_printed_digit():
    found = signals.limits(points(FLOW))
    assert round(found.centre, 2) == 50.81 and round(found.moving_range, 4) == 1.8778
    assert round(found.centre + found.half_width, 4) == 55.8041
    assert round(found.centre - found.half_width, 4) == 45.8159
    # The handbook also prints the rounded constant.
    assert round(found.centre + 2.66 * found.moving_range, 4) == 55.8049
    assert round(found.centre - 2.66 * found.moving_range, 4) == 45.8151
    judged = signals.judge([*FLOW, 57.0], found.centre, found.half_width)
    assert [j.outside for j in judged] == [False] * 10 + [True]


def test_the_limits_of_nist_are_those_of_the_shared_reference():
    if not NIST.exists():
        pytest.skip("../shared/reference/refdata is not here")
    told = json.loads(NIST.read_text())
    found = signals.limits(points(told["x"]))
    assert told["x"] == FLOW
    assert round(found.centre + found.half_width, 4) == told["UCL_3_over_1.128"]
    assert round(found.centre - found.half_width, 4) == told["LCL_3_over_1.128"]


def false_alarms(memory, repeats, judged=52):
    """Share of weeks after a baseline of 26 at which each rule speaks though nothing happened."""
    draw = random.Random(f"alarms {memory}")
    counts, noise = [0, 0, 0], (1 - memory**2) ** 0.5
    for _ in range(repeats):
        values = [draw.gauss(0, 1)]
        for _ in range(25 + judged):
            values.append(memory * values[-1] + noise * draw.gauss(0, 1))
        found = signals.limits(points(values))
        for j in signals.judge(values, found.centre, found.half_width)[26:]:
            counts = [c + hit for c, hit in zip(counts, j, strict=True)]
    return [c / repeats / judged for c in counts]


def test_false_alarms_of_independent_weeks_are_those_that_are_announced():
    """Reference, section 4.4: 0.8, 1.2 and 0.7 % of weeks."""
    found = false_alarms(0.0, 2500)
    assert found == pytest.approx(list(signals.FALSE_ALARMS.values()), abs=0.0015)


@pytest.mark.parametrize(
    ("memory", "told", "near"), [(0.5, (5, 9, 12), 2.0), (0.8, (23, 31, 39), 5.0)]
)
def test_weeks_that_follow_each_other_would_cry_wolf(memory, told, near):
    """The reference's figures for autocorrelated weeks, which is why those are refused. (4,000
    repeats give 5.6, 10.2, 12.7 and 24.0, 34.7, 41.9 %: rather more than it says.)"""
    found = [100 * share for share in false_alarms(memory, 500)]
    assert found == pytest.approx(told, abs=near)


@pytest.mark.parametrize(
    ("tail", "said"),
    [
        ([3.1], "outside"), ([-3.1], "outside"), ([2.9], ""),
        ([0.1] * 8, "run"), ([-0.1] * 8, "run"), ([0.1] * 7, ""), ([0.1] * 4 + [0] + [0.1] * 4, ""),
        ([1.6, 1.6, 0, 1.6], "near"), ([1.6, 1.6, -1.6, 1.4], ""), ([-1.6, -1.6, -1.6], "near"),
        ([1.4, 1.4, 1.4, 1.4], ""),
    ],
)  # fmt: skip
def test_each_rule_speaks_when_it_should_and_only_then(tail, said):
    quiet = [0.1, -0.1] * 5 + [-0.1]
    found = signals.judge([*quiet, *tail], 0.0, 3.0)
    assert not any(j.is_signal for j in found[: len(quiet)])
    last = found[-1]
    assert [name for name, hit in zip(("outside", "run", "near"), last, strict=True) if hit] == (
        [said] if said else []
    )


def test_no_range_is_taken_across_a_missing_week():
    held = points([1, 2, 1, 2] * 4)
    gone = [p for k, p in enumerate(held) if k != 8]
    assert signals.moving_ranges([(p.start, p.z) for p in gone]) == [1.0] * 13


# --- which series have limits --------------------------------------------------------------------


def noise(n, seed=1, middle=100.0, spread=5.0):
    draw = random.Random(seed)
    return [middle + draw.gauss(0, spread) for _ in range(n)]


def test_a_stock_is_charted_by_its_net_change_and_never_as_it_stands():
    stock = list(itertools.accumulate(noise(60)))
    found = signals.charted(weeks(stock), "semi", [])
    assert found.kind == "net_change" and found.refusal is None
    assert found.baselines[0].points[0].value == pytest.approx(stock[1] - stock[0])
    assert abs(found.baselines[0].centre - 100) < 5


def test_weeks_that_remember_are_refused_until_a_year_before_can_be_taken():
    draw = random.Random(4)
    values = [100.0]
    for _ in range(40):
        values.append(100 + 0.9 * (values[-1] - 100) + draw.gauss(0, 3))
    found = signals.charted(weeks(values), "additive", [])
    assert "There is too little of the year before" in found.refusal
    drifting = list(itertools.accumulate(draw.gauss(0, 1) for _ in range(160)))
    found = signals.charted(weeks([500 + x for x in drifting]), "additive", [])
    assert "Against the year before: Weeks follow each other (autocorrelation" in found.refusal


def test_seasons_are_taken_out_by_the_same_week_of_the_year_before():
    draw = random.Random(9)
    season = [100 + 60 * (k % 52 > 25) for k in range(156)]
    values = [s * (1 + draw.gauss(0, 0.05)) for s in season]
    found = signals.charted(weeks(values), "additive", [])
    assert found.adjustment == "ratio_to_year_before" and found.refusal is None
    [held] = found.baselines
    told = signals.judge([p.z for p in held.points], held.centre, held.half_width)
    assert sum(j.is_signal for j in told) <= 8  # some three of 104 by chance
    # As they are, summer and winter would be signals all the time.
    plain = signals.limits(points(values))
    wolf = signals.judge(values, plain.centre, plain.half_width)
    assert sum(j.is_signal for j in wolf) > 70
    last = held.points[-1]
    before = values[-53]
    assert last.at(last.z) == pytest.approx(last.value) and last.at(0.0) == before


def test_a_week_53_has_no_year_before_and_is_not_held_against_week_52():
    held = points(range(1, 160), dt.date(2025, 1, 6))
    found, word = signals.against_year_before(held)
    starts = {p.start: p.middle for p in found}
    assert dt.date(2026, 12, 28) not in starts  # 2026-W53
    assert word == "ratio_to_year_before"
    by_start = {p.start: p.value for p in held}
    assert starts[dt.date(2027, 1, 4)] == by_start[dt.date(2025, 12, 29)]  # W01 against W01
    assert starts[dt.date(2027, 1, 11)] == by_start[dt.date(2026, 1, 5)]


def test_shares_take_laneys_limits_that_move_with_the_denominator():
    draw = random.Random(3)
    counts = [400, 100] * 20
    parts = [(sum(draw.random() < 0.3 for _ in range(n)), n) for n in counts]
    found = signals.charted(weeks(parts), "ratio", [])
    assert found.kind == "p_prime"
    [held] = found.baselines
    wide = [p.at(held.half_width) - p.at(-held.half_width) for p in held.points[:2]]
    assert wide[1] == pytest.approx(2 * wide[0], rel=1e-9)  # a quarter of the denominator
    middle = sum(a for a, _ in parts[:26]) / sum(b for _, b in parts[:26])
    assert held.points[0].middle == pytest.approx(middle)
    # Binomial noise alone: Laney's correction is about one, limits about three sigma.
    assert held.half_width == pytest.approx(3, rel=0.35)


def test_large_denominators_do_not_make_every_week_a_signal():
    """What Laney is for: with a million behind a share, binomial limits are a hair's breadth."""
    draw = random.Random(8)
    parts = [(round(1e6 * (0.3 + draw.gauss(0, 0.01))), 10**6) for _ in range(60)]
    [held] = signals.charted(weeks(parts), "ratio", []).baselines
    told = signals.judge([p.z for p in held.points], held.centre, held.half_width)
    assert sum(j.outside for j in told) <= 2
    binomial = signals.judge([p.z for p in held.points], 0.0, 3.0)
    assert sum(j.outside for j in binomial) > 40


def test_rates_above_one_take_the_u_chart_and_amounts_none_of_both():
    draw = random.Random(2)
    rates = [(draw.randint(150, 250), 100) for _ in range(40)]
    assert signals.charted(weeks(rates), "ratio", []).kind == "u_prime"
    money = [(draw.uniform(150, 250), 100) for _ in range(40)]
    assert signals.charted(weeks(money), "ratio", []).kind == "individuals"
    signed = [(draw.randint(-50, 50), 100) for _ in range(40)]
    assert signals.charted(weeks(signed), "ratio", []).kind == "individuals"


@pytest.mark.parametrize(
    ("values", "additivity", "said"),
    [
        (noise(60), "model", "has an interval of its own"),
        (noise(11), "additive", "Fewer than 12 complete weeks"),
        ([1, 2, 3, 4] * 15, "additive", "Too few different values"),
        (noise(30), "additive", None),
    ],
)
def test_what_has_no_limits_says_why(values, additivity, said):
    found = signals.charted(weeks(values), additivity, [])
    assert (said in found.refusal) if said else found.refusal is None


def test_weeks_without_a_value_are_not_nought():
    known = [w for k, w in enumerate(weeks(noise(60))) if k % 3]
    assert "no value is not nought" in signals.charted(known, "additive", []).refusal


@pytest.mark.parametrize(
    ("formula", "additivity", "gone", "zeros"),
    [
        ("count(rows)", "additive", None, [10, 11]),
        ("count(rows) where is_ours", "additive", None, [10, 11]),
        ("count(rows)", "additive", "total", [10]),  # was the source read at all?
        ("count(rows)", "additive", "stale", [10]),  # or later than that?
        ("count(rows)", "additive", "slice", [10]),  # of which team are those without one?
        ("sum(impressions)", "additive", None, []),  # what a network does not say is not nought
        ("count(distinct contact_id)", "distinct", None, []),
    ],
)
def test_a_slice_without_rows_is_nought_only_where_rows_of_others_were_counted(
    build, formula, additivity, gone, zeros
):
    connection, _ = build
    add_metric(connection, "leads", additivity=additivity)
    connection.execute("update metrics.dim_metrics set formula = ?", [formula])
    connection.execute("insert into metrics.dim_goals values ('leads', 'team=north')")
    add_values(connection, "leads", stored([9.0] * 20), grain="week")
    some = {day: v for day, v in stored([3.0] * 20).items() if day not in (
        *(MONDAY + dt.timedelta(weeks=k) for k in (0, 1, 10, 11)),)}  # fmt: skip
    add_values(connection, "leads", some, grain="week", slice_=("team", "north"))
    week = MONDAY + dt.timedelta(weeks=11)
    if gone == "slice":
        add_values(connection, "leads", {week: 2.0}, grain="week", slice_=("team", "(unknown)"))
    change = {"total": "delete from {}", "stale": "update {} set trust = 'stale'"}.get(gone)
    if change:
        table = change.format("metrics.metric_values")
        connection.execute(f"{table} where period_start = ? and slice_name = 'all'", [week])
    found = signals.read_weeks(connection)["leads", "team", "north"]
    assert [w.start for w in found] == [MONDAY + dt.timedelta(weeks=k) for k in range(3, 20)
                                        if k not in {10, 11} - {*zeros}]  # fmt: skip
    assert [w.start for w in found if w.value == 0] == [
        MONDAY + dt.timedelta(weeks=k) for k in zeros
    ]


def kinds(make, repeats=60):
    """Of charts of made-up series: {how it is charted, or refused: share}."""
    found = {}
    for k in range(repeats):
        chart = signals.charted(weeks(make(random.Random(k))), "additive", [])
        word = "refused" if chart.refusal or chart.baselines[-1].refusal else chart.adjustment
        found[word] = found.get(word, 0) + 1 / repeats
    return found


def wander(draw, step, count=140):
    at, found = 100.0, []
    for _ in range(count):
        at += draw.gauss(0, step)
        found.append(at + draw.gauss(0, 3))
    return found


def test_calm_weeks_are_charted_and_weeks_that_drift_are_not_as_they_are():
    calm = kinds(lambda draw: [100 + draw.gauss(0, 3) for _ in range(140)])
    assert calm["none"] > 0.95
    risen = kinds(lambda draw: [100 + k / 7 + draw.gauss(0, 3) for k in range(140)])
    assert risen.get("none", 0) < 0.1  # twenty in three years
    strayed = kinds(lambda draw: wander(draw, 1.0))
    assert strayed.get("none", 0) < 0.15
    restless = kinds(lambda draw: [100 + draw.gauss(0, 3 if k < 40 else 9) for k in range(140)])
    assert restless.get("none", 0) < 0.2


def test_one_shift_or_a_burst_stays_a_signal_and_takes_no_limits_away():
    shifted = kinds(lambda draw: [100 + 12 * (k > 70) + draw.gauss(0, 3) for k in range(140)])
    assert shifted["none"] > 0.95
    burst = kinds(lambda draw: [100 + 60 * (k in (70, 71)) + draw.gauss(0, 3) for k in range(140)])
    assert burst["none"] > 0.95


@pytest.mark.parametrize(
    ("values", "additivity", "said"),
    [
        ([(k * 7) % 5 + (k % 3) for k in range(60)], "additive", "3.0 a week on average: below 5"),
        ([((k * 7) % 6, 90) for k in range(60)], "ratio", "2.5 a week on average: below 5"),
        ([(90 - (k * 7) % 6, 90) for k in range(60)], "ratio", "2.5 a week on average: below 5"),
        ([40.0 * abs(x) for x in noise(60, middle=0, spread=1)], "additive", "too near nought"),
        ([0.5 + 0.4 * (-1) ** k + k / 1e4 for k in range(60)], "additive", "beyond nought and one"),
        ([50 + 5 * (-1) ** k + k / 1e3 for k in range(60)], "additive", "twice as wide"),
    ],
)
def test_limits_that_say_nothing_are_refused(values, additivity, said):
    found = signals.charted(weeks(values), additivity, [])
    assert said in (found.refusal or found.baselines[-1].refusal)


def test_a_stock_whose_change_is_a_metric_is_charted_once(build):
    connection, write = build
    change = noise(60)
    add_metric(connection, "followers", additivity="semi")
    add_metric(connection, "follower_change")
    add_values(connection, "followers", stored(itertools.accumulate(change)), grain="week")
    add_values(connection, "follower_change", stored(change), grain="week")
    write()
    assert ask(connection, "select metric_id, is_charted, reason from metrics.metric_signal_charts "
                           "order by 1") == [
        ("follower_change", True, None),
        ("followers", False, "Its change from week to week is charted as follower_change."),
    ]  # fmt: skip


def test_limits_of_each_year_leave_no_week_without():
    held = points(noise(140), dt.date(2024, 3, 4))
    assert signals.years_of(held) == [dt.date(2025, 1, 6), dt.date(2026, 1, 5)]
    assert signals.years_of(held[:100]) == [dt.date(2025, 1, 6)]  # four weeks of 2026 are too few


# --- baselines -----------------------------------------------------------------------------------


def test_limits_stay_fixed_until_a_cause_is_recorded():
    shifted = [*noise(40, spread=2), *noise(40, seed=2, middle=150, spread=2)]
    [held] = signals.charted(weeks(shifted), "additive", []).baselines
    assert abs(held.centre - 100) < 2 and held.size == 26
    told = signals.judge([p.z for p in held.points], held.centre, held.half_width)
    assert all(j.outside for j in told[40:])
    day = MONDAY + dt.timedelta(weeks=40, days=2)  # in the middle of the week
    before, after = signals.charted(weeks(shifted), "additive", [day]).baselines
    assert before.points[-1].start == MONDAY + dt.timedelta(weeks=39)
    assert after.points[0].start == MONDAY + dt.timedelta(weeks=41)  # that week is of neither
    assert abs(after.centre - 150) < 2 and abs(before.centre - 100) < 2


def test_a_cause_on_a_monday_loses_no_week():
    held = signals.baselines(points(noise(40)), [MONDAY + dt.timedelta(weeks=20)])
    assert [len(b.points) for b in held] == [20, 20] and held[0].size == 20


@pytest.fixture
def build(tmp_path):
    """write() over a warehouse and causes; gives the connection."""
    connection = prepare(duckdb.connect())
    connection.execute("create table metrics.dim_goals (metric_id varchar, slice varchar)")
    file = tmp_path / "causes.yml"

    def write(causes="[]"):
        file.write_text(causes)
        settings = types.SimpleNamespace(metrics=types.SimpleNamespace(causes=str(file)))
        return signals.write(types.SimpleNamespace(settings=settings, as_of=AS_OF), connection)

    return connection, write


def stored(values):
    return {MONDAY + dt.timedelta(weeks=k): v for k, v in enumerate(values)}


def ask(connection, sql):
    return connection.execute(sql).fetchall()


def test_signals_are_written_with_side_verdict_and_what_chance_would_do(build):
    connection, write = build
    add_metric(connection, "minutes", better="lower", additivity="percentile")
    values = [*noise(40, spread=2), 140.0, 141.0, *noise(10, seed=3, spread=2)]
    add_values(connection, "minutes", stored(values), grain="week")
    [line] = write()
    assert line.startswith("signals: 1 weekly series charted, 0 refused;")
    assert "; 2 of 51 weeks signal in 1 signals, by chance alone some 1 in 1;" in line
    assert line.endswith("in the last four weeks 0 began, by chance 0.1.")
    rows = ask(connection, "select week_start, is_first, side, verdict, lower_limit < centre and "
                           "centre < upper_limit from metrics.metric_signals where is_outside "
                           "order by 1")  # fmt: skip
    first = MONDAY + dt.timedelta(weeks=40)
    assert rows == [(first, True, "above", "worse", True),
                    (first + dt.timedelta(weeks=1), False, "above", "worse", True)]  # fmt: skip
    [row] = ask(connection, "select is_charted, chart, adjustment, baseline_weeks, is_provisional, "
                            "weeks_judged, round(expected_false, 3) from "
                            "metrics.metric_signal_charts")  # fmt: skip
    assert row == (True, "individuals", "none", 26, False, 51, round(51 * 0.027, 3))


def test_limits_are_not_drawn_where_no_value_can_lie():
    assert signals.possible([0.2, 0.9], "p_prime") == (0.0, 1.0)
    assert signals.possible([20.0, 90.0], "p_prime") == (0.0, math.inf)  # stored in hundredths
    assert signals.possible([0.0, 3.0], "individuals") == (0.0, math.inf)
    assert signals.possible([-1.0, 3.0], "net_change") == (-math.inf, math.inf)


def test_partial_and_late_weeks_are_left_out_and_goal_slices_come_in(build):
    connection, write = build
    add_metric(connection, "leads")
    add_values(connection, "leads", stored(noise(30)), grain="week")
    for team in ("north", "south"):
        add_values(connection, "leads", stored(noise(30)), grain="week", slice_=("team", team))
    connection.execute("insert into metrics.dim_goals values ('leads', 'team=north')")
    last = MONDAY + dt.timedelta(weeks=29)
    for change, day in (("is_complete = false", last), ("trust = 'stale'", last - 7 * DAY)):
        connection.execute(
            f"update metrics.metric_values set {change} where period_start = ?", [day]
        )
    write()
    assert ask(connection, "select slice_value, min(week_start), max(week_start) from "
                           "metrics.metric_signals group by 1 order by 1") == [
        (cut, MONDAY + dt.timedelta(weeks=1), MONDAY + dt.timedelta(weeks=27))
        for cut in ("all", "north")
    ]  # fmt: skip


def test_recorded_causes_and_announced_breaks_begin_new_baselines(build):
    connection, write = build
    for name in ("impressions", "leads"):
        add_metric(connection, name)
        add_values(connection, name, stored(noise(80)), grain="week")
    connection.execute("insert into metrics.metric_breaks values ('impressions', 'instagram', "
                       "'impressions', '2024-07-01', 'Views.')")  # fmt: skip
    write("- {date: 2024-12-02, metrics: [leads], cause: A new form., owner: demand_lead}")
    assert ask(connection, "select metric_id, baseline_from, is_current, cause from "
                           "metrics.metric_signal_charts order by 1, 2") == [
        ("impressions", dt.date(2024, 1, 8), False, None),
        ("impressions", dt.date(2024, 7, 1), True,
         "instagram changed what it counts as impressions."),
        ("leads", dt.date(2024, 1, 8), False, None),
        ("leads", dt.date(2024, 12, 2), True, "A new form."),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("causes", "said"),
    [
        ("- {date: 2024-12-02, metrics: [leeds], cause: A form., owner: demand_lead}",
         "causes.yml:1: cause of 2024-12-02: no metric 'leeds'; did you mean 'leads'?"),
        ("- {date: 2024-12-02, metrics: all, owner: demand_lead}", "'0.cause' is missing"),
        ("- {date: 2024-12-02, metrics: all, cause: '', owner: demand_lead}", "0.cause"),
        ("- {day: 2024-12-02, metrics: all, cause: A form., owner: demand_lead}", "unknown key"),
    ],
)  # fmt: skip
def test_a_cause_that_cannot_be_is_refused(build, causes, said):
    connection, write = build
    add_metric(connection, "leads")
    with pytest.raises(ConfigError) as error:
        write(causes)
    assert said in str(error.value), error.value


def test_a_metric_without_weeks_and_an_empty_warehouse_say_nothing(build):
    connection, write = build
    add_metric(connection, "leads")
    assert write() == [] and ask(connection, "select count(*) from metrics.metric_signals") == [
        (0,)
    ]


def test_the_page_says_how_many_signals_the_sample_has_and_how_many_are_chance(built):
    stored = within(bench.PAGES["signals"], "goals, signals")
    assert not differing(stored, bench.signals(built.data)), "run `python -m bench --only goals`"
    [(weeks, told)] = (
        duckdb.connect(str(built.served / "plumbline.duckdb"), read_only=True)
        .execute(
            "select count(*), count(case when is_signal then 1 end) from metrics.metric_signals"
        )
        .fetchall()
    )
    assert f"| {weeks:,} | {told} | {weeks * 0.027:.0f} |" in stored
