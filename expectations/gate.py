"""A gate: every expectation of its schemas, judged in the warehouse, recorded and shown.

Great Expectations compiles the checks to SQL and DuckDB answers them; no row comes to Python.
Judged is what staging reads: of a feed, which is a log of versions, the latest version of each
row, and of a slowly changing table the current one. Else a mistake that was corrected would be
held against the data for ever.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import difflib
import logging
import os
import typing
from collections.abc import Sequence
from pathlib import Path

from expectations import suites as files
from expectations.suites import Check, Suite
from settings import ConfigError, Outcome, Run

KEEP_RUNS = 50
FEWEST_PEOPLE = 5
# A raw table with one of these holds one row or more per employee.
EMPLOYEE_KEYS = ("employee_id_hash", "respondent_id_hash")

RESULTS = """
create schema if not exists quality;
create table if not exists quality.results (
    run_id varchar, gate varchar, schema_name varchar, table_name varchar, column_name varchar,
    expectation_type varchar, severity varchar, success boolean, unexpected_count bigint,
    element_count bigint, observed_value varchar, why varchar, checked_at timestamp);
"""


@dataclasses.dataclass(frozen=True)
class Subject:
    """A table that a suite judges: where its rows are, and why it may not be judged."""

    suite: Suite
    relation: str
    columns: tuple[str, ...]
    rows: int
    superseded: int = 0
    is_configured: bool = True

    @property
    def view(self) -> str:
        """The temporary view Great Expectations reads; it knows no schema of ours."""
        return self.relation.replace(".", "__")

    @property
    def setup(self) -> tuple[str, ...]:
        """SQL that makes the view: what staging would read of the table.

        The versions that are out of date are few, so they are found once and left out: numbering
        every row again for every check took four fifths of a gate over millions of rows.
        """
        if self.superseded:
            return (
                f"create temporary table {self.view}__old as select id from (select rowid as id, "
                "row_number() over (partition by _row_key order by _loaded_at desc, "
                f"_dlt_load_id desc, _file_row desc) as version from {self.relation} "
                f"where _row_key in (select _row_key from {self.relation} group by _row_key "
                "having count(*) > 1)) where version > 1",
                f"create temporary view {self.view} as select told.* from {self.relation} as told "
                f"anti join {self.view}__old as old on told.rowid = old.id",
            )
        current = " where _valid_to is null" if "_valid_to" in self.columns else ""
        return (f"create temporary view {self.view} as select * from {self.relation}{current}",)

    @property
    def holds_employees(self) -> bool:
        return self.suite.schema == "people" or any(k in self.columns for k in EMPLOYEE_KEYS)


@dataclasses.dataclass(frozen=True)
class Result:
    """What became of one check. `success` None: not evaluated, and `observed` says why."""

    subject: Subject
    check: Check
    success: bool | None
    unexpected_count: int | None = None
    element_count: int | None = None
    observed: str | None = None
    sentence: str = ""
    error: str | None = None

    @property
    def stops(self) -> bool:
        """A check that cannot be evaluated has not passed, however mild it is."""
        return self.error is not None or (
            self.success is False and self.check.entry.severity == "critical"
        )

    @property
    def warns(self) -> bool:
        return not self.stops and self.success is False and self.check.entry.severity == "warning"


def gate(run: Run, which: typing.Literal["raw", "marts"]) -> Outcome:
    """Judge the raw schemas, or marts, people and metrics.

    Writes one row per check into `quality.results` (keeping the last 50 runs) and the Data Docs
    into `<data>/build/data_docs/<which>/index.html`. Failed when a critical expectation failed,
    a check could not be evaluated, or nothing was evaluated; degraded when a warning fired.
    Raises ConfigError for a suite whose table, column, expectation or argument does not exist.
    """
    from expectations.pages import write_page

    subjects = survey(run.paths.warehouse, files.read_suites(which), run.as_of)
    results = evaluate(run.paths.warehouse, subjects, run.as_of)
    checked_at = dt.datetime.now(dt.UTC).replace(tzinfo=None, microsecond=0)
    record(run.paths.warehouse, run.run_id, which, results, checked_at)
    write_page(run.paths.docs / which, run, which, results, checked_at)
    return outcome(which, results)


def survey(database: Path, suites: Sequence[Suite], as_of: dt.date) -> tuple[Subject, ...]:
    """Find every suite's table: its columns, its rows, and whether its source is configured.

    Raises ConfigError for a table or column that does not exist and for SQL that does not bind.
    """
    from expectations import dialect

    if not database.is_file():
        raise ConfigError(f"{database}: there is no warehouse yet; run `make ingest` first.")
    with contextlib.closing(dialect.connect(database)) as con:
        columns: dict[str, list[str]] = {}
        for schema, table, column in con.execute(
            "select table_schema, table_name, column_name from information_schema.columns "
            "order by table_schema, table_name, ordinal_position"
        ).fetchall():
            columns.setdefault(f"{schema}.{table}", []).append(column)
        absent = set()
        if "ingest.sources" in columns:
            absent = {
                f"raw_{source}.{table}"
                for source, table in con.execute(
                    "select source, table_name from ingest.sources where not is_configured"
                ).fetchall()
            }
        subjects = []
        for suite in suites:
            if suite.name not in columns:
                raise ConfigError(_no_table(suite, list(columns)))
            files.check_against(suite, dict.fromkeys(columns[suite.name]))
            key = "_row_key" if "_row_key" in columns[suite.name] else None
            told, kept = con.execute(
                f"select count(*), {f'count(distinct {key})' if key else 'count(*)'} "
                f"from {suite.name}"
            ).fetchall()[0]
            subject = Subject(
                suite,
                suite.name,
                tuple(columns[suite.name]),
                kept,
                told - kept,
                suite.name not in absent,
            )
            _bind(con, subject, as_of)
            subjects.append(subject)
    return tuple(subjects)


def _no_table(suite: Suite, known: list[str]) -> str:
    near = difflib.get_close_matches(suite.name, known, n=1, cutoff=0.6)
    hint = f"did you mean '{near[0]}'?" if near else "the step that writes it has not run."
    return f"{suite.file}: the warehouse has no table {suite.name}; {hint}"


def _bind(con: typing.Any, subject: Subject, as_of: dt.date) -> None:
    """Have DuckDB plan every query, so that a wrong name is told with its line."""
    import duckdb

    con.execute(f"create temporary view {subject.view} as select * from {subject.relation}")
    for check in subject.suite.checks:
        if check.query is None:
            continue
        if "{batch}" not in check.query:
            raise ConfigError(
                f"{check.where}: the query does not read {{batch}}, so it says nothing of "
                f"{subject.suite.name}; select from {{batch}}."
            )
        query = files.sql_with_days(check.query, as_of).replace("{batch}", subject.view)
        try:
            con.execute("explain " + query.replace("{{", "{").replace("}}", "}"))
        except duckdb.Error as error:
            said = " ".join(str(error).split("\n\nLINE")[0].split())
            raise ConfigError(f"{check.where}: DuckDB refuses the query: {said}") from None


def evaluate(database: Path, subjects: Sequence[Subject], as_of: dt.date) -> list[Result]:
    """Judge every subject: one batch a table, one connection, which is closed at the end.

    A table that is empty because nothing is configured is not judged at all; of another empty
    table only the checks of the whole table are, for there is no value to judge a column by.
    """
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    # dbt may have given the root logger a voice; one module sets its own level on import.
    logging.getLogger("great_expectations").setLevel(logging.WARNING)
    import great_expectations as gx
    from great_expectations.expectations.registry import (
        list_registered_expectation_implementations as known,
    )

    from expectations import dialect

    logging.getLogger("great_expectations.data_context.types.base").setLevel(logging.WARNING)
    names = known()
    for subject in subjects:
        for check in subject.suite.checks:
            files.refuse_unknown_type(check, names)
    chosen = {id(subject): _to_judge(subject) for subject in subjects}
    results: list[Result] = []
    with dialect.running_first([sql for s in subjects if chosen[id(s)] for sql in s.setup]):
        context = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = {"globally": False, "metric_calculations": False}
        source = context.data_sources.add_sql(
            "warehouse",
            connection_string=dialect.connection_string(database),
            create_temp_table=False,
            # All at once: GX writes its whole configuration down for every table added later.
            assets=[
                {
                    "name": subject.view,
                    "type": "table",
                    "table_name": subject.view,
                    "batch_definitions": [{"name": "all"}],
                }
                for subject in subjects
                if chosen[id(subject)]
            ],
        )
        try:
            for subject in subjects:
                judged = chosen[id(subject)]
                results += [
                    Result(subject, check, None, observed=_why_not(subject))
                    for check in subject.suite.checks
                    if check not in judged
                ]
                if judged:
                    results += _judge(source, subject, judged, as_of)
        finally:
            # One engine tests the connection, another runs the queries; both hold the file.
            source.get_engine().dispose()
            source.get_execution_engine().engine.dispose()
    return results


def _to_judge(subject: Subject) -> tuple[Check, ...]:
    if subject.rows:
        return subject.suite.checks
    if not subject.is_configured:
        return ()
    return tuple(check for check in subject.suite.checks if not check.columns)


def _why_not(subject: Subject) -> str:
    return "the table is empty" if subject.is_configured else "the source is not configured"


def _judge(
    source: typing.Any, subject: Subject, checks: Sequence[Check], as_of: dt.date
) -> list[Result]:
    import great_expectations as gx

    batch = source.get_asset(subject.view).get_batch_definition("all").get_batch()
    suite = gx.ExpectationSuite(
        name=subject.view,
        expectations=[_expectation(check, number, as_of) for number, check in enumerate(checks)],
    )
    validated = batch.validate(
        suite,
        # No examples are fetched: the pages are published, and a row may be a person.
        result_format={"result_format": "SUMMARY", "partial_unexpected_count": 0},
        expectation_parameters=files.parameters(checks, as_of),
    )
    ordered = sorted(validated.results, key=lambda r: r.expectation_config.meta["number"])
    return [_result(subject, check, r) for check, r in zip(checks, ordered, strict=True)]


def _expectation(check: Check, number: int, as_of: dt.date) -> typing.Any:
    """The expectation as Great Expectations has it. Raises ConfigError for its arguments."""
    from great_expectations.expectations.expectation_configuration import (
        ExpectationConfiguration,
    )
    from pydantic.v1 import ValidationError

    kwargs = dict(check.entry.kwargs)
    if check.query is not None:
        kwargs["unexpected_rows_query"] = files.sql_with_days(check.query, as_of)
    try:
        return ExpectationConfiguration(
            type=check.entry.type,
            kwargs=kwargs,
            severity=check.entry.severity,
            meta={"number": number, "why": check.entry.meta.why},
        ).to_domain_obj()
    except ValidationError as errors:
        said = "; ".join(
            f"'{'.'.join(str(p) for p in e['loc'])}': {e['msg']}" for e in errors.errors()
        )
        raise ConfigError(f"{check.where}: {check.entry.type}: {said}") from None


def _result(subject: Subject, check: Check, validated: typing.Any) -> Result:
    from expectations.pages import sentence

    error = _error(validated.exception_info)
    said = validated.result or {}
    observed = said.get("observed_value")
    unexpected = said.get("unexpected_count")
    if check.query is not None:
        unexpected, observed = observed, None
    if observed is None and said.get("unexpected_percent") is not None:
        observed = f"{said['unexpected_percent']:.4g} % of rows"
    elements = said.get("element_count", subject.rows)
    success = None if error else bool(validated.success)
    if observed is None and "observed_value" in said and check.query is None:
        observed = "no value"
    if subject.holds_employees:
        # What is recorded is published: no value of a person, no count below five.
        observed = None
        unexpected = None if unexpected and unexpected < FEWEST_PEOPLE else unexpected
        elements = None if elements and elements < FEWEST_PEOPLE else elements
    return Result(
        subject,
        check,
        success,
        None if unexpected is None else int(unexpected),
        None if elements is None else int(elements),
        None if observed is None else _text(observed),
        sentence(validated, check),
        error,
    )


def _error(information: typing.Any) -> str | None:
    """The first exception of a result; GX nests one per metric."""
    if not isinstance(information, dict):
        return None
    if "raised_exception" in information:
        if not information["raised_exception"]:
            return None
        return str(information.get("exception_message") or "raised an exception").split("\n")[0]
    found = [_error(nested) for nested in information.values()]
    return next((text for text in found if text), None)


def _text(value: typing.Any) -> str:
    if isinstance(value, float):
        return f"{float(value):.6g}"
    return str(value)


def record(
    database: Path, run_id: str, which: str, results: Sequence[Result], checked_at: dt.datetime
) -> None:
    """Write a run's results, once each; after every reader of this process has closed."""
    import duckdb

    rows = [
        [
            run_id, which, r.subject.suite.schema, r.subject.suite.table,
            ", ".join(r.check.columns) or None, r.check.entry.type, r.check.entry.severity,
            False if r.error else r.success, r.unexpected_count, r.element_count,
            f"could not be evaluated: {r.error}" if r.error
            else f"not evaluated: {r.observed}" if r.success is None else r.observed,
            r.check.entry.meta.why, checked_at,
        ]
        for r in results
    ]  # fmt: skip
    with contextlib.closing(duckdb.connect(str(database))) as con:
        con.execute(RESULTS)
        con.execute("begin")
        con.execute("delete from quality.results where run_id = ? and gate = ?", [run_id, which])
        if rows:
            con.executemany(f"insert into quality.results values ({', '.join('?' * 13)})", rows)
        con.execute(
            "delete from quality.results where run_id not in (select run_id from quality.results "
            "group by run_id order by max(checked_at) desc, run_id desc limit ?)",
            [KEEP_RUNS],
        )
        con.execute("commit")


def outcome(which: str, results: Sequence[Result]) -> Outcome:
    """The gate's word: failed, degraded or passed, with a line for everything that fired."""
    evaluated = [r for r in results if r.success is not None and r.subject.rows]
    stopped = [r for r in results if r.stops]
    warned = [r for r in results if r.warns]
    tables = {r.subject.suite.name for r in evaluated}
    skipped: dict[str, list[str]] = {}
    for r in results:
        if r.success is None and not r.error:
            names = skipped.setdefault(str(r.observed), [])
            if r.subject.suite.name not in names:
                names.append(r.subject.suite.name)
    lines = [_line(r) for r in (*stopped, *warned)]
    if not evaluated and not stopped:
        lines.append(
            f"gate {which} evaluated nothing: no table it judges has a row. Connect a source, or "
            "drop files into a feed's folder, and run `make ingest`."
        )
    lines.append(
        f"{len(evaluated)} expectations on {len(tables)} tables: "
        f"{sum(r.success for r in evaluated)} met, {len(stopped)} stop the build, "
        f"{len(warned)} warn"
    )
    lines += [
        f"not evaluated because {why}: {_names(names, results)}"
        for why, names in sorted(skipped.items())
    ]
    if stopped or not evaluated:
        return Outcome("failed", tuple(lines), len(evaluated))
    return Outcome("degraded" if warned else "passed", tuple(lines), len(evaluated))


def _names(skipped: list[str], results: Sequence[Result]) -> str:
    """Tables, or a schema's name where all of its tables were skipped."""
    judged = {r.subject.suite.name for r in results}
    said: list[str] = []
    for schema in dict.fromkeys(name.split(".")[0] for name in skipped):
        mine = [name for name in skipped if name.startswith(f"{schema}.")]
        whole = len(mine) == sum(name.startswith(f"{schema}.") for name in judged)
        said += [f"{schema} (all {len(mine)})"] if whole and len(mine) > 1 else mine
    return ", ".join(said)


def _line(r: Result) -> str:
    name = ".".join(
        [r.subject.suite.name, *(["+".join(r.check.columns)] if r.check.columns else [])]
    )
    if r.error:
        found = f"could not be evaluated: {r.error}"
    elif r.unexpected_count is not None and r.check.query is not None:
        found = f"{r.unexpected_count} rows found by its query, {r.element_count} in the table"
    elif r.unexpected_count is not None:
        found = f"{r.unexpected_count} unexpected of {r.element_count} rows"
    elif r.observed is not None:
        found = f"observed {r.observed}"
    else:
        found = f"fewer than {FEWEST_PEOPLE} rows, or a value that describes people"
    return (
        f"{r.check.entry.severity}: {name}: {r.check.entry.type}: {found}. "
        f"{r.check.entry.meta.why} ({r.check.file.parent.name}/{r.check.file.name}:{r.check.line})"
    )
