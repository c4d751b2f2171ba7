"""The books of two companies by month, and what subscriptions bring.

Planted: contracts shrink in the half year after the recall; the English books once come without
what sales and marketing cost; the German year end is corrected in March.
"""

from __future__ import annotations

import datetime as dt

import numpy as np

from ingestion.sample import demand, timeline
from ingestion.sample.demand import MARKETS
from ingestion.sample.people import RECALL
from ingestion.sample.writing import Files, cut, money, size

CLOSED_AFTER = 12  # days after the month's end
MONTHS = [dt.date(year, month, 1) for year in (2024, 2025, 2026) for month in range(1, 13)]
NEVER = 10**10


def month_end(month: dt.date) -> dt.date:
    return (month.replace(day=28) + dt.timedelta(days=4)).replace(day=1) - dt.timedelta(days=1)


def write(files: Files, as_of: dt.date, seed: int) -> None:
    """Both ledgers, a file a year."""
    found: dict[str, list[float]] = {"GmbH": [], "Ltd": []}
    season = timeline.season()
    for ledger, size_of, rate in (("GmbH", 1.0, 1.0), ("Ltd", 0.21, 0.86)):
        rng = timeline.stream(seed, "books", ledger)
        for number, month in enumerate(MONTHS):
            first = timeline.day(month)
            busy = season[first : first + 28].mean()
            grown = 1.05 ** (number / 12)
            draws = rng.normal(1, 0.025, 5)
            revenue = 1_720_000 * size_of * rate * busy * grown * draws[0]
            goods = revenue * 0.43 * draws[1]
            pay = 640_000 * size_of * rate * 1.045 ** (number / 12) * draws[2]
            selling = 205_000 * size_of * rate * (0.8 + 0.2 * busy) * grown * draws[3]
            other = 150_000 * size_of * rate * draws[4]
            # Half of what sales and marketing cost is pay already.
            found[ledger].append(
                [revenue, goods, goods + pay + 0.5 * selling + other, pay, selling]
            )
    german, english = (np.array(found[ledger]) for ledger in ("GmbH", "Ltd"))
    closed = [month_end(m) + dt.timedelta(days=CLOSED_AFTER) <= as_of for m in MONTHS]
    headings = ("Umsatzerlöse", "Wareneinsatz", "Betriebsaufwand", "Personalaufwand",
                "Vertrieb und Marketing")  # fmt: skip
    for year in (2024, 2025, 2026):
        rows = np.array([c and m.year == year for c, m in zip(closed, MONTHS, strict=True)])
        months = [m for m, known in zip(MONTHS, rows, strict=True) if known]
        files.csv(f"files/finance/abschluss_{year}.csv", {
            "Monat": [m.strftime("%m/%Y") for m in months],
            **{h: money(german[rows, i], comma=True, thousands=".")
               for i, h in enumerate(headings)},
        }, delimiter=";", encoding="cp1252")  # fmt: skip
        selling = money(english[rows, 4])
        selling = [None if m == dt.date(2025, 8, 1) else s
                   for m, s in zip(months, selling, strict=True)]  # fmt: skip
        files.csv(f"files/finance/management_accounts_{year}.csv", {
            "Month": [m.strftime("%Y-%m") for m in months],
            "Turnover": money(english[rows, 0]),
            "Cost of sales": money(english[rows, 1]),
            "Operating cost": money(english[rows, 2]),
            "Staff cost": money(english[rows, 3]),
            "Sales and marketing": ["-" if s is None else s for s in selling],
        })  # fmt: skip
        if as_of >= dt.date(year + 1, 3, 20):  # bonuses, known with the audit
            last = german[MONTHS.index(dt.date(year, 12, 1))] * [1, 1.004, 1.021, 1.06, 1.03]
            files.csv(f"files/finance/abschluss_{year}_geprueft.csv", {
                "Monat": [f"12/{year}"],
                **{h: money(last[i : i + 1], comma=True, thousands=".")
                   for i, h in enumerate(headings)},
            }, delimiter=";", encoding="cp1252")  # fmt: skip
    files.spoil("finance_months", "files/finance/management_accounts_2024.csv", Turnover="tbc")


def recurring(
    files: Files, companies: dict[str, np.ndarray], as_of: dt.date, seed: int, copy: int
) -> None:
    """Software and calibration contracts of four customers in ten, a line a customer and month."""
    rng = timeline.stream(seed, "subscriptions", copy)
    n = size(companies)
    subscribes = rng.random(n) < 0.4
    level = np.clip(rng.lognormal(np.log(420), 0.6, n) * companies["size"] ** 0.5, 60, 9_000)
    steps = rng.random((len(MONTHS), n))
    sizes = rng.normal(0, 1, (len(MONTHS), n))
    rates = demand.rates(seed)
    typical = np.array([rates[m.currency].mean() for m in MARKETS])[companies["market"]]
    currency = np.array([m.currency for m in MARKETS], dtype=object)[companies["market"]]
    starts, ends = companies["became"], companies["churned"]
    amount = level / typical
    for number, month in enumerate(MONTHS):
        first, last = timeline.day(month), timeline.day(month_end(month))
        shaken = RECALL <= month < dt.date(RECALL.year, 8, 1)
        grows = steps[number] < 0.045
        shrinks = steps[number] > (0.93 if shaken else 0.985)
        amount = amount * np.where(grows, 1.18 + 0.06 * sizes[number], 1)
        amount = amount * np.where(shrinks, np.clip(0.75 + 0.08 * sizes[number], 0.4, 0.97), 1)
        if month.month == 1 and number:
            amount = amount * 1.03
        there = subscribes & (starts < NEVER) & (starts <= last) & (ends > first)
        if timeline.date(last) > as_of:
            continue
        frame = {
            "Customer": companies["id"],
            "Month": np.full(n, month.strftime("%Y-%m"), dtype=object),
            "MRR": money(np.maximum(amount, 10)),
            "Currency": currency,
        }
        files.csv(f"files/finance/subscriptions_{month.year}.csv", cut(frame, there))
    if copy == 0:
        files.spoil("recurring_revenue", "files/finance/subscriptions_2024.csv", MRR="-40.00")
