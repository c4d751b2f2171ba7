"""No figure about people describes fewer than five of them, directly or by subtraction.

A small organization with groups that are too small is built and then attacked: every published
figure is a sum over true cells (a department's role, a quarter's hires), so whatever an attacker
can compute is a linear combination of these sums. A cell of fewer than five people, or two such
cells together, must not be one of them.
"""

import dataclasses
import datetime as dt
import itertools
import os
from pathlib import Path

import duckdb
import numpy as np
import pytest

from ingestion import ledger
from ingestion.specs import tables
from settings import ROOT

AS_OF = dt.date(2026, 3, 31)
MONTH = dt.date(2026, 3, 1)
SETTINGS = {
    "as_of": AS_OF.isoformat(),
    "organization_name": "Small",
    "reporting_currency": "EUR",
    "time_zone": "Europe/Berlin",
    "fiscal_year_start_month": "1",
}
# Department: people by (social role, trained in social, shares for us, answers the survey).
STAFF = {
    "Plant": {("none", False, False, True): 24, ("none", True, False, True): 6},
    "Sales": {
        ("functional", True, True, True): 2, ("functional", True, False, True): 1,
        ("none", False, False, True): 12,
    },
    "Care": {
        ("functional", True, True, True): 6, ("strategic", True, False, False): 1,
        ("none", False, False, True): 5,
    },
    "Lab": {("none", False, False, False): 7, ("none", False, False, True): 6},
    "Legal": {("none", False, False, True): 4},
}  # fmt: skip
# (kind, voluntary): people by quarter; leavers are people of their own, from Plant.
MOVES = {
    ("hire", None): {"2025-04-01": 6, "2025-07-01": 2, "2025-10-01": 4, "2026-01-01": 5},
    ("leave", True): {"2025-04-01": 6, "2025-07-01": 1, "2025-10-01": 4, "2026-01-01": 5},
    ("leave", False): {"2025-07-01": 1, "2026-01-01": 5},
    ("promotion", None): {"2025-07-01": 3},
}
TEAMS = {"Desk A": 6, "Desk B": 4}
# Pairs of people who work together, by pair of departments; Lab, Care and Legal have few inside.
TIES = {
    ("Plant", "Plant"): 60, ("Sales", "Sales"): 20, ("Care", "Care"): 5, ("Lab", "Lab"): 4,
    ("Legal", "Legal"): 3, ("Plant", "Sales"): 9, ("Care", "Sales"): 8, ("Lab", "Plant"): 12,
    ("Legal", "Sales"): 2,
}  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Person:
    id: str
    department: str
    role: str
    trained: bool
    shares: bool
    answers: bool


def people() -> list[Person]:
    found = []
    for department, cells in STAFF.items():
        for (role, trained, shares, answers), count in cells.items():
            for _ in range(count):
                name = f"{department}{len(found)}"
                found.append(Person(name, department, role, trained, shares, answers))
    return found


def rows_of() -> dict[str, list[dict]]:
    """Raw rows of the feeds, by feed."""
    staff = people()
    rows: dict[str, list[dict]] = {name: [] for name in (
        "employees", "job_changes", "trainings", "survey_answers", "conversations",
        "social_accounts", "posts", "account_days", "internal_comms", "employee_questions", "ties",
    )}  # fmt: skip
    hired = itertools.chain.from_iterable(
        itertools.repeat(dt.date.fromisoformat(quarter) + dt.timedelta(days=10), count)
        for quarter, count in MOVES["hire", None].items()
    )
    starts = dict(zip((p.id for p in staff if p.department == "Plant"), hired, strict=False))
    for number, person in enumerate(staff):
        rows["employees"].append({
            "system": "hr", "employee_id_hash": person.id, "email_hash": f"m-{person.id}",
            "department": person.department, "status": "active", "fte": 0.5 + number % 6 / 10,
            "hired_on": starts.get(person.id, dt.date(2020, 1, 1)), "time_zone": "Europe/Berlin",
            "work_starts": "09:00", "work_ends": "17:00", "social_role": person.role,
            "social_allocation": 0 if person.role == "none" else 0.2,
        })  # fmt: skip
        if person.trained:
            rows["trainings"].append({
                "system": "hr", "employee_id_hash": person.id, "training": "Answering",
                "completed_on": dt.date(2026, 2, 2), "topic": "Social", "hours": 4, "cost": 90,
                "currency": "EUR",
            })  # fmt: skip
        rows["survey_answers"].append({
            "survey": "pulse", "wave": "2026-Q1", "respondent_id_hash": f"r-{person.id}",
            "department": person.department, "question": "enps", "wording_version": "v1",
            "answered_on": dt.date(2026, 2, 3) if person.answers else None,
            "answer": number % 11 if person.answers else None, "scale_min": 0, "scale_max": 10,
        })  # fmt: skip
        if person.shares:
            rows["social_accounts"].append({
                "network": "linkedin", "account": f"a-{person.id}", "ownership": "employee",
                "owner_email_hash": f"m-{person.id}", "is_opted_in": True,
            })  # fmt: skip
            rows["posts"].append({
                "network": "linkedin", "account": f"a-{person.id}", "post_id": f"p-{person.id}",
                "captured_on": dt.date(2026, 3, 20), "published_at": "2026-03-09 09:00:00",
            })  # fmt: skip
            rows["account_days"].append({
                "network": "linkedin", "account": f"a-{person.id}", "date": dt.date(2026, 3, 20),
                "followers": 100 * (number + 1),
            })  # fmt: skip
    number = 0
    for (kind, voluntary), quarters in MOVES.items():
        for quarter, count in quarters.items():
            day = dt.date.fromisoformat(quarter) + dt.timedelta(days=20)
            for _ in range(count if kind == "leave" else 0):
                number += 1
                rows["employees"].append({
                    "system": "hr", "employee_id_hash": f"gone{number}", "department": "Plant",
                    "status": "left", "hired_on": dt.date(2020, 1, 1), "left_on": day, "fte": 1,
                    "social_role": "none", "social_allocation": 0,
                })  # fmt: skip
                rows["job_changes"].append({
                    "system": "hr", "employee_id_hash": f"gone{number}", "changed_on": day,
                    "kind": "leave", "is_voluntary": voluntary, "department": "Plant",
                })  # fmt: skip
            for one in range(count if kind == "promotion" else 0):
                rows["job_changes"].append({
                    "system": "hr", "employee_id_hash": staff[one].id, "changed_on": day,
                    "kind": "promotion",
                })  # fmt: skip
    for team, agents in TEAMS.items():
        for agent in range(agents):
            rows["conversations"].append({
                "channel": "chat", "conversation_id": f"{team}{agent}", "needs_reply": True,
                "received_at": "2026-03-10 09:00:00", "team": team,
                "first_reply_at": "2026-03-10 19:00:00", "is_auto_reply": False,
                "first_reply_by_hash": f"m-{staff[agent + (10 if team == 'Desk B' else 0)].id}",
            })  # fmt: skip
    for department in STAFF:
        here = [person for person in staff if person.department == department]
        # Active inside are those who answer surveys, openers those who are trained: both small
        # in places, and so are the others.
        rows["internal_comms"].append({
            "platform": "intranet", "department": department, "date": AS_OF,
            "active_people": sum(person.answers for person in here),
        })  # fmt: skip
        rows["internal_comms"].append({
            "platform": "news", "message_id": "m1", "department": department, "date": AS_OF,
            "recipients": len(here), "openers": sum(person.trained for person in here),
        })  # fmt: skip
    for (one, other), pairs in TIES.items():
        rows["ties"].append({
            "system": "mail", "quarter_start": dt.date(2026, 1, 1), "department_a": one,
            "department_b": other, "ties": pairs,
        })  # fmt: skip
    for question in range(4):
        rows["employee_questions"].append({
            "system": "ask", "question_id": str(question), "asked_at": "2026-03-02 09:00:00",
            "is_anonymous": question > 0,
        })  # fmt: skip
    return rows


def load(warehouse: Path) -> None:
    warehouse.parent.mkdir(parents=True)
    with duckdb.connect(str(warehouse)) as connection:
        for table in tables():
            connection.execute(f"create schema if not exists {table.schema}")
            connection.execute(table.ddl())
        connection.execute(ledger.DDL)
        connection.executemany(
            "insert into ingest.settings values (?, ?)",
            list(SETTINGS.items()),
        )
        for feed, rows in rows_of().items():
            for number, row in enumerate(rows):
                row = {**row, "_row_key": f"{feed}{number}", "_loaded_at": "2026-04-01 00:00:00"}
                connection.execute(
                    f"insert into raw_feeds.{feed} ({', '.join(row)})"
                    f" values ({', '.join('?' * len(row))})", list(row.values()),
                )  # fmt: skip


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory):
    from dbt.cli.main import dbtRunner

    data = tmp_path_factory.mktemp("people")
    load(data / "build" / "plumbline.duckdb")
    before = os.environ.get("PLUMBLINE_DATA")
    os.environ["PLUMBLINE_DATA"] = str(data)
    try:
        project = str(ROOT / "dbt_project")
        done = dbtRunner().invoke(
            ["build", "--quiet", "--select", "+path:models/people", "+fct_conversations",
             "--exclude-resource-type", "test", "--exclude-resource-type", "unit_test",
             "--project-dir", project,
             "--profiles-dir", project, "--target-path", str(data / "target"),
             "--log-path", str(data / "logs")]
        )  # fmt: skip
    finally:
        if before is None:
            del os.environ["PLUMBLINE_DATA"]
        else:
            os.environ["PLUMBLINE_DATA"] = before
    assert done.success, done.exception or [r.message for r in done.result if r.status == "error"]
    # dbt keeps its connection in this process, so ours has to be of the same kind.
    with duckdb.connect(str(data / "build" / "plumbline.duckdb")) as connection:
        yield connection


def published(warehouse, query: str, *values) -> list[dict]:
    cursor = warehouse.execute(query, list(values))
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def told(cells: dict, sums: list[set], least: int = 5) -> list[tuple]:
    """Groups of fewer than `least` people, one or two cells each, that the sums give away.

    `cells`: people by cell; `sums`: the cells that each published figure adds up.
    """
    names = sorted(cells, key=str)
    known = np.array([[float(name in one) for name in names] for one in sums])
    rank = np.linalg.matrix_rank(known) if len(known) else 0
    found = []
    for group in itertools.chain(
        itertools.combinations(names, 1), itertools.combinations(names, 2)
    ):
        if all(cells[name] for name in group) and sum(cells[name] for name in group) < least:
            target = np.array([[float(name in group) for name in names]])
            if rank and np.linalg.matrix_rank(np.vstack([known, target])) == rank:
                found.append(group)
    return found


def groups_of(warehouse) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for row in published(warehouse, "select * from intermediate.int_departments_grouped"):
        found.setdefault(row["department_group"], set()).add(row["department"])
    return found


def shown_departments(warehouse, table: str, period: str, first: dt.date, column: str) -> list:
    """What a table of departments publishes in a period: (departments, row) for each figure."""
    groups = groups_of(warehouse)
    rows = published(warehouse, f"select * from people.{table} where {period} = ?", first)
    hidden = {r["department_group"] for r in rows if r["is_suppressed"] and r[column] is None}
    groups["Departments not shown"] = set().union(*(groups[name] for name in hidden), set())
    return [(groups[r["department_group"]], r) for r in rows if r[column] is not None]


def counts(*parts) -> dict:
    """People by department and what `parts` say of them."""
    found: dict = {}
    for person in people():
        cell = (person.department, *(part(person) for part in parts))
        found[cell] = found.get(cell, 0) + 1
    return found


def in_role(cells: dict, inside: set[str], role: str) -> set:
    return {cell for cell in cells if cell[0] in inside and cell[1] in role.split(" or ")}


def test_the_attack_finds_a_cell_that_is_merely_left_out():
    cells = {("Sales", "trained"): 3, ("Care", "trained"): 6, ("Plant", "trained"): 6}
    everybody, care, plant = set(cells), {("Care", "trained")}, {("Plant", "trained")}
    assert told(cells, [everybody, care, plant]) == [(("Sales", "trained"),)]
    assert told(cells, [everybody, plant]) == []


def test_a_small_department_has_no_group_of_its_own(warehouse):
    groups = groups_of(warehouse)
    assert groups["Other departments"] == {"Legal", "Care"}  # the next smallest keeps it company
    assert groups["Plant"] == {"Plant"}
    sizes = {
        name: len([p for p in people() if p.department in inside])
        for name, inside in groups.items()
    }
    rows = published(warehouse, "select * from people.fct_headcount_months")
    for row in [row for row in rows if row["headcount"] is not None]:
        assert row["headcount"] >= 5
        if row["month_start_date"] == MONTH:
            assert row["headcount"] == sizes[row["department_group"]]


def test_no_role_can_be_subtracted_from_a_department(warehouse):
    cells = counts(lambda p: p.role)
    sums = [
        {cell for cell in cells if cell[0] in inside} for inside in groups_of(warehouse).values()
    ]
    shown = shown_departments(warehouse, "fct_social_roles", "month_start_date", MONTH, "people")
    for inside, row in shown:
        one = in_role(cells, inside, row["social_role"])
        assert sum(cells[cell] for cell in one) == row["people"]
        sums.append(one)
    assert told(cells, sums) == []
    # One strategist in the whole organization: nobody learns who is functional and who strategic.
    assert {row["social_role"] for _, row in shown} == {"none", "functional or strategic"}
    assert sum(row["people"] for _, row in shown) == len(people()), "somebody was lost"
    assert any(row["department_group"] == "Departments not shown" for _, row in shown)


def test_the_share_of_one_person_in_social_work_is_not_told(warehouse):
    roles = shown_departments(
        warehouse, "fct_social_roles", "month_start_date", MONTH, "social_fte"
    )
    heads = shown_departments(
        warehouse, "fct_headcount_months", "month_start_date", MONTH, "social_fte"
    )
    cells = counts(lambda p: p.role)
    doing = {cell: count for cell, count in cells.items() if cell[1] != "none"}
    sums = [in_role(doing, inside, row["social_role"]) for inside, row in roles]
    sums += [{c for c in doing if c[0] in inside} for inside, _ in heads]
    assert told(doing, [one for one in sums if one]) == []
    assert sum(row["social_fte"] for _, row in heads) > 0
    for _, row in roles + heads:
        assert row["social_fte"] * 2 == round(row["social_fte"] * 2), "finer than the half"


@pytest.mark.parametrize(
    ("table", "period", "first", "column", "everybody", "part"),
    [
        ("fct_training", "quarter_start_date", dt.date(2026, 1, 1), "trained_in_social", "people",
         lambda p: p.trained),
        ("fct_advocacy", "month_start_date", MONTH, "participants", "eligible", lambda p: p.shares),
    ],
)  # fmt: skip
def test_neither_those_who_did_nor_those_who_did_not_can_be_told(
    warehouse, table, period, first, column, everybody, part
):
    cells = counts(part)
    shown = shown_departments(warehouse, table, period, first, column)
    sums = [
        {cell for cell in cells if cell[0] in inside} for inside in groups_of(warehouse).values()
    ]
    for inside, row in shown:
        one = {cell for cell in cells if cell[0] in inside and cell[1]}
        assert sum(cells[cell] for cell in one) == row[column]
        sums.append(one)
    assert told(cells, [one for one in sums if one]) == []
    assert sum(row[column] for _, row in shown) == sum(n for cell, n in cells.items() if cell[1])
    rows = published(warehouse, f"select * from people.{table} where {period} = ?", first)
    assert sum(row[everybody] or 0 for row in rows) == len(people())


def test_a_survey_hides_fewer_than_ten_and_who_did_not_answer(warehouse):
    rows = published(warehouse, "select * from people.fct_survey_results where question = 'enps'")
    groups = groups_of(warehouse) | {"All": set(STAFF)}
    answered = {c[0]: n for c, n in counts(lambda p: p.answers).items() if c[1]}
    cells = {(d, True): n for d, n in answered.items()}
    sums = [{(d, True) for d in groups[r["department_group"]]} for r in rows if r["respondents"]]
    assert len(sums) >= 2, "something must be shown, else nothing is attacked"
    assert told(cells, sums, least=10) == []
    everybody = counts(lambda p: p.answers)
    silent = {c: n for c, n in everybody.items() if not c[1]}
    both = [
        {c for c in everybody if c[0] in groups[r["department_group"]]}
        for r in rows
        if r["invited"]
    ]
    assert told(silent, [{c for c in one if c in silent} for one in both]) == []
    for row in rows:
        assert row["respondents"] is None or row["respondents"] >= 10
        if row["is_suppressed"]:
            measures = ("invited", "respondents", "response_rate", "favourable", "favourable_share",
                        "promoters", "detractors", "mean_answer")  # fmt: skip
            assert {row[name] for name in measures} == {None}


@pytest.mark.parametrize(
    ("platform", "column", "part"),
    [("intranet", "active_people", lambda p: p.answers), ("news", "openers", lambda p: p.trained)],
)
def test_neither_who_was_reached_inside_nor_who_was_not_can_be_told(
    warehouse, platform, column, part
):
    cells = counts(part)
    groups = groups_of(warehouse)
    rows = published(
        warehouse, "select * from people.fct_internal_comms_days where platform = ?", platform
    )
    hidden = {r["department_group"] for r in rows if r["is_suppressed"]}
    groups["Departments not shown"] = set().union(*(groups[n] for n in hidden if n in groups))
    groups["All"] = set(STAFF)
    sums = [
        {cell for cell in cells if cell[0] in inside} for inside in groups_of(warehouse).values()
    ]
    shown = [row for row in rows if row[column] is not None]
    assert {"All", "Departments not shown"} <= {row["department_group"] for row in shown}
    for row in shown:
        one = {c for c in cells if c[0] in groups[row["department_group"]] and c[1]}
        assert sum(cells[cell] for cell in one) == row[column]
        sums.append(one)
    assert told(cells, [one for one in sums if one]) == []


def test_pairs_of_few_people_cannot_be_told(warehouse):
    """Six pairs can be made by four people: fewer than seven are never shown or left over."""
    rows = published(warehouse, "select * from people.fct_ties")
    cells = {(d, "inside"): TIES[d, d] for d in STAFF}
    for (one, other), pairs in TIES.items():
        for department in {one, other} if one != other else ():
            cells[department, "across"] = cells.get((department, "across"), 0) + pairs
    groups = groups_of(warehouse)
    hidden = {r["department_group"] for r in rows if r["is_suppressed"]}
    assert hidden, "nothing is small: the test proves nothing"
    groups["Departments not shown"] = set().union(*(groups[name] for name in hidden))
    groups["All"] = set(STAFF)
    sums = []
    for row in rows:
        for column, kind in (("internal_ties", "inside"), ("external_ties", "across")):
            if row[column] is not None:
                one = {c for c in cells if c[0] in groups[row["department_group"]] and c[1] == kind}
                ends = sum(cells[cell] for cell in one)
                half = row["department_group"] == "All" and kind == "across"
                assert row[column] == (ends / 2 if half else ends)
                sums.append(one)
    assert told(cells, [one for one in sums if one], least=7) == []


def test_four_questions_are_not_told(warehouse):
    [row] = published(warehouse, "select * from people.fct_question_months")
    assert row["is_suppressed"]
    assert (row["questions"], row["questions_answered"]) == (None, None)


def test_no_quarters_moves_can_be_told_from_longer_ones(warehouse):
    quarters = sorted({q for cells in MOVES.values() for q in cells})
    cells = {
        (kind, voluntary, quarter): count
        for (kind, voluntary), by_quarter in MOVES.items()
        for quarter, count in by_quarter.items()
    }
    sums, total = [], 0
    for row in published(warehouse, "select * from people.fct_moves where people > 0"):
        kind, _, reason = row["kind"].partition("_")
        wanted = {"voluntary": (True,), "involuntary": (False,)}.get(reason, (True, False, None))
        span = (row["counts_from"].isoformat(), row["period_start"].isoformat())
        one = {c for c in cells if c[0] == kind and c[1] in wanted and span[0] <= c[2] <= span[1]}
        assert sum(cells[cell] for cell in one) == row["people"] >= 5
        sums.append(one)
        total += row["people"] if row["kind"] == "leave" else 0
    assert told(cells, sums) == []
    # What the head count gives away, hires less leavers of each quarter, does not help either.
    names = sorted(cells, key=str)
    net = [
        [float(c[2] == q) * {"hire": 1, "leave": -1}.get(c[0], 0) for c in names] for q in quarters
    ]
    known = np.array(net + [[float(c in one) for c in names] for one in sums])
    rank = np.linalg.matrix_rank(known)
    for number, name in enumerate(names):
        if 0 < cells[name] < 5:
            alone = np.eye(len(names))[[number]]
            assert np.linalg.matrix_rank(np.vstack([known, alone])) == rank + 1, name
    assert total == sum(n for c, n in cells.items() if c[0] == "leave"), "a leaver was lost"


def test_a_team_of_four_shows_neither_load_nor_hours(warehouse):
    rows = {r["team"]: r for r in published(warehouse, "select * from people.fct_workload_weeks")}
    assert (rows["Desk A"]["people"], rows["Desk A"]["answered_after_hours"]) == (6, 6)
    assert rows["Desk B"]["is_suppressed"]
    assert {
        rows["Desk B"][c] for c in ("people", "inbound", "answered", "answered_after_hours")
    } == {None}
    flags = published(warehouse, "select * from marts.fct_conversations")
    # A single small team takes the next one along, so that it is not what is left of the sum.
    assert {(r["team"], r["is_reply_after_hours"]) for r in flags} == {
        ("Other teams", True),
        ("Other teams", None),
    }


def test_the_largest_following_is_not_told_among_few(warehouse):
    row = published(warehouse, "select * from people.fct_reach_at_risk")[0]
    assert row["accounts"] == 8
    assert row["followers_personal"] == row["followers_total"]
    share = row["largest_person_share"]
    assert share is not None and share * 20 == pytest.approx(round(share * 20))


def test_people_hold_counts_and_no_person(warehouse):
    persons = {person.id for person in people()} | {f"m-{p.id}" for p in people()}
    names = warehouse.execute(
        "select table_name, column_name, data_type from duckdb_columns()"
        " where schema_name = 'people'"
    ).fetchall()
    assert len({table for table, _, _ in names}) == 15
    for table, column, kind in names:
        assert not any(word in column for word in ("hash", "email", "employee", "_id"))
        if kind == "VARCHAR":
            values = warehouse.execute(f"select distinct {column} from people.{table}").fetchall()
            assert not {value for (value,) in values} & persons, (table, column)
        elif column in (
            "people",
            "participants",
            "trained_in_social",
            "eligible",
            "active_people",
            "openers",
            "at_risk",
            "questions",
            "internal_ties",
            "external_ties",
        ):
            small = warehouse.execute(
                f"select count(*) from people.{table} where {column} between 1 and 4"
            ).fetchall()
            assert small == [(0,)], (table, column)
