"""Whether two numbers move together at the lag that an influence edge claims.

Two series that each remember themselves correlate by accident. So the child's memory is fitted
(autoregression, order by Akaike) and taken out of both before they are compared (pre-whitening:
Box and Jenkins 1976, chapter 11); a series that follows the seasons is held against the same week
of the year before first. Many edges are tested at once, so the p-values are adjusted for that
(Benjamini and Hochberg 1995, JRSS B 57:289-300). A finding is a correlation. It never changes what
the tree says of the edge's evidence: two things with one cause pass this test.
"""

from __future__ import annotations

import datetime as dt
import math
import typing
from collections.abc import Sequence

from metrics import signals
from metrics.signals import Week

if typing.TYPE_CHECKING:
    from metrics.trees import Metric, Stored, Tree

LEAST = 40  # pairs of weeks below which nothing is said
ORDER = 4  # the longest memory, in weeks, that is taken out
LAGS = range(27)  # where else the two might move together; shown, not tested
KNOWN = 0.1  # q-value up to which an edge is said to move as claimed

Series = dict[dt.date, float]  # Monday to number


class Finding(typing.NamedTuple):
    """What the series say of one influence edge; None where there are too few weeks."""

    tree: str
    parent: str
    child: str
    weeks: int
    correlation: float | None
    p_value: float | None
    q_value: float | None
    strongest_lag: int | None
    finding: str


def tested(trees: list[Tree], metrics: dict[str, Metric], stored: Stored) -> list[Finding]:
    """One finding per influence edge, the q-values over all of them."""
    found = []
    for tree in trees:
        for node in tree.spec.nodes:
            for edge in node.influences:
                child = tree.nodes[edge.node]
                pair = [
                    usable(list(stored.weeks(n)), metrics[n.metric_id].additivity)
                    for n in (child, node)
                ]
                weeks, by_lag = compared(*pair, lags={edge.lag_weeks, *LAGS})
                n, r = weeks[edge.lag_weeks], by_lag.get(edge.lag_weeks)
                p = chance_of(r, n) if r is not None else None
                lag = max(by_lag, key=lambda k: abs(by_lag[k]), default=None)
                found.append((tree.spec.name, node.name, edge.node, n, r, p, lag, edge))
    qs = iter(adjusted([f[5] for f in found if f[5] is not None]))
    return [
        Finding(*key, n, r, p, q := None if p is None else next(qs), lag, _words(edge, n, r, q))
        for *key, n, r, p, lag, edge in found
    ]


def _words(edge: typing.Any, n: int, r: float | None, q: float | None) -> str:
    if r is None or q is None:
        return f"{n} comparable weeks, {LEAST} are needed."
    if q > KNOWN:
        return f"No sign of it at a lag of {edge.lag_weeks}."
    agrees = (r > 0) == (edge.sign == "+")
    return f"They move {'as claimed' if agrees else 'against the claim'}; that is no cause."


def usable(weeks: Sequence[Week], additivity: str) -> Series:
    """A series as its chart would hold it: net change of a stock, against the year before where it
    follows the seasons."""
    if len(weeks) < 2:
        return {}
    _, points = signals.unadjusted(weeks, additivity)
    if points and signals.seasonality(points) > signals.SEASONAL:
        points, _ = signals.against_year_before(points)
    return {p.start: p.z for p in points}


def compared(
    cause: Series, effect: Series, lags: typing.Iterable[int]
) -> tuple[dict[int, int], dict[int, float]]:
    """({lag: pairs of weeks}, {lag: correlation}) of the pre-whitened series, the cause `lag`
    weeks before the effect; no correlation below 40 pairs."""
    weights = memory(cause)
    before, after = whitened(cause, weights), whitened(effect, weights)
    counts, found = {}, {}
    for lag in sorted(lags):
        pairs = [
            (before[day - dt.timedelta(weeks=lag)], value)
            for day, value in after.items()
            if day - dt.timedelta(weeks=lag) in before
        ]
        counts[lag] = len(pairs)
        if len(pairs) >= LEAST:
            found[lag] = signals.correlation(pairs)
    return counts, found


def memory(series: Series) -> list[float]:
    """Autoregressive weights of the order, up to four, with the least AIC."""
    import numpy as np

    rows = [(day, _before(series, day, ORDER)) for day in series]
    known = [(series[day], past) for day, past in rows if past is not None]
    if len(known) < 3 * ORDER:
        return []
    y = np.array([value for value, _ in known])
    past = np.array([p for _, p in known])
    middle = np.mean(list(series.values()))
    y, past = y - middle, past - middle
    best: tuple[float, list[float]] = (len(y) * math.log(max(float(y @ y) / len(y), 1e-300)), [])
    for order in range(1, ORDER + 1):
        weights, *_ = np.linalg.lstsq(past[:, :order], y, rcond=None)
        error = y - past[:, :order] @ weights
        aic = len(y) * math.log(max(float(error @ error) / len(y), 1e-300)) + 2 * order
        if aic < best[0]:
            best = (aic, [float(w) for w in weights])
    return best[1]


def whitened(series: Series, weights: Sequence[float]) -> Series:
    """Each week less what its past would have it be; weeks without that past are left out."""
    found = {}
    for day, value in series.items():
        past = _before(series, day, len(weights))
        if past is not None:
            found[day] = value - math.fsum(w * x for w, x in zip(weights, past, strict=True))
    return found


def _before(series: Series, day: dt.date, count: int) -> list[float] | None:
    past = [series.get(day - dt.timedelta(weeks=k)) for k in range(1, count + 1)]
    return None if None in past else past


def chance_of(r: float, n: int) -> float:
    """Two-sided p-value of a correlation of n independent pairs (t with n - 2 degrees)."""
    from scipy import special

    if abs(r) >= 1:
        return 0.0
    return float(2 * special.stdtr(n - 2, -abs(r) * math.sqrt((n - 2) / (1 - r * r))))


def adjusted(p_values: Sequence[float]) -> list[float]:
    """Benjamini and Hochberg's q-values, in the order given. (scipy.stats has them too; loading it
    costs more than all of this step's arithmetic.)"""
    order = sorted(range(len(p_values)), key=lambda k: p_values[k], reverse=True)
    found, least = [0.0] * len(p_values), 1.0
    for place, k in enumerate(order):
        least = min(least, p_values[k] * len(p_values) / (len(p_values) - place))
        found[k] = least
    return found
