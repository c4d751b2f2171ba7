"""The tool register, the content workflow and the rates of exchange."""

from __future__ import annotations

import datetime as dt

import numpy as np

from ingestion.sample import campaigns, demand, timeline
from ingestion.sample.campaigns import suffixed
from ingestion.sample.people import Person
from ingestion.sample.writing import Files, cut, money, parts

# Tool: capability, vendor, role of the owner, department, seats, cost a month, currency, source,
# first month, records. Two tools listen; some are not connected; one has no owner.
TOOLS = {
    "HubSpot": ("crm", "HubSpot", "crm_lead", "Sales", 60, 4_800, "EUR", "hubspot", 4_700),
    "Dealer CRM": ("crm", "Northwind CRM", "sales_lead", "Sales", 12, 640, "USD", "feeds", 480),
    "BambooHR": (
        "hris",
        "BambooHR",
        "hr_lead",
        "Human Resources",
        150,
        1_350,
        "USD",
        "bamboohr",
        0,
    ),
    "Radarly": ("listening", "Radarly", "listening_lead", "Marketing", 8, 2_100, "EUR", "feeds", 0),
    "Echolot": ("listening", "Echolot", "pr_lead", "Marketing", 4, 890, "EUR", "feeds", 0),
    "Planbar": ("publishing", "Planbar", "social_lead", "Marketing", 15, 760, "EUR", "", 0),
    "PostPilot": ("publishing", "PostPilot", "social_lead", "Marketing", 6, 310, "GBP", "", 0),
    "Voices": ("advocacy", "Voices", "social_lead", "Marketing", 40, 520, "EUR", "feeds", 0),
    "OneInbox": ("inbox", "OneInbox", "care_lead", "Customer Care", 20, 980, "EUR", "feeds", 2_200),
    "DeskHero": (
        "help_desk",
        "DeskHero",
        "care_lead",
        "Customer Care",
        20,
        1_450,
        "EUR",
        "feeds",
        3_900,
    ),
    "AskOnce": ("surveys", "AskOnce", "care_lead", "Customer Care", 5, 240, "EUR", "feeds", 1_500),
    "PeoplePulse": (
        "surveys",
        "PeoplePulse",
        "hr_lead",
        "Human Resources",
        150,
        410,
        "EUR",
        "feeds",
        0,
    ),
    "Mailer": ("email", "Mailer", "demand_lead", "Marketing", 10, 690, "EUR", "feeds", 4_100),
    "LetterFlow": ("email", "LetterFlow", "events_lead", "Marketing", 3, 180, "GBP", "", 900),
    "Clipfox": ("media_monitoring", "Clipfox", "pr_lead", "Marketing", 4, 730, "EUR", "feeds", 0),
    "WebTrace": (
        "web_analytics",
        "WebTrace",
        "analytics_lead",
        "Operations",
        25,
        0,
        "EUR",
        "feeds",
        9_800,
    ),
    "RingTrack": (
        "call_tracking",
        "RingTrack",
        "demand_lead",
        "Marketing",
        6,
        290,
        "EUR",
        "feeds",
        800,
    ),
    "FairScan": ("events", "FairScan", "events_lead", "Marketing", 8, 340, "EUR", "feeds", 1_700),
    "ContentBoard": (
        "content_workflow",
        "ContentBoard",
        "content_lead",
        "Marketing",
        18,
        450,
        "EUR",
        "feeds",
        0,
    ),
    "PixelVault": (
        "asset_library",
        "PixelVault",
        "content_lead",
        "Marketing",
        30,
        380,
        "EUR",
        "",
        0,
    ),
    "StockShots": ("asset_library", "StockShots", "", "Marketing", 2, 120, "USD", "", 0),
    "TalkTown": ("intranet", "TalkTown", "hr_lead", "Human Resources", 150, 600, "EUR", "", 0),
}
STARTS = {"Echolot": "2025-01-01", "Voices": "2024-04-01", "TalkTown": "2024-07-01"}
FX_GAP = ("2026-03-14", "2026-03-22")  # the treasury's file was lost: no rates in this week


def write(files: Files, people: list[Person], as_of: dt.date, seed: int, scale: int) -> None:
    """Folders tools, content and finance."""
    _register(files, people, as_of, seed, scale)
    for copy in range(scale):
        _content(files, as_of, seed, copy)
    _rates(files, as_of, seed)
    files.spoil("content", "files/content/board_2024.csv", Hours="half a day")
    files.spoil("fx_rates", "files/finance/rates_2025.csv", rate="n/q")
    files.spoil("tools", "files/tools/register_2025.csv", Seats="many")


def _register(files: Files, people: list[Person], as_of: dt.date, seed: int, scale: int) -> None:
    """A line a tool and month; people fill it on the first of the month."""
    by_role = {"": None}
    from ingestion.sample.people import ROLES

    names = {f"{p.first} {p.last}": p.email for p in people}
    by_role |= {role: names[holder] for role, (_, holder, _, _) in ROLES.items()}
    months = [dt.date(year, month, 1) for year in (2024, 2025, 2026) for month in range(1, 13)]
    for copy in range(scale):
        for tool, said in TOOLS.items():
            rng = timeline.stream(seed, "tools", tool, copy)
            capability, vendor, role, department, seats, cost, currency, source, records = said
            used = rng.uniform(0.45, 0.95)
            keyed, matched = rng.uniform(0.75, 0.95), rng.uniform(0.55, 0.9)
            wobble = rng.normal(0, 0.04, len(months))
            for number, month in enumerate(months):
                if month > as_of or month.isoformat() < STARTS.get(tool, ""):
                    continue
                held = round(records * (0.72 + 0.0085 * number))
                with_key = round(held * min(keyed + 0.001 * number, 0.99))
                active = min(max(round(seats * (used + wobble[number])), 0), seats)
                price = round(cost * (1 + 0.04 * (month.year - 2024)), 2)
                files.csv(
                    f"files/tools/register_{month.year}.csv",
                    {
                        "Tool": [suffixed(tool, copy)],
                        "Month": [month.strftime("%Y-%m")],
                        "Used for": [capability],
                        "Vendor": [vendor],
                        "Owner": [by_role[role]],
                        "Owner role": [role or None],
                        "Paid by": [department],
                        "Seats": [seats],
                        "Active seats": [active],
                        "Cost": [f"{price:.2f}"],
                        "Currency": [currency],
                        "Connected as": [source or None],
                        "Profiles": [held if records else None],
                        "With key": [with_key if records else None],
                        "Matched": [
                            round(with_key * min(matched + 0.002 * number, 0.97))
                            if records
                            else None
                        ],
                    },
                )


def _content(files: Files, as_of: dt.date, seed: int, copy: int) -> None:
    """What was briefed, made, published or given up; costs by who made it."""
    rng = timeline.stream(seed, "content", copy)
    rate = 0.92 * timeline.season() ** 0.5 * timeline.growth(0.06)
    rate = rate * np.where(np.arange(timeline.DAYS) % 7 < 5, 1.4, 0)
    day = np.repeat(np.arange(timeline.DAYS), rng.poisson(rate))
    n = len(day)
    briefed = day * 86_400 + rng.integers(7 * 3600, 16 * 3600, n)
    kinds = np.array(["article", "photo", "video", "post", "case_study", "podcast"], dtype=object)
    kind = rng.choice(6, n, p=[0.2, 0.2, 0.14, 0.34, 0.09, 0.03])
    maker = rng.choice(3, n, p=[0.62, 0.27, 0.11])
    effort = np.array([9.0, 3.0, 16.0, 1.4, 14.0, 10.0])[kind]
    hours = np.round(effort * rng.lognormal(0, 0.35, n) * np.array([1.0, 0.3, 0.2])[maker], 2)
    fees = np.array([0.0, 78.0, 62.0])[maker] * effort * rng.lognormal(0, 0.3, n)
    usual = np.array([9.0, 5.0, 19.0, 3.0, 24.0, 15.0])[kind] * np.array([1.0, 1.35, 0.9])[maker]
    cycle = rng.lognormal(np.log(usual), 0.45, n) * 0.96 ** (day / 365.25)
    published = briefed + (cycle * 86_400).astype("int64")
    given_up = rng.random(n) < 0.06
    end = (timeline.day(as_of) + 1) * 86_400
    out = ~given_up & (published < end)
    status = np.where(out, "published", np.where(given_up & (briefed + 30 * 86_400 < end),
                                                 "abandoned", "open"))  # fmt: skip
    network = np.array(["linkedin", "facebook", "instagram", "mastodon", None], dtype=object)[
        rng.choice(5, n, p=[0.4, 0.15, 0.2, 0.1, 0.15])
    ]
    rights = rng.random(n) < np.where(maker == 0, 0.94, 0.8)
    runs_out = (maker > 0) & (rng.random(n) < 0.5)
    consent = rng.random(n)
    campaign = campaigns.running("organic_social", day)
    campaign = np.where(rng.random(n) < 0.4, campaigns.named(campaign, copy), None)
    known = briefed < end
    year = timeline.written(day, "%Y").astype(str)
    frame = {
        "Card": np.char.mod("CB-%06d", copy * 10_000 + np.arange(n) + 1).astype(object),
        "Type": kinds[kind],
        "Made by": np.array(["in-house", "agency", "creator"], dtype=object)[maker],
        "Briefed": timeline.stamps(briefed, form="blank", zone=timeline.BERLIN),
        "Published": timeline.stamps(published, out, "blank", timeline.BERLIN),
        "State": status,
        "Hours": np.where(out, hours.astype(object), None),
        "Own cost": money(np.where(out, hours * 58.0, np.nan), comma=False),
        "Fees": money(np.where(out, fees, np.nan)),
        "Network": network,
        "Campaign": campaign,
        "Licence": np.where(rights & out, np.where(maker == 0, "own", "licensed"), None),
        "Licence until": timeline.written(
            published // 86_400 + 365, "%Y-%m-%d", rights & runs_out & out),
        "Talent consent": np.where(~out | (kind == 0), None, np.where(consent < 0.9, "yes", "no")),
    }  # fmt: skip
    for label, some in parts(np.where(known, year, "")):
        if label:
            files.csv(f"files/content/board_{label}.csv", cut(frame, some))


def _rates(files: Files, as_of: dt.date, seed: int) -> None:
    """Reference rates of working days; weekends have none, and one week is lost."""
    rates = demand.rates(seed)
    day = np.arange(timeline.day(as_of) + 1)
    known = (day % 7 < 5) & ~((day >= timeline.day(FX_GAP[0])) & (day <= timeline.day(FX_GAP[1])))
    day = day[known]
    for label, some in parts(timeline.written(day, "%Y").astype(str)):
        for currency in ("USD", "GBP"):
            files.csv(f"files/finance/rates_{label}.csv", {
                "currency": np.full(len(some), currency, dtype=object),
                "date": timeline.iso(day[some]),
                "rate": np.char.mod("%.5f", rates[currency][day[some]]),
            })  # fmt: skip
