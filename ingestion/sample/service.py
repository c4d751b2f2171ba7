"""Conversations, tickets and what customers answer. Planted: after the recall of February 2026
the care team has twice the work, answers later and after hours, and customers say so."""

from __future__ import annotations

import datetime as dt

import numpy as np

from ingestion.sample import timeline
from ingestion.sample.campaigns import suffixed
from ingestion.sample.people import RECALL, Person, agents
from ingestion.sample.social import BRAND
from ingestion.sample.writing import Files, cut, parts

DAY = 86_400
TEAMS = ("Care Berlin", "Care London", "Care New York")
TEAM_ZONES = (timeline.BERLIN, timeline.LONDON, timeline.NEW_YORK)
TOPICS = np.array(
    ["delivery", "calibration", "invoice", "defect", "how to", "returns"], dtype=object
)


def strain() -> np.ndarray:
    """Load on care relative to normal, by day. (DAYS,)"""
    found = np.ones(timeline.DAYS)
    first = timeline.day(RECALL)
    days = np.arange(timeline.DAYS - first)
    found[first:] += 0.9 * np.exp(-days / 75)
    return found


def write(
    files: Files, people: list[Person], contacts: dict[str, np.ndarray], as_of: dt.date,
    seed: int, scale: int,
) -> None:  # fmt: skip
    """Folders inbox, tickets and satisfaction."""
    for copy in range(scale):
        _conversations(files, people, contacts, as_of, seed, copy)
        solved = _tickets(files, people, contacts, as_of, seed, copy)
        _after_tickets(files, contacts, solved, as_of, seed, copy)
        _relationship(files, contacts, as_of, seed, copy)
    files.spoil("conversations", "files/inbox/inbox_2024-04.csv", Received="later")
    files.spoil("tickets", "files/tickets/tickets_2025.csv", Ticket="")
    files.spoil("satisfaction", "files/satisfaction/after_ticket_2025.jsonl", score="very good")


def _on_duty(
    rng: np.random.Generator, people: list[Person], team: np.ndarray, at: np.ndarray
) -> np.ndarray:
    """E-mail of the agent who answers each item: somebody on shift at that moment, or, when
    nobody is, anybody of the team (that is work after hours)."""
    found = np.empty(len(team), dtype=object)
    draw = rng.integers(0, 10**6, len(team))
    month = np.clip(at // DAY, 0, timeline.DAYS - 1) // 30
    for number, name in enumerate(TEAMS):
        members = agents(people)[name]
        minute = timeline.local(at, TEAM_ZONES[number]) % DAY // 60
        for one in np.unique(month[team == number]).tolist():
            when = timeline.date(min(one * 30 + 15, timeline.DAYS - 1))
            there = [p for p in members if p.here(when)] or members
            rows = np.flatnonzero((team == number) & (month == one))
            starts, ends = (
                np.array([int(p.shift[i][:2]) * 60 + int(p.shift[i][3:]) for p in there])
                for i in (0, 1)
            )
            on = (starts <= minute[rows, None]) & (minute[rows, None] < ends)
            on |= ~on.any(1, keepdims=True)
            chosen = draw[rows] % on.sum(1)
            place = np.argmax(np.cumsum(on, 1) > chosen[:, None], 1)
            found[rows] = np.array([p.email for p in there], dtype=object)[place]
    return found


def _reply(
    rng: np.random.Generator, at: np.ndarray, team: np.ndarray, minutes: float
) -> np.ndarray:
    """When an agent answers: in the shift that follows, some after hours when there is much."""
    day = np.clip(at // DAY, 0, timeline.DAYS - 1)
    load = strain()[day]
    years = day / 365.25
    delay = rng.lognormal(np.log(minutes), 0.95, len(at)) * load**1.25 * (0.93**years) * 60
    found = at + delay.astype("int64")
    late = rng.random(len(at)) < 0.04 + 0.22 * (load - 1)
    draw = rng.uniform(0, 2.2 * 3600, len(at))
    for number, zone in enumerate(TEAM_ZONES):
        here = team == number
        wall = timeline.local(found, zone)
        weekday, second = wall // DAY % 7, wall % DAY
        opens, closes = 8 * 3600 + 1_800, 18 * 3600 + 1_800
        closed = (weekday > 4) | (second < opens) | (second >= closes)
        days_on = np.where(second >= closes, 1, 0)
        landing = (weekday + days_on) % 7
        days_on = days_on + np.where(landing > 4, 7 - landing, 0)
        next_open = (wall // DAY + days_on) * DAY + opens + draw.astype("int64")
        same_evening = wall // DAY * DAY + closes + 900 + draw.astype("int64")
        moved = np.where(late & (weekday < 5) & (second < closes + 3 * 3600),
                         np.maximum(same_evening, wall), next_open)  # fmt: skip
        wall = np.where(closed, moved, np.where(late & (second > 14 * 3600), same_evening, wall))
        found = np.where(here, timeline.utc(wall, zone), found)
    return np.maximum(found, at + 60)


def _conversations(
    files: Files, people: list[Person], contacts: dict, as_of: dt.date, seed: int, copy: int
) -> None:
    """The shared inbox, exported by quarter on Berlin's clock."""
    rng = timeline.stream(seed, "conversations", copy)
    weekday = (timeline.WEEKDAYS[np.arange(timeline.DAYS) % 7] * 7) ** 0.6
    rate = 7.4 * timeline.season() ** 0.5 * weekday * strain() * timeline.growth(0.07)
    counts = rng.poisson(rate)
    day = np.repeat(np.arange(timeline.DAYS), counts)
    n = len(day)
    at = np.sort(day * DAY + (np.clip(rng.normal(12.5, 4.6, n), 0, 23.95) * 3600).astype("int64"))
    day = at // DAY
    channel = np.array(
        ["facebook", "instagram", "linkedin", "mastodon", "chat", "e-mail"], dtype=object
    )
    which = rng.choice(6, n, p=[0.24, 0.15, 0.18, 0.07, 0.20, 0.16])
    handles = {"facebook": 2, "instagram": 4, "linkedin": 0, "mastodon": 6}
    account = np.array(
        [
            suffixed(BRAND[handles[c]].handle, copy) if c in handles else None
            for c in channel.tolist()
        ],
        dtype=object,
    )[which]
    british = (which == 0) & (rng.random(n) < 0.25)
    account = np.where(british, suffixed(BRAND[3].handle, copy), account)
    team = np.where(british, 1, rng.choice(3, n, p=[0.5, 0.3, 0.2]))
    needs = rng.random(n) < 0.81
    answered = rng.random(n) < np.where(needs, 0.955 - 0.10 * (strain()[day] - 1), 0.18)
    machine = ~answered & (rng.random(n) < 0.3)
    reply = _reply(rng, at, team, 58.0)
    who = _on_duty(rng, people, team, reply)
    resolved = reply + (rng.gamma(1.3, 7.5 * 3600, n)).astype("int64")
    gets_resolved = answered & (rng.random(n) < 0.93)
    messages = 1 + rng.poisson(1.1, n)
    topic = TOPICS[rng.choice(6, n, p=[0.2, 0.2, 0.12, 0.16, 0.24, 0.08])]
    writer = rng.integers(0, 10**6, n) % np.maximum(
        np.searchsorted(np.sort(contacts["created"]), at), 1
    )
    writer = np.argsort(contacts["created"], kind="stable")[writer]
    email = np.where(rng.random(n) < 0.34, contacts["email"][writer], None)
    end = (timeline.day(as_of) + 1) * DAY
    replied = answered & (reply < end)
    done = gets_resolved & (resolved < end)
    frame = {
        "Channel": channel[which],
        "Thread": np.char.mod(f"T{copy:03d}-%07d", np.arange(n)).astype(object),
        "Account": account,
        "Received": timeline.stamps(at, form="blank", zone=timeline.BERLIN),
        "Customer e-mail": email,
        "Needs answer": np.where(needs, "yes", "no"),
        "First answer": timeline.stamps(reply, replied, "blank", timeline.BERLIN),
        "Answered by": np.where(replied, who, None),
        "Bot only": np.where(machine, "yes", "no"),
        "Closed": timeline.stamps(resolved, done, "blank", timeline.BERLIN),
        "Messages": messages,
        "Topic": topic,
        "Team": np.array(TEAMS, dtype=object)[team],
    }
    quarter = timeline.quarter(timeline.local(at, timeline.BERLIN) // DAY).astype(str)
    for label, some in parts(np.where(at < end, quarter, "")):
        if label:
            files.csv(f"files/inbox/inbox_{label}.csv", cut(frame, some))


def _tickets(
    files: Files, people: list[Person], contacts: dict, as_of: dt.date, seed: int, copy: int
) -> dict[str, np.ndarray]:
    """The help desk, by year, in UTC. Returns the solved ones."""
    rng = timeline.stream(seed, "tickets", copy)
    weekday = timeline.WEEKDAYS[np.arange(timeline.DAYS) % 7] * 7
    rate = 5.2 * timeline.season() ** 0.5 * weekday * strain() * timeline.growth(0.05)
    counts = rng.poisson(rate)
    day = np.repeat(np.arange(timeline.DAYS), counts)
    n = len(day)
    at = np.sort(day * DAY + (np.clip(rng.normal(11.8, 3.0, n), 0.1, 23.9) * 3600).astype("int64"))
    day = at // DAY
    load = strain()[day]
    team = rng.choice(3, n, p=[0.5, 0.3, 0.2])
    reply = _reply(rng, at, team, 110.0)
    solving = rng.gamma(1.2, 15 * 3600, n) * load**0.8
    solved = reply + solving.astype("int64")
    reopens = rng.poisson(0.09 * load)
    solved = solved + reopens * rng.integers(DAY, 5 * DAY, n)
    replies = 1 + rng.poisson(0.62 * load, n) + reopens
    who = _on_duty(rng, people, team, reply)
    order = np.argsort(contacts["created"], kind="stable")
    writer = order[rng.integers(0, 10**6, n) % np.maximum(
        np.searchsorted(contacts["created"][order], at), 1)]  # fmt: skip
    email = contacts["email"][writer]
    email = np.where(rng.random(n) < 0.07, np.char.upper(email.astype(str)), email)
    channel = np.array(["e-mail", "phone", "chat", "social"], dtype=object)[
        rng.choice(4, n, p=[0.48, 0.27, 0.17, 0.08])
    ]
    priority = np.array(["low", "normal", "high", "urgent"], dtype=object)[
        rng.choice(4, n, p=[0.2, 0.55, 0.2, 0.05])
    ]
    never = rng.random(n) < 0.015
    topic = TOPICS[rng.choice(6, n, p=[0.17, 0.22, 0.13, 0.2, 0.2, 0.08])]
    recalled = (load > 1.25) & (rng.random(n) < 0.5)
    topic = np.where(recalled, "defect", topic)
    end = (timeline.day(as_of) + 1) * DAY
    replied, is_solved = (reply < end) & ~never, (solved < end) & ~never
    status = np.where(is_solved, "solved", np.where(replied, "pending", "open"))
    status = np.where(is_solved & (solved + 10 * DAY < end), "closed", status)
    ids = np.char.mod("%07d", copy * 100_000 + np.arange(n) + 1).astype(object)
    frame = {
        "Ticket": ids,
        "Channel": channel,
        "Opened": timeline.stamps(at),
        "First reply": timeline.stamps(reply, replied),
        "Solved": timeline.stamps(solved, is_solved),
        "Reopened": np.where(is_solved, reopens, 0),
        "Replies": np.where(is_solved, replies, replied.astype(int)),
        "Priority": priority,
        "Status": status,
        "Group": np.array(TEAMS, dtype=object)[team],
        "Requester": email,
        "Assignee": np.where(replied, who, None),
        "Topic": topic,
    }
    year = timeline.written(day, "%Y").astype(str)
    for label, some in parts(np.where(at < end, year, "")):
        if label:
            files.csv(f"files/tickets/tickets_{label}.csv", cut(frame, some), delimiter=";")
    return {"id": ids, "at": at, "solved": solved, "never": never, "load": load, "email": email,
            "channel": channel, "replies": replies}  # fmt: skip


def _after_tickets(
    files: Files, contacts: dict, t: dict, as_of: dt.date, seed: int, copy: int
) -> None:
    """One question after a solved ticket: satisfaction, or effort every third time."""
    rng = timeline.stream(seed, "after tickets", copy)
    n = len(t["id"])
    sent = t["solved"] + 3_600
    asked = ~t["never"] & (rng.random(n) < 0.8)
    effort = np.arange(n) % 3 == 2
    answers = rng.random(n) < 0.27
    at = sent + rng.exponential(30 * 3600, n).astype("int64")
    mood = rng.normal(4.32, 0.85, n) - 0.45 * (t["load"] - 1) - 0.1 * (t["replies"] - 1)
    mood = mood + 0.05 * t["at"] / DAY / 365.25
    csat = np.clip(np.round(mood), 1, 5)
    ces = np.clip(np.round(mood * 1.6 - 1.1), 1, 7)
    score = np.where(effort, ces, csat).astype(int)
    end = (timeline.day(as_of) + 1) * DAY
    known = answers & (at < end)
    frame = {
        "survey": np.full(n, "after_ticket", dtype=object),
        "id": "a" + t["id"],
        "question": np.where(effort, "ces", "csat").astype(object),
        "sent": timeline.stamps(sent),
        "answered": timeline.stamps(at, known),
        "score": np.where(known, score.astype(object), None),
        "top": np.where(effort, 7, 5),
        "via": t["channel"],
        "ticket": t["id"],
        "recipient": np.char.lower(t["email"].astype(str)).astype(object),
        "wording": np.where(
            effort & (t["at"] >= timeline.day("2025-07-01") * DAY), "v2", "v1"
        ).astype(object),
    }
    year = timeline.written(np.minimum(sent // DAY, timeline.DAYS - 1), "%Y").astype(str)
    for label, some in parts(np.where(asked & (sent < end), year, "")):
        if label:
            files.jsonl(f"files/satisfaction/after_ticket_{label}.jsonl", cut(frame, some))


def _relationship(files: Files, contacts: dict, as_of: dt.date, seed: int, copy: int) -> None:
    """Net promoter question to 800 customers a quarter; 3 in 10 answer."""
    end = (timeline.day(as_of) + 1) * DAY
    number = 0
    customers = np.flatnonzero(contacts["is_customer"])
    customers = customers[np.argsort(contacts["created"][customers], kind="stable")]
    for year in (2024, 2025, 2026):
        for quarter in (1, 2, 3, 4):
            rng = timeline.stream(seed, "promoters", copy, year, quarter)
            first = timeline.day(dt.date(year, 3 * quarter - 1, 12)) * DAY + 9 * 3600
            pool = customers[contacts["created"][customers] < first]
            some = pool[(rng.random(800) * len(pool)).astype(int)]
            n = len(some)
            answers = rng.random(n) < 0.30
            at = first + rng.exponential(3 * DAY, n).astype("int64")
            years = first / DAY / 365.25
            down = 0.75 if dt.date(year, 3 * quarter - 1, 12) >= RECALL else 0.0
            down *= 0.55 ** max(quarter - 1, 0) if down else 1
            score = np.clip(np.round(rng.normal(7.95 + 0.17 * years - down, 1.9, n)), 0, 10)
            known = answers & (at < end)
            ids = np.char.mod(f"n{copy:03d}-%06d", number + np.arange(n)).astype(object)
            number += n
            if first >= end:
                continue
            files.csv("files/satisfaction/relationship.csv", {
                "answer": ids,
                "sent": timeline.stamps(np.full(n, first), form="german", zone=timeline.BERLIN),
                "answered": timeline.stamps(at, known, "german", timeline.BERLIN),
                "0-10": np.where(known, score.astype(int).astype(object), None),
                "e-mail": contacts["email"][some],
            }, delimiter=";")  # fmt: skip
