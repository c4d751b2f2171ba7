"""Claims of influence: found where planted, not found where two series only remember themselves."""

import datetime as dt

import numpy as np
import pytest
from scipy import stats

from metrics import influences

MONDAY = dt.date(2023, 1, 2)


def weekly(values):
    return {MONDAY + dt.timedelta(weeks=k): float(v) for k, v in enumerate(values)}


def remembering(draw, n, weight):
    values = [0.0]
    for _ in range(n + 50):
        values.append(weight * values[-1] + draw.normal())
    return np.array(values[-n:])


def test_a_planted_lag_is_found_and_it_alone():
    draw = np.random.default_rng(5)
    cause = remembering(draw, 156, 0.7)
    effect = np.concatenate([draw.normal(size=6), 0.8 * cause[:-6]]) + draw.normal(size=156)
    weeks, by_lag = influences.compared(weekly(cause), weekly(effect), influences.LAGS)
    assert max(by_lag, key=lambda lag: abs(by_lag[lag])) == 6 and by_lag[6] > 0.4
    assert influences.chance_of(by_lag[6], weeks[6]) < 1e-6
    assert influences.chance_of(by_lag[0], weeks[0]) > 0.01


def test_series_that_only_remember_themselves_correlate_by_chance_alone():
    """Unwhitened, a test at 5 % cries wolf in almost half of such pairs; whitened, in one of 20."""
    draw = np.random.default_rng(11)
    plain = white = 0
    for _ in range(400):
        a, b = (weekly(remembering(draw, 110, 0.9)) for _ in "ab")
        weeks, by_lag = influences.compared(a, b, [3])
        white += influences.chance_of(by_lag[3], weeks[3]) < 0.05
        x, y = np.array(list(a.values())), np.array(list(b.values()))
        plain += stats.pearsonr(x[:-3], y[3:]).pvalue < 0.05
    assert plain / 400 > 0.35 and 0.02 < white / 400 < 0.09


def test_below_forty_pairs_nothing_is_said():
    draw = np.random.default_rng(1)
    a = weekly(draw.normal(size=43))
    assert influences.compared(a, a, [0])[1] == {0: pytest.approx(1.0)}
    assert influences.compared(a, a, [4]) == ({4: 39}, {})
    assert influences.compared({}, a, [0]) == ({0: 0}, {})


def test_a_missing_week_is_left_out_and_not_filled():
    draw = np.random.default_rng(2)
    values = weekly(remembering(draw, 120, 0.8))
    weights = influences.memory(values)
    assert weights and abs(weights[0] - 0.8) < 0.25
    del values[MONDAY + dt.timedelta(weeks=60)]
    kept = influences.whitened(values, [0.8, 0.0])
    gone = {MONDAY + dt.timedelta(weeks=k) for k in (0, 1, 60, 61, 62)}
    assert set(kept) == {d for d in values if d not in gone}


def test_p_and_q_values_are_those_of_scipy():
    draw = np.random.default_rng(3)
    x, y = draw.normal(size=60), draw.normal(size=60)
    r, p = stats.pearsonr(x, y)
    assert influences.chance_of(r, 60) == pytest.approx(p) and influences.chance_of(1.0, 60) == 0
    ps = [0.001, 0.9, 0.03, 0.03, 0.2, 0.04]
    assert influences.adjusted(ps) == pytest.approx(list(stats.false_discovery_control(ps)))
    assert influences.adjusted([]) == []
