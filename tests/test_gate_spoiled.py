"""Every expectation is met by good rows and catches the spoiling that stands beside it.

Over everything the folders hold: `expectations/<schema>/<table>.sql` makes good rows of a table,
an entry's `spoil` changes a copy of them. Nothing here is edited for a new expectation.
"""

import contextlib
import dataclasses
import datetime as dt
import functools
import re

import duckdb
import pytest
import yaml

from expectations.gate import evaluate, survey
from expectations.suites import HERE, read_suites, sql_with_days
from ingestion.specs import tables
from settings import ROOT

AS_OF = dt.date(2026, 9, 30)
SUITES = read_suites()
CHECKS = [(suite, check) for suite in SUITES for check in suite.checks]
NAMES = [f"{s.name}:{c.line}:{c.entry.type}" for s, c in CHECKS]


@functools.cache
def declared():
    """The DDL of every table a gate may judge, from whoever declares it: {schema.table: SQL}.

    Raw from ingestion's schemas, marts and people from their contracts in dbt, metrics from the
    package that writes them.
    """
    found = {f"{table.schema}.{table.name}": table.ddl() for table in tables()}
    models = ROOT / "dbt_project" / "models"
    for path in sorted(models.rglob("*.yml")):
        schema = path.relative_to(models).parts[0]
        for model in (yaml.safe_load(path.read_text(encoding="utf-8")) or {}).get("models") or []:
            columns = {c["name"]: c.get("data_type") for c in model.get("columns") or []}
            if schema in ("marts", "people") and columns and all(columns.values()):
                body = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
                found[f"{schema}.{model['name']}"] = (
                    f"create table {schema}.{model['name']} ({body})"
                )
    for path in sorted((ROOT / "metrics").glob("*.py")):
        for name, body in re.findall(
            r"create (?:or replace table|table if not exists) (metrics\.\w+) \((.*?)\);",
            path.read_text(), flags=re.S,
        ):  # fmt: skip
            found.setdefault(name, f"create table {name} ({body})")
    return found


def create(con, suite):
    """The table as it is declared, with its good rows; a feed's rows get their keys."""
    path = suite.file.with_suffix(".sql")
    assert path.is_file(), f"{path} is missing: a select that makes good rows of {suite.name}"
    assert suite.name in declared(), f"nobody declares {suite.name}, which {suite.file} judges"
    con.execute(f"create schema if not exists {suite.schema}")
    con.execute(declared()[suite.name])
    rows = f"({sql_with_days(path.read_text(encoding='utf-8'), AS_OF)})"
    if suite.schema.startswith("raw_"):
        rows = f"(select *, timestamp '{AS_OF}' as _loaded_at from {rows})"
    if "_row_key" in declared()[suite.name]:
        rows = f"(select *, row_number() over () as _row_key, 1 as _file_row from {rows})"
    con.execute(f"insert into {suite.name} by name from {rows}")


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    """What each check says of good and of spoiled rows: {name: (good, spoiled)}."""
    database = tmp_path_factory.mktemp("spoiled") / "plumbline.duckdb"
    problems, spoiled = {}, []
    with contextlib.closing(duckdb.connect(str(database))) as con:
        # Raw first: a mart's good rows may be made from it.
        for suite in sorted(SUITES, key=lambda s: not s.schema.startswith("raw_")):
            create(con, suite)
        for (suite, check), name in zip(CHECKS, NAMES, strict=True):
            copy = dataclasses.replace(suite, table=f"{suite.table}__{check.line}", checks=(check,))
            con.execute(f"create table {copy.name} as from {suite.name}")
            try:
                assert check.entry.spoil, "it has no `spoil`: a change that it must catch"
                sql = sql_with_days(check.entry.spoil, AS_OF).replace("{batch}", copy.name)
                changed = con.execute(sql).fetchall()
                assert changed != [(0,)], f"its `spoil` changes no row: {sql}"
                spoiled.append(copy)
            except (AssertionError, duckdb.Error) as problem:
                problems[name] = f"{check.where}: {problem}"
    suites = [*SUITES, *spoiled]
    results = evaluate(database, survey(database, suites, AS_OF), AS_OF)
    found = {(r.subject.suite.name, r.check.line): r for r in results}
    return {
        name: (
            found[suite.name, check.line],
            problems.get(name) or found[f"{suite.name}__{check.line}", check.line],
        )
        for (suite, check), name in zip(CHECKS, NAMES, strict=True)
    }


@pytest.mark.parametrize("name", NAMES)
def test_good_rows_meet_it(judged, name):
    good, _ = judged[name]
    assert good.error is None, f"{good.check.where}: {good.error}"
    assert good.success is True, f"{good.check.where}: {good.observed} {good.unexpected_count}"


@pytest.mark.parametrize("name", NAMES)
def test_the_spoiled_row_is_caught(judged, name):
    _, spoiled = judged[name]
    assert not isinstance(spoiled, str), spoiled
    assert spoiled.error is None, f"{spoiled.check.where}: {spoiled.error}"
    assert spoiled.success is False, f"{spoiled.check.where} does not catch its spoiling"


def test_there_are_enough_of_them_and_both_gates_have_their_share():
    raw = [check for suite, check in CHECKS if suite.schema.startswith("raw_")]
    assert len(CHECKS) >= 80
    assert len(raw) >= 30
    assert len(CHECKS) - len(raw) >= 30


def test_no_good_rows_stand_without_expectations():
    for path in HERE.glob("*/*.sql"):
        assert path.with_suffix(".yml").is_file(), f"{path} belongs to no suite"
