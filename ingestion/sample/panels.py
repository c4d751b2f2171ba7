"""What panels and search services say of the whole market: campaign reach, overlaps, search demand.

Planted: brand search follows television with the weeks that people remember it, so that demand for
the name leads demand for the product; the panel misses one pair of channels each time.
"""

from __future__ import annotations

import datetime as dt

import numpy as np

from ingestion.sample import timeline
from ingestion.sample.campaigns import CAMPAIGNS, suffixed
from ingestion.sample.demand import CHANNELS, EFFECTS, MARKETS, exposure, response
from ingestion.sample.writing import Files, cut, parts

PANEL = {"tv": 0.34, "print": 0.11, "out_of_home": 0.19, "paid_social": 0.16, "display": 0.09}
UNIVERSE = 1_900_000  # people who decide on measuring instruments in the six markets
WORDS_CHANGED = timeline.day("2025-10-06")  # one market's list of words was extended


def write(files: Files, as_of: dt.date, seed: int, scale: int) -> None:
    """Folders panel and search_demand."""
    for copy in range(scale):
        _campaign_reach(files, as_of, seed, copy)
    _search(files, as_of, seed)
    files.spoil("reach_overlaps", "files/panel/overlaps.csv", Both="n/a")
    files.spoil("search_demand", "files/search_demand/trends_2025.csv", Brand="<1")


def _campaign_reach(files: Files, as_of: dt.date, seed: int, copy: int) -> None:
    """The panel's 28 days, four times a campaign: each channel alone, and most pairs."""
    for number, campaign in enumerate(CAMPAIGNS):
        rng = timeline.stream(seed, "panel", copy, campaign.id)
        channels = [name for name in PANEL if name in campaign.channels]
        starts, ends = timeline.day(campaign.starts), timeline.day(campaign.ends)
        for window in range(4):
            end = starts + 27 + window * 35
            draws = rng.normal(1, 0.08, (len(PANEL), len(PANEL)))
            if end > min(ends, timeline.day(as_of)) or len(channels) < 2:
                continue
            reach = {c: int(UNIVERSE * PANEL[c] * draws[i, i]) for i, c in enumerate(channels)}
            day = timeline.date(end).isoformat()
            files.csv("files/panel/campaign_reach.csv", {
                "Campaign": [suffixed(campaign.id, copy)] * len(reach),
                "Medium": [name.replace("_", " ").title() for name in reach],
                "Until": [day] * len(reach),
                "Net reach": list(reach.values()),
                "Universe": [UNIVERSE] * len(reach),
            })  # fmt: skip
            # The same pairs are left out each time: a bound has to do without them.
            pairs = [
                (a, b, int(reach[a] * reach[b] / UNIVERSE * (1.15 * draws[i, j])))
                for i, a in enumerate(channels)
                for j, b in enumerate(channels)
                if i < j and (i + j + number) % 4
            ]
            files.csv("files/panel/overlaps.csv", {
                "Campaign": [suffixed(campaign.id, copy)] * len(pairs),
                "Until": [day] * len(pairs),
                "One": [a.replace("_", " ").title() for a, _, _ in pairs],
                "Other": [b.replace("_", " ").title() for _, b, _ in pairs],
                "Both": [both for _, _, both in pairs],
            })  # fmt: skip


def _search(files: Files, as_of: dt.date, seed: int) -> None:
    """Weekly volumes as a trends service rescales them, each year's export anew."""
    shown = exposure(seed)
    television = CHANNELS.index("tv")
    remembered = response(shown[television], EFFECTS[television])
    for number, market in enumerate(MARKETS):
        rng = timeline.stream(seed, "search demand", market.geography)
        lift = remembered[number] / max(remembered[number].max(), 1e-9)
        weeks = np.arange(timeline.WEEKS - 1)
        category = timeline.weekly(timeline.season())[weeks] * (1 + 0.0006 * weeks)
        brand = category * (0.062 + 0.0001 * weeks) * (1 + 0.55 * lift[weeks])
        noise = rng.normal(1, 0.03, (2, len(weeks)))
        day = weeks * 7
        scales = {2024: 100.0, 2025: 83.0, 2026: 121.0}
        scale = np.array([scales[timeline.date(d).year] for d in day.tolist()])
        frame = {
            "Region": np.full(len(weeks), market.geography, dtype=object),
            "Week": timeline.iso(day),
            "Brand": np.char.mod("%.2f", brand * noise[0] * scale).astype(object),
            "Category": np.char.mod("%.2f", category * noise[1] * scale).astype(object),
            "Words": np.where((market.geography == "US") & (day >= WORDS_CHANGED), "2", "1"),
        }
        year = timeline.written(day, "%Y").astype(str)
        known = day + 6 <= timeline.day(as_of)
        for label, some in parts(np.where(known, year, "")):
            if label:
                files.csv(f"files/search_demand/trends_{label}.csv", cut(frame, some))
