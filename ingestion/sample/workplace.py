"""How we work: listening hours, internal platforms and messages, questions, who works with whom.

Planted: after the recall the care desks are logged in but listen less, employees ask more and are
answered later, and care works more closely with engineering.
"""

from __future__ import annotations

import datetime as dt

from ingestion.sample import timeline
from ingestion.sample.finance import MONTHS, month_end
from ingestion.sample.people import DEPARTMENTS, RECALL, ROLES, Person, agents
from ingestion.sample.service import TEAMS, strain
from ingestion.sample.writing import Files

ACTIVE = {"Production": 0.38, "Customer Care": 0.86, "Operations": 0.7, "Legal": 0.75}
OPENED = {"Production": 0.34, "Engineering": 0.55, "Sales": 0.58}
CLOSE = {
    frozenset({"Sales", "Marketing"}): 0.17,
    frozenset({"Production", "Engineering"}): 0.09,
    frozenset({"Finance", "Operations"}): 0.14,
    frozenset({"Legal", "Finance"}): 0.15,
}


def write(files: Files, people: list[Person], as_of: dt.date, seed: int) -> None:
    """Rotas beside the inbox, and the folder workplace."""
    _rotas(files, people, as_of, seed)
    _platform(files, people, as_of, seed)
    _newsletter(files, people, as_of, seed)
    _questions(files, people, as_of, seed)
    _ties(files, people, as_of, seed)
    files.spoil("rotas", "files/inbox/rota_2025.csv", Logged_in="all day")
    files.spoil("internal_comms", "files/workplace/newsletter_2025.csv", Opened="half")
    files.spoil("employee_questions", "files/workplace/questions.csv", Asked="in the meeting")
    files.spoil("ties", "files/workplace/ties_mail.csv", Pairs="many")


def heads(people: list[Person], day: dt.date) -> dict[str, int]:
    """People by department on a day."""
    found = dict.fromkeys(DEPARTMENTS, 0)
    for person in people:
        if person.here(day):
            found[person.job(day)[0]] += 1
    return found


def _rotas(files: Files, people: list[Person], as_of: dt.date, seed: int) -> None:
    """Ten hours on working days, four on Berlin's Saturdays; London logged no activity at first."""
    load = strain()
    for team in TEAMS:
        rng = timeline.stream(seed, "rota", team)
        members = agents(people)[team]
        rows: dict[int, list[tuple]] = {}
        for number in range(timeline.DAYS):
            day, draws = timeline.date(number), rng.random(3)
            promised = (
                10 if day.weekday() < 5 else 4 if "Berlin" in team and day.weekday() == 5 else 0
            )
            if not promised or day > as_of:
                continue
            there = sum(person.here(day) for person in members)
            on = max(there * (0.82 - 0.1 * (load[number] - 1)) * (0.9 + 0.2 * draws[0]), 0.6)
            on = on if promised == 10 else min(on, 1.5)
            staffed = promised if draws[1] < 0.9 else promised - round(1 + 2 * draws[2], 1)
            listened = staffed * (0.965 - 0.16 * (load[number] - 1)) * (0.93 + 0.07 * draws[2])
            logged = not ("London" in team and day < dt.date(2024, 4, 1))
            rows.setdefault(day.year, []).append((
                team, day.isoformat(), promised, f"{staffed:.2f}",
                f"{listened:.2f}" if logged else "", f"{on * promised * 0.75:.1f}",
            ))  # fmt: skip
        for year, found in rows.items():
            headings = ("Team", "Date", "Promised", "Logged in", "Active", "Agent hours")
            columns = map(list, zip(*found, strict=True))
            files.csv(f"files/inbox/rota_{year}.csv", dict(zip(headings, columns, strict=True)))


def _platform(files: Files, people: list[Person], as_of: dt.date, seed: int) -> None:
    """The intranet's monthly report, and since 2025 the app's. A department without anybody active
    has no line; the app calls Human Resources HR."""
    for platform, first, ease in (
        ("intranet", dt.date(2024, 1, 1), 1.0), ("app", dt.date(2025, 3, 1), 0.55),
    ):  # fmt: skip
        rng = timeline.stream(seed, "platform", platform)
        for number, month in enumerate(MONTHS):
            end = month_end(month)
            share = {d: min(ACTIVE.get(d, 0.8) * ease * (0.93 + 0.003 * number), 0.98)
                     for d in DEPARTMENTS}  # fmt: skip
            active = {d: int(rng.binomial(n, share[d])) for d, n in heads(people, end).items()}
            if end > as_of or month < first:
                continue
            found = [(d, n) for d, n in active.items() if n]
            files.csv(f"files/workplace/platform_{platform}.csv", {
                "Platform": [platform] * len(found),
                "Department": ["HR" if platform == "app" and d == "Human Resources" else d
                               for d, _ in found],
                "Date": [end.isoformat()] * len(found),
                "Active 28 days": [n for _, n in found],
            })  # fmt: skip


def _newsletter(files: Files, people: list[Person], as_of: dt.date, seed: int) -> None:
    """Every second Thursday to all who have an address; opened as its pixel says."""
    rng = timeline.stream(seed, "newsletter inside")
    for issue, number in enumerate(range(10, timeline.DAYS, 14), start=1):
        day = timeline.date(number)
        sent = {d: (round(n * 0.7) if d == "Production" else n)
                for d, n in heads(people, day).items()}  # fmt: skip
        interest = rng.normal(1, 0.08) + (0.1 if RECALL <= day < RECALL + dt.timedelta(60) else 0)
        opened = {d: int(rng.binomial(n, min(OPENED.get(d, 0.66) * interest, 0.97)))
                  for d, n in sent.items()}  # fmt: skip
        if day > as_of:
            continue
        files.csv(f"files/workplace/newsletter_{day.year}.csv", {
            "Issue": [f"I{issue:03d}"] * len(sent),
            "Department": list(sent),
            "Sent": [day.isoformat()] * len(sent),
            "Delivered": list(sent.values()),
            "Opened": list(opened.values()),
        })  # fmt: skip


def _questions(files: Files, people: list[Person], as_of: dt.date, seed: int) -> None:
    """What employees ask the leaders; a good part without a name."""
    rng = timeline.stream(seed, "questions")
    by_name = {f"{p.first} {p.last}": p for p in people}
    leaders = [by_name[holder] for _, holder, _, _ in ROLES.values()]
    topics = ("strategy", "pay", "customers", "tools", "sites")
    found = []
    for number in range(timeline.DAYS):
        day, asked = timeline.date(number), rng.poisson(0.5 + (0.35 if _shaken(number) else 0))
        for _ in range(asked if day.weekday() < 5 else 0):
            draws = rng.random(6)
            at = dt.datetime.combine(day, dt.time(9)) + dt.timedelta(minutes=int(540 * draws[0]))
            days = (1.1 if _shaken(number) else 0.6) * (0.4 + 9 * draws[1] ** 1.6)
            answered = at + dt.timedelta(days=days)
            here = [p for p in leaders if p.here(answered.date())]
            who = here[int(draws[2] * len(here))].email if draws[3] < 0.86 else ""
            is_told = draws[4] < 0.9 and answered.date() <= as_of
            if day <= as_of:
                found.append((
                    f"Q{len(found) + 1:04d}", at.isoformat(" "), "no" if draws[5] < 0.45 else "yes",
                    topics[int(draws[0] * 5)],
                    answered.isoformat(" ", "seconds") if is_told else "", who if is_told else "",
                ))  # fmt: skip
    headings = ("Nr", "Asked", "Name given", "Topic", "Answered", "Answered by")
    columns = map(list, zip(*found, strict=True))
    files.csv("files/workplace/questions.csv", dict(zip(headings, columns, strict=True)))


def _shaken(number: int) -> bool:
    return 0 <= number - timeline.day(RECALL) < 120


def _ties(files: Files, people: list[Person], as_of: dt.date, seed: int) -> None:
    """Pairs by quarter: from mail always, from chat since 2025 and from both sides of a pair."""
    for log, first, density in (
        ("mail", dt.date(2024, 1, 1), 1.0), ("chat", dt.date(2025, 1, 1), 0.6),
    ):  # fmt: skip
        rng = timeline.stream(seed, "ties", log)
        names = list(DEPARTMENTS)
        for month in MONTHS[::3]:
            end = month_end(MONTHS[MONTHS.index(month) + 2])
            count, draws = heads(people, end), rng.random((len(names), len(names)))
            found = []
            for i, one in enumerate(names):
                for j, other in enumerate(names[i:], start=i):
                    pairs = (
                        count[one] * (count[one] - 1) / 2 if i == j else count[one] * count[other]
                    )
                    chance = 0.52 if i == j else CLOSE.get(frozenset({one, other}), 0.03)
                    if {one, other} == {"Customer Care", "Engineering"} and end > RECALL:
                        chance = 0.11
                    ties = int(pairs * min(chance * density * (0.85 + 0.3 * draws[i, j]), 1))
                    if ties:
                        found.append((one, other, ties))
                    if ties and log == "chat" and i != j:
                        found.append((other, one, ties))
            if end > as_of or month < first:
                continue
            files.csv(f"files/workplace/ties_{log}.csv", {
                "Log": [log] * len(found),
                "Quarter": [month.isoformat()] * len(found),
                "From": [row[0] for row in found],
                "With": [row[1] for row in found],
                "Pairs": [row[2] for row in found],
            })  # fmt: skip
