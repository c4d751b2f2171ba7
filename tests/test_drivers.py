"""Drivers: parts of a change add up to it exactly, also when slices come, go or miss rows."""

import datetime as dt
import math
import random
import types

import duckdb
import pytest
from small_warehouse import AS_OF, add_metric, add_values, prepare

from metrics.drivers import decompose, parts_of

Q1, Q2, Q3 = dt.date(2026, 1, 1), dt.date(2026, 4, 1), dt.date(2026, 7, 1)
Q3_BEFORE, Q4 = dt.date(2025, 7, 1), dt.date(2026, 10, 1)


def ratio(above, below):
    return (above / below if below else None, above, below)


def amount(value):
    return (value, None, None)


def taken_apart(before, after, whole, additivity="ratio"):
    """Parts between two quarters of {slice value: cell} and the cell of the whole in each."""
    periods = (Q2, Q3)
    cells = [(day, "all", "all", *cell) for day, cell in zip(periods, whole, strict=True)]
    for day, found in zip(periods, (before, after), strict=True):
        cells += [(day, "kind", name, *cell) for name, cell in found.items()]
    found = parts_of(duckdb.connect(), "m", additivity, "quarter", periods, cells)
    assert set(found) <= {"kind"}
    return found.get("kind")


def test_mix_and_rate_of_a_ratio_are_those_one_can_check_in_the_head():
    # Small deals are won at 40 %, large ones at 10 %; both rates stay, the mix turns to large.
    before = {"small": ratio(40, 100), "large": ratio(10, 100)}
    after = {"small": ratio(20, 50), "large": ratio(15, 150)}
    parts = taken_apart(before, after, (ratio(50, 200), ratio(35, 200)))
    found = {(p.slice_value, p.kind): p.contribution for p in parts}
    assert found[("small", "mix")] == pytest.approx(-0.25 * 0.15)
    assert found[("large", "mix")] == pytest.approx(0.25 * -0.15)
    assert found[("small", "rate")] == found[("large", "rate")] == pytest.approx(0)
    assert math.fsum(found.values()) == pytest.approx(35 / 200 - 50 / 200)


def test_the_published_example_of_mix_and_rate_sums_exactly():
    draw = random.Random(3)
    for _ in range(40):
        before = {k: ratio(draw.randint(0, 50), draw.randint(0, 90)) for k in "abcd"}
        after = {k: ratio(draw.randint(0, 50), draw.randint(0, 90)) for k in "bcde"}
        before = {k: c if c[2] else (None, 0, 0) for k, c in before.items()}
        after = {k: c if c[2] else (None, 0, 0) for k, c in after.items()}
        # Seven decided deals in each period belong to no slice.
        whole = tuple(
            ratio(sum(c[1] for c in x.values()) + 3, sum(c[2] for c in x.values()) + 7)
            for x in (before, after)
        )
        total = math.fsum(p.contribution for p in taken_apart(before, after, whole))
        assert total == pytest.approx(whole[1][0] - whole[0][0], abs=1e-12)


def test_a_slice_that_comes_or_goes_is_a_change_of_mix():
    parts = taken_apart({"a": ratio(5, 10)}, {"b": ratio(9, 30)}, (ratio(5, 10), ratio(9, 30)))
    found = {(p.slice_value, p.kind): p.contribution for p in parts}
    assert found == pytest.approx({("a", "mix"): 0.0, ("a", "rate"): 0.0,
                                   ("b", "mix"): -0.2, ("b", "rate"): 0.0})  # fmt: skip


def test_a_ratio_stored_in_hundredths_has_parts_in_hundredths():
    before, after = {"a": (20.0, 1, 5)}, {"a": (40.0, 2, 5)}
    parts = taken_apart(before, after, (before["a"], after["a"]))
    assert sum(p.contribution for p in parts) == pytest.approx(20.0)


def test_overlapping_slices_have_no_parts():
    both = {"a": ratio(5, 10), "b": ratio(5, 10)}
    assert taken_apart(both, both, (ratio(5, 10), ratio(5, 10))) is None
    apart = {"a": ratio(5, 5), "b": ratio(5, 5)}  # the weights fit, what is weighed does not
    assert taken_apart(apart, apart, (ratio(5, 10), ratio(5, 10))) is None
    twice = {"a": amount(8), "b": amount(8)}
    assert taken_apart(twice, twice, (amount(10), amount(10)), "additive") is None


def test_a_sum_below_nought_has_parts_too():
    # Some left: net growth of 4 - 9 = -5 becomes 1 - 3 = -2.
    before, after = {"a": amount(4), "b": amount(-9)}, {"a": amount(1), "b": amount(-3)}
    parts = taken_apart(before, after, (amount(-5), amount(-2)), "additive")
    assert parts == [("a", -3.0, "change"), ("b", 6.0, "change")]


@pytest.fixture
def warehouse():
    return prepare(duckdb.connect())


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


def test_every_complete_period_of_history_is_taken_apart_and_one_is_the_latest(warehouse):
    add_metric(warehouse, "leads")
    years = {dt.date(year, 1, 1): year - 2000.0 for year in (2023, 2024, 2025, 2026)}
    months = {dt.date(2025 + k // 12, k % 12 + 1, 1): 10.0 + k for k in range(20)}
    for slice_ in (("all", "all"), ("channel", "tv")):
        add_values(warehouse, "leads", years, grain="year", slice_=slice_)
        add_values(warehouse, "leads", months, grain="month", slice_=slice_)
    run(warehouse)
    told = warehouse.execute(
        "select grain, period_from, period_to, contribution, is_latest "
        "from metrics.metric_drivers order by 1 desc, 3, 2"
    ).fetchall()
    assert [row for row in told if row[0] == "year"] == [  # 2026 is not over
        ("year", dt.date(2023, 1, 1), dt.date(2024, 1, 1), 1.0, False),
        ("year", dt.date(2024, 1, 1), dt.date(2025, 1, 1), 1.0, True),
    ]
    monthly = [row for row in told if row[0] == "month"]
    assert len(monthly) == 19 + 8  # each on the one before, those of 2026 on 2025's
    assert {row[3] for row in monthly} == {1.0, 12.0}
    assert {row[2] for row in monthly if row[4]} == {dt.date(2026, 8, 1)}


def test_all_parts_of_the_sample_add_up_to_the_change_of_what_was_published(built):
    with duckdb.connect(str(built.served / "plumbline.duckdb"), read_only=True) as connection:
        [(found, metrics, periods, worst, cents)] = connection.execute(
            """
            with parts as (
                select metric_id, grain, period_from, period_to, slice_name,
                    fsum(contribution) as total
                from metrics.metric_drivers
                group by all
            ),
            held as (
                select p.*, m.unit, b.value - a.value as change,
                    greatest(1, abs(a.value), abs(b.value)) as size
                from parts as p
                join metrics.dim_metrics as m on p.metric_id = m.metric_id
                left join metrics.metric_values as a on p.metric_id = a.metric_id
                    and p.grain = a.grain and p.period_from = a.period_start
                    and a.slice_name = 'all' and a.is_complete
                left join metrics.metric_values as b on p.metric_id = b.metric_id
                    and p.grain = b.grain and p.period_to = b.period_start
                    and b.slice_name = 'all' and b.is_complete
            )
            select count(*), count(distinct metric_id), count(distinct (grain, period_to)),
                max(coalesce(abs(total - change), 1e9) / size),
                max(case when unit = 'money' then abs(total - change) end)
            from held
            """
        ).fetchall()
    assert found > 5000 and metrics > 30 and periods > 60
    assert worst < 1e-9 and cents < 0.005


def test_a_quarter_that_is_not_over_is_not_compared(warehouse):
    add_metric(warehouse, "leads")
    for slice_ in (("all", "all"), ("channel", "tv")):
        add_values(warehouse, "leads", {Q1: 70, Q2: 100, Q3: 130}, grain="quarter", slice_=slice_)
    run(warehouse, dt.date(2026, 9, 29))
    assert {row[1:3] for row in parts(warehouse, "leads")} == {(Q1, Q2)}


def test_only_numbers_with_exact_parts_are_taken_apart(warehouse):
    for name, kind in (("median_days", "percentile"), ("people_met", "distinct"),
                       ("posts", "additive"), ("followers", "semi")):  # fmt: skip
        add_metric(warehouse, name, additivity=kind, amec="activity")
        for slice_ in (("all", "all"), ("channel", "tv")):
            add_values(warehouse, name, {Q2: 4, Q3: 6}, grain="quarter", slice_=slice_)
    run(warehouse)
    named = warehouse.execute("select distinct metric_id from metrics.metric_drivers order by 1")
    assert named.fetchall() == [("followers",), ("posts",)]


def test_an_unknown_slice_is_not_taken_for_nothing(warehouse):
    add_metric(warehouse, "leads")
    add_values(warehouse, "leads", {Q2: 100, Q3: 130}, grain="quarter")
    add_values(warehouse, "leads", {Q2: None, Q3: 50}, grain="quarter", slice_=("channel", "tv"))
    assert run(warehouse) == 0


def test_slices_that_are_still_being_decided_take_nothing_apart(warehouse):
    add_metric(warehouse, "leads")
    add_values(warehouse, "leads", {Q2: 100, Q3: 130}, grain="quarter")
    add_values(warehouse, "leads", {Q2: 60, Q3: 20}, grain="quarter", slice_=("is_hot", "true"))
    add_values(warehouse, "leads", {Q2: 90, Q3: 95}, grain="quarter", slice_=("channel", "tv"))
    warehouse.execute(
        "update metrics.metric_values set is_complete = false "
        "where slice_name = 'is_hot' and period_start = ?", [Q3]
    )  # fmt: skip
    run(warehouse)
    assert {row[3] for row in parts(warehouse, "leads")} == {"channel"}


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
