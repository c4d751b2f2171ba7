"""A Metabase that keeps state, on loopback, for tests of dashboards as code.

It does what the real one does with what it is sent, the awkward parts above all: POST of a
dashboard drops its cards, PUT replaces whole lists, syncs are late, the search index lags, native
queries come back in another shape than they were written in. Card SQL really runs, on the DuckDB
file of the database (read-only, through a pool that is kept until the details change, as the
real driver keeps it). Every request is held against Metabase's own OpenAPI document where that
is at hand (`../shared/contracts`): what it does not allow is refused with 400 or 404 and listed
in `violations`; what only the vendor's own client would not send, in `vendor_violations`. Not
executed: MBQL beyond one table, Pro features, sending of mail.

Ids of different kinds never coincide (collections from 11, cards from 101, dashboards from 201,
tables from 301, tabs from 701, fields from 1001, dashboard cards from 5001), so that a mix-up
shows. The clock stands at `as_of` and moves a second with each write.
"""

from __future__ import annotations

import base64
import contextlib
import copy
import dataclasses
import datetime as dt
import decimal
import functools
import hashlib
import http.server
import itertools
import json
import math
import re
import socket
import threading
import traceback
import typing
import uuid
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from settings import ROOT

CONTRACTS = ROOT.parent / "shared" / "contracts"
AS_OF = dt.date(2026, 9, 30)
ADMIN_KEY = "mb_fake_administrator_key"
SECRET = "**MetabasePass**"
SECRETS = ("password", "motherduck_token", "tunnel-pass", "tunnel-private-key", "access-token")
MODELS = {"question": "card", "model": "dataset", "metric": "metric"}
ALL_USERS, ADMINISTRATORS = 1, 2
ROWS = 2000  # Metabase's limit on rows of a query that is shown
NANO = re.compile(r"[A-Za-z0-9_\-]{21}\Z")
# What the document leaves out although the server has it.
UNDOCUMENTED = {("GET", "/api/health")}
UNDOCUMENTED_QUERY = {"limit", "offset"}
REFERENCE = re.compile(r'#/components/schemas/([^"]+)"')
NO_WRITE = re.compile(
    r"/api/(dataset|session|eid-translation/translate|util/entity_id|database/validate)\Z"
    r"|/query(/\w+)?\Z"
)
# The vendor's own command line asks more of a body than the document does, where it has a verb.
VENDOR = {
    "POST /api/card": "card create", "PUT /api/card/{id}": "card update",
    "POST /api/dashboard": "dashboard create", "PUT /api/dashboard/{id}": "dashboard update",
    "POST /api/collection": "collection create", "POST /api/notification": "alert create",
    "POST /api/pulse": "subscription create", "PUT /api/field/{id}": "field update",
    "PUT /api/table/{id}": "table update", "POST /api/eid-translation/translate": "eid",
}  # fmt: skip
TOP = "root"
"""What Metabase calls the collection above all others."""
Json = typing.Any
Row = dict[str, Json]


@dataclasses.dataclass
class Request:
    """What came in; `status` is what was answered (0: the connection was cut unanswered)."""

    method: str
    path: str
    query: dict[str, Json]
    body: Json
    status: int = 0
    performed: bool = False

    @property
    def writes(self) -> bool:
        """Whether it is of a kind that changes what Metabase holds."""
        return self.method in ("POST", "PUT", "DELETE") and not NO_WRITE.search(self.path)


@dataclasses.dataclass
class Call:
    """A request on its way through a handler."""

    ids: dict[str, Json]
    query: dict[str, Json]
    body: Row
    user: Row | None
    path: str

    def flag(self, name: str) -> bool:
        return self.query.get(name) == "true"

    def many(self, name: str) -> list[str]:
        found = self.query.get(name, [])
        return found if isinstance(found, list) else [found]


@dataclasses.dataclass
class Answer:
    status: int
    body: Json = None
    headers: dict[str, str] = dataclasses.field(default_factory=dict)


class Refused(Exception):
    """The answer is no: `status` and a body, plain text or Metabase's map of errors."""

    def __init__(self, status: int, body: Json):
        super().__init__(body)
        self.status, self.body = status, body


class QueryFailed(Exception):
    """The query cannot run; Metabase says so with status 202."""

    def __init__(self, message: str, kind: str = "invalid-query"):
        super().__init__(message)
        self.kind = kind


def wrong(**errors: str) -> Refused:
    """400 in Metabase's shape."""
    return Refused(400, {"errors": errors, "specific-errors": {k: [v] for k, v in errors.items()}})


NOT_FOUND = "Not found."
FORBIDDEN = "You don't have permissions to do that."


# The contract: Metabase's own document, where it is at hand.


class Contract:
    """Judges requests by the pruned, relaxed document, and by the full one for other paths.

    The full one is relaxed in the same way first: what has a default is not required, `oneOf`
    (whose branches overlap) is `anyOf`, no query parameter is required.
    """

    def __init__(self) -> None:
        self.pruned = self._read("metabase-openapi-pruned-relaxed.json")
        self.operations = self._operations(self.pruned)
        self.full: Row | None = None
        self.more: dict[str, list[tuple[re.Pattern[str], str]]] = {}
        self.validators: dict[str, Json] = {}
        strict = CONTRACTS / "metabase-cli-0.3.1-input-schemas.json"
        self.strict = self._read(strict.name)["inputSchemas"] if strict.exists() else {}

    @staticmethod
    def _read(name: str) -> Row:
        return json.loads((CONTRACTS / name).read_text(encoding="utf-8"))

    @staticmethod
    def _operations(document: Row) -> dict[str, list[tuple[re.Pattern[str], str]]]:
        found: dict[str, list[tuple[re.Pattern[str], str]]] = {}
        for template, methods in document["paths"].items():
            pattern = re.compile(re.sub(r"\\\{[^}]*\\\}", "([^/]+)", re.escape(template)) + r"\Z")
            for method in methods.keys() - {"parameters"}:
                found.setdefault(method.upper(), []).append((pattern, template))
        for entries in found.values():  # fixed paths before those with a parameter
            entries.sort(key=lambda entry: entry[1].count("{"))
        return found

    def find(self, method: str, path: str) -> tuple[Row, list[str], str] | None:
        """The operation (relaxed), its path's values and its key; None: there is no such path."""
        for pattern, template in self.operations.get(method, []):
            if match := pattern.match(path):
                key = f"{method} {template}"
                return self.pruned["paths"][template][method.lower()], list(match.groups()), key
        if self.full is None:
            self.full = {"paths": {}, "components": {"schemas": {}}}
            if (CONTRACTS / "metabase-openapi.json").exists():
                self.full = self._read("metabase-openapi.json")
            self.more = self._operations(self.full)
        for pattern, template in self.more.get(method, []):
            if match := pattern.match(path):
                operation = self.full["paths"][template][method.lower()]
                return operation, list(match.groups()), f"full {method} {template}"
        return None

    def _validator(self, key: str, schema: Row) -> Json:
        from jsonschema import Draft202012Validator

        if key not in self.validators:
            document = self.pruned
            if key.startswith("full "):
                schema, document = self._relaxed(schema), {"components": {"schemas": {}}}
                parts, todo = document["components"]["schemas"], [schema]
                while todo:
                    for name in REFERENCE.findall(json.dumps(todo.pop())):
                        if name not in parts:
                            parts[name] = self._relaxed(self.full["components"]["schemas"][name])
                            todo.append(parts[name])
            self.validators[key] = Draft202012Validator(
                {**schema, "components": document["components"]}
            )
        return self.validators[key]

    def _relaxed(self, node: Json) -> Json:
        if isinstance(node, list):
            return [self._relaxed(part) for part in node]
        if not isinstance(node, dict):
            return node
        node = {name: self._relaxed(part) for name, part in node.items()}
        if "oneOf" in node:
            node["anyOf"] = node.pop("oneOf")
        if node.get("allOf") == []:
            del node["allOf"]
        if isinstance(node.get("required"), list) and isinstance(node.get("properties"), dict):
            defaults = {
                name
                for name, part in node["properties"].items()
                if isinstance(part, dict) and "default" in part
            }
            node["required"] = [name for name in node["required"] if name not in defaults]
        return node

    def judge(self, request: Request) -> tuple[list[str], Refused | None]:
        """What is wrong with a request, and the refusal if the server would refuse."""
        found = self.find(request.method, request.path)
        if found is None:
            return ["no such endpoint"], Refused(404, "API endpoint does not exist.")
        operation, values, key = found
        wrongs = []
        parameters = operation.get("parameters", [])
        for parameter, value in zip(
            [p for p in parameters if p["in"] == "path"], values, strict=False
        ):
            if not self._fits(f"{key} {parameter['name']}", parameter["schema"], value):
                wrongs.append(f"path: {parameter['name']}={value}")
        if wrongs:
            return wrongs, wrong(id="value must be an integer greater than zero.")
        known = {p["name"]: p["schema"] for p in parameters if p["in"] == "query"}
        for name, value in request.query.items():
            if name not in known:
                if name not in UNDOCUMENTED_QUERY:  # which the server would pass over
                    wrongs.append(f"query: unknown parameter {name}")
            elif not self._fits(f"{key} ?{name}", known[name], value):
                wrongs.append(f"query: {name}={value}")
                return wrongs, wrong(**{name: "invalid value"})
        schema = (operation.get("requestBody") or {}).get("content", {}).get("application/json")
        if schema is None or request.method == "GET":
            return wrongs, None
        errors: dict[str, str] = {}
        for error in self._errors(key, schema["schema"], request.body):
            place = [str(part) for part in error.absolute_path]
            if not place and error.validator == "required":
                place = [error.message.split("'")[1]]
            wrongs.append(f"body: {'.'.join(place)}: {error.message[:200]}")
            errors.setdefault(place[0] if place else "body", error.message[:200])
        return wrongs, wrong(**errors) if errors else None

    def judge_strictly(self, request: Request) -> list[str]:
        """What the vendor's own client would not send in this body."""
        found = self.find(request.method, request.path)
        schema = self.strict.get(VENDOR.get(found[2] if found else "", ""))
        if not schema:
            return []
        return [
            f"body: {'.'.join(map(str, error.absolute_path))}: {error.message[:200]}"
            for error in self._errors(f"strict {found[2]}", schema, request.body)
        ]

    def _errors(self, key: str, schema: Row, body: Json) -> Iterator[Json]:
        """What is wrong with a body, each error by its innermost cause."""
        for error in self._validator(key, schema).iter_errors(body or {}):
            while error.context:
                error = max(error.context, key=lambda cause: len(cause.absolute_path))
            yield error

    def _fits(self, key: str, schema: Row, value: Json) -> bool:
        """Whether a text of the address is, read in any way, what the schema asks."""
        readings: list[Json] = [value]
        if isinstance(value, str):
            readings += [[value]]
            if re.fullmatch(r"-?\d+", value):
                readings.append(int(value))
            if value in ("true", "false"):
                readings.append(value == "true")
        validator = self._validator(key, schema)
        return any(validator.is_valid(reading) for reading in readings)


@functools.lru_cache(maxsize=1)
def contract() -> Contract | None:
    """The contract, read once a process; None where it is not at hand."""
    if not (CONTRACTS / "metabase-openapi-pruned-relaxed.json").exists():
        return None
    return Contract()


# Dates as filters give them.

UNITS = r"(day|week|month|quarter|year)"
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def begin(unit: str, day: dt.date, week_start: int = 6) -> dt.date:
    """The first day of the unit that holds `day`."""
    if unit == "day":
        return day
    if unit == "week":
        return day - dt.timedelta((day.weekday() - week_start) % 7)
    month = {"month": day.month, "quarter": (day.month - 1) // 3 * 3 + 1, "year": 1}[unit]
    return dt.date(day.year, month, 1)


def shift(unit: str, day: dt.date, by: int) -> dt.date:
    """`day` moved by so many units; the day of the month is kept where there is one."""
    if unit in ("day", "week"):
        return day + dt.timedelta(by * (7 if unit == "week" else 1))
    months = day.year * 12 + day.month - 1 + by * {"month": 1, "quarter": 3, "year": 12}[unit]
    year, month = divmod(months, 12)
    last = (dt.date(year + (month == 11), (month + 1) % 12 + 1, 1) - dt.timedelta(1)).day
    return dt.date(year, month + 1, min(day.day, last))


def period(
    value: str, as_of: dt.date, week_start: int = 6
) -> tuple[dt.date | None, dt.date | None]:
    """First and last day of a date filter's value (None: open). Raises ValueError if unknown."""
    day = dt.timedelta(1)
    named = {"today": "thisday", "yesterday": "past1days"}
    named |= {f"last{unit}": f"past1{unit}s" for unit in ("week", "month", "quarter", "year")}
    value = named.get(value, value)
    if match := re.fullmatch(f"this{UNITS}", value):
        first = begin(match[1], as_of, week_start)
        return first, shift(match[1], first, 1) - day
    if match := re.fullmatch(rf"(past|next)(\d+){UNITS}s(~)?(?:-from-(\d+){UNITS}s)?", value):
        way, count, unit, current, back, back_unit = match.groups()
        base = as_of
        if back:
            base = shift(back_unit, as_of, int(back) * (-1 if way == "past" else 1))
        first = begin(unit, base, week_start)
        after = shift(unit, first, 1)
        if way == "past":
            return shift(unit, first, -int(count)), (after if current else first) - day
        return (first if current else after), shift(unit, after, int(count)) - day
    if match := re.fullmatch(r"Q([1-4])-(\d{4})", value):
        first = dt.date(int(match[2]), int(match[1]) * 3 - 2, 1)
        return first, shift("quarter", first, 1) - day
    if match := re.fullmatch(r"(\d{4})-(\d{2})", value):
        first = dt.date(int(match[1]), int(match[2]), 1)
        return first, shift("month", first, 1) - day
    first, separator, last = value.partition("~")
    if not separator:
        return (only := dt.date.fromisoformat(first[:10])), only
    if not first and not last:
        raise ValueError(value)
    return (
        dt.date.fromisoformat(first[:10]) if first else None,
        dt.date.fromisoformat(last[:10]) if last else None,
    )


# Native queries with template tags.


def quoted(value: Json) -> str:
    """A literal for SQL."""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, (int, float)):
        return repr(value)
    return "'" + str(value).replace("'", "''") + "'"


def number(value: Json) -> int | float:
    if isinstance(value, (int, float)):
        return value
    try:
        return int(value) if re.fullmatch(r"\s*-?\d+\s*", str(value)) else float(value)
    except ValueError as error:
        raise QueryFailed(f'For input string: "{value}"', "invalid-parameter") from error


def parts(sql: str) -> list[Json]:
    """SQL cut into text, ("tag", name) and ("optional", parts); comments are left as they are."""
    tokens = re.split(r"(--[^\n]*|/\*.*?\*/|\[\[|\]\]|\{\{|\}\})", sql, flags=re.DOTALL)
    outer: list[Json] = []
    optional: list[Json] | None = None
    name: str | None = None
    for token in tokens:
        here = outer if optional is None else optional
        if token == "{{" and name is None:
            name = ""
        elif token == "}}" and name is not None:
            here.append(("tag", name.strip()))
            name = None
        elif name is not None:
            name += token
        elif token == "[[" and optional is None:
            optional = []
        elif token == "]]" and optional is not None:
            if not any(isinstance(part, tuple) for part in optional):
                raise QueryFailed("[[]] clauses must contain at least one {{optional}} clause.")
            outer.append(("optional", optional))
            optional = None
        elif token:
            here.append(token)
    if name is not None or optional is not None:
        raise QueryFailed("Invalid query: found '[[' or '{{' with no matching ']]' or '}}'")
    return outer


NOTHING = object()


def compiled(
    native: Row, parameters: Iterable[Row], field: Callable[[Json], Row], when: Row
) -> str:
    """SQL with its tags filled in. `field` gives a field by id, `when` as_of and week_start."""
    tags = native.get("template-tags") or {}
    given: dict[tuple[str, str], Row] = {}
    for parameter in parameters:
        target = parameter.get("target")
        if not (isinstance(target, list) and len(target) > 1 and isinstance(target[1], list)):
            continue
        if target[1][0] == "template-tag":
            name = target[1][1]
            if isinstance(name, dict):
                name = next((k for k, t in tags.items() if t.get("id") == name.get("id")), "")
            given[target[0], name] = parameter

    def value_of(tag: Row) -> tuple[Json, str]:
        kind = tag.get("type", "text")
        # A target of the other kind is passed over in silence, as in the real one.
        parameter = given.get(("dimension" if kind == "dimension" else "variable", tag["name"]))
        how = (parameter or {}).get("type") or tag.get("widget-type") or kind
        value = parameter.get("value") if parameter else None
        if value in (None, "", []) and (parameter is None or tag.get("required")):
            value = tag.get("default")
        if value in (None, "", []):
            if tag.get("required"):
                raise missing(tag)
            return NOTHING, how
        return value, how

    def filled(name: str) -> Json:
        if name.startswith("#"):
            raise QueryFailed("references to cards are not executed by this fake")
        if name not in tags:
            raise QueryFailed(
                f'Cannot run the query: missing required parameters: #{{"{name}"}}',
                "missing-required-parameter",
            )
        tag = {"name": name, **tags[name]}
        value, how = value_of(tag)
        kind = tag.get("type", "text")
        if kind == "dimension":
            dimension = tag.get("dimension")
            if not isinstance(dimension, list) or len(dimension) < 2:
                raise QueryFailed(f'Missing :dimension in template tag "{name}"')
            column = field(dimension[1])
            if value is NOTHING:
                return NOTHING
            return filtered(tag.get("alias") or column["sql"], column, value, how, when)
        if value is NOTHING:
            return NOTHING
        if kind == "number":
            values = value if isinstance(value, list) else str(value).split(",")
            return ", ".join(quoted(number(one)) for one in values)
        if kind == "boolean":
            return quoted(value if isinstance(value, bool) else str(value).lower() == "true")
        if isinstance(value, list):
            return ", ".join(quoted(one) for one in value)
        if kind == "date":
            try:
                return f"DATE {quoted(dt.date.fromisoformat(str(value)[:10]).isoformat())}"
            except ValueError as error:
                raise QueryFailed(f"Don't know how to parse {value}") from error
        return quoted(value)

    def missing(tag: Row) -> QueryFailed:
        shown = tag.get("display-name") or tag["name"]
        return QueryFailed(
            f"You'll need to pick a value for '{shown}' before this query can run.",
            "missing-required-parameter",
        )

    def text(pieces: list[Json], inside: bool) -> Json:
        done = []
        for piece in pieces:
            if isinstance(piece, str):
                done.append(piece)
            elif piece[0] == "optional":
                inner = text(piece[1], True)
                done.append("" if inner is NOTHING else inner)
            elif (value := filled(piece[1])) is not NOTHING:
                done.append(value)
            elif inside:
                return NOTHING
            elif tags[piece[1]].get("type") == "dimension":
                done.append("1 = 1")
            else:
                raise missing({"name": piece[1], **tags[piece[1]]})
        return "".join(done)

    return text(parts(native.get("query") or ""), False)


FAMILIES = {"category": "string", "id": "id", "location": "string", "text": "string"}


def filtered(column: str, field: Row, value: Json, how: str, when: Row) -> str:
    """A field filter as a condition."""
    family, _, operator = how.partition("/")
    family = FAMILIES.get(family, family)
    if family == "date":
        value = value[0] if isinstance(value, list) else value
        return dated(column, str(value), when)
    values = value if isinstance(value, list) else [value]
    if family == "number" or (family == "id" and field["base_type"] != "type/Text"):
        values = [number(one) for one in values]
    operator = operator or "="
    if operator in ("contains", "does-not-contain", "starts-with", "ends-with"):
        left = "" if operator == "starts-with" else "%"
        right = "" if operator == "ends-with" else "%"
        any_of = " OR ".join(f"{column} LIKE {quoted(f'{left}{one}{right}')}" for one in values)
        return f"(NOT ({any_of}) OR {column} IS NULL)" if "not" in operator else f"({any_of})"
    listed = ", ".join(quoted(one) for one in values)
    if operator == "!=":
        return f"({column} NOT IN ({listed}) OR {column} IS NULL)"
    if operator == "between":
        first, last = (*values, None)[:2]
        bounds = [(">=", first), ("<=", last)]
        return " AND ".join(f"{column} {o} {quoted(v)}" for o, v in bounds if v is not None)
    if operator in (">=", "<="):
        return f"{column} {operator} {quoted(values[0])}"
    return f"{column} IN ({listed})"


def dated(column: str, value: str, when: Row) -> str:
    if match := re.fullmatch(r"exclude-(days|months|quarters)-(.+)", value):
        names = match[2].split("-")
        if match[1] == "quarters":
            numbers, of = [int(one[1:] if one[0] == "Q" else one) for one in names], "quarter"
        elif match[1] == "months":
            numbers, of = [MONTHS.index(one[:3].lower()) + 1 for one in names], "month"
        else:
            short = [day[:3] for day in WEEKDAYS]
            numbers, of = [short.index(one[:3].lower()) + 1 for one in names], "isodow"
        return f"{of}({column}) NOT IN ({', '.join(map(str, numbers))})"
    try:
        first, last = period(value, when["as_of"], when["week_start"])
    except ValueError as error:
        raise QueryFailed(f'Don\'t know how to parse date string "{value}"') from error
    bounds = []
    if first:
        bounds.append(f"{column} >= DATE '{first}'")
    if last:
        bounds.append(f"{column} < DATE '{last + dt.timedelta(1)}'")
    return " AND ".join(bounds)


def legacy(query: Row) -> Row:
    """A query as it is kept: the old form where it is native, as sent where it is not."""
    stages = query.get("stages")
    if not stages or "native" not in stages[0]:
        return copy.deepcopy(query)
    tags = stages[0].get("template-tags") or {}
    if isinstance(tags, list):
        tags = {tag["name"]: tag for tag in tags}
    kept = {}
    for name, tag in tags.items():
        tag = {key: part for key, part in copy.deepcopy(tag).items() if key != "lib/uuid"}
        dimension = tag.get("dimension")
        if dimension and isinstance(dimension[1], dict):
            options = {k: v for k, v in dimension[1].items() if k != "lib/uuid"}
            tag["dimension"] = ["field", dimension[2], options or None]
        kept[name] = tag
    native = {"query": stages[0]["native"], "template-tags": kept}
    return {"type": "native", "database": query.get("database"), "native": native}


def fresh() -> str:
    return str(uuid.uuid4())


def clause(node: Json) -> Json:
    """An old clause in the new form: options second, each with an id that is new every time."""
    if not (isinstance(node, list) and node and isinstance(node[0], str)):
        return node
    if node[0] == "field" and len(node) == 3:
        return ["field", {**(node[2] or {}), "lib/uuid": fresh()}, node[1]]
    return [node[0], {"lib/uuid": fresh()}, *map(clause, node[1:])]


def modern(query: Row, listed: bool) -> Row:
    """A kept query as MBQL 5, its tags as a list (0.63) or a map."""
    if "stages" in query:
        return copy.deepcopy(query)
    result: Row = {"lib/type": "mbql/query", "database": query.get("database")}
    if query.get("type") == "native":
        native = query.get("native") or {}
        stage: Row = {"lib/type": "mbql.stage/native", "native": native.get("query")}
        tags = {}
        for name, tag in (native.get("template-tags") or {}).items():
            tag = copy.deepcopy(tag)
            if tag.get("dimension"):
                tag["dimension"] = clause(tag["dimension"])
            tags[name] = {"name": name, **tag}
        if tags:
            stage["template-tags"] = list(tags.values()) if listed else tags
        more = native.keys() - {"query", "template-tags"}
        stage |= {name: copy.deepcopy(native[name]) for name in sorted(more)}
    else:
        stage = {"lib/type": "mbql.stage/mbql"}
        for name, part in (query.get("query") or {}).items():
            if name == "filter":
                stage["filters"] = [clause(part)]
            elif name in ("aggregation", "breakout", "order-by", "fields") and part != "all":
                stage[name] = [clause(one) for one in part]
            else:
                stage[name] = copy.deepcopy(part)
    return {**result, "stages": [stage], "lib.convert/converted?": True}


def shown(value: Json) -> Json:
    """A value of a result as Metabase's JSON has it."""
    if isinstance(value, decimal.Decimal):
        return float(value)
    if isinstance(value, bool):
        return value
    if isinstance(value, int) and abs(value) >= 2**53:
        return str(value)  # JavaScript would round it
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dt.datetime):
        moment = value if value.tzinfo else value.replace(tzinfo=dt.UTC)
        return moment.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, dt.date):
        return f"{value}T00:00:00Z"
    if isinstance(value, (list, dict)):
        return json.dumps(value, default=str)
    if value is None or isinstance(value, (int, float, str)):
        return value
    return str(value)


BASE_TYPES = (
    ("HUGEINT|UBIGINT|BIGINT", "type/BigInteger"), ("U?(TINY|SMALL)?INT", "type/Integer"),
    ("DECIMAL|NUMERIC", "type/Decimal"), ("DOUBLE|FLOAT|REAL", "type/Float"),
    ("BOOL", "type/Boolean"), ("TIMESTAMP.*(TIME ZONE|TZ)", "type/DateTimeWithLocalTZ"),
    ("TIMESTAMP|DATETIME", "type/DateTime"), ("DATE", "type/Date"), ("TIME", "type/Time"),
    ("UUID", "type/UUID"), ("VARCHAR|TEXT|CHAR|ENUM", "type/Text"),
)  # fmt: skip


def base_type(database_type: str) -> str:
    if re.search(r"\[\d*\]\Z|\A(STRUCT|MAP|UNION|LIST)", database_type):
        return "type/*"
    kinds = (kind for pattern, kind in BASE_TYPES if re.match(pattern, database_type))
    return next(kinds, "type/*")


# The server.

ROUTES: list[tuple[str, re.Pattern[str], Callable[..., Json]]] = []
Handler = Callable[["FakeMetabase", Call], Json]


def route(method: str, path: str) -> Callable[[Handler], Handler]:
    """Let a method answer; an id in the path may be an entity id where Metabase takes one."""
    pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path)

    def add(handler: Handler) -> Handler:
        ROUTES.append((method, re.compile(pattern + r"\Z"), handler))
        return handler

    return add


@dataclasses.dataclass
class Fault:
    when: Callable[[Request], bool] | int
    status: int
    body: Json
    times: int
    cut: bool | str
    retry_after: float | None


Columns = dict[str, dict[str, str]]
Tables = Columns | Callable[[Row], Columns]


class FakeMetabase:
    """A running server; see the module. All state is open to the test, as dicts by id.

    `dialect` is the version's minor ("0.58", "0.63"); `database` the DuckDB file that stands in
    for a Postgres database; `tables` what such a database holds ({"schema.table": {column:
    type}}, or a function of its details) where that file is not to be asked; `sync_polls` how
    many looks at the metadata a sync takes; `ready=False` a server before its setup;
    `keeps_entity_ids=False` one that ignores ours; `pool=False` opens the file for each query.
    """

    def __init__(
        self,
        dialect: str = "0.63",
        database: Path | None = None,
        sync_polls: int = 2,
        tables: Tables | None = None,
        as_of: dt.date = AS_OF,
        ready: bool = True,
        keeps_entity_ids: bool = True,
        engines: tuple[str, ...] = ("duckdb", "h2", "postgres"),
        pool: bool = True,
    ):
        self.dialect, self.minor = dialect, int(dialect.split(".")[1])
        self.database, self.given_tables, self.sync_polls = database, tables, sync_polls
        self.as_of, self.keeps_entity_ids = as_of, keeps_entity_ids
        self.engines, self.pool = engines, pool
        self.contract = contract()
        self.validates = self.contract is not None
        self.violations: list[str] = []  # of the document
        self.vendor_violations: list[str] = []  # of the vendor's client's stricter schemas
        self.requests: list[Request] = []
        self.faults: list[Fault] = []
        self.lock = threading.RLock()
        self.seconds = 0
        self.instance = fresh()  # no two servers give the same entity ids
        self.pools: dict[int, Json] = {}
        starts = {
            "collections": 11, "cards": 101, "dashboards": 201, "databases": 2, "tables": 301,
            "fields": 1001, "dashcards": 5001, "tabs": 701, "users": 1, "groups": 3,
            "memberships": 1, "api_keys": 1, "pulses": 401, "channels": 451,
            "notifications": 501, "timelines": 601, "parts": 9001,
        }  # fmt: skip
        self.numbers = {kind: itertools.count(start) for kind, start in starts.items()}
        self.collections: dict[int, Row] = {}
        self.cards: dict[int, Row] = {}
        self.dashboards: dict[int, Row] = {}
        self.databases: dict[int, Row] = {}
        self.tables: dict[int, Row] = {}
        self.fields: dict[int, Row] = {}
        self.users: dict[int, Row] = {}
        self.groups = {ALL_USERS: "All Users", ADMINISTRATORS: "Administrators"}
        self.memberships: dict[int, Row] = {}
        self.api_keys: dict[int, Row] = {}
        self.pulses: dict[int, Row] = {}
        self.notifications: dict[int, Row] = {}
        self.timelines: dict[int, Row] = {}
        self.sessions: dict[str, int] = {}
        self.permissions: dict[int, dict[int, Row]] = {}  # group, database
        self.permissions_revision = 1
        self.access: dict[int, dict[Json, str]] = {
            ALL_USERS: {"root": "write"},
            ADMINISTRATORS: {"root": "write"},
        }  # group, collection
        self.access_revision = 1
        self.settings: dict[str, Json] = {
            "site-name": None, "site-url": None, "site-locale": "en", "admin-email": None,
            "report-timezone": None, "start-of-week": "sunday", "custom-homepage": False,
            "custom-homepage-dashboard": None, "enable-public-sharing": False,
            "anon-tracking-enabled": True, "check-for-updates": True, "enable-xrays": True,
            "humanization-strategy": "simple", "show-homepage-data": True,
            "show-homepage-xrays": True, "custom-formatting": {}, "email-configured?": False,
            "slack-token-valid?": False, "email-from-address": None, "application-name": "Metabase",
        }  # fmt: skip
        self.setup_token: str | None = fresh()
        self.api_key = ADMIN_KEY
        self.index: list[Row] = []
        if ready:
            self._first_user("admin@example.test", "Ada", "Admin", "correct-horse-1", "Test")
            self._new_key("provisioning", ADMINISTRATORS, ADMIN_KEY)
        self.http = _Listener(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}"

    # What a test asks and does.

    @property
    def headers(self) -> dict[str, str]:
        """What to send to be the administrator."""
        return {"X-API-KEY": self.api_key}

    def writes(self, refused: bool = False) -> list[Request]:
        """Requests that changed state, in order; `refused`: those too that would have."""
        return [r for r in self.requests if r.writes and (refused or r.performed)]

    def forget(self) -> None:
        """Start the lists of requests and violations anew; the state stays."""
        self.requests.clear()
        self.violations.clear()
        self.vendor_violations.clear()

    def fail(
        self,
        when: Callable[[Request], bool] | int,
        status: int = 500,
        body: Json = None,
        times: int = 1,
        cut: bool | str = False,
        retry_after: float | None = None,
    ) -> None:
        """Let `times` requests go wrong that `when` is true of, or the one of that index.

        They are answered with `status` and not performed. `cut=True` performs them and closes
        the connection without an answer, `cut="before"` closes it and performs nothing.
        """
        self.faults.append(Fault(when, status, body, times, cut, retry_after))

    def edit(self, kind: str, number: int, **changes: Json) -> Row:
        """Change something as a person in the browser would: time and editor are noted."""
        row = getattr(self, kind)[number]
        row.update(copy.deepcopy(changes))
        person = next((u for u in self.users.values() if u["email"] == "eve@example.test"), None)
        person = person or self._new_user("eve@example.test", "Eve", "Editor")
        return self._stamp(row, person)

    def content(self) -> Row:
        """What it holds, without times: equal before and after what must change nothing."""
        kinds = ("collections", "cards", "dashboards", "databases", "tables", "fields", "groups",
                 "memberships", "pulses", "notifications", "settings", "permissions", "access",
                 "timelines")  # fmt: skip

        def bare(node: Json) -> Json:
            if isinstance(node, dict):
                times = ("updated_at", "created_at", "last_edit", "view_count")
                return {k: bare(v) for k, v in node.items() if k not in times}
            return [bare(part) for part in node] if isinstance(node, list) else node

        return copy.deepcopy({kind: bare(getattr(self, kind)) for kind in kinds})

    def key_for(self, group: int, name: str = "someone") -> dict[str, str]:
        """Headers of a new API key of a group."""
        return {"X-API-KEY": self._new_key(name, group)["key"]}

    def close_pools(self) -> None:
        """Let go of the DuckDB files."""
        for connection in self.pools.values():
            connection.close()
        self.pools.clear()

    # A request's way.

    def receive(
        self, method: str, path: str, query: Row, headers: typing.Mapping[str, str], raw: bytes
    ) -> Answer | None:
        """The answer; None: cut the connection."""
        body = self._body(raw, headers)
        request = Request(method, path, query, body)
        with self.lock:
            self.requests.append(request)
            fault = self._fault(request)
            if fault and fault.cut == "before":
                return None
            if fault and not fault.cut:
                request.status = fault.status
                wait = fault.retry_after
                more = {} if wait is None else {"Retry-After": str(wait)}
                return Answer(fault.status, fault.body or "something went wrong", more)
            before = self._searchable() if request.writes else []
            answer = self._perform(request, headers)
            request.performed = answer.status < 400
            if request.writes and request.performed:
                self.index = before  # the index is always one write behind
            if fault:
                return None
            request.status = answer.status
            return answer

    @staticmethod
    def _body(raw: bytes, headers: typing.Mapping[str, str]) -> Json:
        """JSON, or a form whose values are JSON: exports are asked for in either."""
        if not raw:
            return None
        text = raw.decode("utf-8", "replace")
        if "form-urlencoded" in (headers.get("Content-Type") or ""):
            form = {name: values[-1] for name, values in parse_qs(text).items()}
            return {name: FakeMetabase._json(value) for name, value in form.items()}
        return FakeMetabase._json(text)

    @staticmethod
    def _json(text: str) -> Json:
        try:
            return json.loads(text)
        except ValueError:
            return text

    def _fault(self, request: Request) -> Fault | None:
        for fault in self.faults:
            if isinstance(fault.when, int):
                hit = len(self.requests) - 1 == fault.when
            else:
                hit = bool(fault.when(request))
            if hit:
                fault.times -= 1
                if not fault.times:
                    self.faults.remove(fault)
                return fault
        return None

    def _perform(self, request: Request, headers: typing.Mapping[str, str]) -> Answer:
        public = re.compile(r"/api/(health|setup|session|session/properties)\Z")
        try:
            user = self._who(headers)
            if user is None and not public.match(request.path):
                return Answer(401, "Unauthenticated")
            if self.contract and (request.method, request.path) not in UNDOCUMENTED:
                wrongs, refusal = self.contract.judge(request)
                name = f"{request.method} {request.path}"
                self.violations += [f"{name}: {one}" for one in wrongs]
                strictly = self.contract.judge_strictly(request)
                self.vendor_violations += [f"{name}: {one}" for one in strictly]
                if refusal:
                    raise refusal
            for method, pattern, handler in ROUTES:
                match = pattern.match(request.path) if method == request.method else None
                if match:
                    ids = {name: unquote(value) for name, value in match.groupdict().items()}
                    ids = {k: int(v) if v.isdigit() else v for k, v in ids.items()}
                    body = request.body if isinstance(request.body, dict) else {}
                    call = Call(ids, request.query, copy.deepcopy(body), user, request.path)
                    done = handler(self, call)
                    return done if isinstance(done, Answer) else Answer(200, done)
            self.violations.append(f"{request.method} {request.path}: the fake does not have it")
            return Answer(404, "API endpoint does not exist.")
        except Refused as refusal:
            return Answer(refusal.status, refusal.body)
        except KeyError as error:  # only where no contract has looked at the body before
            self.violations.append(f"{request.method} {request.path}: body: lacks {error}")
            refusal = wrong(**{str(error.args[0]): "missing required key"})
            return Answer(refusal.status, refusal.body)
        except Exception as error:
            self.violations.append(f"{request.method} {request.path}: the fake broke: {error!r}")
            return Answer(500, traceback.format_exc())

    def _who(self, headers: typing.Mapping[str, str]) -> Row | None:
        if key := headers.get("X-API-KEY"):
            found = next((k for k in self.api_keys.values() if k["key"] == key), None)
            return found and found["user"]
        session = headers.get("X-Metabase-Session")
        if match := re.search(r"metabase\.SESSION=([^;]+)", headers.get("Cookie") or ""):
            session = session or match[1]
        number = self.sessions.get(session or "")
        return self.users.get(number) if number else None

    # Helpers of the handlers.

    def _now(self) -> str:
        self.seconds += 1
        start = dt.datetime.combine(self.as_of, dt.time(8), dt.UTC)
        moment = start + dt.timedelta(seconds=self.seconds)
        return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")

    def _stamp(self, row: Row, user: Row | None) -> Row:
        row["updated_at"] = self._now()
        row.setdefault("created_at", row["updated_at"])
        if user:
            names = ("id", "email", "first_name", "last_name")
            row["last_edit"] = {n: user[n] for n in names} | {"timestamp": row["updated_at"]}
        return row

    def _entity_id(self, kind: str, number: int) -> str:
        digest = hashlib.sha256(f"{self.instance}/{kind}/{number}".encode()).digest()
        return base64.urlsafe_b64encode(digest).decode()[:21]

    def _get(self, rows: dict[int, Row], number: Json) -> Row:
        if isinstance(number, str):
            found = next((r for r in rows.values() if r.get("entity_id") == number), None)
        else:
            found = rows.get(number)
        if found is None:
            raise Refused(404, NOT_FOUND)
        return found

    def _admin(self, call: Call) -> None:
        if not (call.user and call.user["is_superuser"]):
            raise Refused(403, FORBIDDEN)

    def _groups_of(self, user: Row) -> set[int]:
        held = {m["group_id"] for m in self.memberships.values() if m["user_id"] == user["id"]}
        return held | {ALL_USERS} | ({user["group_id"]} if user.get("group_id") else set())

    def _may(self, call: Call, collection: int | None, level: str = "read") -> None:
        """403 unless the caller's groups have that collection."""
        user = call.user
        assert user is not None
        if user["is_superuser"]:
            return
        row = self.collections.get(collection or 0)
        if row and row["personal_owner_id"] == user["id"]:
            return
        held = {self.access.get(g, {}).get(collection or "root") for g in self._groups_of(user)}
        if "write" not in held and not (level == "read" and "read" in held):
            raise Refused(403, FORBIDDEN)

    def _sees(self, call: Call, collection: int | None) -> bool:
        with contextlib.suppress(Refused):
            self._may(call, collection)
            return True
        return False

    def _new_user(self, email: str, first: str | None, last: str | None, **more: Json) -> Row:
        number = next(self.numbers["users"])
        user = {
            "id": number, "email": email, "first_name": first, "last_name": last,
            "common_name": " ".join(n for n in (first, last) if n) or email, "locale": None,
            "is_active": True, "is_superuser": False, "is_qbnewb": False, "sso_source": None,
            "login_attributes": None, "tenant_id": None, "date_joined": self._now(),
            "last_login": None, **more,
        }  # fmt: skip
        self.users[number] = user
        self._new_collection(
            {"name": f"{user['common_name']}'s Personal Collection", "personal_owner_id": number},
            user,
        )
        return user

    def _first_user(
        self, email: str, first: str | None, last: str | None, password: str, site: str
    ) -> Row:
        user = self._new_user(email, first, last, is_superuser=True, password=password)
        self._join(user["id"], ADMINISTRATORS)
        self.settings |= {"site-name": site, "admin-email": email}
        self.setup_token = None
        return user

    def _join(self, user: int, group: int) -> Row:
        for held in self.memberships.values():
            if (held["user_id"], held["group_id"]) == (user, group):
                return held
        number = next(self.numbers["memberships"])
        self.memberships[number] = {
            "membership_id": number, "user_id": user, "group_id": group, "is_group_manager": False
        }  # fmt: skip
        if group == ADMINISTRATORS:
            self.users[user]["is_superuser"] = True
        return self.memberships[number]

    def _new_key(self, name: str, group: int, key: str | None = None) -> Row:
        number = next(self.numbers["api_keys"])
        digest = hashlib.sha256(f"{name}/{number}".encode()).digest()
        key = key or "mb_" + base64.b64encode(digest).decode()
        user = {
            "id": 9000 + number, "email": f"api-key-user-{number}@api-key.invalid",
            "first_name": name, "last_name": "", "common_name": name, "is_active": True,
            "is_superuser": group == ADMINISTRATORS, "is_qbnewb": False, "group_id": group,
            "locale": None, "tenant_id": None,
        }  # fmt: skip
        row = {"id": number, "name": name, "key": key, "group_id": group, "user": user}
        self.api_keys[number] = self._stamp(row, None)
        return row

    def _known(self, ids: dict[Json, Json]) -> dict[int, Json]:
        """A map that JSON gave texts for keys."""
        return {int(k) if str(k).isdigit() else k: v for k, v in (ids or {}).items()}

    # Health, setup, sessions, keys, users.

    @route("GET", "/api/health")
    def _health(self, call: Call) -> Json:
        return {"status": "ok"}

    @route("GET", "/api/session/properties")
    def _properties(self, call: Call) -> Json:
        engines = {name: {"driver-name": name, "details-fields": []} for name in self.engines}
        shown = {k: v for k, v in self.settings.items() if call.user or k.startswith("site-")}
        return shown | {
            "setup-token": self.setup_token, "has-user-setup": self.setup_token is None,
            "version": {
                "tag": f"v{self.dialect}.1", "hash": "0000000", "date": "2026-09-01",
                "branch": "?",
            },
            "engines": engines, "token-features": {}, "token-status": None,
        }  # fmt: skip

    @route("POST", "/api/setup")
    def _setup(self, call: Call) -> Json:
        if self.setup_token is None:
            message = "The /api/setup route can only be used to create the first user, however a "
            raise Refused(403, message + "user currently exists.")
        if call.body.get("token") != self.setup_token:
            raise wrong(token="Token does not match the setup token.")
        user = call.body.get("user") or {}
        if "@" not in (user.get("email") or ""):
            raise wrong(email="value must be a valid email address.")
        self._strong(user.get("password"))
        site = (call.body.get("prefs") or {}).get("site_name")
        made = self._first_user(
            user["email"], user.get("first_name"), user.get("last_name"), user["password"], site
        )
        return {"id": self._session(made)}

    def _strong(self, password: Json) -> None:
        text = str(password or "")
        if len(text) < 6 or text.isalpha() or text in ("123456", "password1", "abc123"):
            raise wrong(password="password is too common.")

    def _session(self, user: Row) -> str:
        session = fresh()
        self.sessions[session] = user["id"]
        return session

    @route("POST", "/api/session")
    def _sign_in(self, call: Call) -> Json:
        for user in self.users.values():
            known = user.get("password") and user["is_active"]
            if known and (user["email"], user["password"]) == (
                call.body.get("username"), call.body.get("password")
            ):  # fmt: skip
                return {"id": self._session(user)}
        refused = {"errors": {"password": "did not match stored password"}}
        raise Refused(401, refused | {"specific-errors": {}})

    @route("DELETE", "/api/session")
    def _sign_out(self, call: Call) -> Json:
        for session in [s for s, u in self.sessions.items() if u == (call.user or {}).get("id")]:
            del self.sessions[session]
        return Answer(204)

    def _shown_user(self, user: Row) -> Row:
        hidden = ("password", "group_id")
        groups = [{"id": group} for group in sorted(self._groups_of(user))]
        row = {k: v for k, v in user.items() if k not in hidden}
        return row | {"user_group_memberships": groups, "group_ids": [g["id"] for g in groups]}

    @route("GET", "/api/user/current")
    def _current(self, call: Call) -> Json:
        assert call.user is not None
        homepage = None
        if self.settings["custom-homepage"]:
            homepage = {"dashboard_id": self.settings["custom-homepage-dashboard"]}
        return self._shown_user(call.user) | {"custom_homepage": homepage}

    @route("GET", "/api/user")
    def _list_users(self, call: Call) -> Json:
        self._admin(call)
        users = [
            self._shown_user(user)
            for user in self.users.values()
            if user["is_active"] or call.flag("include_deactivated")
        ]
        if text := call.query.get("query"):
            users = [u for u in users if text in u["email"] or text in u["common_name"]]
        if group := call.query.get("group_id"):
            users = [u for u in users if int(group) in u["group_ids"]]
        return {"data": users, "total": len(users), "limit": None, "offset": None}

    @route("POST", "/api/user")
    def _add_user(self, call: Call) -> Json:
        self._admin(call)
        if any(user["email"] == call.body["email"] for user in self.users.values()):
            raise wrong(email="Email address already in use.")
        user = self._new_user(
            call.body["email"], call.body.get("first_name"), call.body.get("last_name"),
            password=call.body.get("password"),
        )  # fmt: skip
        for group in call.body.get("user_group_memberships") or []:
            if group["id"] != ALL_USERS:
                self._join(user["id"], group["id"])
        return self._shown_user(user)

    @route("GET", "/api/user/{id}")
    def _get_user(self, call: Call) -> Json:
        self._admin(call)
        return self._shown_user(self._get(self.users, call.ids["id"]))

    @route("PUT", "/api/user/{id}")
    def _change_user(self, call: Call) -> Json:
        self._admin(call)
        user = self._get(self.users, call.ids["id"])
        names = ("email", "first_name", "last_name", "is_superuser", "locale")
        user.update({name: call.body[name] for name in names if name in call.body})
        wanted = call.body.get("user_group_memberships")
        if wanted is not None:
            groups = {group["id"] for group in wanted} - {ALL_USERS}
            for number, held in list(self.memberships.items()):
                if held["user_id"] == user["id"] and held["group_id"] not in groups:
                    del self.memberships[number]
            for group in sorted(groups):
                self._join(user["id"], group)
        return self._shown_user(user)

    @route("DELETE", "/api/user/{id}")
    def _remove_user(self, call: Call) -> Json:
        self._admin(call)
        self._get(self.users, call.ids["id"])["is_active"] = False
        return {"success": True}

    def _shown_key(self, row: Row) -> Row:
        group = {"id": row["group_id"], "name": self.groups.get(row["group_id"])}
        names = ("id", "name", "created_at", "updated_at")
        return {n: row[n] for n in names} | {"group": group, "masked_key": row["key"][:7] + "*" * 9}

    @route("GET", "/api/api-key")
    def _list_keys(self, call: Call) -> Json:
        self._admin(call)
        return [self._shown_key(row) for row in self.api_keys.values()]

    @route("POST", "/api/api-key")
    def _add_key(self, call: Call) -> Json:
        self._admin(call)
        if call.body["group_id"] not in self.groups:
            raise Refused(404, NOT_FOUND)
        if any(row["name"] == call.body["name"] for row in self.api_keys.values()):
            raise wrong(name="An API key with this name already exists.")
        row = self._new_key(call.body["name"], call.body["group_id"])
        return self._shown_key(row) | {"unmasked_key": row["key"]}

    @route("PUT", "/api/api-key/{id}/regenerate")
    def _renew_key(self, call: Call) -> Json:
        self._admin(call)
        row = self._get(self.api_keys, call.ids["id"])
        row["key"] = f"mb_again_{next(self.numbers['parts'])}"
        return self._shown_key(row) | {"unmasked_key": row["key"]}

    @route("DELETE", "/api/api-key/{id}")
    def _drop_key(self, call: Call) -> Json:
        self._admin(call)
        del self.api_keys[self._get(self.api_keys, call.ids["id"])["id"]]
        return Answer(204)

    # Databases, tables, fields.

    def _reach(self, engine: str, details: Row) -> None:
        """400 unless the database answers."""
        if engine not in self.engines:
            raise wrong(engine="value must be a valid database engine.")
        if engine == "duckdb":
            file = details.get("database_file")
            if not file:
                raise wrong(database_file="value must be a non-blank string.")
            if file != ":memory:" and not Path(file).is_file():
                message = f'Cannot open "{file}" in read-only mode: database does not exist'
                raise Refused(400, {"message": message, "errors": {"database_file": message}})
        elif engine == "postgres":
            lacking = {n: "required" for n in ("host", "dbname", "user") if not details.get(n)}
            if lacking:
                raise wrong(**lacking)

    def _file(self, row: Row) -> str:
        file = self.database if row["engine"] == "postgres" else row["details"]["database_file"]
        if file is None:
            raise QueryFailed("the fake was given no file for this database", "db")
        return str(file)

    @contextlib.contextmanager
    def _connection(self, row: Row) -> Iterator[Json]:
        import duckdb

        number = row["id"]
        if number not in self.pools:
            file = self._file(row)
            try:
                self.pools[number] = duckdb.connect(file, read_only=file != ":memory:")
                if first := (row["details"] or {}).get("init_sql"):
                    self.pools[number].execute(first)
            except duckdb.Error as error:
                raise QueryFailed(str(error), "db") from error
        try:
            yield self.pools[number].cursor()
        finally:
            if not self.pool:
                self.pools.pop(number).close()

    def _drop_pool(self, number: int) -> None:
        if number in self.pools:
            self.pools.pop(number).close()

    def _shown_database(self, row: Row, call: Call | None = None) -> Row:
        hidden = {k: SECRET if k in SECRETS and v else v for k, v in row["details"].items()}
        shown = {k: v for k, v in row.items() if not k.startswith("_")} | {"details": hidden}
        if call and not (call.user and call.user["is_superuser"]):
            del shown["details"]
        return shown

    @route("GET", "/api/database")
    def _list_databases(self, call: Call) -> Json:
        found = []
        for row in self.databases.values():
            self._look(row)
            shown = self._shown_database(row, call)
            if call.query.get("include") == "tables":
                shown["tables"] = self._tables_of(row["id"])
            found.append(shown)
        return {"data": found, "total": len(found)}

    @route("POST", "/api/database/validate")
    def _try_database(self, call: Call) -> Json:
        self._admin(call)
        details = call.body["details"]
        try:
            self._reach(details["engine"], details["details"])
        except Refused as refusal:
            return {"valid": False, **refusal.body}
        return {"valid": True}

    @route("POST", "/api/database")
    def _add_database(self, call: Call) -> Json:
        self._admin(call)
        body = call.body
        self._reach(body["engine"], body["details"])
        number = next(self.numbers["databases"])
        row = {
            "id": number, "name": body["name"], "engine": body["engine"],
            "details": body["details"], "description": None, "caveats": None,
            "points_of_interest": None, "is_sample": False, "is_audit": False,
            "is_full_sync": body.get("is_full_sync", True),
            "is_on_demand": body.get("is_on_demand", False),
            "auto_run_queries": body.get("auto_run_queries", True),
            "cache_ttl": body.get("cache_ttl"), "settings": None, "refingerprint": None,
            "metadata_sync_schedule": "0 11 * * * ? *", "features": ["native-parameters"],
            "cache_field_values_schedule": "0 0 5 * * ? *", "timezone": "UTC",
            "initial_sync_status": "incomplete", "creator_id": (call.user or {})["id"],
            "_looks": self.sync_polls,
        }  # fmt: skip
        self.databases[number] = self._stamp(row, None)
        self.permissions.setdefault(ALL_USERS, {})[number] = {
            "view-data": "unrestricted", "create-queries": "query-builder-and-native",
            "download": {"schemas": "full"},
        }  # fmt: skip
        return self._shown_database(row)

    @route("GET", "/api/database/{id}")
    def _get_database(self, call: Call) -> Json:
        row = self._get(self.databases, call.ids["id"])
        self._look(row)
        shown = self._shown_database(row, call)
        if call.query.get("include") in ("tables", "tables.fields"):
            shown["tables"] = self._tables_of(row["id"], fields="fields" in call.query["include"])
        return shown

    @route("PUT", "/api/database/{id}")
    def _change_database(self, call: Call) -> Json:
        self._admin(call)
        row = self._get(self.databases, call.ids["id"])
        details = call.body.get("details")
        if details is not None:
            for name in SECRETS:
                if details.get(name) == SECRET:
                    details[name] = row["details"].get(name)
            self._reach(call.body.get("engine") or row["engine"], details)
            if details != row["details"]:
                self._drop_pool(row["id"])
            row["details"] = details
        names = ("name", "engine", "description", "caveats", "points_of_interest", "cache_ttl",
                 "auto_run_queries", "settings", "refingerprint")  # fmt: skip
        row.update({n: call.body[n] for n in names if n in call.body})
        return self._shown_database(self._stamp(row, None))

    @route("DELETE", "/api/database/{id}")
    def _drop_database(self, call: Call) -> Json:
        self._admin(call)
        number = self._get(self.databases, call.ids["id"])["id"]
        self._drop_pool(number)
        del self.databases[number]
        self.tables = {k: t for k, t in self.tables.items() if t["db_id"] != number}
        self.fields = {k: f for k, f in self.fields.items() if f["table_id"] in self.tables}
        for card in [c for c in self.cards.values() if c["database_id"] == number]:
            self._drop_card(card["id"])
        return Answer(204)

    @route("POST", "/api/database/{id}/sync_schema")
    def _sync(self, call: Call) -> Json:
        self._admin(call)
        self._get(self.databases, call.ids["id"])["_looks"] = self.sync_polls
        return {"status": "ok"}

    @route("POST", "/api/database/{id}/rescan_values")
    def _rescan(self, call: Call) -> Json:
        self._admin(call)
        self._get(self.databases, call.ids["id"])
        return {"status": "ok"}

    def _look(self, row: Row) -> None:
        """Somebody looks at the metadata: a sync under way goes on by one step.

        In the last step but one the tables are there and their columns are not.
        """
        looks = row["_looks"]
        if looks is None:
            return
        row["_looks"] = looks - 1
        if looks > 1:
            return
        try:
            found = self._found_tables(row)
        except QueryFailed:
            row["initial_sync_status"] = "aborted"
            row["_looks"] = None
            return
        self._take_tables(row, found, columns=looks <= 0)
        if looks <= 0:
            row["_looks"] = None
            row["initial_sync_status"] = "complete"

    def _found_tables(self, row: Row) -> Columns:
        if row["engine"] == "postgres" and self.given_tables is not None:
            given = self.given_tables
            return given(row["details"]) if callable(given) else given
        found: Columns = {}
        with self._connection(row) as cursor:
            query = (
                "select table_schema, table_name, column_name, data_type"
                " from information_schema.columns where table_catalog = current_database()"
                " order by table_schema, table_name, ordinal_position"
            )
            for schema, table, column, kind in cursor.execute(query).fetchall():
                found.setdefault(f"{schema}.{table}", {})[column] = kind
        details = row["details"]
        how = details.get("schema-filters-type", "all")
        if row["engine"] == "postgres" and how in ("inclusion", "exclusion"):
            asked = re.split(r"\s*,\s*", details.get("schema-filters-patterns") or "")
            wanted = how == "inclusion"
            found = {k: v for k, v in found.items() if (k.split(".")[0] in asked) is wanted}
        return found

    def _take_tables(self, row: Row, found: Columns, columns: bool) -> None:
        own = [table for table in self.tables.values() if table["db_id"] == row["id"]]
        held = {(table["schema"], table["name"]): table for table in own}
        for table in held.values():
            table["active"] = f"{table['schema']}.{table['name']}" in found
        for name, kinds in found.items():
            schema, _, short = name.partition(".")
            table = held.get((schema, short))
            if table is None:
                number = next(self.numbers["tables"])
                table = {
                    "id": number, "db_id": row["id"], "schema": schema, "name": short,
                    "display_name": short.replace("_", " ").title(), "description": None,
                    "entity_type": "entity/GenericTable", "visibility_type": None, "active": True,
                    "caveats": None, "points_of_interest": None, "field_order": "database",
                    "initial_sync_status": "complete", "show_in_getting_started": False,
                    "is_upload": False, "data_authority": "unconfigured", "view_count": 0,
                    "estimated_row_count": None, "entity_id": self._entity_id("table", number),
                }  # fmt: skip
                self.tables[number] = self._stamp(table, None)
            if columns:
                self._take_fields(table, kinds)

    def _take_fields(self, table: Row, kinds: dict[str, str]) -> None:
        held = {f["name"]: f for f in self.fields.values() if f["table_id"] == table["id"]}
        for field in held.values():
            field["active"] = field["name"] in kinds
        for position, (name, kind) in enumerate(kinds.items()):
            if name in held:
                held[name].update(
                    database_type=kind, base_type=base_type(kind), effective_type=base_type(kind)
                )
                continue
            number = next(self.numbers["fields"])
            base = base_type(kind)
            field = {
                "id": number, "table_id": table["id"], "name": name, "description": None,
                "display_name": name.replace("_", " ").title(), "database_type": kind,
                "base_type": base, "effective_type": base, "semantic_type": None,
                "has_field_values": "auto-list" if base == "type/Text" else "none",
                "visibility_type": "normal", "fk_target_field_id": None, "settings": None,
                "position": position, "database_position": position, "custom_position": 0,
                "active": True, "caveats": None, "points_of_interest": None, "parent_id": None,
                "nfc_path": None, "coercion_strategy": None, "preview_display": True,
                "json_unfolding": False, "fingerprint": None, "target": None, "dimensions": [],
            }  # fmt: skip
            self.fields[number] = self._stamp(field, None)

    def _fields_of(self, table: int, hidden: bool = False) -> list[Row]:
        kept = {"normal", "details-only"} | ({"hidden"} if hidden else set())
        found = [f for f in self.fields.values() if f["table_id"] == table and f["active"]]
        return copy.deepcopy([f for f in found if f["visibility_type"] in kept])

    def _tables_of(self, database: int, fields: bool = False, hidden: bool = True) -> list[Row]:
        found = []
        for table in self.tables.values():
            if table["db_id"] != database or not table["active"]:
                continue
            if hidden or table["visibility_type"] is None:
                shown = dict(table)
                if fields:
                    shown["fields"] = self._fields_of(table["id"], hidden)
                found.append(shown)
        return sorted(found, key=lambda table: (table["schema"], table["name"]))

    @route("GET", "/api/database/{id}/metadata")
    def _metadata(self, call: Call) -> Json:
        row = self._get(self.databases, call.ids["id"])
        self._look(row)
        fields, hidden = not call.flag("skip_fields"), call.flag("include_hidden")
        tables = self._tables_of(row["id"], fields, hidden)
        return self._shown_database(row, call) | {"tables": tables}

    @route("GET", "/api/table")
    def _list_tables(self, call: Call) -> Json:
        found = []
        for row in self.databases.values():
            self._look(row)
            shown = self._shown_database(row, call)
            found += [table | {"db": shown} for table in self._tables_of(row["id"])]
        return found

    @route("GET", "/api/table/{id}")
    def _get_table(self, call: Call) -> Json:
        table = self._get(self.tables, call.ids["id"])
        return table | {"db": self._shown_database(self.databases[table["db_id"]], call)}

    @route("GET", "/api/table/{id}/query_metadata")
    def _table_metadata(self, call: Call) -> Json:
        table = self._get(self.tables, call.ids["id"])
        self._look(self.databases[table["db_id"]])
        return self._get_table(call) | {"fields": self._fields_of(table["id"])}

    TABLE_KEYS = ("display_name", "entity_type", "visibility_type", "description", "caveats",
                  "points_of_interest", "show_in_getting_started", "field_order",
                  "data_authority")  # fmt: skip

    def _change_tables(self, call: Call, numbers: list[int]) -> list[Row]:
        self._admin(call)
        rows = [self._get(self.tables, number) for number in numbers]
        for row in rows:
            row.update({n: call.body[n] for n in self.TABLE_KEYS if n in call.body})
            self._stamp(row, None)
        return rows

    @route("PUT", "/api/table")
    def _put_tables(self, call: Call) -> Json:
        return self._change_tables(call, call.body.get("ids") or [])

    @route("PUT", "/api/table/{id}")
    def _put_table(self, call: Call) -> Json:
        return self._change_tables(call, [call.ids["id"]])[0]

    @route("GET", "/api/field/{id}")
    def _get_field(self, call: Call) -> Json:
        field = self._get(self.fields, call.ids["id"])
        return field | {"table": self.tables[field["table_id"]]}

    @route("PUT", "/api/field/{id}")
    def _put_field(self, call: Call) -> Json:
        self._admin(call)
        field = self._get(self.fields, call.ids["id"])
        self._filled(call.body, "description", "display_name", "caveats")
        names = ("description", "display_name", "semantic_type", "has_field_values", "settings",
                 "visibility_type", "fk_target_field_id", "caveats", "points_of_interest",
                 "coercion_strategy", "json_unfolding", "nfc_path")  # fmt: skip
        field.update({n: call.body[n] for n in names if n in call.body})
        return self._stamp(field, None)

    @staticmethod
    def _filled(body: Row, *names: str) -> None:
        """Null or not empty: what Metabase asks of many texts."""
        for name in names:
            if body.get(name) == "":
                raise wrong(**{name: "nullable value must be a non-blank string."})

    @route("GET", "/api/field/{id}/values")
    def _field_values(self, call: Call) -> Json:
        field = self._get(self.fields, call.ids["id"])
        row = self.databases[self.tables[field["table_id"]]["db_id"]]
        column = self._column(field["id"])
        table, name = column["sql"].rsplit(".", 1)
        sql = f"select distinct {name} from {table} where {name} is not null order by 1 limit 1000"
        values = [list(one) for one in self._run(row, sql)["data"]["rows"]]
        return {"field_id": field["id"], "values": values, "has_more_values": False}

    # Collections.

    def _new_collection(self, body: Row, user: Row | None) -> Row:
        number = next(self.numbers["collections"])
        parent = body.get("parent_id")
        above = self._get(self.collections, parent) if parent else None
        location = f"{above['location']}{above['id']}/" if above else "/"
        row = {
            "id": number, "name": body["name"], "description": body.get("description"),
            "archived": False, "archived_directly": None, "location": location,
            "slug": re.sub(r"\W", "_", body["name"].lower())[:510],
            "personal_owner_id": body.get("personal_owner_id"), "type": None, "is_sample": False,
            "is_personal": body.get("personal_owner_id") is not None, "is_remote_synced": False,
            "authority_level": body.get("authority_level"), "namespace": body.get("namespace"),
            "entity_id": self._entity_id("collection", number), "can_write": True,
        }  # fmt: skip
        self.collections[number] = self._stamp(row, user)
        if not row["is_personal"]:  # a new collection has the permissions of the one above
            for held in self.access.values():
                if (parent or "root") in held:
                    held[number] = held[parent or "root"]
        return row

    @staticmethod
    def _parent(row: Row) -> int | None:
        above = row["location"].strip("/")
        return int(above.rsplit("/", 1)[-1]) if above else None

    def _below(self, number: int) -> list[Row]:
        return [c for c in self.collections.values() if f"/{number}/" in c["location"]]

    ROOT_COLLECTION: typing.ClassVar[Row] = {
        "id": "root", "name": "Our analytics", "is_personal": False, "can_write": True,
        "authority_level": None, "parent_id": None, "effective_location": None,
        "effective_ancestors": [], "is_remote_synced": False, "can_restore": False,
        "can_delete": False,
    }  # fmt: skip

    @staticmethod
    def _shown_collection(row: Row) -> Row:
        return {k: v for k, v in row.items() if k not in ("last_edit", "updated_at")}

    @route("GET", "/api/collection")
    def _list_collections(self, call: Call) -> Json:
        archived = call.flag("archived")
        found = [
            self._shown_collection(row)
            for row in sorted(self.collections.values(), key=lambda row: row["name"].lower())
            if row["archived"] == archived and self._sees(call, row["id"])
        ]
        return found if archived else [dict(self.ROOT_COLLECTION), *found]

    @route("GET", "/api/collection/tree")
    def _tree(self, call: Call) -> Json:
        def under(location: str) -> list[Row]:
            rows = [c for c in self.collections.values() if c["location"] == location]
            return [
                self._shown_collection(row)
                | {"children": under(f"{location}{row['id']}/"), "here": [], "below": []}
                for row in sorted(rows, key=lambda row: row["name"].lower())
                if self._sees(call, row["id"])
                and not (row["archived"] and call.flag("exclude-archived"))
            ]

        return under("/")

    @route("POST", "/api/collection")
    def _add_collection(self, call: Call) -> Json:
        self._filled(call.body, "description", "name")
        self._may(call, call.body.get("parent_id"), "write")
        row = self._new_collection(call.body, call.user)
        return self._shown_collection(row) | {"parent_id": self._parent(row)}

    @route("GET", "/api/collection/graph")
    def _get_access(self, call: Call) -> Json:
        self._admin(call)
        known: list[Json] = ["root"]
        known += [
            n
            for n, c in self.collections.items()
            if not c["archived"] and not c["is_personal"]
            and c["namespace"] == call.query.get("namespace")
        ]  # fmt: skip
        groups: Row = {}
        for group in self.groups:
            held = self.access.get(group, {})
            levels = {
                str(n): "write" if group == ADMINISTRATORS else held.get(n, "none") for n in known
            }
            if self.minor > 56:
                levels = {n: level for n, level in levels.items() if level != "none"}
            groups[str(group)] = levels
        return {"revision": self.access_revision, "groups": groups}

    @staticmethod
    def _current_revision(call: Call, held: int) -> None:
        if call.body.get("revision") != held and not call.flag("force"):
            message = "Looks like someone else edited the permissions and your data is out of "
            raise Refused(409, message + "date. Please fetch new data and try again.")

    @route("PUT", "/api/collection/graph")
    def _put_access(self, call: Call) -> Json:
        self._admin(call)
        self._current_revision(call, self.access_revision)
        before = copy.deepcopy(self.access)
        for group, levels in self._known(call.body.get("groups") or {}).items():
            if group not in self.groups:
                raise Refused(404, NOT_FOUND)
            for number, level in self._known(levels).items():
                if level not in ("read", "write", "none"):
                    raise wrong(groups=f"invalid permission {level!r}")
                if number != "root" and number not in self.collections:
                    raise Refused(404, NOT_FOUND)
                held = self.access.setdefault(group, {})
                if level == "none":
                    held.pop(number, None)
                else:
                    held[number] = level
        self.access_revision += before != self.access
        if call.flag("skip-graph"):
            return {"revision": self.access_revision}
        return self._get_access(Call({}, {}, {}, call.user, call.path))

    def _items(self, call: Call, collection: int | None, archived: bool) -> Json:
        found: list[Row] = []
        for row in self.collections.values():
            if self._parent(row) == collection and not row["is_personal"]:
                found.append(self._shown_collection(row) | {"model": "collection"})
        for card in self.cards.values():
            nested = card["dashboard_id"] and not call.flag("show_dashboard_questions")
            if card["collection_id"] == collection and not nested:
                found.append(self._item(card) | {"model": MODELS[card["type"]]})
        for board in self.dashboards.values():
            if board["collection_id"] == collection:
                found.append(self._item(board) | {"model": "dashboard"})
        for line in self.timelines.values():
            if line["collection_id"] == collection:
                found.append({**line, "model": "timeline"})
        found = [row for row in found if row["archived"] == archived]
        if models := call.many("models"):
            found = [row for row in found if row["model"] in models]
        found = [
            row for row in found if row["model"] != "collection" or self._sees(call, row["id"])
        ]
        found.sort(key=lambda row: (row["model"] != "collection", row["name"].lower(), row["id"]))
        return self._page(call, found) | {"models": sorted({row["model"] for row in found})}

    @staticmethod
    def _page(call: Call, found: list[Row]) -> Row:
        limit, offset = call.query.get("limit"), call.query.get("offset")
        first = int(offset or 0)
        page = found[first : first + int(limit)] if limit else found
        return {
            "data": page, "total": len(found), "limit": int(limit) if limit else None,
            "offset": first if limit else None,
        }  # fmt: skip

    @staticmethod
    def _item(row: Row) -> Row:
        names = ("id", "name", "description", "archived", "collection_id", "collection_position",
                 "entity_id", "display", "database_id", "dashboard_id")  # fmt: skip
        shown = {name: row[name] for name in names if name in row}
        more = {"location": None, "can_write": True, "fully_parameterized": True}
        return shown | more | {"last-edit-info": row.get("last_edit")}

    @route("GET", f"/api/collection/{TOP}/items")
    def _root_items(self, call: Call) -> Json:
        self._may(call, None)
        return self._items(call, None, call.flag("archived"))

    @route("GET", "/api/collection/{id}/items")
    def _collection_items(self, call: Call) -> Json:
        if call.ids["id"] == "root":
            return self._root_items(call)
        row = self._get(self.collections, call.ids["id"])
        self._may(call, row["id"])
        return self._items(call, row["id"], call.flag("archived") or row["archived"])

    @route("GET", "/api/collection/{id}")
    def _get_collection(self, call: Call) -> Json:
        if call.ids["id"] == "root":
            return dict(self.ROOT_COLLECTION)
        row = self._get(self.collections, call.ids["id"])
        self._may(call, row["id"])
        above = [int(part) for part in row["location"].split("/") if part]
        ancestors = [{"id": n, "name": self.collections[n]["name"]} for n in above]
        more = {"parent_id": self._parent(row), "effective_location": row["location"]}
        root = {"id": "root", "name": self.ROOT_COLLECTION["name"]}
        return self._shown_collection(row) | more | {"effective_ancestors": [root, *ancestors]}

    @route("PUT", "/api/collection/{id}")
    def _put_collection(self, call: Call) -> Json:
        row = self._get(self.collections, call.ids["id"])
        self._may(call, row["id"], "write")
        body = call.body
        self._filled(body, "description", "name")
        names = ("name", "description", "authority_level")
        row.update({n: body[n] for n in names if n in body})
        if "parent_id" in body and body["parent_id"] != self._parent(row):
            parent = body["parent_id"]
            if parent in {row["id"], *(child["id"] for child in self._below(row["id"]))}:
                raise wrong(parent_id="Invalid Parent ID")
            above = self._get(self.collections, parent) if parent else None
            old = row["location"]
            new = f"{above['location']}{above['id']}/" if above else "/"
            for child in self._below(row["id"]):
                child["location"] = new + child["location"].removeprefix(old)
            row["location"] = new
        if body.get("archived") is not None and body["archived"] != row["archived"]:
            row["archived_directly"] = body["archived"] or None
            below = {c["id"]: c for c in [row, *self._below(row["id"])]}
            for child in below.values():
                child["archived"] = body["archived"]
            for item in [*self.cards.values(), *self.dashboards.values()]:
                if item["collection_id"] in below:
                    item["archived"] = body["archived"]
        self._stamp(row, call.user)
        return self._shown_collection(row) | {"parent_id": self._parent(row)}

    @route("DELETE", "/api/collection/{id}")
    def _drop_collection(self, call: Call) -> Json:
        row = self._get(self.collections, call.ids["id"])
        self._may(call, row["id"], "write")
        if not row["archived"]:
            raise Refused(400, "Collection must be trashed before deletion.")
        gone = {row["id"], *(c["id"] for c in self._below(row["id"]))}
        for card in [c for c in self.cards.values() if c["collection_id"] in gone]:
            self._drop_card(card["id"])
        for number, board in list(self.dashboards.items()):
            if board["collection_id"] in gone:
                del self.dashboards[number]
        for number in gone:
            del self.collections[number]
        return Answer(204)

    # Cards.

    def _new_entity_id(self, rows: dict[int, Row], kind: str, number: int, given: Json) -> str:
        if given is None or not self.keeps_entity_ids:
            return self._entity_id(kind, number)
        if not NANO.match(given):
            raise wrong(entity_id="String must be a valid 21-character NanoID string.")
        if any(row["entity_id"] == given for row in rows.values()):
            raise wrong(entity_id=f"an entity with the id {given} exists already")
        return given

    def _checked_query(self, query: Json) -> Row:
        if not isinstance(query, dict) or not ({"type", "lib/type"} & query.keys()):
            raise wrong(dataset_query="Value must be a map.")
        kept = legacy(query)
        if kept.get("database") not in self.databases:
            raise Refused(404, NOT_FOUND)
        return kept

    def _collection_number(self, given: Json) -> int | None:
        return None if given is None else self._get(self.collections, given)["id"]

    @route("POST", "/api/card")
    def _add_card(self, call: Call) -> Json:
        body = call.body
        self._filled(body, "description", "name")
        query = self._checked_query(body.get("dataset_query"))
        collection = self._collection_number(body.get("collection_id"))
        board = None
        if body.get("dashboard_id"):
            board = self._get(self.dashboards, body["dashboard_id"])
            if "collection_id" in body and collection != board["collection_id"]:
                message = "Mismatch between Dashboard's `collection_id` and `collection_id`"
                raise wrong(collection_id=message)
            collection = board["collection_id"]
        self._may(call, collection, "write")
        number = next(self.numbers["cards"])
        given = body.get("entity_id")
        row = {
            "id": number, "entity_id": self._new_entity_id(self.cards, "card", number, given),
            "name": body["name"], "description": body.get("description"),
            "display": body["display"], "type": body.get("type") or "question",
            "dataset_query": query, "database_id": query["database"],
            "visualization_settings": body["visualization_settings"],
            "collection_id": collection, "dashboard_id": body.get("dashboard_id"),
            "collection_position": body.get("collection_position"), "archived": False,
            "archived_directly": False, "cache_ttl": body.get("cache_ttl"),
            "parameters": body.get("parameters") or [],
            "parameter_mappings": body.get("parameter_mappings") or [],
            "result_metadata": body.get("result_metadata"),
            "creator_id": (call.user or {})["id"], "enable_embedding": False,
            "collection_preview": True, "public_uuid": None, "view_count": 0,
        }  # fmt: skip
        self.cards[number] = self._stamp(row, call.user)
        if board is not None:  # a question of a dashboard is put on it at once
            below = max((c["row"] + c["size_y"] for c in board["dashcards"]), default=0)
            tab = body.get("dashboard_tab_id") or next((t["id"] for t in board["tabs"]), None)
            placed = {"card_id": number, "row": below, "col": 0, "size_x": 12, "size_y": 6}
            self._place(board, {**placed, "dashboard_tab_id": tab})
        return self._shown_card(row)

    def _shown_card(self, row: Row, old: bool = False) -> Row:
        query = row["dataset_query"]
        shown = {k: v for k, v in copy.deepcopy(row).items() if k != "last_edit"}
        if self.minor >= 57 and not old:
            shown["dataset_query"] = modern(query, listed=self.minor >= 63)
        native = query.get("type") == "native"
        stage = (query.get("stages") or [query.get("query") or {}])[0]
        used = [b for b in self.dashboards.values()
                if any(c["card_id"] == row["id"] for c in b["dashcards"])]  # fmt: skip
        collection = self.collections.get(row["collection_id"] or 0)
        return shown | {
            "query_type": "native" if native else "query",
            "table_id": None if native else stage.get("source-table"),
            "legacy_query": json.dumps(query), "dashboard_count": len(used), "can_write": True,
            "last-edit-info": row.get("last_edit"), "moderation_reviews": [],
            "collection": collection and self._shown_collection(collection), "dashboard": None,
            "card_schema": 22, "metabase_version": f"v{self.dialect}.1 (0000000)",
        }  # fmt: skip

    def _embedded(self, row: Row) -> Row:
        """A card within a dashboard: less is told of it."""
        hidden = ("collection", "dashboard", "dashboard_count", "last-edit-info")
        return {k: v for k, v in self._shown_card(row).items() if k not in hidden}

    @route("GET", "/api/card")
    def _list_cards(self, call: Call) -> Json:
        archived = call.query.get("f") == "archived"
        return [
            self._shown_card(card)
            for card in sorted(self.cards.values(), key=lambda card: card["name"].lower())
            if card["archived"] == archived and self._sees(call, card["collection_id"])
        ]

    @route("GET", "/api/card/{id}")
    def _get_card(self, call: Call) -> Json:
        card = self._get(self.cards, call.ids["id"])
        self._may(call, card["collection_id"])
        return self._shown_card(card, old=call.flag("legacy-mbql"))

    @route("PUT", "/api/card/{id}")
    def _put_card(self, call: Call) -> Json:
        card = self._get(self.cards, call.ids["id"])
        self._may(call, card["collection_id"], "write")
        body = call.body
        if body.get("collection_id") is not None:
            self._may(call, self._collection_number(body["collection_id"]), "write")
        if body.get("dataset_query") is not None:
            card["dataset_query"] = self._checked_query(body["dataset_query"])
            card["database_id"] = card["dataset_query"]["database"]
            card["result_metadata"] = None
        present = ("description", "collection_id", "collection_position", "cache_ttl",
                   "dashboard_id", "result_metadata")  # fmt: skip
        filled = ("name", "display", "visualization_settings", "type", "archived", "parameters",
                  "parameter_mappings", "collection_preview", "enable_embedding")  # fmt: skip
        card.update({n: body[n] for n in present if n in body})
        card.update({n: body[n] for n in filled if body.get(n) is not None})
        card["archived_directly"] = card["archived"]
        return self._shown_card(self._stamp(card, call.user))

    def _drop_card(self, number: int) -> None:
        del self.cards[number]
        for board in self.dashboards.values():
            board["dashcards"] = [c for c in board["dashcards"] if c["card_id"] != number]
        for row in list(self.notifications.values()):
            if (row["payload"] or {}).get("card_id") == number:
                del self.notifications[row["id"]]

    @route("DELETE", "/api/card/{id}")
    def _delete_card(self, call: Call) -> Json:
        card = self._get(self.cards, call.ids["id"])
        self._may(call, card["collection_id"], "write")
        self._drop_card(card["id"])
        return Answer(204)

    # Queries.

    def _column(self, number: Json) -> Row:
        field = self.fields.get(number) if isinstance(number, int) else None
        if field is None or not field["active"]:
            raise QueryFailed(f"Field {number} does not exist.")
        table = self.tables[field["table_id"]]
        sql = ".".join(f'"{part}"' for part in (table["schema"], table["name"], field["name"]))
        return {**field, "sql": sql}

    def _run(self, database: Row, sql: str) -> Row:
        """A result; raises QueryFailed."""
        import duckdb

        with self._connection(database) as cursor:
            try:
                cursor.execute(sql)
                rows = cursor.fetchmany(ROWS + 1)
            except duckdb.Error as error:
                raise QueryFailed(str(error), "db") from error
            names: list[str] = []
            columns = []
            for name, kind, *_ in cursor.description or []:
                base = base_type(str(kind))
                own = name
                for turn in itertools.count(2):
                    if own not in names:
                        break
                    own = f"{name}_{turn}"
                names.append(own)
                columns.append({
                    "name": own, "display_name": name, "base_type": base, "source": "native",
                    "effective_type": base, "semantic_type": None, "database_type": str(kind),
                    "field_ref": ["field", own, {"base-type": base}],
                })  # fmt: skip
        more = {"rows_truncated": ROWS} if len(rows) > ROWS else {}
        data = {
            "rows": [[shown(value) for value in row] for row in rows[:ROWS]], "cols": columns,
            "native_form": {"query": sql}, "results_timezone": "UTC",
            "results_metadata": {"columns": columns}, **more,
        }  # fmt: skip
        return {"data": data, "row_count": len(data["rows"])}

    def _mbql(self, query: Row) -> str:
        """SQL of a query on one table: sums and counts by columns. Raises QueryFailed."""
        inner = query.get("query")
        if "stages" in query:
            if len(query["stages"]) != 1:
                raise QueryFailed("the fake runs one stage of MBQL")
            inner = query["stages"][0]
        known = {"source-table", "aggregation", "breakout", "order-by", "limit", "lib/type"}
        if not isinstance(inner, dict) or inner.keys() - known:
            raise QueryFailed(f"the fake does not run this MBQL: {sorted(inner or {})}")
        table = self.tables.get(inner.get("source-table"))
        if table is None:
            raise QueryFailed(f"Table {inner.get('source-table')} does not exist.")

        def column(ref: Json) -> str:
            number, options = ref[1], ref[2]
            if isinstance(number, dict):
                number, options = options, number
            sql = self._column(number)["sql"]
            unit = (options or {}).get("temporal-unit")
            name = self.fields[number]["name"]
            return f"date_trunc('{unit}', {sql}) as \"{name}\"" if unit else sql

        def aggregate(part: Json) -> str:
            name, *rest = [one for one in part if not (isinstance(one, dict))]
            names = {"count": "count", "sum": "sum", "avg": "avg", "min": "min", "max": "max"}
            if name == "distinct":
                return f"count(distinct {column(rest[0])}) as count"
            if name not in names:
                raise QueryFailed(f"the fake does not run the aggregation {name}")
            return f'{names[name]}({column(rest[0]) if rest else "*"}) as "{name}"'

        by = [column(ref) for ref in inner.get("breakout") or []]
        values = [aggregate(part) for part in inner.get("aggregation") or []]
        sql = f'select {", ".join(by + values) or "*"} from "{table["schema"]}"."{table["name"]}"'
        if by:
            sql += " group by all order by " + ", ".join(str(n + 1) for n in range(len(by)))
        return sql + (f" limit {int(inner['limit'])}" if inner.get("limit") else "")

    def _answer(self, query: Row, parameters: Iterable[Row]) -> Answer:
        """What a query gives, 202 also where it failed: read `status`."""
        row = self.databases.get(query.get("database") or 0)
        if row is None:
            raise Refused(404, NOT_FOUND)
        start = WEEKDAYS.index(self.settings["start-of-week"] or "sunday")
        when = {"as_of": self.as_of, "week_start": start}
        common = {"database_id": row["id"], "json_query": query, "context": "question"}
        try:
            if query.get("type") == "native":
                sql = compiled(query.get("native") or {}, parameters, self._column, when)
            else:
                sql = self._mbql(query)
            done = self._run(row, sql)
        except QueryFailed as error:
            empty = {"rows": [], "cols": []}
            return Answer(202, common | {
                "status": "failed", "error": str(error), "error_type": error.kind,
                "class": "class clojure.lang.ExceptionInfo", "row_count": 0, "data": empty,
            })  # fmt: skip
        return Answer(202, common | done | {"status": "completed", "running_time": 1})

    @route("POST", "/api/dataset")
    def _dataset(self, call: Call) -> Json:
        return self._answer(legacy(call.body), call.body.get("parameters") or [])

    def _tag_named(self, card: Row, parameter: Row) -> None:
        """400 for a parameter that no tag of the card is meant by, or of another family."""
        target = parameter.get("target")
        tags = (card["dataset_query"].get("native") or {}).get("template-tags") or {}
        if isinstance(target, list) and isinstance(target[-1], dict):
            target = target[:-1]
        named = isinstance(target, list) and len(target) == 2 and isinstance(target[1], list)
        if not named or target[1][0] != "template-tag":
            return
        name = target[1][1]
        if isinstance(name, dict):
            return
        if name not in tags:
            message = f"Invalid parameter: Card {card['id']} does not have a template tag named "
            raise Refused(400, message + f'"{name}".')
        tag, kind = tags[name], parameter.get("type") or ""
        widget = tag.get("widget-type") or "" if tag.get("type") == "dimension" else tag.get("type")
        families = [FAMILIES.get(k.split("/")[0], k.split("/")[0]) for k in (kind, widget or "")]
        if all(families) and "id" not in families and families[0] != families[1]:
            message = f'Invalid parameter type :{kind} for parameter "{name}". Parameter type '
            raise Refused(400, message + f":{kind} cannot be used for a :{widget} template tag.")

    def _card_answer(self, card: Row, parameters: list[Row]) -> Answer:
        for parameter in parameters:
            self._tag_named(card, parameter)
        card["view_count"] += 1
        answer = self._answer(card["dataset_query"], parameters)
        if answer.body["status"] == "completed" and card["result_metadata"] is None:
            card["result_metadata"] = answer.body["data"]["cols"]
        return answer

    @route("POST", "/api/card/{id}/query")
    def _query_card(self, call: Call) -> Json:
        card = self._get(self.cards, call.ids["id"])
        self._may(call, card["collection_id"])
        return self._card_answer(card, call.body.get("parameters") or [])

    @route("POST", "/api/card/{id}/query/{kind}")
    def _export_card(self, call: Call) -> Json:
        answer = self._query_card(call)
        if call.ids["kind"] != "json" or answer.body["status"] != "completed":
            return answer
        names = [column["name"] for column in answer.body["data"]["cols"]]
        return [dict(zip(names, row, strict=True)) for row in answer.body["data"]["rows"]]

    @route("POST", "/api/dashboard/{board}/dashcard/{place}/card/{card}/query")
    def _query_dashcard(self, call: Call) -> Json:
        board = self._get(self.dashboards, call.ids["board"])
        self._may(call, board["collection_id"])
        number = call.ids["card"]
        places = [c for c in board["dashcards"] if c["id"] == call.ids["place"]]
        shown = {number for c in places for number in (c["card_id"], *c["series"])}
        if number not in shown:
            raise Refused(404, NOT_FOUND)
        known = {p["id"]: p for p in board["parameters"]}
        values = {p["id"]: p["default"] for p in known.values() if p.get("default") is not None}
        for parameter in call.body.get("parameters") or []:
            if parameter["id"] not in known:
                message = f'Dashboard does not have a parameter with ID "{parameter["id"]}".'
                raise Refused(400, message)
            values[parameter["id"]] = parameter.get("value")
        parameters = [
            {**known[m["parameter_id"]], "target": m["target"], "value": values[m["parameter_id"]]}
            for m in places[0]["parameter_mappings"]
            if m.get("card_id") in (number, None) and m["parameter_id"] in values
            and m["parameter_id"] in known
        ]  # fmt: skip
        parameters = [{k: v for k, v in p.items() if k != "default"} for p in parameters]
        return self._card_answer(self._get(self.cards, number), parameters)

    # Dashboards.

    @route("GET", "/api/dashboard")
    def _list_dashboards(self, call: Call) -> Json:
        archived = call.query.get("f") == "archived"
        return [
            self._bare_dashboard(board)
            for board in sorted(self.dashboards.values(), key=lambda row: row["name"].lower())
            if board["archived"] == archived and self._sees(call, board["collection_id"])
        ]

    @route("POST", "/api/dashboard")
    def _add_dashboard(self, call: Call) -> Json:
        body = call.body
        self._filled(body, "name")
        collection = self._collection_number(body.get("collection_id"))
        self._may(call, collection, "write")
        number = next(self.numbers["dashboards"])
        row = {
            "id": number, "entity_id": self._entity_id("dashboard", number), "name": body["name"],
            "description": body.get("description"), "collection_id": collection,
            "collection_position": body.get("collection_position"),
            "parameters": body.get("parameters") or [], "cache_ttl": body.get("cache_ttl"),
            "archived": False, "archived_directly": False, "width": "fixed",
            "auto_apply_filters": True, "enable_embedding": False, "embedding_params": None,
            "public_uuid": None, "creator_id": (call.user or {})["id"], "position": None,
            "caveats": None, "points_of_interest": None, "show_in_getting_started": False,
            "view_count": 0,
            "dashcards": [], "tabs": [],  # what the body says of these is not even looked at
        }  # fmt: skip
        self.dashboards[number] = self._stamp(row, call.user)
        return self._bare_dashboard(row)

    def _bare_dashboard(self, board: Row) -> Row:
        hidden = ("dashcards", "tabs", "last_edit")
        shown = {k: v for k, v in copy.deepcopy(board).items() if k not in hidden}
        more = {"last-edit-info": board.get("last_edit"), "can_write": True, "param_fields": {}}
        return shown | more | {"moderation_reviews": [], "is_remote_synced": False}

    def _visible(self, place: Row) -> bool:
        """A card in the trash is not shown on a dashboard; its place is kept."""
        card = self.cards.get(place["card_id"] or 0)
        return not (card and card["archived"])

    def _shown_dashboard(self, board: Row) -> Row:
        places = []
        for place in board["dashcards"]:
            if not self._visible(place):
                continue
            card = self.cards.get(place["card_id"] or 0)
            series = [self._embedded(self.cards[n]) for n in place["series"] if n in self.cards]
            shown = copy.deepcopy(place) | {"series": series, "action_id": None}
            places.append(shown | {"card": card and self._embedded(card)})
        return self._bare_dashboard(board) | {
            "dashcards": places, "tabs": copy.deepcopy(board["tabs"]),
            "collection": self.collections.get(board["collection_id"] or 0),
        }  # fmt: skip

    @route("GET", "/api/dashboard/{id}")
    def _get_dashboard(self, call: Call) -> Json:
        board = self._get(self.dashboards, call.ids["id"])
        self._may(call, board["collection_id"])
        board["view_count"] += 1  # looking at it changes what it says
        return self._shown_dashboard(board)

    PLACE: typing.ClassVar[Row] = {
        "row": 0, "col": 0, "size_x": 4, "size_y": 4, "dashboard_tab_id": None,
        "parameter_mappings": [], "visualization_settings": {}, "inline_parameters": None,
    }  # fmt: skip

    def _place(self, board: Row, sent: Row, held: Row | None = None) -> Row:
        """A card's place on a dashboard, new or changed. Without `card_id` it shows nothing."""
        number = held["id"] if held else next(self.numbers["dashcards"])
        place = held or {
            **copy.deepcopy(self.PLACE), "id": number, "dashboard_id": board["id"], "series": [],
            "entity_id": self._entity_id("dashcard", number),
        }  # fmt: skip
        place.update({n: sent[n] for n in self.PLACE if sent.get(n) is not None})
        if "dashboard_tab_id" in sent:
            place["dashboard_tab_id"] = sent["dashboard_tab_id"]
        place["card_id"] = sent.get("card_id")
        if "series" in sent:
            place["series"] = [one["id"] for one in sent["series"] or []]
        if held is None:
            board["dashcards"].append(place)
        return self._stamp(place, None)

    def _lay_out(self, board: Row, dashcards: list[Row], tabs: list[Row]) -> None:
        """Replace both lists whole. What is left out is gone, a tab's cards with the tab."""
        for sent, name in ((dashcards, "dashcards"), (tabs, "tabs")):
            if len({one["id"] for one in sent}) != len(sent):
                raise wrong(**{name: "value must be seq of maps in which ids are unique"})
        if board["archived"]:
            raise Refused(404, "The object has been archived.")
        if board["tabs"] and not all(c.get("dashboard_tab_id") for c in dashcards):
            raise Refused(400, "This dashboard has tab, makes sure every card has a tab")
        for sent in dashcards:
            if sent.get("card_id") is not None:
                self._get(self.cards, sent["card_id"])
        held_tabs = {tab["id"]: tab for tab in board["tabs"]}
        real = {tab["id"]: tab["id"] for tab in tabs if tab["id"] in held_tabs}
        for tab in tabs:
            if tab["id"] not in real:
                real[tab["id"]] = next(self.numbers["tabs"])
        for sent in dashcards:
            tab = sent.get("dashboard_tab_id")
            if tab is not None and tab not in real and tab not in held_tabs:
                raise wrong(dashcards=f"dashboard_tab_id {tab} is not a tab of this dashboard")
        laid = []
        for position, tab in enumerate(tabs):
            number = real[tab["id"]]
            row = held_tabs.get(number) or {
                "id": number, "dashboard_id": board["id"],
                "entity_id": self._entity_id("tab", number),
            }  # fmt: skip
            laid.append(self._stamp(row | {"name": tab["name"], "position": position}, None))
        board["tabs"] = laid
        before = {c["card_id"] for c in board["dashcards"]}
        # What stood on a tab that goes is gone before the sent ones are looked at: moved to
        # another tab in the same breath, it is a new one.
        there = [c for c in board["dashcards"] if self._on_tab(board, c)]
        kept = {c["id"]: c for c in there if self._visible(c)}
        board["dashcards"] = [c for c in there if not self._visible(c)]
        for sent in dashcards:
            if sent.get("dashboard_tab_id") is not None:
                sent["dashboard_tab_id"] = real.get(sent["dashboard_tab_id"], 0)
            if sent.get("dashboard_tab_id") == 0:
                continue  # its tab was deleted in the same breath
            held = kept.get(sent["id"])
            if held is not None:
                board["dashcards"].append(held)
            self._place(board, sent, held)
        after = {c["card_id"] for c in board["dashcards"]}
        for number in before | after:
            card = self.cards.get(number or 0)
            if card and card["dashboard_id"] == board["id"]:
                card["archived"] = number not in after

    @staticmethod
    def _on_tab(board: Row, place: Row) -> bool:
        tab = place["dashboard_tab_id"]
        return tab is None or tab in {tab["id"] for tab in board["tabs"]}

    @route("PUT", "/api/dashboard/{id}")
    def _put_dashboard(self, call: Call) -> Json:
        board = self._get(self.dashboards, call.ids["id"])
        self._may(call, board["collection_id"], "write")
        body = call.body
        if body.get("collection_id") is not None:
            self._may(call, self._collection_number(body["collection_id"]), "write")
        if "dashcards" in body or "tabs" in body:
            self._lay_out(board, body.get("dashcards") or [], body.get("tabs") or [])
        present = ("description", "collection_id", "collection_position", "cache_ttl", "position",
                   "caveats", "points_of_interest")  # fmt: skip
        filled = ("name", "parameters", "width", "archived", "auto_apply_filters",
                  "enable_embedding", "embedding_params", "show_in_getting_started")  # fmt: skip
        board.update({n: body[n] for n in present if n in body})
        board.update({n: body[n] for n in filled if body.get(n) is not None})
        board["archived_directly"] = board["archived"]
        for card in self.cards.values():
            if card["dashboard_id"] == board["id"]:
                card["collection_id"] = board["collection_id"]
        self._stamp(board, call.user)
        return self._shown_dashboard(board)

    @route("DELETE", "/api/dashboard/{id}")
    def _drop_dashboard(self, call: Call) -> Json:
        board = self._get(self.dashboards, call.ids["id"])
        self._may(call, board["collection_id"], "write")
        del self.dashboards[board["id"]]
        for card in [c for c in self.cards.values() if c["dashboard_id"] == board["id"]]:
            self._drop_card(card["id"])
        for number, pulse in list(self.pulses.items()):
            if pulse["dashboard_id"] == board["id"]:
                del self.pulses[number]
        return Answer(204)

    # Finding things.

    def _translate(self, call: Call) -> Json:
        boards = self.dashboards.values()
        kinds = {
            "card": self.cards, "dashboard": self.dashboards, "collection": self.collections,
            "pulse": self.pulses,
            "dashboard-card": {c["id"]: c for b in boards for c in b["dashcards"]},
            "dashboard-tab": {t["id"]: t for b in boards for t in b["tabs"]},
        }  # fmt: skip
        found = {}
        for kind, asked in call.body["entity_ids"].items():
            if kind not in kinds:
                raise Refused(400, {"message": f"Unknown entity type {kind}"})
            ids = {row["entity_id"]: number for number, row in kinds[kind].items()}
            for one in asked:
                if not (isinstance(one, str) and NANO.match(one)):
                    found[one] = {"type": kind, "status": "invalid-format"}
                elif one in ids:
                    found[one] = {"id": ids[one], "type": kind, "status": "ok"}
                else:
                    found[one] = {"type": kind, "status": "not-found"}
        return {"entity_ids": found}

    @route("POST", "/api/eid-translation/translate")
    def _translate_now(self, call: Call) -> Json:
        if self.minor < 55:
            raise Refused(404, "API endpoint does not exist.")
        return self._translate(call)

    def _searchable(self) -> list[Row]:
        found = []
        for kind, rows in (("dashboard", self.dashboards), ("card", self.cards),
                           ("collection", self.collections)):  # fmt: skip
            for row in rows.values():
                above = row.get("collection_id") if kind != "collection" else self._parent(row)
                over = self.collections.get(above or 0) or {"name": None, "type": None}
                found.append({
                    "id": row["id"], "name": row["name"], "description": row["description"],
                    "archived": row["archived"], "collection_id": above,
                    "model": MODELS[row["type"]] if kind == "card" else kind,
                    "display": row.get("display"), "dashboard_id": row.get("dashboard_id"),
                    "collection": {"id": above, "name": over["name"], "type": over["type"],
                                   "authority_level": over.get("authority_level")},
                })  # fmt: skip
        return found

    @route("GET", "/api/search")
    def _search(self, call: Call) -> Json:
        text, models = (call.query.get("q") or "").lower(), call.many("models")
        found = [
            row
            for row in self.index
            if text in row["name"].lower()
            and (not models or row["model"] in models)
            and row["archived"] == call.flag("archived")
            and self._sees(call, row["collection_id"])
        ]
        return self._page(call, found) | {
            "models": models, "available_models": sorted({row["model"] for row in found}),
            "table_db_id": None, "engine": "search.engine/appdb",
        }  # fmt: skip

    # Settings.

    READ_ONLY = ("email-configured?", "slack-token-valid?")

    @route("GET", "/api/setting")
    def _list_settings(self, call: Call) -> Json:
        self._admin(call)
        return [
            {"key": key, "value": value, "is_env_setting": False, "default": None,
             "env_name": "MB_" + key.upper().replace("-", "_"), "description": key}
            for key, value in self.settings.items()
        ]  # fmt: skip

    @route("PUT", "/api/setting")
    def _put_settings(self, call: Call) -> Json:
        for key, value in call.body.items():
            self._set(call, key, value)
        return Answer(204)

    @route("GET", "/api/setting/{key}")
    def _get_setting(self, call: Call) -> Json:
        self._admin(call)
        if call.ids["key"] not in self.settings:
            raise Refused(404, f"Unknown setting: :{call.ids['key']}")
        value = self.settings[call.ids["key"]]
        return Answer(204) if value is None else value

    @route("PUT", "/api/setting/{key}")
    def _put_setting(self, call: Call) -> Json:
        self._set(call, call.ids["key"], call.body.get("value"))
        return Answer(204)

    def _set(self, call: Call, key: str, value: Json) -> None:
        self._admin(call)
        if key not in self.settings:
            raise Refused(404, f"Unknown setting: :{key}")
        if key in self.READ_ONLY:
            raise Refused(400, f"You cannot set :{key}; it is a read-only setting.")
        self.settings[key] = value

    # Groups and permissions.

    def _shown_group(self, number: int) -> Row:
        users = {m["user_id"] for m in self.memberships.values() if m["group_id"] == number}
        count = len(self.users) if number == ALL_USERS else len(users)
        kinds = {ALL_USERS: "all-internal-users", ADMINISTRATORS: "admin"}
        return {
            "id": number, "name": self.groups[number], "member_count": count,
            "magic_group_type": kinds.get(number), "is_tenant_group": False,
            "entity_id": self._entity_id("group", number),
        }  # fmt: skip

    @route("GET", "/api/permissions/group")
    def _list_groups(self, call: Call) -> Json:
        self._admin(call)
        return [self._shown_group(number) for number in self.groups]

    @route("POST", "/api/permissions/group")
    def _add_group(self, call: Call) -> Json:
        self._admin(call)
        self._unused_name(call.body["name"])
        number = next(self.numbers["groups"])
        self.groups[number] = call.body["name"]
        return self._shown_group(number)

    def _unused_name(self, name: str) -> None:
        if name.lower() in {held.lower() for held in self.groups.values()}:
            raise wrong(name="A group with that name already exists.")

    @route("GET", "/api/permissions/group/{id}")
    def _get_group(self, call: Call) -> Json:
        self._admin(call)
        if call.ids["id"] not in self.groups:
            raise Refused(404, NOT_FOUND)
        held = [m for m in self.memberships.values() if m["group_id"] == call.ids["id"]]
        names = ("email", "first_name", "last_name")
        members = [m | {n: self.users[m["user_id"]][n] for n in names} for m in held]
        return self._shown_group(call.ids["id"]) | {"members": members}

    def _own_group(self, call: Call) -> int:
        self._admin(call)
        if call.ids["id"] not in self.groups:
            raise Refused(404, NOT_FOUND)
        if call.ids["id"] in (ALL_USERS, ADMINISTRATORS):
            raise Refused(400, "You cannot edit or delete this permissions group!")
        return call.ids["id"]

    @route("PUT", "/api/permissions/group/{id}")
    def _put_group(self, call: Call) -> Json:
        number = self._own_group(call)
        self.groups[number] = call.body["name"]
        return self._shown_group(number)

    @route("DELETE", "/api/permissions/group/{id}")
    def _drop_group(self, call: Call) -> Json:
        number = self._own_group(call)
        del self.groups[number]
        self.access.pop(number, None)
        self.permissions.pop(number, None)
        for key, held in list(self.memberships.items()):
            if held["group_id"] == number:
                del self.memberships[key]
        return Answer(204)

    @route("GET", "/api/permissions/membership")
    def _list_memberships(self, call: Call) -> Json:
        self._admin(call)
        found: dict[str, list[Row]] = {}
        for held in self.memberships.values():
            found.setdefault(str(held["user_id"]), []).append(held)
        return found

    @route("POST", "/api/permissions/membership")
    def _add_membership(self, call: Call) -> Json:
        self._admin(call)
        group, user = call.body["group_id"], self._get(self.users, call.body["user_id"])
        if group not in self.groups:
            raise Refused(404, NOT_FOUND)
        self._join(user["id"], group)
        held = [m for m in self.memberships.values() if m["group_id"] == group]
        names = ("email", "first_name", "last_name")
        return [m | {n: self.users[m["user_id"]][n] for n in names} for m in held]

    @route("DELETE", "/api/permissions/membership/{id}")
    def _drop_membership(self, call: Call) -> Json:
        self._admin(call)
        self._get(self.memberships, call.ids["id"])
        del self.memberships[call.ids["id"]]
        return Answer(204)

    @route("GET", "/api/permissions/graph")
    def _get_permissions(self, call: Call) -> Json:
        self._admin(call)
        groups: Row = {}
        for group in self.groups:
            held = self.permissions.get(group, {})
            every = {"view-data": "unrestricted", "create-queries": "query-builder-and-native",
                     "download": {"schemas": "full"}}  # fmt: skip
            none = {"view-data": "unrestricted", "create-queries": "no"}
            default = every if group == ADMINISTRATORS else none
            groups[str(group)] = {
                str(n): copy.deepcopy(default if group == ADMINISTRATORS else held.get(n, default))
                for n in self.databases
            }
        return {"revision": self.permissions_revision, "groups": groups}

    @route("PUT", "/api/permissions/graph")
    def _put_permissions(self, call: Call) -> Json:
        self._admin(call)
        if not isinstance(call.body.get("groups"), dict):
            raise wrong(groups="Value must be a map.")
        self._current_revision(call, self.permissions_revision)
        before = copy.deepcopy(self.permissions)
        wanted = copy.deepcopy(self.permissions)
        for group, databases in self._known(call.body["groups"]).items():
            if group not in self.groups:
                raise Refused(404, NOT_FOUND)
            for number, given in self._known(databases).items():
                if number not in self.databases:
                    raise Refused(404, NOT_FOUND)
                if group == ADMINISTRATORS:
                    raise Refused(400, "You cannot revoke permissions from the Admin group.")
                if given.get("view-data") not in (None, "unrestricted", "legacy-no-self-service"):
                    message = "The blocked permissions functionality is only enabled if you have "
                    message += "a premium token with the advanced-permissions feature."
                    raise Refused(402, message)
                levels = ("query-builder-and-native", "query-builder", "no", None)
                level = given.get("create-queries")
                if not isinstance(level, dict) and level not in levels:
                    raise wrong(groups=f"invalid create-queries {level!r}")
                held = wanted.setdefault(group, {}).setdefault(
                    number, {"view-data": "unrestricted", "create-queries": "no"}
                )
                held.update(given)
        self.permissions = wanted
        self.permissions_revision += before != wanted
        if call.flag("skip-graph"):
            return {"revision": self.permissions_revision}
        return self._get_permissions(call)

    # Subscriptions and alerts.

    def _channel(self, sent: Row, held: Row | None) -> Row:
        number = (held or {}).get("id") or next(self.numbers["channels"])
        recipients = []
        for one in sent.get("recipients") or []:
            if one.get("id"):
                user = self._get(self.users, one["id"])
                recipients.append({n: user[n] for n in ("id", "email", "first_name", "last_name")})
            else:
                recipients.append({"email": one["email"]})
        names = ("schedule_hour", "schedule_day", "schedule_frame", "channel_id")
        return {
            "id": number, "channel_type": sent["channel_type"],
            "enabled": sent.get("enabled", True), "schedule_type": sent["schedule_type"],
            **{name: sent.get(name) for name in names}, "details": sent.get("details") or {},
            "recipients": recipients, "entity_id": self._entity_id("channel", number),
        }  # fmt: skip

    def _pulse_card(self, sent: Row) -> Row:
        card = self._get(self.cards, sent["id"])
        names = ("id", "name", "description", "display", "collection_id")
        return {name: card[name] for name in names} | {
            "include_csv": bool(sent.get("include_csv")),
            "include_xls": bool(sent.get("include_xls")),
            "dashboard_card_id": sent.get("dashboard_card_id"), "parameter_mappings": [],
            "format_rows": sent.get("format_rows", True),
            "pivot_results": sent.get("pivot_results", False),
        }  # fmt: skip

    def _fill_pulse(self, row: Row, body: Row) -> None:
        if not body.get("channels", [1]) or not body.get("cards", [1]):
            raise wrong(channels="value must be an array of length >= 1")
        if "cards" in body:
            row["cards"] = [self._pulse_card(card) for card in body["cards"]]
        if "channels" in body:
            held = {c["id"]: c for c in row.get("channels", [])}
            row["channels"] = [self._channel(c, held.get(c.get("id"))) for c in body["channels"]]
        names = ("name", "skip_if_empty", "archived", "parameters", "collection_position")
        row.update({n: body[n] for n in names if body.get(n) is not None})

    def _shown_pulse(self, row: Row) -> Row:
        more = {"can_write": True, "creator": {"id": row["creator_id"]}}
        return {k: v for k, v in copy.deepcopy(row).items() if k != "last_edit"} | more

    @route("GET", "/api/pulse")
    def _list_pulses(self, call: Call) -> Json:
        board = call.query.get("dashboard_id")
        return [
            self._shown_pulse(row)
            for row in self.pulses.values()
            if row["archived"] == call.flag("archived")
            and (board is None or row["dashboard_id"] == int(board))
        ]

    @route("POST", "/api/pulse")
    def _add_pulse(self, call: Call) -> Json:
        body = call.body
        board = body.get("dashboard_id")
        collection = body.get("collection_id")
        if board is not None:
            collection = self._get(self.dashboards, board)["collection_id"]
        number = next(self.numbers["pulses"])
        row = {
            "id": number, "name": body["name"], "dashboard_id": board,
            "collection_id": collection, "collection_position": None, "archived": False,
            "skip_if_empty": False, "parameters": [], "creator_id": (call.user or {})["id"],
            "entity_id": self._entity_id("pulse", number), "disable_links": False,
        }  # fmt: skip
        self._fill_pulse(row, body)
        self.pulses[number] = self._stamp(row, call.user)
        return self._shown_pulse(row)

    @route("GET", "/api/pulse/{id}")
    def _get_pulse(self, call: Call) -> Json:
        return self._shown_pulse(self._get(self.pulses, call.ids["id"]))

    @route("PUT", "/api/pulse/{id}")
    def _put_pulse(self, call: Call) -> Json:
        row = self._get(self.pulses, call.ids["id"])
        self._fill_pulse(row, call.body)
        return self._shown_pulse(self._stamp(row, call.user))

    def _numbered(self, sent: list[Row], held: list[Row], **more: Json) -> list[Row]:
        """Parts of a notification: an id that is known is kept, any other is made anew."""
        known = {one["id"] for one in held}
        kept = [one.get("id") if one.get("id") in known else None for one in sent]
        return [
            {**one, **more, "id": number or next(self.numbers["parts"])}
            for one, number in zip(sent, kept, strict=True)
        ]

    def _fill_notification(self, row: Row, body: Row, call: Call) -> None:
        lacking = [name for name in ("payload_type", "payload") if body.get(name) is None]
        if lacking:  # of a change too: there are no partial ones
            raise wrong(**dict.fromkeys(lacking, "missing required key"))
        payload = body["payload"]
        self._get(self.cards, payload["card_id"])
        if payload.get("send_condition", "has_result") not in (
            "has_result", "goal_above", "goal_below"
        ):  # fmt: skip
            raise wrong(payload="invalid send_condition")
        row["payload_id"] = row["payload_id"] or next(self.numbers["parts"])
        row["payload"] = {
            "id": row["payload_id"], "card_id": payload["card_id"],
            "send_condition": payload.get("send_condition", "has_result"),
            "send_once": payload.get("send_once", False),
        }  # fmt: skip
        for sub in body.get("subscriptions") or []:
            cron = sub.get("cron_schedule")
            if cron is not None and len(cron.split()) not in (6, 7):
                raise wrong(subscriptions="value must be a valid Quartz cron schedule string.")
        more = {"notification_id": row["id"]}
        if "subscriptions" in body:
            blank = {"event_name": None, "cron_schedule": None, "ui_display_type": None}
            subs = [{**blank, **sub} for sub in body["subscriptions"] or []]
            row["subscriptions"] = self._numbered(subs, row["subscriptions"], **more)
        if "handlers" in body:
            blank = {"channel_id": None, "template_id": None, "active": True}
            held = {h["id"]: h for h in row["handlers"]}
            sent = [{**blank, **handler} for handler in body["handlers"] or []]
            row["handlers"] = self._numbered(sent, row["handlers"], **more)
            for handler in row["handlers"]:
                before = held.get(handler["id"], {}).get("recipients", [])
                blank = {"user_id": None, "permissions_group_id": None, "details": None}
                people = [{**blank, **one} for one in handler.get("recipients") or []]
                handler["recipients"] = self._numbered(
                    people, before, notification_handler_id=handler["id"]
                )
        if body.get("active") is not None:
            row["active"] = body["active"]
        self._stamp(row, call.user)

    def _shown_notification(self, row: Row) -> Row:
        shown = {k: v for k, v in copy.deepcopy(row).items() if k != "last_edit"}
        if shown["payload"]:
            card = self.cards[shown["payload"]["card_id"]]
            shown["payload"]["card"] = {n: card[n] for n in ("id", "name", "display")}
        for handler in shown["handlers"]:
            for one in handler["recipients"]:
                user = self.users.get(one["user_id"] or 0)
                one["user"] = user and {n: user[n] for n in ("id", "email", "common_name")}
        return shown | {"creator": {"id": row["creator_id"]}}

    @route("GET", "/api/notification")
    def _list_notifications(self, call: Call) -> Json:
        card, kind = call.query.get("card_id"), call.query.get("payload_type")
        return [
            self._shown_notification(row)
            for row in self.notifications.values()
            if (row["active"] or call.flag("include_inactive"))
            and (card is None or (row["payload"] or {}).get("card_id") == int(card))
            and (kind is None or row["payload_type"] == kind)
        ]

    @route("POST", "/api/notification")
    def _add_notification(self, call: Call) -> Json:
        number = next(self.numbers["notifications"])
        row: Row = {
            "id": number, "payload_type": call.body.get("payload_type", "notification/card"),
            "payload_id": None, "payload": None, "active": True, "subscriptions": [],
            "handlers": [], "creator_id": (call.user or {})["id"],
        }  # fmt: skip
        self._fill_notification(row, call.body, call)
        self.notifications[number] = row
        return self._shown_notification(row)

    @route("GET", "/api/notification/{id}")
    def _get_notification(self, call: Call) -> Json:
        return self._shown_notification(self._get(self.notifications, call.ids["id"]))

    @route("PUT", "/api/notification/{id}")
    def _put_notification(self, call: Call) -> Json:
        row = self._get(self.notifications, call.ids["id"])
        self._fill_notification(row, call.body, call)
        return self._shown_notification(row)

    @route("GET", "/api/native-query-snippet")
    def _list_snippets(self, call: Call) -> Json:
        return []

    @route("GET", "/api/timeline")
    def _list_timelines(self, call: Call) -> Json:
        return [t for t in self.timelines.values() if t["archived"] == call.flag("archived")]

    @route("POST", "/api/timeline")
    def _add_timeline(self, call: Call) -> Json:
        number = next(self.numbers["timelines"])
        row = {
            "id": number, "name": call.body["name"], "description": call.body.get("description"),
            "icon": call.body.get("icon", "star"), "archived": False, "events": [],
            "collection_id": call.body.get("collection_id"), "default": False,
            "entity_id": self._entity_id("timeline", number),
            "creator_id": (call.user or {})["id"],
        }  # fmt: skip
        self.timelines[number] = self._stamp(row, None)
        return row


# HTTP.


class _Listener(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Json, client_address: Json) -> None:
        """A client that hung up is no news."""


def _handler(fake: FakeMetabase) -> type[http.server.BaseHTTPRequestHandler]:
    class Exchange(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def log_message(self, format: str, *arguments: Json) -> None:
            pass

        def answer(self) -> None:
            address = urlsplit(self.path)
            query = {
                name: values[0] if len(values) == 1 else values
                for name, values in parse_qs(address.query, keep_blank_values=True).items()
            }
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            done = fake.receive(self.command, address.path, query, self.headers, raw)
            if done is None:
                self.close_connection = True
                with contextlib.suppress(OSError):
                    self.connection.shutdown(socket.SHUT_RDWR)
                return
            kind, content = "application/json;charset=utf-8", b""
            if isinstance(done.body, str) and done.status >= 400:
                kind, content = "text/plain", done.body.encode()
            elif done.status != 204:
                content = json.dumps(done.body, ensure_ascii=False).encode()
            head = f"HTTP/1.1 {done.status} {http.HTTPStatus(done.status).phrase}\r\n"
            headers = {"Content-Type": kind, "Content-Length": str(len(content)), **done.headers}
            head += "".join(f"{name}: {value}\r\n" for name, value in headers.items())
            self.wfile.write(head.encode() + b"\r\n" + content)

        do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = answer

    return Exchange


@contextlib.contextmanager
def running(**options: Json) -> Iterator[FakeMetabase]:
    """A fake Metabase in a thread; `options` are those of FakeMetabase."""
    fake = FakeMetabase(**options)
    thread = threading.Thread(target=fake.http.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield fake
    finally:
        fake.http.shutdown()
        fake.http.server_close()
        thread.join()
        fake.close_pools()
