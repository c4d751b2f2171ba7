"""Parts of a change add up to it, whatever the terms and factors are."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.factors import Child, combined, log_mean, multipliers

NUMBERS = st.floats(-1e6, 1e6).map(lambda x: 0.0 if abs(x) < 1e-3 else x)
POSITIVE = st.floats(1e-3, 1e6)


def given_by(children):
    return [m * c.change for m, c in zip(multipliers(children), children, strict=True)]


def test_parts_of_known_size_are_given_back():
    """The sizes are those of the reference's example, 471.9 - 272.7 + 187.2 = 386.4; it does not
    print its factors, so they are made from the parts here."""
    whole = log_mean(4386.4, 4000.0)
    factors = [math.exp(part / whole) for part in (471.9, -272.7, 187.2)]
    assert math.prod(factors) * 4000 == pytest.approx(4386.4)
    children = [Child("*", 4000.0, 4000.0 * factors[0])] + [Child("*", 1.0, f) for f in factors[1:]]
    assert given_by(children) == pytest.approx([471.9, -272.7, 187.2])


def test_numbers_that_fit_in_the_head():
    # 10 deals of 100 become 20 deals of 50: the same revenue, two equal and opposite parts.
    parts = given_by([Child("*", 10, 20), Child("*", 100, 50)])
    assert parts == pytest.approx([1000 * math.log(2), -1000 * math.log(2)])
    assert given_by([Child("+", 5, 8), Child("-", 1, 3)]) == [3, -2]


def test_a_factor_that_was_nothing_gives_the_whole_change():
    """The limit of LMDI: put a small number in place of nought and let it shrink."""
    assert given_by([Child("*", 0, 4), Child("*", 10, 20)]) == [80, 0]
    assert given_by([Child("*", 4, 0), Child("*", 10, 20)]) == [-40, 0]
    assert given_by([Child("*", 0, 4), Child("*", 0, 20)]) == [40, 40]
    assert given_by([Child("*", 0, 4), Child("*", 20, 0)]) == [0, 0]
    seen = [
        m * c.change
        for tiny in (1e-30, 1e-300)
        for children in [[Child("*", tiny, 4), Child("*", 10, 20)]]
        for m, c in zip(multipliers(children), children, strict=True)
    ]
    assert abs(seen[2] - 80) < abs(seen[0] - 80) < 1 and seen[3] < seen[1] < 1


def test_a_divisor_gives_what_its_growth_costs():
    children = [Child("*", 10, 10), Child("/", 2, 4)]
    assert combined("*/", [10, 2]) == 5 and given_by(children) == pytest.approx([0, -2.5])
    assert multipliers([Child("*", 1, 1), Child("/", 0, 1)]) is None
    assert combined("*/", [1, 0]) is None


def test_a_negative_factor_takes_the_shapley_value():
    parts = given_by([Child("*", -2, 3), Child("*", 10, 20)])
    # In both orders: -2 to 3 at 10 or at 20, and 10 to 20 at -2 or at 3.
    assert parts == pytest.approx([5 * 15, 10 * 0.5]) and sum(parts) == pytest.approx(60 + 20)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("*/"), NUMBERS, NUMBERS), min_size=1, max_size=5))
def test_parts_of_any_product_add_up(drawn):
    children = [Child("*", drawn[0][1], drawn[0][2])] + [
        Child(o, *((a or 1.0, b or 1.0) if o == "/" else (a, b))) for o, a, b in drawn[1:]
    ]
    operators = [c.operator for c in children]
    start = combined(operators, [c.before for c in children])
    end = combined(operators, [c.after for c in children])
    parts = given_by(children)
    size = max(abs(start), abs(end), *(abs(p) for p in parts), 1e-9)
    assert math.fsum(parts) == pytest.approx(end - start, abs=1e-9 * size)


@given(POSITIVE, POSITIVE)
def test_the_logarithmic_mean_lies_between(a, b):
    mean = log_mean(a, b)
    assert min(a, b) * (1 - 1e-12) <= mean <= max(a, b) * (1 + 1e-12)
    if abs(a / b - 1) > 1e-3:
        assert mean == pytest.approx((a - b) / math.log(a / b))
