"""The sample's campaigns: which channels they run on, and their ids in every system."""

from __future__ import annotations

import dataclasses
import datetime as dt

import numpy as np

from ingestion.sample import timeline
from ingestion.sample.writing import Files


@dataclasses.dataclass(frozen=True)
class Campaign:
    id: str
    name: str
    objective: str
    starts: dt.date
    ends: dt.date
    budget: float
    currency: str
    owner: str
    channels: tuple[str, ...]


def _campaigns() -> tuple[Campaign, ...]:
    found = []

    def add(key, name, objective, starts, ends, budget, owner, channels, currency="EUR"):
        found.append(
            Campaign(f"cmp-{starts[:7]}-{key}", name, objective, dt.date.fromisoformat(starts),
                     dt.date.fromisoformat(ends), budget, currency, owner, tuple(channels.split()))
        )  # fmt: skip

    brand = "tv radio print out_of_home paid_social pr organic_social"
    for starts, ends, key, name, budget in (
        ("2024-01-15", "2024-06-30", "precision", "Precision you can hold", 420_000),
        ("2024-07-01", "2025-01-26", "inline", "Inline, in time", 390_000),
        ("2025-01-27", "2025-06-29", "precision", "Precision you can hold, again", 480_000),
        ("2025-06-30", "2026-01-18", "future-lab", "The laboratory of the future", 520_000),
        ("2026-01-19", "2026-06-28", "calibrate", "Calibrate your doubts", 540_000),
        ("2026-06-29", "2026-12-31", "trust-the-zero", "Trust the zero", 560_000),
    ):
        add(key, name, "brand_health", starts, ends, budget, "media_lead", brand)
    for year in (2024, 2025, 2026):
        full = (f"{year}-01-01", f"{year}-12-31")
        rise = 1.05 ** (year - 2024)
        add("search", f"Search {year}", "revenue_generation", *full, 212_000 * rise,
            "demand_lead", "paid_search")  # fmt: skip
        add("newsletter", f"Newsletter {year}", "customer_experience", *full, 25_000 * rise,
            "content_lead", "email")  # fmt: skip
        add("fairs", f"Fairs and meetings {year}", "revenue_generation", *full, 290_000 * rise,
            "events_lead", "events")  # fmt: skip
        add("catalogue", f"Printed catalogue {year}", "revenue_generation", *full, 54_000 * rise,
            "demand_lead", "direct_mail", "GBP")  # fmt: skip
        add("voices", f"Voices of Harbour & Vale {year}", "brand_health", *full, 12_000,
            "social_lead", "employee_advocacy")  # fmt: skip
        add("retarget", f"Retargeting {year}", "marketing_optimisation", *full,
            70_000 if year < 2026 else 15_000, "media_lead", "display")  # fmt: skip
    return tuple(found)


CAMPAIGNS = _campaigns()
SYSTEMS = {
    "tv": "tv_booking", "radio": "radio_booking", "print": "print_booking",
    "out_of_home": "ooh_booking", "paid_social": "linkedin_ads", "paid_search": "google_ads",
    "display": "display_ads", "email": "mailer", "events": "events_tool",
    "direct_mail": "lettershop", "employee_advocacy": "advocacy_tool", "pr": "clipping",
    "organic_social": "publisher",
}  # fmt: skip


def system_id(campaign: Campaign, channel: str) -> str:
    """The campaign's id in the system that runs it on a channel."""
    number = 4100 + 17 * CAMPAIGNS.index(campaign)
    forms = {
        "tv": f"TV-{number}", "radio": f"R{number}", "print": f"AN-{number}",
        "out_of_home": f"OOH/{number}", "paid_social": f"6{number:08d}",
        "paid_search": f"18{number:07d}", "display": f"D{number}",
    }  # fmt: skip
    return forms.get(channel, campaign.id)


def running(channel: str, days: np.ndarray) -> np.ndarray:
    """Position in CAMPAIGNS of the campaign that a channel runs on each day; -1 is none."""
    found = np.full(len(days), -1)
    for number, campaign in enumerate(CAMPAIGNS):
        if channel in campaign.channels:
            first, last = timeline.day(campaign.starts), timeline.day(campaign.ends)
            found[(days >= first) & (days <= last)] = number
    return found


def named(positions: np.ndarray, copy: int) -> np.ndarray:
    """Ids of campaigns by position in CAMPAIGNS, of a copy; None for -1."""
    ids = np.array([suffixed(campaign.id, copy) for campaign in CAMPAIGNS] + [None], dtype=object)
    return ids[positions]


def write(files: Files, as_of: dt.date, scale: int) -> None:
    """The campaign register; at a larger scale every campaign has numbered sisters."""
    found = []
    for copy in range(scale):
        for campaign in CAMPAIGNS:
            if campaign.starts > as_of:
                continue
            systems = [("hubspot", campaign.id)]
            systems += [
                (SYSTEMS[channel], system_id(campaign, channel)) for channel in campaign.channels
            ]
            for system, id_there in systems:
                found.append((
                    suffixed(campaign.id, copy), campaign.name, system, suffixed(id_there, copy),
                    campaign.objective, campaign.starts.isoformat(), campaign.ends.isoformat(),
                    f"{campaign.budget:.2f}", campaign.currency, campaign.owner,
                ))  # fmt: skip
    headings = ("campaign", "name", "system", "system_id", "objective", "starts_on", "ends_on",
                "budget", "currency", "owner_role")  # fmt: skip
    columns = map(list, zip(*found, strict=True))
    path = "files/media/campaign_register.csv"
    files.csv(path, dict(zip(headings, columns, strict=True)))
    files.spoil("campaigns", path, system_id="", budget="about 50k")


def suffixed(text: str, copy: int) -> str:
    """Names of the copies that a larger scale adds; the first copy keeps the plain name."""
    return text if copy == 0 else f"{text}-{copy:03d}"
