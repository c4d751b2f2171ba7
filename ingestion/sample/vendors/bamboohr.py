"""BambooHR on loopback: the employee dataset, two history tables, time off, trainings.

Shapes: BambooHR's OpenAPI contract (BambooHR/bhr-api-python, MIT). Basic authentication with the
API key as name. The dataset speaks only text, like the vendor's.
"""

from __future__ import annotations

import base64
import binascii
import math
import typing
from collections.abc import Callable

from ingestion.sample.vendors.server import Answer, Request, Tables, numbered, text

LARGEST_PAGE = 1000
FIELDS = {
    # name: (label, section, column of ingestion/tables/bamboohr/employees.yml)
    "eeid": ("EEID", "Personal", "employee_id"),
    "email": ("Work Email", "Contact", "email"),
    "jobInformationDepartment": ("Job Information: Department", "Job", "department"),
    "jobInformationDivision": ("Job Information: Division", "Job", "division"),
    "jobInformationLocation": ("Job Information: Location", "Job", "location"),
    "jobInformationJobTitle": ("Job Information: Job Title", "Job", "job_title"),
    "hireDate": ("Hire Date", "Job", "hired_on"),
    "terminationDate": ("Termination Date", "Job", "left_on"),
    "status": ("Status", "Personal", "status"),
    "supervisorEid": ("Supervisor EID", "Job", "manager_id"),
    "standardHoursPerWeek": ("Standard Hours Per Week", "Job", "contract_hours_week"),
    "custom4340": ("Team", "Custom", "team"),
    "custom4341": ("Time zone", "Custom", "time_zone"),
    "custom4342": ("FTE", "Custom", "fte"),
    "custom4343": ("Work starts", "Custom", "work_starts"),
    "custom4344": ("Work ends", "Custom", "work_ends"),
    "custom4345": ("Social role", "Custom", "social_role"),
    "custom4346": ("Social allocation", "Custom", "social_allocation"),
}
TABLES = {"jobInfo": "job_info", "employmentStatus": "employment_status"}


def build(tables: Tables) -> Callable[[Request], Answer]:
    """The account that holds these tables (columns of ingestion/tables/bamboohr)."""
    employees = {str(row["employee_id"]): row for row in tables.get("employees", [])}
    numbered(list(employees.values()), "employee_id", "bamboohr.employees")
    ordered = [employees[number] for number in sorted(employees, key=int)]
    requests = tables.get("time_off", [])
    numbered(requests, "request_id", "bamboohr.time_off")
    kinds = _training_types(tables.get("trainings", []))
    records: dict[str, list[dict]] = {}
    for row in tables.get("trainings", []):
        records.setdefault(str(row["employee_id"]), []).append(row)
    histories = {
        shown: [_entry(shown, place, row) for place, row in enumerate(tables.get(name, []), 1)]
        for shown, name in TABLES.items()
    }

    def answer(request: Request) -> Answer:
        if not _key(request):
            return Answer(b"", 401)
        match request.method, *request.path.removeprefix("/api/").split("/"):
            case "GET", "v1_2", "datasets", "employee", "fields":
                return _fields(request)
            case "POST", "v2", "datasets", "employee", "data":
                return _dataset(request, ordered)
            case "GET", "v1", "employees", who, "tables", name if name in histories:
                rows = [e for e in histories[name] if who in ("all", e["employeeId"])]
                return (
                    Answer(rows) if rows or who == "all" or who in employees else Answer(b"", 404)
                )
            case "GET", "v1", "time_off", "requests":
                return _requests(request, requests)
            case "GET", "v1", "training", "type":
                return Answer({str(kind["id"]): kind for kind in kinds.values()})
            case "GET", "v1", "training", "record", "employee", who if who in employees:
                return Answer(_records(records.get(who, []), kinds))
        return Answer(b"", 404)

    return answer


def _key(request: Request) -> str:
    word = request.headers.get("Authorization", "").removeprefix("Basic ")
    try:
        return base64.b64decode(word, validate=True).decode().partition(":")[0]
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _problem(status: int, title: str, detail: str) -> Answer:
    """RFC 7807, as the newer endpoints answer."""
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    return Answer(body, status, kind="application/problem+json")


def _fields(request: Request) -> Answer:
    size = min(int(request.query.get("page_size", "500")), LARGEST_PAGE)
    total = max(1, math.ceil(len(FIELDS) / size))
    page = min(max(int(request.query.get("page", "1")), 1), total)
    shown = [
        {
            "name": name,
            "label": label,
            "parentType": "page",
            "parentName": section,
            "entityName": section.lower(),
        }
        for name, (label, section, _) in FIELDS.items()
    ]
    here = f"http://{request.headers['Host']}{request.path}?page_size={size}&page="
    pagination = {
        "total_records": len(FIELDS),
        "current_page": page,
        "total_pages": total,
        "next_page": f"{here}{page + 1}" if page < total else None,
        "prev_page": f"{here}{page - 1}" if page > 1 else None,
    }
    start = (page - 1) * size
    return Answer(
        {
            "pagination": pagination,
            "name": "employee",
            "label": "Employee",
            "fields": shown[start : start + size],
        }
    )


def _dataset(request: Request, rows: list[dict]) -> Answer:
    asked = request.body or {}
    fields, size = asked.get("fields"), int(asked.get("pageSize", 100))
    if not fields or not set(fields) <= FIELDS.keys():
        unknown = sorted(set(fields or []) - FIELDS.keys())
        return _problem(422, "Unprocessable", f"fields: unknown or none: {', '.join(unknown)}")
    if not 1 <= size <= LARGEST_PAGE:
        return _problem(422, "Unprocessable", f"pageSize must be between 1 and {LARGEST_PAGE}")
    order = (asked.get("orderBy") or "eeid asc").split()[0]
    if order not in fields:
        return _problem(422, "Unprocessable", "orderBy: the field must be among fields")
    if order != "eeid":
        rows = sorted(rows, key=lambda row: str(row.get(FIELDS[order][2]) or ""))
    page = int(asked.get("page", 1))
    total = math.ceil(len(rows) / size)
    shown = rows[(page - 1) * size : page * size]
    columns = [(name, FIELDS[name][2]) for name in fields]
    return Answer(
        {
            "data": [
                {"fields": {name: text(row.get(column)) for name, column in columns}}
                for row in shown
            ],
            "links": {"next": None, "prev": None},
            "meta": {
                "page": page,
                "pageSize": size,
                "totalPages": total,
                "totalItems": len(rows),
            },
        }
    )


def _entry(shown: str, place: int, row: dict) -> dict[str, typing.Any]:
    entry = {
        "id": str(place),
        "employeeId": str(row["employee_id"]),
        "date": str(row["effective_on"])[:10],
    }
    if shown == "jobInfo":
        return entry | {
            "location": row.get("location"),
            "department": row.get("department"),
            "division": row.get("division"),
            "jobTitle": row.get("job_title"),
            "reportsTo": row.get("manager_id"),
        }
    return entry | {
        "employmentStatus": row.get("employment_status"),
        "comment": "",
        "terminationReasonId": row.get("termination_reason"),
        "terminationTypeId": row.get("termination_type"),
        "terminationRehireId": None,
    }


def _requests(request: Request, rows: list[dict]) -> Answer:
    start, end = request.query.get("start"), request.query.get("end")
    if not start or not end:
        return Answer(b"", 400, {"X-BambooHR-Error-Message": "start and end are required"})
    return Answer(
        [
            {
                "id": int(row["request_id"]),
                "employeeId": int(row["employee_id"]),
                "status": {
                    "lastChanged": str(row["starts_on"])[:10],
                    "lastChangedByUserId": 1,
                    "status": row.get("status"),
                },
                "name": "Not asked for",
                "start": str(row["starts_on"])[:10],
                "end": str(row["ends_on"])[:10],
                "created": str(row["starts_on"])[:10],
                "type": {"id": 1, "name": row.get("kind"), "icon": "time-off-calendar"},
                "amount": {"unit": row.get("unit") or "days", "amount": row.get("amount") or 0},
                "actions": {"view": True, "edit": False, "cancel": False, "approve": False},
                "dates": {},
            }
            for row in rows
            if str(row["starts_on"])[:10] <= end and str(row["ends_on"])[:10] >= start
        ]
    )


def _training_types(rows: list[dict]) -> dict[tuple, dict[str, typing.Any]]:
    """Types by name, category and months of validity, as the records imply them."""
    categories: dict[str, int] = {}
    kinds: dict[tuple, dict[str, typing.Any]] = {}
    for row in rows:
        which = _kind(row)
        if which in kinds:
            continue
        name, category, months = which
        number = categories.setdefault(category, len(categories) + 1) if category else None
        kinds[which] = {
            "id": len(kinds) + 1,
            "name": name,
            "renewable": months is not None,
            **({"frequency": months} if months is not None else {}),
            "required": None,
            "category": {"id": number, "name": category} if category else [],
            "linkUrl": None,
            "description": None,
            "allowEmployeesToMarkComplete": False,
        }
    return kinds


def _kind(row: dict) -> tuple[str, str | None, int | None]:
    months = None
    if row.get("valid_until"):
        done, until = str(row["completed_on"]), str(row["valid_until"])
        months = (int(until[:4]) - int(done[:4])) * 12 + int(until[5:7]) - int(done[5:7])
    return row["training_type"], row.get("category"), months


def _records(rows: list[dict], kinds: dict[tuple, dict]) -> dict[str, typing.Any] | list:
    return {
        str(row["record_id"]): {
            "id": int(row["record_id"]),
            "employeeId": str(row["employee_id"]),
            "completed": str(row["completed_on"])[:10],
            "notes": None,
            "instructor": None,
            "credits": None,
            "hours": text(row.get("hours")),
            "cost": f"{row['cost']} {row['currency']}" if row.get("cost") is not None else None,
            "type": str(kinds[_kind(row)]["id"]),
        }
        for row in rows
    } or []
