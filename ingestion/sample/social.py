"""Accounts, posts and their counters, followers, reach windows, mentions: the networks' side.

Counters are captured on some days after publishing, as a tool would: each capture is a row.
Planted: Instagram gave up impressions on 2025-04-21 and Facebook on 2025-11-15, both for views;
unknown from then on, never zero.
"""

from __future__ import annotations

import dataclasses
import datetime as dt

import numpy as np

from ingestion.sample import campaigns, timeline
from ingestion.sample.campaigns import suffixed
from ingestion.sample.people import LEAVER, RECALL, STAR, Person
from ingestion.sample.writing import Files, cut, parts, whole

DAY = 86_400
CAPTURES = np.array([0, 1, 2, 3, 5, 7, 10, 14, 21, 28])
VIEWS_SINCE = {"instagram": timeline.day("2025-04-21"), "facebook": timeline.day("2025-11-15")}


@dataclasses.dataclass(frozen=True)
class Account:
    """An account over the whole time. `weekly` posts a week, `reach` displays per follower."""

    network: str
    handle: str
    ownership: str
    zone: str
    followers: float
    yearly: float
    weekly: float
    reach: float
    person: Person | None = None
    unit: str = "Corporate"


BRAND = (
    Account("linkedin", "harbour-vale", "brand", timeline.BERLIN, 15_800, 0.16, 4.6, 0.34),
    Account("linkedin", "harbour-vale-careers", "brand", timeline.BERLIN, 2_900, 0.22, 1.8, 0.42,
            unit="People"),
    Account("facebook", "harbourvale", "brand", timeline.BERLIN, 13_900, 0.02, 3.4, 0.16),
    Account("facebook", "harbourvale.uk", "brand", timeline.LONDON, 2_700, 0.05, 2.0, 0.20,
            unit="United Kingdom"),
    Account("instagram", "harbourvale", "brand", timeline.BERLIN, 6_600, 0.21, 3.2, 0.44),
    Account("instagram", "harbourvale_lab", "brand", timeline.NEW_YORK, 1_700, 0.30, 2.1, 0.50,
            unit="Laboratory"),
    Account("mastodon", "harbourvale", "brand", timeline.BERLIN, 2_500, 0.24, 2.7, 0.0),
    Account("mastodon", "harbourvale_research", "brand", timeline.BERLIN, 700, 0.28, 1.6, 0.0,
            unit="Research"),
)  # fmt: skip
CATEGORIES = np.array(["product", "people", "knowledge", "event", "news"], dtype=object)
TITLES = np.array(
    [
        "How flat is flat",
        "A day at the calibration bench",
        "Ask our engineers",
        "Meet us at the fair",
        "New: inline sensor",
        "Why zero drifts",
        "Behind the scenes",
        "Customer story",
        "We are hiring",
        "Five mistakes when measuring",
    ],
    dtype=object,
)
TYPES = {
    "linkedin": ("image", "video", "article", "text"),
    "facebook": ("photo", "video", "link", "status"),
    "instagram": ("IMAGE", "VIDEO", "CAROUSEL_ALBUM", "REELS"),
    "mastodon": ("image", "video", None, None),
}


def employee_accounts(people: list[Person], seed: int) -> list[Account]:
    """Fifteen people who speak about their work; one has more followers than the brand."""
    rng = timeline.stream(seed, "employee accounts")
    star = next(p for p in people if f"{p.first} {p.last}" == STAR)
    stone = next(p for p in people if f"{p.first} {p.last}" == LEAVER[0])
    able = [
        p
        for p in people
        if p.social_role != "none"
        and p.hired < dt.date(2023, 9, 1)
        and p not in (star, stone)
        and (p.left is None or p.left > dt.date(2026, 3, 31))
    ]
    chosen = [able[i] for i in sorted(rng.permutation(len(able))[:13].tolist())]
    found = [
        Account(
            "linkedin",
            f"in/{star.first}-{star.last}".lower(),
            "employee",
            timeline.BERLIN,
            38_000,
            0.09,
            1.6,
            0.40,
            star,
        ),
        Account(
            "linkedin",
            f"in/{stone.first}-{stone.last}".lower(),
            "employee",
            timeline.LONDON,
            4_100,
            0.08,
            0.9,
            0.5,
            stone,
        ),
    ]
    for number, person in enumerate(chosen):
        network = "instagram" if number in (4, 9) else "linkedin"
        stem = f"{person.first}-{person.last}".lower()
        found.append(
            Account(network, f"in/{stem}" if network == "linkedin" else stem.replace("-", "_"),
                    "employee", person.zone, float(rng.lognormal(7.0, 0.55)), 0.10,
                    float(rng.uniform(0.3, 1.1)), 0.5, person)
        )  # fmt: skip
    return found


def write(files: Files, people: list[Person], as_of: dt.date, seed: int, scale: int) -> None:
    """Folders social, listening and the Mastodon server's tables."""
    staff = employee_accounts(people, seed)
    _register(files, people, staff, as_of, seed, scale)
    files.vendor("mastodon", "accounts", {})
    files.vendor("mastodon", "statuses", {})
    for copy in range(scale):
        for account in (*BRAND, *staff):
            followers = _followers(account, seed, copy)
            _account_days(files, account, followers, as_of, seed, copy)
            posts = _posts(account, followers, seed, copy)
            if account.network == "mastodon":
                _mastodon(files, account, followers, posts, as_of, copy)
            else:
                _captures(files, account, posts, as_of, copy)
                _windows(files, account, posts, as_of, seed, copy)
        _mentions(files, people, as_of, seed, copy)
    _methods(files, as_of)
    files.spoil("posts", "files/social/linkedin_posts_2024-02.csv", Impressions="1.2k")
    files.spoil("posts", "files/social/facebook_beitraege_2025-03.csv", Stand="30.02.2025")
    files.spoil("account_days", "files/social/page_followers_2025.csv", date="yesterday")
    files.spoil("mentions", "files/listening/radarly_2025.csv", Date="n.d.")


def _followers(account: Account, seed: int, copy: int) -> np.ndarray:
    """Followers at the end of every day. (DAYS,)"""
    rng = timeline.stream(seed, "followers", account.network, account.handle, copy)
    daily = account.followers * account.yearly / 365.25 * timeline.growth(account.yearly * 0.8)
    gained = rng.poisson(np.maximum(daily * timeline.season(), 0.02) * 1.6)
    lost = rng.poisson(np.maximum(daily, 0.02) * 0.55)
    recall = timeline.day(RECALL)
    if account.ownership == "brand":
        lost[recall : recall + 21] += rng.poisson(account.followers * 0.0007, 21)
    if account.network == "facebook":
        lost[timeline.day("2025-06-17")] += round(account.followers * 0.021)  # a purge of fakes
    return np.maximum(round(account.followers) + np.cumsum(gained - lost), 0)


def _end_of(account: Account, as_of: dt.date) -> int:
    """Last day an account is read: people take theirs along when they leave."""
    person = account.person
    if person is not None and person.left is not None and person.left <= as_of:
        return timeline.day(person.left)
    return timeline.day(as_of)


def _account_days(
    files: Files, account: Account, followers: np.ndarray, as_of: dt.date, seed: int, copy: int
) -> None:
    rng = timeline.stream(seed, "account days", account.network, account.handle, copy)
    visits = rng.poisson(followers * 0.004 * timeline.season())
    shown = rng.poisson(followers * (0.05 + account.reach * account.weekly / 7))
    missing = rng.random(timeline.DAYS) < 0.006  # the tool was not reached on these days
    last = _end_of(account, as_of)
    if account.network == "mastodon":
        last = min(last, timeline.day(as_of) - 1)  # the server itself says today's
    days = np.arange(last + 1)
    days = days[~missing[: last + 1]]
    handle = suffixed(account.handle, copy)
    year = timeline.written(days, "%Y").astype(str)
    change = np.diff(followers, prepend=followers[0])
    views_since = VIEWS_SINCE.get(account.network, 10**6)
    for label, some in parts(year):
        day = days[some]
        old = day < views_since
        definition = np.where(
            old, f"{account.network}-impressions", f"{account.network}-views-2025"
        )
        if account.ownership == "employee":
            files.csv(f"files/social_people/followers_{label}.csv", {
                "Network": np.full(len(day), account.network.title(), dtype=object),
                "Profile": np.full(len(day), handle, dtype=object),
                "Day": timeline.iso(day),
                "Followers": followers[day],
            })  # fmt: skip
        elif account.network == "mastodon":
            files.csv(f"files/social/fediverse_followers_{label}.csv", {
                "account": np.full(len(day), handle, dtype=object),
                "day": timeline.iso(day),
                "followers": followers[day],
            })  # fmt: skip
        else:
            files.csv(f"files/social/page_followers_{label}.csv", {
                "network": np.full(len(day), account.network, dtype=object),
                "page": np.full(len(day), handle, dtype=object),
                "date": timeline.iso(day),
                "followers": followers[day],
                "net change": change[day],
                "page views": visits[day],
                "impressions": whole(shown[day], old),
                "definition": definition,
            })  # fmt: skip


def _posts(account: Account, followers: np.ndarray, seed: int, copy: int) -> dict[str, np.ndarray]:
    """Own posts with what each reaches in the end. Moments are UTC seconds."""
    rng = timeline.stream(seed, "posts", account.network, account.handle, copy)
    weekday = timeline.WEEKDAYS[np.arange(timeline.DAYS) % 7]
    a_day = rng.poisson(account.weekly * weekday * timeline.season() ** 0.5)
    day = np.repeat(np.arange(timeline.DAYS), a_day)
    n = len(day)
    hour = np.clip(rng.normal(11.5, 2.6, n), 6.2, 21.5)
    at = timeline.utc(day * DAY + (hour * 3600).astype("int64"), account.zone)
    at = np.sort(at)
    day = timeline.local(at, account.zone) // DAY
    kind = rng.choice(4, n, p=[0.42, 0.18, 0.2, 0.2])
    paid = (rng.random(n) < 0.05) & (account.ownership == "brand")
    boost = np.where(kind == 1, 1.5, 1.0) * np.where(paid, 4.0, 1.0)
    rise = 1 + 0.05 * day / 365.25
    size = np.maximum(followers[day], 50)
    shown = np.round(size * (account.reach or 0.3) * rng.lognormal(-0.18, 0.6, n) * boost * rise)
    reach = np.round(shown * rng.uniform(0.62, 0.88, n))
    rate = {"linkedin": 0.021, "facebook": 0.012, "instagram": 0.036, "mastodon": 0.025}[
        account.network
    ]
    reacted = rng.binomial(
        shown.astype(int),
        np.clip(rate * rng.lognormal(0, 0.35, n) * (1 + 0.03 * day / 365.25), 0, 0.4),
    )
    return {
        "number": np.arange(n),
        "at": at,
        "day": day,
        "kind": kind,
        "paid": paid,
        "category": rng.choice(5, n, p=[0.3, 0.2, 0.25, 0.1, 0.15]),
        "title": rng.integers(0, len(TITLES), n),
        "shown": shown,
        "reach": reach,
        "reactions": reacted,
        "comments": rng.binomial(reacted, 0.11),
        "shares": rng.binomial(reacted, 0.13),
        "saves": rng.binomial(reacted, 0.09),
        "clicks": rng.binomial(shown.astype(int), 0.014),
        "links": rng.random(n),
        "plays": np.round(shown * rng.uniform(0.3, 0.6, n)),
        "pace": rng.uniform(1.3, 3.2, n),
        "fixed": rng.random((n, 2)),
    }


def post_id(account: Account, copy: int, number: np.ndarray) -> np.ndarray:
    """The networks' own forms of ids."""
    place = (*(a.handle for a in BRAND), account.handle).index(account.handle)
    base = (copy * 50 + place + 1) * 1_000_000 + number + (500_000 if account.person else 0)
    if account.person:
        base = base + 10_000_000_000 * (account.person.number + 1)
    form = {"linkedin": "urn:li:share:72%013d", "facebook": "1054%012d", "instagram": "179%014d",
            "mastodon": "1118%014d"}[account.network]  # fmt: skip
    return np.char.mod(form, base).astype(object)


def _captures(files: Files, account: Account, posts: dict, as_of: dt.date, copy: int) -> None:
    """Counters as read on the days of CAPTURES; LinkedIn corrects a few a fortnight later."""
    n, steps = len(posts["at"]), len(CAPTURES)
    post = np.repeat(np.arange(n), steps)
    age = np.tile(CAPTURES, n)
    captured = posts["day"][post] + age
    keep = (captured <= timeline.day(as_of)) & (posts["day"][post] <= _end_of(account, as_of))
    post, age, captured = post[keep], age[keep], captured[keep]
    seen = 1 - np.exp(-(age + 0.45) / posts["pace"][post])

    def count(name: str) -> np.ndarray:
        return np.floor(posts[name][post] * seen).astype("int64")

    old = captured < VIEWS_SINCE.get(account.network, 10**6)
    shown = count("shown")
    network, handle = account.network, suffixed(account.handle, copy)
    ids = post_id(account, copy, posts["number"])[post]
    m = len(post)
    kinds = np.array(TYPES[network], dtype=object)[posts["kind"][post]]
    channel = "employee_advocacy" if account.person else "organic_social"
    campaign = campaigns.running(channel, posts["day"][post])
    named = campaigns.named(campaign, copy)
    campaign = np.where(posts["category"][post] < 2, named, None)
    quarter = timeline.quarter(captured).astype(str)
    clicks = count("clicks")
    if account.person:
        frame = {
            "Network": np.full(m, network, dtype=object),
            "Profile": np.full(m, handle, dtype=object),
            "Post": ids,
            "Read on": timeline.iso(captured),
            "Shared at": timeline.stamps(posts["at"][post]),
            "Campaign": campaign,
            "Impressions": whole(shown, old),
            "Reactions": count("reactions"),
            "Comments": count("comments"),
            "Reshares": count("shares"),
        }
        quarter = timeline.written(captured, "%Y").astype(str)
        for label, some in parts(quarter):
            files.csv(f"files/social_people/shares_{label}.csv", cut(frame, some))
    elif network == "linkedin":
        frame = {
            "Page": np.full(m, handle, dtype=object),
            "Share URN": ids,
            "Captured": timeline.iso(captured),
            "Published (UTC)": timeline.stamps(posts["at"][post], form="blank"),
            "Type": kinds,
            "Content category": CATEGORIES[posts["category"][post]],
            "Title": TITLES[posts["title"][post]],
            "Campaign": campaign,
            "Sponsored": np.where(posts["paid"][post], "Yes", "No"),
            "Impressions": shown,
            "Unique impressions": count("reach"),
            "Reactions": count("reactions"),
            "Comments": count("comments"),
            "Reposts": count("shares"),
            "Clicks": clicks,
            "Video views": whole(count("plays"), posts["kind"][post] == 1),
        }
        for label, some in parts(quarter):
            files.csv(f"files/social/linkedin_posts_{label}.csv", cut(frame, some))
        # Invalid traffic is taken out of the last capture and the month is sent again.
        wrong = (age == 28) & (posts["fixed"][post, 0] < 0.06)
        wrong &= captured + 20 <= timeline.day(as_of)
        frame["Impressions"] = np.floor(shown * 0.93).astype("int64")
        frame["Unique impressions"] = np.minimum(frame["Unique impressions"], frame["Impressions"])
        frame["Clicks"] = np.floor(clicks * 0.9).astype("int64")
        for label, some in parts(np.where(wrong, quarter, "")):
            if label:
                files.csv(f"files/social/linkedin_posts_{label}_corrected.csv", cut(frame, some))
    elif network == "facebook":
        frame = {
            "Seite": np.full(m, handle, dtype=object),
            "Beitrags-ID": ids,
            "Stand": timeline.written(captured, "%d.%m.%Y"),
            "Veröffentlicht": timeline.stamps(
                posts["at"][post], form="german", zone=timeline.BERLIN
            ),
            "Art": kinds,
            "Kategorie": CATEGORIES[posts["category"][post]],
            "Titel": TITLES[posts["title"][post]],
            "Kampagne": campaign,
            "Beworben": np.where(posts["paid"][post], "ja", "nein"),
            "Impressionen": whole(shown, old, thousands="."),
            "Aufrufe": whole(np.floor(shown * 1.08), ~old, thousands="."),
            "Reichweite": whole(count("reach"), thousands="."),
            "Reaktionen": whole(count("reactions"), thousands="."),
            "Kommentare": whole(count("comments"), thousands="."),
            "Geteilt": whole(count("shares"), thousands="."),
            "Klicks": whole(clicks, thousands="."),
            "Link-Klicks": whole(np.floor(clicks * 0.55 * posts["links"][post]), thousands="."),
            "Videowiedergaben": whole(count("plays"), posts["kind"][post] == 1, thousands="."),
            "Definition": np.where(old, "fb-impressions", "fb-views-2025-11"),
        }
        for label, some in parts(quarter):
            files.csv(f"files/social/facebook_beitraege_{label}.csv", cut(frame, some),
                      delimiter=";", encoding="cp1252")  # fmt: skip
    else:
        frame = {
            "username": np.full(m, handle, dtype=object),
            "media_id": ids,
            "day": timeline.iso(captured),
            "timestamp": timeline.stamps(posts["at"][post]),
            "media_type": kinds,
            "topic": CATEGORIES[posts["category"][post]],
            "boosted": posts["paid"][post],
            "impressions": whole(shown, old),
            "views": whole(np.floor(shown * 1.12), ~old),
            "reach": count("reach"),
            "likes": count("reactions"),
            "comments": count("comments"),
            "shares": count("shares"),
            "saved": count("saves"),
            "plays": whole(count("plays"), (posts["kind"][post] % 2 == 1) & old),
            "definition": np.where(old, "ig-impressions", "ig-views-2025-04"),
        }
        for label, some in parts(quarter):
            files.jsonl(f"files/social/instagram_media_{label}.jsonl", cut(frame, some))


def _windows(
    files: Files, account: Account, posts: dict, as_of: dt.date, seed: int, copy: int
) -> None:
    """Unique people of an account in weeks and 28 days, as the network says: less than the sum."""
    if account.person:
        return
    rng = timeline.stream(seed, "windows", account.network, account.handle, copy)
    by_day = np.bincount(posts["day"], posts["shown"], timeline.DAYS)
    frames, inside = [], np.zeros(timeline.DAYS // 28, dtype=int)
    for length in (7, 28):
        ends = np.arange(length - 1, timeline.DAYS, length)
        total = np.convolve(by_day, np.ones(length))[ends].astype(int) + 20
        share = np.clip(rng.normal(0.47 if length == 7 else 0.33, 0.03, len(ends)), 0.1, 0.9)
        reach = np.floor(total * share).astype(int)
        if length == 7:  # who was reached in a week was reached in the four weeks that hold it
            inside = np.floor(reach[: len(inside) * 4].reshape(-1, 4).max(1) * 1.1).astype(int)
        else:
            reach = np.maximum(reach, inside)
        frames.append((length, ends, total, reach))
    for length, ends, total, reach in frames:
        some = ends <= timeline.day(as_of)
        n = int(some.sum())
        acted = np.floor(reach * (0.031 + 0.012 * np.sin(ends / 40) ** 2))
        files.csv("files/social/reach_windows.csv", {
            "network": np.full(n, account.network, dtype=object),
            "account": np.full(n, suffixed(account.handle, copy), dtype=object),
            "window_days": np.full(n, length),
            "window_end": timeline.iso(ends[some]),
            "reach_people": reach[some],
            "impressions": whole(total[some], ends[some] < VIEWS_SINCE.get(account.network, 10**6)),
            # Facebook's report has no actions of a window; the others' come with it.
            "engagements": whole(acted[some], account.network != "facebook"),
        })  # fmt: skip


def _mastodon(
    files: Files, account: Account, followers: np.ndarray, posts: dict, as_of: dt.date, copy: int
) -> None:
    """The server's tables as of the day: counters are what they are now."""
    today = timeline.day(as_of)
    known = posts["day"] <= today
    age = today - posts["day"]
    seen = 1 - np.exp(-(np.maximum(age, 0) + 0.45) / posts["pace"])
    number = 109_300_000_000_000_000 + (copy * 10 + BRAND.index(account)) * 1_000
    handle = suffixed(account.handle, copy).replace("-", "_")
    n = len(known)
    ids = post_id(account, copy, posts["number"])
    is_reblog, is_reply = posts["fixed"][:, 0] < 0.09, posts["fixed"][:, 1] < 0.1
    files.vendor("mastodon", "accounts", {
        "account_id": [str(number)],
        "captured_on": [as_of.isoformat()],
        "acct": [handle],
        "url": [f"https://social.harbourvale.example/@{handle}"],
        "created_at": ["2022-11-14T00:00:00"],
        "followers_count": [int(followers[today])],
        "following_count": [180 + BRAND.index(account)],
        "statuses_count": [int(known.sum())],
        "is_bot": [False],
    })  # fmt: skip

    def count(name: str) -> np.ndarray:
        return np.floor(posts[name] * seen * known).astype("int64")

    edited = (posts["links"] < 0.04) & (posts["at"] + 2 * 3600 < (today + 1) * DAY)
    media = np.array(TYPES["mastodon"], dtype=object)[posts["kind"]]
    tags = np.array(["metrology", "metrology precision", "", "calibration"], dtype=object)
    files.vendor("mastodon", "statuses", cut({
        "status_id": ids,
        "captured_on": np.full(n, as_of.isoformat(), dtype=object),
        "account_id": np.full(n, str(number), dtype=object),
        "acct": np.full(n, handle, dtype=object),
        "created_at": timeline.stamps(posts["at"]),
        "edited_at": timeline.stamps(posts["at"] + 2 * 3600, edited),
        "url": f"https://social.harbourvale.example/@{handle}/" + ids,
        "language": np.where(posts["title"] % 2 == 0, "en", "de").astype(object),
        "visibility": np.where(posts["fixed"][:, 1] > 0.97, "unlisted", "public").astype(object),
        "is_reblog": is_reblog,
        "in_reply_to_id": np.where(is_reply, np.roll(ids, 1), None),
        "media_type": media,
        "favourites_count": count("reactions"),
        "reblogs_count": count("shares"),
        "replies_count": count("comments"),
        "quotes_count": np.full(n, None, dtype=object),
        "tags": tags[posts["kind"]],
    }, known))  # fmt: skip


def _register(
    files: Files, people: list[Person], staff: list[Account], as_of: dt.date, seed: int, scale: int
) -> None:
    """Whose the accounts are: brand in one sheet, people in another whose handles are hashed."""
    rng = timeline.stream(seed, "register")
    by_name = {f"{p.first} {p.last}": p for p in people}
    social, stone = by_name["Mara Lindqvist"], by_name[LEAVER[0]]
    brand = []
    for copy in range(scale):
        for account in BRAND:
            orphan = account.handle == "harbourvale.uk"
            owner = stone if orphan else social
            handle = suffixed(account.handle, copy)
            handle = handle.replace("-", "_") if account.network == "mastodon" else handle
            brand.append((
                account.network, handle, "brand", account.unit, owner.email,
                "events_lead" if orphan else "social_lead", "Marketing",
                1 if orphan else 3, *("nein" if orphan else "ja" for _ in range(2)),
                "ja", "nein" if orphan else "ja", "2017-03-01", account.zone,
            ))  # fmt: skip
    headings = ("network", "account", "ownership", "business unit", "owner email", "owner role",
                "department", "administrators", "has recovery contact", "has signed policy",
                "has two factor", "has exit clause", "opened on", "time zone")  # fmt: skip
    columns = map(list, zip(*brand, strict=True))
    files.csv("files/social/register_brand.csv", dict(zip(headings, columns, strict=True)))
    files.spoil("social_accounts", "files/social/register_brand.csv", administrators="all of us")
    own = []
    for account in staff:
        person = account.person
        signed = rng.random() < 0.6 and person is not by_name[STAR]
        clause = signed and rng.random() < 0.6
        opted, second = rng.random() < 0.85, rng.random() < 0.7
        left = person.left if person.left and person.left <= as_of else None
        own.append((
            account.network, account.handle, person.email, person.job(as_of)[0],
            "yes" if signed else "no", "yes" if second else "no", "yes" if clause else "no",
            "yes" if opted and left is None else "no", left.strftime("%d/%m/%Y") if left else "",
            account.zone,
        ))  # fmt: skip
    headings = ("Network", "Profile", "Employee", "Department", "Policy signed", "2FA",
                "Exit clause", "Shares for us", "Left on", "Zone")  # fmt: skip
    columns = map(list, zip(*own, strict=True))
    files.csv("files/social_people/register.csv", dict(zip(headings, columns, strict=True)))


def _mentions(files: Files, people: list[Person], as_of: dt.date, seed: int, copy: int) -> None:
    """Two listening tools that find much the same. The brand query was changed in July 2025."""
    rng = timeline.stream(seed, "mentions", copy)
    level = timeline.season() * timeline.growth(0.10)
    level = level * (timeline.WEEKDAYS[np.arange(timeline.DAYS) % 7] * 7) ** 0.5
    recall, crisis = timeline.day(RECALL), timeline.day("2025-11-03")
    subjects = np.array(["Harbour & Vale", "Metrix Group", "Calor Instruments"], dtype=object)
    rates = np.array([4.3, 5.4, 3.1])[:, None] * level
    rates[0] *= np.linspace(0.94, 1.10, timeline.DAYS)
    rates[0, timeline.day("2025-07-01") :] *= 1.12  # the new query finds more
    rates[0, recall : recall + 28] *= 2.6
    rates[1, crisis : crisis + 35] *= 2.1
    counts = rng.poisson(rates)
    subject, day = (np.repeat(axis.ravel(), counts.ravel()) for axis in np.indices(counts.shape))
    order = np.argsort(day, kind="stable")
    subject, day = subject[order], day[order]
    n = len(day)
    at = np.sort(day * DAY + (np.clip(rng.normal(13, 4.4, n), 0, 23.9) * 3600).astype("int64"))
    bad = ((subject == 0) & (day >= recall) & (day < recall + 45)) | (
        (subject == 1) & (day >= crisis) & (day < crisis + 40)
    )
    mood = rng.random(n) - 0.33 * bad + np.where(subject == 0, 0.05, 0.0)
    sentiment = np.where(mood < 0.16, "negative", np.where(mood < 0.66, "neutral", "positive"))
    ours = np.array(
        [p.email.split("@")[0] for p in people if p.social_role != "none"], dtype=object
    )
    by_staff = (rng.random(n) < 0.06) & (subject == 0)
    author = np.where(
        by_staff, ours[rng.integers(0, len(ours), n)],
        np.char.mod("user%05d", rng.integers(0, 40_000, n)).astype(object),
    )  # fmt: skip
    network = np.array(["linkedin", "instagram", "facebook", "mastodon", "forum"], dtype=object)[
        rng.choice(5, n, p=[0.34, 0.15, 0.16, 0.15, 0.2])
    ]
    advice = (sentiment == "positive") & (rng.random(n) < 0.32)
    message = rng.random(n) < 0.21
    language = np.where(rng.random(n) < 0.55, "de", "en").astype(object)
    ids = np.char.mod(f"m{copy:03d}%07d", np.arange(n)).astype(object)
    version = np.where(day < timeline.day("2025-07-01"), "1", "2")
    known = at < (timeline.day(as_of) + 1) * DAY
    year = timeline.written(day, "%Y").astype(str)
    first, second = rng.random(n) < 0.93, (rng.random(n) < 0.55) & (day >= 366)
    query = np.where(subject == 0, "brand", "competitors").astype(object)
    for label, some in parts(np.where(known & first, year, "")):
        if label:
            files.csv(f"files/listening/radarly_{label}.csv", {
                "Query": query[some],
                "Version": np.where(subject[some] == 0, version[some], "1"),
                "Source": network[some],
                "ID": ids[some],
                "Date": timeline.stamps(at[some], form="blank"),
                "Author": author[some],
                "Subject": subjects[subject[some]],
                "Own brand": np.where(subject[some] == 0, "true", "false"),
                "Insider": np.where(by_staff[some], "true", "false"),
                "Sentiment": sentiment[some],
                "Recommends": np.where(advice[some], "true", "false"),
                "Key message": np.where(message[some], "true", "false"),
                "Language": language[some],
            })  # fmt: skip
    # The second tool knows the brand only and finds what the first found: do not count twice.
    flipped = np.where((mood > 0.58) & (mood < 0.66), "positive", sentiment)
    for label, some in parts(np.where(known & second & (subject == 0), year, "")):
        if label:
            files.jsonl(f"files/listening/echolot_{label}.jsonl", {
                "platform": network[some],
                "native_id": ids[some],
                "created": timeline.stamps(at[some]),
                "handle": author[some],
                "polarity": flipped[some],
                "lang": language[some],
            })  # fmt: skip


def _methods(files: Files, as_of: dt.date) -> None:
    """How the series are collected."""
    rows = [
        (
            "radarly",
            "brand",
            "1",
            "2024-01-01",
            "2025-06-30",
            "linkedin, instagram, facebook, mastodon, forums",
            "de, en; known bots out",
            "radarly 4",
            "0.71",
            "6",
        ),
        (
            "radarly",
            "brand",
            "2",
            "2025-07-01",
            "",
            "linkedin, instagram, facebook, mastodon, forums",
            "de, en; product names added",
            "radarly 5",
            "0.76",
            "6",
        ),
        (
            "radarly",
            "competitors",
            "1",
            "2024-01-01",
            "",
            "linkedin, instagram, facebook, mastodon, forums",
            "de, en; known bots out",
            "radarly 5",
            "0.74",
            "6",
        ),
        (
            "echolot",
            "brand_echolot",
            "1",
            "2025-01-01",
            "",
            "linkedin, instagram, facebook, mastodon, forums",
            "de, en",
            "echolot 2",
            "0.68",
            "24",
        ),
    ]
    rows = [
        (*row[:4], row[4] if row[4] and row[4] <= as_of.isoformat() else "", *row[5:])
        for row in rows
        if row[3] <= as_of.isoformat()
    ]
    headings = (
        "tool",
        "query",
        "version",
        "valid_from",
        "valid_to",
        "platforms",
        "filters",
        "sentiment_method",
        "sentiment_accuracy",
        "latency_hours",
    )
    columns = map(list, zip(*rows, strict=True))
    files.csv("files/listening/methods.csv", dict(zip(headings, columns, strict=True)))
