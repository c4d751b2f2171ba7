"""The sample's people: employees, roles, absences, trainings and what they answer in surveys.

Drawn person by person (the work force does not grow with the scale). Planted: a care team that
is overloaded after the recall of February 2026, a role holder who left, a department of four.
"""

from __future__ import annotations

import dataclasses
import datetime as dt

import numpy as np

from ingestion.sample import names, timeline
from ingestion.sample.writing import Files

RECALL = dt.date(2026, 2, 9)  # a faulty batch is recalled: mentions, tickets, load on care
ZONES = {"Berlin": timeline.BERLIN, "London": timeline.LONDON, "New York": timeline.NEW_YORK}
DOMAIN = "harbourvale.example"

# Department: heads on the first day, heads at the end of 2026, chance to leave in a year, titles.
DEPARTMENTS = {
    "Sales": (20, 25, 0.15, ("Account Executive", "Sales Engineer", "Sales Assistant")),
    "Marketing": (15, 18, 0.13, ("Marketing Manager", "Content Editor", "Campaign Manager")),
    "Customer Care": (13, 18, 0.20, ("Care Agent", "Senior Care Agent", "Service Engineer")),
    "Engineering": (25, 31, 0.08, ("Engineer", "Senior Engineer", "Firmware Developer")),
    "Production": (30, 33, 0.09, ("Technician", "Calibration Technician", "Shift Lead")),
    "Finance": (8, 9, 0.07, ("Accountant", "Controller")),
    "Human Resources": (6, 7, 0.08, ("HR Partner", "Recruiter")),
    "Operations": (9, 12, 0.09, ("Buyer", "Logistics Planner", "IT Administrator")),
    "Legal": (4, 4, 0.0, ("Counsel", "Contract Manager")),
}
# Role: title, holder, department, location, first day in the role.
ROLES = {
    "social_lead": ("Head of Social Media", "Mara Lindqvist", "Marketing", "Berlin"),
    "media_lead": ("Head of Media", "Aylin Demir", "Marketing", "Berlin"),
    "listening_lead": ("Listening Analyst", "Priya Nair", "Marketing", "London"),
    "care_lead": ("Head of Customer Care", "Jonas Weidner", "Customer Care", "Berlin"),
    "demand_lead": ("Head of Demand Generation", "Helen Okafor", "Marketing", "London"),
    "events_lead": ("Head of Events", "Rebecca Stone", "Marketing", "London"),
    "crm_lead": ("CRM Manager", "Daniel Kowalski", "Sales", "Berlin"),
    "sales_lead": ("Vice President Sales", "Ingrid Vale", "Sales", "Berlin"),
    "finance_lead": ("Head of Finance", "Matthias Brandt", "Finance", "Berlin"),
    "hr_lead": ("Head of People", "Sofia Marino", "Human Resources", "Berlin"),
    "operations_lead": ("Chief Operating Officer", "Erik Lund", "Operations", "Berlin"),
    "content_lead": ("Head of Content", "Chloe Martin", "Marketing", "Berlin"),
    "pr_lead": ("Press Officer", "Farah Haddad", "Marketing", "London"),
    "analytics_lead": ("Head of Analytics", "Wei Zhang", "Operations", "Berlin"),
    "data_lead": ("Data Engineer", "Nils Petersen", "Engineering", "Berlin"),
}
LEAVER = ("Rebecca Stone", dt.date(2026, 5, 31))  # holds events_lead and a page to this day
STAR = "Anna Feld"  # an engineer with more followers than the brand
EARLIER = ("media_lead", "Tobias Renner", dt.date(2025, 3, 31))  # handed over to Aylin Demir
VACATED = ("content_lead", dt.date(2026, 8, 31))  # no successor yet


@dataclasses.dataclass
class Person:
    """One employee over the whole time; what was known on a day is cut from it."""

    number: int
    first: str
    last: str
    department: str
    location: str
    title: str
    hired: dt.date
    left: dt.date | None = None
    leave_kind: str | None = None
    leave_reason: str | None = None
    fte: float = 1.0
    manager: int | None = None
    social_role: str = "none"
    social_share: float = 0.0
    shift: tuple[str, str] = ("09:00", "17:30")
    moves: list[tuple[dt.date, str, str]] = dataclasses.field(default_factory=list)

    @property
    def id(self) -> str:
        return str(4000 + self.number)

    @property
    def email(self) -> str:
        return f"{self.first}.{self.last}@{DOMAIN}".lower()

    @property
    def zone(self) -> str:
        return ZONES[self.location]

    def here(self, day: dt.date) -> bool:
        return self.hired <= day and (self.left is None or self.left >= day)

    def job(self, day: dt.date) -> tuple[str, str]:
        """Department and title on a day."""
        found = self.moves[0][1:]
        for when, department, title in self.moves:
            if when <= day:
                found = (department, title)
        return found


def staff(seed: int) -> list[Person]:
    """Everybody who works here at any time until the end of 2026."""
    rng = timeline.stream(seed, "staff")
    found: list[Person] = []
    taken = {holder for _, holder, _, _ in ROLES.values()} | {STAR, EARLIER[1]}

    def hire(
        department: str, day: dt.date, name: str = "", title: str = "", place: str = ""
    ) -> Person:
        while not name:
            first, last = rng.choice(names.FIRST), rng.choice(names.LAST)
            name = f"{first} {last}" if f"{first} {last}" not in taken else ""
        taken.add(name)
        titles = DEPARTMENTS[department][3]
        person = Person(
            number=len(found) + 1,
            first=name.split()[0],
            last=name.split()[1],
            department=department,
            location=place or _place(rng, department, found, day),
            title=title or titles[int(rng.integers(len(titles)))],
            hired=day,
            fte=float(rng.choice([1.0, 1.0, 1.0, 1.0, 0.8, 0.6, 0.5])),
            shift=(("09:00", "17:30"), ("08:00", "16:30"), ("10:00", "18:30"))[rng.integers(3)],
        )
        if department == "Customer Care":  # an early and a late shift keep the desks open
            person.shift = (("08:30", "17:00"), ("10:00", "18:30"))[person.number % 2]
        person.moves = [(day, department, person.title)]
        found.append(person)
        return person

    def some_day_before() -> dt.date:
        return timeline.START - dt.timedelta(days=int(rng.gamma(2.0, 700)) + 20)

    for title, holder, department, place in ROLES.values():
        hire(department, some_day_before(), holder, title, place).fte = 1.0
    hire("Engineering", dt.date(2016, 9, 1), STAR, "Principal Engineer", "Berlin").fte = 1.0
    renner = hire("Marketing", dt.date(2019, 4, 1), EARLIER[1], "Head of Media", "Berlin")
    renner.left, renner.leave_kind, renner.leave_reason = EARLIER[2], "voluntary", "Better offer"
    stone = next(p for p in found if f"{p.first} {p.last}" == LEAVER[0])
    stone.left, stone.leave_kind, stone.leave_reason = LEAVER[1], "voluntary", "Relocation"
    fixed = {id(person) for person in found}
    for department, (heads, _, _, _) in DEPARTMENTS.items():
        while sum(p.department == department for p in found) < heads:
            hire(department, some_day_before())

    month = timeline.START
    while month <= timeline.END:
        following = (month.replace(day=28) + dt.timedelta(days=4)).replace(day=1)
        passed = (month - timeline.START).days / timeline.DAYS
        for department, (first, last, chance, titles) in DEPARTMENTS.items():
            monthly = chance / 12
            if department == "Customer Care" and RECALL <= month <= dt.date(2026, 8, 1):
                monthly *= 1.7
            members = [p for p in found if p.here(month) and p.job(month)[0] == department]
            for person in members:
                leaves, when = rng.random() < monthly, int(rng.integers(0, 28))
                why, kind = rng.integers(0, 5), rng.random()
                promoted = rng.random() < 0.006
                if id(person) in fixed:
                    continue
                if leaves and person.left is None:
                    person.left = month + dt.timedelta(days=when)
                    person.leave_kind = "voluntary" if kind < 0.76 else "involuntary"
                    person.leave_reason = (
                        ("Better offer", "Workload", "Relocation", "Career change", "Retirement")[
                            why
                        ]
                        if kind < 0.76
                        else ("Performance", "Restructuring")[int(why) % 2]
                    )
                elif promoted and person.left is None:
                    title = f"Lead {titles[0]}"
                    person.moves.append((month + dt.timedelta(days=14), department, title))
            wanted = round(first + (last - first) * passed)
            here = [p for p in found if p.here(following) and p.job(month)[0] == department]
            for _ in range(wanted - len(here)):
                # A vacancy takes two months or so to fill; the start is the first of a month.
                hire(department, following if rng.random() < 0.7 else following.replace(day=15))
        if month.month in (4, 10):
            movers = [p for p in found if p.here(month) and p.left is None and id(p) not in fixed]
            movers = [
                p for p in movers if p.job(month)[0] in ("Production", "Customer Care", "Sales")
            ]
            for person in rng.choice(np.array(movers, dtype=object), 2, replace=False):
                target = ("Operations", "Marketing", "Engineering")[int(rng.integers(3))]
                person.moves.append((following, target, DEPARTMENTS[target][3][0]))
        month = following

    _lead(found)
    _social_roles(rng, found)
    return found


def _place(rng: np.random.Generator, department: str, found: list[Person], day: dt.date) -> str:
    """Where a new employee works. Care keeps three desks alive; most others sit in Berlin."""
    draw = rng.random()
    if department == "Customer Care":
        desks = {
            place: sum(
                p.location == place and p.department == department and p.here(day) for p in found
            )
            for place in ZONES
        }
        wanted = {"Berlin": 7, "London": 6, "New York": 4}
        return min(desks, key=lambda place: desks[place] / wanted[place])
    if department in ("Sales", "Marketing"):
        return "Berlin" if draw < 0.55 else "London" if draw < 0.82 else "New York"
    if department in ("Finance", "Human Resources", "Operations"):
        return "Berlin" if draw < 0.75 else "London" if draw < 0.9 else "New York"
    return "Berlin"


def _lead(found: list[Person]) -> None:
    heads = {
        "Sales": "Ingrid Vale", "Marketing": "Helen Okafor", "Customer Care": "Jonas Weidner",
        "Finance": "Matthias Brandt", "Human Resources": "Sofia Marino", "Operations": "Erik Lund",
    }  # fmt: skip
    by_name = {f"{p.first} {p.last}": p for p in found}
    for person in found:
        head = by_name.get(heads.get(person.department, ""))
        if head is None:
            head = next(p for p in found if p.department == person.department)
        chief = by_name["Erik Lund"]
        above = head if head is not person else chief
        person.manager = None if person is chief else above.number


def _social_roles(rng: np.random.Generator, found: list[Person]) -> None:
    """Who does social work: some strategic, many a little; none in Finance and Legal."""
    strategic = {"Mara Lindqvist": 0.9, "Priya Nair": 0.8, "Helen Okafor": 0.3,
                 "Jonas Weidner": 0.25, "Chloe Martin": 0.5}  # fmt: skip
    chances = {"Sales": 0.35, "Marketing": 0.6, "Customer Care": 0.6, "Engineering": 0.1,
               "Human Resources": 0.35, "Production": 0.04, "Operations": 0.1}  # fmt: skip
    for person in found:
        draw, share = rng.random(), rng.choice([0.05, 0.1, 0.1, 0.2, 0.3])
        name = f"{person.first} {person.last}"
        if name in strategic:
            person.social_role, person.social_share = "strategic", strategic[name]
        elif name == STAR:
            person.social_role, person.social_share = "functional", 0.1
        elif draw < chances.get(person.department, 0):
            boost = 2 if person.department in ("Customer Care", "Marketing") else 1
            person.social_role, person.social_share = "functional", min(float(share) * boost, 0.6)


def agents(people: list[Person]) -> dict[str, list[Person]]:
    """Care agents by team, in order of hiring."""
    return {
        f"Care {place}": [
            p for p in people if p.department == "Customer Care" and p.location == place
        ]
        for place in ZONES
    }


def write(files: Files, people: list[Person], as_of: dt.date, seed: int) -> None:
    """BambooHR's tables and the folder `files/people`."""
    known = [p for p in people if p.hired <= as_of]
    gone = {p.number: p.left is not None and p.left <= as_of for p in known}
    jobs = {p.number: p.job(as_of) for p in known}
    files.vendor("bamboohr", "employees", {
        "employee_id": [p.id for p in known],
        "email": [p.email for p in known],
        "department": [jobs[p.number][0] for p in known],
        "division": ["Commercial" if jobs[p.number][0] in ("Sales", "Marketing", "Customer Care")
                     else "Company" for p in known],
        "team": [f"{'Care' if p.department == 'Customer Care' else jobs[p.number][0]} {p.location}"
                 for p in known],
        "location": [p.location for p in known],
        "time_zone": [p.zone for p in known],
        "job_title": [jobs[p.number][1] for p in known],
        "hired_on": [p.hired.isoformat() for p in known],
        "left_on": [p.left.isoformat() if gone[p.number] else None for p in known],
        "status": ["Inactive" if gone[p.number] else "Active" for p in known],
        "manager_id": [str(4000 + p.manager) if p.manager else None for p in known],
        "fte": [p.fte for p in known],
        "contract_hours_week": [round(40 * p.fte, 1) for p in known],
        "work_starts": [p.shift[0] for p in known],
        "work_ends": [p.shift[1] for p in known],
        "social_role": [p.social_role for p in known],
        "social_allocation": [p.social_share for p in known],
    })  # fmt: skip
    jobs_known = [(p, move) for p in known for move in p.moves if move[0] <= as_of]
    files.vendor("bamboohr", "job_info", {
        "employee_id": [p.id for p, _ in jobs_known],
        "effective_on": [move[0].isoformat() for _, move in jobs_known],
        "job_title": [move[2] for _, move in jobs_known],
        "department": [move[1] for _, move in jobs_known],
        "division": ["Commercial" if move[1] in ("Sales", "Marketing", "Customer Care")
                     else "Company" for _, move in jobs_known],
        "location": [p.location for p, _ in jobs_known],
        "manager_id": [str(4000 + p.manager) if p.manager else None for p, _ in jobs_known],
    })  # fmt: skip
    statuses = [(p, p.hired, "Full-Time" if p.fte == 1 else "Part-Time", None, None) for p in known]
    statuses += [
        (p, p.left, "Terminated",
         "Resignation (Voluntary)" if p.leave_kind == "voluntary" else "Termination (Involuntary)",
         p.leave_reason)
        for p in known if gone[p.number]
    ]  # fmt: skip
    files.vendor("bamboohr", "employment_status", {
        "employee_id": [row[0].id for row in statuses],
        "effective_on": [row[1].isoformat() for row in statuses],
        "employment_status": [row[2] for row in statuses],
        "termination_type": [row[3] for row in statuses],
        "termination_reason": [row[4] for row in statuses],
    })  # fmt: skip
    _time_off(files, people, as_of, seed)
    _trainings(files, people, as_of, seed)
    _owners(files, people, as_of)
    _surveys(files, people, as_of, seed)
    _benchmark(files, as_of)


def _time_off(files: Files, people: list[Person], as_of: dt.date, seed: int) -> None:
    """Holidays, sickness, parental leave. Sickness grows in care after the recall."""
    found = []
    for person in people:
        rng = timeline.stream(seed, "time off", person.number)
        for year in (2024, 2025, 2026):
            plan = [
                ("Vacation", month, length)
                for month, length in zip(
                    sorted(rng.choice(12, 5, replace=False) + 1),
                    rng.integers(3, 11, 5),
                    strict=True,
                )
            ]
            sick = rng.poisson(3.4)
            plan += [
                ("Sick", int(rng.integers(1, 13)), int(rng.geometric(0.42))) for _ in range(sick)
            ]
            more = rng.poisson(2.2)
            if person.department == "Customer Care" and year == 2026:
                plan += [
                    ("Sick", int(rng.integers(2, 9)), int(rng.geometric(0.3))) for _ in range(more)
                ]
            if rng.random() < 0.012:
                plan.append(("Parental", int(rng.integers(1, 8)), 60))
            for kind, month, days in plan:
                start = dt.date(year, int(month), int(rng.integers(1, 27)))
                start += dt.timedelta(days=(7 - start.weekday()) if start.weekday() > 4 else 0)
                end = start + dt.timedelta(
                    days=int(days) - 1 + 2 * ((start.weekday() + int(days) - 1) // 5)
                )
                status = "approved" if rng.random() < 0.97 else rng.choice(["denied", "canceled"])
                if person.here(start) and person.here(end):
                    found.append((start, person, end, kind, int(days), str(status)))
    found.sort(key=lambda row: (row[0], row[1].number, row[2]))
    numbered = [(n, *row) for n, row in enumerate(found, start=1) if row[0] <= as_of]
    files.vendor("bamboohr", "time_off", {
        "request_id": [str(70_000 + row[0]) for row in numbered],
        "employee_id": [row[2].id for row in numbered],
        "status": [row[6] for row in numbered],
        "starts_on": [row[1].isoformat() for row in numbered],
        "ends_on": [row[3].isoformat() for row in numbered],
        "kind": [row[4] for row in numbered],
        "amount": [row[5] * (8 if row[2].location == "New York" else 1) for row in numbered],
        "unit": ["hours" if row[2].location == "New York" else "days" for row in numbered],
    })  # fmt: skip


COURSES = (
    ("Social media policy", "Social", 2.0, 0, 365),
    ("Social selling", "Social", 6.0, 240, None),
    ("Listening and answering in public", "Social", 4.0, 180, None),
    ("Data protection", "Compliance", 1.5, 0, 365),
    ("Workplace safety", "Compliance", 2.0, 35, 365),
    ("Calibration ISO 17025", "Technical", 16.0, 690, 730),
    ("Leading teams", "Leadership", 14.0, 980, None),
    ("Negotiation", "Commercial", 8.0, 520, None),
    ("English for customers", "Language", 20.0, 400, None),
)


def _trainings(files: Files, people: list[Person], as_of: dt.date, seed: int) -> None:
    """BambooHR's training records; London keeps external courses in a sheet of its own."""
    found = []
    for person in people:
        rng = timeline.stream(seed, "trainings", person.number)
        for year in (2024, 2025, 2026):
            for number, (name, category, hours, cost, valid) in enumerate(COURSES):
                chance = (
                    0.9 if category == "Compliance"
                    else (0.75 if person.social_role != "none" else 0.08) if category == "Social"
                    else 0.12
                )  # fmt: skip
                taken, when = rng.random() < chance, int(rng.integers(0, 350))
                done = dt.date(year, 1, 6) + dt.timedelta(days=when)
                done -= dt.timedelta(days=max(0, done.weekday() - 4))
                if taken and person.here(done):
                    outside = person.location == "London" and number >= 7
                    found.append((done, person, name, category, hours, cost, valid, outside))
    found.sort(key=lambda row: (row[0], row[1].number, row[2]))
    numbered = [(n, *row) for n, row in enumerate(found, start=1) if row[0] <= as_of]
    inside = [row for row in numbered if not row[8]]
    outside = [row for row in numbered if row[8]]
    files.vendor("bamboohr", "trainings", {
        "record_id": [str(9_000 + row[0]) for row in inside],
        "employee_id": [row[2].id for row in inside],
        "training_type": [row[3] for row in inside],
        "category": [row[4] for row in inside],
        "completed_on": [row[1].isoformat() for row in inside],
        "hours": [row[5] for row in inside],
        "cost": [row[6] for row in inside],
        "currency": ["USD" if row[2].location == "New York" else "EUR" for row in inside],
        "valid_until": [(row[1] + dt.timedelta(days=row[7])).isoformat() if row[7] else None
                        for row in inside],
    })  # fmt: skip
    path = "files/people/london_courses.csv"
    files.csv(path, {
        "Staff no": [row[2].id for row in outside],
        "Course": [row[3] for row in outside],
        "Subject": [row[4] for row in outside],
        "Date done": [row[1].strftime("%d/%m/%Y") for row in outside],
        "Hours": [row[5] for row in outside],
        "Fee": [f"{row[6] * 0.86:.2f}" for row in outside],
    })  # fmt: skip
    files.spoil("trainings", path, Date_done="31/02/2025")


def _owners(files: Files, people: list[Person], as_of: dt.date) -> None:
    """Who holds which role since when: one handed over, one held by a leaver, one vacant."""
    by_name = {f"{p.first} {p.last}": p for p in people}
    first = timeline.START
    found = []
    for role, (title, holder, department, _) in ROLES.items():
        since = first
        if role == EARLIER[0]:
            since = EARLIER[2] + dt.timedelta(days=1)
            found.append((role, first, EARLIER[2], title, EARLIER[1], department))
        until = VACATED[1] if role == VACATED[0] else None
        found.append((role, since, until, title, holder, department))
    found = [row for row in found if row[1] <= as_of]
    files.csv("files/people/role_owners.csv", {
        "role": [row[0] for row in found],
        "valid_from": [row[1].isoformat() for row in found],
        "valid_to": [row[2].isoformat() if row[2] and row[2] <= as_of else "" for row in found],
        "label": [row[3] for row in found],
        "display_name": [row[4] for row in found],
        "email": [by_name[row[4]].email for row in found],
        "department": [row[5] for row in found],
    })  # fmt: skip
    files.spoil("owners", "files/people/role_owners.csv", valid_from="since ever")


# Question: text, lowest, highest, mean at first, change a year.
HALF_YEARLY = {
    "trust_1": ("I trust what our leaders tell us.", 1, 5, 3.35, 0.12),
    "trust_2": ("Our leaders answer questions openly.", 1, 5, 3.15, 0.16),
    "trust_3": ("Leaders keep their promises.", 1, 5, 3.3, 0.05),
    "burnout_1": ("I feel drained by my work.", 1, 5, 2.5, 0.06),
    "burnout_2": ("After work I need more time than before to relax.", 1, 5, 2.45, 0.07),
    "burnout_3": ("I can bear the pressure of my work well.", 1, 5, 3.6, -0.05),
    "social_clarity": ("I know what I may say about us in public.", 1, 5, 3.2, 0.2),
}
# Copenhagen Burnout Inventory, personal burnout, free to use: 0 is never, 100 always.
BURNOUT_SCALE = {
    "cbi_personal_1": "How often do you feel tired?",
    "cbi_personal_2": "How often are you physically exhausted?",
    "cbi_personal_3": "How often are you emotionally exhausted?",
    "cbi_personal_4": "How often do you think: I can't take it anymore?",
    "cbi_personal_5": "How often do you feel worn out?",
    "cbi_personal_6": "How often do you feel weak and susceptible to illness?",
}
QUARTERLY = {
    "enps": ("How likely are you to recommend us as a place to work?", 0, 10, 7.45, 0.16),
    "workload": ("My workload is manageable.", 1, 5, 3.5, -0.06),
}


def _surveys(files: Files, people: list[Person], as_of: dt.date, seed: int) -> None:
    """Invitations and answers. Care answers worse after the recall; about 70 in 100 answer."""
    for survey, questions, waves in (
        ("engagement", HALF_YEARLY, [
            (f"{year}-H{half}", dt.date(year, 4 if half == 1 else 10, 6))
            for year in (2024, 2025, 2026) for half in (1, 2)]),
        ("pulse", QUARTERLY, [
            (f"{year}-Q{quarter}", dt.date(year, 3 * quarter - 1, 18))
            for year in (2024, 2025, 2026) for quarter in (1, 2, 3, 4)]),
    ):  # fmt: skip
        for wave, opened in waves:
            closed = opened + dt.timedelta(days=13)
            rng = timeline.stream(seed, "survey", survey, wave)
            strain = timeline.stream(seed, "burnout scale", survey, wave)
            found = []
            for person in people:
                if not person.here(opened) or (opened - person.hired).days < 30:
                    continue
                department = person.job(opened)[0]
                rate = {"Production": 0.58, "Customer Care": 0.66}.get(department, 0.76)
                answers, when = rng.random() < rate, int(rng.integers(0, 14))
                mood = 0.9 * _mood(seed, person) + rng.normal(0, 0.25)
                if department == "Customer Care":
                    mood -= 0.15 + (0.75 if opened >= RECALL else 0)
                for question, (text, low, high, mean, yearly) in questions.items():
                    years = (opened - timeline.START).days / 365.25
                    sign = -1 if question in ("burnout_1", "burnout_2") else 1
                    spread = 1.9 if high == 10 else 0.85
                    value = rng.normal(
                        mean + yearly * years + sign * mood * 0.9 * spread, 0.55 * spread
                    )
                    value = int(np.clip(round(value), low, high))
                    if rng.random() < 0.02:
                        value = None
                    changed = question == "burnout_2" and wave >= "2025-H2"
                    found.append((
                        f"{survey[0]}-{person.number:04d}", department, question,
                        "After work I need a long time to recover." if changed else text,
                        "v2" if changed else "v1",
                        (opened + dt.timedelta(days=when)).isoformat()
                        if answers and value is not None else "",
                        value if answers and value is not None else "",
                        low, high,
                    ))  # fmt: skip
                for question, text in BURNOUT_SCALE.items() if survey == "engagement" else ():
                    value = strain.normal(36 - 14 * mood, 13)
                    skipped = strain.random() < 0.03  # some leave an item out
                    value = int(np.clip(round(value / 25), 0, 4)) * 25
                    found.append((
                        f"{survey[0]}-{person.number:04d}", department, question, text, "v1",
                        (opened + dt.timedelta(days=when)).isoformat()
                        if answers and not skipped else "",
                        value if answers and not skipped else "",
                        0, 100,
                    ))  # fmt: skip
            if closed > as_of:
                continue
            path = f"files/people/survey_{survey}_{wave}.csv"
            headings = ("Respondent", "Department", "Item", "Text", "Version", "Answered",
                        "Answer", "From", "To")  # fmt: skip
            files.csv(path, {
                "Survey": [survey] * len(found), "Wave": [wave] * len(found),
                **dict(zip(headings, map(list, zip(*found, strict=True)), strict=True)),
            }, delimiter=";")  # fmt: skip
            if wave == "2025-H1":
                files.spoil("survey_answers", path, Respondent="e-9999", Answer="rather yes")


def _mood(seed: int, person: Person) -> float:
    """How content somebody is by nature: the same in every wave."""
    return float(timeline.stream(seed, "mood", person.number).normal())


def _benchmark(files: Files, as_of: dt.date) -> None:
    """What an industry body publishes once a year, in percent."""
    found = [
        (year, question, theme, share)
        for year, shares in ((2024, (52, 48, 31)), (2025, (53, 49, 33)), (2026, (53, 50, 34)))
        for (question, theme), share in zip(
            (("trust_1", "Trust"), ("trust_2", "Trust"), ("burnout_1", "Strain")),
            shares,
            strict=True,
        )
        if dt.date(year, 6, 1) <= as_of
    ]
    files.csv("files/people/industry_benchmark.csv", {
        "Year": [row[0] for row in found],
        "Question": [row[1] for row in found],
        "Theme": [row[2] for row in found],
        "Favourable %": [row[3] for row in found],
    })  # fmt: skip
