"""Working days: which days business is done on, so that two years are compared where they stand.

A year's tenth of April lies before Easter in one year and after it in the next. Where business
rests at weekends and on holidays, the n-th working day is the better mark than the date. Holidays
are the organization's own ([organization] holidays): MM-DD, or easter±days for those that move.
"""

from __future__ import annotations

import bisect
import datetime as dt
import functools
import itertools
import re

from settings import ConfigError

Rules = tuple[str, ...]
RULE = re.compile(r"(?:(\d\d)-(\d\d)|easter([+-]\d{1,2})?)")


@functools.lru_cache(maxsize=64)
def holidays(rules: Rules, year: int) -> frozenset[dt.date]:
    """The holidays of a year. Raises ConfigError for a rule that is neither MM-DD nor
    easter±days."""
    from dateutil.easter import easter

    found = set()
    for rule in rules:
        told = RULE.fullmatch(rule)
        try:
            if told is None:
                raise ValueError
            month, day, offset = told.groups()
            found.add(
                dt.date(year, int(month), int(day)) if month
                else easter(year) + dt.timedelta(days=int(offset or 0))
            )  # fmt: skip
        except ValueError:
            if rule == "02-29":
                continue
            raise ConfigError(
                f"[organization] holidays: '{rule}' is no day of a year; write MM-DD, or easter-2 "
                "and easter+1 for Good Friday and Easter Monday."
            ) from None
    return frozenset(found)


@functools.lru_cache(maxsize=256)
def working_days(rules: Rules, first: dt.date, last: dt.date) -> tuple[dt.date, ...]:
    """Mondays to Fridays of [first, last] that are no holiday, in order."""
    days = (first + dt.timedelta(days=k) for k in itertools.count())
    return tuple(
        day for day in itertools.takewhile(lambda day: day <= last, days)
        if day.weekday() < 5 and day not in holidays(rules, day.year)
    )  # fmt: skip


def worked(rules: Rules, first: dt.date, last: dt.date, day: dt.date) -> float:
    """Share of the working days of [first, last] that are gone at the end of `day`."""
    days = working_days(rules, first, last)
    return bisect.bisect_right(days, day) / len(days) if days else 0.0


def until(rules: Rules, first: dt.date, last: dt.date, share: float) -> list[tuple[dt.date, float]]:
    """The days of [first, last] whose ends stand where `share` of its working days is gone, with
    their weights: one day, or two neighbours in proportion. What happens on a day off counts with
    the working day before it."""
    days = working_days(rules, first, last)
    place = share * len(days)
    whole = min(int(place + 1e-9), len(days))
    ends = [*(day - dt.timedelta(days=1) for day in days), last]
    over = place - whole
    if over < 1e-9 or whole == len(days):
        return [(ends[whole], 1.0)]
    return [(ends[whole], 1 - over), (ends[whole + 1], over)]
