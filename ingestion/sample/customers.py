"""Customers: companies, contacts, leads, deals, orders and touchpoints, with true causes.

One copy of this world has about 5,000 contacts and 700 deals by autumn 2026; a larger scale
writes more copies, one at a time. Moments are UTC seconds since 2024-01-01 (before is negative).
"""

from __future__ import annotations

import dataclasses

import numpy as np

from ingestion.sample import campaigns, demand, names, timeline
from ingestion.sample.demand import CHANNELS, MARKETS
from ingestion.sample.writing import cut, size

GROUND = len(CHANNELS)  # the cause of what would have come anyway
CAUSES = (*CHANNELS, "none")
DAY = 86_400
NEVER = 10**10
OLD_CONTACTS = 950  # known before 2024

# Where a lead of each cause is seen to come from: what attribution has to work with.
SEEN = {
    "tv": {"website": 0.46, "organic_search": 0.32, "phone": 0.14, "paid_search": 0.08},
    "radio": {"phone": 0.36, "website": 0.34, "organic_search": 0.30},
    "print": {"website": 0.5, "phone": 0.2, "organic_search": 0.2, "print": 0.1},
    "out_of_home": {"organic_search": 0.55, "website": 0.45},
    "events": {"events": 0.74, "email": 0.11, "website": 0.15},
    "direct_mail": {"direct_mail": 0.45, "phone": 0.2, "website": 0.35},
    "pr": {"referral": 0.4, "website": 0.35, "organic_search": 0.25},
    "email": {"email": 0.88, "website": 0.12},
    "paid_search": {"paid_search": 0.82, "organic_search": 0.18},
    "paid_social": {"paid_social": 0.64, "website": 0.24, "organic_search": 0.12},
    "display": {"display": 1.0},
    "organic_social": {"organic_social": 0.6, "website": 0.25, "organic_search": 0.15},
    "employee_advocacy": {"employee_advocacy": 0.4, "organic_social": 0.25, "website": 0.35},
    "none": {
        "organic_search": 0.33, "website": 0.28, "referral": 0.13, "phone": 0.1,
        "paid_search": 0.11, "display": 0.05,
    },
}  # fmt: skip
# What people write when asked how they heard of us. A podcast never ran: it is the decoy.
SAID = {
    "tv": ("TV", "saw your ad on television", "Fernsehen", "TV-Werbung"),
    "radio": ("radio", "heard you on the radio", "Radio", "Radiowerbung"),
    "print": ("magazine ad", "Fachzeitschrift", "trade magazine", "Anzeige in Zeitschrift"),
    "out_of_home": ("poster at the station", "Plakat", "billboard"),
    "events": ("trade fair", "Messe", "met you at a fair", "webinar"),
    "direct_mail": ("your catalogue in the mail", "Katalog per Post", "brochure by post"),
    "pr": ("article about you", "Zeitungsartikel", "news article"),
    "email": ("newsletter", "Newsletter", "your e-mail"),
    "paid_search": ("Google", "google search", "Suchmaschine"),
    "paid_social": ("ad on LinkedIn", "LinkedIn Anzeige", "sponsored post"),
    "display": ("banner", "online ad"),
    "organic_social": ("LinkedIn", "Instagram", "social media", "Facebook"),
    "employee_advocacy": ("an employee of yours on LinkedIn", "post by one of your engineers"),
    "none": ("colleague", "recommendation", "Empfehlung", "Google", "long-time customer"),
}
DECOY = ("podcast", "your podcast", "Podcast")
VAGUE = ("don't know", "weiß nicht", "internet", "-", "n/a")
QUALIFIED = dict.fromkeys(CAUSES, 0.37) | {
    "events": 0.5, "display": 0.12, "paid_social": 0.27, "pr": 0.45, "employee_advocacy": 0.48,
    "email": 0.42,
}  # fmt: skip
WINS = dict.fromkeys(CAUSES, 0.37) | {
    "events": 0.44,
    "paid_social": 0.27,
    "display": 0.2,
    "employee_advocacy": 0.45,
    "email": 0.42,
}
WON, LOST = 4, 5
PRODUCTS = np.array(["Gauges", "Inline sensors", "Calibration service", "Software"], dtype=object)
REASONS = np.array(["Price", "Competitor", "No budget", "Timing", "No decision"], dtype=object)


@dataclasses.dataclass
class World:
    """One copy: frames of companies, contacts, leads, deals, orders and touchpoints."""

    companies: dict[str, np.ndarray]
    contacts: dict[str, np.ndarray]
    leads: dict[str, np.ndarray]
    deals: dict[str, np.ndarray]
    orders: dict[str, np.ndarray]
    touches: dict[str, np.ndarray]


def pick(rng: np.random.Generator, options: tuple, count: int) -> np.ndarray:
    """`count` random ones of `options`, as an object array."""
    return np.array(options, dtype=object)[rng.integers(0, len(options), count)]


def world(seed: int, copy: int) -> World:
    """Everything of one copy until the end of 2026."""
    wanted = demand.demand(seed)
    rng = timeline.stream(seed, "leads", copy)
    market, week, cause = demand.caused(rng, wanted.leads)
    days = demand.days_of(rng, week)
    created = demand.work_seconds(rng, days, market)
    order = np.argsort(created, kind="stable")
    leads = {"market": market[order], "cause": cause[order], "created": created[order]}
    companies, contacts = _parties(seed, copy, leads)
    _qualify(seed, copy, leads, contacts)
    deals = _deals(seed, copy, leads, contacts, companies)
    orders = _orders(seed, copy, wanted, deals, companies, contacts)
    touches = _touches(seed, copy, leads, contacts, deals, orders)
    return World(companies, contacts, leads, deals, orders, touches)


def _parties(seed: int, copy: int, leads: dict) -> tuple[dict, dict]:
    """Companies and contacts: those of before 2024, one for most new leads, and subscribers."""
    rng = timeline.stream(seed, "parties", copy)
    count, old, subscribers = size(leads), OLD_CONTACTS, 420
    weights = demand.WEIGHTS / demand.WEIGHTS.sum()
    old_market = rng.choice(len(MARKETS), old, p=weights)
    sub_created = np.sort(rng.integers(0, timeline.DAYS * DAY, subscribers))
    sub_market = rng.choice(len(MARKETS), subscribers, p=weights)
    is_new = rng.random(count) < 0.85
    position = rng.random(count)
    contact = np.full(count, -1)
    fresh = old + np.cumsum(is_new) - 1
    for number in range(len(MARKETS)):
        here = np.flatnonzero(leads["market"] == number)
        known = np.flatnonzero(old_market == number)
        pool = np.concatenate([known, fresh[here][is_new[here]]])
        before = len(known) + np.cumsum(is_new[here]) - is_new[here]
        contact[here] = np.where(
            is_new[here], fresh[here], pool[(position[here] * before).astype(int)]
        )
    leads["contact"], leads["is_first"] = contact, is_new
    born = np.concatenate([
        -np.sort(rng.integers(1, 1_100 * DAY, old))[::-1], leads["created"][is_new], sub_created
    ])  # fmt: skip
    market = np.concatenate([old_market, leads["market"][is_new], sub_market])
    n = len(born)

    # Companies: 600 known ones, then a new one for 4 in 10 new contacts.
    firms = 600
    firm_market = rng.choice(len(MARKETS), firms, p=weights)
    opens = rng.random(n) < np.where(np.arange(n) < old, 0.0, 0.40)
    opens[-subscribers:] = False
    new_firm = firms + np.cumsum(opens) - 1
    company, position = np.full(n, -1), rng.random(n) ** 1.4
    by_time = np.argsort(born, kind="stable")
    for number in range(len(MARKETS)):
        here = by_time[market[by_time] == number]
        known = np.flatnonzero(firm_market == number)
        pool = np.concatenate([known, new_firm[here][opens[here]]])
        before = len(known) + np.cumsum(opens[here]) - opens[here]
        company[here] = np.where(
            opens[here], new_firm[here], pool[(position[here] * before).astype(int)]
        )
    total = firms + int(opens.sum())
    firm_born = np.concatenate([-rng.integers(400, 2_500, firms) * DAY, born[opens]])
    firm_market = np.concatenate([firm_market, market[opens]])
    index = np.arange(total)
    firm = np.array(names.FIRMS, dtype=object)[index % len(names.FIRMS)]
    trade = np.array(names.TRADES, dtype=object)[index // len(names.FIRMS) % len(names.TRADES)]
    series = index // (len(names.FIRMS) * len(names.TRADES)) + 4 * copy
    mark = np.where(series == 0, "", series.astype(str)).astype(object)
    legal = np.array(
        [("GmbH", "AG", "GmbH", "GmbH & Co. KG", "Ltd", "Inc.")[m] for m in firm_market]
    )
    staff_count = np.round(rng.lognormal(4.9, 1.2, total)).astype(int) + 3
    is_old_customer = (index < firms) & (rng.random(total) < 0.60)
    companies = {
        "index": index,
        "id": (20_000_000 + copy * 10_000 + index).astype(str).astype(object),
        "name": firm + " " + trade + np.where(mark == "", "", " ") + mark + " " + legal,
        "domain": np.char.lower((firm + trade + mark).astype(str)).astype(object) + ".example",
        "market": firm_market,
        "created": firm_born,
        "industry": np.array(names.INDUSTRIES, dtype=object)[rng.integers(0, 10, total)],
        "employees": staff_count,
        "revenue": np.round(staff_count * rng.lognormal(11.9, 0.35, total), -3),
        "became": np.where(is_old_customer, -rng.integers(30, 2_000, total), NEVER),
        "size": rng.lognormal(0, 0.5, total),
    }
    lives = rng.exponential(365.25 / 0.075, total)
    shocked = rng.random(total) < 0.03
    companies["_lives"], companies["_shocked"] = lives, shocked
    companies["_shock_day"] = rng.integers(
        timeline.day("2026-03-01"), timeline.day("2026-07-15"), total
    )

    first = np.array(names.FIRST, dtype=object)[rng.integers(0, len(names.FIRST), n)]
    last = np.array(names.LAST, dtype=object)[rng.integers(0, len(names.LAST), n)]
    # A few people write a second time from a private address and become a twin in the CRM.
    index_of = np.arange(n)
    twin = np.where(index_of % 211 == 210, index_of - 7, index_of)
    twin[:old], twin[-subscribers:] = index_of[:old], index_of[-subscribers:]
    is_twin = twin != index_of
    first, last, company = first[twin], last[twin], company[twin]
    stem = np.char.lower((first + "." + last).astype(str)).astype(object)
    private = is_twin | (rng.random(n) < 0.07)
    host = np.where(private, "mail.example", companies["domain"][company])
    # The same name twice in a house gets a number, as mail administrators do it.
    _, which, seen = np.unique(stem + host, return_inverse=True, return_counts=True)
    number = np.where((seen[which] > 1) | private, (np.arange(n) + copy * 10_000).astype(str), "")
    prefix = np.array(
        ["+49 30 ", "+49 89 ", "+49 341 ", "+49 211 ", "+44 20 ", "+1 312 "], dtype=object
    )
    digits = rng.integers(1_000_000, 9_999_999, n)
    contacts = {
        "index": np.arange(n),
        "id": (10_000_000 + copy * 10_000 + np.arange(n)).astype(str).astype(object),
        "email": stem + number.astype(object) + "@" + host,
        "name": first + " " + last,
        "phone": prefix[market] + digits.astype(str).astype(object),
        "has_phone": rng.random(n) < 0.62,
        "handle": np.where(rng.random(n) < 0.18, "@" + stem + number.astype(object), None),
        "company": company,
        "twin": twin,
        "market": market,
        "created": born,
        "kind": np.concatenate(
            [np.zeros(old), np.ones(is_new.sum()), np.full(subscribers, 2)]
        ).astype(int),
        "visitor": np.char.add("v", np.char.mod("%08x", rng.integers(0, 2**31, n) * 2 + 1)).astype(
            object
        ),
        "owner": rng.integers(0, 10**6, n),
    }
    contacts["visitor"] = contacts["visitor"] + f"{copy:02x}"
    return companies, contacts


def _qualify(seed: int, copy: int, leads: dict, contacts: dict) -> None:
    """What is seen of each lead, what the person says, and whether sales takes it."""
    rng = timeline.stream(seed, "qualify", copy)
    n = size(leads)
    seen, said = np.empty(n, dtype=object), np.empty(n, dtype=object)
    draw = rng.random(n)
    for number, cause in enumerate(CAUSES):
        here = leads["cause"] == number
        options = SEEN[cause]
        edges = np.cumsum(list(options.values()))
        seen[here] = np.array(list(options), dtype=object)[
            np.minimum(np.searchsorted(edges, draw[here]), len(options) - 1)
        ]
        said[here] = pick(rng, SAID[cause], int(here.sum()))
    kind = rng.random(n)
    anything = pick(rng, tuple(text for texts in SAID.values() for text in texts), n)
    said = np.where(kind < 0.70, said, anything)
    said = np.where((kind >= 0.82) & (kind < 0.87), pick(rng, DECOY, n), said)
    said = np.where(kind >= 0.87, pick(rng, VAGUE, n), said)
    said = np.where(rng.random(n) < 0.56, said, None)
    years = leads["created"] / DAY / 365.25
    chance = np.array([QUALIFIED[c] for c in CAUSES])[leads["cause"]] * (0.93 + 0.055 * years)
    leads["seen"], leads["said"] = seen, said
    leads["qualifies"] = rng.random(n) < chance
    wait = rng.gamma(1.6, 3.2 * DAY, n).astype("int64") + 3 * 3600
    leads["decided"] = leads["created"] + wait
    leads["worked"] = leads["created"] + (wait * rng.uniform(0.1, 0.6, n)).astype("int64")
    leads["id"] = np.array(
        [
            f"{('WF', 'WF', 'WF', 'WF', 'UK', 'US')[m]}-{copy * 100_000 + i:07d}"
            for i, m in enumerate(leads["market"].tolist())
        ],
        dtype=object,
    )
    day = leads["created"] // DAY
    campaign = np.full(n, -1)
    for number, cause in enumerate(CHANNELS):
        here = leads["cause"] == number
        campaign[here] = campaigns.running(cause, day[here])
    traced = rng.random(n) < np.where(
        np.isin(seen, ("website", "organic_search", "phone")), 0.12, 0.8
    )
    leads["campaign"] = np.where(traced & (campaign >= 0), campaign, -1)
    leads["code"] = np.where(
        np.isin(leads["cause"], [CHANNELS.index(c) for c in ("direct_mail", "print", "radio")])
        & (rng.random(n) < 0.3),
        codes(leads["cause"], day),
        None,
    )


def codes(cause: np.ndarray, day: np.ndarray) -> np.ndarray:
    """The promotion code that a channel carries in a quarter."""
    words = {"tv": "TV", "radio": "RADIO", "print": "PRINT", "direct_mail": "KATALOG"}
    found = np.full(len(cause), None, dtype=object)
    starts = timeline.written(day, "%y%m")
    for channel, word in words.items():
        here = cause == CHANNELS.index(channel)
        found[here] = word + starts[here]
    return found


def _deals(seed: int, copy: int, leads: dict, contacts: dict, companies: dict) -> dict:
    """Deals of qualified leads, and those that were open when 2024 began, with stage history."""
    rng = timeline.stream(seed, "deals", copy)
    becomes = leads["qualifies"] & (rng.random(size(leads)) < 0.32)
    wait = (rng.gamma(1.5, 14 * DAY, size(leads)) + 6 * 3600).astype("int64")
    from_lead = np.flatnonzero(becomes)
    backlog = 62
    old_contact = rng.integers(0, OLD_CONTACTS, backlog)
    # The dealer writes down his own small deals too, one every nine days.
    own = np.arange(2, timeline.DAYS, 9) * DAY + 15 * 3600
    american = np.flatnonzero(contacts["market"][:OLD_CONTACTS] == len(MARKETS) - 1)
    own_contact = american[rng.integers(0, len(american), len(own))]
    unled = backlog + len(own)
    n = len(from_lead) + unled
    lead = np.concatenate([np.full(unled, -1), from_lead])
    contact = np.concatenate([old_contact, own_contact, leads["contact"][from_lead]])
    cause = np.concatenate([np.full(unled, GROUND), leads["cause"][from_lead]])
    created = np.concatenate([
        -rng.integers(1, 150 * DAY, backlog), own, (leads["decided"] + wait)[from_lead]
    ])  # fmt: skip
    is_own = np.isin(np.arange(n), np.arange(backlog, unled))
    contacts["created"][old_contact] = np.minimum(
        contacts["created"][old_contact], created[:backlog] - DAY
    )
    order = np.argsort(created, kind="stable")
    lead, contact, cause, created, is_own = (
        a[order] for a in (lead, contact, cause, created, is_own)
    )
    market = contacts["market"][contact]
    wins = rng.random(n) < np.array([WINS[c] for c in CAUSES])[cause]
    spans = (rng.gamma(2.0, 10.5 * DAY, (n, 4)) + 4 * 3600).astype("int64")
    lost_after = rng.choice(4, n, p=[0.3, 0.35, 0.25, 0.1])
    steps = np.where(wins, 4, lost_after + 1)
    # Entry times of up to seven stages; a reopened deal goes lost, negotiation, won.
    stage = np.full((n, 7), -1)
    entered = np.full((n, 7), NEVER, dtype="int64")
    for number in range(4):
        at = created + spans[:, :number].sum(1)
        here = number < steps
        stage[here, number], entered[here, number] = number, at[here]
    closes = created + np.where(np.arange(4) < steps[:, None], spans, 0).sum(1)
    row = np.arange(n)
    stage[row, steps], entered[row, steps] = np.where(wins, WON, LOST), closes
    reopened = ~wins & (lost_after == 2) & (rng.random(n) < 0.12)
    if reopened.any():
        again = np.flatnonzero(reopened)
        stage[again, 4], entered[again, 4] = 2, closes[again] + 33 * DAY
        stage[again, 5], entered[again, 5] = WON, closes[again] + 55 * DAY
        wins[again], closes[again] = True, closes[again] + 55 * DAY
    rates = demand.rates(seed)
    currency = np.array([m.currency for m in MARKETS], dtype=object)[market]
    eur = np.clip(rng.lognormal(np.log(27_000), 0.8, n), 2_500, 480_000)
    eur *= 1.05 ** (np.maximum(created, 0) / DAY / 365.25) * np.where(is_own, 0.3, 1.0)
    typical = np.array([rates[m.currency].mean() for m in MARKETS])[market]
    amount = np.round(eur / typical, -2)
    is_dealer = is_own | ((market == len(MARKETS) - 1) & (rng.random(n) < 0.62))
    traced = np.where(lead >= 0, leads["campaign"][lead], -1)
    deals = {
        "index": row,
        "id": np.where(
            is_dealer,
            np.char.mod("OP-%06d", copy * 10_000 + row),
            (30_000_000 + copy * 10_000 + row).astype(str),
        ).astype(object),
        "is_dealer": is_dealer,
        "lead": lead,
        "contact": contact,
        "company": contacts["company"][contact],
        "market": market,
        "cause": cause,
        "created": created,
        "wins": wins,
        "closes": closes,
        "amount": np.where((rng.random(n) < 0.03) & ~wins, np.nan, amount),
        "currency": currency,
        "stage": stage,
        "entered": entered,
        "product": PRODUCTS[rng.choice(4, n, p=[0.4, 0.3, 0.2, 0.1])],
        "reason": REASONS[rng.choice(5, n, p=[0.3, 0.25, 0.15, 0.2, 0.1])],
        "campaign": traced,
        "seen": np.where(lead >= 0, leads["seen"][lead], "referral"),
        "planned": (rng.gamma(3, 30 * DAY, n)).astype("int64"),
        "owner": rng.integers(0, 10**6, n),
    }
    leads["deal"] = np.full(size(leads), -1)
    leads["deal"][lead[lead >= 0]] = row[lead >= 0]
    first_won = np.full(size(companies), NEVER)
    np.minimum.at(first_won, deals["company"][wins], closes[wins] // DAY)
    companies["became"] = np.minimum(companies["became"], first_won)
    return deals


def _orders(
    seed: int, copy: int, wanted: demand.Demand, deals: dict, companies: dict, contacts: dict
) -> dict:
    """Direct orders (caused by channels week by week) and the orders of won deals."""
    rng = timeline.stream(seed, "orders", copy)
    market, week, cause = demand.caused(rng, wanted.orders)
    days = demand.days_of(rng, week)
    by_day = np.argsort(days, kind="stable")
    market, cause, days = market[by_day], cause[by_day], days[by_day]
    n = len(days)
    opens, again = rng.random(n) < 0.016, rng.random((6, n))
    company = np.full(n, -1)
    became = companies["became"]
    for number in range(len(MARKETS)):
        prospects = np.flatnonzero((companies["market"] == number) & (became >= NEVER))
        fresh = np.flatnonzero(opens & (market == number))
        for order, firm in zip(fresh.tolist(), prospects.tolist(), strict=False):
            if companies["created"][firm] // DAY <= days[order]:
                became[firm], company[order] = days[order], firm
    opens = company >= 0
    start = np.maximum(became, 0)
    churned = np.where(became < NEVER, start + 60 + companies["_lives"], NEVER).astype("int64")
    shock = companies["_shocked"] & (became < timeline.day("2026-01-01"))
    churned = np.where(shock, np.minimum(churned, companies["_shock_day"]), churned)
    # Nobody is lost who still signs: the last contract keeps a customer for 200 days.
    signed = np.full(size(companies), -NEVER)
    np.maximum.at(signed, deals["company"][deals["wins"]], deals["closes"][deals["wins"]] // DAY)
    companies["churned"] = np.maximum(churned, signed + 200)
    for number in range(len(MARKETS)):
        buyers = np.flatnonzero((companies["market"] == number) & (became < NEVER))
        buyers = buyers[np.argsort(became[buyers], kind="stable")]
        here = np.flatnonzero(~opens & (market == number))
        ready = np.maximum(np.searchsorted(became[buyers], days[here], side="right"), 1)
        chosen = np.full(len(here), -1)
        for attempt in again:
            open_ = (chosen < 0) | (companies["churned"][chosen] <= days[here])
            chosen = np.where(open_, buyers[(attempt[here] * ready).astype(int)], chosen)
        company[here] = chosen
    eur = (
        np.clip(rng.lognormal(np.log(2_900), 0.55, n), 90, 60_000)
        * companies["size"][company] ** 0.5
    )
    eur *= 1.04 ** (days / 365.25)
    code = np.where(rng.random(n) < np.where(cause == GROUND, 0, 0.34), codes(cause, days), None)
    leaked = rng.random(n) < 0.008
    code = np.where(leaked, codes(np.full(n, CHANNELS.index("print")), days), code)
    campaign = np.full(n, -1)
    for number, channel in enumerate(CHANNELS):
        here = (cause == number) & np.array([c is not None for c in code], dtype=bool)
        campaign[here] = campaigns.running(channel, days[here])

    won = np.flatnonzero(deals["wins"] & ~np.isnan(deals["amount"]))
    booked = deals["closes"][won] // DAY + rng.integers(0, 9, len(won))
    rates = demand.rates(seed)
    currency = np.array([m.currency for m in MARKETS], dtype=object)[market]
    typical = np.array([rates[m.currency].mean() for m in MARKETS])[market]
    # Some Swiss buyers pay in francs, for which the treasury keeps no rate.
    swiss = (market == 1) & (days >= timeline.day("2026-03-01")) & (np.arange(n) % 61 == 3)
    currency = np.where(swiss, "CHF", currency)
    none = np.full(len(won), -1)
    found = {
        "day": np.concatenate([days, booked]),
        "company": np.concatenate([company, deals["company"][won]]),
        "cause": np.concatenate([cause, deals["cause"][won]]),
        "market": np.concatenate([market, deals["market"][won]]),
        "amount": np.concatenate([np.round(eur / typical, 2), deals["amount"][won]]),
        "currency": np.concatenate([currency, deals["currency"][won]]),
        "deal": np.concatenate([np.full(n, -1), won]),
        "code": np.concatenate([code, np.full(len(won), None, dtype=object)]),
        "campaign": np.concatenate([campaign, none]),
    }
    found = cut(found, (found["day"] >= 0) & (found["day"] < timeline.DAYS))
    found = cut(found, np.argsort(found["day"], kind="stable"))
    total = size(found)
    years = timeline.written(found["day"], "%Y")
    numbers = np.char.mod("%06d", copy * 100_000 + np.arange(total)).astype(object)
    found["id"] = "SO-" + years + "-" + numbers
    _, first = np.unique(found["company"], return_index=True)
    is_first = np.zeros(total, dtype=bool)
    is_first[first] = True
    found["is_new"] = is_first & (companies["became"][found["company"]] >= 0)
    found["goods"] = np.round(found["amount"] * rng.normal(0.46, 0.04, total), 2)
    people_of = np.argsort(contacts["company"], kind="stable")
    heads = np.bincount(contacts["company"], minlength=size(companies))
    first_of = np.concatenate([[0], np.cumsum(heads)[:-1]])
    buyer = found["company"]
    slot = (rng.random(total) * np.maximum(heads[buyer], 1)).astype(int)
    contact = people_of[np.minimum(first_of[buyer] + slot, len(people_of) - 1)]
    known = (heads[buyer] > 0) & (rng.random(total) < 0.7)
    known &= contacts["created"][contact] // DAY <= found["day"]
    found["contact"] = np.where(known, contact, -1)
    return found


TOUCH = {  # how a touch of a channel looks: system, kind, utm source and medium
    "organic_search": ("web", "visit", None, None),
    "website": ("web", "visit", None, None),
    "referral": ("web", "visit", None, None),
    "paid_search": ("web", "click", "google", "cpc"),
    "paid_social": ("web", "click", "linkedin", "paid_social"),
    "organic_social": ("web", "click", "linkedin", "social"),
    "employee_advocacy": ("web", "click", "linkedin", "advocacy"),
    "display": ("web", "click", "displaynet", "banner"),
    "pr": ("web", "visit", None, None),
    "print": ("web", "code", None, None),
    "email": ("mailer", "click", "newsletter", "email"),
    "events": ("events_tool", "attended", None, None),
    "direct_mail": ("lettershop", "mailing", None, None),
    "phone": ("call_tracking", "call", None, None),
}
SHOWS_AS = {"tv": "website", "radio": "phone", "out_of_home": "website", "none": "organic_search"}
NURTURE = ("email", "website", "events", "organic_search", "paid_search", "display", "phone",
           "organic_social")  # fmt: skip
NURTURE_SHARES = (0.33, 0.22, 0.08, 0.1, 0.07, 0.09, 0.05, 0.06)


def _touches(seed: int, copy: int, leads: dict, contacts: dict, deals: dict, orders: dict) -> dict:
    """What was recorded of people meeting us; television and posters leave no trace."""
    rng = timeline.stream(seed, "touches", copy)
    n = size(leads)
    pieces = []

    def add(at, channel, contact, known=True, market=None, kind=None, event=None, campaign=None):
        count = len(at)
        pieces.append({
            "at": np.asarray(at, dtype="int64"),
            "channel": np.broadcast_to(np.asarray(channel, dtype=object), count),
            "contact": np.broadcast_to(contact, count),
            "is_known": np.broadcast_to(known, count),
            "market": contacts["market"][contact] if market is None else market,
            "kind": np.broadcast_to(np.asarray(kind, dtype=object), count),
            "event": np.broadcast_to(np.asarray(-1 if event is None else event), count),
            "campaign": np.broadcast_to(np.asarray(-1 if campaign is None else campaign), count),
        })  # fmt: skip

    # The touch with the lead itself, and some before it: half of them by what caused it.
    add(leads["created"], leads["seen"], leads["contact"], campaign=leads["campaign"],
        kind=np.where(leads["seen"] == "phone", "call",
                      np.where(leads["seen"] == "events", "attended", "form")))  # fmt: skip
    before = rng.poisson(1.9, n)
    lead = np.repeat(np.arange(n), before)
    at = leads["created"][lead] - (rng.exponential(18 * DAY, len(lead)) + 600).astype("int64")
    shows = np.array([SHOWS_AS.get(c, c) for c in CAUSES], dtype=object)[leads["cause"][lead]]
    other = pick(rng, ("organic_search", "website", "paid_search", "organic_social", "email",
                       "referral", "paid_social", "display"), len(lead))  # fmt: skip
    channel = np.where(rng.random(len(lead)) < 0.5, shows, other)
    known = (~leads["is_first"][lead]) & (rng.random(len(lead)) < 0.8)
    add(at, channel, leads["contact"][lead], known)
    # While a deal is open: display follows people who are about to buy, and takes the credit.
    many = rng.poisson(5.5, size(deals))
    deal = np.repeat(np.arange(size(deals)), many)
    span = deals["closes"][deal] - deals["created"][deal]
    at = deals["created"][deal] + (rng.random(len(deal)) * span).astype("int64")
    channel = np.array(NURTURE, dtype=object)[rng.choice(len(NURTURE), len(deal), p=NURTURE_SHARES)]
    add(at, channel, deals["contact"][deal])
    # Events: those who came and are known to us, besides the leads above.
    order = np.argsort(contacts["created"], kind="stable")
    for number, event in enumerate(demand.EVENTS):
        here = [m.geography for m in MARKETS].index(event[4])
        first = timeline.day(event[2])
        pool = order[
            (contacts["market"][order] == here) & (contacts["created"][order] < first * DAY)
        ]
        some = pool[rng.integers(0, max(len(pool), 1), round(0.16 * event[5]))]
        some = np.unique(some)
        when = first * DAY + rng.integers(8 * 3600, 16 * 3600, len(some))
        when = when + rng.integers(0, event[3], len(some)) * DAY
        add(when, "events", some, kind="attended", event=number)
    # Mailings and newsletters to people who are in the CRM by then.
    exposed = demand.exposure(seed)
    mail = exposed[CHANNELS.index("direct_mail")]
    for number, week in zip(*np.nonzero(mail), strict=True):
        pool = order[(contacts["market"][order] == number)
                     & (contacts["created"][order] < week * 7 * DAY)]  # fmt: skip
        some = np.unique(pool[rng.integers(0, max(len(pool), 1), 95)])
        add(np.full(len(some), (week * 7 + 2) * DAY + 10 * 3600), "direct_mail", some)
    for week in range(timeline.WEEKS - 1):
        pool = order[contacts["created"][order] < week * 7 * DAY]
        some = np.unique(pool[rng.integers(0, len(pool), 27)])
        add((week * 7 + 1) * DAY + rng.integers(7 * 3600, 40 * 3600, len(some)), "email", some)
    # Visitors nobody will ever know.
    unknown = rng.poisson(2_050 * timeline.DAYS / 365.25)
    at = rng.integers(0, timeline.DAYS * DAY, unknown)
    channel = pick(rng, ("organic_search", "website", "paid_search", "organic_social", "referral",
                         "display", "paid_social"), unknown)  # fmt: skip
    stranger = np.arange(unknown)
    market = rng.choice(len(MARKETS), unknown, p=demand.WEIGHTS / demand.WEIGHTS.sum())
    add(at, channel, np.zeros(unknown, dtype=int), False, market=market)
    strangers = size(pieces[-1])

    found = {name: np.concatenate([piece[name] for piece in pieces]) for name in pieces[0]}
    visitor = contacts["visitor"][found["contact"]]
    visitor[-strangers:] = np.char.mod("u%09d", copy * 100_000 + stranger).astype(object)
    found["visitor"] = visitor
    found["contact"][-strangers:] = -1
    found = cut(found, (found["at"] >= 0) & (found["at"] < timeline.DAYS * DAY))
    found = cut(found, np.argsort(found["at"], kind="stable"))
    systems = {channel: look[0] for channel, look in TOUCH.items()}
    found["system"] = np.array([systems[c] for c in found["channel"].tolist()], dtype=object)
    kinds = {channel: look[1] for channel, look in TOUCH.items()}
    usual = np.array([kinds[c] for c in found["channel"].tolist()], dtype=object)
    given = np.array([k is not None for k in found["kind"].tolist()], dtype=bool)
    found["kind"] = np.where(given, found["kind"], usual)
    # A form on our own page is the web's record, whichever channel brought the visitor.
    found["system"] = np.where(found["kind"] == "form", "web", found["system"])
    # Who gets mail from us is in a list: known by address, and only after being in the CRM.
    posted = np.isin(found["system"], ("mailer", "lettershop"))
    found["is_known"] = found["is_known"] | posted
    early = found["at"] < contacts["created"][found["contact"]]
    found = cut(found, ~posted | ~early)
    total, day = size(found), found["at"] // DAY
    found["id"] = np.char.mod("tp%08d", copy * 100_000 + np.arange(total)).astype(object)
    campaign = found["campaign"].copy()
    for channel in ("paid_search", "paid_social", "display", "email", "direct_mail", "events",
                    "employee_advocacy"):  # fmt: skip
        here = (found["channel"] == channel) & (campaign < 0)
        campaign[here] = campaigns.running(channel, day[here])
    lost = rng.random(total) < 0.14
    found["campaign"] = np.where(lost, -1, campaign)
    starts = np.array([timeline.day(event[2]) for event in demand.EVENTS])
    places = np.array([[m.geography for m in MARKETS].index(e[4]) for e in demand.EVENTS])
    missing = np.flatnonzero((found["kind"] == "attended") & (found["event"] < 0))
    for position in missing.tolist():
        past = np.flatnonzero((starts <= day[position]) & (places == found["market"][position]))
        if len(past):
            found["event"][position] = past[-1]
    calls = found["kind"] == "call"
    found["seconds"] = np.where(calls, np.round(rng.gamma(1.6, 130, total)) + 4, -1).astype(int)
    found["is_first_call"] = calls & (rng.random(total) < 0.7)
    return found
