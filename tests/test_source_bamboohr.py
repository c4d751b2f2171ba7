"""BambooHR is read whole where it is small, by windows where it grows, and never by name."""

import datetime as dt
import json

import pytest
from api_sources import AS_OF, TOKEN, by, context, extract

from ingestion import session
from ingestion.sample.vendors import bamboohr
from ingestion.sample.vendors.server import running
from ingestion.sources import bamboohr as source
from ingestion.specs import table
from settings import ConfigError

NAMES = ("employees", "job_info", "employment_status", "time_off", "trainings")
COLUMNS = {name: set(table("bamboohr", name).spec.columns) for name in NAMES}


def employee(number, **given):
    return {
        "employee_id": str(number), "email": f"e{number}@harbour.example", "department": "Sales",
        "division": "Europe", "team": "Key accounts", "location": "Prague",
        "time_zone": "Europe/Prague", "job_title": "Account manager", "hired_on": "2021-03-01",
        "left_on": None, "status": "Active", "manager_id": "4001", "fte": 0.8,
        "contract_hours_week": 31.0, "work_starts": "08:30", "work_ends": "16:30",
        "social_role": "functional", "social_allocation": 0.1, **given,
    }  # fmt: skip


def time_off(number, starts, ends, **given):
    return {
        "request_id": str(number), "employee_id": "4001", "status": "approved",
        "starts_on": starts, "ends_on": ends, "kind": "Vacation", "amount": 2.5, "unit": "days",
        **given,
    }  # fmt: skip


def training(number, who, done, **given):
    return {
        "record_id": str(number), "employee_id": str(who), "training_type": "Social care",
        "category": "Social", "completed_on": done, "hours": 7.5, "cost": 250.0,
        "currency": "CZK", "valid_until": None, **given,
    }  # fmt: skip


def company():
    """Seven employees, two of them gone: one long ago, one last month."""
    return {
        "employees": [
            *[employee(4000 + n) for n in range(1, 6)],
            employee(4006, status="Inactive", left_on="2024-05-31"),
            employee(4007, status="Inactive", left_on="2026-08-31"),
        ],
        "job_info": [
            {"employee_id": "4001", "effective_on": "2021-03-01", "job_title": "Trainee",
             "department": "Sales", "manager_id": "4002"},
            {"employee_id": "4001", "effective_on": "2023-01-01", "job_title": "Account manager",
             "department": "Sales", "manager_id": "4002"},
        ],
        "employment_status": [
            {"employee_id": "4006", "effective_on": "2021-03-01",
             "employment_status": "Full-Time"},
            {"employee_id": "4006", "effective_on": "2024-05-31",
             "employment_status": "Terminated", "termination_type": "Resignation (Voluntary)",
             "termination_reason": "Other employment"},
        ],
        "time_off": [
            time_off(1, "2024-02-01", "2024-02-02"),
            time_off(2, "2024-12-20", "2025-01-06"),  # over the edge of the first year asked for
            time_off(3, "2026-09-01", "2026-09-02", status="requested", unit="hours"),
            time_off(4, "2027-03-01", "2027-03-05"),
            time_off(5, "2028-03-01", "2028-03-05"),  # too far ahead to be asked for
        ],
        "trainings": [
            training(9001, 4001, "2025-08-31", valid_until="2026-02-28"),
            training(9002, 4001, "2025-05-01", training_type="Fire", category=None, hours=None,
                     cost=None, currency=None),
            training(9003, 4006, "2024-01-15"),
            training(9004, 4007, "2026-08-01"),
        ],
    }  # fmt: skip


@pytest.fixture
def vendor(monkeypatch):
    monkeypatch.setattr(session, "pause", lambda seconds: None)
    with running(bamboohr.build, company()) as server:
        yield server


def ask(vendor, **given):
    return context("bamboohr", vendor.base_url, company="harbour", **given)


def test_every_row_comes_once(vendor):
    found = extract(ask(vendor))
    assert {name: len(rows) for name, rows in found.items()} == {
        "employees": 7, "job_info": 2, "employment_status": 2, "time_off": 4, "trainings": 4,
    }  # fmt: skip
    by(found["employees"], "employee_id")
    assert by(found["time_off"], "request_id").keys() == {"1", "2", "3", "4"}
    by(found["trainings"], "record_id")


def test_rows_have_the_declared_columns_and_the_vendors_values(vendor):
    found = extract(ask(vendor))
    for name, rows in found.items():
        assert all(row.keys() == COLUMNS[name] for row in rows), name
    row = by(found["employees"], "employee_id")["4001"]
    assert row == {k: v if v is None or isinstance(v, str) else f"{v:g}"
                   for k, v in employee(4001).items()}  # fmt: skip
    assert by(found["employees"], "employee_id")["4006"]["left_on"] == "2024-05-31"
    assert [row["job_title"] for row in found["job_info"]] == ["Trainee", "Account manager"]
    assert found["employment_status"][1]["termination_type"] == "Resignation (Voluntary)"
    row = by(found["time_off"], "request_id")["3"]
    assert (row["status"], row["unit"], row["amount"]) == ("requested", "hours", 2.5)
    row = by(found["trainings"], "record_id")["9001"]
    assert (row["cost"], row["currency"], row["hours"]) == ("250.0", "CZK", "7.5")
    assert (row["category"], row["valid_until"]) == ("Social", "2026-02-28")
    row = by(found["trainings"], "record_id")["9002"]
    assert (row["training_type"], row["category"], row["cost"], row["valid_until"]) == (
        "Fire", None, None, None,
    )  # fmt: skip


def test_many_employees_come_over_many_pages(vendor, monkeypatch):
    monkeypatch.setattr(source, "PAGE", 2)
    assert len(by(extract(ask(vendor))["employees"], "employee_id")) == 7
    assert sum(path.endswith("employee/data") for _, path in vendor.requests) == 4
    assert sum(path.endswith("employee/fields") for _, path in vendor.requests) == 9


def test_a_page_that_comes_twice_loses_nobody(vendor, monkeypatch):
    monkeypatch.setattr(source, "PAGE", 2)
    vendor.fault("duplicate", path_regex="employee/data", skip=1)
    assert len(by(extract(ask(vendor))["employees"], "employee_id")) == 7
    assert sum(path.endswith("employee/data") for _, path in vendor.requests) == 8


def test_a_dataset_that_never_adds_up_is_an_error_not_a_smaller_company(vendor, monkeypatch):
    monkeypatch.setattr(source, "PAGE", 2)
    for skip in range(3):
        vendor.fault("duplicate", path_regex="employee/data", skip=1 + 3 * skip)
    with pytest.raises(session.SourceError, match=r"says 7 employees and gave 5, 3 times"):
        extract(ask(vendor))


def test_a_later_load_reads_the_window_and_who_may_still_learn(vendor):
    asked = ask(vendor)
    extract(asked)
    assert asked.cursors == {"time_off_to": "2026-09-30"}
    vendor.requests.clear()
    asked.as_of = AS_OF + dt.timedelta(days=1)
    found = extract(asked)
    assert by(found["time_off"], "request_id").keys() == {"3", "4"}
    assert by(found["trainings"], "record_id").keys() == {"9001", "9002", "9004"}
    assert not any(path.endswith("record/employee/4006") for _, path in vendor.requests)
    assert len(found["employees"]) == 7


def test_a_load_after_a_long_pause_reads_all_that_was_missed(vendor):
    asked = ask(vendor, cursors={"time_off_to": "2025-02-01"})
    assert by(extract(asked)["time_off"], "request_id").keys() == {"2", "3", "4"}


def test_a_changed_employee_is_another_version_and_a_deleted_one_is_absent(vendor):
    asked = ask(vendor)
    extract(asked)
    held = company()
    held["employees"][0] = employee(4001, department="Marketing")
    del held["employees"][1]
    vendor.load(held)
    found = by(extract(asked)["employees"], "employee_id")
    assert found["4001"]["department"] == "Marketing"
    assert "4002" not in found and len(found) == 6


def test_a_company_that_names_its_fields_otherwise_is_understood(vendor, monkeypatch):
    lacking = ("team", "social_role")
    otherwise = {n: field for n, field in bamboohr.FIELDS.items() if field[2] not in lacking}
    otherwise["customX"] = (" TEAM", "Custom", "team")
    monkeypatch.setattr(bamboohr, "FIELDS", otherwise)
    said = []
    found = extract(ask(vendor, say=said.append))["employees"]
    assert {row["team"] for row in found} == {"Key accounts"}
    assert {row["social_role"] for row in found} == {None}
    assert len(said) == 1 and "no field for social_role; unknown for everyone" in said[0]


def test_without_the_employee_id_nothing_is_read(vendor, monkeypatch):
    monkeypatch.setattr(bamboohr, "FIELDS", {"email": bamboohr.FIELDS["email"]})
    with pytest.raises(session.SourceError, match="no field eeid or employeeId or id; give the"):
        extract(ask(vendor))


def test_an_unset_day_is_unknown():
    assert source._day("0000-00-00") is None and source._day("2026-01-31") == "2026-01-31"


@pytest.mark.parametrize(
    ("day", "months", "then"),
    [
        ("2025-08-31", 6, "2026-02-28"),
        ("2023-08-31", 6, "2024-02-29"),
        ("2025-12-15", 1, "2026-01-15"),
        ("2025-01-31", 12, "2026-01-31"),
    ],
)
def test_validity_ends_on_the_day_or_the_months_last(day, months, then):
    assert source._months_later(day, months) == then


def test_notes_and_names_are_not_asked_for_or_kept(vendor):
    found = json.dumps(extract(ask(vendor)))
    assert "Not asked for" not in found


def test_a_throttle_that_says_200_is_waited_out(vendor):
    body = {"error": {"code": 429, "message": "Over rate limit, please try again in 60 seconds"}}
    vendor.fault("status", path_regex="time_off", status=200, body=body, count=2)
    assert len(extract(ask(vendor))["time_off"]) == 4


@pytest.mark.parametrize("fault", ["ratelimit", "malformed", "truncated", "drop", "status"])
def test_faults_on_the_way_lose_nothing(vendor, fault):
    for path in ("fields", "data", "tables/jobInfo", "requests", "training/type", "employee/4001"):
        vendor.fault(fault, path_regex=path, count=2)
    found = extract(ask(vendor))
    assert {name: len(rows) for name, rows in found.items()} == {
        "employees": 7, "job_info": 2, "employment_status": 2, "time_off": 4, "trainings": 4,
    }  # fmt: skip


def test_a_refused_key_is_named_with_the_remedy_and_without_the_key(vendor):
    vendor.fault("status", status=401, body="", count=1)
    with pytest.raises(session.SourceError, match=r"401; set \$BAMBOOHR_TOKEN") as error:
        extract(ask(vendor))
    assert TOKEN not in str(error.value)


def test_no_key_at_all_is_refused(vendor):
    with pytest.raises(session.SourceError, match="answered 401"):
        extract(ask(vendor, token=""))


def test_an_error_about_one_employee_does_not_say_which(vendor):
    vendor.fault("status", path_regex="record/employee", status=403)
    with pytest.raises(session.SourceError, match="record/employee/{id}: answered 403") as error:
        extract(ask(vendor))
    assert "4001" not in str(error.value)


def test_an_address_with_a_company_needs_one():
    with pytest.raises(ConfigError, match="add company ="):
        extract(context("bamboohr", "https://{company}.bamboohr.com"))
