"""Arithmetic of goals: how much of a period is usually done by now, and where it will end.

Cumulative goals pace on the share F(t) that comparable periods had reached on the same day:
forecast = actual / F(t), interval exp(±q·s·sqrt(1 + 1/n)) with s the spread of ln(1/F_y(t)) over
the n periods and q from the t-distribution below ten periods. Ratio goals do that for numerator
and denominator apart. Level goals follow a damped local trend (Gardner and McKenzie 1985, in the
state-space form of Hyndman et al. 2008). On AirPassengers the seasonal share halves linear
pacing's error five times over; `tests/test_goals.py` holds the figures.
"""

from __future__ import annotations

import math
import typing
from collections.abc import Sequence

LEVEL = 0.8  # of every interval
PERIODS = 3  # comparable periods that are averaged; more would remember another business
EARLY = 0.1  # share of a period below which no colour is given


class Forecast(typing.NamedTuple):
    """The value at the end, its 80 % interval and the chance to meet the target; None: unknown."""

    value: float | None
    low: float | None = None
    high: float | None = None
    probability: float | None = None


def by_share(
    actual: float,
    shares: Sequence[float],
    elapsed: float,
    target: float,
    higher: bool,
    can_fall: bool = True,
) -> Forecast:
    """End of a cumulative period from `actual` so far and the `shares` (0..1] done by this day
    in comparable periods. One period gives a value without an interval, none a linear one
    (`elapsed` is the share of days gone); nothing can be said of an actual that is not positive.
    What cannot fall (a count) ends at no less than it is already.
    """
    if actual <= 0 or elapsed <= 0 or any(share <= 0 for share in shares):
        return Forecast(None)
    if len(shares) < 2:
        return Forecast(actual / (shares[0] if shares else elapsed))
    value = actual / mean(shares)
    found = fan(value, spread([math.log(1 / s) for s in shares]), len(shares), target, higher)
    if can_fall:
        return found
    met = actual >= target
    chance = (1.0 if higher else 0.0) if met else found.probability
    return Forecast(value, max(found.low, actual), max(found.high, actual), chance)


def by_two_shares(
    actual: float,
    above: Sequence[float],
    below: Sequence[float],
    target: float,
    higher: bool,
) -> Forecast:
    """End of a ratio: numerator (`above`) and denominator (`below`) each grow by their own shares.
    The spread is that of the ratio: where both run late together the ratio does not move."""
    if actual <= 0 or any(share <= 0 for share in (*above, *below)):
        return Forecast(None)
    if not above:
        return Forecast(actual)
    value = actual * mean(below) / mean(above)
    if len(above) < 2:
        return Forecast(value)
    logs = [math.log(d / n) for n, d in zip(above, below, strict=True)]
    return fan(value, spread(logs), len(above), target, higher)


def fan(value: float, s: float, n: int, target: float, higher: bool) -> Forecast:
    """Log-normal interval and chance around `value` > 0, from a spread `s` of n comparables."""
    width = s * math.sqrt(1 + 1 / n)
    step = quantile(n - 1 if n < 10 else None) * width
    if target <= 0:
        chance = 1.0 if higher else 0.0
    else:
        chance = chance_above(math.log(value) - math.log(target), width, n - 1 if n < 10 else None)
        chance = chance if higher else 1 - chance
    return Forecast(value, value * math.exp(-step), value * math.exp(step), chance)


def by_trend(values: Sequence[float], steps: int, target: float, higher: bool) -> Forecast:
    """A level `steps` equal steps after the last of `values` (oldest first).

    The interval is the model's own, widened where the model's errors at that distance were
    larger in the past; its t-distribution counts the stretches of that length that history
    holds. Fewer than two stretches or eight values: no interval and no chance.
    """
    if not values:
        return Forecast(None)
    if steps < 1:
        met = values[-1] >= target if higher else values[-1] <= target
        return Forecast(values[-1], values[-1], values[-1], 1.0 if met else 0.0)
    stretches = len(values) // steps
    if len(values) < 8 or stretches < 2:
        return Forecast(None)
    value, s = damped_trend(values, steps)
    step = quantile(stretches) * s
    chance = chance_above(value - target, s, stretches)
    low, high = value - step, value + step
    if min(values) >= 0:  # a count or a share does not fall below nothing
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


def spread(numbers: Sequence[float]) -> float:
    """Standard deviation of a sample (n - 1)."""
    middle = mean(numbers)
    return math.sqrt(math.fsum((x - middle) ** 2 for x in numbers) / (len(numbers) - 1))


def quantile(freedom: int | None) -> float:
    """Of the t-distribution (None: normal) for an interval of LEVEL."""
    from scipy import special

    edge = (1 + LEVEL) / 2
    return float(special.ndtri(edge) if freedom is None else special.stdtrit(freedom, edge))


def chance_above(distance: float, width: float, freedom: int | None) -> float:
    """P(end >= target) when the forecast lies `distance` above it with standard error `width`."""
    from scipy import special

    if width <= 0:
        return 1.0 if distance >= 0 else 0.0
    z = distance / width
    return float(special.ndtr(z) if freedom is None else special.stdtr(freedom, z))
