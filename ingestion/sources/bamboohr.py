"""BambooHR: employees, their job and status history, time off, training records.

Endpoints (https://documentation.bamboohr.com/reference, checked against BambooHR's own OpenAPI
contract): employees come from the dataset `employee` (v2: basic authentication, a thousand a
page, leavers and custom fields; `GET /employees` wants OAuth, the directory shows only who is
active, and a call an employee does not scale). Its field names differ between companies, so they
are looked up by name or label first. The two histories are served whole for the employee "all".
HR data are small: everything but time off and the trainings of people long gone is read whole in
every load, so that a deletion there shows here. Names, notes and pay are never asked for.
"""

from __future__ import annotations

import calendar
import datetime as dt
import typing
from collections.abc import Iterable, Iterator

from ingestion.specs import table
from settings import ConfigError

if typing.TYPE_CHECKING:
    from ingestion.load import Context

Row = dict[str, typing.Any]

PAGE = 1000
PASSES = 3
AHEAD = dt.timedelta(days=365)
SPAN = dt.timedelta(days=365)  # of time off asked for at once
EMPLOYEE_FIELDS = {
    "employee_id": ("eeid", "employeeId", "id"),
    "email": ("email", "workEmail"),
    "department": ("jobInformationDepartment", "department", "departmentName"),
    "division": ("jobInformationDivision", "division", "divisionName"),
    "team": ("team",),
    "location": ("jobInformationLocation", "location", "locationName"),
    "time_zone": ("timeZone",),
    "job_title": ("jobInformationJobTitle", "jobTitle", "jobTitleName"),
    "hired_on": ("hireDate",),
    "left_on": ("terminationDate",),
    "status": ("status",),
    # "Supervisor ID" is the manager's employee number, "supervisor EID" the id.
    "manager_id": ("supervisorEid", "reportsToId"),
    "fte": ("fte", "fullTimeEquivalent"),
    "contract_hours_week": ("standardHoursPerWeek", "contractHoursWeek"),
    "work_starts": ("workStarts",),
    "work_ends": ("workEnds",),
    "social_role": ("socialRole",),
    "social_allocation": ("socialAllocation",),
}
"""Our columns and what the dataset may call them, by name or label, case and blanks aside."""


def extract(context: Context) -> Iterator[tuple[str, list[Row]]]:
    """Rows of all tables of `ingestion/tables/bamboohr`.

    `employees`, `job_info` and `employment_status` whole; `time_off` from `window_days` before
    `as_of` (the first time: from `start`) to a year ahead; `trainings` of who is there or left
    within that window (the first time: of all). Keeps `context.cursors["time_off_to"]`.
    Raises ConfigError without a company, SourceError when BambooHR cannot be read.
    """
    from requests.auth import HTTPBasicAuth

    from ingestion.session import connect

    if "{company}" in context.base_url and not context.company:
        raise ConfigError(
            f"plumbline.toml: [sources.{context.source}] base_url has {{company}} but there is no "
            "company; add company = the first part of your BambooHR address."
        )
    client = connect(context, auth=HTTPBasicAuth(context.token, "x"), throttled=_throttled)
    employees = _employees(client, context)
    if employees:
        yield "employees", employees
    for name, rows in (
        ("job_info", _job_info(_history(client, "jobInfo"))),
        ("employment_status", _employment_status(_history(client, "employmentStatus"))),
    ):
        if rows:
            yield name, rows
    window = dt.timedelta(days=table("bamboohr", "time_off").spec.window_days)
    last = context.cursors.get("time_off_to")
    since = context.start
    if last:
        since = min(dt.date.fromisoformat(last), context.as_of) - window
    for rows in _time_off(client, since, context.as_of + AHEAD):
        yield "time_off", rows
    there = [row["employee_id"] for row in employees if not last or _there(row, since)]
    for rows in _trainings(client, there):
        yield "trainings", rows
    context.cursors["time_off_to"] = context.as_of.isoformat()


def _throttled(status: int, body: typing.Any) -> bool:
    """Some of its endpoints say 200 and {"error": {"code": 429, …}}."""
    error = body.get("error") if isinstance(body, dict) else None
    return isinstance(error, dict) and error.get("code") == 429


def _there(row: Row, since: dt.date) -> bool:
    return row["status"] != "Inactive" or (row["left_on"] or "9999") >= since.isoformat()


def _employees(client: typing.Any, context: Context) -> list[Row]:
    """Every employee once. Pages are numbered, so one who goes while they are read would push
    another across an edge: the count that BambooHR gives tells, and the reading is repeated."""
    from ingestion.session import SourceError

    names = _field_names(client, context)
    dates = [c for c, spec in _columns().items() if spec.type == "date" and c in names]
    for _ in range(PASSES):
        rows: dict[str, Row] = {}
        total = 0
        for page in _dataset(client, context, names):
            total = page.response.json()["meta"]["totalItems"]
            for item in page:
                values = item["fields"]
                row = {
                    column: (values.get(names[column]) or None) if column in names else None
                    for column in EMPLOYEE_FIELDS
                }
                for column in dates:
                    row[column] = _day(row[column])
                rows[row["employee_id"]] = row
        if len(rows) == total:
            return list(rows.values())
    raise SourceError(
        f"{context.source}: the employee dataset says {total} employees and gave {len(rows)}, "
        f"{PASSES} times; run again when nobody is working in BambooHR."
    )


def _columns() -> dict[str, typing.Any]:
    return table("bamboohr", "employees").spec.columns


def _field_names(client: typing.Any, context: Context) -> dict[str, str]:
    """What this company's dataset calls our columns; what it lacks is left out, and said."""
    from dlt.sources.helpers.rest_client.paginators import PageNumberPaginator

    from ingestion.session import SourceError, pages

    by_label: dict[str, str] = {}
    by_name: dict[str, str] = {}
    paginator = PageNumberPaginator(
        base_page=1, total_path="pagination.total_pages", stop_after_empty_page=False
    )
    for page in pages(
        client,
        context.source,
        "api/v1_2/datasets/employee/fields",
        paginator,
        params={"page_size": PAGE},
        selector="fields",
    ):
        for field in page:
            by_label.setdefault(_plain(field.get("label") or ""), field["name"])
            by_name.setdefault(_plain(field["name"]), field["name"])
    names = {}
    for column, offered in EMPLOYEE_FIELDS.items():
        for known in (by_name, by_label):
            found = [known[_plain(name)] for name in offered if _plain(name) in known]
            if found:
                names.setdefault(column, found[0])
    if "employee_id" not in names:
        raise SourceError(
            f"{context.source}: the employee dataset has no field "
            f"{' or '.join(EMPLOYEE_FIELDS['employee_id'])}; give the API key's user the right to "
            "see the employee id."
        )
    lacking = [column for column in EMPLOYEE_FIELDS if column not in names]
    if lacking:
        context.say(
            f"{context.source}: no field for {', '.join(lacking)}; unknown for everyone. Add "
            "custom fields of these names, or let the API key's user see them."
        )
    return names


def _dataset(client: typing.Any, context: Context, names: dict[str, str]) -> Iterator[typing.Any]:
    from dlt.sources.helpers.rest_client.paginators import PageNumberPaginator

    from ingestion.session import pages

    paginator = PageNumberPaginator(
        base_page=1,
        page_body_path="page",
        total_path="meta.totalPages",
        stop_after_empty_page=False,
    )
    body = {
        "fields": list(dict.fromkeys(names.values())),
        "orderBy": f"{names['employee_id']} asc",
        "page": 1,
        "pageSize": PAGE,
    }
    yield from pages(
        client,
        context.source,
        "api/v2/datasets/employee/data",
        paginator,
        method="POST",
        json=body,
        selector="data",
    )


def _plain(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())


def _day(value: str | None) -> str | None:
    """BambooHR writes an unset day as 0000-00-00."""
    return None if value == "0000-00-00" else value


def _history(client: typing.Any, name: str) -> list[Row]:
    return client.get(f"api/v1/employees/all/tables/{name}").json()


def _job_info(entries: list[Row]) -> list[Row]:
    return [
        {
            "employee_id": entry["employeeId"],
            "effective_on": _day(entry.get("date")),
            "job_title": entry.get("jobTitle"),
            "department": entry.get("department"),
            "division": entry.get("division"),
            "location": entry.get("location"),
            "manager_id": entry.get("reportsTo"),
        }
        for entry in entries
    ]


def _employment_status(entries: list[Row]) -> list[Row]:
    return [
        {
            "employee_id": entry["employeeId"],
            "effective_on": _day(entry.get("date")),
            "employment_status": entry.get("employmentStatus"),
            "termination_type": entry.get("terminationTypeId") or entry.get("terminationType"),
            "termination_reason": entry.get("terminationReasonId")
            or entry.get("terminationReason"),
        }
        for entry in entries
    ]


def _time_off(client: typing.Any, since: dt.date, until: dt.date) -> Iterator[list[Row]]:
    """Requests that touch `since`..`until`, a year at a time; one over an edge comes once."""
    seen: set[typing.Any] = set()
    start = since
    while start <= until:
        end = min(start + SPAN, until)
        params = {"start": start.isoformat(), "end": end.isoformat(), "excludeNote": "1"}
        answer = client.get("api/v1/time_off/requests", params=params).json()
        fresh = [request for request in answer if request["id"] not in seen]
        seen.update(request["id"] for request in fresh)
        if fresh:
            yield [
                {
                    "request_id": str(request["id"]),
                    "employee_id": str(request["employeeId"]),
                    "status": (request.get("status") or {}).get("status"),
                    "starts_on": request["start"],
                    "ends_on": request["end"],
                    "kind": (request.get("type") or {}).get("name"),
                    "amount": (request.get("amount") or {}).get("amount"),
                    "unit": (request.get("amount") or {}).get("unit"),
                }
                for request in fresh
            ]
        start = end + dt.timedelta(days=1)


def _trainings(client: typing.Any, employees: Iterable[str]) -> Iterator[list[Row]]:
    types = client.get("api/v1/training/type").json() or {}  # an empty list when there are none
    for employee in employees:
        answer = client.get(f"api/v1/training/record/employee/{employee}").json()
        records = answer.values() if isinstance(answer, dict) else answer
        rows = [_training(record, types.get(str(record["type"]), {})) for record in records]
        if rows:
            yield rows


def _training(record: Row, kind: Row) -> Row:
    completed = _day(record.get("completed"))
    cost, _, currency = (record.get("cost") or "").partition(" ")
    category = kind.get("category") or {}
    months = kind.get("frequency") if kind.get("renewable") else None
    return {
        "record_id": str(record["id"]),
        "employee_id": str(record["employeeId"]),
        "training_type": kind.get("name"),
        "category": category.get("name"),
        "completed_on": completed,
        "hours": record.get("hours"),
        "cost": cost or None,
        "currency": currency or None,
        "valid_until": _months_later(completed, months) if completed and months else None,
    }


def _months_later(day: str, months: int) -> str:
    """The same day of the month, or the month's last."""
    start = dt.date.fromisoformat(day)
    year, month = divmod(start.year * 12 + start.month - 1 + int(months), 12)
    last = calendar.monthrange(year, month + 1)[1]
    return dt.date(year, month + 1, min(start.day, last)).isoformat()
