"""Periods and what a metric brought in them: calendars, comparable years, shares of the whole."""

from __future__ import annotations

import bisect
import datetime as dt
import math
import typing

from pydantic import Field

from metrics import pacing, workdays
from settings import strict

GRAINS = ("day", "week", "month", "quarter", "year")
RESTING = 0.25  # of a weekday: what a weekend day carries at most where business rests
COVERED = 14  # days that a comparable period's first value may lie after its start


@strict
class Period:
    """First and last day of a goal, both counted."""

    first: dt.date = Field(alias="from")
    last: dt.date = Field(alias="to")


class Point(typing.NamedTuple):
    """One stored period of a metric: first and last day, value, numerator, denominator."""

    first: dt.date
    last: dt.date
    value: float | None
    above: float | None
    below: float | None


class Series(typing.NamedTuple):
    """A metric's slice at one grain, oldest first, and the first day the metric is known at.
    `holidays`: periods are compared by working days, with these off; None: by the date. `wait`:
    days until what belongs to a day is decided."""

    grain: str
    points: list[Point]
    known_from: dt.date | None
    holidays: workdays.Rules | None = None
    wait: dt.timedelta = dt.timedelta(0)

    def within(self, first: dt.date, last: dt.date) -> list[Point]:
        """Points that lie wholly in [first, last]."""
        start = bisect.bisect_left(self.points, first, key=lambda p: p.first)
        stop = bisect.bisect_right(self.points, last, key=lambda p: p.last)
        return self.points[start:stop]

    def total(self, first: dt.date, last: dt.date, part: str = "value") -> float | None:
        """Sum of a part over [first, last]; None where nothing is known."""
        found = [getattr(p, part) for p in self.within(first, last)]
        known = [number for number in found if number is not None]
        return math.fsum(known) if known else None

    def size(self, first: dt.date, last: dt.date, part: str = "value") -> float:
        """Sum of a part's amounts over [first, last], whatever their signs."""
        return math.fsum(abs(getattr(p, part) or 0.0) for p in self.within(first, last))


def comparable_periods(period: Period, count: int = pacing.PERIODS) -> list[Period]:
    """The same days of earlier years (of the year before for anything up to a year), newest
    first."""
    years = max(1, math.ceil(((period.last - period.first).days + 1) / 366))
    return [
        Period(**{"from": shift(period.first, -k * years), "to": shift(period.last, -k * years)})
        for k in range(1, count + 1)
    ]


def comparable_shares(series: Series, period: Period, day: dt.date, part: str) -> list[float]:
    """Share of its final total that each comparable period had reached on the day `day`, newest
    first; periods that were not known from their start are left out."""
    shares = []
    for earlier in comparable_periods(period):
        if series.known_from is None or (series.known_from - earlier.first).days > COVERED:
            break
        final = series.total(earlier.first, earlier.last, part)
        if final is None or final <= 0:
            break
        if series.holidays is None:
            ends = [(same_day(day, period, earlier), 1.0)]
        else:
            gone = workdays.worked(series.holidays, period.first, period.last, day)
            ends = workdays.until(series.holidays, earlier.first, earlier.last, gone)
        reached = (w * (series.total(earlier.first, at, part) or 0.0) for at, w in ends)
        shares.append(math.fsum(reached) / final)
    return shares


def rests_at_weekends(series: Series) -> bool:
    """Whether a weekend day carries less than a quarter of a weekday; sizes, not signs, count."""
    sizes = ([], [])
    for p in series.points:
        size = p.value if p.below is None else p.below
        if size is not None:
            sizes[p.first.weekday() >= 5].append(abs(size))
    week, weekend = (math.fsum(s) / days for s, days in zip(sizes, (5, 2), strict=True))
    return weekend < RESTING * week


def same_day(day: dt.date, period: Period, earlier: Period) -> dt.date:
    """The day of `earlier` that stands where `day` stands in `period`."""
    if day >= period.last:
        return earlier.last
    return shift(day, earlier.first.year - period.first.year)


def shift(day: dt.date, years: int) -> dt.date:
    """The same day of another year; the last of February stays the last of February."""
    if (day.month, day.day) in ((2, 28), (2, 29)) and (day + dt.timedelta(days=1)).month == 3:
        return dt.date(day.year + years, 3, 1) - dt.timedelta(days=1)
    return day.replace(year=day.year + years)


def slid(period: Period, months: int) -> Period:
    """A period as long that begins `months` earlier."""
    over = months_later(period.last + dt.timedelta(days=1), -months)
    return Period(**{"from": months_later(period.first, -months),
                     "to": over - dt.timedelta(days=1)})  # fmt: skip


def months_later(day: dt.date, months: int) -> dt.date:
    """The same day of another month, or its last where there is no such day."""
    place = day.year * 12 + day.month - 1 + months
    first = dt.date(place // 12, place % 12 + 1, 1)
    return min(first + dt.timedelta(days=day.day - 1), last_day(first, "month"))


def elapsed_share(period: Period, day: dt.date, holidays: workdays.Rules | None = None) -> float:
    """Share of the period's days (working days, if holidays are told) gone at the end of `day`."""
    if holidays is not None:
        return workdays.worked(holidays, period.first, period.last, day)
    total = (period.last - period.first).days + 1
    return min(1.0, max(0.0, ((day - period.first).days + 1) / total))


def sundays(first: dt.date, last: dt.date) -> list[dt.date]:
    """Ends of ISO weeks in [first, last]."""
    day = first + dt.timedelta(days=6 - first.weekday())
    return [day + dt.timedelta(weeks=week) for week in range(max(0, (last - day).days // 7 + 1))]


def tiles(grain: str, period: Period) -> bool:
    """Whether whole periods of `grain` fill the goal's period."""
    before = period.first - dt.timedelta(days=1)
    return last_end(before, grain) == before and last_end(period.last, grain) == period.last


def last_end(day: dt.date, grain: str) -> dt.date:
    """The last day on or before `day` on which a period of `grain` ends."""
    first = day if grain == "day" else day - dt.timedelta(days=day.weekday())
    if grain not in ("day", "week"):
        months = {"month": 1, "quarter": 3, "year": 12}[grain]
        first = dt.date(day.year, (day.month - 1) // months * months + 1, 1)
    return day if last_day(first, grain) == day else first - dt.timedelta(days=1)


def last_day(first: dt.date, grain: str) -> dt.date:
    """The last day of the period of `grain` that begins on `first`."""
    if grain in ("day", "week"):
        return first + dt.timedelta(days=0 if grain == "day" else 6)
    months = {"month": 1, "quarter": 3, "year": 12}[grain]
    month = first.month - 1 + months
    return dt.date(first.year + month // 12, month % 12 + 1, 1) - dt.timedelta(days=1)


def steps_between(grain: str, at: dt.date, end: dt.date) -> int:
    """Periods of the reading's grain from `at` to `end`; days are read once a week."""
    if end <= at:
        return 0
    if grain in ("day", "week"):
        return max(1, round((end - at).days / 7))
    months = (end.year - at.year) * 12 + end.month - at.month
    return max(1, round(months / {"month": 1, "quarter": 3, "year": 12}[grain]))


def level_history(series: Series, through: dt.date) -> list[tuple[dt.date, float]]:
    """[(day, value)] of a level up to `through`, oldest first: each stored period, or for days
    the last value of each seven days counted back from the newest."""
    known = [(p.last, p.value) for p in series.points if p.last <= through and p.value is not None]
    if series.grain != "day" or not known:
        return known
    weekly = [known[-1]]
    for day, value in reversed(known):
        if (weekly[-1][0] - day).days >= 7:
            weekly.append((day, value))
    return weekly[::-1]


def ratio_scale(series: Series) -> float:
    """100 for a ratio that is stored in hundredths, 1 for one stored as it is."""
    for p in series.points:
        if p.value and p.above and p.below:
            return float(f"{p.value / (p.above / p.below):.6g}")
    return 1.0
