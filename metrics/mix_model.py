"""The mix model: what each channel's spend caused, as ranges, if the weeks can tell at all.

Weekly outcomes of places are explained by a level for each place, trend, season, controls, and for
each channel `beta * saturation(adstock(spend))`: geometric adstock over eight weeks, normalized
(Jin et al. 2017), and the logistic saturation of PyMC-Marketing. Fitted by non-linear least squares
with bounds and weak priors; the intervals are 5, 50 and 95 % of refits to a block bootstrap of the
residuals, priors drawn anew each time (randomized maximum a posteriori), so that a channel of which
the data say nothing gets its prior back. The memory of spend has its interval from the same refits.

First a gate says in words whether there is enough to go on. A channel it refuses is left out, which
moves its effect into the others: the run says so.

`[mix_model] estimator = "pymc"` takes PyMC-Marketing instead (the extra `mmm`): same panel, same
draws, same tables.
"""

from __future__ import annotations

import dataclasses
import math
import typing

import numpy as np

if typing.TYPE_CHECKING:
    from collections.abc import Sequence

LAGS = 8  # weeks that spend is remembered
BLOCK = 8  # weeks that the bootstrap keeps together
HARMONICS = {True: 2, False: 6}  # sine and cosine pairs of a year, for one place and for several
# What is held before the data speak, as mean and standard deviation: memory, log of saturation, and
# the share of all outcomes that a channel causes (never below 0).
PRIOR_ALPHA, PRIOR_LOG_RATE, PRIOR_SHARE = (0.3, 0.3), (1.0, 1.0), (0.0, 0.2)
PRIOR_WIDTH = 1.645 * PRIOR_SHARE[1]  # from 5 to 95 % of such shares
SILENT = 0.8  # an interval this wide per PRIOR_WIDTH says nothing that was not held before
# The gate (Meridian's guidance on data points per effect; measurement standards of the house).
REFUSE_BELOW, WARN_BELOW = 5.0, 10.0
FEWEST_WEEKS = 104  # where there is one place only; years show season, places can stand in for them
FEWEST_WEEKS_BY_PLACE = 52
SHORTEST_ACTIVE, LEAST_VARIATION = 0.10, 0.10
MOST_UNKNOWN = 0.20
MOST_CORRELATED = 0.90


class Refused(ValueError):
    """Weeks that no mix model can read; the text says why and what would help."""


@dataclasses.dataclass(frozen=True)
class Panel:
    """Monday weeks (T,) of places (G,): `outcome` and each of `spends` and `controls` are (G, T),
    nan where unknown. Spend is in the reporting currency."""

    weeks: np.ndarray
    places: tuple[str, ...]
    outcome: np.ndarray
    spends: dict[str, np.ndarray]
    controls: dict[str, np.ndarray]


@dataclasses.dataclass(frozen=True)
class Gate:
    """What may be fitted: the trimmed panel, channels refused with why, warnings, counts."""

    panel: Panel
    refused: dict[str, str]
    warnings: tuple[str, ...]
    observations: int
    effects: int

    @property
    def per_effect(self) -> float:
        return self.observations / self.effects


@dataclasses.dataclass(frozen=True)
class Draws:
    """What a fit says of the channels: `caused` (draws, channels, G, T) outcomes by the week in
    which they came, `returned` by the week whose spend brought them, in the LAGS - 1 weeks after
    the last one too, as if nothing more were spent; `more` as `returned`, at 1 % more spend;
    `adstock` (channels,) the median share of spend's effect that is carried into the next week,
    0..0.95, and `adstock_ends` (2, channels) its 5 and 95 %, of the same draws; `fitted` (G, T)
    expected outcomes."""

    channels: tuple[str, ...]
    caused: np.ndarray
    returned: np.ndarray
    more: np.ndarray
    adstock: np.ndarray
    adstock_ends: np.ndarray
    fitted: np.ndarray


def gate(panel: Panel) -> Gate:
    """Judge a panel before any fit. Raises Refused when nothing can be fitted."""
    seen = np.isfinite(panel.outcome)
    if not seen.any():
        raise Refused("no week has a known outcome; load outcomes by place and day.")
    panel = _weeks(panel, slice(*_ends(seen.any(axis=0))))
    refused, controls = {}, {}
    spends = {}
    for name, spend in panel.spends.items():
        why = _refusal(spend)
        if why:
            refused[name] = why
        else:
            spends[name] = spend
    warnings = []
    for name, control in panel.controls.items():
        if np.isfinite(control).all(axis=0).mean() < 1 - MOST_UNKNOWN or np.nanstd(control) == 0:
            warnings.append(f"control {name} is unknown too often or does not vary: left out.")
        else:
            controls[name] = control
    if not spends:
        raise Refused(
            "no channel is left: " + " ".join(f"{n}: {why}" for n, why in refused.items())
        )
    known = np.all(
        [np.isfinite(x).any(axis=0) for x in (*spends.values(), *controls.values())], axis=0
    )
    panel = _weeks(
        dataclasses.replace(panel, spends=spends, controls=controls), slice(*_ends(known))
    )
    observations = int(usable(panel).sum())
    weeks, one = len(panel.weeks), len(panel.places) == 1
    # Channels, controls, a level for each place, trend, season.
    effects = len(spends) + len(controls) + len(panel.places) + 1 + 2 * HARMONICS[one]
    needed = FEWEST_WEEKS if one else FEWEST_WEEKS_BY_PLACE
    if weeks < needed:
        raise Refused(
            f"{weeks} weeks in which all channels are known, at least {needed} are needed for "
            f"{'one place' if one else 'several places'}: load earlier weeks."
        )
    if observations / effects < REFUSE_BELOW:
        raise Refused(
            f"{observations} observations for {effects} effects are {observations / effects:.1f} "
            f"each, at least {REFUSE_BELOW:.0f} are needed: join channels, or load more weeks or "
            "places."
        )
    if observations / effects < WARN_BELOW:
        warnings.append(
            f"{observations / effects:.1f} observations per effect; below {WARN_BELOW:.0f} the "
            "bounds speak louder than the data."
        )
    warnings += _correlated(spends)
    warnings += [f"{name} is left out: {why}" for name, why in refused.items()]
    return Gate(panel, refused, tuple(warnings), observations, effects)


def usable(panel: Panel) -> np.ndarray:
    """(G, T): outcome and controls are known, and spend of this week and the LAGS before."""
    known = np.isfinite(panel.outcome)
    for control in panel.controls.values():
        known &= np.isfinite(control)
    for spend in panel.spends.values():
        gone = ~np.isfinite(spend)
        for lag in range(min(LAGS, gone.shape[1])):
            known[:, lag:] &= ~gone[:, : gone.shape[1] - lag]
    return known


def longest_run(panel: Panel) -> Panel:
    """The longest stretch of weeks (the last of equals) in which everything is known, for samplers
    that take no gap. Raises Refused when there is none."""
    known = np.isfinite(panel.outcome).all(axis=0)
    for series in (*panel.spends.values(), *panel.controls.values()):
        known &= np.isfinite(series).all(axis=0)
    lengths = np.zeros(len(known) + 1, dtype=int)
    for week, one in enumerate(known):
        lengths[week + 1] = lengths[week] + 1 if one else 0
    end = len(known) - int(np.argmax(lengths[:0:-1]))
    if not known.any():
        raise Refused("no week in which outcomes, spend and controls are all known.")
    return _weeks(panel, slice(end - int(lengths[end]), end))


def fit(panel: Panel, draws: int, seed: int) -> Draws:
    """Fit the built-in estimator and `draws` refits to bootstrapped residuals; the same panel and
    seed give the same draws. The panel has passed the gate."""
    problem = _Problem(panel)
    best = problem.solve(problem.target, problem.starts())
    residuals = problem.target - problem.expected(best)
    problem.noise = float(np.std((problem.weight * residuals)[problem.known]))
    best = problem.solve(problem.target, [best])
    residuals = problem.target - problem.expected(best)
    spread = math.sqrt(problem.count / max(problem.count - problem.free, 1))
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(draws):
        target = problem.expected(best) + spread * problem.shuffled(residuals, rng)
        held = problem.prior + rng.normal(size=len(problem.prior)) * problem.prior_spread
        found.append(problem.solve(target, [best], held, tolerance=1e-4))
    return problem.draws(best, found)


class _Problem:
    """The least squares of one panel. Parameters: alpha, log rate and beta by channel, then the
    linear part. Everything is in units of a place's mean outcome, so that places are alike."""

    def __init__(self, panel: Panel) -> None:
        self.panel = panel
        self.channels = tuple(panel.spends)
        self.known = usable(panel)
        self.count = int(self.known.sum())
        self.size = np.nanmean(panel.outcome, axis=1, keepdims=True)
        relative = self.size / self.size.mean()
        self.lagged, self.spent, self.unit = [], [], []
        for spend in panel.spends.values():
            filled = np.where(np.isfinite(spend), spend, np.nanmean(spend, axis=1, keepdims=True))
            filled = filled / relative
            self.unit.append(filled.max() or 1.0)
            self.spent.append(filled / self.unit[-1])
            self.lagged.append(_lags(self.spent[-1]))
        self.linear = self._linear()
        self.weight = np.sqrt(relative) * np.ones_like(panel.outcome)  # counts: variance as mean
        self.scale = (panel.outcome / self.size)[self.known]
        self.target = np.where(self.known, panel.outcome / self.size, 0.0)
        self.noise = float(np.std(self.scale)) * 0.5
        number = len(self.channels)
        self.free = 3 * number + self.linear.shape[2]
        # beta that makes a channel cause everything, at the usual saturation.
        middle = math.exp(PRIOR_LOG_RATE[0]) / 2
        self.whole = np.array([1 / np.tanh(middle * x[:, :, 0]).mean() for x in self.lagged])
        ones = np.ones(number)
        self.prior = np.concatenate(
            [PRIOR_ALPHA[0] * ones, PRIOR_LOG_RATE[0] * ones, PRIOR_SHARE[0] * self.whole]
        )
        self.prior_spread = np.concatenate(
            [PRIOR_ALPHA[1] * ones, PRIOR_LOG_RATE[1] * ones, PRIOR_SHARE[1] * self.whole]
        )
        rest = self.linear.shape[2]
        self.low = np.concatenate([0 * ones, -3 * ones, 0 * ones, np.full(rest, -np.inf)])
        self.high = np.concatenate([0.95 * ones, 4 * ones, self.whole, np.full(rest, np.inf)])
        # Without any channel there are no negative outcomes: levels of places stay above 0.
        self.low[3 * number : 3 * number + len(panel.places)] = 0.0

    def _linear(self) -> np.ndarray:
        """Level of each place, trend, season, controls: (G, T, columns)."""
        count, weeks = self.panel.outcome.shape
        levels = np.repeat(np.eye(count)[:, None, :], weeks, axis=1)
        days = (self.panel.weeks - self.panel.weeks[0]).astype("timedelta64[D]").astype(float)
        common = [days / max(days[-1], 1.0) - 0.5]
        for harmonic in range(1, HARMONICS[count == 1] + 1):
            angle = 2 * np.pi * harmonic * days / 365.25
            common += [np.sin(angle), np.cos(angle)]
        columns = [np.repeat(np.array(common).T[None], count, axis=0)]
        for control in self.panel.controls.values():
            per_size = control / (self.size / self.size.mean())
            spread = np.nanstd(per_size) or 1.0
            shown = (per_size - np.nanmean(per_size)) / spread
            columns.append(np.where(np.isfinite(shown), shown, 0.0)[:, :, None])
        return np.concatenate([levels, *columns], axis=2)

    def effects(self, parameters: np.ndarray) -> np.ndarray:
        """(channels, G, T) in units of the place's mean outcome."""
        number = len(self.channels)
        found = []
        for c in range(number):
            stock = self.lagged[c] @ _weights(parameters[c])[0]
            rate = math.exp(parameters[number + c])
            found.append(parameters[2 * number + c] * np.tanh(0.5 * rate * stock))
        return np.array(found)

    def returns(self, parameters: np.ndarray) -> np.ndarray:
        """(2, channels, G, T): effects by the week of the spend, and those at 1 % more spend."""
        number = len(self.channels)
        found = []
        for c in range(number):
            rate, beta = math.exp(parameters[number + c]), parameters[2 * number + c]
            found.append(by_spend(self.spent[c], parameters[c], rate) * beta)
        return np.array(found).swapaxes(0, 1)

    def expected(self, parameters: np.ndarray) -> np.ndarray:
        rest = self.linear @ parameters[3 * len(self.channels) :]
        return self.effects(parameters).sum(axis=0) + rest

    def solve(
        self, target: np.ndarray, starts: Sequence[np.ndarray], held: np.ndarray | None = None,
        tolerance: float = 1e-7,
    ) -> np.ndarray:  # fmt: skip
        """The best of the least squares from each start; `held` are the middles of the priors."""
        from scipy.optimize import least_squares

        number = len(self.channels)
        known, weight = self.known, self.weight[self.known]
        goal = target[known]
        pull = self.noise / self.prior_spread
        middle = self.prior if held is None else held
        lagged = [x[known] for x in self.lagged]
        linear = self.linear[known]

        def both(parameters: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            slopes = np.empty((len(goal) + 3 * number, len(parameters)))
            slopes[len(goal) :] = 0.0
            expected = linear @ parameters[3 * number :]
            for c in range(number):
                weights, change = _weights(parameters[c])
                stock = lagged[c] @ weights
                rate, beta = math.exp(parameters[number + c]), parameters[2 * number + c]
                curve = np.tanh(0.5 * rate * stock)
                steep = 0.5 * beta * rate * (1 - curve**2)
                expected += beta * curve
                slopes[: len(goal), c] = steep * (lagged[c] @ change)
                slopes[: len(goal), number + c] = steep * stock
                slopes[: len(goal), 2 * number + c] = curve
            slopes[: len(goal), 3 * number :] = linear
            slopes[: len(goal)] *= weight[:, None]
            rows = np.arange(3 * number)
            slopes[len(goal) + rows, rows] = pull
            gaps = np.concatenate(
                [weight * (expected - goal), pull * (parameters[: 3 * number] - middle)]
            )
            return gaps, slopes

        best = None
        for start in starts:
            kept: dict[bytes, tuple[np.ndarray, np.ndarray]] = {}

            def told(parameters: np.ndarray, kept=kept) -> tuple[np.ndarray, np.ndarray]:
                key = parameters.tobytes()
                if key not in kept:
                    kept.clear()
                    kept[key] = both(parameters)
                return kept[key]

            found = least_squares(
                lambda p, told=told: told(p)[0], np.clip(start, self.low + 1e-9, self.high - 1e-9),
                jac=lambda p, told=told: told(p)[1], bounds=(self.low, self.high),
                xtol=tolerance, ftol=tolerance, gtol=tolerance, x_scale="jac", max_nfev=200,
            )  # fmt: skip
            if best is None or found.cost < best.cost:
                best = found
        return best.x

    def starts(self) -> list[np.ndarray]:
        """Short and long memory, each with the linear part that fits it."""
        number = len(self.channels)
        found = []
        for alpha, rate in ((0.2, 1.0), (0.5, 0.5)):
            head = np.concatenate([np.full(number, alpha), np.full(number, rate), np.ones(number)])
            curves = self.effects(np.append(head, np.zeros(self.linear.shape[2])))
            matrix = np.concatenate([curves.transpose(1, 2, 0), self.linear], axis=2)[self.known]
            solved = np.linalg.lstsq(matrix, self.target[self.known], rcond=None)[0]
            head[2 * number :] = np.clip(solved[:number], 0.01 * self.whole, 0.5 * self.whole)
            found.append(np.concatenate([head, solved[number:]]))
        return found

    def shuffled(self, residuals: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Residuals in blocks of weeks (circular), all places of a week together."""
        weeks = residuals.shape[1]
        starts = rng.integers(0, weeks, math.ceil(weeks / BLOCK))
        order = (starts[:, None] + np.arange(BLOCK)).ravel()[:weeks] % weeks
        return np.where(self.known, residuals, 0.0)[:, order]

    def draws(self, best: np.ndarray, found: list[np.ndarray]) -> Draws:
        caused = np.array([self.effects(p) for p in found]) * self.size
        returned, more = np.array([self.returns(p) for p in found]).swapaxes(0, 1) * self.size
        alphas = np.array(found)[:, : len(self.channels)]
        return Draws(
            self.channels, caused, returned, more, *carried(alphas),
            self.expected(best) * self.size,
        )  # fmt: skip


def by_spend(spent: np.ndarray, alpha: float, rate: float) -> np.ndarray:
    """(2, G, T): what `spent` (G, T) brings per unit of beta, by the week of the spend, and at 1 %
    more of it. What a week brings is divided among the weeks that it remembers as they make up
    what is remembered, so that parts add up; the last weeks are followed into LAGS - 1 empty
    ones."""
    count, weeks = spent.shape
    parts = _lags(np.pad(spent, ((0, 0), (0, LAGS - 1)))) * _weights(alpha)[0]
    stock = parts.sum(axis=2)
    found = np.zeros((2, count, weeks))
    for at, times in enumerate((1.0, 1.01)):
        each = np.divide(
            np.tanh(0.5 * rate * stock * times), stock, out=np.zeros_like(stock), where=stock > 0
        )
        for lag in range(LAGS):
            found[at] += (parts[:, :, lag] * each)[:, lag : lag + weeks]
    return found


def carried(alphas: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of adstock (draws, channels): the median (channels,) and 5 and 95 % (2, channels)."""
    return np.median(alphas, axis=0), np.quantile(alphas, (0.05, 0.95), axis=0)


def _weights(alpha: float) -> tuple[np.ndarray, np.ndarray]:
    """Normalized geometric adstock (LAGS,) and its derivative by alpha."""
    lags = np.arange(LAGS)
    powers = np.power(alpha, lags)
    slopes = np.concatenate([[0.0], lags[1:] * np.power(alpha, lags[1:] - 1)])
    total = powers.sum()
    return powers / total, slopes / total - powers * slopes.sum() / total**2


def _lags(series: np.ndarray) -> np.ndarray:
    """(G, T, LAGS): the series and its LAGS - 1 weeks before; nothing is known before the first
    week, so it begins at 0 as in PyMC-Marketing."""
    found = np.zeros((*series.shape, LAGS))
    for lag in range(min(LAGS, series.shape[1])):
        found[:, lag:, lag] = series[:, : series.shape[1] - lag]
    return found


def _weeks(panel: Panel, some: slice) -> Panel:
    return dataclasses.replace(
        panel, weeks=panel.weeks[some], outcome=panel.outcome[:, some],
        spends={name: x[:, some] for name, x in panel.spends.items()},
        controls={name: x[:, some] for name, x in panel.controls.items()},
    )  # fmt: skip


def _ends(known: np.ndarray) -> tuple[int, int]:
    where = np.flatnonzero(known)
    return (int(where[0]), int(where[-1]) + 1) if len(where) else (0, 0)


def _refusal(spend: np.ndarray) -> str | None:
    known = np.isfinite(spend)
    unknown = 1 - known.all(axis=0).mean()
    if unknown > MOST_UNKNOWN:
        return (
            f"spend is unknown in {100 * unknown:.0f} % of the weeks (at most "
            f"{100 * MOST_UNKNOWN:.0f} %); unknown is not zero."
        )
    total = np.nansum(spend, axis=0)[known.any(axis=0)]
    active = (total > 0).mean()
    if active < SHORTEST_ACTIVE:
        return (
            f"it ran in {100 * active:.0f} % of the weeks (at least {100 * SHORTEST_ACTIVE:.0f} %)."
        )
    variation = total.std() / total.mean()
    if variation < LEAST_VARIATION:
        return (
            f"its spend hardly varies (coefficient of variation {variation:.2f}, at least "
            f"{LEAST_VARIATION:.2f}): nothing shows what less would do."
        )
    return None


def _correlated(spends: dict[str, np.ndarray]) -> list[str]:
    found = []
    names = list(spends)
    for n, one in enumerate(names):
        for other in names[n + 1 :]:
            a, b = spends[one].ravel(), spends[other].ravel()
            both = np.isfinite(a) & np.isfinite(b)
            if a[both].std() and b[both].std():
                r = np.corrcoef(a[both], b[both])[0, 1]
                if abs(r) > MOST_CORRELATED:
                    found.append(
                        f"{one} and {other} run together (r = {r:.2f}): what is whose cannot be "
                        "told."
                    )
    return found
