"""The laws of additivity, held over everything in `metrics.metric_values` and, by fiscal period,
in `metrics.metric_fiscal_values`.

Run by every build before the numbers are kept: a definition that lets a total and its slices
disagree, sums a stock over days or averages averages is found here whatever its YAML says.
Source of the rules: DESIGN law 6; IPR and Conclave on reach; ISO 30414 on people.
"""

from __future__ import annotations

import itertools
import typing

from metrics.catalogue import Catalogue

if typing.TYPE_CHECKING:
    import duckdb

CLOSE = "abs({0} - {1}) <= 1e-6 * greatest(1, abs({0}), abs({1}))"
FINER = {"week": "day", "month": "day", "quarter": "month", "year": "month"}

# Each gives (metric_id, grain, period_start, slice, found, expected) of the rows that break it.
LAWS = {
    "slices add up to the total": f"""
        with parts as (
            select v.metric_id, grain, period_start, slice_name, sum(value) as found
            from metrics.metric_values v join law_metrics m using (metric_id)
            where slice_name <> 'all' and m.total and
                (m.additivity = 'additive' or (m.additivity = 'semi' and m.is_sum))
            group by all
        )
        select p.metric_id, p.grain, p.period_start, p.slice_name, p.found, t.value
        from parts p left join metrics.metric_values t
            on t.metric_id = p.metric_id and t.grain = p.grain
            and t.period_start = p.period_start and t.slice_name = 'all'
        -- What is known may be nought where the whole is not known.
        where not coalesce({CLOSE.format("p.found", "t.value")}, p.found = 0)""",
    "numerators and denominators of slices add up": f"""
        with parts as (
            select v.metric_id, grain, period_start, slice_name,
                sum(numerator) as top, sum(denominator) as bottom
            from metrics.metric_values v join law_metrics m using (metric_id)
            where slice_name <> 'all' and m.total and m.sums_up
            group by all
        )
        select p.metric_id, p.grain, p.period_start, p.slice_name,
            p.top || ' / ' || p.bottom, t.numerator || ' / ' || t.denominator
        from parts p left join metrics.metric_values t
            on t.metric_id = p.metric_id and t.grain = p.grain
            and t.period_start = p.period_start and t.slice_name = 'all'
        where not coalesce({CLOSE.format("p.top", "t.numerator")}
            and {CLOSE.format("p.bottom", "t.denominator")}, false)""",
    "a stock is its last value, never a sum over time": f"""
        with days as (
            select v.metric_id, g.grain, date_trunc(g.grain, v.period_start) as period_start,
                slice_name, slice_value, max_by(value, v.period_start) as found,
                max(v.period_start) as day
            from metrics.metric_values v
            join law_metrics m using (metric_id)
            join law_grains g on v.grain = 'day'
            where m.is_last
            group by all
        ),
        ends as (
            select *, max(day) over (partition by metric_id, grain, period_start) as last_day
            from days
        )
        select e.metric_id, e.grain, e.period_start, e.slice_name || '=' || e.slice_value,
            t.value, e.found
        from ends e join metrics.metric_values t
            on t.metric_id = e.metric_id and t.grain = e.grain
            and t.period_start = e.period_start and t.slice_name = e.slice_name
            and t.slice_value = e.slice_value
        where e.day = e.last_day and not coalesce({CLOSE.format("e.found", "t.value")}, false)""",
    "a ratio is its numerator over its denominator": f"""
        select metric_id, grain, period_start, slice_name, value, numerator / denominator
        from metrics.metric_values
        where value is not null and denominator is not null
            and not coalesce({CLOSE.format("value", "(numerator / nullif(denominator, 0))")},
                false)""",
    "a longer period is the sum of its shorter ones": f"""
        with parts as (
            select v.metric_id, g.grain, date_trunc(g.grain, v.period_start) as period_start,
                slice_name, slice_value, sum(value) as found
            from metrics.metric_values v
            join law_metrics m using (metric_id)
            join law_grains g on g.finer = v.grain
            where m.additivity = 'additive' and not m.is_withheld
            group by all
        )
        select p.metric_id, p.grain, p.period_start, p.slice_name || '=' || p.slice_value,
            t.value, p.found
        from parts p join metrics.metric_values t
            on t.metric_id = p.metric_id and t.grain = p.grain
            and t.period_start = p.period_start and t.slice_name = p.slice_name
            and t.slice_value = p.slice_value
        where not coalesce({CLOSE.format("p.found", "t.value")}, false)""",
    "different people are at least the most of a slice and at most the sum": """
        with parts as (
            select v.metric_id, grain, period_start, slice_name,
                max(value) as most, sum(value) as gross
            from metrics.metric_values v join law_metrics m using (metric_id)
            where slice_name <> 'all' and m.total and m.additivity = 'distinct'
                and slice_value <> '(unknown)'
            group by all
        )
        select p.metric_id, p.grain, p.period_start, p.slice_name, p.most, t.value
        from parts p join metrics.metric_values t
            on t.metric_id = p.metric_id and t.grain = p.grain
            and t.period_start = p.period_start and t.slice_name = 'all'
        where t.value < p.most""",
    "a value lies inside its interval": """
        select metric_id, grain, period_start, slice_name, value, low
        from metrics.metric_values
        where low is not null and not (low <= value + 1e-9 and value <= high + 1e-9)""",
    "a survey says how many answered": """
        select v.metric_id, grain, period_start, slice_name, value, n
        from metrics.metric_values v join law_metrics m using (metric_id)
        where m.additivity in ('survey', 'percentile') and value is not null
            and coalesce(n, 0) <= 0""",
    "a key stands once": """
        select metric_id, grain, period_start, slice_name || '=' || slice_value, count(*), 1
        from metrics.metric_values group by all having count(*) > 1""",
    "no value is not a number": """
        select metric_id, grain, period_start, slice_name, value, 0
        from metrics.metric_values where not isfinite(value) or not isfinite(low)""",
}


def broken(connection: duckdb.DuckDBPyConnection, catalogue: Catalogue) -> list[str]:
    """One sentence for each law that a table of values breaks, with the first place; none: they
    hold."""
    connection.execute(
        "create or replace temp table law_metrics (metric_id varchar, additivity varchar, "
        "total boolean, is_sum boolean, sums_up boolean, is_withheld boolean, is_last boolean)"
    )
    rows = []
    for name, metric in catalogue.metrics.items():
        measures = [measure for _, measure in catalogue.measures_of(name)]
        sums = all(measure.agg in ("sum", "count", "sum_boolean") for measure in measures)
        rows.append(
            (name, metric.meta.additivity, metric.meta.total, metric.spec.type == "simple",
             metric.spec.type == "ratio" and sums, metric.meta.suppressed is not None,
             metric.meta.additivity == "semi" and all(
                 measure.non_additive_dimension
                 and measure.non_additive_dimension.window_choice == "max"
                 and not measure.non_additive_dimension.window_groupings
                 for measure in measures))
        )  # fmt: skip
    if rows:
        connection.executemany("insert into law_metrics values (?, ?, ?, ?, ?, ?, ?)", rows)
    connection.execute("create or replace temp table law_grains (grain varchar, finer varchar)")
    connection.executemany("insert into law_grains values (?, ?)", list(FINER.items()))
    said = []
    tables = connection.execute(
        "select table_name from duckdb_tables() where schema_name = 'metrics' and table_name in "
        "('metric_values', 'metric_fiscal_values') order by 1 desc"
    ).fetchall()
    for (law, sql), (table,) in itertools.product(LAWS.items(), tables):
        sql = sql.replace("metrics.metric_values", f"metrics.{table}")
        found = connection.execute(f"{sql} order by 1, 2, 3, 4").fetchall()
        if found:
            metric, grain, start, slice_, value, expected = found[0]
            file = catalogue.metrics[metric].file.name if metric in catalogue.metrics else "?"
            said.append(
                f"{file}: metric '{metric}' breaks '{law}' in {len(found)} places, first {grain} "
                f"{start} by {slice_}: {value} against {expected}; correct its definition or "
                "its additivity."
            )
    for table in ("law_metrics", "law_grains"):
        connection.execute(f"drop table {table}")
    return said
