"""What the expectation files say, read strictly and held against the warehouse.

A suite is `<schema>/<table>.yml`: a list in Great Expectations' own wire form plus `severity`,
`meta.why` and `spoil`, the change to good rows that the expectation must catch (its test).
Nothing here imports Great Expectations; its own checks of the arguments follow in `gate`.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import difflib
import re
import typing
from collections.abc import Iterable, Mapping
from pathlib import Path

import yaml

from settings import ConfigError, read_yaml, strict

HERE = Path(__file__).parent
MARTS = ("marts", "people", "metrics")
COLUMNS = ("column", "column_A", "column_B", "column_list", "column_set")
NAMED_DAYS = {
    "as_of": 0, "tomorrow": -1, "yesterday": 1, "week_ago": 7, "fortnight_ago": 14,
    "month_ago": 30, "quarter_ago": 91, "year_ago": 365, "two_years_ago": 730, "next_year": -365,
}  # fmt: skip
# What GX cannot do on DuckDB (measured with 1.24.1), and what to write instead.
UNSUPPORTED = {
    "expect_column_quantile_values_to_be_between": "its result cannot be stored; use the median "
    "or an unexpected_rows_expectation",
    "expect_column_values_to_match_regex": "use an unexpected_rows_expectation with regexp_matches",
    "expect_column_values_to_not_match_regex": "use an unexpected_rows_expectation with "
    "regexp_matches",
    "expect_column_values_to_match_regex_list": "use an unexpected_rows_expectation with "
    "regexp_matches",
    "expect_column_values_to_not_match_regex_list": "use an unexpected_rows_expectation with "
    "regexp_matches",
    "expect_column_values_to_be_of_type": "types are held by contracts in dbt",
    "expect_column_values_to_be_in_type_list": "types are held by contracts in dbt",
    "expect_column_type_to_be": "types are held by contracts in dbt",
}


@strict
class Meta:
    why: str


@strict
class Entry:
    """One expectation as its file says it."""

    type: str
    severity: typing.Literal["critical", "warning", "info"]
    meta: Meta
    kwargs: dict[str, typing.Any] = dataclasses.field(default_factory=dict)
    spoil: str = ""


@dataclasses.dataclass(frozen=True)
class Check:
    """An expectation and where it stands."""

    entry: Entry
    file: Path
    line: int

    @property
    def where(self) -> str:
        return f"{self.file}:{self.line}"

    @property
    def query(self) -> str | None:
        """The SQL of an `unexpected_rows_expectation`."""
        return self.entry.kwargs.get("unexpected_rows_query")

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it names (not those inside its SQL)."""
        named: list[str] = []
        for key in COLUMNS:
            value = self.entry.kwargs.get(key)
            named += [value] if isinstance(value, str) else list(value or ())
        return tuple(named)


@dataclasses.dataclass(frozen=True)
class Suite:
    """The expectations of one table."""

    schema: str
    table: str
    file: Path
    checks: tuple[Check, ...]

    @property
    def name(self) -> str:
        return f"{self.schema}.{self.table}"


def read_suites(which: str | None = None, folder: Path = HERE) -> tuple[Suite, ...]:
    """The suites of a gate (`raw`, `marts`; None is both), by schema and table.

    Raises ConfigError naming file and line for what cannot be read: a schema no gate judges,
    an unknown key or parameter, an expectation that DuckDB cannot answer.
    """
    found = []
    for path in sorted(folder.glob("*/*.yml")):
        gate = gate_of(path.parent.name)
        if gate is None:
            raise ConfigError(
                f"{path}: no gate judges the schema '{path.parent.name}'; the folders are "
                f"raw_<source>, {', '.join(MARTS)}."
            )
        if which in (None, gate):
            found.append(read_suite(path))
    return tuple(found)


def gate_of(schema: str) -> typing.Literal["raw", "marts"] | None:
    """The gate that judges a schema."""
    if schema.startswith("raw_"):
        return "raw"
    return "marts" if schema in MARTS else None


def read_suite(path: Path) -> Suite:
    """One file. Raises ConfigError."""
    entries = read_yaml(path, tuple[Entry, ...])
    tree = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    lines = [node.start_mark.line + 1 for node in tree.value]
    checks = tuple(Check(e, path, line) for e, line in zip(entries, lines, strict=True))
    if not checks:
        raise ConfigError(f"{path}: no expectation stands here; write one or delete the file.")
    for check in checks:
        if check.entry.type in UNSUPPORTED:
            raise ConfigError(
                f"{check.where}: {check.entry.type} does not work on DuckDB: "
                f"{UNSUPPORTED[check.entry.type]}."
            )
        if not check.entry.meta.why.strip():
            raise ConfigError(f"{check.where}: meta.why is empty; say what goes wrong without it.")
        for name in _parameters_named(check.entry.kwargs):
            if day_of(name, dt.date(2000, 1, 1)) is None:
                raise ConfigError(
                    f"{check.where}: unknown parameter '{name}'{_near(name, NAMED_DAYS)}; known: "
                    f"{', '.join(NAMED_DAYS)}, days_ago_<n>."
                )
    return Suite(path.parent.name, path.stem, path, checks)


def day_of(name: str, as_of: dt.date) -> dt.date | None:
    """The day a parameter means, counted from `as_of`; None when it means nothing."""
    counted = re.fullmatch(r"days_ago_(\d{1,5})", name)
    days = int(counted[1]) if counted else NAMED_DAYS.get(name)
    return None if days is None else as_of - dt.timedelta(days=days)


def parameters(checks: Iterable[Check], as_of: dt.date) -> dict[str, dt.date]:
    """Every parameter the checks name, for GX's `$PARAMETER`."""
    names = {name for check in checks for name in _parameters_named(check.entry.kwargs)}
    return {name: typing.cast(dt.date, day_of(name, as_of)) for name in sorted(names)}


def sql_with_days(sql: str, as_of: dt.date) -> str:
    """SQL with `{as_of}` and the other parameters as date literals; `{batch}` stays."""

    def literal(match: re.Match) -> str:
        day = day_of(match[1], as_of)
        return match[0] if day is None else f"date '{day.isoformat()}'"

    return re.sub(r"(?<!\{)\{(\w+)\}(?!\})", literal, sql)


def check_against(suite: Suite, columns: Mapping[str, typing.Any]) -> None:
    """Every column a suite names must stand in its table. Raises ConfigError."""
    for check in suite.checks:
        for name in check.columns:
            if name not in columns:
                raise ConfigError(
                    f"{check.where}: {suite.name} has no column '{name}'{_near(name, columns)}."
                )


def refuse_unknown_type(check: Check, known: Iterable[str]) -> None:
    """Raises ConfigError for an expectation Great Expectations does not have."""
    names = list(known)
    if check.entry.type not in names:
        raise ConfigError(
            f"{check.where}: unknown expectation '{check.entry.type}'"
            f"{_near(check.entry.type, names)}."
        )


def _near(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f"; did you mean '{near[0]}'?" if near else ""


def _parameters_named(kwargs: typing.Any) -> set[str]:
    if isinstance(kwargs, dict):
        if set(kwargs) == {"$PARAMETER"}:
            return {str(kwargs["$PARAMETER"])}
        return set().union(*(_parameters_named(value) for value in kwargs.values()), set())
    if isinstance(kwargs, list):
        return set().union(*(_parameters_named(value) for value in kwargs), set())
    if isinstance(kwargs, str):
        return set(re.findall(r"(?<!\{)\{(\w+)\}(?!\})", kwargs)) - {"batch"}
    return set()
