"""Drivers: parts of a change add up to it exactly, also when slices come, go or miss rows."""

import datetime as dt
import math
import random
import types

import duckdb
import pytest
from small_warehouse import AS_OF, add_metric, add_values, prepare

from metrics.drivers import Cell, decompose, ratio_parts, sum_parts

Q1, Q2, Q3 = dt.date(2026, 1, 1), dt.date(2026, 4, 1), dt.date(2026, 7, 1)
Q3_BEFORE, Q4 = dt.date(2025, 7, 1), dt.date(2026, 10, 1)


def ratio(above, below):
    return Cell(above / below if below else None, above, below)


def test_mix_and_rate_of_a_ratio_are_those_one_can_check_in_the_head():
    # Small deals are won at 40 %, large ones at 10 %; both rates stay, the mix turns to large.
    before = {"small": ratio(40, 100), "large": ratio(10, 100)}
    after = {"small": ratio(20, 50), "large": ratio(15, 150)}
    parts = ratio_parts(before, after, (ratio(50, 200), ratio(35, 200)))
    found = {(p.slice_value, p.kind): p.contribution for p in parts}
    assert found[("small", "mix")] == pytest.approx(-0.25 * 0.15)
    assert found[("large", "mix")] == pytest.approx(0.25 * -0.15)
    assert found[("small", "rate")] == found[("large", "rate")] == pytest.approx(0)
    assert math.fsum(found.values()) == pytest.approx(35 / 200 - 50 / 200)


def test_the_published_example_of_mix_and_rate_sums_exactly():
    draw = random.Random(3)
    for _ in range(300):
        before = {k: ratio(draw.randint(0, 50), draw.randint(0, 90)) for k in "abcd"}
        after = {k: ratio(draw.randint(0, 50), draw.randint(0, 90)) for k in "bcde"}
        before = {k: c if c.below else Cell(None, 0, 0) for k, c in before.items()}
        after = {k: c if c.below else Cell(None, 0, 0) for k, c in after.items()}
        # Seven decided deals in each period belong to no slice.
        whole = tuple(
            ratio(sum(c.above for c in x.values()) + 3, sum(c.below for c in x.values()) + 7)
            for x in (before, after)
        )
        total = math.fsum(p.contribution for p in ratio_parts(before, after, whole))
        assert total == pytest.approx(whole[1].value - whole[0].value, abs=1e-12)


def test_a_ratio_stored_in_hundredths_has_parts_in_hundredths():
    before, after = {"a": Cell(20.0, 1, 5)}, {"a": Cell(40.0, 2, 5)}
    parts = ratio_parts(before, after, (before["a"], after["a"]))
    assert sum(p.contribution for p in parts) == pytest.approx(20.0)


def test_overlapping_slices_have_no_parts():
    both = {"a": ratio(5, 10), "b": ratio(5, 10)}
    assert ratio_parts(both, both, (ratio(5, 10), ratio(5, 10))) is None
    twice = {"a": Cell(8, None, None), "b": Cell(8, None, None)}
    assert sum_parts(twice, twice, (Cell(10, None, None), Cell(10, None, None))) is None


@pytest.fixture
def warehouse():
    connection = prepare(duckdb.connect())
    connection.execute(
        "create table metrics.dim_goals (metric_id varchar, leading_metrics varchar)"
    )
    return connection


def run(connection, as_of=AS_OF):
    decompose(types.SimpleNamespace(as_of=as_of), connection)
    return connection.execute("select count(*) from metrics.metric_drivers").fetchone()[0]


def parts(connection, metric_id):
    return connection.execute(
        "select grain, period_from, period_to, slice_name, slice_value, kind, contribution "
        "from metrics.metric_drivers where metric_id = ? order by all", [metric_id],
    ).fetchall()  # fmt: skip


def test_the_last_complete_quarter_is_held_against_the_one_before_and_last_years(warehouse):
    add_metric(warehouse, "leads")
    add_values(warehouse, "leads", {Q3_BEFORE: 80, Q2: 100, Q3: 130, Q4: 5}, grain="quarter")
    add_values(warehouse, "leads", {Q2: 60, Q3: 50}, grain="quarter", slice_=("channel", "tv"))
    add_values(warehouse, "leads", {Q3_BEFORE: 80, Q3: 70}, grain="quarter",
               slice_=("channel", "events"))  # fmt: skip
    assert run(warehouse) == 6
    found = parts(warehouse, "leads")
    assert [row[1:] for row in found if row[1] == Q2] == [
        (Q2, Q3, "channel", "(in no slice)", "change", -30.0),  # 40 were in no slice, now 10
        (Q2, Q3, "channel", "events", "change", 70.0),
        (Q2, Q3, "channel", "tv", "change", -10.0),
    ]
    assert sum(row[-1] for row in found if row[1] == Q3_BEFORE) == 130 - 80


def test_a_quarter_that_is_not_over_is_not_compared(warehouse):
    add_metric(warehouse, "leads")
    for slice_ in (("all", "all"), ("channel", "tv")):
        add_values(warehouse, "leads", {Q1: 70, Q2: 100, Q3: 130}, grain="quarter", slice_=slice_)
    run(warehouse, dt.date(2026, 9, 29))
    assert {row[1:3] for row in parts(warehouse, "leads")} == {(Q1, Q2)}


def test_only_numbers_with_exact_parts_are_taken_apart(warehouse):
    for name, kind, amec in (("median_days", "percentile", "outcome"),
                             ("people_met", "distinct", "outcome"),
                             ("posts", "additive", "activity"),
                             ("shares", "additive", "activity")):  # fmt: skip
        add_metric(warehouse, name, additivity=kind, amec=amec)
        for slice_ in (("all", "all"), ("channel", "tv")):
            add_values(warehouse, name, {Q2: 4, Q3: 6}, grain="quarter", slice_=slice_)
    warehouse.execute("insert into metrics.dim_goals values ('x', 'shares')")
    run(warehouse)
    named = warehouse.execute("select distinct metric_id from metrics.metric_drivers").fetchall()
    assert named == [("shares",)]  # an activity counts when a goal names it as leading


def test_an_unknown_slice_is_not_taken_for_nothing(warehouse):
    add_metric(warehouse, "leads")
    add_values(warehouse, "leads", {Q2: 100, Q3: 130}, grain="quarter")
    add_values(warehouse, "leads", {Q2: None, Q3: 50}, grain="quarter", slice_=("channel", "tv"))
    assert run(warehouse) == 0


def test_ratio_and_months_are_written_too_and_sum_to_the_change(warehouse):
    add_metric(warehouse, "win_rate", additivity="ratio", unit="percent")
    august, september = dt.date(2026, 8, 1), dt.date(2026, 9, 1)
    add_values(warehouse, "win_rate", {august: (30, 100), september: (45, 120)}, grain="month")
    for name, old, new in (("small", (20, 40), (30, 50)), ("large", (10, 60), (15, 70))):
        add_values(warehouse, "win_rate", {august: old, september: new}, grain="month",
                   slice_=("size", name))  # fmt: skip
    run(warehouse)
    found = parts(warehouse, "win_rate")
    assert {row[5] for row in found} == {"mix", "rate"}
    assert math.fsum(row[-1] for row in found) == pytest.approx(45 / 120 - 30 / 100, abs=1e-15)
