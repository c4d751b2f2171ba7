"""Mart tables with made-up rows, for tests of whatever definitions the folder holds.

Columns and types are those of the models' contracts; words are those that the definitions ask
for, so that a new metric on a new model finds rows without an edit here. Rows are drawn from a
hash of their number: the same every time, with nulls, uneven slices and days without rows.
"""

import re

ROWS = 700
FIRST = "2025-08-01"
DAYS = 330

# What the step reads beside the models.
AVAILABILITY = """
create table marts.metric_availability as from (values
    ('facebook', 'impressions', null, 'Times shown', false),
    ('facebook', 'impressions', date '2025-11-15', 'Withdrawn', true),
    ('instagram', 'impressions', date '2025-04-21', 'Withdrawn', true),
    ('facebook', 'followers', date '2025-05-01', 'People', false))
    as t(network, metric, available_from, definition, is_break)
"""
INGEST = """
create schema if not exists ingest;
create table if not exists ingest.sources (
    source varchar, table_name varchar, owner varchar, is_configured boolean,
    freshness_days bigint, last_event_date date, last_loaded_at timestamp, status varchar,
    reason varchar);
"""


def columns_of(graph, wanted=("marts", "people")):
    """{(schema, table): [(column, type)]} of every model with a contract in dbt's manifest."""
    found = {}
    for node in graph["nodes"].values():
        if node["resource_type"] == "model" and node["schema"] in wanted:
            columns = [(c["name"], c["data_type"]) for c in node["columns"].values()]
            found[node["schema"], node.get("alias") or node["name"]] = columns
    return found


def words_of(catalogue):
    """{(table, column): the literals that definitions compare the column with}."""
    words = {}

    def note(table, text):
        text = re.sub(r"\{\{\s*\w+\('(?:\w+__)?(\w+?)'[^)]*\)\s*\}\}", r"\1", text or "")
        for column, literal in re.findall(r"(\w+) (?:=|<>|like) '([^']+)'", text):
            words.setdefault((table, column), set()).add(literal.replace("%", "_1"))
        for column, literals in re.findall(r"(\w+) in \(([^)]*)\)", text):
            words.setdefault((table, column), set()).update(re.findall(r"'([^']+)'", literals))
        for column, cases in re.findall(r"case (\w+) ((?:when '[^']+' then \S+ ?)+)", text):
            words.setdefault((table, column), set()).update(re.findall(r"'([^']+)'", cases))

    for model, measure in catalogue.measures.values():
        note(model.table, measure.expr)
    for name, spec in catalogue.files.items():
        filters = [spec.filter, *(part.filter for part in spec.inputs)]
        for model, _ in catalogue.measures_of(name):
            for text in filters:
                note(model.table, text)
    joined = {}  # a filter on a joined model's dimension lands on the fact; its table needs it too
    for (_, column), literals in words.items():
        joined.setdefault(column, set()).update(literals)
    return words, joined


def fill(connection, tables, catalogue, rows=ROWS):
    """Create and fill every table; dimensions keep one row an id, so that no join doubles."""
    words, joined = words_of(catalogue)
    for (schema, table), columns in tables.items():
        chosen = [
            f"{_value(table, name, kind, words.get((table, name)) or joined.get(name))} as {name}"
            for name, kind in columns
        ]
        connection.execute(f"create schema if not exists {schema}")
        connection.execute(
            f"create or replace table {schema}.{table} as "
            f"select {', '.join(chosen)} from range({rows}) as r(i)"
        )
        if table.startswith("dim_") and len(columns) > 1:
            entity = columns[1][0]
            connection.execute(
                f"create or replace table {schema}.{table} as select distinct on ({entity}) * "
                f"from {schema}.{table} where {entity} is not null order by all"
            )


def _value(table, name, kind, literals):
    draw = f"(hash(i, '{table}', '{name}') % 10007)::bigint"
    kind = kind.lower()
    if name.endswith("_key") and kind in ("varchar", "text", "string"):
        return f"md5('{table}' || i)"
    if kind == "boolean":
        return f"case {draw} % 5 when 0 then null when 1 then false when 2 then false else true end"
    if kind == "date":
        return f"(date '{FIRST}' + ({draw} % {DAYS})::int)::date"
    if kind.startswith("timestamp"):
        return f"timestamp '{FIRST}' + to_hours(({draw} * 7 % ({DAYS} * 24))::int)"
    if kind in ("bigint", "integer"):
        return f"case when {draw} % 17 = 0 then null else {draw} % 90 end::{kind}"
    if kind == "double" or kind.startswith("decimal"):
        return f"case when {draw} % 13 = 0 then null else ({draw} % 5000) / 8 end::{kind}"
    choices = sorted(literals or ()) + ["a", "b"]
    shown = ", ".join(f"'{word}'" for word in choices)
    return f"case when {draw} % 19 = 0 then null else [{shown}][1 + {draw} % {len(choices)}] end"
