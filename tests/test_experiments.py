"""Hold-outs and events: published answers to the digit, what is refused, what is promised."""

import csv
import datetime as dt
import json

import duckdb
import numpy as np
import pytest
from scipy.optimize import minimize

from metrics import experiments
from metrics.experiments import Refused, estimate, rate_difference, synthetic_control
from settings import ROOT

REFERENCE = ROOT.parent / "shared" / "reference" / "refdata"
needs_reference = pytest.mark.skipif(
    not REFERENCE.exists(), reason="../shared/reference/refdata is not here"
)
AS_OF = dt.date(2026, 9, 30)


@pytest.fixture(scope="module")
def geolift():
    """(outcomes, places, published): 105 days of 40 places; days 91 to 105 are the test."""
    folder = REFERENCE / "geolift"
    with (folder / "GeoLift_Test.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    places = sorted({row["location"] for row in rows})
    days = sorted({row["date"] for row in rows})
    found = np.zeros((len(days), len(places)))
    for row in rows:
        found[days.index(row["date"]), places.index(row["location"])] += float(row["Y"])
    return found, places, json.loads((folder / "expected.json").read_text(encoding="utf-8"))


@needs_reference
def test_geolift_is_reproduced_to_the_printed_digit(geolift):
    outcomes, places, told = geolift
    published = told["published_model_None"]
    treated = [places.index(name) for name in told["test_locations"]]
    found = estimate(outcomes, treated, np.arange(105) >= 90)
    assert abs(found.att - published["ATT"]) < 5e-4
    assert round(found.incremental) == published["incremental_Y"]
    assert round(100 * found.lift, 2) == 5.42
    assert abs(found.l2 - published["L2_imbalance"]) < 5e-4
    assert round(found.l2_scaled, 4) == published["scaled_L2"]
    others = [name for name in places if name not in told["test_locations"]]
    weights = {
        name: round(float(w), 4)
        for name, w in zip(others, found.fit.weights, strict=True)
        if w > 5e-5
    }
    assert weights == published["weights"]
    assert found.p_time == pytest.approx(1 / 77)  # the published 0.01 is drawn at random
    assert found.low > 0


@needs_reference
def test_without_the_places_own_means_it_is_another_answer(geolift):
    outcomes, places, told = geolift
    treated = [places.index(name) for name in told["test_locations"]]
    others = [n for n in range(len(places)) if n not in treated]
    before = np.arange(105) < 90
    target, controls = outcomes[:, treated].mean(axis=1), outcomes[:, others]
    plain = synthetic_control(target, controls, before, own_means=False)
    assert (target - plain.expected)[~before].mean() == pytest.approx(122.726, abs=5e-4)
    gap = target - controls.mean(axis=1)
    assert gap[~before].mean() - gap[before].mean() == pytest.approx(255.08, abs=5e-3)


@needs_reference
def test_a_quasi_experiment_agrees_with_causal_impact():
    path = REFERENCE / "causalimpact" / "r_reference_covariates.json"
    told = json.loads(path.read_text(encoding="utf-8"))
    series, controls = np.array(told["data"]["y"]), np.array(list(told["data"]["x"].values())).T
    before = np.arange(told["n"]) < told["n_pre"]
    found = (series - synthetic_control(series, controls, before).expected)[~before].mean()
    assert told["r_output"]["ci_lower"] < found < told["r_output"]["ci_upper"]
    assert found == pytest.approx(told["r_output"]["point_effect_mean"], abs=0.05)


def test_the_weights_are_the_least_squares_on_the_simplex():
    rng = np.random.default_rng(3)
    controls = rng.normal(0, 1, (40, 5)).cumsum(axis=0)
    target = controls @ [0.6, 0.4, 0, 0, 0] + rng.normal(0, 0.3, 40)
    found = experiments.simplex_weights(controls, target)
    slow = minimize(
        lambda w: ((controls @ w - target) ** 2).sum(), np.full(5, 0.2), method="SLSQP",
        bounds=[(0, 1)] * 5, constraints={"type": "eq", "fun": lambda w: w.sum() - 1},
        options={"ftol": 1e-14, "maxiter": 500},
    )  # fmt: skip
    assert found.min() >= 0 and found.sum() == pytest.approx(1)
    assert found == pytest.approx(slow.x, abs=1e-5)


def places(effect=0.0, weeks=60, test=8, noise=4.0, seed=1):
    """Five places that move together, the first treated in the last weeks."""
    rng = np.random.default_rng(seed)
    common = 100 + 10 * np.sin(np.arange(weeks) / 6)
    found = common[:, None] * [1.0, 0.8, 1.3, 0.6, 1.1] + rng.normal(0, noise, (weeks, 5))
    found[-test:, 0] += effect
    return found, np.arange(weeks) >= weeks - test


def test_an_effect_is_found_and_none_is_not_invented():
    outcomes, test = places(effect=12)
    found = estimate(outcomes, [0], test)
    assert found.low < 12 * 8 < found.high and found.low > 0
    assert found.p_time < 0.05 and found.p_units == pytest.approx(1 / 5)
    assert found.incremental == pytest.approx(found.att * 8)
    outcomes, test = places(effect=0)
    found = estimate(outcomes, [0], test)
    assert found.low < 0 < found.high and found.p_time > 0.1


def test_the_interval_covers_as_often_as_it_says():
    covered = []
    for seed in range(120):
        found = estimate(*(lambda o, t: (o, [0], t))(*places(effect=6, seed=seed)))
        covered.append(found.low <= 48 <= found.high)
    assert 0.83 <= np.mean(covered) <= 0.97


def test_what_it_could_not_have_seen_is_said():
    outcomes, test = places()
    small = estimate(outcomes, [0], test).detectable_lift
    assert small < estimate(*(lambda o, t: (o, [0], t))(*places(noise=8))).detectable_lift < 0.2


@pytest.mark.parametrize(
    ("weeks", "test", "treated", "word"),
    [(22, 3, [0], "19 periods before"), (30, 11, [0], "19 periods before"),
     (60, 8, [0, 1, 2], "2 places without"), (60, 8, [0, 1, 2, 3, 4], "no places without"),
     (60, 8, [], "no treated place")],
)  # fmt: skip
def test_too_little_is_refused_in_words(weeks, test, treated, word):
    outcomes, mask = places(weeks=weeks, test=test)
    with pytest.raises(Refused, match=word):
        estimate(outcomes, treated, mask)


def test_places_that_do_not_move_together_are_refused():
    outcomes, mask = places()
    outcomes[:, 0] = np.random.default_rng(2).lognormal(0, 1.6, 60).cumsum() % 90
    with pytest.raises(Refused, match="do not move together"):
        estimate(outcomes, [0], mask)


def test_an_unknown_outcome_is_refused_and_not_zero():
    outcomes, mask = places()
    outcomes[20, 2] = np.nan
    with pytest.raises(Refused, match="unknown"):
        estimate(outcomes, [0], mask)


def test_an_audience_hold_out_is_a_difference_of_rates():
    """Newcombe 1998, table II, 56/70 against 48/80: 0.0524 to 0.3339 at 95 %."""
    incremental, low, high, lift, p = rate_difference(56, 70, 48, 80)
    assert incremental == pytest.approx(70 * 0.2) and lift == pytest.approx(1 / 3)
    assert 0.0524 * 70 < low < incremental < high < 0.3339 * 70
    assert 0 < p < 0.05
    with pytest.raises(Refused, match="cannot be compared"):
        rate_difference(5, 10, 0, 10)


def test_the_interval_is_newcombes(monkeypatch):
    monkeypatch.setattr(experiments, "CONFIDENCE", 0.95)
    _, low, high, _, _ = rate_difference(56, 70, 48, 80)
    assert (low / 70, high / 70) == pytest.approx((0.0524, 0.3339), abs=5e-5)


REGISTER = """
create schema marts;
create table marts.fct_experiments (
    experiment_id varchar, channel_id varchar, kind varchar, design varchar, outcome varchar,
    registration varchar, starts_on date, ends_on date, treated varchar, controls varchar,
    treated_people bigint, treated_outcomes bigint, control_people bigint, control_outcomes bigint,
    incremental double, incremental_low double, incremental_high double, spend_reporting double);
create table marts.fct_outcome_days as
    select place as geography, cast(day as date) as date_day,
        cast(10 * size + size * sin(epoch(day) / 1e6) + (hash(place, day) % 5)
            + case when place = 'A' and day >= timestamp '2026-06-01' then 8 else 0 end as bigint)
            as leads_created, leads_created // 2 as leads_qualified, null::bigint as orders,
        null::double as revenue_reporting
    from (values ('A', 2), ('B', 1), ('C', 3), ('D', 2)) as p(place, size),
        generate_series(timestamp '2026-01-01', timestamp '2026-09-30', interval 1 day) as t(day);
create table marts.fct_channel_days as from (values
    ('tv', 'A', date '2026-06-02', 75.0), ('tv', 'B', date '2026-06-02', 25.0),
    ('pr', 'A', date '2026-06-02', null))
    as t(channel_id, geography, date_day, spend_reporting);
"""


def evaluated(*statements, **changes):
    """The one row of experiment_estimates for a register with one test in A, June 1 to 28."""
    row = {
        "experiment_id": "x", "channel_id": "tv", "kind": "experiment", "design": "geo_holdout",
        "outcome": "leads_created", "registration": "registered beforehand",
        "starts_on": dt.date(2026, 6, 1), "ends_on": dt.date(2026, 6, 28), "treated": "A",
        **changes,
    }  # fmt: skip
    run = type("Run", (), {"as_of": AS_OF, "run_id": "r"})
    with duckdb.connect() as connection:
        connection.execute(REGISTER)
        for statement in statements:
            connection.execute(statement)
        connection.execute(
            f"insert into marts.fct_experiments ({', '.join(row)}) "
            f"values ({', '.join('?' * len(row))})", list(row.values()),
        )  # fmt: skip
        experiments.evaluate(run, connection)
        found = connection.execute("select * from metrics.experiment_estimates")
        names = [column[0] for column in found.description]
        [told] = found.fetchall()
        periods = connection.execute(
            "select count(*), sum(observed - expected) filter (is_test), min(period_start) "
            "filter (is_test) from metrics.experiment_periods"
        ).fetchall()[0]
    return dict(zip(names, told, strict=True)), periods


def test_a_registered_test_is_read_from_the_warehouse():
    told, (count, gap, first) = evaluated()
    assert told["status"] == "estimated" and told["method"] == "synthetic control"
    assert told["incremental_low"] < 8 * 28 < told["incremental_high"]
    assert gap == pytest.approx(told["incremental"]) and first == dt.date(2026, 6, 1)
    assert (told["period_days"], told["test_periods"], count) == (7, 4, 4 + told["pre_periods"])
    assert told["contamination"].startswith("25 % of the channel's spend")
    # A spent 75; B, of which what would have been is made, 25 by its weight.
    own = 1 - json.loads(told["weights"])["B"] * 25 / 75
    assert (told["misstated_low"], told["misstated_high"]) == pytest.approx((own, own), abs=1e-4)
    assert told["run_id"] == "r" and json.loads(told["controls"]) == ["B", "C", "D"]


def test_qualified_leads_are_an_outcome_of_their_own():
    told, _ = evaluated(outcome="leads_qualified")
    assert told["status"] == "estimated" and told["outcome"] == "leads_qualified"
    assert told["incremental_low"] < 4 * 28 < told["incremental_high"]


SPENT = "insert into marts.fct_channel_days values "


@pytest.mark.parametrize(
    ("rows", "low", "high", "verdict"),
    [("('radio', 'A', '2026-06-03', 7), ('radio', 'A', '2026-05-01', 1)", 1.0, 1.1, "stands"),
     ("('radio', 'A', '2026-06-03', 9)", 1.0, 1.12, "unknown: contaminated"),
     ("('radio', 'A', '2026-05-03', 90)", 0.78, 1.0, "unknown: contaminated"),
     # One rose and one fell by as much: which of them works nobody knows.
     ("('radio', 'A', '2026-06-03', 15), ('print', 'A', '2026-05-03', 80)", 0.8, 1.2,
      "unknown: contaminated"),
     ("('radio', 'B', '2026-06-03', 60), ('radio', 'C', '2026-06-03', 60), "
      "('radio', 'D', '2026-06-03', 60)", 0.2, 1.0, "unknown: contaminated"),
     ("('radio', 'A', '2026-06-03', null), ('radio', 'A', '2026-05-03', 90)", 1.0, 1.0,
      experiments.UNCHECKED)],
)  # fmt: skip
def test_what_others_spent_by_place_says_how_wrong_a_test_may_be(rows, low, high, verdict):
    """75 in A alone, in 28 days; before it are 147 days in whole weeks."""
    told, _ = evaluated("delete from marts.fct_channel_days where geography = 'B'", SPENT + rows)
    assert (told["misstated_low"], told["misstated_high"]) == pytest.approx((low, high), abs=0.011)
    assert told["verdict"] == verdict
    assert told["status"] == "estimated" and told["incremental"] is not None


def test_spill_over_alone_contaminates():
    told, _ = evaluated(
        "delete from marts.fct_channel_days",
        SPENT + "('tv', 'A', '2026-06-02', 75), ('tv', 'B', '2026-06-02', 40), "
        "('tv', 'C', '2026-06-02', 40), ('tv', 'D', '2026-06-02', 40)",
    )
    assert told["verdict"] == "unknown: contaminated"
    assert told["misstated_low"] == told["misstated_high"] == pytest.approx(35 / 75)


def test_a_channel_that_was_withheld_is_measured_by_what_was_taken_away():
    """75 a day in A until the test, nothing since; others as before."""
    told, _ = evaluated(
        "delete from marts.fct_channel_days",
        "insert into marts.fct_channel_days select 'tv', p, d, 75 from (values ('A'), ('B')) as "
        "t(p), generate_series(date '2026-01-01', date '2026-06-28', interval 1 day) as s(d) "
        "where p = 'B' or d < date '2026-06-01'",
    )
    assert told["misstated_low"] == told["misstated_high"] == pytest.approx(1)
    assert told["verdict"] == "stands"


def test_without_spend_by_place_contamination_is_not_known():
    told, _ = evaluated("delete from marts.fct_channel_days")
    assert told["verdict"] == experiments.UNCHECKED and told["misstated_low"] is None
    assert "not known" in told["contamination"]


def test_a_test_of_odd_length_is_read_by_day():
    told, _ = evaluated(ends_on=dt.date(2026, 6, 15))
    assert (told["period_days"], told["test_periods"]) == (1, 15)


@pytest.mark.parametrize(
    ("changes", "word"),
    [({"treated": "A; Z"}, "treated names Z"),
     ({"outcome": "fame"}, "no series by place and day for 'fame'"),
     ({"outcome": "orders"}, "0 periods before"),
     ({"controls": "A; B"}, "as treated and as control"),
     ({"ends_on": dt.date(2026, 10, 5)}, "it is not over"),
     ({"design": "switchback"}, "switchback"),
     ({"design": "audience_holdout"}, "divides people"),
     ({"design": "before_after", "treated": "A; B; C; D"}, "no places without")],
)  # fmt: skip
def test_what_cannot_be_estimated_says_why(changes, word):
    told, (count, _, _) = evaluated(**changes)
    assert told["status"] == "refused" and word in told["reason"]
    assert told["incremental"] is None and told["p_value"] is None and count == 0


def test_people_are_read_from_the_register():
    told, _ = evaluated(
        design="audience_holdout", treated_people=70, treated_outcomes=56, control_people=80,
        control_outcomes=48,
    )  # fmt: skip
    assert told["method"] == "difference of rates" and told["incremental"] == pytest.approx(14)
    assert told["lift"] == pytest.approx(1 / 3)
    assert told["lift_low"] < told["lift"] < told["lift_high"]
