"""The step `measure`: definitions checked; values, trust, goals, drivers, signals, trees written.

All of schema `metrics` is rewritten in one transaction: a build that is killed leaves the numbers
of the one before.
"""

from __future__ import annotations

import re
import time
import typing

from metrics import catalogue as definitions
from metrics import (
    computed,
    evidence,
    experiments,
    laws,
    mix_runs,
    queries,
    to_date,
    trust,
    values,
)
from metrics.catalogue import Catalogue
from settings import ConfigError, Outcome, Run

if typing.TYPE_CHECKING:
    import duckdb

DIM_METRICS = """
create or replace table metrics.dim_metrics (
    metric_id varchar, label varchar, description varchar, unit varchar, better varchar,
    additivity varchar, amec varchar, objective varchar, domain varchar, owner_role varchar,
    owner_name varchar, owner_status varchar, definition_source varchar, caveat varchar,
    formula varchar, interval_level double);
"""
METRIC_BREAKS = """
create or replace table metrics.metric_breaks (
    metric_id varchar, network varchar, measure varchar, changed_on date, definition varchar);
"""


def measure(run: Run) -> Outcome:
    """Write schema `metrics` for `run.as_of` from the marts.

    Raises ConfigError for a definition or goal that is wrong, naming file, entry and remedy."""
    import duckdb

    from metrics import drivers, goal_metrics, goals, responses, signals, trees

    began = time.monotonic()
    catalogue = definitions.load()
    found = queries.manifests(run, catalogue)
    queries.check(catalogue, found)
    derived = computed.load()
    computed.check(catalogue, derived, found.graph["nodes"])
    cache = queries.sql_cache(run)
    asked = queries.compiled(catalogue, found, cache)
    stretches = queries.stretches(catalogue, found, cache)
    fiscal = []
    if run.settings.organization.has_own_year:
        fiscal = queries.compiled_fiscal(catalogue, found, queries.fiscal_cache(run))
    compiled = time.monotonic() - began
    if not run.paths.warehouse.exists():
        raise ConfigError(f"{run.paths.warehouse}: no such file; run `make transform` first.")
    run.say(f"{len(catalogue.metrics)} metrics in {len(asked) + len(fiscal)} queries")
    with duckdb.connect(str(run.paths.warehouse)) as connection:
        connection.begin()
        values.write(run, connection, catalogue, asked)
        to_date.write(run, connection, catalogue, stretches, queries.private(catalogue, found))
        untold = values.write_fiscal(run, connection, catalogue, fiscal)
        notes = list(experiments.evaluate(run, connection) + mix_runs.write(run, connection))
        notes += evidence.write(run, connection)
        computed.select(run, connection, derived)
        write_metrics(connection, catalogue)
        write_breaks(connection, catalogue)
        broken = laws.broken(connection, catalogue)
        if broken:
            return Outcome("failed", tuple(broken))
        counts = trust.write(run, connection, catalogue, found, asked)
        notes += goals.evaluate(run, connection)
        goal_metrics.write(run, connection)
        notes += drivers.decompose(run, connection) or []
        notes += signals.write(run, connection)
        responses.write(run, connection)
        notes += trees.write(run, connection)
        computed.judge(connection)
        [(rows, own)] = connection.execute(
            "select (select count(*) from metrics.metric_values), "
            "(select count(*) from metrics.metric_fiscal_values)"
        ).fetchall()
        connection.commit()
    trusted = ", ".join(f"{count} {name}" for name, count in counts.items() if count)
    total = time.monotonic() - began
    number = len(catalogue.metrics) + len(derived)
    line = f"{number} metrics ({trusted}), {rows:,} values"
    if fiscal:
        line += f" and {own:,} of fiscal periods"
    count = len(asked) + len(fiscal)
    took = f"{count} queries: {compiled:.1f} s to compile, {total - compiled:.1f} s to run"
    return Outcome("passed", (line, took, *untold, *notes), rows=rows)


def write_metrics(connection: duckdb.DuckDBPyConnection, catalogue: Catalogue) -> None:
    """dim_metrics: one row a reported or computed metric, its owner's role resolved in
    marts.dim_owners. `interval_level`: how sure low and high are, 0..1 (null: no such interval)."""
    connection.execute(DIM_METRICS)
    rows = computed.describe(computed.load())
    for name, metric in catalogue.metrics.items():
        meta = metric.meta
        rows.append(
            (name, metric.spec.label, metric.spec.description, meta.unit, meta.better,
             meta.additivity, meta.amec, meta.objective, meta.domain, meta.owner, meta.source,
             meta.caveat, catalogue.formula(name), meta.interval_level)
        )  # fmt: skip
    marks = "?, " * 10 + "null, null, ?, ?, ?, ?"
    connection.executemany(f"insert into metrics.dim_metrics values ({marks})", rows)
    connection.execute(
        """
        update metrics.dim_metrics set owner_status = 'vacant';
        update metrics.dim_metrics
        set owner_name = found.display_name, owner_status = found.owner_status
        from (
            select role, min(display_name) as display_name, min(owner_status) as owner_status
            from marts.dim_owners where is_current group by role
        ) as found
        where found.role = dim_metrics.owner_role
        """
    )


def write_breaks(connection: duckdb.DuckDBPyConnection, catalogue: Catalogue) -> None:
    """metric_breaks: one row a metric, network and measure that the network began to count
    otherwise, or no longer, on `changed_on`. The measures of a metric are the columns that its
    semantic models read; only networks on which there is an account are listed."""
    connection.execute(METRIC_BREAKS)
    reported = connection.execute(
        "select table_name from duckdb_columns() where schema_name = 'marts' "
        "and column_name = 'network'"
    ).fetchall()
    of_networks = {table for (table,) in reported}
    rows = {
        (name, column)
        for name in catalogue.metrics
        for model, measure in catalogue.measures_of(name)
        if model.table in of_networks
        for column in re.findall(r"[a-z_]\w*", measure.expr or measure.name)
    }
    connection.execute("create or replace temp table counted (metric_id varchar, metric varchar)")
    connection.executemany("insert into counted values (?, ?)", sorted(rows))
    connection.execute(
        """
        insert into metrics.metric_breaks
        select counted.metric_id, told.network, told.metric, told.available_from, told.definition
        from counted
        join marts.metric_availability as told on counted.metric = told.metric
        where told.is_break and told.network in (select network from marts.dim_accounts)
        order by 1, 4, 2, 3;
        drop table counted
        """
    )
