"""`python -m metrics explain METRIC [SLICE] [PERIOD]`: everything that stands behind one number.

Read from the served copy, so that it explains the number that people see: what it is, the value
with what is known of its certainty, trust, what its change came from, which goals hang on it, who
answers for it, the tables behind it down to the sources, and the SQL, run again on the spot.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import importlib
import inspect
import math
import re
import textwrap
import typing
from collections.abc import Iterator

from metrics import catalogue as definitions
from metrics import computed, queries, signals, trees
from metrics.boards import number_format
from metrics.drivers import RATIOS, REST, SUMS, Part, parts_of
from metrics.figures import said
from metrics.goals import holder, nearest
from metrics.periods import last_day, shift
from metrics.trust import lineage, lineage_of_marts
from metrics.values import NO_SLICE_VALUE
from settings import ConfigError, Run

if typing.TYPE_CHECKING:
    import duckdb

ALL = "all"
GRAINS = definitions.GRAINS
PERIODS = (
    (r"(\d{4})-(\d{2})-(\d{2})", "day"),
    (r"(\d{4})-W(\d{1,2})", "week"),
    (r"(\d{4})-(\d{2})", "month"),
    (r"(\d{4})-Q([1-4])", "quarter"),
    (r"(\d{4})", "year"),
)
MOST = 8  # parts of a change that are shown; the others as a sum
USUAL = ("month", "quarter", "year", "week", "day")  # grains, by which is shown unless asked
DOUBTS = {
    "unknown: prior": "the data say no more than was assumed",
    "unknown: contaminated": "other spend makes it wrong by more than a tenth",
}
WHOLE = {  # why a change is not taken apart
    "percentile": "medians of parts do not add up to the median of the whole",
    "distinct": "who is in two slices is counted once, so that parts do not add up",
    "model": "estimates do not add up",
}
LAYERS = ("raw", "staging", "intermediate", "marts and seeds", "people")
Row = dict[str, typing.Any]


@dataclasses.dataclass(frozen=True)
class Asked:
    """One number: `slice_name` and `slice_value` are 'all' for the total."""

    metric: str
    slice_name: str
    slice_value: str
    grain: str
    start: dt.date


def explain(run: Run, metric: str, slice_: str | None, period: str | None) -> Iterator[str]:
    """The explanation, line by line. `slice_` is `name=value`, `period` one of 2026, 2026-Q3,
    2026-09, 2026-W38 and 2026-09-14, or a grain for its last complete period; unless said the last
    complete one that has a value, by the finest of month, quarter and year.

    Raises ConfigError naming what is asked for and what there is, when nothing is published, and
    with the reason for a number that is refused."""
    import duckdb

    file = run.paths.served / "plumbline.duckdb"
    if not file.exists():
        raise ConfigError(f"{run.paths.served}: nothing is published yet; run `make build` first.")
    with duckdb.connect(str(file.resolve()), read_only=True) as connection:
        about = _about(connection, metric)
        asked = _asked(connection, metric, slice_, period)
        [publication] = _rows(connection, "select * from ops.publication")
        form = number_format(about["unit"], publication["reporting_currency"])
        yield from _definition(about)
        yield from _value(connection, asked, about, form, publication)
        yield from _trust(connection, asked)
        yield from _drivers(run, connection, asked, about, form, publication)
        yield from _goals(connection, metric, form)
        yield from _behind(run, connection, asked, publication)


def _about(connection: duckdb.DuckDBPyConnection, metric: str) -> Row:
    found = _rows(connection, "select * from metrics.dim_metrics where metric_id = ?", metric)
    if found:
        return found[0]
    labels = connection.execute("select metric_id, label from metrics.dim_metrics").fetchall()
    raise ConfigError(definitions.unknown(metric, dict(labels)))


def _asked(
    connection: duckdb.DuckDBPyConnection, metric: str, slice_: str | None, period: str | None
) -> Asked:
    name, value = _slice(connection, metric, slice_)
    cells = _rows(
        connection,
        "select grain, period_start, is_complete, value from metrics.metric_values "
        "where metric_id = ? and slice_name = ? and slice_value = ?",
        metric, name, value,
    )  # fmt: skip
    if not cells:
        raise ConfigError(f"{metric} has no value for {name}={value}: nothing is known of it.")
    grains = sorted({cell["grain"] for cell in cells}, key=GRAINS.index)
    if period is None:
        known = [cell for cell in cells if cell["is_complete"] and cell["value"] is not None]
        grain = next(g for g in USUAL if g in {cell["grain"] for cell in known or cells})
        mine = [cell for cell in known or cells if cell["grain"] == grain]
        return Asked(metric, name, value, grain, max(cell["period_start"] for cell in mine))
    if period in GRAINS:
        grain = period
        mine = [cell for cell in cells if cell["grain"] == grain]
        if not mine:
            raise ConfigError(f"{metric} is not told by {grain}; there are {', '.join(grains)}.")
        whole = [cell for cell in mine if cell["is_complete"]] or mine
        return Asked(metric, name, value, grain, max(cell["period_start"] for cell in whole))
    grain, start = parse_period(period)
    if grain not in grains:
        raise ConfigError(f"{metric} is not told by {grain}; there are {', '.join(grains)}.")
    starts = [cell["period_start"] for cell in cells if cell["grain"] == grain]
    if start not in starts:
        raise ConfigError(
            f"{metric} has no value for {period}; there are some from "
            f"{period_text(min(starts), grain)} to {period_text(max(starts), grain)}."
        )
    return Asked(metric, name, value, grain, start)


def _slice(
    connection: duckdb.DuckDBPyConnection, metric: str, slice_: str | None
) -> tuple[str, str]:
    known: dict[str, set[str]] = {}
    for row in _rows(
        connection,
        "select distinct slice_name, slice_value from metrics.metric_values where metric_id = ?",
        metric,
    ):
        known.setdefault(row["slice_name"], set()).add(row["slice_value"])
    if slice_ in (None, ALL):
        if known and ALL not in known:
            ways = [f"{name}={min(values)}" for name, values in sorted(known.items())]
            raise ConfigError(f"{metric} has no total; ask for a slice, as {' or '.join(ways)}.")
        return ALL, ALL
    known.pop(ALL, None)
    name, _, value = slice_.partition("=")
    if name not in known:
        there = ", ".join(sorted(known)) or "none"
        raise ConfigError(f"{metric} has no slice '{name}'; its slices: {there}.")
    if value not in known[name]:
        raise ConfigError(f"{name} is never '{value}'; {nearest(value, known[name])}")
    return name, value


def parse_period(text: str) -> tuple[str, dt.date]:
    """(grain, first day) of 2026, 2026-Q3, 2026-09, 2026-W38 (ISO 8601) or 2026-09-14."""
    for pattern, grain in PERIODS:
        match = re.fullmatch(pattern, text)
        if match is None:
            continue
        numbers = [int(number) for number in match.groups()]
        try:
            if grain == "week":
                return grain, dt.date.fromisocalendar(*numbers, 1)
            if grain == "quarter":
                return grain, dt.date(numbers[0], 3 * numbers[1] - 2, 1)
            return grain, dt.date(*numbers, *[1] * (3 - len(numbers)))
        except ValueError:
            break
    raise ConfigError(
        f"'{text}' is no period: write 2026, 2026-Q3, 2026-09, 2026-W38, 2026-09-14, or a grain "
        f"({', '.join(GRAINS)})."
    )


def period_text(start: dt.date, grain: str) -> str:
    """The period as `parse_period` reads it."""
    if grain == "week":
        year, week, _ = start.isocalendar()
        return f"{year}-W{week:02d}"
    if grain == "quarter":
        return f"{start.year}-Q{(start.month + 2) // 3}"
    return {"day": f"{start}", "month": f"{start:%Y-%m}"}.get(grain, str(start.year))


def _definition(about: Row) -> Iterator[str]:
    yield f"{about['metric_id']}: {about['label']}"
    yield f"  {about['description']}"
    yield f"  Caveat: {about['caveat']}"
    yield (
        f"  {about['unit']}, {about['better']} is better, {about['additivity']}; "
        f"{about['amec']}, {str(about['objective']).replace('_', ' ')}"
    )
    yield f"  Formula: {about['formula']}"
    yield f"  Source of the definition: {about['definition_source']}"
    name = about["owner_name"] or "nobody"
    yield f"Owner: {name} ({about['owner_role']}; {about['owner_status']})"


def _value(
    connection: duckdb.DuckDBPyConnection, asked: Asked, about: Row, form: dict, publication: Row
) -> Iterator[str]:
    sliced = "" if asked.slice_name == ALL else f", {asked.slice_name}={asked.slice_value}"
    cell = _cell(connection, asked, asked.start)
    yield ""
    when = period_text(asked.start, asked.grain)
    value = said(cell["value"], form) if cell["value"] is not None else "unknown"
    open_ = "" if cell["is_complete"] else f" (not complete on {publication['as_of']})"
    yield f"{when}{sliced}: {value}{open_}"
    if cell["denominator"] is not None:
        yield f"  {cell['numerator']:,.10g} / {cell['denominator']:,.10g}"
    if cell["low"] is not None:
        level = about["interval_level"]
        sure = "bounds, not a matter of chance" if level is None else f"{100 * level:.0f} %"
        yield f"  between {said(cell['low'], form)} and {said(cell['high'], form)} ({sure})"
    if cell["n"] is not None:
        rate = cell["response_rate"]
        yield f"  n {cell['n']:,}" + (f", response rate {rate:.0%}" if rate is not None else "")
    for words, start in _others(asked):
        other = _cell(connection, asked, start)
        if other and other["value"] is not None:
            told = f"  {words}, {period_text(start, asked.grain)}: {said(other['value'], form)}"
            if other["is_complete"] and cell["is_complete"] and cell["value"] is not None:
                told += f" (changed by {_signed(cell['value'] - other['value'], form)})"
            yield told


def _others(asked: Asked) -> list[tuple[str, dt.date]]:
    """The period before and the same a year before (days and weeks: those of the same
    ISO week)."""
    if asked.grain in ("day", "week"):
        days = 1 if asked.grain == "day" else 7
        found = [("before", asked.start - dt.timedelta(days=days))]
        year, week, weekday = asked.start.isocalendar()
        try:
            return [*found, ("a year before", dt.date.fromisocalendar(year - 1, week, weekday))]
        except ValueError:  # that year had no week 53
            return found
    months = {"month": 1, "quarter": 3, "year": 12}[asked.grain]
    place = asked.start.year * 12 + asked.start.month - 1 - months
    found = [("before", dt.date(place // 12, place % 12 + 1, 1))]
    return found if months == 12 else [*found, ("a year before", shift(asked.start, -1))]


def _cell(connection: duckdb.DuckDBPyConnection, asked: Asked, start: dt.date) -> Row:
    found = _rows(
        connection,
        "select * from metrics.metric_values where metric_id = ? and slice_name = ? "
        "and slice_value = ? and grain = ? and period_start = ?",
        asked.metric, asked.slice_name, asked.slice_value, asked.grain, start,
    )  # fmt: skip
    return found[0] if found else {}


def _trust(connection: duckdb.DuckDBPyConnection, asked: Asked) -> Iterator[str]:
    cell = _cell(connection, asked, asked.start)
    reason = cell["trust_reason"] or ""
    for doubt, words in DOUBTS.items():
        reason = reason.replace(doubt, words)
    yield f"Trust: {cell['trust']}" + (f": {reason}" if reason else "")


def _drivers(
    run: Run,
    connection: duckdb.DuckDBPyConnection,
    asked: Asked,
    about: Row,
    form: dict,
    publication: Row,
) -> Iterator[str]:
    """Where the change came from, slice by slice and by the metric's tree: parts that add up to the
    change; or why not. Computed here, so that every period and slice has its own."""
    cell = _cell(connection, asked, asked.start)
    why = None
    if about["additivity"] not in SUMS + RATIOS:
        why = WHOLE[about["additivity"]]
    elif cell["value"] is None:
        why = "the number is not known"
    elif not cell["is_complete"]:
        why = f"the period is not complete on {publication['as_of']}"
    if why:
        yield ""
        yield f"Its change is not taken apart: {why}."
        return
    for words, start in _others(asked):
        told = period_text(start, asked.grain)
        earlier = _cell(connection, asked, start)
        yield ""
        if not earlier or earlier["value"] is None or not earlier["is_complete"]:
            yield f"Its change since {told} is not taken apart: nothing complete is known {words}."
            continue
        periods = (start, asked.start)
        cells, missing = _cells(run, connection, asked, periods, publication)
        parts = parts_of(connection, asked.metric, about["additivity"], asked.grain, periods, cells)
        leaves, untold = _tree_parts(run, connection, asked, periods)
        found = sorted(parts.items()) + ([("tree", leaves)] if leaves else [])
        if not found:
            other = "" if asked.slice_name == ALL else "other "
            why = missing or f"it has no {other}slices" + ("" if untold else " and is in no tree")
            if {name for _, name, *_ in cells} - {ALL}:
                why = "its slices overlap, or what they are made of is not known in both periods"
            why += f"; {untold}" if untold else ""
            yield f"Its change since {told} is not taken apart: {why}."
            continue
        yield f"What the change since {told} came from:"
        for name, mine in found:
            mine = sorted(mine, key=lambda p: (-abs(p.contribution), p.slice_value, p.kind))
            total = math.fsum(part.contribution for part in mine)
            yield f"  by {name} ({_signed(total, form)}):"
            for part in mine[:MOST]:
                kind = "" if part.kind == "change" else f", {part.kind}"
                label = {NO_SLICE_VALUE: "not known", REST: "in no slice"}.get(
                    part.slice_value, part.slice_value
                )
                yield f"    {_signed(part.contribution, form):>16}  {label}{kind}"
            if mine[MOST:]:
                rest = math.fsum(part.contribution for part in mine[MOST:])
                yield f"    {_signed(rest, form):>16}  {len(mine) - MOST} more"
        if missing:
            yield f"  Not by {missing}."
        if untold:
            yield f"  Not by its tree: {untold}."


def _cells(
    run: Run,
    connection: duckdb.DuckDBPyConnection,
    asked: Asked,
    periods: tuple[dt.date, dt.date],
    publication: Row,
) -> tuple[list[tuple], str | None]:
    """(what `drivers.parts_of` takes, what it lacks): the total's slices as published; of a slice,
    what the served marts say of it by each of the others. None that is still being decided."""
    found = definitions.load()
    meta = found.metrics[asked.metric].meta if asked.metric in found.metrics else None
    over = (publication["as_of"] - last_day(asked.start, asked.grain)).days
    cells = [
        (row["period_start"], ALL if row["slice_name"] == asked.slice_name else row["slice_name"],
         row["slice_value"], row["value"], row["numerator"], row["denominator"])
        for row in _rows(
            connection,
            "select * from metrics.metric_values where metric_id = ? and grain = ? "
            "and period_start in (?, ?) "
            + ("" if asked.slice_name == ALL else "and slice_name = ? and slice_value = ?"),
            asked.metric, asked.grain, *periods,
            *(() if asked.slice_name == ALL else (asked.slice_name, asked.slice_value)),
        )
        if meta is None or over >= meta.slice_wait(row["slice_name"])
    ]  # fmt: skip
    if asked.slice_name == ALL:
        return cells, None
    if meta is None:
        return cells, "it is computed of other metrics' results, which are not kept by two slices"
    slices = meta.slices
    own = next(s for s in slices if definitions.slice_name(s) == asked.slice_name)
    made = queries.engine_of(found, queries.manifests(run, found), asked.metric)
    connection.execute(f"set variable as_of = date '{publication['as_of']}'")
    failed = []
    for key in slices:
        name = definitions.slice_name(key)
        if key == own or over < meta.slice_wait(name):
            continue
        try:
            sql = queries.one(made, found, asked.metric, asked.grain, own, key)
            cells += _crossed(connection, found, asked, (own, key), sql, periods)
        except ConfigError:
            failed.append(name)
    if not failed:
        return cells, None
    return cells, f"{', '.join(failed)}, which MetricFlow does not join with {asked.slice_name}"


def _crossed(
    connection: duckdb.DuckDBPyConnection,
    found: definitions.Catalogue,
    asked: Asked,
    keys: tuple[str, str],
    sql: str,
    periods: tuple[dt.date, dt.date],
) -> Iterator[tuple]:
    own, key = keys
    columns = queries.columns_of(asked.metric, found)
    start = f"cast(metric_time__{asked.grain} as date)"
    answer = connection.execute(
        f"select {start}, coalesce(cast({key} as varchar), '{NO_SLICE_VALUE}'), "
        f"{', '.join(columns)} from ({sql}) where {start} in (?, ?) "
        f"and coalesce(cast({own} as varchar), '{NO_SLICE_VALUE}') = ? order by all",
        [*periods, asked.slice_value],
    ).fetchall()
    name = definitions.slice_name(key)
    for day, value, *numbers in answer:
        told = dict(zip(columns, numbers, strict=True))
        number, top, bottom = _number(asked.metric, found, told)
        if number is not None or (top is not None and bottom is not None):
            yield (day, name, value, number, top, bottom)


def _number(
    metric: str, found: definitions.Catalogue, told: dict[str, typing.Any]
) -> tuple[float | None, float | None, float | None]:
    """(value, numerator, denominator) of a metric from MetricFlow's columns."""
    parts = found.metrics[metric].parts
    top, bottom = (told.get(parts.get(role, "")) for role in ("numerator", "denominator"))
    value = told.get(metric)
    if found.metrics[metric].spec.type == "ratio":
        value = None if top is None or not bottom else float(top) / float(bottom)
    return value, top, bottom


def _tree_parts(
    run: Run,
    connection: duckdb.DuckDBPyConnection,
    asked: Asked,
    periods: tuple[dt.date, dt.date],
) -> tuple[list[Part], str | None]:
    """(the leaves of the metric's tree, where it has one; why there are none)."""
    found = [
        (tree, node)
        for tree in trees.read_trees(trees.trees_folder(run))
        for node in tree.spec.nodes
        if node.metric_id == asked.metric and node.components and not node.slice
        and node.part == "value"
    ]  # fmt: skip
    if not found:
        return [], None
    tree, node = found[0]
    cut = None if asked.slice_name == ALL else (asked.slice_name, asked.slice_value)
    breaks = signals.definition_breaks(connection)
    if trees.is_broken(tree, node.name, breaks, periods[0], last_day(asked.start, asked.grain)):
        return [], "a network changed what it counts in between"
    stored, metrics = trees.Stored(connection, [tree], asked.grain), trees.metrics_of(connection)

    def split(node: trees.Node, then: dt.date, now: dt.date) -> list[Part]:
        if cut or node.split is None:
            return []  # a split of a slice would be two slices at once
        cells = [
            (day, name, value, *cell)
            for name in (ALL, node.split)
            for (grain, day, value), (cell, _) in stored.cells.get(
                (node.metric_id, name), {}
            ).items()
            if grain == asked.grain and day in (then, now)
        ]
        additivity = metrics[node.metric_id].additivity
        parts = parts_of(connection, node.metric_id, additivity, asked.grain, (then, now), cells)
        return parts.get(node.split, [])

    if cut and any(part.slice for part in trees.made_of(tree, node.name)):
        return [], "a part of it is a slice already"
    read = trees.reader(stored, asked.grain, cut)
    steps = trees.explain(tree, node.name, read, split, *periods)
    leaves = [step for step in steps if step.is_leaf]
    if not leaves:
        unknown = [
            edge.node
            for edge in node.components
            if None in [read(tree.nodes[edge.node], day) for day in periods]
        ]
        where = "of that slice in both periods" if cut else f"in both {asked.grain}s"
        return [], f"{', '.join(unknown)} not known {where}"
    rest = steps[0].contribution - math.fsum(step.contribution for step in leaves)
    if abs(rest) > 1e-6 * max(1.0, abs(steps[0].before), abs(steps[0].after)):
        return [], "its components do not make it in that slice"  # the build holds the tree's alone
    return [
        Part(trees.leaf_label(tree, metrics, step), step.contribution, step.kind) for step in leaves
    ], None


def _goals(connection: duckdb.DuckDBPyConnection, metric: str, form: dict) -> Iterator[str]:
    goals = _rows(
        connection, "select * from metrics.goal_status where metric_id = ? order by goal_id", metric
    )
    if goals:
        yield ""
    for goal in goals:
        sliced = "" if goal["slice"] == ALL else f" ({goal['slice']})"
        yield (
            f"Goal {goal['goal_id']}{sliced}: {str(goal['status']).replace('_', ' ')}, "
            f"target {said(goal['target'], form)} by {goal['period_to']}, "
            f"{holder(goal['owner_name'], goal['owner_status'])}, {goal['owner_role']}"
        )
        yield f"  {goal['status_reason']}"
        if goal["interval_basis"]:
            low, high = (said(goal[f"forecast_{end}"], form) for end in ("low", "high"))
            held = "not backtested: too little history"
            if goal["interval_basis"] == "backtested":
                held = (
                    f"{goal['backtest_covered_share']:.0%} of {goal['backtest_readings']} past "
                    "intervals held the result"
                )
            yield f"  ends between {low} and {high} (80 %; {held})"


def _behind(
    run: Run, connection: duckdb.DuckDBPyConnection, asked: Asked, publication: Row
) -> Iterator[str]:
    """The tables it comes from down to the sources, each with its state, and what computes it."""
    found = definitions.load()
    manifests = queries.manifests(run, found)
    derived = computed.load().get(asked.metric)
    yield ""
    if derived is None:
        yield from _sources(connection, lineage(asked.metric, manifests))
        yield from _sql(connection, found, manifests, asked, publication)
        return
    spec = derived.spec
    tables = lineage_of_marts((*spec.upstream, *spec.reads), manifests)
    if spec.of:
        followed = _followed(connection, asked, spec.of)
        yield from textwrap.wrap(f"Computed from {', '.join(followed)}.", 98,
                                 subsequent_indent="  ")  # fmt: skip
        for metric in followed:
            tables |= lineage(metric, manifests)
    yield from _sources(connection, tables)
    yield ""
    if spec.rows:
        again = _selected_again(connection, asked, spec.rows)
        yield f"SQL ({derived.file.name}; {again}):"
        yield from (f"  {line}" for line in spec.rows.strip().splitlines())
        return
    file, function = str(spec.by).split(":")
    module = importlib.import_module(file.removesuffix(".py").replace("/", "."))
    yield f"Computed by {function} in {file}:"
    yield from (
        f"  {line}" for line in (inspect.getdoc(getattr(module, function)) or "").split("\n")
    )


def _followed(connection: duckdb.DuckDBPyConnection, asked: Asked, of: str) -> list[str]:
    """The metrics whose results a number is computed from: of a goal's, the goal's."""
    if asked.slice_name == "goal_id":
        rows = _rows(
            connection, "select metric_id from metrics.dim_goals where goal_id = ?",
            asked.slice_value,
        )  # fmt: skip
    else:
        rows = _rows(connection, computed.FOLLOWED[of])
    return sorted({row["metric_id"] for row in rows})


def _sources(connection: duckdb.DuckDBPyConnection, tables: set[tuple[str, str]]) -> Iterator[str]:
    states = {
        (f"raw_{row['source']}", row["table_name"]): row
        for row in _rows(connection, "from ingest.sources")
    }
    yield "Where it comes from:"
    for layer in LAYERS:
        names = sorted((s, t) for s, t in tables if _layer(s) == layer)
        names = [key for key in names if layer != "raw" or states.get(key, {}).get("is_configured")]
        if not names:
            continue
        if layer == "raw":
            yield "  raw:"
            yield from (f"    {'.'.join(key)}{_state(states.get(key))}" for key in names)
        else:
            listed = ", ".join(table for _, table in names)
            yield from textwrap.wrap(f"{layer}: {listed}", 98, initial_indent="  ",
                                     subsequent_indent="    ")  # fmt: skip


def _sql(
    connection: duckdb.DuckDBPyConnection,
    found: definitions.Catalogue,
    manifests: queries.Manifests,
    asked: Asked,
    publication: Row,
) -> Iterator[str]:
    slices = found.metrics[asked.metric].meta.slices
    key = next((s for s in slices if definitions.slice_name(s) == asked.slice_name), None)
    made = queries.engine_of(found, manifests, asked.metric)
    sql = queries.one(made, found, asked.metric, asked.grain, *([key] if key else []))
    yield ""
    yield f"SQL (MetricFlow's; {_again(connection, found, asked, key, sql, publication)}):"
    yield f"  set variable as_of = date '{publication['as_of']}';"
    yield from (f"  {line}" for line in sql.splitlines())
    by = f"metric_time__{asked.grain}" + (f",{key}" if key else "")
    yield f"  -- mf query --metrics {asked.metric} --group-by {by}"


def _layer(schema: str) -> str:
    if schema.startswith("raw_"):
        return "raw"
    return schema if schema in LAYERS else "marts and seeds"


def _state(row: Row | None) -> str:
    if row is None:
        return ""
    until = f", rows up to {row['last_event_date']}" if row["last_event_date"] else ""
    return f" ({row['status']}{until})"


def _again(
    connection: duckdb.DuckDBPyConnection,
    found: definitions.Catalogue,
    asked: Asked,
    key: str | None,
    sql: str,
    publication: Row,
) -> str:
    """The SQL run on the served marts and held against the published value, in words."""
    import duckdb

    connection.execute(f"set variable as_of = date '{publication['as_of']}'")
    test = f"cast(metric_time__{asked.grain} as date) = date '{asked.start}'"
    if key:
        test += f" and coalesce(cast({key} as varchar), '{NO_SLICE_VALUE}') = ?"
    columns = queries.columns_of(asked.metric, found)
    try:
        rows = connection.execute(
            f"select {', '.join(columns)} from ({sql}) where {test}",
            [asked.slice_value] if key else [],
        ).fetchall()
    except duckdb.CatalogException:
        return "its tables are restricted, so it is not run here"
    told = dict(zip(columns, rows[0], strict=True)) if rows else {}
    value, *_ = _number(asked.metric, found, told)
    return _held(connection, asked, value)


def _selected_again(connection: duckdb.DuckDBPyConnection, asked: Asked, select: str) -> str:
    """The select of a computed metric run on what is served, in words."""
    answer = connection.execute(
        f"select value from ({select}) where grain = ? and period_start = ? and slice_name = ? "
        "and slice_value = ?",
        [asked.grain, asked.start, asked.slice_name, asked.slice_value],
    ).fetchone()
    return _held(connection, asked, answer and answer[0])


def _held(
    connection: duckdb.DuckDBPyConnection, asked: Asked, value: typing.SupportsFloat | None
) -> str:
    published = _cell(connection, asked, asked.start)["value"]
    if published is None or value is None:
        return "run now it gives no value, and none is published" if published is value else (
            f"run now it gives {value}, but {published} is published"
        )  # fmt: skip
    alike = abs(float(value) - published) <= 1e-9 * max(1.0, abs(published))
    return f"run now it gives {float(value):,.10g}, " + (
        "as published" if alike else f"but {published:,.10g} is published"
    )


def _signed(value: float, form: dict) -> str:
    """A difference; of shares in points of percent."""
    text = said(value, form)
    if form.get("number_style") == "percent":
        text = text.replace("%", "pp")
    return text if value < 0 or not value else f"+{text}"


def _rows(connection: duckdb.DuckDBPyConnection, sql: str, *given: typing.Any) -> list[Row]:
    answer = connection.execute(sql, list(given))
    names = [column[0] for column in answer.description]
    return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]
