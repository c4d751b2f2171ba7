"""Days, weeks, seasons and clocks of the sample organization.

Everything is generated for 2024-01-01 (a Monday, day 0) to 2026-12-31 and cut at `as_of`
afterwards, so that an earlier `as_of` sees a prefix of the same world.
"""

from __future__ import annotations

import datetime as dt
import functools
import zlib
from zoneinfo import ZoneInfo

import numpy as np

START = dt.date(2024, 1, 1)
END = dt.date(2026, 12, 31)
DAYS = (END - START).days + 1
WEEKS = DAYS // 7 + 1
DAY0 = np.datetime64(START, "D")
EARLIEST = 4_000  # days before day 0 that are ever written
BERLIN, LONDON, NEW_YORK = "Europe/Berlin", "Europe/London", "America/New_York"

# Share of a week's business on Monday..Sunday: business to business rests at weekends.
WEEKDAYS = np.array([0.205, 0.21, 0.205, 0.19, 0.135, 0.03, 0.025])
# A month's business relative to the mean: spring and autumn, a summer hole, quiet holidays.
MONTHS = np.array([0.97, 1.03, 1.12, 1.08, 1.06, 1.0, 0.86, 0.80, 1.07, 1.13, 1.10, 0.78])


def stream(seed: int, *names: str | int) -> np.random.Generator:
    """A random stream of its own for one subject: a change in one never reshuffles another."""
    keys = [zlib.crc32(str(name).encode()) for name in names]
    return np.random.default_rng([seed, *keys])


def day(date: dt.date | str) -> int:
    """Number of a date, counted from 2024-01-01."""
    date = dt.date.fromisoformat(date) if isinstance(date, str) else date
    return (date - START).days


def date(number: int) -> dt.date:
    return START + dt.timedelta(days=int(number))


def dates(numbers: np.ndarray) -> np.ndarray:
    """Day numbers as datetime64[D]; works before 2024 too."""
    return DAY0 + np.asarray(numbers, dtype="int64")


def iso(numbers: np.ndarray, known: np.ndarray | bool = True) -> np.ndarray:
    """Day numbers as '2024-01-31'; empty where not known. Object array."""
    return shown(np.datetime_as_string(dates(numbers)), known)


def written(numbers: np.ndarray, form: str, known: np.ndarray | bool = True) -> np.ndarray:
    """Day numbers written with strftime's `form`; empty where not known. Object array."""
    return shown(_texts(form)[np.asarray(numbers, dtype="int64") + EARLIEST], known)


def quarter(numbers: np.ndarray) -> np.ndarray:
    """Day numbers as '2024-Q1', as exports are named. Object array."""
    return _quarters()[np.asarray(numbers, dtype="int64") + EARLIEST]


@functools.cache
def _quarters() -> np.ndarray:
    months = _texts("%Y-%m")
    return np.array([f"{m[:4]}-Q{(int(m[5:]) + 2) // 3}" for m in months], dtype=object)


@functools.cache
def _texts(form: str) -> np.ndarray:
    """Every day written in a form, from EARLIEST days before day 0."""
    days = range(-EARLIEST, DAYS + 2_000)
    return np.array([date(number).strftime(form) for number in days], dtype=object)


def shown(values: np.ndarray, known: np.ndarray | bool) -> np.ndarray:
    """`values` as an object array with None where not known."""
    values = np.asarray(values, dtype=object)
    if known is True:
        return values
    return np.where(known, values, None)


def local(seconds: np.ndarray, zone: str) -> np.ndarray:
    """UTC seconds since 2024-01-01 as seconds on the wall clock of `zone`, daylight saving told."""
    changes, offsets = _offsets(zone)
    return seconds + offsets[np.searchsorted(changes, seconds, side="right")]


def utc(seconds: np.ndarray, zone: str) -> np.ndarray:
    """Seconds on the wall clock of `zone` since 2024-01-01 as UTC seconds."""
    changes, offsets = _offsets(zone)
    guess = seconds - offsets[np.searchsorted(changes, seconds, side="right")]
    return seconds - offsets[np.searchsorted(changes, guess, side="right")]


def stamps(
    seconds: np.ndarray, known: np.ndarray | bool = True, form: str = "iso", zone: str = "UTC"
) -> np.ndarray:
    """UTC seconds as text on the wall clock of `zone`. `form`: iso ('2024-01-31T08:00:00'),
    blank ('2024-01-31 08:00:00') or german ('31.01.2024 08:00'). None where not known."""
    seconds = np.where(known, seconds, 0).astype("int64")
    if zone != "UTC":
        seconds = local(seconds, zone)
    if form == "german":
        days, rest = np.divmod(seconds, 86400)
        clock = np.array([f" {m // 60:02d}:{m % 60:02d}" for m in range(1440)], dtype=object)
        return shown(written(days, "%d.%m.%Y") + clock[rest // 60], known)
    texts = np.datetime_as_string(
        np.datetime64(START, "s") + seconds.astype("timedelta64[s]"), unit="s"
    )
    if form == "blank" and len(texts):
        texts = np.char.replace(texts, "T", " ")
    return shown(texts, known)


@functools.cache
def _offsets(zone: str) -> tuple[np.ndarray, np.ndarray]:
    """Moments (UTC seconds from day 0) at which the zone's offset changes, and the offsets."""
    info, changes, offsets = ZoneInfo(zone), [], []
    zero = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)

    def offset(second: int) -> float:
        moment = zero + dt.timedelta(seconds=second)
        return moment.astimezone(info).utcoffset().total_seconds()

    offsets.append(offset(-EARLIEST * 86_400))
    for second in range(-EARLIEST * 86_400, (DAYS + 2_000) * 86_400, 86_400):
        if offset(second + 86_400) != offsets[-1]:
            hours = range(second, second + 90_000, 3_600)
            changes.append(next(hour for hour in hours if offset(hour) != offsets[-1]))
            offsets.append(offset(changes[-1]))
    return np.array(changes, dtype="int64"), np.array(offsets, dtype="int64")


@functools.cache
def season() -> np.ndarray:
    """Business of each day relative to an average one, without weekday and growth. (DAYS,)"""
    found = np.empty(DAYS)
    for number in range(DAYS):
        today = date(number)
        middle = dt.date(today.year, today.month, 15)
        other = middle + dt.timedelta(days=31 if today >= middle else -31)
        share = abs((today - middle).days) / 31
        level = MONTHS[today.month - 1] * (1 - share) + MONTHS[other.month - 1] * share
        if (today.month, today.day) >= (12, 22) or (today.month, today.day) <= (1, 4):
            level *= 0.45
        found[number] = level
    return found


def growth(yearly: float) -> np.ndarray:
    """Level of each day, growing by `yearly` a year from 1 on day 0. (DAYS,)"""
    return (1 + yearly) ** (np.arange(DAYS) / 365.25)


def weekly(daily: np.ndarray) -> np.ndarray:
    """Mean of each week's days. (WEEKS,)"""
    week = np.arange(DAYS) // 7
    return np.bincount(week, daily, WEEKS) / np.bincount(week, minlength=WEEKS)
