"""How far off a goal's forecast was before: the rule at earlier periods, and how weeks scatter.

A goal of a year has two or three years behind it, too few to know its forecast's error. A year may
begin in any month: periods as long as the goal's, slid back month by month, that ended before the
reading, are forecast at the same place from the years before them and held against how they ended.
They overlap, so they count for no more than the stretches they cover.
"""

from __future__ import annotations

import datetime as dt
import math
import typing
from collections.abc import Callable, Iterator

from metrics import pacing
from metrics.pacing import Rest, Trend, Trial
from metrics.periods import (
    Period,
    Series,
    comparable_shares,
    elapsed_share,
    last_end,
    level_history,
    months_later,
    slid,
    steps_between,
)

QUARTER = 3
STEPS = {"day": 1, "week": 12, "month": 1, "quarter": 3, "year": 12}  # months between periods
REACH = 36  # months back that are looked at: before, it was another business
FEWEST = 4  # weeks (or what the metric is known by) that a scatter is read from
MONTH = {"day": 4, "week": 4, "month": 1, "quarter": 1, "year": 1}
YEARS = {"day": 52, "week": 52, "month": 12, "quarter": 4, "year": 1}


class Outlook(typing.NamedTuple):
    """A period as seen on a day: `rest` (None: no forecast can be made), how much of its
    denominator it will have (1 unless a ratio), the shares done and the seasons they come of."""

    rest: Rest | None
    whole: float
    done: tuple[float, float]
    seasons: int
    actual: float | None


class Past(typing.NamedTuple):
    """A goal's series and what was found of it already; every reading asks for the same."""

    series: Series
    is_ratio: bool
    can_fall: bool
    misses: dict[tuple[dt.date, dt.date], float | None]
    trends: dict[tuple[dt.date, dt.date], Trend | None]
    weeks: list[tuple[dt.date, float, float]]


Missed = Callable[[Past, Period, dt.date], float | None]


def past(series: Series, is_ratio: bool, unit: str) -> Past:
    """Amounts, shares and minutes do not fall below nothing where they never did; points do."""
    part = "above" if is_ratio else "value"
    fell = any((getattr(point, part) or 0) < 0 for point in series.points)
    return Past(series, is_ratio, fell or unit == "points", {}, {}, _weeks(series, is_ratio))


def outlook(known: Past, period: Period, day: dt.date) -> Outlook:
    """`period` on `day` (the end of a period of the series' grain), from the years before it."""
    series, parts = known.series, ("above", "below") if known.is_ratio else ("value", "value")
    found = [comparable_shares(series, period, day, part) for part in dict.fromkeys(parts)]
    seasons = min(len(shares) for shares in found)
    elapsed = elapsed_share(period, day, series.holidays)
    above = pacing.mean(found[0][:seasons]) if seasons else elapsed
    below = pacing.mean(found[-1][:seasons]) if seasons else elapsed
    top = series.total(period.first, day, parts[0])
    bottom = series.total(period.first, day, "below") if known.is_ratio else 1.0
    if top is None or not bottom:
        return Outlook(None, 1.0, (above, below), seasons, None)
    whole = bottom / below if known.is_ratio and below > 0 else 1.0
    rest = None
    if top > 0 and above > 0 and (below > 0 or not known.is_ratio):
        still = top * (1 / above - 1)
        size = series.size(period.first, day, parts[0]) if known.can_fall else top
        rest = Rest(top, still, seasons, (size, size * (1 / above - 1)), known.can_fall)
    return Outlook(rest, whole, (above, below), seasons, top / bottom)


def trial(
    known: Past, period: Period, day: dt.date, through: dt.date
) -> tuple[float, Trial] | None:
    """(phi, width) for what `period` brings after `day`, from what was known on `through`. None
    where too few weeks are known to say how they scatter."""
    phi, count = _scatter(known, through)
    if phi is None:
        return None
    misses, apart = _misses(known, period, day, through, STEPS[known.series.grain], _missed)
    width = pacing.judged([miss / math.sqrt(phi) for miss in misses] if phi else [], apart)
    return phi, Trial(width, min(pacing.PRIOR + apart, count))


def level_width(known: Past, period: Period, day: dt.date, through: dt.date) -> float:
    """By how much a level's interval must be wider than its trend says, by how far trends at the
    same place of earlier periods missed their ends."""
    if day < period.last:
        day = max(last_end(day, "month"), period.first)  # months have been looked at already
    return pacing.judged(*_misses(known, period, day, through, QUARTER, _trend_missed))


def earlier_periods(series: Series, period: Period, step: int) -> Iterator[tuple[int, Period]]:
    """(months back, period) of those as long as `period` that the series holds from their start,
    newest first."""
    for months in range(step, REACH + 1, step):
        earlier = slid(period, months)
        if series.known_from is None or earlier.first < series.known_from:
            return
        yield months, earlier


def trend(known: Past, period: Period, day: dt.date) -> Trend | None:
    """Where the level known on `day` would stand when `period` ends; None without a value."""
    key = (period.last, day)
    if key not in known.trends:
        history = level_history(known.series, day)
        steps = steps_between(known.series.grain, history[-1][0], period.last) if history else 0
        known.trends[key] = None
        if history:
            values = [value for _, value in history]
            known.trends[key] = pacing.trend(values, steps, known.can_fall)
    return known.trends[key]


def _misses(
    known: Past, period: Period, day: dt.date, through: dt.date, step: int, missed: Missed
) -> tuple[list[float], float]:
    """(misses at the place of `day` in earlier periods that had ended by `through`, how many of
    them are independent: the time their remainders cover, in remainders)."""
    misses, ends = [], []
    for months, earlier in earlier_periods(known.series, period, step):
        on = months_later(day + dt.timedelta(days=1), -months) - dt.timedelta(days=1)
        if earlier.last > through:
            continue
        key = (earlier.first, on)
        if key not in known.misses:
            known.misses[key] = missed(known, earlier, on)
        if known.misses[key] is not None:
            misses.append(known.misses[key])
            ends.append((on, earlier.last))
    if not ends:
        return [], 0.0
    covered = (ends[0][1] - ends[-1][0]).days / max(1, (period.last - day).days)
    return misses, min(max(1.0, covered), len(misses))


def _trend_missed(known: Past, period: Period, day: dt.date) -> float | None:
    found, history = trend(known, period, day), level_history(known.series, period.last)
    if found is None or not found.width or (period.last - history[-1][0]).days > 31:
        return None
    return (history[-1][1] - found.value) / found.width


def _missed(known: Past, period: Period, day: dt.date) -> float | None:
    seen = outlook(known, period, last_end(day, known.series.grain))
    if seen.seasons == 0 or seen.rest is None or seen.rest.sizes[1] <= 0:
        return None
    parts = ("above", "below") if known.is_ratio else ("value",)
    final = [known.series.total(period.first, period.last, part) for part in parts]
    if None in final or not final[-1]:
        return None
    found = final[0] / final[1] * seen.whole if known.is_ratio else final[0]
    return pacing.missed(seen.rest, found - seen.rest.done)


def _weeks(series: Series, is_ratio: bool) -> list[tuple[dt.date, float, float]]:
    """(last day, amount, denominator) of each ISO week, or of each stored period above a day;
    a day without a row counts for nothing, as in every sum."""
    part = "above" if is_ratio else "value"
    found: dict[dt.date, list[float]] = {}
    if series.grain == "day" and series.points:
        first, last = series.points[0].first, series.points[-1].last
        monday = first + dt.timedelta(days=-first.weekday() % 7)
        for k in range(((last - monday).days + 1) // 7):
            found[monday + dt.timedelta(days=7 * k + 6)] = [0.0, 0.0]
    for point in series.points:
        end = point.last
        if series.grain == "day":
            end += dt.timedelta(days=6 - end.weekday())
            if end not in found:
                continue
        sums = found.setdefault(end, [0.0, 0.0])
        sums[0] += getattr(point, part) or 0.0
        sums[1] += point.below or 0.0
    return [(end, *sums) for end, sums in sorted(found.items())]


def _scatter(known: Past, through: dt.date) -> tuple[float | None, int]:
    """(phi, weeks it comes of) up to `through`."""
    weeks = [week for week in known.weeks if week[0] <= through]
    year = YEARS[known.series.grain]
    if known.is_ratio:  # the year before at this week's denominator
        pairs = [
            (n[1], t[1] * n[2] / t[2]) for n, t in zip(weeks[year:], weeks, strict=False) if t[2]
        ]
    else:
        pairs = [(now[1], then[1]) for now, then in zip(weeks[year:], weeks, strict=False)]
    if len(pairs) < FEWEST:
        return None, 0
    by_month = _sums(pairs, MONTH[known.series.grain])
    phi = pacing.scatter(pairs)
    if len(by_month) >= FEWEST:  # what bursts for weeks scatters more by the month
        phi = max(phi, pacing.scatter(by_month))
    return phi, len(pairs)


def _sums(pairs: list[tuple[float, float]], size: int) -> list[tuple[float, float]]:
    """Sums of `size` pairs in a row, the newest last."""
    starts = range(len(pairs) % size, len(pairs), size)
    return [
        (math.fsum(a for a, _ in pairs[k : k + size]), math.fsum(b for _, b in pairs[k : k + size]))
        for k in starts
    ]
