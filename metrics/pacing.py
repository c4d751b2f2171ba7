"""Arithmetic of goals: how much of a period is usually done by now, and where it will end.

Cumulative goals pace on the share F(t) that comparable periods had reached on the same day:
forecast = actual / F(t). What is uncertain is the rest. It is held to scatter as the metric's
weeks do, Var = phi x amount (quasi-Poisson: Wedderburn 1974, Biometrika 61:439-447; phi is 1 for
independent counts and grows with their bursts), in what is to come, in what is done (which the
forecast stretches) and in the years that taught the shares; on the scale of square roots, where
that scatter is even (Bartlett 1936). How far the same rule missed earlier periods widens it
(`judged`). Interval and probability come of that one distribution. Ratio goals do the same with the
numerator, at the denominator's own pace. Level goals follow a damped local trend (Gardner and
McKenzie 1985, in the state-space form of Hyndman et al. 2008). On AirPassengers the seasonal share
halves linear pacing's error five times over; `tests/test_goals.py` holds the figures.
"""

from __future__ import annotations

import math
import typing
from collections.abc import Sequence

LEVEL = 0.8  # of every interval
PERIODS = 3  # comparable periods that are averaged; more would remember another business
EARLY = 0.1  # share of a period below which no colour is given
PRIOR = 4  # past misses that the scatter of weeks counts for beside those that were seen


class Forecast(typing.NamedTuple):
    """The value at the end, its 80 % interval and the chance to meet the target; None: unknown."""

    value: float | None
    low: float | None = None
    high: float | None = None
    probability: float | None = None


class Rest(typing.NamedTuple):
    """What a period still brings: `done` so far, `rest` expected, from `seasons` comparable
    periods. `sizes`: done and rest as amounts without sign (the same, unless amounts can be
    negative: then the square root does not hold and the scatter is taken as it is)."""

    done: float
    rest: float
    seasons: int
    sizes: tuple[float, float]
    is_signed: bool = False

    @property
    def factor(self) -> float:
        """Scatter of the expected rest and of what comes, in scatters of the rest alone."""
        done, rest = self.sizes
        return (1 + rest / done) * (1 + 1 / self.seasons)


class Trial(typing.NamedTuple):
    """How wide the scatter of weeks must be taken to hold what was seen, and how sure that is:
    degrees of freedom of a t-distribution."""

    width: float
    freedom: float


def missed(rest: Rest, found: float) -> float:
    """By how many scatters (of phi 1) the rest that came, `found`, differs from the expected."""
    if rest.is_signed:
        return (found - rest.rest) / math.sqrt(rest.factor * rest.sizes[1])
    return (math.sqrt(max(0.0, found)) - math.sqrt(rest.rest)) / (math.sqrt(rest.factor) / 2)


def judged(misses: Sequence[float], apart: float) -> float:
    """The width that past misses, in expected widths, ask for: their mean square beside PRIOR of
    one, as a scaled inverse chi-square posterior has it (Gelman et al., Bayesian Data Analysis,
    2.6); never narrower than expected. `apart`: how many of the overlapping misses are
    independent."""
    square = math.fsum(miss**2 for miss in misses) / len(misses) if misses else 1.0
    return math.sqrt(max(1.0, (PRIOR + apart * square) / (PRIOR + apart)))


def by_rest(rest: Rest, phi: float, trial: Trial, target: float, higher: bool) -> Forecast:
    """End of a period from what is done, what is expected and how that scatters."""
    value, step = rest.done + rest.rest, quantile(trial.freedom)
    if rest.is_signed:
        width = math.sqrt(phi * rest.factor * rest.sizes[1]) * trial.width
        low, high = value - step * width, value + step * width
        chance = chance_above(value - target, width, trial.freedom)
    else:
        middle, width = math.sqrt(rest.rest), math.sqrt(phi * rest.factor) / 2 * trial.width
        low = rest.done + max(0.0, middle - step * width) ** 2
        high = rest.done + (middle + step * width) ** 2
        needed = target - rest.done  # what cannot fall ends at no less than it is already
        chance = 1.0
        if needed > 0:
            chance = chance_above(middle - math.sqrt(needed), width, trial.freedom)
    # A root squared may be the last digit off.
    return Forecast(value, min(low, value), max(high, value), chance if higher else 1 - chance)


def certain(value: float, target: float, higher: bool) -> Forecast:
    """The end of what is over."""
    met = value >= target if higher else value <= target
    return Forecast(value, value, value, 1.0 if met else 0.0)


def scatter(pairs: Sequence[tuple[float, float]]) -> float:
    """phi of weeks beside the same weeks a year before, which scatter as well: the year before is
    stretched to this one's size, and their differences are held against both amounts."""
    now, before = (math.fsum(abs(p[k]) for p in pairs) for k in (0, 1))
    if not now or not before:
        return 0.0
    grown = now / before
    return math.fsum((x - grown * y) ** 2 for x, y in pairs) / (now + grown**2 * before)


class Trend(typing.NamedTuple):
    """Where a level leads: value, standard error (None: too little history to have one), how many
    stretches of that length history holds."""

    value: float
    width: float | None
    stretches: int
    can_fall: bool


def trend(values: Sequence[float], steps: int, can_fall: bool) -> Trend:
    """A level `steps` equal steps after the last of `values` (oldest first, at least one).

    The standard error is the model's own, widened where the model's errors at that distance were
    larger in the past. Fewer than two stretches or eight values: none. `can_fall`: it may lie below
    nothing."""
    stretches = len(values) // steps if steps else len(values)
    if steps < 1:
        return Trend(values[-1], 0.0, stretches, can_fall)
    if len(values) < 8 or stretches < 2:
        return Trend(values[-1], None, stretches, can_fall)
    return Trend(*damped_trend(values, steps), stretches, can_fall)


def by_trend(found: Trend, target: float, higher: bool, wider: float = 1.0) -> Forecast:
    """Interval and chance of a level by a t-distribution of as many degrees as history holds
    stretches; `wider`: by how much past misses widen it (`judged`)."""
    if found.width is None:
        return Forecast(None)
    value, width = found.value, found.width * wider
    if width == 0:
        return certain(value, target, higher)
    step = quantile(found.stretches) * width
    chance = chance_above(value - target, width, found.stretches)
    low, high = value - step, value + step
    if not found.can_fall:
        value, low, high = max(value, 0.0), max(low, 0.0), max(high, 0.0)
    return Forecast(value, low, high, chance if higher else 1 - chance)


def damped_trend(values: Sequence[float], steps: int) -> tuple[float, float]:
    """(forecast, standard error) `steps` ahead. Smoothing and damping are those of a fixed grid
    whose errors one step and `steps` (at most a third of the history) ahead were smallest; equal
    ones: the calmer."""
    import numpy as np

    y = np.asarray(values, dtype=float)
    scale = float(np.abs(y - y[0]).max()) or 1.0
    y = (y - y[0]) / scale
    grid = [
        (a, a * b, f)
        for f in (0.8, 0.9, 0.95, 0.98, 0.995)
        for b in (0.0, 0.05, 0.1, 0.2, 0.4)
        for a in (0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0)
    ]
    alpha, beta, phi = np.array(grid).T
    far = max(1, min(steps, len(y) // 3))
    reach = phi * (1 - phi**far) / (1 - phi)
    level = np.full(len(grid), y[: max(1, len(y) // 8)].mean())
    trend = np.full(len(grid), float(np.median(np.diff(y[: max(3, len(y) // 4)]))))
    near_errors, far_paths = [], []
    for value in y:
        error = value - (level + phi * trend)
        level, trend = level + phi * trend + alpha * error, phi * trend + beta * error
        near_errors.append(error)
        far_paths.append(level + reach * trend)
    settled = len(y) // 4
    fitted = len(y) - settled
    correction = fitted / (fitted - 3)  # three constants were chosen on these errors
    near = np.mean(np.square(near_errors[settled:]), axis=0) * correction
    misses = y[settled + far :, None] - np.array(far_paths)[settled : len(y) - far]
    distant = np.mean(np.square(misses), axis=0) * correction
    loss = near / (near.min() + 1e-12) + distant / (distant.min() + 1e-12)
    best = int(np.argmin(np.round(loss, 6)))
    a, b, f = grid[best]
    value = level[best] + trend[best] * f * (1 - f**steps) / (1 - f)

    def error_at(h: int) -> float:
        j = np.arange(1, h)
        return math.sqrt(near[best] * (1 + np.square(a + b * f * (1 - f**j) / (1 - f)).sum()))

    wider = max(1.0, math.sqrt(distant[best]) / error_at(far)) if near[best] > 0 else 1.0
    return float(value) * scale + float(values[0]), error_at(steps) * wider * scale


def mean(numbers: Sequence[float]) -> float:
    return math.fsum(numbers) / len(numbers)


def quantile(freedom: float) -> float:
    """Of the t-distribution for an interval of LEVEL."""
    from scipy import special

    return float(special.stdtrit(freedom, (1 + LEVEL) / 2))


def chance_above(distance: float, width: float, freedom: float) -> float:
    """P(end >= target) when the forecast lies `distance` above it with standard error `width`."""
    from scipy import special

    if width <= 0:
        return 1.0 if distance >= 0 else 0.0
    return float(special.stdtr(freedom, distance / width))
