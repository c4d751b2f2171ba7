"""What all of MetricFlow answers when it is asked for a metric itself, as `mf query` asks it."""

from metrics import queries

TABLES = {True: "metric_fiscal_values", False: "metric_values"}


def differences(connection, catalogue, whole, query):
    """[(metric, rows)] where a table of values and MetricFlow's engine over all models differ."""
    bounds = {
        part: (name, role)
        for name in query.wanted
        for role, part in catalogue.metrics[name].parts.items()
        if role in ("low", "high")
    }
    rows = catalogue.grain_of(query.wanted[0])
    columns = (*query.wanted, *bounds)
    request = queries.Request(query.grain, rows, query.slice, query.wanted, columns)
    by = f"coalesce(cast({query.slice} as varchar), '(unknown)')" if query.slice else "'all'"
    connection.execute(f"create or replace temp table answer as {queries._explain(whole, request)}")
    differ = []
    for column in columns:
        name, told = bounds.get(column, (column, "value"))
        parts = catalogue.metrics[name].parts
        both = [column] if told == "value" else [parts["low"], parts["high"]]
        known = " is not null and ".join([*both, f"metric_time__{query.grain}"])
        answers = (
            f"select metric_time__{query.grain}::date, {by}, round({column}::double, 6) "
            f"from answer where {known} is not null"
        )
        kept = (
            f"select period_start, slice_value, round({told}, 6) "
            f"from metrics.{TABLES[query.period in queries.FISCAL]} "
            f"where metric_id = '{name}' and grain = '{query.period}' and {told} is not null "
            f"and slice_name = '{query.slice_name}'"
        )
        rows = connection.execute(
            f"({answers} except {kept}) union all ({kept} except {answers})"
        ).fetchall()
        if rows:
            differ.append((column, rows[:3]))
    return differ


def asked_for(catalogue, periods):
    """{(metric, period, slice name)} that the definitions declare; a fiscal period is declared by
    its calendar name."""
    return {
        (name, period, slice_)
        for name, metric in catalogue.metrics.items()
        for period in periods
        if period.removeprefix("fiscal_") in metric.meta.grains
        for slice_ in (
            *(["all"] if metric.meta.total else []),
            *(slice_.rsplit("__", 1)[-1] for slice_ in metric.meta.slices),
        )
    }
