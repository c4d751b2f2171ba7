"""What a reader needs to know of a number before believing it, carried along the lineage.

From every metric back through its marts and staging to the raw tables it comes from (dbt's own
graph): a source that is late, a check that failed, an amount without an exchange rate. The worst
wins, and the reason names table and day. Sources that nobody configured do not count.
"""

from __future__ import annotations

import datetime as dt
import re
import typing
from collections.abc import Iterable

from metrics import computed, goal_metrics
from metrics.catalogue import Catalogue, load
from metrics.queries import (
    ORIGIN,
    Manifests,
    Query,
    columns_of,
    compiled,
    manifests,
    sql_cache,
)
from settings import ConfigError, Run

if typing.TYPE_CHECKING:
    import duckdb

RANK = ("fresh", "degraded", "stale", "failed")  # late data hides more than doubtful data does
SHOWN = 4  # reasons in a sentence; the rest is counted

TABLE = """
create or replace table metrics.metric_trust (
    metric_id varchar, trust varchar, reason varchar, sources varchar, last_event_date date);
"""

# A late source leaves the days before its last row as they were. What a model told as unknown is
# not believed, however fresh its data.
# In two steps: DuckDB 2.0.0 fails on a join of joined rows (its issue 24807).
APPLY = """
create or replace temp table found as
select each.metric_id, each.grain, each.period_start, trust.trust, trust.reason,
    trust.trust = 'stale'
        and coalesce(each.next_day <= trust.last_event_date + interval 1 day, false) as is_before
from (
    select distinct metric_id, grain, period_start, {over} as next_day from metrics.{table}
) as each
join metrics.metric_trust as trust using (metric_id);
update metrics.{table} as told
set trust = case
        when coalesce(starts_with(told.trust_reason, 'unknown: '), false) then 'failed'
        when coalesce(starts_with(told.trust_reason, 'Partial:'), false)
            and (is_before or found.trust = 'fresh') then 'degraded'
        when is_before then 'fresh' else found.trust end,
    trust_reason = concat_ws(' ', case when starts_with(told.trust_reason, 'Withheld')
            or starts_with(told.trust_reason, 'unknown: ')
            or starts_with(told.trust_reason, 'Partial:') then
        split_part(told.trust_reason, '.', 1) || '.' end,
        case when not is_before then nullif(found.reason, '') end)
from found
where told.metric_id = found.metric_id and told.grain = found.grain
    and told.period_start = found.period_start;
update metrics.{table} set trust_reason = null where trust_reason = '';
drop table found;
"""
# Table -> the day after its period.
OVER = {
    "metric_values": """period_start + case grain when 'day' then interval 1 day
        when 'week' then interval 7 day when 'month' then interval 1 month
        when 'quarter' then interval 3 month else interval 1 year end""",
    "metric_fiscal_values": "period_end + interval 1 day",
}
DOUBTS = """
update metrics.metric_trust as told
set trust = case told.trust when 'fresh' then 'degraded' else told.trust end,
    reason = concat_ws(' ', nullif(told.reason, ''), doubts.said || '.')
from (
    select metric_id, string_agg(doubt || ' (' || slices || ')', '; ' order by doubt) as said
    from (
        select metric_id, split_part(trust_reason, '.', 1) as doubt,
            string_agg(distinct slice_value, ', ' order by slice_value) as slices
        from metrics.metric_values
        where starts_with(trust_reason, 'unknown: ')
        group by all
    )
    group by metric_id
) as doubts
where told.metric_id = doubts.metric_id;
"""


# A metric is no fresher than the newest of its numbers whose period is over.
NEWEST = """
create or replace temp table newest as
select metric_id, trust, trust_reason, row_number() over (
    partition by metric_id order by slice_name <> 'all', case grain when 'day' then 1 when 'week'
        then 2 when 'month' then 3 when 'quarter' then 4 else 5 end, period_start desc,
        slice_name, slice_value) as place
from metrics.metric_values
where value is not null and (is_complete or covered_share < 1);
update metrics.metric_trust set trust = 'degraded', reason = newest.trust_reason
from newest where newest.metric_id = metric_trust.metric_id and newest.place = 1
    and metric_trust.trust = 'fresh' and starts_with(newest.trust_reason, 'Partial:');
drop table newest;
"""


class Source(typing.NamedTuple):
    """A raw table as ingestion left it (`ingest.sources`)."""

    is_configured: bool
    freshness_days: int | None
    last_event: dt.date | None
    last_loaded: dt.datetime | None
    status: str
    reason: str | None


class Finding(typing.NamedTuple):
    """One thing that is wrong with one table."""

    trust: str
    reason: str


def write(
    run: Run,
    connection: duckdb.DuckDBPyConnection,
    catalogue: Catalogue,
    found: Manifests,
    asked: list[Query],
) -> dict[str, int]:
    """Rewrite metric_trust (one row a metric, less those that `computed.judge` adds from their
    rows) and the trust of metric_values and metric_fiscal_values; gives the number of metrics by
    trust. `last_event_date` is the last day that all sources with a freshness have rows for; of a
    stale metric, the last day of its latest late source."""
    sources = _sources(connection)
    findings = _checks(connection, run)
    unconverted = _unconverted(connection, catalogue, found)
    elsewhere = _of_others(run, connection, catalogue, found, asked)
    known = {
        name for (name,) in connection.execute(
            "select distinct metric_id from metrics.metric_values"
        ).fetchall()
    }  # fmt: skip
    rows = []
    for name in catalogue.metrics:
        money = [
            Finding("degraded", unconverted[amount])
            for amount in _money(name, catalogue)
            if amount in unconverted
        ]
        tables = lineage(name, found) - elsewhere.get(name, set())
        rows.append((name, *judged(name in known, tables, sources, findings, money)))
    for name, one in computed.load().items():
        if one.spec.upstream:
            tables = lineage_of_marts(one.spec.upstream, found)
            rows.append((name, *judged(name in known, tables, sources, findings, [])))
    connection.execute(TABLE)
    connection.executemany("insert into metrics.metric_trust values (?, ?, ?, ?, ?)", rows)
    for table, over in OVER.items():
        if _exists(connection, "metrics", table):
            connection.execute(APPLY.format(table=table, over=over))
    connection.execute(DOUBTS)
    connection.execute(NEWEST)
    counts = dict(
        connection.execute("select trust, count(*) from metrics.metric_trust group by 1").fetchall()
    )
    return {trust: counts.get(trust, 0) for trust in RANK}


def refresh(run: Run) -> None:
    """Trust anew after the marts' gate has spoken, for metrics, values and goals, in one
    transaction. Raises ConfigError when nothing was measured yet."""
    import duckdb

    catalogue = load()
    found = manifests(run, catalogue)
    asked = compiled(catalogue, found, sql_cache(run))
    with duckdb.connect(str(run.paths.warehouse)) as connection:
        _needs(connection, "metrics", "metric_values", "make measure")
        connection.begin()
        write(run, connection, catalogue, found, asked)
        if _exists(connection, "metrics", "goal_status"):
            connection.execute(
                "update metrics.goal_status set trust = t.trust, trust_reason = t.reason "
                "from metrics.metric_trust t where goal_status.metric_id = t.metric_id"
            )
            goal_metrics.write(run, connection)
        computed.judge(connection)
        connection.commit()


def judged(
    has_values: bool,
    tables: set[tuple[str, str]],
    sources: dict[tuple[str, str], Source],
    findings: dict[tuple[str, str], list[Finding]],
    own: list[Finding],
) -> tuple[str, str, str, dt.date | None]:
    """(trust, reason, sources, last_event_date) of a metric that comes from `tables`; `own` is
    what was found about the metric alone."""
    mine = {key: sources[key] for key in sorted(tables) if key in sources}
    used = {key: source for key, source in mine.items() if source.is_configured}
    names = ", ".join(f"{schema.removeprefix('raw_')}.{table}" for schema, table in used)
    # What ingestion knows of itself has no raw table and is never late.
    if not mine and any(schema == "ingest" for schema, _ in tables):
        names = "ingest"
    dated = [s.last_event for s in used.values() if s.freshness_days and s.last_event]
    last = min(dated, default=None)
    if not used and names != "ingest":
        wanted = ", ".join(f"{s.removeprefix('raw_')}.{t}" for s, t in mine) or "none declared"
        return "failed", f"no source configured ({wanted}).", "", None
    said = [f for key in sorted(tables) for f in findings.get(key, [])] + own
    late = []
    for (schema, table), source in used.items():
        if source.status in ("stale", "failed"):
            never = source.status == "failed" and source.last_loaded is None
            said.append(
                Finding(
                    "failed" if never else "stale",
                    f"{schema.removeprefix('raw_')}.{table}: {_lateness(source)}",
                )
            )
            late.append(source.last_event)
    if not has_values:
        said.append(Finding("failed", f"no value: {names} has no rows for it"))
    if not said:
        return "fresh", "", names, last
    said.sort(key=lambda finding: -RANK.index(finding.trust))
    reasons = list(dict.fromkeys(finding.reason.rstrip(". ") for finding in said))
    more = f"; and {len(reasons) - SHOWN} more" if len(reasons) > SHOWN else ""
    if said[0].trust == "stale":
        last = None if None in late else min(late)
    return said[0].trust, "; ".join(reasons[:SHOWN]) + more + ".", names, last


def _lateness(source: Source) -> str:
    if source.reason:
        return source.reason
    since = f"last row of {source.last_event}" if source.last_event else "no dated row"
    if source.status == "failed":
        return f"could not be loaded, {since}"
    return f"{since}, expected every {source.freshness_days} days"


def lineage(name: str, found: Manifests) -> set[tuple[str, str]]:
    """Every table (schema, name) that a metric comes from: marts, seeds, staging and raw.

    A model with `meta: {lineage: stops}` only collects names or first days from everywhere; that
    one of its sources is late changes no number behind it."""
    return _from(
        [uid for uid in found.graph["parent_map"] if uid.split(".")[0::2] == ["metric", name]],
        found,
    )


def lineage_of_marts(marts: Iterable[str], found: Manifests) -> set[tuple[str, str]]:
    """The same of marts, themselves among them."""
    return _from([f"model.plumbline.{mart}" for mart in marts], found)


def _from(waiting: list[str], found: Manifests) -> set[tuple[str, str]]:
    """Tables that these nodes of dbt's graph come from, and their own."""
    graph = found.graph
    seen: set[str] = set()
    while waiting:
        uid = waiting.pop()
        if uid not in seen:
            seen.add(uid)
            config = graph["nodes"].get(uid, {}).get("config", {})
            if config.get("meta", {}).get("lineage") != "stops":
                waiting += graph["parent_map"].get(uid, [])
    tables = set()
    for uid in seen:
        node = graph["nodes"].get(uid) or graph["sources"].get(uid)
        if node:
            tables.add((node["schema"], node.get("alias") or node["name"]))
    return tables


def _sources(connection: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], Source]:
    _needs(connection, "ingest", "sources", "make ingest")
    rows = connection.execute(
        "select source, table_name, is_configured, freshness_days, last_event_date, "
        "last_loaded_at, status, reason from ingest.sources"
    ).fetchall()
    return {(f"raw_{row[0]}", row[1]): Source(*row[2:]) for row in rows}


def _checks(
    connection: duckdb.DuckDBPyConnection, run: Run
) -> dict[tuple[str, str], list[Finding]]:
    """What the gates found: this run's word, and for the raw gate else the last it gave."""
    if not _exists(connection, "quality", "results"):
        return {}
    rows = connection.execute(
        "select schema_name, table_name, column_name, expectation_type, severity, "
        "unexpected_count, element_count, why, cast(checked_at as date) from quality.results "
        "where not success and severity in ('critical', 'warning') and (run_id = ? or "
        "(gate = 'raw' and run_id = (select max_by(run_id, checked_at) from quality.results "
        "where gate = 'raw'))) order by all",
        [run.run_id],
    ).fetchall()
    findings: dict[tuple[str, str], list[Finding]] = {}
    for schema, table, column, kind, severity, bad, of, why, day in rows:
        what = ".".join(part for part in (schema, table, column) if part)
        count = f"{bad} of {of} rows, " if bad and of else ""
        text = f"{what}: {(why or kind).rstrip('.')} ({count}checked on {day})"
        trust = "failed" if severity == "critical" else "degraded"
        findings.setdefault((schema, table), []).append(Finding(trust, text))
    return findings


def _of_others(
    run: Run,
    connection: duckdb.DuckDBPyConnection,
    catalogue: Catalogue,
    found: Manifests,
    asked: list[Query],
) -> dict[str, set[tuple[str, str]]]:
    """Raw tables that feed a metric's mart but none of the metric's own rows, for marts that say
    where a row comes from: late press clips say nothing of the spend on television."""
    places = _places(found)
    connection.execute(f"set variable as_of = date '{run.as_of.isoformat()}'")
    others: dict[str, set[tuple[str, str]]] = {}
    for query in asked:
        if query.slice_name != ORIGIN:
            continue
        schema, mart = places[catalogue.measures_of(query.wanted[0])[0][0].name]
        known = {
            origin
            for (origin,) in connection.execute(
                f"select distinct {ORIGIN} from {schema}.{mart}"
            ).fetchall()
        }
        mine = ", ".join(
            f"list(distinct {query.slice}) filter (where {columns_of(name, catalogue)[0]} "
            f"is not null) as {name}"
            for name in query.wanted
        )
        [own] = connection.execute(f"select {mine} from ({query.sql})").fetchall()
        for name, origins in zip(query.wanted, own, strict=True):
            if origins:
                others[name] = {
                    (raw, table)
                    for raw, table in lineage(name, found)
                    if raw.startswith("raw_") and table in known - set(origins)
                }
    return others


def _places(found: Manifests) -> dict[str, tuple[str, str]]:
    """Semantic model -> (schema, table)."""
    return {
        model["name"]: (model["node_relation"]["schema_name"], model["node_relation"]["alias"])
        for model in found.semantic["semantic_models"]
    }


def _money(name: str, catalogue: Catalogue) -> list[tuple[str, str]]:
    """(semantic model, column) of the reporting amounts that a metric sums."""
    return sorted(
        {
            (model.name, column)
            for model, measure in catalogue.measures_of(name)
            for column in re.findall(r"\w+_reporting\b", measure.expr or measure.name)
        }
    )


def _unconverted(
    connection: duckdb.DuckDBPyConnection, catalogue: Catalogue, found: Manifests
) -> dict[tuple[str, str], str]:
    """(semantic model, amount) -> what to say of booked amounts that have no reporting value, and
    of which days: a note on a metric stands beside every period of it."""
    places = _places(found)
    days = {
        name: model.defaults and model.defaults.agg_time_dimension
        for name, model in catalogue.models.items()
    }
    columns = set(
        connection.execute(
            "select table_schema, table_name, column_name from information_schema.columns "
            "where table_catalog = current_database()"
        ).fetchall()
    )
    said = {}
    wanted = {amount for name in catalogue.metrics for amount in _money(name, catalogue)}
    for model, column in sorted(wanted):
        booked = column.removesuffix("_reporting")
        place = places[model]
        if not {(*place, booked), (*place, column)} <= columns:
            continue
        day = days[model] if (*place, days[model]) in columns else "null"
        [(missing, first, last)] = connection.execute(
            f"select count(*), min({day})::date, max({day})::date from {place[0]}.{place[1]} "
            f"where {booked} is not null and {column} is null"
        ).fetchall()
        if missing:
            when = f" of {first} to {last}" if first and first < last else f" of {first}"
            said[model, column] = (
                f"{place[0]}.{place[1]}: rows with {booked} but no exchange rate, not in the sum: "
                f"{missing}{when if first else ''}"
            )
    return said


def _exists(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> bool:
    return bool(
        connection.execute(
            "select 1 from information_schema.tables where table_catalog = current_database() "
            "and table_schema = ? and table_name = ?",
            [schema, table],
        ).fetchall()
    )


def _needs(connection: duckdb.DuckDBPyConnection, schema: str, table: str, target: str) -> None:
    if not _exists(connection, schema, table):
        raise ConfigError(f"the warehouse has no {schema}.{table}; run `{target}` first.")
