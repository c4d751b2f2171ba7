"""The planted truth: what the sample organization does in its markets, and what it causes.

Leads and direct orders of a market and week are Poisson with mean
`ground + sum over channels of top * sat(adstock(exposure))`, with geometric adstock
`a[t] = (1 - theta) * x[t] + theta * a[t-1]` and saturation `sat(a) = a / (a + half)`.
Exposure is spend in EUR, or for channels without spend attendees, clips or impressions.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools

import numpy as np

from ingestion.sample import timeline
from ingestion.sample.timeline import DAYS, WEEKS


@dataclasses.dataclass(frozen=True)
class Market:
    """A geography, as it stands in every file."""

    geography: str
    country: str
    currency: str
    zone: str
    weight: float
    population: int


MARKETS = (
    Market("DE-North", "DE", "EUR", timeline.BERLIN, 0.16, 14_600_000),
    Market("DE-South", "DE", "EUR", timeline.BERLIN, 0.22, 24_600_000),
    Market("DE-East", "DE", "EUR", timeline.BERLIN, 0.12, 16_200_000),
    Market("DE-West", "DE", "EUR", timeline.BERLIN, 0.20, 28_900_000),
    Market("GB", "GB", "GBP", timeline.LONDON, 0.18, 67_700_000),
    Market("US", "US", "USD", timeline.NEW_YORK, 0.12, 55_000_000),
)
WEIGHTS = np.array([market.weight for market in MARKETS])


@dataclasses.dataclass(frozen=True)
class Effect:
    """A channel's planted effect: leads and direct orders it causes in 2024, memory, saturation."""

    channel: str
    leads: float
    orders: float
    theta: float
    half: float  # half saturation, in mean non-zero weeks of exposure
    yearly: float  # exposure of 2024: EUR, or attendees, clips, impressions


EFFECTS = (
    Effect("tv", 120, 260, 0.60, 1.2, 380_000),
    Effect("radio", 62, 120, 0.35, 1.0, 128_000),
    Effect("print", 34, 48, 0.40, 1.5, 104_000),
    Effect("out_of_home", 16, 30, 0.30, 1.2, 86_000),
    Effect("events", 190, 60, 0.50, 2.0, 2_600),
    Effect("direct_mail", 52, 150, 0.35, 1.2, 62_000),
    Effect("pr", 42, 50, 0.40, 1.5, 230),
    Effect("email", 84, 240, 0.10, 1.5, 24_000),
    Effect("paid_search", 190, 300, 0.05, 1.0, 205_000),
    Effect("paid_social", 84, 90, 0.20, 1.2, 156_000),
    Effect("display", 2, 0, 0.20, 1.0, 68_000),
    Effect("organic_social", 56, 70, 0.30, 1.5, 5_200_000),
    Effect("employee_advocacy", 38, 30, 0.30, 1.5, 1_300_000),
)
CHANNELS = tuple(effect.channel for effect in EFFECTS)
GROUND_LEADS, GROUND_ORDERS = 480.0, 1_560.0  # in 2024, without any channel
LEADS_GROWTH, ORDERS_GROWTH = 0.06, 0.05
HOLDOUT = ("2025-09-29", "2025-12-07", ("DE-East", "DE-West"))  # radio on the air only there
# A flight that the agency planned: on the air where it thought best, and nobody drew lots.
FLIGHT = ("2026-05-25", "2026-06-21", ("DE-South", "DE-East", "GB"))
DISPLAY_STOPPED = "2026-03-02"


@functools.lru_cache(maxsize=4)
def exposure(seed: int) -> np.ndarray:
    """What each channel puts into each market and week. (channels, markets, weeks)"""
    found = np.zeros((len(EFFECTS), len(MARKETS), WEEKS))
    for number, effect in enumerate(EFFECTS):
        rng = timeline.stream(seed, "plan", effect.channel)
        shape = np.array([_flights(effect.channel, m) for m in range(len(MARKETS))])
        shape *= WEIGHTS[:, None] * rng.lognormal(0, 0.30, shape.shape)
        shape[:, 52:] *= 1.06
        shape[:, 104:] *= 1.05
        found[number] = shape * effect.yearly / shape[:, :52].sum()
    return found


def _flights(channel: str, market: int) -> np.ndarray:
    """When a channel is on in a market: relative pressure by week. (WEEKS,)"""
    level = np.zeros(WEEKS)
    week = np.arange(WEEKS)
    german = MARKETS[market].country == "DE"
    name = MARKETS[market].geography

    def on(start: str, weeks: int, pressure: float = 1.0) -> None:
        first = timeline.day(start) // 7
        level[first : first + weeks] = pressure

    if channel == "tv" and name != "US":
        for start, weeks in (
            ("2024-03-04", 6), ("2024-09-16", 5), ("2025-02-24", 6), ("2025-09-08", 5),
            ("2026-02-16", 7), ("2026-09-07", 6),
        ):  # fmt: skip
            # Regions do not air every burst: without such variation no model can tell TV from
            # the season.
            if german and (timeline.day(start) // 7 + market) % 4 == 0:
                continue
            if not german and start < "2025":
                continue
            on(start, weeks, 1.0 if german else 0.5)
    elif channel == "radio" and name != "US":
        for number, (start, weeks) in enumerate((
            ("2024-01-29", 4), ("2024-05-13", 4), ("2024-10-28", 4), ("2025-02-03", 4),
            ("2025-05-12", 4), ("2026-02-02", 4), ("2026-05-25", 4), ("2026-09-28", 4),
        )):  # fmt: skip
            if (number + market) % 3:
                on(start, weeks)
        if name in HOLDOUT[2]:
            weeks = (timeline.day(HOLDOUT[1]) - timeline.day(HOLDOUT[0]) + 1) // 7
            on(HOLDOUT[0], weeks, 1.5)
    elif channel == "print":
        level[(week + market) % (4 if name == "US" else 2) == 0] = 1.0
    elif channel == "out_of_home" and name != "US":
        for start in range(3 + 2 * market, WEEKS, 11):
            level[start : start + 2] = 1.0
    elif channel == "events":
        for event in EVENTS:
            if MARKETS[market].geography == event[4]:
                level[timeline.day(event[2]) // 7] += event[5] / WEIGHTS[market]
    elif channel == "direct_mail":
        if name in ("DE-South", "DE-West", "GB"):
            level[(week + 3 * market) % 5 == 0] = 1.0
    elif channel in ("paid_search", "email", "pr", "organic_social", "employee_advocacy"):
        level[:] = timeline.weekly(timeline.season()) ** (0.5 if channel != "paid_search" else 0.8)
        if channel == "employee_advocacy":
            level *= 0.75 + 0.004 * week
    elif channel == "paid_social":
        level[:] = 0.6 + 0.9 * ((week // 4 + market) % 3 == 0)
    elif channel == "display":
        level[: timeline.day(DISPLAY_STOPPED) // 7] = 1.0
    return level


# Events that were held: id, name, first day, days, market, people who came, kind, spend in EUR.
def _events() -> tuple[tuple, ...]:
    fairs = (
        ("sensor-test", "Sensor+Test fair", "06-11", 3, "DE-South", 330, "fair", 46_000),
        ("control", "Control fair Stuttgart", "04-23", 4, "DE-South", 290, "fair", 41_000),
        ("hannover", "Hanover industrial fair", "04-08", 5, "DE-North", 380, "fair", 52_000),
        ("metrology-uk", "UK Metrology Expo", "10-08", 2, "GB", 210, "fair", 24_000),
        ("quality-show", "Quality Show Chicago", "10-22", 3, "US", 180, "fair", 33_000),
        ("lab-days", "Laboratory days Leipzig", "11-12", 2, "DE-East", 120, "conference", 12_000),
    )
    found = []
    for year in (2024, 2025, 2026):
        for key, name, when, days, market, people, kind, spend in fairs:
            first = dt.date.fromisoformat(f"{year}-{when}")
            first -= dt.timedelta(days=(first.weekday() - 1) % 7)
            people = round(people * 1.05 ** (year - 2024))
            found.append(
                (f"ev-{year}-{key}", f"{name} {year}", first, days, market, people, kind,
                 round(spend * 1.04 ** (year - 2024)))
            )  # fmt: skip
        for month in (1, 2, 3, 5, 6, 9, 10, 11):
            market = MARKETS[(month + year) % len(MARKETS)].geography
            first = dt.date(year, month, 14)
            first -= dt.timedelta(days=(first.weekday() - 3) % 7)
            found.append(
                (f"ev-{year}-web{month:02d}", f"Webinar {first:%B %Y}", first, 1, market,
                 70 + 9 * month, "webinar", 1_500)
            )  # fmt: skip
        for month in (2, 5, 9, 11):
            market = MARKETS[(month * 2 + year) % 4].geography
            first = dt.date(year, month, 20)
            first -= dt.timedelta(days=(first.weekday() - 2) % 7)
            found.append(
                (f"ev-{year}-meet{month:02d}", f"User meetup {market} {first:%B %Y}", first, 1,
                 market, 35, "meetup", 2_800)
            )  # fmt: skip
    return tuple(sorted(found, key=lambda event: (event[2], event[0])))


EVENTS = _events()


@dataclasses.dataclass(frozen=True)
class Demand:
    """Means by week: `leads` and `orders` caused by each channel, last row the ground.
    Both (channels + 1, markets, weeks)."""

    leads: np.ndarray
    orders: np.ndarray


@functools.lru_cache(maxsize=4)
def demand(seed: int) -> Demand:
    pressure = exposure(seed)
    season = timeline.weekly(timeline.season())
    shape = (len(EFFECTS) + 1, len(MARKETS), WEEKS)
    leads, orders = np.zeros(shape), np.zeros(shape)
    for number, effect in enumerate(EFFECTS):
        answered = response(pressure[number], effect)
        answered *= WEIGHTS[:, None] if answered.any() else 1
        answered *= 1 / answered[:, :52].sum()
        leads[number] = answered * effect.leads
        orders[number] = answered * effect.orders
    for array, ground, yearly in (
        (leads, GROUND_LEADS, LEADS_GROWTH),
        (orders, GROUND_ORDERS, ORDERS_GROWTH),
    ):
        level = season * timeline.weekly(timeline.growth(yearly))
        array[-1] = ground * WEIGHTS[:, None] * level / level[:52].sum() / WEIGHTS.sum()
    return Demand(leads, orders)


def response(pressure: np.ndarray, effect: Effect) -> np.ndarray:
    """Adstocked and saturated exposure, between 0 and 1. (markets, weeks)"""
    stock = np.zeros_like(pressure)
    carried = np.zeros(len(pressure))
    for week in range(WEEKS):
        carried = (1 - effect.theta) * pressure[:, week] + effect.theta * carried
        stock[:, week] = carried
    active = pressure[:, :52]
    usual = active.sum(1) / np.maximum((active > 0).sum(1), 1)
    usual = np.where(usual > 0, usual, pressure.sum(1) / np.maximum((pressure > 0).sum(1), 1))
    half = np.where(usual > 0, effect.half * usual * (1 - effect.theta), 1.0)[:, None]
    return stock / (stock + half)


def caused(
    rng: np.random.Generator, means: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw what happens: market, week and cause (channel number; last is the ground) of each."""
    counts = rng.poisson(means)
    cause, market, week = (axis.ravel() for axis in np.indices(counts.shape))
    times = counts.ravel()
    cause, market, week = (np.repeat(axis, times) for axis in (cause, market, week))
    return market, week, cause


def days_of(rng: np.random.Generator, week: np.ndarray) -> np.ndarray:
    """A day number within each week, by weekday."""
    weekday = rng.choice(7, size=len(week), p=timeline.WEEKDAYS / timeline.WEEKDAYS.sum())
    return np.minimum(week * 7 + weekday, DAYS - 1)


def work_seconds(rng: np.random.Generator, days: np.ndarray, market: np.ndarray) -> np.ndarray:
    """A moment (UTC seconds) on each day, mostly in business hours of the market."""
    hour = np.clip(rng.normal(12.8, 3.2, len(days)), 0.2, 23.7)
    wall = days * 86400 + (hour * 3600).astype("int64")
    found = np.empty(len(days), dtype="int64")
    for number, one in enumerate(MARKETS):
        here = market == number
        found[here] = timeline.utc(wall[here], one.zone)
    return found


@functools.lru_cache(maxsize=4)
def rates(seed: int) -> dict[str, np.ndarray]:
    """EUR for one unit of a currency on each day. (DAYS,) each"""
    rng = timeline.stream(seed, "rates")
    found = {"EUR": np.ones(DAYS)}
    for currency, start in (("USD", 0.915), ("GBP", 1.163), ("CHF", 1.052)):
        steps = rng.normal(0, 0.0032, DAYS)
        drift = np.cumsum(steps) - np.arange(DAYS) / DAYS * np.cumsum(steps)[-1] * 0.7
        found[currency] = np.round(start * np.exp(drift), 5)
    return found
