"""What the channels cost and delivered, as agencies, stations and ad tools report it."""

from __future__ import annotations

import datetime as dt

import numpy as np

from ingestion.sample import campaigns, demand, timeline
from ingestion.sample.campaigns import suffixed
from ingestion.sample.demand import CHANNELS, MARKETS
from ingestion.sample.writing import Files, cut, money, parts, whole

GEOGRAPHIES = np.array([market.geography for market in MARKETS], dtype=object)
STATIONS = {
    "tv": ("Nordlicht TV", "Kanal Eins", "Albion 2"),
    "radio": ("Radio Spree", "Welle West", "Thames FM"),
    "print": ("Mess & Prüf", "Industrie heute", "Metrology World"),
}
CLIPS_LATE_DAYS = 21  # the clipping service delivers late: its source is stale


def write(files: Files, as_of: dt.date, seed: int, scale: int) -> None:
    """Folders tv, radio, print, outdoor, mailings, search, social_ads, display, email, web,
    events, press and the experiment register."""
    radio: list[dict] = []
    for copy in range(scale):
        _television(files, as_of, seed, copy)
        radio += _radio(as_of, seed, copy)
        _print(files, as_of, seed, copy)
        _outdoor(files, as_of, seed, copy)
        _mailings(files, as_of, seed, copy)
        _search(files, as_of, seed, copy)
        _social_ads(files, as_of, seed, copy)
        _display(files, as_of, seed, copy)
        _newsletters(files, as_of, seed, copy)
        _sessions(files, as_of, seed, copy)
        _clips(files, as_of, seed, copy)
    _radio_books(files, radio)
    _events(files, as_of, seed, scale)
    _experiments(files, as_of, seed, scale)
    _truth(files, as_of, seed, scale)
    files.spoil("channel_days", "files/tv/postbuy_2024.csv", GRP="k.A. folgt")
    files.spoil("channel_days", "files/print/anzeigen_2025.csv", Erscheint="Heft 7")
    files.spoil("media_clips", "files/press/clippings_2025.csv", date="2025-13-01")


def flown(channel: str, seed: int, as_of: dt.date) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Markets, weeks (complete as of the day) and exposure in which a channel was on."""
    exposed = demand.exposure(seed)[CHANNELS.index(channel)]
    last = (timeline.day(as_of) + 1) // 7
    week, market = np.nonzero(exposed.T)
    keep = week < last
    return market[keep], week[keep], exposed.T[week[keep], market[keep]]


def daily(
    channel: str, seed: int, as_of: dt.date, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Markets, days and spend in EUR of a channel that is bought by the day."""
    exposed = demand.exposure(seed)[CHANNELS.index(channel)]
    share = rng.dirichlet(np.repeat(30.0, 7) * (timeline.WEEKDAYS + 0.06), exposed.shape)
    spend = (exposed[:, :, None] * share).reshape(len(MARKETS), -1)[:, : timeline.DAYS].T
    day, market = np.nonzero(spend)
    keep = day <= timeline.day(as_of)
    return market[keep], day[keep], spend[day[keep], market[keep]]


def _ids(channel: str, days: np.ndarray, copy: int) -> np.ndarray:
    """The campaign's id in the channel's own system on each day."""
    found = campaigns.running(channel, days)
    texts = np.array(
        [suffixed(campaigns.system_id(c, channel), copy) for c in campaigns.CAMPAIGNS] + [None],
        dtype=object,
    )
    return texts[found]


def _rate(seed: int, market: np.ndarray, day: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Currency of each market and EUR for one unit of it on each day."""
    rates = demand.rates(seed)
    table = np.array([rates[m.currency] for m in MARKETS])
    currency = np.array([m.currency for m in MARKETS], dtype=object)[market]
    return currency, table[market, np.minimum(day, timeline.DAYS - 1)]


def _by_year(day: np.ndarray) -> list[tuple[str, np.ndarray]]:
    return list(parts(timeline.written(day, "%Y").astype(str)))


def _television(files: Files, as_of: dt.date, seed: int, copy: int) -> None:
    """Weekly post-buy; the agency's first GRPs of a burst are estimates that it corrects."""
    rng = timeline.stream(seed, "tv", copy)
    market, week, spend = flown("tv", seed, timeline.END)
    n = len(week)
    shares = rng.dirichlet((6.0, 4.0), n)
    noise = rng.normal(1, 0.06, (n, 2))
    spots = rng.integers(3, 9, (n, 2))
    rough = rng.normal(1, 0.09, (n, 2))
    row, part = (axis.ravel() for axis in np.indices((n, 2)))
    market, week, day = market[row], week[row], week[row] * 7
    spend = spend[row] * shares[row, part]
    station = np.array(STATIONS["tv"], dtype=object)[np.where(market == 4, 2, part)]
    station = np.where((market == 4) & (part == 1), "Albion 2 West", station)
    universe = np.array([m.population for m in MARKETS])[market]
    price = np.where(market == 4, 610.0, 540.0) * universe / 20_000_000
    grps = spend / price * noise[row, part]
    currency, rate = _rate(seed, market, day)

    def frame(points: np.ndarray) -> dict:
        return {
            "Woche ab": timeline.written(day, "%d.%m.%Y"),
            "Sender": np.char.add(station.astype(str), f" {copy:03d}" if copy else "").astype(
                object
            ),
            "Buchung": np.char.mod("B%06d", copy * 10_000 + np.arange(len(day)) + 1000).astype(
                object
            ),
            "Kampagne": _ids("tv", day, copy),
            "Gebiet": GEOGRAPHIES[market],
            "Kosten netto": money(spend / rate, comma=True, thousands="."),
            "Währung": currency,
            "GRP": money(points, comma=True),
            "Zielgruppe (Personen)": whole(universe, thousands="."),
            "Spots": spots[row, part],
            "Kontakte": whole(points / 100 * universe, thousands="."),
        }

    known = day + 6 <= timeline.day(as_of)
    for year, some in _by_year(day):
        some = some[known[some]]
        estimate = (week[some] % 2 == 0) & (day[some] + 60 >= 0)
        points = grps.copy()
        points[some] = np.where(estimate, grps[some] * rough[row, part][some], grps[some])
        files.csv(f"files/tv/postbuy_{year}.csv", cut(frame(points), some), delimiter=";")
        final = some[estimate & (day[some] + 45 <= timeline.day(as_of))]
        files.csv(f"files/tv/postbuy_{year}_final.csv", cut(frame(grps), final), delimiter=";")


def _radio(as_of: dt.date, seed: int, copy: int) -> list[dict]:
    rng = timeline.stream(seed, "radio", copy)
    market, week, spend = flown("radio", seed, timeline.END)
    noise, spots = rng.normal(1, 0.05, len(week)), rng.integers(20, 45, len(week))
    station = np.array(STATIONS["radio"], dtype=object)[np.where(market == 4, 2, market % 2)]
    campaign = _ids("radio", week * 7, copy)
    return [
        {
            "year": timeline.date(w * 7).year,
            "row": [timeline.date(w * 7).strftime("%d.%m.%Y"), suffixed(s, copy), c,
                    MARKETS[m].geography, round(x, 2), k, round(x * 1000 / 9.5 * z)],
        }
        for m, w, x, s, c, z, k in zip(
            market.tolist(), week.tolist(), spend.tolist(), station.tolist(), campaign.tolist(),
            noise.tolist(), spots.tolist(), strict=True)
        if timeline.date(w * 7 + 6) <= as_of
    ]  # fmt: skip


def _radio_books(files: Files, found: list[dict]) -> None:
    """A workbook a year, with a title above the heading as agencies like it."""
    for year in sorted({row["year"] for row in found}):
        headings = ["Week from", "Station", "Campaign", "Market", "Cost EUR net", "Spots",
                    "Contacts 14+"]  # fmt: skip
        rows = [row["row"] for row in found if row["year"] == year]
        files.xlsx(
            f"files/radio/radio_{year}.xlsx",
            {
                "Cover": [["Harbour & Vale - radio", year]],
                "Weeks": [
                    ["Radio report, weeks on air"],
                    ["Source: agency post-buy"],
                    [],
                    headings,
                    *rows,
                ],
            },
        )


def _print(files: Files, as_of: dt.date, seed: int, copy: int) -> None:
    """Insertions by issue; invoiced a month later."""
    rng = timeline.stream(seed, "print", copy)
    market, week, spend = flown("print", seed, timeline.END)
    n = len(week)
    day = np.minimum(week * 7 + rng.integers(1, 5, n), timeline.DAYS - 1)
    readers = rng.normal(1, 0.05, n)
    responses = rng.poisson(2.2, n)
    title = np.array(STATIONS["print"], dtype=object)[np.where(market >= 4, 2, market % 2)]
    currency, rate = _rate(seed, market, day)
    for year, some in _by_year(day):
        some = some[day[some] <= timeline.day(as_of)]
        files.csv(
            f"files/print/anzeigen_{year}.csv",
            {
                "Titel": np.char.add(
                    title[some].astype(str), f" {copy:03d}" if copy else ""
                ).astype(object),
                "Erscheint": timeline.written(day[some], "%d.%m.%Y"),
                "Auftrag": _ids("print", day, copy)[some],
                "Verbreitung": GEOGRAPHIES[market[some]],
                "Preis netto": money(spend[some] / rate[some], comma=True, thousands="."),
                "Währung": currency[some],
                "Rechnung vom": timeline.written(
                    day[some] + 30, "%d.%m.%Y", day[some] + 30 <= timeline.day(as_of)
                ),
                "Leserkontakte": whole(spend[some] * 1000 / 31 * readers[some], thousands="."),
                "Rücklauf": responses[some],
            },
            delimiter=";",
            encoding="cp1252",
        )


def _outdoor(files: Files, as_of: dt.date, seed: int, copy: int) -> None:
    """One line a week with cost and contacts side by side for every region: wide."""
    rng = timeline.stream(seed, "out of home", copy)
    exposed = demand.exposure(seed)[CHANNELS.index("out_of_home")][:5]
    noise = rng.normal(1, 0.05, exposed.shape)
    weeks = np.flatnonzero(exposed.sum(0))
    known = weeks * 7 + 6 <= timeline.day(as_of)
    for year, some in _by_year(weeks * 7):
        some = weeks[some[known[some]]]
        frame = {
            "week": timeline.iso(some * 7),
            "booking": _ids("out_of_home", some * 7, copy),
        }
        for number in range(5):
            name = MARKETS[number].geography
            frame[f"{name} cost"] = money(exposed[number, some])
            frame[f"{name} contacts"] = whole(
                exposed[number, some] * 1000 / 5.5 * noise[number, some]
            )
        files.csv(f"files/outdoor/out_of_home_{year}.csv", frame)


def _mailings(files: Files, as_of: dt.date, seed: int, copy: int) -> None:
    """Drops of a British lettershop, in pounds."""
    rng = timeline.stream(seed, "direct mail", copy)
    market, week, spend = flown("direct_mail", seed, timeline.END)
    day = week * 7 + 2
    pieces = np.round(spend / 0.92).astype(int)
    responses = rng.binomial(pieces, 0.0042)
    pounds = spend / demand.rates(seed)["GBP"][day]
    known = day <= timeline.day(as_of)
    files.csv(
        "files/mailings/drops.csv",
        cut(
            {
                "Drop date": timeline.written(day, "%d/%m/%Y"),
                "Mailing": _ids("direct_mail", day, copy),
                "Area": GEOGRAPHIES[market],
                "Pieces": pieces,
                "Replies": responses,
                "Cost (GBP)": money(pounds),
            },
            known,
        ),
        delimiter="|",
    )


def _search(files: Files, as_of: dt.date, seed: int, copy: int) -> None:
    """Daily search report of the ad tool, with two lines above the heading. It claims more
    conversions than it caused: it harvests people who would have come."""
    rng = timeline.stream(seed, "paid search", copy)
    market, day, spend = daily("paid_search", seed, timeline.END, rng)
    clicks = rng.poisson(spend / 2.6)
    shown = clicks + rng.poisson(clicks * 21.0)
    claims = rng.binomial(clicks, 0.0065) + rng.poisson(0.05, len(day))
    currency, rate = _rate(seed, market, day)
    for year, some in _by_year(day):
        some = some[day[some] <= timeline.day(as_of)]
        files.csv(f"files/search/search_report_{year}.csv", {
            "Day": timeline.iso(day[some]),
            "Customer ID": np.full(len(some), f"771-204-{1000 + copy}", dtype=object),
            "Campaign ID": _ids("paid_search", day[some], copy),
            "Region": GEOGRAPHIES[market[some]],
            "Currency code": currency[some],
            "Cost": money(spend[some] / rate[some]),
            "Impr.": whole(shown[some], thousands=","),
            "Clicks": whole(clicks[some]),
            "Conversions": [f"{value:.2f}" for value in claims[some].tolist()],
        }, preamble=("Search report", f"January 1, {year} - December 31, {year}"))  # fmt: skip


def _social_ads(files: Files, as_of: dt.date, seed: int, copy: int) -> None:
    """Daily paid social, billed in dollars."""
    rng = timeline.stream(seed, "paid social", copy)
    market, day, spend = daily("paid_social", seed, timeline.END, rng)
    shown = rng.poisson(spend * 1000 / 28)
    clicks = rng.binomial(shown, 0.006)
    claims = rng.poisson(spend / 900)
    dollars = np.round(spend / demand.rates(seed)["USD"][day], 2)
    for year, some in _by_year(day):
        some = some[day[some] <= timeline.day(as_of)]
        files.jsonl(f"files/social_ads/sponsored_{year}.jsonl", {
            "date": timeline.iso(day[some]),
            "ad_account": np.full(len(some), str(50_300_100 + copy), dtype=object),
            "campaign_id": _ids("paid_social", day[some], copy),
            "geo": GEOGRAPHIES[market[some]],
            "cost_in_usd": dollars[some],
            "impressions": shown[some],
            "clicks": clicks[some],
            "external_website_conversions": claims[some],
        })  # fmt: skip


def _display(files: Files, as_of: dt.date, seed: int, copy: int) -> None:
    """Retargeting banners, stopped in March 2026; they claim many conversions and cause none."""
    rng = timeline.stream(seed, "display", copy)
    market, day, spend = daily("display", seed, timeline.END, rng)
    shown = rng.poisson(spend * 1000 / 3.1)
    clicks = rng.binomial(shown, 0.0011)
    claims = rng.poisson(spend / 240)
    for year, some in _by_year(day):
        some = some[day[some] <= timeline.day(as_of)]
        files.csv(f"files/display/banners_{year}.csv", {
            "date": timeline.written(day[some], "%Y%m%d"),
            "account": np.full(len(some), f"displaynet-{1 + copy}", dtype=object),
            "campaign": _ids("display", day[some], copy),
            "geography": GEOGRAPHIES[market[some]],
            "spend": money(spend[some]),
            "impressions": shown[some],
            "clicks": clicks[some],
            "conversions": claims[some],
        })  # fmt: skip


def _newsletters(files: Files, as_of: dt.date, seed: int, copy: int) -> None:
    """A send a week and market."""
    rng = timeline.stream(seed, "email", copy)
    market, week, spend = flown("email", seed, timeline.END)
    day = week * 7 + 1
    sent = np.round(spend / spend.mean() * 1_900 * 1.1 ** (day / 365.25)).astype(int)
    delivered = rng.binomial(sent, 0.975)
    opens = rng.binomial(delivered, 0.34)
    clicks = rng.binomial(delivered, 0.031)
    known = day <= timeline.day(as_of)
    for year, some in _by_year(day):
        some = some[known[some]]
        files.jsonl(f"files/email/sends_{year}.jsonl", {
            "send_date": timeline.iso(day[some]),
            "campaign": _ids("email", day[some], copy),
            "list": GEOGRAPHIES[market[some]],
            "delivered": delivered[some],
            "opened": opens[some],
            "clicked": clicks[some],
            "cost": np.round(spend[some], 2),
        })  # fmt: skip


def _sessions(files: Files, as_of: dt.date, seed: int, copy: int) -> None:
    """Web sessions by day, market and unpaid channel."""
    rng = timeline.stream(seed, "sessions", copy)
    level = timeline.season() * timeline.growth(0.09)
    weekday = timeline.WEEKDAYS[np.arange(timeline.DAYS) % 7] * 7
    base = {"website": 105, "organic_search": 190, "referral": 42}
    wanted = demand.demand(seed).leads[:-1].sum(0)
    stirred = wanted / wanted.mean(1, keepdims=True)
    for channel, mean in base.items():
        expected = (
            mean * demand.WEIGHTS[:, None] * (level * weekday)
            * (0.75 + 0.25 * np.repeat(stirred, 7, axis=1)[:, : timeline.DAYS])
        )  # fmt: skip
        sessions = rng.poisson(expected)
        day, market = (axis.ravel() for axis in np.indices(sessions.T.shape))
        count = sessions.T.ravel()
        for year, some in _by_year(day):
            some = some[day[some] <= timeline.day(as_of)]
            files.csv(
                f"files/web/sessions_{year}.csv",
                {
                    "date": timeline.iso(day[some]),
                    "property": np.full(
                        len(some), suffixed("www.harbourvale.example", copy), dtype=object
                    ),
                    "source group": np.full(len(some), channel, dtype=object),
                    "market": GEOGRAPHIES[market[some]],
                    "sessions": count[some],
                },
            )


OUTLETS = (
    ("Mess & Prüf", "print", 18_000), ("Industrie heute", "print", 42_000),
    ("Norddeutsche Zeitung", "print", 210_000), ("Metrology World", "print", 15_000),
    ("technik.example", "online", 380_000), ("factoryfloor.example", "online", 140_000),
    ("thegauge.example", "online", 65_000), ("Radio Spree", "radio", 320_000),
    ("Kanal Eins", "tv", 900_000), ("Zero Point", "podcast", 9_000),
)  # fmt: skip


def _clips(files: Files, as_of: dt.date, seed: int, copy: int) -> None:
    """Clippings; other outlets copy a story in four. The service is three weeks late."""
    rng = timeline.stream(seed, "clips", copy)
    exposed = demand.exposure(seed)[CHANNELS.index("pr")]
    stories = rng.poisson(exposed.T * 0.72)
    week, market = (np.repeat(axis.ravel(), stories.ravel()) for axis in np.indices(stories.shape))
    n = len(week)
    day = demand.days_of(rng, week)
    copies = np.where(rng.random(n) < 0.25, rng.integers(1, 5, n), 0)
    outlet = rng.choice(
        len(OUTLETS), n, p=[0.13, 0.12, 0.07, 0.12, 0.2, 0.14, 0.12, 0.04, 0.02, 0.04]
    )
    recall = (day >= timeline.day("2026-02-09")) & (day < timeline.day("2026-04-15"))
    mood = rng.random(n) - 0.22 * recall
    key = rng.random(n) < 0.38
    story = np.repeat(np.arange(n), copies + 1)
    _, start = np.unique(story, return_index=True)
    place = np.arange(len(story)) - start[story]
    day = np.minimum(day[story] + place, timeline.DAYS - 1)
    outlet = (outlet[story] + place * 3) % len(OUTLETS)
    order = np.lexsort((place, story, day))
    story, place, day, outlet = story[order], place[order], day[order], outlet[order]
    sentiment = np.where(
        mood[story] < 0.13, "negative", np.where(mood[story] < 0.62, "neutral", "positive")
    )
    known = day <= timeline.day(as_of) - CLIPS_LATE_DAYS
    campaign = campaigns.running("pr", day)
    campaign = np.where(key[story], campaigns.named(campaign, copy), None)
    clustered = copies[story] > 0
    for year, some in _by_year(day):
        some = some[known[some]]
        files.csv(
            f"files/press/clippings_{year}.csv",
            {
                "outlet": np.array([o[0] for o in OUTLETS], dtype=object)[outlet[some]],
                "clip no.": np.char.mod("K%07d", copy * 100_000 + np.arange(len(day))[some]).astype(
                    object
                ),
                "date": timeline.iso(day[some]),
                "medium": np.array([o[1] for o in OUTLETS], dtype=object)[outlet[some]],
                "campaign": campaign[some],
                "story": np.where(
                    clustered[some], np.char.mod(f"S{copy:03d}-%05d", story[some]), ""
                ),
                "copy of another": np.where(place[some] > 0, "yes", "no"),
                "circulation": np.array([o[2] for o in OUTLETS])[outlet[some]],
                "tone": sentiment[some],
                "key message": np.where(key[story[some]], "yes", "no"),
                "market": GEOGRAPHIES[market[story[some]]],
            },
            delimiter="\t",
        )


def _events(files: Files, as_of: dt.date, seed: int, scale: int) -> None:
    """The events team's workbook."""
    rng = timeline.stream(seed, "events")
    headings = [
        "Event",
        "Name",
        "Kind",
        "From",
        "To",
        "Market",
        "Campaign",
        "Registered",
        "Came",
        "Costs",
        "Currency",
        "Responsible",
    ]
    rows = []
    rates = demand.rates(seed)
    for event in demand.EVENTS:
        id_, name, first, days, geography, people, kind, spend = event
        registered = round(people * float(rng.uniform(1.15, 1.5)))
        came = round(people * float(rng.normal(1, 0.05)))
        market = next(m for m in MARKETS if m.geography == geography)
        last = first + dt.timedelta(days=days - 1)
        if last > as_of:
            continue
        cost = round(spend / rates[market.currency][timeline.day(first)], 2)
        running = campaigns.running("events", np.array([timeline.day(first)]))[0]
        for copy in range(scale):
            rows.append([
                suffixed(id_, copy), name, kind, first.strftime("%d.%m.%Y"),
                last.strftime("%d.%m.%Y"), geography,
                suffixed(campaigns.CAMPAIGNS[running].id, copy), registered, came, cost,
                market.currency, "events_lead",
            ])  # fmt: skip
    files.xlsx("files/events/events.xlsx", {"Events": [headings, *rows]})


def _experiments(files: Files, as_of: dt.date, seed: int, scale: int) -> None:
    """The register: tests that are over, with what their tools reported (the planted effect with
    noise), and a flight that nobody evaluated."""
    rng, drawn_people = timeline.stream(seed, "experiments"), timeline.stream(seed, "audiences")
    wanted = demand.demand(seed)
    everywhere = tuple(market.geography for market in MARKETS)
    found, truth = [], []
    for key, channel, design, drawn, outcome, starts, ends, places, registered, decision, role in (
        ("ex-2025-radio", "radio", "geo_holdout", "random", "leads_created", *demand.HOLDOUT,
         "2025-09-01", "radio again in 2026", "media_lead"),
        ("ex-2025-radio", "radio", "geo_holdout", "random", "orders", *demand.HOLDOUT,
         "2025-09-01", "radio again in 2026", "media_lead"),
        ("ex-2026-social", "paid_social", "audience_holdout", "random", "leads_created",
         "2026-04-06", "2026-05-31", everywhere, "2026-03-12",
         "keep the budget, change the creatives", "media_lead"),
        ("ex-2026-display", "display", "before_after", "chosen", "leads_created", "2026-03-02",
         "2026-04-26", everywhere, "2026-02-16", "display stays off", "analytics_lead"),
        ("ex-2026-flight", "radio", "event", "chosen", "orders", *demand.FLIGHT, "2026-06-29",
         "", "analytics_lead"),
    ):  # fmt: skip
        weeks = slice(timeline.day(starts) // 7, timeline.day(ends) // 7 + 1)
        rows = [number for number, m in enumerate(MARKETS) if m.geography in places]
        means = scale * (wanted.leads if outcome == "leads_created" else wanted.orders)
        caused = means[CHANNELS.index(channel)][rows, weeks].sum()
        others = means[:, rows, weeks].sum() - caused
        deviation = np.sqrt(means[:, rows, weeks].sum()) * 1.15
        noise = float(rng.normal(0, 0.6)) * deviation * 0.6
        estimate, base, people = caused + noise, others, [None] * 4
        if design == "audience_holdout":  # half of the audience saw nothing
            base = others / 2
            hits, kept = drawn_people.poisson((base + caused, base)).tolist()
            people = [120_000 * scale, hits, 120_000 * scale, kept]
            estimate, base, deviation = hits - kept, kept, np.sqrt(hits + kept)
        low, high = estimate - 1.645 * deviation, estimate + 1.645 * deviation
        p = float(np.exp(-0.717 * abs(estimate / deviation) - 0.416 * (estimate / deviation) ** 2))
        spend = demand.exposure(seed)[CHANNELS.index(channel)][rows, weeks].sum() * scale
        told = [
            f"{estimate / base:.4f}", f"{low / base:.4f}", f"{high / base:.4f}",
            f"{estimate:.1f}", f"{low:.1f}", f"{high:.1f}", "0.9", f"{p:.4f}",
        ]  # fmt: skip
        truth.append(
            {
                "experiment_id": key,
                "outcome": outcome,
                "incremental": round(float(caused), 2),
                "lift": round(float(caused / others), 5),
            }
        )
        if dt.date.fromisoformat(ends) <= as_of:
            found.append((
                key, channel, design, drawn, outcome, registered, starts, ends,
                "; ".join(places), *people, *(told if design != "event" else [None] * len(told)),
                f"{spend:.2f}", "EUR", decision, role,
            ))  # fmt: skip
    headings = (
        "experiment_id", "channel", "design", "assignment", "outcome", "registered_on",
        "starts_on", "ends_on", "treated", "treated_people", "treated_outcomes", "control_people",
        "control_outcomes", "lift", "lift_low", "lift_high", "incremental", "incremental_low",
        "incremental_high", "confidence", "p_value", "spend", "currency", "decision", "owner_role",
    )  # fmt: skip
    columns = list(zip(*found, strict=True)) or [()] * len(headings)
    files.csv("files/media/experiments.csv", dict(zip(headings, map(list, columns), strict=True)))
    files.json("truth/experiments.json", truth)


def _truth(files: Files, as_of: dt.date, seed: int, scale: int) -> None:
    """Expected leads and direct orders of each channel, market and week, and the parameters."""
    wanted, exposed = demand.demand(seed), demand.exposure(seed)
    weeks = (timeline.day(as_of) + 7) // 7
    names = np.array([*CHANNELS, "none"], dtype=object)
    channel, market, week = (axis.ravel() for axis in np.indices((len(names), len(MARKETS), weeks)))
    pressure = np.concatenate([exposed, np.zeros((1, *exposed.shape[1:]))])
    files.csv("truth/channel_weeks.csv", {
        "channel": names[channel],
        "geography": GEOGRAPHIES[market],
        "week_start": timeline.iso(week * 7),
        "exposure": money(pressure[channel, market, week] * scale),
        "leads": np.char.mod("%.5f", wanted.leads[channel, market, week] * scale),
        "direct_orders": np.char.mod("%.5f", wanted.orders[channel, market, week] * scale),
    })  # fmt: skip
    files.json("truth/effects.json", [
        {"channel": e.channel, "theta": e.theta, "half": e.half, "leads_2024": e.leads * scale,
         "direct_orders_2024": e.orders * scale, "exposure_2024": e.yearly * scale}
        for e in demand.EFFECTS
    ])  # fmt: skip
