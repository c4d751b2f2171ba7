"""The step `measure`: definitions checked; values, trust, goals, drivers, signals, trees written.

All of schema `metrics` is rewritten in one transaction: a build that is killed leaves the numbers
of the one before.
"""

from __future__ import annotations

import time
import typing

from metrics import catalogue as definitions
from metrics import computed, laws, queries, trust, values
from metrics.catalogue import Catalogue
from settings import ConfigError, Outcome, Run

if typing.TYPE_CHECKING:
    import duckdb

DIM_METRICS = """
create or replace table metrics.dim_metrics (
    metric_id varchar, label varchar, description varchar, unit varchar, better varchar,
    additivity varchar, amec varchar, objective varchar, domain varchar, owner_role varchar,
    owner_name varchar, owner_status varchar, definition_source varchar, caveat varchar,
    formula varchar);
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
    computed.check(catalogue, computed.load())
    asked = queries.compiled(catalogue, found, queries.sql_cache(run))
    compiled = time.monotonic() - began
    if not run.paths.warehouse.exists():
        raise ConfigError(f"{run.paths.warehouse}: no such file; run `make transform` first.")
    run.say(f"{len(catalogue.metrics)} metrics in {len(asked)} queries")
    with duckdb.connect(str(run.paths.warehouse)) as connection:
        connection.begin()
        values.write(run, connection, catalogue, asked)
        write_metrics(connection, catalogue)
        broken = laws.broken(connection, catalogue)
        if broken:
            return Outcome("failed", tuple(broken))
        counts = trust.write(run, connection, catalogue, found, asked)
        notes = goals.evaluate(run, connection)
        goal_metrics.write(run, connection)
        drivers.decompose(run, connection)
        notes += signals.write(run, connection)
        responses.write(run, connection)
        notes += trees.write(run, connection)
        computed.judge(connection)
        [(rows,)] = connection.execute("select count(*) from metrics.metric_values").fetchall()
        connection.commit()
    trusted = ", ".join(f"{count} {name}" for name, count in counts.items() if count)
    total = time.monotonic() - began
    line = f"{len(catalogue.metrics)} metrics ({trusted}), {rows:,} values"
    took = f"{len(asked)} queries: {compiled:.1f} s to compile, {total - compiled:.1f} s to run"
    return Outcome("passed", (line, took, *notes), rows=rows)


def write_metrics(connection: duckdb.DuckDBPyConnection, catalogue: Catalogue) -> None:
    """dim_metrics: one row a reported metric, its owner's role resolved in marts.dim_owners."""
    connection.execute(DIM_METRICS)
    rows = computed.describe(computed.load())
    for name, metric in catalogue.metrics.items():
        meta = metric.meta
        rows.append(
            (name, metric.spec.label, metric.spec.description, meta.unit, meta.better,
             meta.additivity, meta.amec, meta.objective, meta.domain, meta.owner, meta.source,
             meta.caveat, catalogue.formula(name))
        )  # fmt: skip
    marks = "?, " * 10 + "null, null, ?, ?, ?"
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
